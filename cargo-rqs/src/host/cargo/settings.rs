//! The cargo configuration and environment that a build takes effect under.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_config2::{Config, PathAndArgs, ResolveOptions};
use toml::{Table, Value};

use crate::model::failure::{OrFail, Outcome};

use super::options::BuildOptions;
use super::place::{cargo_home, configs_above};
use super::toolchain::Toolchain;

/// Environment variables that change what cargo builds; these, and all that start with one of [`PREFIXES`].
const VARIABLES: [&str; 13] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_BOOTSTRAP",
    "CC",
    "CXX",
    "AR",
    "CFLAGS",
    "CXXFLAGS",
    "LDFLAGS",
];
/// Those with flags for rustc, the weightiest first.
const FLAG_VARIABLES: [&str; 2] = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"];
const PREFIXES: [&str; 3] = ["CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_"];
/// These only say where, and are set for every build.
const PLACES: [&str; 3] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "CARGO_BUILD_BUILD_DIR"];

/// What cargo's configuration says for a package at its final place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Flags that reach rustc for the target.
    pub(super) rustflags: Vec<String>,
    /// The same as a value of `CARGO_ENCODED_RUSTFLAGS`, when the tool has flags of its own to add. Cargo takes flags from
    /// one source only, and this one outweighs all others, so it holds the user's too.
    pub(super) encoded_rustflags: Option<String>,
    /// `[env]`, as far as it takes effect beside the present environment.
    pub(super) env: BTreeMap<String, String>,
    /// The platform that is built for.
    pub(super) target: String,
    /// A wrapper around rustc that is configured already.
    pub(super) rustc_wrapper: Option<PathBuf>,
    /// The linker that is configured for the platform.
    pub(super) linker: Option<PathBuf>,
}

impl Settings {
    /// Resolves the configuration that cargo finds from a directory upwards, and `--config`.
    ///
    /// # Errors
    /// When a configuration file is broken.
    pub(super) fn resolve(dir: &Path, options: &BuildOptions, toolchain: &Toolchain) -> Outcome<Settings> {
        let failed = || format!("cannot read cargo's configuration for `{}`", dir.display());
        let resolve = ResolveOptions::default()
            .rustc(PathAndArgs::new(toolchain.installed("rustc")))
            .cargo(toolchain.installed("cargo"))
            .host_triple(toolchain.host.clone());
        let config = Config::load_with_options(dir, resolve).or_fail(failed)?;
        let targets = config.build_target_for_cli(options.target.as_ref()).or_fail(failed)?;
        let target = targets.into_iter().next().unwrap_or_else(|| toolchain.host.clone());
        let mut rustflags =
            config.rustflags(target.as_str()).or_fail(failed)?.map_or_else(Vec::new, |flags| flags.flags);
        let env =
            config.env.iter().filter(|(name, setting)| setting.force || std::env::var_os(name).is_none());
        let env =
            env.map(|(name, setting)| (name.clone(), setting.value.to_string_lossy().into_owned())).collect();
        // Flags in the environment make cargo pass over those on its command line.
        if FLAG_VARIABLES.iter().all(|name| std::env::var_os(name).is_none()) {
            for entry in &options.config {
                rustflags.extend(rustflags_in(&config_table(entry)?));
            }
        }
        let linker = config.linker(target.as_str()).or_fail(failed)?;
        let more = options.more_rustflags();
        rustflags.extend(more.iter().map(|&flag| flag.to_owned()));
        let encoded_rustflags = (!more.is_empty()).then(|| rustflags.join("\u{1f}"));
        Ok(Settings {
            rustflags,
            encoded_rustflags,
            env,
            target,
            rustc_wrapper: match wrapper_in(&options.config)? {
                // The variable outweighs even cargo's command line.
                Some(typed) if std::env::var_os("RUSTC_WRAPPER").is_none() => Some(typed),
                _ => config.build.rustc_wrapper.clone(),
            },
            linker,
        })
    }
}

/// The environment variables that change what cargo builds, with their values.
pub(super) fn build_variables() -> BTreeMap<String, String> {
    let relevant = |name: &str| {
        let matches = VARIABLES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        matches && !PLACES.contains(&name)
    };
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    std::env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .filter(|(name, _)| relevant(name))
        .collect()
}

/// The content of every configuration file outside of a tree that takes effect in it.
///
/// # Errors
/// When one of them cannot be read.
pub(super) fn outside_configuration(tree: &Path, options: &BuildOptions) -> Outcome<Vec<String>> {
    let home = cargo_home();
    let in_home = home.iter().flat_map(|home| ["config", "config.toml"].map(|name| home.join(name)));
    let above = tree.parent().map(|parent| configs_above(parent, home.as_deref())).unwrap_or_default();
    let named = options.config.iter().map(PathBuf::from);
    let files = in_home.chain(above).chain(named).filter(|file| file.is_file());
    files
        .map(|file| std::fs::read_to_string(&file).or_fail(|| format!("cannot read `{}`", file.display())))
        .collect()
}

/// A `--config` value as the table it stands for.
fn config_table(entry: &str) -> Outcome<Table> {
    let file = Path::new(entry);
    let text = match file.is_file() {
        true => std::fs::read_to_string(file).or_fail(|| format!("cannot read `{entry}`"))?,
        false => entry.to_owned(),
    };
    text.parse::<Table>().or_fail(|| format!("cannot understand `--config {entry}`"))
}

/// `build.rustc-wrapper` of `--config` values; the last one counts.
fn wrapper_in(config: &[String]) -> Outcome<Option<PathBuf>> {
    let mut wrapper = None;
    for entry in config {
        let table = config_table(entry)?;
        let named = table.get("build").and_then(|build| build.get("rustc-wrapper")).and_then(Value::as_str);
        wrapper = named.map(PathBuf::from).or(wrapper);
    }
    Ok(wrapper)
}

/// `build.rustflags` and `target.*.rustflags` of a configuration table.
fn rustflags_in(config: &Table) -> Vec<String> {
    let build = config.get("build");
    let targets = config.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let flags = build.into_iter().chain(targets).filter_map(|table| table.get("rustflags"));
    flags
        .flat_map(|flags| match flags {
            Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
            _ => Vec::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_variables_of_the_tree_take_effect() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".cargo")).unwrap();
        let config = "[build]\nrustflags = ['--cfg', 'tree']\n[env]\nRQS_TEST_DATA = { value = 'data', relative = true }\n";
        std::fs::write(dir.path().join(".cargo/config.toml"), config).unwrap();
        let toolchain = Toolchain::resolve(None, dir.path()).unwrap();
        let options = BuildOptions {
            config: vec!["build.rustflags = '--cfg typed'".into()],
            ..BuildOptions::default()
        };
        let settings = Settings::resolve(dir.path(), &options, &toolchain).unwrap();
        assert!(settings.rustflags.ends_with(&["--cfg", "typed"].map(str::to_owned)));
        assert_eq!(settings.env["RQS_TEST_DATA"], dir.path().join("data").to_string_lossy());
        assert_eq!(settings.target, toolchain.host);
        assert_eq!(settings.encoded_rustflags, None);
        let instrumented = BuildOptions { instrumented: true, ..options };
        let settings = Settings::resolve(dir.path(), &instrumented, &toolchain).unwrap();
        let encoded = settings.encoded_rustflags.unwrap();
        assert!(encoded.ends_with("--cfg\u{1f}typed\u{1f}-Cforce-frame-pointers=yes"), "{encoded}");
    }

    #[test]
    fn a_broken_configuration_is_an_error() {
        assert!(config_table("build.rustflags = [").is_err());
        let typed = ["build.rustc-wrapper = 'one'", "build.rustc-wrapper = 'two'", "build.jobs = 1"];
        assert_eq!(wrapper_in(&typed.map(str::to_owned)).unwrap(), Some("two".into()));
        assert_eq!(rustflags_in(&config_table("target.x.rustflags = ['-g']").unwrap()), ["-g"]);
    }
}
