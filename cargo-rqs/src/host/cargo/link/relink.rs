//! Repeats the link of a benchmark executable, with all its sections in an order that a seed draws.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::SystemTime;

use super::super::BuiltSuite;
use super::super::artifacts::Relocation;
use super::super::executable::code_hash;
use super::super::process::{self, Finished};
use super::Link;
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::fingerprint;

/// Relinked executables that are kept of one executable, the newest ones.
const MOST_KEPT: usize = 8;
/// Digits of a seed and of a hash in the name of a relinked executable; always the same, so that both sides' are alike.
const SEED_DIGITS: usize = 10;
const HASH_DIGITS: usize = 16;

/// A linker that can put sections into an order by lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shuffling {
    Lld,
    Mold,
}

/// A link that can be repeated, as was proved, and shuffled.
#[derive(Debug)]
pub struct Relinker {
    folder: PathBuf,
    link: Link,
    executable: PathBuf,
    shuffling: Shuffling,
}

impl Relinker {
    /// Asks a suite's linker who it is, and proves that what was kept is the whole link: repeated as it was, it gives the
    /// same code.
    ///
    /// # Errors
    /// Why the layout of this suite cannot be varied, in words for the reader.
    pub fn prove(suite: &BuiltSuite, interrupted: &AtomicBool) -> Result<Relinker, String> {
        let folder = suite.link.clone().ok_or("its link could not be kept while it was built")?;
        let link = Link::read(&folder).map_err(|failure| one_line(&failure))?;
        let mut relinker =
            Relinker { folder, link, executable: suite.executable.clone(), shuffling: Shuffling::Lld };
        relinker.shuffling = relinker.ask(interrupted)?;
        let again = relinker.link_with(None, interrupted).map_err(|failure| one_line(&failure))?;
        let hash = code_hash(&again).map_err(|failure| one_line(&failure))?;
        if hash != relinker.link.code_hash {
            return Err("repeating its link as it was gives other code, so it was not kept whole".to_owned());
        }
        Ok(relinker)
    }

    /// Which linker it is, in its own words.
    fn ask(&self, interrupted: &AtomicBool) -> Result<Shuffling, String> {
        let scratch = scratch(&self.executable).map_err(|failure| one_line(&failure))?;
        let mut command = self.command(&scratch.path().join("version"));
        command.arg(self.for_linker("--version"));
        let (mut said, mut complaint) = (String::new(), String::new());
        // Some go on to link, and some link in vain after that; only what they say counts.
        process::stream(
            command,
            Some(interrupted),
            &mut |line| said.push_str(&(process::readable(&line) + "\n")),
            &mut |line| complaint = line.to_owned(),
        )
        .map_err(|failure| one_line(&failure))?;
        shuffling_of(&said).map_err(|linker| match linker {
            Some(linker) => format!(
                "its linker ({linker}) cannot put sections into another order; `-Clink-arg=-fuse-ld=lld` or `mold` can"
            ),
            None => format!("its linker does not say who it is: {complaint}"),
        })
    }

    /// Links with the sections in the order of a seed, unless that is done already; gives the executable, which stands
    /// beside the one that was built.
    ///
    /// # Errors
    /// When the link fails, or its order is the same as without a seed.
    fn relink(&self, seed: u32, interrupted: &AtomicBool) -> Outcome<PathBuf> {
        let beginning = format!("{}.{seed:0SEED_DIGITS$}.", file_name(&self.executable));
        if let Some(found) = self.find(&beginning)? {
            return Ok(found);
        }
        let mut bytes = self.link_with(Some(seed), interrupted)?;
        if code_hash(&bytes)? == self.link.code_hash {
            return Err(Failure::incomplete("its linker leaves the sections in their order"));
        }
        Relocation::of(self.link.relocation.clone()).bytes(&mut bytes);
        let place = self.executable.with_file_name(beginning + &short_hash(&bytes));
        let failed = || format!("cannot write `{}`", place.display());
        let folder = self.executable.parent().unwrap_or(Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder).or_fail(failed)?;
        std::fs::write(file.path(), &bytes).or_fail(failed)?;
        let permissions = std::fs::metadata(&self.executable).or_fail(failed)?.permissions();
        std::fs::set_permissions(file.path(), permissions).or_fail(failed)?;
        file.into_temp_path().persist(&place).or_fail(failed)?;
        Ok(place)
    }

    /// A whole executable that was linked earlier; a damaged one is removed.
    fn find(&self, beginning: &str) -> Outcome<Option<PathBuf>> {
        for path in self.relinked()?.into_iter().filter(|path| file_name(path).starts_with(beginning)) {
            let failed = || format!("cannot use `{}`", path.display());
            let bytes = std::fs::read(&path).or_fail(failed)?;
            if file_name(&path) == format!("{beginning}{}", short_hash(&bytes)) {
                // The newest ones are kept.
                let file = std::fs::File::open(&path).or_fail(failed)?;
                file.set_modified(SystemTime::now()).or_fail(failed)?;
                return Ok(Some(path));
            }
            std::fs::remove_file(&path).or_fail(failed)?;
        }
        Ok(None)
    }

    /// What was relinked of this executable, and what epochs that were killed left of it.
    fn relinked(&self) -> Outcome<Vec<PathBuf>> {
        let folder = self.executable.parent().unwrap_or(Path::new("."));
        let failed = || format!("cannot list `{}`", folder.display());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).or_fail(failed)? {
            let path = entry.or_fail(failed)?.path();
            let name = file_name(&path);
            let rest = name.strip_prefix(&format!("{}.", file_name(&self.executable)));
            let seed = rest.and_then(|rest| rest.get(..=SEED_DIGITS)).and_then(|seed| seed.strip_suffix('.'));
            if seed.is_some_and(|seed| seed.bytes().all(|byte| byte.is_ascii_digit())) {
                found.push(path);
            }
        }
        Ok(found)
    }

    /// Removes all but the newest relinked executables, and none of those that were asked for just now.
    fn tidy(&self, asked_for: &HashSet<&Path>) -> Outcome<()> {
        let length = file_name(&self.executable).len() + SEED_DIGITS + HASH_DIGITS + 2;
        let age = |path: &Path| std::fs::metadata(path).and_then(|found| found.modified()).ok();
        let (mut whole, left_behind): (Vec<_>, Vec<_>) =
            self.relinked()?.into_iter().partition(|path| file_name(path).len() == length);
        whole.sort_by_key(|path| std::cmp::Reverse(age(path)));
        let superfluous =
            whole.into_iter().skip(MOST_KEPT).filter(|path| !asked_for.contains(path.as_path()));
        for path in superfluous.chain(left_behind) {
            std::fs::remove_file(&path).or_fail(|| format!("cannot remove `{}`", path.display()))?;
        }
        Ok(())
    }

    /// What the link gives, with the sections in the order of a seed or in their own.
    fn link_with(&self, seed: Option<u32>, interrupted: &AtomicBool) -> Outcome<Vec<u8>> {
        let scratch = scratch(&self.executable)?;
        let output = scratch.path().join("executable");
        let mut command = self.command(&output);
        command.args(seed.map(|seed| match self.shuffling {
            Shuffling::Lld => self.for_linker(&format!("--shuffle-sections=*={seed}")),
            Shuffling::Mold => self.for_linker(&format!("--shuffle-sections={seed}")),
        }));
        let Finished { status, tail } =
            process::stream(command, Some(interrupted), &mut |_| {}, &mut |_| {})?;
        let failed = || format!("cannot link `{}` anew", self.executable.display());
        if !status.success() {
            // The driver adds that its linker failed.
            let first = tail.lines().find(|line| line.contains("error")).or(tail.lines().last());
            return Err(Failure::incomplete(failed()).cause(first.unwrap_or("it says nothing").to_owned()));
        }
        std::fs::read(&output).or_fail(failed)
    }

    /// An argument for the linker itself: the compiler driver has to be told to hand it on.
    fn for_linker(&self, argument: &str) -> String {
        let by_driver = self.link.arguments.iter().any(|argument| argument.starts_with("-Wl,"));
        if by_driver { format!("-Wl,{argument}") } else { argument.to_owned() }
    }

    /// The link with kept files for those that were there, and paths as they are now.
    fn command(&self, output: &Path) -> Command {
        let relocation = Relocation::of(self.link.relocation.clone());
        let linked_to = self.link.output();
        let mut inputs: Vec<_> = self.link.inputs.iter().collect();
        inputs.sort_by_key(|input| std::cmp::Reverse(input.original.len()));
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let argument = |argument: &String| -> String {
            if Some(argument.as_str()) == linked_to {
                return shown(output);
            }
            if let Some(kept) = self.link.kept(argument, &self.folder) {
                return shown(&kept);
            }
            // Within other arguments, files go by their whole path.
            let absolute = inputs.iter().filter(|input| input.original.starts_with('/'));
            let replaced = absolute.fold(argument.clone(), |text, input| {
                text.replace(&input.original, &shown(&self.folder.join(&input.kept)))
            });
            relocation.text(&replaced)
        };
        let mut command = Command::new(&self.link.linker);
        command.args(self.link.arguments.iter().map(argument));
        command.current_dir(relocation.text(&shown(&self.link.directory)));
        command.envs(self.link.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Links all of these anew, on all cores; gives the executables in the order of the jobs.
///
/// # Errors
/// For each job, when its link fails; an error for all when the store cannot be tidied.
pub fn relink_all(jobs: &[(&Relinker, u32)], interrupted: &AtomicBool) -> Outcome<Vec<Outcome<PathBuf>>> {
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<Outcome<PathBuf>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get()).min(jobs.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((relinker, seed)) = jobs.get(place) else { return };
                    let result = relinker.relink(*seed, interrupted);
                    if let Ok(mut slot) = done[place].lock() {
                        *slot = Some(result);
                    }
                }
            });
        }
    });
    let missing = || Err(Failure::incomplete("an executable was not linked anew"));
    let linked: Vec<Outcome<PathBuf>> =
        done.into_iter().map(|slot| slot.into_inner().ok().flatten().unwrap_or_else(missing)).collect();
    // Both sides may be the same executable, and then it has twice as many.
    let asked_for = linked.iter().flatten().map(PathBuf::as_path).collect();
    for (relinker, _) in jobs {
        relinker.tidy(&asked_for)?;
    }
    Ok(linked)
}

/// Who a linker is by what it says of its version, or the name of one that cannot shuffle.
fn shuffling_of(said: &str) -> Result<Shuffling, Option<String>> {
    // Mold says that it is compatible with GNU ld, and LLD that it is with GNU linkers.
    let line =
        said.lines().find(|line| ["mold", "LLD", "GNU", "ld", "Wild"].iter().any(|name| line.contains(name)));
    match line {
        Some(line) if line.contains("LLD") => Ok(Shuffling::Lld),
        Some(line) if line.contains("mold") => Ok(Shuffling::Mold),
        other => Err(other.map(str::to_owned)),
    }
}

/// A directory for what a link gives, on the disk of the executables.
fn scratch(executable: &Path) -> Outcome<tempfile::TempDir> {
    let folder = executable.parent().unwrap_or(Path::new("."));
    let made = tempfile::Builder::new().prefix(".relink-").tempdir_in(folder);
    made.or_fail(|| format!("cannot write into `{}`", folder.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn short_hash(bytes: &[u8]) -> String {
    fingerprint::of_bytes(bytes).chars().take(HASH_DIGITS).collect()
}

/// A failure as a reason within a sentence.
fn one_line(failure: &Failure) -> String {
    let causes = failure.causes.iter().map(|cause| format!(": {cause}"));
    failure.message.clone() + &causes.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_executables_are_kept_and_all_that_were_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let executable = dir.path().join("bench-0123");
        let relinker = Relinker {
            folder: dir.path().to_owned(),
            link: Link::default(),
            executable: executable.clone(),
            shuffling: Shuffling::Lld,
        };
        let name = |seed: u64| {
            dir.path().join(format!("bench-0123.{seed:0SEED_DIGITS$}.{}", "a".repeat(HASH_DIGITS)))
        };
        for seed in 0..12 {
            std::fs::write(name(seed), "program").unwrap();
            let file = std::fs::File::open(name(seed)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seed)).unwrap();
        }
        std::fs::write(&executable, "program").unwrap();
        std::fs::write(dir.path().join("bench-0123.0000000007.copied"), "by an epoch").unwrap();
        relinker.tidy(&HashSet::from([name(0).as_path(), name(5).as_path()])).unwrap();
        let mut kept: Vec<PathBuf> = relinker.relinked().unwrap();
        kept.sort();
        assert_eq!(kept, [0, 4, 5, 6, 7, 8, 9, 10, 11].map(name));
        assert!(executable.exists());
    }

    #[test]
    fn linkers_are_told_by_what_they_say() {
        for (said, shuffling) in [
            ("LLD 22.1.2 (/checkout/src 1cb4e) (compatible with GNU linkers)\n", Ok(Shuffling::Lld)),
            ("collect2 12\nDebian LLD 14.0.6 (compatible with GNU linkers)\n", Ok(Shuffling::Lld)),
            ("mold 1.10.1 (compatible with GNU ld)\n", Ok(Shuffling::Mold)),
            ("GNU ld (GNU Binutils for Debian) 2.40\n", Err(Some("GNU ld (GNU Binutils for Debian) 2.40"))),
            ("GNU gold (GNU Binutils 2.40) 1.16\n", Err(Some("GNU gold (GNU Binutils 2.40) 1.16"))),
            ("", Err(None)),
        ] {
            assert_eq!(shuffling_of(said), shuffling.map_err(|name| name.map(str::to_owned)), "{said}");
        }
    }
}
