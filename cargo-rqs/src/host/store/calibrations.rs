//! Calibrations: written by month, as runs are, and all of them found again.

use std::path::{Path, PathBuf};

use super::envelope::{MOST_BYTES, Unreadable};
use super::runs::{entries, month_folders, run_name};
use super::whole_file::Created;
use super::{Store, read, unreadable};
use crate::model::calibration::{CalibrationRecord, Round};
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::run_id::{is_run_id, run_id};

impl Store {
    /// Writes a calibration to `calibrations/<yyyy>/<mm>/<id>.json`; one that would be too large for one file as several
    /// calibrations, each with some of the rounds. Gives the paths. Those that a writer left who was killed are kept.
    ///
    /// # Errors
    /// When the id is no run id or is taken, the record would not read back, or the folder cannot be written.
    pub fn write_calibration(&self, calibration: &CalibrationRecord) -> Outcome<Vec<PathBuf>> {
        let id = &calibration.id;
        if !is_run_id(id) || !super::is_fingerprint(&calibration.environment) {
            return Err(Failure::incomplete(format!("`{}` is not a calibration's id", id.escape_debug())));
        }
        let pieces = pieces(calibration, MOST_BYTES / 8 * 7);
        pieces.iter().map(|piece| self.write_piece(piece)).collect()
    }

    fn write_piece(&self, piece: &CalibrationRecord) -> Outcome<PathBuf> {
        let (id, path) = (&piece.id, self.calibration_path(&piece.id));
        match self.write_new(&path, piece)? {
            Created::AlreadyThere if self.read_calibration(id)?.rounds != piece.rounds => {
                Err(Failure::incomplete(format!("calibration `{id}` is recorded already"))
                    .cause(format!("`{}` exists, and a record is never overwritten", path.display()))
                    .hint("calibrate again; the next one gets another id"))
            }
            Created::New | Created::AlreadyThere => Ok(path),
        }
    }

    /// Ids of all calibrations, newest first.
    ///
    /// # Errors
    /// When a folder cannot be listed. A missing folder holds none.
    pub fn calibration_ids(&self) -> Outcome<Vec<String>> {
        let folder = self.results.join("calibrations");
        let listing = || -> std::io::Result<Vec<String>> {
            let mut ids = Vec::new();
            for month in month_folders(&folder)? {
                ids.extend(entries(&month)?.iter().filter_map(|path| run_name(path)));
            }
            Ok(ids)
        };
        let mut ids = listing().or_fail(|| format!("cannot list `{}`", folder.display()))?;
        ids.retain(|id| is_run_id(id));
        ids.sort_unstable_by(|one, other| other.cmp(one));
        Ok(ids)
    }

    /// Reads a calibration by its whole id.
    ///
    /// # Errors
    /// When it is not recorded, or the file cannot be used.
    pub fn read_calibration(&self, id: &str) -> Outcome<CalibrationRecord> {
        let path = self.calibration_path(id);
        let record: CalibrationRecord = read(&path)?;
        if record.id == id { Ok(record) } else { Err(unreadable(&path, &Unreadable::OtherName(record.id))) }
    }

    /// The calibration that a person means by an id, the beginning of exactly one, or the path of a record; `None` when
    /// what was written names no calibration.
    ///
    /// # Errors
    /// When the file that is meant cannot be used.
    pub fn find_calibration(&self, query: &str) -> Outcome<Option<(CalibrationRecord, PathBuf)>> {
        if query.contains(std::path::is_separator) || query.ends_with(".json") {
            let path = Path::new(query);
            return Ok(match super::kind_of(path) {
                Some(kind) if kind == "calibration" => Some((read(path)?, path.to_owned())),
                _ => None,
            });
        }
        let ids = self.calibration_ids()?;
        let meant: Vec<&String> =
            ids.iter().filter(|id| !query.is_empty() && id.starts_with(query)).collect();
        match meant[..] {
            [id] => Ok(Some((self.read_calibration(id)?, self.calibration_path(id)))),
            _ => Ok(None),
        }
    }

    fn calibration_path(&self, id: &str) -> PathBuf {
        let part = |range: std::ops::Range<usize>| id.get(range).unwrap_or_default();
        let month = self.results.join("calibrations").join(part(0..4)).join(part(4..6));
        month.join(format!("{id}.json"))
    }
}

/// A calibration as several, each of at most so many bytes of rounds and of at least one: the first keeps the id, the
/// others get ids that follow from it and from when they began.
fn pieces(whole: &CalibrationRecord, most_bytes: usize) -> Vec<CalibrationRecord> {
    let mut pieces = vec![CalibrationRecord { rounds: Vec::new(), ..whole.clone() }];
    let (mut bytes, mut began_ms) = (0, 0);
    for round in &whole.rounds {
        // What cannot be written is found when the record is sealed.
        let size =
            serde_json::to_string_pretty(round).map_or(0, |text| text.len() + 3 * text.lines().count());
        if bytes > 0 && bytes + size > most_bytes {
            (bytes, began_ms) = (0, round.began_ms);
            let started_unix_s = whole.started_unix_s + began_ms / 1000;
            let tail = whole.id.get(20..).and_then(|tail| u32::from_str_radix(tail, 16).ok()).unwrap_or(0);
            let id = run_id(started_unix_s * 1000 + began_ms % 1000, tail.wrapping_add(pieces.len() as u32));
            pieces.push(CalibrationRecord { id, started_unix_s, rounds: Vec::new(), ..whole.clone() });
        }
        bytes += size;
        let last = pieces.len() - 1;
        let piece = &mut pieces[last];
        let number = piece.rounds.len() as u32;
        let began_ms = round.began_ms - began_ms;
        piece.rounds.push(Round { number, began_ms, ..round.clone() });
    }
    for n in 1..pieces.len() {
        pieces[n - 1].finished_unix_s = pieces[n].started_unix_s;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn calibrations_are_found_newest_first_by_id_or_path_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        assert_eq!(store.calibration_ids().unwrap(), Vec::<String>::new());
        let at = |second: u64| CalibrationRecord { id: run_id(second * 1000, 1), ..samples::calibration() };
        let (old, new) = (at(1_700_000_000), at(1_795_370_096));
        store.write_calibration(&old).unwrap();
        let path = store.write_calibration(&new).unwrap().remove(0);
        assert!(path.ends_with(format!("calibrations/{}/{}/{}.json", &new.id[..4], &new.id[4..6], new.id)));
        assert_eq!(store.calibration_ids().unwrap(), [new.id.clone(), old.id.clone()]);
        assert_eq!(store.read_calibration(&old.id).unwrap(), old);
        assert_eq!(store.find_calibration(&new.id[..12]).unwrap().unwrap().0, new);
        assert_eq!(store.find_calibration(path.to_str().unwrap()).unwrap().unwrap().0, new);
        assert_eq!(store.find_calibration("latest").unwrap(), None);
        let other = CalibrationRecord { rounds: Vec::new(), ..new.clone() };
        assert!(store.write_calibration(&other).unwrap_err().message.ends_with("is recorded already"));
        assert_eq!(store.read_calibration(&new.id).unwrap(), new);
    }

    #[test]
    fn a_long_calibration_lies_in_several_files_with_every_round_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let mut long = samples::calibration();
        let pattern = long.rounds.clone();
        let round = |number: u32| Round {
            number,
            began_ms: 1100 * u64::from(number),
            ..pattern[number as usize % pattern.len()].clone()
        };
        long.rounds = (0..2000).map(round).collect();
        // A writer that was killed had got so far.
        store.write_piece(&pieces(&long, MOST_BYTES / 8 * 7)[0]).unwrap();
        let paths = store.write_calibration(&long).unwrap();
        assert!(paths.len() > 1, "{paths:?}");
        let mut ids = store.calibration_ids().unwrap();
        ids.reverse();
        assert_eq!((ids.len(), &ids[0]), (paths.len(), &long.id));
        let read: Vec<_> = ids.iter().map(|id| store.read_calibration(id).unwrap()).collect();
        let mut number = 0;
        for piece in &read {
            let offset_ms = (piece.started_unix_s - long.started_unix_s) * 1000;
            for round in &piece.rounds {
                let whole = &long.rounds[number];
                assert_eq!(round.verdicts, whole.verdicts);
                assert!((round.began_ms + offset_ms).abs_diff(whole.began_ms) < 1000);
                number += 1;
            }
        }
        assert_eq!(number, 2000);
        assert!(paths.iter().all(|path| std::fs::metadata(path).unwrap().len() <= MOST_BYTES as u64));
    }

    #[test]
    fn no_round_is_lost_whatever_the_size_of_a_piece() {
        let whole = samples::calibration();
        assert_eq!(pieces(&whole, usize::MAX), std::slice::from_ref(&whole));
        let small = pieces(&whole, 1);
        assert!(small.iter().all(|piece| piece.rounds.len() == 1));
        assert_eq!(small.len(), whole.rounds.len());
    }

    #[test]
    fn damage_and_foreign_names_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let record = samples::calibration();
        let path = store.write_calibration(&record).unwrap().remove(0);
        std::fs::write(&path, "{").unwrap();
        assert!(store.read_calibration(&record.id).unwrap_err().causes[0].contains("truncated"));
        let evil = CalibrationRecord { environment: "../../x".to_owned(), ..record.clone() };
        assert!(store.write_calibration(&evil).is_err());
        let evil = CalibrationRecord { id: "../x".to_owned(), ..record };
        assert!(store.write_calibration(&evil).is_err());
    }
}
