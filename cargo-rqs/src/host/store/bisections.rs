//! Bisections: written by month, like runs.

use std::path::PathBuf;

use super::Store;
use super::whole_file::Created;
use crate::model::bisection::BisectionRecord;
use crate::model::failure::{Failure, Outcome};
use crate::model::run_id::is_run_id;

impl Store {
    /// Writes a finished bisection to `bisections/<yyyy>/<mm>/<id>.json` and gives the file's path.
    ///
    /// # Errors
    /// When the id is no run id or is taken, the record would not read back, or the folder cannot be written.
    pub fn write_bisection(&self, bisection: &BisectionRecord) -> Outcome<PathBuf> {
        let id = &bisection.id;
        if !is_run_id(id) {
            return Err(Failure::incomplete(format!("`{}` is not a bisection's id", id.escape_debug())));
        }
        let folder = self.results.join("bisections").join(&id[..4]).join(&id[4..6]);
        let path = folder.join(format!("{id}.json"));
        match self.write_new(&path, bisection)? {
            Created::New => Ok(path),
            Created::AlreadyThere => {
                Err(Failure::incomplete(format!("bisection `{id}` is recorded already"))
                    .cause(format!("`{}` exists, and a record is never overwritten", path.display()))
                    .hint("move that file away and repeat the command; what was measured is kept"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read, samples};
    use super::*;

    #[test]
    fn a_bisection_reads_back_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let bisection = samples::bisection();
        let path = store.write_bisection(&bisection).unwrap();
        assert!(path.ends_with(format!("bisections/2026/11/{}.json", bisection.id)), "{}", path.display());
        assert_eq!(read::<BisectionRecord>(&path).unwrap(), bisection);
        assert!(store.write_bisection(&bisection).unwrap_err().message.ends_with("is recorded already"));
        let evil = BisectionRecord { id: "../../etc".into(), ..bisection };
        assert!(store.write_bisection(&evil).is_err());
    }
}
