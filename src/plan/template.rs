//! Texts with JMeter's variables and functions in them: `/item?id=${id}`,
//! `${__Random(1,100)}`.

use std::fmt::{self, Write as _};

/// A text that is made anew each time it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
    Call(Function, Vec<Template>),
}

/// What a template is filled from.
pub trait Scope {
    /// The value of a variable, if it has one.
    fn variable(&self, name: &str) -> Option<String>;
    /// The result of a function; `place` tells the calls of one template apart.
    fn call(&mut self, function: Function, arguments: &[String], place: usize) -> String;
}

macro_rules! functions {
    ($($name:ident $text:literal $about:literal;)*) => {
        /// The functions of JMeter that the lab has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Function {
            $(#[doc = $about] $name,)*
        }

        impl Function {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As JMeter writes it, without the underscores.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

functions! {
    Random "Random" "`(least, most[, variable])`: a whole number.";
    RandomString "RandomString" "`(length, characters[, variable])`";
    RandomDate "RandomDate" "`(...)`: any day.";
    Uuid "UUID" "`()`: a random identifier.";
    Time "time" "`([format[, variable]])`: milliseconds since the start of the proxy.";
    ThreadNum "threadNum" "`()`: the thread's number in its group, from 1.";
    ThreadGroupName "threadGroupName" "`()`";
    Counter "counter" "`(TRUE for one count per thread[, variable])`: 1, 2, 3, ...";
    IntSum "intSum" "`(number, number, ...[, variable])`";
    LongSum "longSum" "`(number, number, ...[, variable])`";
    Variable "V" "`(name[, default])`: the variable whose name is put together.";
    Eval "eval" "`(text)`";
    Property "property" "`(name, variable, default)`: the default.";
    P "P" "`(name, default)`: the default, or 1.";
    UrlEncode "urlencode" "`(text)`";
    UrlDecode "urldecode" "`(text)`";
    Lowercase "lowercase" "`(text)`";
    Uppercase "uppercase" "`(text)`";
    Groovy "groovy" "`(expression)`";
    Jexl2 "jexl2" "`(expression)`";
    Jexl3 "jexl3" "`(expression)`";
    JavaScript "javaScript" "`(expression)`";
}

impl Function {
    /// The function called `name`, without underscores.
    pub fn from_name(name: &str) -> Option<Self> {
        let alike = |function: &&Self| function.name() == name;
        Self::ALL.iter().find(alike).copied()
    }

    /// Whether its argument is an expression rather than a list.
    fn is_expression(self) -> bool {
        matches!(
            self,
            Self::Groovy | Self::Jexl2 | Self::Jexl3 | Self::JavaScript
        )
    }
}

/// What a template wants to know while it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// The value of a variable.
    Variable(&'a str),
    /// The result of a function whose arguments are known.
    Call(Function, &'a [&'a str]),
}

/// Deeper than any sensible nesting of functions.
const DEPTH: usize = 16;

impl Template {
    /// A text without variables.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            parts: vec![Part::Text(text.into())],
        }
    }

    /// Reads a template. A function that is not known stays as text.
    pub fn read(text: &str) -> Self {
        Self::read_at(text, 0)
    }

    fn read_at(text: &str, depth: usize) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        let closings = if depth < DEPTH {
            closings(text)
        } else {
            Vec::new()
        };
        while let Some(at) = rest.find("${") {
            // JMeter takes a backslash before a dollar away, and leaves the rest alone.
            if rest[..at].ends_with('\\') {
                plain.push_str(&rest[..at - 1]);
                plain.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            plain.push_str(&rest[..at]);
            let opened = text.len() - rest.len() + at + 1;
            let known = closings.binary_search_by_key(&opened, |(opened, _)| *opened);
            let Ok(index) = known else {
                plain.push_str("${");
                rest = &rest[at + 2..];
                continue;
            };
            let end = closings[index].1 - opened - 1;
            let inside = &rest[at + 2..at + 2 + end];
            match Part::read(inside, depth) {
                Some(part) => {
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(part);
                }
                None => plain.extend(["${", inside, "}"]),
            }
            rest = &rest[at + 3 + end..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Self { parts }
    }

    /// The text, if it is always the same.
    pub fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text it comes to now.
    pub fn fill(&self, scope: &mut dyn Scope) -> String {
        if let Some(text) = self.constant() {
            return text.to_owned();
        }
        let mut out = String::new();
        for (place, part) in self.parts.iter().enumerate() {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Variable(name) => match scope.variable(name) {
                    Some(value) => out.push_str(&value),
                    // As JMeter shows what is not defined.
                    None => out.extend(["${", name, "}"]),
                },
                Part::Call(function, arguments) => {
                    let filled: Vec<String> = arguments.iter().map(|a| a.fill(scope)).collect();
                    out.push_str(&scope.call(*function, &filled, place));
                }
            }
        }
        out
    }

    /// The same template with everything put in that is `known` already: variables, and
    /// functions whose arguments are known.
    #[must_use]
    pub fn settled(&self, known: &dyn Fn(Asked<'_>) -> Option<String>) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for part in &self.parts {
            let part = match part {
                Part::Text(text) => Part::Text(text.clone()),
                Part::Variable(name) => match known(Asked::Variable(name)) {
                    Some(value) => Part::Text(value),
                    None => part.clone(),
                },
                Part::Call(function, arguments) => {
                    let arguments: Vec<Self> =
                        arguments.iter().map(|text| text.settled(known)).collect();
                    let texts: Option<Vec<&str>> = arguments.iter().map(Self::constant).collect();
                    match texts.and_then(|texts| known(Asked::Call(*function, &texts))) {
                        Some(value) => Part::Text(value),
                        None => Part::Call(*function, arguments),
                    }
                }
            };
            match (parts.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                (_, Part::Text(text)) if text.is_empty() => {}
                (_, part) => parts.push(part),
            }
        }
        Self { parts }
    }

    /// The names of the variables in it, and of those that its functions set.
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(_) => {}
                Part::Variable(name) => names.push(name.as_str()),
                Part::Call(_, arguments) => {
                    names.extend(arguments.iter().flat_map(Self::variables));
                }
            }
        }
        names
    }
}

impl Part {
    /// What stands between the braces; none if it is not understood.
    fn read(inside: &str, depth: usize) -> Option<Self> {
        let Some(call) = inside.strip_prefix("__") else {
            return (!inside.is_empty()).then(|| Self::Variable(inside.to_owned()));
        };
        let (name, arguments) = match call.split_once('(') {
            Some((name, rest)) => (name, Some(rest.trim_end().strip_suffix(')')?)),
            None => (call, None),
        };
        // Without parentheses, what is no function is a variable, such as JMeter's
        // `__jm__loop__idx`.
        let Some(function) = Function::from_name(name.trim()) else {
            return arguments
                .is_none()
                .then(|| Self::Variable(inside.to_owned()));
        };
        let arguments = match arguments {
            None => Vec::new(),
            Some(list) if function.is_expression() => vec![expression(list)],
            Some(list) => split(list),
        };
        let arguments = arguments.iter();
        let arguments = arguments.map(|text| Template::read_at(text, depth + 1));
        Some(Self::Call(function, arguments.collect()))
    }
}

/// Where each brace that is closed is opened and closed, in order.
fn closings(text: &str) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open.push(at),
            b'}' => pairs.extend(open.pop().map(|opened| (opened, at))),
            _ => {}
        }
    }
    pairs.sort_unstable();
    pairs
}

/// The expression in the list of a function, without the variable that may follow it.
fn expression(list: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == ' ';
    let alone = match list.rsplit_once(',') {
        Some((before, after)) if !before.ends_with('\\') && after.chars().all(plain) => before,
        _ => list,
    };
    alone.replace("\\,", ",")
}

/// The arguments of a function: commas inside braces or brackets, or after a backslash,
/// separate nothing.
fn split(list: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let mut depth = 0_usize;
    let mut escaped = false;
    for c in list.chars() {
        let current = arguments.last_mut().expect("there is always one");
        match c {
            ',' if escaped => {
                current.pop();
                current.push(c);
            }
            ',' if depth == 0 => arguments.push(String::new()),
            _ => {
                match c {
                    '{' | '(' => depth += 1,
                    '}' | ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                current.push(c);
            }
        }
        escaped = c == '\\';
    }
    for argument in &mut arguments {
        let trimmed = argument.trim();
        if trimmed.len() < argument.len() {
            *argument = trimmed.to_owned();
        }
    }
    arguments
}

/// As in a query: blanks become `+`, other special bytes `%XX`.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => write!(out, "%{byte:02X}").expect("strings grow"),
        }
        out
    })
}

/// As it is written, so that reading it gives the same template.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    // What must stay text is shielded, unless it cannot be taken for more.
                    let again = Self::read(text);
                    match again.constant() {
                        Some(same) if same == text => f.write_str(text)?,
                        _ => f.write_str(&text.replace("${", "\\${"))?,
                    }
                }
                Part::Variable(name) => write!(f, "${{{name}}}")?,
                Part::Call(function, arguments) => {
                    write!(f, "${{__{}", function.name())?;
                    if !arguments.is_empty() {
                        f.write_str("(")?;
                        for (index, argument) in arguments.iter().enumerate() {
                            if index > 0 {
                                f.write_str(",")?;
                            }
                            let text = argument.to_string();
                            if function.is_expression() {
                                f.write_str(&text)?;
                            } else {
                                shielded(f, &text)?;
                            }
                        }
                        f.write_str(")")?;
                    }
                    f.write_str("}")?;
                }
            }
        }
        Ok(())
    }
}

/// An argument with its own commas shielded.
fn shielded(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            ',' if depth == 0 => f.write_str("\\")?,
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        write!(f, "{c}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Scope for Fixed {
        fn variable(&self, name: &str) -> Option<String> {
            (name != "none").then(|| format!("<{name}>"))
        }
        fn call(&mut self, function: Function, arguments: &[String], _: usize) -> String {
            format!("{}({})", function.name(), arguments.join("|"))
        }
    }

    #[test]
    fn templates_are_filled_and_written() {
        for (text, filled) in [
            ("plain", "plain"),
            ("", ""),
            ("/a?b=${c}&d", "/a?b=<c>&d"),
            ("${none}", "${none}"),
            ("$ {x} $", "$ {x} $"),
            ("${unclosed", "${unclosed"),
            ("\\${x}", "${x}"),
            ("${__Random(1, 9)}", "Random(1|9)"),
            ("${__Random(1,${m},x)}-", "Random(1|<m>|x)-"),
            ("${__threadNum}", "threadNum()"),
            ("${__noSuch(1)}", "${__noSuch(1)}"),
            ("${__V(a_${n})}", "V(a_<n>)"),
            ("${__jm__loop__idx}", "<__jm__loop__idx>"),
            ("${__jexl3(${a} == 3,)}", "jexl3(<a> == 3)"),
            ("${__groovy(f(1\\,${a}),x)}", "groovy(f(1,<a>))"),
            (
                "${__jexl3(\"${a}\" == \"b\" && f(1,2))}",
                "jexl3(\"<a>\" == \"b\" && f(1,2))",
            ),
            ("${__RandomString(3,a\\,b)}", "RandomString(3|a,b)"),
        ] {
            let template = Template::read(text);
            assert_eq!(template.fill(&mut Fixed), filled, "{text}");
            let again = Template::read(&template.to_string());
            assert_eq!(again, template, "{text} {template}");
        }
    }

    #[test]
    fn what_is_known_is_put_in() {
        let known = |asked: Asked<'_>| match asked {
            Asked::Variable("host") => Some("a.b".to_owned()),
            Asked::Call(Function::P, arguments) => Some(arguments.join("+")),
            Asked::Variable(_) | Asked::Call(..) => None,
        };
        for (text, settled) in [
            ("http://${host}/${x}", "http://a.b/${x}"),
            ("${__P(n,${host})}!", "n+a.b!"),
            ("${__P(n,${x})}", "${__P(n,${x})}"),
            ("${__Random(1,9)}", "${__Random(1,9)}"),
        ] {
            let template = Template::read(text).settled(&known);
            assert_eq!(template.to_string(), settled);
            assert_eq!(Template::read(settled), template);
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "${__V(".repeat(5000) + &")}".repeat(5000);
        let template = Template::read(&deep);
        assert_eq!(Template::read(&template.to_string()), template);
    }
}
