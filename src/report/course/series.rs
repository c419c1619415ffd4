//! What one server did over time, in slices.

use std::collections::BTreeMap;

use balance::event::CheckResult;
use balance::{Moment, Span};

use super::Grid;
use crate::report::spread::Spread;
use crate::trace::Sample;

/// One slice of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Requests that came to their end here.
    pub requests: u64,
    /// Those of them that failed, as JMeter sees it.
    pub errors: u64,
    /// The time that requests were served in it, added up: two for the whole slice are
    /// twice its width.
    pub served_nanos: u64,
    /// The most that were served at once.
    pub served_most: u32,
    /// The time that requests waited in it, added up.
    pub waiting_nanos: u64,
    /// The most that waited at once.
    pub waiting_most: u32,
    /// Checks that passed.
    pub passed: u32,
    /// Checks that failed.
    pub failed: u32,
}

impl Cell {
    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.served_nanos += other.served_nanos;
        self.served_most = self.served_most.max(other.served_most);
        self.waiting_nanos += other.waiting_nanos;
        self.waiting_most = self.waiting_most.max(other.waiting_most);
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// A length of time on a scale of sixteen steps from one power of two to the next: fine
/// enough for a picture, coarse enough to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u16);

impl Mark {
    /// The mark of a length.
    pub fn of(span: Span) -> Self {
        let micros = (span.as_nanos() + 500) / 1000;
        if micros < 16 {
            return Self(micros as u16);
        }
        let octave = micros.ilog2();
        let step = (micros >> (octave - 4)) & 15;
        Self(((octave - 3) * 16) as u16 + step as u16)
    }

    /// The shortest length with this mark, in microseconds.
    pub fn micros(self) -> u64 {
        let (octave, step) = (u64::from(self.0) / 16, u64::from(self.0) % 16);
        match octave {
            0 => step,
            octave => (16 + step) << (octave - 1),
        }
    }
}

/// Requests that ended in the same slice and took about the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dot {
    /// How many.
    pub requests: u64,
    /// Those of them that failed.
    pub errors: u64,
}

/// A number that changes at moments, and since when it is what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Level {
    value: u32,
    since: Moment,
}

/// Everything about one server.
#[derive(Clone, Debug, Default)]
pub struct Series {
    cells: BTreeMap<i64, Cell>,
    dots: BTreeMap<(i64, Mark), Dot>,
    spread: Spread,
    served: Level,
    waiting: Level,
}

impl Series {
    /// The slices in which there was something, in order.
    pub fn cells(&self) -> impl Iterator<Item = (i64, &Cell)> {
        self.cells.iter().map(|(slice, cell)| (*slice, cell))
    }

    /// What there was in a slice.
    pub fn cell(&self, slice: i64) -> Cell {
        self.cells.get(&slice).cloned().unwrap_or_default()
    }

    /// What there was in several slices, taken together.
    pub fn taken_together(&self, slices: std::ops::Range<i64>) -> Cell {
        let mut sum = Cell::default();
        for (_, cell) in self.cells.range(slices) {
            sum.merge(cell);
        }
        sum
    }

    /// How long the requests took, slice by slice.
    pub fn dots(&self) -> impl Iterator<Item = (i64, Mark, Dot)> {
        self.dots
            .iter()
            .map(|((slice, mark), dot)| (*slice, *mark, *dot))
    }

    /// How long the requests took, exactly.
    pub fn spread(&self) -> &Spread {
        &self.spread
    }

    /// Requests that came to their end.
    pub fn requests(&self) -> u64 {
        self.cells.values().map(|cell| cell.requests).sum()
    }

    /// Whether nothing was ever told of it.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// A request is over.
    pub(super) fn answer(&mut self, slice: i64, sample: &Sample) {
        let errors = u64::from(sample.is_error());
        let cell = self.cells.entry(slice).or_default();
        cell.requests += 1;
        cell.errors += errors;
        let dot = self
            .dots
            .entry((slice, Mark::of(sample.elapsed)))
            .or_default();
        dot.requests += 1;
        dot.errors += errors;
        self.spread.add(sample.elapsed, 1);
    }

    /// A check is over.
    pub(super) fn check(&mut self, slice: i64, result: CheckResult) {
        let cell = self.cells.entry(slice).or_default();
        if result.code.passed() {
            cell.passed += 1;
        } else {
            cell.failed += 1;
        }
    }

    /// So many more requests (or fewer) are served from now on.
    pub(super) fn serve(&mut self, grid: &Grid, at: Moment, by: i32) {
        self.settle(grid, at);
        self.served.value = self.served.value.saturating_add_signed(by);
        let most = &mut self.cells.entry(grid.slice(at)).or_default().served_most;
        *most = (*most).max(self.served.value);
    }

    /// So many more requests (or fewer) wait from now on.
    pub(super) fn wait(&mut self, grid: &Grid, at: Moment, by: i32) {
        self.settle(grid, at);
        self.waiting.value = self.waiting.value.saturating_add_signed(by);
        let most = &mut self.cells.entry(grid.slice(at)).or_default().waiting_most;
        *most = (*most).max(self.waiting.value);
    }

    /// Enters what was so up to `at`.
    pub(super) fn settle(&mut self, grid: &Grid, at: Moment) {
        let served = self.served.value;
        fill(
            &mut self.cells,
            grid,
            &mut self.served,
            at,
            |cell, nanos| {
                cell.served_nanos += nanos * u64::from(served);
                cell.served_most = cell.served_most.max(served);
            },
        );
        let waiting = self.waiting.value;
        fill(
            &mut self.cells,
            grid,
            &mut self.waiting,
            at,
            |cell, nanos| {
                cell.waiting_nanos += nanos * u64::from(waiting);
                cell.waiting_most = cell.waiting_most.max(waiting);
            },
        );
    }

    /// Makes one slice of `factor`.
    pub(super) fn widen(&mut self, factor: i64) {
        for (slice, cell) in std::mem::take(&mut self.cells) {
            let wider = self.cells.entry(slice.div_euclid(factor)).or_default();
            wider.merge(&cell);
        }
        for ((slice, mark), dot) in std::mem::take(&mut self.dots) {
            let wider = self
                .dots
                .entry((slice.div_euclid(factor), mark))
                .or_default();
            wider.requests += dot.requests;
            wider.errors += dot.errors;
        }
    }
}

/// Walks through the slices from the level's last change to `at`, unless it is zero.
fn fill(
    cells: &mut BTreeMap<i64, Cell>,
    grid: &Grid,
    level: &mut Level,
    at: Moment,
    enter: impl Fn(&mut Cell, u64),
) {
    let mut from = std::mem::replace(&mut level.since, at);
    while level.value > 0 && from < at {
        let slice = grid.slice(from);
        let until = grid.begin(slice + 1).min(at);
        enter(
            cells.entry(slice).or_default(),
            until.since(from).as_nanos(),
        );
        from = until;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_of_a_few_lengths() {
        let rows = [
            (0, 0),
            (15, 15),
            (16, 16),
            (31, 31),
            (32, 32),
            (33, 32),
            (1000, 992),
        ];
        for (micros, shortest) in rows {
            let mark = Mark::of(Span::from_micros(micros));
            assert_eq!(mark.micros(), shortest, "{micros} us");
        }
    }

    proptest! {
        /// A mark stands for lengths that differ by less than a sixteenth.
        #[test]
        fn a_mark_is_close(micros in 0_u64..1 << 50) {
            let mark = Mark::of(Span::from_micros(micros));
            prop_assert!(mark.micros() <= micros);
            prop_assert!(micros - mark.micros() <= micros / 16);
            prop_assert_eq!(Mark::of(Span::from_micros(mark.micros())), mark);
            prop_assert!(Mark::of(Span::from_micros(micros + micros / 8 + 1)) > mark);
        }
    }
}
