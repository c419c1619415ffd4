//! The conditions of `.if` and `.elif` (manual, 2.4), evaluated as HAProxy 2.6 would.

use super::super::Env;

/// The version that `version_atleast` and `version_before` compare with.
const VERSION: [u32; 4] = [2, 6, 12, RELEASE];

/// Stands for "released" where a version has no development number.
const RELEASE: u32 = u32::MAX;

/// What `ssllib_name_startswith(...)` looks at: Debian's build.
const SSL_LIBRARY: &str = "OpenSSL 3.0";

/// What `feature(...)` finds: the features of a usual Linux build.
const FEATURES: &[&str] = &[
    "ACCEPT4",
    "BACKTRACE",
    "CPU_AFFINITY",
    "CRYPT_H",
    "DL",
    "EPOLL",
    "GETADDRINFO",
    "LIBCRYPT",
    "LINUX_SPLICE",
    "LINUX_TPROXY",
    "LUA",
    "NETFILTER",
    "NS",
    "OPENSSL",
    "OT",
    "PCRE2",
    "PCRE2_JIT",
    "POLL",
    "PRCTL",
    "PROMEX",
    "RT",
    "SLZ",
    "SYSTEMD",
    "TFO",
    "THREAD",
    "THREAD_DUMP",
    "TPROXY",
];

/// The predicates and how many arguments each takes.
const PREDICATES: &[(&str, usize)] = &[
    ("defined", 1),
    ("feature", 1),
    ("ssllib_name_startswith", 1),
    ("streq", 2),
    ("strneq", 2),
    ("version_atleast", 1),
    ("version_before", 1),
];

/// How deeply parentheses and negations may nest.
const DEPTH: u32 = 200;

/// Whether `text` holds; an empty condition does not.
///
/// # Errors
/// A sentence about the part that is no condition.
pub(super) fn holds(text: &str, env: &Env) -> Result<bool, String> {
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return Ok(false);
    }
    let mut parser = Parser { rest: text, env };
    let value = parser.any(DEPTH)?;
    parser.blanks();
    if parser.rest.is_empty() {
        Ok(value)
    } else {
        Err(format!(
            "`{}` does not belong to the condition",
            parser.rest
        ))
    }
}

struct Parser<'a> {
    rest: &'a str,
    env: &'a Env,
}

impl<'a> Parser<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self, depth: u32) -> Result<bool, String> {
        let mut value = self.all(depth)?;
        while self.eat("||") {
            value |= self.all(depth)?;
        }
        Ok(value)
    }

    fn all(&mut self, depth: u32) -> Result<bool, String> {
        let mut value = self.term(depth)?;
        while self.eat("&&") {
            value &= self.term(depth)?;
        }
        Ok(value)
    }

    fn term(&mut self, depth: u32) -> Result<bool, String> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err("the condition nests too deeply".into());
        };
        let mut negated = false;
        while self.eat("!") {
            negated = !negated;
        }
        if self.eat("(") {
            let value = self.any(depth)?;
            if !self.eat(")") {
                return Err("a `(` of the condition is not closed".into());
            }
            return Ok(value != negated);
        }
        let value = match self.number() {
            Some(value) => value,
            None => self.predicate()?,
        };
        Ok(value != negated)
    }

    /// An integer as C reads it: decimal, octal after `0`, hexadecimal after `0x`.
    fn number(&mut self) -> Option<bool> {
        let unsigned = self.rest.trim_start_matches(['+', '-']);
        let digits = unsigned.strip_prefix("0x").unwrap_or(unsigned);
        let hex = digits.len() != unsigned.len();
        let end = digits
            .find(|c: char| !(c.is_ascii_digit() || (hex && c.is_ascii_hexdigit())))
            .unwrap_or(digits.len());
        if end == 0 || self.rest.len() > unsigned.len() + 1 {
            return None;
        }
        let (number, rest) = digits.split_at(end);
        self.rest = rest;
        Some(number.chars().any(|c| c != '0'))
    }

    fn predicate(&mut self) -> Result<bool, String> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let Some(&(name, wanted)) = PREDICATES.iter().find(|(known, _)| *known == name) else {
            return Err(format!("`{}` is no condition", self.rest));
        };
        let (arguments, rest) = arguments(name, rest)?;
        self.rest = rest;
        if arguments.len() != wanted {
            return Err(format!("`{name}` takes {wanted} argument(s)"));
        }
        Ok(self.answer(name, &arguments))
    }

    fn answer(&self, name: &str, arguments: &[&'a str]) -> bool {
        let first = arguments[0];
        match name {
            "defined" => self.env.value(first).is_some(),
            "feature" => FEATURES.contains(&first),
            "ssllib_name_startswith" => SSL_LIBRARY.starts_with(first),
            "streq" => first == arguments[1],
            "strneq" => first != arguments[1],
            "version_atleast" => version(first).is_some_and(|v| VERSION >= v),
            _ => version(first).is_some_and(|v| VERSION < v),
        }
    }
}

/// `(a,b)rest`; no parenthesis is one empty argument.
fn arguments<'a>(name: &str, text: &'a str) -> Result<(Vec<&'a str>, &'a str), String> {
    let Some(inside) = text.strip_prefix('(') else {
        return Ok((vec![""], text));
    };
    match inside.split_once(')') {
        Some((inside, rest)) => Ok((inside.split(',').collect(), rest)),
        None => Err(format!("the arguments of `{name}` are not closed by `)`")),
    }
}

/// `2.6.12`, `2.7-dev3`: a development version comes before its release.
fn version(text: &str) -> Option<[u32; 4]> {
    let (numbers, suffix) = text.split_once('-').unwrap_or((text, ""));
    let mut parts = [0, 0, 0, RELEASE];
    for (place, part) in numbers.split('.').enumerate() {
        *parts.get_mut(place).filter(|_| place < 3)? = part.parse().ok()?;
    }
    if let Some(number) = suffix.strip_prefix("dev") {
        parts[3] = number
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(0);
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row was put to HAProxy 2.6.12; `None` is refused.
    #[test]
    fn conditions_hold_as_for_haproxy() {
        let mut env = Env::default();
        env.set("HOME", "/root");
        for (text, expected) in [
            ("", Some(false)),
            ("foo", None),
            ("0", Some(false)),
            ("1", Some(true)),
            ("-1", Some(true)),
            ("00", Some(false)),
            ("0x1", Some(true)),
            ("2x", None),
            ("! 0", Some(true)),
            ("!!0", Some(false)),
            ("1&&0", Some(false)),
            ("1 & 0", None),
            ("( 1 )", Some(true)),
            ("(1", None),
            ("1)", None),
            ("1 1", None),
            ("!", None),
            ("&& 1", None),
            ("1 &&", None),
            ("!(0 || 1)", Some(false)),
            ("0 && 0 || 1", Some(true)),
            ("defined(HOME)", Some(true)),
            ("defined( HOME )", Some(false)),
            ("defined(HOME", None),
            ("defined()", Some(false)),
            ("defined", Some(false)),
            ("streq(a,a)", Some(true)),
            ("streq(a, a)", Some(false)),
            ("strneq(a,b)", Some(true)),
            ("streq(a)", None),
            ("streq(a,a,a)", None),
            ("feature(LUA)", Some(true)),
            ("feature(FOO)", Some(false)),
            ("version_atleast(2.6)", Some(true)),
            ("version_atleast(2.6.12-1+deb)", Some(true)),
            ("version_atleast(2.7-dev1)", Some(false)),
            ("version_before(2.6.13)", Some(true)),
            ("version_before(foo)", Some(false)),
            ("0 && foo", None),
            ("enabled(POLL)", None),
            ("ssllib_name_startswith(OpenSSL)", Some(true)),
            ("ssllib_name_startswith(AWS-LC)", Some(false)),
        ] {
            assert_eq!(holds(text, &env).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_rather_than_followed() {
        let text = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(holds(&text, &Env::default()).is_err());
    }
}
