//! Looks into the sources of benchmarks: what they use, and which data lies beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::failure::{OrFail, Outcome};
use crate::model::fingerprint;

/// The text that decides which harness a target uses: its main file, and with `main.rs` those beside it.
pub(super) fn text_of_target(main: &Path) -> Outcome<String> {
    let read = |file: &Path| std::fs::read(file).or_fail(|| format!("cannot read `{}`", file.display()));
    let mut text = read(main)?;
    if main.file_name().is_some_and(|name| name == "main.rs") {
        for (_, file) in files_below(main.parent().unwrap_or(main))? {
            if is_rust(&file) {
                text.extend(read(&file)?);
            }
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Whether any source below a directory has a `#[bench]` function; the built-in harness finds nothing else.
pub(super) fn mentions_bench_attribute(dir: &Path) -> Outcome<bool> {
    for (_, file) in files_below(dir)? {
        if is_rust(&file) {
            let text = std::fs::read(&file).or_fail(|| format!("cannot read `{}`", file.display()))?;
            let text = String::from_utf8_lossy(&text);
            if text.contains("bench]") || text.contains("bench)]") {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Hashes of the files that benchmarks may read when they run, by their place in the folder: everything but sources,
/// manifests, documents and hidden files.
pub(super) fn data_in(folder: &Path) -> Outcome<BTreeMap<PathBuf, String>> {
    let mut data = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(data);
    }
    for (inner, file) in files_below(folder)?.into_iter().filter(|(inner, _)| is_data(inner)) {
        let content = std::fs::read(&file).or_fail(|| format!("cannot read `{}`", file.display()))?;
        data.insert(inner, fingerprint::of_bytes(&content));
    }
    Ok(data)
}

fn is_data(inner: &Path) -> bool {
    const NO_DATA: [&str; 6] = ["rs", "md", "toml", "lock", "yml", "committed"];
    const DOCUMENTS: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "README", "CHANGELOG", "AUTHORS"];
    let hidden = inner.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"."));
    let name = inner.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let known = inner.extension().is_some_and(|e| NO_DATA.iter().any(|known| e == *known));
    !hidden && !known && !DOCUMENTS.iter().any(|document| name.starts_with(document))
}

fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rs")
}

/// The regular files below a directory with their places in it; links, build output and version control left out.
fn files_below(dir: &Path) -> Outcome<Vec<(PathBuf, PathBuf)>> {
    let (mut files, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        let failed = || format!("cannot list `{}`", folder.display());
        for entry in std::fs::read_dir(&folder).or_fail(failed)? {
            let entry = entry.or_fail(failed)?;
            let kind = entry.file_type().or_fail(failed)?;
            let path = entry.path();
            if kind.is_dir() && entry.file_name() != "target" && entry.file_name() != ".git" {
                folders.push(path);
            } else if kind.is_file() {
                files.push((path.strip_prefix(dir).unwrap_or(&path).to_owned(), path));
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        dir
    }

    #[test]
    fn the_bench_attribute_is_found_in_any_module_but_not_in_build_output() {
        let with = |path: &str, text: &str| mentions_bench_attribute(folder(&[(path, text)]).path()).unwrap();
        assert!(with("a/b.rs", "#[bench]\nfn f() {}"));
        assert!(with("a.rs", "#[cfg_attr(nightly, bench)]"));
        assert!(!with("a.rs", "fn bench() {}"));
        assert!(!with("target/a.rs", "#[bench]"));
    }

    #[test]
    fn data_is_everything_but_sources_and_prose() {
        let dir = folder(&[("a.rs", ""), ("notes.md", ""), ("d/input.json", "{}")]);
        assert_eq!(
            data_in(dir.path()).unwrap().into_keys().collect::<Vec<_>>(),
            [PathBuf::from("d/input.json")]
        );
        assert!(data_in(&dir.path().join("none")).unwrap().is_empty());
    }

    #[test]
    fn the_text_of_a_target_includes_the_modules_beside_its_main_file() {
        let dir = folder(&[("one/main.rs", "mod more;"), ("one/more.rs", "criterion"), ("two.rs", "alone")]);
        assert!(text_of_target(&dir.path().join("one/main.rs")).unwrap().contains("criterion"));
        assert_eq!(text_of_target(&dir.path().join("two.rs")).unwrap(), "alone");
    }
}
