//! Nothing forgotten on the floor, and a label on every box.

use super::source::{Source, sources};

const FOLDERS: [&str; 5] = ["src", "crates", "tests", "benches", "examples"];

/// Words that say "later", built so that this file does not contain them.
fn markers() -> Vec<String> {
    [("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK")]
        .map(|(a, b)| format!("{a}{b}"))
        .to_vec()
}

fn ours() -> impl Iterator<Item = Source> {
    sources(&FOLDERS).into_iter()
}

#[test]
fn nothing_is_left_for_later() {
    let mut wrong = Vec::new();
    for source in ours() {
        for (number, line) in (1..).zip(source.text.lines()) {
            let mut words = line.split(|c: char| !c.is_alphanumeric());
            if words.any(|word| markers().iter().any(|marker| marker == word)) {
                wrong.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
        for gap in ["todo!(", "unimplemented!(", "#[ignore"] {
            if let Some(at) = source.bare.find(gap) {
                wrong.push(format!("{}:{}: {gap}", source.path, source.line(at)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = ours()
        .filter(|source| !source.is_test || source.path.starts_with("tests/"))
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path)
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn parents_stand_beside_their_folders() {
    let mut wrong: Vec<String> = Vec::new();
    for source in ours() {
        if source.path.ends_with("/mod.rs") {
            wrong.push(source.path);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
