//! `what-if`: both sides, the verdict, and changes that helped when they were tried.

use serde_json::Value;

use crate::cli::{ask, ends, out, remarks};
use crate::snapshots;

/// What is asked, and the snapshot of the answer.
pub(crate) const QUESTIONS: [(&str, &[&str]); 4] = [
    (
        "slow",
        &[
            "scenarios/lab3/haproxy.cfg",
            "--env",
            "scenarios/lab3/lab.env",
            "--slow",
            "s1=250ms",
            "--cookies",
            "clear",
        ],
    ),
    ("down", &["scenarios/lab3/4.1.ron", "--down", "s1"]),
    (
        "log",
        &[
            "--config",
            "tests/logs/httplog.cfg",
            "--log",
            "tests/logs/httplog.log",
            "--slow",
            "s2=100ms",
        ],
    ),
    (
        "markdown",
        &[
            "scenarios/lab3/4.1.ron",
            "--slow",
            "s1=2.5s",
            "--users",
            "4",
            "--for",
            "30s",
            "--format",
            "markdown",
        ],
    ),
];

#[test]
fn answers() {
    for (name, question) in QUESTIONS {
        let mut args = vec!["what-if"];
        args.extend(question);
        let output = ask(&args);
        ends(&output, 0);
        snapshots::assert(&format!("what-if/{name}"), out(&output));
    }
}

/// Every change that is told is better than none, and the best comes first.
#[test]
fn only_what_helps_is_told() {
    let question = [
        "scenarios/lab3/4.1.ron",
        "--slow",
        "s1=250ms",
        "--users",
        "10",
        "--for",
        "20s",
        "--cookies",
        "clear",
    ];
    let mut args = vec!["what-if", "--format", "json"];
    args.extend(question);
    let output = ask(&args);
    ends(&output, 0);
    let found: Value = serde_json::from_str(out(&output)).expect("JSON");
    let rate = |side: &Value| side["report"]["total"]["rps"].as_f64().expect("a rate");
    let helped = found["helped"].as_array().expect("a list");
    let rates: Vec<f64> = helped.iter().map(rate).collect();
    assert!(rates.len() >= 2, "{found:#}");
    assert!(
        rates.iter().all(|&one| one >= rate(&found["after"]) * 1.1),
        "{rates:?}"
    );
    assert!(rates.is_sorted_by(|a, b| a >= b), "{rates:?}");
    let changes: Vec<&str> = helped
        .iter()
        .filter_map(|one| one["change"].as_str())
        .collect();
    assert!(changes.contains(&"balance leastconn"), "{changes:?}");
    assert!(found["tried"].as_u64() > Some(helped.len() as u64));
}

#[test]
fn mistakes_are_explained() {
    let output = ask(&["what-if", "scenarios/lab3/4.1.ron", "--slow", "s3=1s"]);
    ends(&output, 2);
    assert!(remarks(&output).contains("there is no node `s3`; did you mean s1?"));
    let output = ask(&[
        "what-if",
        "scenarios/lab3/4.1.ron",
        "--down",
        "s1",
        "--backend",
        "web",
    ]);
    ends(&output, 2);
    assert!(remarks(&output).contains("there is no backend `web`"));
    ends(
        &ask(&["what-if", "scenarios/lab3/4.1.ron", "--slow", "s1=1"]),
        2,
    );
    ends(&ask(&["what-if", "scenarios/lab3/4.1.ron"]), 2);
    ends(
        &ask(&[
            "what-if",
            "scenarios/broken/duration-unit.ron",
            "--down",
            "s1",
        ]),
        3,
    );
}
