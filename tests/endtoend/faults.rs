//! A benchmark that goes wrong on one side, in the middle of the list: the others are judged all the same.

use crate::program::{Ran, SHORT, finish};
use crate::repository::Repository;

fn run_with_fault(repository: &Repository, fault: &str) -> Ran {
    let arguments =
        ["bench", "--baseline", "calm", "--candidate", "faulty", "--format", "json", "--hang-timeout", "3"];
    let mut command = repository.command("", &[&arguments[..], &SHORT].concat());
    command.env("ZOO_FAULT", fault);
    finish(command)
}

fn assert_the_middle_one_failed(fault: &str, what: &str, printed: &str) {
    let repository = Repository::get();
    let ran = run_with_fault(&repository, fault);
    let report = ran.report();
    for id in ["cage/first", "cage/last"] {
        let verdict = report.verdict(id);
        assert!(
            matches!(verdict, "unchanged" | "inconclusive"),
            "{id} is {verdict} beside `{fault}`: {ran:#?}"
        );
        assert!(!report.benchmark(id)["log_ratios"].as_array().unwrap().is_empty(), "{id}");
    }
    assert_eq!(report.verdict("cage/middle"), "failed");
    let failure = &report.benchmark("cage/middle")["failure"];
    assert_eq!(failure["role"], "candidate");
    assert!(failure["what"].as_str().unwrap().contains(what), "{failure:#}");
    assert!(failure["stderr_tail"].as_str().unwrap().contains(printed), "{failure:#}");
    let text = repository.rqs(&["show"]).exited(0).stdout;
    assert!(
        text.contains("    on the candidate: ") && text.contains(&format!("    | about to {fault}")),
        "{text}"
    );
    ran.exited(101);
    repository.assert_no_process_is_left();
}

#[test]
fn a_panic_costs_one_benchmark() {
    assert_the_middle_one_failed("panic", "panicked (exit status 101)", "the lion is loose");
}

#[test]
fn an_early_exit_costs_one_benchmark() {
    assert_the_middle_one_failed("exit", "ended early with exit status 7", "about to exit");
}

#[test]
fn an_abort_costs_one_benchmark() {
    assert_the_middle_one_failed("abort", "signal 6", "about to abort");
}

#[test]
fn a_kill_costs_one_benchmark() {
    assert_the_middle_one_failed("kill", "signal 9", "about to kill");
}

#[test]
fn a_hang_costs_one_benchmark() {
    assert_the_middle_one_failed("hang", "gave no sign of life for 3 s", "about to hang");
}

#[test]
fn an_endless_loop_costs_one_benchmark() {
    assert_the_middle_one_failed("spin", "gave no sign of life for 3 s", "about to spin");
}

#[test]
fn hundreds_of_megabytes_of_output_cost_nothing() {
    let repository = Repository::get();
    let ran = run_with_fault(&repository, "flood");
    let report = ran.report();
    for (id, verdict) in report.verdicts() {
        assert!(
            matches!(verdict, "unchanged" | "inconclusive"),
            "{id} is {verdict}: {:#}",
            report.benchmark(id)
        );
    }
    assert!(ran.stdout.len() + ran.stderr.len() < 100_000);
    ran.exited(0);
}
