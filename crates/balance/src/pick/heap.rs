//! A four-way heap of servers by 32-bit key, and by turn among equal keys.

use alloc::vec::Vec;

/// The place of a server that is in no heap.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Servers ordered by key, then by the turn they were given.
///
/// Several heaps may share one table of places (slot to place), as a server is in at most
/// one of them; the table therefore belongs to the caller and comes in with each change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heap {
    seats: Vec<Seat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seat {
    /// The key, and below it the turn that tells equal keys apart.
    order: u64,
    slot: u32,
}

impl Seat {
    #[inline]
    fn new(slot: u32, key: u32, turn: u32) -> Self {
        Self {
            order: u64::from(key) << 32 | u64::from(turn),
            slot,
        }
    }
}

impl Heap {
    /// The server with the smallest key, the oldest of them.
    #[inline]
    pub(super) fn first(&self) -> Option<u32> {
        self.seats.first().map(|seat| seat.slot)
    }

    /// The key of the first server, and below it its turn.
    #[inline]
    pub(super) fn first_order(&self) -> Option<u64> {
        self.seats.first().map(|seat| seat.order)
    }

    /// Puts `slot`, which is in no heap, among its equals by `turn`.
    pub(super) fn insert(&mut self, places: &mut [u32], slot: u32, key: u32, turn: u32) {
        self.seats.push(Seat::new(slot, key, turn));
        self.sift_up(places, self.seats.len() - 1);
    }

    /// Takes `slot`, which is in this heap, out.
    pub(super) fn remove(&mut self, places: &mut [u32], slot: u32) {
        let at = places[slot as usize] as usize;
        debug_assert_eq!(self.seats[at].slot, slot);
        places[slot as usize] = NOWHERE;
        let last = self.seats.pop().expect("a heap with a member is not empty");
        if at < self.seats.len() {
            self.seats[at] = last;
            self.settle(places, at);
        }
    }

    /// Takes `slot`, which is in this heap, out and puts it back among the equals of `key`.
    pub(super) fn rekey(&mut self, places: &mut [u32], slot: u32, key: u32, turn: u32) {
        let at = places[slot as usize] as usize;
        debug_assert_eq!(self.seats[at].slot, slot);
        let seat = Seat::new(slot, key, turn);
        let before = core::mem::replace(&mut self.seats[at], seat);
        if seat.order < before.order {
            self.sift_up(places, at);
        } else {
            self.sift_down(places, at);
        }
    }

    fn settle(&mut self, places: &mut [u32], at: usize) {
        if at > 0 && self.seats[at].order < self.seats[(at - 1) / 4].order {
            self.sift_up(places, at);
        } else {
            self.sift_down(places, at);
        }
    }

    fn sift_up(&mut self, places: &mut [u32], mut at: usize) {
        let seat = self.seats[at];
        while at > 0 {
            let above = (at - 1) / 4;
            let parent = self.seats[above];
            if parent.order <= seat.order {
                break;
            }
            self.seats[at] = parent;
            places[parent.slot as usize] = at as u32;
            at = above;
        }
        self.seats[at] = seat;
        places[seat.slot as usize] = at as u32;
    }

    fn sift_down(&mut self, places: &mut [u32], mut at: usize) {
        let seats = &mut self.seats[..];
        let seat = seats[at];
        loop {
            let first = at * 4 + 1;
            let Some(below) = seats.get(first..) else {
                break;
            };
            let (mut best, mut child) = (at, seat);
            for (place, seat) in (first..).zip(below.iter().take(4)) {
                if seat.order < child.order {
                    (best, child) = (place, *seat);
                }
            }
            if best == at {
                break;
            }
            seats[at] = child;
            places[child.slot as usize] = at as u32;
            at = best;
        }
        seats[at] = seat;
        places[seat.slot as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn drain(heap: &mut Heap, places: &mut [u32]) -> Vec<u32> {
        core::iter::from_fn(|| {
            let first = heap.first()?;
            heap.remove(places, first);
            Some(first)
        })
        .collect()
    }

    proptest! {
        /// The heap is an ordered set of (key, turn, slot).
        #[test]
        fn orders_like_a_tree(steps in prop::collection::vec((0..40_u32, 0..6_u32), 1..300)) {
            let mut places = vec![NOWHERE; 40];
            let mut heap = Heap::default();
            let mut tree = BTreeSet::new();
            let mut keys = vec![None; 40];
            for (turn, (slot, key)) in (0..).zip(steps) {
                let seat = &mut keys[slot as usize];
                match (*seat, key) {
                    (None, key) => {
                        heap.insert(&mut places, slot, key, turn);
                        *seat = Some((key, turn));
                    }
                    (Some((old, since)), 0) => {
                        heap.remove(&mut places, slot);
                        tree.remove(&(old, since, slot));
                        *seat = None;
                    }
                    (Some((old, since)), key) => {
                        heap.rekey(&mut places, slot, key, turn);
                        tree.remove(&(old, since, slot));
                        *seat = Some((key, turn));
                    }
                }
                if let Some((key, turn)) = *seat {
                    tree.insert((key, turn, slot));
                }
                prop_assert_eq!(heap.first(), tree.first().map(|seat| seat.2));
            }
            let rest: Vec<u32> = tree.into_iter().map(|seat| seat.2).collect();
            prop_assert_eq!(drain(&mut heap, &mut places), rest);
        }
    }
}
