//! A report in Markdown, for lab reports and issue trackers.

use std::fmt::Write as _;

use super::table::Table;
use super::{Report, replies, text};
use crate::locale::Words;

/// The report with its tables, its expectations and the line to repeat it by.
pub fn text(report: &Report, words: &dyn Words) -> String {
    let mut out = format!("## {}\n", report.title);
    for table in [text::shares(report), text::times(report)] {
        push(&mut out, &table.told(words));
    }
    let title = |out: &mut String, name: &str| {
        let _ = write!(out, "\n### {}\n", words.put("table", name));
    };
    let transitions = text::transitions(report);
    if !transitions.is_empty() {
        title(&mut out, "State changes");
        push(&mut out, &transitions.told(words));
    }
    let replies = replies::markdown(report);
    if !replies.is_empty() {
        let _ = write!(out, "\n### Runtime API\n\n{replies}");
    }
    if let Some(picks) = &report.picks {
        let names: Vec<&str> = picks.iter().map(|p| p.as_deref().unwrap_or("-")).collect();
        title(&mut out, "Picks");
        let _ = write!(out, "\n`{}`\n", names.join(" "));
    }
    if !report.expect.is_empty() {
        title(&mut out, "Expectations");
        out.push('\n');
        for verdict in &report.expect {
            let mark = text::mark(verdict.ok);
            let got = words.put("table", &verdict.got);
            let _ = writeln!(out, "- {mark} `{}`: {got}", verdict.text);
        }
    }
    let _ = write!(out, "\n{}\n", text::signature(report));
    out
}

fn push(out: &mut String, table: &Table) {
    out.push('\n');
    out.push_str(&table.markdown());
}

#[cfg(test)]
mod tests {
    use crate::report::tests::report;

    #[test]
    fn headings_tables_and_verdicts() {
        let mut report = report();
        report.picks.as_mut().expect("kept").truncate(3);
        let text = super::text(&report, &crate::locale::AsWritten);
        assert!(text.starts_with("## s1 suddenly needs 2.5 s\n\n| server | requests |"));
        assert!(text.contains("\n| s1 | 3 | 3.0 % | 0 | 1 | 2 | 0 | DOWN since 11.057 s |\n"));
        assert!(text.contains("\n### Picks\n\n`- s1 s1`\n"));
        assert!(text.contains("\n- \u{2717} `served(\"s2\", exactly: 1997)`: 96\n"));
        assert!(text.ends_with("\n\nseed 42 \u{b7} profile 2.6 \u{b7} digest 00000000000000ff\n"));
    }
}
