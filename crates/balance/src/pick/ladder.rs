//! Servers on rungs by key, each rung holding up to four queues: the container behind
//! leastconn, where many servers share few keys (spec: balancing, 4.1 and 4.4).

use alloc::vec::Vec;

/// No server.
const NOBODY: u32 = u32::MAX;

/// How many queues a rung has. Orders that know only one use the first.
pub(super) const QUEUES: usize = 4;

/// The rungs of one group of servers.
///
/// The links between servers are in a table by slot that belongs to the caller, so that
/// several ladders can share it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ladder {
    /// Keys in ascending order, with their places in `rungs`. A vector, as there are few.
    keys: Vec<(u32, u32)>,
    rungs: Vec<Rung>,
    /// Places in `rungs` that are free.
    spare: Vec<u32>,
    /// How many of `keys` have no server. They stay for a while, as the last server of a
    /// key is often soon followed by another one.
    deserted: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rung {
    queues: [Queue; QUEUES],
    servers: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Queue {
    head: u32,
    tail: u32,
}

const EMPTY: Queue = Queue {
    head: NOBODY,
    tail: NOBODY,
};

/// Where one server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Counts insertions at the tail: tells who of two equals came first.
    pub(super) turn: u64,
    /// The key it has, or had when it was last on the ladder.
    pub(super) key: u32,
    /// Whether it takes part at all, on the ladder or parked beside it.
    pub(super) present: bool,
    before: u32,
    behind: u32,
    rung: u32,
    queue: u8,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            turn: 0,
            key: 0,
            present: false,
            before: NOBODY,
            behind: NOBODY,
            rung: NOBODY,
            queue: 0,
        }
    }
}

impl Link {
    /// Whether it is on the ladder.
    pub(super) fn is_on(&self) -> bool {
        self.rung != NOBODY
    }

    /// The next one in its queue.
    pub(super) fn behind(&self) -> Option<u32> {
        somebody(self.behind)
    }
}

fn somebody(slot: u32) -> Option<u32> {
    (slot != NOBODY).then_some(slot)
}

/// One rung, as seen from outside until the ladder changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Its key.
    pub(super) key: u32,
    rung: u32,
}

impl Ladder {
    /// The lowest rung.
    #[inline]
    pub(super) fn lowest(&self) -> Option<Step> {
        self.inhabited(0)
    }

    /// The next rung above `key`.
    pub(super) fn above(&self, key: u32) -> Option<Step> {
        self.inhabited(self.keys.partition_point(|(other, _)| *other <= key))
    }

    /// The first rung with servers, not before that of the key at `from`.
    #[inline]
    fn inhabited(&self, from: usize) -> Option<Step> {
        self.keys[from..].iter().find_map(|&(key, rung)| {
            let servers = self.rungs[rung as usize].servers;
            (servers > 0).then_some(Step { key, rung })
        })
    }

    /// The first of one queue of a rung.
    #[inline]
    pub(super) fn head(&self, step: Step, queue: usize) -> Option<u32> {
        somebody(self.rungs[step.rung as usize].queues[queue].head)
    }

    /// Puts `slot`, which is not on the ladder, at the tail of `queue` at its key.
    #[inline]
    pub(super) fn push(&mut self, links: &mut [Link], slot: u32, queue: u8) {
        let rung = self.rung(links[slot as usize].key);
        let tail = self.rungs[rung as usize].queues[usize::from(queue)].tail;
        self.insert(links, slot, (rung, queue), tail);
    }

    /// Puts `slot`, which is not on the ladder, into the first queue at its key, where its
    /// turn says. Goes through the queue from its head.
    pub(super) fn push_by_turn(&mut self, links: &mut [Link], slot: u32) {
        let Link { key, turn, .. } = links[slot as usize];
        let rung = self.rung(key);
        let mut before = NOBODY;
        let mut next = self.rungs[rung as usize].queues[0].head;
        while next != NOBODY && links[next as usize].turn < turn {
            before = next;
            next = links[next as usize].behind;
        }
        self.insert(links, slot, (rung, 0), before);
    }

    #[inline]
    fn insert(&mut self, links: &mut [Link], slot: u32, (rung, queue): (u32, u8), before: u32) {
        let Rung { queues, servers } = &mut self.rungs[rung as usize];
        if *servers == 0 {
            self.deserted -= 1;
        }
        *servers += 1;
        let ends = &mut queues[usize::from(queue)];
        let behind = match somebody(before) {
            Some(before) => core::mem::replace(&mut links[before as usize].behind, slot),
            None => core::mem::replace(&mut ends.head, slot),
        };
        match somebody(behind) {
            Some(behind) => links[behind as usize].before = slot,
            None => ends.tail = slot,
        }
        let link = &mut links[slot as usize];
        (link.before, link.behind) = (before, behind);
        (link.rung, link.queue) = (rung, queue);
    }

    /// Takes `slot`, which is on this ladder, off it.
    #[inline]
    pub(super) fn remove(&mut self, links: &mut [Link], slot: u32) {
        let link = &mut links[slot as usize];
        let Link { before, behind, .. } = *link;
        let Rung { queues, servers } = &mut self.rungs[link.rung as usize];
        let ends = &mut queues[usize::from(link.queue)];
        link.rung = NOBODY;
        match somebody(before) {
            Some(before) => links[before as usize].behind = behind,
            None => ends.head = behind,
        }
        match somebody(behind) {
            Some(behind) => links[behind as usize].before = before,
            None => ends.tail = before,
        }
        *servers -= 1;
        if *servers == 0 {
            self.deserted += 1;
            if self.deserted > 4 && self.deserted * 2 > self.keys.len() {
                self.clear_deserted();
            }
        }
    }

    fn clear_deserted(&mut self) {
        let Self {
            keys, rungs, spare, ..
        } = self;
        keys.retain(|(_, rung)| {
            let inhabited = rungs[*rung as usize].servers > 0;
            if !inhabited {
                spare.push(*rung);
            }
            inhabited
        });
        self.deserted = 0;
    }

    /// The rung of `key`, made if there is none.
    #[inline]
    fn rung(&mut self, key: u32) -> u32 {
        // The keys in use are mostly the lowest few.
        for &(other, rung) in self.keys.iter().take(4) {
            if other == key {
                return rung;
            }
        }
        match self.keys.binary_search_by_key(&key, |entry| entry.0) {
            Ok(at) => self.keys[at].1,
            Err(at) => self.make(at, key),
        }
    }

    #[cold]
    fn make(&mut self, at: usize, key: u32) -> u32 {
        let rung = self.spare.pop().unwrap_or_else(|| {
            self.rungs.push(Rung {
                queues: [EMPTY; QUEUES],
                servers: 0,
            });
            self.rungs.len() as u32 - 1
        });
        self.keys.insert(at, (key, rung));
        self.deserted += 1;
        rung
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    /// Everybody on the ladder, queue by queue.
    fn all(ladder: &Ladder, links: &[Link]) -> Vec<(u32, usize, u32)> {
        let mut found = Vec::new();
        let mut step = ladder.lowest();
        while let Some(here) = step {
            for queue in 0..QUEUES {
                let behind = |slot: &u32| links[*slot as usize].behind();
                let slots = core::iter::successors(ladder.head(here, queue), behind);
                found.extend(slots.map(|slot| (here.key, queue, slot)));
            }
            step = ladder.above(here.key);
        }
        found
    }

    proptest! {
        /// A ladder is an ordered map of (key, queue, turn), whatever keys come and go.
        #[test]
        fn is_an_ordered_map(
            steps in prop::collection::vec((0..20_u32, 0..40_u32, 0..3_u8), 1..300),
        ) {
            let mut links = vec![Link::default(); 20];
            let mut ladder = Ladder::default();
            let mut map = BTreeMap::new();
            for (turn, (slot, key, queue)) in (0..).zip(steps) {
                let link = &mut links[slot as usize];
                let (was_on, parked) = (link.is_on(), link.present);
                if was_on {
                    ladder.remove(&mut links, slot);
                    map.retain(|_, other| *other != slot);
                } else if parked {
                    // Back to where it was.
                    let Link { key, turn, .. } = links[slot as usize];
                    ladder.push_by_turn(&mut links, slot);
                    map.insert((key, 0, turn), slot);
                } else {
                    link.key = key;
                    link.turn = turn;
                    ladder.push(&mut links, slot, queue);
                    map.insert((key, usize::from(queue), turn), slot);
                }
                // Of those taken off, every other one is parked.
                links[slot as usize].present = was_on && !parked;
                let expected: Vec<_> =
                    map.iter().map(|((key, queue, _), slot)| (*key, *queue, *slot)).collect();
                prop_assert_eq!(all(&ladder, &links), expected);
                prop_assert!(ladder.keys.len() <= 2 * map.len() + 5);
            }
        }
    }
}
