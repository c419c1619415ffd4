//! The hash functions of `hash-type`, the final mix called avalanche, and the 64-bit hash
//! behind dynamic cookies (spec: balancing, 6.2; cookies, 2).

use core::net::{IpAddr, SocketAddr};

use crate::config::HashFunction;

impl HashFunction {
    /// The hash of `key`, before any avalanche.
    ///
    /// [`HashFunction::None`] reads `key` as a decimal integer (an optional sign, digits up
    /// to the first other byte) and takes it modulo 2^32.
    pub fn hash(self, key: &[u8]) -> u32 {
        match self {
            Self::Sdbm => sdbm(key),
            Self::Djb2 => djb2(key),
            Self::Wt6 => wt6(key),
            Self::Crc32 => crc32(key),
            Self::None => decimal(key),
        }
    }
}

fn sdbm(key: &[u8]) -> u32 {
    key.iter().fold(0, |hash: u32, &byte| {
        hash.wrapping_mul(65_599).wrapping_add(u32::from(byte))
    })
}

fn djb2(key: &[u8]) -> u32 {
    key.iter().fold(5381, |hash: u32, &byte| {
        hash.wrapping_mul(33).wrapping_add(u32::from(byte))
    })
}

fn wt6(key: &[u8]) -> u32 {
    let (mut left, mut right) = (0xa53c_965a_u32, 0x5ca6_953a_u32);
    let (mut turn_left, mut turn_right) = (6, 18);
    for &byte in key {
        left = !(left ^ u32::from(byte));
        right = !right.wrapping_add(u32::from(byte));
        (left, right) = (right.rotate_left(turn_left), left.rotate_left(turn_right));
        let mixed = ((left >> 16) ^ right) & 0xffff;
        (turn_left, turn_right) = (mixed & 31, mixed >> 11);
    }
    left ^ right
}

/// What CRC-32 makes of each value of a byte.
static CRC32: [u32; 256] = crc32_table();

const fn crc32_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = (rest >> 1) ^ (0xedb8_8320 * (rest & 1));
            bit += 1;
        }
        table[byte] = rest;
        byte += 1;
    }
    table
}

fn crc32(key: &[u8]) -> u32 {
    !key.iter().fold(!0, |hash: u32, &byte| {
        CRC32[(hash as u8 ^ byte) as usize] ^ (hash >> 8)
    })
}

/// The decimal integer at the beginning of `text` (0 if there is none), with an optional
/// sign, held within 64 bits and then taken modulo 2^32.
pub(crate) fn decimal(text: &[u8]) -> u32 {
    let negative = text.first() == Some(&b'-');
    let signed = negative || text.first() == Some(&b'+');
    text[usize::from(signed)..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0_i64, |value, byte| {
            let digit = i64::from(byte - b'0');
            let digit = if negative { -digit } else { digit };
            value.saturating_mul(10).saturating_add(digit)
        }) as u32
}

/// The "full avalanche" F: mixes all bits of `a` (Bob Jenkins' public integer hash and a
/// multiplier). Applied to key hashes by `hash-type ... avalanche`, and to ring positions.
#[inline]
pub const fn avalanche(a: u32) -> u32 {
    let a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    let a = a ^ 0xc761_c23c ^ (a >> 19);
    let a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    let a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    let a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    let a = a ^ 0xb55a_4f09 ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

/// The cookie value that `dynamic` gives a server without an explicit one: the 16
/// lower-case hexadecimal digits of XXH64 over `dynamic-cookie-key`, address and port.
pub fn dynamic_cookie(key: &str, address: SocketAddr) -> alloc::string::String {
    let mut bytes = key.as_bytes().to_vec();
    match address.ip() {
        IpAddr::V4(ip) => bytes.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => bytes.extend_from_slice(&ip.octets()),
    }
    bytes.extend_from_slice(&u32::from(address.port()).to_be_bytes());
    alloc::format!("{:016x}", xxh64(&bytes))
}

const XXH64_PRIMES: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

/// XXH64 of `bytes` with seed 0 (the xxHash specification, 64-bit variant).
pub fn xxh64(bytes: &[u8]) -> u64 {
    let [p1, p2, p3, p4, p5] = XXH64_PRIMES;
    let (stripes, tail) = bytes.as_chunks::<32>();
    let mut hash = if stripes.is_empty() {
        p5
    } else {
        let mut lanes = [p1.wrapping_add(p2), p2, 0, p1.wrapping_neg()];
        for stripe in stripes {
            let (words, _) = stripe.as_chunks::<8>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane = xxh64_round(*lane, u64::from_le_bytes(*word));
            }
        }
        let mut hash = (lanes.iter().zip([1, 7, 12, 18])).fold(0_u64, |sum, (lane, turn)| {
            sum.wrapping_add(lane.rotate_left(turn))
        });
        for lane in lanes {
            hash = (hash ^ xxh64_round(0, lane))
                .wrapping_mul(p1)
                .wrapping_add(p4);
        }
        hash
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, tail) = tail.as_chunks::<8>();
    for word in words {
        hash ^= xxh64_round(0, u64::from_le_bytes(*word));
        hash = hash.rotate_left(27).wrapping_mul(p1).wrapping_add(p4);
    }
    let (halves, tail) = tail.as_chunks::<4>();
    for half in halves {
        hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(p1);
        hash = hash.rotate_left(23).wrapping_mul(p2).wrapping_add(p3);
    }
    for &byte in tail {
        hash ^= u64::from(byte).wrapping_mul(p5);
        hash = hash.rotate_left(11).wrapping_mul(p1);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(p2);
    hash = (hash ^ (hash >> 29)).wrapping_mul(p3);
    hash ^ (hash >> 32)
}

fn xxh64_round(lane: u64, word: u64) -> u64 {
    let [p1, p2, ..] = XXH64_PRIMES;
    lane.wrapping_add(word.wrapping_mul(p2))
        .rotate_left(31)
        .wrapping_mul(p1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_give_the_verified_values() {
        let keys = ["/", "/a", "/index.html"];
        let table = [
            (HashFunction::Sdbm, [0x2f, 0x002f_0bf2, 0x3324_2976]),
            (HashFunction::Djb2, [0x0002_b5d4, 0x0059_70b5, 0xe114_b9cf]),
            (HashFunction::Wt6, [0x7073_cea5, 0x53b8_39e7, 0x3101_077e]),
            (HashFunction::Crc32, [0x79d3_d2d4, 0x6970_7b5c, 0xea22_4b42]),
        ];
        for (function, expected) in table {
            let hashes = keys.map(|key| function.hash(key.as_bytes()));
            assert_eq!(hashes, expected, "{function:?}");
        }
        assert_eq!(wt6(b""), 0xf99a_0360);
        assert_eq!((sdbm(b""), djb2(b""), crc32(b"")), (0, 5381, 0));
    }

    #[test]
    fn bytes_count_unsigned() {
        assert_eq!(sdbm(b"\xff"), 255);
        assert_eq!(djb2(b"\xff"), 5381 * 33 + 255);
    }

    #[test]
    fn none_reads_a_decimal_modulo_2_to_the_32() {
        let table: [(&str, u32); 7] = [
            ("0", 0),
            ("42", 42),
            ("4294967297", 1),
            ("-1", u32::MAX),
            ("+7", 7),
            ("12ab", 12),
            ("", 0),
        ];
        for (key, expected) in table {
            assert_eq!(HashFunction::None.hash(key.as_bytes()), expected, "{key:?}");
        }
    }

    #[test]
    fn avalanche_gives_the_verified_values() {
        let table = [
            (0, 0xab4e_d927),
            (1, 0x3486_81b6),
            (2, 0xe267_b84c),
            (4096, 0x49c2_008b),
            (4097, 0xa497_2c87),
            (8192, 0x405a_fe73),
        ];
        for (a, expected) in table {
            assert_eq!(avalanche(a), expected, "F({a})");
        }
    }

    #[test]
    fn xxh64_gives_published_values_for_every_kind_of_tail() {
        assert_eq!(xxh64(b""), 0xef46_db37_51d8_e999);
        assert_eq!(xxh64(b"a"), 0xd24e_c4f1_a98c_6e5b);
        assert_eq!(xxh64(b"abc"), 0x44bc_2cf5_ad77_0999);
        let pangram = b"Nobody inspects the spammish repetition";
        assert_eq!(xxh64(pangram), 0xfbce_a83c_8a37_8bf1);
    }

    #[test]
    fn dynamic_cookies_are_as_haproxy_makes_them() {
        for (address, expected) in [
            ("127.0.0.1:9100", "2f711a2223e766cb"),
            ("127.0.0.1:9101", "d56d07d0672326d7"),
        ] {
            let address = address.parse().expect("a socket address");
            assert_eq!(dynamic_cookie("K", address), expected);
        }
    }
}
