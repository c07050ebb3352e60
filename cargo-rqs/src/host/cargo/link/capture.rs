//! Keeps the links of benchmark executables while cargo builds them.
//!
//! Cargo calls the compiler through a wrapper, which lets it call the linker through another one. Neither enters any of
//! cargo's or the compiler's hashes, and the linker gets the arguments that it would get, so what is built stays what it
//! is. The second one keeps the files that the link names, as hard links where that is possible.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::BuildRequest;
use super::super::artifacts::{Destination, Relocation};
use super::super::settings::Settings;
use super::{DESCRIPTION, Input, Link};
use crate::model::failure::{OrFail, Outcome};

/// Stands before the compiler.
const COMPILER: &str = include_str!("rustc.sh");
/// Stands before the linker.
const LINKER: &str = include_str!("linker.sh");
/// The folder of both; like those of builds it lies among the executables.
const FOLDER: &str = "wrappers";
/// The folder of the links in that of a build.
const LINKS: &str = "links";

/// What stands before the compiler during one build.
pub(in super::super) struct Wrapper {
    folder: PathBuf,
    links: Option<tempfile::TempDir>,
}

impl Wrapper {
    /// Readies the wrappers. Links are kept for executables that are to be timed. `prefix` begins the names of
    /// directories that do not outlive a build.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(in super::super) fn ready(request: &BuildRequest<'_>, prefix: &str) -> Outcome<Wrapper> {
        let folder = request.executables.join(FOLDER);
        install(&folder, "rustc", COMPILER)?;
        install(&folder, "linker", LINKER)?;
        let links = || tempfile::Builder::new().prefix(prefix).tempdir_in(request.executables);
        let links = (!request.options.instrumented).then(links).transpose();
        let links = links.or_fail(|| format!("cannot write into `{}`", request.executables.display()))?;
        Ok(Wrapper { folder, links })
    }

    /// Puts the wrapper before the compiler, and before a wrapper that is configured already.
    pub(in super::super) fn dress(
        &self,
        command: &mut Command,
        request: &BuildRequest<'_>,
        settings: &Settings,
        cap_lints: bool,
    ) {
        if !cap_lints && self.links.is_none() {
            return;
        }
        command.env("RUSTC_WRAPPER", self.folder.join("rustc"));
        command.envs(settings.rustc_wrapper.iter().map(|inner| ("RQS_INNER_WRAPPER", inner)));
        command.envs(cap_lints.then_some(("RQS_CAP_LINTS", "1")));
        if let Some(links) = &self.links {
            command.env("RQS_LINKS", links.path()).env("RQS_KEEPING_LINKER", self.folder.join("linker"));
            command.env("RQS_SYSROOT", &request.toolchain.sysroot).env("RQS_SLOT", request.slot);
        }
    }

    /// Puts what was kept of an executable's link beside the executable, and gives its final place; nothing when
    /// keeping it went wrong.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(in super::super) fn take(
        &self,
        executable: &Path,
        code_hash: &str,
        relocation: &Relocation,
        destination: &Destination<'_>,
    ) -> Outcome<Option<PathBuf>> {
        let (Some(links), Some(name)) = (&self.links, executable.file_name()) else { return Ok(None) };
        let folder = links.path().join(name);
        let Some(link) = described(&folder, code_hash, relocation) else { return Ok(None) };
        let failed = || format!("cannot store the link of `{}`", executable.display());
        for raw in ["complete", "noted", "arguments", "linker", "environment"] {
            std::fs::remove_file(folder.join(raw)).or_fail(failed)?;
        }
        std::fs::remove_dir_all(folder.join("by-name")).or_fail(failed)?;
        let text = serde_json::to_vec(&link).or_fail(failed)?;
        std::fs::write(folder.join(DESCRIPTION), text).or_fail(failed)?;
        let gathered = destination.gathered.join(LINKS);
        std::fs::create_dir_all(&gathered).or_fail(failed)?;
        std::fs::rename(&folder, gathered.join(name)).or_fail(failed)?;
        Ok(Some(destination.folder.join(LINKS).join(name)))
    }
}

/// What the linker's wrapper wrote; nothing when it could not keep everything, or when a name is no text.
fn described(folder: &Path, code_hash: &str, relocation: &Relocation) -> Option<Link> {
    std::fs::metadata(folder.join("complete")).ok()?;
    let list = |name: &str| -> Option<Vec<String>> {
        let text = String::from_utf8(std::fs::read(folder.join(name)).ok()?).ok()?;
        Some(text.split_terminator('\0').map(str::to_owned).collect())
    };
    let numbered = folder.join("numbered").exists();
    let input = |(number, original): (usize, String)| -> Option<Input> {
        let name = PathBuf::from(Path::new(&original).file_name()?);
        let name = if numbered { Path::new(&(number + 1).to_string()).join(name) } else { name };
        Some(Input { original, kept: Path::new("inputs").join(name) })
    };
    let [linker, directory] = <[String; 2]>::try_from(list("linker")?).ok()?;
    let variable = |text: String| text.split_once('=').map(|(name, value)| (name.into(), value.into()));
    Some(Link {
        linker: linker.into(),
        directory: directory.into(),
        arguments: list("arguments")?,
        environment: list("environment")?.into_iter().map(variable).collect::<Option<_>>()?,
        inputs: list("noted")?.into_iter().enumerate().map(input).collect::<Option<_>>()?,
        relocation: relocation.pairs().to_vec(),
        code_hash: code_hash.to_owned(),
    })
}

/// Writes a script unless it is there. Always the same file at the same place, because cargo asks a compiler anew who
/// it is when its wrapper has changed.
fn install(folder: &Path, name: &str, script: &str) -> Outcome<()> {
    use std::os::unix::fs::PermissionsExt;
    let place = folder.join(name);
    if std::fs::read(&place).is_ok_and(|present| present == script.as_bytes()) {
        return Ok(());
    }
    let failed = || format!("cannot write `{}`", place.display());
    std::fs::create_dir_all(folder).or_fail(failed)?;
    let file = tempfile::NamedTempFile::new_in(folder).or_fail(failed)?;
    std::fs::write(file.path(), script).or_fail(failed)?;
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o755)).or_fail(failed)?;
    file.persist(&place).map(drop).or_fail(failed)
}
