//! Compiles the probe and the reference benchmarks, so that the harness carries them built: plain programs of one file
//! tree each, without dependencies.

#![expect(clippy::disallowed_methods, reason = "a build script starts the compiler and writes its output")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let probe = ["--crate-type", "cdylib", "-C", "panic=abort", "-C", "force-frame-pointers=yes"];
    compile("rqs_probe", Path::new("probe/src/lib.rs"), &probe, &out.join("librqs_probe.so"));
    compile(
        "rqs_reference",
        Path::new("reference/src/main.rs"),
        &["--crate-type", "bin"],
        &out.join("rqs-reference"),
    );
}

/// Compiles one crate with the compiler that compiles this one; an empty file where its platform is not supported.
fn compile(name: &str, root: &Path, options: &[&str], out: &Path) {
    println!("cargo::rerun-if-changed={}", root.parent().unwrap_or(root).display());
    let target = std::env::var("TARGET").unwrap_or_default();
    if !target.contains("linux-gnu") {
        // Elsewhere they do not exist and the harness says so at run time.
        if let Err(error) = std::fs::write(out, b"") {
            println!("cargo::error=cannot write {}: {error}", out.display());
        }
        return;
    }
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc)
        .args(["--crate-name", name, "--edition", "2024", "--target", &target])
        .args(["-C", "opt-level=3", "-C", "lto=fat", "-C", "codegen-units=1", "-C", "strip=symbols"])
        .args(options)
        .arg("-o")
        .arg(out)
        .arg(root)
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => println!("cargo::error=rustc could not build `{name}`: {status}"),
        Err(error) => println!("cargo::error=rustc could not be started for `{name}`: {error}"),
    }
}
