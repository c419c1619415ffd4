//! Variables in the values of a compose file: `$NAME`, `${NAME}`, and what stands in for
//! those that are not set.

use std::ops::Range;

use super::super::Env;

/// Defaults inside of defaults: nobody writes deeper than this.
const DEPTH: usize = 16;

/// A text that cannot be interpolated.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// Which bytes of it are at fault.
    pub(super) at: Range<usize>,
    /// What is wrong with them.
    pub(super) message: String,
    /// What would be accepted, or what to do.
    pub(super) help: &'static str,
}

/// A text with its variables put in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) text: String,
    /// The variables that are not set and that nothing stands in for.
    pub(super) unset: Vec<(String, Range<usize>)>,
}

/// `text` with its variables put in; `None` if it has none.
pub(super) fn fill(text: &str, env: &Env) -> Result<Option<Filled>, Problem> {
    if !text.contains('$') {
        return Ok(None);
    }
    let mut filled = Filled::default();
    part(text, 0, env, 0, &mut filled)?;
    Ok(Some(filled))
}

const BARE: &str = "write `$$` for a dollar sign, `${NAME}` for a variable";

/// Adds `text`, which begins at byte `start` of the whole, to `filled`.
fn part(
    text: &str,
    start: usize,
    env: &Env,
    depth: usize,
    filled: &mut Filled,
) -> Result<(), Problem> {
    let mut rest = text;
    let here = |rest: &str| start + text.len() - rest.len();
    while let Some(at) = rest.find('$') {
        filled.text.push_str(&rest[..at]);
        let dollar = here(rest) + at;
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            filled.text.push('$');
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('{') {
            let Some(end) = closing(inside) else {
                return Err(Problem {
                    at: dollar..dollar + 2,
                    message: "this `${` has no `}`".to_owned(),
                    help: BARE,
                });
            };
            let place = dollar..dollar + 3 + end;
            braced(&inside[..end], place, env, depth, filled)?;
            rest = &inside[end + 1..];
        } else {
            let name = name(rest);
            if name.is_empty() {
                // Newer versions of Compose leave such a sign alone, older ones refuse it.
                filled.text.push('$');
                continue;
            }
            put(name, dollar..dollar + 1 + name.len(), env, filled)?;
            rest = &rest[name.len()..];
        }
    }
    filled.text.push_str(rest);
    Ok(())
}

/// Where the `}` of a `${` stands, of which `inside` is what follows.
fn closing(inside: &str) -> Option<usize> {
    let mut open = 0_usize;
    let bytes = inside.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => open -= 1,
            b'\n' => return None,
            _ => {}
        }
    }
    None
}

/// The name of a variable at the beginning of `text`.
fn name(text: &str) -> &str {
    let proper = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !proper(c)).unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else {
        &text[..end]
    }
}

fn put(name: &str, place: Range<usize>, env: &Env, filled: &mut Filled) -> Result<(), Problem> {
    match value(name, &place, env)? {
        Some(value) => filled.text.push_str(value),
        None => filled.unset.push((name.to_owned(), place)),
    }
    Ok(())
}

/// The value of the variable called `name` at `place`.
fn value<'a>(name: &str, place: &Range<usize>, env: &'a Env) -> Result<Option<&'a str>, Problem> {
    env.substitute(name).map_err(|why| Problem {
        at: place.clone(),
        message: why.to_string(),
        help: "give them shorter values",
    })
}

/// What stands between `${` and `}`.
fn braced(
    inside: &str,
    place: Range<usize>,
    env: &Env,
    depth: usize,
    filled: &mut Filled,
) -> Result<(), Problem> {
    let name = name(inside);
    let operator = &inside[name.len()..];
    let problem = |message: String, help: &'static str| Problem {
        at: place.clone(),
        message,
        help,
    };
    if name.is_empty() {
        let message = format!("`${{{inside}}}` names no variable");
        return Err(problem(message, BARE));
    }
    if operator.is_empty() {
        return put(name, place, env, filled);
    }
    // With a colon, an empty value is as good as none.
    let (colon, sign) = match operator.strip_prefix(':') {
        Some(sign) => (true, sign),
        None => (false, operator),
    };
    let value = value(name, &place, env)?.filter(|value| !(colon && value.is_empty()));
    let word = sign.get(1..).unwrap_or_default();
    if depth == DEPTH {
        let message = "the defaults nest too deeply".to_owned();
        return Err(problem(message, "write at most 16 levels"));
    }
    let start = place.end - 1 - word.len();
    match (sign.chars().next(), value) {
        (Some('-' | '?'), Some(value)) => filled.text.push_str(value),
        (Some('-'), None) | (Some('+'), Some(_)) => part(word, start, env, depth + 1, filled)?,
        (Some('+'), None) => {}
        (Some('?'), None) => {
            let why = if word.is_empty() {
                "it is required"
            } else {
                word
            };
            let message = format!("`{name}` is not set: {why}");
            return Err(problem(
                message,
                "set it in the `.env` file beside this one",
            ));
        }
        _ => {
            let message = format!("`${{{inside}}}` is no variable");
            let help = "write `${NAME}`, `${NAME:-default}`, `${NAME:?why}` or `${NAME:+other}`";
            return Err(problem(message, help));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        let mut env = Env::default();
        env.set("X", "v");
        env.set("EMPTY", "");
        env
    }

    #[test]
    fn variables_are_put_in() {
        for (text, expected) in [
            ("a${X}b$X.c", "avbv.c"),
            ("$$X $${X}", "$X ${X}"),
            ("${NO-d}${NO:-e}", "de"),
            ("${EMPTY-d}${EMPTY:-e}", "e"),
            ("${X:+yes}${NO:+no}${EMPTY+set}", "yesset"),
            ("${NO:-${ALSO:-${X}}}", "v"),
            ("${NO:-a:b?c}", "a:b?c"),
            ("${X:?needed}", "v"),
            ("5$ of $(cat a) to $1", "5$ of $(cat a) to $1"),
        ] {
            let filled = fill(text, &env()).expect(text).expect("variables");
            assert_eq!(filled.text, expected, "{text}");
            assert_eq!(filled.unset, [], "{text}");
        }
        assert_eq!(fill("plain", &env()), Ok(None));
    }

    #[test]
    fn what_is_not_set_is_told() {
        let filled = fill("a${NO}b", &env()).expect("fine").expect("one");
        assert_eq!(filled.text, "ab");
        assert_eq!(filled.unset, [("NO".to_owned(), 1..6)]);
    }

    #[test]
    fn problems_have_places() {
        for (text, at, message) in [
            ("a${X", 1..3, "this `${` has no `}`"),
            ("x${NO:?say who}", 1..15, "`NO` is not set: say who"),
            ("x${EMPTY:?}", 1..11, "`EMPTY` is not set: it is required"),
            ("${X!}", 0..5, "`${X!}` is no variable"),
            ("${1}", 0..4, "`${1}` names no variable"),
        ] {
            let problem = fill(text, &env()).expect_err(text);
            assert_eq!((problem.at, problem.message.as_str()), (at, message));
        }
        let deep = format!("{}x{}", "${N-".repeat(40), "}".repeat(40));
        assert!(fill(&deep, &env()).is_err());
    }
}
