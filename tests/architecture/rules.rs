//! The rules themselves: each takes files and gives what breaks it, as `file:line: what`.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{self, PathUse, SourceFile};

/// The rooms of the tool with their layers; a module imports from lower layers and from its own room.
const LAYERS: [(&str, u32); 9] = [
    ("model", 1),
    ("plan", 2),
    ("analysis", 2),
    ("report", 3),
    ("host", 3),
    ("trial", 4),
    ("commands", 5),
    ("cli", 6),
    ("main", 6),
];
/// Rooms whose own modules do not import one another.
const SEPARATE_INSIDE: [&str; 2] = ["host", "commands"];
/// Rooms that are functions of their arguments.
const PURE: [&str; 4] = ["model", "plan", "analysis", "report"];
/// Rooms that touch the machine through others only.
const WITHOUT_MACHINE: [&str; 7] = ["model", "plan", "analysis", "report", "trial", "commands", "cli"];
/// Crates of which every part is pure.
const PURE_CRATES: [&str; 16] = [
    "augurs_core",
    "augurs_ets",
    "globset",
    "inferno",
    "regex",
    "rustc_demangle",
    "schemars",
    "semver",
    "serde",
    "serde_json",
    "serde_spanned",
    "sha2",
    "statrs",
    "strsim",
    "unicode_width",
    "proptest",
];
/// Lines of a file at most.
const MOST_LINES: usize = 450;
/// Crates that the harness's build compiles without cargo, so that they cannot depend on anything.
const BARE_CRATES: [&str; 2] = ["harness/probe/Cargo.toml", "harness/reference/Cargo.toml"];
/// Words of the side that judges.
const WORDS_OF_JUDGEMENT: [&str; 3] = ["regressed", "improved", "verdict"];

/// The tool's sources.
const TOOL: &str = "cargo-rqs/src";

/// What breaks a rule, as `file:line: what`.
pub type Breaches = Vec<String>;

struct Module<'a> {
    file: &'a SourceFile,
    path: Vec<String>,
    paths: Vec<PathUse>,
}

impl Module<'_> {
    fn room(&self) -> &str {
        self.path.first().map_or("main", String::as_str)
    }

    fn breach(&self, line: usize, what: String) -> String {
        format!("{}:{line}: {what}", self.file.path)
    }
}

/// The modules of the tool, with all paths in them.
fn modules<'files>(files: &'files [SourceFile]) -> Vec<Module<'files>> {
    let test_files = test_modules(files);
    let module = |file: &'files SourceFile| -> Option<Module<'_>> {
        let path = source::module_of(&file.path, TOOL)?;
        let in_tests = (0..=path.len()).any(|length| test_files.contains(&path[..length]));
        let paths = source::paths(&file.text, &path, in_tests);
        Some(Module { file, path, paths })
    };
    files.iter().filter_map(module).collect()
}

/// Modules in files of their own that are declared for tests only.
fn test_modules(files: &[SourceFile]) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for file in files {
        let Some(path) = source::module_of(&file.path, TOOL) else { continue };
        let tokens = source::tokens(&source::without_comments_and_literals(&file.text));
        let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        for window in texts.windows(10) {
            if let ["#", "[", "cfg", "(", "test", ")", "]", "mod", name, ";"] = window {
                found.insert(path.iter().cloned().chain([(*name).to_owned()]).collect());
            }
        }
    }
    found
}

/// A module imports only from layers below its own, and from its own room.
pub fn layers(files: &[SourceFile]) -> Breaches {
    let layer_of = |room: &str| LAYERS.iter().find(|(name, _)| *name == room).map(|(_, layer)| *layer);
    let modules = modules(files);
    let rooms: BTreeSet<&str> = modules.iter().map(Module::room).collect();
    let mut breaches = Vec::new();
    for module in &modules {
        let Some(layer) = layer_of(module.room()) else {
            breaches.push(module.breach(1, format!("the room `{}` has no layer", module.room())));
            continue;
        };
        for used in module.paths.iter().filter(|used| used.local) {
            let room = used.parts.first().map_or("main", String::as_str);
            let of_a_higher = rooms.contains(room) && layer_of(room).is_none_or(|other| other >= layer);
            if room != module.room() && (of_a_higher || room == "*") && module.room() != "main" {
                let what = format!("`{}` (layer {layer}) imports `{}`", module.room(), used.parts.join("::"));
                breaches.push(module.breach(used.line, what));
            }
        }
    }
    breaches
}

/// The rooms of `host` do not import one another, and neither do the commands; what they share is in `mod.rs`.
pub fn separate_rooms(files: &[SourceFile]) -> Breaches {
    let modules = modules(files);
    let mut breaches = Vec::new();
    for house in SEPARATE_INSIDE {
        let inside = |module: &&Module<'_>| module.room() == house && module.path.len() > 1;
        let rooms: BTreeSet<&str> =
            modules.iter().filter(inside).map(|module| module.path[1].as_str()).collect();
        for module in modules.iter().filter(inside) {
            for used in module.paths.iter().filter(|used| used.local) {
                let [first, second, ..] = &used.parts[..] else { continue };
                let sibling = rooms.contains(second.as_str()) && *second != module.path[1];
                if first == house && (sibling || second == "*") {
                    let what = format!("`{}` imports `{}`", module.path.join("::"), used.parts.join("::"));
                    breaches.push(module.breach(used.line, what));
                }
            }
        }
    }
    breaches
}

/// No two neighbouring modules import each other, directly or around others.
pub fn no_circles(files: &[SourceFile]) -> Breaches {
    let modules = modules(files);
    let known: BTreeSet<&[String]> = modules.iter().map(|module| &module.path[..]).collect();
    // For each pair of neighbours: where the first one imports the second.
    let mut edges: BTreeMap<&[String], BTreeMap<Vec<String>, String>> = BTreeMap::new();
    for module in &modules {
        for used in module.paths.iter().filter(|used| used.local && !used.in_tests) {
            let common = module.path.iter().zip(&used.parts).take_while(|(a, b)| a == b).count();
            if common >= module.path.len() || common >= used.parts.len() {
                continue;
            }
            let (from, to) = (&module.path[..=common], used.parts[..=common].to_vec());
            if known.contains(&to[..]) {
                let place = module.breach(used.line, String::new());
                edges.entry(from).or_default().entry(to).or_insert(place);
            }
        }
    }
    let reaches = |from: &[String], goal: &[String]| {
        let (mut open, mut seen) = (vec![from.to_vec()], BTreeSet::new());
        while let Some(next) = open.pop() {
            if next == goal {
                return true;
            }
            if seen.insert(next.clone()) {
                open.extend(edges.get(&next[..]).into_iter().flatten().map(|(to, _)| to.clone()));
            }
        }
        false
    };
    let circular = |(from, targets): (&&[String], &BTreeMap<Vec<String>, String>)| -> Breaches {
        let back = targets.iter().filter(|(to, _)| reaches(to, from));
        back.map(|(to, place)| {
            format!("{place}`{}` and `{}` import each other", from.join("::"), to.join("::"))
        })
        .collect()
    };
    edges.iter().flat_map(circular).collect()
}

/// Only `host` and the harness touch the machine.
pub fn purity(files: &[SourceFile]) -> Breaches {
    let crates = dependencies_of_the_tool(files);
    let mut breaches = Vec::new();
    for module in modules(files).iter().filter(|module| WITHOUT_MACHINE.contains(&module.room())) {
        let pure = PURE.contains(&module.room());
        for used in module.paths.iter().filter(|used| !used.local && !used.in_tests) {
            let parts: Vec<&str> = used.parts.iter().map(String::as_str).collect();
            let touches =
                touches_the_machine(&parts) || (pure && is_impure_crate(&parts, used.imported, &crates));
            if touches {
                let what = format!("`{}` uses `{}`", module.room(), used.parts.join("::"));
                breaches.push(module.breach(used.line, what));
            }
        }
    }
    breaches
}

fn touches_the_machine(parts: &[&str]) -> bool {
    match parts {
        ["std"] | ["std", "*"] => true,
        ["std", "fs" | "process" | "env" | "net" | "os" | "thread", ..] => true,
        ["std", "io", stream, ..] => matches!(*stream, "stdin" | "stdout" | "stderr"),
        ["std", "time", "Duration", ..] => false,
        ["std", "time", ..] => true,
        _ => false,
    }
}

fn is_impure_crate(parts: &[&str], imported: bool, crates: &BTreeSet<String>) -> bool {
    match parts {
        ["rqs_harness", "contract" | "coin", ..] => false,
        // A single word may be a variable of that name.
        [_] if !imported => false,
        [first, ..] => crates.contains(*first) && !PURE_CRATES.contains(first),
        [] => false,
    }
}

fn dependencies_of_the_tool(files: &[SourceFile]) -> BTreeSet<String> {
    let manifest = files.iter().find(|file| file.path == "cargo-rqs/Cargo.toml");
    let dependencies = manifest.map(|file| dependencies(&file.text)).unwrap_or_default();
    dependencies.into_iter().map(|(_, name)| name.replace('-', "_")).collect()
}

/// Lines and names of the dependencies in a manifest.
fn dependencies(manifest: &str) -> Vec<(usize, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(table) = line.strip_prefix('[') {
            inside = table.trim_end_matches(']').ends_with("dependencies");
            if let Some((_, name)) = table.trim_end_matches(']').split_once("dependencies.") {
                found.push((index + 1, name.to_owned()));
            }
        } else if inside && !line.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default().trim_matches('"');
            found.extend((!name.is_empty()).then(|| (index + 1, name.to_owned())));
            let renamed = line.split_once("package = \"").and_then(|(_, rest)| rest.split('"').next());
            found.extend(renamed.map(|name| (index + 1, name.to_owned())));
        }
    }
    found
}

/// Nothing takes a file for a module under another name: the rules go by the places of files.
pub fn modules_are_where_they_are_named(files: &[SourceFile]) -> Breaches {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with(TOOL)) {
        let tokens = source::tokens(&source::without_comments_and_literals(&file.text));
        for window in tokens.windows(3) {
            let texts = [&window[0], &window[1], &window[2]].map(|token| token.text.as_str());
            if matches!(texts, ["[", "path", "="] | ["include", "!", _] | ["extern", "crate", _]) {
                breaches.push(format!("{}:{}: `{}`", file.path, window[0].line, texts.join("")));
            }
        }
    }
    breaches
}

/// Every source file opens with the line that says what it is for.
pub fn purpose_lines(files: &[SourceFile]) -> Breaches {
    let sources = files.iter().filter(|file| file.path.ends_with(".rs"));
    let silent = sources.filter(|file| {
        let first = file.text.lines().next().unwrap_or_default();
        first.strip_prefix("//!").is_none_or(|purpose| purpose.trim().is_empty())
    });
    silent.map(|file| format!("{}:1: it does not open with `//!` and its purpose", file.path)).collect()
}

/// No source file is longer than a reader's patience.
pub fn file_lengths(files: &[SourceFile]) -> Breaches {
    let sources = files.iter().filter(|file| file.path.ends_with(".rs"));
    let lengths = sources.map(|file| (file, file.text.lines().count()));
    lengths
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| format!("{}:{lines}: longer than {MOST_LINES} lines", file.path))
        .collect()
}

/// The harness measures and never judges: it knows neither the tool nor the tool's words.
pub fn harness_does_not_judge(files: &[SourceFile]) -> Breaches {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("harness/")) {
        if file.path.ends_with("Cargo.toml") {
            for (line, name) in dependencies(&file.text) {
                if name == "cargo-rqs" || BARE_CRATES.contains(&file.path.as_str()) {
                    breaches.push(format!("{}:{line}: depends on `{name}`", file.path));
                }
            }
        } else if file.path.ends_with(".rs") {
            for token in source::tokens(&source::without_comments_and_literals(&file.text)) {
                let word = token.text.to_lowercase();
                if WORDS_OF_JUDGEMENT.iter().any(|judging| word.contains(judging)) || word == "cargo_rqs" {
                    breaches.push(format!("{}:{}: `{}`", file.path, token.line, token.text));
                }
            }
        }
    }
    breaches
}
