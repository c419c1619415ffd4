//! The arguments of `cookie`.

use alloc::string::String;

use super::{ConfigWordError, WordProblem, Words};
use crate::config::{Cookie, CookieMode};
use crate::time::Span;

impl Cookie {
    /// The arguments of `cookie`: `["SERVERID", "insert", "indirect", "nocache"]`.
    ///
    /// `dynamic` leaves an empty [`dynamic_key`](Self::dynamic_key), to be filled in from
    /// the backend's `dynamic-cookie-key`; an empty key makes no values.
    ///
    /// # Errors
    /// The first word that HAProxy would refuse, or the mode word that makes the whole
    /// contradict itself.
    pub fn parse(words: &[&str]) -> Result<Self, ConfigWordError> {
        const ACCEPTED: &[&str] = &[
            "rewrite", "insert", "prefix", "indirect", "nocache", "postonly", "preserve",
            "httponly", "secure", "domain", "maxidle", "maxlife", "dynamic", "attr",
        ];
        let all = words;
        let mut words = Words::new("cookie", words);
        let mut cookie = Self {
            name: words.need("the name of a cookie")?.into(),
            ..Self::default()
        };
        while let Some(word) = words.next() {
            match word {
                "rewrite" => cookie.set_mode(CookieMode::Rewrite, word, &words)?,
                "insert" => cookie.set_mode(CookieMode::Insert, word, &words)?,
                "prefix" => cookie.set_mode(CookieMode::Prefix, word, &words)?,
                "indirect" => cookie.indirect = true,
                "nocache" => cookie.nocache = true,
                "postonly" => cookie.postonly = true,
                "preserve" => cookie.preserve = true,
                "httponly" => cookie.httponly = true,
                "secure" => cookie.secure = true,
                "dynamic" => cookie.dynamic_key = Some(String::new()),
                "domain" => {
                    let what = "a domain of letters, digits, `.`, `-` and `_`";
                    let domain = words.need(what)?;
                    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                    if !domain.chars().all(valid) {
                        return Err(words.malformed(domain, what));
                    }
                    cookie.domains.push(domain.into());
                }
                "maxidle" => cookie.maxidle = Some(words.time(Span::from_secs(1))?),
                "maxlife" => cookie.maxlife = Some(words.time(Span::from_secs(1))?),
                "attr" => {
                    let what = "an attribute without `;` and control characters";
                    let attr = words.need(what)?;
                    if attr.chars().any(|c| c.is_control() || c == ';') {
                        return Err(words.malformed(attr, what));
                    }
                    cookie.attrs.push(attr.into());
                }
                _ => return Err(words.unknown(word, ACCEPTED)),
            }
        }
        cookie.check_modes(all)?;
        Ok(cookie)
    }

    fn set_mode(
        &mut self,
        mode: CookieMode,
        word: &str,
        words: &Words<'_>,
    ) -> Result<(), ConfigWordError> {
        if self.mode != CookieMode::Passive && self.mode != mode {
            return Err(words.clash(
                word,
                "together with another of `rewrite`, `insert`, `prefix`",
            ));
        }
        self.mode = mode;
        Ok(())
    }

    /// The contradictions that only the whole line shows.
    fn check_modes(&self, words: &[&str]) -> Result<(), ConfigWordError> {
        let (word, why) = if self.mode == CookieMode::Rewrite && self.indirect {
            ("indirect", "together with `rewrite`")
        } else if self.preserve && self.mode != CookieMode::Insert && !self.indirect {
            ("preserve", "without `insert` or `indirect`")
        } else {
            return Ok(());
        };
        Err(ConfigWordError {
            // The name comes first and may be any word.
            index: (1..words.len())
                .find(|&index| words[index] == word)
                .unwrap_or_default(),
            problem: WordProblem::Clash {
                word: word.into(),
                why,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::{complaint, split};

    #[test]
    fn cookie_lines_become_settings() {
        let line = "SERVERID insert indirect nocache postonly preserve httponly secure \
                    domain .a.org domain b_c.org maxidle 30m maxlife 8 attr SameSite=Lax dynamic";
        assert_eq!(
            Cookie::parse(&split(line)),
            Ok(Cookie {
                name: "SERVERID".into(),
                mode: CookieMode::Insert,
                indirect: true,
                nocache: true,
                postonly: true,
                preserve: true,
                httponly: true,
                secure: true,
                domains: [".a.org", "b_c.org"].map(String::from).into(),
                maxidle: Some(Span::from_secs(1800)),
                maxlife: Some(Span::from_secs(8)),
                attrs: ["SameSite=Lax".into()].into(),
                dynamic_key: Some(String::new()),
            })
        );
        assert_eq!(
            Cookie::parse(&["insert"]),
            Ok(Cookie {
                name: "insert".into(),
                ..Cookie::default()
            })
        );
    }

    /// `haproxy -c` 2.6.12 accepts and refuses the same lines.
    #[test]
    fn cookie_lines_are_judged_as_haproxy_judges_them() {
        let accepted = [
            "X insert insert",
            "X prefix indirect",
            "X prefix preserve indirect",
            "X indirect",
            "X dynamic",
            "a=b insert",
            "X insert maxidle 0",
            "X insert maxlife 500ms",
            "X insert maxidle 2147483647",
            "X insert domain foo",
        ];
        for line in accepted {
            assert_eq!(complaint(Cookie::parse, line), None, "{line}");
        }
        let refused = [
            ("", 0),
            ("X bogus", 1),
            ("X insert rewrite", 2),
            ("X rewrite indirect", 2),
            ("X preserve", 1),
            ("preserve rewrite preserve", 2),
            ("X insert domain", 3),
            ("X insert domain foo/bar", 3),
            ("X insert maxidle", 3),
            ("X insert maxidle 5x", 3),
            ("X insert maxidle 5M", 3),
            ("X insert maxidle -1", 3),
            ("X insert maxidle 2147483648", 3),
            ("X insert maxidle 99999d", 3),
            ("X insert attr", 3),
            ("X insert attr a;b", 3),
        ];
        for (line, index) in refused {
            let (at, _) = complaint(Cookie::parse, line).expect(line);
            assert_eq!(at, index, "{line}");
        }
    }
}
