//! Distributions of lengths of time, in arithmetic that is the same on every machine.

use balance::time::Span;

use super::seeds::Stream;

/// A length of time that may vary.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same. No draw.
    Constant(Span),
    /// Anything from the first to the second, both included, equally likely. One draw.
    Uniform(Span, Span),
    /// Exponential with this mean. One draw.
    Exponential(Span),
    /// Normal with this mean and standard deviation, cut at 0. Two draws.
    Normal(Span, Span),
    /// One of these values, equally likely; nothing at all if there is none. One draw.
    Empirical(Vec<Span>),
}

impl Distribution {
    /// One length, rounded to the nanosecond.
    pub fn sample(&self, stream: &mut Stream) -> Span {
        match self {
            Self::Constant(span) => *span,
            Self::Uniform(from, to) => {
                let width = (*to - *from).as_nanos().saturating_add(1);
                *from + Span::from_nanos(stream.below(width))
            }
            Self::Exponential(mean) => {
                // 1 - unit lies in (0, 1]: its logarithm is finite.
                rounded(-libm::log(1.0 - stream.unit()) * mean.as_nanos() as f64)
            }
            Self::Normal(mean, deviation) => {
                // Box and Muller; the second value is not kept, so that a stream's position
                // is all there is to remember.
                let radius = libm::sqrt(-2.0 * libm::log(1.0 - stream.unit()));
                let angle = std::f64::consts::TAU * stream.unit();
                let standard = radius * libm::cos(angle);
                rounded(mean.as_nanos() as f64 + standard * deviation.as_nanos() as f64)
            }
            Self::Empirical(values) => {
                let index = stream.below(values.len() as u64) as usize;
                values.get(index).copied().unwrap_or_default()
            }
        }
    }

    /// The length, if it is always the same.
    pub fn constant(&self) -> Option<Span> {
        match self {
            Self::Constant(span) => Some(*span),
            Self::Uniform(from, to) => (from == to).then_some(*from),
            Self::Normal(mean, deviation) => (*deviation == Span::ZERO).then_some(*mean),
            Self::Empirical(values) => match values.as_slice() {
                [] => Some(Span::ZERO),
                [only] => Some(*only),
                _ => None,
            },
            Self::Exponential(mean) => (*mean == Span::ZERO).then_some(Span::ZERO),
        }
    }
}

/// The nearest whole number of nanoseconds, at least 0.
fn rounded(nanos: f64) -> Span {
    Span::from_nanos(libm::round(nanos.max(0.0)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Seeds;

    const MS: fn(u64) -> Span = Span::from_millis;

    fn draws(distribution: &Distribution, count: usize) -> Vec<u64> {
        let mut stream = Seeds::new(42).stream("test").unwrap();
        (0..count)
            .map(|_| distribution.sample(&mut stream).as_nanos())
            .collect()
    }

    /// Golden values: a change of these changes every table with varying times.
    #[test]
    fn samples_never_change() {
        assert_eq!(
            draws(&Distribution::Uniform(MS(2), MS(5)), 3),
            [3_638_426, 2_950_456, 3_316_160]
        );
        assert_eq!(
            draws(&Distribution::Exponential(MS(10)), 3),
            [7_899_708, 3_809_949, 5_775_352]
        );
        assert_eq!(
            draws(&Distribution::Normal(MS(10), MS(2)), 3),
            [8_975_307, 7_926_829, 10_003_298]
        );
        let values = Distribution::Empirical(vec![MS(1), MS(2), MS(3)]);
        assert_eq!(
            draws(&values, 4),
            [2_000_000, 1_000_000, 2_000_000, 2_000_000]
        );
    }

    /// Mean and standard deviation of 20,000 samples, in microseconds.
    fn moments(distribution: &Distribution) -> (u64, u64) {
        let samples = draws(distribution, 20_000);
        let mean = samples.iter().sum::<u64>() as f64 / 20_000.0;
        let square = |nanos: &u64| (*nanos as f64 - mean) * (*nanos as f64 - mean);
        let variance = samples.iter().map(square).sum::<f64>() / 20_000.0;
        (mean as u64 / 1000, libm::sqrt(variance) as u64 / 1000)
    }

    #[test]
    fn samples_have_the_moments_of_their_distribution() {
        // Distribution, mean, standard deviation in microseconds; 3 % either way.
        let rows = [
            (Distribution::Constant(MS(7)), 7000, 0),
            (Distribution::Uniform(MS(2), MS(8)), 5000, 1732),
            (Distribution::Exponential(MS(10)), 10_000, 10_000),
            (Distribution::Normal(MS(10), MS(2)), 10_000, 2000),
            (Distribution::Empirical(vec![MS(1), MS(3)]), 2000, 1000),
        ];
        for (distribution, mean, deviation) in rows {
            let (got_mean, got_deviation) = moments(&distribution);
            let near = |got: u64, want: u64| got.abs_diff(want) * 100 <= want * 3;
            assert!(near(got_mean, mean), "{distribution:?}: {got_mean}");
            assert!(
                near(got_deviation, deviation),
                "{distribution:?}: {got_deviation}"
            );
        }
    }

    #[test]
    fn edges() {
        assert!(draws(&Distribution::Normal(MS(1), MS(9)), 500).contains(&0));
        assert_eq!(draws(&Distribution::Empirical(vec![]), 1), [0]);
        assert_eq!(draws(&Distribution::Uniform(MS(3), MS(3)), 1), [3_000_000]);
        let all = Distribution::Uniform(Span::ZERO, Span::from_nanos(u64::MAX));
        assert_eq!(draws(&all, 3).len(), 3);
        assert_eq!(Distribution::Uniform(MS(3), MS(3)).constant(), Some(MS(3)));
        assert_eq!(Distribution::Exponential(MS(3)).constant(), None);
    }
}
