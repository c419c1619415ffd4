//! A hand-made run for the tests of the renderers, and the tests of the whole fold.

use balance::config::{Backend, Check, Config, Server};
use balance::event::{Cause, CheckCode, CheckResult, Status};
use balance::{BackendId, By, RequestId};

use super::*;
use crate::plan::{Bound, Budget, Expectation, RuleLines, Timed, Wire};

fn id(slot: u32) -> ServerId {
    ServerId {
        backend: BackendId(0),
        slot,
    }
}

const END: End = End {
    at: Moment::from_millis(36_000),
    digest: 0xff,
};

/// The lab's two servers; the clients start 10 s after the proxy.
pub(crate) fn plan() -> Plan {
    let server = |name: &str| Server {
        name: name.to_owned(),
        check: Some(Check::default()),
        ..Server::default()
    };
    let claim = |text: &str, server: &str, count| Expectation {
        text: text.to_owned(),
        claim: Claim::Served {
            server: server.to_owned(),
            count,
        },
    };
    Plan {
        scenario: "4.3".to_owned(),
        title: "s1 suddenly needs 2.5 s".to_owned(),
        notes: String::new(),
        seed: 42,
        proxy: Config {
            backends: vec![Backend {
                name: "nodes".to_owned(),
                servers: vec![server("s1"), server("s2")],
                ..Backend::default()
            }],
            ..Config::default()
        },
        rules: RuleLines::default(),
        nodes: Vec::new(),
        clients: Vec::new(),
        timeline: vec![Timed {
            at: Moment::from_millis(12_000),
            action: Action::Command("get weight nodes/s1".to_owned()),
        }],
        expect: vec![
            claim("served(\"s1\", within: (1, 4))", "s1", Bound::Within(1, 4)),
            claim("served(\"s2\", exactly: 1997)", "s2", Bound::Exactly(1997)),
        ],
        ask: Vec::new(),
        wire: Wire {
            client: Span::ZERO,
            node: Span::ZERO,
            stall: Span::ZERO,
            stall_per_mille: 0,
        },
        clients_start: Moment::from_millis(10_000),
        budget: Budget::default(),
    }
}

fn state(server: u32, from: Status, to: Status, cause: Cause) -> Event {
    Event::Balancer(balance::Event::StateChanged {
        server: id(server),
        from,
        to,
        cause,
    })
}

fn timeout() -> Cause {
    Cause::Check(CheckResult {
        code: CheckCode::L7Timeout,
        status: None,
        duration: Span::from_millis(2002),
    })
}

fn passed() -> Cause {
    Cause::Check(CheckResult {
        code: CheckCode::L7Ok,
        status: Some(200),
        duration: Span::from_micros(4100),
    })
}

/// One thread whose requests follow each other: a refused one, three slow ones on s1, and
/// 96 fast ones on s2.
fn tell(sink: &mut impl Sink) {
    let fates = [
        (None, 3000),
        (Some(0), 5000),
        (Some(0), 7550),
        (Some(0), 10_020),
    ]
    .into_iter()
    .chain(std::iter::repeat_n((Some(1), 4), 96));
    let mut now = Moment::from_millis(10_000);
    let going = Status::UpGoingDown(1, 3);
    sink.event(
        Moment::from_millis(500),
        &state(0, going, Status::Up, passed()),
    );
    sink.event(
        Moment::from_millis(21_057),
        &state(0, going, Status::Down, timeout()),
    );
    sink.reply(Moment::from_millis(12_000), 0, "1 (initial 1)\n");
    for (number, (slot, millis)) in fates.enumerate() {
        sink.event(
            now,
            &Event::Sent {
                client: 0,
                thread: 0,
                request: RequestId(0),
            },
        );
        let elapsed = Span::from_millis(millis);
        sink.sample(&Sample {
            client: 0,
            thread: 0,
            server: slot.map(id),
            by: slot.map(|_| match number {
                1 | 4 => By::Algorithm,
                _ => By::Cookie,
            }),
            status: if slot.is_some() { 200 } else { 503 },
            served: slot.is_some(),
            session_restarted: number == 4,
            sent: now,
            elapsed,
        });
        now += elapsed;
    }
}

/// The report of that run.
pub(crate) fn report() -> Report {
    let plan = plan();
    let mut tally = Tally::new(&plan, KeepPicks::All);
    tell(&mut tally);
    tally.close(&plan, &Names::of(&plan.proxy), END)
}

#[test]
fn the_fold_of_a_whole_run() {
    let report = report();
    assert_eq!(report.total.requests, 100);
    let requests: Vec<(&str, u64)> = report
        .servers
        .iter()
        .map(|server| (server.name.as_str(), server.row.requests))
        .collect();
    assert_eq!(requests, [("s1", 3), ("s2", 96)]);
    assert_eq!(report.unanswered.as_ref().map(|row| row.errors), Some(1));
    let s1 = &report.servers[0].state;
    assert_eq!((s1.status.as_str(), s1.since), ("DOWN", Some(11.057)));
    let s2 = &report.servers[1].state;
    assert_eq!((s2.status.as_str(), s2.since), ("UP 1/3", None));
    let oks: Vec<bool> = report.expect.iter().map(|verdict| verdict.ok).collect();
    assert_eq!(oks, [true, false]);
    assert!(!report.is_as_expected());
    // The check that only completed the probation is no transition.
    assert_eq!(report.transitions.len(), 1);
    let picks = report.picks.expect("kept");
    assert_eq!(picks.len(), 100);
    assert_eq!(picks[..3], [None, Some("s1".into()), Some("s1".into())]);
}

#[test]
fn looking_closer_changes_no_number() {
    let plan = plan();
    let close = |keep| {
        let mut tally = Tally::new(&plan, keep);
        tell(&mut tally);
        let names = Names::of(&plan.proxy);
        tally.close(&plan, &names, END)
    };
    let mut close_look = close(KeepPicks::All);
    assert!(close_look.picks.take().is_some());
    assert_eq!(close_look, close(KeepPicks::AsExpected));
}

#[test]
fn picks_cost_nothing_unless_somebody_asks() {
    let mut plan = plan();
    let interest = |plan: &Plan, keep| Tally::new(plan, keep).interest();
    assert_eq!(interest(&plan, KeepPicks::AsExpected), Interest::States);
    assert_eq!(interest(&plan, KeepPicks::All), Interest::Everything);
    plan.expect.push(Expectation {
        text: String::new(),
        claim: Claim::Sequence(vec!["s1".to_owned()]),
    });
    assert_eq!(interest(&plan, KeepPicks::AsExpected), Interest::Everything);
}

#[test]
fn the_clock_reads_negative_before_the_clients() {
    let clock = Clock::starting(Moment::from_millis(10_000));
    assert!((clock.seconds(Moment::from_millis(8_611)) + 1.389).abs() < 1e-12);
    assert!((clock.seconds(Moment::from_nanos(10_000_000_500)) - 1e-6).abs() < 1e-15);
}

#[test]
fn numbers_never_read_minus_zero() {
    assert_eq!(number(-0.0001, 1), "0.0");
    assert_eq!(number(-0.06, 1), "-0.1");
    assert_eq!(number(2.345, 1), "2.3");
}
