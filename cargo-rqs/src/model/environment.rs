//! Facts about the machine and the toolchain that a number depends on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fingerprint;

/// An environment: what must agree for two results to be comparable, and what is only good to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// Version of this format.
    pub format: u32,
    /// The facts that enter the fingerprint.
    pub comparability: Comparability,
    /// Everything else: it may change from boot to boot, and never enters the fingerprint.
    pub metadata: BTreeMap<String, String>,
}

/// The facts that stay the same on one machine and decide whether two results may be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparability {
    /// Model name as the kernel gives it.
    pub cpu_model: String,
    /// Vendor, family, model and stepping, for example `AuthenticAMD 25/1/1`.
    pub cpu_stepping: String,
    /// Cores that this process may use.
    pub usable_cores: u32,
    /// Cache sizes by level and type, for example `L1d 32K`.
    pub caches: Vec<String>,
    /// Memory in MiB, rounded to 256 MiB, because the kernel's own share differs from boot to boot.
    pub memory_mib: u64,
    /// Kernel release.
    pub kernel: String,
    /// Hypervisor or container kind, `none` on bare metal.
    pub virtualisation: String,
    /// Version of the C library.
    pub libc: String,
    /// `rustc -vV`: release, commit hash, host and LLVM version.
    pub toolchain: BTreeMap<String, String>,
    /// Target triple the benchmarks were built for.
    pub target: String,
    /// Cargo profile the benchmarks were built with.
    pub profile: String,
    /// Flags from the environment and cargo's configuration that reach rustc.
    pub rustflags: Vec<String>,
}

impl Environment {
    /// Version of the format that this code writes.
    pub const FORMAT: u32 = 1;

    /// The content address of the facts that must agree.
    pub fn fingerprint(&self) -> String {
        fingerprint::of_json(&self.comparability)
    }
}
