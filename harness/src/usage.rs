//! What the kernel tells of another process in `/proc`: its peak of memory and its traffic with the storage.

use std::path::PathBuf;

/// The process file system, or what stands in for it.
#[derive(Clone, Debug)]
pub struct Proc {
    root: PathBuf,
}

impl Default for Proc {
    fn default() -> Self {
        Proc { root: "/proc".into() }
    }
}

impl Proc {
    #[cfg(test)]
    fn below(root: &std::path::Path) -> Proc {
        Proc { root: root.to_owned() }
    }

    fn file(&self, pid: u32, name: &str) -> PathBuf {
        self.root.join(pid.to_string()).join(name)
    }

    /// Lets a process forget its peak of memory, so that the next one is that of what follows; `false` when the kernel
    /// does not let it.
    pub fn forget_peak(&self, pid: u32) -> bool {
        // The kernel's own words: 5 resets the peak of the resident set.
        std::fs::write(self.file(pid, "clear_refs"), "5").is_ok()
    }

    /// The most memory that was resident at once since the peak was forgotten; `None` where that is not told.
    pub fn peak_memory_bytes(&self, pid: u32) -> Option<u64> {
        peak_in(&std::fs::read_to_string(self.file(pid, "status")).ok()?)
    }

    /// Processor time of the first thread of a process so far; `None` where that is not told.
    pub fn first_thread_ns(&self, pid: u32) -> Option<u64> {
        let told = std::fs::read_to_string(self.file(pid, "schedstat")).ok()?;
        told.split_ascii_whitespace().next()?.parse().ok()
    }

    /// Bytes that a process has fetched from storage and sent to it since its start; `None` where that is not told.
    pub fn disk_bytes(&self, pid: u32) -> Option<[u64; 2]> {
        disk_in(&std::fs::read_to_string(self.file(pid, "io")).ok()?)
    }
}

/// `VmHWM:      1234 kB`
fn peak_in(status: &str) -> Option<u64> {
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// `read_bytes: 123` and `write_bytes: 456`.
fn disk_in(io: &str) -> Option<[u64; 2]> {
    let of = |name: &str| {
        io.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.trim().parse::<u64>().ok())
    };
    Some([of("read_bytes")?, of("write_bytes")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_and_the_traffic_are_found_in_the_kernels_texts() {
        assert_eq!(
            peak_in("Name:\tbench\nVmPeak:\t  9 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 7 kB\n"),
            Some(1234 * 1024)
        );
        assert_eq!(peak_in("Name:\tkthread\n"), None);
        assert_eq!(peak_in("VmHWM:\t12 MB\n"), None);
        let io = "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n";
        assert_eq!(disk_in(io), Some([4096, 8192]));
        assert_eq!(disk_in("rchar: 1\n"), None);
    }

    #[test]
    fn files_below_another_root_are_read_and_missing_ones_tell_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let proc = Proc::below(dir.path());
        assert!(!proc.forget_peak(7));
        assert_eq!((proc.peak_memory_bytes(7), proc.disk_bytes(7)), (None, None));
        std::fs::create_dir(dir.path().join("7")).unwrap();
        std::fs::write(dir.path().join("7/status"), "VmHWM:\t 2 kB\n").unwrap();
        assert!(proc.forget_peak(7));
        assert_eq!(std::fs::read_to_string(dir.path().join("7/clear_refs")).unwrap(), "5");
        assert_eq!(proc.peak_memory_bytes(7), Some(2048));
        assert_eq!(proc.first_thread_ns(7), None);
        std::fs::write(dir.path().join("7/schedstat"), "123456 78 9\n").unwrap();
        assert_eq!(proc.first_thread_ns(7), Some(123_456));
    }

    #[test]
    fn this_process_has_a_peak_of_its_own() {
        assert!(Proc::default().peak_memory_bytes(std::process::id()).unwrap() > 100_000);
    }
}
