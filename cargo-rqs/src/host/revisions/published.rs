//! The crate as published: lets cargo download a version, with the user's own cargo configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::MetadataCommand;
use cargo_metadata::semver::Version;

use super::tree::shown;
use super::worktree::{self, WorkFile};
use crate::model::failure::{Failure, OrFail, Outcome};

const MOST_VERSIONS_SHOWN: usize = 8;
/// What cargo itself adds to the files of a package.
const ADDED_BY_CARGO: [&str; 2] = [".cargo-ok", ".cargo-checksum.json"];

/// The name of the package in a manifest.
///
/// # Errors
/// A usage error when the manifest has no package, as at the root of a virtual workspace.
pub fn package_name(manifest: &Path) -> Outcome<String> {
    let cannot = || format!("cannot read `{}`", shown(manifest));
    let text = std::fs::read_to_string(manifest).or_fail(cannot)?;
    let table: toml::Table = text.parse().or_fail(cannot)?;
    let name = table.get("package").and_then(|package| package.get("name")).and_then(|name| name.as_str());
    name.map(str::to_owned).ok_or_else(|| {
        Failure::usage(format!("`{}` has no package, so a published version needs its name", shown(manifest)))
            .hint("name the package, or start from its directory")
    })
}

/// Where cargo unpacked version `version` of the package `name`; it is downloaded when needed.
///
/// Cargo runs in `dir`, so that the configuration found from there applies.
///
/// # Errors
/// A usage error when the version does not exist; an incomplete one when cargo fails otherwise.
pub fn folder(name: &str, version: &str, dir: &Path) -> Outcome<PathBuf> {
    let version = Version::parse(version).map_err(|error| {
        Failure::usage(format!("`{version}` is not a full version"))
            .because(error)
            .hint("write all three numbers, as in `published:1.2.0`")
    })?;
    let cannot = || "cannot make a package for the download".to_owned();
    let downloading = tempfile::tempdir().or_fail(cannot)?;
    let manifest = downloading.path().join("Cargo.toml");
    std::fs::write(&manifest, depending_on(name, &version)).or_fail(cannot)?;
    std::fs::write(downloading.path().join("lib.rs"), "").or_fail(cannot)?;

    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .args(["metadata", "--format-version", "1", "--color", "never", "--manifest-path"])
        .arg(&manifest)
        .current_dir(dir)
        .output()
        .or_fail(|| format!("cannot start `{}`", shown(Path::new(&cargo))))?;
    if !output.status.success() {
        return Err(refused(name, &version, &String::from_utf8_lossy(&output.stderr)));
    }
    let metadata = MetadataCommand::parse(String::from_utf8_lossy(&output.stdout))
        .or_fail(|| "cannot read what `cargo metadata` printed".into())?;
    let package =
        metadata.packages.iter().find(|package| package.name.as_str() == name && package.version == version);
    let package = package.filter(|package| {
        package
            .source
            .as_ref()
            .is_some_and(|source| source.repr.contains("registry+") || source.repr.starts_with("sparse+"))
    });
    let folder = package.and_then(|package| package.manifest_path.parent()).ok_or_else(|| {
        Failure::incomplete(format!("cargo takes `{name}` {version} from somewhere else than a registry"))
            .hint("remove the `[patch]` or `paths` of the cargo configuration that replaces it")
    })?;
    Ok(folder.as_std_path().to_path_buf())
}

/// The published files in a folder made by cargo.
pub fn files(folder: &Path) -> Outcome<Vec<WorkFile>> {
    let mut files = worktree::files_beneath(folder, &[])?;
    files.retain(|file| !ADDED_BY_CARGO.iter().any(|added| file.path == Path::new(added)));
    Ok(files)
}

/// The manifest of a package, in a workspace of its own, that needs exactly this version.
fn depending_on(name: &str, version: &Version) -> String {
    let quoted = |text: String| toml::Value::String(text).to_string();
    format!(
        "[package]\nname = \"download-for-comparison\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
         [lib]\npath = \"lib.rs\"\n[workspace]\n\
         [dependencies.published]\npackage = {}\nversion = {}\ndefault-features = false\n",
        quoted(name.to_owned()),
        quoted(format!("={version}"))
    )
}

fn refused(name: &str, version: &Version, stderr: &str) -> Failure {
    let missing_crate =
        stderr.contains("no matching package named") || stderr.contains("no matching package found");
    let failure = match stderr {
        text if text.contains("offline") => {
            return Failure::incomplete(format!(
                "cargo cannot download `{name}` {version} while it is offline"
            ))
            .cause(stderr.trim())
            .hint("run once with the network, or name the revision by its tag");
        }
        text if text.contains("failed to select a version") || text.contains("is yanked") => {
            Failure::usage(format!("version {version} of `{name}` cannot be had from the registry"))
        }
        _ if missing_crate => Failure::usage(format!("the registry has no package `{name}`")),
        _ => {
            return Failure::incomplete(format!("cargo cannot download `{name}` {version}"))
                .cause(stderr.trim())
                .hint("check the network and the cargo configuration, or name the revision by its tag");
        }
    };
    let listed = stderr
        .lines()
        .find_map(|line| line.trim().strip_prefix("candidate versions found which didn't match: "));
    let hint = match listed {
        Some(list) => {
            let versions: Vec<&str> =
                list.split(", ").filter(|text| *text != "...").take(MOST_VERSIONS_SHOWN).collect();
            format!("published versions are, among others: {}", versions.join(", "))
        }
        None => "name the revision by its tag instead".to_owned(),
    };
    failure.cause(stderr.trim()).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::Exit;

    #[test]
    fn what_cargo_says_becomes_a_failure_with_a_way_out() {
        let version = Version::new(9, 9, 9);
        let missing_version = "error: failed to select a version for the requirement `a = \"=9.9.9\"`\n\
             candidate versions found which didn't match: 1.0.19, 1.0.18, ...\nlocation searched: crates.io index\n";
        let cases = [
            (missing_version, Exit::Usage, "published versions are, among others: 1.0.19, 1.0.18"),
            ("error: no matching package named `a` found\n", Exit::Usage, "by its tag"),
            (
                "error: no matching package named `a` found\nyou're using offline mode",
                Exit::Incomplete,
                "network",
            ),
            ("error: failed to download\n", Exit::Incomplete, "network"),
        ];
        for (stderr, exit, hint) in cases {
            let failure = refused("a", &version, stderr);
            assert_eq!(failure.exit, exit, "{stderr}");
            assert!(failure.hint.as_ref().unwrap().contains(hint), "{failure}");
            assert_eq!(failure.causes, [stderr.trim()]);
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_the_manifest() {
        let name = "a\"\n[patch.crates-io]\nb = \"";
        let manifest: toml::Table = depending_on(name, &Version::new(1, 2, 0)).parse().unwrap();
        assert!(!manifest.contains_key("patch"));
        let dependency = &manifest["dependencies"]["published"];
        assert_eq!(dependency["package"].as_str(), Some(name));
        assert_eq!(dependency["version"].as_str(), Some("=1.2.0"));
    }
}
