//! The health-check machine against recordings of a real HAProxy's checks.
//!
//! `tests/lab/checks.json` holds 24 scenarios of HAProxy 2.6.12 with `inter 2s` (unless
//! said) checking small origins that answer, hang, refuse, slow down or fail at given
//! seconds: when each check arrived, and every change of the status and check columns of
//! `show stat`. The core replays each with the same origins.

use balance::config::{Backend, Check, CheckKind, Server};
use balance::{
    BackendId, Config, Event, Input, Moment, NoChance, OrderId, Output, ProbeId, ProbeOutcome,
    ServerId, Span,
};
use serde_json::Value;

/// The real process needs a few milliseconds per check and polls its columns every 20 ms
/// or so; nothing may differ by more.
const TOLERANCE_S: f64 = 0.12;

/// How an origin treats a check.
#[derive(Clone, Debug)]
enum Manner {
    Ok,
    Slow(Span),
    Hang,
    Refuse,
    Reset,
    Status(u16),
}

fn manner(text: &str) -> Manner {
    match text.split_once(':') {
        Some(("slow", millis)) => {
            Manner::Slow(Span::from_millis(millis.parse().expect("a number")))
        }
        Some(("status", status)) => Manner::Status(status.parse().expect("a status")),
        _ => match text {
            "ok" => Manner::Ok,
            "hang" => Manner::Hang,
            "refuse" => Manner::Refuse,
            "reset" => Manner::Reset,
            other => panic!("unknown manner {other}"),
        },
    }
}

fn keywords(text: &str) -> Check {
    let mut check = Check::default();
    let words: Vec<&str> = text.split_whitespace().collect();
    for pair in words.chunks(2) {
        let [name, value] = pair else {
            panic!("keyword without value in {text}")
        };
        let span = || {
            let (number, scale) = value
                .strip_suffix("ms")
                .map_or((value.trim_end_matches('s'), 1000), |n| (n, 1));
            Span::from_millis(number.parse::<u64>().expect("a number") * scale)
        };
        match *name {
            "inter" => check.inter = span(),
            "fastinter" => check.fastinter = Some(span()),
            "downinter" => check.downinter = Some(span()),
            "rise" => check.rise = value.parse().expect("a number"),
            "fall" => check.fall = value.parse().expect("a number"),
            other => panic!("unknown keyword {other}"),
        }
    }
    check
}

fn moment(seconds: f64) -> Moment {
    Moment::from_nanos((seconds.max(0.0) * 1e9) as u64)
}

struct Replay {
    core: balance::Balancer,
    manners: Vec<Manner>,
    pending: Vec<(Moment, ProbeId, u16)>,
    arrivals: Vec<Vec<f64>>,
    changes: Vec<(f64, Vec<[String; 2]>)>,
    log: Vec<String>,
}

impl Replay {
    fn new(scenario: &Value) -> Self {
        let count = scenario["servers"].as_u64().expect("a count") as usize;
        let words: Vec<&str> = scenario["server_keywords"]
            .as_str()
            .expect("text")
            .split(',')
            .collect();
        // The first check of the real process is late by its start-up, so the others come
        // early in comparison. Only the scenarios about starting test the staggering itself.
        let phase = |index: usize| {
            let first =
                |server: usize| scenario["check_arrivals"][format!("s{server}")][0][0].as_f64();
            let staggered = scenario["scenario"]
                .as_str()
                .is_some_and(|name| name.starts_with("start-"));
            let seconds = first(index + 1)? - first(1)?;
            (!staggered && seconds > 0.0).then(|| Span::from_millis((seconds * 1000.0) as u64))
        };
        let servers = (0..count).map(|index| Server {
            name: format!("s{}", index + 1),
            id: Some(index as u32 + 1),
            check: Some(Check {
                first: phase(index),
                ..keywords(words.get(index).unwrap_or(&words[0]))
            }),
            ..Server::default()
        });
        let check = CheckKind::Http {
            method: "GET".into(),
            uri: "/".into(),
            expect: vec![],
            negate: false,
        };
        let backend = Backend {
            name: "be".into(),
            check,
            servers: servers.collect(),
            ..Backend::default()
        };
        let config = Config {
            backends: vec![backend],
            ..Config::default()
        };
        let down = scenario["scenario"] == "down-from-start";
        let mut manners = vec![Manner::Ok; count];
        if down {
            manners[0] = Manner::Refuse;
        }
        Self {
            core: balance::Balancer::new(config, Moment::ZERO).expect("sound"),
            manners,
            pending: Vec::new(),
            arrivals: vec![Vec::new(); count],
            changes: Vec::new(),
            log: Vec::new(),
        }
    }

    fn tell(&mut self, now: Moment, input: Input<'_>) {
        self.core.handle(now, input, &mut NoChance);
        while let Some(output) = self.core.poll() {
            match output {
                Output::Probe(probe) => self.probe(now, probe),
                Output::Abandon(probe) => self.pending.retain(|(_, known, _)| *known != probe),
                Output::Reply(_, text) => assert_eq!(text, ""),
                Output::Note(Event::Logged(alert)) => {
                    let name = format!("be/{}", self.core.server_name(alert.server));
                    self.log.push(alert.text(&name, false));
                }
                _ => {}
            }
        }
        let columns: Vec<[String; 2]> = self
            .core
            .servers(BackendId(0))
            .into_iter()
            .map(|server| self.columns(now, server))
            .collect();
        if self
            .changes
            .last()
            .is_none_or(|(_, known)| *known != columns)
        {
            self.changes.push((now.as_nanos() as f64 / 1e9, columns));
        }
    }

    /// The columns `status` and `check_status` (without the mark of a running check).
    fn columns(&self, _now: Moment, server: ServerId) -> [String; 2] {
        let (code, status) = (
            self.core.check_code(server),
            self.core.status(server).to_string(),
        );
        [
            status,
            code.map_or(String::new(), |code| code.code().to_owned()),
        ]
    }

    fn probe(&mut self, now: Moment, probe: ProbeId) {
        let slot = probe.server.slot as usize;
        let at = now.as_nanos() as f64 / 1e9;
        let outcome = match self.manners[slot].clone() {
            Manner::Refuse => {
                return self.core.handle(
                    now,
                    Input::Probed(probe, ProbeOutcome::Refused),
                    &mut NoChance,
                );
            }
            other => other,
        };
        self.arrivals[slot].push(at);
        self.core.handle(
            now,
            Input::Probed(probe, ProbeOutcome::Connected),
            &mut NoChance,
        );
        match outcome {
            Manner::Ok => self.core.handle(
                now,
                Input::Probed(probe, ProbeOutcome::Status(200, "OK")),
                &mut NoChance,
            ),
            Manner::Status(status) => {
                self.core.handle(
                    now,
                    Input::Probed(probe, ProbeOutcome::Status(status, "X")),
                    &mut NoChance,
                );
            }
            Manner::Reset => self.core.handle(
                now,
                Input::Probed(probe, ProbeOutcome::Reset),
                &mut NoChance,
            ),
            Manner::Slow(span) => self.pending.push((now + span, probe, 200)),
            Manner::Hang | Manner::Refuse => {}
        }
    }

    /// Runs the world up to `until`.
    fn pass(&mut self, until: Moment) {
        loop {
            let answer = self.pending.iter().map(|(at, ..)| *at).min();
            let wake = self.core.next_wake();
            let Some(next) = [answer, wake]
                .into_iter()
                .flatten()
                .min()
                .filter(|at| *at <= until)
            else {
                break;
            };
            if answer == Some(next) {
                let place = self
                    .pending
                    .iter()
                    .position(|(at, ..)| *at == next)
                    .expect("just seen");
                let (_, probe, status) = self.pending.remove(place);
                self.tell(
                    next,
                    Input::Probed(probe, ProbeOutcome::Status(status, "OK")),
                );
            } else {
                self.tell(next, Input::Woke);
            }
        }
    }
}

fn replay(scenario: &Value) -> Vec<String> {
    let name = scenario["scenario"].as_str().expect("a name");
    let mut replay = Replay::new(scenario);
    // The recording's clock starts before the process: its first recorded state tells when.
    let first = |server: usize| {
        scenario["check_arrivals"][format!("s{server}")][0][0]
            .as_f64()
            .expect("a time")
    };
    let states = scenario["states"].as_array().expect("a list");
    let start = if name == "down-from-start" {
        states[0][0].as_f64().expect("a time")
    } else {
        first(1)
    };
    let mut last = 0.0_f64;
    for event in scenario["events"].as_array().expect("a list") {
        let at = moment(event[0].as_f64().expect("a time") - start);
        replay.pass(at);
        match event[2].as_str() {
            Some("") => replay.tell(
                at,
                Input::Ordered(OrderId(0), event[1].as_str().expect("a command")),
            ),
            Some(what) => {
                let server: usize = event[1].as_str().expect("a name")[1..]
                    .parse()
                    .expect("a number");
                replay.manners[server - 1] = manner(what);
            }
            None => panic!("{name}: an event without effect"),
        }
    }
    for server in 1..=replay.arrivals.len() {
        for arrival in scenario["check_arrivals"][format!("s{server}")]
            .as_array()
            .expect("a list")
        {
            last = last.max(arrival[0].as_f64().expect("a time"));
        }
    }
    replay.pass(moment(last - start + TOLERANCE_S));
    compare(name, scenario, &replay, start)
}

/// What differs, in words.
fn compare(name: &str, scenario: &Value, replay: &Replay, start: f64) -> Vec<String> {
    let mut differences = Vec::new();
    for (index, ours) in replay.arrivals.iter().enumerate() {
        let real: Vec<f64> = scenario["check_arrivals"][format!("s{}", index + 1)]
            .as_array()
            .expect("a list")
            .iter()
            .map(|arrival| arrival[0].as_f64().expect("a time") - start)
            .collect();
        // The real first check of other servers suffers from the start-up of the process.
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < TOLERANCE_S;
        if real.len() > ours.len() || !real.iter().zip(ours).all(close) {
            differences.push(format!(
                "{name}: checks of s{} came at {real:.2?}, ours at {ours:.2?}",
                index + 1
            ));
        }
    }
    let states: Vec<(f64, Vec<[String; 2]>)> = scenario["states"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|state| {
            let columns = state.as_array().expect("a list")[1..].iter();
            let columns =
                columns.map(|server| [0, 1].map(|i| server[i].as_str().expect("text").to_owned()));
            (
                state[0].as_f64().expect("a time") - start,
                columns.collect(),
            )
        })
        .collect();
    // With `option log-health-checks`, as recorded, each check has a line of its own and
    // the lines about states give no cause.
    let real: Vec<&str> = scenario["log"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| line[1].as_str().expect("text"))
        .filter(|line| {
            !line.starts_with("Health check for") && !line.contains("has no server available")
        })
        .collect();
    let bare = |line: &String| match (line.find(", reason:"), line.find("ms.")) {
        (Some(from), Some(to)) => format!("{}{}", &line[..from], &line[to + 2..]),
        _ => line.clone(),
    };
    let ours: Vec<String> = replay.log.iter().map(bare).collect();
    if ours != real {
        differences.push(format!(
            "{name}: the log was\n  {real:#?}\nours\n  {ours:#?}"
        ));
    }
    // Before the first check ends, how soon the recorder looked decides what it saw.
    let settled = |list: &[(f64, Vec<[String; 2]>)]| -> Vec<(f64, Vec<[String; 2]>)> {
        let from = list
            .iter()
            .position(|(_, columns)| columns[0][1] != "INI")
            .unwrap_or(0);
        list[from..].to_vec()
    };
    let (real, ours) = (settled(&states), settled(&replay.changes));
    let same = real.len() <= ours.len()
        && real
            .iter()
            .zip(&ours)
            .all(|(a, b)| a.1 == b.1 && (a.0 - b.0).abs() < TOLERANCE_S);
    if !same {
        differences.push(format!(
            "{name}: states were\n  {real:.2?}\nours\n  {ours:.2?}"
        ));
    }
    differences
}

#[test]
fn checks_run_and_count_as_haproxys_do() {
    let text = include_str!("../lab/checks.json");
    let recordings: Value = serde_json::from_str(text).expect("the fixture is JSON");
    let scenarios = recordings["scenarios"].as_array().expect("a list");
    assert_eq!(scenarios.len(), 24);
    let differences: Vec<String> = scenarios.iter().flat_map(replay).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
