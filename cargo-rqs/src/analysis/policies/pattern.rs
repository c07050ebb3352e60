//! Glob patterns over the names of benchmarks.
//!
//! A name has parts that `/` and `::` divide: `package::target::group/function/parameter`. `*` and `?` stay within a
//! part, `**` stands for any number of parts. A pattern is held against the whole name and against the name without its
//! suite, and, of ids that are used several times, with and without the number of the use.

use globset::{GlobBuilder, GlobMatcher};

use crate::model::BenchmarkKey;
use crate::model::failure::{Failure, Outcome};

/// A pattern, ready to match.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was written.
    pub text: String,
    /// Where, with a colon and a space behind; empty where it was typed.
    pub place: String,
    matcher: GlobMatcher,
}

impl Pattern {
    /// Reads a pattern that was typed, or is written at a place.
    ///
    /// # Errors
    /// A usage error when it is no glob, or empty.
    pub fn new(text: &str, place: Option<String>) -> Outcome<Pattern> {
        let place = place.map(|place| place + ": ").unwrap_or_default();
        let wrong = || Failure::usage(format!("{place}`{text}` is no pattern"));
        if text.is_empty() {
            return Err(wrong().cause("it is empty").hint("`**` matches every benchmark"));
        }
        let glob = GlobBuilder::new(&divided(text)).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| {
            wrong()
                .cause(error.kind().to_string())
                .hint("a backslash before `[`, `{`, `*` or `?` takes it as it is")
        })?;
        Ok(Pattern { text: text.to_owned(), matcher: glob.compile_matcher(), place })
    }

    /// Whether it means this benchmark.
    pub fn matches(&self, suite: &str, key: &BenchmarkKey) -> bool {
        let names = [key.id.clone(), key.to_string()];
        names.iter().any(|name| {
            self.matcher.is_match(divided(name))
                || self.matcher.is_match(divided(&format!("{suite}::{name}")))
        })
    }

    /// Whether it certainly matches whatever the other one matches: it is the same, or it is `**`, or it is some parts and
    /// then `**` where the other one begins with those parts. Other cases are not told apart.
    pub fn covers(&self, other: &Pattern) -> bool {
        let (own, other) = (divided(&self.text), divided(&other.text));
        let beneath = |prefix: &str| {
            let literal = !prefix.contains(['*', '?', '[', '{', '\\']);
            let rest = other.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'));
            literal && rest.is_some_and(|rest| !rest.is_empty())
        };
        own == other || own == "**" || own.strip_suffix("/**").is_some_and(beneath)
    }
}

/// With one kind of divider between parts.
fn divided(name: &str) -> String {
    name.replace("::", "/")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text, None).unwrap()
    }

    fn key(id: &str) -> BenchmarkKey {
        BenchmarkKey { id: id.into(), occurrence: 0 }
    }

    #[test]
    fn patterns_match_by_parts_with_and_without_the_suite() {
        for (text, id, matches) in [
            ("parse/**", "parse/small", true),
            ("parse/**", "parse/json/4 KiB", true),
            ("parse/**", "parse", false),
            ("parse/*", "parse/small", true),
            ("parse/*", "parse/json/4 KiB", false),
            ("*", "parse", true),
            ("*", "parse/small", false),
            ("**", "parse/json/4 KiB", true),
            ("**/4 KiB", "parse/json/4 KiB", true),
            ("**/4 KiB", "4 KiB", true),
            ("parse/{small,large}", "parse/large", true),
            ("parse/{small,large}", "parse/middle", false),
            ("parse/s?all", "parse/small", true),
            ("text::bench::parse/*", "parse/small", true),
            ("text::**", "parse/json/4 KiB", true),
            ("text::*::parse/*", "parse/small", true),
            ("*::bench::**", "parse/small", true),
            ("other::**", "parse/small", false),
            ("small", "parse/small", false),
            ("Parse/*", "parse/small", false),
            ("core::fmt/*", "core::fmt/u8", true),
            ("find\\[0\\]", "find[0]", true),
            ("find[0]", "find[0]", false),
        ] {
            assert_eq!(pattern(text).matches("text::bench", &key(id)), matches, "{text} on {id}");
        }
    }

    #[test]
    fn an_id_that_is_used_twice_is_meant_as_a_whole_or_by_its_number() {
        let second = BenchmarkKey { id: "twin".into(), occurrence: 1 };
        let meant = |text: &str| [&key("twin"), &second].map(|key| pattern(text).matches("a::b", key));
        assert_eq!(
            (meant("twin"), meant("twin#2"), meant("twin#*")),
            ([true; 2], [false, true], [false, true])
        );
    }

    #[test]
    fn what_is_no_pattern_says_where_and_why() {
        for text in ["", "parse/[", "parse/{a"] {
            let failure = Pattern::new(text, Some("rqs.toml:4:9".into())).unwrap_err();
            assert_eq!(failure.message, format!("rqs.toml:4:9: `{text}` is no pattern"));
            assert!(!failure.causes.is_empty() && failure.hint.is_some(), "{failure}");
        }
    }

    #[test]
    fn covering_is_told_only_where_it_is_certain() {
        for (one, other, covers) in [
            ("**", "a/[b]", true),
            ("a/*", "a/*", true),
            ("a/**", "a/b", true),
            ("a::**", "a/b/*", true),
            ("a/**", "a", false),
            ("a/**", "ab/c", false),
            ("a/*", "a/b", false),
            ("*/**", "a/b", false),
            ("a/b", "a/**", false),
        ] {
            assert_eq!(pattern(one).covers(&pattern(other)), covers, "{one} over {other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_covered_is_matched_by_the_covering_one_too(
            parts in prop::collection::vec("[ab*]{1,2}", 1..4), over in prop::collection::vec("[ab]{1,2}", 0..3),
            name in prop::collection::vec("[ab]{1,2}", 1..4),
        ) {
            let one = pattern(&[over, vec!["**".to_owned()]].concat().join("/"));
            let other = pattern(&parts.join("/"));
            let name = key(&name.join("/"));
            if one.covers(&other) && other.matches("s::t", &name) {
                prop_assert!(one.matches("s::t", &name), "{} {} {name}", one.text, other.text);
            }
        }
    }
}
