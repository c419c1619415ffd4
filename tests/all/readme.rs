//! Does the README tell the truth?

use std::fs;
use std::process::Command;

use crate::tidy::source::top;

/// The blocks of a document that are marked with `language`.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(top().join(document)).expect("a document");
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default().to_owned())
        .collect()
}

/// What somebody with only Rust is told to type; `.ci/run` types it on a clean clone.
#[test]
fn two_commands_are_enough() {
    assert_eq!(
        blocks("README.md", "sh"),
        ["cargo run --release -- run scenarios/lab3/4.3-at-once.ron\ncargo test\n"]
    );
}

/// A `console` block is a command after a dollar, then what it prints.
#[test]
fn shown_output_is_real_output() {
    let documents = [
        "README.md",
        "docs/explanations.md",
        "docs/jmeter-plans.md",
        "docs/your-own-files.md",
    ];
    let shown = documents.map(|document| {
        let blocks = blocks(document, "console");
        assert!(!blocks.is_empty(), "{document} shows something");
        blocks
    });
    let shown = shown.concat();
    for block in shown {
        let (typed, expected) = block.split_once('\n').expect("a command and its output");
        let args = typed
            .strip_prefix("$ balancelab ")
            .expect("a command of ours");
        let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
            .args(args.split_whitespace())
            .current_dir(top())
            .env("LC_ALL", "C")
            .output()
            .expect("the binary runs");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(printed, expected, "{typed}");
    }
}

/// Every file that a document points to is there.
#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "docs/roadmap.md",
        "docs/explanations.md",
        "docs/your-own-files.md",
        "docs/jmeter-plans.md",
    ] {
        let path = top().join(document);
        let text = fs::read_to_string(&path).expect("a document");
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap_or_default();
            let here = path.parent().expect("it stands somewhere").join(target);
            if !target.is_empty() && !target.starts_with("http") && !here.exists() {
                dead.push(format!("{document}: {target}"));
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
}
