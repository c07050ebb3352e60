//! Names of files out of names that others wrote: plain letters, not too long, and never twice.

use std::collections::HashSet;

use crate::model::fingerprint;

/// Characters of a name that are kept.
const LONGEST: usize = 64;

/// One folder for each benchmark, `suite/benchmark`, in the order given.
pub(super) fn folders<'a>(benchmarks: impl Iterator<Item = (&'a str, String)>) -> Vec<String> {
    let mut taken = HashSet::new();
    benchmarks
        .map(|(suite, benchmark)| {
            let plain = format!("{}/{}", safe(suite), safe(&benchmark));
            // Some file systems take upper and lower case for the same.
            let mut folder = plain.clone();
            let mut turn = 0;
            while !taken.insert(folder.to_lowercase()) {
                folder = format!("{plain}-{}", short_hash(&format!("{suite}\n{benchmark}\n{turn}")));
                turn += 1;
            }
            folder
        })
        .collect()
}

/// A name of letters, digits, `-`, `_` and `.` that does not begin with a dot. One that had to be changed by more than
/// separators carries a hash of the original.
fn safe(name: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let separated = name.replace("::", ".").replace('/', "_");
    let plain: String = separated.chars().map(|c| if kept(c) { c } else { '_' }).take(LONGEST).collect();
    let begins_well = plain.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if plain == separated && begins_well {
        return plain;
    }
    format!("_{}-{}", plain.trim_matches(['.', '_', '-']), short_hash(name)).replace("_-", "_")
}

fn short_hash(text: &str) -> String {
    fingerprint::of_bytes(text.as_bytes()).chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_stay_readable() {
        assert_eq!(safe("json::parse"), "json.parse");
        assert_eq!(safe("decode/small"), "decode_small");
        let spaced = safe("with space");
        assert!(spaced.starts_with("_with_space-") && spaced.len() == "_with_space-".len() + 8, "{spaced}");
    }

    #[test]
    fn names_that_look_alike_get_folders_of_their_own() {
        let benchmarks = [("s", "a/b"), ("s", "a_b"), ("s", "A_b"), ("s", "../../x"), ("s", ".."), ("s", "")];
        let folders = folders(benchmarks.iter().map(|(suite, name)| (*suite, (*name).to_owned())));
        let distinct: HashSet<String> = folders.iter().map(|folder| folder.to_lowercase()).collect();
        assert_eq!(distinct.len(), benchmarks.len(), "{folders:?}");
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_the_folder(names in proptest::collection::vec(("\\PC{0,100}", any::<String>()), 1..8)) {
            let folders = folders(names.iter().map(|(suite, name)| (suite.as_str(), name.clone())));
            let distinct: HashSet<String> = folders.iter().map(|folder| folder.to_lowercase()).collect();
            prop_assert_eq!(distinct.len(), names.len());
            for folder in folders {
                let parts: Vec<&str> = folder.split('/').collect();
                prop_assert_eq!(parts.len(), 2);
                for part in parts {
                    prop_assert!(!part.is_empty() && !part.starts_with('.') && part.len() < 120, "{}", part);
                    prop_assert!(part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{}", part);
                }
            }
        }
    }
}
