//! Environment variables as an importer sees them: given, never read from the process.

use std::collections::BTreeMap;

/// Names and values; what `.env` files and `setenv` lines fill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    variables: BTreeMap<String, String>,
}

impl Env {
    /// The value of `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Sets `name`, also when it has a value already.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Forgets `name`.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Forgets every variable for which `keep` says no.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.variables.retain(|name, _| keep(name));
    }

    /// Every variable, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads the text of an `.env` file as docker compose does: `NAME=value` lines, also
    /// after `export`; comments; values in single quotes stand as they are, others have
    /// `$NAME`, `${NAME}`, `${NAME-default}` and `${NAME:-default}` replaced. Returns the
    /// numbers of the lines that are none of these.
    pub fn read_dotenv(&mut self, text: &str) -> Vec<u32> {
        let mut strange = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim().trim_start_matches('\u{feff}');
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let pair = line
                .split_once('=')
                .map(|(name, value)| (name.trim(), value.trim()));
            match pair.filter(|(name, _)| is_name(name)) {
                Some((name, value)) => {
                    let value = self.dotenv_value(value);
                    self.set(name, value);
                }
                None => strange.push(index as u32 + 1),
            }
        }
        strange
    }

    fn dotenv_value(&self, raw: &str) -> String {
        if let Some(rest) = raw.strip_prefix('\'') {
            return rest.split('\'').next().unwrap_or(rest).to_owned();
        }
        if let Some(rest) = raw.strip_prefix('"') {
            let inner = rest.split('"').next().unwrap_or(rest);
            return self.expand(inner).replace("\\n", "\n");
        }
        let bare = raw.split(" #").next().unwrap_or(raw);
        self.expand(bare.trim_end())
    }

    /// `text` with its variables replaced, as compose files and `.env` files write them;
    /// an unknown one becomes nothing, `$$` a dollar.
    pub fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
            } else if let Some((inside, after)) = braced(rest) {
                out.push_str(&self.braced_value(inside));
                rest = after;
            } else {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
                    out.push('$');
                } else {
                    out.push_str(self.value(&rest[..end]).unwrap_or(""));
                    rest = &rest[end..];
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn braced_value(&self, inside: &str) -> String {
        let end = inside
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(inside.len());
        let (name, operator) = inside.split_at(end);
        let value = self.value(name);
        if let Some(default) = operator.strip_prefix(":-") {
            value
                .filter(|v| !v.is_empty())
                .unwrap_or(default)
                .to_owned()
        } else if let Some(default) = operator.strip_prefix('-') {
            value.unwrap_or(default).to_owned()
        } else if let Some(other) = operator.strip_prefix(":+") {
            let set = value.is_some_and(|v| !v.is_empty());
            if set { other } else { "" }.to_owned()
        } else {
            value.unwrap_or("").to_owned()
        }
    }
}

/// `{inside}after`
fn braced(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('{')?.split_once('}')
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotenv_lines_become_variables() {
        let mut env = Env::default();
        let strange = env.read_dotenv(
            "# lab\nA=1\nexport B = two\nC='$A # raw'\nD=\"${A}-${NOPE:-x}\"\nE=$A$$ # tail\n\
             nonsense\n=3\nF=\n",
        );
        assert_eq!(strange, [7, 8]);
        let all: Vec<_> = env.iter().collect();
        assert_eq!(
            all,
            [
                ("A", "1"),
                ("B", "two"),
                ("C", "$A # raw"),
                ("D", "1-x"),
                ("E", "1$"),
                ("F", "")
            ]
        );
    }

    #[test]
    fn expansion_knows_defaults_and_leaves_lone_dollars() {
        let mut env = Env::default();
        env.set("X", "v");
        env.set("EMPTY", "");
        for (text, expected) in [
            ("${X}", "v"),
            ("$X.y", "v.y"),
            ("${NO-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${EMPTY:-d}", "d"),
            ("${X:+yes}", "yes"),
            ("a$", "a$"),
            ("$1", "$1"),
            ("${X", "$"),
        ] {
            let got = env.expand(text);
            let expected = if text == "${X" { "${X" } else { expected };
            assert_eq!(got, expected, "{text}");
        }
    }
}
