//! How fast the disk of the target directory takes data: in one piece, and in small writes that wait for it.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Extent, Readings};
use crate::coin::Coins;
use crate::contract::{Reading, Work};

/// Bytes that are written in one go.
const PIECE: usize = 1 << 20;
/// Bytes of a small write.
const SMALL: usize = 4096;

/// Writes a file below a folder, which is made when it is missing, and removes it.
pub fn measure(extent: Extent, folder: &Path, taken: &mut Readings) {
    match try_measure(extent, folder) {
        Ok(readings) => taken.readings.extend(readings),
        Err(error) => taken.left_out.push(format!("the disk: {error}")),
    }
}

fn try_measure(extent: Extent, folder: &Path) -> io::Result<[Reading; 2]> {
    std::fs::create_dir_all(folder)?;
    let mut file = Scratch::create(folder)?;
    // Bytes of coins, so that no layer below can press them together.
    let mut coins = Coins::new(1);
    let piece: Vec<u8> = (0..PIECE / 8).flat_map(|_| coins.bits().to_ne_bytes()).collect();
    let pieces = extent.disk_bytes.div_ceil(PIECE);
    let timed = |write: &mut dyn FnMut() -> io::Result<()>| -> io::Result<u64> {
        let begin = Instant::now();
        write()?;
        Ok(begin.elapsed().as_nanos() as u64)
    };
    let mut sequential_ns = Vec::new();
    for _ in 0..extent.repetitions {
        file.handle.set_len(0)?;
        file.handle.rewind()?;
        file.handle.sync_all()?;
        sequential_ns.push(timed(&mut || {
            (0..pieces).try_for_each(|_| file.handle.write_all(&piece))?;
            file.handle.sync_all()
        })?);
    }
    let mut small_ns = Vec::new();
    for _ in 0..extent.repetitions {
        file.handle.rewind()?;
        small_ns.push(timed(&mut || {
            file.handle.write_all(&piece[..SMALL])?;
            file.handle.sync_data()
        })?);
    }
    let reading = |name: &str, work, amount: usize, elapsed_ns| Reading {
        name: name.to_owned(),
        work,
        amount: amount as u64,
        working_set_bytes: None,
        elapsed_ns,
    };
    Ok([
        reading("disk_sequential_write", Work::Bytes, pieces * PIECE, sequential_ns),
        reading("disk_synced_write", Work::Writes, 1, small_ns),
    ])
}

/// A file that is removed when this is dropped.
struct Scratch {
    handle: File,
    path: PathBuf,
}

impl Scratch {
    fn create(folder: &Path) -> io::Result<Scratch> {
        let path = folder.join(format!("disk-probe-{}", std::process::id()));
        let handle = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        Ok(Scratch { handle, path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is of no use, and lies in a folder for such things, if it cannot be removed.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_written_is_left_out_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let mut taken = Readings::default();
        measure(Extent::QUICK, &file.join("below"), &mut taken);
        assert!(taken.readings.is_empty() && taken.left_out[0].starts_with("the disk: "), "{taken:?}");
    }
}
