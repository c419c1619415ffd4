//! Where snapshots lie, and which there may be: `snapshots/` mirrors what is run, path for
//! path, and every snapshot has one test that asserts it.

use std::collections::BTreeSet;
use std::fs;

use crate::tidy::source::{files, relative, top};

/// The views of a lab task that are kept.
pub(crate) const VIEWS: [&str; 3] = ["distribution", "summary", "events"];

/// Compares `text` with `snapshots/PATH.snap`.
#[track_caller]
pub(crate) fn assert(path: &str, text: &str) {
    let (folder, name) = path.rsplit_once('/').expect("a folder and a name");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(top().join("snapshots").join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The names of the files in a folder, without ending.
pub(crate) fn stems(folder: &str, ending: &str) -> Vec<String> {
    let stem = |path: &std::path::PathBuf| {
        let stem = path.file_stem().expect("a file has a name");
        stem.to_string_lossy().into_owned()
    };
    let inside = top().join(folder);
    files(folder, ending)
        .iter()
        .filter(|path| path.parent() == Some(&inside))
        .map(stem)
        .collect()
}

/// The tasks of lab 3: every scenario there, but those that only others extend. These
/// claim nothing, because they are no task.
pub(crate) fn tasks() -> Vec<String> {
    let folder = "scenarios/lab3";
    let read = |name: &String| {
        let path = top().join(folder).join(format!("{name}.ron"));
        fs::read_to_string(path).expect("a readable scenario")
    };
    let names = stems(folder, "ron");
    let texts: Vec<String> = names.iter().map(read).collect();
    let is_base = |name: &str| {
        let extends = format!("extends: \"{name}.ron\"");
        texts.iter().any(|text| text.contains(&extends))
    };
    let pairs = names.iter().zip(&texts);
    pairs
        .filter(|(name, text)| text.contains("expect:") || !is_base(name))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Every snapshot that a test asserts, as paths from the top of the project.
fn asserted() -> BTreeSet<String> {
    let views = tasks().into_iter().flat_map(|task| {
        let drawn = VIEWS.into_iter().chain(crate::pictures::VIEWS);
        let views = drawn.chain(crate::exports::VIEWS);
        views.map(move |view| format!("lab3/{task}/{view}"))
    });
    let broken = ["ron", "json"].map(|ending| stems("scenarios/broken", ending));
    let refusals = broken
        .into_iter()
        .flatten()
        .map(|name| format!("broken/{name}"));
    let help = crate::cli::PAGES
        .iter()
        .map(|(name, _)| format!("cli/{name}"));
    let answers = crate::what_if::QUESTIONS
        .iter()
        .map(|(name, _)| format!("what-if/{name}"));
    let shown = crate::house::SHOWN.iter();
    let shown = shown
        .chain(crate::differences::SHOWN)
        .chain(crate::console::SHOWN);
    let shown = shown.map(|name| (*name).to_owned());
    let imports = ["cfg", "jmx"].into_iter().flat_map(|kind| {
        let names = stems(&format!("tests/import/{kind}"), kind).into_iter();
        names.map(move |name| format!("import/{kind}/{name}"))
    });
    let composes = crate::import::compose::names();
    let composes = composes
        .into_iter()
        .map(|name| format!("import/compose/{name}"));
    let diagrams = crate::sequences::DIAGRAMS
        .iter()
        .flat_map(|(path, _)| ["text", "mermaid"].map(|form| format!("lab3/{path}-{form}")));
    let reasons = crate::reasons::REASONS
        .iter()
        .map(|(path, _)| format!("lab3/{path}"));
    let explanations = tasks().into_iter().flat_map(|task| {
        crate::explanations::LANGS.map(|lang| format!("lab3/{task}/explain-{lang}"))
    });
    let sequences = crate::sequences::others()
        .into_iter()
        .map(|task| format!("lab3/{task}/sequence-text"));
    views
        .chain(explanations)
        .chain(diagrams)
        .chain(sequences)
        .chain(reasons)
        .chain(refusals)
        .chain(help)
        .chain(shown)
        .chain(answers)
        .chain(imports)
        .chain(composes)
        .chain(["lab/connections".to_owned()])
        .chain(crate::french::kept())
        .chain(
            crate::rules::names()
                .into_iter()
                .map(|name| format!("rules/{name}")),
        )
        .map(|path| format!("snapshots/{path}.snap"))
        .collect()
}

/// `cargo insta test --unreferenced=reject` does the same, where it is installed: a snapshot
/// that no test asserts would be taken for a promise that somebody keeps.
#[test]
fn no_snapshot_is_an_orphan() {
    let asserted = asserted();
    let orphans: Vec<String> = files("snapshots", "snap")
        .iter()
        .map(|path| relative(path))
        .filter(|path| !asserted.contains(path))
        .collect();
    assert_eq!(orphans, Vec::<String>::new(), "no test asserts these");
}

#[test]
fn every_scenario_has_its_snapshots() {
    let there: BTreeSet<String> = files("snapshots", "snap")
        .iter()
        .map(|path| relative(path))
        .collect();
    let missing: Vec<String> = asserted().difference(&there).cloned().collect();
    assert_eq!(missing, Vec::<String>::new(), "`just accept` writes them");
}
