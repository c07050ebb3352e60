//! Time of a clock call without and with the probe, and the share of a turn that handing over takes.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use acceptance::outcomes::Outcomes;
use acceptance::statistics::{median, quantile};
use acceptance::{Outcome, processes, repository, root, tool};

/// The command by which this program starts itself.
pub const CHILD: &str = "clock-reads";
const READS: u32 = 2_000_000;
const ROUNDS: u32 = 15;

/// Prints the nanoseconds that one clock read takes here.
pub fn print_nanoseconds_per_clock_read() -> Outcome<()> {
    let start = Instant::now();
    for _ in 0..READS {
        black_box(Instant::now());
    }
    println!("{}", start.elapsed().as_nanos() as f64 / f64::from(READS));
    Ok(())
}

/// Measures both costs.
pub fn run() -> Outcome<()> {
    let mut outcomes =
        Outcomes::open("acceptance", "cost", json!({ "reads": READS, "rounds": ROUNDS }), false)?;
    let (plain, hooked) = clock_reads(&mut outcomes)?;
    let handovers = handovers(&mut outcomes)?;
    if handovers.is_empty() {
        return Err("the record tells of no turns; is the probe supported here?".into());
    }
    let shares: Vec<f64> = handovers.iter().map(|handover| handover.share()).collect();
    let times: Vec<f64> = handovers.iter().map(|handover| handover.handover_ns).collect();
    let summary = json!({
        "clock_read_ns": { "without_probe": median(&plain), "with_probe": median(&hooked) },
        "handover_ns": { "median": median(&times), "percentile_95": quantile(&times, 0.95) },
        "handover_share_of_turn": { "median": median(&shares), "percentile_95": quantile(&shares, 0.95) },
    });
    println!("\nclock read        {:.1} ns, under the probe {:.1} ns", median(&plain), median(&hooked));
    println!(
        "handing over      {:.1} µs (95th percentile {:.1} µs)",
        median(&times) / 1e3,
        quantile(&times, 0.95) / 1e3
    );
    println!(
        "share of a turn   {:.1}% (95th percentile {:.1}%)",
        median(&shares) * 100.0,
        quantile(&shares, 0.95) * 100.0
    );
    outcomes.conclude(summary)
}

/// Nanoseconds per clock read, without and with the probe loaded, in alternation.
fn clock_reads(outcomes: &mut Outcomes) -> Outcome<(Vec<f64>, Vec<f64>)> {
    let probe = root().join("target/acceptance/rqs_probe.so");
    std::fs::create_dir_all(root().join("target/acceptance"))
        .and_then(|()| std::fs::write(&probe, rqs_harness::PROBE))
        .map_err(|error| format!("cannot write `{}`: {error}", probe.display()))?;
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let read = |preload: &str| -> Outcome<f64> {
        let text = processes::text(Command::new(&own).arg(CHILD).env("LD_PRELOAD", preload))?;
        text.parse().map_err(|_| format!("`{text}` is no number"))
    };
    let (mut plain, mut hooked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(read("")?);
        hooked.push(read(&probe.to_string_lossy())?);
    }
    outcomes.push(json!({ "clock_read_ns_without_probe": plain, "clock_read_ns_with_probe": hooked }))?;
    Ok((plain, hooked))
}

/// One benchmark in one epoch.
struct Handover {
    handover_ns: f64,
    turn_ns: f64,
}

impl Handover {
    fn share(&self) -> f64 {
        self.handover_ns / (self.handover_ns + self.turn_ns)
    }
}

/// What the record of one run over all kernels tells.
fn handovers(outcomes: &mut Outcomes) -> Outcome<Vec<Handover>> {
    let dir = repository::make("kernels", 50, None)?;
    let sides = ["--baseline", repository::BASELINE, "--candidate", repository::MORE];
    println!("building both sides");
    tool::build(&dir, &sides)?;
    let run = tool::bench(&dir, &[&sides[..], &["--seed", "1"]].concat())?;
    let record = run.record(&dir)?;
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let mut handovers = Vec::new();
    for benchmark in list(&record, "suites").iter().flat_map(|suite| list(suite, "benchmarks")) {
        for epoch in list(&benchmark, "epochs") {
            let turns = ["baseline_ns", "candidate_ns"].map(|column| list(&epoch["blocks"], column)).concat();
            let turns: Vec<f64> = turns.iter().filter_map(Value::as_f64).collect();
            let handover_ns = epoch["handover_ns"].as_f64().unwrap_or_default();
            if handover_ns > 0.0 && !turns.is_empty() {
                let turn_ns = median(&turns);
                outcomes.push(
                    json!({ "id": benchmark["id"], "handover_ns": handover_ns, "median_turn_ns": turn_ns }),
                )?;
                handovers.push(Handover { handover_ns, turn_ns });
            }
        }
    }
    Ok(handovers)
}
