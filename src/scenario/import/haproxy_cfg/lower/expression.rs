//! From sample expressions as written to those that the core evaluates.

use std::net::IpAddr;
use std::sync::Arc;

use balance::BackendId;
use balance::action::{Format, Part};
use balance::config::{Fetch, HashFunction};
use balance::converter::{Converter, Operation};
use balance::counter::TableId;
use balance::expression::{Expression, Origin};
use balance::pattern::Regex;

use super::super::format;
use super::super::lists::{Lists, is_map};
use super::super::sample::{Call, Sample};
use super::super::value::lenient;
use super::counter;
use super::list::map;

/// What names mean in the section at hand.
pub(super) struct Scope<'a> {
    /// The backend that is meant where none is named.
    pub(super) own: Option<BackendId>,
    /// The backend of that name.
    pub(super) find: &'a dyn Fn(&str) -> Option<BackendId>,
    /// The table of the section of that name, or of the section itself where it is empty.
    pub(super) tables: &'a dyn Fn(&str) -> Option<TableId>,
    /// The files of patterns and maps.
    pub(super) lists: &'a Lists<'a>,
    /// The section speaks HTTP.
    pub(super) http: bool,
}

impl Scope<'_> {
    /// The text of the file called `name`.
    ///
    /// # Errors
    /// It is not there, which is complained about elsewhere, or is not read.
    pub(super) fn list(&self, name: &str) -> Result<Arc<str>, String> {
        let unread = || Err(format!("the file `{name}` is not read"));
        self.lists.text(name).unwrap_or_else(unread)
    }

    /// The table of the section called `name`; empty: of the section itself.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn table(&self, name: &str) -> Result<TableId, String> {
        (self.tables)(name).ok_or_else(|| match name {
            "" => "the section has no stick table".to_owned(),
            name => format!("`{name}` has no stick table"),
        })
    }
}

/// The expression that `written` means.
///
/// # Errors
/// Why it has no value in the simulation.
pub(super) fn expression(written: &Sample, scope: &Scope<'_>) -> Result<Expression, String> {
    let (fetch, converters) = written
        .calls
        .split_first()
        .ok_or_else(|| "it is empty".to_owned())?;
    let numbers = [
        "hdr_val",
        "req.hdr_val",
        "cook_val",
        "req.cook_val",
        "urlp_val",
    ];
    let mut expression = Expression::plain(origin(fetch, scope)?);
    if numbers.contains(&fetch.name.as_str()) {
        expression.converters.push(Converter::Number);
    }
    for call in converters {
        if let Some(counted) = counter::converter(call, &expression, scope) {
            expression = counted?;
        } else if is_map(&call.name) {
            expression
                .converters
                .push(Converter::Map(map(call, scope)?));
        } else {
            expression.converters.push(converter(call)?);
        }
    }
    Ok(expression)
}

/// The format that `text` means.
///
/// # Errors
/// Why a part of it has no value in the simulation.
pub(super) fn format(text: &str, scope: &Scope<'_>) -> Result<Format, String> {
    let parts = format::format(text).map_err(|error| error.message)?;
    let parts = parts.into_iter().map(|part| match part {
        format::Part::Text(text) => Ok(Part::Text(text)),
        format::Part::Sample(written) => Ok(Part::Sample(expression(&written, scope)?)),
        format::Part::Variable(name) => {
            let fetch = match name.as_str() {
                "ci" => Fetch::Src,
                "HM" => Fetch::Method,
                "HP" | "HPO" => Fetch::Path,
                "HU" => Fetch::PathQ,
                _ => return Err(format!("`%{name}` is not known of simulated requests")),
            };
            Ok(Part::Sample(Expression::plain(Origin::Fact(fetch))))
        }
    });
    Ok(Format(parts.collect::<Result<_, _>>()?))
}

fn origin(call: &Call, scope: &Scope<'_>) -> Result<Origin, String> {
    let first = call.arguments.first().map(String::as_str);
    let http = |origin: Origin| {
        if scope.http {
            Ok(origin)
        } else {
            Err(format!("`{}` sees nothing in mode tcp", call.name))
        }
    };
    if let Some(fetch) = request_fetch(call, first)? {
        return http(fetch);
    }
    Ok(match call.name.as_str() {
        "src" | "fc_src" => Origin::Fact(Fetch::Src),
        "str" => Origin::Fact(Fetch::Str(first.unwrap_or_default().to_owned())),
        "always_true" | "wait_end" => Origin::Bool(true),
        "req.proto_http" | "req_proto_http" => Origin::Bool(scope.http),
        "always_false" | "stopping" | "fc_rcvd_proxy" | "ssl_fc_has_crt" | "ssl_c_used" => {
            Origin::Bool(false)
        }
        "bool" => Origin::Bool(first.is_some_and(|b| b == "1" || b.eq_ignore_ascii_case("true"))),
        "int" => Origin::Int(lenient(first.unwrap_or_default()).0),
        "ipv4" | "ipv6" => Origin::Address(address(first)?),
        "rand" => Origin::Rand(match first {
            Some(number) => lenient(number).0.clamp(0, i64::from(u32::MAX)) as u32,
            None => u32::MAX,
        }),
        "dst_port" | "fc_dst_port" => Origin::Port,
        "ssl_fc" => Origin::Secure,
        "fe_name" => Origin::FrontendName,
        "be_name" => Origin::BackendName,
        "var" => match first {
            Some(name) if name.starts_with("txn.") || name.starts_with("req.") => {
                Origin::Variable(name.to_owned())
            }
            _ => return Err("variables are only kept for the request that sets them".to_owned()),
        },
        _ => return counted(call, first, scope),
    })
}

/// What the balancer knows of backends and servers.
fn counted(call: &Call, first: Option<&str>, scope: &Scope<'_>) -> Result<Origin, String> {
    let backend = || {
        let name = first.filter(|name| !name.is_empty());
        let found = name.map_or(scope.own, |name| (scope.find)(name));
        found.ok_or_else(|| format!("`{}` counts in a section without servers", call.name))
    };
    let server = || {
        let (owner, name) = first.unwrap_or_default().split_once('/').unzip();
        let owner = owner.map_or(scope.own, |owner| (scope.find)(owner));
        let name = name.or(first).unwrap_or_default().to_owned();
        let owner = owner.ok_or_else(|| format!("`{}` needs a server", call.name));
        owner.map(|owner| (owner, name))
    };
    match call.name.as_str() {
        "nbsrv" => backend().map(Origin::Usable),
        "be_conn" => backend().map(Origin::Connections),
        "queue" => backend().map(Origin::Queued),
        "avg_queue" => backend().map(Origin::QueuedEach),
        "srv_is_up" => server().map(|(id, name)| Origin::IsUp(id, name)),
        "srv_conn" => server().map(|(id, name)| Origin::ServerConnections(id, name)),
        "srv_queue" => server().map(|(id, name)| Origin::ServerQueue(id, name)),
        name => counter::fetch(call, scope)
            .unwrap_or_else(|| Err(format!("`{name}` is not known of simulated requests"))),
    }
}

/// What a request says itself.
fn request_fetch(call: &Call, first: Option<&str>) -> Result<Option<Origin>, String> {
    let fact = |fetch| Ok(Some(Origin::Fact(fetch)));
    let second = call.arguments.get(1).map(String::as_str);
    let named = |what: &str| {
        let name = first.filter(|name| !name.is_empty());
        name.ok_or_else(|| {
            format!(
                "`{}` without the name of a {what} is not modelled",
                call.name
            )
        })
    };
    match call.name.as_str() {
        "path" => fact(Fetch::Path),
        "pathq" => fact(Fetch::PathQ),
        "url" => fact(Fetch::Url),
        "query" => fact(Fetch::Query),
        "method" => fact(Fetch::Method),
        "base" => Ok(Some(Origin::Base)),
        "req.ver" | "req_ver" => fact(Fetch::Str("1.1".to_owned())),
        "req.hdr" | "hdr" | "req.hdr_val" | "hdr_val" | "req.hdr_ip" | "hdr_ip" => {
            let name = named("header")?.to_ascii_lowercase();
            match second.map(|place| lenient(place).0) {
                None | Some(0) => fact(Fetch::Header(name)),
                Some(place) => Ok(Some(Origin::HeaderAt(name, place.clamp(-64, 64) as i32))),
            }
        }
        "req.fhdr" => {
            let name = named("header")?.to_ascii_lowercase();
            Ok(Some(match second.map(|place| lenient(place).0) {
                None | Some(0) => Origin::HeaderLine(name),
                Some(place) => Origin::LineAt(name, place.clamp(-64, 64) as i32),
            }))
        }
        "req.hdr_cnt" | "hdr_cnt" => Ok(Some(Origin::HeaderCount(
            named("header")?.to_ascii_lowercase(),
        ))),
        "req.cook" | "cook" | "cookie" | "req.cook_val" | "cook_val" => {
            fact(Fetch::Cookie(named("cookie")?.to_owned()))
        }
        "req.cook_cnt" | "cook_cnt" => Ok(Some(Origin::CookieCount(named("cookie")?.to_owned()))),
        "url_param" | "urlp" | "urlp_val" => {
            if second.is_some() {
                return Err(format!("`{}` with a separator is not modelled", call.name));
            }
            fact(Fetch::UrlParam(named("parameter")?.to_owned()))
        }
        _ => Ok(None),
    }
}

fn address(text: Option<&str>) -> Result<IpAddr, String> {
    let text = text.unwrap_or_default();
    text.parse()
        .map_err(|_| format!("`{text}` is no address that is known"))
}

fn converter(call: &Call) -> Result<Converter, String> {
    let argument = |index: usize| call.arguments.get(index).map_or("", String::as_str);
    let separators = || argument(1).chars().collect();
    let place = || lenient(argument(0)).0.clamp(-1000, 1000) as i32;
    let hash = |function| Ok(Converter::Hash(function, lenient(argument(0)).0 != 0));
    let once = call.arguments.len() < 3;
    match call.name.as_str() {
        "lower" => Ok(Converter::Lower),
        "upper" => Ok(Converter::Upper),
        "length" => Ok(Converter::Length),
        "field" if once => Ok(Converter::Field(place(), separators())),
        "word" if once => Ok(Converter::Word(place(), separators())),
        "regsub" => {
            let flags = argument(2);
            Ok(Converter::Replace {
                regex: regex(argument(0), flags.contains('i'))?,
                template: argument(1).to_owned(),
                all: flags.contains('g'),
            })
        }
        "ltrim" => Ok(Converter::TrimLeft(argument(0).chars().collect())),
        "rtrim" => Ok(Converter::TrimRight(argument(0).chars().collect())),
        "host_only" => Ok(Converter::HostOnly),
        "port_only" => Ok(Converter::PortOnly),
        "iif" => Ok(Converter::Either(
            argument(0).to_owned(),
            argument(1).to_owned(),
        )),
        "bool" => Ok(Converter::Bool),
        "not" => Ok(Converter::Not),
        "odd" => Ok(Converter::Odd),
        "even" => Ok(Converter::Even),
        "neg" => Ok(Converter::Negate),
        "cpl" => Ok(Converter::Complement),
        "ipmask" => {
            let bits = |text: &str, most: u8| match text {
                "" => Ok(most),
                text => (text.parse().ok())
                    .filter(|&bits| bits <= most)
                    .ok_or_else(|| format!("the mask `{text}` is not modelled")),
            };
            Ok(Converter::Mask(
                bits(argument(0), 32)?,
                bits(argument(1), 128)?,
            ))
        }
        "djb2" => hash(HashFunction::Djb2),
        "sdbm" => hash(HashFunction::Sdbm),
        "wt6" => hash(HashFunction::Wt6),
        "crc32" => hash(HashFunction::Crc32),
        _ => arithmetic(call),
    }
}

/// The converters that count.
fn arithmetic(call: &Call) -> Result<Converter, String> {
    let operation = match call.name.as_str() {
        "add" => Operation::Add,
        "sub" => Operation::Sub,
        "mul" => Operation::Mul,
        "div" => Operation::Div,
        "mod" => Operation::Mod,
        "and" => Operation::And,
        "or" => Operation::Or,
        "xor" => Operation::Xor,
        name => return Err(format!("the converter `{name}` is not modelled")),
    };
    let text = call.arguments.first().map_or("", String::as_str);
    let number = text.parse().map_err(|_| {
        let name = &call.name;
        format!("`{name}({text})` reads a variable, which is not modelled")
    })?;
    Ok(Converter::Arithmetic(operation, number))
}

/// A regular expression, as far as the core understands them.
pub(super) fn regex(text: &str, fold: bool) -> Result<Regex, String> {
    Regex::new(text, fold)
        .map_err(|_| format!("the regular expression `{text}` uses what is not understood here"))
}
