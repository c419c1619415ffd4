//! Servers in line for their turn, by 32-bit key, first in first out among equal keys: the
//! ordered container of the round robin (spec: balancing, 1.5).

use alloc::vec::Vec;

use crate::pick::heap::{Heap, NOWHERE};

/// No server.
const NOBODY: u32 = u32::MAX;
/// The order of who stands in no line. Turns begin with 1, so that it is before everybody.
const NO_ORDER: u64 = 0;

/// Servers ordered by key, then by insertion.
///
/// A server mostly goes behind all the others: always, if all weigh the same. Those stand in
/// a line, which costs the same at any length; who must go in between goes into a heap.
///
/// Several of these may share one [`Table`], as a server is in at most one of them; it
/// belongs to the caller and comes in with each change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lineup {
    head: u32,
    tail: u32,
    /// The order of `head`; beyond all others if nobody is in the line.
    first: u64,
    /// The order of `tail`; before all others if nobody is in the line.
    last: u64,
    heap: Heap,
    /// Given to the next insertion, to tell equal keys apart.
    turn: u32,
}

/// Where each server is, by slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    links: Vec<Link>,
    /// Places in a heap.
    places: Vec<u32>,
}

/// One server's neighbours in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    /// The key, and below it the turn that tells equal keys apart; or [`NO_ORDER`].
    order: u64,
    before: u32,
    behind: u32,
}

impl Table {
    /// For so many servers, of whom none is anywhere.
    pub(super) fn new(servers: usize) -> Self {
        let mut this = Self {
            links: Vec::new(),
            places: Vec::new(),
        };
        this.resize(servers);
        this
    }

    /// For more servers.
    pub(super) fn resize(&mut self, servers: usize) {
        let nowhere = Link {
            order: NO_ORDER,
            before: NOBODY,
            behind: NOBODY,
        };
        self.links.resize(servers, nowhere);
        self.places.resize(servers, NOWHERE);
    }
}

impl Default for Lineup {
    fn default() -> Self {
        Self {
            head: NOBODY,
            tail: NOBODY,
            first: u64::MAX,
            last: NO_ORDER,
            heap: Heap::default(),
            turn: 0,
        }
    }
}

fn order(key: u32, turn: u32) -> u64 {
    u64::from(key) << 32 | u64::from(turn)
}

impl Lineup {
    /// The server with the smallest key, the oldest of them.
    #[inline]
    pub(super) fn first(&self) -> Option<u32> {
        match self.heap.first_order() {
            Some(order) if order < self.first => self.heap.first(),
            _ => (self.head != NOBODY).then_some(self.head),
        }
    }

    /// Puts `slot`, which is nowhere, behind its equals.
    #[inline]
    pub(super) fn insert(&mut self, table: &mut Table, slot: u32, key: u32) {
        let turn = self.next_turn(table);
        self.join(table, slot, key, turn);
    }

    #[expect(clippy::inline_always, reason = "one step of every pick")]
    #[inline(always)]
    fn join(&mut self, table: &mut Table, slot: u32, key: u32, turn: u32) {
        let order = order(key, turn);
        if order < self.last {
            return self.heap.insert(&mut table.places, slot, key, turn);
        }
        table.links[slot as usize] = Link {
            order,
            before: self.tail,
            behind: NOBODY,
        };
        if let Some(tail) = table.links.get_mut(self.tail as usize) {
            tail.behind = slot;
        } else {
            self.head = slot;
            self.first = order;
        }
        self.tail = slot;
        self.last = order;
    }

    /// Takes `slot`, which is in here, out.
    #[inline]
    pub(super) fn remove(&mut self, table: &mut Table, slot: u32) {
        let link = &mut table.links[slot as usize];
        if core::mem::replace(&mut link.order, NO_ORDER) == NO_ORDER {
            return self.heap.remove(&mut table.places, slot);
        }
        let Link { before, behind, .. } = *link;
        let mut first = u64::MAX;
        if let Some(link) = table.links.get_mut(behind as usize) {
            link.before = before;
            first = link.order;
        } else {
            self.tail = before;
            let tail = table.links.get(before as usize);
            self.last = tail.map_or(NO_ORDER, |tail| tail.order);
        }
        if let Some(link) = table.links.get_mut(before as usize) {
            link.behind = behind;
        } else {
            self.head = behind;
            self.first = first;
        }
    }

    /// Takes `slot`, which is in here, out and puts it back behind the equals of `key`.
    #[expect(clippy::inline_always, reason = "one step of every pick")]
    #[inline(always)]
    pub(super) fn rekey(&mut self, table: &mut Table, slot: u32, key: u32) {
        let turn = self.next_turn(table);
        let order = order(key, turn);
        if slot == self.head && order >= self.last {
            return self.rotate(table, order);
        }
        self.rekey_elsewhere(table, slot, key, turn);
    }

    /// The first in the line goes behind all the others.
    #[expect(clippy::inline_always, reason = "one step of every pick")]
    #[inline(always)]
    fn rotate(&mut self, table: &mut Table, order: u64) {
        let (slot, tail) = (self.head, self.tail);
        self.last = order;
        let link = &mut table.links[slot as usize];
        link.order = order;
        let behind = link.behind;
        if slot == tail {
            self.first = order;
            return;
        }
        link.before = tail;
        link.behind = NOBODY;
        table.links[tail as usize].behind = slot;
        let head = &mut table.links[behind as usize];
        head.before = NOBODY;
        self.first = head.order;
        self.head = behind;
        self.tail = slot;
    }

    #[inline(never)]
    fn rekey_elsewhere(&mut self, table: &mut Table, slot: u32, key: u32, turn: u32) {
        if table.links[slot as usize].order == NO_ORDER && order(key, turn) < self.last {
            return self.heap.rekey(&mut table.places, slot, key, turn);
        }
        self.remove(table, slot);
        self.join(table, slot, key, turn);
    }

    #[inline]
    fn next_turn(&mut self, table: &mut Table) -> u32 {
        if self.turn == u32::MAX {
            self.renumber(table);
        }
        self.turn += 1;
        self.turn
    }

    /// Numbers the turns from 1 again, keeping the order. Needed once in 2^32 insertions.
    #[cold]
    fn renumber(&mut self, table: &mut Table) {
        let keys: Vec<(u32, u32)> = core::iter::from_fn(|| {
            let slot = self.first()?;
            let order = match self.heap.first_order() {
                Some(order) if order < self.first => order,
                _ => self.first,
            };
            self.remove(table, slot);
            Some((slot, (order >> 32) as u32))
        })
        .collect();
        self.turn = 0;
        for (slot, key) in keys {
            self.insert(table, slot, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn drain(lineup: &mut Lineup, table: &mut Table) -> Vec<u32> {
        core::iter::from_fn(|| {
            let first = lineup.first()?;
            lineup.remove(table, first);
            Some(first)
        })
        .collect()
    }

    #[test]
    fn equal_keys_leave_in_order_of_insertion() {
        let mut table = Table::new(9);
        let mut lineup = Lineup::default();
        for slot in [4, 2, 7, 0, 8, 1] {
            lineup.insert(&mut table, slot, slot % 2);
        }
        lineup.rekey(&mut table, 2, 0);
        assert_eq!(drain(&mut lineup, &mut table), [4, 0, 8, 2, 7, 1]);
        assert_eq!(lineup.first(), None);
    }

    #[test]
    fn turns_start_again_without_a_change_of_order() {
        let mut table = Table::new(6);
        let mut lineup = Lineup {
            turn: u32::MAX - 3,
            ..Lineup::default()
        };
        for (slot, key) in [(3, 7), (1, 6), (5, 7), (0, 6), (4, 7)] {
            lineup.insert(&mut table, slot, key);
        }
        assert_eq!(lineup.turn, 5);
        assert_eq!(drain(&mut lineup, &mut table), [1, 0, 3, 5, 4]);
    }

    proptest! {
        /// An ordered set of (key, turn, slot), of which two share a table.
        #[test]
        fn orders_like_a_tree(
            steps in prop::collection::vec((0..40_u32, 0..9_u32, 0..2_usize), 1..300),
        ) {
            let mut table = Table::new(40);
            let mut lineups = [Lineup::default(), Lineup::default()];
            let mut trees = [BTreeSet::new(), BTreeSet::new()];
            let mut keys = vec![None; 40];
            for (turn, (slot, key, which)) in steps.into_iter().enumerate() {
                let seat = &mut keys[slot as usize];
                match *seat {
                    None => {
                        lineups[which].insert(&mut table, slot, key);
                        *seat = Some((which, key, turn));
                    }
                    Some((which, old, since)) if key == 0 => {
                        lineups[which].remove(&mut table, slot);
                        trees[which].remove(&(old, since, slot));
                        *seat = None;
                    }
                    Some((which, old, since)) => {
                        lineups[which].rekey(&mut table, slot, key);
                        trees[which].remove(&(old, since, slot));
                        *seat = Some((which, key, turn));
                    }
                }
                if let Some((which, key, turn)) = *seat {
                    trees[which].insert((key, turn, slot));
                }
                for (lineup, tree) in lineups.iter().zip(&trees) {
                    prop_assert_eq!(lineup.first(), tree.first().map(|seat| seat.2));
                }
            }
            for (lineup, tree) in lineups.iter_mut().zip(trees) {
                let rest: Vec<u32> = tree.into_iter().map(|seat| seat.2).collect();
                prop_assert_eq!(drain(lineup, &mut table), rest);
            }
        }
    }
}
