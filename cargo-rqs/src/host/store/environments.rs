//! Finding the environment that a person means.

use std::path::{Path, PathBuf};

use super::envelope::{self, Unreadable};
use super::runs::{entries, run_name};
use super::{Store, unreadable};
use crate::model::calibration::CalibrationRecord;
use crate::model::environment::Environment;
use crate::model::failure::{Exit, Failure, OrFail, Outcome};
use crate::model::probe::ProbeRecord;
use crate::model::record::RunRecord;
use crate::model::run_id::is_run_id;

/// The fewest letters of a fingerprint that name one.
const SHORTEST: usize = 4;

impl Store {
    /// The environment that a person means by a fingerprint, the beginning of exactly one, a run's id or the beginning
    /// of one (then it is the run's environment), `latest` for that of the newest run, or the path of a record.
    ///
    /// # Errors
    /// Usage when none or more than one is meant; otherwise when the file cannot be used.
    pub fn find_environment(&self, query: &str) -> Outcome<Environment> {
        if query.contains(std::path::is_separator) || query.ends_with(".json") {
            return self.environment_in(Path::new(query));
        }
        let named: Vec<String> =
            self.fingerprints()?.into_iter().filter(|name| name.starts_with(query)).collect();
        let of_run = self.find_run(query);
        match (&named[..], of_run) {
            ([name], Err(error)) if query.len() >= SHORTEST && error.exit == Exit::Usage => {
                self.read_environment(name)
            }
            ([], Ok(run)) => self.read_environment(&run.environment),
            // A run that is there and cannot be read is no mistake of usage.
            ([], Err(error)) if error.exit != Exit::Usage => Err(error),
            ([], Err(_)) => Err(self.no_such_environment(query)),
            (names, of_run) => Err(ambiguous(query, names, of_run.is_ok())),
        }
    }

    /// Reads an environment by its whole fingerprint.
    ///
    /// # Errors
    /// When it is not recorded, or the file cannot be used.
    pub fn read_environment(&self, fingerprint: &str) -> Outcome<Environment> {
        self.read_addressed(fingerprint, Environment::fingerprint)
    }

    /// Where an environment lies.
    pub fn environment_path(&self, fingerprint: &str) -> PathBuf {
        self.environments().join(format!("{fingerprint}.json"))
    }

    /// Reads the environment that a file holds or points at.
    fn environment_in(&self, path: &Path) -> Outcome<Environment> {
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::usage(format!("cannot read `{}`", path.display()))
                .because(error)
                .hint("name a file in `environments`, `runs` or `probes` of a results folder")
        })?;
        let results = |levels: usize| path.ancestors().nth(levels).map(Path::to_owned);
        match envelope::open::<Environment>(&bytes) {
            Ok(environment) => Ok(environment),
            Err(Unreadable::OtherKind(kind, _)) if kind == "run" => {
                let run: RunRecord = envelope::open(&bytes).map_err(|why| unreadable(path, &why))?;
                self.nearest(results(4), &run.environment)
            }
            Err(Unreadable::OtherKind(kind, _)) if kind == "calibration" => {
                let calibration: CalibrationRecord =
                    envelope::open(&bytes).map_err(|why| unreadable(path, &why))?;
                self.nearest(results(4), &calibration.environment)
            }
            Err(Unreadable::OtherKind(kind, _)) if kind == "probe" => {
                let probe: ProbeRecord = envelope::open(&bytes).map_err(|why| unreadable(path, &why))?;
                self.nearest(results(3), &probe.environment)
            }
            Err(why) => Err(unreadable(path, &why)),
        }
    }

    /// An environment in the folder that its record came from, else in this one.
    fn nearest(&self, results: Option<PathBuf>, fingerprint: &str) -> Outcome<Environment> {
        let own = results.map(|results| Store { results });
        match own.filter(|own| own.environments().join(format!("{fingerprint}.json")).is_file()) {
            Some(own) => own.read_environment(fingerprint),
            None => self.read_environment(fingerprint),
        }
    }

    fn environments(&self) -> PathBuf {
        self.results.join("environments")
    }

    fn fingerprints(&self) -> Outcome<Vec<String>> {
        let folder = self.environments();
        let files = entries(&folder).or_fail(|| format!("cannot list `{}`", folder.display()))?;
        Ok(files
            .iter()
            .filter_map(|path| run_name(path))
            .filter(|name| super::is_fingerprint(name))
            .collect())
    }

    fn no_such_environment(&self, query: &str) -> Failure {
        let message =
            format!("there is no environment `{}` in `{}`", query.escape_debug(), self.results.display());
        let known = self.fingerprints().unwrap_or_default();
        let shown: Vec<String> = known.iter().take(5).map(|name| format!("`{}`", &name[..12])).collect();
        let failure = match shown[..] {
            [] => Failure::usage(message).cause("no environment is recorded there"),
            _ => Failure::usage(message).cause(format!("recorded are {}", shown.join(", "))),
        };
        failure.hint(
            "name one by `here`, the beginning of its fingerprint, a run's id or `latest`, or the path of a record; \
             `cargo rqs env capture` records this one",
        )
    }
}

fn ambiguous(query: &str, names: &[String], also_a_run: bool) -> Failure {
    let mut meant: Vec<String> = names.iter().take(5).map(|name| format!("`{}`", &name[..16])).collect();
    meant.extend(also_a_run.then(|| "a run".to_owned()));
    let message = match query.len() < SHORTEST {
        true => format!("`{}` is too short to name an environment", query.escape_debug()),
        false => format!("`{}` may mean several environments", query.escape_debug()),
    };
    let hint = match meant.iter().any(|it| it == "a run") && is_run_id(query) {
        true => "name the environment by the path of its file",
        false => "write more of the fingerprint or of the run's id",
    };
    Failure::usage(message).cause(meant.join(", ")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("results"));
        (folder, store)
    }

    #[test]
    fn an_environment_is_found_by_its_fingerprint_a_run_a_probe_and_a_path() {
        let (folder, store) = store();
        let environment = samples::environment();
        let fingerprint = store.write_environment(&environment).unwrap();
        let run = samples::run(1, 1, 1);
        let run_path = store.write_run(&run).unwrap();
        let probe_path = store.write_probe(&samples::probe()).unwrap();
        let path = store.environment_path(&fingerprint);
        let elsewhere = Store::open(&folder.path().join("elsewhere"));
        for name in [&fingerprint, &fingerprint[..8], &run.id, &run.id[..11], "latest"] {
            assert_eq!(store.find_environment(name).unwrap(), environment, "{name}");
        }
        for path in [&path, &run_path, &probe_path] {
            assert_eq!(elsewhere.find_environment(path.to_str().unwrap()).unwrap(), environment);
        }
    }

    #[test]
    fn a_name_that_means_nothing_or_several_is_a_mistake_of_usage_with_a_way_out() {
        let (_folder, store) = store();
        let nothing = store.find_environment("abcd").unwrap_err();
        assert_eq!(
            (nothing.exit, nothing.causes[0].as_str()),
            (Exit::Usage, "no environment is recorded there")
        );
        assert!(nothing.hint.unwrap().contains("cargo rqs env capture"));
        let fingerprint = store.write_environment(&samples::environment()).unwrap();
        let unknown = store.find_environment("zzzz").unwrap_err();
        assert!(unknown.causes[0].contains(&fingerprint[..12]), "{unknown}");
        let short = store.find_environment(&fingerprint[..2]).unwrap_err();
        assert!(short.message.ends_with("is too short to name an environment"), "{short}");
        assert_eq!(store.find_environment("./missing.json").unwrap_err().exit, Exit::Usage);
        for name in ["", "..", "é"] {
            assert_eq!(store.find_environment(name).unwrap_err().exit, Exit::Usage, "{name}");
        }
    }

    #[test]
    fn a_damaged_environment_is_no_mistake_of_usage() {
        let (_folder, store) = store();
        let fingerprint = store.write_environment(&samples::environment()).unwrap();
        std::fs::write(store.environment_path(&fingerprint), "{").unwrap();
        assert_eq!(store.find_environment(&fingerprint[..9]).unwrap_err().exit, Exit::Incomplete);
    }
}
