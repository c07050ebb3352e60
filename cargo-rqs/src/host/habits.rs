//! Keeps what runs learned about how benchmarks are best measured, in `target/rqs/habits.json`.
#![allow(clippy::disallowed_methods, reason = "this room owns the file")]

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::BenchmarkKey;
use crate::model::failure::{OrFail, Outcome};
use crate::model::habit::{Habit, Habits};

/// The file.
#[derive(Clone, Debug)]
pub struct HabitFile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Fingerprint of the environment that they hold for.
    environment: String,
    benchmarks: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    suite: String,
    #[serde(flatten)]
    key: BenchmarkKey,
    #[serde(flatten)]
    habit: Habit,
}

impl HabitFile {
    /// The file below `work` (`target/rqs`).
    pub fn below(work: &Path) -> HabitFile {
        HabitFile { path: work.join("habits.json") }
    }

    /// The habits that were learned in an environment. A file that is missing, damaged or of another environment holds
    /// none: they are learned again.
    pub fn read(&self, environment: &str) -> Habits {
        let kept = fs::read(&self.path).ok().and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
        let entries = kept.filter(|kept| kept.environment == environment).map(|kept| kept.benchmarks);
        entries.into_iter().flatten().map(|entry| ((entry.suite, entry.key), entry.habit)).collect()
    }

    /// Adds habits to those of the environment; those of another one are forgotten.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, environment: &str, learned: Habits) -> Outcome<()> {
        let mut habits = self.read(environment);
        habits.extend(learned);
        let entry = |((suite, key), habit)| Entry { suite, key, habit };
        let kept =
            Kept { environment: environment.to_owned(), benchmarks: habits.into_iter().map(entry).collect() };
        let write = || -> std::io::Result<()> {
            let folder = self.path.parent().unwrap_or(&self.path);
            fs::create_dir_all(folder)?;
            let file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&file, &kept)?;
            file.persist(&self.path).map(drop).map_err(|error| error.error)
        };
        write().or_fail(|| format!("cannot write `{}`", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn habits(id: &str, warm_up_us: u64) -> Habits {
        let key = BenchmarkKey { id: id.into(), occurrence: 1 };
        Habits::from([(("a::b".to_owned(), key), Habit { warm_up_us, epoch_us: Some(7) })])
    }

    #[test]
    fn habits_are_joined_for_one_environment_and_forgotten_for_another() {
        let dir = tempfile::tempdir().unwrap();
        let file = HabitFile::below(&dir.path().join("rqs"));
        assert!(file.read("e").is_empty());
        file.add("e", habits("x", 1)).unwrap();
        file.add("e", habits("y", 2)).unwrap();
        file.add("e", habits("x", 3)).unwrap();
        let both: Habits = habits("x", 3).into_iter().chain(habits("y", 2)).collect();
        assert_eq!(file.read("e"), both);
        assert!(file.read("f").is_empty());
        file.add("f", habits("x", 1)).unwrap();
        assert!(file.read("e").is_empty());
    }

    #[test]
    fn a_damaged_file_holds_none_and_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = HabitFile::below(dir.path());
        fs::write(dir.path().join("habits.json"), "{\"environment\":\"e\",\"benchmarks\":[{").unwrap();
        assert!(file.read("e").is_empty());
        file.add("e", habits("x", 1)).unwrap();
        assert_eq!(file.read("e"), habits("x", 1));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("rqs"), "in the way").unwrap();
        assert!(HabitFile::below(&dir.path().join("rqs")).add("e", habits("x", 1)).is_err());
    }
}
