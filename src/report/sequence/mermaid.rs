//! A sequence diagram in the language of Mermaid, which many wikis and forges draw.

use std::fmt::Write as _;

use super::{Drawn, Kind, Sequence};

/// The diagram as Mermaid text.
pub fn text(sequence: &Sequence) -> String {
    let mut out = String::from("sequenceDiagram\n");
    let _ = writeln!(out, "    title {}", escape(&sequence.title));
    for (index, name) in sequence.parties.iter().enumerate() {
        let _ = writeln!(out, "    participant p{index} as {}", escape(name));
    }
    let last = sequence.parties.len().saturating_sub(1);
    for step in &sequence.steps {
        let lines: Vec<String> = step.words.iter().map(|word| escape(word)).collect();
        let words = lines.join("<br/>");
        let at = &step.at;
        let _ = match step.drawn {
            Drawn::Arrow { from, to, kind } => {
                let arrow = match kind {
                    Kind::Ask => "->>",
                    Kind::Answer => "-->>",
                    Kind::Trouble => "--x",
                };
                writeln!(out, "    p{from}{arrow}p{to}: {words}")
            }
            Drawn::Note(place) => writeln!(out, "    Note over p{place}: {at} s<br/>{words}"),
            Drawn::Turn(_) => writeln!(out, "    Note over p0,p{last}: {at} s<br/>{words}"),
            Drawn::Gap => writeln!(out, "    Note over p0,p{last}: {words}"),
        };
    }
    out
}

/// Characters that mean something to Mermaid, as its entities: a semicolon ends a
/// statement, a number sign begins an entity, two percent signs a comment.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ';' | '#' | '%' | '<' | '>' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_words_is_syntax() {
        assert_eq!(escape("a=1; Path=/"), "a=1#59; Path=/");
        assert_eq!(escape("#%%<br>"), "#35;#37;#37;#60;br#62;");
    }
}
