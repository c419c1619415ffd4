//! Our own sources as the house rules see them: code without comments, texts and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path from the top of the project, with forward slashes.
    pub(crate) path: String,
    /// The file as it is.
    pub(crate) text: String,
    /// The same with every comment and literal blanked, line for line.
    pub(crate) bare: String,
    /// The same without what is compiled for tests only.
    pub(crate) code: String,
    /// Whether the file is there for tests only.
    pub(crate) is_test: bool,
}

/// The top of the project.
pub(crate) fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` (from the top) whose name ends in `.ending`, sorted.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![top().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// `path` from the top of the project.
pub(crate) fn relative(path: &Path) -> String {
    let path = path.strip_prefix(top()).expect("below the top");
    path.to_string_lossy().replace('\\', "/")
}

/// All Rust files below these folders.
pub(crate) fn sources(folders: &[&str]) -> Vec<Source> {
    let paths = folders.iter().flat_map(|folder| files(folder, "rs"));
    let mut sources: Vec<Source> = paths
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a readable source");
            let bare = bare(&text);
            let path = relative(&path);
            Source {
                is_test: path.starts_with("tests/"),
                path,
                code: without_tests(&bare),
                bare,
                text,
            }
        })
        .collect();
    let for_tests: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        source.is_test |= for_tests.iter().any(|module| {
            source.path == format!("{module}.rs") || source.path.starts_with(&format!("{module}/"))
        });
    }
    sources
}

impl Source {
    /// The modules, as paths without ending, that this file declares for tests only.
    fn test_modules(&self) -> Vec<String> {
        let folder = match self.path.trim_end_matches(".rs") {
            root if root.ends_with("/lib") || root.ends_with("/main") => {
                root.rsplit_once('/').map_or("", |(folder, _)| folder)
            }
            folder => folder,
        };
        let items = self.bare.split("#[cfg(test)]").skip(1);
        items
            .filter_map(|item| {
                let words = item.trim_start().trim_start_matches("pub(crate) ");
                let (name, _) = words.strip_prefix("mod ")?.split_once(';')?;
                let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
                is_name.then(|| format!("{folder}/{name}"))
            })
            .collect()
    }

    /// The line number of a place in `code` or `bare`.
    pub(crate) fn line(&self, at: usize) -> usize {
        1 + self.bare[..at].matches('\n').count()
    }
}

/// Blanks comments, strings and characters, keeping every line break.
pub(crate) fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = raw_string(rest, &out) {
            length
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_character(rest) {
            quoted(rest, '\'')
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        for kept in rest[..length].bytes() {
            out.push(if kept == b'\n' { '\n' } else { ' ' });
        }
        rest = &rest[length..];
    }
    out
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
        if depth == 0 || at >= text.len() {
            return at;
        }
    }
}

/// The length of the raw string that begins here, if one does.
fn raw_string(text: &str, before: &str) -> Option<usize> {
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let opening = text.strip_prefix('b').unwrap_or(text).strip_prefix('r')?;
    let hashes = opening.len() - opening.trim_start_matches('#').len();
    let body = opening[hashes..].strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let end = body.find(&closing)? + closing.len();
    Some(text.len() - body.len() + end)
}

fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

/// Whether the apostrophe here opens a character rather than a lifetime.
fn is_character(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    match (characters.next(), characters.next()) {
        (Some('\\'), _) => true,
        (Some(_), Some(second)) => second == '\'',
        _ => false,
    }
}

/// Blanks every item under `#[cfg(test)]`.
fn without_tests(bare: &str) -> String {
    let mut out = bare.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let end = item_end(&out, start + 12);
        let blank: String = out[start..end]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        out.replace_range(start..end, &blank);
    }
    out
}

/// Where the item that begins at `from` ends: after its braces, or its semicolon.
pub(crate) fn item_end(bare: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in bare[from..].char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' if depth == 1 => return from + at + 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return from + at + 1,
            _ => {}
        }
    }
    bare.len()
}

#[test]
fn blanking_keeps_the_lines_and_drops_the_words() {
    let text = "let a = \"LATER \\\" x\"; // LATER\n/* LATER /* in */ LATER */ fn f<'a>(c: char) -> bool { c == 'T' }\nlet r = r#\"LATER \" \"#;";
    let bare = bare(text);
    assert!(!bare.contains("LATER"), "{bare}");
    assert!(bare.contains("fn f<'a>(c: char)"), "{bare}");
    assert_eq!(bare.lines().count(), text.lines().count());
    assert_eq!(bare.len(), text.len());
}

#[test]
fn tests_are_not_code() {
    let code = without_tests(
        "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { {} }\n}\nfn c() {}\n#[cfg(test)]\nmod more;\n",
    );
    assert!(code.contains("fn a") && code.contains("fn c"), "{code}");
    assert!(!code.contains("fn b") && !code.contains("more"), "{code}");
}
