//! How requests end, as a table: what befalls the attempts, what the client gets, and every
//! count that the backend and its servers keep of it (spec: http-and-timing 3, queues 6).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::vec;

use super::*;
use crate::Version::{V2_6, V3_4};
use crate::chance::NoChance;
use crate::config::{self, Balance, RetryOn};
use crate::ids::{AttemptId, OrderId};
use crate::input::Breach;
use crate::request::{Request, Response};
use crate::rule::{Condition, PersistRule, UseServer};
use crate::server::Counters;

/// A balancer with the one backend `be`.
fn balancer(version: crate::Version, backend: config::Backend) -> Balancer {
    let config = Config {
        profile: Profile::of(version),
        backends: vec![config::Backend {
            name: "be".into(),
            ..backend
        }],
        ..Config::default()
    };
    Balancer::new(config, Moment::ZERO).expect("a sound configuration")
}

fn servers(names: &[&str]) -> Vec<config::Server> {
    let plain = |name: &&str| config::Server {
        name: (*name).into(),
        ..config::Server::default()
    };
    names.iter().map(plain).collect()
}

/// Time limits that differ from each other.
fn base(names: &[&str]) -> config::Backend {
    config::Backend {
        timeout_connect: Some(Span::from_millis(700)),
        timeout_server: Some(Span::from_millis(500)),
        timeout_queue: Some(Span::from_millis(300)),
        servers: servers(names),
        ..config::Backend::default()
    }
}

/// One or several requests, numbered from 0, and a clock.
struct Stage {
    it: Balancer,
    now: Moment,
    /// The present attempt of each request.
    attempts: Vec<Option<AttemptId>>,
}

impl Stage {
    fn new(it: Balancer) -> Self {
        Self {
            it,
            now: Moment::ZERO,
            attempts: Vec::new(),
        }
    }

    fn tell(&mut self, input: Input<'_>) {
        self.it.handle(self.now, input, &mut NoChance);
        while let Some(output) = self.it.poll() {
            match output {
                Output::Dispatch { attempt, .. } => {
                    self.attempts[attempt.request.0 as usize] = Some(attempt);
                }
                Output::Hangup(attempt) => {
                    let held = self.attempts[attempt.request.0 as usize].take();
                    assert_eq!(held, Some(attempt), "only what is there is hung up");
                }
                _ => {}
            }
        }
    }

    /// Plays words such as `arrive connect 200 finish`. They are about request 0, unless a
    /// number and a colon go before; `wake` passes the time until the next limit.
    fn play(&mut self, script: &str) {
        for word in script.split_whitespace() {
            let (number, what) = word.split_once(':').unwrap_or(("0", word));
            let number: usize = number.parse().expect("a number");
            self.attempts
                .resize(self.attempts.len().max(number + 1), None);
            let request = RequestId(number as u32);
            let held = self.attempts[number];
            let attempt = || held.expect("an attempt is under way");
            match what {
                "arrive" => self.tell(Input::Arrived {
                    request,
                    backend: BackendId(0),
                    facts: &Request::default(),
                }),
                "connect" => self.tell(Input::Connected(attempt())),
                "refuse" => self.tell(Input::Refused(attempt())),
                "finish" => self.tell(Input::Finished(attempt(), 100)),
                "empty" => self.tell(Input::Broken(attempt(), Breach::Empty)),
                "cut" => self.tell(Input::Broken(attempt(), Breach::Cut)),
                "junk" => self.tell(Input::Broken(attempt(), Breach::Junk)),
                "gone" => self.tell(Input::Gone(request)),
                "down" | "up" => {
                    let line = alloc::format!("set server be/A health {what}");
                    self.tell(Input::Ordered(OrderId(0), &line));
                }
                "shutdown" => {
                    let line = "shutdown sessions server be/A";
                    self.tell(Input::Ordered(OrderId(0), line));
                }
                "wake" => {
                    self.now = self.it.next_wake().expect("a limit runs");
                    self.tell(Input::Woke);
                }
                status => {
                    let response = Response {
                        status: status.parse().expect("a known word"),
                        headers: &[],
                    };
                    self.tell(Input::Answered(attempt(), &response));
                }
            }
        }
    }

    /// `503 SC A +1 Tw/Tc/Tr/Ta`
    fn ending(&self, request: u32) -> String {
        let Some(ending) = self.it.ending(RequestId(request)) else {
            return "not over".to_string();
        };
        let time = |span: Option<Span>| span.map_or(-1, |span| span.as_millis() as i64);
        alloc::format!(
            "{} {} {} {}{} {}/{}/{}/{}",
            ending.status,
            String::from_utf8_lossy(&ending.flags[..2]),
            ending
                .server
                .map_or("-", |server| self.it.server_name(server)),
            if ending.redispatched { "+" } else { "" },
            ending.retries,
            time(ending.waited),
            time(ending.connect),
            time(ending.response),
            ending.total.as_millis(),
        )
    }

    /// What the backend counted, then what A counted.
    fn books(&self) -> [String; 2] {
        let backend = &self.it.backends[0];
        [&backend.counters, &backend.servers[0].counters].map(counted)
    }
}

/// Every count that is not 0.
fn counted(counters: &Counters) -> String {
    let mut all = vec![
        ("stot", counters.stot),
        ("lbtot", counters.lbtot),
        ("bout", counters.bout),
        ("econ", counters.econ),
        ("eresp", counters.eresp),
        ("wretr", counters.wretr),
        ("wredis", counters.wredis),
        ("cli_abrt", counters.cli_abrt),
        ("srv_abrt", counters.srv_abrt),
    ];
    all.extend(
        ["1xx", "2xx", "3xx", "4xx", "5xx", "other"]
            .into_iter()
            .zip(counters.hrsp),
    );
    let seen = all.into_iter().filter(|(_, count)| *count > 0);
    let words: Vec<String> = seen
        .map(|(name, count)| alloc::format!("{name} {count}"))
        .collect();
    words.join(", ")
}

/// Plays every line of a table: what happens `->` how request 0 ends `|` the books of the
/// backend `|` those of A, where `=` is the same.
fn hold(version: crate::Version, backend: &config::Backend, table: &str) {
    for line in table.trim().lines() {
        let (script, outcome) = line.split_once("->").expect("a table");
        let columns: Vec<&str> = outcome.split('|').map(str::trim).collect();
        let [ending, of_backend, of_server] = columns[..] else {
            panic!("three columns: {line}");
        };
        let mut stage = Stage::new(balancer(version, backend.clone()));
        stage.play(script);
        let [own, servers] = stage.books();
        assert_eq!(stage.ending(0), ending, "{line}");
        assert_eq!(own, of_backend, "{line}");
        assert_eq!(servers, of_server.replace('=', of_backend), "{line}");
    }
}

/// As haproxy 2.6.12 logs and counts them.
#[test]
fn what_servers_do() {
    let table = "
arrive connect 200 finish -> 200 -- A 0 0/0/0/0 | stot 1, lbtot 1, bout 100, 2xx 1 | =
arrive connect empty -> 502 SH A 0 0/0/-1/0 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1
arrive connect cut -> 502 SH A 0 0/0/-1/0 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1
arrive connect junk -> 502 PH A 0 0/0/-1/0 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1
arrive connect 200 cut -> 200 SD A 0 0/0/0/0 | stot 1, lbtot 1, eresp 1, srv_abrt 1, 2xx 1 | =
arrive connect wake -> 504 sH A 0 0/0/-1/500 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1
arrive connect 404 wake -> 404 sD A 0 0/0/0/500 | stot 1, lbtot 1, srv_abrt 1, 4xx 1 | =
down arrive -> 503 SC - 0 -1/-1/-1/0 | stot 1, econ 1, 5xx 1 |";
    hold(V2_6, &base(&["A"]), table);
    let once = config::Backend {
        retries: 1,
        ..base(&["A"])
    };
    let table = "
arrive wake wake -> 503 sC A 1 0/-1/-1/1400 | stot 1, lbtot 1, econ 1, wretr 1, 5xx 1 | stot 2, lbtot 1, econ 1, wretr 1
arrive refuse wake wake -> 503 SC A 1 0/-1/-1/1400 | stot 1, lbtot 1, econ 1, wretr 1, 5xx 1 | stot 2, lbtot 1, econ 1, wretr 1";
    hold(V2_6, &once, table);
}

/// A retry of an answer counts twice: by itself, and as the retry or redispatch it is.
#[test]
fn answers_that_are_retried() {
    let empty = RetryOn {
        empty_response: true,
        ..RetryOn::default()
    };
    let junk = RetryOn {
        junk_response: true,
        ..RetryOn::default()
    };
    let silent = RetryOn {
        response_timeout: true,
        ..RetryOn::default()
    };
    let status = RetryOn {
        statuses: vec![503],
        ..RetryOn::default()
    };
    for (retry_on, alone, redispatched) in [
        (
            empty,
            "
arrive connect empty connect empty connect cut -> 502 SH A 2 0/0/-1/0 | stot 1, lbtot 1, eresp 1, wretr 4, 5xx 1 | stot 3, lbtot 1, eresp 1, wretr 4
arrive connect empty connect 200 finish -> 200 -- A 1 0/0/0/0 | stot 1, lbtot 1, bout 100, wretr 2, 2xx 1 | stot 2, lbtot 1, bout 100, wretr 2, 2xx 1
arrive connect junk -> 502 PH A 0 0/0/-1/0 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1",
            "
arrive connect empty connect 200 finish -> 200 -- B +1 0/0/0/0 | stot 1, lbtot 2, bout 100, wretr 1, wredis 1, 2xx 1 | stot 1, lbtot 1, wretr 1, wredis 1",
        ),
        (
            junk,
            "
arrive connect junk connect junk connect junk -> 502 PH A 2 0/0/-1/0 | stot 1, lbtot 1, eresp 3, wretr 4, 5xx 1 | stot 3, lbtot 1, eresp 3, wretr 4
arrive connect empty -> 502 SH A 0 0/0/-1/0 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1",
            "
arrive connect junk connect 200 finish -> 200 -- B +1 0/0/0/0 | stot 1, lbtot 2, bout 100, eresp 1, wretr 1, wredis 1, 2xx 1 | stot 1, lbtot 1, eresp 1, wretr 1, wredis 1",
        ),
        (
            silent,
            "
arrive connect wake connect wake connect wake -> 504 sH A 2 0/1000/-1/1500 | stot 1, lbtot 1, eresp 1, wretr 4, 5xx 1 | stot 3, lbtot 1, eresp 1, wretr 4",
            "
arrive connect wake connect 200 finish -> 200 -- B +1 500/0/0/500 | stot 1, lbtot 2, bout 100, wretr 1, wredis 1, 2xx 1 | stot 1, lbtot 1, wretr 1, wredis 1",
        ),
        (
            status,
            "
arrive connect 503 connect 503 connect 503 finish -> 503 -- A 2 0/0/0/0 | stot 1, lbtot 1, bout 100, wretr 4, 5xx 1 | stot 3, lbtot 1, bout 100, wretr 4, 5xx 1
arrive connect 500 finish -> 500 -- A 0 0/0/0/0 | stot 1, lbtot 1, bout 100, 5xx 1 | =",
            "
arrive connect 503 connect 200 finish -> 200 -- B +1 0/0/0/0 | stot 1, lbtot 2, bout 100, wretr 1, wredis 1, 2xx 1 | stot 1, lbtot 1, wretr 1, wredis 1",
        ),
    ] {
        let one = config::Backend {
            retries: 2,
            retry_on,
            ..base(&["A"])
        };
        hold(V2_6, &one, alone);
        let two = config::Backend {
            redispatch: Some(-1),
            servers: servers(&["A", "B"]),
            ..one
        };
        hold(V2_6, &two, redispatched);
    }
}

/// What a client that leaves is booked as, where that is noticed.
#[test]
fn what_clients_do() {
    let unnoticed = "
arrive connect gone 200 finish -> 200 -- A 0 0/0/0/0 | stot 1, lbtot 1, bout 100, 2xx 1 | =";
    hold(V2_6, &base(&["A"]), unnoticed);
    let table = "
arrive gone -> 0 CC A 0 0/-1/-1/0 | stot 1, lbtot 1, other 1 | stot 1, lbtot 1
arrive refuse gone -> 0 CC A 1 0/-1/-1/0 | stot 1, lbtot 1, wretr 1, other 1 | stot 1, lbtot 1, wretr 1
arrive connect gone -> 400 CH A 0 0/0/-1/0 | stot 1, lbtot 1, cli_abrt 1, 4xx 1 | stot 1, lbtot 1, cli_abrt 1
arrive connect 200 gone -> 200 CD A 0 0/0/0/0 | stot 1, lbtot 1, cli_abrt 1, 2xx 1 | =
1:arrive arrive gone -> 0 CQ - 0 -1/-1/-1/0 | stot 2, lbtot 1, other 1 | stot 1, lbtot 1";
    let mut noticed = base(&["A"]);
    noticed.servers[0].maxconn = 1;
    hold(V3_4, &noticed, table);
    noticed.abortonclose = true;
    hold(V2_6, &noticed, table);
}

#[test]
fn what_queues_do() {
    let mut narrow = base(&["A"]);
    narrow.servers[0].maxconn = 1;
    narrow.servers[0].maxqueue = 1;
    let table = "
1:arrive arrive wake -> 503 sQ - 0 -1/-1/-1/300 | stot 2, lbtot 1, econ 1, 5xx 1 | stot 1, lbtot 1";
    hold(V2_6, &narrow, table);
    narrow.balance = Balance::Hash(config::HashKey::Source);
    let table = "
1:arrive arrive wake -> 503 sQ A 0 -1/-1/-1/300 | stot 2, lbtot 2, econ 1, 5xx 1 | stot 1, lbtot 2, econ 1
1:arrive 2:arrive arrive -> 503 SQ A 0 -1/-1/-1/0 | stot 3, lbtot 3, econ 1, 5xx 1 | stot 1, lbtot 3, econ 1";
    hold(V2_6, &narrow, table);
    // Of a single server no key is asked, except by `url_param`: without one it takes turns.
    narrow.balance = Balance::Hash(config::HashKey::Header {
        name: "absent".into(),
        use_domain_only: false,
    });
    hold(V2_6, &narrow, table);
    narrow.balance = Balance::Hash(config::HashKey::UrlParam {
        name: "absent".into(),
        check_post: false,
    });
    let table = "
1:arrive arrive wake -> 503 sQ - 0 -1/-1/-1/300 | stot 2, lbtot 1, econ 1, 5xx 1 | stot 1, lbtot 1";
    hold(V2_6, &narrow, table);
}

/// Who was bound to a full server may leave it where `option redispatch` says so, unless
/// a `force-persist` holds it there.
#[test]
fn a_full_queue_lets_the_bound_go() {
    let mut bound = base(&["A", "B"]);
    bound.servers[0].maxconn = 1;
    bound.servers[0].maxqueue = 1;
    bound.use_server = vec![UseServer::named("A", Condition::always())];
    let refused = "
1:arrive 2:arrive arrive -> 503 SQ A 0 -1/-1/-1/0 | stot 3, econ 1, 5xx 1 | stot 1, econ 1";
    hold(V2_6, &bound, refused);
    bound.redispatch = Some(-1);
    let moved = "
1:arrive 2:arrive arrive connect 200 finish -> 200 -- B +0 0/0/0/0 | stot 3, lbtot 1, bout 100, wredis 1, 2xx 1 | stot 1, wredis 1";
    hold(V2_6, &bound, moved);
    bound.persist_rules = vec![PersistRule::Force(Condition::always())];
    hold(V2_6, &bound, refused);
}

/// With nowhere else to go, a refused request keeps its slot while others wait.
#[test]
fn a_retry_keeps_the_slot() {
    let mut alone = base(&["A"]);
    alone.servers[0].maxconn = 1;
    alone.redispatch = Some(-1);
    alone.timeout_queue = Some(Span::from_millis(5_000));
    let table = "
arrive 1:arrive refuse wake connect 200 finish -> 200 -- A 1 0/700/0/700 | stot 2, lbtot 1, bout 100, wretr 1, 2xx 1 | stot 3, lbtot 1, bout 100, wretr 1, 2xx 1";
    hold(V2_6, &alone, table);
}

/// Ends that an operator or a change of state brings about: on `A` alone, at every stage.
#[test]
fn what_is_killed() {
    let table = "
arrive shutdown -> 0 KC A 0 0/-1/-1/0 | stot 1, lbtot 1, other 1 | stot 1, lbtot 1
arrive refuse shutdown -> 0 KC A 1 0/-1/-1/0 | stot 1, lbtot 1, wretr 1, other 1 | stot 1, lbtot 1, wretr 1
arrive connect shutdown -> 502 KH A 0 0/0/-1/0 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1
arrive connect 200 shutdown -> 200 KD A 0 0/0/0/0 | stot 1, lbtot 1, srv_abrt 1, 2xx 1 | =
arrive connect down 200 finish -> 200 -- A 0 0/0/0/0 | stot 1, lbtot 1, bout 100, 2xx 1 | =";
    hold(V2_6, &base(&["A"]), table);
    let table = "
arrive shutdown -> 500 KC A 0 0/-1/-1/0 | stot 1, lbtot 1, 5xx 1 | stot 1, lbtot 1
arrive connect shutdown -> 500 KC A 0 0/0/-1/0 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1
arrive connect 200 shutdown -> 200 KD A 0 0/0/0/0 | stot 1, lbtot 1, srv_abrt 1, 2xx 1 | =";
    hold(V3_4, &base(&["A"]), table);
    let mut marked = base(&["A"]);
    marked.servers[0].on_marked_down_shutdown = true;
    let table = "
arrive connect down -> 502 DH A 0 0/0/-1/0 | stot 1, lbtot 1, eresp 1, 5xx 1 | stot 1, lbtot 1, eresp 1";
    hold(V2_6, &marked, table);
}

#[test]
fn a_kill_touches_one_server_and_no_line() {
    let mut backend = base(&["A", "B"]);
    backend.servers[0].maxconn = 1;
    backend.servers[1].maxconn = 1;
    let mut stage = Stage::new(balancer(V2_6, backend));
    stage.play("0:arrive 1:arrive 2:arrive 0:connect 1:connect shutdown");
    assert_eq!(stage.ending(0), "502 KH A 0 0/0/-1/0");
    assert_eq!(
        (stage.ending(1), stage.ending(2)),
        ("not over".into(), "not over".into())
    );
    stage.play("1:200 1:finish 2:connect 2:200 2:finish");
    assert_eq!(stage.ending(1), "200 -- B 0 0/0/0/0");
    assert_eq!(stage.ending(2), "200 -- A 0 0/0/0/0");
}

/// `on-marked-up shutdown-backup-sessions`: only an active server that gets traffic ends
/// what its backups still do.
#[test]
fn a_server_marked_up_ends_the_sessions_of_backups() {
    for (backup, weight, ending) in [
        (false, 1, "502 UH B 0 0/0/-1/0"),
        (false, 0, "not over"),
        (true, 1, "not over"),
    ] {
        let mut backend = base(&["A", "B", "C"]);
        backend.servers[0].on_marked_up_shutdown_backup = true;
        backend.servers[0].backup = backup;
        backend.servers[0].weight = weight;
        backend.servers[1].backup = true;
        let mut stage = Stage::new(balancer(V2_6, backend));
        stage.tell(Input::Ordered(OrderId(0), "set server be/C state maint"));
        stage.play("down arrive connect");
        stage.tell(Input::Ordered(OrderId(0), "set server be/C state ready"));
        stage.play("1:arrive 1:connect up");
        assert_eq!(stage.ending(0), ending, "backup {backup}, weight {weight}");
        assert_eq!(stage.ending(1), "not over", "C is no backup");
    }
}
