//! What this process, and the benchmark processes that it has waited for, used so far.

/// Sums since the start of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Processor time of this process.
    pub(super) own_us: u64,
    /// Processor time of the processes that have ended.
    pub(super) children_us: u64,
    /// Their switches and faults.
    pub(super) voluntary_switches: u64,
    pub(super) involuntary_switches: u64,
    pub(super) minor_faults: u64,
    pub(super) major_faults: u64,
}

impl Usage {
    /// What was added since an earlier moment.
    pub(super) fn since(&self, before: &Usage) -> Usage {
        Usage {
            own_us: self.own_us.saturating_sub(before.own_us),
            children_us: self.children_us.saturating_sub(before.children_us),
            voluntary_switches: self.voluntary_switches.saturating_sub(before.voluntary_switches),
            involuntary_switches: self.involuntary_switches.saturating_sub(before.involuntary_switches),
            minor_faults: self.minor_faults.saturating_sub(before.minor_faults),
            major_faults: self.major_faults.saturating_sub(before.major_faults),
        }
    }
}

fn of(who: libc::c_int) -> libc::rusage {
    // SAFETY: plain integers, of which zeroes are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: writable, and both questions are always valid.
    unsafe { libc::getrusage(who, &mut usage) };
    usage
}

fn cpu_us(usage: &libc::rusage) -> u64 {
    [usage.ru_utime, usage.ru_stime]
        .iter()
        .map(|time| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64)
        .sum()
}

/// Asks the kernel.
pub(super) fn usage() -> Usage {
    let (own, children) = (of(libc::RUSAGE_SELF), of(libc::RUSAGE_CHILDREN));
    Usage {
        own_us: cpu_us(&own),
        children_us: cpu_us(&children),
        voluntary_switches: children.ru_nvcsw as u64,
        involuntary_switches: children.ru_nivcsw as u64,
        minor_faults: children.ru_minflt as u64,
        major_faults: children.ru_majflt as u64,
    }
}
