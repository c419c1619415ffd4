//! Groups to lines.

use super::super::read::Dialect;
use super::token::{Comment, Document, Group, Item, Value};

/// Longer lines than this are broken where they can be.
const WIDTH: usize = 120;
const INDENT: usize = 4;

/// The whole text.
pub(super) fn document(document: &Document<'_>, dialect: Dialect) -> String {
    let mut page = Page {
        text: String::new(),
        dialect,
    };
    for attribute in &document.attributes {
        page.line(0, attribute);
    }
    page.comments(0, &document.root.comments, document.attributes.is_empty());
    if document.root.apart && !page.text.is_empty() {
        page.text.push('\n');
    }
    let root = match &document.root.value {
        Value::Plain(word) => (*word).to_owned(),
        Value::Group(word, group) => format!("{word}{}", page.expanded(0, group)),
    };
    page.line(0, &with_tail(root, &document.root.tail));
    page.comments(0, &document.rest, false);
    page.text
}

struct Page {
    text: String,
    dialect: Dialect,
}

/// One item as it will stand, and its comment behind.
struct Row<'a> {
    text: String,
    tail: &'a [&'a str],
}

impl Row<'_> {
    /// Whether `item`, written as `text`, can go on in this row. Items of a list stand beside
    /// one another as their author wrote them.
    fn takes(&self, item: &Item<'_>, text: &str, indent: usize) -> bool {
        let width = indent + self.text.chars().count() + 1 + text.chars().count();
        item.joined
            && item.comments.is_empty()
            && self.tail.is_empty()
            && !self.text.contains('\n')
            && width <= WIDTH
    }
}

impl Page {
    fn line(&mut self, indent: usize, text: &str) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn comments(&mut self, indent: usize, comments: &[Comment<'_>], first: bool) {
        let text = comment_lines(indent, comments, first);
        self.text.push_str(&text);
    }

    /// A group with each item on a line, from its bracket to its bracket.
    fn expanded(&self, indent: usize, group: &Group<'_>) -> String {
        let close = closing(group.bracket);
        if group.items.is_empty() && group.rest.is_empty() {
            return format!("{}{close}", group.bracket);
        }
        let inner = indent + INDENT;
        let mut text = format!("{}\n", group.bracket);
        let mut rows: Vec<Row<'_>> = Vec::new();
        for (index, item) in group.items.iter().enumerate() {
            let first = index == 0;
            if !item.comments.is_empty() || (item.apart && !first) {
                flush(&mut text, inner, &mut rows);
            }
            text.push_str(&comment_lines(inner, &item.comments, first));
            if item.apart && (!first || !item.comments.is_empty()) {
                text.push('\n');
            }
            let last = index + 1 == group.items.len();
            let comma = if last && self.dialect == Dialect::Json {
                ""
            } else {
                ","
            };
            let row = format!("{}{comma}", self.item(inner, item, comma.len()));
            if row.contains('\n') {
                flush(&mut text, inner, &mut rows);
            } else if let Some(before) = rows.last_mut()
                && group.bracket == '['
                && before.takes(item, &row, inner)
            {
                before.text.extend([" ", &row]);
                before.tail = &item.tail;
                continue;
            }
            rows.push(Row {
                text: row,
                tail: &item.tail,
            });
        }
        flush(&mut text, inner, &mut rows);
        text.push_str(&comment_lines(inner, &group.rest, group.items.is_empty()));
        text.extend(std::iter::repeat_n(' ', indent));
        text.push(close);
        text
    }

    /// An item without its comma and comments; its first line begins at `indent`.
    fn item(&self, indent: usize, item: &Item<'_>, after: usize) -> String {
        let key = item.key.map_or(String::new(), |key| format!("{key}: "));
        match &item.value {
            Value::Plain(word) => key + word,
            Value::Group(word, group) => {
                let fits = |flat: &String| {
                    indent + key.chars().count() + flat.chars().count() + after <= WIDTH
                };
                let flat = flat_value(&item.value).filter(fits);
                let value =
                    flat.unwrap_or_else(|| format!("{word}{}", self.expanded(indent, group)));
                key + &value
            }
        }
    }
}

/// Writes rows with their comments under one another.
fn flush(text: &mut String, indent: usize, rows: &mut Vec<Row<'_>>) {
    let width = |row: &Row<'_>| {
        let line = row.text.lines().next_back().unwrap_or("");
        let before = if row.text.contains('\n') { 0 } else { indent };
        before + line.chars().count()
    };
    let commented = rows.iter().filter(|row| !row.tail.is_empty());
    let column = commented.map(width).max().unwrap_or(0);
    for row in rows.drain(..) {
        text.extend(std::iter::repeat_n(' ', indent));
        text.push_str(row.text.trim_end());
        if !row.tail.is_empty() {
            let gap = column.saturating_sub(width(&row)) + 2;
            text.extend(std::iter::repeat_n(' ', gap));
            text.push_str(&row.tail.join(" "));
        }
        text.push('\n');
    }
}

/// Comments, each on a line.
fn comment_lines(indent: usize, comments: &[Comment<'_>], first: bool) -> String {
    let mut text = String::new();
    for (index, comment) in comments.iter().enumerate() {
        if comment.apart && !(first && index == 0) {
            text.push('\n');
        }
        text.extend(std::iter::repeat_n(' ', indent));
        text.push_str(comment.text);
        text.push('\n');
    }
    text
}

/// The value on one line, unless its author opened it or a comment forbids it.
fn flat_value(value: &Value<'_>) -> Option<String> {
    let (word, group) = match value {
        Value::Plain(word) => return Some((*word).to_owned()).filter(|word| !word.contains('\n')),
        Value::Group(word, group) => (word, group),
    };
    if !group.rest.is_empty() || (group.open && !group.items.is_empty()) {
        return None;
    }
    let items: Option<Vec<String>> = group
        .items
        .iter()
        .map(|item| {
            if !item.comments.is_empty() || !item.tail.is_empty() {
                return None;
            }
            let key = item.key.map_or(String::new(), |key| format!("{key}: "));
            Some(key + &flat_value(&item.value)?)
        })
        .collect();
    let items = items?.join(", ");
    let close = closing(group.bracket);
    Some(if group.bracket == '{' && !items.is_empty() {
        format!("{word}{{ {items} }}")
    } else {
        format!("{word}{}{items}{close}", group.bracket)
    })
}

fn with_tail(text: String, tail: &[&str]) -> String {
    if tail.is_empty() {
        text
    } else {
        format!("{text}  {}", tail.join(" "))
    }
}

fn closing(bracket: char) -> char {
    match bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}
