//! The text form of a recording: one JSON object a line, every word of the format named
//! here and nowhere else.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::Skip;

/// Line 1: who was recorded, and how it was set up.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// HAProxy's version, such as `2.6.12`.
    pub haproxy: String,
    /// The program's name.
    pub name: String,
    /// Whether the picks repeat; otherwise only their distribution means something.
    pub exact: bool,
    /// The backend `be`.
    pub backend: HeadBackend,
}

/// The backend in HAProxy's own words; what is absent has HAProxy's default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HeadBackend {
    /// The arguments of `balance`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<String>,
    /// The arguments of `hash-type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_type: Option<String>,
    /// The argument of `hash-balance-factor`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_or_number"
    )]
    pub hash_balance_factor: Option<u32>,
    /// The arguments of `cookie`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// `option` lines, without that word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// `fullconn`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fullconn: Option<u32>,
    /// `retries`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// `timeout connect` in milliseconds; given where origins may refuse connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<u32>,
    /// The servers in configuration order.
    pub servers: Vec<HeadServer>,
}

/// One `server` line.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HeadServer {
    /// Its name.
    pub name: String,
    /// `id`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// `weight`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// `maxconn`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxconn: Option<u32>,
    /// `minconn`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minconn: Option<u32>,
    /// `maxqueue`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxqueue: Option<u32>,
    /// `cookie`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// `backup`: 1
    #[serde(default, skip_serializing_if = "is_off", deserialize_with = "flag")]
    pub backup: u8,
    /// `disabled`: 1
    #[serde(default, skip_serializing_if = "is_off", deserialize_with = "flag")]
    pub disabled: u8,
}

/// Who got a request in the end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum To {
    /// The origin of this server.
    Server(String),
    /// No origin: HAProxy answered by itself. Written `null`.
    Nobody,
}

impl To {
    /// The server, if one got it.
    pub fn server(&self) -> Option<&str> {
        match self {
            Self::Server(name) => Some(name),
            Self::Nobody => None,
        }
    }
}

/// How far a request came, as client, origin and log saw it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Who got it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub to: Option<To>,
    /// The status the client got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The server last tried, where no origin got the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Every `Set-Cookie` the client got, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_cookie: Vec<String>,
    /// The `cookie` header that the origin got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie_seen: Option<String>,
    /// The termination state of the log, four characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<String>,
    /// The retry count of the log, `+` before it if the request was redispatched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<String>,
    /// The counts of the log: requests in the backend and on the server without this one,
    /// and its places in the server's and the backend's queue, as `3/1 0/2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crowd: Option<String>,
}

/// The value of one header, or its values in order.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }

    pub(super) fn push(&mut self, value: String) {
        match self {
            Self::One(first) => *self = Self::Many(vec![std::mem::take(first), value]),
            Self::Many(values) => values.push(value),
        }
    }
}

/// Headers in the order written, a name once.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub(super) struct Headers(pub(super) Vec<(String, OneOrMany)>);

impl TryFrom<Map<String, Value>> for Headers {
    type Error = String;

    fn try_from(words: Map<String, Value>) -> Result<Self, String> {
        words
            .into_iter()
            .map(|(name, value)| {
                let values = serde_json::from_value(value)
                    .map_err(|_| format!("header `{name}` needs a text or a list of texts"))?;
                Ok((name, values))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl From<Headers> for Map<String, Value> {
    fn from(headers: Headers) -> Self {
        headers
            .0
            .into_iter()
            .map(|(name, values)| {
                let values = match values {
                    OneOrMany::One(value) => Value::from(value),
                    OneOrMany::Many(values) => Value::from(values),
                };
                (name, values)
            })
            .collect()
    }
}

/// A request that ended as a consequence of another's operation.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Map<String, Value>")]
pub(super) struct Ended {
    id: u32,
    #[serde(flatten)]
    outcome: Outcome,
}

impl TryFrom<Map<String, Value>> for Ended {
    type Error = String;

    fn try_from(mut words: Map<String, Value>) -> Result<Self, String> {
        let id = words.shift_remove("id").and_then(|id| id.as_u64());
        let id = id
            .and_then(|id| u32::try_from(id).ok())
            .ok_or("an ended request needs its `id`")?;
        let outcome = serde_json::from_value(Value::Object(words)).map_err(|e| e.to_string())?;
        Ok(Self { id, outcome })
    }
}

impl Ended {
    pub(super) fn split(self) -> (u32, Outcome) {
        (self.id, self.outcome)
    }

    pub(super) fn join((id, outcome): (u32, Outcome)) -> Self {
        Self { id, outcome }
    }
}

/// The values of `op`.
pub(super) const OPERATIONS: [&str; 5] = ["req", "end", "abort", "admin", "origin"];

/// Any line but the first. Which words go together is said by [`Line::misplaced`].
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub(super) op: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u32>,
    #[serde(default, skip_serializing_if = "is_off", deserialize_with = "flag")]
    pub(super) hold: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) src: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hdr: Option<Headers>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cookie: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) app_cookie: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cmd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) srv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) up: Option<bool>,

    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub(super) to: Option<To>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) set_cookie: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cookie_seen: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) flags: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retries: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crowd: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) queued: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) skip: Option<Skip>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<Vec<Map<String, Value>>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) dispatched: Vec<(u32, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) finished: Vec<Ended>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) queues: Option<BTreeMap<String, u32>>,
}

impl Line {
    /// The first word that has no meaning for this line's operation.
    pub(super) fn misplaced(&self) -> Option<&'static str> {
        let is = |op: &str| self.op == op;
        let request = is("req");
        let exchange = request || is("end") || is("abort");
        let words = [
            ("id", self.id.is_some(), exchange),
            ("hold", self.hold != 0, request),
            ("src", self.src.is_some(), request),
            ("method", self.method.is_some(), request),
            ("uri", self.uri.is_some(), request),
            ("hdr", self.hdr.is_some(), request),
            ("cookie", self.cookie.is_some(), request),
            ("app_cookie", self.app_cookie.is_some(), request),
            ("cmd", self.cmd.is_some(), is("admin")),
            ("srv", self.srv.is_some(), is("origin")),
            ("up", self.up.is_some(), is("origin")),
            ("to", self.to.is_some(), exchange),
            ("status", self.status.is_some(), exchange),
            ("last", self.last.is_some(), exchange),
            ("set_cookie", !self.set_cookie.is_empty(), exchange),
            ("cookie_seen", self.cookie_seen.is_some(), exchange),
            ("flags", self.flags.is_some(), exchange),
            ("retries", self.retries.is_some(), exchange),
            ("crowd", self.crowd.is_some(), exchange),
            ("queued", self.queued, request),
            ("skip", self.skip.is_some(), exchange && !request),
            ("reply", self.reply.is_some(), is("admin")),
            ("rows", self.rows.is_some(), is("admin")),
        ];
        let wrong = words.iter().find(|(_, given, fits)| *given && !fits);
        wrong.map(|(word, ..)| *word)
    }

    /// What the line says of its own request.
    pub(super) fn take_outcome(&mut self) -> Outcome {
        Outcome {
            to: self.to.take(),
            status: self.status.take(),
            last: self.last.take(),
            set_cookie: std::mem::take(&mut self.set_cookie),
            cookie_seen: self.cookie_seen.take(),
            flags: self.flags.take(),
            retries: self.retries.take(),
            crowd: self.crowd.take(),
        }
    }

    /// The line with `outcome` said of its own request.
    pub(super) fn with_outcome(self, outcome: Outcome) -> Self {
        Self {
            to: outcome.to,
            status: outcome.status,
            last: outcome.last,
            set_cookie: outcome.set_cookie,
            cookie_seen: outcome.cookie_seen,
            flags: outcome.flags,
            retries: outcome.retries,
            crowd: outcome.crowd,
            ..self
        }
    }
}

/// Keeps an explicit `null` apart from an absent word.
fn present<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(input).map(Some)
}

/// 0, 1, `false` or `true`.
fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<u8, D::Error> {
    match Value::deserialize(input)? {
        Value::Bool(on) => Ok(u8::from(on)),
        Value::Number(number) if number.as_u64().is_some_and(|n| n <= 1) => {
            Ok(u8::from(number.as_u64() == Some(1)))
        }
        other => Err(serde::de::Error::custom(format!("{other} is not 0 or 1"))),
    }
}

/// A number, also where it is written as the text of a configuration file.
fn text_or_number<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    let value = Value::deserialize(input)?;
    let number = match &value {
        Value::Number(number) => number.as_u64().and_then(|n| u32::try_from(n).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom(format!("{value} is not a number")))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn is_off(flag: &u8) -> bool {
    *flag == 0
}
