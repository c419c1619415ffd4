//! Runs as one page for a browser: self-contained, without network, and the same bytes
//! everywhere. Its style and its script are in files of their own beside this one.

pub mod film;
mod words;

use std::fmt::Write as _;

pub use film::Film;
pub use words::Script;

use super::journal::Journal;
use super::markup::escape;
use super::plot::{self, Plot};
use super::sequence::{self, Selection, Sequence};
use super::table::{Align, Table};
use super::{Report, json, text};
use crate::locale::Words;
use crate::plan::Plan;
use crate::trace::{Names, Place};

const FRAME: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// Which style and which script the page may have, by their checksums.
const POLICY: &str = include_str!("page/policy.txt");

/// Requests that are drawn in a sequence diagram.
const DRAWN: usize = 6;

/// The style of the page, of its plots and of its diagrams: what the policy allows.
pub fn style() -> String {
    format!(
        "{}{}.sequence{{{}}}\n",
        STYLE,
        plot::STYLE,
        sequence::svg::STYLE
    )
}

/// The script of the page: what the policy allows.
pub fn script() -> &'static str {
    SCRIPT
}

/// A run, as far as a page tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Chapter<'a> {
    /// What was run.
    pub plan: &'a Plan,
    /// What came out.
    pub report: &'a Report,
    /// Its plots.
    pub plots: &'a [Plot],
    /// What was told.
    pub journal: &'a Journal,
    /// What the servers are called.
    pub names: &'a Names,
    /// The run frame by frame.
    pub film: &'a Film,
    /// The run in sentences, if somebody can tell it: the tag of its language, and the text.
    pub story: Option<(&'a str, &'a str)>,
    /// The scenario with every default spelled out.
    pub settings: &'a str,
    /// How it is run again.
    pub command: &'a str,
}

/// The page of one run or of several, its frame in the language of `words`.
pub fn html(chapters: &[Chapter<'_>], words: &dyn Words) -> String {
    let put = |text: &str| escape(&words.put("page", text));
    let title = match chapters {
        [one] => escape(&one.plan.title),
        many => put(&format!("{} runs of balancelab", many.len())),
    };
    let mut index = String::new();
    if chapters.len() > 1 {
        for (number, chapter) in (1..).zip(chapters) {
            let title = escape(&chapter.plan.title);
            let _ = writeln!(index, "<li><a href=\"#r{number}\">{title}</a></li>");
        }
        let label = put("Runs");
        index = format!("<nav aria-label=\"{label}\"><ol>\n{index}</ol></nav>\n");
    }
    let body: String = (1..)
        .zip(chapters)
        .map(|(number, chapter)| chapter.html(number, words))
        .collect();
    // Piece by piece: nothing is looked for in what has been put in.
    let style = style();
    let skip = put("to the results");
    let footer = put("Made by balancelab. This page loads nothing and sends nothing.");
    let mut page = String::new();
    for piece in FRAME.split_inclusive("}}") {
        let (before, name) = piece.rsplit_once("{{").unwrap_or((piece, ""));
        page += before;
        page += match name {
            "policy}}" => POLICY.trim(),
            "lang}}" => words.lang().tag(),
            "skip}}" => &skip,
            "footer}}" => &footer,
            "title}}" => &title,
            "index}}" => &index,
            "body}}" => &body,
            "script}}" => SCRIPT,
            "style}}" => &style,
            other => other,
        };
    }
    page
}

impl Chapter<'_> {
    /// The section of the page with this number.
    fn html(&self, number: usize, words: &dyn Words) -> String {
        let (plan, report) = (self.plan, self.report);
        let put = |text: &str| escape(&words.put("page", text));
        let simulated = super::number(report.simulated.as_nanos() as f64 / 1e9, 3);
        let mut out = format!(
            "<section class=\"run\" id=\"r{number}\">\n<h2>{}</h2>\n<p class=\"facts\">{} \u{b7} {} \u{b7} {}</p>\n",
            escape(&plan.title),
            escape(&plan.scenario),
            put(&format!("{simulated} s simulated")),
            escape(&text::signature(report)),
        );
        for line in plan.notes.lines() {
            let _ = writeln!(out, "<p>{}</p>", escape(line));
        }
        self.outcome(&mut out, words);
        if let Some((tongue, story)) = self.story {
            let _ = writeln!(
                out,
                "<h3>{}</h3>\n<pre class=\"story\" lang=\"{tongue}\">{}</pre>",
                put("What happened"),
                escape(story)
            );
        }
        self.player(&mut out, number, words);
        let _ = writeln!(out, "<h3>{}</h3>", put("Plots"));
        for plot in self.plots.iter().skip(1) {
            figure(&mut out, plot, number, words);
        }
        self.sequences(&mut out, words);
        self.rest(&mut out, number, words);
        out += "</section>\n";
        out
    }

    fn outcome(&self, out: &mut String, words: &dyn Words) {
        let report = self.report;
        let tables = [
            ("Who got which requests", text::shares(report)),
            ("How long they took (ms)", text::times(report)),
            ("Changes of state", text::transitions(report)),
            ("Expectations", text::expectations(report)),
        ];
        let _ = writeln!(out, "<h3>{}</h3>", words.put("page", "What came out"));
        for (caption, table) in tables.iter().filter(|(_, table)| !table.is_empty()) {
            self::table(out, &words.put("page", caption), &table.told(words));
        }
    }

    /// The states as a band, the scrubber, and what was at its moment.
    fn player(&self, out: &mut String, number: usize, words: &dyn Words) {
        let put = |text: &str| escape(&words.put("page", text));
        let _ = writeln!(
            out,
            "<h3 id=\"r{number}-steps\">{}</h3>\n<div class=\"player\" data-film=\"r{number}-film\">",
            put("Step by step")
        );
        if let Some(states) = self.plots.first() {
            figure(out, states, number, words);
        }
        self.controls(out, words);
        let left_out = self.film.left_out();
        if left_out > 0 {
            let sentence = format!(
                "The first steps are here one by one; after that only those that change a state ({left_out} steps are left out)."
            );
            let _ = writeln!(out, "<p>{}</p>", put(&sentence));
        }
        let _ = write!(
            out,
            "<p class=\"now\" aria-live=\"polite\"></p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"stats\"><caption>{}</caption><thead><tr><th scope=\"col\">{}</th>",
            put("Statistics at this step"),
            put("Statistics of HAProxy at this step; changed cells are marked"),
            put("server")
        );
        for column in film::COLUMNS {
            let _ = write!(out, "<th scope=\"col\">{column}</th>");
        }
        out.push_str("</tr></thead><tbody>");
        for row in self.film.rows() {
            let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(row));
            out.extend(std::iter::repeat_n("<td></td>", film::COLUMNS.len()));
            out.push_str("</tr>");
        }
        let _ = writeln!(
            out,
            "</tbody></table></div>\n<div class=\"scroll journal\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table><caption>{}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody class=\"lines\"></tbody></table></div>\n</div>",
            put("Journal around this step"),
            put("Journal"),
            put("at s"),
            put("request"),
            put("what")
        );
    }

    /// The buttons of the player, and its scrubber.
    fn controls(&self, out: &mut String, words: &dyn Words) {
        let put = |text: &str| escape(&words.put("page", text));
        let last = self.film.len().saturating_sub(1);
        let _ = write!(
            out,
            "<div class=\"controls\" role=\"group\" aria-label=\"{}\">",
            put("Steps")
        );
        for (go, name) in [
            ("first", "first"),
            ("turn-back", "previous change"),
            ("back", "step back"),
            ("on", "step on"),
            ("turn-on", "next change"),
            ("last", "last"),
        ] {
            let name = put(name);
            let _ = write!(
                out,
                "<button type=\"button\" data-go=\"{go}\">{name}</button>"
            );
        }
        let _ = writeln!(
            out,
            "<input type=\"range\" min=\"0\" max=\"{last}\" value=\"0\" step=\"1\" aria-label=\"{}\"><output>{}</output></div>",
            put("Step of the run"),
            put("needs JavaScript")
        );
    }

    /// The first requests, and those around the first server that goes down.
    fn sequences(&self, out: &mut String, words: &dyn Words) {
        let put = |text: &str| escape(&words.put("page", text));
        let first = Selection {
            first: DRAWN,
            ..Selection::default()
        };
        let down = self.names.ids().find_map(|id| {
            let around = Selection {
                around: Some((id, Place::Down)),
                ..first.clone()
            };
            let drawn = self.draw(&around, words)?;
            let title = format!("Around {} DOWN", self.names.name(id));
            Some((put(&title), drawn))
        });
        let begun = self.draw(&first, words);
        let begun = begun.map(|drawn| (put("The first requests"), drawn));
        let all: Vec<(String, Sequence)> = begun.into_iter().chain(down).collect();
        if all.is_empty() {
            return;
        }
        let _ = writeln!(out, "<h3>{}</h3>", put("Who spoke to whom"));
        let same = put("The same as text");
        for (caption, sequence) in all {
            let _ = writeln!(
                out,
                "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">{}</div><figcaption>{caption}</figcaption>\n<details><summary>{same}</summary><pre>{}</pre></details></figure>",
                sequence::svg::element(&sequence),
                escape(&sequence::text::text(&sequence))
            );
        }
    }

    fn draw(&self, selection: &Selection, words: &dyn Words) -> Option<Sequence> {
        let drawn = sequence::sequence(self.plan, self.journal, self.names, selection);
        drawn.ok().map(|drawn| drawn.told(words))
    }

    /// Questions, settings, and the data.
    fn rest(&self, out: &mut String, number: usize, words: &dyn Words) {
        let put = |text: &str| escape(&words.put("page", text));
        if !self.plan.ask.is_empty() {
            let _ = writeln!(out, "<h3>{}</h3>", put("Questions"));
        }
        for ask in &self.plan.ask {
            let (question, answer) = (escape(&ask.question), escape(&ask.answer));
            let _ = writeln!(
                out,
                "<details><summary>{question}</summary><p>{answer}</p></details>"
            );
        }
        let _ = writeln!(
            out,
            "<h3>{}</h3>\n<details><summary>{}</summary><pre>{}</pre></details>\n<p>{} <code>{}</code></p>",
            put("Settings"),
            put("The scenario with every default"),
            escape(self.settings),
            put("To see it again:"),
            escape(self.command)
        );
        let script = Script {
            plan: self.plan,
            journal: self.journal,
            names: self.names,
            words,
        };
        let film = self.film.value(&script);
        data(out, &format!("r{number}-report"), &json::value(self.report));
        data(out, &format!("r{number}-film"), &film);
    }
}

/// A value for scripts. In JSON a `<` may be written as an escape, so that nothing in it
/// can end the element.
fn data(out: &mut String, id: &str, value: &serde_json::Value) {
    let value = value.to_string().replace('<', "\\u003c");
    let _ = writeln!(
        out,
        "<script type=\"application/json\" id=\"{id}\">{value}</script>"
    );
}

/// A plot with its table.
fn figure(out: &mut String, plot: &Plot, number: usize, words: &dyn Words) {
    let title = escape(&plot.title);
    let _ = write!(
        out,
        "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">{}</div><figcaption>{}</figcaption>\n<details><summary>{}</summary>",
        plot.element(&format!("r{number}-")),
        escape(&plot.description),
        escape(&words.put("page", "The same as a table"))
    );
    table(out, &plot.title, &plot.table.told(words));
    out.push_str("</details></figure>\n");
}

/// A table in HTML, its columns flush as they are.
fn table(out: &mut String, caption: &str, table: &Table) {
    let caption = escape(caption);
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption>{caption}</caption><thead><tr>"
    );
    let classes: Vec<&str> = table
        .aligns()
        .map(|align| match align {
            Align::Left => "",
            Align::Right => " class=\"n\"",
        })
        .collect();
    for (title, class) in table.head().zip(&classes) {
        let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", escape(title));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in table.rows() {
        out.push_str("<tr>");
        for (cell, class) in row.into_iter().zip(&classes) {
            let _ = write!(out, "<td{class}>{}</td>", escape(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}
