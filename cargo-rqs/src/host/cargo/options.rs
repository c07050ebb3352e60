//! What is built and how, as cargo's own command line would say it.

use std::ffi::OsString;
use std::path::Path;

use serde::Serialize;

/// What the profile says beside the user's words when executables are built to be looked into. Less than `limited` would
/// do for lines, but gives inlined functions without the paths that tell one `from` or `next` from another.
const INSTRUMENTED: [&str; 3] = [r#"debug="limited""#, r#"strip="none""#, r#"split-debuginfo="off""#];

/// The choices of the user that reach cargo, the same for both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BuildOptions {
    /// Packages to measure; empty means what cargo takes by default in the directory.
    pub packages: Vec<String>,
    /// All packages of the workspace.
    pub workspace: bool,
    /// Bench targets to build, by name or glob; empty means all.
    pub benches: Vec<String>,
    /// Features to switch on.
    pub features: Vec<String>,
    /// Switch all features on.
    pub all_features: bool,
    /// Leave the default features out.
    pub no_default_features: bool,
    /// Cargo profile; `bench` when absent.
    pub profile: Option<String>,
    /// `--config` values: `KEY=VALUE` or the absolute path of a file.
    pub config: Vec<String>,
    /// Platform to build for; cargo's choice when absent.
    pub target: Option<String>,
    /// Work without network.
    #[serde(skip)]
    pub offline: bool,
    /// Insist on a committed lockfile that fits.
    #[serde(skip)]
    pub locked: bool,
    /// Built to be looked into instead of being timed: line tables and frame pointers. The executables that are timed
    /// stay what they are; these are others, with a target directory of their own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub instrumented: bool,
}

impl BuildOptions {
    /// Cargo profile that is built.
    pub fn profile_name(&self) -> &str {
        self.profile.as_deref().unwrap_or("bench")
    }

    /// Makes relative paths in `--config` absolute, because cargo will run elsewhere, and puts configuration files
    /// that lie around the user's repository in front of them, where they weigh less.
    pub fn anchored(mut self, user_dir: &Path, around: &[std::path::PathBuf]) -> Self {
        let own = self.config.into_iter().map(|entry| match user_dir.join(&entry) {
            file if file.is_file() => file.to_string_lossy().into_owned(),
            _ => entry,
        });
        self.config = around.iter().map(|file| file.to_string_lossy().into_owned()).chain(own).collect();
        self
    }

    /// `--config` and `--offline`, which every command takes.
    pub(super) fn general(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        self.config.iter().for_each(|entry| arguments.extend(["--config".into(), entry.into()]));
        if self.instrumented {
            let profile = self.profile_name();
            for setting in INSTRUMENTED {
                arguments.extend(["--config".into(), format!("profile.{profile}.{setting}").into()]);
            }
        }
        if self.offline {
            arguments.push("--offline".into());
        }
        arguments
    }

    /// What goes behind the flags of the user for rustc, which stay as they are.
    pub(super) fn more_rustflags(&self) -> &'static [&'static str] {
        if self.instrumented { &["-Cforce-frame-pointers=yes"] } else { &[] }
    }

    /// The selection of features.
    pub(super) fn feature_selection(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        if !self.features.is_empty() {
            arguments.extend(["--features".into(), self.features.join(",").into()]);
        }
        if self.all_features {
            arguments.push("--all-features".into());
        }
        if self.no_default_features {
            arguments.push("--no-default-features".into());
        }
        arguments
    }

    /// Profile and platform, which decide where the artifacts lie.
    pub(super) fn layout(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["--profile".into(), self.profile_name().into()];
        self.target.iter().for_each(|target| arguments.extend(["--target".into(), target.into()]));
        arguments
    }

    /// The selection of packages and bench targets.
    pub(super) fn selection(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        if self.workspace {
            arguments.push("--workspace".into());
        }
        self.packages.iter().for_each(|package| arguments.extend(["--package".into(), package.into()]));
        self.benches.iter().for_each(|bench| arguments.extend(["--bench".into(), bench.into()]));
        if self.benches.is_empty() {
            arguments.push("--benches".into());
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_become_what_would_be_typed() {
        let options = BuildOptions {
            packages: vec!["a".into()],
            benches: vec!["json*".into()],
            features: vec!["x".into(), "y".into()],
            no_default_features: true,
            target: Some("wasm32-wasip1".into()),
            offline: true,
            ..BuildOptions::default()
        };
        assert_eq!(options.selection(), ["--package", "a", "--bench", "json*"]);
        assert_eq!(options.feature_selection(), ["--features", "x,y", "--no-default-features"]);
        assert_eq!(options.layout(), ["--profile", "bench", "--target", "wasm32-wasip1"]);
        assert_eq!(options.general(), ["--offline"]);
        assert!(options.more_rustflags().is_empty());
        assert_eq!(BuildOptions::default().selection(), ["--benches"]);
    }

    #[test]
    fn executables_to_be_looked_into_get_line_tables_beside_the_words_of_the_user() {
        let plain = BuildOptions { config: vec!["build.jobs=1".into()], ..BuildOptions::default() };
        let instrumented = BuildOptions { instrumented: true, profile: Some("fast".into()), ..plain.clone() };
        let general = instrumented.general();
        assert_eq!(general[..2], ["--config", "build.jobs=1"]);
        assert!(general.contains(&r#"profile.fast.debug="limited""#.into()), "{general:?}");
        assert_eq!(instrumented.more_rustflags(), ["-Cforce-frame-pointers=yes"]);
        // The key of the executables that are timed is what it was before there were others.
        assert!(!serde_json::to_string(&plain).unwrap().contains("instrumented"));
        assert!(serde_json::to_string(&instrumented).unwrap().contains("instrumented"));
    }

    #[test]
    fn configuration_files_become_absolute_and_settings_stay() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("extra.toml"), "").unwrap();
        let typed = BuildOptions {
            config: vec!["extra.toml".into(), "build.jobs=1".into()],
            ..BuildOptions::default()
        };
        let anchored = typed.anchored(dir.path(), &["/above/.cargo/config.toml".into()]);
        let file = dir.path().join("extra.toml").to_string_lossy().into_owned();
        assert_eq!(anchored.config, ["/above/.cargo/config.toml", &file, "build.jobs=1"]);
    }
}
