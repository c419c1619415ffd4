//! The only door through which randomness enters the core.

/// A source of uniform 64-bit numbers, owned by the driver.
///
/// Everything derived from the draws is integer arithmetic, so that the same draws
/// give the same decisions on every machine.
pub trait Chance {
    /// The next 64 uniform bits.
    fn next_u64(&mut self) -> u64;

    /// A uniform number in `0..n`; 0 when `n` is 0. Takes one draw
    /// (the high half of a 64x64-bit product; the bias is below n / 2^64).
    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// True with probability `numerator / denominator`.
    fn ratio(&mut self, numerator: u64, denominator: u64) -> bool {
        self.below(denominator) < numerator
    }
}

/// A chance for callers that know no draw will be made: every draw is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoChance;

impl Chance for NoChance {
    fn next_u64(&mut self) -> u64 {
        0
    }
}
