//! From conditions as written to those that the core evaluates.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use balance::config::Fetch;
use balance::expression::{Expression, Origin};
use balance::pattern::{Matching, Range, Texts};
use balance::rule::{Condition, Literal, Test};

use super::super::acl::{self, Acl, Acls};
use super::super::network::network;
use super::expression::{self, Scope};
use super::list::patterns;

/// A condition, and what of it cannot be known: what needs that never holds.
pub(super) type Known<T> = Result<(T, Option<String>), String>;

/// The ACLs of one section, each lowered once.
pub(super) struct Conditions<'a> {
    acls: &'a Acls,
    pub(super) scope: Scope<'a>,
    lowered: RefCell<BTreeMap<String, Named>>,
}

/// A named ACL.
#[derive(Clone)]
struct Named {
    tests: Arc<Vec<Test>>,
    /// Why some of its lines never hold.
    doubt: Option<String>,
}

impl<'a> Conditions<'a> {
    pub(super) fn new(acls: &'a Acls, scope: Scope<'a>) -> Self {
        Self {
            acls,
            scope,
            lowered: RefCell::default(),
        }
    }

    /// Says of every `acl` line whether it is followed.
    pub(super) fn judge(&self, mut say: impl FnMut(usize, Option<String>)) {
        for line in self.acls.lines() {
            say(line.entry, self.test(&line.test).err());
        }
    }

    /// The condition that `draft` means.
    ///
    /// # Errors
    /// Why it never can be said to hold.
    pub(super) fn condition(&self, draft: &acl::Draft) -> Known<Condition> {
        let Some(written) = &draft.terms else {
            return Ok((Condition::always(), None));
        };
        let mut doubt = None;
        let mut terms = Vec::new();
        for term in written {
            match self.term(term, draft.unless) {
                Ok((term, partial)) => {
                    terms.push(term);
                    doubt = doubt.or(partial);
                }
                // `unless` holds only if all its terms are known not to.
                Err(why) if draft.unless => return Err(why),
                Err(why) => doubt = doubt.or(Some(why)),
            }
        }
        match doubt {
            Some(why) if terms.is_empty() => Err(why),
            doubt => {
                let unless = draft.unless;
                Ok((Condition { terms, unless }, doubt))
            }
        }
    }

    fn term(&self, written: &[acl::Literal], unless: bool) -> Known<Vec<Literal>> {
        let mut doubt = None;
        let mut literals = Vec::new();
        for literal in written {
            let Named { tests, doubt: own } = self.acl(&literal.acl);
            if let Some(why) = own {
                // What cannot be known must not make a rule act: an ACL of which some lines
                // are known may still hold because of those.
                if tests.is_empty() || literal.negated || unless {
                    return Err(why);
                }
                doubt = Some(why);
            }
            literals.push(Literal {
                acl: tests,
                negated: literal.negated,
            });
        }
        Ok((literals, doubt))
    }

    fn acl(&self, acl: &Acl) -> Named {
        match acl {
            Acl::Anonymous(test) => match self.test(test) {
                Ok(test) => Named {
                    tests: Arc::new(vec![test]),
                    doubt: None,
                },
                Err(why) => Named {
                    tests: Arc::default(),
                    doubt: Some(why),
                },
            },
            Acl::Named(name) => {
                if let Some(known) = self.lowered.borrow().get(name) {
                    return known.clone();
                }
                let named = self.named(name);
                self.lowered
                    .borrow_mut()
                    .insert(name.clone(), named.clone());
                named
            }
        }
    }

    fn named(&self, name: &str) -> Named {
        let lines = self.acls.named(name);
        if lines.is_empty() {
            let (tests, doubt) = match predefined(name) {
                Some(tests) => (tests, None),
                None => (
                    Vec::new(),
                    Some(format!("`{name}` is not known of simulated requests")),
                ),
            };
            return Named {
                tests: Arc::new(tests),
                doubt,
            };
        }
        let mut doubt = None;
        let mut tests = Vec::new();
        for line in lines {
            match self.test(&line.test) {
                Ok(test) => tests.push(test),
                Err(why) => doubt = doubt.or(Some(format!("`{name}`: {why}"))),
            }
        }
        Named {
            tests: Arc::new(tests),
            doubt,
        }
    }

    fn test(&self, written: &acl::Test) -> Result<Test, String> {
        let sample = expression::expression(&written.sample, &self.scope)?;
        let matching = if written.from.is_empty() {
            matching(written, &written.patterns)?
        } else {
            matching(written, &patterns(written, &self.scope)?)?
        };
        Ok(Test { sample, matching })
    }
}

fn matching(written: &acl::Test, patterns: &[String]) -> Result<Matching, String> {
    let texts = || Texts::new(patterns.to_vec(), written.fold);
    Ok(match written.method {
        "found" => Matching::Found,
        "bool" => Matching::Bool,
        "str" => Matching::Exactly(texts()),
        "beg" => Matching::Begins(texts()),
        "end" => Matching::Ends(texts()),
        "sub" => Matching::Contains(texts()),
        "dir" => Matching::Folder(texts()),
        "dom" => Matching::Domain(texts()),
        "int" => Matching::Number(ranges(patterns)?),
        "len" => Matching::Length(ranges(patterns)?),
        "ip" => {
            let networks = patterns.iter().map(|pattern| {
                network(pattern)?.ok_or_else(|| format!("the mask of `{pattern}` has holes"))
            });
            Matching::Network(networks.collect::<Result<_, _>>()?)
        }
        "reg" => {
            let list = patterns.iter();
            let list = list.map(|pattern| expression::regex(pattern, written.fold));
            Matching::Regex(list.collect::<Result<_, _>>()?)
        }
        method => return Err(format!("`-m {method}` is not modelled")),
    })
}

/// `5`, `1:5`, `:5`, `5:`, each after the comparison that was named last.
pub(super) fn ranges(patterns: &[String]) -> Result<Vec<Range>, String> {
    let mut ranges = Vec::new();
    let mut comparison = "eq";
    for pattern in patterns {
        if let "eq" | "ge" | "gt" | "le" | "lt" = pattern.as_str() {
            comparison = pattern;
            continue;
        }
        // It says that no flags follow, here too.
        if pattern == "--" {
            continue;
        }
        let refused = || format!("the range `{pattern}` is not modelled");
        let number = |text: &str, otherwise: i64| match text {
            "" => Ok(otherwise),
            text => text.parse::<i64>().map_err(|_| refused()),
        };
        let (least, most) = if let Some((least, most)) = pattern.split_once(':') {
            (number(least, i64::MIN)?, number(most, i64::MAX)?)
        } else {
            let only = number(pattern, 0)?;
            (only, only)
        };
        ranges.push(match comparison {
            "ge" => Range {
                least,
                most: i64::MAX,
            },
            "gt" => Range {
                least: least.saturating_add(1),
                most: i64::MAX,
            },
            "le" => Range {
                least: i64::MIN,
                most,
            },
            "lt" => Range {
                least: i64::MIN,
                most: most.saturating_sub(1),
            },
            _ => Range { least, most },
        });
    }
    Ok(ranges)
}

/// The ACLs that need no declaration.
fn predefined(name: &str) -> Option<Vec<Test>> {
    let test = |origin: Origin, matching: Matching| {
        let sample = Expression::plain(origin);
        Some(vec![Test { sample, matching }])
    };
    let texts = |list: &[&str]| Texts::new(list.iter().map(|t| (*t).to_owned()).collect(), false);
    let method = |list: &[&str]| test(Origin::Fact(Fetch::Method), Matching::Exactly(texts(list)));
    let version = |list: &[&str]| {
        let version = Fetch::Str("1.1".to_owned());
        test(Origin::Fact(version), Matching::Exactly(texts(list)))
    };
    match name {
        "TRUE" | "WAIT_END" | "HTTP" => test(Origin::Bool(true), Matching::Bool),
        "FALSE" => test(Origin::Bool(false), Matching::Bool),
        "HTTP_1.0" => version(&["1.0"]),
        "HTTP_1.1" => version(&["1.1"]),
        "HTTP_2.0" => version(&["2.0"]),
        "HTTP_CONTENT" => test(
            Origin::Fact(Fetch::Header("content-length".to_owned())),
            Matching::Number(vec![Range {
                least: 1,
                most: i64::MAX,
            }]),
        ),
        "HTTP_URL_ABS" => test(
            Origin::Fact(Fetch::Url),
            Matching::Regex(vec![expression::regex("^[^/:]*://", false).ok()?]),
        ),
        "HTTP_URL_SLASH" => test(Origin::Fact(Fetch::Url), Matching::Begins(texts(&["/"]))),
        "HTTP_URL_STAR" => test(Origin::Fact(Fetch::Url), Matching::Exactly(texts(&["*"]))),
        "LOCALHOST" => {
            let networks = ["127.0.0.1/8", "::1"].map(network);
            let networks = networks.into_iter().filter_map(|n| n.ok().flatten());
            test(
                Origin::Fact(Fetch::Src),
                Matching::Network(networks.collect()),
            )
        }
        "METH_GET" => method(&["GET", "HEAD"]),
        "METH_CONNECT" => method(&["CONNECT"]),
        "METH_DELETE" => method(&["DELETE"]),
        "METH_HEAD" => method(&["HEAD"]),
        "METH_OPTIONS" => method(&["OPTIONS"]),
        "METH_POST" => method(&["POST"]),
        "METH_PUT" => method(&["PUT"]),
        "METH_TRACE" => method(&["TRACE"]),
        _ => None,
    }
}
