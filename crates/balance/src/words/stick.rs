//! The arguments of `stick-table` and `stick`.

use alloc::string::ToString;

use super::{ConfigWordError, WordProblem, Words, call, fetch, leading_number};
use crate::config::{Stick, StickRule, StickType};
use crate::time::Span;

impl Stick {
    /// The arguments of `stick-table`: `["type", "string", "len", "32", "size", "200k",
    /// "expire", "30m"]`. The table has no rules yet.
    ///
    /// # Errors
    /// The first word that HAProxy would refuse, or that the simulator does not know
    /// (binary keys, `peers`, `store`, `srvkey addr`).
    pub fn parse(words: &[&str]) -> Result<Self, ConfigWordError> {
        const ACCEPTED: &[&str] = &["type", "len", "size", "expire", "nopurge", "srvkey"];
        const TYPES: &[&str] = &["ip", "ipv6", "integer", "string"];
        let mut words = Words::new("stick-table", words);
        let mut table = Self::default();
        let (mut typed, mut sized) = (false, false);
        while let Some(word) = words.next() {
            match word {
                "type" => {
                    table.kind = match words.need("the type of its keys")? {
                        "ip" => StickType::Ip,
                        "ipv6" => StickType::Ipv6,
                        "integer" => StickType::Integer,
                        "string" => StickType::String,
                        kind @ "binary" => return Err(words.not_simulated(kind, TYPES)),
                        kind => return Err(words.unknown(kind, TYPES)),
                    };
                    typed = true;
                }
                "len" if typed && table.kind == StickType::String => {
                    table.len = words.count()? as usize;
                }
                "size" => {
                    let what = "a number of entries such as `1000` or `200k`";
                    let size = words.need(what)?;
                    table.size = entries(size).ok_or_else(|| words.malformed(size, what))?;
                    sized = true;
                }
                "expire" => table.expire = Some(words.time(Span::from_millis(1))?),
                "nopurge" => table.nopurge = true,
                "srvkey" => match words.need("`name`")? {
                    "name" => {}
                    key @ "addr" => return Err(words.not_simulated(key, &["name"])),
                    key => return Err(words.unknown(key, &["name", "addr"])),
                },
                "peers" | "store" => return Err(words.not_simulated(word, ACCEPTED)),
                _ => return Err(words.unknown(word, ACCEPTED)),
            }
        }
        if typed && sized {
            return Ok(table);
        }
        Err(ConfigWordError {
            index: words.read,
            problem: WordProblem::Missing {
                after: "stick-table".into(),
                what: if typed { "a `size`" } else { "a `type`" },
            },
        })
    }
}

/// A number of entries, at least 1, with `k`, `m` or `g` for powers of 1024.
fn entries(text: &str) -> Option<u32> {
    let (number, rest) = leading_number(text)?;
    let shift = match rest {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        _ => return None,
    };
    u32::try_from(u64::from(number) << shift)
        .ok()
        .filter(|&n| n > 0)
}

impl StickRule {
    /// The arguments of `stick`: `["on", "req.cook(NODESESSID)"]`.
    ///
    /// # Errors
    /// The first word that HAProxy would refuse, or that the simulator does not know
    /// (other tables, conditions).
    pub fn parse(words: &[&str]) -> Result<Self, ConfigWordError> {
        const ACTIONS: &[&str] = &["on", "match", "store-request", "store-response"];
        let mut words = Words::new("stick", words);
        let rule = match words.need("`on`, `match`, `store-request` or `store-response`")? {
            "on" => Self::On(fetch(&mut words)?),
            "match" => Self::Match(fetch(&mut words)?),
            "store-request" => Self::StoreRequest(fetch(&mut words)?),
            "store-response" => {
                let word = words.need("a sample expression such as `res.cook(NAME)`")?;
                match call(word) {
                    ("res.cook" | "scook", Some(name)) if !name.is_empty() => {
                        Self::StoreResponse(name.to_string())
                    }
                    _ => return Err(words.not_simulated(word, &["res.cook(NAME)"])),
                }
            }
            word => return Err(words.unknown(word, ACTIONS)),
        };
        match words.next() {
            None => Ok(rule),
            Some(word @ ("table" | "if" | "unless")) => Err(words.not_simulated(word, &[])),
            Some(word) => Err(words.unknown(word, &["table", "if", "unless"])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Fetch;
    use crate::words::tests::{complaint, split};
    use std::vec::Vec;

    #[test]
    fn stick_lines_become_settings() {
        assert_eq!(
            Stick::parse(&split("type string len 40 size 2k expire 30m nopurge")),
            Ok(Stick {
                kind: StickType::String,
                len: 40,
                size: 2048,
                expire: Some(Span::from_secs(1800)),
                nopurge: true,
                rules: Vec::new(),
            })
        );
        let refused = [
            ("type string", 2),
            ("size 10", 2),
            ("type foo size 10", 1),
            ("type ip len 5 size 10", 2),
            ("type string len 0 size 10", 3),
            ("type string size 0", 3),
            ("type string size 10x", 3),
            ("type string size 10 expire 25d", 5),
            ("type string size 10 foo", 4),
        ];
        for (line, index) in refused {
            let (at, _) = complaint(Stick::parse, line).expect(line);
            assert_eq!(at, index, "{line}");
        }
        let cookie = || Fetch::Cookie("A".into());
        let rules = [
            ("on req.cook(A)", StickRule::On(cookie())),
            ("match cook(A)", StickRule::Match(cookie())),
            ("store-request src", StickRule::StoreRequest(Fetch::Src)),
            (
                "store-response res.cook(A)",
                StickRule::StoreResponse("A".into()),
            ),
        ];
        for (line, expected) in rules {
            assert_eq!(StickRule::parse(&split(line)), Ok(expected), "{line}");
        }
        for line in [
            "",
            "foo",
            "on",
            "on src foo",
            "match src table t",
            "on src if TRUE",
        ] {
            assert!(complaint(StickRule::parse, line).is_some(), "{line}");
        }
    }
}
