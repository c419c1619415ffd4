//! The lab against recordings of the real lab on loopback.
//!
//! `tests/lab/runs.jsonl` holds one run per line: HAProxy 2.6.12 in front of two Node.js
//! applications (Express, express-session) that sleep in their handler, and a closed-loop
//! client without think time (or 20 ms where it says so). Each is set up again in virtual
//! time with the recorded phase of the health checks, and must come out the same: counts
//! and sequences exactly, what is made of sleeps and timers within the noise of a busy
//! machine. Moments count from the client's start, in seconds.
//!
//! Not among them are set-ups that differ from themselves when recorded twice, because a
//! race of a millisecond decides what follows (does a client's next request reach the node
//! before it looks again?): many clients without think time on one slow node.

use balance::config::{Backend, Balance, Check, CheckKind, Cookie, Server};
use balance::{BackendId, By, Config, Event, Interest, Moment, ServerId, Span};
use balancelab::lab;
use balancelab::plan::{
    Action, Browser, Budget, Client, Node, Plan, Reach, RequestLine, RuleLines, Sampled, Step,
    ThreadGroup, Timed, Wire,
};
use balancelab::trace::{self, Sample, Sink};
use serde::Deserialize;

#[derive(Deserialize)]
struct Run {
    #[serde(rename = "run")]
    name: String,
    balance: String,
    cookie: Option<String>,
    weights: [u32; 2],
    maxconn: [u32; 2],
    delay_ms: [u64; 2],
    threads: u32,
    loops: Option<u64>,
    duration_s: Option<u64>,
    #[serde(default)]
    think_ms: u64,
    clear: bool,
    /// Whether s1 was stopped instead of being slowed.
    stopped: bool,
    proxy_start_s: f64,
    /// When the delays were set, or s1 was stopped.
    act_s: f64,
    /// The last check of each server before the clients started.
    last_check_s: [f64; 2],
    #[serde(flatten)]
    outcome: Outcome,
}

/// What is compared, as far as it was recorded.
#[derive(Deserialize)]
struct Outcome {
    served: Option<[Option<usize>; 2]>,
    errors: Option<usize>,
    /// By the algorithm (`lbtot`).
    placed: Option<[usize; 2]>,
    status: Option<[String; 2]>,
    down_s: Option<Vec<f64>>,
    up_s: Option<Vec<f64>>,
    mean_ms: Option<f64>,
    deviation_ms: Option<f64>,
    s1_mean_ms: Option<f64>,
    /// For each thread the pattern that its picks repeat.
    picks: Option<Vec<Option<String>>>,
    /// The first picks and how long they took.
    first: Option<(String, Vec<f64>)>,
    /// Thread and elapsed time of what s1 answered, in order of sending.
    slow_ms: Option<Vec<(u32, f64)>>,
    /// The hand-out's task 3, one entry per thing done.
    steps: Option<Vec<Done>>,
}

/// Something done in task 3.
#[derive(Deserialize)]
#[serde(untagged)]
enum Done {
    Ordered {
        at_s: f64,
        order: String,
        /// What both servers' status reads right after.
        status: [String; 2],
    },
    Visited {
        at_s: f64,
        browser: String,
        /// Whether the browser sent no cookies.
        cleared: bool,
        server: String,
        /// `sessionViews` of the page.
        views: u32,
    },
}

fn recordings() -> Vec<Run> {
    let text = include_str!("../lab/runs.jsonl");
    let lines = text.lines();
    let run = |line| serde_json::from_str(line).expect("a run");
    lines.map(run).collect()
}

/// A span of so many seconds, 0 at least.
fn span(seconds: f64) -> Span {
    Span::from_nanos((seconds.max(0.0) * 1e9).round() as u64)
}

impl Run {
    /// A moment of the recording, in virtual time.
    fn at(&self, seconds: f64) -> Moment {
        Moment::ZERO + span(seconds - self.proxy_start_s)
    }

    fn config(&self) -> Config {
        let server = |slot: usize| {
            let first = span(self.last_check_s[slot] - self.proxy_start_s);
            Server {
                name: format!("s{}", slot + 1),
                weight: self.weights[slot],
                maxconn: self.maxconn[slot],
                cookie: self.cookie.as_ref().map(|_| format!("s{}", slot + 1)),
                check: Some(Check {
                    first: Some(first),
                    ..Check::default()
                }),
                ..Server::default()
            }
        };
        let words: Option<Vec<&str>> = self
            .cookie
            .as_ref()
            .map(|text| text.split_whitespace().collect());
        Config {
            backends: vec![Backend {
                name: "nodes".to_owned(),
                balance: Balance::parse(&[&self.balance]).expect("an algorithm"),
                cookie: words.map(|words| Cookie::parse(&words).expect("a cookie")),
                timeout_connect: Some(Span::from_secs(5)),
                timeout_server: Some(Span::from_secs(50)),
                check: CheckKind::Http {
                    method: "HEAD".to_owned(),
                    uri: "/".to_owned(),
                    expect: Vec::new(),
                    negate: false,
                },
                servers: vec![server(0), server(1)],
                ..Backend::default()
            }],
            ..Config::default()
        }
    }

    fn plan(&self) -> Plan {
        let node = |slot: u32| Node {
            name: format!("s{}", slot + 1),
            servers: vec![ServerId {
                backend: BackendId(0),
                slot,
            }],
            workers: 1,
            // What the recorded requests took without a delay, 1 to 2 ms.
            service: Sampled::Uniform(Span::from_micros(500), Span::from_micros(2500)),
            delay: Span::ZERO,
            event_loop: true,
            session_cookie: Some("NODESESSID".to_owned()),
            status: 200,
            reach: Reach::Listening,
            keep_alive: true,
        };
        let mut plan = Plan {
            scenario: self.name.clone(),
            title: String::new(),
            notes: String::new(),
            seed: 1,
            proxy: self.config(),
            rules: RuleLines::default(),
            nodes: vec![node(0), node(1)],
            clients: Vec::new(),
            timeline: Vec::new(),
            expect: Vec::new(),
            ask: Vec::new(),
            wire: Wire {
                client: Span::from_micros(100),
                node: Span::from_micros(100),
                stall: Span::ZERO,
                stall_per_mille: 0,
            },
            clients_start: self.at(0.0),
            budget: Budget::default(),
        };
        match &self.outcome.steps {
            Some(steps) => self.add_script(&mut plan, steps),
            None => self.add_threads(&mut plan),
        }
        plan
    }

    fn add_threads(&self, plan: &mut Plan) {
        plan.clients.push(Client::Threads(ThreadGroup {
            name: "jmeter".to_owned(),
            threads: self.threads,
            loops: self.loops,
            duration: self.duration_s.map(Span::from_secs),
            ramp_up: Span::from_secs(1),
            think: Sampled::Constant(Span::from_millis(self.think_ms)),
            clear_cookies: self.clear,
            cookies: true,
            keep_alive: true,
            connect_timeout: None,
            response_timeout: None,
            request: request(),
            start: plan.clients_start,
        }));
        let mut act = |action| {
            let at = self.at(self.act_s);
            plan.timeline.push(Timed { at, action });
        };
        if self.stopped {
            act(Action::Stop {
                node: 0,
                reach: Reach::Refusing,
            });
        }
        for (node, &millis) in self.delay_ms.iter().enumerate() {
            if millis > 0 {
                let to = Span::from_millis(millis);
                act(Action::Delay { node, to });
            }
        }
    }

    /// Two browsers and an operator who take turns, 10 ms apart unless they wait longer.
    fn add_script(&self, plan: &mut Plan, steps: &[Done]) {
        let mut scripts = [("A", Vec::new()), ("B", Vec::new())];
        let mut now = 0.0;
        for step in steps {
            match step {
                Done::Ordered { at_s, order, .. } => {
                    now = at_s.max(now + 0.01);
                    for line in [order.as_str(), "show stat"] {
                        plan.timeline.push(Timed {
                            at: self.at(now),
                            action: Action::Command(line.to_owned()),
                        });
                    }
                }
                Done::Visited {
                    at_s,
                    browser,
                    cleared,
                    ..
                } => {
                    now = at_s.max(now + 0.01);
                    let script = scripts.iter_mut().find(|(name, _)| name == browser);
                    let (_, script) = script.expect("browser A or B");
                    if *cleared {
                        script.push(Step::ClearCookies);
                    }
                    script.push(Step::Until(self.at(now)));
                    script.push(Step::Visit(1));
                }
            }
        }
        for (name, steps) in scripts {
            plan.clients.push(Client::Browser(Browser {
                name: name.to_owned(),
                request: request(),
                pause: Span::ZERO,
                steps,
                start: plan.clients_start,
            }));
        }
    }
}

fn request() -> RequestLine {
    RequestLine {
        method: "GET".to_owned(),
        uri: "/".to_owned(),
        headers: Vec::new(),
        source: core::net::IpAddr::from([192, 168, 42, 1]),
        backend: BackendId(0),
        door: None,
    }
}

/// A server's status changed.
struct Change {
    at: Moment,
    server: ServerId,
    from: String,
    to: String,
}

/// Everything a run in virtual time told.
#[derive(Default)]
struct Told {
    /// In order of sending.
    samples: Vec<Sample>,
    changes: Vec<Change>,
    replies: Vec<String>,
}

impl Sink for Told {
    fn interest(&self) -> Interest {
        Interest::States
    }
    fn sample(&mut self, sample: &Sample) {
        self.samples.push(*sample);
    }
    fn event(&mut self, at: Moment, event: &trace::Event) {
        if let trace::Event::Balancer(Event::StateChanged {
            server, from, to, ..
        }) = *event
        {
            let (from, to) = (from.to_string(), to.to_string());
            self.changes.push(Change {
                at,
                server,
                from,
                to,
            });
        }
    }
    fn reply(&mut self, _: Moment, _: u32, text: &str) {
        self.replies.push(text.to_owned());
    }
}

impl Told {
    fn of(run: &Run) -> Self {
        let mut told = Self::default();
        lab::run(&run.plan(), &mut told).expect("a run that ends");
        told.samples.sort_by_key(|sample| sample.sent);
        told
    }

    /// How a sample is written: `1`, `2`, or `x` for an error.
    fn pick(sample: &Sample) -> char {
        match (sample.is_error(), sample.server) {
            (false, Some(server)) if server.slot == 0 => '1',
            (false, Some(_)) => '2',
            _ => 'x',
        }
    }

    fn on(&self, pick: char) -> impl Iterator<Item = &Sample> {
        let chosen = move |sample: &&Sample| Self::pick(sample) == pick;
        self.samples.iter().filter(chosen)
    }

    /// When s1 came UP or went DOWN, from the client's start on.
    fn became(&self, run: &Run, status: &str) -> Vec<f64> {
        let start = run.at(0.0);
        let own = self.changes.iter().filter(|change| change.server.slot == 0);
        own.filter(|change| change.at >= start && change.to == status)
            .filter(|change| change.from.starts_with("DOWN") != (status == "DOWN"))
            .map(|change| change.at.since(start).as_nanos() as f64 / 1e9)
            .collect()
    }
}

fn millis(sample: &Sample) -> f64 {
    sample.elapsed.as_nanos() as f64 / 1e6
}

fn mean_and_deviation(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (mean, (squares.sum::<f64>() / count).sqrt())
}

/// Collects what differs, so that one look shows all of it.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn check(&mut self, run: &Run, what: &str, fine: bool, seen: &dyn std::fmt::Debug) {
        if !fine {
            self.0.push(format!("{}: {what}: {seen:?}", run.name));
        }
    }

    fn none(self) {
        assert!(self.0.is_empty(), "\n{}", self.0.join("\n"));
    }
}

/// Compares what a run in virtual time told with the recording.
fn compare(run: &Run, told: &Told, found: &mut Differences) {
    let outcome = &run.outcome;
    compare_counts(run, told, found);
    compare_picks(run, told, found);
    compare_changes(run, told, found);
    if let Some(recorded) = &outcome.slow_ms {
        for thread in 0..run.threads {
            let own = recorded.iter().filter(|(of, _)| *of == thread);
            let recorded: Vec<f64> = own.map(|(_, millis)| *millis).collect();
            let own = told.on('1').filter(|sample| sample.thread == thread);
            let told: Vec<f64> = own.map(millis).take(recorded.len()).collect();
            let fine = told.len() == recorded.len()
                && told.iter().zip(&recorded).all(|(told, recorded)| {
                    // The real one is late by its noise, a little for each sleep in it.
                    (-5.0..30.0 + recorded / 50.0).contains(&(recorded - told))
                });
            found.check(run, "elapsed on s1", fine, &(thread, recorded, told));
        }
    } else if let (Some(mean), Some(deviation)) = (outcome.mean_ms, outcome.deviation_ms)
        && run.delay_ms[0] > 0
        && run.balance != "leastconn"
    {
        let told = mean_and_deviation(told.samples.iter().map(millis));
        let fine =
            (0.9..1.02).contains(&(told.0 / mean)) && (0.88..1.07).contains(&(told.1 / deviation));
        found.check(run, "elapsed", fine, &(mean, deviation, told));
    }
    if let Some(mean) = outcome.s1_mean_ms {
        let told = mean_and_deviation(told.on('1').map(millis));
        let fine = (0.97..1.03).contains(&(told.0 / mean));
        found.check(run, "mean on s1", fine, &(mean, told));
    }
}

fn compare_counts(run: &Run, told: &Told, found: &mut Differences) {
    let outcome = &run.outcome;
    let counts = ['1', '2', 'x'].map(|pick| told.on(pick).count());
    // Two equally busy servers: whose answer comes first decides, and nothing else does.
    let slack = if run.balance == "leastconn" {
        told.samples.len() / 12
    } else {
        0
    };
    let close = |recorded: usize, told: usize| recorded.abs_diff(told) <= slack;
    if let Some(served) = outcome.served {
        let fine = (0..2).all(|slot| served[slot].is_none_or(|n| close(n, counts[slot])));
        found.check(run, "served", fine, &(served, counts));
    }
    if let Some(errors) = outcome.errors {
        found.check(run, "errors", errors == counts[2], &(errors, counts));
    }
    if let Some(recorded) = outcome.placed {
        let placed = [0, 1].map(|slot| {
            let placed = |sample: &&Sample| {
                sample.by == Some(By::Algorithm)
                    && sample.server.is_some_and(|server| server.slot == slot)
            };
            told.samples.iter().filter(placed).count()
        });
        let fine = (0..2).all(|slot| close(recorded[slot], placed[slot]));
        found.check(run, "placed", fine, &(recorded, placed));
    }
}

fn compare_picks(run: &Run, told: &Told, found: &mut Differences) {
    for (thread, pattern) in (0..).zip(run.outcome.picks.iter().flatten()) {
        let Some(pattern) = pattern else { continue };
        let own = told.samples.iter().filter(|sample| sample.thread == thread);
        let fine = own
            .map(Told::pick)
            .zip(pattern.chars().cycle())
            .all(|(told, recorded)| told == recorded);
        found.check(run, "picks", fine, &(thread, pattern));
    }
    if let Some((picks, elapsed)) = &run.outcome.first {
        let first = &told.samples[..elapsed.len()];
        let fine = first.iter().map(Told::pick).eq(picks.chars())
            && first
                .iter()
                .zip(elapsed)
                .all(|(told, recorded)| (-5.0..80.0).contains(&(recorded - millis(told))));
        let seen: Vec<_> = first.iter().map(|s| (Told::pick(s), millis(s))).collect();
        found.check(run, "first", fine, &(picks, elapsed, seen));
    }
}

fn compare_changes(run: &Run, told: &Told, found: &mut Differences) {
    for (status, recorded) in [("DOWN", &run.outcome.down_s), ("UP", &run.outcome.up_s)] {
        let Some(recorded) = recorded else { continue };
        let told = told.became(run, status);
        let fine = told.len() == recorded.len()
            && told
                .iter()
                .zip(recorded)
                .all(|(told, recorded)| (recorded - told).abs() < 0.1);
        found.check(run, status, fine, &(recorded, told));
    }
    if let Some(recorded) = &run.outcome.status {
        let last = [0, 1].map(|slot| {
            let own = told
                .changes
                .iter()
                .filter(|change| change.server.slot == slot);
            own.max_by_key(|change| change.at)
                .map_or("UP", |change| change.to.as_str())
        });
        found.check(run, "status", last == *recorded, &(recorded, last));
    }
}

#[test]
fn every_recorded_run_comes_out_the_same() {
    let mut found = Differences::default();
    for run in recordings() {
        if run.outcome.steps.is_none() {
            compare(&run, &Told::of(&run), &mut found);
        }
    }
    found.none();
}

/// Task 3: who answers while s1 drains, is ready, is in maintenance and ready again; with
/// what `sessionViews`; and how the servers' status reads after every command.
#[test]
fn the_states_of_task_3_come_out_the_same() {
    let mut found = Differences::default();
    let scripted = recordings()
        .into_iter()
        .filter(|run| run.outcome.steps.is_some());
    for run in scripted {
        let told = Told::of(&run);
        let mut samples = told.samples.iter();
        // Each command is followed by `show stat`.
        let mut replies = told.replies.chunks(2);
        let mut views = [0, 0];
        for step in run.outcome.steps.iter().flatten() {
            match step {
                Done::Ordered { order, status, .. } => {
                    let columns = replies.next().map(|pair| statuses(&pair[1]));
                    let fine = columns.as_ref().is_some_and(|columns| columns == status);
                    found.check(&run, order, fine, &(status, columns));
                }
                Done::Visited {
                    at_s,
                    browser,
                    cleared,
                    server,
                    views: recorded,
                } => {
                    let sample = samples.next().expect("a sample for each visit");
                    let views = &mut views[usize::from(browser == "B")];
                    let starts = *cleared || sample.session_restarted;
                    *views = if starts { 1 } else { *views + 1 };
                    let pick = format!("s{}", Told::pick(sample));
                    let fine = pick == *server && views == recorded;
                    found.check(&run, browser, fine, &(at_s, server, recorded, pick, views));
                }
            }
        }
        assert_eq!(samples.next(), None);
    }
    found.none();
}

/// The status column of both servers in the CSV that `show stat` prints.
fn statuses(csv: &str) -> [String; 2] {
    let mut lines = csv.lines();
    let head = lines.next().expect("a head line");
    let column = head.split(',').position(|name| name == "status");
    let column = column.expect("a status column");
    ["s1", "s2"].map(|name| {
        let line = csv
            .lines()
            .find(|line| line.split(',').nth(1) == Some(name));
        let cell = line.and_then(|line| line.split(',').nth(column));
        cell.expect("the server's line").to_owned()
    })
}
