//! Aligned text: one implementation for every table of every report.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::locale::{AsWritten, Lang, Words};

/// What a piece of text means, for those who can show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Ordinary.
    #[default]
    Plain,
    /// The title of a report.
    Title,
    /// The head of a table.
    Head,
    /// As it should be.
    Good,
    /// Trouble.
    Bad,
    /// Beside the point.
    Faint,
}

/// How styled text is shown. Whether there is colour at all is the caller's business.
pub trait Ink {
    /// Appends `text` to `out` in `style`.
    fn ink(&self, out: &mut String, style: Style, text: &str);

    /// The language of texts for people.
    fn words(&self) -> &dyn Words {
        &AsWritten
    }
}

/// Shows every style as plain text.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoInk;

impl Ink for NoInk {
    fn ink(&self, out: &mut String, _style: Style, text: &str) {
        out.push_str(text);
    }
}

/// On which side a column is flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    style: Style,
    /// Whether the text is a phrase of ours, to be put into the reader's language.
    phrase: bool,
}

impl Cell {
    /// A phrase of ours: people read it in their language, programs as it is.
    pub fn phrase(text: impl Into<String>, style: Style) -> Self {
        Self {
            phrase: true,
            ..Self::styled(text, style)
        }
    }

    /// A cell in a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
            phrase: false,
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::Plain)
    }
}

/// The cell that names nobody, for requests that no server answered.
pub(crate) fn nobody() -> Cell {
    Cell::phrase("(none)", Style::Plain)
}

/// A table: a head and rows of the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    head: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these columns and no rows yet.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self {
            head: columns
                .iter()
                .map(|&(title, align)| (title.to_owned(), align))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Appends a row.
    ///
    /// # Panics
    /// When it has not as many cells as the table has columns.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.head.len(), "a cell per column");
        self.rows.push(row);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table for people who read `words`: its head and its phrases in their language.
    /// Numbers keep the point, as they do in files: a table is compared and copied.
    pub fn told(&self, words: &dyn Words) -> Cow<'_, Self> {
        if words.lang() == Lang::En {
            return Cow::Borrowed(self);
        }
        let put = |text: &str| words.put("table", text).into_owned();
        let mut table = self.clone();
        for (title, _) in &mut table.head {
            *title = put(title);
        }
        for cell in table.rows.iter_mut().flatten().filter(|cell| cell.phrase) {
            cell.text = put(&cell.text);
        }
        Cow::Owned(table)
    }

    /// The table in aligned lines, each indented by two spaces, none ending in a space.
    pub fn text(&self, ink: &dyn Ink) -> String {
        self.told(ink.words()).aligned(ink)
    }

    fn aligned(&self, ink: &dyn Ink) -> String {
        let head: Vec<Cell> = self
            .head
            .iter()
            .map(|(title, _)| Cell::styled(title.as_str(), Style::Head))
            .collect();
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = self.rows.iter().chain([&head]).map(|row| &row[column]);
                cells.map(Cell::width).max().unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for row in [&head].into_iter().chain(&self.rows) {
            self.line(&mut out, row, &widths, ink);
        }
        out
    }

    /// The same, but no head without rows.
    pub fn text_unless_empty(&self, ink: &dyn Ink) -> String {
        if self.rows.is_empty() {
            String::new()
        } else {
            self.text(ink)
        }
    }

    fn line(&self, out: &mut String, row: &[Cell], widths: &[usize], ink: &dyn Ink) {
        // Spaces are written only once something follows them.
        let mut owed = 2;
        for ((cell, width), (_, align)) in row.iter().zip(widths).zip(&self.head) {
            let room = width - cell.width();
            let (before, after) = match align {
                Align::Left => (0, room),
                Align::Right => (room, 0),
            };
            owed += before;
            if !cell.text.is_empty() {
                out.extend(std::iter::repeat_n(' ', owed));
                ink.ink(out, cell.style, &cell.text);
                owed = 0;
            }
            owed += after + 2;
        }
        out.push('\n');
    }

    /// The titles of the columns.
    pub fn head(&self) -> impl Iterator<Item = &str> {
        self.head.iter().map(|(title, _)| title.as_str())
    }

    /// On which side each column is flush.
    pub fn aligns(&self) -> impl Iterator<Item = Align> + '_ {
        self.head.iter().map(|(_, align)| *align)
    }

    /// The texts of the rows.
    pub fn rows(&self) -> impl Iterator<Item = Vec<&str>> {
        let rows = self.rows.iter();
        rows.map(|row| row.iter().map(|cell| cell.text.as_str()).collect())
    }

    /// The table as comma-separated values (RFC 4180) under its head.
    pub fn csv(&self) -> String {
        let mut out = String::new();
        for row in std::iter::once(self.head().collect()).chain(self.rows()) {
            let cells: Vec<_> = row.into_iter().map(super::csv::quoted).collect();
            out += &cells.join(",");
            out.push('\n');
        }
        out
    }

    /// The rows as JSON objects by the titles of the columns; cells that are numbers are
    /// numbers.
    pub fn json(&self) -> serde_json::Value {
        let value = |text: &str| match serde_json::from_str(text) {
            Ok(serde_json::Value::Number(number)) => number.into(),
            _ => serde_json::Value::from(text),
        };
        let object = |row: Vec<&str>| -> serde_json::Value {
            let pairs = self.head().zip(row);
            let pairs = pairs.map(|(title, text)| (title.to_owned(), value(text)));
            serde_json::Value::Object(pairs.collect())
        };
        self.rows().map(object).collect()
    }

    /// The table in Markdown, the pipes of cells escaped.
    pub fn markdown(&self) -> String {
        let mut out = String::from("|");
        for (title, _) in &self.head {
            let _ = write!(out, " {} |", escape(title));
        }
        out.push_str("\n|");
        for (_, align) in &self.head {
            out.push_str(match align {
                Align::Left => "---|",
                Align::Right => "--:|",
            });
        }
        out.push('\n');
        for row in &self.rows {
            out.push('|');
            for cell in row {
                let _ = write!(out, " {} |", escape(&cell.text));
            }
            out.push('\n');
        }
        out
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&[
            ("server", Align::Left),
            ("requests", Align::Right),
            ("state", Align::Left),
        ]);
        table.push(vec!["s1".into(), "3".into(), "DOWN".into()]);
        table.push(vec!["élan".into(), "123456789".into(), "".into()]);
        table
    }

    #[test]
    fn aligned_and_without_trailing_spaces() {
        assert_eq!(
            table().text(&NoInk),
            concat!(
                "  server   requests  state\n",
                "  s1              3  DOWN\n",
                "  élan    123456789\n",
            )
        );
    }

    #[test]
    fn ink_does_not_move_anything() {
        struct Loud;
        impl Ink for Loud {
            fn ink(&self, out: &mut String, style: Style, text: &str) {
                let _ = write!(out, "<{style:?}>{text}</>");
            }
        }
        let loud = table().text(&Loud);
        let quiet = loud
            .replace("<Head>", "")
            .replace("<Plain>", "")
            .replace("</>", "");
        assert_eq!(quiet, table().text(&NoInk));
        assert!(loud.starts_with("  <Head>server</>"));
    }

    #[test]
    fn markdown_survives_pipes() {
        let mut table = Table::new(&[("a|b", Align::Left)]);
        table.push(vec!["x|y".into()]);
        assert_eq!(table.markdown(), "| a\\|b |\n|---|\n| x\\|y |\n");
    }

    #[test]
    #[should_panic(expected = "a cell per column")]
    fn a_short_row_is_our_mistake() {
        table().push(vec!["s3".into()]);
    }
}
