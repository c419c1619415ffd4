//! Balancing algorithms: the pick, and the moments at which their books are kept.
//!
//! The shape is HAProxy's own seam. A policy never changes the [`Farm`]; the balancer
//! updates the farm first and then tells the policy what happened.

use crate::chance::Chance;
use crate::farm::Farm;

/// What is asked of a policy for one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The hash of the request's key, already avalanched if configured; `None` when the
    /// request lacks the key (hash algorithms then walk round).
    pub hash: Option<u32>,
    /// The server to avoid if another will do: the one that just failed the request.
    pub avoid: Option<u32>,
}

/// One balancing algorithm. `slot` is a server's place in the farm.
pub trait Policy {
    /// `slot` became usable; its weight in the farm is the new one.
    fn joined(&mut self, farm: &Farm, slot: u32);
    /// `slot` stopped being usable; it had `weight_before`.
    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32);
    /// `slot`, usable before and after, changed its effective weight.
    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32);
    /// A slot on `slot` was taken (also told when its connection attempt starts).
    fn took(&mut self, farm: &Farm, slot: u32);
    /// A slot on `slot` was given back.
    fn dropped(&mut self, farm: &Farm, slot: u32);
    /// Chooses a server, or none when all are saturated. Not asked when nobody is usable,
    /// nor (except for map-based hashing) when a single backup is in force.
    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32>;
}

/// The policy of one backend. So far a plain rotation over the servers that can take a
/// request, whatever the algorithm asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picker {
    at: usize,
}

impl Picker {
    /// The policy for these settings.
    pub fn new(
        _balance: &crate::config::Balance,
        _hash: crate::config::HashType,
        _factor: u32,
        _profile: &crate::profile::Profile,
        _farm: &Farm,
    ) -> Self {
        Self { at: 0 }
    }

    /// A server was added at run time.
    pub fn added(&mut self, _farm: &Farm, _slot: u32) {}

    /// A server was deleted.
    pub fn removed(&mut self, _farm: &Farm, _slot: u32) {}
}

impl Policy for Picker {
    fn joined(&mut self, _farm: &Farm, _slot: u32) {}
    fn left(&mut self, _farm: &Farm, _slot: u32, _weight_before: u32) {}
    fn weighed(&mut self, _farm: &Farm, _slot: u32, _weight_before: u32) {}
    fn took(&mut self, _farm: &Farm, _slot: u32) {}
    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}
    fn pick(&mut self, farm: &Farm, _ask: Ask, _chance: &mut dyn Chance) -> Option<u32> {
        for _ in 0..farm.members.len() {
            let slot = self.at % farm.members.len();
            self.at += 1;
            if farm.members[slot].usable && !farm.is_saturated(slot as u32) {
                return Some(slot as u32);
            }
        }
        None
    }
}
