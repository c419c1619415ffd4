//! Reasons for programs: the keys and values of all sentences, and the sentences.

use serde_json::{Value, json};

use super::text::sentence;
use super::{Glance, Row, Why};
use crate::locale::{Said, Speaker};

/// The reasons of a request as one JSON value.
pub fn value(why: &Why, speaker: &dyn Speaker) -> Value {
    json!({
        "request": why.number,
        "client": why.client,
        "sent_s": why.sent,
        "lang": speaker.lang().tag(),
        "rows": rows(&why.rows, speaker),
    })
}

/// An instant as one JSON value.
pub fn instant(instant: &Glance, speaker: &dyn Speaker) -> Value {
    json!({
        "at_s": instant.at,
        "lang": speaker.lang().tag(),
        "rows": rows(&instant.rows, speaker),
    })
}

fn rows(rows: &[Row], speaker: &dyn Speaker) -> Value {
    let row = |row: &Row| {
        json!({
            "topic": row.topic.trim_start_matches("topic-"),
            "facts": row.said.iter().map(Said::json).collect::<Vec<_>>(),
            "manual": (!row.manual.is_empty()).then_some(row.manual),
            "text": sentence(row, speaker),
        })
    };
    rows.iter().map(row).collect()
}
