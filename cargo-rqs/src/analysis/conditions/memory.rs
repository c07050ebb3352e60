//! Memory and disk: randomisation, huge pages, merging, nodes, swap, free space.

use super::{of_file, of_number, write_as_root};
use crate::model::check::{Check, Status};
use crate::model::cores::Cores;
use crate::model::facts::Facts;
use crate::model::item::Item;
use crate::model::tuning::chosen_word;

const GIB: u64 = 1 << 30;
const HUGE_PAGES: &str = "sys/kernel/mm/transparent_hugepage/enabled";

pub(super) fn aslr(facts: &Facts) -> Check {
    let item = Item::Aslr;
    let path = "proc/sys/kernel/randomize_va_space";
    of_number(facts, item, path, "the kernel does not randomise", |level| {
        let system = match level {
            0 => "off",
            1 => "without the heap",
            _ => "full",
        };
        if facts.process.aslr_off || level == 0 {
            return Check::ok(item, format!("off for the benchmarks; {system} for the system"));
        }
        Check::new(item, Status::Note, format!("{system}; switching it off for the benchmarks is refused"))
            .mended_by("allow the system call `personality`, in containers with another seccomp profile")
    })
}

pub(super) fn thp(facts: &Facts) -> Check {
    let item = Item::Thp;
    of_file(facts, item, HUGE_PAGES, "the kernel has no transparent huge pages", |text| {
        let defrag = facts.text("sys/kernel/mm/transparent_hugepage/defrag");
        let defrag = defrag.as_deref().and_then(chosen_word).unwrap_or("unknown").to_owned();
        match chosen_word(text) {
            Some(choice @ ("madvise" | "never")) => Check::ok(item, format!("{choice}, defrag {defrag}")),
            Some(choice) => Check::new(item, Status::Note, format!("{choice}, defrag {defrag}"))
                .mended_by(write_as_root(facts, "madvise", HUGE_PAGES)),
            None => super::not_understood(item, HUGE_PAGES, text),
        }
    })
}

pub(super) fn ksm(facts: &Facts) -> Check {
    let item = Item::Ksm;
    let path = "sys/kernel/mm/ksm/run";
    of_number(facts, item, path, "the kernel merges no pages", |run| {
        let shared = facts.number("sys/kernel/mm/ksm/pages_sharing").unwrap_or(0);
        match run {
            1 => Check::new(item, Status::Note, format!("on, {shared} pages are merged"))
                .mended_by(write_as_root(facts, "0", path)),
            _ if shared > 0 => Check::ok(item, format!("off, {shared} pages are merged")),
            _ => Check::ok(item, "off"),
        }
    })
}

pub(super) fn numa_balancing(facts: &Facts) -> Check {
    let item = Item::NumaBalancing;
    let path = "proc/sys/kernel/numa_balancing";
    of_number(facts, item, path, "the kernel does not balance", |mode| match mode {
        0 => Check::ok(item, "off"),
        mode => Check::new(item, Status::Note, format!("on (mode {mode})"))
            .mended_by(write_as_root(facts, "0", path)),
    })
}

pub(super) fn numa_nodes(facts: &Facts) -> Check {
    let item = Item::NumaNodes;
    let folder = "sys/devices/system/node/";
    of_file(facts, item, &format!("{folder}online"), "the kernel knows no nodes", |text| {
        let nodes = Cores::parse(text).unwrap_or_default();
        if nodes.len() < 2 {
            return Check::ok(item, "one");
        }
        let cores = facts.measured_cores();
        let meets = |node: &u32| {
            facts.cores(&format!("{folder}node{node}/cpulist")).is_some_and(|list| list.meets(&cores))
        };
        let own: Vec<String> = nodes.iter().filter(meets).map(|node| node.to_string()).collect();
        let own = own.join(", ");
        let value = format!("{}; the benchmark cores are on {own}", nodes.len());
        Check::new(item, Status::Note, value)
            .mended_by(format!("run under `numactl --membind={}`", own.replace(", ", ",")))
    })
}

pub(super) fn swap(facts: &Facts) -> Check {
    let item = Item::Swap;
    of_file(facts, item, "proc/swaps", "the kernel cannot swap", |text| {
        // A title, then: name, kind, size and used KiB, priority.
        let used = text.lines().skip(1).filter_map(|line| {
            line.split_ascii_whitespace().rev().nth(1).and_then(|used| used.parse::<u64>().ok())
        });
        let used: Vec<u64> = used.collect();
        let used_kib: u64 = used.iter().sum();
        let swappiness = facts.text("proc/sys/vm/swappiness").unwrap_or_else(|| "unknown".into());
        match (used.len(), used_kib) {
            (0, _) => Check::ok(item, "no swap"),
            (_, 0) => Check::ok(item, format!("none in use, swappiness {swappiness}")),
            _ => {
                let value = format!("{} MiB in use, swappiness {swappiness}", used_kib.div_ceil(1024));
                let command = super::as_root(facts, "swapoff --all");
                Check::new(item, Status::Note, value)
                    .mended_by(format!("{command} && {}", super::as_root(facts, "swapon --all")))
            }
        }
    })
}

pub(super) fn disk_space(facts: &Facts) -> Check {
    let item = Item::DiskSpace;
    let Some((free, kind)) = &facts.process.disk else {
        return Check::new(item, Status::Unknown, "the file system does not tell");
    };
    let value = match *free {
        free if free >= GIB => format!("{} GiB free on {kind}", free / GIB),
        free => format!("{} MiB free on {kind}", free >> 20),
    };
    let status = match *free {
        free if free < GIB => Status::Blocker,
        free if free < 5 * GIB => Status::Note,
        _ => Status::Ok,
    };
    Check::new(item, status, value)
        .mended_by("remove what is not needed; `target/rqs` can always be made again")
}
