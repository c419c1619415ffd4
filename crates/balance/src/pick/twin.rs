//! Naive twins of the algorithms, each written in the most obvious way from the spec's
//! words: ordered maps where it says tree, a look at everybody where it says first. They
//! are slow, and they are what the real ones are compared with.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use crate::chance::Chance;
use crate::config::{Balance, HashType};
use crate::farm::{Farm, Group};
use crate::hash::avalanche;
use crate::pick::least_conn::Lots;
use crate::pick::{Ask, Policy};
use crate::profile::{
    AnonymousRing, Draws, Fullness, Load, NodeKeys, Profile, RandomTie, Reposition, Ties,
    WeightRule,
};
use crate::time::Moment;

/// The twin of the algorithm `balance` asks for.
pub(super) fn twin(
    balance: &Balance,
    hash: HashType,
    factor: u32,
    profile: &Profile,
    farm: &Farm,
) -> Box<dyn Policy> {
    let usable = (0..farm.members.len() as u32).filter(|s| farm.members[*s as usize].usable);
    match balance {
        Balance::RoundRobin => Box::new(PlainRoundRobin::new(profile, farm)),
        Balance::StaticRr => Box::new(PlainMap::new(farm, false)),
        Balance::LeastConn => {
            let mut twin = PlainLeastConn {
                profile: *profile,
                trees: BTreeMap::new(),
                seats: BTreeMap::new(),
                turn: 0,
                lots: None,
            };
            usable.for_each(|slot| twin.insert(farm, slot));
            Box::new(twin)
        }
        Balance::First => Box::new(PlainFirst),
        Balance::Random(draws) => Box::new(PlainRandom {
            ring: PlainRing::new(factor, profile, farm),
            draws: (*draws).max(1),
            seed: 2_463_534_242,
            starts: Vec::new(),
        }),
        Balance::Hash(_) if hash.consistent => Box::new(PlainRing::new(factor, profile, farm)),
        Balance::Hash(_) => Box::new(PlainMap::new(farm, true)),
    }
}

fn in_force(farm: &Farm, slot: u32) -> bool {
    let member = &farm.members[slot as usize];
    member.usable && member.backup == (farm.group() != Group::Active)
}

fn single_backup(farm: &Farm) -> Option<u32> {
    match farm.group() {
        Group::FirstBackup(slot) => Some(slot),
        Group::Active | Group::Backups => None,
    }
}

// ---------------------------------------------------------------- roundrobin

type Tree = BTreeMap<(u32, u64), u32>;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum In {
    #[default]
    None,
    Init,
    Curr,
    Next,
}

#[derive(Clone, Debug, Default)]
struct PlainGroup {
    init: Tree,
    curr: Tree,
    next: Tree,
    pos: u32,
    cw: u32,
    nw: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct PlainServer {
    npos: u32,
    lpos: u32,
    rw: u32,
}

#[derive(Debug)]
struct PlainRoundRobin {
    rule: WeightRule,
    configured: u32,
    groups: [PlainGroup; 2],
    servers: Vec<PlainServer>,
    turn: u64,
}

impl PlainRoundRobin {
    fn new(profile: &Profile, farm: &Farm) -> Self {
        let mut this = Self {
            rule: profile.rr_weight,
            configured: farm.members.len() as u32,
            groups: Default::default(),
            servers: alloc::vec![PlainServer::default(); farm.members.len()],
            turn: 0,
        };
        for (slot, member) in (0..).zip(&farm.members) {
            if member.usable {
                this.group(farm, slot).nw += member.weight;
                this.insert(farm, slot, In::Init);
            }
        }
        for group in &mut this.groups {
            group.cw = group.nw;
            group.pos = group.nw;
        }
        this
    }

    fn group(&mut self, farm: &Farm, slot: u32) -> &mut PlainGroup {
        &mut self.groups[usize::from(farm.members[slot as usize].backup)]
    }

    fn insert(&mut self, farm: &Farm, slot: u32, tree: In) {
        let weight = farm.members[slot as usize].weight;
        let server = self.servers[slot as usize];
        let by_weight = 4096 - weight;
        let by_turn = server
            .npos
            .wrapping_mul(256)
            .wrapping_add((4096 + server.rw - weight) / 16);
        let turn = self.turn;
        self.turn += 1;
        let group = self.group(farm, slot);
        match tree {
            In::None => None,
            In::Init => group.init.insert((by_weight, turn), slot),
            In::Curr => group.curr.insert((by_turn, turn), slot),
            In::Next => group.next.insert((by_weight, turn), slot),
        };
    }

    fn remove(&mut self, farm: &Farm, slot: u32) -> In {
        let group = self.group(farm, slot);
        let mut was = In::None;
        for (tree, name) in [
            (&mut group.init, In::Init),
            (&mut group.curr, In::Curr),
            (&mut group.next, In::Next),
        ] {
            let size = tree.len();
            tree.retain(|_, other| *other != slot);
            if tree.len() < size {
                was = name;
            }
        }
        was
    }

    fn place(&mut self, farm: &Farm, slot: u32) {
        let (cw, nw) = (self.group(farm, slot).cw, self.group(farm, slot).nw);
        let server = &mut self.servers[slot as usize];
        if server.npos >= 2 * cw || server.npos >= cw + nw {
            server.npos = server.npos.wrapping_sub(cw);
            self.insert(farm, slot, In::Next);
        } else {
            self.insert(farm, slot, In::Curr);
        }
    }

    fn fetch(&mut self, farm: &Farm, slot: u32, was: In) {
        let (cw, pos) = (self.group(farm, slot).cw, self.group(farm, slot).pos);
        let server = &mut self.servers[slot as usize];
        match was {
            In::Curr => {}
            In::None => server.npos = pos,
            In::Next => server.npos = server.npos.wrapping_add(cw),
            In::Init => {
                server.npos = 0;
                server.rw = 0;
            }
        }
    }

    fn enter(&mut self, farm: &Farm, slot: u32) {
        let was = self.remove(farm, slot);
        self.fetch(farm, slot, was);
        let weight = farm.members[slot as usize].weight;
        let group = self.group(farm, slot);
        let ahead = (group.nw + group.cw).wrapping_sub(group.pos) / weight;
        let npos = group.pos.wrapping_add(ahead);
        self.servers[slot as usize].npos = npos;
        self.place(farm, slot);
    }

    fn candidate(&mut self, farm: &Farm) -> Option<u32> {
        let group = &mut self.groups[usize::from(farm.group() != Group::Active)];
        let first = |tree: &Tree| tree.first_key_value().map(|(_, slot)| *slot);
        match (first(&group.curr), first(&group.init)) {
            (Some(slot), _) if self.servers[slot as usize].npos <= group.pos => Some(slot),
            (_, Some(slot)) => {
                self.servers[slot as usize].npos = 0;
                self.servers[slot as usize].rw = 0;
                Some(slot)
            }
            (late, None) => late,
        }
    }

    fn advance(&mut self, farm: &Farm, slot: u32) {
        let weight = farm.members[slot as usize].weight;
        let (pos, nw) = (self.group(farm, slot).pos, self.group(farm, slot).nw);
        let server = &mut self.servers[slot as usize];
        if server.npos == 0 {
            server.npos = pos;
        }
        server.lpos = server.npos;
        server.npos = server.npos.wrapping_add(nw / weight);
        server.rw += nw % weight;
        if server.rw >= weight {
            server.rw -= weight;
            server.npos = server.npos.wrapping_add(1);
        }
    }
}

impl Policy for PlainRoundRobin {
    fn added(&mut self, _farm: &Farm, _slot: u32, _weight: u32) {
        self.servers.push(PlainServer::default());
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        self.group(farm, slot).nw += farm.members[slot as usize].weight;
        self.enter(farm, slot);
    }

    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.group(farm, slot).nw -= weight_before;
        self.remove(farm, slot);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        let weight = farm.members[slot as usize].weight;
        self.group(farm, slot).nw += weight;
        self.group(farm, slot).nw -= weight_before;
        if self.rule == WeightRule::Reinsert && slot < self.configured {
            return self.enter(farm, slot);
        }
        let was = self.remove(farm, slot);
        if was == In::Init {
            return self.insert(farm, slot, In::Init);
        }
        self.fetch(farm, slot, was);
        let (pos, nw) = (self.group(farm, slot).pos, self.group(farm, slot).nw);
        let server = &mut self.servers[slot as usize];
        let before = server.npos;
        let step = nw / weight;
        server.npos = server.lpos.wrapping_add(step);
        server.rw = 0;
        if server.npos > before {
            server.npos = before;
        }
        if server.npos < pos + 2 {
            server.npos = pos + step;
        }
        self.place(farm, slot);
    }

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    fn pick(&mut self, farm: &Farm, ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        if single_backup(farm).is_some() {
            return single_backup(farm);
        }
        let number = usize::from(farm.group() != Group::Active);
        if self.groups[number].cw == 0 {
            self.groups[number].cw = self.groups[number].nw;
            self.groups[number].pos = self.groups[number].nw;
        }
        let (mut switched, mut avoided, mut aside) = (false, None, Vec::new());
        let mut chosen = None;
        while chosen.is_none() {
            let Some(slot) = self.candidate(farm) else {
                if switched {
                    chosen = avoided;
                    break;
                }
                let group = &mut self.groups[number];
                core::mem::swap(&mut group.init, &mut group.next);
                group.cw = group.nw;
                group.pos = group.cw;
                switched = true;
                continue;
            };
            self.advance(farm, slot);
            self.remove(farm, slot);
            self.groups[number].pos += 1;
            if !farm.is_saturated(slot) {
                if ask.avoid != Some(slot) || avoided.is_some() {
                    chosen = Some(slot);
                    break;
                }
                avoided = Some(slot);
            }
            aside.push(slot);
        }
        if let Some(slot) = chosen {
            self.place(farm, slot);
        }
        for slot in aside.into_iter().rev().filter(|slot| chosen != Some(*slot)) {
            if switched {
                self.insert(farm, slot, In::Init);
            } else {
                self.place(farm, slot);
            }
        }
        chosen
    }
}

// ---------------------------------------------------------------- static-rr, map-based hash

#[derive(Debug)]
struct PlainMap {
    map: Vec<u32>,
    index: u32,
    hashing: bool,
}

impl PlainMap {
    fn new(farm: &Farm, hashing: bool) -> Self {
        let mut this = Self {
            map: Vec::new(),
            index: 0,
            hashing,
        };
        this.build(farm);
        this
    }

    fn build(&mut self, farm: &Farm) {
        let total = i64::from(farm.weight());
        let mut scores = alloc::vec![0; farm.members.len()];
        let slots = || (0..farm.members.len() as u32).filter(|slot| in_force(farm, *slot));
        self.map.clear();
        if total == 1 {
            self.map.extend(slots().next());
            return;
        }
        for _ in 0..total {
            let mut best = None;
            let mut highest = 0;
            for slot in slots() {
                scores[slot as usize] += i64::from(farm.members[slot as usize].weight);
                let multiple = (scores[slot as usize] + total) / total;
                if multiple > highest {
                    highest = multiple;
                    best = Some(slot);
                }
            }
            let best = best.expect("scores rise by the total at every place");
            scores[best as usize] -= total;
            self.map.push(best);
        }
    }
}

impl Policy for PlainMap {
    fn added(&mut self, _farm: &Farm, _slot: u32, _weight: u32) {}

    fn joined(&mut self, farm: &Farm, _slot: u32) {
        self.build(farm);
    }

    fn left(&mut self, farm: &Farm, _slot: u32, _weight_before: u32) {
        self.build(farm);
    }

    fn weighed(&mut self, _farm: &Farm, _slot: u32, _weight_before: u32) {}

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    fn pick(&mut self, farm: &Farm, ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        let total = farm.weight();
        if let Some(hash) = ask.hash.filter(|_| self.hashing) {
            return Some(self.map[(hash % total) as usize]);
        }
        if self.index >= total {
            self.index = 0;
        }
        let mut avoided = None;
        for step in 0..total {
            let at = (self.index + step) % total;
            let slot = self.map[at as usize];
            if farm.is_saturated(slot) {
                continue;
            }
            if ask.avoid == Some(slot) {
                avoided = Some(at);
                continue;
            }
            self.index = at + 1;
            return Some(slot);
        }
        let at = avoided?;
        self.index = at + 1;
        Some(self.map[at as usize])
    }
}

// ---------------------------------------------------------------- leastconn

#[derive(Debug)]
struct PlainLeastConn {
    profile: Profile,
    /// By group and key: four lists of slots; FIFO ties use the first only.
    trees: BTreeMap<(bool, u32), [VecDeque<u32>; 4]>,
    /// The key of each server that is in the tree.
    seats: BTreeMap<u32, u32>,
    turn: u64,
    lots: Option<Lots>,
}

impl PlainLeastConn {
    fn key(&self, farm: &Farm, slot: u32) -> u32 {
        let member = &farm.members[slot as usize];
        let load = match self.profile.leastconn_load {
            Load::Served => member.served,
            Load::ServedAndQueued => member.served + member.queued,
        };
        if load == 0 {
            0
        } else {
            (load + 1) * 4096 / member.weight
        }
    }

    fn insert(&mut self, farm: &Farm, slot: u32) {
        let backup = farm.members[slot as usize].backup;
        let key = self.key(farm, slot);
        let list = self.lots.as_mut().map_or(0, Lots::draw);
        self.trees.entry((backup, key)).or_default()[usize::from(list)].push_back(slot);
        self.seats.insert(slot, key);
        self.turn += 1;
    }

    fn remove(&mut self, slot: u32) {
        self.seats.remove(&slot);
        for list in self.trees.values_mut().flatten() {
            list.retain(|other| *other != slot);
        }
        self.trees
            .retain(|_, lists| lists.iter().any(|list| !list.is_empty()));
    }

    fn reposition(&mut self, farm: &Farm, slot: u32) {
        if let Some(key) = self.seats.get(&slot)
            && (*key != self.key(farm, slot)
                || self.profile.leastconn_reposition == Reposition::Always)
        {
            self.remove(slot);
            self.insert(farm, slot);
        }
    }

    fn is_full(&self, farm: &Farm, slot: u32) -> bool {
        let member = &farm.members[slot as usize];
        match self.profile.leastconn_full {
            Fullness::Saturated => farm.is_saturated(slot),
            Fullness::QueueFull => {
                member.maxconn != 0
                    && member.served + member.queued >= farm.limit(slot) + member.maxqueue
            }
        }
    }

    fn pick_fifo(&self, farm: &Farm, ask: Ask) -> Option<u32> {
        let backup = farm.group() != Group::Active;
        let trees = self.trees.iter().filter(|((group, _), _)| *group == backup);
        let mut avoided = None;
        for slot in trees.flat_map(|(_, lists)| lists[0].iter().copied()) {
            if self.is_full(farm, slot) {
            } else if ask.avoid == Some(slot) {
                avoided = Some(slot);
            } else {
                return Some(slot);
            }
        }
        avoided
    }

    fn pick_by_lot(&mut self, farm: &Farm, ask: Ask) -> Option<u32> {
        let backup = farm.group() != Group::Active;
        let mut avoided = None;
        let mut lots = self.lots.take().expect("dealt before");
        let mut chosen = None;
        'keys: for ((group, _), lists) in &self.trees {
            if *group != backup {
                continue;
            }
            let servers: usize = lists.iter().map(VecDeque::len).sum();
            let mut unfit = 0;
            let mut list = usize::from(lots.draw());
            while unfit < servers {
                if let Some(&slot) = lists[list].front() {
                    let full = self.is_full(farm, slot);
                    if !full && ask.avoid != Some(slot) {
                        chosen = Some(slot);
                        break 'keys;
                    }
                    if !full {
                        avoided = Some(slot);
                    }
                    unfit += 1;
                }
                list = (list + 1) % 4;
            }
        }
        self.lots = Some(lots);
        chosen.or(avoided)
    }
}

impl Policy for PlainLeastConn {
    fn added(&mut self, _farm: &Farm, _slot: u32, _weight: u32) {}

    fn joined(&mut self, farm: &Farm, slot: u32) {
        self.insert(farm, slot);
    }

    fn left(&mut self, _farm: &Farm, slot: u32, _weight_before: u32) {
        self.remove(slot);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, _weight_before: u32) {
        self.remove(slot);
        self.insert(farm, slot);
    }

    fn took(&mut self, farm: &Farm, slot: u32) {
        self.reposition(farm, slot);
    }

    fn dropped(&mut self, farm: &Farm, slot: u32) {
        self.reposition(farm, slot);
    }

    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32> {
        if single_backup(farm).is_some() {
            return single_backup(farm);
        }
        if self.profile.leastconn_ties == Ties::Fifo {
            return self.pick_fifo(farm, ask);
        }
        if self.lots.is_none() {
            self.lots = Some(Lots(chance.next_u64()));
            let trees = core::mem::take(&mut self.trees);
            for ((backup, key), lists) in trees {
                for slot in lists.into_iter().flatten() {
                    let list = self.lots.as_mut().map_or(0, Lots::draw);
                    let lists = self.trees.entry((backup, key)).or_default();
                    lists[usize::from(list)].push_back(slot);
                }
            }
        }
        self.pick_by_lot(farm, ask)
    }
}

// ---------------------------------------------------------------- first

#[derive(Debug)]
struct PlainFirst;

impl Policy for PlainFirst {
    fn added(&mut self, _farm: &Farm, _slot: u32, _weight: u32) {}
    fn joined(&mut self, _farm: &Farm, _slot: u32) {}
    fn left(&mut self, _farm: &Farm, _slot: u32, _weight_before: u32) {}
    fn weighed(&mut self, _farm: &Farm, _slot: u32, _weight_before: u32) {}
    fn took(&mut self, _farm: &Farm, _slot: u32) {}
    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    fn pick(&mut self, farm: &Farm, ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        if single_backup(farm).is_some() {
            return single_backup(farm);
        }
        (0..farm.members.len() as u32)
            .filter(|slot| in_force(farm, *slot) && !farm.is_saturated(*slot))
            .min_by_key(|slot| (ask.avoid == Some(*slot), farm.members[*slot as usize].id))
    }
}

// ---------------------------------------------------------------- consistent hash, random

/// Key, turn of insertion, slot, number of the node.
type PlainNode = (u32, u64, u32, u32);

#[derive(Debug)]
struct PlainRing {
    profile: Profile,
    factor: u32,
    /// The nodes of the active and of the backup servers, sorted.
    nodes: [Vec<PlainNode>; 2],
    highest: Vec<u32>,
    zero: Vec<u32>,
    cumulative: Vec<u32>,
    turn: u64,
    cursor: Option<(usize, PlainNode)>,
}

impl PlainRing {
    fn new(factor: u32, profile: &Profile, farm: &Farm) -> Self {
        let mut this = Self {
            profile: *profile,
            factor,
            nodes: Default::default(),
            highest: farm.members.iter().map(|member| member.weight).collect(),
            zero: alloc::vec![0; farm.members.len()],
            cumulative: Vec::new(),
            turn: 0,
            cursor: None,
        };
        for (slot, member) in (0..).zip(&farm.members) {
            let before = farm.members[..slot as usize]
                .iter()
                .filter(|other| other.usable && other.backup == member.backup);
            let sum = before.map(|other| other.weight).sum();
            this.cumulative.push(if member.usable { sum } else { 0 });
            if member.usable {
                this.set(farm, slot, member.weight);
            }
        }
        this
    }

    fn count(&self, slot: u32) -> u32 {
        let nodes = self.nodes.iter().flatten();
        nodes.filter(|node| node.2 == slot).count() as u32
    }

    /// Brings the number of nodes of `slot` to `weight`, at the top.
    fn set(&mut self, farm: &Farm, slot: u32, weight: u32) {
        let member = &farm.members[slot as usize];
        let group = usize::from(member.backup);
        let present = self.count(slot);
        for n in weight..present {
            let nodes = &mut self.nodes[group];
            let index = nodes
                .iter()
                .position(|node| node.2 == slot && node.3 == n)
                .expect("nodes are there from 0 up");
            let gone = nodes.remove(index);
            if self.cursor == Some((group, gone)) {
                let next = nodes.get(index).or(nodes.first());
                self.cursor = next.map(|node| (group, *node));
            }
        }
        for n in present..weight {
            let id = if n < self.zero[slot as usize] {
                0
            } else {
                member.id
            };
            let key = match self.profile.ring_keys {
                NodeKeys::Product => avalanche(id.wrapping_mul(4096).wrapping_add(n)),
                NodeKeys::DoubleMix => avalanche(avalanche(id).wrapping_add(n)),
            };
            self.nodes[group].push((key, self.turn, slot, n));
            self.turn += 1;
        }
        self.nodes[group].sort_unstable();
    }

    fn eligible(&self, farm: &Farm, slot: u32) -> bool {
        if self.factor == 0 {
            return true;
        }
        let slots = ((u64::from(farm.served) + 1) * u64::from(self.factor)).div_ceil(100);
        let total = u64::from(farm.weight());
        let (q, r) = (slots / total, slots % total);
        let weight = u64::from(farm.members[slot as usize].weight);
        let cum = u64::from(self.cumulative[slot as usize]);
        let share = weight * q + (cum + weight) * r / total - cum * r / total;
        u64::from(farm.members[slot as usize].served) < share.max(1)
    }

    fn look_up(&self, farm: &Farm, hash: u32, avoid: Option<u32>) -> Option<u32> {
        if single_backup(farm).is_some() {
            return single_backup(farm);
        }
        let nodes = &self.nodes[usize::from(farm.group() != Group::Active)];
        let next = nodes.iter().position(|node| node.0 >= hash).unwrap_or(0);
        let before = (next + nodes.len() - 1) % nodes.len();
        let from_before = hash.wrapping_sub(nodes[before].0);
        let to_next = nodes[next].0.wrapping_sub(hash);
        let mut at = if from_before <= to_next { before } else { next };
        let mut wraps = 0;
        while avoid == Some(nodes[at].2) || !self.eligible(farm, nodes[at].2) {
            if at + 1 == nodes.len() {
                wraps += 1;
                if wraps > 1 {
                    break;
                }
            }
            at = (at + 1) % nodes.len();
        }
        Some(nodes[at].2)
    }

    fn walk(&mut self, farm: &Farm, avoid: Option<u32>) -> Option<u32> {
        let in_force = usize::from(farm.group() != Group::Active);
        let start = self.cursor;
        let mut cursor = start;
        let mut avoided = None;
        // A cursor left behind in the other group is never met again: once round is enough.
        let left_behind = start.is_some_and(|(group, _)| group != in_force);
        let most = self.nodes[in_force].len()
            + if left_behind {
                self.nodes[1 - in_force].len()
            } else {
                0
            };
        let mut turns = 0;
        loop {
            let next = cursor.and_then(|(group, node)| {
                let nodes = &self.nodes[group];
                let next = nodes.iter().find(|other| **other > node);
                next.map(|node| (group, *node))
            });
            if next.is_none() {
                turns += 1;
            }
            if left_behind && turns > 1 {
                break;
            }
            cursor = next.or_else(|| Some((in_force, *self.nodes[in_force].first()?)));
            let (_, node) = cursor.expect("the group in force has nodes");
            if !farm.is_saturated(node.2) {
                if avoid != Some(node.2) {
                    self.cursor = cursor;
                    return Some(node.2);
                }
                avoided = cursor;
            }
            if start.is_none() || cursor == start {
                break;
            }
            assert!(turns <= most + 1);
        }
        self.cursor = avoided;
        avoided.map(|(_, node)| node.2)
    }
}

impl Policy for PlainRing {
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32) {
        let zero = self.profile.ring_anonymous == AnonymousRing::Zero
            && farm.members[slot as usize].anonymous;
        self.zero.push(if zero { weight } else { 0 });
        self.highest.push(weight);
        self.cumulative.push(0);
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        let weight = farm.members[slot as usize].weight;
        self.highest[slot as usize] = self.highest[slot as usize].max(weight);
        self.set(farm, slot, weight);
    }

    fn left(&mut self, farm: &Farm, slot: u32, _weight_before: u32) {
        self.set(farm, slot, 0);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, _weight_before: u32) {
        let weight = farm.members[slot as usize].weight;
        if weight > self.highest[slot as usize] {
            self.highest[slot as usize] = weight;
            self.set(farm, slot, 0);
        }
        self.set(farm, slot, weight);
    }

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    fn pick(&mut self, farm: &Farm, ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        match (single_backup(farm), ask.hash) {
            (Some(slot), _) => Some(slot),
            (None, Some(hash)) => self.look_up(farm, hash, ask.avoid),
            (None, None) => self.walk(farm, ask.avoid),
        }
    }
}

#[derive(Debug)]
struct PlainRandom {
    ring: PlainRing,
    draws: u32,
    seed: u32,
    /// Every start: the server and the millisecond.
    starts: Vec<(u32, u64)>,
}

impl PlainRandom {
    /// Starts on `slot` in the last second: those of the period that runs, and of the one
    /// before as many as the rest of the period has of the whole. The first of all begins one.
    fn rate(&self, slot: u32, now: u64) -> u32 {
        let mut starts = self
            .starts
            .iter()
            .filter(|start| start.0 == slot)
            .peekable();
        let first = starts.peek().map_or(now, |start| start.1);
        let (mut began, mut current, mut previous) = (first, 0, 0);
        let moments = starts.map(|start| (start.1, 1)).chain([(now, 0)]);
        for (moment, events) in moments {
            if moment >= began + 2_000 {
                (began, current, previous) = (moment, 0, 0);
            } else if moment >= began + 1_000 {
                (began, current, previous) = (began + 1_000, 0, current);
            }
            current += events;
        }
        if current == 0 && previous == 1 {
            return 1;
        }
        current + previous * (began + 1_000 - now) as u32 / 1_000
    }
}

impl Policy for PlainRandom {
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32) {
        self.ring.added(farm, slot, weight);
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        self.ring.joined(farm, slot);
    }

    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.ring.left(farm, slot, weight_before);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.ring.weighed(farm, slot, weight_before);
    }

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    fn started(&mut self, slot: u32, now: Moment) {
        self.starts.push((slot, now.as_millis()));
    }

    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32> {
        let mut best: Option<u32> = None;
        for _ in 0..self.draws {
            let hash = match self.ring.profile.random_draws {
                Draws::Chance => (chance.next_u64() >> 32) as u32,
                Draws::FixedSeed => {
                    let mut x = self.seed;
                    x ^= x << 13;
                    x ^= x >> 17;
                    x ^= x << 5;
                    self.seed = x;
                    x
                }
            };
            let new = self.ring.look_up(farm, hash, ask.avoid)?;
            let old = best.unwrap_or(new);
            let (o, n) = (&farm.members[old as usize], &farm.members[new as usize]);
            let loads = (n.served * o.weight, o.served * n.weight);
            let now = ask.now.as_millis();
            let rates = (
                self.rate(new, now) * o.weight,
                self.rate(old, now) * n.weight,
            );
            let busier = loads.0 > loads.1
                || (self.ring.profile.random_tie == RandomTie::RequestRate
                    && loads.0 == loads.1
                    && rates.0 > rates.1);
            best = Some(if busier { old } else { new });
        }
        let best = best?;
        let member = &farm.members[best as usize];
        let full = member.maxconn != 0 && member.served >= farm.limit(best);
        let passed_over = member.queued > 0 || full;
        (!passed_over || !self.ring.profile.random_passes_full).then_some(best)
    }
}
