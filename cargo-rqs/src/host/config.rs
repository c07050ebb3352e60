//! Finds and reads what a repository configures: `rqs.toml`, or `[workspace.metadata.rqs]` or `[package.metadata.rqs]`
//! of a `Cargo.toml`.
#![allow(clippy::disallowed_methods, reason = "this room reads the configuration")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::config::{Config, Source};
use crate::model::failure::{Failure, Outcome};

/// The file of its own.
const FILE: &str = "rqs.toml";
/// Words are taken for misspelt from this likeness on (Jaro-Winkler, 1 for equal ones).
const ALIKE: f64 = 0.8;

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

/// What tells whether a manifest stands for several packages.
#[derive(Deserialize)]
struct Members {
    workspace: Option<MemberList>,
}

#[derive(Deserialize)]
struct MemberList {
    #[serde(default)]
    members: Vec<IgnoredAny>,
}

/// The configuration for somebody who stands in a folder: it is looked for there and in the folders above, up to the
/// root of the repository. Without one, everything is as by default.
///
/// # Errors
/// A usage error with file, line and column when it is not understood, and when there are two.
pub fn find(start: &Path) -> Outcome<Config> {
    let mut found: Vec<(String, Config)> = Vec::new();
    let mut several_packages = false;
    let in_repository = start.ancestors().any(|folder| folder.join(".git").exists());
    for folder in start.ancestors() {
        let file = folder.join(FILE);
        if let Some(text) = read(&file)? {
            let config: Config =
                toml::from_str(&text).map_err(|error| misunderstood(&source(&file, start, &text), &error))?;
            found
                .push((file.display().to_string(), Config { source: source(&file, start, &text), ..config }));
        }
        let manifest = folder.join("Cargo.toml");
        let text = read(&manifest)?;
        let is_crate = text.is_some();
        for (place, config) in text.map_or(Ok(Vec::new()), |text| {
            several_packages |= has_members(&text);
            of_manifest(&source(&manifest, start, &text))
        })? {
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
        (Some((_, mut config)), None) => {
            config.source.several_packages = several_packages;
            Ok(config)
        }
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

/// A text under the name that is shortest for somebody who stands in `start`.
fn source(path: &Path, start: &Path, text: &str) -> Source {
    let shown = path.strip_prefix(start).unwrap_or(path).display().to_string();
    Source { file: shown, text: text.to_owned(), several_packages: false }
}

/// Whether a manifest names members of a workspace. What cargo cannot read has none.
fn has_members(manifest: &str) -> bool {
    let members = toml::from_str::<Members>(manifest).ok().and_then(|manifest| manifest.workspace);
    members.is_some_and(|workspace| !workspace.members.is_empty())
}

fn of_manifest(source: &Source) -> Outcome<Vec<(&'static str, Config)>> {
    // Most manifests say nothing about this tool, and cargo itself tells best what is wrong with one.
    if !source.text.contains("rqs") {
        return Ok(Vec::new());
    }
    let manifest: Manifest = toml::from_str(&source.text).map_err(|error| misunderstood(source, &error))?;
    let rqs = |table: Option<Table>| table.and_then(|table| table.metadata).and_then(|metadata| metadata.rqs);
    let tables = [("workspace.metadata.rqs", manifest.workspace), ("package.metadata.rqs", manifest.package)];
    let config = |(place, table)| Some((place, Config { source: source.clone(), ..rqs(table)? }));
    Ok(tables.into_iter().filter_map(config).collect())
}

fn misunderstood(source: &Source, error: &toml::de::Error) -> Failure {
    let message = error.message().trim();
    let place = source.place(error.span().unwrap_or_default());
    Failure::usage(format!("{place}: {message}")).hint(advice(message))
}

/// The way out of an error that names an unknown word and the known ones.
fn advice(message: &str) -> String {
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let [unknown, known @ ..] = &words[..]
        && message.starts_with("unknown ")
    {
        let likeness = |word: &&&str| strsim::jaro_winkler(unknown, word);
        let closest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        if let Some(closest) = closest.filter(|word| likeness(word) >= ALIKE) {
            return format!("did you mean `{closest}`?");
        }
        if message.starts_with("unknown variant") && known.contains(&"governor") {
            return "`cargo rqs env check` names all conditions that `[env] require` may list".to_owned();
        }
    }
    "`cargo rqs schema config` describes every key".to_owned()
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
    fn a_misspelt_word_is_answered_with_the_one_that_is_meant() {
        for (text, place, meant) in [
            ("[policy]\nmargn = \"1%\"\n", "2:1", "margin"),
            ("[policy]\nfalse_alarms = \"1%\"\n", "2:1", "false-alarms"),
            ("[policy]\nclass = \"critcal\"\n", "2:9", "critical"),
            ("[[policy.rules]]\nbenchmark = \"*\"\n", "2:1", "benchmarks"),
            ("[polcy]\n", "1:2", "policy"),
            ("[env]\nrequire = [\"govenor\"]\n", "2:12", "governor"),
        ] {
            let told = found(&[("rqs.toml", text)]).unwrap_err();
            assert!(told.starts_with(&format!("error: rqs.toml:{place}: unknown ")), "{told}");
            assert!(told.ends_with(&format!("hint: did you mean `{meant}`?")), "{told}");
        }
        let told = found(&[("rqs.toml", "[policy]\nxyz = 1\n")]).unwrap_err();
        assert!(told.ends_with("hint: `cargo rqs schema config` describes every key"), "{told}");
    }

    #[test]
    fn percentages_keys_and_patterns_have_one_spelling_each() {
        for (text, place, why) in [
            (
                "[policy]\nmargin = 0.01\n",
                "2:10",
                "invalid type: floating point `0.01`, expected a percentage in quotes",
            ),
            ("[policy]\nmargin = 1\n", "2:10", "invalid type: integer `1`, expected a percentage in quotes"),
            (
                "[policy]\nmargin = \"1\"\n",
                "2:10",
                "invalid value: string \"1\", expected a percentage in quotes",
            ),
            ("[policy]\nfloor = \"-1%\"\n", "2:9", "invalid value: string \"-1%\""),
            ("[policy]\nfloor = \".5%\"\n", "2:9", "invalid value: string \".5%\""),
            ("[policy]\nfloor = \"1e3%\"\n", "2:9", "invalid value: string \"1e3%\""),
            ("[policy]\nfloor = \"1 %\"\n", "2:9", "invalid value: string \"1 %\""),
            (
                "[[policy.rules]]\nbenchmarks = 1\n",
                "2:14",
                "invalid type: integer `1`, expected a pattern in quotes",
            ),
            ("[[policy.rules]]\nclass = \"critical\"\n", "1:1", "missing field `benchmarks`"),
            ("[policy]\nfloor = \"1%\"\nfloor = \"2%\"\n", "3:1", "duplicate key"),
        ] {
            let told = found(&[("rqs.toml", text)]).unwrap_err();
            assert!(told.starts_with(&format!("error: rqs.toml:{place}: {why}")), "{told}");
        }
    }

    #[test]
    fn a_policy_is_read_from_each_place_with_the_places_of_its_parts() {
        let policy = "margin = \"2%\"\n";
        let rule = "benchmarks = [\"a\",\n  \"b/**\"]\nclass = \"critical\"\n";
        let plain = format!("[policy]\n{policy}[[policy.rules]]\n{rule}");
        let in_manifest = format!(
            "[package]\nname = \"a\"\n[package.metadata.rqs.policy]\n{policy}[[package.metadata.rqs.policy.rules]]\n{rule}"
        );
        for (file, text, lines) in [("rqs.toml", plain, 0), ("Cargo.toml", in_manifest, 2)] {
            let folder = repository(&[(file, &text)]);
            let config = find(folder.path()).unwrap();
            let margin = config.policy.margin.as_ref().unwrap();
            assert_eq!(margin.get_ref().0, 0.02);
            assert_eq!(config.source.place(margin.span()), format!("{file}:{}:10", lines + 2));
            let [rule] = &config.policy.rules[..] else { panic!() };
            assert_eq!(config.source.place(rule.span()), format!("{file}:{}:1", lines + 3));
            let [a, b] = &rule.get_ref().benchmarks.0[..] else { panic!() };
            assert_eq!((a.get_ref().as_str(), b.get_ref().as_str()), ("a", "b/**"));
            assert_eq!(config.source.place(b.span()), format!("{file}:{}:3", lines + 5));
            assert!(!config.source.several_packages);
        }
        let members = "[workspace]\nmembers = [\"member\"]\n";
        let folder = repository(&[("Cargo.toml", members), ("rqs.toml", "")]);
        assert!(find(&folder.path().join("member")).unwrap().source.several_packages);
    }

    /// Blocks of TOML in the project's own texts that begin with a table of ours.
    fn examples(text: &str) -> impl Iterator<Item = &str> {
        let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        blocks.filter(|block| {
            let first =
                block.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
            first.starts_with("[env]") || first.starts_with("[policy]") || first.starts_with("[[policy")
        })
    }

    #[test]
    fn every_example_of_the_readme_is_understood() {
        let readme = include_str!("../../../README.md");
        let mut seen = 0;
        for example in examples(readme) {
            let folder = repository(&[("rqs.toml", example)]);
            find(folder.path()).unwrap_or_else(|failure| panic!("{failure}\n{example}"));
            seen += 1;
        }
        assert!(seen > 0);
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
