//! The results folder: one immutable file for each fact, written whole or not at all, checked when it is read.
#![allow(clippy::disallowed_methods, reason = "this room owns the results folder")]

mod acceptances;
mod bisections;
mod calibrations;
mod dependencies;
mod envelope;
mod environments;
mod probes;
mod published;
mod runs;
mod soundness;
mod whole_file;

mod layout;
mod parts;

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use crate::model::dependencies::DependencyGraph;
use crate::model::environment::Environment;
use crate::model::failure::{Failure, Outcome};
use crate::model::record::RunRecord;
use crate::model::run_id::is_run_id;
use envelope::{Stored, Unreadable};
use whole_file::Created;

/// A results folder. Making one touches nothing; each call does what it is asked for and no more.
#[derive(Clone, Debug)]
pub struct Store {
    results: PathBuf,
}

impl Store {
    /// The store in a folder, which need not exist yet.
    pub fn open(results_dir: &Path) -> Store {
        Store { results: results_dir.to_owned() }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.results
    }

    /// Writes a finished run to `runs/<yyyy>/<mm>/<run-id>.json` and gives the file's path.
    ///
    /// # Errors
    /// When the id is no run id or is taken, the record would not read back, or the folder cannot be written.
    pub fn write_run(&self, run: &RunRecord) -> Outcome<PathBuf> {
        if !is_run_id(&run.id) {
            return Err(Failure::incomplete(format!("`{}` is not a run id", run.id.escape_debug())));
        }
        let path = self.run_path(&run.id);
        if path.exists() {
            return Err(already_recorded(run, &path));
        }
        let rest = self.write_parts(run)?;
        match self.write_new(&path, rest.as_ref().unwrap_or(run))? {
            Created::New => Ok(path),
            Created::AlreadyThere => Err(already_recorded(run, &path)),
        }
    }

    /// Writes an environment to `environments/<fingerprint>.json` and gives the fingerprint. An environment that is
    /// there already keeps the metadata of its first capture.
    ///
    /// # Errors
    /// When the folder cannot be written, or the file is there and damaged.
    pub fn write_environment(&self, environment: &Environment) -> Outcome<String> {
        self.write_addressed(environment, Environment::fingerprint)
    }

    /// Writes a dependency graph to `dependencies/<fingerprint>.json` and gives the fingerprint.
    ///
    /// # Errors
    /// When the folder cannot be written, or the file is there and damaged.
    pub fn write_dependencies(&self, graph: &DependencyGraph) -> Outcome<String> {
        self.write_addressed(graph, DependencyGraph::fingerprint)
    }

    /// Writes the JSON Schema of something that is printed and not stored to `schemas/<kind>.schema.json`, unless the
    /// folder's texts come from a newer tool.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write_schema(&self, kind: &str, schema: &str) -> Outcome<()> {
        let path = self.results.join("schemas").join(format!("{kind}.schema.json"));
        published::write_schema(&self.results, &path, schema).map_err(|error| unwritable(&path, error))
    }

    /// Whether a run of this id is recorded. A run that was recorded but whose journal is still there needs no
    /// resuming.
    pub fn contains_run(&self, id: &str) -> bool {
        is_run_id(id) && self.run_path(id).exists()
    }

    fn write_addressed<T: Stored>(&self, value: &T, fingerprint: fn(&T) -> String) -> Outcome<String> {
        let name = fingerprint(value);
        let path = self.addressed_path::<T>(&name);
        if self.write_new(&path, value)? == Created::AlreadyThere {
            self.read_addressed(&name, fingerprint)?;
        }
        Ok(name)
    }

    fn read_addressed<T: Stored>(&self, name: &str, fingerprint: fn(&T) -> String) -> Outcome<T> {
        if !is_fingerprint(name) {
            return Err(Failure::usage(format!("`{}` is not a fingerprint", name.escape_debug())));
        }
        let path = self.addressed_path::<T>(name);
        let value: T = read(&path)?;
        let found = fingerprint(&value);
        if found == name { Ok(value) } else { Err(unreadable(&path, &Unreadable::OtherName(found))) }
    }

    fn write_new<T: Stored>(&self, path: &Path, value: &T) -> Outcome<Created> {
        let bytes = envelope::seal(value).map_err(|cause| {
            Failure::incomplete(format!("cannot write the {} record `{}`", T::KIND, path.display()))
                .cause(cause)
        })?;
        let write = || {
            self.sweep()?;
            published::write_all(&self.results)?;
            whole_file::create_folder(path.parent().unwrap_or(&self.results))?;
            whole_file::create(path, &bytes)
        };
        write().map_err(|error: io::Error| unwritable(path, error))
    }

    /// Removes what killed writers left anywhere in the store.
    fn sweep(&self) -> io::Result<()> {
        for folder in ["", "accepted", "environments", "dependencies", "schemas"] {
            whole_file::sweep(&self.results.join(folder))?;
        }
        let probed = runs::entries(&self.results.join("probes"))?.into_iter().filter(|path| path.is_dir());
        let months = runs::month_folders(&self.results.join("runs"))?;
        let mut of_parts = Vec::new();
        for month in &months {
            of_parts.extend(runs::entries(month)?.into_iter().filter(|path| path.is_dir()));
        }
        let calibrated = runs::month_folders(&self.results.join("calibrations"))?;
        let bisected = runs::month_folders(&self.results.join("bisections"))?;
        let months = months.into_iter().chain(of_parts).chain(calibrated).chain(bisected);
        months.chain(probed).try_for_each(|folder| whole_file::sweep(&folder))
    }

    /// The file that [`Store::find_run`] found a run in.
    pub fn path_of(&self, query: &str, run: &RunRecord) -> PathBuf {
        let stored = self.run_path(&run.id);
        if stored.is_file() { stored } else { PathBuf::from(query) }
    }

    fn run_path(&self, id: &str) -> PathBuf {
        self.results.join("runs").join(&id[..4]).join(&id[4..6]).join(format!("{id}.json"))
    }

    fn addressed_path<T: Stored>(&self, fingerprint: &str) -> PathBuf {
        let folder = if T::KIND == Environment::KIND { "environments" } else { "dependencies" };
        self.results.join(folder).join(format!("{fingerprint}.json"))
    }
}

fn already_recorded(run: &RunRecord, path: &Path) -> Failure {
    Failure::incomplete(format!("run `{}` is recorded already", run.id))
        .cause(format!("`{}` exists, and a record is never overwritten", path.display()))
        .hint("`cargo rqs show` prints it; move the file away if it should not count")
}

/// Whether a text has the form of a fingerprint; only such a text may become part of a path.
fn is_fingerprint(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn read<T: Stored>(path: &Path) -> Outcome<T> {
    let bytes = std::fs::read(path).map_err(|error| {
        let missing = error.kind() == io::ErrorKind::NotFound;
        let failure = Failure::incomplete(format!("cannot read `{}`", path.display())).because(error);
        if missing {
            failure.hint("restore the file from git, or fetch the commit that added it")
        } else {
            failure
        }
    })?;
    envelope::open(&bytes).map_err(|why| unreadable(path, &why))
}

/// The kind of the record in a file; `None` where there is none, and reading it tells why.
fn kind_of(path: &Path) -> Option<String> {
    std::fs::read(path).ok().and_then(|bytes| envelope::kind(&bytes))
}

fn unreadable(path: &Path, why: &Unreadable) -> Failure {
    Failure::incomplete(format!("cannot read `{}`", path.display())).cause(why.to_string()).hint(why.hint())
}

/// What to do depends on what is wrong with the folder; what was measured is in the journal in any case.
fn unwritable(path: &Path, error: io::Error) -> Failure {
    use io::ErrorKind::{
        FileTooLarge, NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let remedy = match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => "free some space",
        PermissionDenied | ReadOnlyFilesystem => "make the folder writable",
        NotADirectory | io::ErrorKind::AlreadyExists => "move the file away that is in the folder's place",
        _ => "mend the cause",
    };
    Failure::incomplete(format!("cannot write `{}`", path.display())).because(error).hint(format!(
        "{remedy} or choose another folder with `--results DIR`; a measured run is kept in its journal, `cargo rqs bench --resume` writes it"
    ))
}
