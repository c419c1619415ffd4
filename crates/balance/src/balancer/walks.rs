//! Health as checks, traffic and operators move it: when checks run, how many it takes, and
//! what a server is worth on its way up (spec: health checks 2-7, server states 3-6).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::vec;

use super::*;
use crate::chance::NoChance;
use crate::config::{self, Check, CheckKind, InitState, Observe, OnError};
use crate::ids::{AttemptId, OrderId, ProbeId};
use crate::input::{Breach, ProbeOutcome};
use crate::request::{Request, Response};

const GOOD: ProbeOutcome<'_> = ProbeOutcome::Status(200, "OK");
const BAD: ProbeOutcome<'_> = ProbeOutcome::Status(500, "Bad");
const ABSENT: ProbeOutcome<'_> = ProbeOutcome::Status(404, "Absent");

fn balancer(backend: config::Backend) -> Balancer {
    let config = Config {
        backends: vec![config::Backend {
            name: "be".into(),
            ..backend
        }],
        ..Config::default()
    };
    Balancer::new(config, Moment::ZERO).expect("a sound configuration")
}

/// One server `A`, checked by HTTP.
fn one(server: config::Server) -> config::Backend {
    config::Backend {
        check: CheckKind::Http {
            method: "GET".into(),
            uri: "/".into(),
            expect: vec![],
            negate: false,
        },
        disable_on_404: true,
        servers: vec![config::Server {
            name: "A".into(),
            ..server
        }],
        ..config::Backend::default()
    }
}

fn status(it: &Balancer) -> String {
    it.status(it.servers(BackendId(0))[0]).to_string()
}

fn ordered(it: &mut Balancer, line: &str) {
    it.handle(it.now, Input::Ordered(OrderId(0), line), &mut NoChance);
}

/// Passes the time until the next limit; returns the checks that start there.
fn wake(it: &mut Balancer) -> Vec<ProbeId> {
    let at = it.next_wake().expect("a limit runs");
    it.handle(at, Input::Woke, &mut NoChance);
    let outputs = core::iter::from_fn(|| it.poll());
    outputs
        .filter_map(|output| match output {
            Output::Probe(probe) => Some(probe),
            _ => None,
        })
        .collect()
}

/// The next check comes out like this; returns when it ran.
fn check(it: &mut Balancer, outcome: ProbeOutcome<'_>) -> u64 {
    let probes = wake(it);
    it.handle(it.now, Input::Probed(probes[0], outcome), &mut NoChance);
    while it.poll().is_some() {}
    it.now.as_millis()
}

/// For every threshold: as many checks as it says, each counted, at the interval that the
/// health reached asks for.
#[test]
fn thresholds_take_as_many_checks_as_they_say() {
    let sizes = (1..=4).flat_map(|rise| (1..=4).map(move |fall| (rise, fall)));
    for (rise, fall) in sizes {
        let check_settings = Check {
            rise,
            fall,
            inter: Span::from_millis(5_000),
            fastinter: Some(Span::from_millis(1_000)),
            downinter: Some(Span::from_millis(9_000)),
            ..Check::default()
        };
        let mut it = balancer(one(config::Server {
            check: Some(check_settings),
            ..config::Server::default()
        }));
        let mut steps = vec![(GOOD, "UP".to_string(), 5_000)];
        let falling = |word: &str, steps: &mut Vec<(ProbeOutcome<'_>, String, u64)>| {
            for left in (1..fall).rev() {
                steps.push((BAD, alloc::format!("{word} {left}/{fall}"), 1_000));
            }
            steps.push((BAD, "DOWN".into(), 9_000));
            steps.push((BAD, "DOWN".into(), 9_000));
        };
        falling("UP", &mut steps);
        for passed in 1..rise {
            steps.push((GOOD, alloc::format!("DOWN {passed}/{rise}"), 1_000));
        }
        steps.push((GOOD, "UP".into(), 5_000));
        steps.push((ABSENT, "NOLB".into(), 5_000));
        falling("NOLB", &mut steps);
        let mut at = 0;
        for (outcome, expected, interval) in steps {
            assert_eq!(
                check(&mut it, outcome),
                at,
                "{expected} of {rise} and {fall}"
            );
            assert_eq!(status(&it), expected, "rise {rise}, fall {fall}");
            at += interval;
        }
        let counters = &it.backends[0].servers[0].counters;
        assert_eq!(
            counters.chkfail,
            u64::from(2 * fall),
            "rise {rise}, fall {fall}"
        );
        assert_eq!(counters.chkdown, 2);
    }
}

/// Checked examples of the specification (health checks 2).
#[test]
fn first_checks_are_spread() {
    for (inters, starts) in [
        (&[1_500, 1_500, 1_500][..], &[0, 500, 1_000][..]),
        (&[1_200, 3_000, 600], &[0, 1_000, 800]),
        (&[600, 600, 600], &[0, 200, 400]),
    ] {
        let servers = inters.iter().zip(["A", "B", "C"]);
        let servers = servers.map(|(inter, name)| config::Server {
            name: name.into(),
            check: Some(Check {
                inter: Span::from_millis(*inter),
                ..Check::default()
            }),
            ..config::Server::default()
        });
        let mut it = balancer(config::Backend {
            servers: servers.collect(),
            ..config::Backend::default()
        });
        let mut seen = vec![0; inters.len()];
        for _ in inters {
            let probes = wake(&mut it);
            seen[probes[0].server.slot as usize] = it.now.as_millis();
        }
        assert_eq!(seen, starts);
    }
}

/// How long a silent server is waited for (spec: health checks 5).
#[test]
fn a_check_has_a_limit() {
    let span = Span::from_millis;
    for (check, connect, limit) in [
        (None, None, 2_000),
        (None, Some(span(700)), 2_000),
        (Some(span(900)), None, 2_000),
        (Some(span(900)), Some(span(700)), 700),
        (Some(span(900)), Some(span(2_700)), 2_000),
    ] {
        let mut backend = one(config::Server {
            check: Some(Check::default()),
            ..config::Server::default()
        });
        backend.timeout_check = check;
        backend.timeout_connect = connect;
        let mut it = balancer(backend);
        wake(&mut it);
        assert_eq!(it.next_wake(), Some(Moment::from_millis(limit)));
    }
}

/// What passes: a connection where no more is asked for, else the status that is expected.
#[test]
fn what_passes_a_check() {
    let http = |expect: &[(u16, u16)], negate| CheckKind::Http {
        method: "GET".into(),
        uri: "/".into(),
        expect: expect.to_vec(),
        negate,
    };
    let is = |status| ProbeOutcome::Status(status, "reason");
    for (kind, outcome, code) in [
        (CheckKind::Tcp, ProbeOutcome::Connected, CheckCode::L4Ok),
        (
            CheckKind::Tcp,
            ProbeOutcome::Refused,
            CheckCode::L4Connection,
        ),
        (http(&[], false), is(200), CheckCode::L7Ok),
        (http(&[], false), is(399), CheckCode::L7Ok),
        (http(&[], false), is(400), CheckCode::L7Status),
        (
            http(&[(204, 204), (500, 502)], false),
            is(200),
            CheckCode::L7Status,
        ),
        (
            http(&[(204, 204), (500, 502)], false),
            is(204),
            CheckCode::L7Ok,
        ),
        (
            http(&[(204, 204), (500, 502)], false),
            is(501),
            CheckCode::L7Ok,
        ),
        (http(&[(204, 204)], true), is(200), CheckCode::L7Ok),
        (http(&[(204, 204)], true), is(204), CheckCode::L7Status),
    ] {
        let mut backend = one(config::Server {
            check: Some(Check::default()),
            ..config::Server::default()
        });
        backend.check = kind.clone();
        let mut it = balancer(backend);
        let server = it.servers(BackendId(0))[0];
        check(&mut it, outcome);
        assert_eq!(it.check_code(server), Some(code), "{kind:?} {outcome:?}");
        ordered(&mut it, "disable health be/A");
        assert_eq!(it.check_code(server), None, "not while checks are disabled");
        ordered(&mut it, "enable health be/A");
        ordered(&mut it, "set server be/A state maint");
        assert_eq!(it.check_code(server), None, "not in maintenance");
    }
}

/// What requests to a server come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Refused,
    Unanswered,
    Served,
}

/// Requests with these numbers, not used before, come to this.
fn traffic(it: &mut Balancer, numbers: core::ops::Range<u32>, fate: Fate) {
    for number in numbers {
        let request = RequestId(number);
        let arrived = Input::Arrived {
            request,
            backend: BackendId(0),
            facts: &Request::default(),
        };
        let attempt = AttemptId { request, turn: 1 };
        let answer = Response::default();
        let inputs = match fate {
            Fate::Refused => vec![Input::Refused(attempt)],
            Fate::Unanswered => vec![
                Input::Connected(attempt),
                Input::Broken(attempt, Breach::Empty),
            ],
            Fate::Served => vec![
                Input::Connected(attempt),
                Input::Answered(attempt, &answer),
                Input::Finished(attempt, 0),
            ],
        };
        it.handle(it.now, arrived, &mut NoChance);
        for input in inputs {
            it.handle(it.now, input, &mut NoChance);
        }
        while it.poll().is_some() {}
    }
}

/// Traffic counts where it is observed, on its layer, and not while checks are disabled.
#[test]
fn observed_traffic_counts_on_its_layer() {
    let observing = |layer, on_error| {
        let mut it = balancer(one(config::Server {
            check: Some(Check::default()),
            observe: layer,
            error_limit: 2,
            on_error,
            ..config::Server::default()
        }));
        check(&mut it, GOOD);
        it
    };
    for (layer, fate, expected) in [
        (Observe::Layer4, Fate::Refused, "DOWN"),
        (Observe::Layer4, Fate::Unanswered, "UP"),
        (Observe::Layer7, Fate::Refused, "UP"),
        (Observe::Layer7, Fate::Unanswered, "DOWN"),
        (Observe::None, Fate::Refused, "UP"),
        (Observe::None, Fate::Unanswered, "UP"),
    ] {
        let mut it = observing(layer, OnError::MarkDown);
        traffic(&mut it, 0..1, fate);
        assert_eq!(status(&it), "UP", "one is not two");
        traffic(&mut it, 1..2, fate);
        assert_eq!(status(&it), expected, "{layer:?}");
    }
    let mut it = observing(Observe::Layer7, OnError::MarkDown);
    traffic(&mut it, 0..1, Fate::Unanswered);
    traffic(&mut it, 1..2, Fate::Served);
    traffic(&mut it, 2..3, Fate::Unanswered);
    assert_eq!(status(&it), "UP", "a good answer starts the count anew");
    let mut it = observing(Observe::Layer7, OnError::MarkDown);
    ordered(&mut it, "disable health be/A");
    traffic(&mut it, 0..2, Fate::Unanswered);
    ordered(&mut it, "enable health be/A");
    assert_eq!(
        status(&it),
        "UP",
        "without checks nothing could bring it back"
    );
}

/// Sudden death leaves one failure to go; a server that has no more than that goes down.
#[test]
fn sudden_death_takes_what_is_left() {
    for (checks, expected) in [(0, "DOWN"), (1, "UP 1/3")] {
        let mut it = balancer(one(config::Server {
            check: Some(Check::default()),
            observe: Observe::Layer7,
            error_limit: 2,
            on_error: OnError::SuddenDeath,
            ..config::Server::default()
        }));
        for _ in 0..checks {
            check(&mut it, GOOD);
        }
        traffic(&mut it, 0..2, Fate::Unanswered);
        assert_eq!(status(&it), expected, "after {checks} checks");
    }
}

/// `init-state` holds at the start and after each maintenance.
#[test]
fn maintenance_ends_in_the_initial_state() {
    for (init_state, expected) in [
        (InitState::None, "UP 1/3"),
        (InitState::Up, "UP 1/3"),
        (InitState::FullyUp, "UP"),
        (InitState::Down, "DOWN 1/2"),
        (InitState::FullyDown, "DOWN"),
    ] {
        let mut it = balancer(one(config::Server {
            check: Some(Check::default()),
            init_state,
            ..config::Server::default()
        }));
        assert_eq!(status(&it), expected);
        ordered(&mut it, "set server be/A state maint");
        assert_eq!(status(&it), "MAINT");
        ordered(&mut it, "set server be/A state ready");
        assert_eq!(status(&it), expected);
    }
}

/// A stopping server whose checks are disabled shows no count of them.
#[test]
fn without_checks_there_is_no_count() {
    let mut it = balancer(one(config::Server {
        check: Some(Check::default()),
        ..config::Server::default()
    }));
    for outcome in [GOOD, ABSENT, BAD] {
        check(&mut it, outcome);
    }
    assert_eq!(status(&it), "NOLB 2/3");
    ordered(&mut it, "disable health be/A");
    assert_eq!(status(&it), "NOLB");
}

/// Up slowly: from next to nothing to all of its weight, a step a second, never back.
#[test]
fn a_slow_start_only_grows() {
    for (down, up) in [("health down", "health up"), ("state maint", "state ready")] {
        let mut it = balancer(one(config::Server {
            weight: 10,
            slowstart: Span::from_millis(4_000),
            ..config::Server::default()
        }));
        let weight = |it: &Balancer| it.backends[0].farm.members[0].weight;
        assert_eq!(weight(&it), 160);
        ordered(&mut it, &alloc::format!("set server be/A {down}"));
        ordered(&mut it, &alloc::format!("set server be/A {up}"));
        let mut weights = vec![weight(&it)];
        while it.next_wake().is_some() {
            wake(&mut it);
            weights.push(weight(&it));
        }
        assert_eq!(weights, [10, 50, 90, 130, 160], "{up}");
        assert_eq!(it.now, Moment::from_millis(4_000));
    }
}

/// An order that asks for what is there already changes nothing and tells nothing.
#[test]
fn orders_for_what_is_there_say_nothing() {
    for line in ["state ready", "health up", "weight 1"] {
        let mut it = balancer(one(config::Server {
            check: Some(Check::default()),
            ..config::Server::default()
        }));
        it.listen(Interest::Everything);
        check(&mut it, GOOD);
        ordered(&mut it, &alloc::format!("set server be/A {line}"));
        while let Some(output) = it.poll() {
            assert!(!matches!(output, Output::Note(_)), "{line}: {output:?}");
        }
    }
}
