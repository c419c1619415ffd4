//! The common log format: HAProxy's `option httplog clf`, and what web servers write.

use std::borrow::Cow;

use super::haproxy::{asked, brings, time, timer};
use super::{Entry, Why};

const STRANGE: Why = Why::strange("not a line of a known format");

/// A line whose date `at` has been read. `before` and `after` stand around it.
pub(super) fn line<'a>(before: &'a str, at: i64, after: &'a str) -> Result<Entry<'a>, Why> {
    let client = before.trim_end_matches("- -").trim_end();
    let source = client.rsplit(' ').next().unwrap_or(client);
    let fields = fields(after);
    let (Some(request), Some(status)) = (fields.first(), fields.get(1)) else {
        return Err(STRANGE);
    };
    let mut entry = Entry {
        at,
        source: Cow::Borrowed(source),
        status: status.parse().map_err(|_| STRANGE)?,
        ..Entry::default()
    };
    (entry.method, entry.uri) = asked(request)?;
    // Web servers end here, or after the referrer and the browser.
    let numbers = fields
        .get(10..15)
        .map(|fields| -> Option<Vec<i64>> { fields.iter().map(|field| timer(field)).collect() });
    let Some(Some(timers)) = numbers else {
        return Ok(entry);
    };
    let field = |index: usize| fields.get(index).copied().filter(|field| !field.is_empty());
    entry.port = field(5).and_then(|port| port.parse().ok());
    entry.at += field(6).and_then(timer).unwrap_or(0).clamp(0, 999);
    entry.backend = field(8);
    entry.server = field(9).filter(|server| !server.starts_with('<'));
    if let &[read, queued, connected, replied, total] = timers.as_slice() {
        time(&mut entry, [read, queued, connected, replied, total]);
    }
    entry.brings = brings(field(15).unwrap_or(""));
    entry.cookie = field(23).filter(|cookie| *cookie != "-");
    entry.headers = fields
        .get(25..)
        .is_some_and(|rest| rest.iter().any(|f| !f.is_empty()));
    Ok(entry)
}

/// Words, and texts in quotes.
fn fields(text: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        fields.push(field);
        rest = after.trim_start();
    }
    fields
}
