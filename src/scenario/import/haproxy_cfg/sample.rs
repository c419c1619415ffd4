//! Sample expressions and regular expressions: whether HAProxy would accept them.

use super::sample_arguments;
use super::samples::{self, Entry, Kind, Names};

/// A fetch and its converters, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// The fetch first, then each converter.
    pub(super) calls: Vec<Call>,
    /// What comes out at the end.
    pub(super) kind: Kind,
    /// How many words it took.
    pub(super) words: usize,
}

/// `name(argument,argument)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
}

/// Something wrong with an expression, and the names that could be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SampleError {
    pub(super) message: String,
    /// The unknown word, if that is the trouble.
    pub(super) unknown: Option<(String, Vec<&'static str>)>,
    /// Where it could stand, and what could stand here, if its place is the trouble.
    pub(super) elsewhere: Option<(String, Option<String>)>,
}

impl From<String> for SampleError {
    fn from(message: String) -> Self {
        Self {
            message,
            unknown: None,
            elsewhere: None,
        }
    }
}

/// The scopes that a variable's name begins with.
const SCOPES: [&str; 6] = ["proc", "sess", "txn", "req", "res", "check"];

/// The expression at the beginning of `words`. Converters follow after commas, or, with
/// `loose`, as words of their own.
///
/// # Errors
/// What HAProxy would refuse.
pub(super) fn sample(words: &[&str], loose: bool) -> Result<Sample, SampleError> {
    let Some(first) = words.first().filter(|word| !word.is_empty()) else {
        return Err("a sample expression is missing here".to_owned().into());
    };
    let mut calls = Vec::new();
    let mut rest = *first;
    let mut kind = Kind::Any;
    let mut taken = 1;
    loop {
        let (call, after) = call(rest)?;
        let begins = calls.is_empty();
        let entry = if begins {
            samples::fetch(&call.name)
        } else {
            samples::converter(&call.name)
        };
        let Some(entry) = entry else {
            return Err(unknown(&call.name, begins));
        };
        judge(&call, entry)?;
        if entry.kind != Kind::Any || begins {
            kind = entry.kind;
        }
        calls.push(call);
        if let Some(more) = after.strip_prefix(',') {
            rest = more;
            // A comma at the end of a word: the converter is the next word.
            if let (true, Some(next)) = (more.is_empty(), words.get(taken)) {
                rest = next;
                taken += 1;
            }
        } else if !after.is_empty() {
            return Err(format!("`{after}` cannot follow `)`").into());
        } else {
            let next = words.get(taken).filter(|_| loose);
            let name = next.map(|word| word.split(['(', ',']).next().unwrap_or(word));
            match (next, name.and_then(samples::converter)) {
                (Some(next), Some(_)) => {
                    rest = next;
                    taken += 1;
                }
                _ => break,
            }
        }
    }
    Ok(Sample {
        calls,
        kind,
        words: taken,
    })
}

/// Whether the arguments of `call` are as many, and of the kinds, that `entry` wants.
fn judge(call: &Call, entry: Entry) -> Result<(), String> {
    let least = match entry.names {
        Names::Nothing | Names::Users | Names::Lua => entry.arguments.0,
        // Only the first argument can be left out.
        _ if entry.named > 0 => entry.arguments.0,
        // The section itself is meant where no name is given.
        _ => 0,
    };
    let given = call.arguments.len();
    if given < least || given > entry.arguments.1 {
        let wanted = match entry.arguments {
            (_, 0) => "no argument".to_owned(),
            (a, b) if a == b => format!("{a} argument(s)"),
            (a, b) => format!("{a} to {b} arguments"),
        };
        return Err(format!("`{}` takes {wanted}", call.name));
    }
    sample_arguments::judge(&call.name, &call.arguments)?;
    if call.name == "regsub" {
        regex(&call.arguments[0])?;
    }
    if matches!(call.name.as_str(), "var" | "set-var" | "unset-var") {
        variable(&call.arguments[0])?;
    }
    Ok(())
}

fn unknown(name: &str, fetch: bool) -> SampleError {
    let (message, known) = if fetch {
        let known = samples::fetch_names().collect();
        (format!("there is no sample fetch `{name}`"), known)
    } else {
        let known = samples::converter_names().collect();
        (format!("there is no converter `{name}`"), known)
    };
    SampleError {
        message,
        unknown: Some((name.to_owned(), known)),
        elsewhere: None,
    }
}

/// That `name` is a variable with a scope: `txn.host`.
pub(super) fn variable(name: &str) -> Result<(), String> {
    let scope = name.split_once('.').map(|(scope, _)| scope);
    let strange = name
        .chars()
        .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_')));
    match (scope.filter(|scope| SCOPES.contains(scope)), strange) {
        (Some(_), None) => Ok(()),
        _ => Err(format!(
            "`{name}` is no variable: a name begins with a scope, as in `txn.{name}`"
        )),
    }
}

/// `name(arguments)rest` or `name,rest`.
pub(super) fn call(text: &str) -> Result<(Call, &str), String> {
    let end = text.find(['(', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let mut call = Call {
        name: name.to_owned(),
        arguments: Vec::new(),
    };
    let Some(inside) = rest.strip_prefix('(') else {
        return Ok((call, rest));
    };
    let after = arguments(inside, &mut call.arguments)
        .ok_or_else(|| format!("the arguments of `{name}` are not closed by `)`"))?;
    Ok((call, after))
}

/// The arguments up to `)`, with quotes and escapes; what follows it.
fn arguments<'a>(text: &'a str, list: &mut Vec<String>) -> Option<&'a str> {
    let mut argument = String::new();
    let mut quote = None;
    let mut any = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote != Some('\'') => argument.extend(chars.next().map(|(_, c)| c)),
            '"' | '\'' if quote.is_none() => quote = Some(c),
            _ if quote == Some(c) => quote = None,
            ')' if quote.is_none() => {
                if any || !argument.is_empty() {
                    list.push(argument);
                }
                return Some(&text[at + 1..]);
            }
            ',' if quote.is_none() => {
                list.push(std::mem::take(&mut argument));
                any = true;
            }
            _ => argument.push(c),
        }
    }
    None
}

/// Whether a regular expression has its brackets in order, which is all that is looked at.
///
/// # Errors
/// What is not closed.
pub(super) fn regex(text: &str) -> Result<(), String> {
    let (mut depth, mut chars) = (0_u32, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars
                    .next()
                    .ok_or_else(|| format!("`{text}` ends with a lone `\\`"))?;
            }
            '[' => {
                // A `]` right behind `[` or `[^` is a member.
                chars.next_if_eq(&'^');
                chars.next_if_eq(&']');
                loop {
                    match chars.next() {
                        Some('\\') => drop(chars.next()),
                        Some(']') => break,
                        Some(_) => {}
                        None => return Err(format!("a `[` of `{text}` is not closed")),
                    }
                }
            }
            '(' => depth += 1,
            ')' => {
                depth = depth
                    .checked_sub(1)
                    .ok_or_else(|| format!("a `)` of `{text}` closes nothing"))?;
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err(format!("a `(` of `{text}` is not closed"));
    }
    if text.starts_with(['*', '+', '?']) {
        return Err(format!("`{text}` begins with a repetition of nothing"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_have_a_fetch_and_converters() {
        for (text, kind) in [
            ("path", Some(Kind::Str)),
            ("path,lower", Some(Kind::Str)),
            ("hdr(host),field(1,:),length", Some(Kind::Int)),
            ("src", Some(Kind::Ip)),
            ("nbsrv(b)", Some(Kind::Int)),
            ("nbsrv", Some(Kind::Int)),
            ("str(\"a,b)\")", Some(Kind::Str)),
            ("var(txn.x)", Some(Kind::Any)),
            ("var(x)", None),
            ("nosuch", None),
            ("path,nosuch", None),
            ("hdr(host", None),
            ("path(1)", None),
            ("field(1)", None),
            ("", None),
        ] {
            assert_eq!(sample(&[text], false).ok().map(|s| s.kind), kind, "{text}");
        }
        let loose = sample(&["path", "lower", "if"], true).expect("accepted");
        assert_eq!((loose.words, loose.calls.len()), (2, 2));
    }

    #[test]
    fn brackets_of_expressions() {
        for good in ["^/a(b|c)*$", r"\(", "[]]", "[^]x]", "[a(]"] {
            assert_eq!(regex(good), Ok(()), "{good}");
        }
        for bad in ["(", ")", "[a", "*a", "a\\"] {
            assert!(regex(bad).is_err(), "{bad}");
        }
    }
}
