//! The arguments of `balance` and `hash-type`.

use super::{ConfigWordError, Words, fetch};
use crate::config::{Balance, HashFunction, HashKey, HashType};
use crate::profile::Version;

const ALGORITHMS: &[&str] = &[
    "roundrobin",
    "static-rr",
    "leastconn",
    "first",
    "random",
    "random(DRAWS)",
    "source",
    "uri",
    "url_param",
    "hdr(NAME)",
    "rdp-cookie",
    "rdp-cookie(NAME)",
    "hash",
];

impl Balance {
    /// What a backend of `version` does without a `balance` line: since 3.3 `random` with a
    /// single draw, before that `roundrobin`.
    pub const fn unsaid(version: Version) -> Self {
        match version {
            Version::V2_2 | Version::V2_6 => Self::RoundRobin,
            Version::V3_4 => Self::Random(1),
        }
    }

    /// The arguments of `balance`: `["uri", "depth", "2", "whole"]`. A bare `balance` has no
    /// arguments and means [`Balance::unsaid`], which the caller must ask for.
    ///
    /// # Errors
    /// The first word that HAProxy would refuse, or that the simulator does not know.
    pub fn parse(words: &[&str]) -> Result<Self, ConfigWordError> {
        let mut words = Words::new("balance", words);
        let word = words.need("an algorithm")?;
        // What follows the parenthesis is not looked at.
        let (name, argument) = match word.split_once('(') {
            Some((name, rest)) => match rest.split_once(')') {
                Some((argument, _)) => (name, Some(argument)),
                None => return Err(words.malformed(word, "closed by `)`")),
            },
            None => (word, None),
        };
        match (name, argument) {
            ("roundrobin", None) => Ok(Self::RoundRobin),
            ("static-rr", None) => Ok(Self::StaticRr),
            ("leastconn", None) => Ok(Self::LeastConn),
            ("first", None) => Ok(Self::First),
            ("random", None | Some("")) => Ok(Self::Random(2)),
            ("random", Some(draws)) => {
                let what = "`random` with a number of draws, at least 1: `random(2)`";
                (draws.parse().ok().filter(|&draws| draws > 0))
                    .map(Self::Random)
                    .ok_or_else(|| words.malformed(word, what))
            }
            ("source", None) => Ok(Self::Hash(HashKey::Source)),
            ("uri", None) => uri(&mut words).map(Self::Hash),
            ("url_param", None) => url_param(&mut words).map(Self::Hash),
            ("hdr", Some(name)) => header(&mut words, word, name).map(Self::Hash),
            ("rdp-cookie", None) => Ok(Self::Hash(HashKey::RdpCookie("mstshash".into()))),
            ("rdp-cookie", Some("")) => {
                Err(words.malformed(word, "`rdp-cookie` with a name: `rdp-cookie(mstshash)`"))
            }
            ("rdp-cookie", Some(name)) => Ok(Self::Hash(HashKey::RdpCookie(name.into()))),
            ("hash", None) => {
                let fetch = fetch(&mut words)?;
                match words.next() {
                    None => Ok(Self::Hash(HashKey::Expression(fetch))),
                    Some(more) => Err(words.malformed(more, "expected: `hash` takes one word")),
                }
            }
            ("sticky" | "log-hash", None) => Err(words.not_simulated(word, ALGORITHMS)),
            _ => Err(words.unknown(word, ALGORITHMS)),
        }
    }
}

fn uri(words: &mut Words<'_>) -> Result<HashKey, ConfigWordError> {
    const ACCEPTED: &[&str] = &["len", "depth", "whole", "path-only"];
    let (mut len, mut depth, mut whole, mut path_only) = (0, 0, false, false);
    while let Some(word) = words.next() {
        match word {
            "len" => len = words.count()?,
            "depth" => depth = words.count()?,
            "whole" => whole = true,
            "path-only" => path_only = true,
            _ => return Err(words.unknown(word, ACCEPTED)),
        }
    }
    Ok(HashKey::Uri {
        len,
        depth,
        whole,
        path_only,
    })
}

fn url_param(words: &mut Words<'_>) -> Result<HashKey, ConfigWordError> {
    let name = words.need("the name of a parameter")?.into();
    let check_post = match words.next() {
        None => false,
        // A number of bytes to wait for may follow; it has had no effect since 1.6.
        Some("check_post") => true,
        Some(word) => return Err(words.unknown(word, &["check_post"])),
    };
    Ok(HashKey::UrlParam { name, check_post })
}

fn header(words: &mut Words<'_>, word: &str, name: &str) -> Result<HashKey, ConfigWordError> {
    if name.is_empty() {
        return Err(words.malformed(word, "`hdr` with the name of a header: `hdr(host)`"));
    }
    let use_domain_only = match words.next() {
        None => false,
        Some("use_domain_only") => true,
        Some(word) => return Err(words.unknown(word, &["use_domain_only"])),
    };
    Ok(HashKey::Header {
        name: name.to_ascii_lowercase(),
        use_domain_only,
    })
}

impl HashType {
    /// The arguments of `hash-type`: `["consistent", "wt6", "avalanche"]`. `none` is
    /// accepted although only 3.0 and later know it.
    ///
    /// # Errors
    /// The first word that HAProxy would refuse.
    pub fn parse(words: &[&str]) -> Result<Self, ConfigWordError> {
        const METHODS: &[&str] = &["map-based", "consistent"];
        const FUNCTIONS: &[&str] = &["sdbm", "djb2", "wt6", "crc32", "none"];
        let mut words = Words::new("hash-type", words);
        let consistent = match words.need("`map-based` or `consistent`")? {
            "map-based" => false,
            "consistent" => true,
            word => return Err(words.unknown(word, METHODS)),
        };
        let function = match words.next() {
            None => {
                return Ok(Self {
                    consistent,
                    function: HashFunction::Sdbm,
                    avalanche: consistent,
                });
            }
            Some("sdbm") => HashFunction::Sdbm,
            Some("djb2") => HashFunction::Djb2,
            Some("wt6") => HashFunction::Wt6,
            Some("crc32") => HashFunction::Crc32,
            Some("none") => HashFunction::None,
            Some(word) => return Err(words.unknown(word, FUNCTIONS)),
        };
        let avalanche = match words.next() {
            None => false,
            Some("avalanche") => true,
            Some(word) => return Err(words.unknown(word, &["avalanche"])),
        };
        Ok(Self {
            consistent,
            function,
            avalanche,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Fetch;
    use crate::words::WordProblem;
    use crate::words::tests::{complaint, split};

    #[test]
    fn balance_lines_become_settings() {
        let uri = |len, depth, whole, path_only| {
            Balance::Hash(HashKey::Uri {
                len,
                depth,
                whole,
                path_only,
            })
        };
        let param = |check_post| {
            Balance::Hash(HashKey::UrlParam {
                name: "uid".into(),
                check_post,
            })
        };
        let header = |name: &str, use_domain_only| {
            Balance::Hash(HashKey::Header {
                name: name.into(),
                use_domain_only,
            })
        };
        let rdp = |name: &str| Balance::Hash(HashKey::RdpCookie(name.into()));
        let hash = |fetch| Balance::Hash(HashKey::Expression(fetch));
        let table = [
            ("roundrobin", Balance::RoundRobin),
            ("roundrobin ignored", Balance::RoundRobin),
            ("static-rr", Balance::StaticRr),
            ("leastconn", Balance::LeastConn),
            ("first", Balance::First),
            ("random", Balance::Random(2)),
            ("random()", Balance::Random(2)),
            ("random(3)", Balance::Random(3)),
            ("random(3)x", Balance::Random(3)),
            ("source", Balance::Hash(HashKey::Source)),
            ("uri", uri(0, 0, false, false)),
            ("uri depth 2 whole", uri(0, 2, true, false)),
            ("uri whole path-only depth 2 len 5x", uri(5, 2, true, true)),
            ("url_param uid", param(false)),
            ("url_param uid check_post", param(true)),
            ("url_param uid check_post 48", param(true)),
            ("hdr(X-User)", header("x-user", false)),
            ("hdr(host) use_domain_only", header("host", true)),
            ("rdp-cookie", rdp("mstshash")),
            ("rdp-cookie(a)", rdp("a")),
            ("hash src", hash(Fetch::Src)),
            ("hash req.hdr(A)", hash(Fetch::Header("a".into()))),
            ("hash cookie(A)", hash(Fetch::Cookie("A".into()))),
            ("hash str(a,b)", hash(Fetch::Str("a,b".into()))),
        ];
        for (line, expected) in table {
            assert_eq!(Balance::parse(&split(line)), Ok(expected), "{line}");
        }
    }

    #[test]
    fn wrong_balance_lines_say_which_word_and_why() {
        let table = [
            ("", 0, "`balance` needs an algorithm"),
            ("uri len", 2, "`len` needs a positive whole number"),
            ("uri len 0", 2, "`0` is not a positive whole number"),
            ("uri depth -1", 2, "`-1` is not a positive whole number"),
            (
                "uri foo",
                1,
                "`foo` is not accepted here: expected `len`, `depth`, `whole` or `path-only`",
            ),
            (
                "random(0)",
                0,
                "`random(0)` is not `random` with a number of draws, at least 1: `random(2)`",
            ),
            ("random(3", 0, "`random(3` is not closed by `)`"),
            ("url_param", 1, "`url_param` needs the name of a parameter"),
            (
                "url_param a b",
                2,
                "`b` is not accepted here: expected `check_post`",
            ),
            (
                "hdr(a) foo",
                1,
                "`foo` is not accepted here: expected `use_domain_only`",
            ),
            (
                "hash src x",
                2,
                "`x` is not expected: `hash` takes one word",
            ),
        ];
        for (line, index, message) in table {
            assert_eq!(
                complaint(Balance::parse, line),
                Some((index, message.into())),
                "{line}"
            );
        }
        for line in [
            "bogus",
            "random(x)",
            "hdr",
            "hdr()",
            "hdr(a",
            "rdp-cookie()",
            "hash",
        ] {
            assert!(complaint(Balance::parse, line).is_some(), "{line}");
        }
        for line in ["sticky", "hash path,lower", "hash base", "hash hdr(a,2)"] {
            let error = Balance::parse(&split(line)).expect_err(line);
            assert!(
                matches!(error.problem, WordProblem::NotSimulated { .. }),
                "{line}: {error}"
            );
        }
    }

    #[test]
    fn consistent_alone_adds_avalanche() {
        let table = [
            ("map-based", (false, HashFunction::Sdbm, false)),
            ("consistent", (true, HashFunction::Sdbm, true)),
            ("consistent sdbm", (true, HashFunction::Sdbm, false)),
            ("consistent wt6 avalanche", (true, HashFunction::Wt6, true)),
            (
                "map-based crc32 avalanche",
                (false, HashFunction::Crc32, true),
            ),
            ("map-based djb2", (false, HashFunction::Djb2, false)),
            ("map-based none", (false, HashFunction::None, false)),
        ];
        for (line, (consistent, function, avalanche)) in table {
            let expected = HashType {
                consistent,
                function,
                avalanche,
            };
            assert_eq!(HashType::parse(&split(line)), Ok(expected), "{line}");
        }
        for (line, index) in [
            ("", 0),
            ("avalanche", 0),
            ("consistent avalanche", 1),
            ("consistent sdbm foo", 2),
        ] {
            let (at, _) = complaint(HashType::parse, line).expect(line);
            assert_eq!(at, index, "{line}");
        }
    }
}
