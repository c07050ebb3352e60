//! What a probe of a host gave, for a terminal: what the machine can do, how much it scatters, and what follows for runs.

use std::fmt::Write;

use crate::analysis::noise::{self, Noise};
use crate::analysis::readings;
use crate::model::environment::Environment;
use crate::model::policy::Policy;
use crate::model::probe::ProbeRecord;
use crate::model::{Reading, Work};
use crate::report::escape::visible;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};
use crate::report::{numbers, words};

/// Numbers of benchmarks and of epochs that the outlook is given for: what `--quick`, the default and `--thorough` allow.
pub(super) const BENCHMARKS: [usize; 3] = [1, 10, 100];
pub(super) const EPOCHS: [(usize, &str); 4] =
    [(12, ""), (24, " (--quick)"), (100, ""), (400, " (--thorough)")];

/// The whole report, with a line break at its end.
pub fn render(probe: &ProbeRecord, environment: &Environment, path: &str, paint: Paint) -> String {
    let took = probe.finished_unix_s.saturating_sub(probe.started_unix_s);
    let mut text = format!(
        "cargo rqs {}, probe {}, {}, took {}\n",
        visible(&probe.tool),
        visible(&probe.id),
        numbers::date_time(probe.started_unix_s),
        numbers::duration(took),
    );
    let facts = &environment.comparability;
    let fingerprint: String = probe.environment.chars().take(16).collect();
    let head = [
        (
            "environment",
            format!("{fingerprint}: {}, {}", visible(&facts.cpu_model), visible(&facts.virtualisation)),
        ),
        ("placement", words::placement(&probe.placement)),
        ("record", visible(path)),
    ];
    let cell = |text: &str, tone| (text.to_owned(), tone);
    let head = head.map(|(name, value)| {
        Line::Cells(vec![cell(&format!("  {name}"), Tone::Quiet), cell(&value, Tone::Normal)])
    });
    text += &table::render(&head, &[Align::Left; 2], None, paint);
    text.push('\n');
    text += &machine(&probe.readings, paint);
    let noise = noise::of_probe(probe);
    if !noise.is_empty() {
        text.push('\n');
        text += &scatter(&noise, paint);
        text.push('\n');
        text += &outlook(&noise, &Policy::default(), paint);
    }
    for note in &probe.notes {
        let _ = writeln!(text, "  {}", paint.tone(Tone::Quiet, &format!("note: {}", visible(note))));
    }
    text
}

fn machine(readings: &[Reading], paint: Paint) -> String {
    let titles = ["machine", "median", "fastest", "slowest", "over"];
    let mut lines = vec![Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec())];
    for reading in readings {
        let Some(each) = readings::per_unit(reading) else { continue };
        let over = reading.working_set_bytes.map_or_else(String::new, size);
        let values = [each.median_ns, each.least_ns, each.most_ns].map(|ns| told(reading.work, ns));
        let cells = [format!("  {}", visible(&label(&reading.name)))].into_iter().chain(values).chain([over]);
        lines.push(Line::Cells(cells.map(|cell| (cell, Tone::Normal)).collect()));
    }
    let aligns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right];
    table::render(&lines, &aligns, None, paint)
}

fn scatter(noise: &[Noise], paint: Paint) -> String {
    let titles = ["the same code against itself", "epochs", "bias", "spread of an epoch", "time of an epoch"];
    let mut lines = vec![Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec())];
    for one in noise {
        let epochs = if one.used == one.epochs {
            one.used.to_string()
        } else {
            format!("{} of {}", one.used, one.epochs)
        };
        let cells = [
            format!("  {}", visible(&one.benchmark)),
            epochs,
            numbers::change(one.mean.exp_m1()),
            spread(one.sd),
            numbers::time(one.epoch_ms * 1e6),
        ];
        lines.push(Line::Cells(cells.map(|cell| (cell, Tone::Normal)).to_vec()));
    }
    table::render(&lines, &[Align::Left, Align::Right, Align::Right, Align::Right, Align::Right], None, paint)
}

/// A spread in percent, with as many decimals in every row.
pub(super) fn spread(sd: f64) -> String {
    format!("{:.2}%", sd * 100.0)
}

/// The smallest change that nine of ten runs would find, from the calmest to the noisiest reference benchmark.
fn outlook(noise: &[Noise], policy: &Policy, paint: Paint) -> String {
    let mut titles = vec!["smallest change that nine of ten runs find".to_owned()];
    titles.extend(EPOCHS.map(|(epochs, option)| format!("{epochs} epochs{option}")));
    let mut lines = vec![Line::Cells(titles.into_iter().map(|title| (title, Tone::Quiet)).collect())];
    for benchmarks in BENCHMARKS {
        let mut cells = vec![format!("  {}", numbers::count(benchmarks as u64, "benchmark"))];
        cells.extend(EPOCHS.map(|(epochs, _)| span(noise, benchmarks, epochs, policy)));
        lines.push(Line::Cells(cells.into_iter().map(|cell| (cell, Tone::Normal)).collect()));
    }
    let aligns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right];
    let mut text = table::render(&lines, &aligns, None, paint);
    let conditions = format!(
        "  with {} chance of any false alarm in the run and a floor of {}",
        numbers::percent(policy.alpha),
        numbers::percent(policy.floor)
    );
    let _ = writeln!(text, "{}", paint.tone(Tone::Quiet, &conditions));
    text
}

fn span(noise: &[Noise], benchmarks: usize, epochs: usize, policy: &Policy) -> String {
    let alpha = policy.alpha / benchmarks as f64;
    let changes = noise.iter().filter_map(|one| noise::smallest_change(one.sd, epochs, policy, alpha));
    let (mut least, mut most) = (f64::INFINITY, 0.0f64);
    changes.for_each(|change| (least, most) = (least.min(change), most.max(change)));
    let [low, high] = [least, most].map(|change| format!("{:.2}%", change * 100.0));
    match () {
        () if !least.is_finite() => "none".to_owned(),
        () if low == high => low,
        () => format!("{low} to {high}"),
    }
}

/// One line before a long run: what it would find on this host.
pub fn foretell(outlook: &noise::Outlook, benchmarks: usize, probed_s_ago: u64) -> String {
    let [middle, widest] = [outlook.middle, outlook.widest].map(|change| format!("{:.1}%", change * 100.0));
    let changes = if middle == widest {
        format!("a change of {middle}")
    } else {
        format!("a change of {middle} ({widest} where it is noisiest)")
    };
    let age = match probed_s_ago {
        0..172_800 => numbers::duration(probed_s_ago),
        _ => numbers::count(probed_s_ago / 86_400, "day"),
    };
    format!(
        "on this host nine of ten runs find {changes} in {}, with up to {} each; probed {age} ago",
        numbers::count(benchmarks as u64, "benchmark"),
        numbers::count(outlook.epochs as u64, "epoch"),
    )
}

/// A reading's name as words.
pub(super) fn label(name: &str) -> String {
    let known = name.strip_prefix("latency_").map(|level| match level {
        "memory" => "latency of memory".to_owned(),
        level => format!("latency of {}", level.to_uppercase()),
    });
    known.unwrap_or_else(|| name.replace('_', " "))
}

/// The median of a reading as it is told.
pub(super) fn value(reading: &Reading) -> Option<String> {
    Some(told(reading.work, readings::per_unit(reading)?.median_ns))
}

/// A rate for bytes, and a time for everything else.
fn told(work: Work, ns: f64) -> String {
    if !readings::is_rate(work) {
        return numbers::time(ns);
    }
    // Bytes for a nanosecond are gigabytes for a second.
    match 1.0 / ns {
        rate if rate >= 1.0 => format!("{rate:.2} GB/s"),
        rate => format!("{:.1} MB/s", rate * 1e3),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 20 => format!("{} MiB", b >> 20),
        b => format!("{} KiB", b >> 10),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_probe_is_shown_with_what_follows_for_runs() {
        let shown =
            render(&samples::probe(0), &samples::environment(), "results/probes/x.json", Paint::Plain);
        assert_eq!(shown, include_str!("../expected/probe.txt"));
    }

    #[test]
    fn a_host_whose_noise_could_not_be_measured_gets_no_outlook() {
        let mut probe = samples::probe(0);
        probe.reference.clear();
        let shown = render(&probe, &samples::environment(), "x", Paint::Plain);
        assert!(!shown.contains("nine of ten") && shown.contains("note: latency_l3"), "{shown}");
    }

    #[test]
    fn what_a_run_would_find_is_one_line_with_the_age_of_the_probe() {
        let outlook = noise::Outlook { middle: 0.006, widest: 0.0123, epochs: 100 };
        assert_eq!(
            foretell(&outlook, 14, 7_300),
            "on this host nine of ten runs find a change of 0.6% (1.2% where it is noisiest) in 14 benchmarks, with up \
             to 100 epochs each; probed 2 h 01 min ago"
        );
        assert!(
            foretell(&outlook, 1, 900_000)
                .ends_with("in 1 benchmark, with up to 100 epochs each; probed 10 days ago")
        );
    }

    #[test]
    fn bytes_are_told_as_a_rate() {
        assert_eq!([told(Work::Bytes, 0.1), told(Work::Bytes, 5.0)], ["10.00 GB/s", "200.0 MB/s"]);
        assert_eq!(told(Work::Writes, 2_500_000.0), "2.500 ms");
    }
}
