//! Accepted changes: one file for each signature, in a folder of their own.

use std::path::PathBuf;

use super::Store;
use super::envelope::{self, Unreadable};
use super::runs::{entries, run_name};
use super::whole_file::Created;
use crate::model::acceptance::Acceptance;
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::run_id::is_run_id;

/// What lies in the folder of acceptances.
#[derive(Debug, Default, PartialEq)]
pub struct Acceptances {
    /// Those that can be used, the oldest first.
    pub sound: Vec<Acceptance>,
    /// Files that cannot, and why; nothing is accepted by them.
    pub unusable: Vec<(PathBuf, String)>,
}

impl Store {
    /// Writes an acceptance to `accepted/<id>.json` and gives the file's path.
    ///
    /// # Errors
    /// When the id has another form or is taken, the record would not read back, or the folder cannot be written.
    pub fn write_acceptance(&self, acceptance: &Acceptance) -> Outcome<PathBuf> {
        let id = &acceptance.id;
        if !is_run_id(id) {
            return Err(Failure::incomplete(format!("`{}` is not an acceptance's id", id.escape_debug())));
        }
        let path = self.accepted().join(format!("{id}.json"));
        match self.write_new(&path, acceptance)? {
            Created::New => Ok(path),
            Created::AlreadyThere => {
                Err(Failure::incomplete(format!("acceptance `{id}` is recorded already"))
                    .cause(format!("`{}` exists, and a record is never overwritten", path.display()))
                    .hint("accept again; the next one gets another id"))
            }
        }
    }

    /// All acceptances. A file that cannot be used accepts nothing, and is named.
    ///
    /// # Errors
    /// When the folder cannot be listed. A missing folder holds none.
    pub fn acceptances(&self) -> Outcome<Acceptances> {
        let folder = self.accepted();
        let mut files = entries(&folder).or_fail(|| format!("cannot list `{}`", folder.display()))?;
        files.sort();
        let mut found = Acceptances::default();
        for path in files {
            let Some(id) = run_name(&path) else { continue };
            let opened = std::fs::read(&path)
                .map_err(|error| error.to_string())
                .and_then(|bytes| envelope::open::<Acceptance>(&bytes).map_err(|why| why.to_string()));
            match opened {
                Ok(acceptance) if acceptance.id == id => found.sound.push(acceptance),
                Ok(other) => found.unusable.push((path, Unreadable::OtherName(other.id).to_string())),
                Err(why) => found.unusable.push((path, why)),
            }
        }
        Ok(found)
    }

    fn accepted(&self) -> PathBuf {
        self.results.join("accepted")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::samples;
    use super::*;
    use crate::model::run_id::run_id;

    fn signed_at(unix_ms: u64) -> Acceptance {
        Acceptance { id: run_id(unix_ms, 1), ..samples::acceptance() }
    }

    #[test]
    fn acceptances_are_read_back_oldest_first_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        assert_eq!(store.acceptances().unwrap(), Acceptances::default());
        let (old, new) = (signed_at(1_700_000_000_000), signed_at(1_795_370_096_000));
        store.write_acceptance(&new).unwrap();
        let path = store.write_acceptance(&old).unwrap();
        assert!(path.ends_with(format!("accepted/{}.json", old.id)));
        let changed = Acceptance { reason: "another".into(), ..old.clone() };
        assert!(store.write_acceptance(&changed).unwrap_err().message.ends_with("is recorded already"));
        assert_eq!(store.acceptances().unwrap(), Acceptances { sound: vec![old, new], unusable: vec![] });
        let evil = Acceptance { id: "../../x".into(), ..samples::acceptance() };
        assert!(store.write_acceptance(&evil).is_err());
    }

    #[test]
    fn what_was_changed_cut_or_moved_accepts_nothing_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let sound = signed_at(1_795_370_096_000);
        let path = store.write_acceptance(&sound).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let forged = text
            .replace("\"log_mean\":0.05", "\"log_mean\":0.95")
            .replace("\"log_mean\": 0.05", "\"log_mean\": 0.95");
        assert_ne!(forged, text);
        let beside = |second: u64, text: &str| {
            fs::write(path.with_file_name(format!("{}.json", run_id(second * 1000, 1))), text).unwrap();
        };
        beside(1, &forged);
        beside(2, &text[..text.len() / 2]);
        beside(3, &text);
        beside(4, &String::from_utf8(envelope::seal(&samples::run(1, 1, 1)).unwrap()).unwrap());
        fs::write(path.with_file_name("notes.txt"), "mine").unwrap();
        let found = store.acceptances().unwrap();
        assert_eq!(found.sound, [sound]);
        let whys: Vec<&str> = found.unusable.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(whys.len(), 4, "{whys:?}");
        for (why, expected) in whys.into_iter().zip([
            "content hash does not match",
            "truncated",
            "its content belongs to",
            "a record of kind `run`, not `acceptance`",
        ]) {
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_listed_is_an_error_and_not_empty() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("accepted"), "a file").unwrap();
        let failure = Store::open(folder.path()).acceptances().unwrap_err();
        assert!(failure.message.starts_with("cannot list `"), "{failure}");
    }
}
