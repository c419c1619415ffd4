//! What balancing goes by at a moment, to look at: nothing here changes anything.

use alloc::vec::Vec;

use crate::balancer::Balancer;
use crate::chance::{Chance, NoChance};
use crate::config::{Balance, HashKey};
use crate::event::Status;
use crate::farm::{Farm, Member};
use crate::ids::{BackendId, ServerId};
use crate::pick::{Ask, Picker, Policy};
use crate::request::Request;
use crate::time::Moment;

/// The books of one backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// Its servers that exist, in declaration order.
    pub rows: Vec<Row>,
    /// Whom the next requests would get if nothing else happened, for the algorithms that
    /// go round (`roundrobin`, `static-rr`); empty for others and if nobody is usable.
    pub upcoming: Vec<ServerId>,
    /// Whether effective weights count sixteenths.
    pub sixteenths: bool,
    /// Requests in the backend's own queue.
    pub queued: u32,
    /// What its algorithm has written down.
    pub ledger: Ledger,
}

/// One server's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose.
    pub server: ServerId,
    /// Its status as `show stat` words it.
    pub status: Status,
    /// What its algorithm knows of it.
    pub member: Member,
    /// How many requests it may serve now; 0 is no limit.
    pub limit: u32,
    /// Whether it is full: it has a limit, and a queue or no room.
    pub full: bool,
}

/// What an algorithm has written down, as far as it bears on the next choice
/// (spec: balancing, 2 to 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ledger {
    /// `roundrobin`
    RoundRobin {
        /// The number of the next pick, from the sum of the weights on.
        position: u32,
        /// How many picks a window has: the sum of the weights at its beginning.
        window: u32,
        /// When each usable server is due.
        dues: Vec<(ServerId, Due)>,
    },
    /// `static-rr`
    StaticRr {
        /// The next place of the map, from 0.
        place: u32,
        /// How many places it has.
        places: u32,
    },
    /// `leastconn`: the usable servers in the order in which a pick looks at them, each with
    /// its key.
    LeastConn(Vec<(ServerId, u32)>),
    /// `first`: the usable servers in the order in which a pick looks at them.
    First(Vec<ServerId>),
    /// A hash of the request, `hash-type map-based`; none if nothing could be hashed.
    Map(Option<Lookup>),
    /// A hash of the request, `hash-type consistent`; none if nothing could be hashed.
    Ring(Option<Search>),
    /// `random`: what is drawn for the next request, and whom that meets.
    Random(Vec<(u32, ServerId)>),
}

/// When a server's turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// At this position.
    At(u32),
    /// As soon as nobody else is due: it has had no turn in this window.
    First,
    /// In the next window.
    NextWindow,
}

/// A hash on a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The hash of the request.
    pub hash: u32,
    /// How many places the map has.
    pub places: u32,
    /// The remainder of the hash by that.
    pub place: u32,
    /// Who is there.
    pub server: ServerId,
}

/// A hash on a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// The hash of the request.
    pub hash: u32,
    /// How many points the ring has.
    pub points: u32,
    /// The last point before it, and whose it is.
    pub before: (u32, ServerId),
    /// The first point from it on, and whose it is.
    pub after: (u32, ServerId),
}

impl Balancer {
    /// The books of `backend`, with the next `turns` turns. `backend` must exist.
    pub fn books(&self, backend: BackendId, turns: usize) -> Books {
        self.books_for(backend, turns, None, &mut NoChance)
    }

    /// The same, as they bear on `request`: with its hash, and with what `chance` would
    /// draw for it.
    pub fn books_for(
        &self,
        backend: BackendId,
        turns: usize,
        request: Option<&Request<'_>>,
        chance: &mut dyn Chance,
    ) -> Books {
        let owner = &self.backends[backend.0 as usize];
        let farm = &owner.farm;
        let rows = self.servers(backend).into_iter().map(|server| Row {
            server,
            status: self.status(server),
            member: farm.members[server.slot as usize].clone(),
            limit: farm.limit(server.slot),
            full: farm.is_saturated(server.slot),
        });
        let hash = match (&owner.config.balance, request) {
            (Balance::Hash(key), Some(request)) => {
                // With a single server in force HAProxy takes no key.
                let alone = farm.used() == 1 && !matches!(key, HashKey::UrlParam { .. });
                let hash = crate::key::hash_of(key, owner.config.hash, request);
                if alone { Some(0) } else { hash }
            }
            _ => None,
        };
        let named = |slot| ServerId { backend, slot };
        Books {
            rows: rows.collect(),
            upcoming: self.upcoming(backend, turns),
            sixteenths: owner.dynamic,
            queued: farm.queued,
            ledger: ledger(&owner.picker, farm, hash, chance, named),
        }
    }

    fn upcoming(&self, backend: BackendId, turns: usize) -> Vec<ServerId> {
        let owner = &self.backends[backend.0 as usize];
        let goes_round = matches!(owner.picker, Picker::RoundRobin(_) | Picker::StaticRr(_));
        if !goes_round || owner.farm.weight() == 0 {
            return Vec::new();
        }
        let mut picker = owner.picker.clone();
        let ask = Ask {
            now: Moment::ZERO,
            ..Ask::default()
        };
        let picks = (0..turns).map_while(|_| picker.pick(&owner.farm, ask, &mut NoChance));
        picks.map(|slot| ServerId { backend, slot }).collect()
    }
}

fn ledger(
    picker: &Picker,
    farm: &Farm,
    hash: Option<u32>,
    chance: &mut dyn Chance,
    named: impl Fn(u32) -> ServerId,
) -> Ledger {
    match picker {
        Picker::RoundRobin(policy) => {
            let (position, window) = policy.position(farm);
            let slots = (0..).zip(&farm.members);
            let dues = slots.filter_map(|(slot, _)| Some((named(slot), policy.due(farm, slot)?)));
            Ledger::RoundRobin {
                position,
                window,
                dues: dues.collect(),
            }
        }
        Picker::StaticRr(map) => {
            let (place, places) = map.clone().position(farm);
            Ledger::StaticRr { place, places }
        }
        Picker::LeastConn(policy) => {
            let order = policy.order(farm).into_iter();
            Ledger::LeastConn(order.map(|(slot, key)| (named(slot), key)).collect())
        }
        Picker::First(policy) => {
            let order = policy.order(farm);
            Ledger::First(order.map(named).collect())
        }
        Picker::MapHash(map) => {
            let mut map = map.clone();
            let (_, places) = map.position(farm);
            let found = hash.and_then(|hash| Some((hash, map.at(farm, hash)?)));
            Ledger::Map(found.map(|(hash, slot)| Lookup {
                hash,
                places,
                place: hash % places,
                server: named(slot),
            }))
        }
        Picker::Ring(ring) => Ledger::Ring(hash.and_then(|hash| {
            let (points, [before, after]) = ring.around(farm, hash)?;
            Some(Search {
                hash,
                points,
                before: (before.0, named(before.1)),
                after: (after.0, named(after.1)),
            })
        })),
        Picker::Random(random) => {
            let draws = random.draws(farm, chance).into_iter();
            Ledger::Random(draws.map(|(number, slot)| (number, named(slot))).collect())
        }
    }
}
