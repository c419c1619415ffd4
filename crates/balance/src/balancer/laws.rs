//! The laws of the seam, on generated histories.
//!
//! A small world drives a balancer with arrivals, answers, refusals, breaches, departures,
//! orders and the passing of time, some of them about attempts that are over.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use std::vec;

use proptest::prelude::*;

use super::*;
use crate::chance::Chance;
use crate::config::{self, Balance, Check, Cookie, CookieMode};
use crate::ids::{AttemptId, OrderId, ProbeId};
use crate::input::{Breach, ProbeOutcome};
use crate::request::{Request, Response};
use crate::server::Counters;

/// What the generated world does next.
#[derive(Clone, Debug)]
enum Deed {
    Arrive(u32, u8),
    Connect(usize),
    Refuse(usize),
    Answer(usize),
    Finish(usize),
    Break(usize),
    Leave(u32),
    Probe(usize, u16),
    Order(u8, u8),
    Pass(u64),
    Ghost(u32, u32),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (0..24_u32, any::<u8>()).prop_map(|(request, cookie)| Deed::Arrive(request, cookie)),
        5 => any::<usize>().prop_map(Deed::Connect),
        2 => any::<usize>().prop_map(Deed::Refuse),
        5 => any::<usize>().prop_map(Deed::Answer),
        5 => any::<usize>().prop_map(Deed::Finish),
        1 => any::<usize>().prop_map(Deed::Break),
        1 => (0..24_u32).prop_map(Deed::Leave),
        2 => (any::<usize>(), prop_oneof![Just(200), Just(404), Just(500)]).prop_map(|(i, s)| Deed::Probe(i, s)),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(what, whom)| Deed::Order(what, whom)),
        3 => (0..2500_u64).prop_map(Deed::Pass),
        1 => (0..30_u32, 0..9_u32).prop_map(|(request, turn)| Deed::Ghost(request, turn)),
    ]
}

/// A generator that a clone continues alike.
#[derive(Clone)]
struct Counter(u64);

impl Chance for Counter {
    fn next_u64(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0
    }
}

/// A balancer and what the world knows of it.
#[derive(Clone)]
struct World {
    balancer: Balancer,
    chance: Counter,
    now: Moment,
    attempts: Vec<(AttemptId, u8)>,
    probes: Vec<ProbeId>,
    live: Vec<u32>,
    log: Vec<Output>,
    dispatched: BTreeSet<AttemptId>,
    /// Bytes of the answers that were forwarded whole.
    bytes: u64,
    /// Status and weight of each server, from the notes alone.
    told: Vec<(Status, u32)>,
    /// How long each server was down, and the backend without a server.
    downs: Vec<Down>,
}

/// Whole clock seconds of something that comes and goes.
#[derive(Clone, Debug, Default)]
struct Down {
    since: Option<Moment>,
    seconds: u64,
}

impl Down {
    fn follow(&mut self, now: Moment, is_down: bool) {
        match (self.since, is_down) {
            (None, true) => self.since = Some(now),
            (Some(since), false) => {
                self.seconds += now.as_secs() - since.as_secs();
                self.since = None;
            }
            _ => {}
        }
    }
}

fn settings(algorithm: u8, options: u8) -> Config {
    let server = |name: &str, weight, maxconn, backup| config::Server {
        name: name.into(),
        weight,
        maxconn,
        backup,
        cookie: Some(name.into()),
        check: Some(Check::default()),
        slowstart: if weight > 2 {
            Span::from_millis(4000)
        } else {
            Span::ZERO
        },
        ..config::Server::default()
    };
    let balance = match algorithm % 5 {
        0 => Balance::RoundRobin,
        1 => Balance::LeastConn,
        2 => Balance::First,
        3 => Balance::StaticRr,
        _ => Balance::Random(2),
    };
    let cookie = Cookie {
        name: "S".into(),
        mode: CookieMode::Insert,
        indirect: true,
        ..Cookie::default()
    };
    let backend = config::Backend {
        name: "be".into(),
        balance,
        cookie: (options & 1 != 0).then_some(cookie),
        redispatch: (options & 2 != 0).then_some(-1),
        persist: options & 4 != 0,
        abortonclose: options & 8 != 0,
        disable_on_404: options & 8 != 0,
        timeout_connect: Some(Span::from_millis(3000)),
        timeout_server: Some(Span::from_millis(5000)),
        servers: vec![
            server("a", 1, 2, false),
            server("b", 3, 0, false),
            server("c", 2, 1, false),
            server("d", 1, 3, true),
        ],
        ..config::Backend::default()
    };
    Config {
        profile: Profile::of(crate::Version::ALL[usize::from(options >> 4) % 3]),
        epoch: 0,
        backends: vec![backend],
        ..Config::default()
    }
}

impl World {
    fn new(config: Config) -> Self {
        let mut balancer = Balancer::new(config, Moment::ZERO).expect("sound settings");
        balancer.listen(Interest::Everything);
        let servers = balancer.servers(BackendId(0));
        let members = balancer.backends[0].farm.members.iter();
        let told = servers.iter().zip(members);
        let told = told.map(|(server, member)| (balancer.status_of(*server), member.weight));
        Self {
            told: told.collect(),
            downs: vec![Down::default(); servers.len() + 1],
            dispatched: BTreeSet::new(),
            bytes: 0,
            balancer,
            chance: Counter(1),
            now: Moment::ZERO,
            attempts: Vec::new(),
            probes: Vec::new(),
            live: Vec::new(),
            log: Vec::new(),
        }
    }

    fn tell(&mut self, input: Input<'_>) {
        self.balancer.handle(self.now, input, &mut self.chance);
        while let Some(output) = self.balancer.poll() {
            match &output {
                Output::Dispatch { attempt, .. } => {
                    assert!(self.dispatched.insert(*attempt), "no attempt has two lives");
                    self.attempts.push((*attempt, 0));
                }
                Output::Hangup(attempt) => self.attempts.retain(|(known, _)| known != attempt),
                Output::Probe(probe) => self.probes.push(*probe),
                Output::Abandon(probe) => self.probes.retain(|known| known != probe),
                Output::Note(Event::Ended(request)) => {
                    let place = self.live.iter().position(|known| *known == request.0);
                    let place = place.expect("one ending: only a live request ends");
                    self.live.swap_remove(place);
                    self.attempts.retain(|(known, _)| known.request != *request);
                }
                Output::Note(Event::StateChanged { server, to, .. }) => {
                    self.told[server.slot as usize].0 = *to;
                }
                Output::Note(Event::WeightChanged { server, from, to }) => {
                    let told = &mut self.told[server.slot as usize].1;
                    assert_eq!(core::mem::replace(told, *to), *from);
                }
                Output::Relay { .. }
                | Output::Answer { .. }
                | Output::Close { .. }
                | Output::Reply(..)
                | Output::Note(_) => {}
            }
            self.log.push(output);
        }
        assert_eq!(self.balancer.poll(), None, "exhaustion");
        if let Some(wake) = self.balancer.next_wake() {
            assert!(
                wake > self.now,
                "honest waking: {wake} is not after {}",
                self.now
            );
        }
        self.check_books();
        self.check_counts();
        self.check_states();
    }

    /// What the backend counts is what its servers count.
    fn check_counts(&self) {
        let backend = &self.balancer.backends[0];
        let counts = |counters: &Counters| {
            [
                counters.lbtot,
                counters.bout,
                counters.eresp,
                counters.wretr,
                counters.wredis,
                counters.cli_abrt,
                counters.srv_abrt,
            ]
        };
        let mut sums = [0; 7];
        for server in &backend.servers {
            for (sum, count) in sums.iter_mut().zip(counts(&server.counters)) {
                *sum += count;
            }
        }
        assert_eq!(counts(&backend.counters), sums);
        assert_eq!(backend.counters.bout, self.bytes);
    }

    /// Who only reads the notes knows every state, and time without a server adds up.
    fn check_states(&mut self) {
        let (backend, now) = (&self.balancer.backends[0], self.now);
        for (slot, (server, member)) in backend
            .servers
            .iter()
            .zip(&backend.farm.members)
            .enumerate()
        {
            let status = self.balancer.status_of(server.id);
            assert_eq!(self.told[slot], (status, member.weight));
            assert_eq!(member.warmth, crate::state::warmth(server, now));
            self.downs[slot].follow(now, server.is_stopped());
            assert_eq!(server.down_time, self.downs[slot].seconds);
        }
        let last = self.downs.last_mut().expect("that of the backend");
        last.follow(now, backend.farm.actives + backend.farm.backups == 0);
        assert_eq!(backend.down_time, last.seconds);
        // A server that has gone DOWN is forgotten, but its last request may end after that, and
        // HAProxy remembers whoever empties its line. A deleted one has none.
        if let Some(slot) = backend.idle {
            assert!(!backend.servers[slot as usize].deleted);
        }
    }

    /// The books of the farm add up.
    fn check_books(&self) {
        let backend = &self.balancer.backends[0];
        let served: u32 = backend
            .farm
            .members
            .iter()
            .map(|member| member.served)
            .sum();
        assert_eq!(served, backend.farm.served);
        assert_eq!(backend.farm.connections as usize, self.live.len());
        let mut anew = backend.farm.clone();
        anew.count();
        assert_eq!(
            anew, backend.farm,
            "totals kept step by step equal totals counted anew"
        );
        for (member, server) in backend.farm.members.iter().zip(&backend.servers) {
            assert_eq!(member.queued, server.queue.len());
            assert_eq!(member.usable, server.is_usable(member.weight));
        }
    }

    fn attempt(&mut self, index: usize, stage: u8) -> Option<(usize, AttemptId)> {
        let fitting: Vec<usize> = (0..self.attempts.len())
            .filter(|place| self.attempts[*place].1 == stage)
            .collect();
        let place = *fitting.get(index.checked_rem(fitting.len())?)?;
        Some((place, self.attempts[place].0))
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Arrive(request, cookie) => {
                if self.live.contains(&request) {
                    return;
                }
                self.live.push(request);
                let value = ["S=a", "S=b", "S=c", "S=nobody", "x=y"][usize::from(cookie) % 5];
                let headers = [("cookie", value)];
                let facts = Request {
                    headers: &headers,
                    ..Request::default()
                };
                let input = Input::Arrived {
                    request: RequestId(request),
                    backend: BackendId(0),
                    facts: &facts,
                };
                self.tell(input);
            }
            Deed::Connect(index) => {
                if let Some((place, attempt)) = self.attempt(index, 0) {
                    self.attempts[place].1 = 1;
                    self.tell(Input::Connected(attempt));
                }
            }
            Deed::Refuse(index) => {
                if let Some((place, attempt)) = self.attempt(index, 0) {
                    self.attempts.swap_remove(place);
                    self.tell(Input::Refused(attempt));
                }
            }
            Deed::Answer(index) => {
                if let Some((place, attempt)) = self.attempt(index, 1) {
                    self.attempts[place].1 = 2;
                    self.tell(Input::Answered(attempt, &Response::default()));
                }
            }
            Deed::Finish(index) => {
                if let Some((_, attempt)) = self.attempt(index, 2) {
                    self.bytes += 10;
                    self.tell(Input::Finished(attempt, 10));
                }
            }
            Deed::Break(index) => {
                let breach = [Breach::Empty, Breach::Cut, Breach::Junk][index / 2 % 3];
                if let Some((_, attempt)) = self.attempt(index, 1 + (index % 2) as u8) {
                    self.tell(Input::Broken(attempt, breach));
                }
            }
            Deed::Leave(request) => self.tell(Input::Gone(RequestId(request))),
            Deed::Probe(index, status) => {
                if !self.probes.is_empty() {
                    let probe = self.probes.swap_remove(index % self.probes.len());
                    self.tell(Input::Probed(probe, ProbeOutcome::Status(status, "reason")));
                }
            }
            Deed::Order(what, whom) => {
                let server = ["a", "b", "c", "d", "e"][usize::from(whom) % 5];
                let line = match what % 10 {
                    0 => alloc::format!("set server be/{server} state drain"),
                    1 => alloc::format!("set server be/{server} state maint"),
                    2 | 3 => alloc::format!("set server be/{server} state ready"),
                    4 => alloc::format!("set weight be/{server} {}", whom / 5),
                    5 => alloc::format!("set server be/{server} health down"),
                    6 => alloc::format!("set server be/{server} health up"),
                    7 => alloc::format!("set maxconn server be/{server} {}", whom / 32),
                    8 => alloc::format!("shutdown sessions server be/{server}"),
                    _ => "show stat".into(),
                };
                self.tell(Input::Ordered(OrderId(0), &line));
            }
            Deed::Pass(millis) => {
                let until = self.now + Span::from_millis(millis);
                while let Some(wake) = self.balancer.next_wake().filter(|wake| *wake <= until) {
                    self.now = wake;
                    self.tell(Input::Woke);
                }
                self.now = until;
            }
            Deed::Ghost(request, turn) => {
                let attempt = AttemptId {
                    request: RequestId(request),
                    turn,
                };
                if !self.attempts.iter().any(|(known, _)| *known == attempt) {
                    self.tell(Input::Finished(attempt, 1));
                    self.tell(Input::Refused(attempt));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_hold(
        algorithm in any::<u8>(),
        options in any::<u8>(),
        deeds in prop::collection::vec(deed(), 1..160),
        fork in 0..160_usize,
    ) {
        let mut world = World::new(settings(algorithm, options));
        let mut twin = None;
        for (index, deed) in deeds.iter().enumerate() {
            if index == fork {
                let mut copy = world.clone();
                copy.log.clear();
                twin = Some((copy, index, world.log.len()));
            }
            world.act(deed);
        }
        // Memory of inputs only: a clone taken midway has the same future.
        if let Some((mut copy, from, logged)) = twin {
            for deed in &deeds[from..] {
                copy.act(deed);
            }
            prop_assert_eq!(&copy.log[..], &world.log[logged..]);
            prop_assert!(copy.balancer == world.balancer);
        }
        // One ending: left alone, every request ends by its time limits.
        for attempt in 0..400 {
            prop_assert!(attempt < 399, "a request never ends: {:?}", world.live);
            let held = world.attempts.clone();
            if let Some((attempt, stage)) = held.first() {
                let input = match stage {
                    0 => Input::Refused(*attempt),
                    1 => Input::Broken(*attempt, Breach::Empty),
                    _ => Input::Finished(*attempt, 0),
                };
                if *stage == 0 {
                    world.attempts.remove(0);
                }
                world.tell(input);
            } else if world.live.is_empty() {
                break;
            } else {
                world.act(&Deed::Pass(1000));
            }
        }
    }
}
