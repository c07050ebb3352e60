//! Files that Git LFS keeps beside the object store: the commit holds a pointer, the benchmark needs the content.

use std::fs::File;
use std::path::Path;

use git2::Repository;

use super::tree::shown;
use crate::model::failure::{Failure, OrFail, Outcome};

const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
const LONGEST_POINTER_BYTES: usize = 1024;

/// The content that `blob`, at `path`, points at. Nothing when it is no pointer, or when this clone does not use
/// Git LFS: its work tree holds pointers as well then.
///
/// # Errors
/// When the clone uses Git LFS and lacks the content.
pub fn content(repository: &Repository, path: &Path, blob: &[u8]) -> Outcome<Option<File>> {
    let store = repository.commondir().join("lfs").join("objects");
    let Some(digest) = digest(blob).filter(|_| store.is_dir()) else { return Ok(None) };
    let place = store.join(&digest[..2]).join(&digest[2..4]).join(digest);
    if !place.is_file() {
        return Err(Failure::incomplete(format!("Git LFS has not fetched the content of `{}`", shown(path)))
            .hint("git lfs fetch --all"));
    }
    File::open(&place).map(Some).or_fail(|| format!("cannot read `{}`", shown(&place)))
}

fn digest(blob: &[u8]) -> Option<&str> {
    let rest = blob.strip_prefix(POINTER).filter(|_| blob.len() <= LONGEST_POINTER_BYTES)?;
    let digest = std::str::from_utf8(rest).ok()?.lines().find_map(|line| line.strip_prefix("oid sha256:"))?;
    let is_hash = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some(digest)
}
