//! One table: the entries by key, and which of them is due to go first.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::rate::Rate;
use super::{Counting, Datum, Question};
use crate::expression::Value;
use crate::stick::sample::StickKey;
use crate::time::{Moment, Span};

/// A table's entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    config: Counting,
    entries: BTreeMap<StickKey, Entry>,
    /// When an entry expires, or where nothing does, when it was used last; then the number
    /// of that use.
    due: BTreeMap<(u64, u64), StickKey>,
    /// Counts uses.
    uses: u64,
}

/// What is counted for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// In the order of `stored`.
    cells: Vec<Cell>,
    due: (u64, u64),
    /// By how many it is tracked: it does not go before they have gone.
    trackers: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Number(u32),
    Rate(Rate),
}

impl Table {
    pub(super) fn new(config: Counting) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// `value` as a key of this table.
    pub(super) fn key(&self, value: &Value<'_>) -> Option<StickKey> {
        let stick = &self.config.table;
        match value {
            Value::Address(ip) => StickKey::of_address(stick, *ip),
            other => StickKey::of_text(stick, &other.text()),
        }
    }

    /// Somebody more tracks `key`. Whether there is an entry for it, which a full table that
    /// drops nothing may refuse.
    pub(super) fn track(&mut self, key: &StickKey, now: Moment) -> bool {
        if !self.open(key, now) {
            return false;
        }
        let entry = self.entries.get_mut(key).expect("it is open");
        entry.trackers += 1;
        true
    }

    /// One of those who track `key` has gone.
    pub(super) fn release(&mut self, key: &StickKey, now: Moment) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.trackers = entry.trackers.saturating_sub(1);
            self.touch(key, now);
        }
    }

    /// Counts one more of each of `data`, as far as they are stored.
    pub(super) fn count(&mut self, key: &StickKey, data: &[Datum], now: Moment) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        for ((datum, period), cell) in self.config.stored.iter().zip(&mut entry.cells) {
            if data.contains(datum) {
                cell.count(now, *period);
            }
        }
        self.touch(key, now);
    }

    /// Sets a counter, if it is stored.
    pub(super) fn set(&mut self, key: &StickKey, datum: Datum, number: u32, now: Moment) {
        if let Some((cell, _)) = self.cell(key, datum) {
            *cell = Cell::Number(number);
            self.touch(key, now);
        }
    }

    /// The answer for `key`. What has no entry counts 0; what is not stored has no answer.
    pub(super) fn ask(&mut self, key: &StickKey, question: Question, now: Moment) -> Option<u32> {
        self.expire(now);
        let trackers = self.entries.get(key).map(|entry| entry.trackers);
        match question {
            Question::Known => return Some(u32::from(trackers.is_some())),
            Question::Trackers => return Some(trackers.unwrap_or(0)),
            Question::Read(Datum::ConnCur) => {
                let stored = self.stores(Datum::ConnCur) || trackers.is_none();
                return stored.then_some(trackers.unwrap_or(0));
            }
            Question::Raise(_) => {
                self.open(key, now);
            }
            Question::Read(_) | Question::Clear(_) if trackers.is_none() => return Some(0),
            Question::Read(_) | Question::Clear(_) => {}
        }
        let (Question::Read(datum) | Question::Raise(datum) | Question::Clear(datum)) = question
        else {
            return None;
        };
        match question {
            Question::Raise(Datum::Gpc1) => self.count(key, &[Datum::Gpc1, Datum::Gpc1Rate], now),
            Question::Raise(_) => self.count(key, &[Datum::Gpc0, Datum::Gpc0Rate], now),
            _ => {}
        }
        let (cell, period) = self.cell(key, datum)?;
        let known = cell.read(now, period);
        if matches!(question, Question::Clear(_)) {
            *cell = Cell::Number(0);
            self.touch(key, now);
        }
        Some(known)
    }

    fn stores(&self, datum: Datum) -> bool {
        self.config.stored.iter().any(|(known, _)| *known == datum)
    }

    fn cell(&mut self, key: &StickKey, datum: Datum) -> Option<(&mut Cell, Span)> {
        let stored = &self.config.stored;
        let at = stored.iter().position(|(known, _)| *known == datum)?;
        let entry = self.entries.get_mut(key)?;
        Some((&mut entry.cells[at], stored[at].1))
    }

    /// Makes sure that `key` has an entry; whether it has.
    fn open(&mut self, key: &StickKey, now: Moment) -> bool {
        self.expire(now);
        if !self.entries.contains_key(key) {
            let stick = &self.config.table;
            if self.entries.len() as u64 >= u64::from(stick.size) {
                // Large tables make room for several at once.
                if stick.nopurge || !self.drop_oldest(1 + (stick.size >> 8)) {
                    return false;
                }
            }
            let cells = self.config.stored.iter().map(|(datum, _)| {
                if datum.is_rate() {
                    Cell::Rate(Rate::default())
                } else {
                    Cell::Number(0)
                }
            });
            let entry = Entry {
                cells: cells.collect(),
                due: (0, 0),
                trackers: 0,
            };
            self.entries.insert(key.clone(), entry);
        }
        self.touch(key, now);
        true
    }

    /// The entry of `key` is used: it goes later.
    fn touch(&mut self, key: &StickKey, now: Moment) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let wait = self.config.table.expire.map_or(0, Span::as_millis);
        self.uses += 1;
        self.due.remove(&entry.due);
        entry.due = (now.as_millis() + wait, self.uses);
        self.due.insert(entry.due, key.clone());
    }

    /// Drops what has expired and is not tracked.
    fn expire(&mut self, now: Moment) {
        if self.config.table.expire.is_none() {
            return;
        }
        let past = self.due.range(..=(now.as_millis(), u64::MAX));
        let free = past.filter(|(_, key)| self.entries[*key].trackers == 0);
        let free: Vec<_> = free.map(|(due, _)| *due).collect();
        for due in free {
            self.drop_due(due);
        }
    }

    /// Drops the first `many` that are not tracked; whether there was one.
    fn drop_oldest(&mut self, many: u32) -> bool {
        let free = (self.due.iter()).filter(|(_, key)| self.entries[*key].trackers == 0);
        let free: Vec<_> = free.map(|(due, _)| *due).take(many as usize).collect();
        for due in &free {
            self.drop_due(*due);
        }
        !free.is_empty()
    }

    fn drop_due(&mut self, due: (u64, u64)) {
        if let Some(key) = self.due.remove(&due) {
            self.entries.remove(&key);
        }
    }
}

impl Cell {
    fn count(&mut self, now: Moment, period: Span) {
        match self {
            Self::Number(number) => *number = number.saturating_add(1),
            Self::Rate(rate) => rate.note(now, period),
        }
    }

    fn read(self, now: Moment, period: Span) -> u32 {
        match self {
            Self::Number(number) => number,
            Self::Rate(rate) => rate.read(now, period),
        }
    }
}
