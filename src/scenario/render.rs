//! Diagnostics for people (terminal, log) and for programs (JSON).

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::locale::Words;
use crate::scenario::diagnostic::{Diagnostic, Severity};
use crate::scenario::locate::{FileId, Files, Place};

/// Whether colours may be used. The library does not look for a terminal: the caller does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    #[default]
    Never,
    /// With ANSI sequences.
    Always,
}

/// All of `notes`, in the order of the texts, with an empty line between them.
pub fn text(notes: &[Diagnostic], files: &Files, colour: Colour, words: &dyn Words) -> String {
    let renderer = match colour {
        Colour::Never => Renderer::plain(),
        Colour::Always => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(120);
    let mut out = String::new();
    for note in notes {
        let note = told(note, words);
        let group = group(&note, files, words);
        out.push_str(renderer.render(&[group]).trim_end());
        out.push_str("\n\n");
    }
    out
}

/// A diagnostic in the language of `words`.
fn told(note: &Diagnostic, words: &dyn Words) -> Diagnostic {
    let put = |text: &str| words.put("flaw", text).into_owned();
    let mut note = note.clone();
    note.message = put(&note.message);
    for label in &mut note.labels {
        label.text = put(&label.text);
    }
    note.accepted = note.accepted.as_deref().map(put);
    note.help = note.help.as_deref().map(put);
    note
}

fn group<'a>(note: &'a Diagnostic, files: &'a Files, words: &dyn Words) -> Group<'a> {
    let put = |text: &'static str| words.put("flaw", text);
    let level = match note.severity() {
        Severity::Error => Level::ERROR.with_name(put("error")),
        Severity::Warning => Level::WARNING.with_name(put("warning")),
    };
    let mut group = level
        .primary_title(note.message.as_str())
        .id(note.code.name())
        .elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    let mut shown: Vec<FileId> = Vec::new();
    for label in &note.labels {
        if shown.contains(&label.place.file) {
            continue;
        }
        shown.push(label.place.file);
        let file = files.file(label.place.file);
        let here = note.labels.iter().enumerate();
        let here = here.filter(|(_, other)| other.place.file == label.place.file);
        // The renderer looks at every line it is given, so it gets only those in question.
        let (start, end) = lines_around(&file.text, here.clone().map(|(_, label)| label.place));
        let annotations = here.map(|(index, label)| {
            let kind = if index == 0 {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let span = label.place.start as usize - start..label.place.end as usize - start;
            let text = (!label.text.is_empty()).then_some(label.text.as_str());
            kind.span(span).label(text)
        });
        group = group.element(
            Snippet::source(&file.text[start..end])
                .line_start(file.text[..start].matches('\n').count() + 1)
                .path(file.name.as_str())
                .annotations(annotations),
        );
    }
    if let Some(accepted) = &note.accepted {
        let list = format!("accepted: {accepted}");
        let list = words.put("flaw", &list);
        let level = Level::NOTE.with_name(put("note"));
        group = group.element(level.message(wrapped(&list)));
    }
    if let Some(help) = &note.help {
        let level = Level::HELP.with_name(put("help"));
        group = group.element(level.message(help.as_str()));
    }
    group
}

/// From the beginning of the first line of `places` to the end of the last, in bytes.
fn lines_around(text: &str, places: impl Iterator<Item = Place>) -> (usize, usize) {
    let (mut first, mut last) = (text.len(), 0);
    for place in places {
        first = first.min(place.start as usize);
        last = last.max(place.end as usize);
    }
    let bytes = text.as_bytes();
    let start = (bytes[..first].iter().rposition(|&byte| byte == b'\n')).map_or(0, |at| at + 1);
    // A place that ends with its line feed has the line after it shown as well.
    let end = (bytes[last..].iter().position(|&byte| byte == b'\n'))
        .map_or(text.len(), |at| last + at + 1);
    (start, end)
}

/// Long lists in lines of a readable length.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 96;
    let mut out = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let len = word.chars().count();
        if width > 0 && width + 1 + len > WIDTH {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += len;
    }
    out
}

#[derive(Serialize)]
struct Written<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    labels: Vec<WrittenLabel<'a>>,
    accepted: Option<&'a str>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenLabel<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    words: &'a str,
    text: &'a str,
}

/// All of `notes` as a JSON list of `{code, severity, message, labels[{file, line, column,
/// words, text}], accepted, help}`. The first label is the culprit.
///
/// # Panics
/// Never: texts and numbers can always be written.
pub fn json(notes: &[Diagnostic], files: &Files) -> String {
    let written: Vec<Written<'_>> = notes
        .iter()
        .map(|note| Written {
            code: note.code.name(),
            severity: note.severity().name(),
            message: &note.message,
            labels: note
                .labels
                .iter()
                .map(|label| {
                    let position = files.position(label.place);
                    WrittenLabel {
                        file: &files.file(label.place.file).name,
                        line: position.line,
                        column: position.column,
                        words: files.words(label.place),
                        text: &label.text,
                    }
                })
                .collect(),
            accepted: note.accepted.as_deref(),
            help: note.help.as_deref(),
        })
        .collect();
    serde_json::to_string_pretty(&written).expect("texts and numbers can be written as JSON")
}
