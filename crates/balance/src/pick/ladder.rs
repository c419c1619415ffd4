//! Servers on rungs by key, each rung holding up to four queues: the container behind
//! leastconn, where many servers share few keys (spec: balancing, 4.1 and 4.4).

use alloc::collections::BTreeMap;
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
    /// From key to place in `rungs`; a rung without servers is not kept.
    keys: BTreeMap<u32, u32>,
    rungs: Vec<Rung>,
    /// Places in `rungs` that are free.
    spare: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rung {
    queues: [Queue; QUEUES],
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

/// One rung, seen from outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Its key.
    pub(super) key: u32,
    queues: [Queue; QUEUES],
}

impl Step {
    /// The first of one queue.
    pub(super) fn head(&self, queue: usize) -> Option<u32> {
        somebody(self.queues[queue].head)
    }
}

impl Ladder {
    /// The lowest rung.
    #[inline]
    pub(super) fn lowest(&self) -> Option<Step> {
        self.keys.first_key_value().map(|entry| self.step(entry))
    }

    /// The next rung above `key`.
    pub(super) fn above(&self, key: u32) -> Option<Step> {
        let rest = self.keys.range(key.checked_add(1)?..);
        rest.into_iter().next().map(|entry| self.step(entry))
    }

    fn step(&self, (&key, &rung): (&u32, &u32)) -> Step {
        let queues = self.rungs[rung as usize].queues;
        Step { key, queues }
    }

    /// Puts `slot`, which is not on the ladder, at the tail of `queue` at its key.
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

    fn insert(&mut self, links: &mut [Link], slot: u32, (rung, queue): (u32, u8), before: u32) {
        let ends = &mut self.rungs[rung as usize].queues[usize::from(queue)];
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
    pub(super) fn remove(&mut self, links: &mut [Link], slot: u32) {
        let Link {
            key,
            before,
            behind,
            rung,
            queue,
            ..
        } = links[slot as usize];
        links[slot as usize].rung = NOBODY;
        let queues = &mut self.rungs[rung as usize].queues;
        let ends = &mut queues[usize::from(queue)];
        match somebody(before) {
            Some(before) => links[before as usize].behind = behind,
            None => ends.head = behind,
        }
        match somebody(behind) {
            Some(behind) => links[behind as usize].before = before,
            None => ends.tail = before,
        }
        if *queues == [EMPTY; QUEUES] {
            self.keys.remove(&key);
            self.spare.push(rung);
        }
    }

    /// The rung of `key`, made if there is none.
    fn rung(&mut self, key: u32) -> u32 {
        *self.keys.entry(key).or_insert_with(|| {
            self.spare.pop().unwrap_or_else(|| {
                self.rungs.push(Rung {
                    queues: [EMPTY; QUEUES],
                });
                self.rungs.len() as u32 - 1
            })
        })
    }
}
