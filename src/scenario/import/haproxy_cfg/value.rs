//! Numbers, times, sizes and addresses as HAProxy reads them, its leniency included.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use balance::Span;

use super::super::Env;

/// The longest time HAProxy keeps, in milliseconds.
const LONGEST_MS: u64 = i32::MAX as u64;

/// A number at the beginning of `text`, as C's `atol`: 0 if there is none. The second value
/// says whether the whole text was that number.
pub(super) fn lenient(text: &str) -> (i64, bool) {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let number = digits[..end].bytes().fold(0_i64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    (sign * number, end == digits.len() && end > 0)
}

/// A time: a whole number and `us`, `ms`, `s`, `m`, `h` or `d`; a bare one counts in
/// milliseconds. HAProxy keeps whole milliseconds, rounded up.
///
/// # Errors
/// A sentence about what is wrong with it.
pub(super) fn time(text: &str) -> Result<Span, String> {
    let strange = |rest: &str| match rest.chars().next() {
        Some('.' | ',') => format!("`{text}` is not a time: whole numbers only, such as `2500ms`"),
        Some(_) => {
            format!("`{text}` is not a time: a whole number and `us`, `ms`, `s`, `m`, `h` or `d`")
        }
        None => "a time is missing here".to_owned(),
    };
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    if digits.is_empty() {
        return Err(strange(unit));
    }
    let per_milli: u128 = 1000;
    let micros: u128 = match unit {
        "us" => 1,
        "" | "ms" => per_milli,
        "s" => 1000 * per_milli,
        "m" => 60_000 * per_milli,
        "h" => 3_600_000 * per_milli,
        "d" => 86_400_000 * per_milli,
        _ => return Err(strange(unit)),
    };
    let millis = digits
        .parse::<u64>()
        .ok()
        .and_then(|number| u128::from(number).checked_mul(micros))
        .map(|total| total.div_ceil(per_milli))
        .filter(|millis| *millis <= u128::from(LONGEST_MS));
    match millis {
        Some(millis) => Ok(Span::from_millis(millis as u64)),
        None => Err(format!(
            "`{text}` is longer than the 2147483647 ms (24.8 days) that HAProxy can count"
        )),
    }
}

/// What HAProxy 2.6 reads of a time behind whose unit there is more: `15m` of `15min`.
pub(super) fn understood(text: &str) -> Option<&str> {
    const UNITS: [&str; 6] = ["us", "ms", "s", "m", "h", "d"];
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let known = UNITS.iter().find(|known| unit.starts_with(**known))?;
    let end = text.len() - unit.len() + known.len();
    (unit.len() < text.len() && end < text.len()).then(|| &text[..end])
}

/// What stands where an address is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Numbers.
    Ip(SocketAddr),
    /// A name to look up, and a port.
    Name(String, u16),
    /// A Unix socket, a file descriptor, or another process-local thing.
    Local(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Name(name, 0) => f.write_str(name),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
            Self::Local(path) => f.write_str(path),
        }
    }
}

/// What an address may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ports {
    /// At most one port, `+N` and `-N` included: a server's.
    Server,
    /// One port or a range, which must be there: a listener's.
    Listener,
}

/// Reads one address, after replacing `$NAME` and `${NAME}`, which addresses allow without
/// quotes. The second value is the last port (of a listener's range).
///
/// # Errors
/// A sentence about what is wrong with it.
pub(super) fn address(text: &str, env: &Env, ports: Ports) -> Result<(Address, u16), String> {
    let text = env.expand(text).map_err(|why| why.to_string())?;
    if text.is_empty() {
        return Err("an address is missing here".into());
    }
    let (family, rest) = match text.split_once('@') {
        Some((family, rest)) if is_family(family) => (family, rest),
        _ => ("", text.as_str()),
    };
    let local = matches!(
        family,
        "unix" | "uxst" | "uxdg" | "abns" | "fd" | "sockpair" | "stdout"
    ) || rest.starts_with('/');
    if local {
        return Ok((Address::Local(text.clone()), 0));
    }
    if let Some((family, _)) = rest.split_once('@') {
        return Err(format!(
            "`{family}@` is no kind of address that HAProxy 2.6 knows"
        ));
    }
    let (host, port) = split_port(rest);
    let (first, last) = port_range(port, &text, ports)?;
    if ports == Ports::Listener && port.is_none() {
        return Err(format!("`{text}` has no port to listen on"));
    }
    if is_no_number(host) {
        return Err(format!("`{host}` is no address"));
    }
    Ok((named(host, first), last))
}

/// Whether `host` is made of digits and dots, and yet no IPv4 address: nobody is called so.
fn is_no_number(host: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    if host.is_empty() || !host.chars().all(digits) {
        return false;
    }
    // The last number stands for all bytes that are left: `10.1` is `10.0.0.1`.
    let numbers: Vec<Option<u64>> = host.split('.').map(|part| part.parse().ok()).collect();
    let left = 5_usize.saturating_sub(numbers.len());
    let most = |at: usize| {
        if at + 1 == numbers.len() {
            (1_u64 << (8 * left)) - 1
        } else {
            255
        }
    };
    let fits = |(at, number): (usize, &Option<u64>)| number.is_some_and(|n| n <= most(at));
    left == 0 || !numbers.iter().enumerate().all(fits)
}

/// The variables in an address that have no value.
pub(super) fn unset<'a>(text: &'a str, env: &Env) -> Vec<&'a str> {
    let name = |part: &'a str| {
        let part = part.strip_prefix('{').unwrap_or(part);
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        &part[..end.unwrap_or(part.len())]
    };
    (text.split('$').skip(1))
        .map(name)
        .filter(|name| !name.is_empty() && env.value(name).is_none())
        .collect()
}

fn is_family(word: &str) -> bool {
    let word = word.strip_prefix("quic").unwrap_or(word);
    let word = word.strip_prefix("stream+").unwrap_or(word);
    matches!(
        word,
        "ipv4"
            | "ipv6"
            | "udp"
            | "udp4"
            | "udp6"
            | "tcp"
            | "tcp4"
            | "tcp6"
            | "unix"
            | "uxst"
            | "uxdg"
            | "abns"
            | "fd"
            | "sockpair"
            | "4"
            | "6"
    )
}

fn named(host: &str, port: u16) -> Address {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let wildcard = bare.is_empty() || bare == "*";
    let ip = if wildcard {
        Some(IpAddr::from([0, 0, 0, 0]))
    } else {
        bare.parse().ok()
    };
    match ip {
        Some(ip) => Address::Ip(SocketAddr::new(ip, port)),
        None => Address::Name(host.to_owned(), port),
    }
}

/// The port stands after the last colon, unless that belongs to a bare IPv6 address: those
/// always need their port, so `::1` is `:` and port 1.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rfind(':') {
        Some(at) if !text[at..].contains(']') => (&text[..at], Some(&text[at + 1..])),
        _ => (text, None),
    }
}

fn port_range(port: Option<&str>, text: &str, ports: Ports) -> Result<(u16, u16), String> {
    let Some(port) = port.filter(|port| !port.is_empty()) else {
        return Ok((0, 0));
    };
    let number = |digits: &str| -> Result<u16, String> {
        if let Some(strange) = digits.chars().find(|c| !c.is_ascii_digit()) {
            return Err(format!("`{strange}` cannot stand in the port of `{text}`"));
        }
        (digits.parse().ok())
            .ok_or_else(|| format!("port {digits} of `{text}` is not in 0..=65535"))
    };
    if ports == Ports::Server {
        // `+N` and `-N` count from the port the client used, so there is none to write down.
        let digits = port.strip_prefix(['+', '-']).unwrap_or(port);
        if digits.contains('-') {
            return Err(format!("a server has one port, `{text}` has a range"));
        }
        let number = number(digits)?;
        let port = if digits.len() == port.len() {
            number
        } else {
            0
        };
        return Ok((port, port));
    }
    let (first, last) = port.split_once('-').unwrap_or((port, port));
    match (number(first)?, number(last)?) {
        (0, _) => Err(format!("port 0 of `{text}` cannot be listened on")),
        (first, last) if last < first => Err(format!("the range of ports of `{text}` is empty")),
        range => Ok(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_in_milliseconds_and_round_up() {
        for (text, expected) in [
            ("5000", Some(5000)),
            ("5s", Some(5000)),
            ("1m", Some(60_000)),
            ("1us", Some(1)),
            ("1001us", Some(2)),
            ("0", Some(0)),
            ("2h", Some(7_200_000)),
            ("24d", Some(2_073_600_000)),
            ("25d", None),
            ("2.5s", None),
            ("5x", None),
            ("-1", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(time(text).ok(), expected.map(Span::from_millis), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        for (text, expected) in [
            ("12", (12, true)),
            ("-3", (-3, true)),
            ("3x", (3, false)),
            ("abc", (0, false)),
            ("", (0, false)),
            ("99999999999999999999", (i64::MAX, true)),
        ] {
            assert_eq!(lenient(text), expected, "{text}");
        }
    }

    #[test]
    fn server_addresses() {
        let mut env = Env::default();
        env.set("IP", "10.0.0.1");
        let read = |text: &str| address(text, &env, Ports::Server).map(|(a, _)| a);
        let ip = |text: &str| Ok(Address::Ip(text.parse().expect("an address")));
        assert_eq!(read("${IP}:3000"), ip("10.0.0.1:3000"));
        assert_eq!(read("$IP:3000"), ip("10.0.0.1:3000"));
        assert_eq!(read("${NOPE}:3000"), ip("0.0.0.0:3000"));
        assert_eq!(read("1.2.3.4"), ip("1.2.3.4:0"));
        assert_eq!(read("1.2.3.4:+1"), ip("1.2.3.4:0"));
        assert_eq!(read("[::1]:80"), ip("[::1]:80"));
        assert_eq!(read("ipv4@1.2.3.4:80"), ip("1.2.3.4:80"));
        assert_eq!(read("web:80"), Ok(Address::Name("web".into(), 80)));
        assert_eq!(read("/tmp/x"), Ok(Address::Local("/tmp/x".into())));
        for refused in ["1.2.3.4:70000", "1.2.3.4:80-90", "1.2.3.4:abc", ""] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn listeners_need_a_port() {
        let env = Env::default();
        let read = |text: &str| address(text, &env, Ports::Listener);
        assert_eq!(read(":80").map(|(_, last)| last), Ok(80));
        assert_eq!(read("*:80-89").map(|(_, last)| last), Ok(89));
        for refused in ["*", "1.2.3.4", ":0", ":90-80"] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }
}
