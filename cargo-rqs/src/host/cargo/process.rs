//! Runs cargo and its kin: output line by line while they run, and a bounded memory of what they said.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::model::failure::{Failure, OrFail, Outcome};

/// Lines of standard error that are kept for an error message.
const TAIL_LINES: usize = 40;
/// How soon an interruption is noticed while a process is quiet.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);

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
/// standard error without control characters. With `interrupted` it runs in a group of its own, which is killed with
/// all that is in it when that becomes true, and when this process ends in whatever way.
///
/// # Errors
/// When it cannot be started or read; its own failure is in the status.
pub(super) fn stream(
    mut command: Command,
    interrupted: Option<&AtomicBool>,
    on_output: &mut dyn FnMut(Vec<u8>),
    on_error: &mut dyn FnMut(&str),
) -> Outcome<Finished> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut group = match interrupted {
        Some(_) => Some(Group::open()?),
        None => None,
    };
    if let Some(group) = &group {
        command.process_group(group.id());
    }
    let mut child = command.spawn().or_fail(|| format!("cannot start `{name}`"))?;
    let (output, error) = (child.stdout.take(), child.stderr.take());
    let mut tail = VecDeque::new();
    let (sender, lines) = mpsc::channel();
    let read = std::thread::scope(|scope| {
        let also = sender.clone();
        let output = scope.spawn(move || each_line(output, |line| drop(also.send(Line::Output(line)))));
        let error =
            scope.spawn(move || each_line(error, |line| drop(sender.send(Line::Error(readable(&line))))));
        loop {
            if interrupted.is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                // Its streams end with it.
                drop(group.take());
            }
            match lines.recv_timeout(WATCH_INTERVAL) {
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Ok(Line::Output(line)) => on_output(line),
                Ok(Line::Error(line)) => {
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
    if let Some(group) = group {
        group.close();
    }
    let status = child.wait().or_fail(|| format!("cannot wait for `{name}`"))?;
    for result in read {
        let result = result.unwrap_or_else(|_| Err(std::io::Error::other("its reader ended early")));
        result.or_fail(|| format!("cannot read the output of `{name}`"))?;
    }
    Ok(Finished { status, tail: Vec::from(tail).join("\n") })
}

/// A process group with a guard in it: the guard reads from a pipe whose only other end is here, so it notices when
/// this process ends, and takes the group along.
struct Group {
    guard: Child,
}

impl Group {
    fn open() -> Outcome<Group> {
        let mut command = Command::new("sh");
        command.args(["-c", "read -r _; kill -KILL 0"]).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Group { guard: command.spawn().or_fail(|| "cannot start `sh`".into())? })
    }

    fn id(&self) -> i32 {
        self.guard.id().cast_signed()
    }

    /// Sends the guard away; the others of the group have ended.
    fn close(mut self) {
        // It has either ended or can be killed; nobody else waits for it.
        let _ = self.guard.kill();
        let _ = self.guard.wait();
    }
}

impl Drop for Group {
    /// Kills everything in the group.
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Runs a command to its end and returns its output as text.
///
/// # Errors
/// When it cannot be started, when it fails (the end of its standard error is the cause), or when it writes no UTF-8.
pub(super) fn capture_text(command: Command) -> Outcome<String> {
    let shown = shown(&command);
    let mut output = Vec::new();
    let finished = stream(command, None, &mut |line| output.extend(line), &mut |_| {})?;
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
        let finished = stream(shell(script), None, &mut |line| output.push(line), &mut |line| {
            errors.push(line.to_owned());
        });
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
    #[test]
    fn an_interruption_ends_the_process_with_all_that_it_started() {
        let interrupted = AtomicBool::new(false);
        let script = "sleep 60 & echo started $! >&2; wait";
        let mut started = String::new();
        let ask_to_stop = &mut |line: &str| {
            started = line.to_owned();
            interrupted.store(true, Ordering::Relaxed);
        };
        let finished = stream(shell(script), Some(&interrupted), &mut |_| {}, ask_to_stop).unwrap();
        assert!(!finished.status.success());
        let pid = started.strip_prefix("started ").unwrap();
        let alive =
            || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(" Z "));
        while alive() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_process_in_a_group_of_its_own_may_end_by_itself() {
        let interrupted = AtomicBool::new(false);
        let finished = stream(shell("exit 3"), Some(&interrupted), &mut |_| {}, &mut |_| {}).unwrap();
        assert_eq!(finished.status.code(), Some(3));
    }
}
