//! The page of agreement: what was replayed, how much of it agrees, what is known not to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use balance::Version;

use super::known::KNOWN;
use super::verdict::{Outcome, Tally, Verdict};

/// The whole page, in Markdown.
pub fn markdown(verdicts: &[Verdict]) -> String {
    let mut page = String::from(HEAD);
    table(
        &mut page,
        "Agreement by algorithm",
        "algorithm",
        verdicts,
        &Tally::by(verdicts, |verdict| verdict.algorithm.clone()),
    );
    table(
        &mut page,
        "Agreement by family of programs",
        "family",
        verdicts,
        &Tally::by(verdicts, Verdict::family),
    );
    shares(&mut page, verdicts);
    differing(&mut page, verdicts);
    page += "\n## Known differences\n";
    for known in KNOWN {
        add(
            &mut page,
            format_args!("\n* **{}.** {}\n", known.what, known.why),
        );
    }
    page
}

const HEAD: &str = "\
# Agreement with HAProxy

Recordings of real HAProxy processes (`tests/reference`), replayed against the balancing core
with the decisions of the recorded version. An operation agrees when every recorded word does:
which server got the request, what waits where, what left which queue, every reply, every
cookie, the termination flags, the retries and the counters.

This page is the output of `balancelab conform --format markdown tests/reference`; a test keeps
it fresh. What the versions do differently from one another is told in
[profiles](profiles.md), with the recordings that show it.
";

fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    page.write_fmt(text).expect("writing to a text never fails");
}

fn table(
    page: &mut String,
    title: &str,
    key: &str,
    verdicts: &[Verdict],
    tallies: &BTreeMap<(Version, String), Tally>,
) {
    add(page, format_args!("\n## {title}\n\n"));
    add(
        page,
        format_args!(
            "| HAProxy | {key} | programs | agreeing | operations | agreeing | requests |\n"
        ),
    );
    page.push_str("|---|---|--:|--:|--:|--:|--:|\n");
    let mut row = |version: &str, name: &str, tally: &Tally| {
        add(
            page,
            format_args!(
                "| {version} | {name} | {} | {} | {} | {} | {} |\n",
                tally.programs,
                tally.agreeing,
                tally.operations,
                tally.operations_agreeing,
                tally.requests
            ),
        );
    };
    for version in Version::ALL {
        let mine = || verdicts.iter().filter(|verdict| verdict.version == version);
        for ((_, name), tally) in tallies.iter().filter(|((of, _), _)| *of == version) {
            row(version.name(), name, tally);
        }
        if mine().next().is_some() {
            row(version.name(), "**all**", &mine().collect());
        }
    }
}

fn shares(page: &mut String, verdicts: &[Verdict]) {
    let judged = verdicts
        .iter()
        .filter_map(|verdict| match &verdict.outcome {
            Outcome::Shares(fit) => Some((verdict, fit)),
            Outcome::Same | Outcome::Differs(_) => None,
        });
    let judged: Vec<_> = judged.collect();
    if judged.is_empty() {
        return;
    }
    page.push_str(
        "\n## Judged by shares\n\nChance decides in these, and they do not agree pick for pick. \
         The two-sample chi-square statistic of requests per server, ours over 40 replays, must \
         stay below the quantile that chance alone exceeds once in a thousand times, or below the \
         largest that one of our replays has against the others, if that is more.\n\n\
         | HAProxy | recording | statistic | freedom | threshold | agrees |\n\
         |---|---|--:|--:|--:|---|\n",
    );
    for (verdict, fit) in judged {
        add(
            page,
            format_args!(
                "| {} | {} | {:.2} | {} | {:.2} | {} |\n",
                verdict.version.name(),
                verdict.name,
                fit.statistic,
                fit.freedom,
                fit.threshold,
                if fit.agrees() { "yes" } else { "**no**" }
            ),
        );
    }
}

fn differing(page: &mut String, verdicts: &[Verdict]) {
    page.push_str("\n## Recordings that differ\n\n");
    let mut none = true;
    for verdict in verdicts {
        let Outcome::Differs(difference) = &verdict.outcome else {
            continue;
        };
        none = false;
        let first = &difference.words[0];
        add(
            page,
            format_args!(
                "* {} {}, line {}: `{}` is {} in HAProxy and {} here\n",
                verdict.version.name(),
                verdict.name,
                difference.line,
                first.place,
                first.haproxy,
                first.core
            ),
        );
    }
    if none {
        page.push_str("None.\n");
    }
}
