//! Where extracted source trees may stand, so that nothing around them changes their build.
//!
//! Cargo looks upwards from a package for two things, and both would go wrong below the user's repository:
//!
//! - a `Cargo.toml` with `[workspace]`: the package is refused ("current package believes it's in a workspace when
//!   it's not"), and neither a `Cargo.toml` in between nor `exclude` ends the search. What does end it is a
//!   directory called `target/package`, which cargo knows from `cargo package`;
//! - `.cargo/config.toml`: the user's *present* configuration would join that of the revision, and lists such as
//!   `rustflags` would be doubled. Nothing ends that search.
//!
//! So the trees stand in `target/package` of a directory for this repository in the user's cache. Configuration that
//! lies around the repository (not in it) is handed to cargo by name.

use std::path::{Path, PathBuf};

use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::fingerprint;

/// Where the trees of a repository stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The directory for the trees and the slot, existing, absolute and without symbolic links.
    pub trees: PathBuf,
    /// Cargo configuration around the repository that would be missed from there, outermost first.
    pub outer_configs: Vec<PathBuf>,
}

impl Place {
    /// Chooses the place for a repository in the user's cache directory, and makes it.
    ///
    /// # Errors
    /// When there is no cache directory, or when cargo configuration above it would reach the trees.
    pub fn for_repository(root: &Path) -> Outcome<Place> {
        Place::called(root, "")
    }

    /// Another place for the same repository, with a path of another length.
    ///
    /// # Errors
    /// As for the usual one.
    pub fn elsewhere(root: &Path) -> Outcome<Place> {
        Place::called(root, "-elsewhere")
    }

    fn called(root: &Path, suffix: &str) -> Outcome<Place> {
        let home = std::env::var_os("HOME")
            .filter(|home| !home.is_empty())
            .map(|home| Path::new(&home).join(".cache"));
        let cache =
            std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute()).or(home);
        let cache = cache.ok_or_else(|| {
            Failure::incomplete("there is no cache directory to extract source trees into")
                .hint("set `XDG_CACHE_HOME` to a directory outside of the repository")
        })?;
        Place::below(&cache, root, suffix, cargo_home().as_deref())
    }

    fn below(cache: &Path, root: &Path, suffix: &str, cargo_home: Option<&Path>) -> Outcome<Place> {
        let root =
            root.canonicalize().or_fail(|| format!("cannot find the repository `{}`", root.display()))?;
        let id: String =
            fingerprint::of_bytes(root.as_os_str().as_encoded_bytes()).chars().take(16).collect();
        let trees = cache.join("cargo-rqs").join(id + suffix).join("target").join("package");
        std::fs::create_dir_all(&trees).or_fail(|| format!("cannot make `{}`", trees.display()))?;
        let trees = trees.canonicalize().or_fail(|| format!("cannot find `{}`", trees.display()))?;

        let inside = configs_above(&root, cargo_home);
        let around: Vec<_> =
            inside.into_iter().filter(|file| file.parent() != Some(&root.join(".cargo"))).collect();
        let reaching = configs_above(&trees, cargo_home);
        if let Some(foreign) = reaching.iter().find(|file| !around.contains(file)) {
            return Err(Failure::usage(format!("`{}` would change every build", foreign.display()))
                .cause(format!("source trees are extracted below it, into `{}`", trees.display()))
                .hint("set `XDG_CACHE_HOME` to a directory with no `.cargo/config.toml` above it"));
        }
        let outer_configs = around.into_iter().filter(|file| !reaching.contains(file)).collect();
        Ok(Place { trees, outer_configs })
    }
}

/// `CARGO_HOME`, whose configuration applies everywhere.
pub(super) fn cargo_home() -> Option<PathBuf> {
    let default = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let home =
        std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from).or_else(default)?;
    home.canonicalize().ok()
}

/// The configuration files that cargo finds from a directory upwards, outermost first, without that of `CARGO_HOME`.
pub(super) fn configs_above(dir: &Path, cargo_home: Option<&Path>) -> Vec<PathBuf> {
    let folders = dir.ancestors().map(|dir| dir.join(".cargo")).filter(|folder| cargo_home != Some(folder));
    // Of the two spellings cargo prefers the one without an extension.
    let mut files: Vec<_> = folders
        .filter_map(|folder| {
            ["config", "config.toml"].map(|name| folder.join(name)).into_iter().find(|f| f.is_file())
        })
        .collect();
    files.reverse();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(file: PathBuf) -> PathBuf {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "").unwrap();
        file
    }

    #[test]
    fn configuration_around_a_repository_is_named_and_its_own_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        touch(dir.join("work/repo/.cargo/config.toml"));
        let around = touch(dir.join("work/.cargo/config"));
        let place = Place::below(&dir.join("cache"), &dir.join("work/repo"), "", None).unwrap();
        assert_eq!(place.outer_configs, [around]);
        assert!(place.trees.ends_with("target/package") && place.trees.is_dir());
    }

    #[test]
    fn configuration_above_both_is_found_anyway_and_foreign_configuration_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(dir.join("work/repo")).unwrap();
        touch(dir.join(".cargo/config.toml"));
        assert_eq!(
            Place::below(&dir.join("cache"), &dir.join("work/repo"), "", None).unwrap().outer_configs,
            [""; 0].map(PathBuf::from)
        );
        touch(dir.join("cache/.cargo/config.toml"));
        assert!(Place::below(&dir.join("cache"), &dir.join("work/repo"), "", None).is_err());
        let home = dir.join("cache/.cargo");
        assert!(Place::below(&dir.join("cache"), &dir.join("work/repo"), "", Some(&home)).is_ok());
    }
}
