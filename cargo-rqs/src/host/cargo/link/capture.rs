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

#[cfg(test)]
mod tests {
    use super::*;

    /// Links with a linker that does nothing, in a directory, and gives what was kept.
    fn kept(dir: &Path, arguments: &[&str]) -> Option<Link> {
        install(dir, "linker", LINKER).unwrap();
        let folder = dir.join("link");
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        let mut command = Command::new(dir.join("linker"));
        command.args(arguments).current_dir(dir).env("RQS_LINK", &folder).env("RQS_LINKER", "true");
        command.env("RQS_SYSROOT", "/sysroot").env("RQS_SLOT", dir.join("slot"));
        assert!(command.status().unwrap().success());
        described(&folder, "hash", &Relocation::default())
    }

    fn write(dir: &Path, path: &str, text: &str) -> String {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn originals(link: &Link) -> Vec<&str> {
        link.inputs.iter().map(|input| input.original.as_str()).collect()
    }

    #[test]
    fn argument_files_are_read_as_the_compiler_writes_them() {
        let dir = tempfile::tempdir().unwrap();
        let object = write(dir.path(), "a b.o", "object");
        let list = write(dir.path(), "list", &format!("{}\n-lone\\\\two\n-O1", object.replace(' ', "\\ ")));
        let link = kept(dir.path(), &["-m64", &format!("@{list}"), "-o", "out"]).unwrap();
        assert_eq!(link.arguments, ["-m64", &object, "-lone\\two", "-O1", "-o", "out"]);
        assert_eq!(originals(&link), [&object]);
        assert_eq!(link.output(), Some("out"));
        assert_eq!((link.linker, link.directory), ("true".into(), dir.path().canonicalize().unwrap()));
    }

    #[test]
    fn files_within_arguments_are_kept_and_what_stays_anyway_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| write(dir.path(), name, name);
        let (script, exports, own) = (path("link.x"), path("exports.map"), path("slot/own.x"));
        let (linker, output) = (path("my ld"), path("out"));
        let version_script = format!("-Wl,-z,now,--version-script={exports}");
        let arguments =
            [&format!("-T{script}"), &version_script, &own, &format!("-fuse-ld={linker}"), "-o", &output];
        let link = kept(dir.path(), &arguments).unwrap();
        assert_eq!(originals(&link), [&script, &exports]);
        let folder = dir.path().join("link");
        let content =
            |original: &str| std::fs::read_to_string(link.kept(original, &folder).unwrap()).unwrap();
        assert_eq!(content(&exports), "exports.map");
    }

    #[test]
    fn files_of_one_name_do_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two] = ["one/a.o", "two/a.o"].map(|path| write(dir.path(), path, path));
        let link = kept(dir.path(), &[&one, &two, "-o", "out"]).unwrap();
        for (original, text) in [(&one, "one/a.o"), (&two, "two/a.o")] {
            let kept = link.kept(original, &dir.path().join("link")).unwrap();
            assert_eq!(std::fs::read_to_string(kept).unwrap(), text);
        }
    }

    #[test]
    fn a_link_is_done_even_where_it_cannot_be_kept_and_fails_as_the_linker_does() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), "linker", LINKER).unwrap();
        for (linker, success) in [("true", true), ("false", false)] {
            let mut command = Command::new(dir.path().join("linker"));
            command.arg("a.o").env("RQS_LINK", dir.path().join("missing")).env("RQS_LINKER", linker);
            let output = command.env("RQS_SYSROOT", "/s").env("RQS_SLOT", "/s").output().unwrap();
            assert_eq!((output.status.success(), output.stderr.is_empty()), (success, true));
        }
        assert_eq!(described(&dir.path().join("missing"), "hash", &Relocation::default()), None);
    }

    /// The arguments that a compiler gets.
    fn compiled(dir: &Path, arguments: &[&str], cap_lints: bool) -> Vec<String> {
        install(dir, "rustc", COMPILER).unwrap();
        let mut command = Command::new(dir.join("rustc"));
        // It stands where the compiler's path would, and prints one argument on each line.
        command.args(["printf", "%s\\n"]).args(arguments).env("RQS_LINKS", dir.join("links"));
        command.env("RQS_KEEPING_LINKER", dir.join("linker")).env_remove("RQS_INNER_WRAPPER");
        command.env("RQS_CAP_LINTS", if cap_lints { "1" } else { "" });
        let output = command.output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn only_benchmarks_are_linked_another_way_and_by_the_linker_that_was_named_last() {
        let dir = tempfile::tempdir().unwrap();
        let name = ["--crate-name", "speed", "-C", "extra-filename=-12"];
        for (linker, shim) in [
            (&["-C", "link-arg=-s"][..], "cc"),
            (&["-C", "linker=/usr/bin/clang"], "clang"),
            (&["-Clinker=a", "--codegen", "linker=ld.lld"], "ld.lld"),
            (&["--codegen=linker=x86_64-linux-gnu-gcc", "-Clinker-flavor=gcc"], "x86_64-linux-gnu-gcc"),
        ] {
            for test in [&["--test"][..], &["--cfg", "test"], &["--cfg=test"]] {
                let arguments = [&name, linker, test].concat();
                let got = compiled(dir.path(), &arguments, false);
                let by_name = dir.path().join("links/speed-12/by-name").join(shim);
                let added = ["-C".to_owned(), format!("linker={}", by_name.display())];
                assert_eq!(got[..arguments.len()], arguments[..]);
                assert_eq!(got[arguments.len()..], added);
                assert_eq!(std::fs::read_link(by_name).unwrap(), dir.path().join("linker"));
            }
            let others = [&name, linker, &["--cfg", "feature=\"test\""]].concat();
            assert_eq!(compiled(dir.path(), &others, false), others);
        }
    }

    #[test]
    fn lints_are_capped_on_demand_and_once() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(compiled(dir.path(), &["lib.rs"], true), ["lib.rs", "--cap-lints=warn"]);
        for capped in [&["--cap-lints", "allow"][..], &["--cap-lints=allow"]] {
            assert_eq!(compiled(dir.path(), capped, true), capped);
        }
        assert_eq!(compiled(dir.path(), &["lib.rs"], false), ["lib.rs"]);
    }
}
