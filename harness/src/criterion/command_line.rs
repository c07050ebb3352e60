//! The arguments of a Criterion executable for each thing that we ask of it.

use crate::contract::BenchmarkKey;

/// Samples of a benchmark that is only looked at, the fewest that Criterion takes.
pub const FEWEST_SAMPLES: u64 = 10;
/// Samples without the probe.
pub const PLAIN_SAMPLES: u64 = 20;

/// Samples per benchmark and process, unless its own code sets another number: short turns follow each other more
/// closely, but a benchmark that takes long for one iteration has to make do with fewer.
pub fn samples_for(mean_ns: f64) -> u64 {
    match mean_ns {
        ..200_000.0 => 100,
        ..1_000_000.0 => 50,
        ..5_000_000.0 => 20,
        _ => FEWEST_SAMPLES,
    }
}

/// The times on a command line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Warm-up time in seconds.
    pub warm_up_s: f64,
    /// Measurement time in seconds.
    pub measurement_s: f64,
}

/// Under the probe: so long that only the pretended warm-up ever ends, and in a ratio that lets a warm-up a tenth as
/// long as the measurement pretend to be long enough. Whole seconds, because 0.3 reads no others.
pub const PRETENDED: Times = Times { warm_up_s: 100.0, measurement_s: 1000.0 };
/// Without the probe, for Criterion 0.3.
pub const WHOLE_SECONDS: Times = Times { warm_up_s: 1.0, measurement_s: 1.0 };
/// Without the probe, from Criterion 0.4 on.
pub const SHORT: Times = Times { warm_up_s: 0.1, measurement_s: 0.2 };

/// A pattern that no id matches: the text must begin after its end.
const MATCHES_NOTHING: &str = "$^rqs";

/// Lists: everything is skipped, and the socket tells the ids.
pub fn listing() -> Vec<String> {
    vec!["--bench".into(), MATCHES_NOTHING.into()]
}

/// Measures some benchmarks with the given times; Criterion's own analysis is kept short.
pub fn measuring(keys: &[BenchmarkKey], times: Times, samples: u64) -> Vec<String> {
    let options = [
        ("--sample-size", samples.to_string()),
        ("--warm-up-time", times.warm_up_s.to_string()),
        ("--measurement-time", times.measurement_s.to_string()),
        ("--nresamples", 2.to_string()),
    ];
    let mut arguments = vec!["--bench".to_owned(), filter(keys)];
    arguments.extend(options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]));
    arguments
}

/// Runs one benchmark under the suite's own profiler for some seconds, at least one.
pub fn profiling(key: &BenchmarkKey, seconds: u64) -> Vec<String> {
    let seconds = seconds.max(1).to_string();
    vec!["--bench".into(), filter(std::slice::from_ref(key)), "--profile-time".into(), seconds]
}

/// A regular expression that matches exactly these ids.
fn filter(keys: &[BenchmarkKey]) -> String {
    let ids: Vec<String> = keys.iter().map(|key| escape(&key.id)).collect();
    format!("^(?:{})$", ids.join("|"))
}

/// Escapes the characters that mean something in a regular expression of the `regex` crate, any version.
fn escape(id: &str) -> String {
    let mut escaped = String::with_capacity(id.len() + 8);
    for character in id.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_matched_whole_and_literally() {
        let keys = ["u64[0]/itoa", "a|b (c)"].map(|id| BenchmarkKey { id: id.into(), occurrence: 0 });
        assert_eq!(filter(&keys), r"^(?:u64\[0\]/itoa|a\|b \(c\))$");
    }
}
