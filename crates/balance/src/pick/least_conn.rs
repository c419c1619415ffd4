//! `balance leastconn`: the server with the fewest requests for its weight
//! (spec: balancing, 4).

use alloc::vec;
use alloc::vec::Vec;

use crate::chance::Chance;
use crate::farm::{Farm, Group};
use crate::pick::ladder::{Ladder, Link, QUEUES};
use crate::pick::{Ask, Policy};
use crate::profile::{Fullness, Load, Profile, Reposition, Ties};

/// The algorithm with its books.
///
/// With FIFO ties, a server that is full and can stay so only until a slot is given back
/// or its limit is changed is parked: taken off the ladder when a pick meets it, and put
/// back to its place when that happens. So a farm full of full servers costs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeastConn {
    /// The active servers and the backup servers.
    ladders: [Ladder; 2],
    /// Where each server is, by slot.
    links: Vec<Link>,
    /// Insertions so far.
    turn: u64,
    order: Order,
    load: Load,
    reposition: Reposition,
    full: Fullness,
}

/// The order among equal keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Fifo,
    /// Four queues drawn by lot. Nothing is drawn before the first pick brings a seed.
    Lots(Option<Lots>),
}

/// The lots of 3.2 and later. HAProxy draws from a generator of its own at each insertion;
/// here it is seeded by the driver's chance, so that one seed gives one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lots(pub(super) u64);

impl Lots {
    /// A queue.
    pub(super) fn draw(&mut self) -> u8 {
        // One step of splitmix64, of which the two highest bits are taken.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 62) as u8
    }
}

impl LeastConn {
    /// All usable servers of `farm` are idle, in declaration order.
    pub fn new(profile: &Profile, farm: &Farm) -> Self {
        let mut this = Self {
            ladders: [Ladder::default(), Ladder::default()],
            links: vec![Link::default(); farm.members.len()],
            turn: 0,
            order: match profile.leastconn_ties {
                Ties::Fifo => Order::Fifo,
                Ties::FourLists => Order::Lots(None),
            },
            load: profile.leastconn_load,
            reposition: profile.leastconn_reposition,
            full: profile.leastconn_full,
        };
        for (slot, member) in (0..).zip(&farm.members) {
            if member.usable {
                this.enter(farm, slot);
            }
        }
        this
    }

    /// The key of `slot`: what one more request would weigh, 0 for an idle server.
    #[inline]
    fn key(&self, farm: &Farm, slot: u32) -> u32 {
        let member = &farm.members[slot as usize];
        let load = match self.load {
            Load::Served => member.served,
            Load::ServedAndQueued => member.served + member.queued,
        };
        if load == 0 {
            return 0;
        }
        let heavy = (load + 1).wrapping_mul(4096);
        heavy.checked_div(member.weight).unwrap_or(heavy)
    }

    #[inline]
    fn is_full(&self, farm: &Farm, slot: u32) -> bool {
        match self.full {
            Fullness::Saturated => farm.is_saturated(slot),
            Fullness::QueueFull => {
                let member = &farm.members[slot as usize];
                member.maxconn != 0
                    && member.served + member.queued >= farm.limit(slot) + member.maxqueue
            }
        }
    }

    /// Whether `slot` is full and nothing but a slot given back or a change of its
    /// `maxconn` can change that: not its queue, not the load of the backend, not time.
    fn stays_full(&self, farm: &Farm, slot: u32) -> bool {
        let member = &farm.members[slot as usize];
        let room = match self.full {
            Fullness::Saturated => 0,
            Fullness::QueueFull => member.maxqueue,
        };
        member.maxconn != 0 && member.served >= member.maxconn.max(member.minconn) + room
    }

    /// Puts `slot` behind the equals of `key`, wherever it was.
    #[inline]
    fn put(&mut self, farm: &Farm, slot: u32, key: u32) {
        let ladder = &mut self.ladders[usize::from(farm.members[slot as usize].backup)];
        if self.links[slot as usize].is_on() {
            ladder.remove(&mut self.links, slot);
        }
        let queue = match &mut self.order {
            Order::Fifo | Order::Lots(None) => 0,
            Order::Lots(Some(lots)) => lots.draw(),
        };
        let link = &mut self.links[slot as usize];
        link.present = true;
        link.key = key;
        link.turn = self.turn;
        self.turn += 1;
        ladder.push(&mut self.links, slot, queue);
    }

    /// Puts `slot` where its load says.
    fn enter(&mut self, farm: &Farm, slot: u32) {
        let key = self.key(farm, slot);
        self.put(farm, slot, key);
    }

    /// Ends the parking of `slot` if its reason is gone.
    fn unpark(&mut self, farm: &Farm, slot: u32) {
        if self.links[slot as usize].present
            && !self.links[slot as usize].is_on()
            && !self.stays_full(farm, slot)
        {
            let ladder = &mut self.ladders[usize::from(farm.members[slot as usize].backup)];
            ladder.push_by_turn(&mut self.links, slot);
        }
    }

    /// The load of `slot` may have changed.
    #[inline(never)]
    fn reposition(&mut self, farm: &Farm, slot: u32) {
        if !self.links[slot as usize].present {
            return;
        }
        let key = self.key(farm, slot);
        if self.links[slot as usize].key != key || self.reposition == Reposition::Always {
            self.put(farm, slot, key);
        } else {
            self.unpark(farm, slot);
        }
    }

    /// The first fit server in order of keys, then of insertion.
    #[inline]
    fn pick_in_order(&mut self, farm: &Farm, avoid: Option<u32>) -> Option<u32> {
        let ladder = usize::from(farm.group() != Group::Active);
        let mut avoided = None;
        let mut lowest = self.ladders[ladder].lowest();
        while let Some(step) = lowest {
            let mut next = self.ladders[ladder].head(step, 0);
            while let Some(slot) = next {
                next = self.links[slot as usize].behind();
                if self.is_full(farm, slot) {
                    if self.stays_full(farm, slot) {
                        self.ladders[ladder].remove(&mut self.links, slot);
                    }
                } else if avoid == Some(slot) {
                    avoided = Some(slot);
                } else {
                    return Some(slot);
                }
            }
            lowest = self.ladders[ladder].above(step.key);
        }
        avoided
    }

    /// The first fit head of a queue, of the lowest key that has one. The first queue to
    /// look at is drawn by lot; a fit server behind an unfit head is not seen.
    fn pick_by_lot(&mut self, farm: &Farm, avoid: Option<u32>, mut lots: Lots) -> Option<u32> {
        let ladder = usize::from(farm.group() != Group::Active);
        let mut avoided = None;
        let mut lowest = self.ladders[ladder].lowest();
        while let Some(step) = lowest {
            let start = usize::from(lots.draw());
            self.order = Order::Lots(Some(lots));
            // HAProxy goes on round the queues, but sees the same heads again.
            for queue in (start..start + QUEUES).map(|queue| queue % QUEUES) {
                match self.ladders[ladder].head(step, queue) {
                    Some(slot) if self.is_full(farm, slot) => {}
                    Some(slot) if avoid == Some(slot) => avoided = Some(slot),
                    Some(slot) => return Some(slot),
                    None => {}
                }
            }
            lowest = self.ladders[ladder].above(step.key);
        }
        avoided
    }

    /// Deals those who came before the first pick to the queues.
    fn deal(&mut self, farm: &Farm, lots: Lots) {
        self.order = Order::Lots(Some(lots));
        for ladder in 0..2 {
            let mut waiting = Vec::new();
            let mut lowest = self.ladders[ladder].lowest();
            while let Some(step) = lowest {
                let head = self.ladders[ladder].head(step, 0);
                let behind = |slot: &u32| self.links[*slot as usize].behind();
                waiting.extend(core::iter::successors(head, behind));
                lowest = self.ladders[ladder].above(step.key);
            }
            for slot in waiting {
                let key = self.links[slot as usize].key;
                self.put(farm, slot, key);
            }
        }
    }
}

/// The books, to look at.
impl LeastConn {
    /// The usable servers of the group in force in the order in which a pick looks at them,
    /// with their keys; those that are parked because they are full come last. Queues
    /// drawn by lot come in the order of their numbers.
    pub(crate) fn order(&self, farm: &Farm) -> Vec<(u32, u32)> {
        let in_force = farm.group() != Group::Active;
        let ladder = &self.ladders[usize::from(in_force)];
        let mut order = Vec::new();
        let mut lowest = ladder.lowest();
        while let Some(step) = lowest {
            for queue in 0..QUEUES {
                let behind = |slot: &u32| self.links[*slot as usize].behind();
                let slots = core::iter::successors(ladder.head(step, queue), behind);
                order.extend(slots.map(|slot| (slot, step.key)));
            }
            lowest = ladder.above(step.key);
        }
        let parked = (0..).zip(&self.links).filter(|(slot, link)| {
            let backup = farm.members[*slot as usize].backup;
            link.present && !link.is_on() && backup == in_force
        });
        order.extend(parked.map(|(slot, link)| (slot, link.key)));
        order
    }
}

impl Policy for LeastConn {
    fn added(&mut self, farm: &Farm, _slot: u32, _weight: u32) {
        self.links.resize(farm.members.len(), Link::default());
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        self.enter(farm, slot);
    }

    fn left(&mut self, farm: &Farm, slot: u32, _weight_before: u32) {
        self.links[slot as usize].present = false;
        if self.links[slot as usize].is_on() {
            let ladder = &mut self.ladders[usize::from(farm.members[slot as usize].backup)];
            ladder.remove(&mut self.links, slot);
        }
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, _weight_before: u32) {
        self.enter(farm, slot);
    }

    fn took(&mut self, farm: &Farm, slot: u32) {
        self.reposition(farm, slot);
    }

    fn dropped(&mut self, farm: &Farm, slot: u32) {
        self.reposition(farm, slot);
    }

    fn limited(&mut self, farm: &Farm, slot: u32) {
        self.unpark(farm, slot);
    }

    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32> {
        match self.order {
            Order::Fifo => self.pick_in_order(farm, ask.avoid),
            Order::Lots(Some(lots)) => self.pick_by_lot(farm, ask.avoid, lots),
            Order::Lots(None) => {
                let lots = Lots(chance.next_u64());
                self.deal(farm, lots);
                self.pick(farm, ask, chance)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Balance;
    use crate::pick::trial::Trial;
    use crate::profile::Version;

    /// Sequences of 2.6.12 (spec: balancing, 4.3). 2.2 agrees, as nothing queues.
    #[test]
    fn sequences_of_a_real_process() {
        for version in [Version::V2_2, Version::V2_6] {
            for (weights, script) in [
                ("1:1:1", "ABCABCABC"),
                ("1:1:1", "ABCAB -B CACAC +B ACBACBACB"),
                ("10:20", "ABABAB"),
                ("1:2", "(ABBBABBA"),
                ("1:1:1", "(ABCABCAB"),
            ] {
                Trial::new(version, Balance::LeastConn, weights).run(script);
            }
        }
        Trial::new(Version::V2_6, Balance::LeastConn, "1:1:1b:1b")
            .run("ABAB -A BBB -B CCCC -C DDDD +C CCC -D CC +B BBB +A BABABA");
    }

    /// A full server is passed over, parked or not, and is back in its place afterwards.
    #[test]
    fn full_servers_are_passed_over() {
        let mut trial = Trial::new(Version::V2_6, Balance::LeastConn, "1/1:1/2:1/1");
        trial.run("(ABCB- )BA (AB- )C (C-");
        trial.set_maxconn(0, 2);
        trial.run("(A-");
    }

    /// Equal servers come out evenly from the lots, and not in turn.
    #[test]
    fn lots_are_fair_and_repeatable() {
        let mut trial = Trial::new(Version::V3_4, Balance::LeastConn, "1:1:1");
        let mut again = trial.clone();
        let picks = trial.picks(Ask::default(), 30_000);
        assert_eq!(picks, again.picks(Ask::default(), 30_000));
        for letter in ['A', 'B', 'C'] {
            let share = picks.chars().filter(|c| *c == letter).count();
            assert!((9_500..10_500).contains(&share), "{letter}: {share}");
        }
        assert!(!picks.contains("ABCABCABCABCABC"));
    }
}
