//! The event queue: what happens next, and the one definition of "at the same time".
//!
//! Entries come out by **moment**, then **lane**, then **insertion**, wherever they wait:
//!
//! * a *belt* is a queue for one constant delay, the rule in a lab: its cost has no length;
//! * the *heap* (four children per node) takes the rest, and what may be cancelled.

use balance::time::{Moment, Span};

use super::ring::Ring;
use super::seeds::Stream;

/// What goes first among entries of one moment; the smaller lane does. At most 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane(u8);

impl Lane {
    /// Lane `number`.
    ///
    /// # Panics
    /// If it is above 15.
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
    /// Which belt, or `HEAP`.
    belt: u8,
}

impl Delay {
    /// A delay that is not worth preparing for, because it hardly comes again.
    pub fn once(span: Span, lane: Lane) -> Self {
        let belt = HEAP;
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
    belts: [Belt<E>; BELTS],
    /// How many of the belts have a delay.
    used: usize,
    heap: Heap<E>,
    /// Where entries wait, and the first key there, in order of these keys.
    heads: Heads,
    /// Insertions so far.
    sequence: u64,
    /// Draws the order of ties, if they are shuffled.
    ties: Option<Box<Stream>>,
}

/// More distinct delays than this share the heap.
const BELTS: usize = 16;
/// The heap as a place where entries wait; smaller numbers are belts.
const HEAP: u8 = BELTS as u8;
const LANE_SHIFT: u32 = 60;
const SHUFFLE_SHIFT: u32 = 44;

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self {
            belts: std::array::from_fn(|_| Belt::default()),
            used: 0,
            heap: Heap::default(),
            heads: Heads::default(),
            sequence: 0,
            ties: None,
        }
    }
}

impl<E: Copy + Default> Agenda<E> {
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
        let mut belts = self.belts[..self.used].iter();
        let known = belts.position(|belt| belt.span == span && belt.lane == lane);
        let belt = known.or_else(|| self.add_belt(span, lane));
        Delay {
            span,
            lane,
            belt: belt.map_or(HEAP, |index| index as u8),
        }
    }

    fn add_belt(&mut self, span: Span, lane: Lane) -> Option<usize> {
        if self.ties.is_some() || self.used == BELTS {
            return None;
        }
        let index = self.used;
        self.used += 1;
        self.belts[index].span = span;
        self.belts[index].lane = lane;
        Some(index)
    }

    /// Puts `event` in, `delay` after `now`. `now` must not be earlier than the moment of
    /// the entry that came out last.
    #[expect(
        clippy::inline_always,
        reason = "an event that is put together where it is put in is never copied"
    )]
    #[inline(always)]
    pub fn after(&mut self, now: Moment, delay: Delay, event: E) {
        let at = now + delay.span;
        if delay.belt == HEAP {
            self.at(at, delay.lane, event);
            return;
        }
        let key = key(at, delay.lane, self.next_in_turn());
        let entries = &mut self.belts[usize::from(delay.belt) % BELTS].entries;
        if entries.is_empty() {
            self.heads.appear(delay.belt, key);
        }
        entries.push(Entry::new(key, event));
    }

    /// Puts `event` in at the moment `at`.
    #[inline(never)]
    pub fn at(&mut self, at: Moment, lane: Lane, event: E) {
        let key = self.shuffled_key(at, lane);
        self.change_heap(|heap| heap.push(key, event, NO_TICKET));
    }

    /// Puts `event` in at the moment `at`, so that it can be cancelled.
    pub fn timer(&mut self, at: Moment, lane: Lane, event: E) -> Ticket {
        let key = self.shuffled_key(at, lane);
        self.change_heap(|heap| heap.push_ticketed(key, event))
    }

    /// Takes the entry of `ticket` out. False, and nothing happens, if it is no longer there.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        self.change_heap(|heap| heap.cancel(ticket))
    }

    fn change_heap<T>(&mut self, change: impl FnOnce(&mut Heap<E>) -> T) -> T {
        let before = self.heap.first();
        let result = change(&mut self.heap);
        let after = self.heap.first();
        if before != after {
            self.heads.vanish(HEAP);
            if let Some(key) = after {
                self.heads.appear(HEAP, key);
            }
        }
        result
    }

    /// The moment of the next entry.
    pub fn next_moment(&self) -> Option<Moment> {
        self.heads.first().map(|(_, key)| moment_of(key))
    }

    /// Takes the next entry out, if it happens at `until` or before.
    #[inline]
    pub fn pop_until(&mut self, until: Moment) -> Option<(Moment, E)> {
        let at = self.due(until)?;
        Some((at, self.take()))
    }

    /// The moment of the next entry, if it happens at `until` or before.
    #[expect(clippy::inline_always, reason = "one step of every event")]
    #[inline(always)]
    pub fn due(&self, until: Moment) -> Option<Moment> {
        let (_, key) = self.heads.first()?;
        let at = moment_of(key);
        (at <= until).then_some(at)
    }

    /// Takes the next entry out.
    ///
    /// # Panics
    /// If there is none: ask whether one is [`due`](Self::due).
    #[expect(clippy::inline_always, reason = "one step of every event")]
    #[inline(always)]
    pub fn take(&mut self) -> E {
        let (source, _) = self.heads.first().expect("an entry is due");
        if source == HEAP {
            let event = self.heap.remove(0);
            self.heads.replace_first(self.heap.first());
            return event;
        }
        let entries = &mut self.belts[usize::from(source) % BELTS].entries;
        let entry = entries.pop().expect("its key is there");
        self.heads.replace_first(entries.front().map(Entry::key));
        entry.event
    }

    /// How many entries wait.
    pub fn len(&self) -> usize {
        let belts = self.belts.iter().map(|belt| belt.entries.len());
        belts.sum::<usize>() + self.heap.nodes.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.heads.first().is_none()
    }

    /// The number of the next insertion. It cannot overflow: that would take 2^60 of them.
    #[inline]
    fn next_in_turn(&mut self) -> u64 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    fn shuffled_key(&mut self, at: Moment, lane: Lane) -> u128 {
        let mut order = self.next_in_turn();
        if let Some(stream) = &mut self.ties {
            let draw = stream.next_u64() >> (64 - (LANE_SHIFT - SHUFFLE_SHIFT));
            order |= draw << SHUFFLE_SHIFT;
        }
        key(at, lane, order)
    }
}

/// What entries are ordered by, in one number.
#[inline]
fn key(at: Moment, lane: Lane, order: u64) -> u128 {
    u128::from(at.as_nanos()) << 64 | u128::from(u64::from(lane.0) << LANE_SHIFT | order)
}

fn moment_of(key: u128) -> Moment {
    Moment::from_nanos((key >> 64) as u64)
}

/// The places where entries wait, sorted by the key of the first entry there. Only a few of
/// them are in use at a time, and the one that was looked at last is rarely far from the front.
#[derive(Clone, Debug, PartialEq)]
struct Heads {
    keys: [u128; BELTS + 1],
    sources: [u8; BELTS + 1],
    len: usize,
}

impl Default for Heads {
    fn default() -> Self {
        Self {
            keys: [u128::MAX; BELTS + 1],
            sources: [HEAP; BELTS + 1],
            len: 0,
        }
    }
}

impl Heads {
    #[inline]
    fn first(&self) -> Option<(u8, u128)> {
        (self.len > 0).then_some((self.sources[0], self.keys[0]))
    }

    /// Something waits at `source` again.
    #[inline(never)]
    fn appear(&mut self, source: u8, key: u128) {
        let mut index = self.len;
        self.len += 1;
        while index > 0 && self.keys[index - 1] > key {
            self.keys[index] = self.keys[index - 1];
            self.sources[index] = self.sources[index - 1];
            index -= 1;
        }
        self.keys[index] = key;
        self.sources[index] = source;
    }

    /// Nothing waits at `source` any more, or its key has changed.
    fn vanish(&mut self, source: u8) {
        let used = &self.sources[..self.len];
        if let Some(index) = used.iter().position(|&known| known == source) {
            self.keys.copy_within(index + 1..self.len, index);
            self.sources.copy_within(index + 1..self.len, index);
            self.len -= 1;
        }
    }

    /// The first entry was taken out; the one behind it in the same place has this key.
    #[expect(clippy::inline_always, reason = "one step of every event")]
    #[inline(always)]
    fn replace_first(&mut self, key: Option<u128>) {
        let source = self.sources[0];
        let mut index = 0;
        while index + 1 < self.len && key.is_none_or(|key| self.keys[index + 1] < key) {
            self.keys[index] = self.keys[index + 1];
            self.sources[index] = self.sources[index + 1];
            index += 1;
        }
        if let Some(key) = key {
            self.keys[index] = key;
            self.sources[index] = source;
        } else {
            self.len -= 1;
        }
    }
}

/// A queue for one constant delay.
#[derive(Clone, Debug, PartialEq)]
struct Belt<E> {
    span: Span,
    lane: Lane,
    entries: Ring<Entry<E>>,
}

impl<E> Default for Belt<E> {
    fn default() -> Self {
        Self {
            span: Span::ZERO,
            lane: Lane(0),
            entries: Ring::default(),
        }
    }
}

/// One entry. The key is kept in halves: that aligns it to 8 bytes instead of 16.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    fn first(&self) -> Option<u128> {
        self.nodes.first().map(|node| node.entry.key())
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
