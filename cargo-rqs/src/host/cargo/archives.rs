//! Compares the archives that cargo downloaded, and what it unpacked from them, with the checksums of a lockfile.
//!
//! Cargo itself checks an archive once, when it downloads it. It compiles the unpacked files and never looks at them
//! again.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cargo_metadata::Metadata;
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};

use super::lockfile::LockedPackage;
use crate::model::fingerprint;
use crate::model::integrity::{ArchiveCheck, FileDifference, Found, Integrity};

/// What cargo adds to the files that it unpacks.
const ADDED_BY_CARGO: &str = ".cargo-ok";

/// Looks at every package of a lockfile that has a checksum.
pub(super) fn check(
    metadata: &Metadata,
    locked: &[LockedPackage],
    progress: &mut dyn FnMut(&str),
) -> Integrity {
    let unpacked = unpacked_folders(metadata);
    let mut integrity = Integrity::default();
    for package in locked {
        let Some(source) = &package.source else { continue };
        let label = format!("{} {}", package.name, package.version);
        let Some(checksum) = &package.checksum else {
            let list = if source.starts_with("git+") {
                &mut integrity.from_git
            } else {
                &mut integrity.without_checksum
            };
            list.push(label);
            continue;
        };
        progress(&label);
        let folder = unpacked.get(source.as_str());
        let folder = folder.map(|all| all.join(format!("{}-{}", package.name, package.version)));
        let archive = folder.as_deref().and_then(archive_of).unwrap_or_default();
        let found = look(&archive, folder.as_deref(), checksum);
        let (name, version, checksum) = (package.name.clone(), package.version.clone(), checksum.clone());
        integrity.archives.push(ArchiveCheck { name, version, checksum, archive, found });
    }
    integrity
}

/// The folder that the packages of each source are unpacked in, as far as one of them tells it.
fn unpacked_folders(metadata: &Metadata) -> HashMap<&str, PathBuf> {
    let folder = |package: &cargo_metadata::Package| {
        let own = package.manifest_path.parent()?;
        let is_named_after_it = own.file_name()? == format!("{}-{}", package.name, package.version);
        is_named_after_it.then(|| own.parent().map(|all| all.as_std_path().to_owned()))?
    };
    let packages = metadata.packages.iter();
    packages.filter_map(|package| Some((package.source.as_ref()?.repr.as_str(), folder(package)?))).collect()
}

/// `<home>/registry/cache/<index>/<name>-<version>.crate` for `<home>/registry/src/<index>/<name>-<version>`.
fn archive_of(folder: &Path) -> Option<PathBuf> {
    let index = folder.parent()?;
    let sources = index.parent().filter(|sources| sources.ends_with("src"))?;
    let mut file = folder.file_name()?.to_owned();
    file.push(".crate");
    Some(sources.parent()?.join("cache").join(index.file_name()?).join(file))
}

fn look(archive: &Path, folder: Option<&Path>, checksum: &str) -> Found {
    let unreadable =
        |path: &Path, error: io::Error| Found::Unreadable(format!("`{}`: {error}", path.display()));
    let hash = match sha256_of(archive) {
        Ok(hash) => hash,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Missing,
        Err(error) => return unreadable(archive, error),
    };
    if hash != checksum {
        return Found::OtherArchive(hash);
    }
    // What was never compiled on this machine need not be unpacked.
    let Some(folder) = folder.filter(|folder| folder.join(ADDED_BY_CARGO).exists()) else {
        return Found::Intact;
    };
    match differences(archive, folder) {
        Ok(differences) if differences.is_empty() => Found::Intact,
        Ok(differences) => Found::OtherFiles(differences),
        Err(error) => unreadable(folder, error),
    }
}

fn sha256_of(file: &Path) -> io::Result<String> {
    let (mut file, mut hasher) = (File::open(file)?, Sha256::new());
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(fingerprint::hex(&hasher.finalize())),
            length => hasher.update(&buffer[..length]),
        }
    }
}

/// Where the files of a folder are not those of an archive, which is known to be intact; sorted by path.
fn differences(archive: &Path, folder: &Path) -> io::Result<Vec<FileDifference>> {
    let mut packed = tar::Archive::new(GzDecoder::new(File::open(archive)?));
    let (mut differences, mut known) = (Vec::new(), HashSet::new());
    for entry in packed.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        // The first part is `<name>-<version>`.
        let path: PathBuf = entry.path()?.components().skip(1).collect();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        match std::fs::read(folder.join(&path)) {
            Ok(found) if found == content => {}
            Ok(_) => differences.push(FileDifference::Changed(path.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                differences.push(FileDifference::Gone(path.clone()));
            }
            Err(error) => return Err(error),
        }
        known.insert(path);
    }
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&inner))? {
            let entry = entry?;
            let path = inner.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if !known.contains(&path) && path != Path::new(ADDED_BY_CARGO) {
                differences.push(FileDifference::Added(path));
            }
        }
    }
    differences.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of some files, unpacked as cargo does it; its checksum.
    fn unpack(home: &Path, files: &[(&str, &str)]) -> (PathBuf, PathBuf, String) {
        let folder = home.join("registry/src/index-1/it-1.0.0");
        let archive = archive_of(&folder).unwrap();
        assert_eq!(archive, home.join("registry/cache/index-1/it-1.0.0.crate"));
        std::fs::create_dir_all(archive.parent().unwrap()).unwrap();
        let gzip =
            flate2::write::GzEncoder::new(File::create(&archive).unwrap(), flate2::Compression::fast());
        let mut packed = tar::Builder::new(gzip);
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            packed.append_data(&mut header, format!("it-1.0.0/{path}"), content.as_bytes()).unwrap();
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        packed.into_inner().unwrap().finish().unwrap();
        std::fs::write(folder.join(ADDED_BY_CARGO), "{\"v\":1}").unwrap();
        let checksum = sha256_of(&archive).unwrap();
        (archive, folder, checksum)
    }

    #[test]
    fn what_was_downloaded_and_unpacked_is_what_the_lockfile_names() {
        let home = tempfile::tempdir().unwrap();
        let (archive, folder, checksum) = unpack(home.path(), &[("Cargo.toml", "x"), ("src/lib.rs", "y")]);
        let look_again = || look(&archive, Some(&folder), &checksum);
        assert_eq!(look_again(), Found::Intact);
        std::fs::write(folder.join("src/lib.rs"), "z").unwrap();
        std::fs::write(folder.join("src/new.rs"), "").unwrap();
        std::fs::remove_file(folder.join("Cargo.toml")).unwrap();
        let expected = [
            FileDifference::Gone("Cargo.toml".into()),
            FileDifference::Changed("src/lib.rs".into()),
            FileDifference::Added("src/new.rs".into()),
        ];
        assert_eq!(look_again(), Found::OtherFiles(expected.to_vec()));
        // Unpacked only when it is needed.
        std::fs::remove_file(folder.join(ADDED_BY_CARGO)).unwrap();
        assert_eq!(look_again(), Found::Intact);
        std::fs::write(&archive, "other").unwrap();
        assert!(matches!(look_again(), Found::OtherArchive(hash) if hash != checksum));
        std::fs::remove_file(&archive).unwrap();
        assert_eq!(look_again(), Found::Missing);
        assert_eq!(look(Path::new(""), None, &checksum), Found::Missing);
    }

    #[test]
    fn an_archive_with_the_right_checksum_that_is_none_is_told() {
        let home = tempfile::tempdir().unwrap();
        let (archive, folder, _) = unpack(home.path(), &[("Cargo.toml", "x")]);
        std::fs::write(&archive, "no archive").unwrap();
        let checksum = sha256_of(&archive).unwrap();
        assert!(matches!(look(&archive, Some(&folder), &checksum), Found::Unreadable(_)));
    }
}
