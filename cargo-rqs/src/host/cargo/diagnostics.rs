//! Turns what the compiler said about a broken build into one failure that names the way out.

use std::collections::BTreeMap;

use cargo_metadata::{CompilerMessage, TargetKind, diagnostic::DiagnosticLevel};

use crate::model::failure::Failure;

use super::process::readable;

/// Errors that are shown.
const SHOWN_ERRORS: usize = 3;
/// Lines of each that are shown.
const SHOWN_LINES: usize = 25;

/// The errors of one build.
#[derive(Default)]
pub(super) struct Errors {
    messages: Vec<CompilerMessage>,
}

impl Errors {
    /// Keeps a message when it is an error.
    pub(super) fn take(&mut self, message: CompilerMessage) {
        if matches!(message.message.level, DiagnosticLevel::Error | DiagnosticLevel::Ice) {
            self.messages.push(message);
        }
    }

    /// Whether a lint was denied: those errors carry the lint's name, all others a number such as `E0308` or nothing.
    pub(super) fn deny_lints(&self) -> bool {
        let codes = self.messages.iter().filter_map(|message| message.message.code.as_ref());
        codes.into_iter().any(|code| !is_error_number(&code.code))
    }

    /// The bench targets that did not build, by package and target, with their first error.
    pub(super) fn broken_benches(&self) -> BTreeMap<(String, String), String> {
        let mut broken = BTreeMap::new();
        for message in self.messages.iter().filter(|message| message.target.is_kind(TargetKind::Bench)) {
            let key = (message.package_id.repr.clone(), message.target.name.clone());
            broken.entry(key).or_insert_with(|| shown(message));
        }
        broken
    }

    /// The failure of a build from which nothing came out; `tail` is the end of cargo's own output.
    pub(super) fn into_failure(self, tail: &str) -> Failure {
        let only_benches = self.messages.iter().all(|message| message.target.is_kind(TargetKind::Bench));
        let needs_nightly =
            self.messages.iter().any(|m| m.message.code.as_ref().is_some_and(|code| code.code == "E0554"));
        let mut failure = Failure::incomplete("failed to build the benchmarks");
        // Summaries such as "aborting due to 2 previous errors" point nowhere.
        let mut errors: Vec<_> =
            self.messages.iter().filter(|message| !message.message.spans.is_empty()).collect();
        if errors.is_empty() {
            errors = self.messages.iter().collect();
        }
        for message in errors.iter().take(SHOWN_ERRORS) {
            failure = failure.cause(shown(message));
        }
        if errors.len() > SHOWN_ERRORS {
            failure = failure.cause(format!("and {} more errors", errors.len() - SHOWN_ERRORS));
        }
        if errors.is_empty() {
            return failure.cause(tail.to_owned()).hint(hint_for(tail));
        }
        failure.hint(match (needs_nightly, only_benches) {
            (true, _) => "the sources need a nightly compiler; name one with `--toolchain nightly`",
            (_, true) => {
                "only benchmark sources are broken: measure with the candidate's by `--benches-from candidate`, \
                 or choose one that builds with `--bench NAME`"
            }
            _ => "if only some features are broken, choose others with `--features`; an old revision may need \
                  `--toolchain VERSION`",
        })
    }
}

/// The way out when cargo itself gave up, before any compiler ran.
fn hint_for(tail: &str) -> &'static str {
    let says = |words: &str| tail.contains(words);
    if says("requires the features") || says("does not contain this feature") || says("does not have feature")
    {
        "name the features that both revisions have with `--features`"
    } else if says("no bench target") {
        "choose a bench target that both revisions have with `--bench NAME`, or `--benches-from candidate`"
    } else if says("did not match any packages") || says("not found in workspace") {
        "choose a package that both revisions have with `--package NAME`"
    } else if says("failed to download") || says("offline") || says("failed to get `") {
        "check the network, or fetch the dependencies with `cargo fetch` before an `--offline` run"
    } else if says("is not supported by the following") || says("requires rustc") {
        "choose a newer compiler with `--toolchain VERSION`"
    } else {
        "run `cargo bench --no-run` in a checkout of that revision to see the whole of it"
    }
}

fn shown(message: &CompilerMessage) -> String {
    let text = message.message.rendered.as_deref().unwrap_or(&message.message.message);
    let lines: Vec<_> =
        text.trim_end().lines().take(SHOWN_LINES).map(|line| readable(line.as_bytes())).collect();
    lines.join("\n")
}

fn is_error_number(code: &str) -> bool {
    code.strip_prefix('E')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &str, level: &str, code: Option<&str>, rendered: &str) -> CompilerMessage {
        let span = serde_json::json!({
            "file_name": "x.rs", "byte_start": 0, "byte_end": 1, "line_start": 1, "line_end": 1, "column_start": 1,
            "column_end": 2, "is_primary": true, "text": [], "label": null, "suggested_replacement": null,
            "suggestion_applicability": null, "expansion": null
        });
        let code = code.map(|code| serde_json::json!({ "code": code, "explanation": null }));
        serde_json::from_value(serde_json::json!({
            "package_id": "p", "target": { "kind": [kind], "crate_types": ["bin"], "name": "t", "src_path": "/t.rs" },
            "message": { "message": "m", "code": code, "level": level, "spans": [span], "children": [], "rendered": rendered }
        }))
        .unwrap()
    }

    fn errors(messages: Vec<CompilerMessage>) -> Errors {
        let mut errors = Errors::default();
        messages.into_iter().for_each(|message| errors.take(message));
        errors
    }

    #[test]
    fn a_denied_lint_is_told_from_an_error() {
        assert!(errors(vec![message("lib", "error", Some("unused_variables"), "")]).deny_lints());
        assert!(!errors(vec![message("lib", "error", Some("E0308"), "")]).deny_lints());
        assert!(
            !errors(vec![
                message("lib", "error", None, ""),
                message("lib", "warning", Some("dead_code"), "")
            ])
            .deny_lints()
        );
    }

    #[test]
    fn the_first_errors_are_shown_and_the_rest_is_counted() {
        let many = (0..5).map(|n| message("lib", "error", Some("E0308"), &format!("error {n}\n\x1b[1mat")));
        let failure = errors(many.collect()).into_failure("");
        assert_eq!(
            failure.causes,
            ["error 0\n[1mat", "error 1\n[1mat", "error 2\n[1mat", "and 2 more errors"]
        );
        assert!(failure.hint.unwrap().contains("--features"));
    }

    #[test]
    fn when_only_benchmarks_are_broken_the_hint_says_how_to_go_on() {
        let errors = errors(vec![message("bench", "error", Some("E0425"), "error: gone")]);
        assert_eq!(errors.broken_benches()[&("p".to_owned(), "t".to_owned())], "error: gone");
        assert!(errors.into_failure("").hint.unwrap().contains("--benches-from candidate"));
    }

    #[test]
    fn without_compiler_messages_cargo_is_quoted() {
        let tail = "error: no bench target named `x` in default-run packages";
        let failure = errors(Vec::new()).into_failure(tail);
        assert_eq!(failure.causes, [tail]);
        assert!(failure.hint.unwrap().contains("--bench NAME"));
    }
}
