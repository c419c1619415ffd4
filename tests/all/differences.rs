//! `balancelab diff` from outside: what changes from one run to another.

use serde_json::Value;

use crate::cli::{ask, ends, out, remarks};
use crate::snapshots;

/// The snapshots here.
pub(crate) const SHOWN: &[&str] = &["cli/diff", "cli/diff-markdown"];

const AT_ONCE: &str = "scenarios/lab3/4.3-at-once.ron";

#[test]
fn only_what_changed_is_told() {
    let other = "scenarios/lab3/4.3-after-2s.ron";
    for (path, format) in SHOWN.iter().zip(["text", "markdown"]) {
        let output = ask(&["diff", AT_ONCE, other, "--format", format]);
        ends(&output, 0);
        snapshots::assert(path, out(&output));
    }
}

#[test]
fn the_same_run_twice_is_no_difference() {
    let output = ask(&["diff", AT_ONCE, AT_ONCE, "--noise", "0"]);
    ends(&output, 0);
    assert!(
        out(&output).ends_with("\nno difference\n"),
        "{}",
        out(&output)
    );
}

/// What `diff` says of both sides is what `run` says of each.
#[test]
fn both_sides_are_what_run_says() {
    let side = |change: &str| -> Value {
        let args = [
            "run",
            AT_ONCE,
            "--no-expect",
            "--format",
            "json",
            "--set",
            change,
        ];
        serde_json::from_str(out(&ask(&args))).expect("JSON")
    };
    let changes = ["nodes.s1.delay=250ms", "nodes.s1.delay=0ms"];
    let output = ask(&[
        "diff", AT_ONCE, "--set", changes[0], "--set", changes[1], "--noise", "0", "--format",
        "json",
    ]);
    ends(&output, 0);
    let told: Value = serde_json::from_str(out(&output)).expect("JSON");
    let (left, right) = (side(changes[0]), side(changes[1]));
    let mut compared = 0;
    for number in told["numbers"].as_array().expect("a list") {
        let (of, key) = (&number["of"], number["key"].as_str().expect("a key"));
        for (report, told) in [(&left, &number["left"]), (&right, &number["right"])] {
            let rows = report["servers"].as_array().expect("a list");
            let row = rows.iter().find(|row| row["name"] == *of);
            let Some(value) = row.unwrap_or(&report["total"]).get(key) else {
                continue;
            };
            let scale = if key == "share" { 100.0 } else { 1.0 };
            match (value.as_f64(), told.as_f64()) {
                (Some(value), Some(told)) => {
                    assert!(
                        (value * scale - told).abs() < 0.001,
                        "{of} {key}: {value} {told}"
                    );
                }
                (value, told) => assert_eq!(value, told, "{of} {key}"),
            }
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} numbers were told");
}

#[test]
fn one_file_needs_a_change() {
    for args in [
        &["diff", AT_ONCE] as &[&str],
        &[
            "diff", AT_ONCE, "--set", "seed=1", "--set", "seed=2", "--set", "seed=3",
        ],
    ] {
        let output = ask(args);
        ends(&output, 2);
        assert!(remarks(&output).contains("--set"), "{}", remarks(&output));
    }
}
