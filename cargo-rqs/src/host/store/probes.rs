//! Probes of hosts: written next to one another in a folder of their environment, and the newest one found again.

use std::path::PathBuf;

use super::envelope::Unreadable;
use super::runs::{entries, run_name};
use super::whole_file::Created;
use super::{Store, read, unreadable};
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::probe::ProbeRecord;
use crate::model::run_id::is_run_id;

impl Store {
    /// Writes a probe to `probes/<environment>/<id>.json` and gives the file's path.
    ///
    /// # Errors
    /// When the id is no run id or is taken, the record would not read back, or the folder cannot be written.
    pub fn write_probe(&self, probe: &ProbeRecord) -> Outcome<PathBuf> {
        if !is_run_id(&probe.id) || !super::is_fingerprint(&probe.environment) {
            return Err(Failure::incomplete(format!("`{}` is not a probe's id", probe.id.escape_debug())));
        }
        let path = self.probe_folder(&probe.environment).join(format!("{}.json", probe.id));
        match self.write_new(&path, probe)? {
            Created::New => Ok(path),
            Created::AlreadyThere => {
                Err(Failure::incomplete(format!("probe `{}` is recorded already", probe.id))
                    .cause(format!("`{}` exists, and a record is never overwritten", path.display()))
                    .hint("probe again; the next one gets another id"))
            }
        }
    }

    /// The newest probe of an environment; `None` when there is none.
    ///
    /// # Errors
    /// When the folder cannot be listed or the newest file cannot be used.
    pub fn newest_probe(&self, environment: &str) -> Outcome<Option<ProbeRecord>> {
        if !super::is_fingerprint(environment) {
            return Ok(None);
        }
        let folder = self.probe_folder(environment);
        let files = entries(&folder).or_fail(|| format!("cannot list `{}`", folder.display()))?;
        let named = files.into_iter().filter_map(|path| Some((run_name(&path)?, path)));
        let Some((id, path)) = named.filter(|(id, _)| is_run_id(id)).max() else { return Ok(None) };
        let probe: ProbeRecord = read(&path)?;
        if probe.id == id && probe.environment == environment {
            return Ok(Some(probe));
        }
        Err(unreadable(&path, &Unreadable::OtherName(format!("{}/{}", probe.environment, probe.id))))
    }

    fn probe_folder(&self, environment: &str) -> PathBuf {
        self.results.join("probes").join(environment)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::model::run_id::run_id;

    #[test]
    fn the_newest_probe_of_an_environment_is_found_and_none_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let environment = samples::environment().fingerprint();
        assert_eq!(store.newest_probe(&environment).unwrap(), None);
        let probe_at = |second: u64| ProbeRecord { id: run_id(second * 1000, 1), ..samples::probe() };
        let (old, new) = (probe_at(1_700_000_000), probe_at(1_795_370_096));
        let path = store.write_probe(&new).unwrap();
        store.write_probe(&old).unwrap();
        assert_eq!(store.newest_probe(&environment).unwrap(), Some(new.clone()));
        assert_eq!(store.newest_probe(&"0".repeat(64)).unwrap(), None);
        assert_eq!(store.newest_probe("../runs").unwrap(), None);
        assert!(store.write_probe(&new).unwrap_err().message.ends_with("is recorded already"));
        std::fs::write(&path, "{").unwrap();
        assert!(store.newest_probe(&environment).unwrap_err().causes[0].contains("truncated"));
    }

    #[test]
    fn a_probe_under_another_name_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let path = store.write_probe(&samples::probe()).unwrap();
        let moved = path.with_file_name(format!("{}.json", run_id(1_800_000_000_000, 0)));
        std::fs::rename(&path, &moved).unwrap();
        let failure = store.newest_probe(&samples::probe().environment).unwrap_err();
        assert!(failure.causes[0].contains("its content belongs to"), "{failure}");
        let evil = ProbeRecord { environment: "../../x".to_owned(), ..samples::probe() };
        assert!(store.write_probe(&evil).is_err());
    }
}
