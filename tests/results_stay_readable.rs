//! Every record that was ever committed to this repository is read by today's reader, with all that it refers to.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test starts the tool")]

use std::path::Path;
use std::process::Command;

#[test]
fn every_committed_record_can_be_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-rqs"));
    command.args(["rqs", "fsck", "--format", "json", "--results", "results"]).current_dir(root);
    let output = command.output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["faults"].as_array().unwrap().is_empty(), "{report:#}");
    assert!(report["records"]["calibration"].as_u64().unwrap() >= 10, "{report:#}");
}
