//! `balance random`: the least loaded of a few servers drawn by lot (spec: balancing, 7.6).

use alloc::vec::Vec;

use crate::chance::Chance;
use crate::counter::Rate;
use crate::farm::{Farm, Group};
use crate::pick::ring::Ring;
use crate::pick::{Ask, Policy};
use crate::profile::{Draws, Profile, RandomTie};
use crate::time::{Moment, Span};

/// The period of the servers' rates.
const SECOND: Span = Span::from_secs(1);

/// The algorithm with its books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    ring: Ring,
    /// How many servers are drawn for each request.
    draws: u32,
    source: Source,
    tie: Tie,
    /// Whether a full server is passed over, for the backend's queue.
    passes_full: bool,
}

/// What decides between equally loaded servers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tie {
    Later,
    /// The rates of requests, by slot.
    Rate(Vec<Rate>),
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
            tie: match profile.random_tie {
                RandomTie::Later => Tie::Later,
                RandomTie::RequestRate => {
                    Tie::Rate(alloc::vec![Rate::default(); farm.members.len()])
                }
            },
            passes_full: profile.random_passes_full,
        }
    }

    /// Whether a full server is passed over.
    #[cfg(test)]
    pub(crate) fn passes_full(&self) -> bool {
        self.passes_full
    }

    /// Whether `kept` stays against `drawn`, which was drawn after it.
    fn stays(&self, farm: &Farm, kept: u32, drawn: u32, now: Moment) -> bool {
        let weight = |slot: u32| u64::from(farm.members[slot as usize].weight);
        let served = |slot: u32| farm.members[slot as usize].served;
        // Of two fractions, the one with the larger cross product is larger.
        let compare = |of_drawn: u32, of_kept: u32| {
            let of_drawn = u64::from(of_drawn) * weight(kept);
            of_drawn.cmp(&(u64::from(of_kept) * weight(drawn)))
        };
        let load = compare(served(drawn), served(kept));
        let order = match &self.tie {
            Tie::Rate(rates) if load.is_eq() => {
                let rate = |slot: u32| rates[slot as usize].read(now, SECOND);
                compare(rate(drawn), rate(kept))
            }
            Tie::Rate(_) | Tie::Later => load,
        };
        order.is_gt()
    }
}

/// The books, to look at.
impl Random {
    /// The numbers that would be drawn for the next request, and the servers they meet.
    pub(crate) fn draws(&self, farm: &Farm, chance: &mut dyn Chance) -> Vec<(u32, u32)> {
        let mut source = self.source;
        let mut draw = || {
            let hash = source.draw(chance);
            let slot = match farm.group() {
                Group::FirstBackup(slot) => slot,
                _ => self.ring.owner(farm, hash, None)?,
            };
            Some((hash, slot))
        };
        (0..self.draws).map_while(|_| draw()).collect()
    }
}

impl Policy for Random {
    fn added(&mut self, farm: &Farm, slot: u32, weight: u32) {
        self.ring.added(farm, slot, weight);
        if let Tie::Rate(rates) = &mut self.tie {
            rates.push(Rate::default());
        }
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

    fn started(&mut self, slot: u32, now: Moment) {
        if let Tie::Rate(rates) = &mut self.tie {
            rates[slot as usize].note(now, SECOND);
        }
    }

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
                Some(kept) if kept != drawn && self.stays(farm, kept, drawn, ask.now) => Some(kept),
                _ => Some(drawn),
            };
        }
        kept.filter(|slot| {
            let member = &farm.members[*slot as usize];
            !self.passes_full
                || (member.queued == 0
                    && (member.maxconn == 0 || member.served < farm.limit(*slot)))
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

    /// From 3.4 on, idle servers share evenly, as the one that got fewer of late is kept.
    #[test]
    fn rates_decide_between_idle_servers() {
        for (version, share) in [(Version::V2_6, 300..700), (Version::V3_4, 480..520)] {
            let mut trial = Trial::new(version, Balance::Random(8), "1:1");
            let mut picks = alloc::string::String::new();
            for _ in 0..1_000 {
                trial.pass(1);
                picks += &trial.picks(Ask::default(), 1);
            }
            let to_first = picks.chars().filter(|c| *c == 'A').count();
            assert!(share.contains(&to_first), "{version:?}: {to_first}");
        }
    }

    #[test]
    fn a_full_server_sends_the_request_to_the_queue_of_the_backend() {
        let mut trial = Trial::new(Version::V2_6, Balance::Random(2), "1/1:1b/1");
        trial.run("(A- )A -A (B- )B (B");
    }
}
