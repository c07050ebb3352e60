//! Reads Rust source as far as the rules need it: code without comments and literals, and the paths in it, resolved.

/// A file of the workspace.
pub struct SourceFile {
    /// Its path from the root of the workspace, with `/` between the parts.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// A path such as `crate::host::lock::RunLock`, resolved as far as `crate`, `super` and `self` tell.
#[derive(Debug, PartialEq, Eq)]
pub struct PathUse {
    /// Its parts: from the root of the crate when `local`, else as they were written. A glob is `*`.
    pub parts: Vec<String>,
    /// Whether `use` stands before it.
    pub imported: bool,
    /// Whether it began with `crate`, `super` or `self`.
    pub local: bool,
    /// The line, from 1.
    pub line: usize,
    /// Whether it stands in code that is compiled for tests only.
    pub in_tests: bool,
}

/// A word or a sign of the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The word, or the sign.
    pub text: String,
    /// The line, from 1.
    pub line: usize,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The code with comments and the insides of literals replaced by spaces; line breaks stay.
pub fn without_comments_and_literals(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_comment_or_literal(&chars, at);
        if end > at {
            code.extend(chars[at..end.min(chars.len())].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            code.push(chars[at]);
            at += 1;
        }
    }
    code
}

/// Where the comment or literal that begins here ends; `at` itself when none begins here.
fn end_of_comment_or_literal(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let inside_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match rest {
        ['/', '/', ..] => at + rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => at + block_comment(rest),
        ['"', ..] => at + string(rest),
        ['\'', '\\', ..] => {
            at + 2 + rest[2..].iter().skip(1).position(|&c| c == '\'').map_or(rest.len(), |n| n + 2)
        }
        // A lifetime has no closing quote behind its first character.
        ['\'', _, '\'', ..] => at + 3,
        ['r' | 'b' | 'c', ..] if !inside_word => {
            let prefix = rest.iter().take(2).take_while(|&&c| matches!(c, 'r' | 'b' | 'c')).count();
            let hashes = rest[prefix..].iter().take_while(|&&c| c == '#').count();
            let raw = rest[..prefix].contains(&'r');
            match rest.get(prefix + hashes) {
                Some('"') if raw => at + raw_string(rest, prefix + hashes + 1, hashes),
                _ => at,
            }
        }
        _ => at,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string(rest: &[char], begin: usize, hashes: usize) -> usize {
    let closes =
        |at: usize| rest[at] == '"' && rest[at + 1..].iter().take_while(|&&c| c == '#').count() >= hashes;
    (begin..rest.len()).find(|&at| closes(at)).map_or(rest.len(), |at| at + 1 + hashes)
}

/// The words and signs of code that has no comments and literals any more.
pub fn tokens(code: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = match () {
                () if word > 0 => word,
                () if rest.starts_with("::") => 2,
                () => first.len_utf8(),
            };
            tokens.push(Token { text: rest[..length].to_owned(), line: index + 1 });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The module that a file of a crate is, from the crate's root; `None` for files that are no module of it.
pub fn module_of(file: &str, source_folder: &str) -> Option<Vec<String>> {
    let inside = file.strip_prefix(source_folder)?.strip_prefix('/')?.strip_suffix(".rs")?;
    let mut parts: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "main" | "lib")) {
        parts.pop();
    }
    Some(parts)
}

/// Every path of a file, groups of `use` written out.
pub fn paths(text: &str, module: &[String], file_is_tests: bool) -> Vec<PathUse> {
    let tokens = tokens(&without_comments_and_literals(text));
    let mut reader = Reader { tokens: &tokens, at: 0, found: Vec::new() };
    // Modules written inside the file: name, depth of braces at which they end, whether they are for tests.
    let mut inner: Vec<(String, usize, bool)> = Vec::new();
    let (mut depth, mut for_tests) = (0usize, false);
    while let Some(token) = reader.tokens.get(reader.at) {
        match token.text.as_str() {
            "#" if reader.is_ahead(&["#", "[", "cfg", "(", "test", ")", "]"]) => {
                for_tests = true;
                reader.at += 7;
            }
            "mod" if reader.text(2) == "{" => {
                inner.push((reader.text(1).to_owned(), depth, for_tests));
                for_tests = false;
                depth += 1;
                reader.at += 3;
            }
            "{" => (depth, reader.at) = (depth + 1, reader.at + 1),
            "}" => {
                depth = depth.saturating_sub(1);
                inner.retain(|(_, begin, _)| *begin < depth);
                for_tests = false;
                reader.at += 1;
            }
            ";" => (for_tests, reader.at) = (false, reader.at + 1),
            _ if token.is_word() && !reader.continues_a_path() => {
                let here: Vec<String> =
                    module.iter().cloned().chain(inner.iter().map(|(name, ..)| name.clone())).collect();
                let in_tests = file_is_tests || for_tests || inner.iter().any(|(.., tests)| *tests);
                reader.path(&mut Vec::new(), &here, in_tests);
            }
            _ => reader.at += 1,
        }
    }
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    found: Vec<PathUse>,
}

impl Reader<'_> {
    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text.as_str())
    }

    fn is_ahead(&self, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(ahead, text)| self.text(ahead) == *text)
    }

    /// `<T>::name` and `$x::name` are no paths that begin here.
    fn continues_a_path(&self) -> bool {
        let before = |n: usize| self.at.checked_sub(n).map_or("", |at| self.tokens[at].text.as_str());
        before(1) == "::" && (before(2) == ">" || before(2) == ")")
    }

    /// Reads one path, or one branch of a group.
    fn path(&mut self, prefix: &mut Vec<String>, here: &[String], in_tests: bool) {
        let imported = self.at > 0 && self.tokens[self.at - 1].text == "use";
        let (length, line) = (prefix.len(), self.tokens.get(self.at).map_or(0, |token| token.line));
        loop {
            match self.text(0) {
                "{" => {
                    self.group(prefix, here, in_tests);
                    break;
                }
                part => prefix.push(part.to_owned()),
            }
            self.at += 1;
            let next = self.text(1).starts_with(|c: char| c.is_alphabetic() || "_{*".contains(c));
            if self.text(0) != "::" || !next {
                let (parts, local) = resolve(prefix, here);
                self.found.push(PathUse { parts, imported, local, line, in_tests });
                break;
            }
            self.at += 1;
        }
        prefix.truncate(length);
    }

    fn group(&mut self, prefix: &mut Vec<String>, here: &[String], in_tests: bool) {
        self.at += 1;
        while !matches!(self.text(0), "}" | "") {
            match self.text(0) {
                "," => self.at += 1,
                // The new name of `x as y`.
                "as" => self.at += 2,
                _ => self.path(prefix, here, in_tests),
            }
        }
        self.at += 1;
    }
}

/// Follows `crate`, `super` and `self` at the begin of a path, and drops `self` at its end.
fn resolve(written: &[String], here: &[String]) -> (Vec<String>, bool) {
    let mut parts = written;
    if let [before @ .., last] = parts
        && last == "self"
        && !before.is_empty()
    {
        parts = before;
    }
    let mut place = match parts.first().map(String::as_str) {
        Some("crate") => Vec::new(),
        Some("self" | "super") => here.to_vec(),
        _ => return (parts.to_vec(), false),
    };
    let supers = parts.iter().take_while(|part| matches!(part.as_str(), "crate" | "self" | "super")).count();
    for part in &parts[..supers] {
        if part == "super" {
            place.pop();
        }
    }
    place.extend(parts[supers..].iter().cloned());
    (place, true)
}
