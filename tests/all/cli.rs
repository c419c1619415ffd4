//! The binary from outside: help, exit statuses, streams.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::snapshots;
use crate::tidy::source::top;

/// Every page of help, and how to ask for it.
pub(crate) const PAGES: &[(&str, &[&str])] = &[
    ("help", &["--help"]),
    ("help-run", &["run", "--help"]),
    ("help-check", &["check", "--help"]),
    ("help-list", &["list", "--help"]),
    ("help-graph", &["graph", "--help"]),
    ("help-seq", &["seq", "--help"]),
    ("help-why", &["why", "--help"]),
    ("help-plot", &["plot", "--help"]),
    ("help-console", &["console", "--help"]),
    ("help-diff", &["diff", "--help"]),
    ("help-report", &["report", "--help"]),
    ("help-explain", &["explain", "--help"]),
    ("help-timeline", &["timeline", "--help"]),
    ("help-export", &["export", "--help"]),
    ("help-conform", &["conform", "--help"]),
    ("help-what-if", &["what-if", "--help"]),
    ("help-import", &["import", "--help"]),
    ("help-new", &["new", "--help"]),
    ("help-fmt", &["fmt", "--help"]),
    ("help-show", &["show", "--help"]),
];

const FINE: &str = "scenarios/lab3/4.1.ron";

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balancelab"));
    command
        .args(args)
        .current_dir(top())
        .env("LC_ALL", "C")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

pub(crate) fn ask(args: &[&str]) -> Output {
    command(args).output().expect("the binary runs")
}

pub(crate) fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

pub(crate) fn remarks(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("UTF-8")
}

#[track_caller]
pub(crate) fn ends(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "{}", remarks(output));
}

/// A scenario for one test, in a file of its own.
pub(crate) fn written(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).expect("a folder for tests");
    path.to_str().expect("UTF-8").to_owned()
}

/// A claim about task 4.1 that is not so.
const WRONG: &str = "expect=[errors(exactly: 7)]";

#[test]
fn help() {
    // The pages are those of a plain build: features add words of their own.
    let grows = |name: &str| {
        cfg!(feature = "record") && name == "help"
            || cfg!(feature = "parquet") && name == "help-export"
            || cfg!(feature = "png") && ["help-plot", "help-seq", "help-graph"].contains(&name)
    };
    for (name, args) in PAGES.iter().filter(|(name, _)| !grows(name)) {
        let output = ask(args);
        ends(&output, 0);
        snapshots::assert(&format!("cli/{name}"), out(&output));
    }
}

#[test]
fn fine_is_0() {
    let output = ask(&["run", FINE]);
    ends(&output, 0);
    assert_eq!(remarks(&output), "");
    assert!(out(&output).contains("\u{2713}  served"));
    let last = out(&output).lines().last().expect("a last line");
    assert!(
        last.starts_with("seed 42 \u{b7} profile 2.6 \u{b7} digest "),
        "{last}"
    );
}

#[test]
fn a_missed_expectation_is_1() {
    let output = ask(&["run", FINE, "--set", WRONG]);
    ends(&output, 1);
    let told = out(&output);
    assert!(told.contains("\u{2717}  errors(exactly: 7)  0\n"), "{told}");
    ends(&ask(&["run", FINE, "--set", WRONG, "--no-expect"]), 0);
    // A table of numbers has no room for verdicts: they are told beside it.
    let csv = ask(&["run", FINE, "--set", WRONG, "--format", "csv"]);
    ends(&csv, 1);
    assert_eq!(remarks(&csv), "missed: 4.1: errors(exactly: 7): got 0\n");
}

#[test]
fn usage_is_2() {
    for args in [
        &["fly"][..],
        &["run"],
        &["run", FINE, "--format", "xml"],
        &["run", FINE, "--set", "seed"],
        &["run", FINE, "--profile", "1.5"],
        &["graph"],
    ] {
        let output = ask(args);
        ends(&output, 2);
        assert_eq!(out(&output), "");
        assert!(remarks(&output).contains("Usage:") || remarks(&output).contains("--help"));
    }
}

#[test]
fn a_refused_file_is_3() {
    let output = ask(&["run", "scenarios/nowhere.ron"]);
    ends(&output, 3);
    assert_eq!(out(&output), "");
    assert!(
        remarks(&output).contains("no such file"),
        "{}",
        remarks(&output)
    );
    let broken = written("broken.ron", "(version: 1, titel: \"x\")");
    for verb in ["run", "check", "graph"] {
        let output = ask(&[verb, &broken]);
        ends(&output, 3);
        assert!(remarks(&output).contains("titel"), "{}", remarks(&output));
    }
}

#[test]
fn all_files_run_and_the_worst_counts() {
    let nowhere = "scenarios/nowhere.ron";
    let other = "scenarios/lab3/1.4.ron";
    let json =
        |set: &[&str]| ask(&[&["run", "--format", "json", other, nowhere, FINE], set].concat());
    let output = json(&[]);
    ends(&output, 3);
    let reports: Value = serde_json::from_str(out(&output)).expect("JSON");
    let names: Vec<&str> = reports
        .as_array()
        .expect("several reports")
        .iter()
        .map(|report| report["scenario"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["1.4", "4.1"]);
    ends(&json(&["--set", WRONG]), 3);
    let alone = ask(&["run", "--format", "json", nowhere, FINE]);
    let reports: Value = serde_json::from_str(out(&alone)).expect("JSON");
    assert_eq!(
        reports.as_array().map(Vec::len),
        Some(1),
        "one of two files"
    );
    ends(&ask(&["run", other, FINE, "--set", WRONG]), 1);
    ends(&ask(&["run", other, FINE]), 0);
}

#[test]
fn json_says_what_text_says() {
    let json = ask(&["run", FINE, "--format", "json", "--picks"]);
    ends(&json, 0);
    let report: Value = serde_json::from_str(out(&json)).expect("JSON");
    let text = ask(&["run", FINE]);
    for server in report["servers"].as_array().expect("servers") {
        let row = format!("  {}  ", server["name"].as_str().expect("a name"));
        let line = out(&text)
            .lines()
            .find(|line| line.starts_with(&row))
            .expect("a row");
        assert!(line.contains(&server["requests"].to_string()), "{line}");
        let picks = report["picks"].as_array().expect("asked for");
        let picked = picks.iter().filter(|pick| **pick == server["name"]).count();
        assert_eq!(server["requests"], picked);
    }
    let digest = report["digest"].as_str().expect("a digest");
    assert!(out(&text).contains(digest));
}

#[test]
fn settings_change_the_run() {
    let output = ask(&[
        "run",
        FINE,
        "--no-expect",
        "--seed",
        "7",
        "--profile",
        "2.2",
    ]);
    ends(&output, 0);
    assert!(
        out(&output).contains("seed 7 \u{b7} profile 2.2"),
        "{}",
        out(&output)
    );
    let few = ask(&[
        "run",
        FINE,
        "--no-expect",
        "--set",
        "clients.jmeter.loops=10",
    ]);
    ends(&few, 0);
    let total = out(&few).lines().find(|line| line.starts_with("  total"));
    assert!(total.expect("a total").contains(" 20 "), "{}", out(&few));
}

#[test]
fn colours_only_when_wanted() {
    let colored = |args: &[&str], env: &[(&str, &str)]| {
        let output = command(args).envs(env.iter().copied()).output();
        out(&output.expect("the binary runs")).contains("\x1b[")
    };
    assert!(!colored(&["run", FINE], &[]), "no terminal, no colour");
    assert!(colored(&["run", FINE], &[("CLICOLOR_FORCE", "1")]));
    assert!(colored(
        &["run", FINE, "--color", "always"],
        &[("NO_COLOR", "1")]
    ));
    assert!(!colored(
        &["run", FINE, "--color", "never"],
        &[("CLICOLOR_FORCE", "1")]
    ));
    assert!(!colored(
        &["run", FINE, "--color", "always", "--format", "json"],
        &[]
    ));
}

#[test]
fn a_reader_who_leaves_early_is_no_trouble() {
    // More than a pipe holds, so that writing must fail.
    let mut args = vec!["run", "--picks"];
    args.extend([FINE; 15]);
    let mut child = command(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut first = [0; 1];
    let mut stdout = child.stdout.take().expect("piped");
    stdout.read_exact(&mut first).expect("one byte");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    ends(&output, 0);
    assert_eq!(remarks(&output), "");
}

#[test]
fn check_tells_without_running() {
    let broken = written("unread.ron", "(version: 1, title: \"x\", proxi: ())");
    let output = ask(&["check", "--format", "json", FINE, &broken]);
    ends(&output, 3);
    assert_eq!(remarks(&output), "", "everything is in the JSON");
    let files: Value = serde_json::from_str(out(&output)).expect("JSON");
    assert_eq!(files[0]["ok"], true);
    assert_eq!(files[1]["ok"], false);
    let label = &files[1]["diagnostics"][0]["labels"][0];
    assert_eq!(label["line"], 1);
    assert!(files[1]["diagnostics"][0]["code"].is_string());
}

#[test]
fn list_knows_every_lab_task() {
    let output = ask(&["list", "--format", "json", "scenarios/lab3"]);
    ends(&output, 0);
    let list: Value = serde_json::from_str(out(&output)).expect("JSON");
    let listed: Vec<String> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry["file"].as_str().expect("a file").to_owned())
        .collect();
    for task in snapshots::tasks() {
        let file = format!("scenarios/lab3/{task}.ron");
        assert!(listed.contains(&file), "{file} is not in {listed:?}");
    }
    ends(&ask(&["list", "no/such/folder"]), 3);
}

#[test]
fn graphs_in_every_form() {
    let graph = |what: &[&str], form: &str| {
        let output = ask(&[&["graph", "--as", form], what].concat());
        ends(&output, 0);
        out(&output).to_owned()
    };
    let machine = ["server", "health"].map(|machine| ["--machine", machine]);
    let rows: [(&[&str], &[&str], usize); 3] = [
        (&[FINE], &["jmeter", "HAProxy 2.6", "s1", "s2"], 6),
        (&machine[0], &["Stopped", "LeaveMaintenanceSlowly"], 17),
        (&machine[1], &["DOWN 1/2", "UP 2/3"], 10),
    ];
    for (what, names, edges) in rows {
        let dot = graph(what, "dot");
        assert!(dot.starts_with("digraph "), "{dot}");
        let mermaid = graph(what, "mermaid");
        assert!(mermaid.starts_with("flowchart LR\n"), "{mermaid}");
        let svg = graph(what, "svg");
        let picture = roxmltree::Document::parse(&svg).expect("XML");
        for name in names {
            for text in [&dot, &mermaid, &svg] {
                assert!(text.contains(name), "{name}: {text}");
            }
        }
        let counted = (dot.matches(" -> ").count(), mermaid.matches(" -->").count());
        assert_eq!(counted, (edges, edges), "{what:?}");
        // No word leaves the paper.
        let number = |node: roxmltree::Node<'_, '_>, name: &str| -> f64 {
            node.attribute(name)
                .and_then(|n| n.parse().ok())
                .expect("a number")
        };
        let paper = picture.root_element();
        for text in picture
            .descendants()
            .filter(|node| node.has_tag_name("text"))
        {
            let half = text.text().unwrap_or("").chars().count() as f64 * 4.0;
            let (x, y) = (number(text, "x"), number(text, "y"));
            let title = text.attribute("class").is_some();
            assert!(
                title || x - half >= 0.0 && x + half <= number(paper, "width"),
                "{text:?}"
            );
            assert!(y > 10.0 && y < number(paper, "height"), "{text:?}");
        }
    }
}

#[test]
fn a_timeline_in_every_form() {
    let text = ask(&["timeline", FINE]);
    ends(&text, 0);
    let width = |output: &Output| out(output).lines().nth(4).map(|line| line.chars().count());
    assert!(width(&text).is_some_and(|width| width > 60 && width <= 100));
    let ascii = ask(&["timeline", FINE, "--ascii", "--width", "60"]);
    assert!(out(&ascii).is_ascii() && width(&ascii).is_some_and(|width| width <= 60));
    let painted = ask(&["timeline", FINE, "--color", "always"]);
    assert!(out(&painted).contains('\x1b') && !out(&text).contains('\x1b'));
    let rows: Value =
        serde_json::from_str(out(&ask(&["timeline", FINE, "--format", "json"]))).expect("JSON");
    let counted = rows.as_array().expect("rows").iter();
    let counted: u64 = counted.filter_map(|row| row["requests"].as_u64()).sum();
    let table = ask(&["run", FINE, "--format", "json"]);
    let table: Value = serde_json::from_str(out(&table)).expect("JSON");
    assert_eq!(table["total"]["requests"], counted);
    ends(&ask(&["timeline", FINE, "--width", "20"]), 2);
    ends(&ask(&["timeline", "scenarios/nowhere.ron"]), 3);
}

#[test]
fn verify_finds_nothing_in_a_lab_task() {
    let output = ask(&["run", "--verify", FINE]);
    ends(&output, 0);
    assert_eq!(out(&output), out(&ask(&["run", FINE])));
}
