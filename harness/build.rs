//! Compiles the probe, so that the harness carries it built: a plain shared object of one file tree, no dependency.

#![expect(clippy::disallowed_methods, reason = "a build script starts the compiler and writes its output")]

use std::path::PathBuf;
use std::process::Command;

fn main() {
    let source = PathBuf::from("probe/src");
    println!("cargo::rerun-if-changed={}", source.display());
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("librqs_probe.so");
    let target = std::env::var("TARGET").unwrap_or_default();
    if !target.contains("linux-gnu") {
        // Elsewhere the probe does not exist and the harness says so at run time.
        if let Err(error) = std::fs::write(&out, b"") {
            println!("cargo::error=cannot write {}: {error}", out.display());
        }
        return;
    }
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc)
        .args([
            "--crate-name",
            "rqs_probe",
            "--crate-type",
            "cdylib",
            "--edition",
            "2024",
            "--target",
            &target,
        ])
        .args(["-C", "opt-level=3", "-C", "panic=abort", "-C", "force-frame-pointers=yes", "-C", "lto=fat"])
        .args(["-C", "codegen-units=1", "-C", "strip=symbols"])
        .arg("-o")
        .arg(&out)
        .arg(source.join("lib.rs"))
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => println!("cargo::error=rustc could not build the probe: {status}"),
        Err(error) => println!("cargo::error=rustc could not be started for the probe: {error}"),
    }
}
