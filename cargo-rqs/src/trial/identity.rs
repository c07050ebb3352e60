//! Which benchmarks reach the same code on both sides although their executables differ.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use rqs_harness::{MeasureError, can_probe, stacks};

use super::prepare::{Prepared, executable};
use crate::analysis::code::Graph;
use crate::analysis::code::identity::{Programs, Stack};
use crate::host::cargo::{self, BuiltSuite, LinkInputs};
use crate::host::code::{Executable, Inputs};
use crate::host::terminal::Terminal;
use crate::model::code::CodeIdentity;
use crate::model::failure::{Failure, Outcome};
use crate::model::record::SuiteRecord;
use crate::model::{BenchmarkKey, ByRole};

/// Libraries of the system that call nothing of a program by its name.
const SYSTEM_LIBRARIES: [&str; 12] =
    ["c", "dl", "gcc", "gcc_eh", "gcc_s", "m", "pthread", "rt", "stdc++", "unwind", "util", "resolv"];
/// Settings of a link by which names may stand for something else than their definitions, or by which something else runs
/// first or last; each may have a value behind an equals sign or be followed by it.
const UNUSUAL: [&str; 13] = [
    "--defsym",
    "--wrap",
    "--script",
    "-T",
    "--just-symbols",
    "-R",
    "--dynamic-list",
    "--entry",
    "-e",
    "-init",
    "-fini",
    "-nostartfiles",
    "-nostdlib",
];

/// How to look into the code, and what becomes of it.
pub struct Looking<'a> {
    /// Whether benchmarks of the same code are measured all the same.
    pub measure_identical: bool,
    /// Seconds of silence after which a benchmark counts as hung.
    pub hang_timeout_s: u64,
    /// A folder for everything that is written.
    pub scratch: &'a Path,
    /// True once the user asks to stop.
    pub interrupted: &'a AtomicBool,
}

impl Looking<'_> {
    /// Notes for each benchmark that exists on both sides how the code that it reaches compares, and that it is not to be
    /// measured where it is the same. Suites of which nothing differs are left alone. Gives what the reader should know.
    ///
    /// # Errors
    /// When the user asks to stop. Whatever else goes wrong makes the answer "unknown".
    pub fn compare(
        &self,
        suites: &mut [SuiteRecord],
        prepared: &Prepared,
        terminal: &mut Terminal,
    ) -> Outcome<Vec<String>> {
        let mut notes = Vec::new();
        for suite in suites.iter_mut().filter(|suite| !suite.identical) {
            let built = prepared.sides.as_ref().map(|side| side.build.suite(&suite.name));
            let (Some(baseline), Some(candidate)) = (built.baseline, built.candidate) else { continue };
            let compared: Vec<usize> = (0..suite.benchmarks.len())
                .filter(|&k| suite.benchmarks[k].presence.is_both() && suite.benchmarks[k].failure.is_none())
                .collect();
            if compared.is_empty() || baseline.code_hash == candidate.code_hash {
                continue;
            }
            terminal.status(&format!("comparing the code of {}", suite.name));
            let keys: Vec<BenchmarkKey> = compared.iter().map(|&k| suite.benchmarks[k].key.clone()).collect();
            let codes = match self.suite(&ByRole::new(baseline, candidate), &keys)? {
                Ok(codes) => codes,
                Err(why) => vec![CodeIdentity::Unknown { why }; keys.len()],
            };
            notes.extend(unknown(&suite.name, &codes));
            for (k, code) in compared.into_iter().zip(codes) {
                let benchmark = &mut suite.benchmarks[k];
                benchmark.identical = code.is_identical() && !self.measure_identical;
                benchmark.code = Some(code);
            }
        }
        terminal.clear_status();
        Ok(notes)
    }

    /// How the code of each benchmark compares, or why nothing can be said of any.
    fn suite(
        &self,
        built: &ByRole<&BuiltSuite>,
        keys: &[BenchmarkKey],
    ) -> Outcome<Result<Vec<CodeIdentity>, String>> {
        let links = match links(built) {
            Ok(links) => links,
            Err(why) => return Ok(Err(why)),
        };
        let sides = ByRole::try_from_fn(|role| {
            read(built.get(role), links.get(role)).map_err(|why| format!("{why} (in the {role})"))
        });
        let sides = match sides {
            Ok(sides) => sides,
            Err(why) => return Ok(Err(why)),
        };
        let mut programs = Programs::new(sides.as_ref().map(|(_, graph)| graph));
        let whole = programs.whole();
        if whole.is_identical() || !can_probe() {
            return Ok(Ok(vec![whole; keys.len()]));
        }
        let mut stacks = ByRole::<Vec<Option<Stack>>>::default();
        for role in crate::model::Role::BOTH {
            *stacks.get_mut(role) = self.stacks(built.get(role), &sides.get(role).0, keys)?;
        }
        let of_both = stacks.baseline.into_iter().zip(stacks.candidate);
        Ok(Ok(of_both
            .map(|(baseline, candidate)| programs.of_benchmark(&ByRole::new(baseline, candidate)))
            .collect()))
    }

    /// The functions on each benchmark's stack.
    fn stacks(
        &self,
        built: &BuiltSuite,
        symbols: &Executable,
        keys: &[BenchmarkKey],
    ) -> Outcome<Vec<Option<Stack>>> {
        let scratch = self.scratch.join("stacks");
        let found =
            stacks::of_benchmarks(&executable(built), keys, self.hang_timeout_s, self.interrupted, &scratch);
        match found {
            Ok(stacks) => {
                let named = |stack: stacks::Stack| -> Stack {
                    stack.into_iter().map(|place| symbols.names_at(place).to_vec()).collect()
                };
                Ok(stacks.into_iter().map(|stack| stack.map(named)).collect())
            }
            Err(MeasureError::Interrupted) => Err(super::measure::interrupted()),
            // Without stacks everything that any benchmark could reach counts.
            Err(_) => Ok(vec![None; keys.len()]),
        }
    }
}

/// What is to be told of benchmarks of which it is not known whether their code is the same.
fn unknown(suite: &str, codes: &[CodeIdentity]) -> Option<String> {
    let mut reasons = codes.iter().filter_map(|code| match code {
        CodeIdentity::Unknown { why } => Some(why),
        _ => None,
    });
    let first = reasons.next()?;
    let which = match 1 + reasons.count() {
        all if all == codes.len() => format!("the benchmarks of `{suite}`"),
        some => format!("{some} benchmarks of `{suite}`"),
    };
    Some(format!("the code of {which} could not be compared, so they are measured: {first}"))
}

/// What both sides were linked from, if it can be told that it was done in the same way.
fn links(built: &ByRole<&BuiltSuite>) -> Result<ByRole<LinkInputs>, String> {
    let surroundings = built.map(|suite| suite.surroundings.as_ref());
    if surroundings.baseline.is_none() || surroundings.baseline != surroundings.candidate {
        return Err("data files, programs or libraries of the tree differ".to_owned());
    }
    let links = ByRole::try_from_fn(|role| {
        let link = cargo::link_inputs(built.get(role)).map_err(|failure: Failure| failure.message)?;
        link.ok_or_else(|| format!("what the {role} was linked from was not kept"))
    })?;
    if links.baseline.settings != links.candidate.settings {
        return Err("both sides were linked with different settings".to_owned());
    }
    if let Some(setting) = links.candidate.settings.iter().find(|setting| !is_plain(setting)) {
        return Err(format!("it is linked with `{setting}`, of which it is not known what it does"));
    }
    let directory = links.iter().find_map(|(_, link)| link.shadowing.first().cloned());
    directory
        .map_or(Ok(links), |directory| Err(format!("its libraries may come from `{}`", directory.display())))
}

/// Whether a setting of a link leaves names and what runs first as they are.
fn is_plain(setting: &str) -> bool {
    let parts = setting.strip_prefix("-Wl,").unwrap_or(setting).split(',');
    parts.into_iter().all(|part| match part.strip_prefix("-l") {
        Some(library) => SYSTEM_LIBRARIES.contains(&library),
        None => !UNUSUAL.contains(&part.split('=').next().unwrap_or(part)) && !part.starts_with("-T"),
    })
}

/// The symbols and the graph of one side.
fn read(suite: &BuiltSuite, link: &LinkInputs) -> Result<(Executable, Graph), String> {
    let symbols = Executable::read(&suite.executable).map_err(|failure| failure.message)?;
    let inputs = Inputs::read(&link.files).map_err(|failure| failure.message)?;
    let graph = inputs.graph(symbols.exported())?;
    Ok((symbols, graph))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_settings_of_a_link_are_plain() {
        for setting in [
            "cc",
            "-m64",
            "-Wl,--as-needed",
            "-Wl,-Bstatic",
            "-lgcc_s",
            "-lc",
            "-fuse-ld=lld",
            "-Wl,--eh-frame-hdr",
            "-Wl,-z,relro,-z,now",
            "-pie",
            "-nodefaultlibs",
            "-Wl,--gc-sections",
            "-Wl,-O1",
        ] {
            assert!(is_plain(setting), "{setting}");
        }
    }

    #[test]
    fn settings_that_may_change_what_names_mean_are_not() {
        for setting in [
            "-lz",
            "-l",
            "-Wl,--wrap=malloc",
            "-Wl,--defsym,a=b",
            "-Tlink.ld",
            "-Wl,-T,x.ld",
            "-Wl,-e,go",
            "-nostartfiles",
        ] {
            assert!(!is_plain(setting), "{setting}");
        }
    }
}
