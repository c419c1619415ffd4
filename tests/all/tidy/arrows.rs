//! Who imports whom, held against the table in `ARCHITECTURE.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::source::{Source, sources, top};

/// A part of the house and what it may use.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The table of the document: `| part | what it is | may use |`.
fn allowed() -> Arrows {
    let text = fs::read_to_string(top().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut arrows = Arrows::new();
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [part, _, uses] = cells[..] else {
            panic!("a row with three cells: {row}");
        };
        // `src/kernel` is kernel, `balance::time` is balance.
        let name = |quoted: &str| {
            let last = quoted.rsplit('/').next().unwrap_or(quoted);
            last.split("::").next().unwrap_or(last).to_owned()
        };
        let quoted =
            |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(name).collect() };
        for part in quoted(part) {
            arrows.insert(part, quoted(uses).into_iter().collect());
        }
        if uses.contains("everything") {
            let part = quoted(part).remove(0);
            arrows.insert(part, BTreeSet::from(["*".to_owned()]));
        }
    }
    arrows
}

/// The part of the house that a file of `src` belongs to, and how deep its module lies.
fn part(path: &str) -> (String, usize) {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let steps: Vec<&str> = inner.split('/').collect();
    (steps[0].to_owned(), steps.len())
}

/// The first names that stand after each `prefix` in `code`, with their places; a group in
/// braces has several.
fn names_after<'a>(code: &'a str, prefix: &str) -> Vec<(usize, &'a str)> {
    let word = |text: &'a str| {
        let end = text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len());
        &text[..end]
    };
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => found.push((at, word(rest))),
            Some(group) => {
                let mut depth = 0;
                for piece in group.split_inclusive([',', '{', '}']) {
                    if depth == 0 {
                        found.push((at, word(piece.trim_start())));
                    }
                    match piece.chars().next_back() {
                        Some('{') => depth += 1,
                        Some('}') if depth == 0 => break,
                        Some('}') => depth -= 1,
                        _ => {}
                    }
                }
            }
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

/// Everything of ours that a source uses, with the places.
fn uses(source: &Source) -> Vec<(usize, String)> {
    let (_, depth) = part(&source.path);
    let code = &source.code;
    let mut uses: Vec<(usize, String)> = Vec::new();
    for prefix in ["crate::".to_owned(), "super::".repeat(depth)] {
        let names = names_after(code, &prefix).into_iter();
        uses.extend(names.map(|(at, name)| (at, name.to_owned())));
    }
    if let Some((at, _)) = names_after(code, "balance::").first() {
        uses.push((*at, "balance".to_owned()));
    }
    uses
}

#[test]
fn only_the_arrows_of_the_architecture() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for source in sources(&["src"]) {
        let (part, _) = part(&source.path);
        if source.is_test || matches!(part.as_str(), "lib" | "main") {
            continue;
        }
        let Some(may_use) = allowed.get(&part) else {
            wrong.push(format!("{}: no row for `{part}`", source.path));
            continue;
        };
        for (at, name) in uses(&source) {
            let ours = allowed.contains_key(&name);
            if ours && name != part && !may_use.contains("*") && !may_use.contains(&name) {
                let line = source.line(at);
                wrong.push(format!(
                    "{}:{line}: `{part}` may not use `{name}`",
                    source.path
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that ARCHITECTURE.md does not have:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_arrow_of_the_architecture_is_made_up() {
    let allowed = allowed();
    let mut used = Arrows::new();
    for source in sources(&["src"]).iter().filter(|s| !s.is_test) {
        let names = uses(source).into_iter().map(|(_, name)| name);
        used.entry(part(&source.path).0).or_default().extend(names);
    }
    let mut idle = Vec::new();
    for (part, used) in &used {
        let names = allowed.get(part).into_iter().flatten();
        for name in names.filter(|name| *name != "*" && !used.contains(*name)) {
            idle.push(format!("`{part}` does not use `{name}`"));
        }
    }
    assert!(
        idle.is_empty(),
        "arrows of ARCHITECTURE.md that nobody needs:\n{}",
        idle.join("\n")
    );
}

/// The safe: no standard library, no floats, nothing of others but `thiserror`, and
/// `regex` (without its default features) for the patterns of rules.
#[test]
fn the_core_stays_pure() {
    let folder = top().join("crates/balance");
    let lib = fs::read_to_string(folder.join("src/lib.rs")).expect("the core's front page");
    assert!(lib.contains("#![no_std]"));
    assert!(lib.contains("#![deny(clippy::float_arithmetic)]"));
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the core's manifest");
    let dependencies: Vec<&str> = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim())
        .collect();
    assert_eq!(dependencies, ["regex", "thiserror"]);
}

#[test]
fn groups_name_every_member() {
    let code = "use crate::{plan::{Plan, Node}, trace, report::text as t};\nuse other_crate::x; crate::lab::run()";
    let names: Vec<&str> = names_after(code, "crate::").iter().map(|n| n.1).collect();
    assert_eq!(names, ["plan", "trace", "report", "lab"]);
}
