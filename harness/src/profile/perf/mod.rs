//! The engine that samples with perf events of the kernel, opened by ourselves: a timer of the kernel suffices, so it
//! needs no hardware counters.

mod event;
mod records;
mod ring;
mod sampler;
mod unwind;

use std::collections::HashMap;

pub use event::Trigger;

use self::sampler::{Recording, Sampler};
use self::unwind::Unwinder;
use super::escort::{self, Companion, Until};
use super::mappings::{Mapping, read_maps};
use super::roots::rooted;
use super::symbols::Symbols;
use super::{Assignment, ProfileError, Stacks, WeightedStack, Work};
use crate::conductor::stage::system;
use crate::contract::ByRole;
use crate::criterion::command_line::{self, FEWEST_SAMPLES, Times};
use crate::criterion::message::Measured;
use crate::kernel;

/// Stands for everything that the kernel did on the program's behalf.
const KERNEL: &str = "[kernel]";
/// Stands for an address of which nothing is known.
const UNKNOWN: &str = "[unknown]";
/// A pass ends after so many times the time that was asked for: the benchmark's own code may ask for minutes.
const PATIENCE: f64 = 3.0;

/// What samples come due by here.
///
/// # Errors
/// In words: why there is none, and what would help.
pub fn available() -> Result<Trigger, String> {
    event::best().map(|(trigger, _)| trigger)
}

/// Both executables of a benchmark, in short passes A B B A.
///
/// # Errors
/// When the events cannot be opened, or a side does not run the benchmark.
pub fn profile_pair(sides: ByRole<Assignment<'_>>) -> Result<ByRole<Stacks>, ProfileError> {
    let half = sides.map(|side| Assignment { seconds: side.seconds / 2.0, ..side });
    let mut symbols = ByRole::new(Symbols::default(), Symbols::default());
    let mut baseline = profile(&half.baseline, &mut symbols.baseline)?;
    let mut candidate = profile(&half.candidate, &mut symbols.candidate)?;
    candidate.join(profile(&half.candidate, &mut symbols.candidate)?);
    baseline.join(profile(&half.baseline, &mut symbols.baseline)?);
    Ok(ByRole::new(baseline, candidate))
}

/// Samples one benchmark while its own harness measures it.
fn profile(assignment: &Assignment<'_>, symbols: &mut Symbols) -> Result<Stacks, ProfileError> {
    let how = event::best().map_err(ProfileError::Unavailable)?;
    let cpus = match &assignment.conditions.bench_cpus[..] {
        [] => system(kernel::allowed_cpus(), || "cannot read the allowed cores".into())?,
        pinned => pinned.to_vec(),
    };
    let old = assignment.version.is_none_or(|[major, minor, _]| (major, minor) < (0, 4));
    let times = times(assignment.seconds, old);
    let key = std::slice::from_ref(assignment.key);
    let arguments = command_line::measuring(key, times, FEWEST_SAMPLES);
    let most_ns = ((times.warm_up_s + times.measurement_s) * PATIENCE * 1e9) as u64;
    let mut watch =
        Watch { how, cpus, sampler: None, pid: 0, begin_ns: u64::MAX, end_ns: 0, maps: Vec::new() };
    let measured = escort::run(
        assignment,
        assignment.conditions,
        assignment.executable,
        &arguments,
        Until::Measured { most_ns },
        &mut watch,
    )?;
    let mut recording = watch.sampler.take().map(Sampler::finish).unwrap_or_default();
    recording.mappings.append(&mut watch.maps);
    let window = watch.begin_ns..watch.end_ns;
    recording.samples.retain(|sample| sample.pid == watch.pid && window.contains(&sample.time_ns));
    let mut stacks = rooted(named(&recording, watch.pid, symbols));
    stacks.lost = recording.lost;
    stacks.work = measured.as_ref().and_then(usual_work);
    Ok(stacks)
}

/// The iterations of all samples, and what they take at the median pace of a sample: one that was held up counts no more
/// than another.
fn usual_work(measured: &Measured) -> Option<Work> {
    let samples =
        measured.iterations.iter().zip(&measured.elapsed_ns).filter(|(iterations, _)| **iterations > 0);
    let mut paces: Vec<f64> = samples.map(|(iterations, ns)| *ns as f64 / *iterations as f64).collect();
    paces.sort_by(f64::total_cmp);
    let iterations: u64 = measured.iterations.iter().sum();
    let median = paces.get(paces.len() / 2)?;
    Some(Work { iterations, amount: (median * iterations as f64) as u64 })
}

/// A short warm-up and a long measurement; Criterion 0.3 reads whole seconds only.
fn times(seconds: f64, old: bool) -> Times {
    if old {
        return Times { warm_up_s: 1.0, measurement_s: (seconds - 1.0).ceil().max(1.0) };
    }
    let warm_up_s = (seconds * 0.2).clamp(0.05, 0.5);
    Times { warm_up_s, measurement_s: (seconds - warm_up_s).max(0.1) }
}

/// Samples the process from its start, and remembers when the benchmark ran.
struct Watch {
    how: (Trigger, bool),
    cpus: Vec<u32>,
    sampler: Option<Sampler>,
    pid: u32,
    begin_ns: u64,
    end_ns: u64,
    maps: Vec<Mapping>,
}

impl Companion for Watch {
    fn started(&mut self, pid: u32) -> Result<(), ProfileError> {
        self.pid = pid;
        self.sampler = Some(Sampler::start(self.how, pid, &self.cpus)?);
        Ok(())
    }

    fn benchmark_begins(&mut self, now_ns: u64) {
        self.begin_ns = now_ns;
    }

    fn benchmark_ends(&mut self, now_ns: u64) {
        self.end_ns = now_ns;
        self.maps = read_maps(self.pid);
    }
}

/// The stacks of a recording with names, the outermost first.
fn named(recording: &Recording, pid: u32, symbols: &mut Symbols) -> Vec<WeightedStack> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for mapping in recording.mappings.iter().filter(|mapping| mapping.pid == pid) {
        // A later mapping at the same place has replaced the earlier one.
        mappings.retain(|known| known.address != mapping.address);
        mappings.push(mapping.clone());
    }
    let mut unwinder = Unwinder::new(&mappings);
    let mut counts: HashMap<(Vec<u64>, bool), u64> = HashMap::new();
    for sample in &recording.samples {
        *counts.entry((unwinder.addresses(sample), sample.in_kernel)).or_default() += 1;
    }
    let name = |((addresses, in_kernel), weight): ((Vec<u64>, bool), u64)| {
        let mut frames: Vec<String> =
            addresses.iter().rev().flat_map(|address| frames_at(*address, &mappings, symbols)).collect();
        frames.extend(in_kernel.then(|| KERNEL.to_owned()));
        WeightedStack { frames, weight }
    };
    counts.into_iter().map(name).collect()
}

fn frames_at(address: u64, mappings: &[Mapping], symbols: &mut Symbols) -> Vec<String> {
    let holds = |mapping: &&Mapping| address.checked_sub(mapping.address).is_some_and(|at| at < mapping.len);
    let Some(mapping) = mappings.iter().find(holds) else { return vec![UNKNOWN.into()] };
    let file_offset = address - mapping.address + mapping.file_offset;
    let in_file = symbols.address_in_file(&mapping.path, file_offset);
    symbols.frames(&mapping.path, in_file.unwrap_or(file_offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_get_whole_seconds() {
        assert_eq!(times(1.0, true), Times { warm_up_s: 1.0, measurement_s: 1.0 });
        assert_eq!(times(1.0, false), Times { warm_up_s: 0.2, measurement_s: 0.8 });
    }

    #[test]
    fn a_sample_that_was_held_up_does_not_count_more_than_another() {
        let measured = Measured {
            id: "a".into(),
            iterations: vec![10, 20, 30],
            elapsed_ns: vec![100, 200, 90_000],
            flat: false,
            measurement_ns: 1e9,
        };
        assert_eq!(usual_work(&measured), Some(Work { iterations: 60, amount: 600 }));
    }

    #[test]
    fn a_process_can_be_sampled_where_events_are_permitted() {
        let Ok(how) = event::best() else { return };
        let mut spinning = std::process::Command::new("sh");
        let mut spinning = spinning.args(["-c", "while :; do :; done"]).spawn().unwrap();
        let pid = spinning.id();
        let sampler = Sampler::start(how, pid, &kernel::allowed_cpus().unwrap()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(700));
        spinning.kill().unwrap();
        spinning.wait().unwrap();
        let recording = sampler.finish();
        let stacks = named(&recording, pid, &mut Symbols::default());
        let of_shell =
            |stack: &&WeightedStack| stack.frames.iter().any(|frame| frame != KERNEL && frame != UNKNOWN);
        assert!(
            stacks.iter().filter(of_shell).count() > 0,
            "{} samples: {stacks:?}",
            recording.samples.len()
        );
    }
}
