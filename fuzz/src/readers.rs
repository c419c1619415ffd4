//! What is tried with one input of a fuzzer: each function reads bytes as one of our readers
//! would, and panics if a law breaks. The test `fuzz_corpus` does the same with every kept input.

use std::collections::BTreeMap;

use balance::Balancer;
use balancelab::conform::{Verdict, archive};
use balancelab::lab::World;
use balancelab::locale::AsWritten;
use balancelab::oracle::Oracle;
use balancelab::plan::{Action, Budget, Plan, Timed};
use balancelab::scenario::foreign::{Pieces, assemble};
use balancelab::scenario::import::Env;
use balancelab::scenario::import::compose::read_compose;
use balancelab::scenario::import::haproxy_cfg::{read_cfg, read_cfg_with_lists};
use balancelab::scenario::import::jmx::read_jmx;
use balancelab::scenario::import::log;
use balancelab::scenario::{self, Files, Loaded, Overrides, render};
use balancelab::trace::{Event, Sample, Sink};

/// A scenario in RON, beside a configuration and a scenario that it may name.
pub fn scenario_ron(bytes: &[u8]) {
    scenario("fuzz.ron", bytes);
}

/// The same in JSON.
pub fn scenario_json(bytes: &[u8]) {
    scenario("fuzz.json", bytes);
}

fn scenario(name: &str, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(laid_out) = scenario::format(name, text) {
        let twice = scenario::format(name, &laid_out).expect("what was laid out can be read");
        assert_eq!(twice, laid_out, "formatting is not stable");
    }
    let Some(loaded) = load(name, text) else {
        return;
    };
    if let Ok(laid_out) = scenario::format(name, text) {
        let again = load(name, &laid_out).expect("what was laid out can be loaded");
        assert_eq!(again.plan, loaded.plan, "formatted to another plan");
    }
    resolve(&loaded.plan);
    run(loaded.plan, EVENTS);
}

/// Written with every default, `plan` is the same plan.
fn resolve(plan: &Plan) {
    if scenario::unsaid(plan).is_some() {
        return;
    }
    let again = load("fuzz.ron", &scenario::resolved(plan));
    let mut again = again.expect("a resolved scenario can be loaded").plan;
    again.scenario.clone_from(&plan.scenario);
    assert_eq!(again, *plan, "resolved to another plan");
}

/// Loads `text`, and renders every complaint.
fn load(name: &str, text: &str) -> Option<Loaded> {
    let files = [
        (name, text),
        ("base.ron", BASE),
        ("haproxy.cfg", CONFIG),
        ("lab.env", "A=1\nS2_DOWN=\n"),
    ];
    let source: BTreeMap<String, String> = files
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    match scenario::load(name, &source, &Overrides::default()) {
        Ok(loaded) => {
            render::text(
                &loaded.warnings,
                &loaded.files,
                render::Colour::Never,
                &AsWritten,
            );
            Some(loaded)
        }
        Err(refused) => {
            assert!(!refused.notes.is_empty(), "refused without a word");
            let _ = refused.to_string();
            render::json(&refused.notes, &refused.files);
            None
        }
    }
}

/// So many events are enough for a plan that was written to be strange.
const EVENTS: u64 = 5000;

/// Runs a plan of a bearable size for so many events, and holds it against the standing laws.
fn run(mut plan: Plan, events: u64) {
    let actors: u64 = plan
        .clients
        .iter()
        .map(|client| u64::from(client.actors()))
        .sum();
    let workers: u64 = plan.nodes.iter().map(|node| u64::from(node.workers)).sum();
    if actors > 1000 || workers > 1000 {
        return;
    }
    plan.budget = Budget {
        events: plan.budget.events.min(events),
        ..plan.budget
    };
    let Ok(mut world) = World::new(&plan) else {
        return;
    };
    let mut oracle = Oracle::new(&plan);
    // The budget ends most of these runs before they are over.
    if let Ok(summary) = world.run(&mut oracle) {
        let violations = oracle.close(summary.unfinished == 0);
        assert!(violations.is_empty(), "{}", violations[0]);
    }
}

/// A compose file, beside files that it may name; what it gives HAProxy is used.
pub fn compose(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut env = Env::default();
    env.set("A", "1");
    env.set("HOST", "127.0.0.1");
    let beside = [
        ("a.env", "B=2\nC=${A}\n"),
        (
            "other.yml",
            "services: {base: {image: base, environment: {A: b}}}\n",
        ),
    ];
    let owned = beside.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let source = BTreeMap::from(owned);
    let mut files = Files::default();
    let file = files.add("compose.yml", text.as_ref());
    let compose = read_compose(&mut files, file, &env, &source);
    render::text(&compose.notes, &files, render::Colour::Never, &AsWritten);
    render::json(&compose.notes, &files);
    for entry in &compose.ledger {
        let text = &files.file(entry.place.file).text;
        assert!(
            entry.place.end as usize <= text.len(),
            "outside of the text"
        );
        assert!(
            text.is_char_boundary(entry.place.start as usize),
            "amid a character"
        );
    }
    if compose.is_refused() {
        return;
    }
    let proxy = compose.proxy("ha/haproxy.cfg");
    for service in &compose.services {
        let found = compose.behind(proxy, &service.name);
        assert!(found.is_some(), "a service is not found by its name");
    }
}

/// A configuration of HAProxy, beside files that it may name; a line of eight `=` starts a second
/// file of it. What is not refused is the same run when it is written as a scenario.
pub fn haproxy_cfg(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut env = Env::default();
    env.set("A", "1");
    env.set("HOST", "127.0.0.1");
    let mut files = Files::default();
    let (first, second) = text
        .split_once("\n========\n")
        .unwrap_or((text.as_ref(), ""));
    let mut which = vec![files.add("first.cfg", first)];
    if !second.is_empty() {
        which.push(files.add("second.cfg", second));
    }
    let list = |name: &str| match name {
        "a.lst" => Ok("/a\n# b\n10.0.0.0/8\n  c\n7\n".to_owned()),
        "a.map" => Ok("/a be1\n10.0.0.1 2\n7:9 x y\n".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    let imported = read_cfg_with_lists(&files, &which, &env, &list);
    render::text(&imported.notes, &files, render::Colour::Never, &AsWritten);
    render::json(&imported.notes, &files);
    if imported.is_refused() {
        return;
    }
    assert_eq!(imported.config.backends.len(), imported.backends.len());
    let _ = Balancer::new(imported.config.clone(), balance::Moment::ZERO);
    let pieces = Pieces {
        name: "fuzz".to_owned(),
        config: imported,
        files,
        ..Pieces::default()
    };
    if let Ok(loaded) = assemble(pieces, &Overrides::default()) {
        resolve(&loaded.plan);
        // The load is always the same: its beginning is enough.
        run(loaded.plan, EVENTS / 10);
    }
}

/// An `.env` file.
pub fn dotenv(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut env = Env::default();
    let strange = env.read_dotenv(&text);
    let lines = text.lines().count();
    assert!(strange.len() + env.iter().count() <= lines);
    let _ = env.expand(&text);
}

/// A log of HAProxy, or results of JMeter.
pub fn log(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let load = log::read(&text);
    let passed: u32 = load.passed.iter().map(|passed| passed.count).sum();
    let lines = text.lines().count();
    assert!(passed as usize + load.arrivals.len() <= lines + 1);
    if load.kind.starts_with("HAProxy") {
        let accounted = passed as usize + load.arrivals.len();
        assert_eq!(accounted, lines, "a line is not accounted for");
    }
    for arrives in &load.arrivals {
        assert!((arrives.user as usize) < load.users.len());
        assert!((arrives.request as usize) < load.requests.len());
    }
    if let Some(loaded) = load_replay(&text) {
        assert_eq!(
            loaded.plan.clients[0].actors() as usize,
            load.arrivals.len()
        );
        run(loaded.plan, EVENTS);
    }
}

/// A test plan of JMeter, beside data and a plan that it may name.
pub fn jmx(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut files = Files::default();
    let config = files.add("haproxy.cfg", CONFIG);
    let plan = files.add("fuzz.jmx", text.as_ref());
    let beside = [
        ("data.csv", "user,word\nanna,a\nbob,\"b\"\n"),
        ("other.jmx", OTHER),
    ];
    let beside: BTreeMap<String, String> = beside
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    let properties = [("threads".to_owned(), "2".to_owned())];
    let imported = read_jmx(&mut files, plan, &properties, &beside);
    assert!(!imported.ledger.is_empty(), "nothing was said of the file");
    for entry in &imported.ledger {
        let file = files.file(entry.place.file);
        assert!(entry.place.end as usize <= file.text.len());
    }
    let pieces = Pieces {
        name: "fuzz".to_owned(),
        config: read_cfg(&files, &[config], &Env::default()),
        files,
        clients: Some(imported.clients.clone()),
        notes: imported.notes.clone(),
        ..Pieces::default()
    };
    match assemble(pieces, &Overrides::default()) {
        Ok(loaded) => {
            render::text(
                &loaded.warnings,
                &loaded.files,
                render::Colour::Never,
                &AsWritten,
            );
            resolve(&loaded.plan);
            run(loaded.plan, EVENTS);
        }
        Err(refused) => {
            assert!(
                imported.is_refused(),
                "refused only as a scenario: {refused}"
            );
        }
    }
}

/// A plan that can be included.
const OTHER: &str = "<jmeterTestPlan><hashTree><TestPlan/><hashTree><TestFragmentController/>\
    <hashTree><HTTPSamplerProxy><stringProp name=\"HTTPSampler.path\">/other</stringProp>\
    </HTTPSamplerProxy><hashTree/></hashTree></hashTree></hashTree></jmeterTestPlan>";

/// A scenario that replays `text`.
fn load_replay(text: &str) -> Option<Loaded> {
    let files = [
        ("fuzz.ron", REPLAY),
        ("haproxy.cfg", CONFIG),
        ("haproxy.log", text),
    ];
    let source: BTreeMap<String, String> = files
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    match scenario::load("fuzz.ron", &source, &Overrides::default()) {
        Ok(loaded) => {
            render::text(
                &loaded.warnings,
                &loaded.files,
                render::Colour::Never,
                &AsWritten,
            );
            Some(loaded)
        }
        Err(refused) => {
            let _ = refused.to_string();
            None
        }
    }
}

/// A runtime command a line, typed every 100 ms while requests and checks go on.
pub fn admin(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(loaded) = load("fuzz.ron", OPERATED) else {
        panic!("the scenario of this target cannot be loaded");
    };
    let mut plan = loaded.plan;
    let mut at = plan.clients_start;
    for line in text.lines().take(200) {
        at += balance::Span::from_millis(100);
        plan.timeline.push(Timed {
            at,
            action: Action::Command(line.to_owned()),
        });
    }
    let mut world = World::new(&plan).expect("the plan was checked");
    let mut hearing = (Oracle::new(&plan), Replies::default());
    let ended = world.run(&mut hearing);
    assert_eq!(hearing.1.0, plan.timeline.len(), "a command without reply");
    let violations = hearing
        .0
        .close(ended.is_ok_and(|summary| summary.unfinished == 0));
    assert!(violations.is_empty(), "{}", violations[0]);
}

/// Counts what the runtime API replies.
#[derive(Default)]
struct Replies(usize);

impl Sink for Replies {
    fn interest(&self) -> balance::Interest {
        balance::Interest::Nothing
    }
    fn sample(&mut self, _: &Sample) {}
    fn event(&mut self, _: balance::Moment, _: &Event) {}
    fn reply(&mut self, _: balance::Moment, _: u32, _: &str) {
        self.0 += 1;
    }
}

/// Recordings of a HAProxy, one or several behind one another.
pub fn recording(bytes: &[u8]) {
    let Ok(text) = archive::text(bytes) else {
        return;
    };
    for recording in archive::recordings(&text) {
        match recording {
            Ok(recording) => {
                let _ = Verdict::of(&recording, None);
                let written = recording.write();
                let again = balancelab::conform::Recording::read(&written);
                let again = again.expect("what we wrote can be read");
                assert_eq!(again.write(), written);
            }
            Err(error) => {
                let _ = error.to_string();
            }
        }
    }
}

const REPLAY: &str =
    "(config: \"haproxy.cfg\", clients: { \"log\": arrivals(log: \"haproxy.log\") })";

const BASE: &str = r#"(
    config: "haproxy.cfg",
    nodes: { "s1": (service: "5ms"), "s2": (service: "5ms", session_cookie: "NODESESSID") },
    clients: { "jmeter": thread_group(threads: 2, loops: 5, cookies: keep) },
)"#;

const CONFIG: &str = "\
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend front
    bind :80
    default_backend nodes
backend nodes
    balance roundrobin
    cookie SERVERID insert indirect nocache
    server s1 10.0.0.1:80 check cookie s1
    server s2 10.0.0.2:80 check cookie s2 weight 2
";

/// Two backends, checks, queues, stickiness, slow nodes: something for every command.
const OPERATED: &str = r#"(
    proxy: (
        timeout: (connect: "1s", queue: "2s", server: "3s"),
        backends: {
            "nodes": (
                balance: "roundrobin",
                option: ["httpchk HEAD /", "redispatch"],
                cookie: "SERVERID insert indirect nocache",
                servers: {
                    "s1": (address: "10.0.0.1:80", check: true, maxconn: 2, cookie: "s1"),
                    "s2": (address: "10.0.0.2:80", check: true, slowstart: "1s", cookie: "s2"),
                    "s3": (address: "10.0.0.3:80", backup: true, cookie: "s3"),
                },
            ),
            "others": (
                balance: "leastconn",
                stick_table: "type ip size 10 expire 5s",
                stick: ["on src"],
                servers: {
                    "o1": (address: "10.0.0.4:80", check: true),
                    "o2": (address: "10.0.0.5:80", disabled: true),
                },
            ),
        },
    ),
    nodes: {
        "s1": (service: "300ms", servers: ["nodes/s1"]),
        "s2": (service: "20ms", servers: ["nodes/s2"], session_cookie: "NODESESSID"),
        "s3": (service: "20ms", servers: ["nodes/s3"]),
        "o1": (service: "30ms", servers: ["others/o1"]),
        "o2": (service: "30ms", servers: ["others/o2"]),
    },
    clients: {
        "a": thread_group(threads: 3, duration: "5s", think: "50ms", backend: "nodes", cookies: keep),
        "b": thread_group(threads: 2, duration: "5s", think: "70ms", backend: "nodes", cookies: clear),
        "c": thread_group(threads: 2, duration: "5s", think: "70ms", backend: "others"),
    },
    budget: (events: 200000, time: "10m"),
)"#;
