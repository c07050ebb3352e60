//! The file with the raw outcomes: written after every try, so that a long measurement can be taken up again.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::{Outcome, machine, processes};

/// `results/PACKAGE/NAME.json` in the making.
pub struct Outcomes {
    path: PathBuf,
    head: Map<String, Value>,
    tries: Vec<Value>,
}

impl Outcomes {
    /// Begins, or takes up what is there when `resume` is set and the `question` is the same. The `package` in
    /// `bench-suites/` is the program that runs.
    ///
    /// # Errors
    /// When the commit of this repository cannot be told.
    pub fn open(package: &str, name: &str, question: Value, resume: bool) -> Outcome<Outcomes> {
        let path = crate::root().join("results").join(package).join(format!("{name}.json"));
        let earlier: Option<Value> =
            std::fs::read(&path).ok().filter(|_| resume).and_then(|text| serde_json::from_slice(&text).ok());
        if let Some(Value::Object(mut head)) = earlier
            && head.get("question") == Some(&question)
        {
            let tries = head.remove("tries").and_then(|tries| tries.as_array().cloned()).unwrap_or_default();
            println!("taking up after {} tries", tries.len());
            return Ok(Outcomes { path, head, tries });
        }
        let typed: Vec<String> =
            std::env::args().skip(1).filter(|argument| argument != "--resume").map(private).collect();
        let head = json!({
            "date": machine::date(),
            "commit": processes::text(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(crate::root()))?,
            "command": format!(
                "cargo run --release --manifest-path bench-suites/{package}/Cargo.toml -- {}",
                typed.join(" ")
            ),
            "machine": machine::facts(),
            "question": question,
        });
        let Value::Object(head) = head else { return Err("no head".into()) };
        Ok(Outcomes { path, head, tries: Vec::new() })
    }

    /// The tries so far.
    pub fn tries(&self) -> &[Value] {
        &self.tries
    }

    /// Adds a try and writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn push(&mut self, outcome: Value) -> Outcome<()> {
        self.tries.push(outcome);
        self.write()
    }

    /// Sets a summary over all tries and writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn conclude(&mut self, summary: Value) -> Outcome<()> {
        self.head.insert("summary".into(), summary);
        self.write()
    }

    /// The head pretty, the tries one in a line: short, and fit for comparison line by line.
    fn write(&self) -> Outcome<()> {
        let head = serde_json::to_string_pretty(&self.head).map_err(|error| error.to_string())?;
        let head = head.trim_end().trim_end_matches('}').trim_end();
        let tries: Vec<String> = self.tries.iter().map(|outcome| format!("    {outcome}")).collect();
        let text = format!("{head},\n  \"tries\": [\n{}\n  ]\n}}\n", tries.join(",\n"));
        let unfinished = self.path.with_extension("unfinished");
        let folder = self.path.parent().unwrap_or(&self.path);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&unfinished, text))
            .and_then(|()| std::fs::rename(&unfinished, &self.path))
            .map_err(|error| format!("cannot write `{}`: {error}", self.path.display()))
    }
}

/// Absolute paths are nobody's business: their last name stays.
fn private(argument: String) -> String {
    match argument.strip_prefix('/').and_then(|path| path.rsplit('/').find(|name| !name.is_empty())) {
        Some(name) => name.to_owned(),
        None => argument,
    }
}
