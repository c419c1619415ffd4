//! Dialogues with a balancer: what goes in, what comes out.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::vec;

use super::*;
use crate::chance::NoChance;
use crate::config;
use crate::ids::{AttemptId, OrderId};
use crate::request::{Request, Response};

fn server(name: &str) -> config::Server {
    config::Server {
        name: name.into(),
        ..config::Server::default()
    }
}

fn balancer(servers: Vec<config::Server>, change: impl Fn(&mut config::Backend)) -> Balancer {
    let mut backend = config::Backend {
        name: "be".into(),
        servers,
        ..config::Backend::default()
    };
    change(&mut backend);
    let config = Config {
        backends: vec![backend],
        ..Config::default()
    };
    Balancer::new(config, Moment::ZERO).expect("a sound configuration")
}

/// Everything the balancer wishes now, as words.
fn drain(balancer: &mut Balancer) -> Vec<String> {
    let mut wishes = Vec::new();
    while let Some(output) = balancer.poll() {
        wishes.push(match output {
            Output::Dispatch { attempt, server } => {
                alloc::format!("{}>{}", attempt.request.0, balancer.server_name(server))
            }
            Output::Answer { request, status } => alloc::format!("{}={status}", request.0),
            Output::Relay { request } => alloc::format!("{}<", request.0),
            Output::Reply(_, text) => text,
            Output::Note(_) => continue,
            other => alloc::format!("{other:?}"),
        });
    }
    wishes
}

fn arrive(balancer: &mut Balancer, at: u64, request: u32) -> Vec<String> {
    let facts = Request::default();
    let input = Input::Arrived {
        request: RequestId(request),
        backend: BackendId(0),
        facts: &facts,
    };
    balancer.handle(Moment::from_millis(at), input, &mut NoChance);
    drain(balancer)
}

fn finish(balancer: &mut Balancer, at: u64, request: u32) -> Vec<String> {
    let now = Moment::from_millis(at);
    let attempt = AttemptId {
        request: RequestId(request),
        turn: balancer.flows[RequestId(request)].turn,
    };
    balancer.handle(now, Input::Connected(attempt), &mut NoChance);
    balancer.handle(
        now,
        Input::Answered(attempt, &Response::default()),
        &mut NoChance,
    );
    balancer.handle(now, Input::Finished(attempt, 100), &mut NoChance);
    drain(balancer)
}

fn order(balancer: &mut Balancer, at: u64, line: &str) -> String {
    balancer.handle(
        Moment::from_millis(at),
        Input::Ordered(OrderId(0), line),
        &mut NoChance,
    );
    drain(balancer).join("|")
}

#[test]
fn a_request_takes_a_slot_and_gives_it_back() {
    let mut it = balancer(vec![server("s1")], |_| {});
    assert_eq!(arrive(&mut it, 0, 7), ["7>s1"]);
    assert_eq!(it.backends[0].farm.served, 1);
    assert_eq!(finish(&mut it, 5, 7), ["7<"]);
    assert_eq!(
        (it.backends[0].farm.served, it.backends[0].farm.connections),
        (0, 0)
    );
    let ending = it.ending(RequestId(7)).expect("it is over");
    assert_eq!(
        (ending.status, &ending.flags, ending.total),
        (200, b"----", Span::from_millis(5))
    );
}

#[test]
fn a_full_server_lets_wait_and_the_first_in_line_starts_when_a_slot_is_free() {
    let mut one = server("s1");
    one.maxconn = 1;
    let mut it = balancer(vec![one], |_| {});
    assert_eq!(arrive(&mut it, 0, 0), ["0>s1"]);
    assert!(arrive(&mut it, 1, 1).is_empty());
    assert!(arrive(&mut it, 2, 2).is_empty());
    assert_eq!(it.backend_queue(BackendId(0)), 2);
    assert_eq!(finish(&mut it, 3, 0), ["0<", "1>s1"]);
    let by = |request| it.placement(RequestId(request)).map(|(_, by)| by);
    assert_eq!(
        [by(0), by(1), by(2)],
        [Some(By::Algorithm), Some(By::Queue), None]
    );
}

/// Who waits in a server's own line was sent there by what chose the server.
#[test]
fn the_line_of_a_server_chooses_nobody() {
    let mut one = server("s1");
    one.maxconn = 1;
    let mut it = balancer(vec![one], |backend| {
        backend.balance = config::Balance::Hash(config::HashKey::Source);
    });
    arrive(&mut it, 0, 0);
    arrive(&mut it, 1, 1);
    assert_eq!(finish(&mut it, 3, 0), ["0<", "1>s1"]);
    let by = it.placement(RequestId(1)).map(|(_, by)| by);
    assert_eq!(by, Some(By::Algorithm));
}

#[test]
fn a_number_in_use_does_not_arrive_again() {
    let mut it = balancer(vec![server("s1")], |_| {});
    it.listen(Interest::Everything);
    arrive(&mut it, 0, 0);
    let before = it.clone();
    let facts = Request::default();
    let input = Input::Arrived {
        request: RequestId(0),
        backend: BackendId(0),
        facts: &facts,
    };
    it.handle(Moment::ZERO, input, &mut NoChance);
    assert_eq!(it.poll(), Some(Output::Note(Event::Ghost)));
    assert!(it == before);
}

#[test]
fn each_backend_serves_its_own() {
    let backend = |name: &str, servers| config::Backend {
        name: name.into(),
        servers,
        ..config::Backend::default()
    };
    let config = Config {
        backends: vec![
            backend("one", vec![server("a")]),
            backend("two", vec![server("b"), server("c")]),
        ],
        ..Config::default()
    };
    let mut it = Balancer::new(config, Moment::ZERO).expect("a sound configuration");
    let two = it.backend_named("two").expect("it exists");
    let facts = Request::default();
    for (number, expected) in [(0, "b"), (1, "c"), (2, "b")] {
        let request = RequestId(number);
        let input = Input::Arrived {
            request,
            backend: two,
            facts: &facts,
        };
        it.handle(Moment::ZERO, input, &mut NoChance);
        assert_eq!(drain(&mut it), [alloc::format!("{number}>{expected}")]);
        let (server, _) = it.placement(request).expect("it is placed");
        assert_eq!((server.backend, it.server_name(server)), (two, expected));
    }
    let connections = [0, 1].map(|index: usize| it.backends[index].farm.connections);
    assert_eq!(connections, [0, 3]);
}

#[test]
fn waiting_has_a_limit() {
    let mut one = server("s1");
    one.maxconn = 1;
    let mut it = balancer(vec![one], |backend| {
        backend.timeout_queue = Some(Span::from_millis(300));
    });
    arrive(&mut it, 0, 0);
    arrive(&mut it, 0, 1);
    assert_eq!(it.next_wake(), Some(Moment::from_millis(300)));
    it.handle(Moment::from_millis(300), Input::Woke, &mut NoChance);
    assert_eq!(drain(&mut it), ["1=503"]);
    assert_eq!(&it.ending(RequestId(1)).expect("over").flags, b"sQ--");
    assert_eq!(it.next_wake(), None);
}

#[test]
fn a_refused_connection_is_tried_three_more_times_a_second_apart() {
    let mut it = balancer(vec![server("s1")], |backend| {
        backend.timeout_connect = Some(Span::from_millis(5000));
    });
    arrive(&mut it, 0, 0);
    for second in 0..3 {
        let now = Moment::from_millis(second * 1000);
        let turn = it.flows[RequestId(0)].turn;
        it.handle(
            now,
            Input::Refused(AttemptId {
                request: RequestId(0),
                turn,
            }),
            &mut NoChance,
        );
        assert!(drain(&mut it).is_empty());
        let wake = it.next_wake().expect("a pause");
        assert_eq!(wake, Moment::from_millis((second + 1) * 1000));
        it.handle(wake, Input::Woke, &mut NoChance);
        assert_eq!(drain(&mut it), ["0>s1"]);
    }
    let turn = it.flows[RequestId(0)].turn;
    it.handle(
        Moment::from_millis(3000),
        Input::Refused(AttemptId {
            request: RequestId(0),
            turn,
        }),
        &mut NoChance,
    );
    assert_eq!(drain(&mut it), ["0=503"]);
    let ending = it.ending(RequestId(0)).expect("over");
    assert_eq!(
        (&ending.flags, ending.retries, ending.total),
        (b"SC--", 3, Span::from_millis(3000))
    );
}

#[test]
fn the_operator_reads_haproxys_words() {
    let mut it = balancer(vec![server("s1"), server("s2")], |_| {});
    assert_eq!(order(&mut it, 0, "set server be/s1 weight 5"), "");
    assert_eq!(order(&mut it, 0, "get weight be/s1"), "5 (initial 1)\n");
    assert_eq!(
        order(&mut it, 0, "disable server be/s3"),
        "No such server.\n"
    );
    assert_eq!(order(&mut it, 0, "disable server be/s1"), "");
    assert_eq!(
        it.status(it.server_named("be", "s1").expect("it exists"))
            .to_string(),
        "MAINT"
    );
    assert_eq!(arrive(&mut it, 1, 0), ["0>s2"]);
}

#[test]
fn a_hung_server_goes_down_at_its_third_late_check() {
    let mut one = server("s1");
    one.check = Some(config::Check::default());
    let mut it = balancer(vec![one], |backend| {
        backend.check = config::CheckKind::Http {
            method: "HEAD".into(),
            uri: "/".into(),
            expect: vec![],
            negate: false,
        };
    });
    let id = it.server_named("be", "s1").expect("it exists");
    let mut seen = Vec::new();
    let mut good = 1;
    while let Some(wake) = it
        .next_wake()
        .filter(|wake| *wake < Moment::from_millis(15_000))
    {
        it.handle(wake, Input::Woke, &mut NoChance);
        while let Some(output) = it.poll() {
            if let Output::Probe(probe) = output {
                it.handle(
                    wake,
                    Input::Probed(probe, crate::ProbeOutcome::Connected),
                    &mut NoChance,
                );
                if good > 0 {
                    good -= 1;
                    it.handle(
                        wake,
                        Input::Probed(probe, crate::ProbeOutcome::Status(200, "OK")),
                        &mut NoChance,
                    );
                }
            }
        }
        seen.push(alloc::format!("{} {}", wake.as_millis(), it.status(id)));
    }
    // A run starts 2 s after the end of the one before, and lasts 2 s.
    assert_eq!(
        seen,
        [
            "0 UP",
            "2000 UP",
            "4000 UP 2/3",
            "6000 UP 2/3",
            "8000 UP 1/3",
            "10000 UP 1/3",
            "12000 DOWN",
            "14000 DOWN"
        ]
    );
}
