use std::collections::BTreeMap;

use proptest::prelude::*;

use super::format;
use crate::plan::Plan;
use crate::scenario::{Overrides, load, tests::shipped};

fn laid_out(name: &str, text: &str) -> String {
    format(name, text).unwrap_or_else(|refused| panic!("{refused}"))
}

#[test]
fn each_thing_has_its_place() {
    // What is written, what it becomes.
    let rows = [
        ("()", "()\n"),
        ("(a:1)", "(\n    a: 1,\n)\n"),
        ("( a :1 ,b : [ ] )", "(\n    a: 1,\n    b: [],\n)\n"),
        (
            "(a:(b:1,c:{\"d\":2,}))",
            "(\n    a: (b: 1, c: { \"d\": 2 }),\n)\n",
        ),
        ("(a:(\nb:1))", "(\n    a: (\n        b: 1,\n    ),\n)\n"),
        (
            "(a:[visit( 1 ),until(\"1s\")])",
            "(\n    a: [visit(1), until(\"1s\")],\n)\n",
        ),
        (
            "(a:[\n1,2,\n3])",
            "(\n    a: [\n        1, 2,\n        3,\n    ],\n)\n",
        ),
        ("(a:1,\n\n\n\nb:2)", "(\n    a: 1,\n\n    b: 2,\n)\n"),
        ("\u{feff}( )// end", "()  // end\n"),
        (
            "#![enable(implicit_some)]\n()",
            "#![enable(implicit_some)]\n()\n",
        ),
        ("// a\n\n// b\n()\n// c", "// a\n\n// b\n()\n// c\n"),
        // Comments behind settings stand under one another.
        (
            "(a:1,// x\nbcd:2,// y\n)",
            "(\n    a: 1,    // x\n    bcd: 2,  // y\n)\n",
        ),
        ("(a:1// x\n,b:2)", "(\n    a: 1,  // x\n    b: 2,\n)\n"),
        // Comments in the midst of something move up.
        ("(a/*x*/:/*y*/1)", "(\n    /*x*/\n    /*y*/\n    a: 1,\n)\n"),
        (
            "(a: (// x\nb:1))",
            "(\n    a: (\n        // x\n        b: 1,\n    ),\n)\n",
        ),
        (
            "(a:(b:1,\n// last\n))",
            "(\n    a: (\n        b: 1,\n        // last\n    ),\n)\n",
        ),
        (
            "(a:\"x // no comment\",b:r#\"(\"#)",
            "(\n    a: \"x // no comment\",\n    b: r#\"(\"#,\n)\n",
        ),
    ];
    for (text, expected) in rows {
        let once = laid_out("a.ron", text);
        assert_eq!(once, expected, "{text}");
        assert_eq!(laid_out("a.ron", &once), once, "again: {text}");
    }
}

#[test]
fn json_has_no_comma_after_the_last() {
    let text = "{\"a\":[1,2],\"b\":{\n\"c\":null}}";
    let expected = "{\n    \"a\": [1, 2],\n    \"b\": {\n        \"c\": null\n    }\n}\n";
    assert_eq!(laid_out("a.json", text), expected);
}

#[test]
fn long_lines_are_broken() {
    let text = format!("(a: [{}])", ["\"0123456789\""; 12].join(", "));
    let once = laid_out("a.ron", &text);
    assert!(once.lines().all(|line| line.len() <= 120), "{once}");
    assert_eq!(laid_out("a.ron", &once), once);
}

#[test]
fn what_cannot_be_read_is_refused() {
    for text in ["", "(", "(a: 1 b: 2)", "(a: \"x)", "(a = 1)"] {
        assert!(format("a.ron", text).is_err(), "{text}");
    }
}

fn plan(name: &str, folder: &BTreeMap<String, String>) -> Option<Plan> {
    let loaded = load(name, folder, &Overrides::default());
    loaded.ok().map(|loaded| loaded.plan)
}

/// Every comment of a text, in any order.
fn comments(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            line.split_once("// ")
                .map(|(_, comment)| comment.trim_end())
        })
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn shipped_scenarios_are_laid_out() {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/");
    for name in shipped() {
        let text = std::fs::read_to_string(format!("{top}{name}")).expect("it is shipped");
        assert_eq!(
            laid_out(&name, &text),
            text,
            "{name}: run `balancelab fmt` on it"
        );
    }
}

/// A text and where in it blanks may stand: beside signs outside of quotes and comments.
fn loosened(text: &str, choices: &[u8]) -> String {
    let mut out = String::new();
    let mut choices = choices.iter().cycle();
    let (mut quoted, mut comment) = (false, false);
    let mut before = ' ';
    for c in text.chars() {
        comment |= c == '/' && before == '/' && !quoted;
        comment &= c != '\n';
        quoted ^= c == '"' && !comment;
        if matches!(c, ',' | ')' | ']' | '}' | ':') && !quoted && !comment {
            out.push_str(match choices.next() {
                Some(0) => "\n",
                Some(1) => "  ",
                Some(2) => "/* kept */",
                Some(3) => " // kept\n",
                _ => "",
            });
        }
        out.push(c);
        before = c;
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_scenario_means_the_same_laid_out(
        choices in prop::collection::vec(0_u8..12, 1..40),
    ) {
        let everything = include_str!("../tests/everything.ron");
        let text = loosened(everything, &choices);
        let once = laid_out("everything.ron", &text);
        prop_assert_eq!(&laid_out("everything.ron", &once), &once);
        prop_assert_eq!(comments(&text), comments(&once));
        let blocks = |text: &str| text.matches("/* kept */").count();
        prop_assert_eq!(blocks(&text), blocks(&once));
        let folder = |text: &str| BTreeMap::from([("everything.ron".to_owned(), text.to_owned())]);
        let meant = plan("everything.ron", &folder(everything));
        prop_assert!(meant.is_some());
        prop_assert_eq!(plan("everything.ron", &folder(&once)), meant);
    }
}
