//! The event queue: what happens next, and the one definition of "at the same time".
//!
//! Entries come out by **moment**, then **lane**, then **order of insertion**. Every place
//! where an entry may wait keeps that order, so where it waits is never visible:
//!
//! * a *belt* is a queue for one constant delay. What is put on it later comes off later, so
//!   putting on and taking off cost the same at any length. Constant delays are the rule in
//!   a simulated lab;
//! * the *heap* (four children per node) takes everything else, and every entry that may be
//!   cancelled: a cancelled entry is removed at once and leaves nothing behind.

use std::collections::VecDeque;

use balance::time::{Moment, Span};

use super::seeds::Stream;

/// What goes first among entries of one moment; the smaller lane does. At most 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane(u8);

impl Lane {
    /// Lane `number`.
    ///
    /// # Panics
    /// If `number` is above 15 (at compile time for a constant).
    pub const fn new(number: u8) -> Self {
        assert!(number < 16, "there are sixteen lanes");
        Self(number)
    }
}

/// A delay that the agenda has prepared itself for; see [`Agenda::delay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    span: Span,
    lane: Lane,
    /// The belt, or `NO_BELT`.
    belt: u8,
}

impl Delay {
    /// A delay that is not worth preparing for, because it hardly comes again.
    pub fn once(span: Span, lane: Lane) -> Self {
        let belt = NO_BELT;
        Self { span, lane, belt }
    }

    /// How long it is.
    pub fn span(self) -> Span {
        self.span
    }
}

/// Names one entry that may be cancelled. Useless, but harmless, once the entry has come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    slot: u32,
    generation: u32,
}

/// Entries of type `E` in the order in which they happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Agenda<E> {
    belts: Vec<Belt<E>>,
    heap: Heap<E>,
    /// The first key on every belt, then that of the heap; `LAST` where there is nothing.
    heads: [u128; BELTS + 1],
    /// How many of `heads` are in use: the belts, and the heap in front.
    sources: usize,
    /// Insertions so far.
    sequence: u64,
    /// Draws the order of ties, if they are shuffled.
    ties: Option<Box<Stream>>,
    len: usize,
}

/// More distinct delays than this share the heap.
const BELTS: usize = 15;
const NO_BELT: u8 = u8::MAX;
/// After every key: the moment "never" in a lane that does not exist.
const LAST: u128 = u128::MAX;
const LANE_SHIFT: u32 = 60;
const SHUFFLE_SHIFT: u32 = 44;

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self {
            belts: Vec::new(),
            heap: Heap::default(),
            heads: [LAST; BELTS + 1],
            sources: 1,
            sequence: 0,
            ties: None,
            len: 0,
        }
    }
}

impl<E: Copy> Agenda<E> {
    /// An agenda that permutes entries of the same moment and lane by draws from `stream`,
    /// to find out who depends on their order. Slower: it has no belts.
    pub fn shuffled(stream: Stream) -> Self {
        Self {
            ties: Some(Box::new(stream)),
            ..Self::default()
        }
    }

    /// Prepares for entries that happen in `lane`, `span` after they are put in.
    pub fn delay(&mut self, span: Span, lane: Lane) -> Delay {
        let belt = if self.ties.is_some() {
            None
        } else {
            let known = self
                .belts
                .iter()
                .position(|belt| belt.span == span && belt.lane == lane);
            known.or_else(|| self.add_belt(span, lane))
        };
        Delay {
            span,
            lane,
            belt: belt.map_or(NO_BELT, |index| index as u8),
        }
    }

    fn add_belt(&mut self, span: Span, lane: Lane) -> Option<usize> {
        if self.belts.len() == BELTS {
            return None;
        }
        self.belts.push(Belt {
            span,
            lane,
            entries: VecDeque::new(),
        });
        self.sources += 1;
        Some(self.belts.len() - 1)
    }

    /// Puts `event` in, `delay` after `now`. `now` must not be earlier than the moment of
    /// the entry that came out last.
    #[inline]
    pub fn after(&mut self, now: Moment, delay: Delay, event: E) {
        let at = now + delay.span;
        if delay.belt == NO_BELT {
            self.at(at, delay.lane, event);
            return;
        }
        let key = self.key(at, delay.lane);
        let index = usize::from(delay.belt);
        let entries = &mut self.belts[index].entries;
        if entries.is_empty() {
            self.heads[index + 1] = key;
        }
        debug_assert!(
            entries.back().is_none_or(|last| last.key() < key),
            "time ran backwards"
        );
        entries.push_back(Entry::new(key, event));
        self.len += 1;
    }

    /// Puts `event` in at the moment `at`.
    pub fn at(&mut self, at: Moment, lane: Lane, event: E) {
        let key = self.key(at, lane);
        self.heap.push(key, event, NO_TICKET);
        self.heads[0] = self.heap.first();
        self.len += 1;
    }

    /// Puts `event` in at the moment `at`, so that it can be cancelled.
    pub fn timer(&mut self, at: Moment, lane: Lane, event: E) -> Ticket {
        let key = self.key(at, lane);
        let ticket = self.heap.push_ticketed(key, event);
        self.heads[0] = self.heap.first();
        self.len += 1;
        ticket
    }

    /// Takes the entry of `ticket` out. False, and nothing happens, if it is no longer there.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let found = self.heap.cancel(ticket);
        if found {
            self.heads[0] = self.heap.first();
            self.len -= 1;
        }
        found
    }

    /// The moment of the next entry.
    pub fn next_moment(&self) -> Option<Moment> {
        let (_, key) = self.first();
        (key != LAST).then(|| moment_of(key))
    }

    /// Takes the next entry out, if it happens at `until` or before.
    ///
    /// # Panics
    /// Never.
    #[inline]
    pub fn pop_until(&mut self, until: Moment) -> Option<(Moment, E)> {
        let (source, key) = self.first();
        if key == LAST || moment_of(key) > until {
            return None;
        }
        self.len -= 1;
        let event = if source == 0 {
            let event = self.heap.pop();
            self.heads[0] = self.heap.first();
            event
        } else {
            let entries = &mut self.belts[source - 1].entries;
            let entry = entries.pop_front();
            self.heads[source] = entries.front().map_or(LAST, Entry::key);
            entry.map(|entry| entry.event)
        };
        Some((moment_of(key), event.expect("a head stands for an entry")))
    }

    /// How many entries wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The source whose first entry is the next one, and that entry's key.
    #[inline]
    fn first(&self) -> (usize, u128) {
        let mut best = (0, self.heads[0]);
        for (index, &key) in self.heads[..self.sources].iter().enumerate().skip(1) {
            if key < best.1 {
                best = (index, key);
            }
        }
        best
    }

    #[inline]
    fn key(&mut self, at: Moment, lane: Lane) -> u128 {
        self.sequence += 1;
        let mut order = self.sequence;
        if let Some(stream) = &mut self.ties {
            let draw = stream.next_u64() >> (64 - (LANE_SHIFT - SHUFFLE_SHIFT));
            order |= draw << SHUFFLE_SHIFT;
        }
        let low = u64::from(lane.0) << LANE_SHIFT | order;
        u128::from(at.as_nanos()) << 64 | u128::from(low)
    }
}

fn moment_of(key: u128) -> Moment {
    Moment::from_nanos((key >> 64) as u64)
}

/// A queue for one constant delay.
#[derive(Clone, Debug, PartialEq)]
struct Belt<E> {
    span: Span,
    lane: Lane,
    entries: VecDeque<Entry<E>>,
}

/// One entry. The key is kept in halves: that aligns it to 8 bytes instead of 16.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry<E> {
    high: u64,
    low: u64,
    event: E,
}

impl<E> Entry<E> {
    fn new(key: u128, event: E) -> Self {
        Self {
            high: (key >> 64) as u64,
            low: key as u64,
            event,
        }
    }

    fn key(&self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }
}

/// A heap with four children per node, out of which ticketed entries can be cancelled.
#[derive(Clone, Debug, PartialEq)]
struct Heap<E> {
    nodes: Vec<Node<E>>,
    tickets: Vec<Place>,
    /// The first free place in `tickets`, or `NO_TICKET`.
    free: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Node<E> {
    entry: Entry<E>,
    ticket: u32,
}

/// Where a ticketed entry is; the generation tells apart the entries that used this place.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    generation: u32,
    /// Index into `nodes` while taken, the next free place otherwise.
    index: u32,
}

const NO_TICKET: u32 = u32::MAX;
const CHILDREN: usize = 4;

impl<E> Default for Heap<E> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            tickets: Vec::new(),
            free: NO_TICKET,
        }
    }
}

impl<E: Copy> Heap<E> {
    fn first(&self) -> u128 {
        self.nodes.first().map_or(LAST, |node| node.entry.key())
    }

    fn push(&mut self, key: u128, event: E, ticket: u32) {
        let entry = Entry::new(key, event);
        self.nodes.push(Node { entry, ticket });
        self.rise(self.nodes.len() - 1);
    }

    fn push_ticketed(&mut self, key: u128, event: E) -> Ticket {
        let slot = if self.free == NO_TICKET {
            self.tickets.push(Place {
                generation: 0,
                index: 0,
            });
            (self.tickets.len() - 1) as u32
        } else {
            let slot = self.free;
            self.free = self.tickets[slot as usize].index;
            slot
        };
        self.push(key, event, slot);
        Ticket {
            slot,
            generation: self.tickets[slot as usize].generation,
        }
    }

    fn pop(&mut self) -> Option<E> {
        (!self.nodes.is_empty()).then(|| self.remove(0))
    }

    fn cancel(&mut self, ticket: Ticket) -> bool {
        match self.tickets.get(ticket.slot as usize) {
            Some(place) if place.generation == ticket.generation => {
                self.remove(place.index as usize);
                true
            }
            _ => false,
        }
    }

    fn remove(&mut self, index: usize) -> E {
        let removed = self.nodes.swap_remove(index);
        if index < self.nodes.len() {
            // The former last entry may belong further down, or, in the middle, further up.
            self.sink(index);
            self.rise(index);
        }
        if let Some(place) = self.tickets.get_mut(removed.ticket as usize) {
            // Its ticket, and every copy of it, is now worth nothing.
            place.generation = place.generation.wrapping_add(1);
            place.index = self.free;
            self.free = removed.ticket;
        }
        removed.entry.event
    }

    /// Moves the entry at `index` up to where it belongs.
    fn rise(&mut self, mut index: usize) {
        let moving = self.nodes[index];
        let key = moving.entry.key();
        while index > 0 {
            let parent = (index - 1) / CHILDREN;
            if self.nodes[parent].entry.key() < key {
                break;
            }
            self.put(index, self.nodes[parent]);
            index = parent;
        }
        self.put(index, moving);
    }

    /// Moves the entry at `index` down to where it belongs.
    fn sink(&mut self, mut index: usize) {
        let moving = self.nodes[index];
        let key = moving.entry.key();
        loop {
            let start = index * CHILDREN + 1;
            let end = (start + CHILDREN).min(self.nodes.len());
            let Some(least) = (start..end).min_by_key(|&child| self.nodes[child].entry.key())
            else {
                break;
            };
            if key < self.nodes[least].entry.key() {
                break;
            }
            self.put(index, self.nodes[least]);
            index = least;
        }
        self.put(index, moving);
    }

    fn put(&mut self, index: usize, node: Node<E>) {
        self.nodes[index] = node;
        if let Some(place) = self.tickets.get_mut(node.ticket as usize) {
            place.index = index as u32;
        }
    }
}

#[cfg(test)]
mod tests;
