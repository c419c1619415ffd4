//! Patterns: what a sample is compared with (manual: "ACLs", 7.1).

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::expression::Value;

/// How a sample is compared. Several patterns: one of them must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matching {
    /// `-m found`: there is a sample.
    Found,
    /// `-m bool`: it is true, or a number other than 0.
    Bool,
    /// `-m str`
    Exactly(Texts),
    /// `-m beg`
    Begins(Texts),
    /// `-m end`
    Ends(Texts),
    /// `-m sub`
    Contains(Texts),
    /// `-m dir`: the pattern is one or several whole parts between slashes.
    Folder(Texts),
    /// `-m dom`: the pattern is one or several whole parts between dots.
    Domain(Texts),
    /// `-m reg`
    Regex(Vec<Regex>),
    /// `-m len`: the length of the text lies in a range.
    Length(Vec<Range>),
    /// `-m int`
    Number(Vec<Range>),
    /// `-m ip`
    Network(Vec<Network>),
}

/// Patterns that are texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// The patterns; in lower case if `fold`.
    list: Vec<String>,
    /// `-i`: upper and lower case are the same.
    fold: bool,
}

/// Numbers from `least` to `most`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The smallest.
    pub least: i64,
    /// The largest.
    pub most: i64,
}

/// Addresses whose first `bits` bits are those of `address`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// One of them.
    pub address: IpAddr,
    /// 0..=32 or 0..=128
    pub bits: u8,
}

/// A regular expression. Two are equal when they are written alike.
#[derive(Clone, Debug)]
pub struct Regex {
    text: String,
    fold: bool,
    compiled: regex::bytes::Regex,
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.fold == other.fold
    }
}

impl Eq for Regex {}

/// A compiled expression may not take more memory than this, and so much more for each of its
/// letters: repetitions inside repetitions must not make a short text costly.
const REGEX_BYTES: (usize, usize) = (16 * 1024, 512);

impl Regex {
    /// The expression `text`; with `fold`, upper and lower case are the same.
    ///
    /// # Errors
    /// It uses something that is not understood here: a look-around, a back reference, ...
    pub fn new(text: &str, fold: bool) -> Result<Self, String> {
        let compiled = regex::bytes::RegexBuilder::new(text)
            .unicode(false)
            .case_insensitive(fold)
            .size_limit(REGEX_BYTES.0 + REGEX_BYTES.1 * text.len())
            .build();
        Ok(Self {
            text: text.into(),
            fold,
            compiled: compiled.map_err(|error| alloc::format!("{error}"))?,
        })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches anywhere in `text`.
    pub fn matches(&self, text: &str) -> bool {
        self.compiled.is_match(text.as_bytes())
    }

    /// `template` with `\0` to `\9` replaced by the groups of the first match in `text`; none
    /// if there is no match.
    pub fn expand(&self, text: &str, template: &str) -> Option<String> {
        let mut out = Vec::new();
        fill(
            template,
            &self.compiled.captures(text.as_bytes())?,
            &mut out,
        );
        Some(String::from_utf8_lossy(&out).into_owned())
    }

    /// `text` with its first match, or with all of them, replaced by what `template` makes
    /// of it.
    pub fn replace(&self, text: &str, template: &str, all: bool) -> String {
        let mut out = Vec::new();
        let mut from = 0;
        let most = if all { usize::MAX } else { 1 };
        for groups in self.compiled.captures_iter(text.as_bytes()).take(most) {
            let found = groups.get_match().range();
            out.extend_from_slice(&text.as_bytes()[from..found.start]);
            fill(template, &groups, &mut out);
            from = found.end;
        }
        out.extend_from_slice(&text.as_bytes()[from..]);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Writes `template` with its groups. A backslash before anything but a digit is dropped.
fn fill(template: &str, groups: &regex::bytes::Captures<'_>, out: &mut Vec<u8>) {
    let mut bytes = template.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(digit @ b'0'..=b'9') => {
                let group = groups.get(usize::from(digit - b'0'));
                out.extend_from_slice(group.map_or(&[], |found| found.as_bytes()));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
}

impl Texts {
    /// These patterns; with `fold`, upper and lower case are the same.
    pub fn new(list: Vec<String>, fold: bool) -> Self {
        let list = if fold {
            list.iter().map(|text| text.to_ascii_lowercase()).collect()
        } else {
            list
        };
        Self { list, fold }
    }

    fn any(&self, text: &str, fits: impl Fn(&str, &str) -> bool) -> bool {
        if self.fold {
            let text = text.to_ascii_lowercase();
            self.list.iter().any(|pattern| fits(&text, pattern))
        } else {
            self.list.iter().any(|pattern| fits(text, pattern))
        }
    }
}

impl Range {
    /// This number alone.
    pub const fn only(number: i64) -> Self {
        Self {
            least: number,
            most: number,
        }
    }

    fn holds(self, number: i64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

impl Network {
    /// This address alone.
    pub fn only(address: IpAddr) -> Self {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        Self { address, bits }
    }

    /// Whether `ip` is one of its addresses. An IPv4 address and the IPv6 address that
    /// stands for it are the same.
    pub fn holds(&self, ip: IpAddr) -> bool {
        match (self.address, ip) {
            (IpAddr::V4(own), IpAddr::V4(ip)) => self.same_v4(own, ip),
            (IpAddr::V6(own), IpAddr::V6(ip)) => self.same_v6(own, ip),
            (IpAddr::V4(own), IpAddr::V6(ip)) => {
                ip.to_ipv4_mapped().is_some_and(|ip| self.same_v4(own, ip))
            }
            (IpAddr::V6(own), IpAddr::V4(ip)) => self.same_v6(own, ip.to_ipv6_mapped()),
        }
    }

    fn same_v4(&self, a: Ipv4Addr, b: Ipv4Addr) -> bool {
        let difference = a.to_bits() ^ b.to_bits();
        difference
            .checked_shr(32 - u32::from(self.bits.min(32)))
            .unwrap_or(0)
            == 0
    }

    fn same_v6(&self, a: Ipv6Addr, b: Ipv6Addr) -> bool {
        let difference = a.to_bits() ^ b.to_bits();
        difference
            .checked_shr(128 - u32::from(self.bits.min(128)))
            .unwrap_or(0)
            == 0
    }
}

/// Whether `pattern` is a whole part of `text`, or several: what stands around it is the
/// end of the text or one of `between`. Such characters around the pattern do not count.
fn has_word(text: &str, pattern: &str, between: &[char]) -> bool {
    let pattern = pattern.trim_matches(between);
    let mut from = 0;
    while let Some(found) = text[from..].find(pattern) {
        let at = from + found;
        let before = text[..at].chars().next_back();
        let after = text[at + pattern.len()..].chars().next();
        let free = |c: Option<char>| c.is_none_or(|c| between.contains(&c));
        if free(before) && free(after) {
            return true;
        }
        let Some(step) = text[at..].chars().next() else {
            break;
        };
        from = at + step.len_utf8();
    }
    false
}

impl Matching {
    /// Whether `sample` matches one of the patterns.
    pub(crate) fn fits(&self, sample: &Value<'_>) -> bool {
        match self {
            Self::Found => true,
            Self::Bool => sample.truth(),
            Self::Number(ranges) => sample
                .number()
                .is_some_and(|number| ranges.iter().any(|range| range.holds(number))),
            Self::Network(networks) => sample
                .address()
                .is_some_and(|ip| networks.iter().any(|network| network.holds(ip))),
            _ => self.fits_text(&sample.text()),
        }
    }

    fn fits_text(&self, text: &str) -> bool {
        match self {
            Self::Exactly(texts) => texts.any(text, |text, pattern| text == pattern),
            Self::Begins(texts) => texts.any(text, |text, pattern| text.starts_with(pattern)),
            Self::Ends(texts) => texts.any(text, |text, pattern| text.ends_with(pattern)),
            Self::Contains(texts) => texts.any(text, |text, pattern| text.contains(pattern)),
            Self::Folder(texts) => {
                texts.any(text, |text, pattern| has_word(text, pattern, &['/', '?']))
            }
            Self::Domain(texts) => texts.any(text, |text, pattern| {
                has_word(text, pattern, &['/', '?', '.', ':'])
            }),
            Self::Regex(list) => list.iter().any(|regex| regex.matches(text)),
            Self::Length(ranges) => {
                let length = text.len() as i64;
                ranges.iter().any(|range| range.holds(length))
            }
            Self::Found | Self::Bool | Self::Number(_) | Self::Network(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::Cow;
    use std::vec;

    fn texts(list: &[&str], fold: bool) -> Texts {
        Texts::new(list.iter().map(|text| (*text).into()).collect(), fold)
    }

    #[test]
    fn texts_match_in_their_ways() {
        let regex = |text: &str, fold| vec![Regex::new(text, fold).unwrap()];
        let rows = [
            (Matching::Exactly(texts(&["/a", "/b"], false)), "/b", true),
            (Matching::Exactly(texts(&["/B"], false)), "/b", false),
            (Matching::Exactly(texts(&["/B"], true)), "/b", true),
            (Matching::Begins(texts(&["/im"], false)), "/img", true),
            (
                Matching::Ends(texts(&[".js", ".PNG"], true)),
                "/x.Png",
                true,
            ),
            (Matching::Contains(texts(&["g/x"], false)), "/img/x", true),
            (Matching::Folder(texts(&["img"], false)), "/a/img/x", true),
            (Matching::Folder(texts(&["/img/"], false)), "/a/img", true),
            (Matching::Folder(texts(&["im"], false)), "/a/img", false),
            (
                Matching::Domain(texts(&["example"], false)),
                "www.example.com:80",
                true,
            ),
            (
                Matching::Domain(texts(&["exam"], false)),
                "www.example.com",
                false,
            ),
            (Matching::Regex(regex("^/a[0-9]+$", false)), "/a12", true),
            (Matching::Regex(regex("^/A", true)), "/a12", true),
            (
                Matching::Length(vec![Range { least: 2, most: 3 }]),
                "abc",
                true,
            ),
            (Matching::Length(vec![Range::only(2)]), "abc", false),
            (Matching::Number(vec![Range::only(12)]), "12", true),
            (Matching::Found, "", true),
        ];
        for (matching, text, expected) in rows {
            let sample = Value::Text(Cow::Borrowed(text));
            assert_eq!(matching.fits(&sample), expected, "{matching:?} {text}");
        }
    }

    #[test]
    fn networks_hold_their_addresses() {
        let network = |address: &str, bits| Network {
            address: address.parse().unwrap(),
            bits,
        };
        for (network, ip, expected) in [
            (network("10.0.0.0", 8), "10.255.0.1", true),
            (network("10.0.0.0", 8), "11.0.0.1", false),
            (network("0.0.0.0", 0), "1.2.3.4", true),
            (network("10.0.0.1", 32), "10.0.0.1", true),
            (network("10.0.0.0", 8), "::ffff:10.1.1.1", true),
            (network("fe80::", 10), "fe80::1", true),
            (network("::", 0), "1.2.3.4", true),
        ] {
            assert_eq!(
                network.holds(ip.parse().unwrap()),
                expected,
                "{network:?} {ip}"
            );
        }
    }

    #[test]
    fn templates_take_groups() {
        let regex = Regex::new("^/foo/(.*)$", false).unwrap();
        assert_eq!(
            regex.expand("/foo/x", r"/bar/\1").as_deref(),
            Some("/bar/x")
        );
        assert_eq!(
            regex.expand("/foo/x", r"\0\2\-").as_deref(),
            Some("/foo/x-")
        );
        assert_eq!(regex.expand("/bar", "/x"), None);
        assert!(Regex::new("a(?=b)", false).is_err());
    }
}
