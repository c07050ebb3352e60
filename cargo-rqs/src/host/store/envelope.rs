//! What every stored file has in common: its kind, a hash of its content, and the content with its format version.

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::layout;
use crate::model::acceptance::Acceptance;
use crate::model::bisection::BisectionRecord;
use crate::model::calibration::CalibrationRecord;
use crate::model::dependencies::DependencyGraph;
use crate::model::environment::Environment;
use crate::model::fingerprint;
use crate::model::probe::ProbeRecord;
use crate::model::record::RunRecord;
use crate::model::run_part::RunPart;

/// Bytes that one file may have, so that a repository stays quick to clone, to compare and to look at.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// A type with a file format of its own.
pub(super) trait Stored: Serialize + DeserializeOwned + PartialEq + JsonSchema {
    /// Its name in the `kind` field and in the schema's file name.
    const KIND: &'static str;
    /// The newest version of the format that this code reads, and the one it writes.
    const FORMAT: u32;
    /// Levels of nesting, the envelope included, that are laid out on lines of their own.
    const OPEN_LEVELS: usize;
}

impl Stored for RunRecord {
    const KIND: &'static str = "run";
    const FORMAT: u32 = RunRecord::FORMAT;
    // envelope, content, suites, suite, benchmarks, benchmark, epochs: one line for each epoch
    const OPEN_LEVELS: usize = 7;
}

impl Stored for RunPart {
    const KIND: &'static str = "run_part";
    const FORMAT: u32 = RunPart::FORMAT;
    // envelope, content, epochs, those of a benchmark, epochs: one line for each epoch
    const OPEN_LEVELS: usize = 5;
}

impl Stored for Environment {
    const KIND: &'static str = "environment";
    const FORMAT: u32 = Environment::FORMAT;
    const OPEN_LEVELS: usize = 4;
}

impl Stored for DependencyGraph {
    const KIND: &'static str = "dependencies";
    const FORMAT: u32 = DependencyGraph::FORMAT;
    // envelope, content, packages: one line for each package
    const OPEN_LEVELS: usize = 3;
}

impl Stored for ProbeRecord {
    const KIND: &'static str = "probe";
    const FORMAT: u32 = ProbeRecord::FORMAT;
    // envelope, content, reference, epochs of one: one line for each epoch and each list of times
    const OPEN_LEVELS: usize = 4;
}

impl Stored for Acceptance {
    const KIND: &'static str = "acceptance";
    const FORMAT: u32 = Acceptance::FORMAT;
    // envelope, content, changes: one line for each change
    const OPEN_LEVELS: usize = 3;
}

impl Stored for CalibrationRecord {
    const KIND: &'static str = "calibration";
    const FORMAT: u32 = CalibrationRecord::FORMAT;
    // envelope, content, rounds, round, verdicts: one line for each verdict
    const OPEN_LEVELS: usize = 5;
}

impl Stored for BisectionRecord {
    const KIND: &'static str = "bisection";
    const FORMAT: u32 = BisectionRecord::FORMAT;
    // envelope, content, measured, measurement, epochs: one line for each epoch and each commit
    const OPEN_LEVELS: usize = 5;
}

/// A stored file.
#[derive(Serialize, JsonSchema)]
pub(super) struct Envelope<T> {
    /// What the content is: `run`, `environment`, `dependencies`, `probe`, `acceptance`, `calibration` or `bisection`.
    kind: String,
    /// SHA-256 in lowercase hex over the text of `content` without the white space between its tokens.
    content_sha256: String,
    /// The record itself.
    content: T,
}

/// The same, with the content not looked at yet.
#[derive(Deserialize)]
struct Sealed<'a> {
    kind: String,
    content_sha256: String,
    #[serde(borrow)]
    content: &'a RawValue,
}

#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

/// Why a file is not a record that can be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// The file has no bytes.
    Empty,
    /// The text ends before the JSON does.
    Truncated,
    /// The bytes are no JSON at all; the parser's words.
    NotJson(String),
    /// JSON, but not in our envelope; the parser's words.
    Foreign(String),
    /// A record of another kind: found, wanted.
    OtherKind(String, &'static str),
    /// The content is not what was written.
    HashMismatch,
    /// A later version of the format: found, newest known.
    Newer(u32, u32),
    /// The hash agrees, the content does not follow its format; the parser's words.
    Malformed(String),
    /// The content belongs under another name: found.
    OtherName(String),
    /// A part of it cannot be used: which, and why.
    Part(String, String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Empty => f.write_str("corrupted record: the file is empty"),
            Unreadable::Truncated => f.write_str("corrupted record: truncated, the file ends in the middle"),
            Unreadable::NotJson(why) => write!(f, "not JSON: {why}"),
            Unreadable::Foreign(why) => write!(f, "not a record of cargo-rqs: {why}"),
            Unreadable::OtherKind(found, wanted) => {
                write!(f, "a record of kind `{}`, not `{wanted}`", found.escape_debug())
            }
            Unreadable::HashMismatch => f.write_str("corrupted record: content hash does not match"),
            Unreadable::Newer(found, known) => {
                write!(f, "written by a newer cargo-rqs (format {found}, this one reads up to {known})")
            }
            Unreadable::Malformed(why) => write!(f, "malformed record: {why}"),
            Unreadable::OtherName(found) => {
                write!(f, "corrupted record: its content belongs to `{}`", found.escape_debug())
            }
            Unreadable::Part(part, why) => write!(f, "its part `{part}` cannot be used: {why}"),
        }
    }
}

impl Unreadable {
    /// What the user can do about it.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Unreadable::Newer(..) => "update cargo-rqs to read it",
            Unreadable::OtherKind(..) | Unreadable::Foreign(_) => {
                "name the file of a record that cargo-rqs wrote"
            }
            _ => "restore the file from git (`git log -- FILE`, `git checkout COMMIT -- FILE`) or remove it",
        }
    }
}

/// The bytes of the file for a value. Equal values give equal bytes.
///
/// # Errors
/// When the value would not read back as it is, for example because a number in it is not finite.
pub(super) fn seal<T: Stored>(value: &T) -> Result<Vec<u8>, String> {
    let compact = serde_json::to_vec(value).map_err(|error| error.to_string())?;
    let envelope = Envelope {
        kind: T::KIND.to_owned(),
        content_sha256: fingerprint::of_bytes(&compact),
        content: value,
    };
    let bytes = layout::to_lines(&envelope, T::OPEN_LEVELS).map_err(|error| error.to_string())?;
    match open::<T>(&bytes) {
        Ok(back) if back == *value => Ok(bytes),
        Ok(_) => Err("it does not read back as it was".to_owned()),
        Err(why) => Err(format!("it does not read back: {why}")),
    }
}

/// The kind that a file's bytes claim to be; `None` where they are no record.
pub(super) fn kind(bytes: &[u8]) -> Option<String> {
    serde_json::from_slice::<Sealed>(bytes).ok().map(|sealed| sealed.kind)
}

/// The value in a file's bytes, after its kind, hash and format version are found right.
pub(super) fn open<T: Stored>(bytes: &[u8]) -> Result<T, Unreadable> {
    if bytes.is_empty() {
        return Err(Unreadable::Empty);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Unreadable::NotJson(error.to_string()))?;
    let sealed: Sealed = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Unreadable::Foreign(error.to_string()),
        _ if ends_early(text, &error) => Unreadable::Truncated,
        _ => Unreadable::NotJson(error.to_string()),
    })?;
    if sealed.kind != T::KIND {
        return Err(Unreadable::OtherKind(sealed.kind, T::KIND));
    }
    let content = layout::without_space(sealed.content.get());
    if fingerprint::of_bytes(content.as_bytes()) != sealed.content_sha256 {
        return Err(Unreadable::HashMismatch);
    }
    let malformed = |error: serde_json::Error| Unreadable::Malformed(error.to_string());
    match serde_json::from_str::<Versioned>(&content).map_err(malformed)?.format {
        0 => Err(Unreadable::Malformed("its format is 0, which never existed".to_owned())),
        newer if newer > T::FORMAT => Err(Unreadable::Newer(newer, T::FORMAT)),
        _ => serde_json::from_str(&content).map_err(malformed),
    }
}

/// Whether the parser stopped at the end of the text. In the middle of a number it does not call that the end.
fn ends_early(text: &str, error: &serde_json::Error) -> bool {
    let last = text.lines().last().unwrap_or_default();
    error.is_eof() || (error.line() == text.lines().count() && error.column() >= last.len())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn reseal(content: &str) -> String {
        let hash = fingerprint::of_bytes(layout::without_space(content).as_bytes());
        format!(r#"{{"kind":"run","content_sha256":"{hash}","content":{content}}}"#)
    }

    #[test]
    fn a_record_reads_back_as_it_was_and_equal_records_give_equal_bytes() {
        let record = samples::run(3, 4, 5);
        let bytes = seal(&record).unwrap();
        assert_eq!(open::<RunRecord>(&bytes).unwrap(), record);
        assert_eq!(seal(&record.clone()).unwrap(), bytes);
    }

    #[test]
    fn each_epoch_and_each_package_stands_on_a_line_of_its_own() {
        let text = String::from_utf8(seal(&samples::run(2, 3, 4)).unwrap()).unwrap();
        assert_eq!(text.lines().filter(|line| line.trim_start().starts_with("{\"epoch\":")).count(), 2 * 3);
        let text = String::from_utf8(seal(&samples::dependencies()).unwrap()).unwrap();
        assert_eq!(text.lines().filter(|line| line.trim_start().starts_with("{\"name\":")).count(), 2);
    }

    #[test]
    fn white_space_between_tokens_is_no_corruption() {
        let record = samples::run(1, 1, 1);
        let text = String::from_utf8(seal(&record).unwrap()).unwrap();
        assert_eq!(open::<RunRecord>(text.replace('\n', "\r\n").as_bytes()).unwrap(), record);
    }

    #[test]
    fn a_number_that_json_cannot_hold_is_refused_when_it_is_written() {
        let mut record = samples::run(1, 1, 1);
        record.policy.margin = f64::NAN;
        assert!(seal(&record).unwrap_err().contains("does not read back"));
    }

    #[test]
    fn each_kind_of_damage_is_named() {
        let good = String::from_utf8(seal(&samples::run(1, 1, 1)).unwrap()).unwrap();
        let cause = |text: &str| open::<RunRecord>(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(cause(""), "corrupted record: the file is empty");
        assert_eq!(
            cause(&good[..good.len() / 2]),
            "corrupted record: truncated, the file ends in the middle"
        );
        for end in (1..good.trim_end().len()).filter(|end| good.is_char_boundary(*end)) {
            assert_eq!(open::<RunRecord>(&good.as_bytes()[..end]), Err(Unreadable::Truncated), "{end}");
        }
        let within_a_number = r#"{"kind":"run","content_sha256":"","content":5.4e-"#;
        assert_eq!(open::<RunRecord>(within_a_number.as_bytes()), Err(Unreadable::Truncated));
        assert!(cause("\0\0\0\0").starts_with("not JSON: "));
        assert!(cause("hello").starts_with("not JSON: "));
        assert!(cause("{}").starts_with("not a record of cargo-rqs: missing field `kind`"));
        assert!(open::<RunRecord>(b"{\"kind\":\"\xff\"}").unwrap_err().to_string().starts_with("not JSON: "));
        let changed = good.replacen("\"elapsed_ns\":1", "\"elapsed_ns\":2", 1);
        assert_ne!(changed, good);
        assert_eq!(cause(&changed), "corrupted record: content hash does not match");
        assert_eq!(
            cause(&reseal(r#"{"format": 7, "something": "else"}"#)),
            "written by a newer cargo-rqs (format 7, this one reads up to 3)"
        );
        assert!(cause(&reseal(r#"{"format": 0}"#)).starts_with("malformed record: its format is 0"));
        assert!(cause(&reseal(r#"{"format": 1}"#)).starts_with("malformed record: missing field `id`"));
        let environment = seal(&samples::environment()).unwrap();
        assert_eq!(
            open::<RunRecord>(&environment).unwrap_err().to_string(),
            "a record of kind `environment`, not `run`"
        );
    }
}
