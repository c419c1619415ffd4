//! JMeter's results (`.jtl`): CSV with a line of names, or XML.

use std::borrow::Cow;

use roxmltree::{Document, Node, ParsingOptions};

use super::haproxy::path;
use super::{Entry, Reading, Why};

const NUMBERS: Why = Why::strange("a sample without its time (timeStamp and elapsed)");
const TRANSACTION: Why = Why::harmless("a transaction, whose samples stand for themselves");
const SHORT: Why = Why::strange("a line with fewer fields than the first one names");
const NO_XML: Why = Why::strange("the XML cannot be read from here on");
const EMPTY: Why = Why::harmless("an empty line");

/// Whether a text is a JTL in XML.
pub(super) fn is_xml(text: &str) -> bool {
    let begin = text.trim_start();
    begin.starts_with("<?xml") || begin.starts_with("<testResults")
}

/// Which column is which.
pub(super) struct Table {
    separator: char,
    stamp: usize,
    elapsed: usize,
    label: Option<usize>,
    code: Option<usize>,
    message: Option<usize>,
    thread: Option<usize>,
    url: Option<usize>,
    connect: Option<usize>,
    columns: usize,
}

/// The table that the first line of `text` announces, if it does.
pub(super) fn table(text: &str) -> Option<Table> {
    let head = text.lines().next()?;
    let separator = [',', ';', '\t', '|']
        .into_iter()
        .find(|&separator| head.split(separator).any(|name| name == "timeStamp"))?;
    let names: Vec<&str> = head.trim_end().split(separator).collect();
    let column = |name: &str| names.iter().position(|known| *known == name);
    Some(Table {
        separator,
        stamp: column("timeStamp")?,
        elapsed: column("elapsed")?,
        label: column("label"),
        code: column("responseCode"),
        message: column("responseMessage"),
        thread: column("threadName"),
        url: column("URL"),
        connect: column("Connect"),
        columns: names.len(),
    })
}

/// Reads a JTL in CSV.
pub(super) fn read_csv<'a>(table: &Table, text: &'a str, reading: &mut Reading<'a>) {
    let mut rest = text;
    let mut line = 1;
    let mut first = true;
    while !rest.is_empty() {
        let (fields, lines, after) = record(rest, table.separator);
        if !std::mem::take(&mut first) {
            reading.keep(line, sample(table, &fields));
        }
        line += lines;
        rest = after;
    }
    reading.lines = line.saturating_sub(1);
}

/// One record, the lines it takes, and what follows it.
fn record(text: &str, separator: char) -> (Vec<Cow<'_, str>>, u32, &str) {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = field(rest, separator);
        fields.push(field);
        let Some(next) = after.strip_prefix(separator) else {
            let after = after.strip_prefix('\r').unwrap_or(after);
            let after = after.strip_prefix('\n').unwrap_or(after);
            let taken = &text[..text.len() - after.len()];
            let lines = taken.matches('\n').count().max(1);
            return (fields, lines as u32, after);
        };
        rest = next;
    }
}

/// A field, and what follows it: a separator, the end of the line, or nothing.
fn field(text: &str, separator: char) -> (Cow<'_, str>, &str) {
    let ends = |c: char| c == separator || c == '\n';
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(ends).unwrap_or(text.len());
        let field = text[..end].strip_suffix('\r').unwrap_or(&text[..end]);
        return (Cow::Borrowed(field), &text[end..]);
    };
    let mut from = 0;
    while let Some(quote) = quoted[from..].find('"').map(|at| from + at) {
        if !quoted[quote + 1..].starts_with('"') {
            let inner = &quoted[..quote];
            let field = if inner.contains("\"\"") {
                Cow::Owned(inner.replace("\"\"", "\""))
            } else {
                Cow::Borrowed(inner)
            };
            let after = &quoted[quote + 1..];
            return (field, &after[after.find(ends).unwrap_or(after.len())..]);
        }
        from = quote + 2;
    }
    (Cow::Borrowed(quoted), "")
}

fn sample<'a>(table: &Table, fields: &[Cow<'a, str>]) -> Result<Entry<'a>, Why> {
    if let [only] = fields
        && only.trim().is_empty()
    {
        return Err(EMPTY);
    }
    if fields.len() < table.columns {
        return Err(SHORT);
    }
    let field = |column: Option<usize>| column.and_then(|column| fields.get(column));
    let number = |column: usize| -> Result<i64, Why> {
        let value = fields[column].trim().parse().map_err(|_| NUMBERS)?;
        Some(value).filter(|value| *value >= 0).ok_or(NUMBERS)
    };
    let message = field(table.message).map_or("", AsRef::as_ref);
    if message.starts_with("Number of samples in transaction") {
        return Err(TRANSACTION);
    }
    let connect = field(table.connect).and_then(|connect| connect.trim().parse::<i64>().ok());
    Ok(entry(Sample {
        stamp: number(table.stamp)?,
        elapsed: number(table.elapsed)?,
        connect,
        thread: field(table.thread)
            .cloned()
            .unwrap_or(Cow::Borrowed("users")),
        code: field(table.code).map_or("", AsRef::as_ref),
        label: field(table.label).cloned().unwrap_or_default(),
        url: field(table.url).cloned(),
    }))
}

/// What both forms tell of a sample.
struct Sample<'a, 'b> {
    stamp: i64,
    elapsed: i64,
    connect: Option<i64>,
    thread: Cow<'a, str>,
    code: &'b str,
    label: Cow<'a, str>,
    url: Option<Cow<'a, str>>,
}

fn entry<'a>(sample: Sample<'a, '_>) -> Entry<'a> {
    let day_or_so = i64::from(u32::MAX);
    let elapsed = sample.elapsed.min(day_or_so);
    let connect = sample.connect.unwrap_or(0).clamp(0, elapsed);
    let status: u16 = sample.code.trim().parse().unwrap_or(0);
    Entry {
        // Later than any clock shows; what is longer is no date.
        at: sample.stamp.min(1 << 45),
        source: sample.thread,
        method: Cow::Borrowed("GET"),
        uri: uri(sample.url, sample.label),
        status,
        served: (status > 0).then_some((connect as u64, elapsed as u64)),
        total: elapsed as u64,
        connects: sample.connect.map(|connect| connect > 0),
        ..Entry::default()
    }
}

/// The path of the URL, or of a sampler that is called like one; `/` otherwise.
fn uri<'a>(url: Option<Cow<'a, str>>, label: Cow<'a, str>) -> Cow<'a, str> {
    let named = url.filter(|url| url.contains("://")).unwrap_or(label);
    let is_path = |path: &str| path.starts_with('/') && !path.contains(char::is_whitespace);
    let named_path = path(&named);
    if !is_path(named_path) {
        return Cow::Borrowed("/");
    }
    match named {
        Cow::Borrowed(named) => Cow::Borrowed(path(named)),
        Cow::Owned(ref owned) => Cow::Owned(path(owned).to_owned()),
    }
}

/// Reads a JTL in XML.
pub(super) fn read_xml<'a>(text: &'a str, reading: &mut Reading<'a>) {
    reading.lines = text.lines().count() as u32;
    let options = ParsingOptions {
        // Nested deeper, or of more parts, than JMeter writes.
        nodes_limit: u32::MAX,
        ..ParsingOptions::default()
    };
    let document = match Document::parse_with_options(text, options) {
        Ok(document) => document,
        Err(error) => {
            reading.keep(error.pos().row, Err(NO_XML));
            return;
        }
    };
    // Lines are counted once, along the samples.
    let (mut line, mut counted) = (1_u32, 0);
    let mut samples: Vec<Node<'_, '_>> = document.root_element().children().collect();
    samples.reverse();
    while let Some(node) = samples.pop() {
        if !matches!(node.tag_name().name(), "sample" | "httpSample") {
            continue;
        }
        let start = node.range().start;
        line += text[counted..start].matches('\n').count() as u32;
        counted = start;
        let is_http = node.tag_name().name() == "httpSample";
        let children: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
        let has_samples = |n: &Node<'_, '_>| matches!(n.tag_name().name(), "sample" | "httpSample");
        if !is_http && children.iter().any(has_samples) {
            reading.keep(line, Err(TRANSACTION));
            samples.extend(children.into_iter().rev());
            continue;
        }
        let found = xml_sample(node);
        reading.keep(line, found);
    }
}

fn xml_sample<'a>(node: Node<'_, '_>) -> Result<Entry<'a>, Why> {
    let number = |name: &str| {
        let value: Option<i64> = node.attribute(name).and_then(|value| value.parse().ok());
        value.filter(|value| *value >= 0)
    };
    let text = |name: &str| Cow::Owned(node.attribute(name).unwrap_or("").to_owned());
    let url = node
        .children()
        .find(|child| child.tag_name().name() == "java.net.URL")
        .and_then(|child| child.text());
    let thread = match node.attribute("tn") {
        Some(_) => text("tn"),
        None => Cow::Borrowed("users"),
    };
    Ok(entry(Sample {
        stamp: number("ts").ok_or(NUMBERS)?,
        elapsed: number("t").ok_or(NUMBERS)?,
        connect: number("ct"),
        thread,
        code: node.attribute("rc").unwrap_or(""),
        label: text("lb"),
        url: url.map(|url| Cow::Owned(url.to_owned())),
    }))
}
