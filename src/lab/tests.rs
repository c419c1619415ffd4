//! Small worlds whose outcome can be told by hand.

use balance::config::{Backend, Check, CheckKind, Config, Cookie, CookieMode, Server};
use balance::{BackendId, By, Interest, Moment, ServerId, Span};

use super::*;
use crate::plan::{
    Action, Budget, Client, Node, Plan, Reach, RequestLine, RuleLines, Sampled, ThreadGroup, Timed,
    Wire,
};
use crate::trace::{self, Sample, Sink};

/// Remembers every sample, and every other event if asked to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Memory {
    everything: bool,
    samples: Vec<Sample>,
    events: Vec<(Moment, trace::Event)>,
    replies: Vec<String>,
}

impl Sink for Memory {
    fn interest(&self) -> Interest {
        if self.everything {
            Interest::Everything
        } else {
            Interest::States
        }
    }
    fn sample(&mut self, sample: &Sample) {
        self.samples.push(*sample);
    }
    fn event(&mut self, at: Moment, event: &trace::Event) {
        self.events.push((at, *event));
    }
    fn reply(&mut self, _: Moment, _: u32, text: &str) {
        self.replies.push(text.to_owned());
    }
}

const fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

const fn at(millis: u64) -> Moment {
    Moment::from_millis(millis)
}

fn server(slot: u32) -> ServerId {
    ServerId {
        backend: BackendId(0),
        slot,
    }
}

/// As many ideal nodes as there are service times (milliseconds), one server for each, round
/// robin, wires without latency; nobody sends anything yet.
fn lab(services: &[u64]) -> Plan {
    let servers = (1..).zip(services).map(|(number, _)| Server {
        name: format!("s{number}"),
        cookie: Some(format!("s{number}")),
        ..Server::default()
    });
    let backend = Backend {
        name: "nodes".to_owned(),
        timeout_connect: Some(ms(5000)),
        timeout_server: Some(ms(50_000)),
        servers: servers.collect(),
        ..Backend::default()
    };
    let nodes = (0..).zip(services).map(|(slot, service)| Node {
        name: format!("s{}", slot + 1),
        servers: vec![server(slot)],
        workers: 1,
        service: Sampled::Constant(ms(*service)),
        delay: Span::ZERO,
        event_loop: false,
        session_cookie: None,
        status: 200,
        reach: Reach::Listening,
        keep_alive: true,
    });
    Plan {
        scenario: "test".to_owned(),
        title: String::new(),
        notes: String::new(),
        seed: 42,
        proxy: Config {
            backends: vec![backend],
            ..Config::default()
        },
        rules: RuleLines::default(),
        nodes: nodes.collect(),
        clients: Vec::new(),
        timeline: Vec::new(),
        expect: Vec::new(),
        ask: Vec::new(),
        wire: Wire {
            client: Span::ZERO,
            node: Span::ZERO,
            stall: ms(40),
            stall_per_mille: 0,
        },
        clients_start: Moment::ZERO,
        budget: Budget::default(),
    }
}

/// A group of threads without any waiting of its own.
fn users(name: &str, threads: u32, loops: u64) -> ThreadGroup {
    ThreadGroup {
        name: name.to_owned(),
        threads,
        loops: Some(loops),
        duration: None,
        ramp_up: Span::ZERO,
        think: Sampled::Constant(Span::ZERO),
        clear_cookies: false,
        cookies: false,
        keep_alive: true,
        connect_timeout: None,
        response_timeout: None,
        request: RequestLine {
            method: "GET".to_owned(),
            uri: "/".to_owned(),
            headers: Vec::new(),
            source: [192, 168, 42, 1].into(),
            backend: BackendId(0),
            door: None,
        },
        start: Moment::ZERO,
    }
}

fn with(mut plan: Plan, group: ThreadGroup) -> Plan {
    plan.clients.push(Client::Threads(group));
    plan
}

fn timed(mut plan: Plan, timeline: &[(u64, Action)]) -> Plan {
    plan.timeline = timeline
        .iter()
        .map(|(millis, action)| Timed {
            at: at(*millis),
            action: action.clone(),
        })
        .collect();
    plan
}

fn outcome(plan: &Plan) -> Memory {
    let mut memory = Memory::default();
    let summary = run(plan, &mut memory).unwrap();
    assert_eq!(summary.unfinished, 0);
    memory
}

/// When each sample was sent and how long it took (milliseconds), and its status.
fn times(memory: &Memory) -> Vec<(u64, u64, u16)> {
    let row = |s: &Sample| (s.sent.as_millis(), s.elapsed.as_millis(), s.status);
    memory.samples.iter().map(row).collect()
}

/// The servers that answered, in the order of the answers.
fn slots(memory: &Memory) -> Vec<Option<u32>> {
    let slot = |s: &Sample| s.server.map(|server| server.slot);
    memory.samples.iter().map(slot).collect()
}

#[test]
fn threads_start_along_the_ramp_up_and_wait_for_each_other_at_the_node() {
    let mut group = users("jmeter", 4, 2);
    group.ramp_up = ms(1000);
    group.think = Sampled::Constant(ms(5));
    let memory = outcome(&with(lab(&[100]), group));
    // Nobody meets anybody: thread i starts at i x 250 ms and needs 205 ms.
    let expected: Vec<(u64, u64, u16)> = (0..4)
        .flat_map(|i| [(i * 250, 100, 200), (i * 250 + 105, 100, 200)])
        .collect();
    assert_eq!(times(&memory), expected);
    let mut crowd = users("jmeter", 3, 1);
    crowd.ramp_up = ms(30);
    let memory = outcome(&with(lab(&[100]), crowd));
    assert_eq!(
        times(&memory),
        [(0, 100, 200), (10, 190, 200), (20, 280, 200)]
    );
}

#[test]
fn a_duration_ends_the_loop() {
    let mut group = users("jmeter", 1, 0);
    group.loops = None;
    group.duration = Some(ms(250));
    let memory = outcome(&with(lab(&[100]), group));
    assert_eq!(
        times(&memory),
        [(0, 100, 200), (100, 100, 200), (200, 100, 200)]
    );
}

#[test]
fn wires_take_their_time_and_first_connections_a_round_trip_more() {
    let mut plan = with(lab(&[100]), users("jmeter", 1, 3));
    plan.wire.client = ms(1);
    plan.wire.node = ms(10);
    // Handshakes 2 + 20, then 1 + 10 + 100 + 10 + 1.
    assert_eq!(
        times(&outcome(&plan)),
        [(0, 144, 200), (144, 122, 200), (266, 122, 200)]
    );
    plan.nodes[0].keep_alive = false;
    let Client::Threads(group) = &mut plan.clients[0] else {
        panic!("it is a group");
    };
    group.keep_alive = false;
    let rows = times(&outcome(&plan));
    assert_eq!(rows, [(0, 144, 200), (144, 144, 200), (288, 144, 200)]);
}

#[test]
fn a_delayed_acknowledgement_strikes_reused_connections() {
    let mut plan = with(lab(&[100]), users("jmeter", 1, 3));
    plan.wire.stall_per_mille = 1000;
    let rows = times(&outcome(&plan));
    assert_eq!(rows, [(0, 100, 200), (100, 140, 200), (240, 140, 200)]);
    plan.wire.stall_per_mille = 250;
    let Client::Threads(group) = &mut plan.clients[0] else {
        panic!("it is a group");
    };
    group.loops = Some(1001);
    let stalled = times(&outcome(&plan))
        .iter()
        .filter(|row| row.1 == 140)
        .count();
    assert!((200..300).contains(&stalled), "{stalled} of 1000");
}

fn sticky(services: &[u64]) -> Plan {
    let mut plan = lab(services);
    plan.proxy.backends[0].cookie = Some(Cookie {
        name: "SERVERID".to_owned(),
        mode: CookieMode::Insert,
        indirect: true,
        nocache: true,
        ..Cookie::default()
    });
    plan
}

#[test]
fn a_jar_brings_its_client_back_until_it_is_cleared() {
    let mut group = users("jmeter", 1, 4);
    group.cookies = true;
    let memory = outcome(&with(sticky(&[1, 1]), group.clone()));
    assert_eq!(slots(&memory), [Some(0); 4]);
    let by: Vec<_> = memory.samples.iter().map(|sample| sample.by).collect();
    let cookie = Some(By::Cookie);
    assert_eq!(by, [Some(By::Algorithm), cookie, cookie, cookie]);
    group.clear_cookies = true;
    let memory = outcome(&with(sticky(&[1, 1]), group.clone()));
    assert_eq!(slots(&memory), [Some(0), Some(1), Some(0), Some(1)]);
    group.cookies = false;
    let memory = outcome(&with(sticky(&[1, 1]), group));
    assert_eq!(slots(&memory), [Some(0), Some(1), Some(0), Some(1)]);
}

#[test]
fn a_session_restarts_on_a_node_that_does_not_know_it() {
    let mut plan = lab(&[1, 1]);
    for node in &mut plan.nodes {
        node.session_cookie = Some("NODESESSID".to_owned());
    }
    let mut group = users("jmeter", 1, 4);
    group.cookies = true;
    let memory = outcome(&with(plan, group));
    // Round robin: each node sees only the other one's cookie.
    let restarted: Vec<_> = memory.samples.iter().map(|s| s.session_restarted).collect();
    assert_eq!(restarted, [false, true, true, true]);
}

#[test]
fn a_client_that_gives_up_goes_on_while_its_request_does_too() {
    let mut group = users("jmeter", 1, 3);
    group.response_timeout = Some(ms(150));
    let mut memory = Memory {
        everything: true,
        ..Memory::default()
    };
    let plan = with(lab(&[200, 10]), group);
    let mut world = World::new(&plan).unwrap();
    world.run(&mut memory).unwrap();
    // s1 is too slow for the first request and the third.
    assert_eq!(times(&memory), [(0, 150, 0), (150, 10, 200), (160, 150, 0)]);
    assert_eq!(slots(&memory), [None, Some(1), None]);
    // Both of them are still served to their end; their numbers are then free again.
    world.run_until(at(1000), &mut memory).unwrap();
    let finished = memory.events.iter().filter_map(|(at, event)| match event {
        trace::Event::NodeFinished { node: 0, .. } => Some(at.as_millis()),
        _ => None,
    });
    assert_eq!(finished.collect::<Vec<_>>(), [200, 400]);
    assert!(format!("{world:?}").contains("adrift: {}, spare: {}"));
}

#[test]
fn a_connection_that_takes_too_long_is_an_error() {
    let mut group = users("jmeter", 1, 2);
    group.connect_timeout = Some(ms(5));
    let mut plan = with(lab(&[1]), group);
    plan.wire.client = ms(10);
    assert_eq!(times(&outcome(&plan)), [(0, 5, 0), (5, 5, 0)]);
    plan.wire.client = ms(2);
    assert_eq!(times(&outcome(&plan)), [(0, 9, 200), (9, 5, 200)]);
}

#[test]
fn nodes_that_cannot_be_reached_cost_retries() {
    let mut plan = with(lab(&[1]), users("jmeter", 1, 1));
    plan.nodes[0].reach = Reach::Refusing;
    // Three more attempts, one second apart.
    assert_eq!(times(&outcome(&plan)), [(0, 3000, 503)]);
    plan.nodes[0].reach = Reach::Vanished;
    // Four attempts of five seconds.
    assert_eq!(times(&outcome(&plan)), [(0, 20_000, 503)]);
}

#[test]
fn a_node_that_stops_breaks_its_connections() {
    let plan = with(lab(&[100]), users("jmeter", 1, 3));
    let stop = Action::Stop {
        node: 0,
        reach: Reach::Refusing,
    };
    let start = Action::Start { node: 0 };
    let plan = timed(plan, &[(150, stop), (1100, start)]);
    // The second request is cut at 150 ms; the third is refused once and then served.
    assert_eq!(
        times(&outcome(&plan)),
        [(0, 100, 200), (100, 50, 502), (150, 1100, 200)]
    );
}

/// A node's answer ends a turn of its event loop after its beginning: whoever has only the
/// beginning when the node stops has a broken page, not a 502.
#[test]
fn an_answer_can_break_off_in_the_middle() {
    let mut plan = lab(&[0]);
    plan.nodes[0].event_loop = true;
    plan.nodes[0].session_cookie = Some("NODESESSID".to_owned());
    plan.nodes[0].delay = ms(100);
    let mut group = users("jmeter", 2, 2);
    group.cookies = true;
    let stop = Action::Stop {
        node: 0,
        reach: Reach::Refusing,
    };
    let mut memory = outcome(&timed(with(plan, group), &[(250, stop)]));
    memory.samples.sort_by_key(|s| (s.thread, s.sent));
    memory.samples.truncate(3);
    // The first user's second answer begins at 200 and would end at 300, because the second
    // user's first request is found in between.
    let expected = [(0, 100, 200), (100, 150, 0), (0, 250, 502)];
    assert_eq!(times(&memory), expected);
}

#[test]
fn a_new_delay_waits_its_turn() {
    let plan = with(lab(&[100]), users("jmeter", 2, 2));
    let delay = Action::Delay {
        node: 0,
        to: ms(1000),
    };
    // It comes behind the requests of both threads, and takes 100 ms itself.
    let plan = timed(plan, &[(50, delay)]);
    assert_eq!(
        times(&outcome(&plan)),
        [
            (0, 100, 200),
            (0, 200, 200),
            (100, 1300, 200),
            (200, 2300, 200)
        ]
    );
}

#[test]
fn a_health_check_is_one_more_job_in_the_queue() {
    let mut plan = with(lab(&[100]), users("jmeter", 1, 2));
    plan.proxy.backends[0].check = CheckKind::Http {
        method: "HEAD".to_owned(),
        uri: "/".to_owned(),
        expect: Vec::new(),
        negate: false,
    };
    plan.proxy.backends[0].servers[0].check = Some(Check {
        first: Some(ms(150)),
        ..Check::default()
    });
    // It comes in the middle of the second request; a third would wait for it.
    let Client::Threads(group) = &mut plan.clients[0] else {
        panic!("it is a group");
    };
    group.loops = Some(3);
    assert_eq!(
        times(&outcome(&plan)),
        [(0, 100, 200), (100, 100, 200), (200, 200, 200)]
    );
}

#[test]
fn the_operator_types_and_reads() {
    let plan = with(lab(&[100, 100]), users("jmeter", 1, 4));
    let drain = Action::Command("set server nodes/s1 state drain".to_owned());
    let weight = Action::Command("get weight nodes/s2".to_owned());
    let plan = timed(plan, &[(150, drain), (160, weight)]);
    let memory = outcome(&plan);
    assert_eq!(slots(&memory), [Some(0), Some(1), Some(1), Some(1)]);
    assert_eq!(memory.replies.len(), 2);
    assert!(memory.replies[1].contains("1 (initial 1)"), "{memory:?}");
}

#[test]
fn several_workers_work_at_once() {
    let mut plan = with(lab(&[100]), users("jmeter", 3, 1));
    plan.nodes[0].workers = 2;
    assert_eq!(
        times(&outcome(&plan)),
        [(0, 100, 200), (0, 100, 200), (0, 200, 200)]
    );
}

/// A world in which a bit of everything varies.
fn lively() -> Plan {
    let mut plan = sticky(&[20, 30]);
    plan.nodes[1].service = Sampled::Exponential(ms(25));
    plan.wire.client = ms(1);
    plan.wire.stall_per_mille = 200;
    let mut group = users("jmeter", 5, 40);
    group.think = Sampled::Uniform(ms(0), ms(50));
    group.cookies = true;
    group.clear_cookies = true;
    group.response_timeout = Some(ms(120));
    timed(
        with(plan, group),
        &[
            (
                300,
                Action::Delay {
                    node: 0,
                    to: ms(100),
                },
            ),
            (600, Action::Command("set weight nodes/s1 50%".to_owned())),
        ],
    )
}

#[test]
fn a_clone_has_the_same_future() {
    let plan = lively();
    let mut world = World::new(&plan).unwrap();
    let mut memory = Memory::default();
    world.run_until(at(700), &mut memory).unwrap();
    let (mut copy, mut copied) = (world.clone(), memory.clone());
    assert_eq!(copy, world);
    let summary = world.run(&mut memory).unwrap();
    assert_ne!(copy, world);
    // The other one goes in single steps.
    while !copy.is_over() {
        assert!(copy.step(&mut copied).unwrap());
    }
    assert_eq!(copy, world);
    assert_eq!(copied, memory);
    assert_eq!(copy.summary(), summary);
    let again = run(&plan, &mut Memory::default()).unwrap();
    assert_eq!(again, summary);
}

#[test]
fn looking_closer_changes_nothing() {
    let plan = lively();
    let mut closer = Memory {
        everything: true,
        ..Memory::default()
    };
    let near = run(&plan, &mut closer).unwrap();
    let mut far = Memory::default();
    assert_eq!(run(&plan, &mut far).unwrap(), near);
    assert_eq!(closer.samples, far.samples);
    assert!(closer.events.len() > far.events.len() + closer.samples.len());
}

#[test]
fn another_client_moves_nobody_elses_draws() {
    let mut plan = lively();
    // A second backend with a node of its own, so that the groups meet nowhere.
    let mut backend = plan.proxy.backends[0].clone();
    backend.name = "others".to_owned();
    plan.proxy.backends.push(backend);
    let mut node = plan.nodes[0].clone();
    node.name = "elsewhere".to_owned();
    node.servers = vec![ServerId {
        backend: BackendId(1),
        slot: 0,
    }];
    plan.nodes.push(node);
    let alone = outcome(&plan);
    let mut group = users("crowd", 7, 20);
    group.think = Sampled::Exponential(ms(10));
    group.request.backend = BackendId(1);
    plan.clients.insert(0, Client::Threads(group));
    let crowded = outcome(&plan);
    let seen = |memory: &Memory, client: u32| -> Vec<Sample> {
        let own = memory.samples.iter().filter(|s| s.client == client);
        own.map(|s| Sample { client: 0, ..*s }).collect()
    };
    assert_eq!(seen(&alone, 0), seen(&crowded, 1));
}

#[test]
fn shuffled_ties_change_who_but_not_how_many() {
    let plan = with(lab(&[10, 10, 10]), users("jmeter", 9, 10));
    let mut shuffled = Memory::default();
    let mut world = World::with_shuffled_ties(&plan).unwrap();
    world.run(&mut shuffled).unwrap();
    let straight = outcome(&plan);
    assert_ne!(shuffled.samples, straight.samples);
    for memory in [straight, shuffled] {
        for slot in 0..3 {
            let count = slots(&memory).iter().filter(|s| **s == Some(slot)).count();
            assert_eq!(count, 30);
        }
    }
}

#[test]
fn an_endless_run_names_the_busiest() {
    let mut group = users("hasty", 1, 0);
    group.loops = None;
    let mut plan = with(lab(&[0]), group);
    plan.budget.events = 1000;
    let error = run(&plan, &mut Memory::default()).unwrap_err();
    let RunError::Exceeded(exceeded) = &error else {
        panic!("{error}");
    };
    assert_eq!(exceeded.at, Moment::ZERO);
    let names: Vec<_> = exceeded
        .busiest
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["s1", "the proxy", "hasty/0"]);
    let words = error.to_string();
    assert!(
        words.starts_with("the run did not end within 1000 events"),
        "{words}"
    );
    plan.nodes[0].service = Sampled::Constant(ms(1));
    plan.budget = Budget {
        time: ms(100),
        ..Budget::default()
    };
    let words = run(&plan, &mut Memory::default()).unwrap_err().to_string();
    assert!(words.contains("within 100ms of virtual time"), "{words}");
}

#[test]
fn memory_does_not_grow_with_the_number_of_requests() {
    let mut group = users("jmeter", 3, 0);
    group.loops = None;
    group.response_timeout = Some(ms(60_000));
    let plan = with(lab(&[1, 2]), group);
    let mut world = World::new(&plan).unwrap();
    let mut memory = Memory::default();
    world.run_until(at(1000), &mut memory).unwrap();
    let early = format!("{world:?}").len();
    world.run_until(at(20_000), &mut memory).unwrap();
    let late = format!("{world:?}").len();
    assert!(memory.samples.len() > 20_000);
    // Only numbers may have become longer.
    assert!(late < early + 400, "{early} to {late}");
}
