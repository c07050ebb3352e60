//! The engine that counts instead of sampling: callgrind executes the benchmark and adds up instructions for every path
//! of calls. Slow, and exact.
//!
//! Callgrind dumps its counts each time that Criterion's measuring function returns. So the dumps of the samples can be
//! told from those of the warm-up, and together they hold exactly the iterations that Criterion reports for them.

mod dump;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use self::dump::{Cost, Dump};
use super::escort::{self, Companion, Until};
use super::roots::{is_measuring, rooted};
use super::symbols::{Symbols, demangle};
use super::{Assignment, ProfileError, Stacks, WeightedStack, Work};
use crate::conductor::stage::system;
use crate::counts::Valgrind;
use crate::criterion::command_line::{self, FEWEST_SAMPLES, SHORT, WHOLE_SECONDS};
use crate::process::Conditions;

/// Callers by which a function's counts are kept apart.
const CALLERS: u32 = 48;
/// Executed like this, a benchmark takes so many times longer than it asked for at most.
const MOST_NS: u64 = 120_000_000_000;

/// Counts the instructions of one benchmark.
///
/// # Errors
/// Unavailable without valgrind, or when the measuring function has no code of its own to stop at.
pub fn profile(assignment: &Assignment<'_>) -> Result<Stacks, ProfileError> {
    let valgrind = Valgrind::find().map_err(ProfileError::Unavailable)?;
    let path = assignment.executable.path.to_string_lossy().into_owned();
    let mut symbols = Symbols::default();
    let boundaries: Vec<String> = symbols
        .functions(&path)
        .filter(|(_, name)| is_measuring(name) && !name.contains("closure"))
        .map(|(mangled, _)| mangled.to_owned())
        .collect();
    if boundaries.is_empty() {
        return Err(ProfileError::Unavailable(
            "callgrind finds no measuring function of Criterion in the executable: it was inlined".into(),
        ));
    }
    let folder = assignment.scratch.join("callgrind");
    let cannot = || format!("cannot prepare `{}`", folder.display());
    if folder.exists() {
        system(std::fs::remove_dir_all(&folder), cannot)?;
    }
    system(std::fs::create_dir_all(&folder), cannot)?;
    let program = valgrind.launch(assignment.executable);
    let arguments = arguments(assignment, &path, &folder, &boundaries);
    // What takes so much longer must not keep others off the core.
    let conditions = Conditions { fifo: false, ..assignment.conditions.clone() };
    let until = Until::Measured { most_ns: MOST_NS };
    let measured = escort::run(assignment, &conditions, &program, &arguments, until, &mut Alone)?
        .ok_or_else(|| ProfileError::Benchmark("it takes too long under callgrind".into()))?;
    let dumps = read_dumps(&folder)?;
    let samples = of_samples(&dumps, measured.iterations.len()).ok_or_else(|| {
        ProfileError::Benchmark(format!(
            "callgrind wrote {} dumps for {} samples",
            dumps.len(),
            measured.iterations.len()
        ))
    })?;
    let mut stacks = rooted(named(samples, &path, &mut symbols));
    let amount = stacks.weight();
    stacks.work = Some(Work { iterations: measured.iterations.iter().sum(), amount });
    Ok(stacks)
}

fn arguments(assignment: &Assignment<'_>, path: &str, folder: &Path, boundaries: &[String]) -> Vec<String> {
    let mut arguments = [
        "-q",
        "--tool=callgrind",
        // Pipes for a debugger would be left behind by a kill.
        "--vgdb=no",
        "--dump-instr=yes",
        "--dump-line=no",
        "--compress-strings=no",
        "--compress-pos=no",
        "--demangle=no",
        "--separate-recs=1",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--separate-callers={CALLERS}"));
    // A percent sign would begin a placeholder.
    arguments
        .push(format!("--callgrind-out-file={}", folder.join("out").to_string_lossy().replace('%', "%%")));
    arguments.extend(boundaries.iter().map(|name| format!("--dump-after={name}")));
    arguments.push(path.to_owned());
    let old = assignment.version.is_none_or(|[major, minor, _]| (major, minor) < (0, 4));
    let key = std::slice::from_ref(assignment.key);
    let times = if old { WHOLE_SECONDS } else { SHORT };
    arguments.extend(command_line::measuring(key, times, FEWEST_SAMPLES));
    arguments
}

/// Callgrind needs nobody beside it.
struct Alone;

impl Companion for Alone {
    fn started(&mut self, _: u32) -> Result<(), ProfileError> {
        Ok(())
    }
}

/// The dumps in the order in which they were written.
fn read_dumps(folder: &Path) -> Result<Vec<Dump>, ProfileError> {
    let cannot = || format!("cannot read `{}`", folder.display());
    let mut files: Vec<(u32, PathBuf)> = Vec::new();
    for entry in system(std::fs::read_dir(folder), cannot)? {
        let path = system(entry, cannot)?.path();
        let number = path.extension().and_then(|extension| extension.to_str()?.parse().ok());
        files.extend(number.map(|number| (number, path)));
    }
    files.sort();
    let read = |(_, path): &(u32, PathBuf)| {
        let bytes = system(std::fs::read(path), cannot)?;
        Ok(Dump::parse(&String::from_utf8_lossy(&bytes)))
    };
    files.iter().map(read).collect()
}

/// The dumps of the last so many samples. Where measuring functions call one another, each leaves a dump, and the one
/// that returns last ends the sample.
fn of_samples(dumps: &[Dump], samples: usize) -> Option<&[Dump]> {
    let outermost = &dumps.last()?.trigger;
    let ends: Vec<usize> = (0..dumps.len()).filter(|at| dumps[*at].trigger == *outermost).collect();
    // The dump before the first sample ends the warm-up.
    let warm_up = ends.len().checked_sub(samples + 1)?;
    dumps.get(ends[warm_up] + 1..)
}

/// The stacks of some dumps. A context holds mangled names only; in which file a function lies, and what that file's
/// own symbols call it, is told where it costs something.
fn named(dumps: &[Dump], program: &str, symbols: &mut Symbols) -> Vec<WeightedStack> {
    let costs = || dumps.iter().flat_map(|dump| &dump.costs);
    let mut names: HashMap<&str, String> = HashMap::new();
    for cost in costs() {
        let mangled = cost.context.split('\'').next().unwrap_or_default();
        names.entry(mangled).or_insert_with(|| {
            let frames = symbols.frames(&cost.object, cost.address);
            match frames.into_iter().next().filter(|own| cost.object == program && !own.starts_with('[')) {
                Some(own) => own,
                None if cost.object == program => plain(mangled),
                None => {
                    format!("{} [{}]", plain(mangled), cost.object.rsplit('/').next().unwrap_or_default())
                }
            }
        });
    }
    let shown = |mangled: &str| names.get(mangled).cloned().unwrap_or_else(|| plain(mangled));
    let stack = |cost: &Cost| {
        let mut frames: Vec<String> = cost.context.split('\'').rev().map(shown).collect();
        frames.extend(symbols.frames(&cost.object, cost.address).into_iter().skip(1));
        WeightedStack { frames, weight: cost.instructions }
    };
    costs().map(stack).collect()
}

/// A name of the symbol table for people; callgrind gives an address where there is none.
fn plain(name: &str) -> String {
    if name.starts_with("0x") { "[unknown]".into() } else { demangle(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(trigger: &str) -> Dump {
        Dump { trigger: trigger.into(), costs: Vec::new() }
    }

    #[test]
    fn the_last_samples_are_told_from_the_warm_up() {
        let dumps: Vec<Dump> = (0..7).map(|_| dump("iter")).collect();
        assert_eq!(of_samples(&dumps, 3).unwrap().len(), 3);
        assert!(of_samples(&dumps, 7).is_none(), "a warm-up of nothing cannot be");
        assert!(of_samples(&[], 3).is_none());
    }

    #[test]
    fn measuring_functions_that_call_one_another_count_once() {
        let dumps: Vec<Dump> = (0..6).flat_map(|_| [dump("inner"), dump("outer")]).collect();
        assert_eq!(of_samples(&dumps, 4).unwrap().len(), 8);
    }

    #[test]
    fn functions_of_libraries_carry_their_name_wherever_they_stand_in_a_stack() {
        let cost = |context: &str, object: &str| Cost {
            context: context.into(),
            object: object.into(),
            address: 1,
            instructions: 5,
        };
        let (program, libc) = ("/bin/bench", "/lib/libc.so.6");
        let costs =
            vec![cost("_int_malloc'malloc'leaf", libc), cost("malloc'leaf", libc), cost("leaf", program)];
        let dumps = [Dump { costs, ..dump("iter") }];
        let stacks = named(&dumps, program, &mut Symbols::default());
        assert_eq!(stacks[0].frames, ["leaf", "malloc [libc.so.6]", "_int_malloc [libc.so.6]"]);
        assert_eq!(stacks[2], WeightedStack { frames: vec!["leaf".into()], weight: 5 });
    }
}
