//! Calibrations for the tests of these reports.

use crate::model::BenchmarkKey;
use crate::model::calibration::{CalibrationRecord, Judged, Load, Round, Said, SidesDiffer, Subject};
use crate::model::policy::{Budget, Policy};
use crate::model::record::Placement;
use crate::model::revision::{Revision, RevisionKind};

fn judged(id: &str, said: Said, elapsed_ms: u64, mean: f64) -> Judged {
    let log_ratios: Vec<f64> = [0.002, -0.001, -0.002, 0.001].map(|x| mean + x).to_vec();
    Judged {
        suite: "known-changes::kernels".to_owned(),
        key: BenchmarkKey { id: id.to_owned(), occurrence: 0 },
        said,
        over_layouts: None,
        epochs: 4,
        elapsed_ms,
        mean: Some(mean),
        half_width: Some(0.004),
        log_ratios,
    }
}

/// Three rounds of every condition and load; `alarms` of the verdicts on the same file are false.
pub(super) fn known_changes(alarms: usize) -> CalibrationRecord {
    let conditions = [
        SidesDiffer::SameFile,
        SidesDiffer::Copy,
        SidesDiffer::Rebuilt,
        SidesDiffer::MoreWork(5),
        SidesDiffer::MoreWork(50),
    ];
    let (mut rounds, mut alarms_left) = (Vec::new(), alarms);
    for number in 0..45u32 {
        let (sides, load) = (conditions[number as usize % 5], Load::ALL[number as usize / 5 % 3]);
        let mean = (f64::from(sides.more_per_mille().unwrap_or(0)) / 1000.0).ln_1p();
        let said = match sides {
            SidesDiffer::SameFile if alarms_left > 0 => {
                alarms_left -= 1;
                Said::Improved
            }
            SidesDiffer::MoreWork(50) => Said::Regressed,
            SidesDiffer::MoreWork(_) if number % 2 == 0 => Said::Inconclusive,
            _ => Said::Unchanged,
        };
        let slow = if number == 7 { Said::NotMeasured } else { said };
        let mut verdicts = vec![
            judged("hash/10ns", said, 310 + u64::from(number), mean),
            judged("sort/100us", slow, 820, mean),
        ];
        if number == 2 {
            // Another layout was slower, which stood in one benchmark and was taken back in the other.
            for (judged, over_layouts) in verdicts.iter_mut().zip([Said::Regressed, Said::Unchanged]) {
                (judged.said, judged.over_layouts) = (Said::Regressed, Some(over_layouts));
            }
        }
        rounds.push(Round {
            number,
            sides,
            load,
            began_ms: 1300 * u64::from(number),
            elapsed_ms: 1290,
            verdicts,
        });
    }
    CalibrationRecord {
        format: CalibrationRecord::FORMAT,
        id: "20261124T101500Z-0000002a".to_owned(),
        tool: "0.1.0".to_owned(),
        started_unix_s: 1_795_515_300,
        finished_unix_s: 1_795_515_359,
        environment: "ab".repeat(32),
        subject: Subject::KnownChanges,
        placement: Placement {
            bench_cpus: vec![1],
            coordinator_cpu: Some(0),
            scheduling: "fifo".to_owned(),
            aslr_off: true,
        },
        policy: Policy::USUAL,
        budget: Budget::usual(2, 42),
        benchmarks: 2,
        interrupted: false,
        notes: vec!["not measured: linked in another order; it could not be made here".to_owned()],
        rounds,
    }
}

/// Two rounds on benchmarks of a user whose names mean mischief, interrupted.
pub(super) fn own() -> CalibrationRecord {
    let revision = Revision {
        spec: "v1|\x1b[2J".to_owned(),
        kind: RevisionKind::Commit,
        id: "b".repeat(40),
        summary: String::new(),
        committed_unix_s: None,
    };
    let round = |number, sides| Round {
        number,
        sides,
        load: Load::None,
        began_ms: 0,
        elapsed_ms: 900,
        verdicts: vec![judged("<script>|\x1b]8;;\u{202e}evil", Said::Unchanged, 450, 0.0)],
    };
    CalibrationRecord {
        subject: Subject::Own(revision),
        interrupted: true,
        benchmarks: 1,
        notes: vec!["<b>\x1b[31mred".to_owned()],
        rounds: vec![round(0, SidesDiffer::Copy), round(1, SidesDiffer::Rebuilt)],
        ..known_changes(0)
    }
}
