//! Whether a results folder is sound: every record readable, in its place, with everything that it refers to.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What was found in a results folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Soundness {
    /// How many sound records there are of each kind.
    pub records: BTreeMap<&'static str, usize>,
    /// Bytes of all records.
    pub bytes: u64,
    /// Files that are no records of the tool and lie in no folder of records.
    pub others: usize,
    /// What is wrong, sorted by path.
    pub faults: Vec<Fault>,
}

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, relative to the results folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: Wrong,
}

/// What can be wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// It cannot be used as what its folder holds, for this cause; what to do about it.
    Unusable(String, &'static str),
    /// It is sound, and its content belongs elsewhere: here.
    Misplaced(PathBuf),
    /// It refers to a record that is not there or cannot be used: kind and name.
    Dangling(&'static str, String),
    /// It has more bytes than a record may have.
    TooLarge(u64),
    /// A writer that was killed left it.
    Leftover,
    /// It lies in a folder of records and is none.
    Foreign,
}
