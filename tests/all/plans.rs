//! Test plans of JMeter as load, from outside.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::cli::{ask, ends, out, remarks};
use crate::foreign::folder;
use crate::tidy::source::top;

const CONFIG: [&str; 4] = [
    "--config",
    "scenarios/lab3/haproxy.cfg",
    "--env",
    "scenarios/lab3/lab.env",
];

/// The lab's configuration with cookies that lead to a server.
fn sticky() -> String {
    let text = fs::read_to_string(top().join("scenarios/lab3/haproxy.cfg")).expect("the lab's");
    text.replace(
        "balance roundrobin",
        "balance roundrobin\n    cookie SERVERID insert indirect nocache",
    )
    .replace("}:3000 check", "}:3000 check cookie x")
    .replacen("check cookie x", "check cookie s1", 1)
    .replacen("check cookie x", "check cookie s2", 1)
}

fn plan(name: &str) -> String {
    format!("tests/import/jmx/{name}.jmx")
}

fn text_of(name: &str) -> String {
    fs::read_to_string(top().join(plan(name))).expect("it is in the corpus")
}

/// Requests by server.
fn served(args: &[&str]) -> BTreeMap<String, u64> {
    let output = ask(&[&["run", "--verify", "--format", "json"], args].concat());
    ends(&output, 0);
    let report: Value = serde_json::from_str(out(&output)).expect("JSON");
    let servers = report["servers"].as_array().expect("servers");
    let count = |server: &Value| {
        let name = server["name"].as_str().expect("a name").to_owned();
        (name, server["requests"].as_u64().expect("a count"))
    };
    servers.iter().map(count).collect()
}

/// The lab's plan, as students change it, gives the lab's tables.
#[test]
fn the_labs_plan_gives_the_labs_tables() {
    let files = [("haproxy.cfg", sticky())];
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let folder = folder("plans-sticky", &files);
    let config = folder.join("haproxy.cfg");
    let config = config.to_str().expect("UTF-8");
    let with_cookie = ["--config", config, "--env", "scenarios/lab3/lab.env"];
    let tables = [
        // Without stickiness the requests alternate, whatever the cookies.
        (&CONFIG[..], "lab-one-thread", [500, 500]),
        (&CONFIG[..], "lab-kept-cookies", [1000, 1000]),
        (&CONFIG[..], "lab-dummies-2.13", [500, 500]),
        // With it each user stays, as long as he keeps his cookie.
        (&with_cookie[..], "lab-kept-cookies", [1000, 1000]),
        (&with_cookie[..], "lab-clear-cookies", [1000, 1000]),
        (&with_cookie[..], "lab-dummies-2.13", [1000, 0]),
        (&with_cookie[..], "lab-one-thread", [500, 500]),
    ];
    for (config, name, [s1, s2]) in tables {
        let path = plan(name);
        let served = served(&[config, &["--plan", &path]].concat());
        let expected = [("s1", s1), ("s2", s2)].map(|(name, count)| (name.to_owned(), count));
        assert_eq!(served, BTreeMap::from(expected), "{name} {config:?}");
    }
}

/// A plan of one sampler is the plain thread group that somebody would have written.
#[test]
fn a_plan_is_what_a_scenario_would_say() {
    let digest = |args: &[&str]| {
        let output = ask(&[&["run"], &CONFIG[..], args].concat());
        ends(&output, 0);
        out(&output).lines().last().map(str::to_owned)
    };
    let path = plan("lab-clear-cookies");
    let group = "clients={\"Users\": thread_group(threads: 2, loops: 1000, ramp_up: \"1s\", \
                 cookies: clear, headers: {\"host\": \"192.168.42.42\"})}";
    assert_eq!(digest(&["--plan", &path]), digest(&["--set", group]));
}

#[test]
fn a_folder_takes_the_plan_in_it() {
    let config = sticky();
    let env = fs::read_to_string(top().join("scenarios/lab3/lab.env")).expect("the lab's");
    let lab = text_of("lab-kept-cookies");
    let files = [
        ("ha/haproxy.cfg", config.as_str()),
        (".env", &env),
        ("jmeter/tester.jmx", &lab),
    ];
    let one = folder("plans-lab", &files);
    let one = one.to_str().expect("UTF-8");
    let output = ask(&["run", one]);
    ends(&output, 0);
    assert!(
        out(&output).contains("total       2000"),
        "{}",
        out(&output)
    );
    assert!(
        remarks(&output).contains("tester.jmx"),
        "{}",
        remarks(&output)
    );
    // The uppermost of several; of several beside one another, the one that is named.
    let other = text_of("lab-one-thread");
    let with = |name: &str, path: &'static str| {
        let files = [&files[..], &[(path, other.as_str())]].concat();
        let folder = folder(name, &files);
        folder.to_str().expect("UTF-8").to_owned()
    };
    let upper = ask(&["run", &with("plans-upper", "mine.jmx")]);
    ends(&upper, 0);
    assert!(remarks(&upper).contains("mine.jmx"), "{}", remarks(&upper));
    let two = with("plans-two", "jmeter/mine.jmx");
    let several = ask(&["run", &two]);
    ends(&several, 3);
    for word in ["tester.jmx", "mine.jmx", "--plan"] {
        assert!(remarks(&several).contains(word), "{}", remarks(&several));
    }
    let named = format!("{two}/jmeter/mine.jmx");
    let chosen = ask(&["run", &two, "--plan", &named]);
    ends(&chosen, 0);
    assert!(
        out(&chosen).contains("total       1000"),
        "{}",
        out(&chosen)
    );
}

#[test]
fn a_plan_alone_says_what_it_needs() {
    let path = plan("lab-kept-cookies");
    let output = ask(&["run", &path]);
    ends(&output, 3);
    for word in ["--config haproxy.cfg", "balancelab check", &path] {
        assert!(remarks(&output).contains(word), "{}", remarks(&output));
    }
    let together = ask(&[&["run", &path], &CONFIG[..]].concat());
    ends(&together, 0);
    let scenario = "scenarios/lab3/4.1.ron";
    for command in [&["run"][..], &["what-if", "--down", "s1"]] {
        let own = ask(&[command, &[scenario, "--plan", &path]].concat());
        ends(&own, 3);
        assert!(remarks(&own).contains("without one"), "{}", remarks(&own));
    }
    let both = ask(&[&["run", &path], &CONFIG[..], &["--log", "x.log"]].concat());
    ends(&both, 3);
    assert!(
        remarks(&both).contains("another load"),
        "{}",
        remarks(&both)
    );
    let missing = ask(&[&["run"], &CONFIG[..], &["--plan", "no/such.jmx"]].concat());
    ends(&missing, 3);
    assert!(
        remarks(&missing).contains("no/such.jmx"),
        "{}",
        remarks(&missing)
    );
}

#[test]
fn properties_are_given_as_in_jmeter() {
    let path = plan("lab-properties");
    let all = |more: &[&str]| {
        let served = served(&[&CONFIG[..], &["--plan", &path], more].concat());
        served.values().sum::<u64>()
    };
    assert_eq!(all(&[]), 200);
    assert_eq!(all(&["-J", "threads=3", "-Jloops=10"]), 30);
}

#[test]
fn check_tells_of_every_line() {
    let output = ask(&["check", &plan("recorded"), "--format", "json"]);
    ends(&output, 0);
    let verdicts: Value = serde_json::from_str(out(&output)).expect("JSON");
    let directives = verdicts[0]["directives"].as_array().expect("a ledger");
    let foreign = directives
        .iter()
        .find(|entry| entry["status"] == "not modelled");
    let foreign = foreign.expect("one request goes elsewhere");
    assert_eq!(foreign["keyword"], "HTTPSamplerProxy /collect-4");
    assert!(foreign["line"].as_u64().is_some_and(|line| line > 100));
    let why = foreign["why"].as_str().expect("a reason");
    assert!(why.contains("stats.example.com"), "{why}");
    let broken = ask(&["check", &plan("broken-numbers"), &plan("lab-disabled")]);
    ends(&broken, 3);
    assert!(out(&broken).contains("it is disabled"), "{}", out(&broken));
    assert!(remarks(&broken).contains("\"two\""), "{}", remarks(&broken));
}

/// A log and JMeter's reports tell each request of a plan as it was.
#[test]
fn exports_tell_the_requests_of_a_plan() {
    let config = sticky();
    let env = fs::read_to_string(top().join("scenarios/lab3/lab.env")).expect("the lab's");
    let plan = text_of("recorded");
    let files = [
        ("haproxy.cfg", config.as_str()),
        (".env", &env),
        ("recorded.jmx", &plan),
    ];
    let lab = folder("plans-export", &files);
    let lab = lab.to_str().expect("UTF-8");
    for (form, words) in [
        (
            "summary",
            ["GET /css/site.css", "POST /cart", "GET /checkout"],
        ),
        (
            "http-log",
            [
                "\"GET /css/site.css",
                "\"POST /cart",
                "\"GET /checkout?step=1 HTTP",
            ],
        ),
    ] {
        let output = ask(&["export", lab, "--as", form]);
        ends(&output, 0);
        for word in words {
            assert!(
                out(&output).contains(word),
                "{form} {word}: {}",
                out(&output)
            );
        }
    }
}

#[test]
fn what_if_takes_a_plan() {
    let path = plan("lab-kept-cookies");
    let output = ask(&[
        &["what-if"],
        &CONFIG[..],
        &["--plan", &path, "--down", "s1"],
    ]
    .concat());
    ends(&output, 0);
    assert!(out(&output).contains("2000"), "{}", out(&output));
    let both = ask(&[&["run"], &CONFIG[..], &["--plan", &path, "--log", "x.log"]].concat());
    ends(&both, 2);
}
