//! HAProxy's own formats: `option httplog`, `httpslog`, `tcplog` and the default one, with
//! whatever a syslog daemon wrote in front. The fields are those of chapter 8.2 of its manual.

use std::borrow::Cow;

use super::{Brings, Entry, Reading, Why, clf, date};

const DEFAULT: Why = Why::strange(
    "no times: this is HAProxy's default format (`Connect from ...`); `option httplog` tells more",
);
const MESSAGE: Why = Why::harmless("a message of HAProxy about itself, not a request");
const FAILED: Why = Why::strange("a connection that failed before a request");
const CUSTOM: Why = Why::strange("a line of a `log-format` of its own, which is not read");
const BAD_REQUEST: Why = Why::strange("a request that HAProxy could not read");
const STRANGE: Why = Why::strange("not a line of a known format");
const EMPTY: Why = Why::harmless("an empty line");

/// How HAProxy begins what it says about itself and its servers.
const MESSAGES: [&str; 8] = [
    "Proxy ",
    "Server ",
    "Backup Server ",
    "Health check for ",
    "backend ",
    "Stopping ",
    "Loading ",
    "Resuming ",
];

/// Reads every line, and says which kind most of them are.
pub(super) fn read<'a>(text: &'a str, reading: &mut Reading<'a>) -> &'static str {
    let (mut http, mut tcp, mut clf) = (0_u32, 0_u32, 0_u32);
    for (number, line) in (1..).zip(text.lines()) {
        reading.lines = number;
        let found = match bracketed(line) {
            Some((before, at, after)) if before.ends_with("- -") => {
                clf += 1;
                clf::line(before, at, after)
            }
            Some((before, at, after)) => own(before, at, after),
            None => Err(undated(line)),
        };
        if let Ok(entry) = &found {
            http += u32::from(!entry.method.is_empty());
            tcp += u32::from(entry.method.is_empty());
        }
        reading.keep(number, found.map(as_http));
    }
    if clf * 2 > http + tcp {
        "HAProxy's HTTP log (CLF)"
    } else if tcp > http {
        "HAProxy's TCP log"
    } else {
        "HAProxy's HTTP log"
    }
}

/// A connection counts as a request for nothing in particular.
fn as_http(mut entry: Entry<'_>) -> Entry<'_> {
    if entry.method.is_empty() {
        entry.method = Cow::Borrowed("GET");
        entry.uri = Cow::Borrowed("/");
    }
    entry
}

/// Splits a line at the first date in brackets.
fn bracketed(line: &str) -> Option<(&str, i64, &str)> {
    line.match_indices('[').take(8).find_map(|(open, _)| {
        let rest = &line[open + 1..];
        let close = rest.get(..40).unwrap_or(rest).find(']')?;
        let at = date::read(&rest[..close])?;
        Some((line[..open].trim_end(), at, &rest[close + 1..]))
    })
}

/// What a line without a date is.
fn undated(line: &str) -> Why {
    if line.trim().is_empty() {
        return EMPTY;
    }
    let says = line.split_once("]: ").map_or(line, |(_, says)| says);
    let says = says.split_once(" - - ").map_or(says, |(_, says)| says);
    if says.starts_with("Connect from ") {
        DEFAULT
    } else if MESSAGES.iter().any(|begin| says.starts_with(begin)) {
        MESSAGE
    } else {
        STRANGE
    }
}

/// A line in one of HAProxy's own formats.
fn own<'a>(before: &'a str, at: i64, after: &'a str) -> Result<Entry<'a>, Why> {
    let client = before.rsplit(' ').next().unwrap_or(before);
    let (source, port) = address(client);
    let mut words = after.trim_start().splitn(4, ' ');
    let (Some(front), Some(server), Some(timers)) = (words.next(), words.next(), words.next())
    else {
        return Err(STRANGE);
    };
    // `www/1: SSL handshake failure`
    if front.ends_with(':') {
        return Err(FAILED);
    }
    let rest = words.next().unwrap_or("");
    let (backend, server) = server.split_once('/').ok_or(CUSTOM)?;
    let timers: Option<Vec<i64>> = timers.split('/').map(timer).collect();
    let timers = timers.ok_or(CUSTOM)?;
    let entry = Entry {
        at,
        source: Cow::Borrowed(source),
        port,
        backend: Some(backend),
        server: Some(server).filter(|server| !server.starts_with('<')),
        ..Entry::default()
    };
    if let Ok(timers) = <[i64; 5]>::try_from(timers.as_slice()) {
        http(entry, timers, rest)
    } else if let Ok(timers) = <[i64; 3]>::try_from(timers.as_slice()) {
        Ok(tcp(entry, timers))
    } else {
        Err(CUSTOM)
    }
}

fn http<'a>(mut entry: Entry<'a>, timers: [i64; 5], rest: &'a str) -> Result<Entry<'a>, Why> {
    let (fields, request) = rest.split_once('"').ok_or(STRANGE)?;
    let request = request.split('"').next().unwrap_or(request);
    let mut words = fields.split(' ');
    let status = words.next().and_then(|status| status.parse::<i32>().ok());
    let _bytes = words.next();
    let cookie = words.next().unwrap_or("-");
    let _set_cookie = words.next();
    let flags = words.next().unwrap_or("");
    entry.status = status.unwrap_or(0).clamp(0, 999) as u16;
    entry.cookie = Some(cookie).filter(|cookie| *cookie != "-");
    entry.brings = brings(flags);
    entry.headers = fields.contains('{');
    (entry.method, entry.uri) = asked(request)?;
    time(&mut entry, timers);
    Ok(entry)
}

fn tcp(mut entry: Entry<'_>, [queued, connected, total]: [i64; 3]) -> Entry<'_> {
    time(&mut entry, [0, queued, connected, 0, total]);
    entry.connects = Some(true);
    entry
}

/// Keeps what the timers `TR/Tw/Tc/Tr/Ta` say. A negative one never came about.
pub(super) fn time(entry: &mut Entry<'_>, [read, queued, connected, replied, total]: [i64; 5]) {
    let spent = read.max(0) + queued.max(0) + connected.max(0);
    let total = total.max(0);
    entry.total = total as u64;
    if entry.server.is_some() && connected >= 0 && replied >= 0 && total >= spent {
        entry.served = Some((spent as u64, total as u64));
    }
}

/// A timer; `option logasap` writes a plus in front of the last one. A day is more than any
/// request takes; what is longer is no timer.
pub(super) fn timer(text: &str) -> Option<i64> {
    let value: i64 = text.strip_prefix('+').unwrap_or(text).parse().ok()?;
    (-1..=i64::from(u32::MAX)).contains(&value).then_some(value)
}

/// The method and the path of a request line.
pub(super) fn asked(request: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), Why> {
    let mut words = request.split(' ');
    let method = words.next().unwrap_or("");
    let uri = words.next().unwrap_or("");
    let is_method = !method.is_empty() && method.bytes().all(|b| b.is_ascii_alphabetic());
    let path = path(uri);
    if !is_method || !path.starts_with('/') || path.contains(char::is_whitespace) {
        return Err(BAD_REQUEST);
    }
    Ok((Cow::Borrowed(method), Cow::Borrowed(path)))
}

/// The path of a URI that may name its host.
pub(super) fn path(uri: &str) -> &str {
    match uri.split_once("://") {
        Some((_, rest)) if !uri.starts_with('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ if uri == "*" => "/",
        _ => uri,
    }
}

/// What the third of the four flags at the end of a request tells about its cookie.
pub(super) fn brings(flags: &str) -> Brings {
    match flags.as_bytes().get(2) {
        Some(b'N') => Brings::Nothing,
        Some(b'V') => Brings::Followed,
        Some(b'I' | b'D' | b'E' | b'O' | b'U') => Brings::Ignored,
        _ => Brings::Unsaid,
    }
}

/// An address and its port.
fn address(client: &str) -> (&str, Option<u16>) {
    match client.rsplit_once(':') {
        Some((source, port)) => match port.parse() {
            Ok(port) => (source.trim_matches(['[', ']']), Some(port)),
            Err(_) => (client, None),
        },
        None => (client, None),
    }
}
