//! What a build in a directory would be: platform, profile, flags and linker, found out without building.

use std::path::{Path, PathBuf};

use super::options::BuildOptions;
use super::place::{Place, configs_above};
use super::settings::Settings;
use super::toolchain::Toolchain;
use crate::model::failure::{OrFail, Outcome};

/// What cargo's configuration says about a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// The platform it would be built for.
    pub target: String,
    /// Cargo profile.
    pub profile: String,
    /// Flags from the environment and cargo's configuration that reach rustc.
    pub rustflags: Vec<String>,
    /// The program that rustc calls to link.
    pub linker: PathBuf,
}

impl Configured {
    /// What the benchmarks of a package would be built with. The configuration files of the repository are looked at
    /// where its source trees are built, so that the flags come out in the same order as in a build.
    ///
    /// # Errors
    /// When a configuration file cannot be read or is broken.
    pub fn of_package(root: &Path, manifest_dir: &Path, toolchain: &Toolchain) -> Outcome<Configured> {
        let place = Place::for_repository(root)?;
        let root = root.canonicalize().or_fail(|| format!("cannot find `{}`", root.display()))?;
        let package =
            manifest_dir.canonicalize().or_fail(|| format!("cannot find `{}`", manifest_dir.display()))?;
        let below = package.strip_prefix(&root).unwrap_or(Path::new(""));
        let failed = || format!("cannot write into `{}`", place.trees.display());
        let copy = tempfile::Builder::new().prefix(".configuration-").tempdir_in(&place.trees);
        let copy = copy.or_fail(failed)?;
        let dir = copy.path().join(below);
        std::fs::create_dir_all(&dir).or_fail(failed)?;
        for file in configs_above(&package, None) {
            if let Ok(inside) = file.strip_prefix(&root) {
                let to = copy.path().join(inside);
                std::fs::create_dir_all(to.parent().unwrap_or(copy.path())).or_fail(failed)?;
                std::fs::copy(&file, &to).or_fail(|| format!("cannot read `{}`", file.display()))?;
            }
        }
        let options = BuildOptions::default().anchored(manifest_dir, &place.outer_configs);
        Configured::resolve(&dir, &options, toolchain)
    }

    /// What cargo's configuration says in a directory that need not hold a package.
    ///
    /// # Errors
    /// When a configuration file cannot be read or is broken.
    pub fn of_directory(dir: &Path, toolchain: &Toolchain) -> Outcome<Configured> {
        Configured::resolve(dir, &BuildOptions::default(), toolchain)
    }

    fn resolve(dir: &Path, options: &BuildOptions, toolchain: &Toolchain) -> Outcome<Configured> {
        let settings = Settings::resolve(dir, options, toolchain)?;
        Ok(Configured {
            target: settings.target,
            profile: options.profile_name().to_owned(),
            rustflags: settings.rustflags,
            // What rustc calls on the platforms that the tool supports, unless it is told otherwise.
            linker: settings.linker.unwrap_or_else(|| PathBuf::from("cc")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_of_the_package_and_of_the_repository_both_count() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("repo/.cargo/config.toml", "[build]\nrustflags = ['--cfg', 'outer']\n");
        write("repo/inner/.cargo/config.toml", "[build]\nrustflags = ['--cfg', 'inner']\n");
        let toolchain = Toolchain::resolve(None, dir.path()).unwrap();
        let config = format!("[target.{}]\nlinker = 'my-ld'\n", toolchain.host);
        write("repo/inner/deep/.cargo/config", &config);
        let root = dir.path().join("repo");
        let found = Configured::of_package(&root, &root.join("inner/deep"), &toolchain).unwrap();
        assert_eq!(found.rustflags, ["--cfg", "outer", "--cfg", "inner"]);
        assert_eq!((found.linker, found.profile.as_str()), (PathBuf::from("my-ld"), "bench"));
        assert_eq!(found.target, toolchain.host);
        let plain = Configured::of_directory(&root, &toolchain).unwrap();
        assert_eq!(
            (plain.rustflags, plain.linker),
            (vec!["--cfg".into(), "outer".into()], PathBuf::from("cc"))
        );
    }
}
