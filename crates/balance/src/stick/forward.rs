//! The `Cookie` headers that a server gets: without the persistence cookie, or without its
//! prefix (spec: cookies, 3).

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::{Cookie, CookieMode};
use crate::pair::{Pair, equals, is_loose_at, may_be_named, pairs, trim, trim_end};
use crate::request::Header;

/// The `cookie` headers among `headers` as the server gets them, or `None` when it gets
/// them as they were sent. An empty list: it gets none.
///
/// Depends on nothing but these arguments, so it may be asked at any time before the first
/// attempt.
pub(crate) fn forwarded(config: &Cookie, headers: &[Header<'_>]) -> Option<Vec<String>> {
    let sent = || {
        headers
            .iter()
            .filter(|(name, _)| *name == "cookie")
            .map(|(_, value)| trim(value))
    };
    if !sent().any(|text| may_change(config, text)) {
        return None;
    }
    let mut changed = false;
    let mut kept = Vec::new();
    for text in sent() {
        let forwarded = rewritten(config, text);
        changed |= forwarded.as_deref() != Some(text);
        kept.extend(forwarded);
    }
    changed.then_some(kept)
}

/// What happens to the persistence cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Removed,
    Stripped,
}

impl Fate {
    fn by(config: &Cookie) -> Self {
        match config.mode {
            CookieMode::Insert if config.indirect => Self::Removed,
            CookieMode::Prefix => Self::Stripped,
            _ => Self::Kept,
        }
    }
}

/// Whether `text` may be forwarded otherwise than sent: never wrong when it says no.
fn may_change(config: &Cookie, text: &str) -> bool {
    let named = Fate::by(config) != Fate::Kept;
    equals(text).any(|at| is_loose_at(text, at) || (named && may_be_named(text, at, &config.name)))
}

/// One `Cookie` header as it is forwarded; `None` when nothing is left of it.
///
/// Where cookies were cut out, what follows is joined to what precedes by the separator
/// that stood before it and one blank; nothing is left of separators at the ends. Elements
/// whose name begins with `$` go with a removed cookie before them. Blanks around the first
/// `=` of an element are dropped.
fn rewritten(config: &Cookie, text: &str) -> Option<String> {
    let fate = Fate::by(config);
    let mut out = String::with_capacity(text.len());
    // How far `text` has been dealt with, whether something was cut out right before that
    // place, and whether anything else than ours and attributes was there.
    let (mut done, mut cut, mut others) = (0, false, false);
    for pair in pairs(text) {
        let attribute = text[pair.start..].starts_with('$');
        let ours = pair.equal.is_some() && pair.name(text) == config.name;
        if fate == Fate::Removed && ours || attribute && cut {
            cut = true;
            continue;
        }
        others |= !attribute;
        if cut && out.is_empty() {
            done = pair.start;
        } else if cut {
            out.truncate(trim_end(&out).len());
            out.push_str(&text[separator_before(text, pair)]);
            out.push(' ');
            done = pair.start;
        }
        cut = false;
        if ours && fate == Fate::Stripped {
            let value = pair.value(text);
            let rest = value.split_once('~').map_or(value, |(_, rest)| rest);
            push_tight(&mut out, text, done, pair, rest);
        } else if pair.is_loose(text) && !attribute {
            push_tight(&mut out, text, done, pair, pair.value(text));
        } else {
            out.push_str(&text[done..pair.end]);
        }
        done = pair.end;
    }
    out.truncate(trim_end(&out).len());
    let gone = (cut && !others) || (out.is_empty() && !text.is_empty());
    (!gone).then_some(out)
}

/// Where the separator before `pair` stands; `pair` is not the first.
fn separator_before(text: &str, pair: Pair) -> core::ops::Range<usize> {
    let at = trim_end(&text[..pair.start]).len() - 1;
    at..at + 1
}

/// Appends `text` from `done` on up to and with the `=` of `pair`, then `value`, without
/// blanks around the sign.
fn push_tight(out: &mut String, text: &str, done: usize, pair: Pair, value: &str) {
    out.push_str(&text[done..pair.start]);
    out.push_str(pair.name(text));
    out.push('=');
    out.push_str(value);
}
