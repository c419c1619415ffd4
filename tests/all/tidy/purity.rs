//! Words that have no place where a run must repeat itself byte for byte.

use super::source::sources;

/// Where nothing may depend on a clock, a hash order, the machine or a person.
const PURE: [&str; 10] = [
    "crates/balance/src",
    "src/kernel",
    "src/lab",
    "src/plan",
    "src/trace",
    "src/oracle",
    "src/report",
    "src/export",
    "src/scenario",
    "src/conform",
];

/// What would make it so, and what to use instead.
const BANNED: [(&str, &str); 14] = [
    ("HashMap", "BTreeMap"),
    ("HashSet", "BTreeSet"),
    ("RandomState", "a named stream of the kernel"),
    ("Instant", "balance::Moment"),
    ("SystemTime", "balance::Moment"),
    ("std::fs", "text handed in by the command line"),
    ("std::env", "settings handed in by the command line"),
    ("std::net::Tcp", "the simulated port"),
    ("std::process", "a returned error"),
    ("std::thread", "the agenda"),
    ("println!", "a returned text"),
    ("eprintln!", "a returned text"),
    ("print!", "a returned text"),
    ("dbg!", "a test"),
];

#[test]
fn no_clock_no_hash_order_no_files_no_printing() {
    let mut wrong = Vec::new();
    for source in sources(&["src", "crates/balance/src"]) {
        let path = source.path.trim_end_matches(".rs");
        let pure = PURE
            .iter()
            .any(|part| path == *part || path.starts_with(&format!("{part}/")));
        if !pure || source.is_test {
            continue;
        }
        for (word, instead) in BANNED {
            for (at, _) in source.code.match_indices(word) {
                let before = source.code[..at].chars().next_back();
                let after = source.code[at + word.len()..].chars().next();
                let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                if !inside(before) && !inside(after) {
                    let line = source.line(at);
                    wrong.push(format!("{}:{line}: `{word}`: use {instead}", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
