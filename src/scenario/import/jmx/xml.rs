//! XML to a tree of elements: what is no test plan is refused with its place, and nothing
//! that a text can do makes this slow.

use roxmltree::{Document, Node, ParsingOptions};

use super::element::{Element, Property, Value};
use super::kinds;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::{FileId, Place};

/// Elements inside one another; JMeter writes two for each level of its tree.
const DEPTH: usize = 200;
/// JMeter writes up to four attributes.
const ATTRIBUTES: usize = 64;

/// Where lines begin.
struct Lines {
    file: FileId,
    starts: Vec<usize>,
}

impl Lines {
    fn new(file: FileId, text: &str) -> Self {
        let feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(feeds.map(|(at, _)| at + 1));
        Self {
            file,
            starts: starts.collect(),
        }
    }

    /// The line of a byte, from 1.
    fn of(&self, at: usize) -> u32 {
        self.starts.partition_point(|start| *start <= at) as u32
    }

    fn place(&self, node: Node<'_, '_>) -> Place {
        let range = node.range();
        // The name is enough to show an element by.
        let name = node.tag_name().name().len() + 1;
        let end = if node.children().any(|child| child.is_element()) {
            range.end.min(range.start + name)
        } else {
            range.end
        };
        Place::new(self.file, range.start, end)
    }
}

/// Reads the top of the tree: the test plan and what stands beside it.
pub(super) fn read(file: FileId, text: &str) -> Result<Vec<Element>, Diagnostic> {
    if let Err((at, why)) = bounded(text) {
        let place = Place::new(file, at, (at + 1).min(text.len()));
        return Err(Diagnostic::new(Code::Import, why, place));
    }
    let options = ParsingOptions {
        nodes_limit: u32::MAX,
        ..ParsingOptions::default()
    };
    let lines = Lines::new(file, text);
    let document = Document::parse_with_options(text, options)
        .map_err(|error| unreadable(&lines, text, &error))?;
    let root = document.root_element();
    if root.tag_name().name() != "jmeterTestPlan" {
        return Err(stranger(&lines, root));
    }
    let tree = root.children().find(|child| is_tree(*child));
    let elements = tree.map_or_else(Vec::new, |tree| branch(tree, &lines));
    if elements.is_empty() {
        let message = "the test plan is empty";
        return Err(Diagnostic::new(Code::Import, message, lines.place(root))
            .accepted("a hashTree with a TestPlan in it, as JMeter saves it"));
    }
    Ok(elements)
}

fn unreadable(lines: &Lines, text: &str, error: &roxmltree::Error) -> Diagnostic {
    let ends = |message: &str| {
        let place = Place::new(lines.file, text.len(), text.len());
        Diagnostic::new(Code::Import, message, place)
            .accepted("a whole test plan, up to `</jmeterTestPlan>`")
    };
    match error {
        roxmltree::Error::UnexpectedEndOfStream if text.trim_start().starts_with('<') => {
            return ends("the file ends in the middle of the plan");
        }
        roxmltree::Error::UnclosedRootNode => return ends("the plan is not closed at its end"),
        _ => {}
    }
    let position = error.pos();
    let line = (position.row as usize).clamp(1, lines.starts.len());
    let start = lines.starts[line - 1];
    let rest = text[start..].split('\n').next().unwrap_or_default();
    let column = (position.col as usize).saturating_sub(1);
    let inside = rest.char_indices().nth(column);
    let at = start + inside.map_or(rest.len(), |(at, _)| at);
    let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
    let message = if text.trim().is_empty() {
        "there is nothing in this file".to_owned()
    } else if text.trim_start().starts_with('<') {
        let why = error.to_string();
        // The place is shown anyway.
        let why = why.rsplit_once(" at ").map_or(why.as_str(), |(why, _)| why);
        format!("this is not XML: {why}")
    } else {
        "this is not XML, as test plans of JMeter are".to_owned()
    };
    let place = Place::new(lines.file, at, end);
    Diagnostic::new(Code::Import, message, place).accepted("a test plan as JMeter saves it (.jmx)")
}

/// The root says what kind of file it is.
fn stranger(lines: &Lines, root: Node<'_, '_>) -> Diagnostic {
    let name = root.tag_name().name();
    let (what, help) = match name {
        "testResults" => (
            "these are results of JMeter, not a test plan",
            Some("replay them as a load with --log"),
        ),
        "html" => ("this is a page for browsers, not a test plan", None),
        "node" | "testelement" => (
            "this is a test plan of JMeter 1",
            Some("open it in JMeter 2 and save it again"),
        ),
        "hashTree" => (
            "this is a piece of a test plan, without `jmeterTestPlan` around it",
            Some("save the whole plan in JMeter"),
        ),
        _ => ("this XML is not a test plan of JMeter", None),
    };
    let message = format!("{what}: the outermost element is `{name}`");
    let diagnostic = Diagnostic::new(Code::Import, message, lines.place(root))
        .accepted("a test plan as JMeter saves it: `jmeterTestPlan`");
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn is_tree(node: Node<'_, '_>) -> bool {
    node.tag_name().name() == "hashTree"
}

/// The elements of a `hashTree`: each is followed by the tree of what is below it.
fn branch(tree: Node<'_, '_>, lines: &Lines) -> Vec<Element> {
    let mut elements: Vec<Element> = Vec::new();
    for node in tree.children().filter(Node::is_element) {
        if is_tree(node) {
            let below = branch(node, lines);
            match elements.last_mut() {
                Some(last) => last.children.extend(below),
                None => elements.extend(below),
            }
            continue;
        }
        let attribute = |name: &str| node.attribute(name).unwrap_or_default().to_owned();
        let start = node.range().start;
        let tag = node.tag_name().name();
        elements.push(Element {
            kind: kinds::of(tag, &attribute("testclass"), &attribute("guiclass")),
            tag: tag.to_owned(),
            name: attribute("testname"),
            enabled: node.attribute("enabled") != Some("false"),
            place: lines.place(node),
            line: lines.of(start),
            properties: properties(node, lines),
            children: Vec::new(),
        });
    }
    elements
}

fn properties(node: Node<'_, '_>, lines: &Lines) -> Vec<Property> {
    let children = node.children().filter(Node::is_element);
    children
        .filter(|child| !matches!(child.tag_name().name(), "name" | "savedValue"))
        .map(|child| {
            let inner = |name: &str| child.children().find(|n| n.has_tag_name(name));
            let tag = child.tag_name().name();
            let name = child.attribute("name").map(str::to_owned);
            let name = name.or_else(|| Some(inner("name")?.text()?.to_owned()));
            let text = |node: Node<'_, '_>| node.text().unwrap_or_default().to_owned();
            let value = match tag {
                "elementProp" | "collectionProp" | "mapProp" => {
                    Value::List(properties(child, lines))
                }
                "objProp" => Value::Object,
                _ => Value::Text(inner("value").map_or_else(|| text(child), text)),
            };
            Property {
                name: name.unwrap_or_else(|| tag.to_owned()).trim().to_owned(),
                value,
                place: lines.place(child),
                line: lines.of(child.range().start),
            }
        })
        .collect()
}

/// Whether no tag opens too much inside others or has too many attributes, told by looking
/// at each byte once.
fn bounded(text: &str) -> Result<(), (usize, &'static str)> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|found| at + found) {
        let rest = &text[open..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
        let passive = skipped.iter().find(|(begin, _)| rest.starts_with(begin));
        if let Some((begin, end)) = passive {
            let from = open + begin.len();
            let Some(found) = text[from..].find(end) else {
                return Ok(());
            };
            at = from + found + end.len();
            continue;
        }
        let Some((length, equals)) = tag(rest) else {
            return Ok(());
        };
        if equals > ATTRIBUTES {
            return Err((open, "an element with so many attributes is not JMeter's"));
        }
        let whole = &rest[..length];
        if whole.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else if !whole.ends_with("/>") {
            depth += 1;
        }
        if depth > DEPTH {
            return Err((
                open,
                "more elements inside one another than a test plan has",
            ));
        }
        at = open + length;
    }
    Ok(())
}

/// How long the tag is that `text` begins with, and how many attributes it has.
fn tag(text: &str) -> Option<(usize, usize)> {
    let mut quote = None;
    let mut equals = 0;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some((at + 1, equals)),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => equals += 1,
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Files;

    fn refusal(text: &str) -> String {
        let mut files = Files::default();
        let file = files.add("x.jmx", text);
        let diagnostic = read(file, text).expect_err("it is no plan");
        let position = files.position(diagnostic.labels[0].place);
        format!(
            "{}:{} {}",
            position.line, position.column, diagnostic.message
        )
    }

    #[test]
    fn what_is_no_plan_is_told() {
        for (text, why) in [
            ("", "1:1 there is nothing in this file"),
            ("global\n  daemon\n", "1:1 this is not XML, as"),
            (
                "<jmeterTestPlan>\n  <hashTree>",
                "2:13 the plan is not closed",
            ),
            (
                "<jmeterTestPlan>\n  <hashTree",
                "2:12 the plan is not closed",
            ),
            ("<a>\n</b>", "2:1 this is not XML: "),
            ("<testResults/>", "1:1 these are results of JMeter"),
            ("<html/>", "1:1 this is a page"),
            ("<jmeterTestPlan/>", "1:1 the test plan is empty"),
            ("<project/>", "1:1 this XML is not a test plan of JMeter"),
            (
                "<!DOCTYPE a [<!ENTITY b \"c\">]><a/>",
                "1:1 this is not XML: ",
            ),
        ] {
            let refusal = refusal(text);
            assert!(refusal.starts_with(why), "{text}: {refusal}");
        }
        let deep = "<hashTree>".repeat(100_000);
        assert!(refusal(&deep).contains("inside one another"));
        let wide = format!("<a {}/>", "b='' ".repeat(100_000));
        assert!(refusal(&wide).contains("so many attributes"));
    }
}
