//! A counted multiset of elapsed times at a resolution of one microsecond: exact
//! percentiles, memory bounded by the number of distinct values.

use std::collections::BTreeMap;

use balance::Span;

/// How many times each elapsed time occurred.
///
/// Adding costs O(1) amortised, and next to nothing when the value is the one added
/// before. The table is open-addressed; its order is never looked at: [`Spread::sorted`]
/// sorts what it reads.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// Value and count; a count of 0 is a free cell. A power of two, or empty. Small, because
    /// there may be a hundred of them for each of a thousand servers.
    cells: Vec<(u32, u32)>,
    distinct: usize,
    /// Counts that are too high for a cell, or of values that are: above an hour.
    large: BTreeMap<u64, u64>,
}

impl Spread {
    /// Counts `times` occurrences of `elapsed`, rounded to the nearest microsecond.
    pub fn add(&mut self, elapsed: Span, times: u64) {
        self.add_micros((elapsed.as_nanos() + 500) / 1000, times);
    }

    /// Counts everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        for (micros, count) in other.counts() {
            self.add_micros(micros, count);
        }
    }

    /// Values with counts, in no order; a value may come twice.
    fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        let cells = self.cells.iter().filter(|cell| cell.1 > 0);
        let small = cells.map(|&(micros, count)| (u64::from(micros), u64::from(count)));
        small.chain(self.large.iter().map(|(&micros, &count)| (micros, count)))
    }

    /// The distinct values in microseconds with their counts, ascending.
    pub fn sorted(&self) -> Sorted {
        let mut values: Vec<(u64, u64)> = self.counts().collect();
        values.sort_unstable();
        values.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
        Sorted {
            count: values.iter().map(|v| v.1).sum(),
            values,
        }
    }

    fn add_micros(&mut self, micros: u64, times: u64) {
        if times == 0 {
            return;
        }
        let (Ok(micros), Ok(times)) = (u32::try_from(micros), u32::try_from(times)) else {
            *self.large.entry(micros).or_default() += times;
            return;
        };
        // At most three quarters full, so that a probe is short and always ends.
        if (self.distinct + 1) * 4 > self.cells.len() * 3 {
            self.grow();
        }
        let place = self.place(micros);
        let cell = &mut self.cells[place];
        if cell.1 == 0 {
            cell.0 = micros;
            self.distinct += 1;
        }
        if let Some(sum) = cell.1.checked_add(times) {
            cell.1 = sum;
        } else {
            *self.large.entry(u64::from(micros)).or_default() += u64::from(times);
        }
    }

    /// The cell of `micros`, or the free one where it belongs.
    fn place(&self, micros: u32) -> usize {
        let mask = self.cells.len() - 1;
        let hash = u64::from(micros).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut place = (hash >> 32) as usize & mask;
        while self.cells[place].1 != 0 && self.cells[place].0 != micros {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        let larger = vec![(0, 0); (self.cells.len() * 2).max(4)];
        let smaller = std::mem::replace(&mut self.cells, larger);
        for cell in smaller.into_iter().filter(|cell| cell.1 > 0) {
            let place = self.place(cell.0);
            self.cells[place] = cell;
        }
    }
}

/// The same times?, whatever the history of the table.
impl PartialEq for Spread {
    fn eq(&self, other: &Self) -> bool {
        self.sorted().values == other.sorted().values
    }
}

/// The values of a [`Spread`] in order. Lengths in milliseconds, exact to the microsecond.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted {
    values: Vec<(u64, u64)>,
    count: u64,
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

impl Sorted {
    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The distinct values in microseconds with their counts, ascending.
    pub fn values(&self) -> &[(u64, u64)] {
        &self.values
    }

    /// The smallest; 0 if there is none.
    pub fn min(&self) -> f64 {
        self.values.first().map_or(0.0, |v| millis(v.0))
    }

    /// The largest; 0 if there is none.
    pub fn max(&self) -> f64 {
        self.values.last().map_or(0.0, |v| millis(v.0))
    }

    /// The arithmetic mean; 0 if there is none.
    pub fn mean(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let sum: u128 = self
            .values
            .iter()
            .map(|&(value, count)| u128::from(value) * u128::from(count))
            .sum();
        sum as f64 / self.count as f64 / 1e3
    }

    /// The standard deviation as JMeter computes it: over n, not n - 1; 0 if there is none.
    ///
    /// JMeter takes the root of the mean square less the square of the mean; summing the
    /// squared distances instead is the same number without the cancellation.
    pub fn deviation(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let mean = self.mean();
        let squares: f64 = self
            .values
            .iter()
            .map(|&(value, count)| {
                let distance = millis(value) - mean;
                distance * distance * count as f64
            })
            .sum();
        (squares / self.count as f64).sqrt()
    }

    /// The value below or at which `percent` of all lie, as JMeter picks it: the one whose
    /// rank is `percent` of the count, rounded to the nearest; 0 if there is none.
    pub fn percentile(&self, percent: u64) -> f64 {
        let hundredfold = u128::from(self.count) * u128::from(percent);
        let rank = ((hundredfold + 50) / 100).max(1);
        let mut seen = 0;
        for &(value, count) in &self.values {
            seen += u128::from(count);
            if seen >= rank {
                return millis(value);
            }
        }
        self.max()
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "exactly representable, or computed the same way"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spread(values: &[u64]) -> Spread {
        let mut spread = Spread::default();
        for &value in values {
            spread.add(Span::from_micros(value), 1);
        }
        spread
    }

    #[test]
    fn nothing_counted_is_all_zero() {
        let none = Spread::default().sorted();
        assert_eq!((none.count(), none.min(), none.max()), (0, 0.0, 0.0));
        assert_eq!(
            (none.mean(), none.deviation(), none.percentile(95)),
            (0.0, 0.0, 0.0)
        );
    }

    #[test]
    fn rounds_to_the_nearest_microsecond() {
        let mut spread = Spread::default();
        spread.add(Span::from_nanos(1_499), 1);
        spread.add(Span::from_nanos(1_500), 2);
        assert_eq!(spread.sorted().values, [(1, 1), (2, 2)]);
    }

    #[test]
    fn the_textbook_deviation() {
        // Mean 5, deviation 2 over n (2.14 over n - 1).
        let sorted = spread(&[2000, 4000, 4000, 4000, 5000, 5000, 7000, 9000]).sorted();
        assert_eq!((sorted.mean(), sorted.deviation()), (5.0, 2.0));
    }

    #[test]
    fn percentiles_by_rank() {
        let hundred: Vec<u64> = (1..=100).map(|n| n * 1000).collect();
        let sorted = spread(&hundred).sorted();
        let read: Vec<f64> = [1, 50, 95, 99, 100].map(|p| sorted.percentile(p)).to_vec();
        assert_eq!(read, [1.0, 50.0, 95.0, 99.0, 100.0]);
        let one = spread(&[7000]).sorted();
        assert_eq!(one.percentile(1), 7.0);
    }

    proptest! {
        /// The naive twin: a sorted list of everything.
        #[test]
        fn equals_a_sorted_list(mut values in prop::collection::vec(0_u64..5_000, 1..400)) {
            let sorted = spread(&values).sorted();
            values.sort_unstable();
            let n = values.len() as f64;
            prop_assert_eq!(sorted.count(), values.len() as u64);
            prop_assert_eq!(sorted.min(), millis(values[0]));
            prop_assert_eq!(sorted.max(), millis(values[values.len() - 1]));
            let mean = values.iter().sum::<u64>() as f64 / n / 1e3;
            prop_assert!((sorted.mean() - mean).abs() < 1e-9);
            let square = values.iter().map(|&v| millis(v).powi(2)).sum::<f64>() / n;
            let deviation = (square - mean * mean).max(0.0).sqrt();
            prop_assert!((sorted.deviation() - deviation).abs() < 1e-5);
            for percent in [1, 50, 90, 95, 99, 100] {
                let rank = (n * percent as f64 / 100.0 + 0.5).floor().max(1.0) as usize;
                prop_assert_eq!(sorted.percentile(percent), millis(values[rank - 1]));
            }
        }

        /// The same, where neither values nor counts fit into cells.
        #[test]
        fn large_ones_are_counted_too(entries in prop::collection::vec(
            ((0_u64..3, 0_u64..3), (0_u64..3, 0_u64..3)), 1..40
        )) {
            let edge = u64::from(u32::MAX);
            let mut spread = Spread::default();
            let mut counts = BTreeMap::<u64, u64>::new();
            for ((high, low), (many, few)) in entries {
                let (value, times) = (high * edge + low, many * (edge - 1) + few);
                spread.add(Span::from_micros(value), times);
                if times > 0 {
                    *counts.entry(value).or_default() += times;
                }
            }
            let counts: Vec<(u64, u64)> = counts.into_iter().collect();
            prop_assert_eq!(spread.sorted().values, counts.clone());
            let mut twice = spread.clone();
            twice.merge(&spread);
            let doubled: Vec<(u64, u64)> = counts.iter().map(|&(v, c)| (v, 2 * c)).collect();
            prop_assert_eq!(twice.sorted().values, doubled);
        }

        #[test]
        fn merging_is_counting_both(a in prop::collection::vec(0_u64..90, 0..99), b in prop::collection::vec(0_u64..90, 0..99)) {
            let mut merged = spread(&a);
            merged.merge(&spread(&b));
            prop_assert_eq!(merged, spread(&[a, b].concat()));
        }

        #[test]
        fn memory_follows_the_distinct_values(times in 1_u64..1_000_000, distinct in 1_u64..50) {
            let mut spread = Spread::default();
            for value in 0..distinct {
                spread.add(Span::from_micros(value * 65_536), times);
            }
            prop_assert!(spread.cells.len() as u64 <= (distinct * 4).max(4));
            prop_assert_eq!(spread.sorted().count(), times * distinct);
        }
    }
}
