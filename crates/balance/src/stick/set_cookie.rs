//! What the client is told by an answer: the `Set-Cookie` headers after removal, rewriting
//! and insertion (spec: cookies, 4).

use alloc::string::String;
use alloc::vec::Vec;

use super::cacheable::is_cacheable;
use super::cookie::{CookieState, Told};
use super::date::Date;
use crate::config::{Cookie, CookieMode};
use crate::pair::{Pair, trim_end};
use crate::request::Response;

/// What the answer depends on beside the request's cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served<'a> {
    /// The cookie value of the server that answers, if it has one.
    pub value: Option<&'a str>,
    /// Persistence of any kind chose this server (not cleared by a redispatch).
    pub direct: bool,
    /// An `ignore-persist` rule matched.
    pub ignored: bool,
    /// The request's method is POST.
    pub post: bool,
    /// The request's method lets caches keep the answer: GET, HEAD, OPTIONS, TRACE.
    pub cacheable: bool,
    /// Seconds since 1970.
    pub now: u64,
    /// Whether a cacheable answer must say why it is (late 2.6 and later).
    pub needs_reason: bool,
}

/// How an answer is changed on its way to the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// All `Set-Cookie` values the client gets; `None`: those the server sent.
    pub set_cookies: Option<Vec<String>>,
    /// Add `cache-control: private`.
    pub private: bool,
}

impl CookieState {
    /// Decides about the answer of the server that served the request, and remembers the
    /// decision for [`letters`](Self::letters). Not to be asked about answers that the
    /// proxy makes itself.
    pub(crate) fn answer(
        &mut self,
        config: &Cookie,
        served: Served<'_>,
        response: &Response<'_>,
    ) -> Change {
        let mut change = Change::default();
        if response.status >= 200 || response.status == 101 {
            self.pass(config, served, response, &mut change);
        }
        if self.inserts(config, served) {
            self.told = if served.direct && served.value.is_some() {
                Told::Updated
            } else {
                Told::Inserted
            };
            let text = self.inserted(config, served);
            change
                .set_cookies
                .get_or_insert_with(|| set_cookies(response).map(String::from).collect())
                .push(text);
            change.private =
                config.nocache && served.cacheable && is_cacheable(response, served.needs_reason);
        }
        change
    }

    /// Passes the server's own `Set-Cookie` headers on.
    fn pass(
        &mut self,
        config: &Cookie,
        served: Served<'_>,
        response: &Response<'_>,
        change: &mut Change,
    ) {
        for (index, text) in set_cookies(response).enumerate() {
            let pair = Pair::at(text, 0);
            let ours = !served.ignored && pair.equal.is_some() && pair.name(text) == config.name;
            let told = if ours {
                fate(config, served)
            } else {
                Told::Nothing
            };
            if ours {
                self.told = told;
            }
            let plain = matches!(told, Told::Nothing | Told::Preserved);
            if plain && !pair.is_loose(text) {
                if let Some(kept) = &mut change.set_cookies {
                    kept.push(text.into());
                }
                continue;
            }
            let kept = change.set_cookies.get_or_insert_with(|| {
                set_cookies(response)
                    .take(index)
                    .map(String::from)
                    .collect()
            });
            if told != Told::Deleted {
                let value = served.value.filter(|_| told == Told::Rewritten);
                kept.push(rewritten(config.mode, text, pair, value));
            }
        }
    }

    /// Whether ours is inserted (spec: cookies, 4.2).
    fn inserts(&self, config: &Cookie, served: Served<'_>) -> bool {
        let stale = (config.maxidle.is_some() || self.last.is_some())
            && self.last.is_none_or(|date| date.is_before(served.now));
        let undated = config.maxlife.is_some() != self.first.is_some();
        config.mode == CookieMode::Insert
            && !(config.preserve && self.told == Told::Preserved)
            && (!config.postonly || served.post)
            && !served.ignored
            && (!served.direct || stale || undated)
    }

    /// The text of the inserted cookie.
    fn inserted(&self, config: &Cookie, served: Served<'_>) -> String {
        let mut text = String::with_capacity(64);
        text.push_str(&config.name);
        text.push('=');
        match served.value {
            Some(value) => {
                text.push_str(value);
                self.push_dates(config, served.now, &mut text);
            }
            None => text.push_str("; Expires=Thu, 01-Jan-1970 00:00:01 GMT"),
        }
        text.push_str("; path=/");
        for domain in &config.domains {
            text.push_str("; domain=");
            text.push_str(domain);
        }
        if config.httponly {
            text.push_str("; HttpOnly");
        }
        if config.secure {
            text.push_str("; Secure");
        }
        for attr in &config.attrs {
            text.push_str("; ");
            text.push_str(attr);
        }
        text
    }

    fn push_dates(&self, config: &Cookie, now: u64, text: &mut String) {
        let seen = (config.maxidle.or(config.maxlife)).and_then(|_| Date::at(now));
        let born = config.maxlife.and_then(|_| self.first.or(Date::at(now)));
        for date in seen.into_iter().chain(born) {
            text.push('|');
            date.write(text);
        }
    }
}

/// What happens to a cookie of our name that the server sets (spec: cookies, 4.1).
fn fate(config: &Cookie, served: Served<'_>) -> Told {
    let valued = served.value.is_some();
    match config.mode {
        _ if config.preserve => Told::Preserved,
        CookieMode::Insert => Told::Deleted,
        _ if config.indirect && served.direct => Told::Deleted,
        CookieMode::Rewrite | CookieMode::Prefix if valued => Told::Rewritten,
        CookieMode::Rewrite | CookieMode::Prefix | CookieMode::Passive => Told::Preserved,
    }
}

/// `text` without blanks around its first `=`, and with `value` instead of the server's
/// (or before it, in prefix mode) if there is one.
fn rewritten(mode: CookieMode, text: &str, pair: Pair, value: Option<&str>) -> String {
    let own = pair.value(text);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(pair.name(text));
    out.push('=');
    match value {
        Some(value) if mode == CookieMode::Prefix => {
            out.push_str(value);
            out.push('~');
            out.push_str(own);
        }
        Some(value) => {
            out.push_str(value);
            out.push_str(&own[trim_end(own).len()..]);
        }
        None => out.push_str(own),
    }
    out.push_str(&text[pair.end..]);
    out
}

fn set_cookies<'a>(response: &'a Response<'_>) -> impl Iterator<Item = &'a str> {
    response
        .headers
        .iter()
        .filter(|(name, _)| *name == "set-cookie")
        .map(|(_, value)| *value)
}
