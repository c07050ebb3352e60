//! Runs cargo and its kin: output line by line while they run, and a bounded memory of what they said.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;

use crate::model::failure::{Failure, OrFail, Outcome};

/// Lines of standard error that are kept for an error message.
const TAIL_LINES: usize = 40;

/// How a process ended.
pub(super) struct Finished {
    /// Its exit status.
    pub(super) status: ExitStatus,
    /// The last lines of its standard error.
    pub(super) tail: String,
}

enum Line {
    Output(Vec<u8>),
    Error(String),
}

/// Runs a command without standard input to its end, hands over each line of its output, and each line of its
/// standard error without control characters.
///
/// # Errors
/// When it cannot be started or read; its own failure is in the status.
pub(super) fn stream(
    mut command: Command,
    on_output: &mut dyn FnMut(Vec<u8>),
    on_error: &mut dyn FnMut(&str),
) -> Outcome<Finished> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().or_fail(|| format!("cannot start `{name}`"))?;
    let (output, error) = (child.stdout.take(), child.stderr.take());
    let mut tail = VecDeque::new();
    let (sender, lines) = mpsc::channel();
    let read = std::thread::scope(|scope| {
        let also = sender.clone();
        let output = scope.spawn(move || each_line(output, |line| drop(also.send(Line::Output(line)))));
        let error =
            scope.spawn(move || each_line(error, |line| drop(sender.send(Line::Error(readable(&line))))));
        for line in lines {
            match line {
                Line::Output(line) => on_output(line),
                Line::Error(line) => {
                    on_error(&line);
                    if tail.len() == TAIL_LINES {
                        tail.pop_front();
                    }
                    tail.push_back(line);
                }
            }
        }
        [output.join(), error.join()]
    });
    let status = child.wait().or_fail(|| format!("cannot wait for `{name}`"))?;
    for result in read {
        let result = result.unwrap_or_else(|_| Err(std::io::Error::other("its reader ended early")));
        result.or_fail(|| format!("cannot read the output of `{name}`"))?;
    }
    Ok(Finished { status, tail: Vec::from(tail).join("\n") })
}

/// Runs a command to its end and returns its output as text.
///
/// # Errors
/// When it cannot be started, when it fails (the end of its standard error is the cause), or when it writes no UTF-8.
pub(super) fn capture_text(command: Command) -> Outcome<String> {
    let shown = shown(&command);
    let mut output = Vec::new();
    let finished = stream(command, &mut |line| output.extend(line), &mut |_| {})?;
    if !finished.status.success() {
        return Err(
            Failure::incomplete(format!("`{shown}` failed with {}", finished.status)).cause(finished.tail)
        );
    }
    String::from_utf8(output).or_fail(|| format!("`{shown}` wrote what is not text"))
}

/// The program and its first words, for messages.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.take(3).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn each_line(source: Option<impl Read>, mut take: impl FnMut(Vec<u8>)) -> std::io::Result<()> {
    let Some(source) = source else { return Ok(()) };
    let mut source = BufReader::new(source);
    loop {
        let mut line = Vec::new();
        if source.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        take(line);
    }
}

/// Text that cannot steer a terminal.
pub(super) fn readable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim_end().chars().filter(|c| !c.is_control() || *c == '\t').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_arrive_line_by_line_and_the_end_is_kept() {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let script = "echo out; for i in $(seq 1 50); do echo err$i >&2; done; exit 3";
        let finished =
            stream(shell(script), &mut |line| output.push(line), &mut |line| errors.push(line.to_owned()));
        let finished = finished.unwrap();
        assert_eq!(finished.status.code(), Some(3));
        assert_eq!(output, [b"out\n"]);
        assert_eq!((errors.len(), errors[49].as_str()), (50, "err50"));
        assert!(finished.tail.starts_with("err11\n") && finished.tail.ends_with("err50"));
    }

    #[test]
    fn standard_input_is_empty_and_a_failure_carries_what_was_said() {
        assert_eq!(capture_text(shell("cat; echo done")).unwrap(), "done\n");
        let failure = capture_text(shell("echo 'no \x1b[31mway' >&2; exit 1")).unwrap_err();
        assert_eq!(failure.causes, ["no [31mway"]);
        assert!(capture_text(Command::new("/nonexistent/program")).is_err());
    }
}
