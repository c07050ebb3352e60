//! Changes that somebody signed off, and what later runs make of it.

use std::fs;
use std::path::PathBuf;

use crate::program::{Ran, Report};
use crate::repository::Repository;

/// A repository whose work tree stands on a commit of its own, with results of its own.
struct Signing {
    repository: Repository,
    results: PathBuf,
}

impl Signing {
    fn start(name: &str) -> Signing {
        let repository = Repository::get();
        repository.git(&["checkout", "-q", "--detach", "v1"]);
        repository.git(&["config", "user.name", "Zoë Keeper"]);
        repository.git(&["config", "user.email", "zoe@example.org"]);
        let results = repository.scratch(name);
        Signing { repository, results }
    }

    fn commit_rounds(&self, rounds: u64) {
        let path = self.repository.root.join("src/lib.rs");
        let lib = fs::read_to_string(&path).unwrap();
        let line = lib.lines().find(|line| line.contains("ROUNDS: u64 =")).unwrap();
        fs::write(&path, lib.replace(line, &format!("pub const ROUNDS: u64 = {rounds};"))).unwrap();
        self.repository.git(&["commit", "-q", "-a", "-m", &format!("Do {rounds} rounds")]);
    }

    fn commit_readme(&self, text: &str) {
        self.repository.write("README.md", text);
        self.repository.git(&["add", "README.md"]);
        self.repository.git(&["commit", "-q", "-m", text]);
    }

    fn judged(&self, candidate: &str) -> (Ran, Report) {
        let results = self.results.to_str().unwrap();
        self.repository.judged("v1", candidate, &["mix/(steady|changed)", "--results", results])
    }

    fn rqs(&self, arguments: &[&str]) -> Ran {
        self.repository.rqs(&[arguments, &["--results", self.results.to_str().unwrap()]].concat())
    }

    /// The files of all acceptances.
    fn files(&self) -> Vec<PathBuf> {
        crate::repository::files_below(&self.results.join("accepted"))
    }
}

#[test]
fn an_accepted_change_passes_in_later_runs_until_it_grows() {
    let signing = Signing::start("accepted");
    signing.commit_rounds(1300);
    let (ran, report) = signing.judged("HEAD");
    assert_eq!(report.benchmark("mix/changed")["fails_run"], true);
    ran.exited(100);
    let reason = "checks more; \x1b[31mreally";
    let signed = signing
        .rqs(&["accept", report.id(), "mix/changed", "--reason", reason, "--expires", "2999-12-31"])
        .exited(0)
        .stdout;
    assert!(
        signed.starts_with("accepted 1 change, until 2999-12-31\n  zoo::speed::mix/changed  +"),
        "{signed}"
    );
    assert!(signed.contains("  author  Zoë Keeper <zoe@example.org>\n"), "{signed}");
    assert!(
        signed.contains("  reason  checks more; \\x1b[31mreally\n") && !signed.contains('\x1b'),
        "{signed}"
    );
    assert_eq!(signing.files().len(), 1);
    let listed = signing.rqs(&["accept", "--list"]).exited(0).stdout;
    assert!(
        listed.contains("  until 2999-12-31  by Zoë Keeper <zoe@example.org>: checks more; "),
        "{listed}"
    );

    // Commits on top of it, and the work tree on top of those.
    signing.commit_readme("After it.\n");
    signing.repository.write("README.md", "Not committed.\n");
    for candidate in ["HEAD", "workdir"] {
        let (ran, report) = signing.judged(candidate);
        let changed = report.benchmark("mix/changed");
        assert_eq!((changed["verdict"].as_str(), &changed["fails_run"]), (Some("regressed"), &false.into()));
        assert_eq!(changed["acceptance"]["effect"], "applied");
        assert_eq!(
            (&report.0["summary"]["regressed"], &report.0["summary"]["accepted"]),
            (&0.into(), &1.into())
        );
        ran.exited(0);
        let shown = signing.rqs(&["show", report.id()]).exited(0).stdout;
        let row = shown.lines().find(|line| line.starts_with("mix/changed")).unwrap();
        assert!(row.contains("  regressed (") && row.contains("accepted)  "), "{shown}");
        assert!(shown.contains("\n1 regressed (accepted), "), "{shown}");
        assert!(
            shown.contains("    accepted by Zoë Keeper <zoe@example.org> until 2999-12-31: checks more; "),
            "{shown}"
        );
    }
    signing.rqs(&["accept", "latest", "--all", "--reason", "x"]).exited(2).said(&[
        "error: the run's candidate `workdir` is no commit",
        "hint: commit the change, run `bench` again, and accept that run",
    ]);

    // What comes before the accepted commit does not contain it, whatever it changes.
    signing.repository.git(&["checkout", "-q", "-f", "--detach", "v1"]);
    signing.commit_readme("Beside it.\n");
    signing.commit_rounds(1300);
    let (ran, report) = signing.judged("HEAD");
    assert!(report.benchmark("mix/changed").get("acceptance").is_none(), "{report:#?}");
    ran.exited(100);
}

#[test]
fn a_change_that_grew_and_a_damaged_acceptance_fail_the_run() {
    let signing = Signing::start("grown");
    signing.commit_rounds(1300);
    let (_, report) = signing.judged("HEAD");
    signing.rqs(&["accept", report.id(), "--all", "--reason", "checks more", "--author", "@zoo"]).exited(0);
    signing.commit_rounds(2000);
    let (ran, report) = signing.judged("HEAD");
    assert_eq!(report.benchmark("mix/changed")["acceptance"]["effect"], "exceeded");
    ran.exited(100);
    let shown = signing.rqs(&["show", report.id()]).exited(0).stdout;
    assert!(
        shown.contains("    not covered by the +") && shown.contains(" that @zoo accepted: checks more\n"),
        "{shown}"
    );

    let file = signing.files().remove(0);
    let forged = fs::read_to_string(&file).unwrap().replace("\"log_mean\":0.", "\"log_mean\":9.");
    fs::write(&file, forged).unwrap();
    let (ran, report) = signing.judged("HEAD");
    assert!(report.benchmark("mix/changed").get("acceptance").is_none(), "{report:#?}");
    let name = file.file_name().unwrap().to_str().unwrap();
    let note =
        format!("the acceptance `{name}` is not honoured: corrupted record: content hash does not match");
    assert!(report.0["notes"].as_array().unwrap().iter().any(|it| *it == *note), "{:#}", report.0["notes"]);
    ran.exited(100);
    let listed = signing.rqs(&["accept", "--list"]).exited(0).stdout;
    assert!(listed.contains(" accepts nothing: corrupted record: content hash does not match\n"), "{listed}");
}

#[test]
fn what_cannot_be_accepted_is_refused_and_nothing_is_written() {
    let signing = Signing::start("refused");
    signing.commit_rounds(1300);
    let (_, report) = signing.judged("HEAD");
    let run = report.id();
    for (arguments, told) in [
        (
            &["mix/steady", "--reason", "x"][..],
            "error: there is nothing to accept of `zoo::speed::mix/steady`",
        ),
        (&["mix/chnged", "--reason", "x"], "hint: did you mean `mix/changed`?"),
        (&["mix/changed"], "--reason"),
        (&["mix/changed", "--reason", " "], "error: `--reason` is empty"),
        (&["mix/changed", "--reason", "x", "--author", ""], "error: `--author` is empty"),
        (&["mix/changed", "--reason", "x", "--expires", "2020-01-01"], "error: the day of expiry is past"),
        (&["mix/changed", "--reason", "x", "--expires", "tomorrow"], "it is no day"),
        (&["--reason", "x"], "BENCHMARK"),
    ] {
        signing.rqs(&[&["accept", run], arguments].concat()).exited(2).said(&[told]);
    }
    signing.repository.git(&["config", "user.name", " "]);
    let nobody = signing.rqs(&["accept", run, "mix/changed", "--reason", "x"]).exited(2);
    nobody.said(&["error: nobody knows who accepts this", "hint: name the author with `--author NAME`"]);
    signing
        .rqs(&["accept", "1999", "mix/changed", "--reason", "x"])
        .exited(2)
        .said(&["there is no run `1999`"]);
    assert!(signing.files().is_empty());
}
