//! `balance random`: the least loaded of a few servers drawn by lot (spec: balancing, 7.6).

use crate::chance::Chance;
use crate::farm::{Farm, Group};
use crate::pick::ring::Ring;
use crate::pick::{Ask, Policy};
use crate::profile::{Draws, Profile, RandomTie};

/// The algorithm with its books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    ring: Ring,
    /// How many servers are drawn for each request.
    draws: u32,
    source: Source,
    tie: RandomTie,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A 32-bit xorshift generator: its last number.
    Xorshift(u32),
    Chance,
}

impl Source {
    /// What the generator of a 2.6 process holds before the first draw.
    const SEED: u32 = 2_463_534_242;

    fn draw(&mut self, chance: &mut dyn Chance) -> u32 {
        match self {
            Self::Xorshift(state) => {
                *state ^= *state << 13;
                *state ^= *state >> 17;
                *state ^= *state << 5;
                *state
            }
            Self::Chance => (chance.next_u64() >> 32) as u32,
        }
    }
}

impl Random {
    /// Over all usable servers of `farm`; 0 draws are one.
    pub fn new(draws: u32, balance_factor: u32, profile: &Profile, farm: &Farm) -> Self {
        Self {
            ring: Ring::new(balance_factor, profile, farm),
            draws: draws.max(1),
            source: match profile.random_draws {
                Draws::FixedSeed => Source::Xorshift(Source::SEED),
                Draws::Chance => Source::Chance,
            },
            tie: profile.random_tie,
        }
    }

    /// Whether `kept` stays against `drawn`, which was drawn after it.
    fn stays(&self, farm: &Farm, kept: u32, drawn: u32) -> bool {
        let kept = &farm.members[kept as usize];
        let drawn = &farm.members[drawn as usize];
        // Of two fractions, the one with the larger cross product is larger.
        let cross = |a: u32, b: u32| u64::from(a) * u64::from(b);
        let load = cross(drawn.served, kept.weight).cmp(&cross(kept.served, drawn.weight));
        match self.tie {
            RandomTie::Later => load.is_gt(),
            RandomTie::RequestRate => load
                .then(cross(drawn.rate, kept.weight).cmp(&cross(kept.rate, drawn.weight)))
                .is_gt(),
        }
    }
}

impl Policy for Random {
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32) {
        self.ring.added(farm, slot, weight);
    }

    fn joined(&mut self, farm: &Farm, slot: u32) {
        self.ring.joined(farm, slot);
    }

    fn left(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.ring.left(farm, slot, weight_before);
    }

    fn weighed(&mut self, farm: &Farm, slot: u32, weight_before: u32) {
        self.ring.weighed(farm, slot, weight_before);
    }

    fn took(&mut self, _farm: &Farm, _slot: u32) {}

    fn dropped(&mut self, _farm: &Farm, _slot: u32) {}

    fn pick(&mut self, farm: &Farm, ask: Ask, chance: &mut dyn Chance) -> Option<u32> {
        let mut kept = None;
        for _ in 0..self.draws {
            let hash = self.source.draw(chance);
            let drawn = match farm.group() {
                // The draw is made, but there is nothing to choose.
                Group::FirstBackup(slot) => slot,
                _ => self.ring.owner(farm, hash, ask.avoid)?,
            };
            kept = match kept {
                Some(kept) if kept != drawn && self.stays(farm, kept, drawn) => Some(kept),
                _ => Some(drawn),
            };
        }
        kept.filter(|slot| {
            let member = &farm.members[*slot as usize];
            member.queued == 0 && (member.maxconn == 0 || member.served < farm.limit(*slot))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Balance;
    use crate::pick::Ask;
    use crate::pick::trial::Trial;
    use crate::profile::Version;

    /// Sequences of 2.6.12, one request at a time (spec: balancing, 7.6).
    #[test]
    fn a_fixed_seed_gives_the_verified_picks() {
        for (weights, draws, picks) in [
            ("1:1:1", 1, "ABBBCCCAAACBCCABCAACCCCC"),
            ("1:1:1", 2, "BBCAABCBACCCCBACABCBABAA"),
            ("2:1", 1, "ABBBBBBAAABBABABAAABABBA"),
            ("2:1", 2, "BBBAABBBABBAAAAAABBBABAA"),
        ] {
            Trial::new(Version::V2_6, Balance::Random(draws), weights).run(picks);
        }
    }

    /// Two draws avoid the busy one of two servers much more often than one draw does.
    #[test]
    fn two_choices_even_the_load() {
        for (draws, share) in [(1, 4_000..6_000), (2, 1_500..3_500)] {
            let mut trial = Trial::new(Version::V3_4, Balance::Random(draws), "1:1");
            for _ in 0..5 {
                trial.take(0);
            }
            let picks = trial.picks(Ask::default(), 10_000);
            let busy = picks.chars().filter(|c| *c == 'A').count();
            assert!(share.contains(&busy), "{draws} draws: {busy}");
        }
    }

    #[test]
    fn a_full_server_sends_the_request_to_the_queue_of_the_backend() {
        let mut trial = Trial::new(Version::V2_6, Balance::Random(2), "1/1:1b/1");
        trial.run("(A- )A -A (B- )B (B");
    }
}
