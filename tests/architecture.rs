//! Executes the rules of the house: layers, separate rooms, purity, purpose lines, lengths, a harness that never judges.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads the files of the workspace and may end early"
)]

#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/self_tests.rs"]
mod self_tests;
#[path = "architecture/source.rs"]
mod source;

use std::fs;
use std::path::Path;

use source::SourceFile;

/// Sources and manifests of the workspace, without build directories and hidden folders.
fn workspace() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
    let (mut open, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                let built = name == "target" || path.join("CACHEDIR.TAG").exists();
                open.extend((!name.starts_with('.') && !built).then_some(path));
            } else if name.ends_with(".rs") || name == "Cargo.toml" {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                files.push(SourceFile { path, text });
            }
        }
    }
    assert!(files.len() > 100, "only {} files were found below `{}`", files.len(), root.display());
    files
}

#[track_caller]
fn holds(rule: fn(&[SourceFile]) -> rules::Breaches) {
    let breaches = rule(&workspace());
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn a_module_imports_only_from_rooms_below_it() {
    holds(rules::layers);
}

#[test]
fn rooms_of_the_host_and_commands_do_not_import_one_another() {
    holds(rules::separate_rooms);
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    holds(rules::no_circles);
}

#[test]
fn only_the_host_touches_the_machine() {
    holds(rules::purity);
}

#[test]
fn modules_are_the_files_that_bear_their_names() {
    holds(rules::modules_are_where_they_are_named);
}

#[test]
fn every_file_opens_with_its_purpose() {
    holds(rules::purpose_lines);
}

#[test]
fn no_file_is_too_long() {
    holds(rules::file_lengths);
}

#[test]
fn the_harness_never_judges() {
    holds(rules::harness_does_not_judge);
}
