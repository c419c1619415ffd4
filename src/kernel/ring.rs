//! A queue of plain values in a ring whose size is a power of two: what the agenda and the
//! queues of a simulation spend most of their time on, in as few steps as possible.

use std::fmt;

/// A ring of no more slots never gives any back.
const LARGE: usize = 64;

/// First in, first out. Two rings are equal if what waits in them is.
#[derive(Clone)]
pub struct Ring<T> {
    /// As many as there is room for, a power of two or none; what is not waiting means nothing.
    slots: Vec<T>,
    head: usize,
    len: usize,
    /// Where the head has none of these bits, it is looked whether there is too much room.
    lookouts: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            head: 0,
            len: 0,
            lookouts: usize::MAX,
        }
    }
}

impl<T> Ring<T> {
    /// The items, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len).map(|behind| &self.slots[self.slot(behind)])
    }

    /// The slot of the item with so many before it.
    #[inline]
    fn slot(&self, behind: usize) -> usize {
        self.head.wrapping_add(behind) & self.slots.len().wrapping_sub(1)
    }
}

/// A queue in which there is hardly ever more than one: that one has a place of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Few<T> {
    first: Option<T>,
    others: Ring<T>,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self {
            first: None,
            others: Ring::default(),
        }
    }
}

impl<T: Copy + Default> Few<T> {
    /// Appends `item`.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.first.is_none() {
            self.first = Some(item);
        } else {
            self.others.push(item);
        }
    }

    /// Takes the oldest item out.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let item = self.first?;
        if self.others.is_empty() {
            self.first = None;
        } else {
            self.first = self.others.pop();
        }
        Some(item)
    }
}

impl<T: Copy + Default> Ring<T> {
    /// Appends `item`.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.len == self.slots.len() {
            self.grow();
        }
        let slot = self.slot(self.len);
        self.slots[slot] = item;
        // There is room for it: this cannot overflow, nor can what a pop takes away.
        self.len = self.len.wrapping_add(1);
    }

    /// Takes the oldest item out.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let item = *self.front()?;
        self.head = self.slot(1);
        self.len = self.len.wrapping_sub(1);
        if self.head & self.lookouts == 0 {
            self.look_back();
        }
        Some(item)
    }

    /// The oldest item.
    #[inline]
    pub fn front(&self) -> Option<&T> {
        if self.len == 0 {
            return None;
        }
        self.slots.get(self.head)
    }

    /// How many items wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Gives room back that only a crowd now gone needed. Looked at eight times in a round, so
    /// that it costs as little as the growing did.
    #[inline(never)]
    fn look_back(&mut self) {
        if self.slots.len() > LARGE && self.len * 8 < self.slots.len() {
            let room = (self.len * 2).next_power_of_two().max(LARGE);
            self.resize(room);
        }
    }

    /// Makes room.
    #[cold]
    fn grow(&mut self) {
        self.resize((self.slots.len() * 2).max(4));
    }

    /// Moves to so many slots; defaults stand where nothing waits.
    fn resize(&mut self, room: usize) {
        let mut slots = Vec::with_capacity(room);
        slots.extend(self.iter().copied());
        slots.resize(room, T::default());
        self.slots = slots;
        self.head = 0;
        self.lookouts = if room > LARGE { room / 8 - 1 } else { room - 1 };
    }
}

impl<T: PartialEq> PartialEq for Ring<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: fmt::Debug> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is put in and taken out: it is the standard library's queue.
        #[test]
        fn behaves_like_a_deque(steps in prop::collection::vec(any::<Option<u8>>(), 0..200)) {
            let mut ring = Ring::default();
            let mut deque = VecDeque::new();
            for step in steps {
                if let Some(item) = step {
                    ring.push(item);
                    deque.push_back(item);
                } else {
                    prop_assert_eq!(ring.pop(), deque.pop_front());
                }
                prop_assert_eq!(ring.len(), deque.len());
                prop_assert_eq!(ring.front(), deque.front());
                prop_assert!(ring.iter().eq(deque.iter()));
            }
        }
    }

    #[test]
    fn the_room_of_a_crowd_is_given_back_once_it_is_gone() {
        let mut ring = Ring::default();
        for item in 0..5000 {
            ring.push(item);
        }
        assert_eq!(ring.slots.len(), 8192);
        for item in 5000..20_000 {
            assert_eq!(ring.pop(), Some(item - 5000));
            ring.push(item);
        }
        assert_eq!(ring.slots.len(), 8192);
        while ring.len() > 100 {
            ring.pop();
        }
        for item in 20_000..40_000 {
            assert_eq!(ring.pop(), Some(item - 100));
            ring.push(item);
        }
        assert_eq!((ring.len(), ring.slots.len()), (100, 256));
    }

    #[test]
    fn what_waits_makes_two_of_them_equal() {
        let (mut one, mut two) = (Ring::default(), Ring::default());
        for item in 0..5 {
            one.push(item);
        }
        one.pop();
        assert_ne!(one, two);
        for item in 1..5 {
            two.push(item);
        }
        assert_eq!(one, two);
        assert_eq!(format!("{one:?}"), "[1, 2, 3, 4]");
        one.clear();
        assert_eq!(one, Ring::default());
    }
}
