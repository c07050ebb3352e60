//! Which policy holds for which benchmark: defaults, then the configuration, then its rules in their order, and last
//! what was typed.

mod pattern;

pub use self::pattern::Pattern;
use crate::model::BenchmarkKey;
use crate::model::config::{Config, Percent, Rule, Source};
use crate::model::failure::{Failure, Outcome};
use crate::model::policy::{BenchmarkPolicy, Class, Direction, Mode, Policy};
use crate::model::record::SuiteRecord;

/// What was typed, which beats everything that is configured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TypedPolicy {
    /// The largest change that counts as none, as a fraction.
    pub margin: Option<f64>,
    /// The smallest change that counts as one, as a fraction.
    pub floor: Option<f64>,
    /// The chance, or share, of false alarms.
    pub alpha: Option<f64>,
    /// What that is about.
    pub mode: Option<Mode>,
    /// The largest change of an iteration's instructions that counts as the same work.
    pub instructions_margin: Option<f64>,
    /// Whether more instructions fail the run.
    pub gate_on_instructions: bool,
}

/// The policies of all benchmarks.
#[derive(Clone, Debug)]
pub struct Policies {
    run: Policy,
    owner: Option<String>,
    margin: Limit,
    floor: Limit,
    rules: Vec<CheckedRule>,
}

/// A threshold and who set it.
#[derive(Clone, Debug, PartialEq)]
struct Limit {
    value: f64,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq)]
enum Origin {
    Usual,
    Configured(String),
    Typed(&'static str),
}

#[derive(Clone, Debug)]
struct CheckedRule {
    patterns: Vec<Pattern>,
    /// Where the rule stands.
    place: String,
    margin: Option<Limit>,
    floor: Option<Limit>,
    class: Option<Class>,
    direction: Option<Direction>,
    owner: Option<String>,
}

impl Policies {
    /// Reads what is configured and typed, and refuses what contradicts itself whatever benchmarks there are.
    ///
    /// # Errors
    /// A usage error with file, line and column.
    pub fn resolve(config: &Config, typed: &TypedPolicy) -> Outcome<Policies> {
        let (source, policy) = (&config.source, &config.policy);
        let rules = policy.rules.iter().map(|rule| CheckedRule::of(rule.get_ref(), rule.span(), source));
        let rules: Vec<CheckedRule> = rules.collect::<Outcome<_>>()?;
        if let Some(rule) =
            rules.iter().enumerate().find_map(|(at, rule)| rule.overridden_by(&rules[at + 1..]))
        {
            return Err(rule);
        }
        let usual = Policy::USUAL;
        let set = |configured: Option<Limit>, typed: Option<f64>, option: &'static str, usual: f64| {
            let typed = typed.map(|value| Limit { value, origin: Origin::Typed(option) });
            typed.or(configured).unwrap_or(Limit { value: usual, origin: Origin::Usual })
        };
        let limit = |name, value| limit(name, value, source);
        let margin = set(limit("margin", &policy.margin)?, typed.margin, "--margin", usual.margin);
        let floor = set(limit("floor", &policy.floor)?, typed.floor, "--floor", usual.floor);
        let alpha = set(limit("false-alarms", &policy.false_alarms)?, typed.alpha, "--alpha", usual.alpha);
        consistent(&floor, &margin, None)?;
        let run = Policy {
            margin: margin.value,
            floor: floor.value,
            alpha: alpha.value,
            mode: typed.mode.or(policy.mode.as_ref().map(|mode| *mode.get_ref())).unwrap_or_default(),
            instructions_margin: typed.instructions_margin.unwrap_or(usual.instructions_margin),
            gate_on_instructions: typed.gate_on_instructions,
            class: policy.class.unwrap_or_default(),
            direction: policy.direction.unwrap_or_default(),
        };
        let owner = policy.owner.as_ref().map(|owner| checked_owner(owner, source)).transpose()?;
        Ok(Policies { run, owner, margin, floor, rules })
    }

    /// What holds where no rule says otherwise.
    pub fn run(&self) -> Policy {
        self.run
    }

    /// Writes into every benchmark what holds for it. With `whole`, the suites are all that the configuration can be about.
    ///
    /// # Errors
    /// A usage error with file, line and column, when the thresholds of a benchmark contradict each other, and in a whole
    /// run when a pattern matches no benchmark.
    pub fn apply(&self, suites: &mut [SuiteRecord], whole: bool) -> Outcome<()> {
        for suite in &mut *suites {
            for benchmark in &mut suite.benchmarks {
                benchmark.policy = self.of(&suite.name, &benchmark.key)?;
            }
        }
        let any = suites.iter().any(|suite| !suite.benchmarks.is_empty());
        if whole && any { self.check_matches(suites) } else { Ok(()) }
    }

    /// What holds for one benchmark where that differs from the run's policy.
    fn of(&self, suite: &str, key: &BenchmarkKey) -> Outcome<BenchmarkPolicy> {
        let rules = || self.rules.iter().rev().filter(|rule| rule.matches(suite, key));
        let last = |limit: &Limit, of_rule: fn(&CheckedRule) -> Option<&Limit>| match limit.origin {
            Origin::Typed(_) => limit.clone(),
            _ => rules().find_map(of_rule).unwrap_or(limit).clone(),
        };
        let margin = last(&self.margin, |rule| rule.margin.as_ref());
        let floor = last(&self.floor, |rule| rule.floor.as_ref());
        consistent(&floor, &margin, Some(&format!("{suite}::{key}")))?;
        let class = rules().find_map(|rule| rule.class);
        let direction = rules().find_map(|rule| rule.direction);
        Ok(BenchmarkPolicy {
            margin: Some(margin.value).filter(|margin| *margin != self.run.margin),
            floor: Some(floor.value).filter(|floor| *floor != self.run.floor),
            class: class.filter(|class| *class != self.run.class),
            direction: direction.filter(|direction| *direction != self.run.direction),
            owner: rules().find_map(|rule| rule.owner.clone()).or_else(|| self.owner.clone()),
        })
    }

    fn check_matches(&self, suites: &[SuiteRecord]) -> Outcome<()> {
        let mut benchmarks =
            suites.iter().flat_map(|suite| suite.benchmarks.iter().map(|it| (suite.name.as_str(), &it.key)));
        let matched = |pattern: &Pattern| benchmarks.clone().any(|(suite, key)| pattern.matches(suite, key));
        let lonely = self.rules.iter().flat_map(|rule| &rule.patterns).find(|pattern| !matched(pattern));
        let Some(pattern) = lonely else { return Ok(()) };
        let failure = Failure::usage(format!("{}no benchmark matches `{}`", pattern.place, pattern.text));
        let example = benchmarks.next().map(|(suite, key)| format!("a name looks like `{suite}::{key}`; "));
        Err(failure.hint(format!(
            "{}`cargo rqs bench --list` shows them all, and `-F FEATURES` may add some",
            example.unwrap_or_default()
        )))
    }

    /// What is configured, for people.
    pub fn outline(&self) -> Vec<String> {
        let rule = |rule: &CheckedRule| {
            let patterns: Vec<String> = rule.patterns.iter().map(|it| format!("`{}`", it.text)).collect();
            let percent = |limit: &Limit| percent(limit.value);
            let parts = [
                rule.class.map(|class| class.to_string()),
                rule.margin.as_ref().map(|it| format!("margin {}", percent(it))),
                rule.floor.as_ref().map(|it| format!("floor {}", percent(it))),
                rule.direction.map(|direction| match direction {
                    Direction::Slower => "a slow-down fails".to_owned(),
                    Direction::Either => "a speed-up fails too".to_owned(),
                }),
                rule.owner.as_ref().map(|owner| format!("owner `{owner}`")),
            ];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            format!("{}: {} ({})", patterns.join(", "), parts.join(", "), rule.place)
        };
        self.rules.iter().map(rule).collect()
    }
}

impl CheckedRule {
    fn of(rule: &Rule, span: std::ops::Range<usize>, source: &Source) -> Outcome<CheckedRule> {
        let place = source.place(span);
        let patterns: Vec<Pattern> = rule
            .benchmarks
            .0
            .iter()
            .map(|pattern| Pattern::new(pattern.get_ref(), Some(source.place(pattern.span()))))
            .collect::<Outcome<_>>()?;
        let checked = CheckedRule {
            patterns,
            margin: limit("margin", &rule.margin, source)?,
            floor: limit("floor", &rule.floor, source)?,
            class: rule.class,
            direction: rule.direction,
            owner: rule.owner.as_ref().map(|owner| checked_owner(owner, source)).transpose()?,
            place,
        };
        if checked.patterns.is_empty() {
            return Err(Failure::usage(format!("{}: the rule names no benchmarks", checked.place))
                .hint("write a pattern into `benchmarks`, as in `benchmarks = \"parse/**\"`"));
        }
        if checked.keys() == [false; 5] {
            return Err(Failure::usage(format!("{}: the rule sets nothing", checked.place))
                .hint("give it one of `margin`, `floor`, `class`, `direction` and `owner`, or remove it"));
        }
        if let (Some(floor), Some(margin)) = (&checked.floor, &checked.margin) {
            consistent(floor, margin, None)?;
        }
        Ok(checked)
    }

    /// Which keys it sets.
    fn keys(&self) -> [bool; 5] {
        [
            self.margin.is_some(),
            self.floor.is_some(),
            self.class.is_some(),
            self.direction.is_some(),
            self.owner.is_some(),
        ]
    }

    fn matches(&self, suite: &str, key: &BenchmarkKey) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(suite, key))
    }

    /// A failure when later rules set everything that it sets wherever it matches, as far as the patterns tell that.
    fn overridden_by(&self, later: &[CheckedRule]) -> Option<Failure> {
        let covering = |pattern: &Pattern, key: usize| {
            later.iter().find(|rule| rule.keys()[key] && rule.patterns.iter().any(|it| it.covers(pattern)))
        };
        let mut overriding = None;
        for (key, _) in self.keys().into_iter().enumerate().filter(|(_, set)| *set) {
            for pattern in &self.patterns {
                overriding = Some(covering(pattern, key)?);
            }
        }
        let overriding = overriding?;
        Some(
            Failure::usage(format!(
                "{}: the rule never applies, because later ones override all of it",
                self.place
            ))
            .cause(format!(
                "{}: this rule comes later and matches everything that it matches",
                overriding.place
            ))
            .hint("of the rules that match a benchmark, the last one counts: put the general ones first"),
        )
    }
}

type Configured = Option<serde_spanned::Spanned<Percent>>;

fn limit(name: &str, configured: &Configured, source: &Source) -> Outcome<Option<Limit>> {
    let Some(configured) = configured else { return Ok(None) };
    let (value, place) = (configured.get_ref().0, source.place(configured.span()));
    if value < 1.0 && (value > 0.0 || name == "floor") {
        return Ok(Some(Limit { value, origin: Origin::Configured(place) }));
    }
    let range = if name == "floor" { "below 100%" } else { "above 0% and below 100%" };
    Err(Failure::usage(format!("{place}: `{name}` has to be {range}"))
        .hint("usual are a margin of \"1%\", a floor of \"0.5%\" and \"1%\" of false alarms"))
}

fn checked_owner(owner: &serde_spanned::Spanned<String>, source: &Source) -> Outcome<String> {
    match owner.get_ref().trim() {
        "" => Err(Failure::usage(format!("{}: `owner` is empty", source.place(owner.span())))
            .hint("name a person or a team, as in `owner = \"@parsers\"`, or leave the key out")),
        owner => Ok(owner.to_owned()),
    }
}

/// A change below the floor counts as none, so the margin has to include it.
fn consistent(floor: &Limit, margin: &Limit, benchmark: Option<&str>) -> Outcome<()> {
    if floor.value <= margin.value {
        return Ok(());
    }
    let of = benchmark.map(|name| format!(" for `{name}`")).unwrap_or_default();
    let place = match (&floor.origin, &margin.origin) {
        (Origin::Configured(place), _) | (_, Origin::Configured(place)) => format!("{place}: "),
        _ => String::new(),
    };
    let (floor, margin) = (floor.described("floor"), margin.described("margin"));
    Err(Failure::usage(format!("{place}{floor} is larger than {margin}{of}"))
        .hint("a change below the floor counts as none, so the margin has to include it"))
}

impl Limit {
    fn described(&self, name: &str) -> String {
        let value = percent(self.value);
        match &self.origin {
            Origin::Usual => format!("the usual {name} of {value}"),
            Origin::Configured(place) => format!("the {name} of {value} ({place})"),
            Origin::Typed(option) => format!("`{option} {}`", value.trim_end_matches('%')),
        }
    }
}

/// As it was written: without the digits that binary fractions add.
fn percent(fraction: f64) -> String {
    let digits = format!("{:.9}", fraction * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests;
