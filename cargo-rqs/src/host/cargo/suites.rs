//! Finds the benchmark executables in what cargo produced, gathers them, and describes how to run them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{Artifact, BuildScript, Metadata, Package, PackageId, TargetKind};

use crate::model::failure::{Failure, Outcome};
use crate::model::fingerprint;

use super::artifacts::{Destination, Relocation};
use super::cache::StoredFile;
use super::link::capture::Wrapper;
use super::options::BuildOptions;
use super::run_environment::{self, Surroundings};
use super::settings::Settings;
use super::sources::{data_in, mentions_bench_attribute, text_of_target};
use super::{BuildRequest, BuiltSuite, graph, manifest};

/// What one run of cargo produced.
#[derive(Default)]
pub(super) struct Produced {
    /// Everything that was compiled or found fresh.
    pub(super) artifacts: Vec<Artifact>,
    /// The results of build scripts.
    pub(super) scripts: Vec<BuildScript>,
}

/// Everything that describing a suite needs.
pub(super) struct Gathering<'a> {
    /// What was asked for.
    pub(super) request: &'a BuildRequest<'a>,
    /// Under which configuration.
    pub(super) settings: &'a Settings,
    /// What the packages are.
    pub(super) metadata: &'a Metadata,
    /// What came out.
    pub(super) produced: &'a Produced,
    /// What was kept of the links.
    pub(super) wrapper: &'a Wrapper,
    /// Where it goes.
    pub(super) destination: Destination<'a>,
}

/// A program or shared library of the tree that a benchmark may use.
struct Companion<'a> {
    artifact: &'a Artifact,
    path: &'a Path,
    code_hash: String,
}

impl Gathering<'_> {
    /// Copies the executables and what they may use, and describes the suites, sorted by name.
    ///
    /// # Errors
    /// When a file cannot be read or written, or when an executable is of a kind that cannot be measured.
    pub(super) fn gather(&self) -> Outcome<(Vec<BuiltSuite>, Vec<StoredFile>)> {
        let local: BTreeSet<_> =
            graph::changeable_packages(self.metadata).into_iter().map(|package| &package.id).collect();
        let scripts = self.produced.scripts.iter().filter(|script| local.contains(&script.package_id));
        let generated: Vec<_> = scripts.map(|script| script.out_dir.as_std_path()).collect();
        let artifacts =
            self.produced.artifacts.iter().filter(|artifact| local.contains(&artifact.package_id));
        let mut companions: Vec<_> = artifacts.flat_map(companions).collect();

        // All trees share the target directory, so what a benchmark uses of it at run time has to move along.
        let mut relocation = Relocation::default();
        relocation.add(self.request.slot, self.request.tree);
        for path in generated.iter().copied().chain(companions.iter().map(|companion| companion.path)) {
            relocation.add(path, &self.destination.of(path));
        }
        for dir in &generated {
            self.destination.copy_directory(dir, &relocation)?;
        }
        let mut files = Vec::new();
        for companion in &mut companions {
            let copied = self.destination.copy_program(companion.path, &relocation)?;
            companion.code_hash = copied.code_hash;
            files.push(copied.file);
        }
        let mut suites = Vec::new();
        for artifact in self.produced.artifacts.iter().filter(|artifact| artifact.profile.test) {
            if let Some((suite, file)) = self.suite(artifact, &companions, &relocation)? {
                suites.push(suite);
                files.push(file);
            }
        }
        suites.sort_by(|one, other| one.name.cmp(&other.name));
        Ok((suites, files))
    }

    /// Describes one executable; nothing when it holds no benchmarks.
    fn suite(
        &self,
        artifact: &Artifact,
        companions: &[Companion<'_>],
        relocation: &Relocation,
    ) -> Outcome<Option<(BuiltSuite, StoredFile)>> {
        let (Some(executable), Some(kind)) = (&artifact.executable, artifact.target.kind.first()) else {
            return Ok(None);
        };
        let package = self.metadata.packages.iter().find(|package| package.id == artifact.package_id);
        let package =
            package.ok_or_else(|| Failure::incomplete(format!("cargo built `{executable}` for nobody")))?;
        let root = artifact.manifest_path.parent().unwrap_or(&artifact.manifest_path).as_std_path();
        let source = artifact.target.src_path.as_std_path();
        let builtin = manifest::has_builtin_harness(&manifest::read(root)?, kind, &artifact.target.name);
        if builtin
            && *kind != TargetKind::Bench
            && !mentions_bench_attribute(source.parent().unwrap_or(root))?
        {
            return Ok(None);
        }
        let harness = match builtin {
            true => "libtest".to_owned(),
            false => graph::harness_of(self.metadata, package, &text_of_target(source)?),
        };
        let programs: BTreeMap<_, _> = companions
            .iter()
            .filter(|companion| {
                companion.artifact.target.is_bin() && companion.artifact.package_id == package.id
            })
            .map(|companion| (format!("CARGO_BIN_EXE_{}", companion.artifact.target.name), companion.path))
            .collect();
        let copied = self.destination.copy_program(executable.as_std_path(), relocation)?;
        let used = companions
            .iter()
            .filter(|c| !c.artifact.target.is_bin() || programs.values().any(|p| *p == c.path));
        let used: Vec<_> = used.map(|companion| companion.code_hash.as_str()).collect();
        let link =
            self.wrapper.take(executable.as_std_path(), &copied.code_hash, relocation, &self.destination)?;
        let data = data_in(self.request.slot)?;
        let suite = BuiltSuite {
            name: suite_name(package, kind, &artifact.target.name),
            executable: copied.file.path.clone(),
            sha256: copied.file.sha256.clone(),
            surroundings: Some(fingerprint::of_json(&(&used, &data))),
            code_hash: joint_hash(copied.code_hash, &used, data),
            cwd: relocation.text(&root.to_string_lossy()).into(),
            env: self.environment(package, executable.as_std_path(), &programs, relocation),
            harness,
            link,
        };
        Ok(Some((suite, copied.file)))
    }

    fn environment(
        &self,
        package: &Package,
        executable: &Path,
        programs: &BTreeMap<String, &Path>,
        relocation: &Relocation,
    ) -> Vec<(String, String)> {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let mut given: Vec<_> = programs.iter().map(|(name, path)| (name.clone(), shown(path))).collect();
        for script in self.produced.scripts.iter().filter(|script| script.package_id == package.id) {
            given.extend(script.env.iter().cloned());
            given.push(("OUT_DIR".into(), script.out_dir.to_string()));
        }
        let variables = run_environment::variables(
            package,
            &given,
            &Surroundings {
                cargo: &self.request.toolchain.installed("cargo"),
                libraries: &self.libraries(executable),
                configured: &self.settings.env,
            },
        );
        variables.into_iter().map(|(name, value)| (name, relocation.text(&value))).collect()
    }

    /// Where shared libraries are searched: what build scripts made, then the store, then the target directory for
    /// those of registry packages, then the standard library.
    fn libraries(&self, executable: &Path) -> Vec<PathBuf> {
        let linked: BTreeSet<_> =
            self.produced.scripts.iter().flat_map(|script| &script.linked_paths).collect();
        let plain = |path: &str| PathBuf::from(path.split_once('=').map_or(path, |(_, path)| path));
        let linked = linked
            .into_iter()
            .map(|path| plain(path.as_str()))
            .filter(|p| p.starts_with(self.destination.built));
        let deps = executable.parent().unwrap_or(executable);
        let root = deps.parent().unwrap_or(deps);
        let standard =
            self.request.toolchain.sysroot.join("lib/rustlib").join(&self.settings.target).join("lib");
        let here = [
            self.destination.of(root),
            self.destination.of(deps),
            root.to_owned(),
            deps.to_owned(),
            standard,
        ];
        linked.chain(here).collect()
    }
}

/// What of an artifact another program may start or load.
fn companions(artifact: &Artifact) -> Vec<Companion<'_>> {
    let target = &artifact.target;
    if artifact.profile.test || target.is_proc_macro() || target.is_custom_build() {
        return Vec::new();
    }
    let is_used =
        |path: &&Path| path.extension().is_some_and(|extension| extension == "so") || target.is_bin();
    let paths = match target.is_bin() {
        true => artifact.executable.iter().map(|path| path.as_std_path()).collect::<Vec<_>>(),
        false => artifact.filenames.iter().map(|path| path.as_std_path()).collect(),
    };
    let paths = paths.into_iter().filter(is_used);
    paths.map(|path| Companion { artifact, path, code_hash: String::new() }).collect()
}

/// The bench targets of the selected packages that cargo left out because their features are off, in words.
pub(super) fn left_out(options: &BuildOptions, metadata: &Metadata, produced: &Produced) -> Vec<String> {
    if !options.benches.is_empty() {
        return Vec::new();
    }
    let enabled = |id: &PackageId, feature: &str| {
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        nodes.filter(|node| node.id == *id).any(|node| node.features.iter().any(|on| on.as_str() == feature))
    };
    let built = |package: &Package, name: &str| {
        produced
            .artifacts
            .iter()
            .any(|a| a.package_id == package.id && a.target.is_bench() && a.target.name == name)
    };
    let mut notes = Vec::new();
    for package in selected(options, metadata) {
        for target in
            package.targets.iter().filter(|target| target.is_bench() && !built(package, &target.name))
        {
            let missing: Vec<_> =
                target.required_features.iter().filter(|f| !enabled(&package.id, f)).collect();
            if !missing.is_empty() {
                let missing =
                    missing.iter().map(|feature| format!("`{feature}`")).collect::<Vec<_>>().join(", ");
                notes.push(format!("`{}::{}` is left out: it needs {missing}", package.name, target.name));
            }
        }
    }
    notes
}

/// The packages that cargo takes for these options.
fn selected<'a>(options: &BuildOptions, metadata: &'a Metadata) -> Vec<&'a Package> {
    let chosen = |package: &&Package| {
        options.packages.iter().any(|spec| spec.split(['@', ':']).next() == Some(package.name.as_str()))
    };
    if !options.packages.is_empty() {
        metadata.workspace_packages().into_iter().filter(chosen).collect()
    } else if options.workspace || metadata.workspace_default_members.is_missing() {
        metadata.workspace_packages()
    } else {
        metadata.workspace_default_packages()
    }
}

fn suite_name(package: &Package, kind: &TargetKind, target: &str) -> String {
    match kind {
        TargetKind::Bench => format!("{}::{target}", package.name),
        TargetKind::Bin => format!("{}::bin/{target}", package.name),
        TargetKind::Example => format!("{}::example/{target}", package.name),
        TargetKind::Test => format!("{}::test/{target}", package.name),
        _ => package.name.to_string(),
    }
}

/// The hash of an executable alone, or together with what it may use.
fn joint_hash(executable: String, used: &[&str], data: BTreeMap<PathBuf, String>) -> String {
    match used.is_empty() && data.is_empty() {
        true => executable,
        false => fingerprint::of_json(&(executable, used, data)),
    }
}
