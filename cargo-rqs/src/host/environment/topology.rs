//! How the processor is put together: sockets, cores, threads, memory nodes, and who shares which cache.

use std::collections::{BTreeMap, BTreeSet};

use super::cpu::{is_numbered, names};
use super::fact;

/// Where the kernel lists the processor's threads.
const CPUS: &str = "/sys/devices/system/cpu";

/// Facts about the layout, each left out where the kernel does not tell.
pub(super) fn gather() -> BTreeMap<String, String> {
    let cpus = names(CPUS);
    let places: Vec<Place> =
        cpus.iter().filter(|name| is_numbered(name, "cpu")).filter_map(|name| place(name)).collect();
    let mut facts = BTreeMap::new();
    if !places.is_empty() {
        facts.insert("cpu_topology".to_owned(), layout(&places));
    }
    let sharing: BTreeSet<String> = caches_of("cpu0").filter_map(|cache| shared(&cache)).collect();
    if !sharing.is_empty() {
        facts.insert("cache_sharing".to_owned(), sharing.into_iter().collect::<Vec<_>>().join(", "));
    }
    facts
}

/// Where a thread of the processor sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    socket: u32,
    core: u32,
}

fn place(cpu: &str) -> Option<Place> {
    let number = |name: &str| fact(&format!("{CPUS}/{cpu}/topology/{name}"))?.parse().ok();
    Some(Place { socket: number("physical_package_id")?, core: number("core_id")? })
}

/// `1 socket, 8 cores, 16 threads`: what is there, whatever this process may use of it.
fn layout(places: &[Place]) -> String {
    let sockets: BTreeSet<u32> = places.iter().map(|place| place.socket).collect();
    let cores: BTreeSet<Place> = places.iter().copied().collect();
    let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    [count(sockets.len(), "socket"), count(cores.len(), "core"), count(places.len(), "thread")].join(", ")
}

/// The level, kind and sharing of each cache of one thread.
fn caches_of(cpu: &str) -> impl Iterator<Item = [Option<String>; 3]> {
    let folder = format!("{CPUS}/{cpu}/cache");
    let indices = names(&folder).into_iter().filter(|name| is_numbered(name, "index"));
    indices.map(move |index| {
        ["level", "type", "shared_cpu_list"].map(|name| fact(&format!("{folder}/{index}/{name}")))
    })
}

/// `L2 by 2 threads`.
fn shared([level, kind, list]: &[Option<String>; 3]) -> Option<String> {
    let letter = match kind.as_deref()? {
        "Data" => "d",
        "Instruction" => "i",
        _ => "",
    };
    let threads = in_list(list.as_deref()?)?;
    let noun = if threads == 1 { "thread" } else { "threads" };
    Some(format!("L{}{letter} by {threads} {noun}", level.as_deref()?))
}

/// How many numbers a kernel list such as `0-3,8` holds.
fn in_list(list: &str) -> Option<u64> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some(last.checked_sub(first)?.saturating_add(1))
    };
    list.split(',').map(range).try_fold(0u64, |sum, n| Some(sum.saturating_add(n?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sockets_cores_and_threads_are_counted_apart() {
        let place = |socket, core| Place { socket, core };
        let two_sockets = [place(0, 0), place(0, 0), place(0, 1), place(0, 1), place(1, 0), place(1, 1)];
        assert_eq!(layout(&two_sockets), "2 sockets, 4 cores, 6 threads");
        assert_eq!(layout(&[place(0, 0)]), "1 socket, 1 core, 1 thread");
    }

    #[test]
    fn the_threads_that_share_a_cache_are_counted() {
        let cache = |level: &str, kind: &str, list: &str| {
            shared(&[level, kind, list].map(|text| Some(text.to_owned())))
        };
        assert_eq!(cache("1", "Data", "0,8").as_deref(), Some("L1d by 2 threads"));
        assert_eq!(cache("3", "Unified", "0-3,8-11").as_deref(), Some("L3 by 8 threads"));
        assert_eq!(cache("1", "Instruction", "0").as_deref(), Some("L1i by 1 thread"));
        assert_eq!((cache("1", "Data", "3-1"), shared(&[None, None, None])), (None, None));
    }

    proptest! {
        #[test]
        fn any_list_is_read_without_a_panic(list in "[0-9, -]{0,24}") {
            let _ = in_list(&list);
        }
    }
}
