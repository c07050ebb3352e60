//! `env bench`: measures in seconds what the machine can do and how evenly it runs, and foretells from that how small a
//! change a run can show.

use std::collections::BTreeMap;
use std::path::Path;

use rqs_harness::MeasureError;
use rqs_harness::hardware::{self, Evenness, Extent, Readings};
use rqs_harness::process::{Conditions, CoordinatorSeat};

use super::{here, write_schemas};
use crate::commands::paint;
use crate::host::clock;
use crate::host::lock::RunLock;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::environment::Environment;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::probe::ProbeRecord;
use crate::model::run_id::run_id;
use crate::model::{EpochSample, Reading, Work};
use crate::report::hosts;
use crate::trial::Surroundings;
use crate::trial::{Places, host_turn, placement};

/// Epochs of the reference benchmarks.
const EPOCHS: u32 = 32;
const QUICK_EPOCHS: u32 = 12;

/// A tool that was built without optimisation is no measure of a machine.
const UNOPTIMISED: &str = "warning: this build of cargo-rqs is not optimised: what it measured of the processor and the \
                           memory tells nothing; build it with `--release`";

/// What `env bench` was asked to do.
#[derive(Clone, Debug)]
pub struct ProbeOptions {
    /// Whether less is measured.
    pub quick: bool,
    /// Whether the probe is recorded.
    pub store: bool,
    /// Seed of all coins.
    pub seed: Option<u64>,
    /// Cores to measure on; empty for none in particular.
    pub cpus: Option<Vec<u32>>,
    /// The toolchain, if not the active one.
    pub toolchain: Option<String>,
    /// Whether JSON is printed instead of text.
    pub json: bool,
}

/// Probes the host, records what was found with its environment, and prints it.
///
/// # Errors
/// When there is no package here, nothing can be measured, or the record cannot be written.
pub fn run(options: &ProbeOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let conditions = Conditions::granted(options.cpus.as_deref())
        .map_err(|what| Failure::usage(what).hint("name allowed cores with `--cpu`, or `--cpu none`"))?;
    let found = here(options.toolchain.as_deref(), around)?;
    let places = found.places.ok_or_else(no_package)?;
    let _lock = RunLock::acquire(&places.work)?;
    let _turn = host_turn(around, terminal)?;
    let started_unix_ms = clock::now_unix_ms();
    let seed = options.seed.unwrap_or_else(clock::random_seed);
    let taken = measure(options.quick, seed, &conditions, &places, around, terminal)?;
    terminal.clear_status();
    let mut notes = taken.machine.left_out;
    if cfg!(debug_assertions) {
        terminal.say(UNOPTIMISED);
        notes.push(UNOPTIMISED.to_owned());
    }
    let environment = found.environment;
    let probe = ProbeRecord {
        format: ProbeRecord::FORMAT,
        id: run_id(started_unix_ms, (clock::random_seed() >> 32) as u32),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        started_unix_s: started_unix_ms / 1000,
        finished_unix_s: clock::now_unix_s(),
        environment: environment.fingerprint(),
        placement: placement(&conditions),
        seed,
        quick: options.quick,
        notes,
        readings: taken.machine.readings,
        reference: taken.reference,
        reference_cost_us: taken.reference_cost_us,
    };
    let path = match options.store {
        true => record(&probe, &environment, &places.results)?,
        false => "not recorded".to_owned(),
    };
    terminal.result(&match options.json {
        true => hosts::json::probe(&probe, &path),
        false => hosts::probe::render(&probe, &environment, &path, paint(terminal)),
    })?;
    Ok(Exit::Clean)
}

fn no_package() -> Failure {
    Failure::usage("there is no package here whose target directory could be measured in")
        .hint("run it inside the package that is to be benchmarked on this host")
}

/// The environment first: a probe without one would point at nothing.
fn record(probe: &ProbeRecord, environment: &Environment, results: &Path) -> Outcome<String> {
    let store = Store::open(results);
    store.write_environment(environment)?;
    write_schemas(&store)?;
    Ok(store.write_probe(probe)?.to_string_lossy().into_owned())
}

/// Everything that was measured.
struct Taken {
    machine: Readings,
    reference: BTreeMap<String, Vec<EpochSample>>,
    reference_cost_us: BTreeMap<String, u64>,
}

fn measure(
    quick: bool,
    seed: u64,
    conditions: &Conditions,
    places: &Places,
    around: &Surroundings<'_>,
    terminal: &mut Terminal,
) -> Outcome<Taken> {
    let scratch = places.work.join("scratch");
    let (extent, epochs) = if quick { (Extent::QUICK, QUICK_EPOCHS) } else { (Extent::USUAL, EPOCHS) };
    let _seat = CoordinatorSeat::take(conditions);
    let mut machine = hardware::readings(extent, conditions, &scratch, around.interrupted, &mut |what| {
        terminal.status(&format!("measuring {what}"));
    })
    .map_err(impossible)?;
    let mut step = |number: u32| {
        terminal.status(&format!("measuring the same code against itself: epoch {} of {epochs}", number + 1));
    };
    let evenness = match hardware::evenness(epochs, seed, conditions, &scratch, around.interrupted, &mut step)
    {
        Ok(evenness) => evenness,
        Err(error @ MeasureError::Interrupted) => return Err(impossible(error)),
        // The machine's own numbers are worth keeping without it.
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|it| format!(": {it}")).unwrap_or_default();
            machine.left_out.push(format!("noise: {error}{cause}"));
            Vec::new()
        }
    };
    machine.readings.extend(handovers(&evenness));
    let reference_cost_us =
        evenness.iter().map(|one| (one.benchmark.clone(), one.cost_us.iter().sum())).collect();
    let reference = evenness.into_iter().map(|one| (one.benchmark, one.epochs)).collect();
    Ok(Taken { machine, reference, reference_cost_us })
}

fn impossible(error: MeasureError) -> Failure {
    match error {
        MeasureError::Interrupted => Failure::incomplete("interrupted")
            .cause("nothing is recorded of a probe that did not end")
            .hint("the same command starts again"),
        error => Failure::incomplete("cannot measure on this host").because(error),
    }
}

/// What handing the turn over took, one value for each epoch.
fn handovers(evenness: &[Evenness]) -> Option<Reading> {
    let all = evenness.iter().flat_map(|one| &one.epochs).map(|epoch| epoch.handover_ns);
    let elapsed_ns: Vec<u64> = all.filter(|&ns| ns > 0).collect();
    (!elapsed_ns.is_empty()).then(|| Reading {
        name: "handover".to_owned(),
        work: Work::Handovers,
        amount: 1,
        working_set_bytes: None,
        elapsed_ns,
    })
}
