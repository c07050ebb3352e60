//! Lets the candidate's benchmarks measure the baseline's code: its bench sources, targets and dev-dependencies are
//! put over a copy of the baseline's tree.

use std::path::{Component, Path, PathBuf};

use toml::{Table, Value};

use crate::model::failure::{Failure, OrFail, Outcome};

use super::manifest;

/// Sections of a manifest that only tests and benchmarks use; both spellings.
const DEV_DEPENDENCIES: [&str; 2] = ["dev-dependencies", "dev_dependencies"];

/// Replaces the benchmarks of the package in `baseline` by those of the package in `candidate`: bench sources and what
/// lies in `benches`, `[[bench]]` tables, and dev-dependencies. Returns the names of the bench targets.
///
/// `baseline` is changed and must be a copy that has a name of its own. Profiles stay as they are, because they belong
/// to the code that is measured.
///
/// # Errors
/// When a manifest cannot be read or written, or when a bench source lies outside of its package.
pub fn overlay_benches(candidate: &Path, baseline: &Path) -> Outcome<Vec<String>> {
    let theirs = manifest::read(candidate)?;
    let mut ours = manifest::read(baseline)?;
    let tables = manifest::bench_tables(&theirs, candidate)?;
    if tables.is_empty() {
        return Err(Failure::usage("the candidate has no bench targets to measure the baseline with"));
    }

    let folder = baseline.join("benches");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).or_fail(|| format!("cannot replace `{}`", folder.display()))?;
    }
    if candidate.join("benches").is_dir() {
        copy_directory(&candidate.join("benches"), &folder)?;
    }
    for table in &tables {
        copy_source(table, candidate, baseline)?;
    }

    let workspace_root = workspace_root(candidate)?;
    take_dev_dependencies(&theirs, &mut ours, candidate, &workspace_root)?;
    let names = tables.iter().filter_map(|table| table.get("name")?.as_str().map(str::to_owned)).collect();
    let edition = edition(&theirs, &workspace_root);
    let tables = tables.into_iter().map(|mut table| {
        // The sources are written for the candidate's edition, whatever the baseline's is.
        if let (Some(edition), false) = (&edition, table.contains_key("edition")) {
            table.insert("edition".into(), edition.clone());
        }
        Value::Table(table)
    });
    ours.insert("bench".into(), Value::Array(tables.collect()));
    if let Some(package) = ours.get_mut("package").and_then(Value::as_table_mut) {
        package.insert("autobenches".into(), false.into());
    }
    let file = baseline.join("Cargo.toml");
    let text = toml::to_string(&ours).or_fail(|| format!("cannot write `{}`", file.display()))?;
    std::fs::write(&file, text).or_fail(|| format!("cannot write `{}`", file.display()))?;
    Ok(names)
}

/// Copies the source of a target that lies elsewhere than in `benches`, with what lies beside it when that is a
/// directory of its own.
fn copy_source(table: &Table, candidate: &Path, baseline: &Path) -> Outcome<()> {
    let path = Path::new(table.get("path").and_then(Value::as_str).unwrap_or_default());
    if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(Failure::incomplete(format!(
            "the bench source `{}` lies outside of its package",
            path.display()
        ))
        .hint("measure both revisions with their own benchmarks: leave `--benches-from` out"));
    }
    let folder = path.parent().unwrap_or(path);
    let is_own_folder = !folder.as_os_str().is_empty() && !folder.starts_with("src");
    match is_own_folder {
        _ if folder.starts_with("benches") => Ok(()),
        true => copy_directory(&candidate.join(folder), &baseline.join(folder)),
        false => copy_file(&candidate.join(path), &baseline.join(path)),
    }
}

/// Replaces all dev-dependencies, those for single platforms included. What the candidate inherits from its workspace
/// is spelled out, because the baseline's workspace may not have it.
fn take_dev_dependencies(
    theirs: &Table,
    ours: &mut Table,
    candidate: &Path,
    workspace_root: &Path,
) -> Outcome<()> {
    let workspace = manifest::read(workspace_root)?;
    let inherited = workspace.get("workspace").and_then(|w| w.get("dependencies")).and_then(Value::as_table);
    let up = path_between(candidate, workspace_root);
    let spell_out = |section: &Table| -> Outcome<Table> {
        let whole =
            section.iter().map(|(name, entry)| Ok((name.clone(), spelled_out(name, entry, inherited, &up)?)));
        whole.collect()
    };
    for name in DEV_DEPENDENCIES {
        ours.remove(name);
        if let Some(section) = theirs.get(name).and_then(Value::as_table) {
            ours.insert(DEV_DEPENDENCIES[0].into(), Value::Table(spell_out(section)?));
        }
    }
    let our_targets = ours.entry("target").or_insert_with(|| Value::Table(Table::new()));
    let Some(our_targets) = our_targets.as_table_mut() else { return Ok(()) };
    for section in our_targets.iter_mut().filter_map(|(_, section)| section.as_table_mut()) {
        DEV_DEPENDENCIES.iter().for_each(|name| drop(section.remove(*name)));
    }
    for (platform, section) in theirs.get("target").and_then(Value::as_table).into_iter().flatten() {
        for section in DEV_DEPENDENCIES.iter().filter_map(|name| section.get(name)?.as_table()) {
            let ours = our_targets.entry(platform).or_insert_with(|| Value::Table(Table::new()));
            if let Some(ours) = ours.as_table_mut() {
                ours.insert(DEV_DEPENDENCIES[0].into(), Value::Table(spell_out(section)?));
            }
        }
    }
    Ok(())
}

/// A dependency with `workspace = true` replaced by what the workspace says, its path seen from the package.
fn spelled_out(name: &str, entry: &Value, inherited: Option<&Table>, up: &Path) -> Outcome<Value> {
    let Some(own) =
        entry.as_table().filter(|own| own.get("workspace").and_then(Value::as_bool) == Some(true))
    else {
        return Ok(entry.clone());
    };
    let base = inherited.and_then(|inherited| inherited.get(name));
    let mut whole = match base {
        None => {
            return Err(Failure::incomplete(format!("the candidate's workspace has no dependency `{name}`")));
        }
        Some(Value::Table(table)) => table.clone(),
        Some(version) => Table::from_iter([("version".to_owned(), version.clone())]),
    };
    if let Some(path) = whole.get("path").and_then(Value::as_str).map(|path| up.join(path)) {
        whole.insert("path".into(), path.to_string_lossy().into_owned().into());
    }
    for (key, value) in own.iter().filter(|(key, _)| *key != "workspace") {
        match (key.as_str(), whole.get_mut("features").and_then(Value::as_array_mut), value.as_array()) {
            ("features", Some(all), Some(more)) => all.extend(more.iter().cloned()),
            _ => drop(whole.insert(key.clone(), value.clone())),
        }
    }
    Ok(Value::Table(whole))
}

fn edition(manifest: &Table, workspace_root: &Path) -> Option<Value> {
    match manifest.get("package")?.get("edition") {
        None => Some("2015".into()),
        Some(Value::Table(_)) => {
            let workspace = manifest::read(workspace_root).ok()?;
            workspace.get("workspace")?.get("package")?.get("edition").cloned()
        }
        Some(edition) => Some(edition.clone()),
    }
}

/// The nearest directory with a `[workspace]` table; the package's own when there is none.
fn workspace_root(package: &Path) -> Outcome<PathBuf> {
    let named = manifest::read(package)?;
    let named = named.get("package").and_then(|package| package.get("workspace")).and_then(Value::as_str);
    if let Some(named) = named {
        return Ok(package.join(named));
    }
    // Trees stand in `target/package`, where cargo ends its search as well.
    for dir in package.ancestors().take_while(|dir| !dir.ends_with("target/package")) {
        if dir.join("Cargo.toml").is_file() && manifest::read(dir)?.contains_key("workspace") {
            return Ok(dir.to_owned());
        }
    }
    Ok(package.to_owned())
}

/// The way from a directory up to one of its parents, as `../..`.
fn path_between(dir: &Path, parent: &Path) -> PathBuf {
    let steps = dir.strip_prefix(parent).map_or(0, |inner| inner.components().count());
    std::iter::repeat_n("..", steps).collect()
}

fn copy_directory(from: &Path, to: &Path) -> Outcome<()> {
    let failed = || format!("cannot list `{}`", from.display());
    for entry in std::fs::read_dir(from).or_fail(failed)? {
        let entry = entry.or_fail(failed)?;
        let (source, place) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().or_fail(failed)?;
        if kind.is_dir() {
            copy_directory(&source, &place)?;
        } else if kind.is_symlink() {
            let aim = std::fs::read_link(&source).or_fail(failed)?;
            std::fs::create_dir_all(to).or_fail(|| format!("cannot make `{}`", to.display()))?;
            std::os::unix::fs::symlink(aim, &place)
                .or_fail(|| format!("cannot link `{}`", place.display()))?;
        } else {
            copy_file(&source, &place)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Outcome<()> {
    let folder = to.parent().unwrap_or(to);
    std::fs::create_dir_all(folder).or_fail(|| format!("cannot make `{}`", folder.display()))?;
    std::fs::copy(from, to).or_fail(|| format!("cannot copy `{}`", from.display())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (path, content) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    fn two_packages(candidate: &[(&str, &str)], baseline: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join("candidate"), candidate);
        write(&dir.path().join("baseline"), baseline);
        dir
    }

    const NEW: &str = "[package]\nname = 'p'\nversion = '2.0.0'\nedition = '2021'\n[dependencies]\nnew = '1'\n\
        [dev-dependencies]\ncriterion = '0.5'\n[target.'cfg(unix)'.dev-dependencies]\nlibc = '0.2'\n\
        [[bench]]\nname = 'far'\npath = 'perf/far.rs'\nharness = false\n";
    const OLD: &str = "[package]\nname = 'p'\nversion = '1.0.0'\n[dependencies]\nold = '1'\n[dev-dependencies]\nbencher = '0.1'\n\
        [target.'cfg(windows)'.dev-dependencies]\nwinapi = '0.3'\n";

    #[test]
    fn targets_sources_data_and_dev_dependencies_come_from_the_candidate_and_the_rest_stays() {
        let new = [
            ("Cargo.toml", NEW),
            ("perf/far.rs", "new"),
            ("perf/help.rs", ""),
            ("benches/near.rs", "new"),
            ("benches/d/x.json", "{}"),
        ];
        let dir = two_packages(&new, &[("Cargo.toml", OLD), ("benches/gone.rs", ""), ("src/lib.rs", "old")]);
        let baseline = dir.path().join("baseline");
        assert_eq!(overlay_benches(&dir.path().join("candidate"), &baseline).unwrap(), ["far", "near"]);
        for file in ["perf/far.rs", "perf/help.rs", "benches/near.rs", "benches/d/x.json", "src/lib.rs"] {
            assert!(baseline.join(file).is_file(), "{file}");
        }
        assert!(!baseline.join("benches/gone.rs").exists());
        let result = manifest::read(&baseline).unwrap();
        assert_eq!(result["package"]["version"].as_str(), Some("1.0.0"));
        assert!(result["dependencies"].get("old").is_some() && result["dependencies"].get("new").is_none());
        assert!(
            result["dev-dependencies"].get("criterion").is_some()
                && result["dev-dependencies"].get("bencher").is_none()
        );
        assert!(result["target"]["cfg(unix)"]["dev-dependencies"].get("libc").is_some());
        assert!(result["target"]["cfg(windows)"].get("dev-dependencies").is_none());
        let bench = result["bench"].as_array().unwrap();
        assert_eq!(bench[0]["harness"].as_bool(), Some(false));
        assert_eq!(bench[1]["path"].as_str(), Some("benches/near.rs"));
        assert_eq!(bench[1]["edition"].as_str(), Some("2021"));
        assert_eq!(manifest::bench_tables(&result, &baseline).unwrap().len(), 2);
    }

    #[test]
    fn dependencies_of_the_candidate_workspace_are_spelled_out() {
        let root = "[workspace]\nmembers = ['m']\n[workspace.package]\nedition = '2024'\n[workspace.dependencies]\n\
            criterion = { version = '0.5', features = ['a'] }\nhelp = { path = 'help' }\ndivan = '0.1'\n";
        let member = "[package]\nname = 'm'\nversion = '1.0.0'\nedition.workspace = true\n[dev-dependencies]\n\
            criterion = { workspace = true, features = ['b'] }\nhelp.workspace = true\ndivan.workspace = true\n";
        let new = [("Cargo.toml", root), ("m/Cargo.toml", member), ("m/benches/b.rs", "")];
        let dir = two_packages(&new, &[("m/Cargo.toml", OLD)]);
        overlay_benches(&dir.path().join("candidate/m"), &dir.path().join("baseline/m")).unwrap();
        let result = manifest::read(&dir.path().join("baseline/m")).unwrap();
        let dev = &result["dev-dependencies"];
        assert_eq!(dev["criterion"]["features"].as_array().unwrap().len(), 2);
        assert_eq!(dev["help"]["path"].as_str(), Some("../help"));
        assert_eq!(dev["divan"]["version"].as_str(), Some("0.1"));
        assert_eq!(result["bench"][0]["edition"].as_str(), Some("2024"));
    }

    #[test]
    fn a_source_outside_of_its_package_and_a_missing_benchmark_are_refused() {
        let manifest = "[package]\nname = 'p'\n[[bench]]\nname = 'b'\npath = '../b.rs'\n";
        let dir = two_packages(&[("Cargo.toml", manifest)], &[("Cargo.toml", OLD)]);
        assert!(overlay_benches(&dir.path().join("candidate"), &dir.path().join("baseline")).is_err());
        let dir = two_packages(&[("Cargo.toml", "[package]\nname = 'p'\n")], &[("Cargo.toml", OLD)]);
        assert!(overlay_benches(&dir.path().join("candidate"), &dir.path().join("baseline")).is_err());
    }
}
