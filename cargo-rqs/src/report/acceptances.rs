//! Acceptances for people at a terminal: one that was just signed, and all of them.

use super::escape::visible;
use super::numbers::{count, date};
use super::paint::{Paint, Tone};
use super::policies::size;
use super::table::{self, Align, Line};
use crate::model::acceptance::Acceptance;

/// What was signed. `path` says where it is kept.
pub fn signed(acceptance: &Acceptance, path: &str, paint: Paint) -> String {
    let until = acceptance.expires_unix_s.map(|last| format!(", until {}", date(last))).unwrap_or_default();
    let title = format!("accepted {}{until}", count(acceptance.changes.len() as u64, "change"));
    let facts = [
        ("author", visible(&acceptance.author)),
        ("reason", visible(&acceptance.reason)),
        ("run", visible(&acceptance.run)),
        ("record", visible(path)),
    ];
    let facts: Vec<Line> = facts
        .into_iter()
        .map(|(label, text)| Line::Cells(vec![(format!("  {label}"), Tone::Quiet), (text, Tone::Normal)]))
        .collect();
    format!(
        "{}\n{}{}commit the record: later runs honour it where the candidate contains {} and the baseline does not\n",
        paint.tone(Tone::Strong, &title),
        changes(acceptance, paint),
        table::render(&facts, &[Align::Left; 2], None, paint),
        visible(acceptance.revisions.candidate.short_id()),
    )
}

/// All acceptances with what has become of them at a moment, in seconds since 1970. Of files that cannot be used: path and
/// cause.
pub fn listed(
    acceptances: &[Acceptance],
    unusable: &[(String, String)],
    now_unix_s: u64,
    paint: Paint,
) -> String {
    if acceptances.is_empty() && unusable.is_empty() {
        return "nothing was accepted yet; `cargo rqs accept RUN BENCHMARK --reason TEXT` does so\n"
            .to_owned();
    }
    let mut text = String::new();
    for acceptance in acceptances {
        let (status, tone) = status(acceptance, now_unix_s);
        let [baseline, candidate] = [&acceptance.revisions.baseline, &acceptance.revisions.candidate];
        text += &format!(
            "{}  {}  by {}: {}\n{}  from {} ({}) to {} ({})\n",
            paint.tone(Tone::Strong, &visible(&acceptance.id)),
            paint.tone(tone, &status),
            visible(&acceptance.author),
            visible(&acceptance.reason),
            changes(acceptance, paint),
            visible(&baseline.spec),
            visible(baseline.short_id()),
            visible(&candidate.spec),
            visible(candidate.short_id()),
        );
    }
    for (path, why) in unusable {
        let warning = paint.tone(Tone::Caution, "warning");
        text += &format!("{warning}: {} accepts nothing: {}\n", visible(path), visible(why));
    }
    text
}

fn status(acceptance: &Acceptance, now_unix_s: u64) -> (String, Tone) {
    match acceptance.expires_unix_s {
        None => ("without end".to_owned(), Tone::Good),
        Some(last) if now_unix_s <= last => (format!("until {}", date(last)), Tone::Good),
        Some(last) => (format!("expired {}", date(last)), Tone::Caution),
    }
}

fn changes(acceptance: &Acceptance, paint: Paint) -> String {
    let line = |change: &crate::model::acceptance::AcceptedChange| {
        Line::Cells(vec![
            (visible(&format!("  {}::{}", change.suite, change.key)), Tone::Normal),
            (size(&change.size), Tone::Bad),
        ])
    };
    let lines: Vec<Line> = acceptance.changes.iter().map(line).collect();
    table::render(&lines, &[Align::Left, Align::Right], None, paint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::acceptance::{AcceptedChange, AcceptedSize};
    use crate::model::policy::Policy;
    use crate::model::{BenchmarkKey, ByRole};
    use crate::report::samples;

    fn acceptance(id: &str, expires_unix_s: Option<u64>) -> Acceptance {
        let change = |id: &str, log_mean: f64| AcceptedChange {
            suite: "json::parse".into(),
            key: BenchmarkKey { id: id.into(), occurrence: 0 },
            size: AcceptedSize { log_mean, log_half_width: 0.004, alpha: 0.01, epochs: 9 },
            policy: Policy::USUAL,
        };
        let (record, _) = samples::calm();
        let ByRole { baseline, candidate } = record.revisions;
        Acceptance {
            format: Acceptance::FORMAT,
            id: id.into(),
            tool: "0.1.0".into(),
            accepted_unix_s: 1_795_342_600,
            run: record.id,
            revisions: ByRole::new(baseline, candidate),
            author: "Zoë\x1b[2J <zoe@example.org>".into(),
            reason: "checks\n`UTF-8`".into(),
            expires_unix_s,
            changes: vec![change("decode/small", 0.05), change("decode/large\u{202e}", 0.12)],
        }
    }

    #[test]
    fn what_was_signed_and_the_list_of_all() {
        let signed =
            signed(&acceptance("20261122T101640Z-1a2b3c4d", None), "results/accepted/x.json", Paint::Plain);
        let all = [
            acceptance("20261122T101640Z-1a2b3c4d", None),
            acceptance("20261122T101641Z-1a2b3c4d", Some(1_795_391_999)),
            acceptance("20261122T101642Z-1a2b3c4d", Some(1_795_305_599)),
        ];
        let unusable = [("results/accepted/\x1bx.json".to_owned(), "corrupted record: truncated".to_owned())];
        let listed = listed(&all, &unusable, 1_795_342_600, Paint::Plain);
        samples::assert_expected("acceptances.txt", &format!("{signed}\n{listed}"));
    }

    #[test]
    fn an_empty_list_says_how_to_begin() {
        assert!(
            listed(&[], &[], 0, Paint::Plain).starts_with("nothing was accepted yet; `cargo rqs accept ")
        );
    }
}
