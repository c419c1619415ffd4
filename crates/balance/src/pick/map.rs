//! The map of `balance static-rr` and of `hash-type map-based`: a cycle of servers by
//! weight, walked or looked up (spec: balancing, 3 and 7.1).

use alloc::vec;
use alloc::vec::Vec;

use crate::chance::Chance;
use crate::farm::{Farm, Group};
use crate::pick::heap::{Heap, NOWHERE};
use crate::pick::{Ask, Policy};

/// Nobody, at the end of a chain.
const NOBODY: u32 = u32::MAX;

/// The map, and how far it has been walked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// The cycle: as many entries as the weight in force.
    entries: Vec<u32>,
    /// Where the next walk begins.
    index: u32,
    /// Whether servers have come or gone since the map was drawn. It is drawn again when
    /// it is next needed, so that many changes at once cost one map.
    stale: bool,
}

impl Map {
    /// Over all usable servers of `farm`.
    pub fn new(_farm: &Farm) -> Self {
        Self {
            stale: true,
            ..Self::default()
        }
    }

    /// The next server of the cycle that is not full, rather not `avoid`.
    #[inline]
    pub fn walk(&mut self, farm: &Farm, avoid: Option<u32>) -> Option<u32> {
        self.refresh(farm);
        let length = self.entries.len() as u32;
        if self.index >= length {
            self.index = 0;
        }
        let mut avoided = None;
        let start = self.index;
        let rest = start..length;
        for at in rest.chain(0..start) {
            let slot = self.entries[at as usize];
            if farm.is_saturated(slot) {
                continue;
            }
            if avoid != Some(slot) {
                self.index = at + 1;
                return Some(slot);
            }
            avoided = Some(at);
        }
        let at = avoided?;
        self.index = at + 1;
        avoid
    }

    /// The server of `hash`, whatever its state.
    #[inline]
    pub fn at(&mut self, farm: &Farm, hash: u32) -> Option<u32> {
        self.refresh(farm);
        let at = hash.checked_rem(self.entries.len() as u32)?;
        Some(self.entries[at as usize])
    }

    /// Where the next walk begins, and how many places the map has: to look at.
    pub(crate) fn position(&mut self, farm: &Farm) -> (u32, u32) {
        self.refresh(farm);
        let places = self.entries.len() as u32;
        let wraps = self.index >= places;
        (if wraps { 0 } else { self.index }, places)
    }

    #[inline]
    fn refresh(&mut self, farm: &Farm) {
        if self.stale {
            self.stale = false;
            draw(farm, &mut self.entries);
        }
    }
}

/// Draws the map into `entries`.
///
/// The rule: each server of the group scores its weight at each place; the place goes to
/// the first one whose score is the highest multiple of the total (plus one, rounded down),
/// and the winner's score falls by the total.
fn draw(farm: &Farm, entries: &mut Vec<u32>) {
    entries.clear();
    let total = farm.weight();
    let backup = farm.group() != Group::Active;
    let slots = (0..).zip(&farm.members).filter_map(|(slot, member)| {
        (member.usable && member.backup == backup && member.weight > 0).then_some(slot)
    });
    if total == 1 {
        entries.extend(slots.take(1));
        return;
    }
    let weight = |slot: u32| farm.members[slot as usize].weight;
    let mut weights = slots.clone().map(weight);
    if let Some(first) = weights.next()
        && farm.used() * first == total
        && weights.all(|other| other == first)
    {
        // Equal weights: everybody in turn.
        entries.extend(slots.clone().cycle().take(total as usize));
        return;
    }
    let mut contest = Contest::new(farm, total);
    for slot in slots {
        contest.enter(slot);
    }
    for place in 0..total {
        entries.extend(contest.winner(place));
    }
}

/// The contest for the places of a map.
///
/// At place `t` the multiple of a server is `(t + 1) * weight / total`, rounded down, less
/// the places it has won. It changes only where that division reaches the next whole number,
/// which is known beforehand, and when the server wins; so a heap replaces the look at
/// every server for every place.
struct Contest<'a> {
    farm: &'a Farm,
    total: u64,
    /// Servers by multiple, highest first, then in order of declaration.
    heap: Heap,
    places: Vec<u32>,
    /// The heap's key of each server: smaller for a higher multiple.
    keys: Vec<u32>,
    /// At each place of the map, the first server whose division reaches a whole number
    /// there, and for each server the next one of the same place.
    reaching: Vec<u32>,
    chain: Vec<u32>,
}

impl<'a> Contest<'a> {
    fn new(farm: &'a Farm, total: u32) -> Self {
        let servers = farm.members.len();
        Self {
            farm,
            total: u64::from(total),
            heap: Heap::default(),
            places: vec![NOWHERE; servers],
            keys: vec![u32::MAX / 2; servers],
            reaching: vec![NOBODY; total as usize],
            chain: vec![NOBODY; servers],
        }
    }

    fn enter(&mut self, slot: u32) {
        let key = self.keys[slot as usize];
        self.heap.insert(&mut self.places, slot, key, slot);
        self.expect(slot, 1);
    }

    fn weight(&self, slot: u32) -> u64 {
        u64::from(self.farm.members[slot as usize].weight)
    }

    /// Notes at which place the division of `slot` reaches `number`, if it does.
    fn expect(&mut self, slot: u32, number: u64) {
        let place = (number * self.total).div_ceil(self.weight(slot)) - 1;
        if let Some(head) = self.reaching.get_mut(place as usize) {
            self.chain[slot as usize] = core::mem::replace(head, slot);
        }
    }

    fn winner(&mut self, place: u32) -> Option<u32> {
        let mut next = core::mem::replace(&mut self.reaching[place as usize], NOBODY);
        let place = u64::from(place);
        while next != NOBODY {
            let slot = next;
            next = self.chain[slot as usize];
            let reached = (place + 1) * self.weight(slot) / self.total;
            let before = place * self.weight(slot) / self.total;
            self.rekey(slot, self.keys[slot as usize] - (reached - before) as u32);
            self.expect(slot, reached + 1);
        }
        let winner = self.heap.first()?;
        self.rekey(winner, self.keys[winner as usize] + 1);
        Some(winner)
    }

    fn rekey(&mut self, slot: u32, key: u32) {
        self.keys[slot as usize] = key;
        self.heap.rekey(&mut self.places, slot, key, slot);
    }
}

impl Policy for Map {
    fn added(&mut self, _farm: &Farm, _slot: u32, _weight: u32) {}

    fn joined(&mut self, _farm: &Farm, _slot: u32) {
        self.stale = true;
    }

    fn left(&mut self, _farm: &Farm, _slot: u32, _weight_before: u32) {
        self.stale = true;
    }

    fn weighed(&mut self, _farm: &Farm, _slot: u32, _weight_before: u32) {}

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    /// Looks the hash up; without one, walks.
    #[inline]
    fn pick(&mut self, farm: &Farm, ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        match ask.hash {
            Some(hash) => self.at(farm, hash),
            None => self.walk(farm, ask.avoid),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::prelude::*;

    use super::*;
    use crate::config::{Balance, HashKey, HashType};
    use crate::farm::Member;
    use crate::pick::trial::{Trial, letter};
    use crate::profile::Version;

    /// Weights, and the map (spec: balancing, 3): the cycle of `static-rr`.
    #[test]
    fn cycles_of_fixed_weights() {
        for (weights, cycle) in [
            ("1:1:1", "ABC"),
            ("2:1", "AAB"),
            ("3:1", "AAAB"),
            ("1:2", "ABB"),
            ("5:3:2", "AABACABABC"),
            ("1:2:3", "ACBCBC"),
            ("5:1:1", "AAABAAC"),
            ("4:2:1", "AABABAC"),
            ("3:3:1", "ABABABC"),
            ("1:2", "ABB"),
        ] {
            let mut trial = Trial::new(Version::V2_6, Balance::StaticRr, weights);
            for _ in 0..3 {
                trial.run(cycle);
            }
        }
    }

    #[test]
    fn servers_come_and_go() {
        for (weights, script) in [
            ("1:1:1", "ABCAB -B ACACA +B BCABCABCA"),
            ("2:1:1", "AABCA [A=0] CBCBC [A=2] BCAABCAA"),
            (
                "1:1:1b:1b",
                "ABAB -A BBB -B CCCC -C DDDD +C CCC -D CC +B BBB +A BABABA",
            ),
            // A heavier later backup takes part in the contest for the first one's places.
            ("1:2b:3b", "-A BCBCBC"),
        ] {
            Trial::new(Version::V2_6, Balance::StaticRr, weights).run(script);
        }
        Trial::new(Version::V2_6, Balance::StaticRr, "1:1:1b:1b")
            .allbackups()
            .run("ABAB -A BBB -B DCDCDC -C DDDD +C DCDCDC");
    }

    #[test]
    fn a_hash_goes_where_its_remainder_says_full_or_not() {
        let mut trial = Trial::new(Version::V2_6, Balance::Hash(HashKey::Source), "1/1:1/1:1/1")
            .hashing(HashType::default(), 0);
        let local = Ask {
            hash: Some(0x7f00_0001),
            avoid: Some(2),
            ..Ask::default()
        };
        assert_eq!(trial.picks(local, 2), "CC");
        trial.take(2);
        assert_eq!(trial.pick(local), Some(2));
        trial.run("-A");
        assert_eq!(trial.pick(local), Some(2));
        trial.run("-B");
        assert_eq!(trial.pick(local), Some(2));
    }

    /// The contest as the spec words it.
    fn plain_map(weights: &[u32], total: u32) -> String {
        let mut scores = vec![0_i64; weights.len()];
        let total = i64::from(total);
        let mut map = String::new();
        for _ in 0..total {
            let mut best = None;
            let mut highest = 0;
            for (server, weight) in weights.iter().enumerate() {
                scores[server] += i64::from(*weight);
                let multiple = (scores[server] + total) / total;
                if multiple > highest {
                    highest = multiple;
                    best = Some(server);
                }
            }
            let best = best.expect("the scores rise by the total at every place");
            scores[best] -= total;
            map.push(letter(best as u32));
        }
        map
    }

    proptest! {
        #[test]
        fn the_contest_is_the_plain_one(
            weights in prop::collection::vec(1..40_u32, 1..12),
            alone in any::<bool>(),
            equal in any::<bool>(),
        ) {
            let weights = if equal { vec![weights[0]; weights.len()] } else { weights };
            let members = weights.iter().map(|weight| Member {
                usable: true,
                backup: alone,
                weight: *weight,
                ..Member::default()
            });
            let mut farm = Farm { members: members.collect(), ..Farm::default() };
            farm.count();
            let mut map = Vec::new();
            draw(&farm, &mut map);
            let total = farm.weight();
            let expected = if total == 1 { "A".into() } else { plain_map(&weights, total) };
            prop_assert_eq!(map.into_iter().map(letter).collect::<String>(), expected);
        }
    }
}
