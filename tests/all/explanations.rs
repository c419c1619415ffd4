//! Is what `explain` tells what happened, and can what it suggests be done?

use std::process::Command;

use balancelab::lab::World;
use balancelab::report::{KeepPicks, Tally};
use serde_json::Value;

use crate::play;
use crate::snapshots;
use crate::tidy::source::top;

/// The languages that every explanation is kept in.
pub(crate) const LANGS: [&str; 2] = ["en", "fr"];

fn explain(file: &str, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_balancelab"))
        .args(["explain", file])
        .args(args)
        .current_dir(top())
        .env("LC_ALL", "C")
        .output()
        .expect("the binary runs");
    let remarks = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{remarks}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn facts(file: &str, args: &[&str]) -> Value {
    let text = explain(file, &[&["--format", "json"], args].concat());
    serde_json::from_str(&text).expect("JSON")
}

fn file(task: &str) -> String {
    format!("scenarios/lab3/{task}.ron")
}

#[test]
fn every_lab_task_in_both_languages() {
    for task in snapshots::tasks() {
        for lang in LANGS {
            let text = explain(&file(&task), &["--lang", lang]);
            snapshots::assert(&format!("lab3/{task}/explain-{lang}"), &text);
        }
    }
}

/// The numbers of requests in the sentences of one explanation: those that were decided
/// about, and those that followed.
fn told(explanation: &Value) -> u64 {
    let lines = explanation["lines"].as_array().expect("lines");
    let facts = lines
        .iter()
        .flat_map(|line| line["facts"].as_array().expect("facts"));
    facts
        .map(|fact| {
            let count = fact["values"]["count"].as_u64().unwrap_or(0);
            let counted = fact["values"]["number"].is_u64()
                || matches!(fact["key"].as_str(), Some("tale-bound" | "tale-follow"));
            if counted { count } else { 0 }
        })
        .sum()
}

/// Every request is told of once.
#[test]
fn no_request_is_forgotten_or_told_twice() {
    let many: &[&str] = &["clients.jmeter.threads=5", "clients.jmeter.loops=40"];
    let rows = snapshots::tasks().into_iter().map(|task| (task, &[][..]));
    let more = ["4.3-at-once", "5-first", "1.5-at-once", "2.7"];
    let more = more.map(|task| (task.to_owned(), many));
    for (task, changes) in rows.chain(more) {
        let sets: Vec<&str> = changes.iter().flat_map(|set| ["--set", set]).collect();
        let report = play::report(&play::plan(&file(&task), changes));
        let told = told(&facts(&file(&task), &sets));
        assert_eq!(told, report.total.requests, "{task} {changes:?}");
    }
}

/// What is suggested can be done: the changed scenario is accepted, is another one, and
/// runs to its end.
#[test]
fn every_suggestion_runs() {
    let mut tried = 0;
    for task in snapshots::tasks() {
        let before = play::plan(&file(&task), &[]);
        let explanation = facts(&file(&task), &[]);
        let suggestions = explanation["try_next"].as_array().expect("suggestions");
        assert!(!suggestions.is_empty(), "{task} has nothing to try next");
        for suggestion in suggestions {
            let settings = suggestion["set"].as_array().expect("settings");
            let settings: Vec<&str> = settings.iter().filter_map(Value::as_str).collect();
            // One setting more, so that the test is done in good time.
            let short = ["clients.jmeter.loops=20"];
            let is_threads = !before
                .clients
                .iter()
                .any(|client| matches!(client, balancelab::plan::Client::Browser(_)));
            let short = if is_threads { &short[..] } else { &[] };
            let plan = play::plan(&file(&task), &[settings.as_slice(), short].concat());
            assert_ne!(plan, before, "{task} {settings:?}");
            let mut world = World::new(&plan).expect("a checked plan");
            let mut tally = Tally::new(&plan, KeepPicks::AsExpected);
            let summary = world.run(&mut tally).expect("within its budget");
            assert_eq!(summary.unfinished, 0, "{task} {settings:?}");
            tried += 1;
        }
    }
    assert!(tried >= 56, "only {tried} suggestions");
}

/// Both languages tell the same facts.
#[test]
fn the_facts_have_no_language() {
    for task in ["1.5-at-once", "3-maint", "4.3-at-once", "5-random"] {
        let [mut english, mut french] = LANGS.map(|lang| facts(&file(task), &["--lang", lang]));
        let of = |value: &Value| {
            let lines = value["lines"].as_array().expect("lines").iter();
            lines.map(|line| line["facts"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of(&english), of(&french), "{task}");
        for value in [&mut english, &mut french] {
            for line in value["in_short"].as_array_mut().expect("sentences") {
                line.as_object_mut().expect("a sentence").remove("text");
            }
        }
        assert_eq!(english["in_short"], french["in_short"], "{task}");
    }
}

/// A server that comes and goes all the time makes a long run, not a long text.
#[test]
fn the_text_is_bounded() {
    let stops: Vec<String> = (0..200)
        .map(|i| {
            let how = if i % 2 == 0 { "stop" } else { "start" };
            format!("(at: \"{}s\", action: {how}(node: \"s1\")),", i * 10)
        })
        .collect();
    let timeline = format!("timeline=[{}]", stops.concat());
    let set = ["--set", &timeline, "--set", "clients.jmeter.think=2s"];
    let explanation = facts(&file("1.4"), &set);
    let lines = explanation["lines"].as_array().expect("lines");
    assert!(lines.len() <= 60, "{} lines", lines.len());
    let left_out = lines.iter().filter(|line| line["at_s"].is_null()).count();
    assert_eq!(left_out, 1);
    let again = lines
        .iter()
        .flat_map(|line| line["facts"].as_array().expect("facts"));
    assert!(explanation["in_short"].to_string().contains("short-down"));
    assert!(again.count() > 60);
}

/// What befalls requests elsewhere than in the lab: queues, redispatches, lost machines.
#[test]
fn queues_and_departures_are_told() {
    let rows: [(&str, &[&str], &str, u64); 3] = [
        (
            "5-first",
            &["proxy.default_server.maxconn=1", "clients.jmeter.threads=5"],
            "queue-sums",
            4884,
        ),
        (
            "1.5-at-once",
            &["proxy.option=[\"httpchk HEAD /\", \"redispatch\"]"],
            "outcome-moved",
            489,
        ),
        (
            "1.5-at-once",
            &["timeline.0.action=stop(node: \"s1\", reach: vanished)"],
            "outcome-connect",
            1,
        ),
    ];
    for (task, changes, key, count) in rows {
        let sets: Vec<&str> = changes.iter().flat_map(|set| ["--set", set]).collect();
        let explanation = facts(&file(task), &sets);
        let lines = explanation["lines"].as_array().expect("lines");
        let told = lines
            .iter()
            .flat_map(|line| line["facts"].as_array().expect("facts"))
            .find(|fact| fact["key"] == key);
        let told = told.unwrap_or_else(|| panic!("{task}: no {key}"));
        assert_eq!(told["values"]["count"], count, "{task} {changes:?}");
    }
}
