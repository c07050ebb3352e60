//! The pairs that are compared: one repository in which each commit does another amount of work, and the executables of
//! each commit, for the tools that compare executables.

use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::{Outcome, processes, repository, root, tool};
use known_changes::SIZES;
use serde_json::{Value, json};

/// The newest that builds with Rust 1.95.
const HYPERFINE: &str = "1.20.0";
/// How the kernels say that they do no more work than usual.
const NO_MORE_WORK: &str = "MORE_PER_MILLE: u64 = 0;";
/// The commit that every baseline is.
const BASELINE: &str = "baseline";
/// A commit with the same code.
const SAME: &str = "same";
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
    /// Makes the repository and builds every commit.
    ///
    /// # Errors
    /// When something does not build.
    pub fn make() -> Outcome<Builds> {
        let work = root().join("target/study");
        let (dir, executables) = (work.join("repository"), work.join("executables"));
        lay_out(&dir)?;
        let package = dir.join("study/kernels");
        commit(&dir, &executables, BASELINE, 0)?;
        repository::write(&dir, "NOTES.md", "Words change, code does not.\n")?;
        commit(&dir, &executables, SAME, 0)?;
        for per_mille in SIZES.into_iter().filter(|per_mille| *per_mille > 0) {
            commit(&dir, &executables, &more(per_mille), per_mille)?;
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
    let notes = dir.join("NOTES.md");
    if notes.exists() {
        std::fs::remove_file(&notes).map_err(|error| error.to_string())?;
    }
    repository::write(dir, ".gitignore", "target/\nresults/\n")?;
    processes::text(Command::new("git").args(["init", "--quiet"]).current_dir(dir)).map(drop)
}

/// Commits the kernels with so much more work, and keeps their executables.
fn commit(dir: &Path, executables: &Path, name: &str, per_mille: u64) -> Outcome<()> {
    println!("building {name}");
    let source = "bench-suites/study/kernels/src/lib.rs";
    let text = std::fs::read_to_string(root().join(source)).map_err(|error| error.to_string())?;
    let changed = text.replace(NO_MORE_WORK, &format!("MORE_PER_MILLE: u64 = {per_mille};"));
    if changed == text && per_mille != 0 {
        return Err(format!("`{source}` has no `{NO_MORE_WORK}`"));
    }
    repository::write(dir, "study/kernels/src/lib.rs", &changed)?;
    repository::commit(dir, name)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(dir.join("study/kernels")).env_remove("CARGO_TARGET_DIR");
    cargo.args(["build", "--release", "--locked", "--benches", "--bins", "--message-format", "json"]);
    let messages = processes::text(&mut cargo)?;
    let folder = executables.join(name);
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let mut found = 0;
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let target = message["target"]["name"].as_str().unwrap_or_default();
        // The program is there twice, once with the test harness.
        let is_test = message["profile"]["test"] == true && target == "fixed_work";
        let Some(path) = message["executable"].as_str().filter(|_| TARGETS.contains(&target) && !is_test)
        else {
            continue;
        };
        std::fs::copy(path, folder.join(target)).map_err(|error| format!("cannot copy `{path}`: {error}"))?;
        found += 1;
    }
    match found == TARGETS.len() {
        true => Ok(()),
        false => Err(format!("{found} of {} executables were built", TARGETS.len())),
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
