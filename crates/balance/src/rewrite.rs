//! A request that rules have changed: what the server gets instead of what the client sent.

use alloc::string::String;
use alloc::vec::Vec;

use crate::expression::Value;
use crate::fetch::{elements, path_and_query};
use crate::pattern::{Matching, Regex};
use crate::request::{Header, Request};

/// The changed head of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// `GET`, ...
    pub method: String,
    /// The request target.
    pub uri: String,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Rewrite {
    /// A copy of `request`, not changed yet.
    pub(crate) fn of(request: &Request<'_>) -> Self {
        let copied = |(name, value): &Header<'_>| ((*name).into(), (*value).into());
        Self {
            method: request.method.into(),
            uri: request.uri.into(),
            headers: request.headers.iter().map(copied).collect(),
        }
    }

    /// The headers, borrowed.
    pub fn headers(&self) -> Vec<Header<'_>> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// The method as rules and cookies see it: HAProxy remembers the one that was sent, if
    /// it is one of those that it knows.
    pub(crate) fn seen_method<'a>(&'a self, sent: &'a str) -> &'a str {
        const KNOWN: [&str; 8] = [
            "OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT",
        ];
        if KNOWN.contains(&sent) {
            sent
        } else {
            &self.method
        }
    }

    pub(crate) fn add(&mut self, name: &str, value: String) {
        self.headers.push((name.into(), value));
    }

    pub(crate) fn set(&mut self, name: &str, value: String) {
        self.headers.retain(|(known, _)| known != name);
        self.add(name, value);
    }

    pub(crate) fn remove(&mut self, names: &Matching) {
        self.headers
            .retain(|(name, _)| !names.fits(&Value::Text(name.as_str().into())));
    }

    /// Replaces each line, or each element of the lines, that `regex` matches.
    pub(crate) fn replace(&mut self, name: &str, regex: &Regex, template: &str, whole: bool) {
        let lines = self.headers.iter_mut().filter(|(known, _)| known == name);
        for (_, value) in lines {
            let changed = if whole {
                regex.expand(value, template)
            } else {
                let changed: Vec<String> = elements(value)
                    .map(|part| regex.expand(part, template).unwrap_or_else(|| part.into()))
                    .collect();
                Some(changed.join(","))
            };
            if let Some(changed) = changed {
                *value = changed;
            }
        }
    }

    /// Path and query.
    fn parts(&self) -> (&str, Option<&str>) {
        let asked = path_and_query(&self.uri).unwrap_or_default();
        match asked.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (asked, None),
        }
    }

    /// What stands before the path: the scheme and the host of an absolute target.
    fn origin(&self) -> &str {
        let length = path_and_query(&self.uri).map_or(self.uri.len(), str::len);
        &self.uri[..self.uri.len() - length]
    }

    pub(crate) fn set_path(&mut self, path: &str) {
        let (_, query) = self.parts();
        let query = query
            .map(|query| alloc::format!("?{query}"))
            .unwrap_or_default();
        self.uri = alloc::format!("{}{path}{query}", self.origin());
    }

    pub(crate) fn set_path_and_query(&mut self, path: &str) {
        self.uri = alloc::format!("{}{path}", self.origin());
    }

    /// An empty query leaves its `?` behind.
    pub(crate) fn set_query(&mut self, query: &str) {
        let (path, _) = self.parts();
        self.uri = alloc::format!("{}{path}?{query}", self.origin());
    }

    pub(crate) fn replace_path(&mut self, regex: &Regex, template: &str) {
        let (path, _) = self.parts();
        if let Some(changed) = regex.expand(path, template) {
            self.set_path(&changed);
        }
    }

    pub(crate) fn replace_path_and_query(&mut self, regex: &Regex, template: &str) {
        let asked = path_and_query(&self.uri).unwrap_or_default();
        if let Some(changed) = regex.expand(asked, template) {
            self.set_path_and_query(&changed);
        }
    }

    pub(crate) fn replace_uri(&mut self, regex: &Regex, template: &str) {
        if let Some(changed) = regex.expand(&self.uri, template) {
            self.uri = changed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_change_apart() {
        type Change<'a> = &'a dyn Fn(&mut Rewrite);
        let changed = |uri: &str, change: Change<'_>| {
            let mut rewrite = Rewrite {
                uri: uri.into(),
                ..Rewrite::default()
            };
            change(&mut rewrite);
            rewrite.uri
        };
        let regex = |text: &str| Regex::new(text, false).unwrap();
        let rows: [(&str, Change<'_>, &str); 8] = [
            ("/a?x=1", &|r| r.set_path("/b"), "/b?x=1"),
            ("http://h/a?x=1", &|r| r.set_path("/b"), "http://h/b?x=1"),
            ("/a?x=1", &|r| r.set_path_and_query("/b"), "/b"),
            ("/a?x=1", &|r| r.set_query("y=2"), "/a?y=2"),
            ("/a", &|r| r.set_query("y=2"), "/a?y=2"),
            (
                "/foo/a?x=1",
                &|r| r.replace_path(&regex("^/foo/(.*)"), r"/\1"),
                "/a?x=1",
            ),
            (
                "/a?x=1",
                &|r| r.replace_path_and_query(&regex("(.*)"), r"/foo\1"),
                "/foo/a?x=1",
            ),
            ("/a?x=1", &|r| r.replace_path(&regex("^/b"), "/c"), "/a?x=1"),
        ];
        for (uri, change, expected) in rows {
            assert_eq!(changed(uri, change), expected, "{uri}");
        }
    }
}
