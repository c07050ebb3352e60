//! The sizes of the data caches that one core looks through, as the kernel lists them.

use std::path::Path;

/// Bytes of each level, where it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caches {
    /// First level, data.
    pub l1: Option<usize>,
    /// Second level.
    pub l2: Option<usize>,
    /// Third level.
    pub l3: Option<usize>,
}

impl Caches {
    /// The largest one.
    pub fn last(&self) -> Option<usize> {
        self.l3.or(self.l2).or(self.l1)
    }
}

/// The caches of a core.
pub fn of_cpu(cpu: u32) -> Caches {
    below(Path::new(&format!("/sys/devices/system/cpu/cpu{cpu}/cache")))
}

fn below(folder: &Path) -> Caches {
    let mut caches = Caches::default();
    // A machine without this folder does not tell.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let read = |name: &str| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        let holds_data = matches!(read("type").trim(), "Data" | "Unified");
        let slot = match read("level").trim() {
            "1" => &mut caches.l1,
            "2" => &mut caches.l2,
            "3" => &mut caches.l3,
            _ => continue,
        };
        if holds_data {
            *slot = bytes(read("size").trim());
        }
    }
    caches
}

/// `32K`, `1M` or plain bytes.
fn bytes(size: &str) -> Option<usize> {
    let digits = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: usize = match &size[digits.len()..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit).filter(|&bytes| bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_caches_are_found_by_level_and_instruction_caches_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for (index, [level, kind, size]) in [
            ["1", "Data", "48K"],
            ["1", "Instruction", "32K"],
            ["2", "Unified", "2M"],
            ["3", "Unified", "odd"],
        ]
        .into_iter()
        .enumerate()
        {
            let dir = folder.path().join(format!("index{index}"));
            std::fs::create_dir(&dir).unwrap();
            for (name, text) in [("level", level), ("type", kind), ("size", size)] {
                std::fs::write(dir.join(name), format!("{text}\n")).unwrap();
            }
        }
        let caches = below(folder.path());
        assert_eq!(caches, Caches { l1: Some(48 << 10), l2: Some(2 << 20), l3: None });
        assert_eq!(caches.last(), Some(2 << 20));
        assert_eq!(below(Path::new("/nonexistent")), Caches::default());
    }
}
