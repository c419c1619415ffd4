//! Do threads that follow a plan send what a real JMeter's threads send? Each plan of
//! `tests/jmeter` is run by the JMeter that is installed here, against a server on loopback,
//! and by the lab; what each thread sent is compared, in order, with its cookies.

#![expect(clippy::print_stdout, reason = "a test says what it skipped")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use balance::{Interest, Moment};
use balancelab::lab;
use balancelab::scenario::foreign::{Pieces, assemble};
use balancelab::scenario::import::Env;
use balancelab::scenario::import::haproxy_cfg::read_cfg;
use balancelab::scenario::import::jmx::read_jmx;
use balancelab::scenario::{Files, Overrides};
use balancelab::trace::{Event, Message, Sample, Sink};

use crate::tidy::source::top;

/// Where Debian puts JMeter.
const HOME: &str = "/usr/share/jmeter";

/// One application whose answers name it, and a path that fails.
const CONFIG: &str = "\
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend front
    bind :80
    http-request deny deny_status 500 if { path /fail }
    default_backend nodes
backend nodes
    server s1 192.168.42.11:3000
";

/// One request: when, in milliseconds, what, with which cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    at: u64,
    thread: String,
    path: String,
    cookies: String,
}

impl Asked {
    fn new(at: u64, uri: &str, cookie: Option<&str>) -> Self {
        let (path, thread) = uri.split_once("?t=").unwrap_or((uri, ""));
        let names = cookie.unwrap_or_default().split(';');
        let names = names.filter_map(|pair| pair.split_once('='));
        let mut names: Vec<&str> = names.map(|(name, _)| name.trim()).collect();
        names.sort_unstable();
        Self {
            at,
            thread: thread.to_owned(),
            path: path.to_owned(),
            cookies: names.join("+"),
        }
    }
}

/// What the lab's clients ask.
#[derive(Default)]
struct Heard(Vec<Asked>);

impl Sink for Heard {
    fn interest(&self) -> Interest {
        Interest::Everything
    }
    fn sample(&mut self, _: &Sample) {}
    fn event(&mut self, _: Moment, _: &Event) {}
    fn message(&mut self, at: Moment, message: &Message<'_>) {
        if let Message::Asked { uri, cookie, .. } = message {
            let at = at.as_nanos() / 1_000_000;
            self.0.push(Asked::new(at, uri, *cookie));
        }
    }
}

fn plans() -> PathBuf {
    top().join("tests/jmeter")
}

/// What the lab sends for the plan called `name`.
fn ours(name: &str) -> Vec<Asked> {
    let mut files = Files::default();
    let config = files.add("haproxy.cfg", CONFIG);
    let text = fs::read_to_string(plans().join(name)).expect("the plan is in the repository");
    let plan = files.add(name, text);
    let data = fs::read_to_string(plans().join("data.csv")).expect("so is the data");
    let beside = BTreeMap::from([("data.csv".to_owned(), data)]);
    let imported = read_jmx(&mut files, plan, &[], &beside);
    let pieces = Pieces {
        name: name.to_owned(),
        config: read_cfg(&files, &[config], &Env::default()),
        files,
        clients: Some(imported.clients),
        notes: imported.notes,
        ..Pieces::default()
    };
    // The server on loopback answers at once.
    let fast = ["nodes.s1.service=1ms", "wire.client=0s", "wire.node=0s"];
    let loaded = assemble(pieces, &Overrides::new(fast));
    let loaded = loaded.unwrap_or_else(|refused| panic!("{refused}"));
    let mut heard = Heard::default();
    lab::run(&loaded.plan, &mut heard).expect("it runs");
    heard.0
}

/// What JMeter sends for each of the plans, in the order of `names`.
fn theirs(names: &[&str]) -> Vec<Vec<Asked>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let log = Arc::clone(&asked);
    let begun = Instant::now();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let log = Arc::clone(&log);
            thread::spawn(move || serve(&stream, &log, begun));
        }
    });
    let classes = format!("{HOME}/lib/*:{HOME}/lib/ext/*:/usr/share/java/*");
    let status = Command::new("java")
        .args([
            "-Djava.awt.headless=true",
            "-cp",
            &classes,
            "bsh.Interpreter",
        ])
        .arg(plans().join("run.bsh"))
        .args([HOME, &port.to_string()])
        .args(names.iter().map(|name| plans().join(name)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("java is there").success(), "JMeter failed");
    let asked = asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut by_plan: Vec<Vec<Asked>> = Vec::new();
    for one in asked {
        if one.path.starts_with("/--") {
            by_plan.push(Vec::new());
        } else if let Some(plan) = by_plan.last_mut() {
            plan.push(one);
        }
    }
    by_plan
}

/// Answers as the lab's application does, and writes down what was asked.
fn serve(stream: &TcpStream, log: &Mutex<Vec<Asked>>, begun: Instant) {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let mut head: Vec<String> = Vec::new();
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(read) if read > 0 => {}
                _ => return,
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            head.push(line.to_owned());
        }
        let uri = head.first().and_then(|line| line.split(' ').nth(1));
        let uri = uri.unwrap_or_default();
        let cookie = head.iter().find_map(|line| line.strip_prefix("Cookie: "));
        let at = begun.elapsed().as_millis() as u64;
        log.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Asked::new(at, uri, cookie));
        let known = cookie.is_some_and(|cookie| cookie.contains("NODESESSID="));
        let fails = uri.starts_with("/fail");
        let set = if known || fails {
            ""
        } else {
            "Set-Cookie: NODESESSID=abc; path=/\r\n"
        };
        let status = if fails { "500 Failed" } else { "200 OK" };
        let body = "{\"tag\":\"s1\"}";
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\n{set}Content-Length: {length}\r\n\r\n{body}");
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// What each thread of each group sent, in order.
fn by_thread(asked: &[Asked]) -> BTreeMap<&str, Vec<String>> {
    let mut threads: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for one in asked {
        let line = format!("{} {}", one.path, one.cookies);
        threads.entry(&one.thread).or_default().push(line);
    }
    threads
}

/// The times between the first and each request after the warm-up.
fn times(asked: &[Asked]) -> Vec<(u64, &str)> {
    let measured = asked.iter().filter(|one| one.path != "/w");
    let measured: Vec<&Asked> = measured.collect();
    let first = measured.first().map_or(0, |one| one.at);
    measured
        .iter()
        .map(|one| (one.at - first, one.path.as_str()))
        .collect()
}

#[test]
fn jmeter_sends_the_same() {
    let missing = [
        Path::new(HOME).join("lib/ext/ApacheJMeter_core.jar"),
        Path::new(HOME).join("lib/ext/ApacheJMeter_http.jar"),
    ];
    let java = Command::new("java").arg("-version").output();
    if java.is_err() || missing.iter().any(|file| !file.exists()) {
        println!(
            "skipped, because JMeter 2.13 with its HTTP samplers (Debian: jmeter-http) is not installed"
        );
        return;
    }
    let names = [
        "controllers.jmx",
        "errors.jmx",
        "cookies.jmx",
        "data.jmx",
        "timers.jmx",
        "threads.jmx",
        "random.jmx",
    ];
    let theirs = theirs(&names);
    assert_eq!(theirs.len(), names.len());
    for (name, theirs) in names.iter().zip(&theirs) {
        let ours = ours(name);
        match *name {
            "random.jmx" => random(&ours, theirs),
            "threads.jmx" => assert_eq!(ours.len(), theirs.len(), "{name}"),
            _ => assert_eq!(by_thread(&ours), by_thread(theirs), "{name}"),
        }
        if ["timers.jmx", "threads.jmx"].contains(name) {
            alike(&times(&ours), &times(theirs));
        }
        println!("{name}: {} requests are the same", ours.len());
    }
}

/// Requests come at nearly the same times: JMeter's are as exact as this machine is free.
#[track_caller]
fn alike(ours: &[(u64, &str)], theirs: &[(u64, &str)]) {
    for (index, (ours_at, path)) in ours.iter().enumerate() {
        let (their_at, _) = theirs[index];
        assert!(
            ours_at.abs_diff(their_at) < 500 + ours_at / 10,
            "request {index}, {path}: ours at {ours_at} ms, theirs at {their_at} ms"
        );
    }
}

/// Orders are drawn anew, but each choice has its share and each round is whole.
fn random(ours: &[Asked], theirs: &[Asked]) {
    for asked in [ours, theirs] {
        assert_eq!(asked.len(), 20 * 3 + 200);
        let (rounds, choices) = asked.split_at(60);
        for round in rounds.chunks(3) {
            let mut paths: Vec<&str> = round.iter().map(|one| one.path.as_str()).collect();
            paths.sort_unstable();
            assert_eq!(paths, ["/a", "/b", "/c"]);
        }
        let a = choices.iter().filter(|one| one.path == "/a").count();
        assert!((60..=140).contains(&a), "{a} of 200");
    }
}
