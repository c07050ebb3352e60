//! How a suite that profiles itself and whoever reads its profiles find each other.

/// Names the folder that a suite with a profiler of its own writes its profiles into.
pub const PROFILE_DIR: &str = "RQS_PROFILE_DIR";

/// The name of a benchmark's profile, without its ending: letters, digits, `-`, `_` and `.` of the id stay, everything
/// else becomes `_`, and where something was replaced, a mark of the whole id follows, so that two ids never share it.
pub fn profile_name(id: &str) -> String {
    const LONGEST: usize = 120;
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = id.chars().take(LONGEST).map(|c| if safe(c) { c } else { '_' }).collect();
    if name == id && !name.is_empty() && !name.starts_with('.') {
        return name;
    }
    // FNV-1a.
    let mark = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{}-{mark:016x}", name.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_ids_keep_their_name_and_others_get_a_mark() {
        assert_eq!(profile_name("parse_1.2-x"), "parse_1.2-x");
        assert!(profile_name("a/b").starts_with("a_b-") && profile_name("a/b") != profile_name("a_b"));
        assert!(!profile_name("../..").starts_with('.') && !profile_name("").is_empty());
    }

    proptest! {
        #[test]
        fn a_profiles_name_is_safe_and_no_two_ids_share_it(a in "\\PC{0,200}", b in "\\PC{0,200}") {
            let name = profile_name(&a);
            prop_assert!(name.len() < 200 && !name.contains(['/', '\0']) && !name.starts_with('.'));
            prop_assert!(a == b || name != profile_name(&b));
        }
    }
}
