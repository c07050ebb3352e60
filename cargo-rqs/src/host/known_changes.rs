//! The benchmarks whose changes are known: a package that the tool carries with it, so that it can be calibrated wherever
//! it is installed.
#![allow(clippy::disallowed_methods, reason = "this room lays the package out")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::failure::{OrFail, Outcome};

/// The variable that says how much more work a process does, as the package reads it.
const VARIABLE: &str = "KNOWN_CHANGE";

/// Sizes of changes that are injected, in thousandths.
pub const SIZES: [u32; 5] = [5, 10, 20, 50, 100];

/// Path and text of every file.
const FILES: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("../../../bench-suites/known-changes/Cargo.toml")),
    ("Cargo.lock", include_str!("../../../bench-suites/known-changes/Cargo.lock")),
    ("src/lib.rs", include_str!("../../../bench-suites/known-changes/src/lib.rs")),
    ("src/kernels.rs", include_str!("../../../bench-suites/known-changes/src/kernels.rs")),
    ("benches/kernels.rs", include_str!("../../../bench-suites/known-changes/benches/kernels.rs")),
    ("benches/tasks.rs", include_str!("../../../bench-suites/known-changes/benches/tasks.rs")),
    ("benches/threads.rs", include_str!("../../../bench-suites/known-changes/benches/threads.rs")),
];

/// The variable that makes a process do so many thousandths more work; as long for every size.
pub fn setting(per_mille: u32) -> (String, String) {
    (VARIABLE.to_owned(), format!("{per_mille:04}"))
}

/// Lays the package out below `work` and gives its directory. Files that are as they should be are left alone, and what
/// does not belong there is removed.
///
/// # Errors
/// When it cannot be written.
pub fn lay_out(work: &Path) -> Outcome<PathBuf> {
    let folder = work.join("known-changes");
    let write = || -> io::Result<()> {
        let intact = |(path, text): &(&str, &str)| {
            fs::read(folder.join(path)).is_ok_and(|present| present == text.as_bytes())
        };
        if FILES.iter().all(intact) && count(&folder)? == FILES.len() {
            return Ok(());
        }
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        for (path, text) in FILES {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap_or(&folder))?;
            fs::write(file, text)?;
        }
        Ok(())
    };
    write().or_fail(|| format!("cannot write `{}`", folder.display()))?;
    Ok(folder)
}

fn count(folder: &Path) -> io::Result<usize> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files += if entry.file_type()?.is_dir() { count(&entry.path())? } else { 1 };
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_package_is_carried_along() {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench-suites/known-changes");
        for folder in ["src", "benches"] {
            for entry in fs::read_dir(original.join(folder)).unwrap() {
                let path = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
                assert!(FILES.iter().any(|(carried, _)| *carried == path), "{path}");
            }
        }
        let manifest = FILES[0].1;
        assert!(manifest.contains("[workspace]"), "it has to stand alone");
    }

    #[test]
    fn it_is_laid_out_once_and_mended_where_somebody_changed_it() {
        let work = tempfile::tempdir().unwrap();
        let folder = lay_out(work.path()).unwrap();
        let modified = || fs::metadata(folder.join("src/lib.rs")).unwrap().modified().unwrap();
        let before = modified();
        lay_out(work.path()).unwrap();
        assert_eq!(modified(), before);
        fs::write(folder.join("src/lib.rs"), "broken").unwrap();
        fs::write(folder.join("build.rs"), "fn main() {}").unwrap();
        lay_out(work.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.join("src/lib.rs")).unwrap(), FILES[2].1);
        assert!(!folder.join("build.rs").exists());
    }

    #[test]
    fn every_size_makes_an_environment_of_the_same_length_and_is_one_that_the_package_knows() {
        let text = FILES[2].1;
        assert!(text.contains(&format!("\"{VARIABLE}\"")));
        assert!(text.contains("[0, 5, 10, 20, 50, 100]"));
        assert_eq!(SIZES, [5, 10, 20, 50, 100]);
        assert!(SIZES.iter().chain(&[0]).all(|size| setting(*size).1.len() == 4));
    }
}
