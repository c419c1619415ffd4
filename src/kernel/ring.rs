//! A queue of plain values in a ring whose size is a power of two: what the agenda and the
//! queues of a simulation spend most of their time on, in as few steps as possible.

use std::fmt;

/// First in, first out. Two rings are equal if what waits in them is.
#[derive(Clone)]
pub struct Ring<T> {
    /// As many as there is room for, a power of two or none; what is not waiting means nothing.
    slots: Vec<T>,
    head: usize,
    len: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            head: 0,
            len: 0,
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

impl<T: Copy> Ring<T> {
    /// Appends `item`.
    #[inline]
    pub fn push(&mut self, item: T) {
        if self.len == self.slots.len() {
            self.grow(item);
        }
        let slot = self.slot(self.len);
        self.slots[slot] = item;
        self.len += 1;
    }

    /// Takes the oldest item out.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let item = *self.front()?;
        self.head = self.slot(1);
        self.len -= 1;
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

    /// Makes room; `filler` stands where nothing waits.
    #[cold]
    fn grow(&mut self, filler: T) {
        let room = (self.slots.len() * 2).max(4);
        let mut slots = Vec::with_capacity(room);
        slots.extend(self.iter().copied());
        slots.resize(room, filler);
        self.slots = slots;
        self.head = 0;
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
