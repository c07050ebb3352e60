//! The build of one tree in the slot: clean what may be stale, build, and put what came out into the store.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::FileTimes;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use cargo_metadata::{Artifact, Message, Metadata, MetadataCommand, Package};

use crate::model::failure::{Exit, Failure, OrFail, Outcome};

use super::artifacts::Destination;
use super::cache::{self, Described};
use super::diagnostics::Errors;
use super::link::capture::Wrapper;
use super::process::{self, Finished};
use super::resolved::lockfile;
use super::run_environment::append_present_search_path;
use super::settings::Settings;
use super::suites::{Gathering, Produced, left_out};
use super::{BrokenSuite, Build, BuildRequest, graph};

/// How directories begin that do not outlive a build.
const UNFINISHED: &str = ".unfinished-";

/// Builds the benchmarks of the tree that stands in the slot, and stores them under the key of the request.
/// `progress` gets what cargo says, line by line. The caller makes sure that no other build runs on the same slot.
///
/// # Errors
/// Exit code 101 with the compiler's words when nothing could be built, 4 when there is nothing to build. Nothing is
/// stored then.
pub fn build(request: &BuildRequest<'_>, progress: &mut dyn FnMut(&str)) -> Outcome<Build> {
    check(request)?;
    let slot_dir = request.slot.join(request.package);
    let settings = Settings::resolve(&slot_dir, request.options, request.toolchain)?;
    let metadata = metadata(request, &settings)?;
    let compiler = Compiler { settings: &settings, wrapper: Wrapper::ready(request, UNFINISHED)? };
    let output = compile_all(request, &compiler, &metadata, progress)?;
    let (capped_lints, output) = match output.errors.deny_lints() {
        false => (false, output),
        true => {
            progress("denied lints stop the build: building again with lints capped");
            (true, compile(request, &compiler, Lints::Capped, progress)?)
        }
    };
    let Output { produced, errors, finished } = output;
    let broken = broken_suites(&errors, &metadata);
    let success = finished.status.success();
    let mut notes = left_out(request.options, &metadata, &produced);
    if !success && broken.is_empty() && !produced.artifacts.is_empty() {
        notes.push(format!("cargo could not build everything: {}", last_error(&finished.tail)));
    }

    let key = cache::key(request)?;
    let folder = cache::folder(request, &key);
    let gathered = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(request.executables);
    let gathered = gathered.or_fail(|| format!("cannot write into `{}`", request.executables.display()))?;
    let built = cache::target_directory(request);
    let destination = Destination { built: &built, gathered: gathered.path(), folder: &folder };
    let gathering = Gathering {
        request,
        settings: &settings,
        metadata: &metadata,
        produced: &produced,
        wrapper: &compiler.wrapper,
        destination,
    };
    let (suites, files) = gathering.gather()?;
    if suites.is_empty() {
        return Err(if success { nothing_to_run(&notes) } else { errors.into_failure(&finished.tail) });
    }
    let mut build = Build {
        key,
        suites,
        broken,
        notes,
        capped_lints,
        dependencies: graph::dependency_graph(&metadata, &lockfile(&metadata)?),
        rustflags: settings.rustflags,
        target: settings.target,
        profile: request.options.profile_name().to_owned(),
    };
    cache::publish(gathered, Described { build: &build, files, complete: success }, &folder)?;
    build.suites.iter_mut().for_each(|suite| append_present_search_path(&mut suite.env));
    Ok(build)
}

/// How cargo's calls of the compiler are done.
struct Compiler<'a> {
    settings: &'a Settings,
    wrapper: Wrapper,
}

/// What one run of cargo gave.
struct Output {
    produced: Produced,
    errors: Errors,
    finished: Finished,
}

fn check(request: &BuildRequest<'_>) -> Outcome<()> {
    let (slot, tree) = (request.slot, request.tree);
    if slot.as_os_str().len() != tree.as_os_str().len() || slot.parent() != tree.parent() {
        let message =
            format!("`{}` and `{}` are no places for the same tree", slot.display(), tree.display());
        return Err(Failure::incomplete(message));
    }
    let real = slot.canonicalize().or_fail(|| format!("there is no source tree in `{}`", slot.display()))?;
    if real != slot {
        return Err(Failure::incomplete(format!("`{}` leads through a symbolic link", slot.display()))
            .cause(format!("executables would embed `{}` instead", real.display())));
    }
    let manifest = slot.join(request.package).join("Cargo.toml");
    if !manifest.is_file() {
        let package = request.package.display();
        return Err(Failure::incomplete(format!("there is no `Cargo.toml` in `{package}`")).hint(
            "compare revisions that both have the package, or choose it by `--package NAME` from the root",
        ));
    }
    let failed = || format!("cannot prepare `{}`", request.executables.display());
    std::fs::create_dir_all(request.executables).or_fail(failed)?;
    for entry in std::fs::read_dir(request.executables).or_fail(failed)? {
        let entry = entry.or_fail(failed)?;
        // A build that was killed could not tidy up.
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            std::fs::remove_dir_all(entry.path()).or_fail(failed)?;
        }
    }
    Ok(())
}

/// A cargo command in the slot, on the shared target directory.
fn cargo(request: &BuildRequest<'_>, subcommand: &str, arguments: Vec<OsString>) -> Command {
    let target_directory = cache::target_directory(request);
    let mut command = request.toolchain.cargo(&request.slot.join(request.package));
    command.env("CARGO_TARGET_DIR", &target_directory).env("CARGO_BUILD_BUILD_DIR", &target_directory);
    command.arg(subcommand).arg("--locked").args(arguments).args(request.options.general());
    command
}

fn metadata(request: &BuildRequest<'_>, settings: &Settings) -> Outcome<Metadata> {
    let mut arguments =
        ["--format-version", "1", "--filter-platform", &settings.target].map(OsString::from).to_vec();
    arguments.extend(request.options.feature_selection());
    let text = process::capture_text(cargo(request, "metadata", arguments));
    let text = text.map_err(|failure| Errors::default().into_failure(&failure.causes.join("\n")))?;
    MetadataCommand::parse(text).or_fail(|| "cannot understand what `cargo metadata` says".into())
}

/// Builds everything of the tree anew, and nothing else.
///
/// What was built from another tree at the same path looks fresh to cargo when the files are older than that build, so
/// it is removed. Cargo removes by name, though: a library that its own benchmark framework depends on, or a bench
/// target called `serde`, would take a published package and half the framework along. Such a package gets new file
/// times instead, and cargo's own report tells whether that was enough.
fn compile_all(
    request: &BuildRequest<'_>,
    compiler: &Compiler<'_>,
    metadata: &Metadata,
    progress: &mut dyn FnMut(&str),
) -> Outcome<Output> {
    if !cache::target_directory(request).exists() {
        return compile(request, compiler, Lints::AsTheyAre, progress);
    }
    let changeable = graph::changeable_packages(metadata);
    // What a build script left behind can only be removed.
    let is_spared = |package: &&&Package| {
        let by_script = package.targets.iter().any(|target| target.is_custom_build());
        !by_script
            && metadata.packages.iter().any(|other| other.source.is_some() && share_a_name(package, other))
    };
    let (spared, removed): (Vec<_>, Vec<_>) = changeable.iter().partition(is_spared);
    clean(request, &removed)?;
    if spared.is_empty() {
        return compile(request, compiler, Lints::AsTheyAre, progress);
    }
    touch(request.slot)?;
    let output = compile(request, compiler, Lints::AsTheyAre, progress)?;
    let is_stale =
        |artifact: &Artifact| artifact.fresh && changeable.iter().any(|p| p.id == artifact.package_id);
    if !output.produced.artifacts.iter().any(is_stale) {
        return Ok(output);
    }
    clean(request, &spared)?;
    compile(request, compiler, Lints::AsTheyAre, progress)
}

/// Whether `cargo clean --package` of the first would remove the second too: it goes by package and target names.
fn share_a_name(package: &Package, other: &Package) -> bool {
    let plain = |name: &str| name.replace('-', "_");
    let names = |package: &Package| -> BTreeSet<String> {
        let targets = package.targets.iter().map(|target| plain(&target.name));
        targets.chain([plain(&package.name)]).filter(|name| name != "build_script_build").collect()
    };
    !names(package).is_disjoint(&names(other))
}

fn clean(request: &BuildRequest<'_>, packages: &[&Package]) -> Outcome<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let mut arguments = request.options.layout();
    for package in packages {
        arguments.extend(["--package".into(), package.id.repr.clone().into()]);
    }
    process::capture_text(cargo(request, "clean", arguments)).map(drop)
}

/// Gives every file below a directory the present time.
fn touch(dir: &Path) -> Outcome<()> {
    let now = FileTimes::new().set_modified(SystemTime::now());
    let failed = || format!("cannot touch the files in `{}`", dir.display());
    for entry in std::fs::read_dir(dir).or_fail(failed)? {
        let entry = entry.or_fail(failed)?;
        let kind = entry.file_type().or_fail(failed)?;
        if kind.is_dir() {
            touch(&entry.path())?;
        } else if kind.is_file() {
            std::fs::File::open(entry.path()).and_then(|file| file.set_times(now)).or_fail(failed)?;
        }
    }
    Ok(())
}

/// Whether denied lints stop the build.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lints {
    AsTheyAre,
    Capped,
}

/// Builds all selected benchmarks, going on where one is broken.
///
/// `cargo bench --no-run` gives up at the first error. `cargo build --benches` with the same profile gives the same
/// executables under the same names and can go on.
fn compile(
    request: &BuildRequest<'_>,
    compiler: &Compiler<'_>,
    lints: Lints,
    progress: &mut dyn FnMut(&str),
) -> Outcome<Output> {
    let options = request.options;
    let mut arguments = ["--keep-going", "--message-format", "json"].map(OsString::from).to_vec();
    arguments
        .extend(options.layout().into_iter().chain(options.selection()).chain(options.feature_selection()));
    let mut command = cargo(request, "build", arguments);
    let Compiler { settings, wrapper } = compiler;
    command.envs(settings.encoded_rustflags.iter().map(|flags| ("CARGO_ENCODED_RUSTFLAGS", flags)));
    wrapper.dress(&mut command, request, settings, lints == Lints::Capped);
    let (mut produced, mut errors) = (Produced::default(), Errors::default());
    let finished = process::stream(
        command,
        Some(request.interrupted),
        // What is no message was printed by a procedural macro or a build script.
        &mut |line| match serde_json::from_slice(&line) {
            Ok(Message::CompilerArtifact(artifact)) => produced.artifacts.push(artifact),
            Ok(Message::BuildScriptExecuted(script)) => produced.scripts.push(script),
            Ok(Message::CompilerMessage(message)) => errors.take(message),
            _ => {}
        },
        progress,
    )?;
    Ok(Output { produced, errors, finished })
}

fn broken_suites(errors: &Errors, metadata: &Metadata) -> Vec<BrokenSuite> {
    let package = |id: &str| metadata.packages.iter().find(|package| package.id.repr == id);
    let broken = errors.broken_benches().into_iter().filter_map(|((id, target), reason)| {
        Some(BrokenSuite { name: format!("{}::{target}", package(&id)?.name), reason })
    });
    let mut broken: Vec<_> = broken.collect();
    broken.sort_by(|one, other| one.name.cmp(&other.name));
    broken
}

fn last_error(tail: &str) -> &str {
    tail.lines().rev().find(|line| line.starts_with("error")).or(tail.lines().last()).unwrap_or_default()
}

fn nothing_to_run(notes: &[String]) -> Failure {
    let failure = Failure::new(Exit::NothingToRun, "there is no benchmark to run");
    match notes.is_empty() {
        true => failure
            .hint("add a bench target, or choose packages that have one with `--package` or `--workspace`"),
        false => notes
            .iter()
            .fold(failure, |failure, note| failure.cause(note))
            .hint("switch features on with `--features`"),
    }
}
