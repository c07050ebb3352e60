//! Which changes of a run somebody means when accepting them, and which acceptances concern a run. Pure.

use super::comparison::Comparison;
use super::policies::Pattern;
use super::row::{Finding, Row};
use super::standing::Ruling;
use super::verdict::Verdict;
use crate::model::acceptance::{Acceptance, AcceptedChange, AcceptedSize, AppliedAcceptance};
use crate::model::failure::{Failure, Outcome};

/// Names are taken for misspelt from this likeness on (Jaro-Winkler, 1 for equal ones).
const ALIKE: f64 = 0.8;

/// The changes that `names` mean: of each a benchmark's name, with or without its suite, or a glob pattern, which means what
/// there is to accept among the benchmarks it matches. With `all`, everything that there is to accept.
///
/// # Errors
/// A usage error when a name means no benchmark, or none that there is anything to accept of.
pub fn changes(comparison: &Comparison, names: &[String], all: bool) -> Outcome<Vec<AcceptedChange>> {
    let rows: Vec<(&str, &Row)> = comparison
        .suites
        .iter()
        .flat_map(|suite| suite.rows.iter().map(|row| (suite.name.as_str(), row)))
        .collect();
    let mut meant: Vec<usize> = Vec::new();
    for name in names {
        meant.extend(meant_by(name, &rows)?);
    }
    if all {
        let open = |(_, row): &(&str, &Row)| acceptable(row).is_ok() && !row.standing.is_accepted();
        meant.extend((0..rows.len()).filter(|at| open(&rows[*at])));
        if meant.is_empty() {
            return Err(Failure::usage("nothing in this run is there to be accepted")
                .hint("`cargo rqs show RUN` prints what was found"));
        }
    }
    meant.sort_unstable();
    meant.dedup();
    meant.into_iter().map(|at| change(rows[at].0, rows[at].1)).collect()
}

/// Places in `rows`.
fn meant_by(name: &str, rows: &[(&str, &Row)]) -> Outcome<Vec<usize>> {
    let full = |(suite, row): &(&str, &Row)| format!("{suite}::{}", row.key);
    let exact = |at: &usize| rows[*at].1.key.to_string() == name || full(&rows[*at]) == name;
    let exactly: Vec<usize> = (0..rows.len()).filter(exact).collect();
    if !exactly.is_empty() {
        return Ok(exactly);
    }
    let pattern = Pattern::new(name, None)?;
    let matching: Vec<usize> =
        (0..rows.len()).filter(|at| pattern.matches(rows[*at].0, &rows[*at].1.key)).collect();
    if matching.is_empty() {
        return Err(unknown(name, rows));
    }
    let acceptable: Vec<usize> =
        matching.iter().copied().filter(|at| acceptable(rows[*at].1).is_ok()).collect();
    if acceptable.is_empty() {
        return Err(Failure::usage(format!("of what `{name}` matches, there is nothing to accept"))
            .cause(format!("{} match, and none of them is slower", matching.len()))
            .hint("`cargo rqs show RUN` prints what was found"));
    }
    Ok(acceptable)
}

fn unknown(name: &str, rows: &[(&str, &Row)]) -> Failure {
    let names = rows.iter().flat_map(|(suite, row)| [row.key.to_string(), format!("{suite}::{}", row.key)]);
    let rated = names.map(|known| (strsim::jaro_winkler(name, &known), known));
    let closest = rated.max_by(|(a, _), (b, _)| a.total_cmp(b)).filter(|(likeness, _)| *likeness >= ALIKE);
    let failure = Failure::usage(format!("the run has no benchmark `{name}`"));
    failure.hint(match closest {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => "`cargo rqs show RUN` prints the names of all".to_owned(),
    })
}

/// Whether there is anything to accept of a benchmark, or what was found instead.
fn acceptable(row: &Row) -> Result<AcceptedSize, &'static str> {
    let judgement = match &row.finding {
        Finding::Measured(judgement, _) => judgement,
        Finding::Identical => return Err("both sides are the same code"),
        Finding::Added => return Err("it exists in the candidate only"),
        Finding::Removed => return Err("it exists in the baseline only"),
        Finding::Failed(_) => return Err("it gave no numbers"),
        Finding::NotMeasured => return Err("it was not measured"),
    };
    match judgement.verdict {
        Verdict::Regressed => {}
        // Where a speed-up fails the run, it is there to be accepted as well.
        Verdict::Improved if row.standing.is_accepted() || row.standing.ruling == Ruling::Regressed => {}
        Verdict::Improved => return Err("it became faster, which needs no acceptance"),
        Verdict::Unchanged => return Err("it is unchanged"),
        Verdict::Inconclusive => return Err("it is inconclusive: nobody knows what would be accepted"),
    }
    Ok(AcceptedSize {
        log_mean: judgement.interval.mean,
        log_half_width: judgement.interval.half_width,
        alpha: judgement.alpha,
        epochs: judgement.interval.n,
    })
}

fn change(suite: &str, row: &Row) -> Outcome<AcceptedChange> {
    let size = acceptable(row).map_err(|why| {
        Failure::usage(format!("there is nothing to accept of `{suite}::{}`", row.key))
            .cause(why)
            .hint("`cargo rqs show RUN` prints what was found")
    })?;
    Ok(AcceptedChange { suite: suite.to_owned(), key: row.key.clone(), size, policy: row.standing.policy })
}

/// The acceptances that concern a changed benchmark, as far as its name goes; each with the commit that has to be part of the
/// candidate, and not of the baseline.
pub fn concerning<'a>(
    suite: &'a str,
    row: &'a Row,
    acceptances: &'a [Acceptance],
) -> impl Iterator<Item = (&'a str, AppliedAcceptance)> {
    let changed = row.standing.ruling == Ruling::Regressed || acceptable(row).is_ok();
    let of_one = move |acceptance: &'a Acceptance| {
        let is_meant = |change: &&AcceptedChange| change.suite == suite && change.key == row.key;
        let change = acceptance.changes.iter().find(is_meant)?;
        let applied = AppliedAcceptance {
            id: acceptance.id.clone(),
            author: acceptance.author.clone(),
            reason: acceptance.reason.clone(),
            expires_unix_s: acceptance.expires_unix_s,
            size: change.size,
        };
        Some((acceptance.revisions.candidate.id.as_str(), applied))
    };
    acceptances.iter().filter(move |_| changed).filter_map(of_one)
}

#[cfg(test)]
mod tests;
