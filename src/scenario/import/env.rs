//! Environment variables as an importer sees them: given, never read from the process.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

/// So many bytes can be put in place of variables: a few lines could double a value until no
/// memory is left.
const MOST: usize = 64 << 20;

/// Names and values; what `.env` files and `setenv` lines fill.
#[derive(Clone, Default)]
pub struct Env {
    variables: BTreeMap<String, String>,
    /// The bytes that have been put in place of variables.
    spent: Cell<usize>,
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.variables.fmt(f)
    }
}

impl PartialEq for Env {
    fn eq(&self, other: &Self) -> bool {
        self.variables == other.variables
    }
}

impl Eq for Env {}

/// More has been put in place of variables than anybody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the variables grow beyond {} MB here", MOST >> 20)]
pub struct Overgrown;

impl Env {
    /// The value of `name`, to be put in its place.
    ///
    /// # Errors
    /// If too much has been put in already.
    pub fn substitute(&self, name: &str) -> Result<Option<&str>, Overgrown> {
        let value = self.value(name);
        let spent = self.spent.get() + value.map_or(0, str::len);
        if spent > MOST {
            return Err(Overgrown);
        }
        self.spent.set(spent);
        Ok(value)
    }

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
    /// numbers of the lines that are none of these, or whose values outgrow all bounds.
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
                Some((name, value)) => match self.dotenv_value(value) {
                    Ok(value) => self.set(name, value),
                    Err(Overgrown) => strange.push(index as u32 + 1),
                },
                None => strange.push(index as u32 + 1),
            }
        }
        strange
    }

    fn dotenv_value(&self, raw: &str) -> Result<String, Overgrown> {
        if let Some(rest) = raw.strip_prefix('\'') {
            return Ok(rest.split('\'').next().unwrap_or(rest).to_owned());
        }
        if let Some(rest) = raw.strip_prefix('"') {
            let inner = rest.split('"').next().unwrap_or(rest);
            return Ok(self.expand(inner)?.replace("\\n", "\n"));
        }
        let bare = raw.split(" #").next().unwrap_or(raw);
        self.expand(bare.trim_end())
    }

    /// `text` with its variables replaced, as compose files and `.env` files write them;
    /// an unknown one becomes nothing, `$$` a dollar.
    ///
    /// # Errors
    /// If too much would be put in.
    pub fn expand(&self, text: &str) -> Result<String, Overgrown> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
            } else if let Some((inside, after)) = braced(rest) {
                out.push_str(self.braced_value(inside)?);
                rest = after;
            } else {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
                    out.push('$');
                } else {
                    out.push_str(self.substitute(&rest[..end])?.unwrap_or(""));
                    rest = &rest[end..];
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn braced_value<'a>(&'a self, inside: &'a str) -> Result<&'a str, Overgrown> {
        let end = inside
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(inside.len());
        let (name, operator) = inside.split_at(end);
        let value = self.substitute(name)?;
        let filled = value.filter(|value| !value.is_empty());
        Ok(if let Some(default) = operator.strip_prefix(":-") {
            filled.unwrap_or(default)
        } else if let Some(default) = operator.strip_prefix('-') {
            value.unwrap_or(default)
        } else if let Some(other) = operator.strip_prefix(":+") {
            filled.map_or("", |_| other)
        } else {
            value.unwrap_or("")
        })
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
            assert_eq!(got.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn values_that_double_come_to_an_end() {
        let doubling = format!("A=aaaaaaaaaa\n{}B=1\n", "A=$A$A\n".repeat(40));
        let mut env = Env::default();
        let strange = env.read_dotenv(&doubling);
        assert!(!strange.is_empty());
        assert_eq!(env.value("B"), Some("1"));
        let size: usize = env.iter().map(|(_, value)| value.len()).sum();
        assert!(size <= 2 * MOST, "{size}");
    }
}
