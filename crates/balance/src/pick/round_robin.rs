//! `balance roundrobin`: the fast weighted round robin, pick for pick (spec: balancing, 2).
//!
//! Every server knows the position at which it is next due. Servers that had their share of
//! the present window wait for the next one; a window is as long as the sum of the weights.

use alloc::vec;
use alloc::vec::Vec;

use crate::books::Due;
use crate::chance::Chance;
use crate::farm::{Farm, Group, Member};
use crate::pick::lineup::{Lineup, Table};
use crate::pick::{Ask, Policy};
use crate::profile::{Profile, WeightRule};

/// The weight of a server at its heaviest (256, scaled by 16).
const HEAVIEST: u32 = 4096;

/// The algorithm with its books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundRobin {
    /// The active servers and the backup servers.
    rounds: [Round; 2],
    /// What each server carries, by slot.
    turns: Vec<Turn>,
    /// Each server's place in its tree.
    table: Table,
    /// Servers found full during a pick; empty between picks.
    aside: Vec<u32>,
    weight_rule: WeightRule,
    /// How many servers the configuration has; those of higher slots came at run time.
    configured: u32,
}

/// One group of servers going round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Round {
    /// By [`Tree`], but for `Out`.
    trees: [Lineup; 3],
    /// Which of the two waiting trees belongs to this window.
    init: Tree,
    /// The number of the next pick (`pos`).
    position: u32,
    /// The weight of this window (`cw`).
    window: u32,
    /// The sum of the weights as they are now (`nw`).
    weight: u32,
}

/// Which tree of its round a server is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tree {
    /// Served at least once in this window.
    Curr,
    /// Waits for this window or the next one, as [`Round::init`] says.
    Even,
    /// The other of these two.
    Odd,
    /// In none.
    #[default]
    Out,
}

impl Tree {
    /// Of the two that wait, the other one.
    fn other(self) -> Self {
        if self == Self::Even {
            Self::Odd
        } else {
            Self::Even
        }
    }
}

/// What one server carries. All arithmetic on it wraps at 32 bits, as HAProxy's does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Turn {
    /// The position at which it is next due (`npos`).
    due: u32,
    /// The position at which it was due before (`lpos`).
    last: u32,
    /// What the divisions have left over so far (`rw`).
    rest: u32,
    tree: Tree,
}

impl Round {
    #[inline]
    fn tree(&mut self, tree: Tree) -> Option<&mut Lineup> {
        self.trees.get_mut(tree as usize)
    }

    #[inline]
    fn curr(&self) -> &Lineup {
        &self.trees[Tree::Curr as usize]
    }

    #[inline]
    fn init(&self) -> &Lineup {
        &self.trees[if self.init == Tree::Even { 1 } else { 2 }]
    }

    /// The next window begins.
    fn switch(&mut self) {
        self.init = self.init.other();
        self.window = self.weight;
        self.position = self.window;
    }

    /// When a server that enters a round going on is due: after the part of its weight
    /// in what is left of both windows. Wraps when the weights have shrunk below the position.
    fn entrance(&self, weight: u32) -> u32 {
        let left = self
            .weight
            .wrapping_add(self.window)
            .wrapping_sub(self.position);
        self.position
            .wrapping_add(left.checked_div(weight).unwrap_or(0))
    }
}

impl RoundRobin {
    /// All usable servers of `farm` wait for their first turn.
    pub fn new(profile: &Profile, farm: &Farm) -> Self {
        let mut this = Self {
            rounds: [Round::default(), Round::default()],
            turns: vec![Turn::default(); farm.members.len()],
            table: Table::new(farm.members.len()),
            aside: Vec::new(),
            weight_rule: profile.rr_weight,
            configured: farm.members.len() as u32,
        };
        for round in &mut this.rounds {
            round.init = Tree::Even;
        }
        for (slot, member) in (0..).zip(&farm.members) {
            if member.usable {
                let round = &mut this.rounds[usize::from(member.backup)];
                round.weight = round.weight.wrapping_add(member.weight);
                round.window = round.weight;
                round.position = round.weight;
                this.wait(member, slot, Tree::Even);
            }
        }
        this
    }

    fn round(&mut self, farm: &Farm, slot: u32) -> &mut Round {
        &mut self.rounds[usize::from(farm.members[slot as usize].backup)]
    }

    /// Whose turn it is by position alone; a server from `init` starts afresh.
    #[inline]
    fn candidate(&mut self, round: usize) -> Option<u32> {
        let round = &self.rounds[round];
        let served = round.curr().first();
        if let Some(slot) = served
            && self.turns[slot as usize].due <= round.position
        {
            return served;
        }
        if let Some(slot) = round.init().first() {
            let turn = &mut self.turns[slot as usize];
            turn.due = 0;
            turn.rest = 0;
            return Some(slot);
        }
        served
    }

    /// The turn of a server of `weight` is taken: when is the one after?
    #[inline]
    fn advance(round: &Round, turn: &mut Turn, weight: u32) {
        if weight == 0 {
            return;
        }
        if turn.due == 0 {
            turn.due = round.position;
        }
        turn.last = turn.due;
        turn.due = turn.due.wrapping_add(round.weight / weight);
        turn.rest = turn.rest.wrapping_add(round.weight % weight);
        if turn.rest >= weight {
            turn.rest -= weight;
            turn.due = turn.due.wrapping_add(1);
        }
    }

    /// Puts `slot` where its due position says: into this window or the next.
    #[expect(clippy::inline_always, reason = "one step of every pick")]
    #[inline(always)]
    fn place(&mut self, member: &Member, slot: u32) {
        if !member.usable {
            return self.take_out(member, slot);
        }
        let round = &self.rounds[usize::from(member.backup)];
        let turn = &mut self.turns[slot as usize];
        if member.weight == 0
            || turn.due >= round.window.wrapping_mul(2)
            || turn.due >= round.window.wrapping_add(round.weight)
        {
            turn.due = turn.due.wrapping_sub(round.window);
            let next = round.init.other();
            self.wait(member, slot, next);
        } else {
            let share = HEAVIEST.wrapping_add(turn.rest).wrapping_sub(member.weight) / 16;
            let key = turn.due.wrapping_mul(256).wrapping_add(share);
            self.put(member, slot, Tree::Curr, key);
        }
    }

    /// Puts `slot` among those that wait, the heavier first.
    #[inline]
    fn wait(&mut self, member: &Member, slot: u32, waiting: Tree) {
        let key = HEAVIEST.wrapping_sub(member.weight);
        self.put(member, slot, waiting, key);
    }

    #[expect(clippy::inline_always, reason = "one step of every pick")]
    #[inline(always)]
    fn put(&mut self, member: &Member, slot: u32, tree: Tree, key: u32) {
        let before = self.turns[slot as usize].tree;
        if before != tree {
            return self.change_tree(member, slot, tree, key);
        }
        let round = &mut self.rounds[usize::from(member.backup)];
        if let Some(lineup) = round.tree(tree) {
            lineup.rekey(&mut self.table, slot, key);
        }
    }

    #[inline(never)]
    fn change_tree(&mut self, member: &Member, slot: u32, tree: Tree, key: u32) {
        let round = &mut self.rounds[usize::from(member.backup)];
        let table = &mut self.table;
        let before = core::mem::replace(&mut self.turns[slot as usize].tree, tree);
        if let Some(lineup) = round.tree(before) {
            lineup.remove(table, slot);
        }
        if let Some(lineup) = round.tree(tree) {
            lineup.insert(table, slot, key);
        }
    }

    #[inline(never)]
    fn take_out(&mut self, member: &Member, slot: u32) {
        let tree = core::mem::take(&mut self.turns[slot as usize].tree);
        let round = &mut self.rounds[usize::from(member.backup)];
        if let Some(lineup) = round.tree(tree) {
            lineup.remove(&mut self.table, slot);
        }
    }

    /// Puts those back that a pick found full or was told to avoid: to where they are due, or
    /// among those that wait in the `switched` round, if its window ended during the pick.
    #[cold]
    fn put_back(&mut self, farm: &Farm, chosen: Option<u32>, switched: Option<usize>) {
        while let Some(slot) = self.aside.pop() {
            if chosen == Some(slot) {
                continue;
            }
            if let Some(round) = switched {
                let init = self.rounds[round].init;
                self.wait(&farm.members[slot as usize], slot, init);
            } else {
                self.place(&farm.members[slot as usize], slot);
            }
        }
    }

    /// Translates the due position of `slot`, wherever it is, to the present window.
    fn fetch(&mut self, farm: &Farm, slot: u32) {
        let round = &self.rounds[usize::from(farm.members[slot as usize].backup)];
        let turn = &mut self.turns[slot as usize];
        match turn.tree {
            Tree::Curr => {}
            Tree::Out => turn.due = round.position,
            tree if tree == round.init => {
                turn.due = 0;
                turn.rest = 0;
            }
            Tree::Even | Tree::Odd => turn.due = turn.due.wrapping_add(round.window),
        }
    }

    /// The rule of 3.2 and later, and of every server that comes up.
    fn enter(&mut self, farm: &Farm, slot: u32) {
        self.fetch(farm, slot);
        let weight = farm.members[slot as usize].weight;
        self.turns[slot as usize].due = self.round(farm, slot).entrance(weight);
        self.place(&farm.members[slot as usize], slot);
    }

    /// The rule up to 3.1: as far from its previous turn as the new weight says.
    fn adjust(&mut self, farm: &Farm, slot: u32) {
        self.fetch(farm, slot);
        let member = &farm.members[slot as usize];
        let round = &self.rounds[usize::from(member.backup)];
        let turn = &mut self.turns[slot as usize];
        let step = round.weight.checked_div(member.weight).unwrap_or(0);
        turn.due = turn.due.min(turn.last.wrapping_add(step));
        turn.rest = 0;
        if turn.due < round.position.wrapping_add(2) {
            turn.due = round.position.wrapping_add(step);
        }
        self.place(member, slot);
    }
}

/// The books, to look at.
impl RoundRobin {
    /// The number of the next pick of the group in force, and how long its window is.
    pub(crate) fn position(&self, farm: &Farm) -> (u32, u32) {
        let round = &self.rounds[usize::from(farm.group() != Group::Active)];
        (round.position, round.window)
    }

    /// When the turn of `slot` comes; none if it takes no part.
    pub(crate) fn due(&self, farm: &Farm, slot: u32) -> Option<Due> {
        let round = &self.rounds[usize::from(farm.members[slot as usize].backup)];
        let turn = &self.turns[slot as usize];
        match turn.tree {
            Tree::Out => None,
            Tree::Curr => Some(Due::At(turn.due)),
            tree if tree == round.init => Some(Due::First),
            Tree::Even | Tree::Odd => Some(Due::NextWindow),
        }
    }
}

impl Policy for RoundRobin {
    fn added(&mut self, farm: &Farm, _slot: u32, _weight: u32) {
        self.turns.resize(farm.members.len(), Turn::default());
        self.table.resize(farm.members.len());
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        let weight = farm.members[slot as usize].weight;
        let round = self.round(farm, slot);
        round.weight = round.weight.wrapping_add(weight);
        self.enter(farm, slot);
    }

    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        let round = self.round(farm, slot);
        round.weight = round.weight.wrapping_sub(weight_before);
        self.take_out(&farm.members[slot as usize], slot);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        let weight = farm.members[slot as usize].weight;
        let round = self.round(farm, slot);
        round.weight = round
            .weight
            .wrapping_add(weight)
            .wrapping_sub(weight_before);
        let init = round.init;
        // Also where configured servers are queued anew, one added at run time is not.
        let rule = if slot < self.configured {
            self.weight_rule
        } else {
            WeightRule::Adjust
        };
        match rule {
            WeightRule::Reinsert => self.enter(farm, slot),
            WeightRule::Adjust if self.turns[slot as usize].tree == init => {
                self.wait(&farm.members[slot as usize], slot, init);
            }
            WeightRule::Adjust => self.adjust(farm, slot),
        }
    }

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    fn pick(&mut self, farm: &Farm, ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        let in_force = usize::from(farm.actives == 0);
        let round = &mut self.rounds[in_force];
        if round.window == 0 {
            round.window = round.weight;
            round.position = round.weight;
        }
        let mut switched = false;
        let mut avoided = None;
        let chosen = loop {
            let Some(slot) = self.candidate(in_force) else {
                if switched {
                    if let Some(slot) = avoided {
                        self.place(&farm.members[slot as usize], slot);
                    }
                    break avoided;
                }
                self.rounds[in_force].switch();
                switched = true;
                continue;
            };
            let round = &mut self.rounds[in_force];
            let member = &farm.members[slot as usize];
            Self::advance(round, &mut self.turns[slot as usize], member.weight);
            round.position = round.position.wrapping_add(1);
            if !farm.is_full(member) {
                if ask.avoid != Some(slot) || avoided.is_some() {
                    self.place(member, slot);
                    break Some(slot);
                }
                avoided = Some(slot);
            }
            self.take_out(member, slot);
            self.aside.push(slot);
        };
        if !self.aside.is_empty() {
            self.put_back(farm, chosen, switched.then_some(in_force));
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Balance;
    use crate::pick::trial::Trial;
    use crate::profile::Version;

    /// Weights, and the picks of a fresh start (spec: balancing, 2.4).
    #[test]
    fn cycles_of_fixed_weights() {
        for version in Version::ALL {
            for (weights, picks) in [
                ("1:1:1", "ABCABCABC"),
                ("1:1:1:1:1", "ABCDEABCDE"),
                ("2:1", "AABAABAAB"),
                ("3:1", "AAABAAAB"),
                ("1:2", "BBABBABBA"),
                ("5:3:2", "ABACABABACABACABABAC"),
                ("1:2:3", "CBCACBCBCACB"),
                ("5:1:1", "AAABAACAAABAAC"),
                ("4:2:1", "AABACABAABACAB"),
                ("3:3:1", "ABABABCABABABC"),
                ("10:20", "BBABBABBA"),
                ("1:1:1", "ABCAB -B CACAC +B ACBACBACB"),
                ("1:1:1", "-B ACACA +B CABCABCAB"),
                ("0:1:1", "BCBCB [A=1] CBACBACBA"),
                ("0:0", "503 503 [B=1] BB"),
            ] {
                Trial::new(version, Balance::RoundRobin, weights).run(picks);
            }
        }
    }

    /// The same window follows the same window, over many of them.
    #[test]
    fn cycles_survive_the_change_of_windows() {
        for (weights, cycle) in [
            ("1:1", "AB"),
            ("2:1", "AAB"),
            ("1:2", "BBA"),
            ("5:3:2", "ABACABABAC"),
            ("1:2:3", "CBCACB"),
            ("4:2:1", "AABACAB"),
        ] {
            let mut trial = Trial::new(Version::V2_6, Balance::RoundRobin, weights);
            for _ in 0..3 * 16 {
                trial.run(cycle);
            }
        }
    }

    /// Weight changes of servers in use: up to 3.1, and from 3.2 on.
    #[test]
    fn weight_changes_in_flight() {
        for (weights, before, after_2_6, after_3_4) in [
            ("1:1", "ABA [B=3]", "BABBBABBBABB", None),
            ("1:1", "ABA [A=3]", "BAAABAAABAAA", None),
            ("2:2", "ABABA [A=1]", "BBBABBABBA", Some("BBABBABBAB")),
            ("3:1", "AAAB [A=1]", "ABABABAB", None),
            ("1:1:1", "ABCA [A=2]", "BCAABCAABCAA", Some("BACABACABACA")),
            ("5:3:2", "ABACABA [C=10]", "BCACCACBCACCABC", None),
            ("1:1", "ABAB [A=0] BBB [A=1]", "BABABA", None),
            ("1:1:1", "A [B=0] CACA [B=1]", "CABCABCA", None),
            ("1:2:3", "CBC [A=256]", "AACBAAAAAA", Some("ACBAAAAAAA")),
            ("5:5", "*155 [A=1]", "BBBBBBABBBBBABBBBBABBBBB", None),
            ("3:3:3", "*140 [A=1]", "CBCBCBCBACBCBCBACBCBCBAC", None),
        ] {
            for (version, after) in [
                (Version::V2_2, after_2_6),
                (Version::V2_6, after_2_6),
                (Version::V3_4, after_3_4.unwrap_or(after_2_6)),
            ] {
                let mut trial = Trial::new(version, Balance::RoundRobin, weights);
                trial.run(before);
                trial.run(after);
            }
        }
    }

    /// Active servers A and B, backup servers C and D (spec: balancing, 1.3).
    #[test]
    fn backups_take_over() {
        let script = "ABAB -A BBB -B CCCC -C DDDD +C CCC -D CC +B BBB +A BABABA";
        Trial::new(Version::V2_6, Balance::RoundRobin, "1:1:1b:1b").run(script);
        let script = "ABAB -A BBB -B CDCDCD -C DDDD +C DCDCDC -C -D 503 503";
        Trial::new(Version::V2_6, Balance::RoundRobin, "1:1:1b:1b")
            .allbackups()
            .run(script);
    }
}
