//! Settings of the core, back in HAProxy's words.

use balance::config::{
    Backend, Balance, CheckKind, Cookie, CookieMode, Fetch, HashFunction, HashKey, InitState,
    Observe, OnError, RetryOn, Stick, StickRule, StickType,
};
use balance::counter::Counting;

/// The arguments of `balance`.
pub(super) fn balance(balance: &Balance) -> String {
    match balance {
        Balance::RoundRobin => "roundrobin".to_owned(),
        Balance::StaticRr => "static-rr".to_owned(),
        Balance::LeastConn => "leastconn".to_owned(),
        Balance::First => "first".to_owned(),
        Balance::Random(draws) => format!("random({draws})"),
        Balance::Hash(key) => hash_key(key),
    }
}

fn hash_key(key: &HashKey) -> String {
    match key {
        HashKey::Source => "source".to_owned(),
        HashKey::Uri {
            len,
            depth,
            whole,
            path_only,
        } => {
            let mut words = vec!["uri".to_owned()];
            words.extend((*len > 0).then(|| format!("len {len}")));
            words.extend((*depth > 0).then(|| format!("depth {depth}")));
            words.extend(whole.then(|| "whole".to_owned()));
            words.extend(path_only.then(|| "path-only".to_owned()));
            words.join(" ")
        }
        HashKey::UrlParam { name, check_post } => {
            flagged(&format!("url_param {name}"), *check_post, "check_post")
        }
        HashKey::Header {
            name,
            use_domain_only,
        } => flagged(&format!("hdr({name})"), *use_domain_only, "use_domain_only"),
        HashKey::RdpCookie(name) => format!("rdp-cookie({name})"),
        HashKey::Expression(expression) => format!("hash {}", fetch(expression)),
    }
}

fn flagged(words: &str, flag: bool, word: &str) -> String {
    if flag {
        format!("{words} {word}")
    } else {
        words.to_owned()
    }
}

fn fetch(fetch: &Fetch) -> String {
    match fetch {
        Fetch::Src => "src".to_owned(),
        Fetch::Path => "path".to_owned(),
        Fetch::PathQ => "pathq".to_owned(),
        Fetch::Url => "url".to_owned(),
        Fetch::Query => "query".to_owned(),
        Fetch::Method => "method".to_owned(),
        Fetch::Header(name) => format!("req.hdr({name})"),
        Fetch::Cookie(name) => format!("req.cook({name})"),
        Fetch::UrlParam(name) => format!("url_param({name})"),
        Fetch::Str(text) => format!("str({text})"),
    }
}

/// The arguments of `hash-type`, if they are not the usual ones.
pub(super) fn hash_type(backend: &Backend) -> Option<String> {
    let hash = backend.hash;
    if hash == balance::config::HashType::default() {
        return None;
    }
    let method = if hash.consistent {
        "consistent"
    } else {
        "map-based"
    };
    let function = match hash.function {
        HashFunction::Sdbm => "sdbm",
        HashFunction::Djb2 => "djb2",
        HashFunction::Wt6 => "wt6",
        HashFunction::Crc32 => "crc32",
        HashFunction::None => "none",
    };
    Some(flagged(
        &format!("{method} {function}"),
        hash.avalanche,
        "avalanche",
    ))
}

/// The arguments of `cookie`.
pub(super) fn cookie(cookie: &Cookie) -> String {
    let mut words = vec![cookie.name.clone()];
    let mode = match cookie.mode {
        CookieMode::Passive => "",
        CookieMode::Insert => "insert",
        CookieMode::Rewrite => "rewrite",
        CookieMode::Prefix => "prefix",
    };
    for (word, said) in [
        (mode, !mode.is_empty()),
        ("indirect", cookie.indirect),
        ("nocache", cookie.nocache),
        ("postonly", cookie.postonly),
        ("preserve", cookie.preserve),
        ("httponly", cookie.httponly),
        ("secure", cookie.secure),
        ("dynamic", cookie.dynamic_key.is_some()),
    ] {
        words.extend(said.then(|| word.to_owned()));
    }
    words.extend(
        cookie
            .domains
            .iter()
            .map(|domain| format!("domain {domain}")),
    );
    words.extend(cookie.maxidle.map(|span| format!("maxidle {span}")));
    words.extend(cookie.maxlife.map(|span| format!("maxlife {span}")));
    words.extend(cookie.attrs.iter().map(|attr| format!("attr {attr}")));
    words.join(" ")
}

/// The `option` lines.
pub(super) fn options(backend: &Backend) -> Vec<String> {
    let mut lines = Vec::new();
    if let CheckKind::Http { method, uri, .. } = &backend.check {
        lines.push(format!("httpchk {method} {uri}"));
    }
    match backend.redispatch {
        None => {}
        Some(-1) => lines.push("redispatch".to_owned()),
        Some(interval) => lines.push(format!("redispatch {interval}")),
    }
    for (word, said) in [
        ("persist", backend.persist),
        ("allbackups", backend.allbackups),
        ("abortonclose", backend.abortonclose),
    ] {
        lines.extend(said.then(|| word.to_owned()));
    }
    lines
}

/// The `http-check` lines, if there are any.
pub(super) fn http_checks(backend: &Backend) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    if let CheckKind::Http { expect, negate, .. } = &backend.check
        && !expect.is_empty()
    {
        let not = if *negate { "! " } else { "" };
        let ranges: Vec<String> = expect.iter().copied().map(status_range).collect();
        lines.push(format!("expect {not}status {}", ranges.join(",")));
    }
    lines.extend(backend.disable_on_404.then(|| "disable-on-404".to_owned()));
    (!lines.is_empty()).then_some(lines)
}

fn status_range((low, high): (u16, u16)) -> String {
    if low == high {
        low.to_string()
    } else {
        format!("{low}-{high}")
    }
}

/// The arguments of `retry-on`.
pub(super) fn retry_on(on: &RetryOn) -> String {
    let mut words = Vec::new();
    for (word, said) in [
        ("conn-failure", on.conn_failure),
        ("empty-response", on.empty_response),
        ("junk-response", on.junk_response),
        ("response-timeout", on.response_timeout),
    ] {
        words.extend(said.then(|| word.to_owned()));
    }
    words.extend(on.statuses.iter().map(u16::to_string));
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(" ")
    }
}

/// The arguments of `stick-table`.
pub(super) fn stick_table(stick: &Stick) -> String {
    let kind = match stick.kind {
        StickType::Ip => "type ip".to_owned(),
        StickType::Ipv6 => "type ipv6".to_owned(),
        StickType::Integer => "type integer".to_owned(),
        StickType::String if stick.len > 0 => format!("type string len {}", stick.len),
        StickType::String => "type string".to_owned(),
    };
    let mut words = format!("{kind} size {}", stick.size);
    if let Some(expire) = stick.expire {
        words = format!("{words} expire {expire}");
    }
    flagged(&words, stick.nopurge, "nopurge")
}

/// The arguments of `stick-table` for a table that counts.
pub(super) fn counting(counting: &Counting) -> String {
    let table = stick_table(&counting.table);
    let stored = counting.stored.iter().map(|(datum, period)| {
        if datum.is_rate() {
            format!("{}({period})", datum.name())
        } else {
            datum.name().to_owned()
        }
    });
    let stored: Vec<String> = stored.collect();
    match stored.as_slice() {
        [] => table,
        stored => format!("{table} store {}", stored.join(",")),
    }
}

/// The arguments of `stick`.
pub(super) fn stick_rule(rule: &StickRule) -> String {
    match rule {
        StickRule::On(key) => format!("on {}", fetch(key)),
        StickRule::Match(key) => format!("match {}", fetch(key)),
        StickRule::StoreRequest(key) => format!("store-request {}", fetch(key)),
        StickRule::StoreResponse(name) => format!("store-response res.cook({name})"),
    }
}

pub(super) fn observe(observe: Observe) -> Option<String> {
    let word = match observe {
        Observe::None => return None,
        Observe::Layer4 => "layer4",
        Observe::Layer7 => "layer7",
    };
    Some(word.to_owned())
}

pub(super) fn on_error(reaction: OnError) -> Option<String> {
    let word = match reaction {
        OnError::FailCheck => return None,
        OnError::Fastinter => "fastinter",
        OnError::SuddenDeath => "sudden-death",
        OnError::MarkDown => "mark-down",
    };
    Some(word.to_owned())
}

pub(super) fn init_state(state: InitState) -> Option<String> {
    let word = match state {
        InitState::None => return None,
        InitState::FullyUp => "fully-up",
        InitState::Up => "up",
        InitState::Down => "down",
        InitState::FullyDown => "fully-down",
    };
    Some(word.to_owned())
}
