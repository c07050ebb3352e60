//! The rounds of a calibration in progress, `target/rqs/calibrating/<id>.jsonl`: each is on the disk before the next one
//! begins, so that a killed calibration loses the round it was in and no other.
#![allow(clippy::disallowed_methods, reason = "this room owns the folder of calibrations in progress")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::model::calibration::{CalibrationRecord, Round};
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::run_id::is_run_id;

/// The open file of a calibration. The run lock sees to it that there is one writer.
#[derive(Debug)]
pub struct RoundJournal {
    path: PathBuf,
    file: File,
}

impl RoundJournal {
    /// Begins with everything that is known before the first round.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn create(work: &Path, record: &CalibrationRecord) -> Outcome<RoundJournal> {
        let folder = folder(work);
        let path = folder.join(format!("{}.jsonl", record.id));
        let create = || -> io::Result<File> {
            fs::create_dir_all(&folder)?;
            let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
            write_line(&mut file, &serde_json::to_string(record)?)?;
            File::open(&folder)?.sync_all()?;
            Ok(file)
        };
        let file = create().map_err(|error| unwritable(&path, error))?;
        Ok(RoundJournal { path, file })
    }

    /// Adds a round, and returns when it is on the disk.
    ///
    /// # Errors
    /// When the disk refuses it.
    pub fn append(&mut self, round: &Round) -> Outcome<()> {
        let text = serde_json::to_string(round).map_err(|error| unwritable(&self.path, error.into()))?;
        write_line(&mut self.file, &text).map_err(|error| unwritable(&self.path, error))
    }

    /// Removes the file, after the record is written.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn finish(self) -> Outcome<()> {
        fs::remove_file(&self.path).or_fail(|| format!("cannot remove `{}`", self.path.display()))
    }
}

/// What calibrations measured that ended without being recorded, with their files, oldest first. A line that was not
/// written whole ends what is used of a file.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn unfinished(work: &Path) -> Outcome<Vec<(PathBuf, Option<CalibrationRecord>)>> {
    let folder = folder(work);
    let read = || -> io::Result<Vec<(PathBuf, Option<CalibrationRecord>)>> {
        let listing = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing?,
        };
        let mut paths = listing.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
        paths.sort();
        paths.into_iter().map(|path| Ok((path.clone(), replay(&fs::read_to_string(&path)?)))).collect()
    };
    read().or_fail(|| format!("cannot read `{}`", folder.display()))
}

/// Removes the file of a calibration that is recorded now, or that held nothing.
///
/// # Errors
/// When it cannot be removed.
pub fn discard(path: &Path) -> Outcome<()> {
    fs::remove_file(path).or_fail(|| format!("cannot remove `{}`", path.display()))
}

fn replay(text: &str) -> Option<CalibrationRecord> {
    let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let record: CalibrationRecord = serde_json::from_str(lines.next()?).ok()?;
    let usable = is_run_id(&record.id) && record.format <= CalibrationRecord::FORMAT;
    let rounds = lines.map_while(|line| serde_json::from_str(line).ok()).collect();
    usable.then_some(CalibrationRecord { rounds, ..record })
}

fn write_line(file: &mut File, text: &str) -> io::Result<()> {
    file.write_all(format!("{text}\n").as_bytes())?;
    file.sync_data()
}

fn folder(work: &Path) -> PathBuf {
    work.join("calibrating")
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::incomplete(format!("cannot write `{}`", path.display()))
        .because(error)
        .hint("free some space or make the folder writable; the next `cargo rqs calibrate` records what was measured")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calibration::{Load, SidesDiffer, Subject};
    use crate::model::policy::{Budget, Policy};
    use crate::model::record::Placement;
    use crate::model::run_id::run_id;

    fn record(n: u64) -> CalibrationRecord {
        CalibrationRecord {
            format: CalibrationRecord::FORMAT,
            id: run_id(1_795_370_096_000 + n * 1000, 7),
            tool: "0.1.0".to_owned(),
            started_unix_s: 1_795_370_096,
            finished_unix_s: 1_795_370_096,
            environment: "e".repeat(64),
            subject: Subject::KnownChanges,
            placement: Placement::default(),
            policy: Policy::USUAL,
            budget: Budget::usual(1, 1),
            benchmarks: 1,
            interrupted: false,
            notes: Vec::new(),
            rounds: Vec::new(),
        }
    }

    fn round(number: u32) -> Round {
        let (sides, load) = (SidesDiffer::MoreWork(20), Load::Bursts);
        Round { number, sides, load, began_ms: 5, elapsed_ms: 9, verdicts: Vec::new() }
    }

    #[test]
    fn what_a_killed_calibration_had_measured_is_found_up_to_the_torn_line() {
        let work = tempfile::tempdir().unwrap();
        assert!(unfinished(work.path()).unwrap().is_empty());
        let mut journal = RoundJournal::create(work.path(), &record(0)).unwrap();
        journal.append(&round(0)).unwrap();
        journal.append(&round(1)).unwrap();
        let path = journal.path.clone();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        for (cut, rounds) in [(0, 2), (1, 1), (40, 1)] {
            fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let found = unfinished(work.path()).unwrap();
            let expected = CalibrationRecord { rounds: (0..rounds).map(round).collect(), ..record(0) };
            assert_eq!(found, [(path.clone(), Some(expected))]);
        }
        fs::write(&path, "{").unwrap();
        assert_eq!(unfinished(work.path()).unwrap(), [(path.clone(), None)]);
        discard(&path).unwrap();
        assert!(unfinished(work.path()).unwrap().is_empty());
    }

    #[test]
    fn a_finished_calibration_leaves_no_file_and_an_id_is_used_once() {
        let work = tempfile::tempdir().unwrap();
        let journal = RoundJournal::create(work.path(), &record(0)).unwrap();
        assert!(RoundJournal::create(work.path(), &record(0)).is_err());
        journal.finish().unwrap();
        assert!(unfinished(work.path()).unwrap().is_empty());
    }

    #[test]
    fn a_file_in_the_folders_place_is_an_error_that_names_the_way_out() {
        let work = tempfile::tempdir().unwrap();
        fs::write(work.path().join("calibrating"), "").unwrap();
        let failure = RoundJournal::create(work.path(), &record(0)).unwrap_err();
        assert!(failure.hint.unwrap().contains("cargo rqs calibrate"));
    }
}
