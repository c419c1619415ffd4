//! An explanation for people at a terminal.

use std::fmt::Write as _;

use super::{Explanation, Suggestion};
use crate::locale::wrap::wrapped;
use crate::locale::{Said, Speaker, Value};

/// How wide the text is at most.
const WIDTH: usize = 110;

/// The explanation as text; moments stand in a column of their own.
pub fn text(explanation: &Explanation, speaker: &dyn Speaker) -> String {
    let mut out = format!("{}   {}\n\n", explanation.title, explanation.scenario);
    let moments: Vec<String> = explanation
        .lines
        .iter()
        .map(|line| {
            line.at
                .map_or_else(String::new, |at| Value::Moment(at).text(speaker))
        })
        .collect();
    let column = moments.iter().map(String::len).max().unwrap_or(0);
    for (line, moment) in explanation.lines.iter().zip(&moments) {
        let mut moment = moment.as_str();
        for text in wrapped(&speaker.say_all(&line.said), WIDTH - column - 4) {
            let _ = writeln!(out, "  {moment:>column$}  {text}");
            moment = "";
        }
    }
    section(&mut out, "in-short", &explanation.short, speaker);
    if !explanation.next.is_empty() {
        out.push('\n');
        out += &speaker.say(&Said::new("try-next"));
        out.push('\n');
        for suggestion in &explanation.next {
            let _ = writeln!(out, "  {}", options(suggestion));
            for text in wrapped(&speaker.say(&suggestion.question), WIDTH - 6) {
                let _ = writeln!(out, "      {text}");
            }
        }
    }
    out
}

fn section(out: &mut String, key: &'static str, said: &[Said], speaker: &dyn Speaker) {
    out.push('\n');
    out.push_str(&speaker.say(&Said::new(key)));
    out.push('\n');
    for said in said {
        let mut mark = '-';
        for text in wrapped(&speaker.say(said), WIDTH - 4) {
            let _ = writeln!(out, "  {mark} {text}");
            mark = ' ';
        }
    }
}

/// A suggestion as it is typed: settings with blanks or brackets in quotes.
pub fn options(suggestion: &Suggestion) -> String {
    let options = suggestion.settings.iter().map(|setting| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-=/:".contains(c);
        if setting.chars().all(plain) {
            format!("--set {setting}")
        } else {
            format!("--set '{setting}'")
        }
    });
    options.collect::<Vec<_>>().join(" ")
}
