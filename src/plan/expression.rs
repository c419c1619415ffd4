//! The conditions of if and while controllers: the small part of JavaScript, Groovy and JEXL
//! in which test plans compare values.
//!
//! Literals (`"s1"`, `3`, `true`, `null`), `vars.get("X")`, the comparisons, `&&`, `||`, `!`,
//! `+ - * / %`, parentheses, and `.equals()`, `.contains()`, `.startsWith()`, `.endsWith()`,
//! `.isEmpty()`, `.length()`, `.trim()`, `.toInteger()` and their like.

use std::cmp::Ordering;

/// A value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, and variables that do not exist.
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Variables by name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The value of `text`; none if it is not in the language.
pub fn value(text: &str, lookup: Lookup<'_>) -> Option<Value> {
    let tokens = tokens(text)?;
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        depth: 0,
        lookup,
    };
    let value = reader.any()?;
    (reader.at == tokens.len()).then_some(value)
}

/// Whether the condition `text` holds; none if it is not in the language.
pub fn holds(text: &str, lookup: Lookup<'_>) -> Option<bool> {
    // JMeter takes exactly the word `true`, in any case, as truth.
    if text.trim().eq_ignore_ascii_case("true") {
        return Some(true);
    }
    value(text, lookup).map(|value| match value {
        Value::Bool(holds) => holds,
        Value::Text(text) => text.eq_ignore_ascii_case("true"),
        Value::Null | Value::Number(_) => false,
    })
}

impl Value {
    /// As text, as functions give it.
    pub fn text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(holds) => holds.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    fn truth(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(holds) => *holds,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty() && text != "false",
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Bool(holds) => Some(f64::from(u8::from(*holds))),
            Self::Null => None,
        }
    }

    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Null, _) | (_, Self::Null) => self == other,
            (Self::Bool(a), b @ Self::Text(_)) | (b @ Self::Text(_), Self::Bool(a)) => {
                b.text() == a.to_string()
            }
            (a, b) => match (a.number(), b.number()) {
                (Some(a), Some(b)) => a.partial_cmp(&b) == Some(Ordering::Equal),
                _ => false,
            },
        }
    }

    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => match (self.number(), other.number()) {
                (Some(a), Some(b)) => a.partial_cmp(&b),
                _ => Some(a.cmp(b)),
            },
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Number(f64),
    Word(String),
    Sign(&'static str),
}

/// The longest come first.
const SIGNS: [&str; 25] = [
    "===", "!==", "==~", "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/",
    "%", "(", ")", "[", "]", ".", ",", ";", "?",
];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let taken = if first == '"' || first == '\'' {
            let (inside, length) = quoted(rest, first)?;
            tokens.push(Token::Text(inside));
            length
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'));
            let end = end.unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].parse().ok()?));
            end
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
            let end = end.unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            end
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign))?;
            tokens.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[taken..].trim_start();
    }
    while tokens.last() == Some(&Token::Sign(";")) {
        tokens.pop();
    }
    Some(tokens)
}

/// A text in quotes, and how many bytes it takes.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some((inside, at + 1));
        }
        if c == '\\' {
            let (_, escaped) = chars.next()?;
            inside.push(match escaped {
                'n' => '\n',
                't' => '\t',
                other => other,
            });
        } else {
            inside.push(c);
        }
    }
    None
}

/// Parentheses deeper than this are nobody's.
const DEPTH: usize = 64;

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    lookup: Lookup<'a>,
}

impl Reader<'_> {
    fn sign(&mut self, signs: &[&'static str], words: &[&'static str]) -> Option<&'static str> {
        let found = match self.tokens.get(self.at)? {
            Token::Sign(sign) => signs.iter().find(|known| *known == sign),
            Token::Word(word) => words.iter().find(|known| *known == word),
            Token::Text(_) | Token::Number(_) => None,
        };
        self.at += usize::from(found.is_some());
        found.copied()
    }

    fn any(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut left = self.all()?;
        while self.sign(&["||"], &["or"]).is_some() {
            let right = self.all()?;
            left = Value::Bool(left.truth() || right.truth());
        }
        self.depth -= 1;
        Some(left)
    }

    fn all(&mut self) -> Option<Value> {
        let mut left = self.comparison()?;
        while self.sign(&["&&"], &["and"]).is_some() {
            let right = self.comparison()?;
            left = Value::Bool(left.truth() && right.truth());
        }
        Some(left)
    }

    fn comparison(&mut self) -> Option<Value> {
        let left = self.sum()?;
        let signs = ["===", "!==", "==", "!=", "<=", ">=", "<", ">"];
        let words = ["eq", "ne", "le", "ge", "lt", "gt"];
        let Some(sign) = self.sign(&signs, &words) else {
            return Some(left);
        };
        let right = self.sum()?;
        let order = || left.order(&right);
        Some(Value::Bool(match sign {
            "==" | "===" | "eq" => left.equals(&right),
            "!=" | "!==" | "ne" => !left.equals(&right),
            "<" | "lt" => order() == Some(Ordering::Less),
            ">" | "gt" => order() == Some(Ordering::Greater),
            "<=" | "le" => order().is_some_and(Ordering::is_le),
            _ => order().is_some_and(Ordering::is_ge),
        }))
    }

    fn sum(&mut self) -> Option<Value> {
        let mut left = self.product()?;
        while let Some(sign) = self.sign(&["+", "-"], &[]) {
            let right = self.product()?;
            left = match (sign, &left, &right) {
                ("+", Value::Text(_), _) | ("+", _, Value::Text(_)) => {
                    Value::Text(left.text() + &right.text())
                }
                ("+", ..) => Value::Number(left.number()? + right.number()?),
                _ => Value::Number(left.number()? - right.number()?),
            };
        }
        Some(left)
    }

    fn product(&mut self) -> Option<Value> {
        let mut left = self.unary()?;
        while let Some(sign) = self.sign(&["*", "/", "%"], &[]) {
            let (a, b) = (left.number()?, self.unary()?.number()?);
            left = Value::Number(match sign {
                "*" => a * b,
                "/" => a / b,
                _ => a % b,
            });
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<Value> {
        let mut denied = None;
        while self.sign(&["!"], &["not"]).is_some() {
            denied = Some(!denied.unwrap_or(false));
        }
        if let Some(denied) = denied {
            let value = self.unary_number()?;
            return Some(Value::Bool(value.truth() != denied));
        }
        self.unary_number()
    }

    fn unary_number(&mut self) -> Option<Value> {
        let negative = self.sign(&["-"], &[]).is_some();
        let mut value = self.atom()?;
        while self.sign(&["."], &[]).is_some() {
            value = self.method(&value)?;
        }
        Some(if negative {
            Value::Number(-value.number()?)
        } else {
            value
        })
    }

    fn atom(&mut self) -> Option<Value> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(match token {
            Token::Text(text) => Value::Text(text.clone()),
            Token::Number(number) => Value::Number(*number),
            Token::Sign("(") => {
                let value = self.any()?;
                self.sign(&[")"], &[])?;
                value
            }
            Token::Sign(_) => return None,
            Token::Word(word) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                "vars" => self.variable()?,
                "parseInt" | "Number" | "parseFloat" | "String" => {
                    let value = self.argument()?;
                    if word == "String" {
                        Value::Text(value.text())
                    } else {
                        Value::Number(value.number()?)
                    }
                }
                "Integer" | "Long" | "Double" => {
                    self.sign(&["."], &[])?;
                    self.at += 1;
                    Value::Number(self.argument()?.number()?)
                }
                _ => return None,
            },
        })
    }

    /// `vars.get("X")`, `vars["X"]` or `vars.X`, after the first word.
    fn variable(&mut self) -> Option<Value> {
        let name = if self.sign(&["["], &[]).is_some() {
            let name = self.any()?.text();
            self.sign(&["]"], &[])?;
            name
        } else {
            self.sign(&["."], &[])?;
            match self.tokens.get(self.at)? {
                Token::Word(word) => {
                    self.at += 1;
                    if word == "get" || word == "getObject" {
                        self.argument()?.text()
                    } else {
                        word.clone()
                    }
                }
                _ => return None,
            }
        };
        Some((self.lookup)(&name).map_or(Value::Null, Value::Text))
    }

    /// One value in parentheses.
    fn argument(&mut self) -> Option<Value> {
        self.sign(&["("], &[])?;
        let value = self.any()?;
        self.sign(&[")"], &[])?;
        Some(value)
    }

    /// A method of `value`, after the dot.
    fn method(&mut self, value: &Value) -> Option<Value> {
        let Token::Word(name) = self.tokens.get(self.at)? else {
            return None;
        };
        self.at += 1;
        let text = value.text();
        let plain = match name.as_str() {
            "isEmpty" => Some(Value::Bool(text.is_empty())),
            "length" | "size" => Some(Value::Number(text.chars().count() as f64)),
            "trim" => Some(Value::Text(text.trim().to_owned())),
            "toLowerCase" => Some(Value::Text(text.to_lowercase())),
            "toUpperCase" => Some(Value::Text(text.to_uppercase())),
            "toString" => Some(Value::Text(text.clone())),
            "toInteger" | "toLong" | "toDouble" | "intValue" => {
                Some(Value::Number(value.number()?))
            }
            _ => None,
        };
        if let Some(plain) = plain {
            // JavaScript's `length` has no parentheses.
            if self.sign(&["("], &[]).is_some() {
                self.sign(&[")"], &[])?;
            }
            return Some(plain);
        }
        let other = self.argument()?;
        let word = other.text();
        Some(Value::Bool(match name.as_str() {
            "equals" => value.equals(&other),
            "equalsIgnoreCase" => text.eq_ignore_ascii_case(&word),
            "contains" | "includes" => text.contains(&word),
            "startsWith" => text.starts_with(&word),
            "endsWith" => text.ends_with(&word),
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        let lookup = |name: &str| (name == "TAG").then(|| "s1".to_owned());
        for (text, expected) in [
            ("\"s1\" == \"s1\"", Some(true)),
            ("'s1' != \"s1\"", Some(false)),
            ("3 < 12", Some(true)),
            ("\"3\" < \"12\"", Some(true)),
            ("\"a\" < \"b\"", Some(true)),
            ("1 + 2 * 3 == 7", Some(true)),
            ("(1 + 2) * 3 % 5 === 4", Some(true)),
            ("true && !false || false", Some(true)),
            ("not (1 eq 1) or 2 ge 2", Some(true)),
            ("vars.get(\"TAG\") == \"s1\"", Some(true)),
            ("vars.get('TAG').equals('s2')", Some(false)),
            ("vars[\"NOPE\"] == null", Some(true)),
            (
                "\"abc\".contains(\"b\") && 'x'.isEmpty() == false",
                Some(true),
            ),
            ("\"abc\".length == 3", Some(true)),
            ("Integer.parseInt(\"4\") > 3", Some(true)),
            ("\"true\"", Some(true)),
            ("TRUE", Some(true)),
            ("true", Some(true)),
            ("1", Some(false)),
            ("", None),
            ("${X} == 1", None),
            ("a.b.c(", None),
            ("\"open", None),
            ("1 == 1; ", Some(true)),
            ("-1 < 0", Some(true)),
        ] {
            assert_eq!(holds(text, &lookup), expected, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert_eq!(holds(&"(".repeat(100_000), &|_| None), None);
        assert_eq!(holds(&"!".repeat(100_000), &|_| None), None);
    }
}
