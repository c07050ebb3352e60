//! Whether what a benchmark can execute is the same code on both sides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByRole;

/// How the code that a benchmark reaches on one side compares with the other side's, when it runs on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum CodeIdentity {
    /// Every function and all data within reach are the same.
    Identical {
        /// SHA-256 over what is within reach, the same on both sides.
        reached: String,
    },
    /// The same, but for the lines and columns that a panic would name.
    IdenticalButForPanicLocations {
        /// SHA-256 over what is within reach, lines and columns of panics left out, the same on both sides.
        reached: String,
    },
    /// Something within reach differs, in code or in data.
    Different {
        /// SHA-256 over what is within reach, lines and columns of panics left out.
        reached: ByRole<String>,
        /// Functions that differ, the nearest to the benchmark first, as people write them; a few at most.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changed: Vec<String>,
    },
    /// It cannot be said, so it does not count as identical.
    Unknown {
        /// Why.
        why: String,
    },
}

impl CodeIdentity {
    /// Whether nothing within reach differs that could make a difference to a run without a panic.
    pub fn is_identical(&self) -> bool {
        matches!(self, CodeIdentity::Identical { .. } | CodeIdentity::IdenticalButForPanicLocations { .. })
    }
}
