//! Lengths: a ratchet, not a ruler. What is longer than it should be stands in a list with
//! its length, which may only go down.

use std::collections::BTreeMap;

use super::source::{Source, item_end, sources};

/// Lines of a file without its tests.
const FILE: usize = 500;
/// Lines of a function.
const FUNCTION: usize = 70;

/// Today's exceptions: `path` or `path::function`, then the number of lines.
const EXCEPTIONS: &str = include_str!("long.txt");

fn exceptions() -> BTreeMap<&'static str, usize> {
    let lines = EXCEPTIONS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, length) = line.split_once(' ').expect("name and length");
            (name, length.parse().expect("a number"))
        })
        .collect()
}

/// Every function with its number of lines.
fn functions(source: &Source) -> Vec<(String, usize)> {
    let code = &source.code;
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + 3..];
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end > 0 {
            let body = &code[at..item_end(code, at)];
            found.push((rest[..end].to_owned(), body.lines().count()));
        }
    }
    found
}

#[test]
fn nothing_grows_without_notice() {
    let mut too_long = BTreeMap::new();
    for source in sources(&["src", "crates/balance/src"]) {
        if source.is_test {
            continue;
        }
        let lines = source.code.trim_end().lines().count();
        if lines > FILE {
            too_long.insert(source.path.clone(), lines);
        }
        for (name, lines) in functions(&source) {
            if lines > FUNCTION {
                too_long.insert(format!("{}::{name}", source.path), lines);
            }
        }
    }
    let exceptions = exceptions();
    let mut wrong = Vec::new();
    for (name, lines) in &too_long {
        match exceptions.get(name.as_str()) {
            Some(known) if lines <= known => {}
            Some(known) => wrong.push(format!("{name} grew from {known} to {lines} lines")),
            None => wrong.push(format!("{name} has {lines} lines")),
        }
    }
    for name in exceptions.keys() {
        if !too_long.contains_key(*name) {
            wrong.push(format!("{name} is short enough now: take it off the list"));
        }
    }
    assert!(
        wrong.is_empty(),
        "tests/all/tidy/long.txt:\n{}",
        wrong.join("\n")
    );
}
