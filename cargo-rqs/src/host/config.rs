//! Finds and reads what a repository configures: `rqs.toml`, or `[workspace.metadata.rqs]` or `[package.metadata.rqs]`
//! of a `Cargo.toml`.
#![allow(clippy::disallowed_methods, reason = "this room reads the configuration")]

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

use crate::model::config::Config;
use crate::model::failure::{Failure, Outcome};

/// The file of its own.
const FILE: &str = "rqs.toml";

/// What matters here of a manifest; everything else is cargo's business.
#[derive(Deserialize)]
struct Manifest {
    workspace: Option<Table>,
    package: Option<Table>,
}

#[derive(Deserialize)]
struct Table {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    rqs: Option<Config>,
}

/// The configuration for somebody who stands in a folder: it is looked for there and in the folders above, up to the
/// root of the repository. Without one, everything is as by default.
///
/// # Errors
/// A usage error with file, line and column when it is not understood, and when there are two.
pub fn find(start: &Path) -> Outcome<Config> {
    let mut found: Vec<(String, Config)> = Vec::new();
    let in_repository = start.ancestors().any(|folder| folder.join(".git").exists());
    for folder in start.ancestors() {
        let file = folder.join(FILE);
        if let Some(text) = read(&file)? {
            let config: Config =
                toml::from_str(&text).map_err(|error| misunderstood(&file, &text, &error))?;
            found.push((file.display().to_string(), config));
        }
        let manifest = folder.join("Cargo.toml");
        let text = read(&manifest)?;
        let is_crate = text.is_some();
        for (place, config) in text.map_or(Ok(Vec::new()), |text| of_manifest(&manifest, &text))? {
            found.push((format!("{} ({place})", manifest.display()), config));
        }
        // Outside of a repository, what lies above the crate is none of its business.
        let end = if in_repository { folder.join(".git").exists() } else { is_crate || !found.is_empty() };
        if end {
            break;
        }
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (None, _) => Ok(Config::default()),
        (Some((_, config)), None) => Ok(config),
        (Some((first, _)), Some((second, _))) => Err(Failure::usage("the configuration is in two places")
            .cause(first)
            .cause(second)
            .hint("keep one of them, best `rqs.toml` at the root of the repository")),
    }
}

fn read(path: &Path) -> Outcome<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Failure::usage(format!("cannot read `{}`", path.display())).because(error)),
    }
}

fn of_manifest(path: &Path, text: &str) -> Outcome<Vec<(&'static str, Config)>> {
    // Most manifests say nothing about this tool, and cargo itself tells best what is wrong with one.
    if !text.contains("rqs") {
        return Ok(Vec::new());
    }
    let manifest: Manifest = toml::from_str(text).map_err(|error| misunderstood(path, text, &error))?;
    let rqs = |table: Option<Table>| table.and_then(|table| table.metadata).and_then(|metadata| metadata.rqs);
    let tables = [("workspace.metadata.rqs", manifest.workspace), ("package.metadata.rqs", manifest.package)];
    Ok(tables.into_iter().filter_map(|(place, table)| Some((place, rqs(table)?))).collect())
}

fn misunderstood(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let (line, column) = place(text, error.span());
    Failure::usage(format!("{}:{line}:{column}: {}", path.display(), error.message().trim()))
        .hint("`cargo rqs env check` names all conditions that `[env] require` may list")
}

/// Line and column, from 1, of the beginning of a span of bytes.
fn place(text: &str, span: Option<Range<usize>>) -> (usize, usize) {
    let before = span.and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::Exit;
    use crate::model::item::Item;

    fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        fs::create_dir_all(folder.path().join("member/src")).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn found(files: &[(&str, &str)]) -> Result<Vec<Item>, String> {
        let folder = repository(files);
        let config = find(&folder.path().join("member/src"));
        config.map(|config| config.env.require).map_err(|failure| {
            assert_eq!(failure.exit, Exit::Usage);
            failure.to_string().replace(&format!("{}/", folder.path().display()), "")
        })
    }

    #[test]
    fn each_of_the_three_places_is_found_from_a_folder_below() {
        let table = "require = [\"governor\", \"c-states\"]\n";
        let expected = Ok(vec![Item::Governor, Item::CStates]);
        assert_eq!(found(&[]), Ok(vec![]));
        assert_eq!(found(&[("rqs.toml", &format!("[env]\n{table}"))]), expected);
        let workspace = format!("[workspace]\nmembers = [\"member\"]\n[workspace.metadata.rqs.env]\n{table}");
        assert_eq!(found(&[("Cargo.toml", &workspace)]), expected);
        let package = format!("[package]\nname = \"member\"\n[package.metadata.rqs.env]\n{table}");
        let both = [("Cargo.toml", "[workspace]\n"), ("member/Cargo.toml", package.as_str())];
        assert_eq!(found(&both), expected);
    }

    #[test]
    fn unknown_keys_and_items_are_told_with_their_place() {
        let told =
            found(&[("rqs.toml", "# ours\n[env]\nrequire = [\"governor\", \"steel\"]\n")]).unwrap_err();
        assert!(told.starts_with("error: rqs.toml:3:24: unknown variant `steel`, expected one of"), "{told}");
        let told = found(&[("rqs.toml", "[env]\nrequired = []\n")]).unwrap_err();
        assert!(told.starts_with("error: rqs.toml:2:1: unknown field `required`"), "{told}");
        let manifest = "[package]\nname = \"a\"\n\n[package.metadata.rqs]\nenvironment = 1\n";
        let told = found(&[("Cargo.toml", manifest)]).unwrap_err();
        assert!(told.starts_with("error: Cargo.toml:5:1: unknown field `environment`"), "{told}");
        let told = found(&[("rqs.toml", "[env\n")]).unwrap_err();
        assert!(told.starts_with("error: rqs.toml:1:"), "{told}");
    }

    #[test]
    fn two_places_are_one_too_many() {
        let manifest = "[workspace]\n[workspace.metadata.rqs.env]\nrequire = []\n";
        let told = found(&[("Cargo.toml", manifest), ("rqs.toml", "")]).unwrap_err();
        assert!(told.contains("in two places"), "{told}");
    }

    #[test]
    fn other_metadata_and_broken_manifests_are_left_to_cargo() {
        assert_eq!(found(&[("Cargo.toml", "[package.metadata.docs]\nx = 1\n")]), Ok(vec![]));
        assert_eq!(found(&[("Cargo.toml", "[package\n")]), Ok(vec![]));
    }
}
