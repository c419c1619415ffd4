//! A set of small numbers as a tree of bits: insertion, removal and "the next one" touch one
//! word per level, and there are few levels.

use alloc::vec;
use alloc::vec::Vec;

const WORD: usize = u64::BITS as usize;

/// A set of numbers below a bound that is fixed when it is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    /// The lowest level has a bit per number; above, a bit says that a word below is not 0.
    levels: Vec<Vec<u64>>,
}

impl Bits {
    /// The empty set of numbers below `bound`.
    pub(super) fn new(bound: usize) -> Self {
        let mut levels = Vec::new();
        let mut words = bound.div_ceil(WORD);
        loop {
            levels.push(vec![0; words]);
            if words <= 1 {
                return Self { levels };
            }
            words = words.div_ceil(WORD);
        }
    }

    pub(super) fn insert(&mut self, number: u32) {
        let mut at = number as usize;
        for level in &mut self.levels {
            let word = &mut level[at / WORD];
            let was = *word;
            *word |= 1 << (at % WORD);
            if was != 0 {
                break;
            }
            at /= WORD;
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        let mut at = number as usize;
        for level in &mut self.levels {
            let word = &mut level[at / WORD];
            *word &= !(1 << (at % WORD));
            if *word != 0 {
                break;
            }
            at /= WORD;
        }
    }

    /// The smallest number in the set that is not below `from`.
    #[inline]
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let mut at = from as usize;
        for (height, level) in self.levels.iter().enumerate() {
            let word = level.get(at / WORD)? >> (at % WORD);
            if word != 0 {
                at += word.trailing_zeros() as usize;
                for level in self.levels[..height].iter().rev() {
                    at = at * WORD + level[at].trailing_zeros() as usize;
                }
                return Some(at as u32);
            }
            at = at / WORD + 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_in_an_empty_set() {
        for bound in [0, 1, 64, 65, 5_000] {
            assert_eq!(Bits::new(bound).next(0), None);
        }
    }

    proptest! {
        #[test]
        fn is_an_ordered_set(
            bound in 1..10_000_u32,
            steps in prop::collection::vec((any::<u32>(), any::<bool>(), any::<u32>()), 1..200),
        ) {
            let mut bits = Bits::new(bound as usize);
            let mut set = BTreeSet::new();
            for (number, there, from) in steps {
                if there {
                    bits.insert(number % bound);
                    set.insert(number % bound);
                } else {
                    bits.remove(number % bound);
                    set.remove(&(number % bound));
                }
                for from in [0, from % bound, number % bound, bound] {
                    prop_assert_eq!(bits.next(from), set.range(from..).next().copied());
                }
            }
        }
    }
}
