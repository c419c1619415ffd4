//! Random histories: the real algorithms against their naive twins, and what holds for all.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::chance::Chance;
use crate::config::{Balance, HashKey, HashType};
use crate::farm::{Farm, Group, Member};
use crate::pick::trial::{Dice, Setting, Trial};
use crate::pick::twin::twin;
use crate::pick::{Ask, Picker, Policy};
use crate::profile::{AnonymousRing, NodeKeys, Profile, Version};
use crate::time::Moment;

/// An algorithm and its twin, told and asked the same.
struct Pair {
    real: Picker,
    twin: Box<dyn Policy>,
}

/// Hands draws out and remembers them.
struct Recorder<'a> {
    from: &'a mut dyn Chance,
    drawn: Vec<u64>,
}

impl Chance for Recorder<'_> {
    fn next_u64(&mut self) -> u64 {
        self.drawn.push(self.from.next_u64());
        self.drawn[self.drawn.len() - 1]
    }
}

/// Hands the same draws out again.
struct Replay(Vec<u64>);

impl Chance for Replay {
    fn next_u64(&mut self) -> u64 {
        self.0.remove(0)
    }
}

impl Policy for Pair {
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32) {
        self.real.added(farm, slot, weight);
        self.twin.added(farm, slot, weight);
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        self.real.joined(farm, slot);
        self.twin.joined(farm, slot);
    }

    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.real.left(farm, slot, weight_before);
        self.twin.left(farm, slot, weight_before);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.real.weighed(farm, slot, weight_before);
        self.twin.weighed(farm, slot, weight_before);
    }

    fn took(&mut self, farm: &Farm, slot: u32) {
        self.real.took(farm, slot);
        self.twin.took(farm, slot);
    }

    fn dropped(&mut self, farm: &Farm, slot: u32) {
        self.real.dropped(farm, slot);
        self.twin.dropped(farm, slot);
    }

    fn limited(&mut self, farm: &Farm, slot: u32) {
        self.real.limited(farm, slot);
        self.twin.limited(farm, slot);
    }

    fn started(&mut self, slot: u32, now: Moment) {
        self.real.started(slot, now);
        self.twin.started(slot, now);
    }

    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32> {
        let mut recorder = Recorder {
            from: chance,
            drawn: Vec::new(),
        };
        let real = self.real.pick(farm, ask, &mut recorder);
        let mut replay = Replay(recorder.drawn);
        let twin = self.twin.pick(farm, ask, &mut replay);
        assert_eq!(real, twin, "the twin disagrees");
        assert!(replay.0.is_empty(), "the twin draws less");
        real
    }
}

/// One thing that happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Happening {
    /// A request that ends at once, or is held.
    Arrives {
        held: bool,
        hash: Option<u32>,
        avoid: Option<u32>,
    },
    /// A held request ends.
    Ends(usize),
    /// A new weight (of a static algorithm: none, or the first one).
    Weighs(usize, u32),
    Goes(usize),
    Comes(usize),
    /// A server is added at run time.
    Adds {
        id: Option<u32>,
        weight: u32,
        maxconn: u32,
    },
    /// `set maxconn server`
    Limits(usize, u32),
    /// The queue of a server, which policies are not told.
    Queues(usize, u32),
    /// Warming up, which policies are not told.
    Warms(usize, u32),
    /// Requests that wait in the backend, which policies are not told.
    Waits(u32),
    /// Milliseconds go by.
    Passes(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let slot = 0..64_usize;
    prop_oneof![
        24 => (any::<bool>(), prop::option::of(any::<u32>()), prop::option::weighted(0.2, 0..8_u32))
            .prop_map(|(held, hash, avoid)| Happening::Arrives { held, hash, avoid }),
        10 => any::<usize>().prop_map(Happening::Ends),
        3 => (slot.clone(), prop_oneof![0..5_u32, 0..257_u32])
            .prop_map(|(slot, weight)| Happening::Weighs(slot, weight)),
        2 => slot.clone().prop_map(Happening::Goes),
        3 => slot.clone().prop_map(Happening::Comes),
        1 => (prop::option::of(1..60_u32), 0..4_u32, 0..3_u32)
            .prop_map(|(id, weight, maxconn)| Happening::Adds { id, weight, maxconn }),
        1 => (slot.clone(), 0..5_u32).prop_map(|(slot, maxconn)| Happening::Limits(slot, maxconn)),
        1 => (slot.clone(), 0..3_u32).prop_map(|(slot, queued)| Happening::Queues(slot, queued)),
        1 => (slot, prop::sample::select(vec![10, 50, 100]))
            .prop_map(|(slot, warmth)| Happening::Warms(slot, warmth)),
        1 => (0..6_u32).prop_map(Happening::Waits),
        4 => (0..1_500_u64).prop_map(Happening::Passes),
    ]
}

fn server() -> impl Strategy<Value = (Member, Setting)> {
    let weight = prop_oneof![4 => 1..5_u32, 1 => 0..=256_u32];
    let limit = prop_oneof![2 => Just(0), 3 => 1..5_u32];
    (weight, limit, 0..3_u32, 0..3_u32, any::<u8>()).prop_map(
        |(weight, maxconn, minconn, maxqueue, kind)| {
            let member = Member {
                backup: kind % 4 == 0,
                maxconn,
                minconn: if minconn == 0 {
                    maxconn
                } else {
                    minconn.min(maxconn)
                },
                maxqueue,
                warmth: 100,
                ..Member::default()
            };
            let up = kind % 5 != 1;
            (member, Setting { weight, up })
        },
    )
}

fn balance() -> impl Strategy<Value = (Balance, HashType, u32)> {
    let consistent = HashType {
        consistent: true,
        ..HashType::default()
    };
    let map = HashType::default();
    let hash = || Balance::Hash(HashKey::Source);
    prop_oneof![
        4 => Just((Balance::RoundRobin, map, 0)),
        1 => Just((Balance::StaticRr, map, 0)),
        4 => Just((Balance::LeastConn, map, 0)),
        1 => Just((Balance::First, map, 0)),
        1 => Just((hash(), map, 0)),
        1 => (0..4_u32).prop_map(move |draws| (Balance::Random(draws), map, 0)),
        1 => Just((hash(), consistent, 0)),
        1 => (101..300_u32).prop_map(move |factor| (hash(), consistent, factor)),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    let version = prop::sample::select(&Version::ALL[..]);
    (version, any::<[bool; 2]>()).prop_map(|(version, [double, own])| {
        let mut profile = Profile::of(version);
        if double {
            profile.ring_keys = NodeKeys::DoubleMix;
        }
        if own {
            profile.ring_anonymous = AnonymousRing::Own;
        }
        profile
    })
}

fn trial() -> impl Strategy<Value = Trial> {
    let servers = prop::collection::vec(server(), 1..8);
    let ids = Just((1..30_u32).collect::<Vec<_>>()).prop_shuffle();
    (servers, ids, balance(), profile(), any::<bool>(), 1..12_u32).prop_map(
        |(servers, ids, (balance, hash, factor), profile, allbackups, fullconn)| {
            let (mut members, settings): (Vec<Member>, Vec<Setting>) = servers.into_iter().unzip();
            for (member, id) in members.iter_mut().zip(ids) {
                member.id = id;
            }
            let farm = Farm {
                members,
                fullconn,
                allbackups,
                ..Farm::default()
            };
            Trial::of(farm, settings, balance, hash, factor, profile)
        },
    )
}

/// The trial of the algorithm and its twin.
fn paired(trial: Trial) -> Trial<Pair> {
    let (balance, profile) = (&trial.balance, &trial.profile);
    let twin = twin(balance, trial.hash, trial.factor, profile, &trial.farm);
    trial.with(|real| Pair { real, twin })
}

/// Lets `history` happen. Returns the picks.
fn live<P: Policy>(trial: &mut Trial<P>, history: Vec<Happening>) -> Vec<Option<u32>> {
    let mut held = Vec::new();
    let mut picks = Vec::new();
    for happening in history {
        let servers = trial.farm.members.len();
        match happening {
            Happening::Arrives {
                held: stays,
                hash,
                avoid,
            } => {
                let picked = trial.pick(Ask {
                    hash,
                    avoid,
                    ..Ask::default()
                });
                picks.push(picked);
                if let Some(slot) = picked {
                    trial.take(slot);
                    if stays {
                        held.push(slot);
                    } else {
                        trial.drop(slot);
                    }
                }
            }
            Happening::Ends(nth) if !held.is_empty() => {
                let slot = held.swap_remove(nth % held.len());
                trial.drop(slot);
            }
            Happening::Ends(_) => {}
            Happening::Weighs(slot, weight) => trial.set_weight(slot % servers, weight),
            Happening::Goes(slot) => trial.set_up(slot % servers, false),
            Happening::Comes(slot) => trial.set_up(slot % servers, true),
            Happening::Adds {
                id,
                weight,
                maxconn,
            } => {
                let member = Member {
                    id: id.unwrap_or(60) + 100 * servers as u32,
                    anonymous: id.is_none(),
                    maxconn,
                    minconn: maxconn,
                    warmth: 100,
                    ..Member::default()
                };
                trial.add(member, weight);
            }
            Happening::Limits(slot, maxconn) => trial.set_maxconn(slot % servers, maxconn),
            Happening::Queues(slot, queued) => trial.farm.members[slot % servers].queued = queued,
            Happening::Warms(slot, warmth) => trial.farm.members[slot % servers].warmth = warmth,
            Happening::Passes(millis) => trial.pass(millis),
            Happening::Waits(waiting) => trial.farm.connections = trial.farm.served + waiting,
        }
    }
    picks
}

proptest! {
    /// Every algorithm does what its twin does, whatever happens.
    #[test]
    fn twins_agree(
        trial in trial(),
        history in prop::collection::vec(happening(), 1..250),
    ) {
        live(&mut paired(trial), history);
    }

    /// Who is picked takes part and, unless hashing sends it there, has room.
    #[test]
    fn picks_are_fit(
        trial in trial(),
        history in prop::collection::vec(happening(), 1..150),
    ) {
        let mut trial = trial.with(Fit);
        live(&mut trial, history);
    }

    /// The same history and the same chance give the same picks and the same state.
    #[test]
    fn histories_repeat(
        trial in trial(),
        history in prop::collection::vec(happening(), 1..150),
    ) {
        let mut one = trial;
        let mut other = one.clone();
        prop_assert_eq!(live(&mut one, history.clone()), live(&mut other, history));
        prop_assert_eq!(one.picker, other.picker);
    }

    /// Farms that no balancer would make are no reason to panic.
    #[test]
    fn odd_farms_do_not_panic(
        trial in trial(),
        steps in prop::collection::vec(
            (0..8_u32, 0..8_usize, any::<[u32; 3]>(), any::<[bool; 3]>()),
            1..120,
        ),
    ) {
        let Trial { mut farm, picker: mut real, .. } = trial;
        let mut dice = Dice(7);
        for (slot, step, [one, two, three], [usable, known, other]) in steps {
            let slot = slot % farm.members.len() as u32;
            let member = &mut farm.members[slot as usize];
            let before = (member.usable, member.weight);
            member.served = one % 5;
            member.queued = two % 3;
            member.maxconn = three % 4;
            member.minconn = one % 4;
            member.warmth = two % 101;
            if step < 4 {
                let weight = if other { three % 4097 } else { before.1 };
                farm.change(slot, usable && weight > 0, weight);
                match (before.0, usable && weight > 0) {
                    (false, true) => real.joined(&farm, slot),
                    (true, false) => real.left(&farm, slot, before.1),
                    (true, true) => real.weighed(&farm, slot, before.1),
                    (false, false) => {}
                }
            }
            match step {
                0..4 => {}
                4 => {
                    real.took(&farm, slot);
                    real.started(slot, Moment::from_millis(u64::from(three)));
                }
                5 => real.dropped(&farm, slot),
                6 => real.limited(&farm, slot),
                _ => {
                    farm.members.push(Member::default());
                    let slot = farm.members.len() as u32 - 1;
                    real.added(&farm, slot, one % 4097);
                }
            }
            if farm.weight() > 0 {
                let avoid = other.then_some(two % 9);
                let ask = Ask { hash: known.then_some(one), avoid, ..Ask::default() };
                real.pick(&farm, ask, &mut dice);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Round robin over many windows, as its errors show where one ends.
    #[test]
    fn round_robin_agrees_over_many_windows(
        weights in prop::collection::vec(1..=30_u32, 1..6),
        changes in prop::collection::vec((0..6_usize, 0..=60_u32, 1..4_u32), 1..6),
        version in prop::sample::select(&Version::ALL[..]),
    ) {
        let members = weights.iter().map(|_| Member { warmth: 100, ..Member::default() });
        let farm = Farm { members: members.collect(), fullconn: 200, ..Farm::default() };
        let settings = weights.iter().map(|weight| Setting { weight: *weight, up: true });
        let profile = Profile::of(version);
        let hash = HashType::default();
        let trial =
            Trial::of(farm, settings.collect(), Balance::RoundRobin, hash, 0, profile);
        let mut trial = paired(trial);
        for (slot, weight, windows) in changes {
            for _ in 0..windows * trial.farm.weight() {
                trial.pick(Ask::default());
            }
            trial.set_weight(slot % weights.len(), weight);
        }
    }
}

/// An algorithm whose picks are checked.
struct Fit(Picker);

impl Policy for Fit {
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32) {
        self.0.added(farm, slot, weight);
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        self.0.joined(farm, slot);
    }

    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.0.left(farm, slot, weight_before);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.0.weighed(farm, slot, weight_before);
    }

    fn took(&mut self, farm: &Farm, slot: u32) {
        self.0.took(farm, slot);
    }

    fn dropped(&mut self, farm: &Farm, slot: u32) {
        self.0.dropped(farm, slot);
    }

    fn limited(&mut self, farm: &Farm, slot: u32) {
        self.0.limited(farm, slot);
    }

    fn started(&mut self, slot: u32, now: Moment) {
        self.0.started(slot, now);
    }

    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32> {
        let picked = self.0.pick(farm, ask, chance);
        let hashing = matches!(self.0, Picker::Ring(_) | Picker::MapHash(_));
        let queueing = match &self.0 {
            Picker::LeastConn(_) => true,
            Picker::Random(random) => !random.passes_full(),
            _ => false,
        };
        // The cursor of a walk may still be among the backups when an active server is back.
        let walking = matches!(self.0, Picker::Ring(_)) && ask.hash.is_none();
        let single = matches!(farm.group(), Group::FirstBackup(_));
        if let Some(slot) = picked {
            let member = &farm.members[slot as usize];
            assert!(member.usable, "{slot} is not usable");
            let backup = farm.group() != Group::Active;
            assert!(member.backup == backup || walking, "{slot} is not in force");
            if !(hashing || queueing || single) {
                assert!(!farm.is_saturated(slot), "{slot} is full");
            }
        } else {
            assert!(
                !hashing || ask.hash.is_none(),
                "a hash always leads somewhere"
            );
        }
        picked
    }
}
