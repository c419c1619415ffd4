//! An explanation for programs: keys and values of all sentences, and the sentences.

use serde_json::{Value, json};

use super::text::options;
use super::{Explanation, Line, Suggestion};
use crate::locale::{Said, Speaker};

/// The explanation as one JSON value.
pub fn value(explanation: &Explanation, speaker: &dyn Speaker) -> Value {
    let said = |said: &Said| {
        let mut value = said.json();
        value["text"] = json!(speaker.say(said));
        value
    };
    let line = |line: &Line| {
        json!({
            "at_s": line.at,
            "text": speaker.say_all(&line.said),
            "facts": line.said.iter().map(Said::json).collect::<Vec<_>>(),
        })
    };
    let suggestion = |suggestion: &Suggestion| {
        json!({
            "set": suggestion.settings,
            "options": options(suggestion),
            "question": speaker.say(&suggestion.question),
        })
    };
    json!({
        "scenario": explanation.scenario,
        "title": explanation.title,
        "lang": speaker.lang().tag(),
        "lines": explanation.lines.iter().map(line).collect::<Vec<_>>(),
        "in_short": explanation.short.iter().map(said).collect::<Vec<_>>(),
        "try_next": explanation.next.iter().map(suggestion).collect::<Vec<_>>(),
    })
}
