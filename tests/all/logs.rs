//! Logs as load: what a real HAProxy 2.6 logged, replayed.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::cli::{ask, ends, out, remarks, written};
use crate::tidy::source::top;

/// A run's report as JSON.
fn report(args: &[&str]) -> Value {
    let mut all = vec!["run", "--verify", "--format", "json"];
    all.extend(args);
    let output = ask(&all);
    ends(&output, 0);
    serde_json::from_str(out(&output)).expect("JSON")
}

/// Requests by server.
fn served(report: &Value) -> BTreeMap<String, u64> {
    let servers = report["servers"].as_array().expect("servers");
    let count = |server: &Value| {
        let name = server["name"].as_str().expect("a name").to_owned();
        (name, server["requests"].as_u64().expect("a count"))
    };
    servers.iter().map(count).collect()
}

fn of_log(name: &str) -> [String; 4] {
    let config = format!("tests/logs/{name}.cfg");
    let log = format!("tests/logs/{name}.log");
    ["--config".to_owned(), config, "--log".to_owned(), log]
}

/// Four users: two keep their connection and cookie, one clears the cookie each time, one
/// makes a new connection each time. Replayed, each server gets what it got.
#[test]
fn a_replayed_log_gives_the_shares_it_tells_of() {
    for name in ["httplog", "captures", "clf"] {
        let args = of_log(name);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let log = fs::read_to_string(top().join(args[3])).expect("there");
        let logged = |server: &str| {
            let own = [
                format!("nodes/{server} "),
                format!("\"nodes\" \"{server}\" "),
            ];
            let at = |line: &&str| own.iter().any(|own| line.contains(own));
            log.lines().filter(at).count() as u64
        };
        let expected = ["s1", "s2"].map(|server| (server.to_owned(), logged(server)));
        assert_eq!(served(&report(&args)), BTreeMap::from(expected), "{name}");
    }
}

#[test]
fn another_algorithm_is_one_flag() {
    let args = of_log("httplog");
    let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
    args.extend(["--balance", "first"]);
    let all = BTreeMap::from([("s1".to_owned(), 36), ("s2".to_owned(), 0)]);
    assert_eq!(served(&report(&args)), all);
}

#[test]
fn what_is_taken_and_what_is_not_is_told() {
    let args = of_log("captures");
    let mut all = vec!["run"];
    all.extend(args.iter().map(String::as_str));
    let output = ask(&all);
    ends(&output, 0);
    let told = remarks(&output);
    for expected in [
        "warning[W004]: line 37 is not replayed",
        "a request that HAProxy could not read",
        "36 requests of 4 users within 739ms",
        "learnt: s1 30ms to 77ms, median 31ms (16 requests, 2 at once)",
        "5 requests came without",
        "captured headers are not sent",
    ] {
        assert!(told.contains(expected), "{expected} is not in\n{told}");
    }
}

#[test]
fn a_file_without_requests_is_refused() {
    let log = written("none.log", "hello\nworld\n");
    let output = ask(&["run", "--config", "tests/logs/httplog.cfg", "--log", &log]);
    ends(&output, 3);
    assert!(remarks(&output).contains("no line of this log is a request"));
    let output = ask(&[
        "run",
        "--config",
        "tests/logs/httplog.cfg",
        "--log",
        "nowhere.log",
    ]);
    ends(&output, 3);
    assert!(remarks(&output).contains("nowhere.log"));
}

/// The same results in both of JMeter's forms are the same load.
#[test]
fn results_of_jmeter_are_replayed() {
    let run = |file: &str| report(&["--config", "tests/logs/httplog.cfg", "--log", file]);
    let csv = run("tests/logs/results.jtl");
    assert_eq!(csv["total"]["requests"], 24);
    assert_eq!(csv["digest"], run("tests/logs/results.xml.jtl")["digest"]);
}

/// A scenario can name a log, and spelled out it is the same run.
#[test]
fn a_scenario_can_name_a_log() {
    let log = top().join("tests/logs/httplog.log");
    let config = top().join("tests/logs/httplog.cfg");
    let text = format!(
        "(config: {config:?}, clients: {{ \"log\": arrivals(log: {log:?}, start: \"1s\") }}, seed: 7)"
    );
    let file = written("replay.ron", &text);
    let output = ask(&["show", "--resolved", &file]);
    ends(&output, 0);
    let spelled = written("replay-resolved.ron", out(&output));
    assert_eq!(report(&[&file])["digest"], report(&[&spelled])["digest"]);
    let output = ask(&[
        "run",
        "scenarios/lab3/4.1.ron",
        "--log",
        log.to_str().expect("UTF-8"),
    ]);
    // The task's own claims are not about this load.
    ends(&output, 1);
    assert!(out(&output).contains("total"));
}
