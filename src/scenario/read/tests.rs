//! The reader: what it reads, what it complains about, and where it gives up.

use super::*;
use crate::scenario::locate::Files;

/// The tree without places, and the complaints as `CODE words message`.
fn reading(name: &str, text: &str) -> (Option<String>, Vec<String>) {
    let mut files = Files::default();
    let file = files.add(name, text);
    let mut notes = Vec::new();
    let node = read(file, text, Dialect::of(name), &mut notes);
    let notes = notes.iter().map(|note| {
        let words = files.words(note.labels[0].place);
        format!("{} {words} | {}", note.code.name(), note.message)
    });
    (node.map(|node| show(&node)), notes.collect())
}

fn show(node: &Node) -> String {
    match &node.value {
        Value::Bad => "BAD".to_owned(),
        Value::Absent => "-".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => match number.kind {
            NumberKind::Whole(value) => value.to_string(),
            NumberKind::Real(value) => format!("{value:?}"),
        },
        Value::Text(text) => format!("{:?}", text.text),
        Value::Word(word) => word.clone(),
        Value::List(items, _) => {
            let items: Vec<_> = items.iter().map(show).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Record(record) => {
            let entries = record.entries.iter();
            let entries: Vec<_> = entries
                .map(|entry| format!("{}={}", entry.key, show(&entry.value)))
                .collect();
            format!("({})", entries.join(" "))
        }
        Value::Call(word, _, argument) => format!("{word}{}", show(argument)),
    }
}

#[test]
fn sound_texts() {
    for (name, text, tree) in [
        (
            "a.ron",
            "(a: 1, b: -2.5, c: [x, \"y\",],)",
            "(a=1 b=-2.5 c=[x \"y\"])",
        ),
        (
            "a.ron",
            "{\"s1\": (), s2: f(a: 1), \"t\": g(1, 2)}",
            "(s1=() s2=f(a=1) t=g[1 2])",
        ),
        (
            "a.ron",
            "#![enable(implicit_some)] (a: Some(3), b: None)",
            "(a=3 b=-)",
        ),
        (
            "a.ron",
            "// c\n(/* x /* y */ */ a: r#\"q\"q\"#)",
            "(a=\"q\\\"q\")",
        ),
        (
            "a.ron",
            r#"("a": "\u{e9}\n\x41", b: 0x10, c: 1_000, d: 1e3)"#,
            "(a=\"é\\nA\" b=16 c=1000 d=1000.0)",
        ),
        (
            "a.ron",
            "(a: \"x\\ny\"/* c */, b: \"z\n\"// c\n)",
            "(a=\"x\\ny\" b=\"z\\n\")",
        ),
        (
            "a.json",
            r#"{"a": [1, true, null], "b": {"c": "\u00e9\ud83d\ude00"}}"#,
            "(a=[1 true -] b=(c=\"é😀\"))",
        ),
    ] {
        let (node, notes) = reading(name, text);
        assert_eq!(notes, [""; 0], "{text}");
        assert_eq!(node.as_deref(), Some(tree), "{text}");
    }
}

#[test]
fn errors_that_leave_a_tree() {
    for (text, tree, complaints) in [
        (
            "(a: 1 b: 2)",
            "(a=1 b=2)",
            &["E003  | a comma is missing"][..],
        ),
        (
            "(a: 1; b: 2)",
            "(a=1 b=2)",
            &["E003 ; | `;` stands where `,` is needed"],
        ),
        (
            "(a = 1)",
            "(a=1)",
            &["E001 = | `=` stands where `:` is needed"],
        ),
        (
            "(a: 250ms, b: 'x')",
            "(a=BAD b=BAD)",
            &[
                "E007 250ms | `250ms` needs quotes",
                "E001 'x' | a text has double quotes",
            ],
        ),
        (
            "(a: 2,5s, b: 1)",
            "(a=BAD b=1)",
            &["E007 2,5s | decimal comma"],
        ),
        (
            "(a: static-rr)",
            "(a=BAD)",
            &["E001 static-rr | `static-rr` needs quotes"],
        ),
        (
            "{\"s1\": 1, \"s1\": 2}",
            "(s1=1)",
            &["E005 \"s1\" | `s1` is written twice"],
        ),
        (
            "(a: , b: \"\\q\")",
            "(a=BAD b=\"\u{fffd}\")",
            &[
                "E001 , | a value is missing",
                "E001 \\q | `\\q` is no escape",
            ],
        ),
        ("(a: 1, 7)", "(a=1)", &["E001 7 | this value has no name"]),
        (
            "(# c\n a: 1)",
            "(a=1)",
            &["E001 # | `#` has no meaning here"],
        ),
        (
            "(a: $, b: 1)",
            "(a=BAD b=1)",
            &["E001 $ | `$` has no meaning here"],
        ),
    ] {
        let (node, notes) = reading("a.ron", text);
        assert_eq!(notes, complaints, "{text}");
        assert_eq!(node.as_deref(), Some(tree), "{text}");
    }
}

#[test]
fn errors_after_which_nothing_is_trusted() {
    for (text, complaint) in [
        ("", "E001  | the text ends where a value is needed"),
        ("(a: (b: 1)", "E002 ( | this `(` is never closed"),
        ("(a: [1, 2)", "E004 ) | `[` is closed by `)`"),
        ("(a: \"x)\n", "E002 \"x) | this text has no closing quote"),
        ("(a: 1) b", "E001 b | the scenario has already ended"),
        ("/* (a: 1)", "E002 /* | this comment is never closed"),
    ] {
        let (node, notes) = reading("a.ron", text);
        assert_eq!(notes, [complaint], "{text}");
        assert_eq!(node, None, "{text}");
    }
    let deep = "[".repeat(100_000);
    let (node, notes) = reading("a.ron", &deep);
    assert_eq!(node, None);
    assert_eq!(notes.len(), 1);
}
