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

/// The page of one run or of several.
pub fn html(chapters: &[Chapter<'_>]) -> String {
    let title = match chapters {
        [one] => escape(&one.plan.title),
        many => format!("{} runs of balancelab", many.len()),
    };
    let mut index = String::new();
    if chapters.len() > 1 {
        for (number, chapter) in (1..).zip(chapters) {
            let title = escape(&chapter.plan.title);
            let _ = writeln!(index, "<li><a href=\"#r{number}\">{title}</a></li>");
        }
        index = format!("<nav aria-label=\"Runs\"><ol>\n{index}</ol></nav>\n");
    }
    let body: String = (1..)
        .zip(chapters)
        .map(|(number, chapter)| chapter.html(number))
        .collect();
    // Piece by piece: nothing is looked for in what has been put in.
    let style = style();
    let mut page = String::new();
    for piece in FRAME.split_inclusive("}}") {
        let (before, name) = piece.rsplit_once("{{").unwrap_or((piece, ""));
        page += before;
        page += match name {
            "policy}}" => POLICY.trim(),
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
    fn html(&self, number: usize) -> String {
        let (plan, report) = (self.plan, self.report);
        let mut out = format!(
            "<section class=\"run\" id=\"r{number}\">\n<h2>{}</h2>\n<p class=\"facts\">{} \u{b7} {} s simulated \u{b7} {}</p>\n",
            escape(&plan.title),
            escape(&plan.scenario),
            super::number(report.simulated.as_nanos() as f64 / 1e9, 3),
            escape(&text::signature(report)),
        );
        for line in plan.notes.lines() {
            let _ = writeln!(out, "<p>{}</p>", escape(line));
        }
        self.outcome(&mut out);
        if let Some((tongue, story)) = self.story {
            let _ = writeln!(
                out,
                "<h3>What happened</h3>\n<pre class=\"story\" lang=\"{tongue}\">{}</pre>",
                escape(story)
            );
        }
        self.player(&mut out, number);
        out += "<h3>Plots</h3>\n";
        for plot in self.plots.iter().skip(1) {
            figure(&mut out, plot, number);
        }
        self.sequences(&mut out);
        self.rest(&mut out, number);
        out += "</section>\n";
        out
    }

    fn outcome(&self, out: &mut String) {
        let report = self.report;
        let tables = [
            ("Who got which requests", text::shares(report)),
            ("How long they took (ms)", text::times(report)),
            ("Changes of state", text::transitions(report)),
            ("Expectations", text::expectations(report)),
        ];
        out.push_str("<h3>What came out</h3>\n");
        for (caption, table) in tables.iter().filter(|(_, table)| !table.is_empty()) {
            self::table(out, caption, table);
        }
    }

    /// The states as a band, the scrubber, and what was at its moment.
    fn player(&self, out: &mut String, number: usize) {
        let _ = writeln!(
            out,
            "<h3 id=\"r{number}-steps\">Step by step</h3>\n<div class=\"player\" data-film=\"r{number}-film\">"
        );
        if let Some(states) = self.plots.first() {
            figure(out, states, number);
        }
        let last = self.film.len().saturating_sub(1);
        let _ = writeln!(
            out,
            "<div class=\"controls\" role=\"group\" aria-label=\"Steps\">\
             <button type=\"button\" data-go=\"first\">first</button>\
             <button type=\"button\" data-go=\"turn-back\">previous change</button>\
             <button type=\"button\" data-go=\"back\">step back</button>\
             <button type=\"button\" data-go=\"on\">step on</button>\
             <button type=\"button\" data-go=\"turn-on\">next change</button>\
             <button type=\"button\" data-go=\"last\">last</button>\
             <input type=\"range\" min=\"0\" max=\"{last}\" value=\"0\" step=\"1\" aria-label=\"Step of the run\">\
             <output>needs JavaScript</output></div>"
        );
        if self.film.left_out() > 0 {
            let _ = writeln!(
                out,
                "<p>The first steps are here one by one; after that only those that change a state ({} steps are left out).</p>",
                self.film.left_out()
            );
        }
        out.push_str("<p class=\"now\" aria-live=\"polite\"></p>\n");
        out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Statistics at this step\"><table class=\"stats\"><caption>Statistics of HAProxy at this step; changed cells are marked</caption><thead><tr><th scope=\"col\">server</th>");
        for column in film::COLUMNS {
            let _ = write!(out, "<th scope=\"col\">{column}</th>");
        }
        out.push_str("</tr></thead><tbody>");
        for row in self.film.rows() {
            let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(row));
            out.extend(std::iter::repeat_n("<td></td>", film::COLUMNS.len()));
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table></div>\n<div class=\"scroll journal\" tabindex=\"0\" role=\"region\" aria-label=\"Journal around this step\"><table><caption>Journal</caption><thead><tr><th scope=\"col\">at s</th><th scope=\"col\">request</th><th scope=\"col\">what</th></tr></thead><tbody class=\"lines\"></tbody></table></div>\n</div>\n");
    }

    /// The first requests, and those around the first server that goes down.
    fn sequences(&self, out: &mut String) {
        let first = Selection {
            first: DRAWN,
            ..Selection::default()
        };
        let down = self.names.ids().find_map(|id| {
            let around = Selection {
                around: Some((id, Place::Down)),
                ..first.clone()
            };
            let drawn = self.draw(&around)?;
            let title = format!("Around {} DOWN", self.names.name(id));
            Some((title, drawn))
        });
        let begun = self.draw(&first);
        let begun = begun.map(|drawn| ("The first requests".to_owned(), drawn));
        let all: Vec<(String, Sequence)> = begun.into_iter().chain(down).collect();
        if all.is_empty() {
            return;
        }
        out.push_str("<h3>Who spoke to whom</h3>\n");
        for (caption, sequence) in all {
            let _ = writeln!(
                out,
                "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">{}</div><figcaption>{caption}</figcaption>\n<details><summary>The same as text</summary><pre>{}</pre></details></figure>",
                sequence::svg::element(&sequence),
                escape(&sequence::text::text(&sequence))
            );
        }
    }

    fn draw(&self, selection: &Selection) -> Option<Sequence> {
        sequence::sequence(self.plan, self.journal, self.names, selection).ok()
    }

    /// Questions, settings, and the data.
    fn rest(&self, out: &mut String, number: usize) {
        if !self.plan.ask.is_empty() {
            out.push_str("<h3>Questions</h3>\n");
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
            "<h3>Settings</h3>\n<details><summary>The scenario with every default</summary><pre>{}</pre></details>\n<p>To see it again: <code>{}</code></p>",
            escape(self.settings),
            escape(self.command)
        );
        let script = Script {
            plan: self.plan,
            journal: self.journal,
            names: self.names,
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
fn figure(out: &mut String, plot: &Plot, number: usize) {
    let title = escape(&plot.title);
    let _ = write!(
        out,
        "<figure><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\">{}</div><figcaption>{}</figcaption>\n<details><summary>The same as a table</summary>",
        plot.element(&format!("r{number}-")),
        escape(&plot.description)
    );
    table(out, &plot.title, &plot.table);
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
