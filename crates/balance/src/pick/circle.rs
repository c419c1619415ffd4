//! A circle of 32-bit keys, each owned by a server: the ground of consistent hashing
//! (spec: balancing, 7.2).

use alloc::vec;
use alloc::vec::Vec;

/// One point of the circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) key: u32,
    /// The server that owns it.
    pub(super) slot: u32,
}

/// Where a node stands; good until the circle changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    arc: usize,
    index: usize,
}

/// Nodes in order of keys, equal keys in order of insertion.
///
/// Keys are as good as random, so the circle is cut into arcs of equal width with some
/// dozens of nodes each. A key's first bits say in which arc it is and the others about
/// where in the arc, so a look-up touches few lines of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Circle {
    arcs: Vec<Vec<Node>>,
    nodes: usize,
}

impl Default for Circle {
    fn default() -> Self {
        Self {
            arcs: vec![Vec::new()],
            nodes: 0,
        }
    }
}

impl Circle {
    /// The circle of `count` nodes, inserted in this order.
    pub(super) fn of(count: usize, nodes: impl Iterator<Item = Node>) -> Self {
        let mut this = Self::default();
        this.fit(count);
        // Few arcs have much more than their share.
        let room = count / this.arcs.len() * 5 / 4 + 8;
        this.arcs.fill_with(|| Vec::with_capacity(room));
        for node in nodes {
            let arc = this.arc(node.key);
            this.arcs[arc].push(node);
            this.nodes += 1;
        }
        for arc in &mut this.arcs {
            // Stable: equal keys stay in order of insertion.
            arc.sort_by_key(|node| node.key);
        }
        this
    }

    /// Makes the arcs fit for `nodes` nodes, if they are much too many or too few.
    fn fit(&mut self, nodes: usize) {
        let arcs = self.arcs.len();
        if nodes > arcs * 128 || (nodes < arcs * 16 && arcs > 1) {
            let arcs = (nodes / 64).max(1).next_power_of_two();
            let old = core::mem::replace(&mut self.arcs, vec![Vec::new(); arcs]);
            for node in old.into_iter().flatten() {
                let arc = self.arc(node.key);
                self.arcs[arc].push(node);
            }
        }
    }

    /// Makes the arcs fit for the nodes that are there.
    pub(super) fn fit_itself(&mut self) {
        self.fit(self.nodes);
    }

    #[inline]
    fn arc(&self, key: u32) -> usize {
        // The number of arcs is a power of two: this takes the first bits of the key.
        ((u64::from(key) * self.arcs.len() as u64) >> 32) as usize
    }

    /// Puts a node behind its equals.
    pub(super) fn insert(&mut self, node: Node) {
        let arc = self.arc(node.key);
        let arc = &mut self.arcs[arc];
        let index = arc.partition_point(|other| other.key <= node.key);
        arc.insert(index, node);
        self.nodes += 1;
    }

    /// Takes a node out, if it is there; says where the one after it now stands.
    pub(super) fn remove(&mut self, node: Node) -> Option<At> {
        let at = self.find(node)?;
        self.arcs[at.arc].remove(at.index);
        self.nodes -= 1;
        self.at_or_behind(at)
    }

    pub(super) fn find(&self, node: Node) -> Option<At> {
        let arc = self.arc(node.key);
        let nodes = &self.arcs[arc];
        let first = nodes.partition_point(|other| other.key < node.key);
        let offset = nodes[first..].iter().position(|other| *other == node)?;
        let index = first + offset;
        Some(At { arc, index })
    }

    /// The node there.
    #[inline]
    pub(super) fn node(&self, at: At) -> Node {
        self.arcs[at.arc][at.index]
    }

    /// The oldest node of the smallest key that is not below `key`, else of the smallest.
    #[inline]
    pub(super) fn from(&self, key: u32) -> Option<At> {
        let spread = u64::from(key) * self.arcs.len() as u64;
        let arc = (spread >> 32) as usize;
        let nodes = &self.arcs[arc][..];
        // About where it is, then exactly.
        let mut index = (((spread & 0xffff_ffff) * nodes.len() as u64) >> 32) as usize;
        while index > 0 && nodes[index - 1].key >= key {
            index -= 1;
        }
        while index < nodes.len() && nodes[index].key < key {
            index += 1;
        }
        self.at_or_behind(At { arc, index })
    }

    /// The first node.
    pub(super) fn first(&self) -> Option<At> {
        let arc = self.arcs.iter().position(|arc| !arc.is_empty())?;
        Some(At { arc, index: 0 })
    }

    /// The node there, or the next one if the arc ends before; the first behind the last.
    #[inline]
    fn at_or_behind(&self, at: At) -> Option<At> {
        if at.index < self.arcs[at.arc].len() {
            return Some(at);
        }
        let arc = at.arc + 1;
        let offset = self.arcs[arc..].iter().position(|arc| !arc.is_empty());
        offset.map_or_else(
            || self.first(),
            |offset| {
                let arc = arc + offset;
                Some(At { arc, index: 0 })
            },
        )
    }

    /// The node behind; none behind the last one.
    #[inline]
    pub(super) fn behind(&self, at: At) -> Option<At> {
        let At { arc, index } = at;
        if index + 1 < self.arcs[arc].len() {
            let index = index + 1;
            return Some(At { arc, index });
        }
        let arc = arc + 1;
        let offset = self.arcs[arc..].iter().position(|arc| !arc.is_empty())?;
        let arc = arc + offset;
        Some(At { arc, index: 0 })
    }

    /// The node before; the last one before the first.
    #[inline]
    pub(super) fn before(&self, at: At) -> At {
        let At { arc, index } = at;
        if index > 0 {
            let index = index - 1;
            return At { arc, index };
        }
        let (low, high) = self.arcs.split_at(arc);
        let some = |arcs: &[Vec<Node>]| arcs.iter().rposition(|arc| !arc.is_empty());
        let arc = some(low)
            .or_else(|| some(high).map(|offset| arc + offset))
            .unwrap_or(arc);
        let index = self.arcs[arc].len().saturating_sub(1);
        At { arc, index }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A circle of any number of arcs is an ordered map of (key, turn).
        #[test]
        fn is_an_ordered_map(
            steps in prop::collection::vec((0..40_u32, 0..5_u32, any::<u32>()), 1..400),
            spread in prop::sample::select(vec![1_u32, 0x0500_0000]),
        ) {
            let mut circle = Circle::default();
            let mut map = BTreeMap::new();
            for (turn, (key, slot, hash)) in steps.into_iter().enumerate() {
                let node = Node { key: key * spread, slot };
                let twin = map.iter().find(|(_, other)| **other == node).map(|(at, _)| *at);
                if let Some(at) = twin {
                    map.remove(&at);
                    let behind = map.range(at..).next().or(map.first_key_value());
                    let found = circle.remove(node).map(|at| circle.node(at));
                    prop_assert_eq!(found, behind.map(|(_, node)| *node));
                } else {
                    map.insert((node.key, turn), node);
                    circle.insert(node);
                }
                circle.fit_itself();
                let key = hash % 50 * spread;
                let next = map.range((key, 0)..).next().or(map.first_key_value());
                let found = circle.from(key);
                prop_assert_eq!(found.map(|at| circle.node(at)), next.map(|(_, node)| *node));
                if let (Some(at), Some((place, _))) = (found, next) {
                    let before = map.range(..place).next_back().or(map.last_key_value());
                    let found = circle.node(circle.before(at));
                    prop_assert_eq!(Some(&found), before.map(|(_, node)| node));
                }
            }
            let mut in_order: Vec<_> = map.iter().collect();
            in_order.sort_by_key(|((_, turn), _)| *turn);
            let built = Circle::of(map.len(), in_order.into_iter().map(|(_, node)| *node));
            let all = |circle: &Circle| {
                let nodes = core::iter::successors(circle.first(), |at| circle.behind(*at));
                nodes.map(|at| circle.node(at)).collect::<Vec<Node>>()
            };
            prop_assert_eq!(all(&circle), all(&built));
            prop_assert_eq!(all(&circle), map.into_values().collect::<Vec<_>>());
        }
    }
}
