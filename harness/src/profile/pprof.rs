//! The engine of suites that sample themselves: they link `rqs-harness`, whose Criterion profiler writes folded stacks
//! into the folder that [`FOLDER`] names, one file for each benchmark.
//!
//! A line is `frame;frame;frame count`, the outermost frame first, names demangled.

use std::path::Path;

use super::escort::{self, Companion, Until};
use super::roots::rooted;
use super::{Assignment, ProfileError, Stacks, WeightedStack};
use crate::conductor::stage::system;
use crate::criterion::command_line;
use crate::process::Conditions;

/// The variable that names the folder.
pub const FOLDER: &str = "RQS_PROFILE_DIR";

/// Lets the suite sample one of its benchmarks.
///
/// # Errors
/// Unavailable when the suite writes no stacks.
pub fn profile(assignment: &Assignment<'_>) -> Result<Stacks, ProfileError> {
    let folder = assignment.scratch.join("folded");
    let cannot = || format!("cannot prepare `{}`", folder.display());
    if folder.exists() {
        system(std::fs::remove_dir_all(&folder), cannot)?;
    }
    system(std::fs::create_dir_all(&folder), cannot)?;
    let mut program = assignment.executable.clone();
    program.env.push((FOLDER.into(), folder.to_string_lossy().into_owned()));
    let arguments = command_line::profiling(assignment.key, assignment.seconds.ceil() as u64);
    struct Alone;
    impl Companion for Alone {
        fn started(&mut self, _: u32) -> Result<(), ProfileError> {
            Ok(())
        }
    }
    let conditions = Conditions { fifo: false, ..assignment.conditions.clone() };
    escort::run(assignment, &conditions, &program, &arguments, Until::TheEnd, &mut Alone)?;
    let texts = folded_files(&folder)?;
    if texts.is_empty() {
        return Err(ProfileError::Unavailable(
            "the suite writes no stacks of its own: it does not use the profiler of `rqs-harness`".into(),
        ));
    }
    let lines = texts.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty());
    let stack = |line: &str| {
        parse_line(line)
            .ok_or_else(|| ProfileError::Benchmark(format!("the suite wrote a stack that is none: `{line}`")))
    };
    Ok(rooted(lines.map(stack).collect::<Result<Vec<_>, _>>()?))
}

fn folded_files(folder: &Path) -> Result<Vec<String>, ProfileError> {
    let cannot = || format!("cannot read `{}`", folder.display());
    let (mut open, mut texts) = (vec![folder.to_owned()], Vec::new());
    while let Some(dir) = open.pop() {
        for entry in system(std::fs::read_dir(dir), cannot)? {
            let path = system(entry, cannot)?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "folded") {
                texts.push(system(std::fs::read_to_string(path), cannot)?);
            }
        }
    }
    Ok(texts)
}

/// `frame;frame count`.
fn parse_line(line: &str) -> Option<WeightedStack> {
    let (stack, count) = line.trim_end().rsplit_once(' ')?;
    let frames = stack.split(';').map(str::to_owned).collect();
    Some(WeightedStack { frames, weight: count.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_line_is_frames_and_a_count() {
        let frames = ["main", "a::b<u8, u16>", "{{closure}}"].map(str::to_owned).to_vec();
        let stack = WeightedStack { frames, weight: 12 };
        assert_eq!(parse_line("main;a::b<u8, u16>;{{closure}} 12"), Some(stack));
        assert_eq!(parse_line("main;a"), None);
        assert_eq!(parse_line("main x"), None);
    }

    #[test]
    fn only_folded_files_are_read_wherever_they_lie() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("group")).unwrap();
        std::fs::write(folder.path().join("group/a.folded"), "a 1\n").unwrap();
        std::fs::write(folder.path().join("a.svg"), "<svg/>").unwrap();
        assert_eq!(folded_files(folder.path()).unwrap(), ["a 1\n"]);
    }
}
