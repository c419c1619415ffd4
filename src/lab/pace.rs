//! How long something takes each time: a prepared constant delay, or draws from a stream.

use crate::kernel::{Agenda, Delay, Distribution, Lane, Stream};
use crate::plan::Sampled;

use super::parcel::Parcel;

/// A length of time that may vary, ready to be used.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Pace {
    /// Always the same.
    Constant(Delay),
    /// Drawn every time.
    Varying(Box<Varying>),
}

/// What a varying length is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Varying {
    distribution: Distribution,
    lane: Lane,
    stream: Stream,
}

impl Pace {
    /// The pace of `sampled` if it never varies, so that no stream is needed.
    pub(super) fn constant(
        sampled: &Sampled,
        lane: Lane,
        agenda: &mut Agenda<Parcel>,
    ) -> Option<Self> {
        constant(sampled, lane, agenda).map(Self::Constant)
    }

    /// The pace of `sampled`, drawn from `stream`.
    pub(super) fn varying(sampled: &Sampled, lane: Lane, stream: Stream) -> Self {
        Self::Varying(Box::new(Varying {
            distribution: distribution(sampled),
            lane,
            stream,
        }))
    }

    /// How long it takes this time.
    #[inline]
    pub(super) fn next(&mut self) -> Delay {
        match self {
            Self::Constant(delay) => *delay,
            Self::Varying(varying) => varying.next(),
        }
    }
}

/// The delay of `sampled` if it never varies.
pub(super) fn constant(
    sampled: &Sampled,
    lane: Lane,
    agenda: &mut Agenda<Parcel>,
) -> Option<Delay> {
    let span = distribution(sampled).constant()?;
    Some(agenda.delay(span, lane))
}

impl Varying {
    fn next(&mut self) -> Delay {
        Delay::once(self.distribution.sample(&mut self.stream), self.lane)
    }
}

pub(super) fn distribution(sampled: &Sampled) -> Distribution {
    match sampled {
        Sampled::Constant(span) => Distribution::Constant(*span),
        Sampled::Uniform(from, to) => Distribution::Uniform(*from, *to),
        Sampled::Exponential(mean) => Distribution::Exponential(*mean),
        Sampled::Normal(mean, deviation) => Distribution::Normal(*mean, *deviation),
        Sampled::Empirical(values) => Distribution::Empirical(values.clone()),
    }
}
