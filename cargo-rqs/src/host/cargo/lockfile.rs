//! Reads and compares the text of lockfiles.

use serde::Deserialize;
use toml::Value;

use crate::model::failure::{Failure, OrFail, Outcome};

/// One `[[package]]` of a lockfile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct LockedPackage {
    /// Package name.
    pub(super) name: String,
    /// Exact version.
    pub(super) version: String,
    /// Where it comes from; absent for packages of the tree.
    pub(super) source: Option<String>,
    /// SHA-256 of the package; absent for packages of the tree and from git.
    pub(super) checksum: Option<String>,
}

/// The packages of a lockfile.
///
/// # Errors
/// When it is no lockfile.
pub(super) fn locked_packages(lockfile: &str) -> Outcome<Vec<LockedPackage>> {
    #[derive(Deserialize)]
    struct Lockfile {
        #[serde(default)]
        package: Vec<LockedPackage>,
    }
    match toml::from_str::<Lockfile>(lockfile) {
        Ok(lockfile) => Ok(lockfile.package),
        Err(error) => Err(Failure::incomplete("cannot understand `Cargo.lock`").cause(error.message())),
    }
}

/// A lockfile with the packages of another one added, where it has no compatible version itself. Cargo prefers what
/// is in the lockfile, and drops what nothing needs.
pub(super) fn united(own: &str, other: &str) -> Outcome<String> {
    let parse = |text: &str| {
        text.parse::<toml::Table>()
            .map_err(|e| Failure::incomplete("cannot understand `Cargo.lock`").cause(e.message()))
    };
    let (mut lockfile, other_lockfile) = (parse(own)?, parse(other)?);
    let present = locked_packages(own)?;
    let added = locked_packages(other)?
        .into_iter()
        .zip(other_lockfile.get("package").and_then(Value::as_array).into_iter().flatten());
    let added = added.filter(|(package, _)| {
        package.source.is_some() && !present.iter().any(|own| compatible(own, package))
    });
    let added: Vec<_> = added.map(|(_, table)| table.clone()).collect();
    let packages = lockfile.entry("package").or_insert_with(|| Value::Array(Vec::new()));
    if let Some(packages) = packages.as_array_mut() {
        packages.extend(added);
    }
    toml::to_string(&lockfile).or_fail(|| "cannot write `Cargo.lock`".into())
}

/// Where the first lockfile has another version of a package than the second, although they are compatible.
pub(super) fn differences(own: &[LockedPackage], other: &[LockedPackage]) -> Vec<(String, String)> {
    let shown = |package: &LockedPackage| format!("`{}` {}", package.name, package.version);
    let external = own.iter().filter(|package| package.source.is_some() && !other.contains(package));
    let pairs = external.filter_map(|own| {
        let other = other.iter().find(|other| other.source.is_some() && compatible(own, other))?;
        (own.version != other.version || own.source != other.source).then(|| (shown(own), shown(other)))
    });
    pairs.collect()
}

/// Whether two packages are the same in cargo's eyes but for the exact version.
fn compatible(one: &LockedPackage, other: &LockedPackage) -> bool {
    one.name == other.name && compatibility(&one.version) == compatibility(&other.version)
}

/// The part of a version up to the first number that is not zero.
fn compatibility(version: &str) -> &str {
    let significant = version.find(|c| c != '0' && c != '.').unwrap_or(version.len());
    let rest = version[significant..].find('.').map_or(version.len(), |dot| significant + dot);
    &version[..rest]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lockfile(packages: &[(&str, &str)]) -> String {
        let table = |(name, version): &(&str, &str)| match *version {
            "here" => format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n"),
            _ => {
                format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+r\"\n")
            }
        };
        format!("version = 4\n\n{}", packages.iter().map(table).collect::<Vec<_>>().join("\n"))
    }

    fn versions(text: &str) -> Vec<String> {
        let packages = locked_packages(text).unwrap();
        packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
    }

    #[test]
    fn compatible_versions_differ_behind_the_first_number_that_is_not_zero() {
        for (version, part) in
            [("1.2.3", "1"), ("0.5.1", "0.5"), ("0.0.3", "0.0.3"), ("0.10.2", "0.10"), ("0.0.0", "0.0.0")]
        {
            assert_eq!(compatibility(version), part);
        }
    }

    #[test]
    fn only_compatible_packages_of_other_versions_count_as_differences() {
        let own =
            lockfile(&[("root", "here"), ("a", "1.0.1"), ("b", "1.0.0"), ("c", "0.3.0"), ("own", "1.0.0")]);
        let other = lockfile(&[("root", "here"), ("a", "1.0.2"), ("b", "1.0.0"), ("c", "0.4.0")]);
        let found = differences(&locked_packages(&own).unwrap(), &locked_packages(&other).unwrap());
        assert_eq!(found, [("`a` 1.0.1".to_owned(), "`a` 1.0.2".to_owned())]);
    }

    #[test]
    fn a_united_lockfile_prefers_its_own_versions() {
        let own = lockfile(&[("root", "here"), ("a", "1.0.1")]);
        let other = lockfile(&[("root", "here"), ("a", "1.0.2"), ("a", "2.0.0"), ("harness", "0.5.1")]);
        let united = united(&own, &other).unwrap();
        assert_eq!(versions(&united), ["root 1.0.0", "a 1.0.1", "a 2.0.0", "harness 0.5.1"]);
    }

    #[test]
    fn what_is_no_lockfile_is_refused() {
        assert!(locked_packages("package = 3").is_err());
        assert!(united("", "[").is_err());
    }
}
