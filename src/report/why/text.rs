//! Reasons for people at a terminal.

use std::fmt::Write as _;

use super::{Glance, Row, Why};
use crate::locale::wrap::wrapped;
use crate::locale::{Lang, Said, Speaker, Value};

/// How wide the text is at most.
const WIDTH: usize = 110;

/// The reasons of a request, as lines `topic  sentences  [manual section]`.
pub fn text(why: &Why, speaker: &dyn Speaker) -> String {
    let title = Said::new("why-title")
        .with("number", why.number)
        .with("client", why.client.as_str())
        .with("sent", Value::Moment(why.sent));
    speaker.say(&title) + "\n" + &rows(&why.rows, speaker)
}

/// How things stood at an instant.
pub fn instant(instant: &Glance, speaker: &dyn Speaker) -> String {
    let title = Said::new("why-instant").with("at", Value::Moment(instant.at));
    speaker.say(&title) + "\n" + &rows(&instant.rows, speaker)
}

fn rows(rows: &[Row], speaker: &dyn Speaker) -> String {
    let topics: Vec<String> = rows
        .iter()
        .map(|row| speaker.say(&Said::new(row.topic)))
        .collect();
    let indent = topics.iter().map(|t| t.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    let mut before = "";
    for (row, topic) in rows.iter().zip(&topics) {
        let mut head = if topic == before { "" } else { topic.as_str() };
        for line in wrapped(&sentence(row, speaker), WIDTH - indent - 4) {
            let gap = indent + 2 - head.chars().count();
            let _ = writeln!(out, "  {head}{:gap$}{line}", "");
            head = "";
        }
        before = topic;
    }
    out
}

/// What a row says, with the section of the manual.
pub(super) fn sentence(row: &Row, speaker: &dyn Speaker) -> String {
    let said: Vec<String> = row.said.iter().map(|said| speaker.say(said)).collect();
    let mut text = said.join(match speaker.lang() {
        Lang::En => "; ",
        Lang::Fr => " ; ",
    });
    if !row.manual.is_empty() {
        text += " ";
        text += &speaker.say(&Said::new("manual").with("section", row.manual));
    }
    text
}
