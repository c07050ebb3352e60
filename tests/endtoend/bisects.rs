//! `bisect`: the commit that brought a change is named, whatever lies around it, and what was measured is kept.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{Ran, has};
use crate::repository::{Repository, git};

pub const LIB: &str = include_str!("zoo/lib.rs");

/// A commit of a made-up history: its subject, and what the library is.
pub type Step = (&'static str, String);

impl Repository {
    /// Commits on top of `v1`, made without touching the work tree; gives their hashes, oldest first.
    pub fn history(&self, steps: &[Step]) -> Vec<String> {
        let index = self.scratch("bisect-index").join("index");
        let plumb = |arguments: &[&str], input: &str| -> String {
            let mut command = Command::new("git");
            command.current_dir(&self.root).args(arguments).env("GIT_INDEX_FILE", &index);
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
            for who in ["AUTHOR", "COMMITTER"] {
                command.env(format!("GIT_{who}_NAME"), "Zoë Keeper");
                command.env(format!("GIT_{who}_EMAIL"), "zoe@example.org");
                command.env(format!("GIT_{who}_DATE"), "2026-01-02T03:04:05Z");
            }
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "git {arguments:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        plumb(&["read-tree", "v1"], "");
        let mut parent = plumb(&["rev-parse", "v1"], "");
        let mut ids = Vec::new();
        for (number, (subject, library)) in steps.iter().enumerate() {
            for (path, text) in
                [("src/lib.rs", library.clone()), ("README.md", format!("Edition {number}.\n"))]
            {
                let blob = plumb(&["hash-object", "-w", "--stdin"], &text);
                plumb(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")], "");
            }
            let tree = plumb(&["write-tree"], "");
            parent = plumb(&["commit-tree", &tree, "-p", &parent, "-m", subject], "");
            ids.push(parent.clone());
        }
        // What an earlier test was interrupted in.
        let _ = fs::remove_dir_all(self.root.join("target/rqs/bisections"));
        ids
    }

    fn bisect(&self, arguments: &[&str]) -> Ran {
        self.rqs(&[&["bisect", "--format", "json", "--seed", "7"], arguments].concat())
    }
}

pub fn slower(library: &str) -> String {
    library.replace("= 1000;", "= 1300;")
}

pub fn broken(library: &str) -> String {
    format!("{library}\npub fn unfinished() -> u64 {{\n    \"a word\"\n}}\n")
}

/// Other code of the same speed.
pub fn rewritten(library: &str, number: u32) -> String {
    library.replace("wrapping_add(1)", &format!("wrapping_add({number})"))
}

/// Six commits; the fourth one does more work, the second one does not build, the last one only explains.
fn six() -> Vec<Step> {
    vec![
        ("Rewrite", rewritten(LIB, 3)),
        ("Begin something", broken(LIB)),
        ("Mend it", rewritten(LIB, 5)),
        ("Do \u{1b}[31m more", slower(&rewritten(LIB, 7))),
        ("Rewrite again", slower(&rewritten(LIB, 9))),
        ("Explain", slower(&rewritten(LIB, 9))),
    ]
}

fn ids(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect()
}

#[test]
fn the_commit_is_named_and_git_comes_to_the_same_by_the_trail() {
    let repository = Repository::get();
    let history = repository.history(&six());
    let user = repository.snapshot();
    let folder = repository.scratch("bisect-trail");
    let trail = folder.join("trail.log");
    let ends = ["--good", "v1", "--bad", &history[5]];
    let more = ["--by", "time", "mix/changed", "--trail", trail.to_str().unwrap()];
    let ran = repository.bisect(&[&ends[..], &more].concat());
    let report = ran.exited(0).report().0;
    assert_eq!(report["outcome"], "found");
    assert_eq!(ids(&report["found"]["commits"]), [&history[3]]);
    assert!(report["found"]["chance"].as_f64().unwrap() >= 0.95);
    let change = report["by_itself"]["change"]["change"].as_f64().unwrap();
    assert!((0.15..0.45).contains(&change), "{change}");
    assert_eq!(repository.snapshot(), user);
    repository.assert_no_process_is_left();
    assert!(!fs::read_to_string(&trail).unwrap().contains('\u{1b}'));

    let record: Value =
        serde_json::from_slice(&fs::read(report["record"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(record["kind"], "bisection");
    assert!(!record["content"]["measured"][0]["epochs"].as_array().unwrap().is_empty());

    let clone = folder.join("clone");
    git(&folder, &["clone", "-q", "--no-checkout", repository.root.to_str().unwrap(), "clone"]);
    git(&clone, &["fetch", "-q", "origin", &history[5]]);
    let said = git(&clone, &["bisect", "replay", trail.to_str().unwrap()]);
    assert!(said.contains(&format!("{} is the first bad commit", history[3])), "{said}");
}

#[test]
fn commits_that_do_not_build_stay_with_their_neighbours() {
    let repository = Repository::get();
    let steps = vec![
        ("Explain", LIB.to_owned()),
        ("Begin something", broken(LIB)),
        ("Do more", broken(&slower(LIB))),
        ("Mend it", slower(LIB)),
    ];
    let history = repository.history(&steps);
    let ran = repository.bisect(&["--good", "v1", "--bad", &history[3], "mix/changed"]).exited(0);
    let report = ran.report().0;
    assert_eq!(ids(&report["found"]["commits"]), history[1..].iter().map(String::as_str).collect::<Vec<_>>());
    // The work has changed as much as the time, so it decides where it can be counted, and the time is told too.
    let by_work = has("valgrind");
    assert_eq!(report["by"], if by_work { "instructions" } else { "time" });
    assert_eq!(report["by_itself"]["time"].is_object(), by_work);
    let skipped = report["commits"].as_array().unwrap().iter().filter(|commit| commit["known"] == "skipped");
    let reasons: Vec<&str> = skipped.map(|commit| commit["reason"].as_str().unwrap()).collect();
    assert!(
        !reasons.is_empty() && reasons.iter().all(|reason| reason.contains("mismatched types")),
        "{reasons:?}"
    );
}

#[test]
fn where_nothing_changed_it_says_so() {
    let repository = Repository::get();
    let ran = repository.rqs(&["bisect", "--good", "v1", "--bad", "v1-readme"]).exited(5);
    assert!(ran.stdout.contains("no benchmark differs for sure between both ends"), "{}", ran.stdout);
}

#[test]
fn ends_that_make_no_sense_are_refused_with_the_way_out() {
    let repository = Repository::get();
    let swapped = repository.bisect(&["--good", "v1-readme", "--bad", "v1"]).exited(2);
    swapped.said(&[
        "error: `v1-readme` contains everything that `v1` has",
        "hint: ",
        "--good v1 --bad v1-readme",
    ]);
    repository.bisect(&["--good", "v1", "--bad", "v1"]).exited(2).said(&["are the same commit"]);
    repository.bisect(&["--good", "v1", "--bad", "workdir"]).exited(2).said(&["`workdir` is no commit"]);
    repository.bisect(&["--good", "v1", "--confidence", "100"]).exited(2).said(&["hint: "]);
}

#[test]
fn an_interrupted_bisection_goes_on_with_the_same_command_line() {
    let repository = Repository::get();
    let history = repository.history(&six());
    let user = repository.snapshot();
    let typed = ["bisect", "--format", "json", "--good", "v1", "--bad", &history[5], "mix/changed"];
    let mut background = repository.start(&typed);
    let drafts = repository.root.join("target/rqs/bisections");
    let begun = || {
        let files = fs::read_dir(&drafts).into_iter().flatten().map(|entry| entry.unwrap().path());
        let mut drafts = files.filter(|path: &PathBuf| path.extension().is_some_and(|name| name == "json"));
        drafts.any(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("\"purpose\":\"search\"")))
    };
    background.wait_until("a commit is measured", begun);
    background.signal("INT");
    let ran = background.end().exited(101);
    assert_eq!(ran.stdout, "");
    ran.said(&["error: interrupted", "hint: what was measured is kept", "the same command line"]);
    repository.assert_no_process_is_left();
    assert_eq!(repository.snapshot(), user);

    let ran = repository.rqs(&typed).exited(0).said(&["going on with bisection "]);
    assert_eq!(ids(&ran.report().0["found"]["commits"]), [&history[3]]);
    assert!(fs::read_dir(&drafts).unwrap().next().is_none(), "the draft is gone");
}

#[test]
fn instructions_tell_commits_apart_without_any_timing() {
    if !has("valgrind") {
        return;
    }
    let repository = Repository::get();
    let history = repository.history(&six());
    let by = ["--by", "instructions", "mix/changed"];
    let ran = repository.bisect(&[&["--good", "v1", "--bad", &history[5]][..], &by].concat()).exited(0);
    let report = ran.report().0;
    assert_eq!(ids(&report["found"]["commits"]), [&history[3]]);
    let change = &report["by_itself"]["change"];
    assert!(
        change["instructions_after"].as_f64().unwrap()
            > 1.2 * change["instructions_before"].as_f64().unwrap()
    );
}
