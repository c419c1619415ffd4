//! The keys of stick tables: samples made to fit a table's type (spec: cookies, 6).

use alloc::string::{String, ToString};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::{Fetch, Stick, StickType};
use crate::hash::decimal;
use crate::request::Request;

/// A key, ordered as `show table` lists them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StickKey {
    /// `type ip`
    Ip(Ipv4Addr),
    /// `type ipv6`
    Ipv6(Ipv6Addr),
    /// `type integer`: its bytes from the least significant one on, which is how HAProxy
    /// orders them.
    Integer([u8; 4]),
    /// `type string`
    String(String),
}

/// How long string keys are without `len`.
const DEFAULT_LENGTH: usize = 31;

impl StickKey {
    /// What `fetch` finds in `request`, as a key of the table that `stick` describes.
    pub(crate) fn fetched(stick: &Stick, fetch: &Fetch, request: &Request<'_>) -> Option<Self> {
        if matches!(fetch, Fetch::Src) {
            Self::of_address(stick, request.source)
        } else {
            Self::of_text(stick, &fetch.text(request)?)
        }
    }

    /// A key from text; `None` when it does not look like the table's type.
    pub(crate) fn of_text(stick: &Stick, text: &str) -> Option<Self> {
        match stick.kind {
            StickType::Ip => lenient_ipv4(text).map(Self::Ip),
            StickType::Ipv6 => text.parse().ok().map(Self::Ipv6),
            StickType::Integer => Some(Self::Integer(decimal(text.as_bytes()).to_le_bytes())),
            StickType::String => Some(Self::cut(stick, text)),
        }
    }

    /// A key from an address; `None` when the table cannot hold it.
    pub(crate) fn of_address(stick: &Stick, address: IpAddr) -> Option<Self> {
        match (stick.kind, address) {
            (StickType::Ip, IpAddr::V4(ip)) => Some(Self::Ip(ip)),
            (StickType::Ip, IpAddr::V6(ip)) => ip.to_ipv4_mapped().map(Self::Ip),
            (StickType::Ipv6, IpAddr::V4(ip)) => Some(Self::Ipv6(ip.to_ipv6_mapped())),
            (StickType::Ipv6, IpAddr::V6(ip)) => Some(Self::Ipv6(ip)),
            (StickType::Integer, IpAddr::V4(ip)) => Some(Self::Integer(ip.to_bits().to_le_bytes())),
            (StickType::Integer, IpAddr::V6(_)) => None,
            (StickType::String, ip) => Some(Self::cut(stick, &ip.to_string())),
        }
    }

    /// The first `len` bytes of `text`, less those of a character that would be cut.
    fn cut(stick: &Stick, text: &str) -> Self {
        let length = match stick.len {
            0 => DEFAULT_LENGTH,
            length => length,
        };
        let end = (0..=length.min(text.len()))
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        Self::String(text[..end].to_string())
    }
}

/// Four numbers with dots; unlike the standard parser it takes leading zeros.
fn lenient_ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        *octet = digits.then(|| part.parse().ok())??;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

impl fmt::Display for StickKey {
    /// As `show table` writes it: bytes that would confuse a reader are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Ipv6(ip) => ip.fmt(f),
            Self::Integer(bytes) => u32::from_le_bytes(*bytes).fmt(f),
            Self::String(text) => text.bytes().try_for_each(|byte| match byte {
                b'\n' => f.write_str("\\n"),
                b'\t' => f.write_str("\\t"),
                b'\r' => f.write_str("\\r"),
                0x1b => f.write_str("\\e"),
                b' ' | b'=' | b'\\' => write!(f, "\\{}", char::from(byte)),
                b'!'..=b'~' => write!(f, "{}", char::from(byte)),
                _ => write!(f, "\\x{byte:02X}"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(kind: StickType, source: &str, value: &str) -> [Option<String>; 2] {
        let stick = Stick {
            kind,
            ..Stick::default()
        };
        let request = Request {
            source: source.parse().expect("an address"),
            ..Request::default()
        };
        [Fetch::Src, Fetch::Str(value.into())]
            .map(|fetch| StickKey::fetched(&stick, &fetch, &request).map(|key| key.to_string()))
    }

    #[test]
    fn samples_are_converted_as_haproxy_converts_them() {
        let (v4, mapped, v6) = ("1.2.3.4", "::ffff:1.2.3.8", "fe80::9");
        // type, client, its key, text, its key
        let table = [
            (
                StickType::Ip,
                v4,
                Some("1.2.3.4"),
                "01.2.3.9",
                Some("1.2.3.9"),
            ),
            (StickType::Ip, mapped, Some("1.2.3.8"), mapped, None),
            (StickType::Ip, v6, None, "1.2.3", None),
            (StickType::Ip, v6, None, "256.1.1.1", None),
            (StickType::Ip, v6, None, "1.2.3.4x", None),
            (StickType::Ip, v6, None, "1.2.3.+4", None),
            (StickType::Ip, v6, None, "1.2.3.4.5", None),
            (StickType::Ipv6, v4, Some("::ffff:1.2.3.4"), v4, None),
            (StickType::Ipv6, v6, Some(v6), "01:2::", Some("1:2::")),
            (StickType::Integer, v4, Some("16909060"), "12ab", Some("12")),
            (StickType::Integer, v6, None, "-3", Some("4294967293")),
            (
                StickType::Integer,
                mapped,
                None,
                "5000000000",
                Some("705032704"),
            ),
            (
                StickType::Integer,
                v6,
                None,
                "99999999999999999999",
                Some("4294967295"),
            ),
            (StickType::Integer, v6, None, "abc", Some("0")),
            (StickType::String, v4, Some(v4), "", Some("")),
            (
                StickType::String,
                v6,
                Some(v6),
                "a=b\\c",
                Some("a\\=b\\\\c"),
            ),
            (
                StickType::String,
                v6,
                Some(v6),
                "\u{1} \té",
                Some("\\x01\\ \\t\\xC3\\xA9"),
            ),
        ];
        for (kind, source, from_source, text, from_text) in table {
            let expected = [from_source, from_text].map(|key| key.map(String::from));
            assert_eq!(
                texts(kind, source, text),
                expected,
                "{kind:?} {source} {text}"
            );
        }
    }

    #[test]
    fn string_keys_are_cut() {
        let cut = |len, text: &str| {
            let stick = Stick {
                len,
                ..Stick::default()
            };
            StickKey::of_text(&stick, text).map(|key| key.to_string())
        };
        assert_eq!(cut(4, "abcdef").as_deref(), Some("abcd"));
        assert_eq!(cut(4, "abc").as_deref(), Some("abc"));
        assert_eq!(cut(1, "é").as_deref(), Some(""));
        assert_eq!(cut(0, &"a".repeat(50)), Some("a".repeat(31)));
    }

    #[test]
    fn integers_are_ordered_by_their_low_bytes() {
        let stick = Stick {
            kind: StickType::Integer,
            ..Stick::default()
        };
        let keys =
            ["0", "256", "705032704", "1", "5", "2002"].map(|text| StickKey::of_text(&stick, text));
        assert!(keys.is_sorted());
    }
}
