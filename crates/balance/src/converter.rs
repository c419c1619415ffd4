//! Converters: what an expression makes of a sample (manual: "Converters").

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::HashFunction;
use crate::expression::Value;
use crate::hash::avalanche;
use crate::map::Map;
use crate::pattern::Regex;

/// One step of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Converter {
    /// Not a word of HAProxy: what `hdr_val` and its relatives make of a text, the number it
    /// begins with or 0.
    Number,
    /// `lower`
    Lower,
    /// `upper`
    Upper,
    /// `length`
    Length,
    /// `field(N,SEPARATORS)`: the N-th part, from the end if negative; empty parts count.
    Field(i32, Vec<char>),
    /// `word(N,SEPARATORS)`: the same, but empty parts do not count.
    Word(i32, Vec<char>),
    /// `regsub(REGEX,TEMPLATE[,g])`
    Replace {
        /// What is replaced.
        regex: Regex,
        /// By what.
        template: String,
        /// Everywhere rather than once.
        all: bool,
    },
    /// `ltrim(CHARACTERS)`
    TrimLeft(Vec<char>),
    /// `rtrim(CHARACTERS)`
    TrimRight(Vec<char>),
    /// `host_only`: without the port.
    HostOnly,
    /// `port_only`: the port of a host, 0 if it has none.
    PortOnly,
    /// `iif(TRUE,FALSE)`
    Either(String, String),
    /// `bool`
    Bool,
    /// `not`
    Not,
    /// `odd`
    Odd,
    /// `even`
    Even,
    /// `neg`
    Negate,
    /// `cpl`
    Complement,
    /// `add(N)` and its relatives.
    Arithmetic(Operation, i64),
    /// `ipmask(M4[,M6])`: bits kept of either kind of address.
    Mask(u8, u8),
    /// `map(FILE[,DEFAULT])` and its relatives.
    Map(Map),
    /// `djb2`, `sdbm`, `wt6`, `crc32`, each with or without a final mixing.
    Hash(HashFunction, bool),
}

/// What is done with a number and another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `add`
    Add,
    /// `sub`
    Sub,
    /// `mul`
    Mul,
    /// `div`
    Div,
    /// `mod`
    Mod,
    /// `and`
    And,
    /// `or`
    Or,
    /// `xor`
    Xor,
}

impl Operation {
    /// The largest number stands for what cannot be said, as in HAProxy.
    fn of(self, a: i64, b: i64) -> i64 {
        match self {
            Self::Add => a.saturating_add(b),
            Self::Sub => a.saturating_sub(b),
            Self::Mul => a.saturating_mul(b),
            Self::Div if b == 0 => {
                if a < 0 {
                    i64::MIN
                } else {
                    i64::MAX
                }
            }
            Self::Div => a.checked_div(b).unwrap_or(i64::MAX),
            Self::Mod => a.checked_rem(b).unwrap_or(0),
            Self::And => a & b,
            Self::Or => a | b,
            Self::Xor => a ^ b,
        }
    }
}

impl Converter {
    /// What becomes of `value`; nothing if it has not what is asked for.
    pub(crate) fn apply(&self, value: &Value<'_>) -> Option<Value<'static>> {
        let text = |text: String| Some(Value::Text(Cow::Owned(text)));
        match self {
            Self::Number => Some(Value::Int(value.number().unwrap_or(0))),
            Self::Lower => text(value.text().to_ascii_lowercase()),
            Self::Upper => text(value.text().to_ascii_uppercase()),
            Self::Length => Some(Value::Int(value.text().len() as i64)),
            Self::Field(place, separators) => {
                let whole = value.text();
                part(whole.split(separators.as_slice()), *place).map(owned)
            }
            Self::Word(place, separators) => {
                let whole = value.text();
                let words = whole.split(separators.as_slice());
                part(words.filter(|word| !word.is_empty()), *place).map(owned)
            }
            Self::Replace {
                regex,
                template,
                all,
            } => text(regex.replace(&value.text(), template, *all)),
            Self::TrimLeft(chars) => Some(owned(value.text().trim_start_matches(chars.as_slice()))),
            Self::TrimRight(chars) => Some(owned(value.text().trim_end_matches(chars.as_slice()))),
            Self::HostOnly => Some(owned(host_and_port(&value.text()).0)),
            Self::PortOnly => {
                let whole = value.text();
                let port = host_and_port(&whole).1;
                Some(Value::Int(port.and_then(|p| p.parse().ok()).unwrap_or(0)))
            }
            Self::Either(yes, no) => Some(owned(if value.truth() { yes } else { no })),
            Self::Bool => Some(Value::Bool(value.truth())),
            Self::Not => Some(Value::Bool(!value.truth())),
            Self::Odd => Some(Value::Bool(value.number()? & 1 == 1)),
            Self::Even => Some(Value::Bool(value.number()? & 1 == 0)),
            Self::Negate => Some(Value::Int(value.number()?.wrapping_neg())),
            Self::Complement => Some(Value::Int(!value.number()?)),
            Self::Arithmetic(operation, by) => Some(Value::Int(operation.of(value.number()?, *by))),
            Self::Mask(four, six) => Some(Value::Address(masked(value.address()?, *four, *six))),
            Self::Map(map) => map.look_up(value),
            Self::Hash(function, mixed) => {
                let hash = function.hash(value.text().as_bytes());
                let hash = if *mixed { avalanche(hash) } else { hash };
                Some(Value::Int(i64::from(hash)))
            }
        }
    }
}

fn owned(text: &str) -> Value<'static> {
    Value::Text(Cow::Owned(text.into()))
}

/// The part numbered `place`, from 1, or from the end if that is negative.
fn part<'a>(parts: impl Iterator<Item = &'a str>, place: i32) -> Option<&'a str> {
    let back = place.unsigned_abs() as usize;
    if place > 0 {
        let mut parts = parts;
        return parts.nth(back - 1);
    }
    let all: Vec<&str> = parts.collect();
    all.len().checked_sub(back.max(1)).map(|at| all[at])
}

/// `host:port`; colons inside `[...]` are no separators.
fn host_and_port(text: &str) -> (&str, Option<&str>) {
    let inside = text.rfind(']').unwrap_or(0);
    match text[inside..].rfind(':') {
        Some(at) => (&text[..inside + at], Some(&text[inside + at + 1..])),
        None => (text, None),
    }
}

fn masked(ip: IpAddr, four: u8, six: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(four.min(32)))
                .unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & mask))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(six.min(128)))
                .unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn converters_convert() {
        let field = |place, separators: &str| Converter::Field(place, separators.chars().collect());
        let word = |place, separators: &str| Converter::Word(place, separators.chars().collect());
        let regex = |text: &str| Regex::new(text, false).unwrap();
        let rows = [
            (Converter::Lower, "AbC", Some("abc")),
            (Converter::Upper, "abc", Some("ABC")),
            (Converter::Length, "abc", Some("3")),
            (field(1, ":"), "a.example:80", Some("a.example")),
            (field(2, "/"), "/api/x", Some("api")),
            (field(-1, "/"), "/api/x", Some("x")),
            (field(9, "/"), "/api/x", None),
            (word(1, "/"), "/api/x", Some("api")),
            (word(-2, "/"), "/api//x/", Some("api")),
            (Converter::HostOnly, "a.example:80", Some("a.example")),
            (Converter::HostOnly, "[::1]:80", Some("[::1]")),
            (Converter::HostOnly, "[::1]", Some("[::1]")),
            (Converter::PortOnly, "a:80", Some("80")),
            (Converter::PortOnly, "a", Some("0")),
            (Converter::Either("y".into(), "n".into()), "1", Some("y")),
            (Converter::Arithmetic(Operation::Mod, 3), "7", Some("1")),
            (
                Converter::Arithmetic(Operation::Add, i64::MAX),
                "7",
                Some("9223372036854775807"),
            ),
            (Converter::Odd, "7", Some("1")),
            (Converter::Odd, "x", None),
            (Converter::Not, "0", Some("1")),
            (Converter::Mask(24, 64), "10.1.2.3", Some("10.1.2.0")),
            (Converter::TrimLeft(vec!['/']), "//a/", Some("a/")),
            (Converter::TrimRight(vec!['/']), "//a/", Some("//a")),
            (
                Converter::Replace {
                    regex: regex("o"),
                    template: "0".into(),
                    all: true,
                },
                "foo",
                Some("f00"),
            ),
            (
                Converter::Replace {
                    regex: regex("(o)"),
                    template: r"<\1>".into(),
                    all: false,
                },
                "foo",
                Some("f<o>o"),
            ),
            (
                Converter::Replace {
                    regex: regex("x*"),
                    template: "-".into(),
                    all: true,
                },
                "ab",
                Some("-a-b-"),
            ),
        ];
        for (converter, text, expected) in rows {
            let value = converter.apply(&Value::Text(Cow::Borrowed(text)));
            let got = value.as_ref().map(Value::text);
            assert_eq!(got.as_deref(), expected, "{converter:?} {text}");
        }
    }
}
