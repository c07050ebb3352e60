//! What a repository configures, in `rqs.toml` or in the metadata tables of its manifest.

use serde::Deserialize;

use super::item::Item;

/// The whole configuration. A key that is not known is an error: a demand with a misspelt name would demand nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[env]`: what is demanded of the host.
    #[serde(default)]
    pub env: EnvConfig,
}

/// `[env]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvConfig {
    /// Conditions that have to be as wanted; otherwise nothing is measured.
    #[serde(default)]
    pub require: Vec<Item>,
}
