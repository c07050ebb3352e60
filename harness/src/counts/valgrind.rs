//! The emulator: where it is, which one, and how it runs a benchmark.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::contract::NotCounted;
use crate::process::Executable;

/// An installed valgrind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valgrind {
    program: PathBuf,
    version: String,
}

impl Valgrind {
    /// The one that is on the path.
    ///
    /// # Errors
    /// In words, when there is none or it does not run.
    pub fn find() -> Result<Valgrind, String> {
        if !crate::can_probe() {
            return Err("instructions are counted on x86-64 Linux with glibc only".to_owned());
        }
        let program = PathBuf::from("valgrind");
        let asked =
            Command::new(&program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output();
        match asked {
            Ok(said) if said.status.success() => {
                let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
                Ok(Valgrind { program, version })
            }
            Ok(said) => Err(format!("`valgrind --version` ended with {}", said.status)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err("valgrind is not installed; install the package `valgrind`".to_owned())
            }
            Err(error) => Err(format!("valgrind cannot be started: {error}")),
        }
    }

    /// Its name and version, as `valgrind-3.19.0`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Valgrind in the place of an executable, which then stands among the arguments.
    pub(crate) fn launch(&self, executable: &Executable) -> Executable {
        Executable { path: self.program.clone(), ..executable.clone() }
    }

    /// The arguments for [`Valgrind::launch`]. Counting as such begins with the first sample: until then the program
    /// runs a few times slower than it would, instead of fifty times.
    pub(super) fn arguments(
        &self,
        output: &Path,
        executable: &Executable,
        arguments: &[String],
    ) -> Vec<String> {
        let options = [
            "--tool=callgrind",
            "--quiet",
            // Pipes for a debugger would be left behind by a kill.
            "--vgdb=no",
            // Quiet as it is, it has to say which instruction it does not know.
            "--sigill-diagnostics=yes",
            // The end of what it prints is kept, and a long backtrace would push the reason out.
            "--num-callers=2",
            "--instr-atstart=no",
            "--collect-atstart=no",
            // Without its cache, callgrind counts no accesses to data; what it says of misses is not used.
            "--cache-sim=yes",
            "--branch-sim=yes",
            "--dump-line=no",
        ];
        let file = format!("--callgrind-out-file={}", output.display());
        let program = executable.path.to_string_lossy().into_owned();
        let own = options.into_iter().map(str::to_owned).chain([file, "--".to_owned(), program]);
        own.chain(arguments.iter().cloned()).collect()
    }
}

/// What it means when a process in the emulator ended early, if that is the emulator's doing.
pub(super) fn complaint(stderr: &str) -> Option<NotCounted> {
    [
        ("unhandled instruction", NotCounted::UnknownInstruction),
        ("Unrecognised instruction", NotCounted::UnknownInstruction),
        ("unhandled amd64-linux syscall", NotCounted::UnknownSystemCall),
        ("valgrind: ", NotCounted::EmulatorFailed),
    ]
    .into_iter()
    .find_map(|(text, why)| stderr.contains(text).then_some(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_valgrind_lacks_is_told_from_what_the_benchmark_does() {
        let lacks = "vex amd64->IR: unhandled instruction bytes: 0x62 0xF1 0x7C\n==1== Process terminating";
        assert_eq!(complaint(lacks), Some(NotCounted::UnknownInstruction));
        assert_eq!(complaint("thread 'main' panicked at benches/a.rs:1:1:\nboom"), None);
        assert_eq!(complaint("valgrind: failed to start tool 'callgrind'"), Some(NotCounted::EmulatorFailed));
    }
}
