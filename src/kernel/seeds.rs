//! Named random streams from one root seed.
//!
//! Every entity has a stream of its own for every purpose, named by a path such as
//! `jmeter/3/think`. A path is hashed to the stream number of a ChaCha generator whose key
//! is the root seed, so that a stream depends on nothing but its name: adding a client moves
//! nobody else's draws.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Hands out the streams of one run, each path once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    root: u64,
    taken: BTreeMap<u64, String>,
}

/// Two streams would be the same one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the random stream `{path}` is the same as `{other}`")]
pub struct Collision {
    /// The path that was asked for.
    pub path: String,
    /// The path that has this stream already.
    pub other: String,
}

/// An endless sequence of uniform 64-bit numbers. Two of them are equal if they have the
/// same future.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream(ChaCha8Rng);

impl Seeds {
    /// The streams of root seed `root`.
    pub fn new(root: u64) -> Self {
        Self {
            root,
            taken: BTreeMap::new(),
        }
    }

    /// The stream called `path`, from its beginning.
    ///
    /// # Errors
    /// If this path, or another one with the same number, was asked for before.
    pub fn stream(&mut self, path: &str) -> Result<Stream, Collision> {
        let number = number_of(path);
        if let Some(other) = self.taken.insert(number, path.to_owned()) {
            return Err(Collision {
                path: path.to_owned(),
                other,
            });
        }
        Ok(Stream::new(self.root, number))
    }
}

impl Stream {
    fn new(root: u64, number: u64) -> Self {
        let mut key = [0; 32];
        for (turn, word) in key.chunks_exact_mut(8).enumerate() {
            let step = (turn as u64 + 1).wrapping_mul(GOLDEN);
            word.copy_from_slice(&mixed(root.wrapping_add(step)).to_le_bytes());
        }
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(number);
        Self(generator)
    }

    /// The next 64 uniform bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A uniform number in `0..n`; 0 when `n` is 0. One draw; the bias is below n / 2^64.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// A uniform number in [0, 1) with 53 bits. One draw.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }
}

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// FNV-1a, mixed once more so that paths with a common beginning spread over all bits.
fn number_of(path: &str) -> u64 {
    let hash = path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed(hash)
}

/// The finaliser of the generator `SplitMix64`.
fn mixed(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(root: u64, path: &str) -> [u64; 3] {
        let mut stream = Seeds::new(root).stream(path).unwrap();
        [(); 3].map(|()| stream.next_u64())
    }

    /// Golden values: a change of these changes every table ever printed.
    #[test]
    fn streams_never_change() {
        assert_eq!(number_of("jmeter/3/think"), 16_829_632_069_027_933_368);
        assert_eq!(
            first(1, "balancer"),
            [
                3_985_954_484_418_815_080,
                15_932_385_571_320_707_180,
                17_608_505_386_636_603_626
            ]
        );
        assert_eq!(
            first(1, "jmeter/3/think"),
            [
                7_584_831_010_513_515_861,
                17_065_064_907_277_146_539,
                15_082_035_078_200_869_125
            ]
        );
        assert_eq!(
            first(2, "balancer"),
            [
                4_605_278_797_490_501_698,
                13_399_269_964_208_654_889,
                15_991_171_289_050_001_936
            ]
        );
    }

    #[test]
    fn a_stream_depends_on_its_own_name_only() {
        let mut alone = Seeds::new(7);
        let mut crowded = Seeds::new(7);
        for client in 0..100 {
            crowded.stream(&format!("other/{client}/think")).unwrap();
        }
        assert_eq!(alone.stream("a/think"), crowded.stream("a/think"));
    }

    #[test]
    fn a_path_is_given_once() {
        let mut seeds = Seeds::new(7);
        seeds.stream("s1/service").unwrap();
        let collision = seeds.stream("s1/service").unwrap_err();
        assert_eq!(
            collision.to_string(),
            "the random stream `s1/service` is the same as `s1/service`"
        );
    }

    #[test]
    fn below_and_unit_stay_in_range_and_reach_both_ends() {
        let mut stream = Stream::new(3, 3);
        let draws: Vec<_> = (0..1000).map(|_| stream.below(4)).collect();
        for value in 0..4 {
            let count = draws.iter().filter(|&&draw| draw == value).count();
            assert!((200..=300).contains(&count), "{value} came {count} times");
        }
        assert_eq!(stream.below(0), 0);
        let units: Vec<_> = (0..1000).map(|_| stream.unit()).collect();
        assert!(units.iter().all(|unit| (0.0..1.0).contains(unit)));
        let mean = units.iter().sum::<f64>() / 1000.0;
        assert!((0.47..0.53).contains(&mean), "{mean}");
    }

    #[test]
    fn equal_streams_have_equal_futures() {
        let mut one = Stream::new(1, 1);
        one.next_u64();
        let mut two = one.clone();
        assert_eq!(one, two);
        let (a, b) = (one.next_u64(), two.next_u64());
        assert_eq!(a, b);
        two.next_u64();
        assert_ne!(one, two);
    }
}
