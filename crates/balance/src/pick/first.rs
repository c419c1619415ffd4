//! `balance first`: fill the server with the lowest id before the next one
//! (spec: balancing, 5).

use alloc::vec;
use alloc::vec::Vec;

use crate::chance::Chance;
use crate::farm::{Farm, Group};
use crate::pick::bits::Bits;
use crate::pick::{Ask, Policy};

/// The algorithm with its books.
///
/// A server that is full and can stay so only until a slot is given back or its limit is
/// changed is set aside when a pick meets it, so that a pick does not go through all the
/// full ones again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct First {
    /// The slots in order of ids.
    slots: Vec<u32>,
    /// The rank of each slot in that order.
    ranks: Vec<u32>,
    /// The ranks of the usable active and backup servers that may have room.
    open: [Bits; 2],
}

impl First {
    /// Over all usable servers of `farm`.
    pub fn new(farm: &Farm) -> Self {
        let mut this = Self::default();
        this.rank(farm);
        this
    }

    fn rank(&mut self, farm: &Farm) {
        let members = &farm.members;
        self.slots = (0..members.len() as u32).collect();
        self.slots.sort_by_key(|slot| members[*slot as usize].id);
        self.ranks = vec![0; members.len()];
        self.open = [Bits::new(members.len()), Bits::new(members.len())];
        for (rank, slot) in (0..).zip(&self.slots) {
            self.ranks[*slot as usize] = rank;
            let member = &members[*slot as usize];
            if member.usable {
                self.open[usize::from(member.backup)].insert(rank);
            }
        }
    }

    #[inline(never)]
    fn open(&mut self, farm: &Farm, slot: u32) {
        let member = &farm.members[slot as usize];
        if member.usable {
            self.open[usize::from(member.backup)].insert(self.ranks[slot as usize]);
        }
    }
}

/// Whether `slot` is full whatever happens to queues, to other servers, or with time.
fn stays_full(farm: &Farm, slot: u32) -> bool {
    let member = &farm.members[slot as usize];
    member.maxconn != 0 && member.served >= member.maxconn.max(member.minconn)
}

/// The books, to look at.
impl First {
    /// The usable servers of the group in force in the order in which a pick looks at them.
    pub(crate) fn order(&self, farm: &Farm) -> impl Iterator<Item = u32> {
        let in_force = farm.group() != Group::Active;
        self.slots.iter().copied().filter(move |slot| {
            let member = &farm.members[*slot as usize];
            member.usable && member.backup == in_force
        })
    }
}

impl Policy for First {
    fn added(&mut self, farm: &Farm, _slot: u32, _weight: u32) {
        self.rank(farm);
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        self.open(farm, slot);
    }

    fn left(&mut self, farm: &Farm, slot: u32, _weight_before: u32) {
        let backup = farm.members[slot as usize].backup;
        self.open[usize::from(backup)].remove(self.ranks[slot as usize]);
    }

    fn weighed(&mut self, _farm: &Farm, _slot: u32, _weight_before: u32) {}

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, farm: &Farm, slot: u32) {
        self.open(farm, slot);
    }

    fn limited(&mut self, farm: &Farm, slot: u32) {
        self.open(farm, slot);
    }

    fn pick(&mut self, farm: &Farm, ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        let open = &mut self.open[usize::from(farm.group() != Group::Active)];
        let mut avoided = None;
        let mut from = 0;
        while let Some(rank) = open.next(from) {
            let slot = self.slots[rank as usize];
            if farm.is_saturated(slot) {
                if stays_full(farm, slot) {
                    open.remove(rank);
                }
            } else if ask.avoid == Some(slot) {
                avoided = Some(slot);
            } else {
                return Some(slot);
            }
            from = rank + 1;
        }
        avoided
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Balance;
    use crate::farm::Member;
    use crate::pick::Ask;
    use crate::pick::trial::Trial;
    use crate::profile::Version;

    #[test]
    fn the_lowest_id_takes_everything() {
        for (servers, script) in [
            ("1:1:1", "AAAAA"),
            ("1#30:1#20:1#10", "CCC -C BBB +C CCC"),
            ("1:1:1", "AA [A=0] BB [A=5] AA"),
            (
                "1:1:1b:1b",
                "AAAA -A BBB -B CCCC -C DDDD +C CCC -D CC +B BBB +A AAAAAA",
            ),
        ] {
            Trial::new(Version::V2_6, Balance::First, servers).run(script);
        }
    }

    #[test]
    fn the_next_one_is_filled_when_the_first_is_full() {
        let mut trial = Trial::new(Version::V2_6, Balance::First, "1/2:1/1:1/1");
        trial.run("(AABC- )B (B- )AA (AA- )C (C");
        trial.set_maxconn(1, 2);
        trial.run("(B-");
    }

    #[test]
    fn a_server_added_later_takes_its_place_by_id() {
        let mut trial = Trial::new(Version::V2_6, Balance::First, "1#5/1:1#7/1");
        trial.run("(AB-");
        let member = Member {
            id: 6,
            warmth: 100,
            ..Member::default()
        };
        trial.add(member, 1);
        trial.run("(- +C )B (CC -C (B-");
        assert_eq!(trial.pick(Ask::default()), None);
    }
}
