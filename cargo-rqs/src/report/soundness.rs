//! What a check of the results folder found.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::escape::visible;
use super::json::pretty;
use super::numbers::{count, grouped};
use super::paint::{Paint, Tone};
use crate::model::soundness::{Fault, Soundness, Wrong};

/// The check for a terminal, with a line break at its end. `folder` is where the results are.
pub fn text(folder: &str, soundness: &Soundness, paint: Paint) -> String {
    let kinds: Vec<String> =
        soundness.records.iter().map(|(kind, number)| count(*number as u64, noun(kind))).collect();
    let all: usize = soundness.records.values().sum();
    let others = match soundness.others {
        0 => String::new(),
        number => format!("; {} of other tools", count(number as u64, "file")),
    };
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    let (headline, tone) = match soundness.faults.len() {
        0 => ("sound".to_owned(), Tone::Good),
        number => (count(number as u64, "fault"), Tone::Bad),
    };
    let mut text = format!(
        "{}: {}\n  {}{kinds}{others}\n  {} bytes\n",
        visible(folder),
        paint.tone(tone, &headline),
        count(all as u64, "sound record"),
        grouped(soundness.bytes),
    );
    for faults in soundness.faults.chunk_by(|one, other| one.path == other.path) {
        let path = visible(&faults[0].path.to_string_lossy());
        text += &format!("\n{}\n", paint.tone(Tone::Strong, &path));
        for Fault { what, .. } in faults {
            text += &format!("  {}\n  {}\n", visible(&wrong(what)), paint.tone(Tone::Quiet, &remedy(what)));
        }
    }
    text
}

/// What a kind of record is called where several are counted.
fn noun(kind: &'static str) -> &'static str {
    match kind {
        "dependencies" => "dependency graph",
        "run_part" => "run part",
        kind => kind,
    }
}

fn wrong(what: &Wrong) -> String {
    match what {
        Wrong::Unusable(why, _) => why.clone(),
        Wrong::Misplaced(_) => "its content belongs under another name".to_owned(),
        Wrong::Dangling(kind, name) => {
            let start: String =
                if kind.starts_with("run") { name.clone() } else { name.chars().take(12).collect() };
            format!("refers to the {} `{start}`, which is missing or cannot be used", noun(kind))
        }
        Wrong::TooLarge(bytes) => format!("has {} bytes, more than 1 MiB", grouped(*bytes)),
        Wrong::Leftover => "was left by a writer that was killed".to_owned(),
        Wrong::Foreign => "is no record, in a folder of records".to_owned(),
    }
}

fn remedy(what: &Wrong) -> String {
    let text = match what {
        Wrong::Unusable(_, hint) => (*hint).to_owned(),
        Wrong::Misplaced(place) => format!("move it to `{}`", place.to_string_lossy()),
        Wrong::Dangling(..) => "restore that file from git, or fetch the commit that added it".to_owned(),
        Wrong::TooLarge(_) => "keep it out of git where size matters".to_owned(),
        Wrong::Leftover => "the next record that is written removes it".to_owned(),
        Wrong::Foreign => "move it out of the folder".to_owned(),
    };
    visible(&text)
}

/// What `fsck --format json` prints.
#[derive(Serialize, JsonSchema)]
struct SoundnessReport<'a> {
    /// Version of this format.
    format: u32,
    /// Where the results are.
    folder: &'a str,
    /// Whether nothing is wrong.
    sound: bool,
    /// How many sound records there are of each kind.
    records: &'a BTreeMap<&'static str, usize>,
    /// Bytes of all records.
    bytes: u64,
    /// Files that lie in no folder of records.
    others: usize,
    /// What is wrong, sorted by path.
    faults: Vec<FaultReport>,
}

#[derive(Serialize, JsonSchema)]
struct FaultReport {
    /// The file, relative to the folder.
    path: String,
    /// Which kind of fault: `unusable`, `misplaced`, `dangling`, `too_large`, `leftover` or `foreign`.
    kind: &'static str,
    /// What is wrong, in words.
    what: String,
    /// What to do about it.
    hint: String,
}

/// The JSON Schema of what is printed here.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(SoundnessReport<'_>).as_value())
}

/// The check for programs, with a line break at its end.
pub fn json(folder: &str, soundness: &Soundness) -> String {
    let fault = |fault: &Fault| FaultReport {
        path: fault.path.to_string_lossy().into_owned(),
        kind: match fault.what {
            Wrong::Unusable(..) => "unusable",
            Wrong::Misplaced(_) => "misplaced",
            Wrong::Dangling(..) => "dangling",
            Wrong::TooLarge(_) => "too_large",
            Wrong::Leftover => "leftover",
            Wrong::Foreign => "foreign",
        },
        what: wrong(&fault.what),
        hint: remedy(&fault.what),
    };
    pretty(&SoundnessReport {
        format: 1,
        folder,
        sound: soundness.faults.is_empty(),
        records: &soundness.records,
        bytes: soundness.bytes,
        others: soundness.others,
        faults: soundness.faults.iter().map(fault).collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn faulty() -> Soundness {
        let fault = |path: &str, what| Fault { path: path.into(), what };
        Soundness {
            records: [("run", 12), ("dependencies", 1)].into(),
            bytes: 1_234_567,
            others: 2,
            faults: vec![
                fault("accepted/\u{1b}[31m.json", Wrong::Unusable("truncated".to_owned(), "remove it")),
                fault("runs/2026/11/a.json", Wrong::Dangling("environment", "ab".repeat(32))),
                fault("runs/2026/11/a.json", Wrong::TooLarge(2_000_000)),
                fault("runs/2026/11/b.json", Wrong::Misplaced("runs/2026/12/c.json".into())),
                fault("runs/2026/11/notes.txt", Wrong::Foreign),
                fault("runs/.rqs-x.tmp", Wrong::Leftover),
            ],
        }
    }

    #[test]
    fn every_fault_is_told_with_its_remedy() {
        assert_eq!(text("results", &faulty(), Paint::Plain), include_str!("expected/soundness.txt"));
        let sound = Soundness { faults: Vec::new(), ..faulty() };
        assert!(text("results", &sound, Paint::Plain).starts_with("results: sound\n"));
    }

    #[test]
    fn every_field_that_is_printed_is_in_the_schema() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let Value::Object(fields) = serde_json::from_str(&json("results", &faulty())).unwrap() else {
            panic!()
        };
        for name in fields.keys() {
            assert!(schema["properties"].get(name).is_some(), "`{name}` is missing");
        }
        assert_eq!(fields["faults"][1]["kind"], "dangling");
    }
}
