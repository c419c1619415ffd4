//! Logs as load: what arrived, when, from whom, and how long each server took.
//!
//! Reads the HTTP and TCP logs of HAProxy (also in CLF, with or without a syslog header) and
//! JMeter's results as CSV or XML. Nothing is dropped silently: what is no request is counted
//! with its lines and the reason.

mod clf;
mod date;
mod haproxy;
mod jtl;
mod learn;
mod users;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use balance::Span;

pub use learn::Learned;

/// What a log comes to as load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// What kind of log it is, in words.
    pub kind: &'static str,
    /// Who sends: one entry per person or connection that can be told apart.
    pub users: Vec<User>,
    /// What is sent, each different request once.
    pub requests: Vec<Wanted>,
    /// What arrives, by time.
    pub arrivals: Vec<Arrives>,
    /// How the servers answered, by name.
    pub learned: BTreeMap<String, Learned>,
    /// How the servers of a log without servers' names answered.
    pub anonymous: Option<Learned>,
    /// Lines that are no requests, by reason.
    pub passed: Vec<Passed>,
    /// Lines in all.
    pub lines: u32,
    /// Requests that a server answered with an error; replayed ones are answered well.
    pub errors: u32,
    /// Whether lines have captured headers, whose names a log does not tell.
    pub nameless_headers: bool,
}

/// Somebody who sends requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// An address with a number, or the name of a thread.
    pub name: String,
    /// The address, if the log has it.
    pub source: Option<IpAddr>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// `GET`
    pub method: String,
    /// `/path?query`
    pub uri: String,
    /// The backend that got it, if the log has it.
    pub backend: Option<String>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrives {
    /// When, counted from the first one.
    pub at: Span,
    /// Whose: an index into [`Load::users`].
    pub user: u32,
    /// An index into [`Load::requests`].
    pub request: u32,
    /// Over a new connection.
    pub connects: bool,
    /// What its user knows.
    pub jar: Jar,
}

/// The cookies that a request brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jar {
    /// What the user was given before.
    Kept,
    /// None, whatever was given.
    Empty,
    /// The one that leads to this server: the user has it from before the log.
    LeadsTo(String),
    /// Also this one, as captured: `SERVERID=s1`.
    Holds(String),
}

/// Lines that are no requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Why, as a sentence without its end.
    pub why: &'static str,
    /// Whether that is as it should be: HAProxy's own messages are no load.
    pub harmless: bool,
    /// Their numbers from 1, neighbours together, both ends included.
    pub lines: Vec<(u32, u32)>,
    /// How many.
    pub count: u32,
}

/// One line, as its format tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry<'a> {
    /// Milliseconds since 1970, when the request arrived.
    at: i64,
    /// An address or a thread's name.
    source: Cow<'a, str>,
    port: Option<u16>,
    backend: Option<&'a str>,
    server: Option<&'a str>,
    method: Cow<'a, str>,
    uri: Cow<'a, str>,
    status: u16,
    /// Milliseconds from the arrival until the server had the request, and until it was
    /// done with it.
    served: Option<(u64, u64)>,
    /// Milliseconds until the client had everything.
    total: u64,
    brings: Brings,
    /// A captured cookie.
    cookie: Option<&'a str>,
    /// There are captured headers.
    headers: bool,
    /// The line says whether this connection is a new one.
    connects: Option<bool>,
}

/// Whether a request brought the proxy's cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Brings {
    /// The log does not say.
    #[default]
    Unsaid,
    /// It brought none.
    Nothing,
    /// It did, and went where the cookie says.
    Followed,
    /// It did, but went elsewhere.
    Ignored,
}

/// Why a line is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Why {
    text: &'static str,
    harmless: bool,
}

impl Why {
    const fn strange(text: &'static str) -> Self {
        Self {
            text,
            harmless: false,
        }
    }

    const fn harmless(text: &'static str) -> Self {
        Self {
            text,
            harmless: true,
        }
    }
}

/// A text while it is read.
#[derive(Default)]
struct Reading<'a> {
    entries: Vec<Entry<'a>>,
    passed: BTreeMap<Why, Passed>,
    lines: u32,
}

impl<'a> Reading<'a> {
    /// Keeps what is said at `line`, or why that is nothing.
    fn keep(&mut self, line: u32, found: Result<Entry<'a>, Why>) {
        let why = match found {
            Ok(entry) => return self.entries.push(entry),
            Err(why) => why,
        };
        let passed = self.passed.entry(why).or_insert_with(|| Passed {
            why: why.text,
            harmless: why.harmless,
            lines: Vec::new(),
            count: 0,
        });
        passed.count += 1;
        match passed.lines.last_mut() {
            Some((_, last)) if *last + 1 >= line => *last = line,
            _ => passed.lines.push((line, line)),
        }
    }
}

/// Reads a log. A text in which no line is a request gives a load without arrivals.
pub fn read(text: &str) -> Load {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reading = Reading::default();
    let kind = if jtl::is_xml(text) {
        jtl::read_xml(text, &mut reading);
        "results of JMeter (XML)"
    } else if let Some(table) = jtl::table(text) {
        jtl::read_csv(&table, text, &mut reading);
        "results of JMeter (CSV)"
    } else {
        haproxy::read(text, &mut reading)
    };
    load(kind, reading)
}

/// Milliseconds that can still be counted in nanoseconds, some centuries.
const LONGEST: u64 = 1 << 43;

/// Puts the requests in order and finds out who sent them.
fn load(kind: &'static str, mut reading: Reading<'_>) -> Load {
    // A log is written when requests end; the order of lines decides between equals.
    reading.entries.sort_by_key(|entry| entry.at);
    let entries = &reading.entries;
    let first = entries.first().map_or(0, |entry| entry.at);
    let mut known: BTreeMap<Wanted, u32> = BTreeMap::new();
    let mut requests = Vec::new();
    let mut crowd = users::Crowd::new(entries);
    let mut arrivals = Vec::with_capacity(entries.len());
    for entry in entries {
        let wanted = Wanted {
            method: entry.method.clone().into_owned(),
            uri: entry.uri.clone().into_owned(),
            backend: entry.backend.map(str::to_owned),
        };
        let request = *known.entry(wanted).or_insert_with_key(|wanted| {
            requests.push(wanted.clone());
            requests.len() as u32 - 1
        });
        let (user, connects, jar) = crowd.sender(entry);
        arrivals.push(Arrives {
            at: Span::from_millis(entry.at.abs_diff(first).min(LONGEST)),
            user,
            request,
            connects,
            jar,
        });
    }
    let by_server = entries.iter().any(|entry| entry.server.is_some());
    let is_error = |entry: &&Entry<'_>| entry.served.is_some() && entry.status >= 500;
    Load {
        kind,
        users: crowd.users,
        requests,
        arrivals,
        learned: learn::by_server(entries),
        anonymous: if by_server { None } else { learn::all(entries) },
        errors: entries.iter().filter(is_error).count() as u32,
        nameless_headers: entries.iter().any(|entry| entry.headers),
        passed: reading.passed.into_values().collect(),
        lines: reading.lines,
    }
}

impl Passed {
    /// Its lines as people write them: `3, 7 to 12, 40`; only the first few.
    pub fn told(&self) -> String {
        const SHOWN: usize = 8;
        let mut parts: Vec<String> = (self.lines.iter().take(SHOWN))
            .map(|&(first, last)| match last - first {
                0 => first.to_string(),
                1 => format!("{first}, {last}"),
                _ => format!("{first} to {last}"),
            })
            .collect();
        if self.lines.len() > SHOWN {
            parts.push("...".to_owned());
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests;
