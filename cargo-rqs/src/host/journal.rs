//! The journal of a run in progress, under `target/rqs/journal/<run-id>/`: what was measured so far, written at the
//! end of every epoch, so that a killed run can be taken up again.
#![allow(clippy::disallowed_methods, reason = "this room owns the journal's folder")]

mod draft;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::fingerprint;
use crate::model::ledger::LedgerEntry;
use crate::model::record::{BenchmarkRecord, LayoutSample, Presence, RunRecord};
use crate::model::run_id::is_run_id;
use crate::model::{BenchmarkFailure, BenchmarkKey, EpochSample};

pub use draft::Draft;

const HEADER: &str = "header.json";
const EPOCHS: &str = "epochs.jsonl";
/// Folders of this prefix are being made or being removed; a killed process may leave one.
const PASSING: &str = ".passing-";

/// One thing that happened to one benchmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Position of the suite in the record's `suites`.
    pub suite: usize,
    /// The benchmark within the suite.
    pub benchmark: BenchmarkKey,
    /// What came of it.
    pub event: JournalEvent,
}

/// What a line of the journal holds.
enum Logged {
    Benchmark(JournalEntry),
    Ledger(Box<LedgerEntry>),
}

/// What came of one benchmark in one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalEvent {
    /// It gave numbers.
    Epoch(Box<EpochSample>),
    /// It gave numbers in executables that were linked anew.
    Layout(Box<LayoutSample>),
    /// It failed, and is not measured any more.
    Failure(BenchmarkFailure),
}

/// A line of the journal: an entry's text and the beginning of its hash, which tells a damaged line from a whole one.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    sha256: String,
    #[serde(borrow)]
    entry: &'a RawValue,
}

/// The open journal of one run. The run lock sees to it that there is one writer.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    epochs: File,
    /// Length of the whole lines in `epochs`; what lies behind it is torn and is written over.
    whole_bytes: u64,
}

impl Journal {
    /// Starts the journal of a run in `dir` (`target/rqs`). The record holds everything but measurements.
    ///
    /// # Errors
    /// When the id is no run id or has a journal already, or the folder cannot be written.
    pub fn create(dir: &Path, run: &RunRecord) -> Outcome<Journal> {
        if !is_run_id(&run.id) {
            return Err(Failure::incomplete(format!("`{}` is not a run id", run.id.escape_debug())));
        }
        let journals = dir.join("journal");
        let (folder, passing) = (journals.join(&run.id), journals.join(format!("{PASSING}{}", run.id)));
        let make = || -> io::Result<()> {
            fs::create_dir_all(&journals)?;
            remove_passing(&journals)?;
            fs::create_dir(&passing)?;
            fs::write(passing.join(HEADER), serde_json::to_vec(run)?)?;
            File::open(passing.join(HEADER))?.sync_all()?;
            File::create(passing.join(EPOCHS))?.sync_all()?;
            File::open(&passing)?.sync_all()?;
            fs::rename(&passing, &folder)?;
            File::open(&journals)?.sync_all()
        };
        make().map_err(|error| unwritable(&folder, error))?;
        Journal::open(folder, 0)
    }

    /// Adds what one epoch gave and what happened during it, and returns when it is on the disk.
    ///
    /// # Errors
    /// When the disk refuses it. The journal is then as it was before, and the same entries may be added again.
    pub fn append(&mut self, entries: &[JournalEntry], ledger: Option<&LedgerEntry>) -> Outcome<()> {
        let failed = |error| unwritable(&self.folder.join(EPOCHS), error);
        let mut text = String::new();
        for entry in entries {
            text.push_str(&line(entry).map_err(|error| failed(error.into()))?);
        }
        if let Some(entry) = ledger {
            text.push_str(&line(entry).map_err(|error| failed(error.into()))?);
        }
        let write = || self.epochs.write_all_at(text.as_bytes(), self.whole_bytes);
        if let Err(error) = write().and_then(|()| self.epochs.sync_data()) {
            let failure = failed(error);
            return Err(match self.epochs.set_len(self.whole_bytes) {
                Ok(()) => failure,
                Err(error) => failure.because(error),
            });
        }
        self.whole_bytes += text.len() as u64;
        Ok(())
    }

    /// Takes up the newest unfinished run in `dir` (`target/rqs`): its record with everything that was journalled.
    /// A torn last line is dropped. A damaged line ends the replay, with a note in the record; it and what follows
    /// are cut off. The caller goes on with an epoch number that is larger than any in the record.
    ///
    /// # Errors
    /// When the journal cannot be read, or a newer tool wrote it.
    pub fn resume(dir: &Path) -> Outcome<Option<(Journal, RunRecord)>> {
        let Some(id) = unfinished(dir)?.into_iter().next() else { return Ok(None) };
        let folder = dir.join("journal").join(&id);
        let mut run = read_header(&folder)?;
        if run.id != id {
            return Err(useless(&folder, format!("its header belongs to `{}`", run.id.escape_debug())));
        }
        let path = folder.join(EPOCHS);
        let bytes = fs::read(&path).map_err(|error| useless(&folder, format!("`{EPOCHS}`: {error}")))?;
        let whole_bytes = replay(&bytes, &mut run);
        let journal = Journal::open(folder, whole_bytes as u64)?;
        let cut = journal.epochs.set_len(journal.whole_bytes).and_then(|()| journal.epochs.sync_all());
        cut.map_err(|error| unwritable(&path, error))?;
        Ok(Some((journal, run)))
    }

    /// Removes the journal, after the run's record is written.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn finish(self) -> Outcome<()> {
        let Journal { folder, epochs, .. } = self;
        drop(epochs);
        discard(&folder)
    }

    fn open(folder: PathBuf, whole_bytes: u64) -> Outcome<Journal> {
        let path = folder.join(EPOCHS);
        let epochs = OpenOptions::new().write(true).open(&path).map_err(|error| unwritable(&path, error))?;
        Ok(Journal { folder, epochs, whole_bytes })
    }
}

/// Ids of the runs in `dir` (`target/rqs`) that have a journal, newest first.
///
/// # Errors
/// When the folder is there and cannot be listed.
pub fn unfinished(dir: &Path) -> Outcome<Vec<String>> {
    let journals = dir.join("journal");
    let names = || -> io::Result<Vec<String>> {
        let listing = match fs::read_dir(&journals) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing?,
        };
        listing.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    };
    let mut ids = names().or_fail(|| format!("cannot list `{}`", journals.display()))?;
    ids.retain(|id| is_run_id(id));
    ids.sort_unstable_by(|a, b| b.cmp(a));
    Ok(ids)
}

/// Puts the journalled entries into the record and gives the length of the lines that were used.
fn replay(bytes: &[u8], run: &mut RunRecord) -> usize {
    let mut whole_bytes = 0;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if !line.ends_with(b"\n") {
            break;
        }
        if let Err(why) = read_line(line).and_then(|entry| put(entry, run)) {
            run.notes.push(format!(
                "the journal was damaged in line {} ({why}); what was measured after it was measured again",
                index + 1
            ));
            break;
        }
        whole_bytes += line.len();
    }
    whole_bytes
}

fn put(logged: Logged, run: &mut RunRecord) -> Result<(), String> {
    let entry = match logged {
        Logged::Benchmark(entry) => entry,
        Logged::Ledger(entry) => {
            run.ledger.push(*entry);
            return Ok(());
        }
    };
    let suite =
        run.suites.get_mut(entry.suite).ok_or_else(|| format!("there is no suite {}", entry.suite))?;
    let known = suite.benchmarks.iter().position(|benchmark| benchmark.key == entry.benchmark);
    let place = known.unwrap_or_else(|| {
        suite.benchmarks.push(BenchmarkRecord::new(entry.benchmark, Presence::Both));
        suite.benchmarks.len() - 1
    });
    match entry.event {
        JournalEvent::Epoch(sample) => suite.benchmarks[place].epochs.push(*sample),
        JournalEvent::Layout(sample) => suite.benchmarks[place].layouts.push(*sample),
        JournalEvent::Failure(failure) => suite.benchmarks[place].failure = Some(failure),
    }
    Ok(())
}

fn line(entry: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::value::to_raw_value(entry)?;
    let line = Line { sha256: short_hash(text.get()), entry: &text };
    Ok(serde_json::to_string(&line)? + "\n")
}

fn read_line(bytes: &[u8]) -> Result<Logged, String> {
    let line: Line = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if short_hash(line.entry.get()) != line.sha256 {
        return Err("its hash does not match".to_owned());
    }
    // One after the other: serde's own choice between types cannot read maps whose keys are numbers.
    match serde_json::from_str(line.entry.get()) {
        Ok(entry) => Ok(Logged::Benchmark(entry)),
        Err(error) => {
            serde_json::from_str(line.entry.get()).map(Logged::Ledger).map_err(|_| error.to_string())
        }
    }
}

/// 16 hex digits are enough against accidents.
fn short_hash(text: &str) -> String {
    let mut hash = fingerprint::of_bytes(text.as_bytes());
    hash.truncate(16);
    hash
}

fn read_header(folder: &Path) -> Outcome<RunRecord> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let useless = |why: String| useless(folder, format!("`{HEADER}`: {why}"));
    let bytes = fs::read(folder.join(HEADER)).map_err(|error| useless(error.to_string()))?;
    let Versioned { format } = serde_json::from_slice(&bytes).map_err(|error| useless(error.to_string()))?;
    if format > RunRecord::FORMAT {
        return Err(useless(format!(
            "written by a newer cargo-rqs (format {format}, this one reads up to {})",
            RunRecord::FORMAT
        )));
    }
    serde_json::from_slice(&bytes).map_err(|error| useless(error.to_string()))
}

/// Takes the name away first, so that a kill in the middle does not leave half a journal that looks unfinished.
fn discard(folder: &Path) -> Outcome<()> {
    let journals = folder.parent().unwrap_or(folder);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    fs::rename(folder, journals.join(format!("{PASSING}{name}")))
        .and_then(|()| remove_passing(journals))
        .or_fail(|| format!("cannot remove the journal `{}`", folder.display()))
}

fn remove_passing(journals: &Path) -> io::Result<()> {
    for entry in fs::read_dir(journals)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PASSING) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn useless(folder: &Path, cause: String) -> Failure {
    Failure::incomplete(format!("cannot resume from the journal `{}`", folder.display()))
        .cause(cause)
        .hint("remove that folder to give the run up")
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::incomplete(format!("cannot write the run's journal `{}`", path.display())).because(error).hint(
        "free some space or make the folder writable; epochs journalled so far are kept, `cargo rqs bench --resume` goes on",
    )
}
