//! Sample expressions: what a rule reads, from the request and from the balancer, and what
//! converters make of it (manual: "Fetching samples").

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::config::Fetch;
use crate::converter::Converter;
use crate::counter::{Asked, Question};
use crate::fetch::{each_cookie, each_param, elements, path_and_query};
use crate::ids::BackendId;
use crate::request::Request;
use crate::scene::Scene;

/// A fetch and the converters that follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Where the value comes from.
    pub origin: Origin,
    /// What is made of it, in order.
    pub converters: Vec<Converter>,
}

/// Where the value of an expression comes from. Servers are named, because they may come
/// and go at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Something that hashes and stick tables can read too. Where a request has several of
    /// them, a condition looks at all.
    Fact(Fetch),
    /// `req.hdr(NAME,N)`: the N-th value, counted from the end if negative.
    HeaderAt(String, i32),
    /// `req.fhdr(NAME)`: whole lines, commas included.
    HeaderLine(String),
    /// `req.fhdr(NAME,N)`: the N-th of those lines.
    LineAt(String, i32),
    /// `req.hdr_cnt(NAME)`
    HeaderCount(String),
    /// `req.cook_cnt(NAME)`
    CookieCount(String),
    /// `base`: the host and the path.
    Base,
    /// `bool(B)`, `always_true`, `always_false`, and what is always so for simulated
    /// requests.
    Bool(bool),
    /// `int(N)`
    Int(i64),
    /// `ipv4(A)`, `ipv6(A)`
    Address(IpAddr),
    /// `rand(N)`: a number below N.
    Rand(u32),
    /// `dst_port`: the port of the `bind` line that the client came through.
    Port,
    /// `ssl_fc`: whether that line says `ssl`.
    Secure,
    /// `fe_name`
    FrontendName,
    /// `be_name`
    BackendName,
    /// `nbsrv(BACKEND)`
    Usable(BackendId),
    /// `be_conn(BACKEND)`
    Connections(BackendId),
    /// `queue(BACKEND)`: those waiting in the backend and on its servers.
    Queued(BackendId),
    /// `avg_queue(BACKEND)`: the same per usable server, rounded up.
    QueuedEach(BackendId),
    /// `srv_is_up(BACKEND/SERVER)`
    IsUp(BackendId, String),
    /// `srv_conn(BACKEND/SERVER)`
    ServerConnections(BackendId, String),
    /// `srv_queue(BACKEND/SERVER)`
    ServerQueue(BackendId, String),
    /// `var(NAME)`
    Variable(String),
    /// `sc_http_req_rate(N)`, `src_get_gpc0(TABLE)`, `table_conn_cur(TABLE)`, ...
    Counter(Asked, Question),
}

/// A sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Bool(bool),
    Int(i64),
    Text(Cow<'a, str>),
    Address(IpAddr),
}

impl Value<'_> {
    /// As text, the way formats write it.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(value) => Cow::Borrowed(if *value { "1" } else { "0" }),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Address(ip) => Cow::Owned(ip.to_string()),
        }
    }

    /// The same, independent of where it came from.
    pub(crate) fn kept(self) -> Value<'static> {
        match self {
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Address(ip) => Value::Address(ip),
        }
    }

    /// As a number: the digits that a text begins with.
    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Self::Bool(value) => Some(i64::from(*value)),
            Self::Int(value) => Some(*value),
            Self::Text(text) => leading_number(text),
            Self::Address(IpAddr::V4(ip)) => Some(i64::from(ip.to_bits())),
            Self::Address(IpAddr::V6(_)) => None,
        }
    }

    /// As true or false.
    pub(crate) fn truth(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            _ => self.number().is_some_and(|number| number != 0),
        }
    }

    /// As an address.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(ip) => Some(*ip),
            Self::Text(text) => text.parse().ok(),
            Self::Bool(_) | Self::Int(_) => None,
        }
    }
}

/// The number that `text` begins with; none if it begins with none.
fn leading_number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number = digits[..end].parse::<i64>().ok()?;
    Some(if negative { -number } else { number })
}

impl Expression {
    /// This origin, as it is.
    pub fn plain(origin: Origin) -> Self {
        Self {
            origin,
            converters: Vec::new(),
        }
    }

    /// Its value; none where the request lacks it.
    pub(crate) fn value<'a>(&'a self, scene: &Scene<'a>) -> Option<Value<'a>> {
        let value = match &self.origin {
            Origin::Fact(Fetch::Src) => Value::Address(scene.request.source),
            Origin::Fact(fact) => Value::Text(fact.text(&scene.request)?),
            Origin::HeaderLine(name) => {
                let line = scene.request.values(name).last()?;
                Value::Text(Cow::Borrowed(line))
            }
            _ => self.single(scene)?,
        };
        self.convert(value)
    }

    /// Whether one of its values fits. Conditions look at all the values that a header, a
    /// cookie or a parameter has.
    pub(crate) fn any<'a>(
        &'a self,
        scene: &Scene<'a>,
        mut fits: impl FnMut(&Value<'a>) -> bool,
    ) -> bool {
        let request = &scene.request;
        let try_text = |text: &'a str| {
            self.convert(Value::Text(Cow::Borrowed(text)))
                .is_some_and(|value| fits(&value))
        };
        match &self.origin {
            Origin::Fact(Fetch::Header(name)) => {
                request.values(name).flat_map(elements).any(try_text)
            }
            Origin::HeaderLine(name) => request.values(name).any(try_text),
            Origin::Fact(Fetch::Cookie(name)) => each_cookie(request, name).any(try_text),
            Origin::Fact(Fetch::UrlParam(name)) => each_param(request.uri, name).any(try_text),
            _ => self.value(scene).is_some_and(|value| fits(&value)),
        }
    }

    fn convert<'a>(&'a self, value: Value<'a>) -> Option<Value<'a>> {
        self.converters
            .iter()
            .try_fold(value, |value, converter| converter.apply(&value))
    }

    /// The value of what is there once.
    fn single<'a>(&'a self, scene: &Scene<'a>) -> Option<Value<'a>> {
        let request = &scene.request;
        let count = |number: usize| Some(Value::Int(number as i64));
        match &self.origin {
            Origin::HeaderAt(name, place) => {
                counted(request.values(name).flat_map(elements), *place)
            }
            Origin::LineAt(name, place) => counted(request.values(name), *place),
            Origin::HeaderCount(name) => count(request.values(name).flat_map(elements).count()),
            Origin::CookieCount(name) => count(each_cookie(request, name).count()),
            Origin::Base => base(request).map(|text| Value::Text(Cow::Owned(text))),
            Origin::Bool(value) => Some(Value::Bool(*value)),
            Origin::Int(number) => Some(Value::Int(*number)),
            Origin::Address(ip) => Some(Value::Address(*ip)),
            Origin::Variable(name) => scene.variables.get(name).cloned(),
            Origin::Fact(_) | Origin::HeaderLine(_) => None,
            rest => scene.state(rest),
        }
    }
}

/// The value numbered `place` from 1, or from the end if that is negative.
fn counted<'a>(mut values: impl Iterator<Item = &'a str>, place: i32) -> Option<Value<'a>> {
    let back = place.unsigned_abs() as usize;
    let value = if place > 0 {
        values.nth(back - 1)
    } else {
        let all: Vec<&str> = values.collect();
        all.len().checked_sub(back.max(1)).map(|at| all[at])
    };
    value.map(|text| Value::Text(Cow::Borrowed(text)))
}

/// `base`: the first `Host` and the path.
fn base(request: &Request<'_>) -> Option<String> {
    let path = path_and_query(request.uri)?;
    let path = path.split('?').next().unwrap_or(path);
    let host = request.values("host").next().unwrap_or_default();
    Some(alloc::format!("{host}{path}"))
}
