//! Made-up histories: real git repositories in which one commit among many makes the kernels do more work.

use std::path::{Path, PathBuf};

use rqs_harness::coin::Coins;

use acceptance::{Outcome, repository};

/// The revision without the change.
pub const GOOD: &str = "good";
/// The revision with the change.
pub const BAD: &str = "bad";

const FEWEST_COMMITS: u64 = 12;
const MOST_COMMITS: u64 = 20;

/// A history in its repository.
pub struct History {
    /// The repository.
    pub dir: PathBuf,
    /// Hashes of the commits after the good one, oldest first.
    pub commits: Vec<String>,
    /// Which one brought the change.
    pub culprit: usize,
    /// The benchmark to look at.
    pub benchmark: &'static str,
}

/// Benchmarks whose time is in proportion to their work, whatever their data are.
const BENCHMARKS: [&str; 5] = ["hash/20000", "float/20000", "chase/4000", "copy/2000", "search/200000"];

/// What the files of a commit are made from.
#[derive(Clone, Default)]
struct State {
    per_mille: u64,
    notes: u64,
    comments: u64,
    extra_kernels: u64,
    spare_functions: u64,
    is_broken: bool,
}

impl State {
    fn write(&self, dir: &Path) -> Outcome<()> {
        let mut library = repository::LIBRARY
            .replace(repository::NO_MORE_WORK, &format!("MORE_PER_MILLE: usize = {};", self.per_mille));
        for n in 0..self.comments {
            library += &format!("\n// Remark {n}: nothing of this is code.\n");
        }
        for n in 0..self.spare_functions {
            library += &format!(
                "\n/// Used by nobody.\npub fn spare_{n}(x: u64) -> u64 {{\n    x.rotate_left({})\n}}\n",
                n + 1
            );
        }
        let (mut calls, mut functions) = (String::new(), String::new());
        for n in 0..self.extra_kernels {
            library += &format!(
                "\n/// Another kernel.\n#[inline(never)]\npub fn extra_{n}(numbers: &[u32]) -> u64 {{\n    \
                 numbers.iter().fold({n}, |sum, number| sum.rotate_left({}) ^ u64::from(*number).wrapping_mul({}))\n}}\n",
                n + 3,
                2 * n + 7
            );
            calls += &format!(
                "    criterion.bench_function(\"extra/{n}\", |b| b.iter(|| extra_{n}(black_box(&numbers))));\n"
            );
        }
        if self.extra_kernels > 0 {
            functions = format!(
                "fn extras(criterion: &mut Criterion) {{\n    let numbers = noise(500);\n{calls}}}\n\n"
            );
        }
        if self.is_broken {
            library += "\npub fn unfinished() -> u64 {\n    \"to be done\"\n}\n";
        }
        let targets = if self.extra_kernels > 0 { "extras, chains" } else { "chains" };
        let benches = repository::BENCHES.replace(
            "criterion_group!(benches, chains",
            &format!("{functions}criterion_group!(benches, {targets}"),
        );
        repository::write(dir, "src/lib.rs", &library)?;
        repository::write(dir, "benches/kernels.rs", &benches)?;
        repository::write(dir, "NOTES.md", &format!("Edited {} times.\n", self.notes))
    }
}

/// Makes a history, always the same one for a seed. All of them stand at one path, so that dependencies are built once.
pub fn make(seed: u64, per_mille: u64) -> Outcome<History> {
    let dir = repository::begin("history")?;
    let mut coins = Coins::new(seed);
    let mut below = |n: u64| coins.bits() % n;
    let commits = (FEWEST_COMMITS + below(MOST_COMMITS - FEWEST_COMMITS + 1)) as usize;
    let culprit = below(commits as u64) as usize;
    let benchmark = BENCHMARKS[(seed as usize) % BENCHMARKS.len()];
    let mut state = State::default();
    state.write(&dir)?;
    repository::commit(&dir, GOOD)?;
    let mut ids = Vec::new();
    for number in 0..commits {
        let message = match below(6) {
            _ if number == culprit => {
                state.per_mille = per_mille;
                "Rework the kernels"
            }
            _ if state.is_broken => {
                state.is_broken = false;
                "Mend the build"
            }
            0 => {
                state.notes += 1;
                "Edit the notes"
            }
            1 => {
                state.comments += 1;
                "Explain"
            }
            2 => {
                state.spare_functions += 1;
                "Prepare for later"
            }
            3 if number + 2 < commits => {
                state.is_broken = true;
                "Begin something that does not build yet"
            }
            _ => {
                state.extra_kernels += 1;
                "Add another kernel"
            }
        };
        // The bad end has to build.
        state.is_broken &= number + 1 < commits;
        state.write(&dir)?;
        ids.push(repository::commit_untagged(&dir, &format!("{message} ({number})"))?);
    }
    repository::tag(&dir, BAD)?;
    Ok(History { dir, commits: ids, culprit, benchmark })
}
