//! From `http-request` and `redirect` lines to the core's rules.

use balance::action::{Action, Format, Redirect, RedirectTo};
use balance::counter::{Datum, Level};
use balance::expression::{Expression, Origin};
use balance::pattern::{Matching, Texts};

use super::super::sample;
use super::super::value::lenient;
use super::expression::{Scope, expression, format, regex};

/// What the `http-request` action called `name` does; `words` begin with the action itself.
/// `None`: it is none of those that the simulation follows.
pub(super) fn action(
    level: Level,
    name: &str,
    words: &[String],
    scope: &Scope<'_>,
) -> Option<Result<Action, String>> {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let header = || word(1).to_ascii_lowercase();
    let written = |at: usize| format(word(at), scope);
    let pattern = |at: usize| regex(word(at), false);
    let changed = |make: fn(_, _) -> Action| Ok(make(pattern(1)?, written(2)?));
    Some(match name {
        "allow" | "accept" => Ok(Action::Allow),
        "set-header" => written(2).map(|to| Action::SetHeader(header(), to)),
        "add-header" => written(2).map(|to| Action::AddHeader(header(), to)),
        "del-header" => del_header(words),
        "replace-header" => both(pattern(2), written(3))
            .map(|(regex, to)| Action::ReplaceHeader(header(), regex, to)),
        "replace-value" => both(pattern(2), written(3))
            .map(|(regex, to)| Action::ReplaceValue(header(), regex, to)),
        "set-method" => written(1).map(Action::SetMethod),
        "set-path" => written(1).map(Action::SetPath),
        "set-pathq" => written(1).map(Action::SetPathQ),
        "set-query" => written(1).map(Action::SetQuery),
        "set-uri" => written(1).map(Action::SetUri),
        "replace-path" => changed(Action::ReplacePath),
        "replace-pathq" => changed(Action::ReplacePathQ),
        "replace-uri" => changed(Action::ReplaceUri),
        "set-priority-class" => value(&words[1..], scope).map(Action::SetClass),
        "set-priority-offset" => value(&words[1..], scope).map(Action::SetOffset),
        "set-var" => {
            variable(word(0)).and_then(|name| Ok(Action::SetVar(name, value(&words[1..], scope)?)))
        }
        "set-var-fmt" => {
            variable(word(0)).and_then(|name| Ok(Action::SetVarFormat(name, written(1)?)))
        }
        "unset-var" => variable(word(0)).map(Action::UnsetVar),
        "track-sc" => track(level, words, scope),
        "sc-inc-gpc0" => Ok(Action::Raise(slot(word(0)), Datum::Gpc0)),
        "sc-inc-gpc1" => Ok(Action::Raise(slot(word(0)), Datum::Gpc1)),
        "sc-set-gpt0" => {
            let number = match word(1).parse() {
                Ok(number) => Ok(Expression::plain(Origin::Int(number))),
                Err(_) => value(&words[1..], scope),
            };
            number.map(|number| Action::SetTag(slot(word(0)), number))
        }
        "redirect" => redirect(&words[1..], |text| format(text, scope)).map(Action::Redirect),
        "deny" => Ok(Action::Deny(status(words, 403))),
        "tarpit" => Ok(Action::Tarpit(status(words, 500))),
        "return" => Ok(Action::Return(status(words, 200))),
        "reject" => Ok(Action::Reject),
        _ => return None,
    })
}

/// `track-sc0 EXPRESSION [table TABLE]`
fn track(level: Level, words: &[String], scope: &Scope<'_>) -> Result<Action, String> {
    let (key, table) = match words {
        [.., keyword, table] if keyword == "table" => (&words[1..words.len() - 2], table.as_str()),
        _ => (&words[1..], ""),
    };
    let digits = words[0].trim_start_matches("track-sc");
    let table = scope.table(table)?;
    let key = value(key, scope)?;
    Ok(Action::Track(lenient(digits).0 as u8, key, table, level))
}

/// The number in `sc-inc-gpc0(N)`.
fn slot(word: &str) -> u8 {
    let inside = word.split_once('(').map_or("", |(_, inside)| inside);
    lenient(inside).0.clamp(0, 255) as u8
}

fn both<A, B>(a: Result<A, String>, b: Result<B, String>) -> Result<(A, B), String> {
    Ok((a?, b?))
}

/// An expression that ends where `words` end.
fn value(words: &[String], scope: &Scope<'_>) -> Result<Expression, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let written = sample::sample(&words, true).map_err(|error| error.message)?;
    expression(&written, scope)
}

/// The name in `set-var(NAME)`, if such a variable lives no longer than its request.
fn variable(word: &str) -> Result<String, String> {
    let inside = word.split_once('(').map_or("", |(_, inside)| inside);
    let inside = inside.strip_suffix(')').unwrap_or(inside);
    let (name, conditions) = match inside.split_once(',') {
        Some((name, conditions)) => (name, Some(conditions)),
        None => (inside, None),
    };
    if conditions.is_some() {
        return Err("`set-var` with a condition of its own is not modelled".to_owned());
    }
    if name.starts_with("txn.") || name.starts_with("req.") {
        Ok(name.to_owned())
    } else {
        Err("variables are only kept for the request that sets them".to_owned())
    }
}

/// The status that is named, or the usual one.
fn status(words: &[String], usual: u16) -> u16 {
    let at = (words.iter()).position(|word| matches!(word.as_str(), "status" | "deny_status"));
    let named = at.and_then(|at| words.get(at + 1));
    named.map_or(usual, |word| lenient(word).0 as u16)
}

fn del_header(words: &[String]) -> Result<Action, String> {
    let name = words.get(1).map_or("", String::as_str);
    let texts = || Texts::new(vec![name.to_ascii_lowercase()], false);
    let method = words
        .get(3)
        .filter(|_| words.get(2).is_some_and(|word| word == "-m"));
    Ok(Action::DelHeader(
        match method.map_or("str", String::as_str) {
            "str" => Matching::Exactly(texts()),
            "beg" => Matching::Begins(texts()),
            "end" => Matching::Ends(texts()),
            "sub" => Matching::Contains(texts()),
            "reg" => Matching::Regex(vec![regex(name, true)?]),
            method => return Err(format!("`-m {method}` is not modelled")),
        },
    ))
}

/// The redirection that `words` describe, its target as `written` reads it.
pub(super) fn redirect(
    words: &[String],
    written: impl Fn(&str) -> Result<Format, String>,
) -> Result<Redirect, String> {
    let mut to = None;
    let mut redirect = Redirect {
        to: RedirectTo::Location(Format(Vec::new())),
        status: 302,
        drop_query: false,
        append_slash: false,
        ignore_empty: false,
        set_cookie: None,
    };
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "location" | "prefix" | "scheme" => {
                let target = written(words.next().unwrap_or_default())?;
                to = Some(match word {
                    "location" => RedirectTo::Location(target),
                    "prefix" => RedirectTo::Prefix(target),
                    _ => RedirectTo::Scheme(target),
                });
            }
            "code" => redirect.status = lenient(words.next().unwrap_or_default()).0 as u16,
            "set-cookie" => {
                let pair = words.next().unwrap_or_default();
                redirect.set_cookie = Some(format!("{pair}; path=/;"));
            }
            "clear-cookie" => {
                let name = words.next().unwrap_or_default();
                redirect.set_cookie = Some(format!("{name}; path=/; Max-Age=0;"));
            }
            "drop-query" => redirect.drop_query = true,
            "append-slash" => redirect.append_slash = true,
            "ignore-empty" => redirect.ignore_empty = true,
            _ => {}
        }
    }
    match to {
        Some(to) => Ok(Redirect { to, ..redirect }),
        None => Err("it has no target".to_owned()),
    }
}
