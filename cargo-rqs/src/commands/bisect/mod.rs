//! `bisect`: which commit between a good and a bad revision brought the change? Both ends are compared, then commits between
//! them, each chosen to tell most, until one commit is likely enough; that one is measured afresh by itself.

mod compare;
mod counting;
mod options;
mod pair;

use std::sync::atomic::Ordering;

use rqs_harness::counts::Valgrind;
use rqs_harness::process::Conditions;

pub use options::{BisectOptions, By};

use super::Format;
use crate::analysis::bisection::{self, Conclusion, Ending, State, Step, contain_the_good_end};
use crate::host::cargo::Toolchain;
use crate::host::clock::Stopwatch;
use crate::host::journal::Draft;
use crate::host::lock::RunLock;
use crate::host::revisions::{Between, Target};
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::host::{clock, config, trail};
use crate::model::bisection::{BisectionRecord, Commit, Purpose, Skipped, Yardstick};
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::policy::Policy;
use crate::model::revision::RevisionSpec;
use crate::model::run_id::run_id;
use crate::report::bisection as report;
use crate::report::escape::visible;
use crate::report::numbers;
use crate::report::paint::Paint;
use crate::trial::suites::Wanted;
use crate::trial::{Places, Surroundings, find_target, placement, readiness};

/// Finds the commit.
///
/// # Errors
/// When an end cannot be resolved, built or measured, or the record cannot be written.
pub fn run(options: &BisectOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let (conditions, _) = options.seat.conditions()?;
    Wanted::new(&options.selection)?;
    let valgrind = find_valgrind(options.by)?;
    let config = config::find(around.current_dir)?;
    let (target, places) = find_target(around)?;
    let _lock = RunLock::acquire(&places.work)?;
    let history = target.commits_between(baseline(options), &options.bad, options.first_parent)?;
    let toolchain = Toolchain::resolve(options.sides.toolchain.as_deref(), target.manifest_dir())?;
    let question = options.question(&history.good.id, &history.bad.id, &toolchain.rustc_version);
    let draft = Draft::of(&places.work, &question);
    let ready = readiness::enter(&options.seat, &config.env, &places.work, terminal)?;
    let bisecting = Bisecting {
        options,
        around,
        target: &target,
        places: &places,
        conditions: &conditions,
        valgrind: valgrind.as_ref(),
        store: Store::open(&places.results),
        draft,
        watch: Stopwatch::start(),
        earlier_ms: 0,
        last_kept_s: 0.0,
    };
    ready.leave(bisecting.run(history, terminal), terminal)
}

fn find_valgrind(by: By) -> Outcome<Option<Valgrind>> {
    match (by, Valgrind::find()) {
        (By::Time, _) | (By::Auto, Err(_)) => Ok(None),
        (By::Auto | By::Instructions, Ok(valgrind)) => Ok(Some(valgrind)),
        (By::Instructions, Err(why)) => {
            Err(Failure::new(Exit::Incomplete, "`--by instructions` needs counted instructions")
                .cause(why)
                .hint("install it, or tell commits apart by time"))
        }
    }
}

fn baseline(options: &BisectOptions) -> &RevisionSpec {
    &options.sides.baseline
}

/// A bisection with all that it needs.
struct Bisecting<'a> {
    options: &'a BisectOptions,
    around: &'a Surroundings<'a>,
    target: &'a Target,
    places: &'a Places,
    conditions: &'a Conditions,
    valgrind: Option<&'a Valgrind>,
    store: Store,
    draft: Draft,
    watch: Stopwatch,
    /// Wall time of earlier starts.
    earlier_ms: u64,
    /// When the draft was written last, by the watch.
    last_kept_s: f64,
}

impl Bisecting<'_> {
    fn run(mut self, history: Between, terminal: &mut Terminal) -> Outcome<Exit> {
        if history.aside {
            terminal.say(&format!(
                "`{}` is not contained in `{}`: searching from {}, the newest commit that both have",
                self.options.sides.baseline,
                self.options.bad,
                history.good.short_id()
            ));
        }
        let ends = self.build_pair(&history.good.id, &history.bad.id, &history.bad.id, terminal)?;
        let mut record = match self.draft.read()? {
            Some(record) => self.go_on_with(record, terminal),
            None => self.begin(history, &ends)?,
        };
        let searched = self.search(&mut record, &ends, terminal);
        record.elapsed_ms = self.elapsed_ms();
        let kept = self.draft.write(&record);
        if self.around.interrupted.load(Ordering::Relaxed) {
            kept?;
            return Err(Failure::incomplete("interrupted")
                .hint("what was measured is kept; the same command line goes on from there"));
        }
        searched.and(kept)?;
        self.conclude(record, terminal)
    }

    fn begin(&self, history: Between, ends: &pair::PairBuilt) -> Outcome<BisectionRecord> {
        let environment = ends.prepared.environment(self.places)?;
        self.store.write_schema("bisection-report", &report::schema())?;
        let started_unix_ms = clock::now_unix_ms();
        Ok(BisectionRecord {
            format: BisectionRecord::FORMAT,
            id: run_id(started_unix_ms, (clock::random_seed() >> 32) as u32),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            arguments: self.options.arguments.clone(),
            started_unix_s: started_unix_ms / 1000,
            finished_unix_s: started_unix_ms / 1000,
            elapsed_ms: 0,
            good: history.good,
            bad: history.bad,
            first_parent: self.options.first_parent,
            by: match self.options.by {
                By::Auto | By::Time => Yardstick::Time,
                By::Instructions => Yardstick::Instructions,
            },
            commits: history.commits,
            environment: self.store.write_environment(&environment)?,
            placement: placement(self.conditions),
            policy: Policy::USUAL,
            confidence: self.options.confidence,
            seed: self.options.seed.unwrap_or_else(clock::random_seed),
            ends: Vec::new(),
            subject: None,
            code: Default::default(),
            measured: Vec::new(),
            skipped: Vec::new(),
            not_varied: None,
            notes: ends.prepared.notes.clone(),
        })
    }

    fn go_on_with(&mut self, mut record: BisectionRecord, terminal: &mut Terminal) -> BisectionRecord {
        terminal.say(&format!("going on with bisection {}", record.id));
        self.earlier_ms = record.elapsed_ms;
        record.confidence = self.options.confidence;
        // A commit that could not be built may build now: the disk may have been full.
        record.skipped.clear();
        record.not_varied = None;
        record
    }

    /// Everything that measures.
    fn search(
        &mut self,
        record: &mut BisectionRecord,
        ends: &pair::PairBuilt,
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        if record.subject.is_none() {
            self.compare_ends(record, ends, terminal)?;
            record.subject = bisection::strongest(record, record.by);
            if self.options.by == By::Auto {
                self.choose_yardstick(record, ends, terminal)?;
            }
            Self::note_code(record, ends);
            self.say_subject(record, terminal);
        }
        while self.watch.elapsed_s() * 1e3 < self.options.budget_ms as f64 {
            if self.around.interrupted.load(Ordering::Relaxed) {
                return Err(Failure::incomplete("interrupted"));
            }
            let Some(state) = State::of(record) else { return Ok(()) };
            if bisection::conclude(record).ending != Ending::Open {
                return Ok(());
            }
            match state.next() {
                Step::Measure(commit) => {
                    let baseline = self.baseline_of(record, commit)?;
                    self.say_step(record, &state, commit, terminal);
                    self.measure(record, Purpose::Search, &baseline, commit, terminal)?;
                }
                Step::Found(block) => {
                    let Some((after, before)) = state.check_of(&block) else { return Ok(()) };
                    let baseline =
                        before.map_or(&record.good.id, |before| &record.commits[before].id).clone();
                    let found = &record.commits[after];
                    terminal.say(&format!("measuring {} by itself", shown(found)));
                    self.measure(record, Purpose::Check, &baseline, after, terminal)?;
                }
                Step::Exhausted | Step::Contradiction => return Ok(()),
            }
        }
        Ok(())
    }

    /// Compares a commit; one that cannot be compared is skipped.
    fn measure(
        &mut self,
        record: &mut BisectionRecord,
        purpose: Purpose,
        baseline: &str,
        commit: usize,
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        if let Err(reason) = self.compare(record, purpose, baseline, commit, terminal)? {
            let commit = &record.commits[commit];
            terminal.say(&format!("skipping {}: {}", commit.short_id(), visible(&reason)));
            record.skipped.push(Skipped { commit: commit.id.clone(), reason });
        }
        record.elapsed_ms = self.elapsed_ms();
        self.draft.write(record)
    }

    /// What a commit is compared with: the good end; where it does not contain that, what both have in common, because
    /// what it lacks of the good end would count too.
    fn baseline_of(&self, record: &BisectionRecord, commit: usize) -> Outcome<String> {
        match contain_the_good_end(record)[commit] {
            true => Ok(record.good.id.clone()),
            false => self.target.common_commit(&record.good.id, &record.commits[commit].id),
        }
    }

    fn say_subject(&self, record: &BisectionRecord, terminal: &mut Terminal) {
        let conclusion = bisection::conclude(record);
        if let (Some(subject), Some(whole)) = (&record.subject, &conclusion.whole) {
            let name = format!("{}::{}", subject.suite, subject.key);
            let change = report::change(whole);
            let commits = numbers::count(record.commits.len() as u64, "commit");
            terminal
                .say(&format!("{}: {change} between both ends, {commits} to choose from", visible(&name)));
        }
    }

    fn say_step(&self, record: &BisectionRecord, state: &State, commit: usize, terminal: &mut Terminal) {
        let open = state.blocks().iter().filter(|block| block.chance > 0.01).count();
        terminal.say(&format!("{open} still likely; measuring {}", shown(&record.commits[commit])));
    }

    fn conclude(self, mut record: BisectionRecord, terminal: &mut Terminal) -> Outcome<Exit> {
        record.finished_unix_s = clock::now_unix_s();
        let conclusion = bisection::conclude(&record);
        let path = match conclusion.ending {
            Ending::Open => None,
            _ => {
                let path = self.store.write_bisection(&record)?;
                self.draft.remove()?;
                Some(path.to_string_lossy().into_owned())
            }
        };
        if let Some(file) = &self.options.trail {
            trail::write(&self.around.current_dir.join(file), &report::trail(&record, &conclusion))?;
        }
        let text = self.render(&record, &conclusion, path.as_deref(), terminal);
        terminal.result(&text)?;
        Ok(conclusion.exit())
    }

    fn render(
        &self,
        record: &BisectionRecord,
        conclusion: &Conclusion,
        path: Option<&str>,
        terminal: &Terminal,
    ) -> String {
        match self.options.format {
            Format::Text => {
                let paint = if terminal.paints_results() { Paint::Ansi } else { Paint::Plain };
                report::text(record, conclusion, path, paint)
            }
            Format::Json => report::json(record, conclusion, path),
            Format::Markdown => report::markdown(record, conclusion),
        }
    }

    fn elapsed_ms(&self) -> u64 {
        self.earlier_ms + (self.watch.elapsed_s() * 1e3) as u64
    }
}

fn shown(commit: &Commit) -> String {
    format!("{} {}", commit.short_id(), visible(&commit.summary))
}
