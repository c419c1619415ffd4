//! The commands that keep house: new, fmt, show, schema, completions, man.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::cli::{ask, ends, out, remarks, written};
use crate::play;
use crate::snapshots;
use crate::tidy::source::top;

/// The snapshots of this file.
pub(crate) const SHOWN: &[&str] = &["cli/show"];

/// A path for one test, where nothing is yet.
fn free(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn the_schema_in_the_documentation_is_fresh() {
    let output = ask(&["schema"]);
    ends(&output, 0);
    let kept = fs::read_to_string(top().join("docs/scenario.schema.json")).expect("it is there");
    assert_eq!(
        out(&output),
        kept,
        "balancelab schema > docs/scenario.schema.json"
    );
    let schema: Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    for name in ["title", "proxy", "nodes", "clients", "expect", "$schema"] {
        assert!(schema["properties"][name].is_object(), "{name}");
    }
}

/// Every task written in JSON runs as it does in RON.
#[test]
fn json_runs_to_the_same_digest() {
    for task in snapshots::tasks() {
        let file = top().join(format!("scenarios/lab3/{task}.ron"));
        let file = file.to_str().expect("UTF-8");
        let digest = |file: &str| play::report(&play::plan(file, &[])).digest;
        let expected = digest(file);
        for form in ["--resolved", "--set=ask=[]"] {
            let output = ask(&["show", "--format", "json", form, file]);
            ends(&output, 0);
            let twin = written(&format!("{task}.json"), out(&output));
            assert_eq!(digest(&twin), expected, "{task} {form}");
        }
    }
}

#[test]
fn json_is_complained_about_with_its_places() {
    let file = written(
        "places.json",
        "{\n  \"$schema\": \"x\",\n  \"nodes\": { \"s1\": { \"servce\": \"3ms\" } },\n  \"clients\": {}\n}\n",
    );
    let output = ask(&["check", &file]);
    ends(&output, 3);
    assert!(
        remarks(&output).contains("places.json:3:22"),
        "{}",
        remarks(&output)
    );
    assert!(remarks(&output).contains("did you mean `service`?"));
}

#[test]
fn show_puts_bases_and_changes_into_one_file() {
    let file = "scenarios/lab3/4.3-at-once.ron";
    let output = ask(&["show", "--set", "nodes.s1.delay=9ms", file]);
    ends(&output, 0);
    snapshots::assert(SHOWN[0], out(&output));
    let output = ask(&["show", "--resolved", file]);
    ends(&output, 0);
    let plan = play::plan(file, &[]);
    assert_eq!(out(&output), balancelab::scenario::resolved(&plan));
    ends(&ask(&["show", "--format", "csv", file]), 2);
    ends(&ask(&["show", "scenarios/broken/duration-unit.ron"]), 0);
    ends(&ask(&["show", "scenarios/broken/comma-missing.ron"]), 3);
}

#[test]
fn fmt_rewrites_or_tells() {
    let ugly = "(clients:{\"a\":thread_group(threads:1,loops:1)},nodes:{\"s1\":()}) // x\n";
    let file = written("ugly.ron", ugly);
    let output = ask(&["fmt", "--check", &file]);
    ends(&output, 1);
    assert_eq!(out(&output), format!("{file}\n"));
    assert_eq!(fs::read_to_string(&file).expect("there"), ugly);
    ends(&ask(&["fmt", &file]), 0);
    let text = fs::read_to_string(&file).expect("there");
    assert_eq!(
        text,
        "(\n    clients: { \"a\": thread_group(threads: 1, loops: 1) },\n    nodes: { \"s1\": () },\n)  // x\n"
    );
    let output = ask(&["fmt", "--check", &file]);
    ends(&output, 0);
    assert_eq!(out(&output), "");
    let output = ask(&[
        "fmt",
        "scenarios/broken/bracket-unclosed.ron",
        "nowhere.ron",
    ]);
    ends(&output, 3);
    assert!(remarks(&output).contains("is closed by"));
    assert!(remarks(&output).contains("cannot read nowhere.ron"));
}

#[test]
fn new_writes_what_runs_and_overwrites_nothing() {
    let file = free("begun.ron");
    let output = ask(&["new", file.strip_suffix(".ron").expect("an ending")]);
    ends(&output, 0);
    assert!(remarks(&output).contains("next: balancelab run"));
    ends(&ask(&["run", &file]), 0);
    ends(&ask(&["fmt", "--check", &file]), 0);
    let output = ask(&["new", &file]);
    ends(&output, 3);
    assert!(remarks(&output).contains("is there already"));

    let file = free("of-task.ron");
    ends(&ask(&["new", &file, "--from", "4.3-at-once"]), 0);
    let digest = |file: &str| play::report(&play::plan(file, &[])).digest;
    assert_eq!(digest(&file), digest("scenarios/lab3/4.3-at-once.ron"));
    let output = ask(&["new", &free("none.ron"), "--from", "4.3-at-one"]);
    ends(&output, 2);
    assert!(remarks(&output).contains("did you mean 4.3-at-once?"));
}

#[test]
fn shells_and_man_are_told_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = ask(&["completions", shell]);
        ends(&output, 0);
        for command in ["run", "check", "fmt", "completions"] {
            assert!(out(&output).contains(command), "{shell}: {command}");
        }
    }
    ends(&ask(&["completions", "cmd"]), 2);
    let output = ask(&["man"]);
    ends(&output, 0);
    assert!(out(&output).contains(".TH balancelab 1"));
    let output = ask(&["man", "run"]);
    ends(&output, 0);
    assert!(out(&output).contains("balancelab\\-run"));
    let output = ask(&["man", "rum"]);
    ends(&output, 2);
    assert!(remarks(&output).contains("there is no command `rum`"));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("man");
    ends(&ask(&["man", "--out", folder.to_str().expect("UTF-8")]), 0);
    assert!(folder.join("balancelab.1").is_file());
    assert!(folder.join("balancelab-check.1").is_file());
}
