//! Writes into a run's record which acceptances lie between its revisions.

use std::collections::HashMap;

use crate::analysis::accepting::concerning;
use crate::analysis::comparison;
use crate::host::revisions::{History, Target};
use crate::host::store::Store;
use crate::model::failure::Outcome;
use crate::model::record::RunRecord;
use crate::model::{ByRole, Role};

/// Looks for the acceptances of whatever changed in a run. What keeps one from being honoured is a note; it lets
/// nothing pass.
pub(super) fn honour(record: &mut RunRecord, target: &Target, store: &Store) {
    if let Err(failure) = try_to_honour(record, target, store) {
        let causes: Vec<String> = [failure.message].into_iter().chain(failure.causes).collect();
        record.notes.push(format!("no acceptance is honoured: {}", causes.join(": ")));
    }
}

fn try_to_honour(record: &mut RunRecord, target: &Target, store: &Store) -> Outcome<()> {
    let found = store.acceptances()?;
    let name = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let broken = |(path, why): &(std::path::PathBuf, String)| {
        format!("the acceptance `{}` is not honoured: {why}", name(path))
    };
    record.notes.extend(found.unusable.iter().map(broken));
    if found.sound.is_empty() {
        return Ok(());
    }
    let mut between = Between { history: target.history()?, known: HashMap::new() };
    let comparison = comparison::compare(record);
    let mut unknown = Vec::new();
    for (suite, rows) in comparison.suites.iter().enumerate() {
        for (benchmark, row) in rows.rows.iter().enumerate() {
            let mut lying = Vec::new();
            for (commit, acceptance) in concerning(&rows.name, row, &found.sound) {
                match between.lies(record, commit) {
                    Some(true) => lying.push(acceptance),
                    Some(false) => {}
                    None => unknown.push(acceptance.id),
                }
            }
            record.suites[suite].benchmarks[benchmark].acceptances = lying;
        }
    }
    unknown.sort();
    unknown.dedup();
    record.notes.extend(unknown.into_iter().map(|id| {
        format!(
            "the acceptance `{id}` is not honoured, because this clone cannot tell whether its change lies between the two \
             revisions; both have to be commits or the work tree, and the history has to be there (`git fetch --unshallow`)"
        )
    }));
    Ok(())
}

/// Which commits lie between the two revisions of a run.
struct Between {
    history: Option<History>,
    known: HashMap<String, Option<bool>>,
}

impl Between {
    /// Whether the candidate contains a commit that the baseline does not; `None` when that cannot be known.
    fn lies(&mut self, record: &RunRecord, commit: &str) -> Option<bool> {
        if let Some(known) = self.known.get(commit) {
            return *known;
        }
        let contains = |role: Role| self.history.as_ref()?.contains(record.revisions.get(role), commit);
        let sides = ByRole::from_fn(contains);
        let lies = match (sides.baseline, sides.candidate) {
            // What one side knows may be enough.
            (Some(true), _) | (_, Some(false)) => Some(false),
            (Some(false), Some(true)) => Some(true),
            _ => None,
        };
        self.known.insert(commit.to_owned(), lies);
        lies
    }
}
