//! Finding runs: the list of all, and the one that a person means.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::envelope::{self, Unreadable};
use super::{Store, parts, read, unreadable};
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::record::RunRecord;
use crate::model::run_id::is_run_id;

/// A file in the list of runs.
#[derive(Debug)]
pub struct RunEntry<T> {
    /// The file's name without `.json`: the run's id.
    pub id: String,
    /// What the caller keeps of the run, or why the file cannot be used.
    pub outline: Result<T, String>,
}

impl Store {
    /// All runs, newest first; of each only what `outline` keeps, because records are large. A file that cannot be
    /// used is listed with its cause; files that do not even carry a run's name come last.
    ///
    /// # Errors
    /// When a folder cannot be listed. A missing folder holds no runs.
    pub fn list_runs<T>(&self, outline: impl Fn(RunRecord) -> T) -> Outcome<Vec<RunEntry<T>>> {
        let files = self.run_files()?.into_iter();
        Ok(files.map(|(id, path)| RunEntry { outline: open_named(&id, &path).map(&outline), id }).collect())
    }

    /// The run that a person means by `latest`, a run's id, the beginning of exactly one run's id, or a path.
    ///
    /// # Errors
    /// Usage when no run or more than one is meant; otherwise when the file cannot be used.
    pub fn find_run(&self, query: &str) -> Outcome<RunRecord> {
        if query.contains(std::path::is_separator) || query.ends_with(".json") {
            return read_run(Path::new(query));
        }
        let files: Vec<_> = self.run_files()?.into_iter().filter(|(id, _)| is_run_id(id)).collect();
        let meant: Vec<_> = match query {
            "latest" => files.iter().take(1).collect(),
            "" => Vec::new(),
            _ => files.iter().filter(|(id, _)| id.starts_with(query)).collect(),
        };
        match meant[..] {
            [(id, path)] => read_named(id, path),
            [] => Err(self.no_such_run(query, files.is_empty())),
            _ => Err(ambiguous(query, &meant)),
        }
    }

    fn no_such_run(&self, query: &str, store_is_empty: bool) -> Failure {
        let results = self.results.display();
        if store_is_empty {
            return Failure::usage(format!("there is no run in `{results}`"))
                .hint("record one with `cargo rqs bench --baseline REV`, or name another folder with `--results DIR`");
        }
        Failure::usage(format!("there is no run `{}` in `{results}`", query.escape_debug())).hint(
            "`cargo rqs list` shows the runs; `latest`, an id, the beginning of an id or a path names one",
        )
    }

    /// Ids and paths of all run files, newest first, files with other names last.
    fn run_files(&self) -> Outcome<Vec<(String, PathBuf)>> {
        let listing = || -> io::Result<Vec<(String, PathBuf)>> {
            let mut files = Vec::new();
            for folder in month_folders(&self.results.join("runs"))? {
                files.extend(entries(&folder)?.into_iter().filter_map(|path| Some((run_name(&path)?, path))));
            }
            Ok(files)
        };
        let mut files =
            listing().or_fail(|| format!("cannot list `{}`", self.results.join("runs").display()))?;
        files.sort_by(|(a, _), (b, _)| (is_run_id(b), b).cmp(&(is_run_id(a), a)));
        Ok(files)
    }
}

/// The folders `<yyyy>/<mm>` that exist in a folder.
pub(super) fn month_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut months = Vec::new();
    for year in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        months.extend(entries(&year)?.into_iter().filter(|path| path.is_dir()));
    }
    Ok(months)
}

/// What lies in a folder; nothing where there is none.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        listing => listing?.map(|entry| entry.map(|entry| entry.path())).collect(),
    }
}

/// The name in `<name>.json`, of a run its id; nothing for other files and for the temporary files of writers.
pub(super) fn run_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    let id = name.strip_suffix(".json")?;
    (!id.starts_with('.')).then(|| id.to_owned())
}

/// Reads a run with its parts.
pub(super) fn read_run(path: &Path) -> Outcome<RunRecord> {
    parts::join(read(path)?, path).map_err(|why| unreadable(path, &why))
}

fn read_named(id: &str, path: &Path) -> Outcome<RunRecord> {
    let run = read_run(path)?;
    if run.id == id { Ok(run) } else { Err(unreadable(path, &Unreadable::OtherName(run.id))) }
}

fn open_named(id: &str, path: &Path) -> Result<RunRecord, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let run = envelope::open(&bytes).and_then(|run| parts::join(run, path)).map_err(|why| why.to_string())?;
    if run.id == id { Ok(run) } else { Err(Unreadable::OtherName(run.id).to_string()) }
}

fn ambiguous(query: &str, meant: &[&(String, PathBuf)]) -> Failure {
    const SHOWN: usize = 5;
    let shown: Vec<String> = meant.iter().take(SHOWN).map(|(id, _)| format!("`{id}`")).collect();
    let more = match meant.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Failure::usage(format!("{} runs begin with `{}`", meant.len(), query.escape_debug()))
        .cause(format!("{}{more}", shown.join(", ")))
        .hint("write more of the id")
}
