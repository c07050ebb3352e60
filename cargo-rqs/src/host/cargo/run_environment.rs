//! The environment and place in which cargo would run a benchmark executable.

use std::path::{Path, PathBuf};

use cargo_metadata::Package;

/// Which cargo, and where the shared libraries are.
pub(super) struct Surroundings<'a> {
    /// The program `cargo` of the toolchain.
    pub(super) cargo: &'a Path,
    /// Directories with shared libraries, in the order in which they are searched.
    pub(super) libraries: &'a [PathBuf],
    /// `[env]` of cargo's configuration.
    pub(super) configured: &'a std::collections::BTreeMap<String, String>,
}

/// The variables that cargo would set for a package's benchmarks, sorted, with paths as they are while building.
/// `from_build_script` is what the package's build script set, `OUT_DIR` included.
pub(super) fn variables(
    package: &Package,
    from_build_script: &[(String, String)],
    surroundings: &Surroundings<'_>,
) -> Vec<(String, String)> {
    let version = &package.version;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let path = |value: Option<&cargo_metadata::camino::Utf8PathBuf>| {
        value.map(|path| path.to_string()).unwrap_or_default()
    };
    let root = package.manifest_path.parent().map(|dir| dir.to_string()).unwrap_or_default();
    let libraries: Vec<_> = surroundings.libraries.iter().map(|dir| dir.to_string_lossy()).collect();
    let of_package = [
        ("CARGO", surroundings.cargo.to_string_lossy().into_owned()),
        ("CARGO_MANIFEST_DIR", root),
        ("CARGO_MANIFEST_PATH", package.manifest_path.to_string()),
        ("CARGO_PKG_AUTHORS", package.authors.join(":")),
        ("CARGO_PKG_DESCRIPTION", text(&package.description)),
        ("CARGO_PKG_HOMEPAGE", text(&package.homepage)),
        ("CARGO_PKG_LICENSE", text(&package.license)),
        ("CARGO_PKG_LICENSE_FILE", path(package.license_file.as_ref())),
        ("CARGO_PKG_NAME", package.name.to_string()),
        ("CARGO_PKG_README", path(package.readme.as_ref())),
        ("CARGO_PKG_REPOSITORY", text(&package.repository)),
        (
            "CARGO_PKG_RUST_VERSION",
            package.rust_version.as_ref().map(ToString::to_string).unwrap_or_default(),
        ),
        ("CARGO_PKG_VERSION", version.to_string()),
        ("CARGO_PKG_VERSION_MAJOR", version.major.to_string()),
        ("CARGO_PKG_VERSION_MINOR", version.minor.to_string()),
        ("CARGO_PKG_VERSION_PATCH", version.patch.to_string()),
        ("CARGO_PKG_VERSION_PRE", version.pre.to_string()),
        (SEARCH_PATH, libraries.join(":")),
    ];
    let mut all = surroundings.configured.clone();
    all.extend(from_build_script.iter().cloned());
    all.extend(of_package.map(|(name, value)| (name.to_owned(), value)));
    all.into_iter().collect()
}

/// The variable that names directories of shared libraries.
const SEARCH_PATH: &str = "LD_LIBRARY_PATH";

/// Puts the present search path of this process behind the benchmark's own, as cargo does. It is no part of what is
/// cached, because it belongs to the present session.
pub(super) fn append_present_search_path(env: &mut [(String, String)]) {
    let Some(present) = std::env::var(SEARCH_PATH).ok().filter(|path| !path.is_empty()) else { return };
    for (_, value) in env.iter_mut().filter(|(name, _)| name == SEARCH_PATH) {
        *value = format!("{value}:{present}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_sees_what_cargo_would_set() {
        let package: Package = serde_json::from_value(serde_json::json!({
            "name": "p", "version": "1.2.3-rc.1", "id": "p", "source": null, "dependencies": [], "targets": [],
            "features": {}, "manifest_path": "/slot/p/Cargo.toml", "authors": ["A", "B"], "description": "it is"
        }))
        .unwrap();
        let surroundings = Surroundings {
            cargo: Path::new("/bin/cargo"),
            libraries: &["/a".into(), "/b".into()],
            configured: &[("MINE".to_owned(), "1".to_owned())].into(),
        };
        let env = variables(&package, &[("OUT_DIR".into(), "/out".into())], &surroundings);
        let value = |name: &str| env.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        for (name, expected) in [
            ("CARGO_MANIFEST_DIR", "/slot/p"),
            ("CARGO_PKG_VERSION_PRE", "rc.1"),
            ("CARGO_PKG_AUTHORS", "A:B"),
            ("CARGO_PKG_HOMEPAGE", ""),
            ("LD_LIBRARY_PATH", "/a:/b"),
            ("OUT_DIR", "/out"),
            ("MINE", "1"),
        ] {
            assert_eq!(value(name), Some(expected), "{name}");
        }
    }
}
