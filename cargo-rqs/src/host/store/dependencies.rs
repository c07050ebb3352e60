//! Finding the dependency graph that a person means.

use std::path::Path;

use super::envelope::{self, Unreadable};
use super::runs::{entries, run_name};
use super::{Store, is_fingerprint, unreadable};
use crate::model::Role;
use crate::model::dependencies::DependencyGraph;
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::record::RunRecord;
use crate::model::run_id::is_run_id;

/// The fewest letters of a fingerprint that name one: as many as git shows of a commit, so that the two are not mixed up.
const SHORTEST: usize = 8;

impl Store {
    /// The graph that a person means by the path of a record, by a run's id, the beginning of one, or `latest` (with
    /// `:baseline` behind it for that side), or by a fingerprint or the beginning of one. `None` where it looks like
    /// none of these, but like a revision.
    ///
    /// # Errors
    /// Usage when none or more than one is meant; otherwise when a file cannot be used.
    pub fn find_dependencies(&self, query: &str) -> Outcome<Option<DependencyGraph>> {
        if query.ends_with(".json") {
            return self.dependencies_in(Path::new(query)).map(Some);
        }
        let (run, role) = match query.rsplit_once(':') {
            Some((run, "baseline")) => (run, Role::Baseline),
            Some((run, "candidate")) => (run, Role::Candidate),
            _ => (query, Role::Candidate),
        };
        if run == "latest" || begins_run_id(run) {
            return self.dependencies_of(&self.find_run(run)?, role).map(Some);
        }
        let is_hex = query.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if query.len() < SHORTEST || !is_hex {
            return Ok(None);
        }
        let folder = self.results.join("dependencies");
        let files = entries(&folder).or_fail(|| format!("cannot list `{}`", folder.display()))?;
        let names = files.iter().filter_map(|path| run_name(path)).filter(|name| is_fingerprint(name));
        let meant: Vec<String> = names.filter(|name| name.starts_with(query)).collect();
        match &meant[..] {
            [] => Ok(None),
            [name] => self.read_dependencies(name).map(Some),
            names => Err(Failure::usage(format!("`{query}` names several dependency graphs"))
                .cause(names.iter().map(|name| format!("`{}`", &name[..12])).collect::<Vec<_>>().join(", "))
                .hint("write more of the fingerprint")),
        }
    }

    /// Reads a dependency graph by its whole fingerprint.
    ///
    /// # Errors
    /// When it is not recorded, or the file cannot be used.
    pub fn read_dependencies(&self, fingerprint: &str) -> Outcome<DependencyGraph> {
        self.read_addressed(fingerprint, DependencyGraph::fingerprint)
    }

    /// Where a dependency graph lies.
    pub fn dependencies_path(&self, fingerprint: &str) -> std::path::PathBuf {
        self.addressed_path::<DependencyGraph>(fingerprint)
    }

    fn dependencies_of(&self, run: &RunRecord, role: Role) -> Outcome<DependencyGraph> {
        self.read_dependencies(run.dependencies.get(role))
    }

    fn dependencies_in(&self, path: &Path) -> Outcome<DependencyGraph> {
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::usage(format!("cannot read `{}`", path.display()))
                .because(error)
                .hint("name a file in `dependencies` or `runs` of a results folder")
        })?;
        match envelope::open::<DependencyGraph>(&bytes) {
            Ok(graph) => Ok(graph),
            Err(Unreadable::OtherKind(kind, _)) if kind == "run" => {
                let run: RunRecord = envelope::open(&bytes).map_err(|why| unreadable(path, &why))?;
                let own = path.ancestors().nth(4).map(|results| Store { results: results.to_owned() });
                let fingerprint = &run.dependencies.candidate;
                match own.filter(|own| own.dependencies_path(fingerprint).is_file()) {
                    Some(own) => own.read_dependencies(fingerprint),
                    None => self.read_dependencies(fingerprint),
                }
            }
            Err(why) => Err(unreadable(path, &why)),
        }
    }
}

/// Whether a text is a run's id or so much of one that it can be nothing else: a day and the `T` behind it.
fn begins_run_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    is_run_id(text)
        || (bytes.len() >= 9
            && bytes[..8].iter().all(u8::is_ascii_digit)
            && bytes[8] == b'T'
            && text.len() < 25)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::model::failure::Exit;

    #[test]
    fn a_graph_is_found_by_run_fingerprint_or_path_and_the_rest_is_a_revision() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path());
        let graph = samples::dependencies();
        let fingerprint = store.write_dependencies(&graph).unwrap();
        let mut run = samples::run(1, 1, 1);
        run.dependencies.candidate = fingerprint.clone();
        run.dependencies.baseline = "0".repeat(64);
        let path = store.write_run(&run).unwrap();
        let found = |query: &str| store.find_dependencies(query);
        let file = store.dependencies_path(&fingerprint);
        let names = [&fingerprint, &fingerprint[..8], &run.id, &run.id[..9], "latest", "latest:candidate"];
        let paths = [path.to_str().unwrap(), file.to_str().unwrap()];
        for query in names.into_iter().chain(paths) {
            assert_eq!(found(query).unwrap(), Some(graph.clone()), "{query}");
        }
        for query in ["v1.2.0", "HEAD~3", "workdir", "published:1.0.0", &fingerprint[..7], "deadbeefdead"] {
            assert_eq!(found(query).unwrap(), None, "{query}");
        }
        assert_eq!(found("latest:baseline").unwrap_err().exit, Exit::Incomplete, "its file is missing");
        assert_eq!(found("20010101T000000Z").unwrap_err().exit, Exit::Usage);
        assert_eq!(found("nowhere.json").unwrap_err().exit, Exit::Usage);
    }
}
