//! Calibrations: written by month, as runs are, and all of them found again.

use std::path::{Path, PathBuf};

use super::envelope::Unreadable;
use super::runs::{entries, month_folders, run_name};
use super::whole_file::Created;
use super::{Store, read, unreadable};
use crate::model::calibration::CalibrationRecord;
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::run_id::is_run_id;

impl Store {
    /// Writes a calibration to `calibrations/<yyyy>/<mm>/<id>.json` and gives the file's path.
    ///
    /// # Errors
    /// When the id is no run id or is taken, the record would not read back, or the folder cannot be written.
    pub fn write_calibration(&self, calibration: &CalibrationRecord) -> Outcome<PathBuf> {
        let id = &calibration.id;
        if !is_run_id(id) || !super::is_fingerprint(&calibration.environment) {
            return Err(Failure::incomplete(format!("`{}` is not a calibration's id", id.escape_debug())));
        }
        let path = self.calibration_path(id);
        match self.write_new(&path, calibration)? {
            Created::New => Ok(path),
            Created::AlreadyThere => {
                Err(Failure::incomplete(format!("calibration `{id}` is recorded already"))
                    .cause(format!("`{}` exists, and a record is never overwritten", path.display()))
                    .hint("calibrate again; the next one gets another id"))
            }
        }
    }

    /// Whether a calibration of this id is recorded.
    pub fn contains_calibration(&self, id: &str) -> bool {
        is_run_id(id) && self.calibration_path(id).exists()
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

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::model::run_id::run_id;

    #[test]
    fn calibrations_are_found_newest_first_by_id_or_path_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        assert_eq!(store.calibration_ids().unwrap(), Vec::<String>::new());
        let at = |second: u64| CalibrationRecord { id: run_id(second * 1000, 1), ..samples::calibration() };
        let (old, new) = (at(1_700_000_000), at(1_795_370_096));
        store.write_calibration(&old).unwrap();
        let path = store.write_calibration(&new).unwrap();
        assert!(path.ends_with(format!("calibrations/{}/{}/{}.json", &new.id[..4], &new.id[4..6], new.id)));
        assert_eq!(store.calibration_ids().unwrap(), [new.id.clone(), old.id.clone()]);
        assert_eq!(store.read_calibration(&old.id).unwrap(), old);
        assert_eq!(store.find_calibration(&new.id[..12]).unwrap().unwrap().0, new);
        assert_eq!(store.find_calibration(path.to_str().unwrap()).unwrap().unwrap().0, new);
        assert_eq!(store.find_calibration("latest").unwrap(), None);
        assert!(store.write_calibration(&new).unwrap_err().message.ends_with("is recorded already"));
        assert!(store.contains_calibration(&old.id) && !store.contains_calibration("../x"));
    }

    #[test]
    fn damage_and_foreign_names_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let record = samples::calibration();
        let path = store.write_calibration(&record).unwrap();
        std::fs::write(&path, "{").unwrap();
        assert!(store.read_calibration(&record.id).unwrap_err().causes[0].contains("truncated"));
        let evil = CalibrationRecord { environment: "../../x".to_owned(), ..record.clone() };
        assert!(store.write_calibration(&evil).is_err());
        let evil = CalibrationRecord { id: "../x".to_owned(), ..record };
        assert!(store.write_calibration(&evil).is_err());
    }
}
