//! The benchmark executable that the harness carries with it: a few fixed kernels, run as a Criterion executable would run
//! them, so that the very machinery that measures suites can measure how evenly a host runs; and, with `--load`, work that
//! disturbs them. It depends on nothing, because the harness's build compiles it with a bare compiler.

mod kernels;
mod load;
mod protocol;

use std::io;
use std::time::{Duration, Instant};

use protocol::Runner;

/// What the command line asks for, in Criterion's words.
#[derive(Debug, PartialEq)]
struct Asked {
    ids: Vec<String>,
    samples: u64,
    warm_up: Duration,
    measurement: Duration,
}

fn main() -> io::Result<()> {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    if let [option, name, seed] = &typed[..]
        && option == "--load"
    {
        return load::run(name, seed);
    }
    let asked = asked(typed.into_iter())?;
    let mut runner = Runner::connect()?;
    for (id, mut kernel) in kernels::all().into_iter().filter(|(id, _)| asked.ids.iter().any(|it| it == id)) {
        measure(&mut runner, id, &mut *kernel, &asked)?;
    }
    Ok(())
}

/// Reads `--bench FILTER --sample-size N --warm-up-time S --measurement-time S`; other options are for Criterion's own
/// analysis.
fn asked(arguments: impl Iterator<Item = String>) -> io::Result<Asked> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
    let arguments: Vec<String> = arguments.collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)).ok_or_else(|| invalid(name))
    };
    let seconds = |name: &str| {
        let seconds: f64 = value(name)?.parse().map_err(|_| invalid(name))?;
        Duration::try_from_secs_f64(seconds).map_err(|_| invalid(name))
    };
    let filter = value("--bench")?;
    let inner = filter.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$"));
    Ok(Asked {
        ids: inner.unwrap_or(filter).split('|').map(str::to_owned).collect(),
        samples: value("--sample-size")?.parse().map_err(|_| invalid("--sample-size"))?,
        warm_up: seconds("--warm-up-time")?,
        measurement: seconds("--measurement-time")?,
    })
}

fn measure(runner: &mut Runner, id: &str, kernel: &mut dyn FnMut(), asked: &Asked) -> io::Result<()> {
    runner.warm_up_begins(id, asked.warm_up)?;
    let mean_ns = warm_up(kernel, asked.warm_up);
    let iterations = iterations(asked, mean_ns);
    runner.measurement_begins(id, &iterations, mean_ns)?;
    let times: Vec<u64> = iterations.iter().map(|&count| sample(kernel, count).as_nanos() as u64).collect();
    runner.measurement_is_over(id, &iterations, &times, asked.measurement)?;
    runner.group_is_over(id)
}

/// Doubles the iterations until the time has passed, and gives the mean time of one in nanoseconds.
fn warm_up(kernel: &mut dyn FnMut(), least: Duration) -> f64 {
    let (mut elapsed, mut iterations, mut next) = (Duration::ZERO, 0u64, 1u64);
    loop {
        elapsed += sample(kernel, next);
        iterations += next;
        if elapsed > least {
            return elapsed.as_nanos() as f64 / iterations as f64;
        }
        next *= 2;
    }
}

/// One timed region. Its two clock reads are all that tells where it begins and ends, so it must stay one function.
#[inline(never)]
#[expect(clippy::disallowed_methods, reason = "this program is a benchmark, and times as benchmarks do")]
fn sample(kernel: &mut dyn FnMut(), iterations: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        kernel();
    }
    let end = Instant::now();
    end.duration_since(start)
}

/// Criterion's rule: d, 2d, 3d, ... iterations, or equal ones where that would take more than twice the time.
fn iterations(asked: &Asked, mean_ns: f64) -> Vec<u64> {
    let n = asked.samples;
    let triangle = (n * (n + 1) / 2) as f64;
    let wanted_ns = asked.measurement.as_nanos() as f64;
    let step = (wanted_ns / mean_ns / triangle).ceil() as u64;
    if triangle * step as f64 * mean_ns > 2.0 * wanted_ns {
        let each = (wanted_ns / n as f64 / mean_ns).ceil() as u64;
        return vec![each.max(1); n as usize];
    }
    (1..=n).map(|k| k * step.max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> impl Iterator<Item = String> {
        text.split(' ').map(str::to_owned).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn criterions_command_line_is_understood() {
        let typed = "--bench ^(?:arithmetic|memory)$ --sample-size 100 --warm-up-time 100 --measurement-time 1000 \
                     --nresamples 2";
        let asked = asked(line(typed)).unwrap();
        assert_eq!(asked.ids, ["arithmetic", "memory"]);
        assert_eq!((asked.samples, asked.warm_up.as_secs(), asked.measurement.as_secs()), (100, 100, 1000));
    }

    #[test]
    fn a_command_line_without_a_needed_option_is_an_error() {
        assert!(asked(line("--bench x --sample-size ten")).is_err());
        assert!(asked(line("--sample-size 10")).is_err());
    }

    #[test]
    fn iterations_rise_and_become_flat_where_rising_would_take_too_long() {
        let asked = Asked {
            ids: Vec::new(),
            samples: 10,
            warm_up: Duration::from_secs(1),
            measurement: Duration::from_secs(1),
        };
        assert_eq!(iterations(&asked, 1e9 / 55.0 / 1.5)[..3], [2, 4, 6]);
        assert_eq!(iterations(&asked, 1e9 / 10.0), [1; 10]);
    }
}
