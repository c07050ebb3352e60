//! The pairs that are compared: one repository in which each commit does another amount of work, and a folder for each with
//! its executables, for the tools that compare executables. All are the same code in the same layout: how much work is to be
//! done is said in a file.

use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::{Outcome, processes, repository, root, tool};
use known_changes::SIZES;
use serde_json::{Value, json};

/// The newest that builds with Rust 1.95.
const HYPERFINE: &str = "1.20.0";
/// The file that says how much more work is done.
const MORE_PER_MILLE: &str = "more_per_mille";
/// The commit that every baseline is; all names are as long.
const BASELINE: &str = "more-0000";
/// A commit with the same code that does as much.
const SAME: &str = "same-0000";
/// Files of this repository that are laid out, with where.
const SOURCES: [(&str, &str); 2] =
    [("bench-suites/known-changes", "known-changes"), ("bench-suites/study/kernels", "study/kernels")];
const TARGETS: [&str; 4] = ["with_criterion", "with_divan", "with_tango", "fixed_work"];

/// Everything that is compared.
pub struct Builds {
    /// Names of the kernels.
    pub kernels: Vec<String>,
    /// The package within the repository.
    pub package: PathBuf,
    /// hyperfine's executable.
    pub hyperfine: PathBuf,
    executables: PathBuf,
}

/// Two commits, and the folders with their executables.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Baseline and candidate as git knows them.
    pub revisions: [String; 2],
    /// Their executables, each under the name of its target.
    pub folders: [PathBuf; 2],
}

impl Builds {
    /// Makes the repository and builds what is compared.
    ///
    /// # Errors
    /// When something does not build.
    pub fn make() -> Outcome<Builds> {
        let work = root().join("target/study");
        let (dir, executables) = (work.join("repository"), work.join("executables"));
        lay_out(&dir)?;
        let package = dir.join("study/kernels");
        println!("building the kernels");
        let built = build(&package)?;
        let more = SIZES.into_iter().filter(|per_mille| *per_mille > 0).map(|it| (more(it), it));
        for (name, per_mille) in [(BASELINE.to_owned(), 0), (SAME.to_owned(), 0)].into_iter().chain(more) {
            let said = format!("{per_mille:04}\n");
            repository::write(&package, MORE_PER_MILLE, &said)?;
            repository::commit(&dir, &name)?;
            let folder = executables.join(name);
            repository::write(&folder, MORE_PER_MILLE, &said)?;
            for (target, path) in &built {
                std::fs::copy(path, folder.join(target)).map_err(|error| format!("`{path}`: {error}"))?;
            }
        }
        let builds =
            Builds { kernels: kernels(&executables)?, package, hyperfine: hyperfine(&work)?, executables };
        for per_mille in SIZES {
            let [baseline, candidate] = builds.pair(per_mille).revisions;
            println!("cargo rqs: building {candidate}");
            tool::build(&builds.package, &["--baseline", &baseline, "--candidate", &candidate])?;
        }
        Ok(builds)
    }

    /// The baseline and the candidate that does so much more work.
    pub fn pair(&self, per_mille: u64) -> Pair {
        let candidate = if per_mille == 0 { SAME.to_owned() } else { more(per_mille) };
        let revisions = [BASELINE.to_owned(), candidate];
        let folders = revisions.clone().map(|name| self.executables.join(name));
        Pair { revisions, folders }
    }

    /// The version of every tool.
    pub fn versions(&self) -> Value {
        let lockfile = std::fs::read_to_string(self.package.join("Cargo.lock")).unwrap_or_default();
        let of = |name: &str| {
            let entry =
                lockfile.split("[[package]]").find(|entry| entry.contains(&format!("name = \"{name}\"\n")));
            entry.and_then(|entry| entry.split("version = \"").nth(1)?.split('"').next()).map(str::to_owned)
        };
        json!({
            "criterion": of("criterion"),
            "divan": of("divan"),
            "tango-bench": of("tango-bench"),
            "hyperfine": HYPERFINE,
            "asv": "the rule of its main branch in June 2026",
        })
    }
}

fn more(per_mille: u64) -> String {
    format!("more-{per_mille:04}")
}

/// A repository of the sources without a commit, in place of an earlier one; what was built stays.
fn lay_out(dir: &Path) -> Outcome<()> {
    let git = dir.join(".git");
    if git.exists() {
        std::fs::remove_dir_all(&git)
            .map_err(|error| format!("cannot remove `{}`: {error}", git.display()))?;
    }
    for (from, to) in SOURCES {
        let listed = processes::text(Command::new("git").args(["ls-files", from]).current_dir(root()))?;
        for file in listed.lines() {
            let text =
                std::fs::read_to_string(root().join(file)).map_err(|error| format!("`{file}`: {error}"))?;
            repository::write(dir, &file.replacen(from, to, 1), &text)?;
        }
    }
    repository::write(dir, ".gitignore", "target/\nresults/\n")?;
    processes::text(Command::new("git").args(["init", "--quiet"]).current_dir(dir)).map(drop)
}

/// The executables of the kernels: targets and paths.
fn build(package: &Path) -> Outcome<Vec<(String, String)>> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(package).env_remove("CARGO_TARGET_DIR");
    cargo.args(["build", "--release", "--locked", "--benches", "--bins", "--message-format", "json"]);
    let messages = processes::text(&mut cargo)?;
    let mut built = Vec::new();
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let target = message["target"]["name"].as_str().unwrap_or_default();
        // The program is there twice, once with the test harness.
        let is_test = message["profile"]["test"] == true && target == "fixed_work";
        if let Some(path) = message["executable"].as_str().filter(|_| TARGETS.contains(&target) && !is_test) {
            built.push((target.to_owned(), path.to_owned()));
        }
    }
    match built.len() == TARGETS.len() {
        true => Ok(built),
        false => Err(format!("{} of {} executables were built", built.len(), TARGETS.len())),
    }
}

/// Criterion lists what it has, one name in a line.
fn kernels(executables: &Path) -> Outcome<Vec<String>> {
    let mut criterion = Command::new(executables.join(BASELINE).join("with_criterion"));
    let listed = processes::text(criterion.args(["--bench", "--list"]))?;
    Ok(listed.lines().filter_map(|line| line.strip_suffix(": benchmark")).map(str::to_owned).collect())
}

/// Installs hyperfine where it cannot be in anybody's way.
fn hyperfine(work: &Path) -> Outcome<PathBuf> {
    let place = work.join("tools");
    let executable = place.join("bin/hyperfine");
    if !executable.is_file() {
        println!("building hyperfine {HYPERFINE}");
        let install = ["install", "--quiet", "--locked", "hyperfine", "--version", HYPERFINE, "--root"];
        processes::text(Command::new("cargo").args(install).arg(&place))?;
    }
    Ok(executable)
}
