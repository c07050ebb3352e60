//! `compare`: two revisions by what is stored of them; nothing is measured.

use super::{Format, paint, store_of};
use crate::analysis::dependencies::{self, GraphDifference};
use crate::analysis::environments;
use crate::analysis::history::{self, Compared, Files, Meant, NoWay, Point, Way};
use crate::host::revisions::Target;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::history::RunOutline;
use crate::model::revision::{Revision, RevisionSpec};
use crate::report::escape::visible;
use crate::report::history as report;
use crate::report::history::Answer;
use crate::trial::Surroundings;

/// So many digits of a run's id, those of its day, are taken for it.
const DIGITS_OF_A_DAY: usize = 8;

/// What `compare` was asked to do.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// The two revisions or runs.
    pub names: [String; 2],
    /// How the answer is printed.
    pub format: Format,
}

/// Compares them. Exits with 100 when something regressed that was measured in alternation.
///
/// # Errors
/// Exit code 4 when one of them was never measured, 6 when both were, but in different environments; usage when a name
/// means nothing; otherwise when a record cannot be used.
pub fn run(options: &CompareOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let store = store_of(around);
    let target = Target::discover(around.current_dir).ok();
    let mut past = Past { runs: outlines(&store, terminal)?, store, target };
    let names = options.names.each_ref().map(String::as_str);
    let ends = [past.end(names[0])?, past.end(names[1])?];
    if ends[0] == ends[1] {
        return Err(Failure::usage(format!("`{}` and `{}` are the same", names[0], names[1]))
            .hint("name two revisions, or two runs"));
    }
    let meant = ends.each_ref().map(|end| &end.meant);
    let way = history::find(&past.runs, meant).map_err(|why| past.no_way(why, names, &ends))?;
    let Some([start, end]) = way.ends() else {
        return Err(Failure::incomplete(format!("no way leads from `{}` to `{}`", names[0], names[1])));
    };
    let compared = history::compare(&past.runs, &way);
    let dependencies = past.dependencies([start, end], terminal)?;
    let files = past.files(&ends)?;
    let in_alternation = matches!(way, Way::Chain(_));
    let causes = history::likely(files, dependencies.as_ref(), in_alternation);
    let answer = Answer {
        names,
        revisions: ends.each_ref().map(|end| &end.revision),
        runs: &past.runs,
        environment: &past.runs[start.run].environment,
        way: &way,
        compared: &compared,
        dependencies: dependencies.as_ref(),
        files,
        causes: &causes,
    };
    terminal.result(&match options.format {
        Format::Text => report::text(&answer, terminal.result_width(), paint(terminal)),
        Format::Json => report::json(&answer),
        Format::Markdown => report::markdown(&answer),
    })?;
    Ok(if compared.iter().any(Compared::fails) { Exit::Regression } else { Exit::Clean })
}

/// The outlines of all runs that can be read, newest first; the others are named.
fn outlines(store: &Store, terminal: &mut Terminal) -> Outcome<Vec<RunOutline>> {
    let mut runs = Vec::new();
    for entry in store.list_runs(|run| history::outline(&run))? {
        match entry.outline {
            Ok(outline) => runs.push(outline),
            Err(cause) => {
                terminal.say(&format!(
                    "note: run {} cannot be read: {}",
                    visible(&entry.id),
                    visible(&cause)
                ));
            }
        }
    }
    Ok(runs)
}

/// An end of a comparison.
#[derive(Clone, Debug, PartialEq)]
struct End {
    meant: Meant,
    revision: Revision,
}

/// What is stored.
struct Past {
    store: Store,
    target: Option<Target>,
    /// Newest first.
    runs: Vec<RunOutline>,
}

impl Past {
    /// What a name means: a record's path, `latest`, a run's id or its beginning, else a revision.
    fn end(&mut self, name: &str) -> Outcome<End> {
        let is_path = name.ends_with(".json");
        let begins_as_id =
            name.len() >= DIGITS_OF_A_DAY && self.runs.iter().any(|run| run.id.starts_with(name));
        if is_path || name == "latest" || begins_as_id {
            let outline = history::outline(&self.store.find_run(name)?);
            let known = self.runs.iter().position(|run| *run == outline);
            let run = known.unwrap_or(self.runs.len());
            let revision = outline.revisions.candidate.clone();
            if known.is_none() {
                self.runs.push(outline);
            }
            return Ok(End { meant: Meant { revision: revision.id.clone(), run: Some(run) }, revision });
        }
        let revision = self.revision(name)?;
        Ok(End { meant: Meant { revision: revision.id.clone(), run: None }, revision })
    }

    fn revision(&self, name: &str) -> Outcome<Revision> {
        let spec: RevisionSpec = name.parse().map_err(Failure::usage)?;
        let resolved = match (&spec, &self.target) {
            (RevisionSpec::Git(text), Some(target)) => target.commit(text),
            (RevisionSpec::Published(_) | RevisionSpec::Git(_), _) => {
                Err(Failure::usage(format!("no stored run has measured `{name}`"))
                    .hint("`cargo rqs list` shows the runs and what they measured"))
            }
            (RevisionSpec::Workdir | RevisionSpec::Path(_), _) => {
                return Err(Failure::usage(format!("`{name}` is whatever lies there now, and nothing stored is sure to be it"))
                    .hint("name the run that measured it (`cargo rqs list`), or measure it anew with `cargo rqs bench`"));
            }
        };
        // A clone may lack what was measured elsewhere.
        resolved.or_else(|failure| self.stored(name).ok_or(failure))
    }

    /// The newest stored revision of this name, or whose hash begins so.
    fn stored(&self, name: &str) -> Option<Revision> {
        let revisions = self.runs.iter().flat_map(|run| [&run.revisions.candidate, &run.revisions.baseline]);
        revisions.into_iter().find(|it| it.is_named(name)).cloned()
    }

    fn no_way(&self, why: NoWay, names: [&str; 2], ends: &[End; 2]) -> Failure {
        let remedy = report::remedy(ends.each_ref().map(|end| end.revision.spec.as_str()));
        match why {
            NoWay::Unmeasured(end) => {
                let failure = Failure::new(
                    Exit::NothingToRun,
                    format!(
                        "no stored run has measured `{}` ({})",
                        names[end],
                        ends[end].revision.short_id()
                    ),
                );
                match self.stored(names[end]).filter(|stored| stored.id != ends[end].meant.revision) {
                    Some(stored) => failure
                        .cause(format!("`{}` was {} when it was measured", names[end], stored.short_id()))
                        .hint(format!("name that commit, or measure the present one: {remedy}")),
                    None => failure.hint(remedy),
                }
            }
            NoWay::Apart(apart) => self.apart(apart, names).hint(remedy),
        }
    }

    fn apart(&self, runs: [usize; 2], names: [&str; 2]) -> Failure {
        let failure = Failure::new(
            Exit::NotComparable,
            format!("`{}` and `{}` were measured in different environments", names[0], names[1]),
        );
        let [first, second] = runs.map(|run| self.store.read_environment(&self.runs[run].environment));
        match (first, second) {
            (Ok(first), Ok(second)) => {
                let differences = environments::compare(&first, &second).decisive;
                differences.iter().fold(failure, |failure, it| {
                    let value = |value: &Option<String>| {
                        value
                            .clone()
                            .filter(|value| !value.is_empty())
                            .unwrap_or_else(|| "nothing".to_owned())
                    };
                    failure.cause(format!(
                        "{}: {} and {} ({})",
                        it.field,
                        value(&it.first),
                        value(&it.second),
                        it.effect
                    ))
                })
            }
            (Err(missing), _) | (_, Err(missing)) => failure.cause(missing.message),
        }
    }

    fn dependencies(&self, ends: [Point; 2], terminal: &mut Terminal) -> Outcome<Option<GraphDifference>> {
        let fingerprints = ends.map(|end| self.runs[end.run].dependencies.get(end.role));
        let mut graphs = Vec::new();
        for fingerprint in fingerprints {
            if !self.store.dependencies_path(fingerprint).exists() {
                terminal.say(&format!("note: the dependency graph {} is not stored", visible(fingerprint)));
                return Ok(None);
            }
            graphs.push(self.store.read_dependencies(fingerprint)?);
        }
        Ok(Some(dependencies::compare(&graphs[0], &graphs[1])))
    }

    fn files(&self, ends: &[End; 2]) -> Outcome<Option<Files>> {
        let Some(target) = &self.target else { return Ok(None) };
        let paths = target.changed_files(&ends[0].revision.id, &ends[1].revision.id)?;
        Ok(paths.map(|paths| Files::of(paths.iter().map(String::as_str))))
    }
}
