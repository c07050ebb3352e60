//! Keeps counted instructions under `target/rqs/counts`: they are a function of the executable, the benchmark and the
//! machine's kind, so they are taken once.
#![allow(clippy::disallowed_methods, reason = "this room owns the folder of counts")]

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::failure::{OrFail, Outcome};
use crate::model::{BenchmarkKey, Counts, fingerprint};

/// Version of how is counted; counts up when older counts must not be used any more.
const FORMAT: u32 = 1;

/// Everything that decides what is counted.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Subject<'a> {
    /// SHA-256 of the executable.
    pub executable: &'a str,
    /// Hash of everything that the executable may load or read.
    pub code: &'a str,
    /// The benchmark.
    pub key: &'a BenchmarkKey,
    /// Name and version of the emulator.
    pub emulator: &'a str,
    /// Fingerprint of the environment: the emulated processor has the real one's features.
    pub environment: &'a str,
}

/// The folder.
#[derive(Clone, Debug)]
pub struct CountsCache {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// SHA-256 of `counts` as JSON, against torn files.
    sha256: String,
    counts: Counts,
}

impl CountsCache {
    /// The counts below `work` (`target/rqs`).
    pub fn below(work: &Path) -> CountsCache {
        CountsCache { folder: work.join("counts") }
    }

    /// The counts of a subject, if they were taken before. A damaged file counts as none.
    pub fn get(&self, subject: &Subject<'_>) -> Option<Counts> {
        let kept: Kept = serde_json::from_slice(&fs::read(self.path(subject)).ok()?).ok()?;
        (fingerprint::of_json(&kept.counts) == kept.sha256 && kept.counts.is_sound()).then_some(kept.counts)
    }

    /// Keeps the counts of a subject.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn put(&self, subject: &Subject<'_>, counts: &Counts) -> Outcome<()> {
        let path = self.path(subject);
        let kept = Kept { sha256: fingerprint::of_json(counts), counts: counts.clone() };
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            let file = tempfile::NamedTempFile::new_in(&self.folder)?;
            serde_json::to_writer(&file, &kept)?;
            file.persist(&path).map(drop).map_err(|error| error.error)
        };
        write().or_fail(|| format!("cannot keep counted instructions in `{}`", path.display()))
    }

    fn path(&self, subject: &Subject<'_>) -> PathBuf {
        self.folder.join(format!("{}.json", fingerprint::of_json(&(FORMAT, subject))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_again_for_the_same_subject_only_and_only_when_intact() {
        let dir = tempfile::tempdir().unwrap();
        let cache = CountsCache::below(dir.path());
        let key = BenchmarkKey { id: "a/../b".into(), occurrence: 0 };
        let subject =
            Subject { executable: "e", code: "c", key: &key, emulator: "valgrind-3.19.0", environment: "f" };
        assert_eq!(cache.get(&subject), None);
        let mut counts = Counts::default();
        counts.push(1, [100, 20, 10, 5]);
        cache.put(&subject, &counts).unwrap();
        assert_eq!(cache.get(&subject), Some(counts));
        assert_eq!(cache.get(&Subject { emulator: "valgrind-3.20.0", ..subject }), None);
        assert_eq!(cache.get(&Subject { environment: "g", ..subject }), None);
        let path = cache.path(&subject);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("100", "101")).unwrap();
        assert_eq!(cache.get(&subject), None);
        fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert_eq!(cache.get(&subject), None);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("counts"), "in the way").unwrap();
        let key = BenchmarkKey { id: "a".into(), occurrence: 0 };
        let subject = Subject { executable: "e", code: "c", key: &key, emulator: "v", environment: "f" };
        assert!(CountsCache::below(dir.path()).put(&subject, &Counts::default()).is_err());
    }
}
