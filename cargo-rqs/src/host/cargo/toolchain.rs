//! The one toolchain that both sides are built with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::model::failure::{Failure, Outcome};

use super::process;

/// A resolved toolchain. It stays the same whatever `rust-toolchain.toml` a source tree contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// The name that rustup knows it by; absent where there is no rustup.
    pub name: Option<String>,
    /// `rustc -vV`, several lines.
    pub rustc_version: String,
    /// `cargo -V`, one line.
    pub cargo_version: String,
    /// Where it is installed.
    pub sysroot: PathBuf,
    /// The platform it runs on, for example `x86_64-unknown-linux-gnu`.
    pub host: String,
}

impl Toolchain {
    /// Resolves the toolchain: the explicit one, else the one that is active in the user's directory.
    ///
    /// # Errors
    /// When it is not installed, or when a toolchain is asked for where there is no rustup.
    pub fn resolve(explicit: Option<&str>, user_dir: &Path) -> Outcome<Toolchain> {
        let name = match explicit.map(|name| name.trim_start_matches('+')) {
            Some("") => return Err(Failure::usage("the name of the toolchain is empty")),
            Some(name) => Some(name.to_owned()),
            None => active_toolchain(user_dir)?,
        };
        let unavailable = |failure: Failure| match &name {
            Some(name) => failure.within(format!("the toolchain `{name}` cannot be used")).hint(format!(
                "install it with `rustup toolchain install {name}`, or name another with `--toolchain`"
            )),
            None => {
                failure.hint("install Rust from https://rustup.rs, or put `cargo` and `rustc` on the `PATH`")
            }
        };
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let ask = |program: &std::ffi::OsStr, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).current_dir(user_dir);
            command.envs(name.iter().map(|name| ("RUSTUP_TOOLCHAIN", name)));
            process::capture_text(command)
        };
        let rustc_version = ask(&rustc, &["-vV"]).map_err(unavailable)?;
        let host = rustc_version.lines().find_map(|line| line.strip_prefix("host: "));
        let host =
            host.ok_or_else(|| Failure::incomplete("`rustc -vV` does not name its host"))?.trim().to_owned();
        Ok(Toolchain {
            host,
            cargo_version: ask(&cargo_program(name.is_some()), &["-V"])
                .map_err(unavailable)?
                .trim()
                .to_owned(),
            sysroot: ask(&rustc, &["--print", "sysroot"]).map_err(unavailable)?.trim().into(),
            rustc_version,
            name,
        })
    }

    /// The facts of `rustc -vV`.
    pub fn facts(&self) -> BTreeMap<String, String> {
        let facts = self.rustc_version.lines().filter_map(|line| line.split_once(": "));
        facts.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// `cargo` of this toolchain in a directory, deaf and without colours.
    pub(super) fn cargo(&self, dir: &Path) -> Command {
        let mut command = Command::new(cargo_program(self.name.is_some()));
        command.current_dir(dir).env("CARGO_TERM_COLOR", "never").env("CARGO_TERM_PROGRESS_WHEN", "never");
        command.envs(self.name.iter().map(|name| ("RUSTUP_TOOLCHAIN", name)));
        command
    }

    /// A program of this toolchain by its full path.
    pub(super) fn installed(&self, program: &str) -> PathBuf {
        self.sysroot.join("bin").join(program)
    }
}

/// With rustup, its `cargo` on the path picks the toolchain; without it, the one that started this tool is right.
fn cargo_program(with_rustup: bool) -> std::ffi::OsString {
    let started_by = if with_rustup { None } else { std::env::var_os("CARGO") };
    started_by.unwrap_or_else(|| "cargo".into())
}

/// The toolchain that rustup would use in a directory; nothing without rustup.
fn active_toolchain(dir: &Path) -> Outcome<Option<String>> {
    if let Ok(name) = std::env::var("RUSTUP_TOOLCHAIN")
        && !name.is_empty()
    {
        return Ok(Some(name));
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["show", "active-toolchain"]).current_dir(dir);
    match rustup.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::incomplete("cannot run `rustup`").because(error)),
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).split_whitespace().next().map(str::to_owned))
        }
        Ok(output) => Err(Failure::incomplete("rustup finds no toolchain for this directory")
            .cause(String::from_utf8_lossy(&output.stderr).trim().to_owned())
            .hint("install the toolchain that rustup names, or give one with `--toolchain`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_active_toolchain_knows_its_host_and_place() {
        let toolchain = Toolchain::resolve(None, Path::new(".")).unwrap();
        assert!(toolchain.rustc_version.contains(&toolchain.host));
        assert!(toolchain.cargo_version.starts_with("cargo "));
        assert!(toolchain.sysroot.join("lib").is_dir());
    }

    #[test]
    fn a_toolchain_without_a_name_is_refused() {
        assert!(Toolchain::resolve(Some("+"), Path::new(".")).is_err());
    }
}
