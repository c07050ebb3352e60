//! What a repository configures, in `rqs.toml` or in the metadata tables of its manifest.
//!
//! The comments of these types are what editors show: `cargo rqs schema config` prints them as a JSON Schema.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_spanned::Spanned;

use super::item::Item;
use super::policy::{Class, Direction, Mode};

/// Configuration of cargo rqs: `rqs.toml`, or the table `rqs` of a manifest's `[workspace.metadata]` or
/// `[package.metadata]`. A key that is not known is an error.
// A demand with a misspelt name would demand nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "cargo rqs: configuration")]
pub struct Config {
    /// What is demanded of the host.
    #[serde(default)]
    pub env: EnvConfig,
    /// What counts as a change, and what fails a run.
    #[serde(default)]
    pub policy: PolicyConfig,
    /// Where it was read, for messages about it.
    #[serde(skip)]
    pub source: Source,
}

/// What is demanded of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvConfig {
    /// Conditions that have to be as wanted; otherwise nothing is measured. `cargo rqs env check` names them all.
    #[serde(default)]
    pub require: Vec<Item>,
}

/// What counts as a change, and what fails a run. The command line beats all of it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PolicyConfig {
    /// What `false-alarms` is about: the whole run (`gate`, the default), or the changes shown (`report`).
    #[schemars(with = "Option<Mode>")]
    pub mode: Option<Spanned<Mode>>,
    /// In gate mode the chance that a run raises any false alarm, in report mode the share of the changes shown that may
    /// be false. "1%" where it is not set.
    #[schemars(with = "Option<Percent>")]
    pub false_alarms: Option<Spanned<Percent>>,
    /// The largest change that counts as none. "1%" where it is not set.
    #[schemars(with = "Option<Percent>")]
    pub margin: Option<Spanned<Percent>>,
    /// The smallest change that counts as one; not larger than the margin. "0.5%" where it is not set.
    #[schemars(with = "Option<Percent>")]
    pub floor: Option<Spanned<Percent>>,
    /// When a benchmark fails the run: `critical` also when it stays inconclusive or unmeasured, `normal` when it regressed,
    /// `informational` never.
    pub class: Option<Class>,
    /// Which changes may fail the run: only a slow-down (`slower`), or a speed-up as well (`either`).
    pub direction: Option<Direction>,
    /// Who is to be told of changes that fail the run.
    #[schemars(with = "Option<String>")]
    pub owner: Option<Spanned<String>>,
    /// What holds for some benchmarks only. Of the rules that match a benchmark and set a key, the last one counts.
    #[serde(default)]
    #[schemars(with = "Vec<Rule>")]
    pub rules: Vec<Spanned<Rule>>,
}

/// What holds for some benchmarks. Of the rules that match a benchmark and set a key, the last one counts.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// One or several glob patterns over the name of a benchmark, `group/function`, or with its suite before it,
    /// `package::target::group/function`. `*` is anything within a part of the name, `**` any number of parts; `/` and
    /// `::` divide parts. `?`, `[abc]` and `{one,other}` work as well.
    #[schemars(with = "Patterns")]
    pub benchmarks: Patterns,
    /// The largest change that counts as none.
    #[schemars(with = "Option<Percent>")]
    pub margin: Option<Spanned<Percent>>,
    /// The smallest change that counts as one; not larger than the margin.
    #[schemars(with = "Option<Percent>")]
    pub floor: Option<Spanned<Percent>>,
    /// When a benchmark fails the run.
    pub class: Option<Class>,
    /// Which changes may fail the run.
    pub direction: Option<Direction>,
    /// Who is to be told of changes that fail the run.
    #[schemars(with = "Option<String>")]
    pub owner: Option<Spanned<String>>,
}

/// The text that a configuration was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The file; empty where nothing is configured.
    pub file: String,
    /// Its content.
    pub text: String,
    /// Whether there are manifests with several packages about, so that a run may cover some of them only.
    pub several_packages: bool,
}

impl Source {
    /// `file:line:column` of the beginning of a span of bytes, both counted from 1.
    pub fn place(&self, span: Range<usize>) -> String {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let (line, column) = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
        format!("{}:{line}:{column}", self.file)
    }
}

/// A percentage as a fraction: `"1%"` is 0.01. It is written in quotes and with its sign, so that nobody takes 0.01 for
/// one percent of a percent, or 1 for everything.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(pub f64);

/// How a percentage is written.
const PERCENT: &str = "^[0-9]+(\\.[0-9]+)?%$";

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Quoted;
        impl Visitor<'_> for Quoted {
            type Value = Percent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a percentage in quotes and with its sign, as in \"1%\" or \"0.5%\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Percent, E> {
                let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
                let digits = text.strip_suffix('%').ok_or_else(wrong)?;
                let parts: Vec<&str> = digits.split('.').collect();
                let plain = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
                if parts.len() > 2 || !parts.iter().all(plain) {
                    return Err(wrong());
                }
                digits.parse::<f64>().map(|percent| Percent(percent / 100.0)).map_err(|_| wrong())
            }
        }
        deserializer.deserialize_str(Quoted)
    }
}

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A percentage in quotes and with its sign.",
            "pattern": PERCENT,
            "examples": ["1%", "0.5%"],
        })
    }
}

/// One pattern or several, each with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Patterns(pub Vec<Spanned<String>>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        /// A text of which the place is not known yet, or texts with their places.
        enum Kind {
            One(String),
            Many(Vec<Spanned<String>>),
        }
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Kind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pattern in quotes, as in \"parse/**\", or a list of patterns")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Kind, E> {
                Ok(Kind::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
                let mut patterns = Vec::new();
                while let Some(pattern) = list.next_element()? {
                    patterns.push(pattern);
                }
                Ok(Kind::Many(patterns))
            }
        }
        impl<'de> Deserialize<'de> for Kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(OneOrMany)
            }
        }
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        let span = spanned.span();
        Ok(Patterns(match spanned.into_inner() {
            Kind::One(text) => vec![Spanned::new(span, text)],
            Kind::Many(patterns) => patterns,
        }))
    }
}

impl JsonSchema for Patterns {
    fn schema_name() -> Cow<'static, str> {
        "Patterns".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One glob pattern, or a list of them.",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "items": { "type": "string", "minLength": 1 }, "minItems": 1 },
            ],
            "examples": ["parse/**", ["parse/**", "*::encode::**"]],
        })
    }
}

/// The JSON Schema of the configuration, for editors, with a line break at its end.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(Config).as_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let source =
            Source { file: "rqs.toml".into(), text: "a = 1\nö = \"x\"\n".into(), several_packages: false };
        assert_eq!(source.place(0..1), "rqs.toml:1:1");
        let x = source.text.find('x').unwrap();
        assert_eq!(source.place(x..x + 1), "rqs.toml:2:6");
        assert_eq!(source.place(999..1000), "rqs.toml:1:1");
    }

    #[test]
    fn the_schema_describes_every_key_and_admits_no_other() {
        let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
        assert_eq!(schema["additionalProperties"], false);
        let policy = &schema["$defs"]["PolicyConfig"];
        assert_eq!(policy["additionalProperties"], false);
        for key in ["mode", "false-alarms", "margin", "floor", "class", "direction", "owner", "rules"] {
            assert!(policy["properties"][key]["description"].is_string(), "{key}: {policy:#}");
        }
        assert_eq!(schema["$defs"]["Rule"]["required"], serde_json::json!(["benchmarks"]));
        assert_eq!(schema["$defs"]["Percent"]["pattern"], PERCENT);
    }
}
