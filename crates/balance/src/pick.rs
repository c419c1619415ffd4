//! Balancing algorithms: the pick, and the moments at which their books are kept.
//!
//! The shape is HAProxy's own seam. A policy never changes the [`Farm`]; the balancer
//! updates the farm first and then tells the policy what happened.

mod bits;
mod circle;
pub mod first;
mod heap;
mod ladder;
#[cfg(test)]
mod laws;
pub mod least_conn;
mod lineup;
pub mod map;
pub mod random;
pub mod ring;
pub mod round_robin;
#[cfg(test)]
pub(crate) mod trial;
#[cfg(test)]
mod twin;

use crate::chance::Chance;
use crate::config::{Balance, HashType};
use crate::farm::{Farm, Group};
use crate::profile::Profile;
use crate::time::Moment;

pub use first::First;
pub use least_conn::LeastConn;
pub use map::Map;
pub use random::Random;
pub use ring::Ring;
pub use round_robin::RoundRobin;

/// What is asked of a policy for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The hash of the request's key, already avalanched if configured; `None` when the
    /// request lacks the key (hash algorithms then walk round).
    pub hash: Option<u32>,
    /// The server to avoid if another will do: the one that just failed the request.
    pub avoid: Option<u32>,
    /// When the question is asked.
    pub now: Moment,
}

/// One balancing algorithm. `slot` is a server's place in the farm.
pub trait Policy {
    /// `slot`, the last of the farm, was added at run time, with this (dynamic) weight in
    /// the order that added it; it is not usable yet.
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32);
    /// `slot` became usable; its weight in the farm is the new one.
    fn joined(&mut self, farm: &Farm, slot: u32);
    /// `slot` stopped being usable; it had `weight_before`.
    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32);
    /// `slot`, usable before and after, changed its effective weight.
    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32);
    /// A slot on `slot` was taken, or a request without a slot starts on it.
    fn took(&mut self, farm: &Farm, slot: u32);
    /// A slot on `slot` was given back.
    fn dropped(&mut self, farm: &Farm, slot: u32);
    /// A connection attempt to `slot` starts.
    fn started(&mut self, slot: u32, now: Moment) {
        let _ = (slot, now);
    }
    /// The `maxconn` of `slot` was changed.
    fn limited(&mut self, farm: &Farm, slot: u32) {
        let _ = (farm, slot);
    }
    /// Chooses a server, or none when all are saturated. Not asked when nobody is usable.
    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32>;
}

/// The algorithm of one backend: the closed list of them.
#[expect(
    clippy::large_enum_variant,
    reason = "a backend has just one of them, and every request asks it"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picker {
    /// `roundrobin`
    RoundRobin(RoundRobin),
    /// `static-rr`
    StaticRr(Map),
    /// `leastconn`
    LeastConn(LeastConn),
    /// `first`
    First(First),
    /// A hash of the request, `hash-type map-based`.
    MapHash(Map),
    /// A hash of the request, `hash-type consistent`.
    Ring(Ring),
    /// `random`
    Random(Random),
}

/// Calls one method on whichever algorithm it is.
macro_rules! each {
    ($self:expr, $policy:ident => $call:expr) => {
        match $self {
            Picker::RoundRobin($policy) => $call,
            Picker::StaticRr($policy) | Picker::MapHash($policy) => $call,
            Picker::LeastConn($policy) => $call,
            Picker::First($policy) => $call,
            Picker::Ring($policy) => $call,
            Picker::Random($policy) => $call,
        }
    };
}

impl Picker {
    /// The algorithm `balance` asks for, over the members of `farm` that are usable at the start.
    pub fn new(
        balance: &Balance,
        hash: HashType,
        hash_balance_factor: u32,
        profile: &Profile,
        farm: &Farm,
    ) -> Self {
        match balance {
            Balance::RoundRobin => Self::RoundRobin(RoundRobin::new(profile, farm)),
            Balance::StaticRr => Self::StaticRr(Map::new(farm)),
            Balance::LeastConn => Self::LeastConn(LeastConn::new(profile, farm)),
            Balance::First => Self::First(First::new(farm)),
            Balance::Random(draws) => {
                Self::Random(Random::new(*draws, hash_balance_factor, profile, farm))
            }
            Balance::Hash(_) if hash.consistent => {
                Self::Ring(Ring::new(hash_balance_factor, profile, farm))
            }
            Balance::Hash(_) => Self::MapHash(Map::new(farm)),
        }
    }
}

impl Policy for Picker {
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32) {
        each!(self, policy => policy.added(farm, slot, weight));
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        each!(self, policy => policy.joined(farm, slot));
    }

    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        each!(self, policy => policy.left(farm, slot, weight_before));
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        each!(self, policy => policy.weighed(farm, slot, weight_before));
    }

    // Only those who keep books of something are told of it: that is asked for every request.

    #[inline]
    fn took(&mut self, farm: &Farm, slot: u32) {
        match self {
            Self::LeastConn(policy) => policy.took(farm, slot),
            Self::First(policy) => policy.took(farm, slot),
            _ => {}
        }
    }

    #[inline]
    fn dropped(&mut self, farm: &Farm, slot: u32) {
        match self {
            Self::LeastConn(policy) => policy.dropped(farm, slot),
            Self::First(policy) => policy.dropped(farm, slot),
            _ => {}
        }
    }

    #[inline]
    fn started(&mut self, slot: u32, now: Moment) {
        if let Self::Random(random) = self {
            random.started(slot, now);
        }
    }

    fn limited(&mut self, farm: &Farm, slot: u32) {
        each!(self, policy => policy.limited(farm, slot));
    }

    #[inline]
    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32> {
        if farm.actives == 0
            && let Group::FirstBackup(slot) = farm.group()
            && !matches!(self, Self::StaticRr(_) | Self::MapHash(_) | Self::Random(_))
        {
            // A single backup in force is taken as it is: full or not, to be avoided or not.
            return Some(slot);
        }
        if let Self::StaticRr(map) = self {
            return map.walk(farm, ask.avoid);
        }
        each!(self, policy => policy.pick(farm, ask, chance))
    }
}
