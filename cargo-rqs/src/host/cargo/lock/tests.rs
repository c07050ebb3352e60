//! Resolutions with the real cargo: the packages come from a directory, so no network is needed.

use std::path::PathBuf;

use crate::model::failure::Exit;

use super::*;

/// Two trees beside each other, and a store; `dep` is there in the given versions.
struct Stage {
    dir: tempfile::TempDir,
    toolchain: Toolchain,
    options: BuildOptions,
}

impl Stage {
    fn new() -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let toolchain = Toolchain::resolve(None, dir.path()).unwrap();
        let options = BuildOptions { offline: true, ..BuildOptions::default() };
        Stage { dir, toolchain, options }
    }

    /// Publishes a version of `dep`, or takes it back.
    fn publish(&self, version: &str, available: bool) {
        let package = self.dir.path().join("vendor").join(format!("dep-{version}"));
        if !available {
            return std::fs::remove_dir_all(package).unwrap();
        }
        std::fs::create_dir_all(package.join("src")).unwrap();
        let manifest = format!("[package]\nname = 'dep'\nversion = '{version}'\nedition = '2021'\n");
        let checksum = format!("{{\"files\":{{}},\"package\":\"{}\"}}", "0".repeat(64));
        for (file, content) in
            [("Cargo.toml", manifest.as_str()), ("src/lib.rs", ""), (".cargo-checksum.json", &checksum)]
        {
            std::fs::write(package.join(file), content).unwrap();
        }
    }

    fn tree(&self, name: &str, version: &str, dependencies: &str) -> PathBuf {
        let tree = self.dir.path().join(name);
        std::fs::create_dir_all(tree.join("src")).unwrap();
        std::fs::create_dir_all(tree.join(".cargo")).unwrap();
        let manifest = format!(
            "[package]\nname = 'tiny'\nversion = '{version}'\nedition = '2021'\n[dependencies]\n{dependencies}\n"
        );
        let vendor = self.dir.path().join("vendor");
        let config = format!(
            "[source.crates-io]\nreplace-with = 'here'\n[source.here]\ndirectory = '{}'\n",
            vendor.display()
        );
        for (file, content) in
            [("Cargo.toml", manifest.as_str()), ("src/lib.rs", ""), (".cargo/config.toml", &config)]
        {
            std::fs::write(tree.join(file), content).unwrap();
        }
        tree
    }

    fn agree(&self, baseline: &Path, candidate: &Path) -> Outcome<ByRole<Lock>> {
        let store = self.dir.path().join("locks");
        let request = LockRequest { toolchain: &self.toolchain, options: &self.options, store: &store };
        let tree = |root| Tree { root, package: Path::new("") };
        agree(ByRole::new(tree(baseline), tree(candidate)), request)
    }
}

/// The version of `dep` that a tree is locked to.
fn locked(tree: &Path) -> String {
    let packages = locked_packages(&std::fs::read_to_string(tree.join("Cargo.lock")).unwrap()).unwrap();
    packages
        .into_iter()
        .filter(|package| package.name == "dep")
        .map(|package| package.version)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn without_lockfiles_both_sides_get_one_resolution_that_later_runs_use_again() {
    let stage = Stage::new();
    stage.publish("1.0.1", true);
    let (old, new) = (stage.tree("old", "1.0.0", "dep = '1'"), stage.tree("new", "1.1.0", "dep = '1'"));
    let first = stage.agree(&old, &new).unwrap();
    assert_eq!((first.baseline.source, first.candidate.source), (LockSource::Shared, LockSource::Shared));
    stage.publish("1.0.2", true);
    assert_eq!(stage.agree(&old, &new).unwrap(), first);
    assert_eq!((locked(&old), locked(&new)), ("1.0.1".into(), "1.0.1".into()));
    assert_eq!(stage.agree(&new, &new).unwrap().baseline, first.candidate);
}

#[test]
fn a_stored_resolution_that_is_no_longer_possible_is_made_again() {
    let stage = Stage::new();
    stage.publish("1.0.1", true);
    let (old, new) = (stage.tree("old", "1.0.0", "dep = '1'"), stage.tree("new", "1.1.0", "dep = '1'"));
    stage.agree(&old, &new).unwrap();
    stage.publish("1.0.1", false);
    stage.publish("1.0.2", true);
    stage.agree(&old, &new).unwrap();
    assert_eq!((locked(&old), locked(&new)), ("1.0.2".into(), "1.0.2".into()));
}

#[test]
fn a_side_that_needs_other_versions_says_which() {
    let stage = Stage::new();
    stage.publish("1.0.1", true);
    stage.publish("1.0.2", true);
    let (old, new) = (stage.tree("old", "1.0.0", "dep = '=1.0.1'"), stage.tree("new", "1.1.0", "dep = '1'"));
    let locks = stage.agree(&old, &new).unwrap();
    assert_eq!((locks.baseline.source, locks.candidate.source), (LockSource::Own, LockSource::Shared));
    assert_eq!(locks.baseline.notes, ["depends on `dep` 1.0.1 where the candidate has `dep` 1.0.2"]);
    assert_eq!((locked(&old), locked(&new)), ("1.0.1".into(), "1.0.2".into()));
}

#[test]
fn a_committed_lockfile_is_kept_and_leads_the_other_side() {
    let stage = Stage::new();
    stage.publish("1.0.1", true);
    let (old, new) = (stage.tree("old", "1.0.0", "dep = '1'"), stage.tree("new", "1.1.0", "dep = '1'"));
    stage.agree(&old, &new).unwrap();
    // From here on the baseline counts as having committed it.
    std::fs::remove_file(old.join(ORIGINAL)).unwrap();
    std::fs::remove_dir_all(stage.dir.path().join("locks")).unwrap();
    stage.publish("1.0.2", true);
    let locks = stage.agree(&old, &new).unwrap();
    assert_eq!((locks.baseline.source, locks.candidate.source), (LockSource::Committed, LockSource::Shared));
    assert_eq!(locked(&new), "1.0.1");
    assert!(!old.join(ORIGINAL).exists() && new.join(ORIGINAL).exists());
}

#[test]
fn a_committed_lockfile_that_does_not_fit_is_completed_from_the_other_side_and_comes_back() {
    let stage = Stage::new();
    stage.publish("1.0.1", true);
    let (old, new) = (stage.tree("old", "1.0.0", ""), stage.tree("new", "1.1.0", "dep = '1'"));
    let committed = "version = 4\n\n[[package]]\nname = \"tiny\"\nversion = \"1.0.0\"\n";
    stage.agree(&old, &new).unwrap();
    std::fs::remove_file(new.join(ORIGINAL)).unwrap();
    std::fs::remove_file(old.join(ORIGINAL)).unwrap();
    std::fs::write(old.join("Cargo.lock"), committed).unwrap();
    stage.tree("old", "1.0.0", "dep = '1'");
    stage.publish("1.0.2", true);
    let locks = stage.agree(&old, &new).unwrap();
    assert_eq!((locks.baseline.source, locks.baseline.notes.len()), (LockSource::Own, 1));
    assert_eq!(locked(&old), "1.0.1");
    assert_eq!(std::fs::read_to_string(old.join(ORIGINAL)).unwrap(), committed);
    stage.tree("old", "1.0.0", "");
    assert_eq!(stage.agree(&old, &new).unwrap().baseline.source, LockSource::Committed);
    assert_eq!(std::fs::read_to_string(old.join("Cargo.lock")).unwrap(), committed);
}

#[test]
fn locked_insists_on_a_committed_lockfile() {
    let mut stage = Stage::new();
    stage.publish("1.0.1", true);
    stage.options.locked = true;
    let (old, new) = (stage.tree("old", "1.0.0", "dep = '1'"), stage.tree("new", "1.1.0", "dep = '1'"));
    let failure = stage.agree(&old, &new).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.message.contains("candidate") && failure.hint.is_some());
}
