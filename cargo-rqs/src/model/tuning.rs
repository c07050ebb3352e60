//! Settings of the host that are changed for a run, and the journal that undoes them.

use serde::{Deserialize, Serialize};

use super::item::Item;

/// One setting to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The condition that it mends.
    pub item: Item,
    /// The file, below the root and without a slash in front.
    pub path: String,
    /// Its bytes as they were read.
    pub before: Vec<u8>,
    /// What is to be written.
    pub write: String,
}

impl Change {
    /// Whether the setting reads already as wanted, and is held because other changes may move it.
    pub fn holds(&self) -> bool {
        reads_as(&self.before, &self.write)
    }
}

/// Everything that is to be changed, in the order of changing; undone in the reverse order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tuning {
    /// The changes.
    pub changes: Vec<Change>,
    /// What is left as it is although it could be changed, and why.
    pub left: Vec<String>,
}

/// Who changed the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody who wants them to stay until they are restored.
    Kept,
    /// A run that restores them when it ends.
    Run,
}

/// The undo journal: written, and safe on the disk, before the first change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoJournal {
    /// Version of this format.
    pub format: u32,
    /// Tells this journal from all others.
    pub id: String,
    /// The kernel's id of the boot that the settings belong to; they are gone with it.
    pub boot: String,
    /// The root that the paths are below.
    pub root: String,
    /// Why the settings were changed.
    pub purpose: Purpose,
    /// The process that changed them.
    pub pid: u32,
    /// When that process was started, in clock ticks since boot: process ids are used again.
    pub pid_started_ticks: u64,
    /// When the settings were changed, in seconds since 1970.
    pub unix_s: u64,
    /// The settings, in the order of changing.
    pub entries: Vec<UndoEntry>,
}

/// One setting as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoEntry {
    /// The condition that the change mends.
    pub item: Item,
    /// The file, below the root.
    pub path: String,
    /// Its bytes as they were read; each byte is the character of that number.
    #[serde(with = "bytes_as_characters")]
    pub before: Vec<u8>,
    /// What has to be written so that it reads like this again.
    #[serde(with = "bytes_as_characters")]
    pub write_back: Vec<u8>,
    /// What was to be written to it.
    pub wrote: String,
}

impl UndoEntry {
    /// Whether the setting read already as wanted.
    pub fn holds(&self) -> bool {
        reads_as(&self.before, &self.wrote)
    }
}

impl UndoJournal {
    /// Version of the format that this code writes.
    pub const FORMAT: u32 = 1;
}

impl From<&Change> for UndoEntry {
    fn from(change: &Change) -> UndoEntry {
        UndoEntry {
            item: change.item,
            path: change.path.clone(),
            before: change.before.clone(),
            write_back: written_back(&change.before),
            wrote: change.write.clone(),
        }
    }
}

/// What has to be written so that a file reads as it did. A choice such as `[always] madvise never` reads as all there
/// is to choose from, and takes the chosen word; everything else takes what it reads as.
pub fn written_back(before: &[u8]) -> Vec<u8> {
    let chosen = std::str::from_utf8(before).ok().and_then(chosen_word);
    chosen.map_or_else(|| before.to_vec(), |word| word.as_bytes().to_vec())
}

/// The word in brackets of `always [madvise] never`.
pub fn chosen_word(text: &str) -> Option<&str> {
    text.split_ascii_whitespace().find_map(|word| word.strip_prefix('[')?.strip_suffix(']'))
}

/// Whether a file that reads like this has the wanted value.
pub fn reads_as(bytes: &[u8], wanted: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    text == wanted.trim() || chosen_word(text) == Some(wanted.trim()) || same_cores(text, wanted)
}

/// Masks read back with as many digits as the machine has cores.
fn same_cores(text: &str, wanted: &str) -> bool {
    let digits = |text: &str| text.trim().replace(',', "").trim_start_matches('0').to_owned();
    let hexadecimal = |text: &str| text.len() >= 2 && text.chars().all(|c| c.is_ascii_hexdigit() || c == ',');
    hexadecimal(wanted) && wanted.len() >= 8 && !text.is_empty() && digits(text) == digits(wanted)
}

mod bytes_as_characters {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&bytes.iter().map(|&byte| char::from(byte)).collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        text.chars()
            .map(|c| u8::try_from(c).map_err(|_| D::Error::custom("a character is no byte")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_choice_is_written_back_as_its_chosen_word_and_anything_else_as_it_reads() {
        assert_eq!(written_back(b"always [madvise] never\n"), b"madvise");
        assert_eq!(written_back(b"0-3,8\n"), b"0-3,8\n");
        assert_eq!(written_back(b"\xff["), b"\xff[");
    }

    #[test]
    fn what_was_written_is_recognised_in_what_is_read() {
        assert!(reads_as(b"performance\n", "performance"));
        assert!(reads_as(b"always [madvise] never\n", "madvise"));
        assert!(!reads_as(b"[always] madvise never\n", "madvise"));
        assert!(reads_as(b"1\n", "00000001") && reads_as(b"0000,00000003\n", "00000003"));
        assert!(!reads_as(b"10\n", "1") && !reads_as(b"3\n", "00000001") && !reads_as(b"", "00000001"));
    }

    proptest! {
        #[test]
        fn bytes_come_back_from_the_journal_as_they_were(before in any::<Vec<u8>>(), wrote in any::<String>()) {
            let change = Change { item: Item::Thp, path: "sys/a".into(), before, write: wrote };
            let entry = UndoEntry::from(&change);
            let text = serde_json::to_string(&entry).unwrap();
            prop_assert_eq!(serde_json::from_str::<UndoEntry>(&text).unwrap(), entry);
        }
    }
}
