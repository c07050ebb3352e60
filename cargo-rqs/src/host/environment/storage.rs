//! Memory as it is now, and the disk that the target directory lies on.

use std::collections::BTreeMap;
use std::path::Path;

use sysinfo::{Disk, Disks, MemoryRefreshKind, RefreshKind, System};

/// What the memory holds at the moment, in KiB.
pub(super) fn memory() -> BTreeMap<String, String> {
    let kinds = RefreshKind::nothing().with_memory(MemoryRefreshKind::everything());
    let Ok(system) = System::new_with_specifics(kinds) else { return BTreeMap::new() };
    let facts = [
        ("memory_available_kib", system.available_memory()),
        ("memory_free_kib", system.free_memory()),
        ("swap_free_kib", system.free_swap()),
        ("swap_total_kib", system.total_swap()),
    ];
    facts.map(|(name, bytes)| (name.to_owned(), (bytes >> 10).to_string())).into()
}

/// The disk that holds a directory: its kind, file system and room. Mount points stay out, they may name the user.
pub(super) fn disk(dir: &Path) -> BTreeMap<String, String> {
    let dir = dir.ancestors().find_map(|dir| dir.canonicalize().ok());
    let (Some(dir), Ok(disks)) = (dir, Disks::new_with_refreshed_list()) else { return BTreeMap::new() };
    let Some(disk) = holding(&dir, &disks, Disk::mount_point) else { return BTreeMap::new() };
    let kind = match disk.kind() {
        sysinfo::DiskKind::SSD => "reported as solid state",
        sysinfo::DiskKind::HDD => "reported as rotating",
        sysinfo::DiskKind::Unknown(_) => "not told",
    };
    let facts = [
        ("disk_file_system", disk.file_system().to_string_lossy().into_owned()),
        ("disk_free_mib", (disk.available_space() >> 20).to_string()),
        ("disk_kind", kind.to_owned()),
        ("disk_total_mib", (disk.total_space() >> 20).to_string()),
    ];
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Of several places, the innermost one that holds a directory; of equal ones the last, which is mounted on top.
fn holding<'a, T>(dir: &Path, places: &'a [T], mount_point: impl Fn(&T) -> &Path) -> Option<&'a T> {
    let holding = places.iter().filter(|place| dir.starts_with(mount_point(place)));
    holding.max_by_key(|place| mount_point(place).components().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_point_holds_a_directory() {
        let places = ["/", "/home", "/home/a", "/hom"].map(Path::new);
        let found = |dir: &str| holding(Path::new(dir), &places, |place| place).copied();
        assert_eq!(found("/home/ab/target"), Some(Path::new("/home")));
        assert_eq!(found("/home/a/target"), Some(Path::new("/home/a")));
        assert_eq!(found("/var"), Some(Path::new("/")));
        assert_eq!(holding(Path::new("/x"), &places[1..], |place| place), None);
    }

    #[test]
    fn this_machine_has_memory_and_a_directory_that_is_not_there_yet_is_found() {
        assert!(memory()["memory_available_kib"].parse::<u64>().unwrap() > 0);
        let facts = disk(&std::env::temp_dir().join("never/made"));
        assert!(facts.is_empty() || facts.contains_key("disk_file_system"), "{facts:?}");
    }
}
