//! The verified tables of the specification, as tables.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::vec;

use super::*;
use crate::chance::NoChance;
use crate::config::{self, Balance, Check, CheckKind, HashKey, HashType, Observe, OnError};
use crate::ids::{AttemptId, OrderId};
use crate::input::ProbeOutcome;
use crate::request::{Request, Response};

/// A backend `be` with these servers.
fn balancer(version: crate::Version, backend: config::Backend) -> Balancer {
    let backend = config::Backend {
        name: "be".into(),
        ..backend
    };
    let config = Config {
        profile: Profile::of(version),
        epoch: 0,
        backends: vec![backend],
        ..Config::default()
    };
    Balancer::new(config, Moment::ZERO).expect("a sound configuration")
}

fn servers(names: &[&str]) -> Vec<config::Server> {
    names
        .iter()
        .map(|name| config::Server {
            name: (*name).into(),
            ..config::Server::default()
        })
        .collect()
}

fn order(balancer: &mut Balancer, at: u64, line: &str) -> String {
    balancer.handle(
        Moment::from_millis(at),
        Input::Ordered(OrderId(0), line),
        &mut NoChance,
    );
    let mut reply = String::new();
    while let Some(output) = balancer.poll() {
        if let Output::Reply(_, text) = output {
            reply = text;
        }
    }
    reply
}

/// The value of `column` for `server` in `show stat`.
fn stat(balancer: &mut Balancer, at: u64, server: &str, column: &str) -> String {
    let csv = order(balancer, at, "show stat");
    let mut lines = csv.lines();
    let header: Vec<&str> = lines
        .next()
        .expect("a header")
        .trim_start_matches("# ")
        .split(',')
        .collect();
    let index = header
        .iter()
        .position(|name| *name == column)
        .expect("a known column");
    let row = lines
        .find(|line| line.split(',').nth(1) == Some(server))
        .expect("a known server");
    row.split(',')
        .nth(index)
        .expect("as many fields as columns")
        .into()
}

/// Sends one request; servers in `dead` refuse, the others answer at once. Returns the
/// server that answered (or the status), how long it took, and the log's retry field.
fn send(
    balancer: &mut Balancer,
    dead: &[&str],
    cookie: Option<&str>,
    silent: bool,
) -> (String, u64, String) {
    let headers: Vec<(&str, &str)> = cookie.iter().map(|value| ("cookie", *value)).collect();
    let facts = Request {
        headers: &headers,
        uri: "/x",
        ..Request::default()
    };
    let request = RequestId(0);
    let mut now = Moment::ZERO;
    balancer.handle(
        now,
        Input::Arrived {
            request,
            backend: BackendId(0),
            facts: &facts,
        },
        &mut NoChance,
    );
    for _ in 0..100 {
        let mut attempt = None;
        while let Some(output) = balancer.poll() {
            match output {
                Output::Dispatch {
                    attempt: new,
                    server,
                } => attempt = Some((new, server)),
                Output::Hangup(_) => attempt = None,
                _ => {}
            }
        }
        if let Some(ending) = balancer.ending(request) {
            let plus = if ending.redispatched { "+" } else { "" };
            let who = match ending.status {
                200 => balancer
                    .server_name(ending.server.expect("somebody answered"))
                    .into(),
                status => {
                    alloc::format!("{status} {}", String::from_utf8_lossy(&ending.flags[..2]))
                }
            };
            return (
                who,
                ending.total.as_millis(),
                alloc::format!("{plus}{}", ending.retries),
            );
        }
        match attempt {
            Some((attempt, server)) if !silent && dead.contains(&balancer.server_name(server)) => {
                balancer.handle(now, Input::Refused(attempt), &mut NoChance);
            }
            Some((attempt, _)) if !silent => {
                balancer.handle(now, Input::Connected(attempt), &mut NoChance);
                balancer.handle(
                    now,
                    Input::Answered(attempt, &Response::default()),
                    &mut NoChance,
                );
                balancer.handle(now, Input::Finished(attempt, 0), &mut NoChance);
            }
            _ => {
                now = balancer.next_wake().expect("something to wait for");
                balancer.handle(now, Input::Woke, &mut NoChance);
            }
        }
    }
    panic!("the request never ends");
}

/// A case: its name, the version, the settings, who is dead, and who answers after how
/// many milliseconds with which retry field.
type Failure = (
    &'static str,
    crate::Version,
    config::Backend,
    &'static [&'static str],
    (&'static str, u64, &'static str),
);

/// Spec queues 5, "Verified".
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn failed_connections_are_retried_and_redispatched_as_verified() {
    use crate::Version::{V2_2, V2_6};
    let uri = || {
        Balance::Hash(HashKey::Uri {
            len: 0,
            depth: 0,
            whole: false,
            path_only: false,
        })
    };
    let consistent = HashType {
        consistent: true,
        avalanche: true,
        ..HashType::default()
    };
    let base = || config::Backend {
        timeout_connect: Some(Span::from_millis(5000)),
        servers: servers(&["A", "B", "C"]),
        ..config::Backend::default()
    };
    let two = || config::Backend {
        servers: servers(&["A", "B"]),
        ..base()
    };
    let one = || config::Backend {
        servers: servers(&["A"]),
        ..base()
    };
    let redispatch = |backend| config::Backend {
        redispatch: Some(-1),
        ..backend
    };
    let rows: Vec<Failure> = vec![
        ("A alone", V2_6, one(), &["A"], ("503 SC", 3000, "3")),
        (
            "retries 1",
            V2_6,
            config::Backend {
                retries: 1,
                ..one()
            },
            &["A"],
            ("503 SC", 1000, "1"),
        ),
        (
            "retries 0",
            V2_6,
            config::Backend {
                retries: 0,
                ..one()
            },
            &["A"],
            ("503 SC", 0, "0"),
        ),
        ("no redispatch", V2_6, two(), &["A"], ("503 SC", 3000, "3")),
        (
            "redispatch",
            V2_6,
            redispatch(two()),
            &["A"],
            ("B", 0, "+1"),
        ),
        (
            "two dead",
            V2_6,
            redispatch(base()),
            &["A", "B"],
            ("C", 0, "+2"),
        ),
        (
            "all dead",
            V2_6,
            redispatch(two()),
            &["A", "B"],
            ("503 SC", 0, "+3"),
        ),
        (
            "leastconn",
            V2_6,
            config::Backend {
                balance: Balance::LeastConn,
                ..redispatch(two())
            },
            &["A"],
            ("B", 0, "+1"),
        ),
        (
            "round robin, 2.2",
            V2_2,
            redispatch(two()),
            &["A"],
            ("B", 0, "+1"),
        ),
        (
            "leastconn, 2.2",
            V2_2,
            config::Backend {
                balance: Balance::LeastConn,
                ..redispatch(two())
            },
            &["A"],
            ("B", 3000, "+3"),
        ),
        (
            "leastconn, redispatch 1, 2.2",
            V2_2,
            config::Backend {
                balance: Balance::LeastConn,
                redispatch: Some(1),
                ..two()
            },
            &["A"],
            ("B", 1000, "+1"),
        ),
        (
            "one server, redispatch",
            V2_6,
            redispatch(one()),
            &["A"],
            ("503 SC", 3000, "3"),
        ),
        (
            "map-based hash",
            V2_6,
            config::Backend {
                balance: uri(),
                ..redispatch(two())
            },
            &["A", "B"],
            ("503 SC", 2000, "3"),
        ),
        (
            "map-based hash, 2.2",
            V2_2,
            config::Backend {
                balance: uri(),
                ..redispatch(two())
            },
            &["A", "B"],
            ("503 SC", 3000, "3"),
        ),
        (
            "consistent hash",
            V2_6,
            config::Backend {
                balance: uri(),
                hash: consistent,
                ..redispatch(two())
            },
            &["A", "B"],
            ("503 SC", 2000, "+3"),
        ),
    ];
    for (case, version, backend, dead, (who, millis, retries)) in rows {
        let mut it = balancer(version, backend);
        let got = send(&mut it, dead, None, false);
        assert_eq!(
            got,
            (who.to_string(), millis, retries.to_string()),
            "{case}"
        );
    }
}

#[test]
fn connections_without_an_answer_are_retried_at_once() {
    let backend = config::Backend {
        timeout_connect: Some(Span::from_millis(300)),
        servers: servers(&["A"]),
        ..config::Backend::default()
    };
    let mut it = balancer(crate::Version::V2_6, backend);
    assert_eq!(
        send(&mut it, &[], None, true),
        ("503 sC".into(), 1200, "3".into())
    );
    assert_eq!(stat(&mut it, 1200, "A", "wretr"), "3");
    assert_eq!(stat(&mut it, 1200, "A", "econ"), "1");
}

/// Spec server states 8: weight 4, slowstart 5 s.
#[test]
fn a_slow_start_grows_by_the_second() {
    for balance in [Balance::RoundRobin, Balance::LeastConn] {
        let mut list = servers(&["A"]);
        list[0].weight = 4;
        list[0].slowstart = Span::from_millis(5000);
        list[0].maxconn = 10;
        let mut it = balancer(
            crate::Version::V2_6,
            config::Backend {
                balance,
                servers: list,
                ..config::Backend::default()
            },
        );
        order(&mut it, 1000, "disable server be/A");
        order(&mut it, 2000, "enable server be/A");
        let rows = [
            (0, 4, "1", "6", 1),
            (1, 16, "1", "25", 2),
            (2, 28, "2", "43", 4),
            (3, 40, "3", "62", 6),
            (4, 52, "4", "81", 8),
            (5, 64, "4", "", 10),
        ];
        for (elapsed, effective, weight, throttle, limit) in rows {
            let at = 2000 + elapsed * 1000;
            while let Some(wake) = it
                .next_wake()
                .filter(|wake| *wake <= Moment::from_millis(at))
            {
                it.handle(wake, Input::Woke, &mut NoChance);
            }
            assert_eq!(
                it.backends[0].farm.members[0].weight, effective,
                "after {elapsed} s"
            );
            assert_eq!(stat(&mut it, at, "A", "weight"), weight);
            assert_eq!(stat(&mut it, at, "A", "throttle"), throttle);
            assert_eq!(
                it.backends[0].farm.limit(0),
                limit,
                "slots after {elapsed} s"
            );
        }
        assert_eq!(it.next_wake(), None, "a warm server needs no more steps");
    }
}

/// Runs the check that is due; `outcome` answers it. Returns `status` and `check_status`.
fn check(it: &mut Balancer, outcome: ProbeOutcome<'_>) -> String {
    let wake = it.next_wake().expect("a check is due");
    it.handle(wake, Input::Woke, &mut NoChance);
    let mut probe = None;
    while let Some(output) = it.poll() {
        if let Output::Probe(new) = output {
            probe = Some(new);
        }
    }
    it.handle(
        wake,
        Input::Probed(probe.expect("a check runs"), outcome),
        &mut NoChance,
    );
    let at = wake.as_millis();
    alloc::format!(
        "{} {}",
        stat(it, at, "A", "status"),
        stat(it, at, "A", "check_status")
    )
}

fn checked(disable_on_404: bool) -> Balancer {
    let mut list = servers(&["A"]);
    list[0].check = Some(Check {
        first: Some(Span::from_millis(1000)),
        ..Check::default()
    });
    let check = CheckKind::Http {
        method: "HEAD".into(),
        uri: "/".into(),
        expect: vec![],
        negate: false,
    };
    balancer(
        crate::Version::V2_6,
        config::Backend {
            check,
            disable_on_404,
            servers: list,
            ..config::Backend::default()
        },
    )
}

/// Spec server states 4, the table of cases.
#[test]
fn statuses_read_as_verified() {
    let good = ProbeOutcome::Status(200, "OK");
    let bad = ProbeOutcome::Status(500, "X");
    let absent = ProbeOutcome::Status(404, "Not Found");
    let mut it = checked(false);
    assert_eq!(stat(&mut it, 0, "A", "status"), "UP 1/3");
    assert_eq!(stat(&mut it, 0, "A", "check_status"), "INI");
    assert_eq!(check(&mut it, good), "UP L7OK");
    assert_eq!(check(&mut it, bad), "UP 2/3 L7STS");
    assert_eq!(check(&mut it, bad), "UP 1/3 L7STS");
    assert_eq!(check(&mut it, bad), "DOWN L7STS");
    assert_eq!(check(&mut it, absent), "DOWN L7STS");
    assert_eq!(check(&mut it, good), "DOWN 1/2 L7OK");
    assert_eq!(
        check(&mut it, bad),
        "DOWN L7STS",
        "one failure on the way up starts anew"
    );
    assert_eq!(check(&mut it, good), "DOWN 1/2 L7OK");
    assert_eq!(check(&mut it, good), "UP L7OK");
    assert_eq!(check(&mut it, absent), "UP 2/3 L7STS");
    let mut it = checked(true);
    assert_eq!(check(&mut it, good), "UP L7OK");
    assert_eq!(check(&mut it, absent), "NOLB L7OKC");
    assert_eq!(check(&mut it, bad), "NOLB 2/3 L7STS");
    assert_eq!(check(&mut it, bad), "NOLB 1/3 L7STS");
    assert_eq!(check(&mut it, bad), "DOWN L7STS");
    assert_eq!(check(&mut it, absent), "DOWN L7STS");
    assert_eq!(check(&mut it, good), "DOWN 1/2 L7OK");
    assert_eq!(check(&mut it, good), "UP L7OK");
    assert_eq!(check(&mut it, absent), "NOLB L7OKC");
    assert_eq!(check(&mut it, good), "UP L7OK");
}

#[test]
fn orders_about_health_read_as_verified() {
    let good = ProbeOutcome::Status(200, "OK");
    let mut it = checked(false);
    assert_eq!(check(&mut it, good), "UP L7OK");
    let mut at = 1100;
    let mut typed = |it: &mut Balancer, line: &str| {
        at += 1;
        assert_eq!(order(it, at, line), "");
        stat(it, at, "A", "status")
    };
    assert_eq!(typed(&mut it, "set server be/A health down"), "DOWN");
    assert_eq!(typed(&mut it, "set server be/A health up"), "UP");
    assert_eq!(typed(&mut it, "set server be/A health stopping"), "NOLB");
    assert_eq!(typed(&mut it, "set server be/A state maint"), "MAINT");
    assert_eq!(typed(&mut it, "set server be/A health up"), "MAINT");
    assert_eq!(typed(&mut it, "set server be/A state ready"), "UP 1/3");
    assert_eq!(typed(&mut it, "disable health be/A"), "no check");
    assert_eq!(typed(&mut it, "enable health be/A"), "UP 1/3");
    assert_eq!(typed(&mut it, "set server be/A state drain"), "DRAIN 1/3");
    assert_eq!(typed(&mut it, "set server be/A weight 0"), "DRAIN 1/3");
    assert_eq!(typed(&mut it, "enable server be/A"), "UP 1/3");
}

/// Spec health checks 7, verified: rise 2, fall 3, error-limit 3.
#[test]
fn observed_errors_act_as_verified() {
    let rows = [
        (OnError::FailCheck, "UP 2/3"),
        (OnError::SuddenDeath, "UP 1/3"),
        (OnError::MarkDown, "DOWN"),
        (OnError::Fastinter, "UP"),
    ];
    for (on_error, status) in rows {
        let mut list = servers(&["A"]);
        list[0].check = Some(Check {
            inter: Span::from_millis(3000),
            fastinter: Some(Span::from_millis(300)),
            ..Check::default()
        });
        list[0].observe = Observe::Layer7;
        list[0].error_limit = 3;
        list[0].on_error = on_error;
        let kind = CheckKind::Http {
            method: "GET".into(),
            uri: "/".into(),
            expect: vec![],
            negate: false,
        };
        let mut it = balancer(
            crate::Version::V2_6,
            config::Backend {
                check: kind,
                servers: list,
                ..config::Backend::default()
            },
        );
        assert_eq!(check(&mut it, ProbeOutcome::Status(200, "OK")), "UP L7OK");
        let facts = Request::default();
        for number in 0..3 {
            let now = Moment::from_millis(1000);
            let request = RequestId(number);
            it.handle(
                now,
                Input::Arrived {
                    request,
                    backend: BackendId(0),
                    facts: &facts,
                },
                &mut NoChance,
            );
            let attempt = AttemptId { request, turn: 1 };
            it.handle(now, Input::Connected(attempt), &mut NoChance);
            let answer = Response {
                status: 500,
                headers: &[],
            };
            it.handle(now, Input::Answered(attempt, &answer), &mut NoChance);
            it.handle(now, Input::Finished(attempt, 0), &mut NoChance);
        }
        assert_eq!(stat(&mut it, 1000, "A", "status"), status, "{on_error:?}");
        assert_eq!(stat(&mut it, 1000, "A", "hanafail"), "1");
        assert_eq!(
            it.next_wake(),
            Some(Moment::from_millis(1300)),
            "the next check is brought forward"
        );
        if on_error == OnError::FailCheck {
            let detected = "Detected 3 consecutive errors, last one was: Wrong http response";
            // The field holds a comma: it is quoted, and split here.
            let csv = order(&mut it, 1000, "show stat");
            assert!(csv.contains(detected), "{csv}");
            assert!(csv.contains("18446744073709551615"));
        }
    }
}

/// Spec server states 7: a tracker follows at once.
#[test]
fn trackers_follow() {
    let mut list = servers(&["A", "B", "C"]);
    list[0].check = Some(Check::default());
    list[1].track = Some((String::new(), "A".into()));
    list[2].track = Some(("be".into(), "B".into()));
    let mut it = balancer(
        crate::Version::V2_6,
        config::Backend {
            servers: list,
            ..config::Backend::default()
        },
    );
    let all = |it: &mut Balancer, line: &str| {
        assert_eq!(order(it, 1, line), "");
        ["A", "B", "C"]
            .map(|server| stat(it, 1, server, "status"))
            .join(", ")
    };
    assert_eq!(
        all(&mut it, "set server be/A health down"),
        "DOWN, DOWN, DOWN"
    );
    assert_eq!(all(&mut it, "set server be/A health up"), "UP, UP, UP");
    assert_eq!(
        all(&mut it, "set server be/A state maint"),
        "MAINT, MAINT (via be/A), MAINT (via be/B)"
    );
    assert_eq!(
        all(&mut it, "set server be/A state drain"),
        "DRAIN 1/3, DRAIN 1/3, DRAIN 1/3"
    );
    assert_eq!(
        all(&mut it, "set server be/A state ready"),
        "UP 1/3, UP 1/3, UP 1/3"
    );
    assert_eq!(
        order(&mut it, 1, "set server be/B health down"),
        "cannot change health on a tracking server.\n"
    );
}

#[test]
fn a_server_marked_down_ends_its_sessions_where_told() {
    let mut list = servers(&["A"]);
    list[0].on_marked_down_shutdown = true;
    let mut it = balancer(
        crate::Version::V2_6,
        config::Backend {
            servers: list,
            ..config::Backend::default()
        },
    );
    let facts = Request::default();
    let request = RequestId(0);
    it.handle(
        Moment::ZERO,
        Input::Arrived {
            request,
            backend: BackendId(0),
            facts: &facts,
        },
        &mut NoChance,
    );
    it.handle(
        Moment::ZERO,
        Input::Connected(AttemptId { request, turn: 1 }),
        &mut NoChance,
    );
    order(&mut it, 5, "set server be/A health down");
    let ending = it.ending(request).expect("killed");
    assert_eq!((ending.status, &ending.flags), (502, b"DH--"));
}

/// Sends a request with this cookie; the server answers with `set`. Returns who answered,
/// the last two letters of the log, and what the client is told to set.
fn visit(
    it: &mut Balancer,
    at: u64,
    cookie: &str,
    set: Option<&str>,
) -> (String, String, Option<Vec<String>>) {
    let now = Moment::from_millis(at);
    let request = RequestId(0);
    let own = [("cookie", cookie)];
    let facts = Request {
        headers: if cookie.is_empty() { &[] } else { &own },
        ..Request::default()
    };
    let arrived = Input::Arrived {
        request,
        backend: BackendId(0),
        facts: &facts,
    };
    it.handle(now, arrived, &mut NoChance);
    let headers: Vec<(&str, &str)> = set.iter().map(|value| ("set-cookie", *value)).collect();
    while let Some(output) = it.poll() {
        if let Output::Dispatch { attempt, .. } = output {
            it.handle(now, Input::Connected(attempt), &mut NoChance);
            let response = Response {
                status: 200,
                headers: &headers,
            };
            it.handle(now, Input::Answered(attempt, &response), &mut NoChance);
            it.handle(now, Input::Finished(attempt, 0), &mut NoChance);
        }
    }
    let ending = it.ending(request).expect("over");
    let server = it
        .server_name(ending.server.expect("somebody answered"))
        .to_string();
    let letters = String::from_utf8_lossy(&ending.flags[2..]).to_string();
    let told = it
        .edits(request)
        .and_then(|edits| edits.set_cookies.clone());
    (server, letters, told)
}

fn sticky(rules: &[&str], cookie: Option<config::Cookie>) -> Balancer {
    let words: Vec<&str> = "type string size 100 expire 3s".split(' ').collect();
    let mut stick = config::Stick::parse(&words).expect("a valid line");
    for rule in rules {
        let words: Vec<&str> = rule.split(' ').collect();
        stick
            .rules
            .push(config::StickRule::parse(&words).expect("a valid line"));
    }
    let mut list = servers(&["A", "B", "C"]);
    for (server, value) in list.iter_mut().zip(["s1", "s2", "s3"]) {
        server.cookie = cookie.is_some().then(|| value.into());
    }
    let backend = config::Backend {
        stick: Some(stick),
        cookie,
        servers: list,
        ..config::Backend::default()
    };
    balancer(crate::Version::V2_6, backend)
}

/// Spec cookies 6, verified: `match` and `store-response`.
#[test]
fn a_stick_table_keeps_sessions_as_verified() {
    let mut it = sticky(
        &[
            "store-response res.cook(NODESESSID)",
            "match req.cook(NODESESSID)",
        ],
        None,
    );
    let who = |it: &mut Balancer, at, cookie: &str, set| visit(it, at, cookie, set).0;
    assert_eq!(who(&mut it, 0, "", Some("NODESESSID=x1; Path=/")), "A");
    assert_eq!(who(&mut it, 1, "NODESESSID=x1", None), "A");
    assert_eq!(who(&mut it, 2, "NODESESSID=x1", None), "A");
    assert_eq!(who(&mut it, 3, "NODESESSID=unk", None), "B");
    assert_eq!(order(&mut it, 4, "disable server be/B"), "");
    assert_eq!(who(&mut it, 5, "NODESESSID=x1", None), "A");
    let table = order(&mut it, 5, "show table be");
    assert!(
        table.starts_with("# table: be, type: string, size:100, used:1\n"),
        "{table}"
    );
    assert!(
        table.contains(": key=x1 use=0 exp=3000 server_id=1 server_key=A\n"),
        "{table}"
    );
    assert_eq!(who(&mut it, 4000, "NODESESSID=x1", None), "C");
    assert_eq!(
        order(&mut it, 4000, "show table"),
        "# table: be, type: string, size:100, used:0\n"
    );
    assert_eq!(order(&mut it, 4000, "show table other"), "No such table\n");
}

/// The same with `stick on`: what is asked for is also learnt.
#[test]
fn a_stick_table_follows_a_moved_session() {
    let rules = [
        "store-response res.cook(NODESESSID)",
        "on req.cook(NODESESSID)",
    ];
    let mut it = sticky(&rules, None);
    let who = |it: &mut Balancer, at, cookie: &str, set| visit(it, at, cookie, set).0;
    assert_eq!(who(&mut it, 0, "", Some("NODESESSID=x1; Path=/")), "A");
    assert_eq!(who(&mut it, 1, "NODESESSID=unk", None), "B");
    assert_eq!(who(&mut it, 2, "NODESESSID=unk", None), "B");
    assert_eq!(order(&mut it, 3, "disable server be/A"), "");
    assert_eq!(who(&mut it, 4, "NODESESSID=x1", None), "C");
    assert_eq!(order(&mut it, 5, "enable server be/A"), "");
    assert_eq!(who(&mut it, 6, "NODESESSID=x1", None), "C");
}

/// With a cookie too: the cookie wins, and the entry moves with it.
#[test]
fn a_cookie_wins_over_a_stick_table() {
    let words: Vec<&str> = "SRV insert indirect".split(' ').collect();
    let cookie = config::Cookie::parse(&words).expect("a valid line");
    let rules = [
        "store-response res.cook(NODESESSID)",
        "on req.cook(NODESESSID)",
    ];
    let mut it = sticky(&rules, Some(cookie));
    let first = visit(&mut it, 0, "", Some("NODESESSID=x1; Path=/"));
    let both = vec![
        "NODESESSID=x1; Path=/".to_string(),
        "SRV=s1; path=/".to_string(),
    ];
    assert_eq!(first, ("A".into(), "NI".into(), Some(both)));
    assert_eq!(
        visit(&mut it, 1, "NODESESSID=x1", None),
        ("A".into(), "NN".into(), None)
    );
    assert_eq!(
        visit(&mut it, 2, "NODESESSID=x1; SRV=s3", None),
        ("C".into(), "VN".into(), None)
    );
    let table = order(&mut it, 3, "show table be");
    assert!(
        table.contains("key=x1 use=0 exp=2999 server_id=3 server_key=C"),
        "{table}"
    );
}

/// Spec cookies 5, verified: `force-persist`, `ignore-persist` and `use-server`, each with
/// the request's cookie, who serves it, the log's letters and what is set.
#[test]
fn persistence_rules_act_as_verified() {
    use crate::rule::{Condition, PersistRule, UseServer};
    let words: Vec<&str> = "SERVERID insert indirect nocache".split(' ').collect();
    let cookie = config::Cookie::parse(&words).expect("a valid line");
    let backend = |change: &dyn Fn(&mut config::Backend)| {
        let mut list = servers(&["A", "B"]);
        for (server, value) in list.iter_mut().zip(["s1", "s2"]) {
            server.cookie = Some(value.into());
        }
        let mut backend = config::Backend {
            cookie: Some(cookie.clone()),
            servers: list,
            ..config::Backend::default()
        };
        change(&mut backend);
        balancer(crate::Version::V2_6, backend)
    };
    let mut forced =
        backend(&|it| it.persist_rules = vec![PersistRule::Force(Condition::always())]);
    order(&mut forced, 0, "disable server be/B");
    assert_eq!(
        visit(&mut forced, 1, "SERVERID=s2", None),
        ("B".into(), "DN".into(), None)
    );
    let mut ignored =
        backend(&|it| it.persist_rules = vec![PersistRule::Ignore(Condition::always())]);
    assert_eq!(
        visit(&mut ignored, 0, "SERVERID=s2", None),
        ("A".into(), "UN".into(), None)
    );
    assert_eq!(
        visit(&mut ignored, 1, "", None),
        ("B".into(), "NN".into(), None)
    );
    let rule = UseServer::named("A", Condition::always());
    let mut chosen = backend(&|it| it.use_server = vec![rule.clone()]);
    assert_eq!(
        visit(&mut chosen, 0, "SERVERID=s2", None),
        ("A".into(), "UN".into(), None)
    );
    assert_eq!(
        visit(&mut chosen, 1, "", None),
        ("A".into(), "NN".into(), None)
    );
    // A rule whose server is down is passed over.
    order(&mut chosen, 2, "set server be/A health down");
    assert_eq!(
        visit(&mut chosen, 3, "SERVERID=s2", None),
        ("B".into(), "VN".into(), None)
    );
}
