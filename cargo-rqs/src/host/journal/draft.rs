//! A bisection in progress, `target/rqs/bisections/<question>.json`: the whole record so far, put in place as a whole, so
//! that the same question goes on where it was interrupted.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::model::bisection::BisectionRecord;
use crate::model::failure::{Failure, Outcome};

/// The place of the record of one question while it is not answered. The run lock sees to it that there is one writer.
#[derive(Clone, Debug)]
pub struct Draft {
    path: PathBuf,
}

impl Draft {
    /// The draft of a question, which is the hash of everything that decides on its answer, in `dir` (`target/rqs`).
    pub fn of(dir: &Path, question: &str) -> Draft {
        Draft { path: dir.join("bisections").join(format!("{question}.json")) }
    }

    /// What an earlier start left; `None` when there was none.
    ///
    /// # Errors
    /// When it is there and cannot be used.
    pub fn read(&self) -> Outcome<Option<BisectionRecord>> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|error| self.useless(error.to_string()))?,
        };
        let useless = |error: serde_json::Error| self.useless(error.to_string());
        let Versioned { format } = serde_json::from_slice(&bytes).map_err(useless)?;
        if format != BisectionRecord::FORMAT {
            return Err(self.useless(format!(
                "another cargo-rqs wrote it (format {format}, this one reads {})",
                BisectionRecord::FORMAT
            )));
        }
        serde_json::from_slice(&bytes).map(Some).map_err(useless)
    }

    /// Writes the record so far, and returns when it is on the disk. What was there before is replaced as a whole.
    ///
    /// # Errors
    /// When the disk refuses it; what was written before is still there then.
    pub fn write(&self, record: &BisectionRecord) -> Outcome<()> {
        let folder = self.path.parent().unwrap_or(&self.path);
        let write = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&serde_json::to_vec(record)?)?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|error| {
            Failure::incomplete(format!("cannot write `{}`", self.path.display())).because(error).hint(
                "free some space or make the folder writable; the same command line goes on from what was kept",
            )
        })
    }

    /// Removes it, after the record is stored.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self) -> Outcome<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::incomplete(format!("cannot remove `{}`", self.path.display())).because(error))
            }
            _ => Ok(()),
        }
    }

    fn useless(&self, cause: String) -> Failure {
        Failure::incomplete(format!("cannot go on from `{}`", self.path.display()))
            .cause(cause)
            .hint("remove that file to begin anew")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::bisection::record_tests::chain;

    #[test]
    fn a_draft_is_found_again_by_its_question_until_it_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let draft = Draft::of(dir.path(), "question");
        assert_eq!(draft.read().unwrap(), None);
        let mut record = chain(3, 0.03);
        draft.write(&record).unwrap();
        record.notes.push("more".into());
        draft.write(&record).unwrap();
        assert_eq!(draft.read().unwrap(), Some(record));
        assert_eq!(Draft::of(dir.path(), "another").read().unwrap(), None);
        draft.remove().unwrap();
        draft.remove().unwrap();
        assert_eq!(draft.read().unwrap(), None);
    }

    #[test]
    fn a_draft_that_cannot_be_used_is_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let draft = Draft::of(dir.path(), "question");
        draft.write(&chain(3, 0.03)).unwrap();
        let text = fs::read_to_string(&draft.path).unwrap();
        fs::write(&draft.path, &text[..text.len() / 2]).unwrap();
        assert!(draft.read().unwrap_err().hint.unwrap().contains("remove that file"));
        fs::write(&draft.path, text.replacen("\"format\":1", "\"format\":99", 1)).unwrap();
        assert!(draft.read().unwrap_err().causes[0].contains("format 99"));
    }
}
