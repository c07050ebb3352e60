//! What is known of a host's false alarms, in one line before a run.

use super::counted;
use super::small_percent;
use crate::analysis::calibration::rate::CONFIDENCE;
use crate::analysis::calibration::{self, HostRate};
use crate::model::calibration::CalibrationRecord;
use crate::report::escape::visible;
use crate::report::numbers;

/// What is known of this host.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// It was calibrated, in this environment and with this tool.
    Rate(HostRate),
    /// The newest calibration is by a version of the tool that may measure or judge in another way.
    OtherTool(String),
    /// The newest calibration was made in another environment.
    OtherEnvironment,
    /// There is none.
    Nothing,
}

impl Known {
    /// What calibrations, newest first, tell of an environment and a version of the tool.
    pub fn of(records: &[CalibrationRecord], environment: &str, tool: &str) -> Known {
        let alike = |record: &&CalibrationRecord| calibration::same_minor_version(&record.tool, tool);
        let here: Vec<&CalibrationRecord> =
            records.iter().filter(|record| record.environment == environment).collect();
        match calibration::host_rate(here.iter().copied().filter(alike)) {
            Some(rate) => Known::Rate(rate),
            None => match here.iter().find(|record| !alike(record)) {
                Some(record) => Known::OtherTool(record.tool.clone()),
                None if records.iter().any(|record| record.environment != environment) => {
                    Known::OtherEnvironment
                }
                None => Known::Nothing,
            },
        }
    }
}

/// The line, at some moment in seconds since 1970.
pub fn line(known: &Known, now_unix_s: u64) -> String {
    const HOW: &str = "`cargo rqs calibrate` measures it";
    match known {
        Known::Rate(rate) => {
            let age_s = now_unix_s.saturating_sub(rate.newest_unix_s);
            format!(
                "calibrated {} ago: {} on the same code (at most {} with {} confidence)",
                age(age_s),
                counted(&rate.alarms),
                small_percent(rate.alarms.upper),
                numbers::percent(CONFIDENCE)
            )
        }
        Known::OtherTool(version) => format!(
            "the rate of false alarms here was calibrated with cargo rqs {} only; {HOW} anew",
            visible(version)
        ),
        Known::OtherEnvironment => {
            format!("the rate of false alarms was calibrated in another environment only; {HOW} here")
        }
        Known::Nothing => format!("the rate of false alarms on this host is not calibrated; {HOW}"),
    }
}

fn age(seconds: u64) -> String {
    match seconds {
        0..172_800 => numbers::duration(seconds),
        _ => numbers::count(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::calibration::rate::Rate;

    #[test]
    fn only_calibrations_of_this_environment_and_minor_version_count() {
        let here = super::super::samples::known_changes(1);
        let elsewhere = CalibrationRecord { environment: "cd".repeat(32), ..here.clone() };
        let older = CalibrationRecord { tool: "0.0.9".to_owned(), ..here.clone() };
        let of = |records: &[&CalibrationRecord]| {
            let records: Vec<_> = records.iter().map(|record| (*record).clone()).collect();
            Known::of(&records, &"ab".repeat(32), "0.1.3")
        };
        assert_eq!(of(&[]), Known::Nothing);
        assert_eq!(of(&[&elsewhere]), Known::OtherEnvironment);
        assert_eq!(of(&[&elsewhere, &older]), Known::OtherTool("0.0.9".to_owned()));
        let Known::Rate(one) = of(&[&older, &here]) else { panic!() };
        let Known::Rate(both) = of(&[&here, &elsewhere, &here]) else { panic!() };
        assert_eq!((one.alarms.tries * 2, one.alarms.events * 2), (both.alarms.tries, both.alarms.events));
    }

    #[test]
    fn what_is_known_is_one_line() {
        let rate = Known::Rate(HostRate { alarms: Rate::of(0, 3120), newest_unix_s: 1_000_000 });
        assert_eq!(
            line(&rate, 1_007_300),
            "calibrated 2 h 01 min ago: 0 false alarms in 3,120 verdicts on the same code (at most 0.096% with 95% \
             confidence)"
        );
        assert!(line(&rate, 1_000_000 + 10 * 86_400).starts_with("calibrated 10 days ago: "));
        let other = line(&Known::OtherTool("\x1b[2J0.0.9".to_owned()), 0);
        assert!(other.contains("0.0.9 only") && !other.contains('\x1b'), "{other}");
        for known in [Known::OtherEnvironment, Known::Nothing] {
            let line = line(&known, 0);
            assert!(line.contains("`cargo rqs calibrate`") && !line.contains('\n'), "{line}");
        }
    }
}
