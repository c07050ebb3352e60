//! `accept`: signs changes of a run off, with a reason and an author, and lists what was signed.

use super::paint;
use crate::analysis::{accepting, comparison};
use crate::host::clock;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::acceptance::Acceptance;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::record::RunRecord;
use crate::model::revision::RevisionKind;
use crate::model::run_id::run_id;
use crate::report::acceptances;
use crate::trial::{Surroundings, find_target};

/// What `accept` was asked to do.
#[derive(Clone, Debug)]
pub struct AcceptOptions {
    /// The run.
    pub run: String,
    /// Names or patterns of benchmarks.
    pub benchmarks: Vec<String>,
    /// Whether everything is accepted that there is to accept.
    pub all: bool,
    /// Why.
    pub reason: String,
    /// Who signs; whoever git says is at work when absent.
    pub author: Option<String>,
    /// The last second in which it holds, since 1970; absent when it holds for ever.
    pub expires_unix_s: Option<u64>,
}

/// Signs changes off.
///
/// # Errors
/// When there is no such run or nothing to accept, the run's candidate is no commit, nobody's name is known, the expiry is
/// past, or the record cannot be written.
pub fn run(options: &AcceptOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let (target, places) = find_target(around)?;
    let store = Store::open(&places.results);
    let record = store.find_run(&options.run)?;
    check_candidate(&record)?;
    let changes = accepting::changes(&comparison::compare(&record), &options.benchmarks, options.all)?;
    let now_ms = clock::now_unix_ms();
    if options.expires_unix_s.is_some_and(|last| last < now_ms / 1000) {
        return Err(Failure::usage("the day of expiry is past")
            .hint("name a day to come, or leave `--expires` out for an acceptance without end"));
    }
    let author = match &options.author {
        Some(author) => author.clone(),
        None => target.author()?.ok_or_else(|| {
            Failure::usage("nobody knows who accepts this: git has no `user.name`")
                .hint("name the author with `--author NAME`, or set `git config user.name NAME`")
        })?,
    };
    let acceptance = Acceptance {
        format: Acceptance::FORMAT,
        id: run_id(now_ms, (clock::random_seed() >> 32) as u32),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        accepted_unix_s: now_ms / 1000,
        run: record.id,
        revisions: record.revisions,
        author,
        reason: options.reason.clone(),
        expires_unix_s: options.expires_unix_s,
        changes,
    };
    let path = store.write_acceptance(&acceptance)?;
    terminal.result(&acceptances::signed(&acceptance, &path.to_string_lossy(), paint(terminal)))?;
    Ok(Exit::Clean)
}

/// An acceptance holds for what comes after a commit; what is in no commit, nothing comes after.
fn check_candidate(record: &RunRecord) -> Outcome<()> {
    let candidate = &record.revisions.candidate;
    if candidate.kind == RevisionKind::Commit {
        return Ok(());
    }
    Err(Failure::usage(format!("the run's candidate `{}` is no commit", candidate.spec))
        .cause("later runs could not know whether what they judge contains the accepted change")
        .hint("commit the change, run `bench` again, and accept that run"))
}

/// Lists all acceptances with what has become of them.
///
/// # Errors
/// When the directory of results cannot be listed; a file that cannot be read is listed with its cause.
pub fn list(around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let (_, places) = find_target(around)?;
    let found = Store::open(&places.results).acceptances()?;
    let unusable: Vec<(String, String)> =
        found.unusable.into_iter().map(|(path, why)| (path.to_string_lossy().into_owned(), why)).collect();
    let listed = acceptances::listed(&found.sound, &unusable, clock::now_unix_s(), paint(terminal));
    terminal.result(&listed)?;
    Ok(Exit::Clean)
}
