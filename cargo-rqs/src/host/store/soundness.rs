//! Looks at every file of a results folder: is it readable, is it what its name says, and is there all it refers to?

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::envelope::{self, MOST_BYTES, Stored, Unreadable};
use super::whole_file::is_temporary;
use super::{Store, is_fingerprint};
use crate::model::acceptance::Acceptance;
use crate::model::bisection::BisectionRecord;
use crate::model::calibration::CalibrationRecord;
use crate::model::dependencies::DependencyGraph;
use crate::model::environment::Environment;
use crate::model::failure::{OrFail, Outcome};
use crate::model::probe::ProbeRecord;
use crate::model::record::RunRecord;
use crate::model::run_id::is_run_id;
use crate::model::run_part::RunPart;
use crate::model::soundness::{Fault, Soundness, Wrong};

/// Folders that hold nothing but records.
const FOLDERS: [&str; 7] =
    ["runs", "environments", "dependencies", "probes", "accepted", "calibrations", "bisections"];

/// A record that could be read.
struct Read {
    kind: &'static str,
    /// What others refer to it by.
    name: String,
    /// Its place, relative to the folder; absent where its id is none.
    place: Option<PathBuf>,
    refers: Refers,
}

/// Kind and name of every record that one refers to.
type Refers = Vec<(&'static str, String)>;

impl Store {
    /// Looks at every file. `progress` gets how many there were so far. A missing folder is sound.
    ///
    /// # Errors
    /// When a folder cannot be listed. A file that cannot be read is a fault.
    pub fn soundness(&self, progress: &mut dyn FnMut(usize)) -> Outcome<Soundness> {
        let files =
            files_below(&self.results).or_fail(|| format!("cannot list `{}`", self.results.display()))?;
        let mut soundness = Soundness::default();
        let (mut usable, mut referring) = (BTreeSet::new(), Vec::new());
        for (number, path) in files.iter().enumerate() {
            progress(number);
            let fault = |what: Wrong| Fault { path: path.clone(), what };
            if is_temporary(path) {
                soundness.faults.push(fault(Wrong::Leftover));
                continue;
            }
            let folder = path.components().next().and_then(|first| first.as_os_str().to_str());
            let Some(folder) = folder.filter(|folder| FOLDERS.contains(folder)) else {
                soundness.others += usize::from(folder != Some("schemas") && path != Path::new("README.md"));
                continue;
            };
            if path.extension().is_none_or(|extension| extension != "json") {
                soundness.faults.push(fault(Wrong::Foreign));
                continue;
            }
            let bytes = match fs::read(self.results.join(path)) {
                Ok(bytes) => bytes,
                Err(error) => {
                    soundness
                        .faults
                        .push(fault(Wrong::Unusable(error.to_string(), "make the file readable")));
                    continue;
                }
            };
            soundness.bytes += bytes.len() as u64;
            if bytes.len() > MOST_BYTES {
                soundness.faults.push(fault(Wrong::TooLarge(bytes.len() as u64)));
            }
            match open(folder, path, &bytes) {
                Err(why) => {
                    soundness.faults.push(fault(Wrong::Unusable(why.to_string(), why.hint())));
                }
                Ok(read) if read.place.as_ref().is_some_and(|place| place != path) => {
                    soundness.faults.push(fault(Wrong::Misplaced(read.place.unwrap_or_default())));
                }
                Ok(read) => {
                    *soundness.records.entry(read.kind).or_default() += 1;
                    usable.insert((read.kind, read.name));
                    referring.push((path, read.refers));
                }
            }
        }
        for (path, refers) in referring {
            let missing = refers.into_iter().filter(|reference| !usable.contains(reference));
            soundness.faults.extend(
                missing.map(|(kind, name)| Fault { path: path.clone(), what: Wrong::Dangling(kind, name) }),
            );
        }
        soundness.faults.sort();
        // Both sides of a run may refer to the same graph.
        soundness.faults.dedup();
        Ok(soundness)
    }
}

/// Reads a file as what its folder holds.
fn open(folder: &str, path: &Path, bytes: &[u8]) -> Result<Read, Unreadable> {
    fn read<T: Stored>(
        bytes: &[u8],
        describe: impl Fn(&T) -> (String, Option<PathBuf>, Refers),
    ) -> Result<Read, Unreadable> {
        let (name, place, refers) = describe(&envelope::open(bytes)?);
        Ok(Read { kind: T::KIND, name, place, refers })
    }
    let environment = |name: &String| (Environment::KIND, name.clone());
    let beside = |name: &str| Some(Path::new(folder).join(format!("{name}.json")));
    let addressed = |name: String| (name.clone(), beside(&name), Refers::new());
    match folder {
        "environments" => read(bytes, |it: &Environment| addressed(it.fingerprint())),
        "dependencies" => read(bytes, |it: &DependencyGraph| addressed(it.fingerprint())),
        "accepted" => read(bytes, |it: &Acceptance| addressed(it.id.clone())),
        "probes" => read(bytes, |it: &ProbeRecord| {
            let place =
                is_fingerprint(&it.environment).then(|| beside(&format!("{}/{}", it.environment, it.id)));
            (it.id.clone(), place.flatten(), vec![environment(&it.environment)])
        }),
        "calibrations" => read(bytes, |it: &CalibrationRecord| {
            (it.id.clone(), by_month(folder, &it.id), vec![environment(&it.environment)])
        }),
        "bisections" => read(bytes, |it: &BisectionRecord| {
            (it.id.clone(), by_month(folder, &it.id), vec![environment(&it.environment)])
        }),
        // runs/<yyyy>/<mm>/<id>/<number>.json
        _ if path.components().count() == 5 => read(bytes, |it: &RunPart| {
            let place = by_month(folder, &it.run)
                .map(|run| run.with_extension("").join(format!("{}.json", it.number)));
            (format!("{}/{}", it.run, it.number), place, vec![(RunRecord::KIND, it.run.clone())])
        }),
        _ => read(bytes, |it: &RunRecord| {
            let graphs = it.dependencies.iter().map(|(_, name)| (DependencyGraph::KIND, name.clone()));
            let parts = (1..=it.parts.len()).map(|number| (RunPart::KIND, format!("{}/{number}", it.id)));
            let refers = [environment(&it.environment)].into_iter().chain(graphs).chain(parts);
            (it.id.clone(), by_month(folder, &it.id), refers.collect())
        }),
    }
}

fn by_month(folder: &str, id: &str) -> Option<PathBuf> {
    is_run_id(id).then(|| Path::new(folder).join(&id[..4]).join(&id[4..6]).join(format!("{id}.json")))
}

/// All files below a folder, relative to it and sorted; none where there is no folder. Links are not followed.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut open) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(inner) = open.pop() {
        let entries = match fs::read_dir(folder.join(&inner)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = inner.join(entry.file_name());
            if entry.file_type()?.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    /// A store with one record of each kind, all sound.
    fn sound() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("results"));
        let environment = store.write_environment(&samples::environment()).unwrap();
        let graph = store.write_dependencies(&samples::dependencies()).unwrap();
        let mut run = samples::run(2, 2, 2);
        run.environment.clone_from(&environment);
        run.dependencies = crate::model::ByRole::new(graph.clone(), graph);
        store.write_run(&run).unwrap();
        store.write_probe(&ProbeRecord { environment: environment.clone(), ..samples::probe() }).unwrap();
        store.write_acceptance(&samples::acceptance()).unwrap();
        let calibration = CalibrationRecord { environment: environment.clone(), ..samples::calibration() };
        store.write_calibration(&calibration).unwrap();
        store.write_bisection(&BisectionRecord { environment, ..samples::bisection() }).unwrap();
        (folder, store)
    }

    fn look(store: &Store) -> Soundness {
        store.soundness(&mut |_| {}).unwrap()
    }

    #[test]
    fn a_sound_folder_has_no_faults_and_a_missing_one_nothing_at_all() {
        let (folder, store) = sound();
        let found = look(&store);
        assert_eq!(found.faults, []);
        assert_eq!(found.records.values().sum::<usize>(), 7);
        assert_eq!((found.records.len(), found.others), (7, 0));
        fs::create_dir(folder.path().join("results/study")).unwrap();
        fs::write(folder.path().join("results/study/table.json"), "{}").unwrap();
        assert_eq!(look(&store).others, 1);
        assert_eq!(look(&Store::open(&folder.path().join("nothing"))), Soundness::default());
    }

    #[test]
    fn each_fault_is_told_where_it_is() {
        let (_folder, store) = sound();
        let paths = files_below(&store.results).unwrap();
        let path = |beginning: &str| {
            let found = paths.iter().find(|path| path.starts_with(beginning)).unwrap();
            (found.clone(), store.results.join(found))
        };
        let (graph, graph_file) = path("dependencies");
        let (run, run_file) = path("runs");
        let (probe, probe_file) = path("probes");
        let (acceptance, acceptance_file) = path("accepted");
        fs::remove_file(&graph_file).unwrap();
        let probe_elsewhere = probe.with_file_name("20260101T000000Z-00000001.json");
        fs::rename(&probe_file, store.results.join(&probe_elsewhere)).unwrap();
        let text = fs::read_to_string(&acceptance_file).unwrap();
        fs::write(&acceptance_file, &text[..text.len() / 2]).unwrap();
        fs::write(run_file.with_file_name("notes.txt"), "").unwrap();
        fs::write(run_file.with_file_name(".rqs-abc.tmp"), "").unwrap();
        let padded = fs::read_to_string(&run_file).unwrap() + &" ".repeat(MOST_BYTES);
        fs::write(&run_file, &padded).unwrap();
        let found = look(&store);
        let of = |path: &Path| -> Vec<Wrong> {
            found.faults.iter().filter(|fault| fault.path == path).map(|fault| fault.what.clone()).collect()
        };
        let name = graph.file_stem().unwrap().to_string_lossy().into_owned();
        let missing = Wrong::Dangling(DependencyGraph::KIND, name);
        assert_eq!(of(&run), [missing, Wrong::TooLarge(padded.len() as u64)]);
        assert_eq!(of(&probe_elsewhere), [Wrong::Misplaced(probe)]);
        assert!(matches!(&of(&acceptance)[..], [Wrong::Unusable(why, _)] if why.contains("truncated")));
        assert_eq!(of(&run.with_file_name("notes.txt")), [Wrong::Foreign]);
        assert_eq!(of(&run.with_file_name(".rqs-abc.tmp")), [Wrong::Leftover]);
        assert_eq!(found.faults.len(), 6);
    }
}
