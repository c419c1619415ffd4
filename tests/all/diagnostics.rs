//! Is each broken file refused, and well?

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use balancelab::scenario::{self, Code, Overrides, Refused, Severity, Source, render};

/// The repository's own scenario files.
struct Folder;

impl Source for Folder {
    fn text(&self, name: &str) -> Result<String, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("scenarios")
            .join(name);
        fs::read_to_string(path).map_err(|_| "no such file".to_owned())
    }
}

/// The names of the broken files, with their endings.
fn broken() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/broken");
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder is part of the repository")
        .map(|entry| entry.expect("it can be listed"))
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn refused(name: &str) -> Refused {
    match scenario::load(&format!("broken/{name}"), &Folder, &Overrides::default()) {
        Ok(_) => panic!("{name} loads, though it is broken"),
        Err(refused) => *refused,
    }
}

/// Every message is a snapshot: what a person reads.
#[test]
fn every_broken_file_is_refused_with_its_message() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/broken"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let names = broken();
    assert!(names.len() >= 30);
    for name in names {
        let refused = refused(&name);
        let text = render::text(
            &refused.notes,
            &refused.files,
            render::Colour::Never,
            &balancelab::locale::AsWritten,
        );
        let stem = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(stem, _)| stem);
        settings.bind(|| insta::assert_snapshot!(stem, text.trim_end()));
    }
}

/// Each code of the table is shown by some broken file or tested in its module.
#[test]
fn every_error_code_is_shown_by_a_broken_file() {
    let shown: BTreeSet<&str> = broken()
        .iter()
        .flat_map(|name| refused(name).notes)
        .map(|note| note.code.name())
        .collect();
    // Shown by the broken configurations of the importers.
    let elsewhere = [Code::Import];
    let hidden: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| code.severity() == Severity::Error && !elsewhere.contains(code))
        .map(|code| code.name())
        .filter(|code| !shown.contains(code))
        .collect();
    assert_eq!(hidden, [""; 0]);
}

/// For a program: the same facts as JSON, with the place as numbers.
#[test]
fn the_json_form_says_the_same() {
    let refused = refused("all-at-once.ron");
    let json = render::json(&refused.notes, &refused.files);
    let notes: Vec<serde_json::Value> = serde_json::from_str(&json).expect("it is JSON");
    let told: Vec<(&str, u64, &str)> = notes
        .iter()
        .map(|note| {
            let place = &note["labels"][0];
            (
                note["code"].as_str().expect("a code"),
                place["line"].as_u64().expect("a line"),
                place["words"].as_str().expect("words"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("E006", 4, "profil"),
            ("E013", 6, "leastcon"),
            ("E010", 8, "1000"),
            ("E008", 9, "2"),
            ("E007", 13, "2,5"),
            ("E007", 14, "3"),
            ("E010", 17, "0"),
            ("E011", 20, "\"s4\""),
        ]
    );
}

/// Colour is the caller's choice and changes nothing but colour.
#[test]
fn colour_changes_no_word() {
    let refused = refused("all-at-once.ron");
    let plain = render::text(
        &refused.notes,
        &refused.files,
        render::Colour::Never,
        &balancelab::locale::AsWritten,
    );
    let coloured = render::text(
        &refused.notes,
        &refused.files,
        render::Colour::Always,
        &balancelab::locale::AsWritten,
    );
    assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'));
    let mut stripped = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        stripped.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}
