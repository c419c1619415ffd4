//! Consistent hashing: every server owns as many points of a ring as it weighs, and a hash
//! goes to the owner of the nearest (spec: balancing, 7.2 to 7.5).

use alloc::vec::Vec;

use crate::chance::Chance;
use crate::farm::{Farm, Group};
use crate::hash::avalanche;
use crate::pick::circle::{At, Circle, Node};
use crate::pick::{Ask, Policy};
use crate::profile::{AnonymousRing, NodeKeys, Profile};

/// The algorithm with its books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// The active servers and the backup servers.
    circles: [Circle; 2],
    /// What each server has on its circle, by slot.
    holdings: Vec<Holding>,
    /// The node at which the last walk stopped.
    cursor: Option<Cursor>,
    /// `hash-balance-factor`; 0 is off.
    balance_factor: u32,
    node_keys: NodeKeys,
    anonymous: AnonymousRing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    backup: bool,
    node: Node,
}

/// What one server has on the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Holding {
    /// Its nodes 0 to `nodes - 1` are there.
    nodes: u32,
    /// The highest weight it ever had.
    highest: u32,
    /// Nodes below this number are placed as those of id 0.
    anonymous: u32,
    /// The weights of the usable servers of its group declared before it, at the start.
    cumulative: u32,
}

impl Ring {
    /// Over all usable servers of `farm`, with `hash-balance-factor` in percent, or 0.
    pub fn new(balance_factor: u32, profile: &Profile, farm: &Farm) -> Self {
        let mut this = Self {
            circles: [Circle::default(), Circle::default()],
            holdings: Vec::with_capacity(farm.members.len()),
            cursor: None,
            balance_factor,
            node_keys: profile.ring_keys,
            anonymous: profile.ring_anonymous,
        };
        let mut cumulative = [0; 2];
        for member in &farm.members {
            let before = &mut cumulative[usize::from(member.backup)];
            let nodes = if member.usable { member.weight } else { 0 };
            this.holdings.push(Holding {
                nodes,
                highest: member.weight,
                cumulative: if member.usable { *before } else { 0 },
                ..Holding::default()
            });
            *before += nodes;
        }
        this.circles = [false, true].map(|backup| {
            let slots = (0..).zip(&farm.members);
            let nodes = slots.filter(|(_, member)| member.backup == backup);
            let nodes = nodes.flat_map(|(slot, _)| {
                let nodes = 0..this.holdings[slot as usize].nodes;
                nodes.map(move |n| (slot, n))
            });
            let nodes = nodes.map(|(slot, n)| this.node(farm, slot, n));
            Circle::of(cumulative[usize::from(backup)] as usize, nodes)
        });
        this
    }

    /// The place of node `n` of `slot`.
    fn node(&self, farm: &Farm, slot: u32, n: u32) -> Node {
        let id = if n < self.holdings[slot as usize].anonymous {
            0
        } else {
            farm.members[slot as usize].id
        };
        let key = match self.node_keys {
            NodeKeys::Product => avalanche(id.wrapping_mul(4096).wrapping_add(n)),
            NodeKeys::DoubleMix => avalanche(avalanche(id).wrapping_add(n)),
        };
        Node { key, slot }
    }

    /// Adds nodes of `slot` until it has `nodes`.
    fn grow(&mut self, farm: &Farm, slot: u32, nodes: u32) {
        let circle = usize::from(farm.members[slot as usize].backup);
        let present = self.holdings[slot as usize].nodes;
        for n in present..nodes {
            let node = self.node(farm, slot, n);
            self.circles[circle].insert(node);
        }
        self.holdings[slot as usize].nodes = present.max(nodes);
        self.circles[circle].fit_itself();
    }

    /// Removes nodes of `slot` until it has `nodes`.
    fn shrink(&mut self, farm: &Farm, slot: u32, nodes: u32) {
        let backup = farm.members[slot as usize].backup;
        let present = self.holdings[slot as usize].nodes;
        for n in nodes..present {
            let node = self.node(farm, slot, n);
            let circle = &mut self.circles[usize::from(backup)];
            let behind = circle.remove(node);
            // The cursor moves to the next node that stays.
            if self.cursor == Some(Cursor { backup, node }) {
                self.cursor = behind.map(|at| Cursor {
                    backup,
                    node: circle.node(at),
                });
            }
        }
        self.holdings[slot as usize].nodes = present.min(nodes);
        self.circles[usize::from(backup)].fit_itself();
    }

    /// The owner of the node nearest to `hash`, or of one further on if that is `avoid` or
    /// has more than its share of the load.
    pub(super) fn owner(&self, farm: &Farm, hash: u32, avoid: Option<u32>) -> Option<u32> {
        let circle = &self.circles[usize::from(farm.group() != Group::Active)];
        let next = circle.from(hash)?;
        let before = circle.before(next);
        let back = hash.wrapping_sub(circle.node(before).key);
        let ahead = circle.node(next).key.wrapping_sub(hash);
        let nearest = if back <= ahead { before } else { next };
        if avoid.is_none() && self.balance_factor == 0 || farm.used() == 1 {
            return Some(circle.node(nearest).slot);
        }
        let bound = Bound::new(self.balance_factor, farm);
        let mut at = nearest;
        let mut wraps = 0;
        loop {
            let slot = circle.node(at).slot;
            if avoid != Some(slot) && self.is_within(bound, farm, slot) {
                return Some(slot);
            }
            at = match circle.behind(at) {
                Some(at) => at,
                None if wraps == 1 => return Some(slot),
                None => {
                    wraps += 1;
                    circle.first()?
                }
            };
        }
    }

    /// How many points the ring in force has, the last one before `hash` and the first one
    /// from it on, each with its owner: to look at.
    pub(crate) fn around(&self, farm: &Farm, hash: u32) -> Option<(u32, [(u32, u32); 2])> {
        let circle = &self.circles[usize::from(farm.group() != Group::Active)];
        let next = circle.from(hash)?;
        let neighbours = [circle.before(next), next].map(|at| {
            let node = circle.node(at);
            (node.key, node.slot)
        });
        let members = farm.members.iter().zip(&self.holdings);
        let in_force =
            members.filter(|(member, _)| member.backup == (farm.group() != Group::Active));
        let points = in_force.map(|(_, holding)| holding.nodes).sum();
        Some((points, neighbours))
    }

    /// Whether `slot` has less than its share of the load.
    fn is_within(&self, bound: Option<Bound>, farm: &Farm, slot: u32) -> bool {
        let Some(Bound { each, rest, total }) = bound else {
            return true;
        };
        let member = &farm.members[slot as usize];
        let weight = u64::from(member.weight);
        let cumulative = u64::from(self.holdings[slot as usize].cumulative);
        let share =
            weight * each + (cumulative + weight) * rest / total - cumulative * rest / total;
        u64::from(member.served) < share.max(1)
    }

    /// The next server on the ring that is not full, rather not `avoid`: what requests
    /// without a key get. Goes on from where the last walk stopped.
    fn walk(&mut self, farm: &Farm, avoid: Option<u32>) -> Option<u32> {
        let in_force = farm.group() != Group::Active;
        let start = self.cursor.take();
        let start = start.and_then(|Cursor { backup, node }| {
            let at = self.circles[usize::from(backup)].find(node)?;
            Some((backup, at))
        });
        let mut avoided = None;
        let mut wraps = 0;
        let mut place = start;
        loop {
            let behind = place.and_then(|(backup, at)| self.behind(backup, at));
            let (backup, at) = match behind {
                Some(place) => place,
                None if wraps == 2 => break,
                None => {
                    wraps += 1;
                    (in_force, self.circles[usize::from(in_force)].first()?)
                }
            };
            place = Some((backup, at));
            let node = self.circles[usize::from(backup)].node(at);
            let cursor = Some(Cursor { backup, node });
            if !farm.is_saturated(node.slot) {
                if avoid != Some(node.slot) {
                    self.cursor = cursor;
                    return Some(node.slot);
                }
                avoided = cursor;
            }
            if place == start || start.is_none() {
                break;
            }
        }
        self.cursor = avoided;
        avoided.map(|cursor| cursor.node.slot)
    }

    fn behind(&self, backup: bool, at: At) -> Option<(bool, At)> {
        let behind = self.circles[usize::from(backup)].behind(at);
        behind.map(|at| (backup, at))
    }
}

/// What `hash-balance-factor` allows at this moment.
#[derive(Clone, Copy, Debug)]
struct Bound {
    /// Whole slots per unit of weight.
    each: u64,
    /// Slots left over.
    rest: u64,
    /// The weight in force.
    total: u64,
}

impl Bound {
    fn new(factor: u32, farm: &Farm) -> Option<Self> {
        if factor == 0 {
            return None;
        }
        let slots = ((u64::from(farm.served) + 1) * u64::from(factor)).div_ceil(100);
        let total = u64::from(farm.weight()).max(1);
        Some(Self {
            each: slots / total,
            rest: slots % total,
            total,
        })
    }
}

impl Policy for Ring {
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32) {
        let anonymous = match self.anonymous {
            AnonymousRing::Zero if farm.members[slot as usize].anonymous => weight,
            _ => 0,
        };
        self.holdings.push(Holding {
            highest: weight,
            anonymous,
            ..Holding::default()
        });
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        let weight = farm.members[slot as usize].weight;
        let holding = &mut self.holdings[slot as usize];
        holding.highest = holding.highest.max(weight);
        self.grow(farm, slot, weight);
    }

    fn left(&mut self, farm: &Farm, slot: u32, _weight_before: u32) {
        self.shrink(farm, slot, 0);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, _weight_before: u32) {
        let weight = farm.members[slot as usize].weight;
        if weight > self.holdings[slot as usize].highest {
            // More than it was ever prepared for: all its nodes are placed anew.
            self.holdings[slot as usize].highest = weight;
            self.shrink(farm, slot, 0);
        }
        self.shrink(farm, slot, weight);
        self.grow(farm, slot, weight);
    }

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    fn pick(&mut self, farm: &Farm, ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        match ask.hash {
            Some(hash) => self.owner(farm, hash, ask.avoid),
            None => self.walk(farm, ask.avoid),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::config::{Balance, HashFunction, HashKey, HashType};
    use crate::pick::trial::{Trial, letter};
    use crate::profile::Version;

    fn consistent(function: HashFunction, avalanche: bool) -> HashType {
        HashType {
            consistent: true,
            function,
            avalanche,
        }
    }

    fn trial(servers: &str, factor: u32) -> Trial {
        let balance = Balance::Hash(HashKey::Source);
        let hash = consistent(HashFunction::Sdbm, true);
        Trial::new(Version::V2_6, balance, servers).hashing(hash, factor)
    }

    fn hashed(trial: &mut Trial, hash: HashType, uri: &str) -> char {
        let raw = hash.function.hash(uri.as_bytes());
        let hash = if hash.avalanche { avalanche(raw) } else { raw };
        let ask = Ask {
            hash: Some(hash),
            ..Ask::default()
        };
        trial.pick(ask).map_or('-', letter)
    }

    /// Three equal servers and the URI `/`, by hash function (spec: balancing, 7.3).
    #[test]
    fn functions_lead_to_the_verified_servers() {
        let mut trial = trial("1:1:1", 0);
        for (function, avalanche, expected) in [
            (HashFunction::Sdbm, true, 'B'),
            (HashFunction::Sdbm, false, 'C'),
            (HashFunction::Crc32, false, 'B'),
            (HashFunction::Djb2, false, 'C'),
            (HashFunction::Wt6, false, 'A'),
        ] {
            let hash = consistent(function, avalanche);
            assert_eq!(hashed(&mut trial, hash, "/"), expected, "{function:?}");
        }
        let uris = [
            "/",
            "/a",
            "/b",
            "/img/x.png",
            "/u0",
            "/u1",
            "/u2",
            "/u3",
            "/u4",
            "/u5",
            "/u6",
            "/u7",
            "/u8",
            "/u9",
        ];
        let hash = consistent(HashFunction::Sdbm, true);
        let picks: String = uris
            .iter()
            .map(|uri| hashed(&mut trial, hash, uri))
            .collect();
        assert_eq!(picks, "BBBCABABCABACC");
    }

    #[test]
    fn the_smallest_nodes_are_the_verified_ones() {
        let trial = trial("1:1:1", 0);
        let super::super::Picker::Ring(ring) = &trial.picker else {
            panic!("consistent hashing is a ring");
        };
        let circle = &ring.circles[0];
        let nodes = core::iter::successors(circle.first(), |at| circle.behind(*at));
        let nodes: Vec<(char, u32)> = nodes
            .take(6)
            .map(|at| circle.node(at))
            .map(|node| (letter(node.slot), node.key))
            .collect();
        assert_eq!(
            nodes,
            [
                ('C', 0x048e_6a3d),
                ('C', 0x1631_2e7f),
                ('B', 0x18b6_6546),
                ('A', 0x1d80_4ea4),
                ('C', 0x248d_dd15),
                ('A', 0x2654_ba86),
            ]
        );
    }

    #[test]
    fn without_a_key_the_ring_is_walked() {
        trial("1:1:1", 0).run("CCBACAABCAAA");
    }

    /// Nine requests that are held (spec: balancing, 7.5).
    #[test]
    fn the_balance_factor_bounds_the_load() {
        for (factor, expected) in [(120, "ACCBACACB"), (200, "ACACAACAA")] {
            let mut trial = trial("1:1:1", factor);
            let hash = avalanche(HashFunction::Sdbm.hash(b"/hold"));
            let ask = Ask {
                hash: Some(hash),
                ..Ask::default()
            };
            let held = |_| {
                let slot = trial.pick(ask).expect("somebody is within bounds");
                trial.take(slot);
                letter(slot)
            };
            assert_eq!((0..9).map(held).collect::<String>(), expected);
        }
    }
}
