//! A state of the target's source: how it is written on the command line and what it resolved to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A revision as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevisionSpec {
    /// Anything git understands: a tag, a branch, a hash, `HEAD~3`.
    Git(String),
    /// The work tree as it is, uncommitted changes included.
    Workdir,
    /// A directory with a package in it (`path:DIR`).
    Path(std::path::PathBuf),
    /// A version of the crate as published in the registry (`published:VERSION`).
    Published(String),
}

impl std::str::FromStr for RevisionSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            _ if text == "workdir" => Ok(RevisionSpec::Workdir),
            _ if text.is_empty() => Err("a revision cannot be empty".into()),
            Some(("path", "")) => Err("`path:` needs a directory, as in `path:../old`".into()),
            Some(("path", dir)) => Ok(RevisionSpec::Path(dir.into())),
            Some(("published", "")) => Err("`published:` needs a version, as in `published:1.2.0`".into()),
            Some(("published", version)) => Ok(RevisionSpec::Published(version.to_owned())),
            _ => Ok(RevisionSpec::Git(text.to_owned())),
        }
    }
}

impl std::fmt::Display for RevisionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RevisionSpec::Git(text) => f.write_str(text),
            RevisionSpec::Workdir => f.write_str("workdir"),
            RevisionSpec::Path(dir) => write!(f, "path:{}", dir.display()),
            RevisionSpec::Published(version) => write!(f, "published:{version}"),
        }
    }
}

/// What kind of thing a revision resolved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevisionKind {
    /// A commit; `id` is its hash.
    Commit,
    /// Files that are in no commit; `id` is a hash over their paths, modes and contents.
    Files,
    /// A published package; `id` is a hash over its files.
    Published,
}

/// A resolved revision, as it stands in a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// What the user wrote, for example `v1.2.0`.
    pub spec: String,
    /// What it is.
    pub kind: RevisionKind,
    /// 40 hex digits that name the content.
    pub id: String,
    /// The first line of the commit message, empty when there is no commit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// When it was committed, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_unix_s: Option<i64>,
}

/// So many digits of a hash name it.
const FEWEST_DIGITS: usize = 7;

impl Revision {
    /// Whether a name means it: what was typed then, or the first seven digits or more of its id.
    pub fn is_named(&self, name: &str) -> bool {
        self.spec == name || (name.len() >= FEWEST_DIGITS && self.id.starts_with(name))
    }

    /// The first twelve digits, for people.
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_read_and_written_back_alike() {
        for text in ["v1.2.0", "HEAD~3", "workdir", "path:../old dir", "published:1.2.0", "release/1.x"] {
            assert_eq!(text.parse::<RevisionSpec>().unwrap().to_string(), text);
        }
        assert!("path:".parse::<RevisionSpec>().is_err());
        assert!("".parse::<RevisionSpec>().is_err());
    }
}
