//! Comments in a scenario that a program wrote.

use std::collections::BTreeMap;

/// Comments are not wider than this.
const WIDTH: usize = 100;

/// Comments by the path of what they stand above.
#[derive(Clone, Debug, Default)]
pub(super) struct Comments(BTreeMap<Vec<String>, Vec<String>>);

impl Comments {
    /// Adds a comment above what is at `path`; the file itself has none.
    pub(super) fn add(&mut self, path: &[&str], text: impl Into<String>) {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        self.0.entry(path).or_default().push(text.into());
    }

    /// Puts the comments into `text`, whose settings stand a line each, four blanks further
    /// in for each bracket.
    pub(super) fn put_into(&self, text: &str) -> String {
        let mut out = String::new();
        let mut path: Vec<String> = Vec::new();
        if let Some(comments) = self.0.get(&path) {
            for line in comments {
                write(&mut out, "", line);
            }
        }
        for line in text.lines() {
            if let Some((indent, key)) = setting(line) {
                path.truncate((indent.len() / 4).saturating_sub(1));
                path.push(key.to_owned());
                for line in self.0.get(&path).into_iter().flatten() {
                    write(&mut out, indent, line);
                }
            }
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}

/// The blanks and the name at the beginning of a line with a setting.
fn setting(line: &str) -> Option<(&str, &str)> {
    let rest = line.trim_start_matches(' ');
    let indent = &line[..line.len() - rest.len()];
    let (key, _) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\": ")?,
        None => rest.split_once(": ")?,
    };
    let proper = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    (!key.is_empty() && key.chars().all(proper)).then_some((indent, key))
}

/// Adds `text` as comments, broken where it is too long; an empty one parts two blocks.
fn write(out: &mut String, indent: &str, text: &str) {
    let lead = text.len() - text.trim_start().len();
    let begin = format!("{indent}//");
    let mut line = format!("{begin} {}", &text[..lead]);
    let bare = line.len();
    for word in text.split_whitespace() {
        let starts = line.trim_end().len() <= begin.len() || line.len() == bare;
        if !starts && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            line = format!("{begin}   {}", " ".repeat(lead));
        } else if !starts {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_stand_above_what_they_are_about() {
        let mut comments = Comments::default();
        comments.add(&[], "first");
        comments.add(&[], "");
        comments.add(&["nodes", "s1"], "one");
        comments.add(
            &["nodes", "s1", "delay"],
            format!("{} end", "word ".repeat(19)),
        );
        let text = "(\n    nodes: {\n        \"s1\": (\n            delay: \"1ms\",\n        ),\n    },\n)\n";
        let expected = "// first\n//\n(\n    nodes: {\n        // one\n        \"s1\": (\n            \
                        // word word word word word word word word word word word word word word word \
                        word word\n            //   word word end\n            delay: \"1ms\",\n        \
                        ),\n    },\n)\n";
        assert_eq!(comments.put_into(text), expected);
    }
}
