//! Do the standing laws hold in labs that nobody wrote?
//!
//! Plans are generated: algorithms, limits, cookies, failures, and an operator who types
//! whatever comes to mind. Every run is watched by the oracle.

use std::collections::BTreeMap;

use balance::config::{Balance, Check, CheckKind, Cookie, CookieMode, HashKey, Server};
use balance::{Moment, Profile, Span, Version};
use balancelab::plan::{Action, Client, Plan, Reach, Sampled, Timed};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::{play, snapshots};

/// What may differ from the lab's task 4.1.
#[derive(Clone, Debug)]
struct Whim {
    profile: Version,
    balance: Balance,
    sticky: bool,
    clear_cookies: bool,
    redispatch: Option<i32>,
    threads: u32,
    loops: u64,
    think_ms: u64,
    patience_ms: Option<u64>,
    servers: Vec<ServerWhim>,
    timeline: Vec<(u64, Deed)>,
}

#[derive(Clone, Debug)]
struct ServerWhim {
    weight: u32,
    maxconn: u32,
    maxqueue: u32,
    backup: bool,
    checked: bool,
    slowstart_s: u64,
    service_ms: u64,
}

/// What happens to a server or its node.
#[derive(Clone, Debug)]
enum Deed {
    Type(&'static str, usize),
    Delay(usize, u64),
    Stop(usize, Reach),
    Start(usize),
    Status(usize, u16),
}

fn balance() -> impl Strategy<Value = Balance> {
    prop::sample::select(vec![
        Balance::RoundRobin,
        Balance::StaticRr,
        Balance::LeastConn,
        Balance::First,
        Balance::Random(2),
        Balance::Hash(HashKey::Source),
    ])
}

fn server() -> impl Strategy<Value = ServerWhim> {
    let limits = (0_u32..4, 0_u32..3);
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.8));
    (0_u32..4, limits, flags, 0_u64..4, 1_u64..40).prop_map(
        |(weight, (maxconn, maxqueue), (backup, checked), slowstart_s, service_ms)| ServerWhim {
            weight,
            maxconn,
            maxqueue,
            backup,
            checked,
            slowstart_s,
            service_ms,
        },
    )
}

/// `S` stands for a server.
const COMMANDS: [&str; 11] = [
    "set server nodes/S state maint",
    "set server nodes/S state drain",
    "set server nodes/S state ready",
    "set server nodes/S health down",
    "set server nodes/S health up",
    "set server nodes/S health stopping",
    "set server nodes/S weight 0",
    "set server nodes/S weight 3",
    "set server nodes/S weight 50%",
    "disable health nodes/S",
    "enable health nodes/S",
];

fn deed() -> impl Strategy<Value = Deed> {
    let who = 0_usize..3;
    prop_oneof![
        5 => (prop::sample::select(COMMANDS.to_vec()), who.clone())
            .prop_map(|(line, who)| Deed::Type(line, who)),
        1 => (who.clone(), 0_u64..3000).prop_map(|(who, ms)| Deed::Delay(who, ms)),
        1 => who.clone().prop_map(|who| Deed::Stop(who, Reach::Refusing)),
        1 => who.clone().prop_map(|who| Deed::Stop(who, Reach::Vanished)),
        2 => who.clone().prop_map(Deed::Start),
        1 => (who, prop::sample::select(vec![200, 404, 500]))
            .prop_map(|(who, status)| Deed::Status(who, status)),
    ]
}

fn whim() -> impl Strategy<Value = Whim> {
    let client = (
        1_u32..6,
        1_u64..25,
        0_u64..200,
        prop::option::of(50_u64..3000),
    );
    let proxy = (
        prop::sample::select(Version::ALL.to_vec()),
        balance(),
        any::<bool>(),
        any::<bool>(),
        prop::sample::select(vec![None, Some(-1), Some(1), Some(2)]),
    );
    let servers = prop::collection::vec(server(), 3);
    let timeline = prop::collection::vec((0_u64..15_000, deed()), 0..12);
    (proxy, client, servers, timeline).prop_map(|(proxy, client, servers, timeline)| {
        let (profile, balance, sticky, clear_cookies, redispatch) = proxy;
        let (threads, loops, think_ms, patience_ms) = client;
        Whim {
            profile,
            balance,
            sticky,
            clear_cookies,
            redispatch,
            threads,
            loops,
            think_ms,
            patience_ms,
            servers,
            timeline,
        }
    })
}

impl Whim {
    /// Task 4.1 with a third server, changed by this whim.
    fn plan(&self) -> Plan {
        let mut plan = play::plan("scenarios/lab3/4.1.ron", &[]);
        plan.expect.clear();
        plan.proxy.profile = Profile::of(self.profile);
        self.change_proxy(&mut plan);
        self.change_nodes(&mut plan);
        if let Some(Client::Threads(group)) = plan.clients.first_mut() {
            group.threads = self.threads;
            group.loops = Some(self.loops);
            group.think = Sampled::Constant(Span::from_millis(self.think_ms));
            group.clear_cookies = self.clear_cookies;
            group.response_timeout = self.patience_ms.map(Span::from_millis);
        }
        plan.timeline = self
            .timeline
            .iter()
            .map(|(at, deed)| timed(*at, deed, &plan))
            .collect();
        plan.timeline.sort_by_key(|timed| timed.at);
        plan
    }

    fn change_proxy(&self, plan: &mut Plan) {
        let backend = &mut plan.proxy.backends[0];
        backend.balance = self.balance.clone();
        backend.redispatch = self.redispatch;
        backend.check = CheckKind::Http {
            method: "HEAD".to_owned(),
            uri: "/".to_owned(),
            expect: Vec::new(),
            negate: false,
        };
        backend.disable_on_404 = true;
        backend.timeout_connect = Some(Span::from_millis(1000));
        backend.timeout_server = Some(Span::from_millis(4000));
        backend.cookie = self.sticky.then(|| Cookie {
            name: "SERVERID".to_owned(),
            mode: CookieMode::Insert,
            indirect: true,
            ..Cookie::default()
        });
        backend.servers = (1..)
            .zip(&self.servers)
            .map(|(n, whim)| whim.server(n))
            .collect();
    }

    fn change_nodes(&self, plan: &mut Plan) {
        let third = plan.nodes[0].clone();
        plan.nodes.push(third);
        let all = (0_u32..).zip(&mut plan.nodes).zip(&self.servers);
        for ((slot, node), whim) in all {
            node.name = format!("s{}", slot + 1);
            node.servers = vec![balance::ServerId {
                backend: balance::BackendId(0),
                slot,
            }];
            node.service = Sampled::Constant(Span::from_millis(whim.service_ms));
        }
    }
}

impl ServerWhim {
    fn server(&self, number: u32) -> Server {
        Server {
            name: format!("s{number}"),
            weight: self.weight,
            maxconn: self.maxconn,
            maxqueue: self.maxqueue,
            backup: self.backup,
            check: self.checked.then(Check::default),
            slowstart: Span::from_secs(self.slowstart_s),
            cookie: Some(format!("s{number}")),
            ..Server::default()
        }
    }
}

/// A deed, some milliseconds after the clients' start.
fn timed(at: u64, deed: &Deed, plan: &Plan) -> Timed {
    Timed {
        at: plan.clients_start + Span::from_millis(at),
        action: match *deed {
            Deed::Type(line, who) => Action::Command(line.replace('S', &format!("s{}", who + 1))),
            Deed::Delay(node, ms) => Action::Delay {
                node,
                to: Span::from_millis(ms),
            },
            Deed::Stop(node, reach) => Action::Stop { node, reach },
            Deed::Start(node) => Action::Start { node },
            Deed::Status(node, status) => Action::Status { node, status },
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_lab_breaks_a_law(whim in whim()) {
        let plan = whim.plan();
        let report = play::report(&plan);
        let sent = u64::from(whim.threads) * whim.loops;
        prop_assert_eq!(report.total.requests, sent);
        prop_assert_eq!(report, play::report(&plan));
    }
}

/// The generator is worth its time only if its labs get into trouble of every kind.
#[test]
fn the_labs_get_into_every_kind_of_trouble() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for _ in 0..100 {
        let whim = whim().new_tree(&mut runner).expect("a whim").current();
        let report = play::report(&whim.plan());
        let total = &report.total;
        let reached = |place: &str| report.transitions.iter().any(|t| t.to.starts_with(place));
        let troubles = [
            ("DOWN", reached("DOWN")),
            ("UP", reached("UP")),
            ("MAINT", reached("MAINT")),
            ("DRAIN", reached("DRAIN")),
            ("NOLB", reached("NOLB")),
            ("errors", total.errors > 0),
            ("nobody answers", report.unanswered.is_some()),
            ("queue", total.by_queue > 0),
            ("cookie", total.by_cookie > 0),
            ("lost session", total.sessions_restarted > 0),
        ];
        for (name, met) in troubles {
            *seen.entry(name).or_default() += u32::from(met);
        }
    }
    let rare: Vec<_> = seen.iter().filter(|(_, times)| **times < 3).collect();
    assert!(rare.is_empty(), "hardly ever met: {rare:?} of {seen:?}");
}

/// The core counts for `show stat`, the report counts samples: two ledgers that know
/// nothing of each other must agree on who was chosen how often and who answered.
#[test]
fn two_ledgers_agree() {
    for task in snapshots::tasks() {
        let mut plan = play::plan(&format!("scenarios/lab3/{task}.ron"), &[]);
        plan.expect.clear();
        let alone = play::report(&plan);
        plan.timeline.push(Timed {
            at: Moment::ZERO + alone.simulated + Span::from_secs(1),
            action: Action::Command("show stat".to_owned()),
        });
        let report = play::report(&plan);
        let text = &report.replies.last().expect("the last command").text;
        let mut lines = text.lines().filter(|line| !line.is_empty());
        let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
        let lines: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        let read = |server: &str, name: &str| -> u64 {
            let column = head.iter().position(|n| *n == name).expect("a column");
            let line = lines.iter().find(|line| line[1] == server).expect("a line");
            line[column].parse().expect("a number")
        };
        for server in &report.servers {
            let name = server.name.as_str();
            let answers: u64 = ["2xx", "3xx", "4xx", "5xx"]
                .map(|class| read(name, &format!("hrsp_{class}")))
                .iter()
                .sum();
            assert_eq!(answers, server.row.requests, "{task}: answers of {name}");
            let chosen = read(name, "lbtot");
            assert_eq!(chosen, server.row.by_algorithm, "{task}: choices of {name}");
        }
        assert_eq!(read("BACKEND", "stot"), report.total.requests, "{task}");
    }
}
