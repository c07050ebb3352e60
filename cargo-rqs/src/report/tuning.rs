//! Changed settings of the host to text: what would be changed, what was, and what was put back.

use super::escape::visible;
use super::numbers;
use super::paint::{Paint, Tone};
use super::table::{self, Align, Line};
use crate::model::tuning::{Change, Purpose, UndoEntry, UndoJournal, chosen_word};

/// What a plan would change, and what of it this process may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline<'a> {
    /// The whole plan.
    pub plan: &'a [Change],
    /// Changes that need other rights than this process has.
    pub forbidden: &'a [Change],
    /// What is left as it is, and why.
    pub left: &'a [String],
}

/// The plan, for `--dry-run`.
pub fn outline(outline: &Outline<'_>, paint: Paint) -> String {
    let entries: Vec<UndoEntry> =
        outline.plan.iter().filter(|change| !change.holds()).map(UndoEntry::from).collect();
    let mut text = match entries.len() {
        0 => "nothing to change\n".to_owned(),
        count => format!("would change {}:\n", numbers::count(count as u64, "setting")),
    };
    text.push_str(&settings(&entries, paint));
    text.push_str(&notes(outline.left));
    text.push_str(&forbidden(outline.forbidden));
    text
}

/// What was changed. `refused` are settings that the kernel did not take, with its reasons.
pub fn applied(
    set: &[UndoEntry],
    refused: &[(&UndoEntry, &str)],
    outline: &Outline<'_>,
    paint: Paint,
) -> String {
    let mut text = match set.len() {
        0 => "nothing was changed\n".to_owned(),
        count => format!("changed {}:\n", numbers::count(count as u64, "setting")),
    };
    text.push_str(&grouped(set, paint));
    text.push_str(&refusals(refused));
    text.push_str(&notes(outline.left));
    text.push_str(&forbidden(outline.forbidden));
    if !set.is_empty() {
        text.push_str("`cargo rqs env restore` puts everything back; so does the next boot\n");
    }
    text
}

/// Settings that the kernel did not take, one line each; several of one item and one reason share a line.
pub fn refusals(refused: &[(&UndoEntry, &str)]) -> String {
    let mut groups: Vec<(String, usize)> = Vec::new();
    for (entry, why) in refused {
        let line = format!("{}: {}", entry.item, visible(why));
        match groups.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => groups.push((line, 1)),
        }
    }
    let line = |(line, count): (String, usize)| {
        format!("note: the kernel keeps {} of {line}\n", numbers::count(count as u64, "setting"))
    };
    groups.into_iter().map(line).collect()
}

fn notes(left: &[String]) -> String {
    left.iter().map(|left| format!("note: {left}\n")).collect()
}

fn forbidden(changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let count = numbers::count(changes.len() as u64, "setting");
    let mut text = format!("{count} may only be changed by root:\n");
    for change in changes {
        text.push_str(&format!("  echo {} | sudo tee /{}\n", change.write, visible(&change.path)));
    }
    text
}

/// One line for each setting.
fn settings(entries: &[UndoEntry], paint: Paint) -> String {
    let groups: Vec<(&UndoEntry, usize)> = entries.iter().map(|entry| (entry, 1)).collect();
    lines(&groups, paint)
}

/// One line for neighbours that were changed in the same way, as all interrupts are.
fn grouped(entries: &[UndoEntry], paint: Paint) -> String {
    let mut groups: Vec<(&UndoEntry, usize)> = Vec::new();
    for entry in entries {
        let alike = |known: &UndoEntry| {
            known.item == entry.item && known.before == entry.before && known.wrote == entry.wrote
        };
        match groups.last_mut() {
            Some((known, count)) if alike(known) => *count += 1,
            _ => groups.push((entry, 1)),
        }
    }
    lines(&groups, paint)
}

fn lines(groups: &[(&UndoEntry, usize)], paint: Paint) -> String {
    let cells = |(entry, count): &(&UndoEntry, usize)| {
        let change = format!("{} -> {}", before(entry), visible(&entry.wrote));
        let more = if *count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        Line::Cells(vec![
            (format!("  {}", entry.item), Tone::Strong),
            (change, Tone::Normal),
            (format!("/{}{more}", visible(&entry.path)), Tone::Quiet),
        ])
    };
    let lines: Vec<Line> = groups.iter().map(cells).collect();
    table::render(&lines, &[Align::Left; 3], None, paint)
}

/// The setting as it was; of a choice, the chosen word.
fn before(entry: &UndoEntry) -> String {
    let text = String::from_utf8_lossy(&entry.before);
    let text = text.trim();
    visible(chosen_word(text).unwrap_or(text))
}

/// A journal that is there, and the settings that are `changed` now. `owner_lives`: the process that changed them runs.
pub fn status(
    journal: &UndoJournal,
    changed: &[UndoEntry],
    path: &str,
    owner_lives: bool,
    paint: Paint,
) -> String {
    let who = match (journal.purpose, owner_lives) {
        (Purpose::Kept, _) => "by `env tune`, until `cargo rqs env restore`".to_owned(),
        (Purpose::Run, true) => format!("for the run of process {}, until it ends", journal.pid),
        (Purpose::Run, false) => {
            format!(
                "for the run of process {}, which was killed; `cargo rqs env restore` puts them back",
                journal.pid
            )
        }
    };
    format!(
        "{} changed since {}, {who}\n{}what they were is kept in {}\n",
        numbers::count(changed.len() as u64, "setting"),
        numbers::date_time(journal.unix_s),
        grouped(changed, paint),
        visible(path),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::item::Item;
    use crate::model::tuning::Tuning;

    fn change(item: Item, path: &str, before: &str, write: &str) -> Change {
        Change { item, path: path.into(), before: before.into(), write: write.into() }
    }

    fn plan() -> Tuning {
        Tuning {
            changes: vec![
                change(
                    Item::Thp,
                    "sys/kernel/mm/transparent_hugepage/enabled",
                    "[always] madvise never\n",
                    "madvise",
                ),
                change(Item::IrqAffinity, "proc/irq/24/smp_affinity_list", "0-1\n", "0"),
            ],
            left: vec!["rt-throttle stays on: without another core".into()],
        }
    }

    #[test]
    fn a_plan_names_every_setting_and_the_commands_that_need_root() {
        let plan = plan();
        let outlined = Outline { plan: &plan.changes, forbidden: &plan.changes[1..], left: &plan.left };
        assert_eq!(outline(&outlined, Paint::Plain), include_str!("expected/tuning-plan.txt"));
        assert_eq!(outline(&Outline::default(), Paint::Plain), "nothing to change\n");
    }

    #[test]
    fn what_was_changed_and_what_was_refused_are_told() {
        let plan = plan();
        let entries: Vec<UndoEntry> = plan.changes.iter().map(UndoEntry::from).collect();
        let refused = [(&entries[1], "Input/output error"), (&entries[1], "Input/output error")];
        let shown = applied(&entries[..1], &refused, &Outline::default(), Paint::Plain);
        assert_eq!(shown, include_str!("expected/tuning-applied.txt"));
    }

    #[test]
    fn a_journal_tells_whether_its_run_was_killed() {
        let journal = UndoJournal {
            format: 1,
            id: "a".into(),
            boot: "b".into(),
            root: "/".into(),
            purpose: Purpose::Run,
            pid: 77,
            pid_started_ticks: 1,
            unix_s: 1_795_342_500,
            entries: plan().changes.iter().map(UndoEntry::from).collect(),
        };
        let irq = journal.entries[1].clone();
        let changed = [journal.entries[0].clone(), irq.clone(), irq];
        let shown = status(&journal, &changed, "/var/lib/cargo-rqs/tuning.json", false, Paint::Plain);
        assert_eq!(shown, include_str!("expected/tuning-status.txt"));
        assert!(status(&journal, &changed, "x", true, Paint::Plain).contains("until it ends"));
    }
}
