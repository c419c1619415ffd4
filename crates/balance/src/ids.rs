//! Names of things as small integers, and the vectors they index.

use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ops::{Index, IndexMut};

/// A backend, numbered from 0 in configuration order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendId(pub u32);

/// A frontend, numbered from 0 in configuration order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrontendId(pub u32);

/// A server: its backend and its place in it (declaration order; servers added at
/// run time follow; the place of a deleted server is not used again).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId {
    /// The backend it belongs to.
    pub backend: BackendId,
    /// Its place in that backend, from 0.
    pub slot: u32,
}

/// A request. The driver chooses the number and may use it again once the request
/// has ended, so numbers stay small and memory does not grow with the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// One connection attempt of a request. `turn` tells attempts of one request number
/// apart, so that news of an attempt given up long ago is recognised as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId {
    /// The request this attempt serves.
    pub request: RequestId,
    /// Counts the attempts made under this request number.
    pub turn: u32,
}

/// One run of a health check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId {
    /// The server that is checked.
    pub server: ServerId,
    /// Counts the runs of this server's check.
    pub turn: u32,
}

/// One line typed to the runtime API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u32);

/// A typed index: what [`Slots`] asks of its key.
pub trait Slot: Copy {
    /// The key for place `index`.
    fn from_index(index: usize) -> Self;
    /// The place of this key.
    fn index(self) -> usize;
}

macro_rules! slot {
    ($($name:ident),*) => {$(
        impl Slot for $name {
            fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("fewer than 2^32 of a kind"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
slot!(BackendId, FrontendId, RequestId, OrderId);

/// A vector that is indexed by one kind of id only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots<I, T> {
    items: Vec<T>,
    key: PhantomData<I>,
}

impl<I, T> Default for Slots<I, T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            key: PhantomData,
        }
    }
}

impl<I: Slot, T> Slots<I, T> {
    /// Appends `item` and returns its id.
    pub fn push(&mut self, item: T) -> I {
        self.items.push(item);
        I::from_index(self.items.len() - 1)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item of `id`, if there is one.
    pub fn get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    /// The item of `id`, if there is one, to change.
    pub fn get_mut(&mut self, id: I) -> Option<&mut T> {
        self.items.get_mut(id.index())
    }

    /// All items in order.
    pub fn iter(&self) -> core::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// All ids in order.
    pub fn ids(&self) -> impl Iterator<Item = I> + use<I, T> {
        (0..self.items.len()).map(I::from_index)
    }
}

impl<'a, I: Slot, T> IntoIterator for &'a Slots<I, T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<I: Slot, T: Default> Slots<I, T> {
    /// The item of `id`, made (with all before it) if it was not there yet.
    #[inline]
    pub fn at(&mut self, id: I) -> &mut T {
        let index = id.index();
        if index >= self.items.len() {
            self.grow(index + 1);
        }
        &mut self.items[index]
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        self.items.resize_with(len, T::default);
    }

    /// Makes room for `count` items in all, and no more.
    pub fn expect(&mut self, count: usize) {
        self.items
            .reserve_exact(count.saturating_sub(self.items.len()));
    }
}

impl<I: Slot, T> Index<I> for Slots<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Slot, T> IndexMut<I> for Slots<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I: Slot, T> FromIterator<T> for Slots<I, T> {
    fn from_iter<A: IntoIterator<Item = T>>(items: A) -> Self {
        Self {
            items: items.into_iter().collect(),
            key: PhantomData,
        }
    }
}
