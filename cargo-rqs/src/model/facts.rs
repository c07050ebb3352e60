//! Raw facts about the host, as they were read: files of `/proc` and `/sys`, and what the kernel grants this process.
//! Nothing here is judged.

use std::collections::BTreeMap;

use super::cores::Cores;

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// It is there, but was refused for this reason.
    Refused(String),
}

/// Files by their path below the root, without a slash in front. A file that is not there is not in the map.
pub type Files = BTreeMap<String, Reading>;

/// Everything that the conditions of a host are judged by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The files at the end of the interval.
    pub files: Files,
    /// Those of them that count something, at its beginning.
    pub earlier: Files,
    /// Milliseconds between the two.
    pub interval_ms: u64,
    /// Cores for the benchmarks; empty: none in particular.
    pub bench_cores: Cores,
    /// What concerns this process.
    pub process: ProcessFacts,
}

/// What the kernel grants this process, and what it inherited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProcessFacts {
    /// Its process id.
    pub pid: u32,
    /// The path of its program.
    pub program: String,
    /// Whether it acts as root.
    pub root: bool,
    /// Why the benchmark cores were not granted; nothing when they were.
    pub affinity_refused: Option<String>,
    /// Whether real-time priority is granted.
    pub fifo: bool,
    /// The nice value, from -20 (first) to 19.
    pub nice: i32,
    /// Whether address-space randomisation can be switched off for child processes.
    pub aslr_off: bool,
    /// Environment variables that reach the benchmarks or the compiler and change what is measured.
    pub variables: BTreeMap<String, String>,
    /// Bytes that are free where builds are kept, and the kind of the file system; nothing where it cannot be told.
    pub disk: Option<(u64, String)>,
    /// Hypervisor or container, `none` on bare metal.
    pub virtualisation: String,
    /// Version of the C library, as `glibc 2.36`.
    pub libc: String,
    /// Whether a model-specific register says that boost is on, where it can be read.
    pub boost_register: Option<bool>,
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Its text, without white space around it.
    Text(String),
    /// It is not there.
    Absent,
    /// It is there, but was refused for this reason.
    Refused(String),
}

impl Facts {
    /// What is known of a file.
    pub fn known(&self, path: &str) -> Known {
        match self.files.get(path) {
            Some(Reading::Bytes(bytes)) => Known::Text(trimmed(bytes)),
            Some(Reading::Refused(why)) => Known::Refused(why.clone()),
            None => Known::Absent,
        }
    }

    /// The text of a file that could be read.
    pub fn text(&self, path: &str) -> Option<String> {
        text(&self.files, path)
    }

    /// Files directly or deeper below a folder (which ends in a slash), with the rest of their path and their text.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = (&str, String)> {
        below(&self.files, folder)
    }

    /// The number in a file.
    pub fn number(&self, path: &str) -> Option<i64> {
        self.text(path)?.parse().ok()
    }

    /// The cores that a file lists.
    pub fn cores(&self, path: &str) -> Option<Cores> {
        Cores::parse(&self.text(path)?)
    }

    /// The cores that are online; without a list, those for the benchmarks.
    pub fn online(&self) -> Cores {
        self.cores("sys/devices/system/cpu/online").unwrap_or_else(|| self.bench_cores.clone())
    }

    /// The cores that the benchmarks may run on: the chosen ones, else all.
    pub fn measured_cores(&self) -> Cores {
        if self.bench_cores.is_empty() { self.online() } else { self.bench_cores.clone() }
    }
}

/// The text of a file among some, without white space around it.
pub fn text(files: &Files, path: &str) -> Option<String> {
    match files.get(path)? {
        Reading::Bytes(bytes) => Some(trimmed(bytes)),
        Reading::Refused(_) => None,
    }
}

/// The same as [`Facts::below`] for other files.
pub fn below<'a>(files: &'a Files, folder: &str) -> impl Iterator<Item = (&'a str, String)> {
    let folder = folder.to_owned();
    let from = files.range(folder.clone()..);
    from.map_while(move |(path, reading)| Some((path.strip_prefix(folder.as_str())?, reading))).filter_map(
        |(rest, reading)| match reading {
            Reading::Bytes(bytes) => Some((rest, trimmed(bytes))),
            Reading::Refused(_) => None,
        },
    )
}

fn trimmed(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
}
