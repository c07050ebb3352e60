//! Reads what cargo's own metadata does not tell out of `Cargo.toml`.

use std::path::{Path, PathBuf};

use cargo_metadata::TargetKind;
use toml::{Table, Value};

use crate::model::failure::{Failure, OrFail, Outcome};

/// The manifest of a package.
///
/// # Errors
/// When there is none, or when it is no TOML.
pub(super) fn read(dir: &Path) -> Outcome<Table> {
    let file = dir.join("Cargo.toml");
    let text = std::fs::read_to_string(&file).or_fail(|| format!("cannot read `{}`", file.display()))?;
    text.parse().map_err(|error: toml::de::Error| {
        Failure::incomplete(format!("cannot understand `{}`", file.display())).cause(error.message())
    })
}

/// Whether a target has the built-in harness; cargo says so only in the manifest.
pub(super) fn has_builtin_harness(manifest: &Table, kind: &TargetKind, target: &str) -> bool {
    let table = match kind {
        TargetKind::Bench => named(manifest, "bench", target),
        TargetKind::Bin => named(manifest, "bin", target),
        _ => manifest.get("lib").and_then(Value::as_table),
    };
    table.and_then(|table| table.get("harness")).and_then(Value::as_bool).unwrap_or(true)
}

fn named<'a>(manifest: &'a Table, section: &str, name: &str) -> Option<&'a Table> {
    let tables = manifest.get(section)?.as_array()?;
    tables
        .iter()
        .filter_map(Value::as_table)
        .find(|table| table.get("name").and_then(Value::as_str) == Some(name))
}

/// The bench targets of a package with everything spelled out: each table has `name` and `path`, found on disk where
/// cargo would find them.
///
/// # Errors
/// When a table has no name, or when its source is nowhere.
pub(super) fn bench_tables(manifest: &Table, dir: &Path) -> Outcome<Vec<Table>> {
    let mut tables: Vec<Table> = match manifest.get("bench") {
        None => Vec::new(),
        Some(value) => {
            value.clone().try_into().or_fail(|| "`bench` in the manifest is no array of tables".into())?
        }
    };
    for table in &mut tables {
        let name = table.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| Failure::incomplete("a `[[bench]]` table has no name"))?.to_owned();
        if !table.contains_key("path") {
            let places = [format!("benches/{name}.rs"), format!("benches/{name}/main.rs")];
            let place = places.into_iter().find(|place| dir.join(place).is_file());
            let place = place
                .ok_or_else(|| Failure::incomplete(format!("the bench target `{name}` has no source")))?;
            table.insert("path".into(), place.into());
        }
    }
    if discovers_benches(manifest, !tables.is_empty()) {
        let listed: Vec<_> =
            tables.iter().filter_map(|table| table.get("path")?.as_str().map(PathBuf::from)).collect();
        for (name, path) in sources_in(&dir.join("benches"))? {
            let known = tables.iter().any(|table| table.get("name").and_then(Value::as_str) == Some(&name));
            if !known && !listed.contains(&PathBuf::from(&path)) {
                tables.push(Table::from_iter([
                    ("name".to_owned(), name.into()),
                    ("path".to_owned(), path.into()),
                ]));
            }
        }
    }
    Ok(tables)
}

/// Edition 2015 stops looking once one target is listed.
fn discovers_benches(manifest: &Table, some_listed: bool) -> bool {
    let package = manifest.get("package").and_then(Value::as_table);
    let setting = package.and_then(|package| package.get("autobenches")).and_then(Value::as_bool);
    let edition = package.and_then(|package| package.get("edition"));
    let is_2015 = edition.is_none_or(|edition| edition.as_str() == Some("2015"));
    setting.unwrap_or(!(is_2015 && some_listed))
}

/// Names and paths of the targets in `benches/`, sorted.
fn sources_in(folder: &Path) -> Outcome<Vec<(String, String)>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = || format!("cannot list `{}`", folder.display());
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder).or_fail(failed)? {
        let path = entry.or_fail(failed)?.path();
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) else { continue };
        if path.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            sources.push((stem.clone(), format!("benches/{stem}.rs")));
        } else if path.join("main.rs").is_file()
            && let Some(name) = path.file_name().and_then(|name| name.to_str())
        {
            sources.push((name.to_owned(), format!("benches/{name}/main.rs")));
        }
    }
    sources.sort();
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(manifest: &str, files: &[&str]) -> (tempfile::TempDir, Table) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let file = dir.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        (dir, manifest.parse().unwrap())
    }

    fn names_and_paths(tables: &[Table]) -> Vec<String> {
        tables
            .iter()
            .map(|t| format!("{}={}", t["name"].as_str().unwrap(), t["path"].as_str().unwrap()))
            .collect()
    }

    #[test]
    fn listed_and_discovered_bench_targets_are_both_found() {
        let manifest = "[package]\nedition = '2021'\n[[bench]]\nname = 'b'\nharness = false\n[[bench]]\nname = 'far'\npath = 'perf/x.rs'";
        let (dir, manifest) =
            package(manifest, &["benches/b/main.rs", "benches/a.rs", "benches/data/x.json"]);
        let tables = bench_tables(&manifest, dir.path()).unwrap();
        assert_eq!(names_and_paths(&tables), ["b=benches/b/main.rs", "far=perf/x.rs", "a=benches/a.rs"]);
        assert!(!has_builtin_harness(&manifest, &TargetKind::Bench, "b"));
        assert!(has_builtin_harness(&manifest, &TargetKind::Bench, "a"));
    }

    #[test]
    fn discovery_can_be_off() {
        for off in ["[package]\nedition = '2021'\nautobenches = false", "[package]"] {
            let (dir, manifest) =
                package(&format!("{off}\n[[bench]]\nname = 'a'"), &["benches/a.rs", "benches/b.rs"]);
            assert_eq!(bench_tables(&manifest, dir.path()).unwrap().len(), 1);
        }
    }

    #[test]
    fn a_bench_target_without_source_is_an_error() {
        let (dir, manifest) = package("[package]\n[[bench]]\nname = 'a'", &[]);
        assert!(bench_tables(&manifest, dir.path()).is_err());
    }

    #[test]
    fn library_and_programs_can_have_their_own_harness_too() {
        let (_dir, manifest) = package("[lib]\nharness = false\n[[bin]]\nname = 'b'", &[]);
        assert!(!has_builtin_harness(&manifest, &TargetKind::Lib, "x"));
        assert!(has_builtin_harness(&manifest, &TargetKind::Bin, "b"));
    }
}
