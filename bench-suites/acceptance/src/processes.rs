//! Starting programs and telling what they said when they fail.

use std::process::{Command, Output, Stdio};

use crate::Outcome;

/// Runs a program to its end with its output caught; any exit code in `accepted` is fine.
pub fn capture(command: &mut Command, accepted: &[i32]) -> Outcome<Output> {
    let name = format!("{command:?}");
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("cannot start {name}: {error}"))?;
    match output.status.code() {
        Some(code) if accepted.contains(&code) => Ok(output),
        _ => Err(format!("{name}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr))),
    }
}

/// What a program that succeeds prints, without white space around it.
pub fn text(command: &mut Command) -> Outcome<String> {
    Ok(String::from_utf8_lossy(&capture(command, &[0])?.stdout).trim().to_owned())
}
