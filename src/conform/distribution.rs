//! The test for recordings whose picks involve chance: do the shares agree?
//!
//! HAProxy's requests per server are one sample; ours, over many replays with other
//! seeds, a second. Both come from the same distribution if the two-sample chi-square
//! statistic stays below the quantile that chance alone exceeds once in a thousand times.
//! Picks are not always independent draws, though: where queues and limits feed back on
//! them, runs differ more. So a run of ours against all the others may set a higher
//! threshold.

use std::collections::BTreeMap;

/// How many requests each server got; `-` stands for answers of the proxy itself.
pub type Shares = BTreeMap<String, u64>;

/// How often chance alone may exceed the threshold.
pub const SIGNIFICANCE: f64 = 0.001;

/// The upper quantile of the standard normal distribution at [`SIGNIFICANCE`].
const NORMAL_QUANTILE: f64 = 3.090_232_306_167_813;

/// A cell with fewer expected requests than this is counted with its neighbour.
const FEWEST: f64 = 5.0;

/// The outcome of one comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// What HAProxy did.
    pub recorded: Shares,
    /// What the core did, over all replays.
    pub replayed: Shares,
    /// How many replays.
    pub replays: u64,
    /// The chi-square statistic.
    pub statistic: f64,
    /// Its degrees of freedom.
    pub freedom: usize,
    /// What it must not exceed.
    pub threshold: f64,
}

impl Fit {
    /// Compares HAProxy's shares with those of several runs of the core.
    pub fn of(recorded: Shares, runs: &[Shares]) -> Self {
        let mut replayed = Shares::new();
        for (name, count) in runs.iter().flatten() {
            *replayed.entry(name.clone()).or_default() += count;
        }
        let against = |shares: &Shares, rest: &Shares| {
            let cells = cells(shares, rest);
            (statistic(&cells), cells.len().saturating_sub(1))
        };
        let (statistic, freedom) = against(&recorded, &replayed);
        let spread = runs.iter().map(|run| {
            let mut rest = replayed.clone();
            for (name, count) in run {
                *rest.entry(name.clone()).or_default() -= count;
            }
            against(run, &rest).0
        });
        Self {
            statistic,
            freedom,
            threshold: spread.fold(threshold(freedom), f64::max),
            recorded,
            replayed,
            replays: runs.len() as u64,
        }
    }

    /// Whether the shares agree.
    pub fn agrees(&self) -> bool {
        self.statistic <= self.threshold
    }
}

/// Both counts for each server, rare ones put together.
fn cells(recorded: &Shares, replayed: &Shares) -> Vec<(f64, f64)> {
    let count = |shares: &Shares, name: &str| shares.get(name).copied().unwrap_or(0) as f64;
    let (all, others): (u64, u64) = (recorded.values().sum(), replayed.values().sum());
    let share = all as f64 / (all + others).max(1) as f64;
    let mut names: Vec<&String> = recorded.keys().chain(replayed.keys()).collect();
    names.sort();
    names.dedup();
    let mut cells: Vec<(f64, f64)> = Vec::new();
    let mut rare = (0.0, 0.0);
    for name in names {
        let (one, other) = (count(recorded, name), count(replayed, name));
        if (one + other) * share < FEWEST {
            rare = (rare.0 + one, rare.1 + other);
        } else {
            cells.push((one, other));
        }
    }
    if rare != (0.0, 0.0) {
        cells.push(rare);
    }
    cells
}

/// The chi-square statistic of two samples of different sizes.
fn statistic(cells: &[(f64, f64)]) -> f64 {
    let (all, others) = cells
        .iter()
        .fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    if all < 1.0 && others < 1.0 {
        return 0.0;
    }
    if all < 1.0 || others < 1.0 {
        return f64::INFINITY;
    }
    let (up, down) = (libm::sqrt(others / all), libm::sqrt(all / others));
    cells
        .iter()
        .map(|(one, other)| {
            let distance = up * one - down * other;
            distance * distance / (one + other)
        })
        .sum()
}

/// Upper quantiles of the chi-square distribution at 0.001, from one degree of freedom on
/// (published tables).
const QUANTILES: [f64; 30] = [
    10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877, 29.588, 31.264, 32.909,
    34.528, 36.123, 37.697, 39.252, 40.790, 42.312, 43.820, 45.315, 46.797, 48.268, 49.728, 51.179,
    52.620, 54.052, 55.476, 56.892, 58.301, 59.703,
];

/// The upper quantile at 0.001; beyond the table by Wilson and Hilferty's approximation,
/// which is within half a percent there.
fn threshold(freedom: usize) -> f64 {
    if freedom == 0 {
        return 0.0;
    }
    if let Some(quantile) = QUANTILES.get(freedom - 1) {
        return *quantile;
    }
    approximate(freedom)
}

fn approximate(freedom: usize) -> f64 {
    let k = freedom as f64;
    let ninth = 2.0 / (9.0 * k);
    let root = 1.0 - ninth + NORMAL_QUANTILE * libm::sqrt(ninth);
    k * root * root * root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(counts: &[u64]) -> Shares {
        let named = counts.iter().enumerate();
        named
            .map(|(at, count)| (format!("s{at}"), *count))
            .collect()
    }

    #[test]
    fn the_approximation_takes_over_where_the_table_ends() {
        for (freedom, quantile) in (1..).zip(QUANTILES).skip(19) {
            let off = (approximate(freedom) - quantile).abs() / quantile;
            assert!(off < 0.005, "{freedom}: {}", approximate(freedom));
        }
        assert!(threshold(31) > threshold(30));
    }

    #[test]
    fn equal_shares_agree_whatever_the_sizes() {
        let fit = Fit::of(shares(&[100, 200]), &vec![shares(&[100, 200]); 10]);
        assert!(fit.statistic < 1e-9, "{fit:?}");
        assert!(fit.agrees());
    }

    /// 60 of 200 against one half: z = 5.7 for one sample, far beyond one in a thousand.
    #[test]
    fn unequal_shares_do_not() {
        let fit = Fit::of(shares(&[60, 140]), &vec![shares(&[100, 100]); 50]);
        assert!(fit.statistic > 25.0, "{fit:?}");
        assert!(!fit.agrees());
    }

    /// Runs that differ much among themselves allow as much to HAProxy's.
    #[test]
    fn runs_that_spread_set_the_threshold() {
        let mut runs = vec![shares(&[100, 100]); 38];
        runs.extend([shares(&[50, 150]), shares(&[150, 50])]);
        assert!(Fit::of(shares(&[60, 140]), &runs).agrees());
        assert!(!Fit::of(shares(&[40, 160]), &runs).agrees());
    }

    #[test]
    fn a_server_that_only_one_side_knows_counts() {
        let fit = Fit::of(shares(&[100, 100, 100]), &vec![shares(&[150, 150]); 10]);
        assert!(!fit.agrees(), "{fit:?}");
    }

    #[test]
    fn nothing_agrees_with_nothing() {
        assert!(Fit::of(Shares::new(), &vec![Shares::new(); 5]).agrees());
        assert!(!Fit::of(shares(&[3]), &vec![Shares::new(); 5]).agrees());
    }
}
