//! Large runs in several files: the epochs of one that would be too large for a single file lie in parts beside it, and
//! come back when it is read.

use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

use super::envelope::{self, MOST_BYTES, Unreadable};
use super::whole_file::Created;
use super::{Store, read, unreadable};
use crate::model::failure::{Failure, Outcome};
use crate::model::fingerprint;
use crate::model::record::RunRecord;
use crate::model::run_part::{PartEpochs, RunPart};

/// Bytes of epochs in one part: what is around them takes the rest.
const PART_BYTES: usize = MOST_BYTES / 8 * 7;

impl Store {
    /// Writes the parts of a run that needs some, and gives what is left for its own file. Parts without a run count for
    /// nothing, so the run's own file comes last.
    ///
    /// # Errors
    /// When the record would not read back, a part of that name has another content, or the folder cannot be written.
    pub(super) fn write_parts(&self, run: &RunRecord) -> Outcome<Option<RunRecord>> {
        let cannot = |cause: String| Failure::incomplete("cannot write the run record").cause(cause);
        if envelope::seal(run).map_err(cannot)?.len() <= MOST_BYTES {
            return Ok(None);
        }
        let (mut rest, parts) = split(run, PART_BYTES);
        let folder = parts_folder(&self.run_path(&run.id));
        for part in &parts {
            let path = part_path(&folder, part.number);
            if self.write_new(&path, part)? == Created::AlreadyThere && read::<RunPart>(&path)? != *part {
                return Err(unreadable(&path, &Unreadable::HashMismatch));
            }
        }
        rest.parts = parts.iter().map(fingerprint::of_json).collect();
        Ok(Some(rest))
    }
}

/// A run that was read from a file, with its parts.
pub(super) fn join(mut run: RunRecord, file: &Path) -> Result<RunRecord, Unreadable> {
    let folder = parts_folder(file);
    for (number, hash) in (1..).zip(mem::take(&mut run.parts)) {
        let path = part_path(&folder, number);
        let unusable = |why: String| Unreadable::Part(format!("{}/{number}.json", run.id), why);
        let bytes = fs::read(&path).map_err(|error| unusable(error.to_string()))?;
        let part: RunPart = envelope::open(&bytes).map_err(|why| unusable(why.to_string()))?;
        if fingerprint::of_json(&part) != hash {
            return Err(unusable("it is not the one that the run was written with".to_owned()));
        }
        for some in part.epochs {
            let suite = run.suites.get_mut(some.suite);
            let benchmark = suite.and_then(|suite| suite.benchmarks.get_mut(some.benchmark));
            let benchmark =
                benchmark.ok_or_else(|| unusable("it has epochs of no benchmark of the run".to_owned()))?;
            benchmark.epochs.extend(some.epochs);
        }
    }
    Ok(run)
}

/// `<id>` beside `<id>.json`.
fn parts_folder(file: &Path) -> PathBuf {
    file.with_extension("")
}

fn part_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number}.json"))
}

/// A run without its epochs, and these in parts of about so many bytes.
fn split(run: &RunRecord, part_bytes: usize) -> (RunRecord, Vec<RunPart>) {
    let mut rest = run.clone();
    let part =
        |number: u32| RunPart { format: RunPart::FORMAT, run: run.id.clone(), number, epochs: Vec::new() };
    let (mut parts, mut bytes) = (vec![part(1)], 0);
    for (suite, suite_record) in rest.suites.iter_mut().enumerate() {
        for (benchmark, benchmark_record) in suite_record.benchmarks.iter_mut().enumerate() {
            for epoch in mem::take(&mut benchmark_record.epochs) {
                // What cannot be written is found when the part is sealed.
                let size = serde_json::to_vec(&epoch).map_or(0, |text| text.len()) + 64;
                if bytes > 0 && bytes + size > part_bytes {
                    parts.push(part(parts.len() as u32 + 1));
                    bytes = 0;
                }
                bytes += size;
                let last = parts.len() - 1;
                put(&mut parts[last], suite, benchmark, epoch);
            }
        }
    }
    (rest, parts)
}

fn put(part: &mut RunPart, suite: usize, benchmark: usize, epoch: crate::model::EpochSample) {
    match part.epochs.last_mut().filter(|last| (last.suite, last.benchmark) == (suite, benchmark)) {
        Some(same) => same.epochs.push(epoch),
        None => part.epochs.push(PartEpochs { suite, benchmark, epochs: vec![epoch] }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    /// A run of about three million bytes.
    fn large() -> RunRecord {
        samples::run(60, 50, 20)
    }

    #[test]
    fn a_large_run_lies_in_files_of_at_most_a_mebibyte_and_reads_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let run = large();
        let path = store.write_run(&run).unwrap();
        let parts: Vec<PathBuf> =
            fs::read_dir(path.with_extension("")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(parts.len() > 1, "{parts:?}");
        for file in parts.iter().chain([&path]) {
            let size = fs::metadata(file).unwrap().len();
            assert!(size <= MOST_BYTES as u64, "{} has {size} bytes", file.display());
        }
        assert_eq!(store.find_run(&run.id).unwrap(), run);
        assert_eq!(store.find_run(path.to_str().unwrap()).unwrap(), run);
        let listed = store.list_runs(|run| run.suites[0].benchmarks[59].epochs.len()).unwrap();
        assert_eq!(listed.iter().map(|entry| entry.outline.clone()).collect::<Vec<_>>(), [Ok(50)]);
    }

    #[test]
    fn a_part_that_is_missing_changed_or_of_another_run_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let run = large();
        let path = store.write_run(&run).unwrap();
        let part = path.with_extension("").join("2.json");
        let sound = fs::read_to_string(&part).unwrap();
        let cause = || store.find_run("latest").unwrap_err().causes.join("; ");
        fs::write(&part, fs::read(path.with_extension("").join("1.json")).unwrap()).unwrap();
        assert!(cause().contains("not the one that the run was written with"), "{}", cause());
        fs::write(&part, &sound[..sound.len() / 2]).unwrap();
        assert!(cause().contains("/2.json` cannot be used: corrupted record: truncated"), "{}", cause());
        fs::remove_file(&part).unwrap();
        assert!(cause().contains("/2.json` cannot be used"), "{}", cause());
    }

    #[test]
    fn parts_of_a_killed_writer_do_not_stand_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let run = large();
        store.write_parts(&run).unwrap().unwrap();
        assert!(store.list_runs(|_| ()).unwrap().is_empty(), "parts alone are no run");
        store.write_run(&run).unwrap();
        assert_eq!(store.find_run("latest").unwrap(), run);
    }

    #[test]
    fn every_epoch_is_in_one_part_whatever_their_size() {
        let run = samples::run(3, 4, 2);
        for bytes in [1, 1000, 3000, usize::MAX] {
            let (rest, parts) = split(&run, bytes);
            assert!(rest.suites[0].benchmarks.iter().all(|benchmark| benchmark.epochs.is_empty()));
            let epochs: usize =
                parts.iter().flat_map(|part| &part.epochs).map(|some| some.epochs.len()).sum();
            assert_eq!(epochs, 12);
            assert!(
                parts.iter().zip(1..).all(|(part, number)| part.number == number && !part.epochs.is_empty())
            );
        }
    }
}
