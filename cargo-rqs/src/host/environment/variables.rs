//! The environment variables that may change what is built or how it runs. Secrets are masked, and neither the host's
//! nor the user's name is kept.

use std::collections::BTreeMap;

/// In front of a variable's name.
pub(super) const PREFIX: &str = "env.";
/// What stands for something that must not be written down.
const MASK: &str = "(masked)";
/// A value is cut at this many characters.
const LONGEST: usize = 400;

/// Variables that matter by their name ...
const NAMES: [&str; 26] = [
    "AR",
    "CC",
    "CFLAGS",
    "CI",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "GLIBC_TUNABLES",
    "LANG",
    "LC_ALL",
    "LDFLAGS",
    "LD_BIND_NOW",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LIBRARY_PATH",
    "LLVM_PROFILE_FILE",
    "MAKEFLAGS",
    "NUM_JOBS",
    "PKG_CONFIG_PATH",
    "RAYON_NUM_THREADS",
    "RUSTC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "SOURCE_DATE_EPOCH",
    "TMPDIR",
    "TOKIO_WORKER_THREADS",
];
/// ... and by its beginning.
const PREFIXES: [&str; 12] = [
    "CARGO_",
    "GOMP_",
    "JEMALLOC_",
    "KMP_",
    "MALLOC_",
    "MIMALLOC_",
    "OMP_",
    "RQS_",
    "RUSTC_",
    "RUSTUP_",
    "RUST_",
    "_RJEM_",
];
/// What cargo itself sets for a program that it runs says nothing about the machine.
const SET_BY_CARGO: [&str; 6] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PRIMARY_PACKAGE",
    "RUST_RECURSION_COUNT",
];
/// Words in the name of a variable that holds a secret.
const SECRETS: [&str; 7] = ["TOKEN", "SECRET", "KEY", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH"];

/// The relevant ones of some variables, ready to be written down.
pub(super) fn relevant(
    variables: impl IntoIterator<Item = (String, String)>,
    private: &Private,
) -> BTreeMap<String, String> {
    let chosen = variables.into_iter().filter(|(name, value)| is_relevant(name) && !value.is_empty());
    chosen
        .map(|(name, value)| {
            let shown = shown(&name, &value, private);
            (format!("{PREFIX}{name}"), shown)
        })
        .collect()
}

fn is_relevant(name: &str) -> bool {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
    (NAMES.contains(&name) || begins(&PREFIXES)) && !begins(&SET_BY_CARGO)
}

/// What must not be written down: who the user is, and where.
#[derive(Clone, Debug, Default)]
pub(super) struct Private {
    /// The user's directory, which mostly ends in the user's name.
    pub(super) home: Option<String>,
    /// The user's and the host's name.
    pub(super) names: Vec<String>,
}

impl Private {
    /// What this process can tell of its user and host.
    pub(super) fn here() -> Private {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let names = ["USER", "LOGNAME", "HOSTNAME"].into_iter().filter_map(variable);
        Private {
            // A home of `/` would be found in every path.
            home: variable("HOME").filter(|home| home.len() > 1),
            names: names.chain(sysinfo::System::host_name().ok()).collect(),
        }
    }

    /// The text without what is private. Names are replaced as whole words, and not the short ones: a user called
    /// `a` is no secret.
    fn taken_out(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(home) = &self.home {
            text = replace_words(&text, home, "~");
        }
        for name in self.names.iter().filter(|name| name.chars().count() > 2 && *name != "root") {
            text = replace_words(&text, name, MASK);
        }
        text
    }
}

/// Replaces a word where no letter, digit or `_` goes on before or after it.
fn replace_words(text: &str, word: &str, by: &str) -> String {
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (mut replaced, mut rest, mut before) = (String::new(), text, None);
    while let Some(at) = rest.find(word) {
        let (head, tail) = (&rest[..at], &rest[at + word.len()..]);
        let last = head.chars().next_back().or(before);
        replaced.push_str(head);
        let whole = !goes_on(last) && !goes_on(tail.chars().next());
        replaced.push_str(if whole { by } else { word });
        (rest, before) = (tail, word.chars().next_back());
    }
    replaced + rest
}

fn shown(name: &str, value: &str, private: &Private) -> String {
    let name = name.to_uppercase();
    if SECRETS.iter().any(|secret| name.contains(secret)) {
        return MASK.to_owned();
    }
    let value = private.taken_out(&without_user_info(value));
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}

/// `scheme://user:password@host` without what stands before the `@`, wherever in the text.
fn without_user_info(text: &str) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        shown.push_str(head);
        let end = tail.find(|c: char| c.is_whitespace() || "/?#\"'".contains(c)).unwrap_or(tail.len());
        let authority = &tail[..end];
        match authority.rfind('@') {
            Some(at) => shown.extend([MASK, &authority[at..]]),
            None => shown.push_str(authority),
        }
        rest = &tail[end..];
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(name: &str, value: &str) -> Option<String> {
        let private = Private { home: Some("/home/alice".to_owned()), names: vec!["alice".to_owned()] };
        relevant([(name.to_owned(), value.to_owned())], &private).into_values().next()
    }

    #[test]
    fn what_changes_a_build_or_a_run_is_kept_and_the_rest_is_not() {
        for name in
            ["RUSTFLAGS", "CARGO_PROFILE_BENCH_LTO", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "LD_PRELOAD"]
        {
            assert_eq!(kept(name, "x").as_deref(), Some("x"), "{name}");
        }
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "PATH", "SSH_CONNECTION", "EDITOR"] {
            assert_eq!(kept(name, "x"), None, "{name}");
        }
        assert_eq!(kept("RUSTFLAGS", ""), None);
    }

    #[test]
    fn secrets_are_masked_by_their_name_and_in_addresses() {
        for name in [
            "CARGO_REGISTRY_TOKEN",
            "CARGO_REGISTRIES_MY_CREDENTIAL_PROVIDER",
            "RUST_SIGNING_KEY",
            "CARGO_HTTP_AUTH",
            "RQS_password",
        ] {
            assert_eq!(kept(name, "hunter2").as_deref(), Some(MASK), "{name}");
        }
        let address =
            kept("CARGO_HTTP_PROXY", "http://bob:p@ss@proxy:8080/x https://plain/ ssh://git@h").unwrap();
        assert_eq!(address, "http://(masked)@proxy:8080/x https://plain/ ssh://(masked)@h");
    }

    #[test]
    fn neither_the_user_nor_the_users_directory_is_kept() {
        assert_eq!(kept("CARGO_HOME", "/home/alice/.cargo").as_deref(), Some("~/.cargo"));
        assert_eq!(kept("CARGO_TARGET_DIR", "/mnt/alice/t").as_deref(), Some("/mnt/(masked)/t"));
        assert_eq!(kept("RUSTFLAGS", "--cfg malice").as_deref(), Some("--cfg malice"));
        assert_eq!(kept("CARGO_HOME", "/home/alicette/x").as_deref(), Some("/home/alicette/x"));
    }

    #[test]
    fn a_long_value_is_cut_between_two_characters() {
        let cut = kept("RUSTFLAGS", &"ü".repeat(1000)).unwrap();
        assert_eq!(cut.chars().count(), LONGEST + 1);
    }

    proptest! {
        #[test]
        fn a_password_in_an_address_never_survives(
            before in "[ -~]{0,12}", user in "[a-z]{1,8}", host in "[a-z]{1,8}",
        ) {
            let text = format!("{before} https://{user}:S3CRETPASS@{host}/index");
            prop_assert!(!without_user_info(&text).contains("S3CRETPASS"));
        }

        #[test]
        fn any_text_is_shown_without_a_panic(name in "\\PC{0,12}", value in "(\\PC|://|@|/home/alice){0,30}") {
            let private = Private { home: Some("/home/alice".to_owned()), names: vec!["alice".to_owned()] };
            prop_assert!(!shown(&name, &value, &private).contains("/home/alice/"));
        }
    }
}
