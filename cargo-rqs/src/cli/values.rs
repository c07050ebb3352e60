//! Values that need reading: durations, days and cores.

use crate::model::Counter;
use crate::model::date::{self, Days};

/// Cores that were named; none: no core in particular.
#[derive(Clone, Debug)]
pub(super) struct CpuChoice(pub(super) Vec<u32>);

/// What is to be counted.
#[derive(Clone, Debug)]
pub(super) struct CounterChoice {
    /// The counters; none: nothing is counted.
    pub(super) counters: Vec<Counter>,
    /// Whether they were asked for, and are not the default.
    pub(super) by_name: bool,
}

/// `default`, `all`, `none`, or names of counters with commas between.
pub(super) fn parse_counters(text: &str) -> Result<CounterChoice, String> {
    let named = |name: &str| {
        let found = Counter::ALL.into_iter().find(|counter| counter.name() == name.trim().replace('_', "-"));
        found.ok_or_else(|| {
            let names: Vec<&str> = Counter::ALL.iter().map(|counter| counter.name()).collect();
            format!("there is no counter `{name}`; there are {}", names.join(", "))
        })
    };
    let mut counters = match text {
        "default" => Counter::DEFAULT.to_vec(),
        "all" => Counter::ALL.to_vec(),
        "none" => Vec::new(),
        names => names.split(',').map(named).collect::<Result<_, _>>()?,
    };
    counters.sort_unstable();
    counters.dedup();
    Ok(CounterChoice { counters, by_name: text != "default" })
}

/// `90`, `90s`, `500ms`, `5m`, `1h` in milliseconds.
pub(super) fn parse_duration_ms(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
    let unit_ms = match &text[digits..] {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        unit => return Err(format!("`{unit}` is no unit of time; use `ms`, `s`, `m` or `h`")),
    };
    let ms = number * unit_ms;
    if (1.0..1e12).contains(&ms) { Ok(ms as u64) } else { Err(format!("`{text}` is out of range")) }
}

/// `0.1` or `0.1%` as a fraction.
pub(super) fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    match number.parse::<f64>() {
        Ok(percent) if (0.0..1e6).contains(&percent) => Ok(percent / 100.0),
        Ok(_) => Err(format!("`{text}` is out of range")),
        Err(_) => Err(format!("`{text}` is no percentage")),
    }
}

/// `none`, or numbers and ranges with commas between.
pub(super) fn parse_cpus(text: &str) -> Result<CpuChoice, String> {
    if text == "none" {
        return Ok(CpuChoice(Vec::new()));
    }
    let mut cpus = Vec::new();
    for part in text.split(',') {
        let number = |text: &str| text.parse::<u32>().map_err(|_| format!("`{text}` is no core number"));
        match part.split_once('-') {
            Some((first, last)) => cpus.extend(number(first)?..=number(last)?.min(number(first)? + 4096)),
            None => cpus.push(number(part)?),
        }
    }
    cpus.sort_unstable();
    cpus.dedup();
    if cpus.is_empty() { Err(format!("`{text}` names no core")) } else { Ok(CpuChoice(cpus)) }
}

/// Days, as they are typed.
#[derive(Debug, clap::Args)]
pub struct DaysTyped {
    /// Only runs from this day on, as 2027-01-31.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    since: Option<u64>,
    /// Only runs up to this day.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    until: Option<u64>,
}

impl DaysTyped {
    /// The days.
    pub fn into_days(self) -> Days {
        Days::of_ends(self.since, self.until)
    }
}

/// The last second of a day.
fn parse_day(text: &str) -> Result<u64, String> {
    date::end_of_day(text).ok_or_else(|| "it is no day; write it as 2027-01-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_by_name_in_any_order_once_each() {
        assert_eq!(
            parse_counters("cycles,instructions,cycles").unwrap().counters,
            [Counter::Instructions, Counter::Cycles]
        );
        assert_eq!(
            parse_counters("branch_misses, task-clock").unwrap().counters,
            [Counter::BranchMisses, Counter::TaskClockNs]
        );
        assert_eq!(parse_counters("all").unwrap().counters, Counter::ALL);
        assert_eq!(parse_counters("default").unwrap().counters, Counter::DEFAULT);
        assert!(parse_counters("all").unwrap().by_name && !parse_counters("default").unwrap().by_name);
        assert!(parse_counters("none").unwrap().counters.is_empty());
        assert!(parse_counters("cycles,moons").unwrap_err().contains("`moons`"));
        assert!(parse_counters("").is_err());
    }

    #[test]
    fn durations_and_cores_are_read_in_every_spelling() {
        assert_eq!(parse_duration_ms("90"), Ok(90_000));
        assert_eq!(parse_duration_ms("1.5m"), Ok(90_000));
        assert_eq!(parse_duration_ms("250ms"), Ok(250));
        assert!(parse_duration_ms("5 parsecs").is_err());
        assert!(parse_duration_ms("0").is_err());
        assert_eq!(
            [parse_percent("0.1"), parse_percent("0.1%"), parse_percent("10 %")],
            [Ok(0.001), Ok(0.001), Ok(0.1)]
        );
        assert!(parse_percent("-1").is_err() && parse_percent("x").is_err() && parse_percent("NaN").is_err());
        assert_eq!(parse_cpus("3,1-2").unwrap().0, [1, 2, 3]);
        assert!(parse_cpus("none").unwrap().0.is_empty());
        assert!(parse_cpus("5-2").is_err());
        assert!(parse_cpus("x").is_err());
    }
}
