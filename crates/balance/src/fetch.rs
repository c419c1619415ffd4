//! Sample fetches: facts that a rule or a hash reads from a request
//! (manual: "Fetching samples"), with the quirks of 2.6.12.

use alloc::borrow::Cow;
use alloc::string::ToString;
use core::net::IpAddr;

use crate::config::Fetch;
use crate::pair::{Pair, trim, trim_end, unquoted};
use crate::request::{Request, Response};

impl Fetch {
    /// The sample as text, or `None` when the request lacks it. An empty sample is not a
    /// missing one.
    ///
    /// Stick rules use this for their keys: `rule_fetch.text(&request)`.
    pub(crate) fn text<'a>(&'a self, request: &Request<'a>) -> Option<Cow<'a, str>> {
        let text = match self {
            Self::Src => return Some(Cow::Owned(request.source.to_string())),
            Self::Path => path_and_query(request.uri).map(|path| cut(path, '?').0),
            Self::PathQ => path_and_query(request.uri),
            Self::Url => Some(request.uri),
            Self::Query => cut(request.uri, '?').1,
            Self::Method => Some(request.method),
            Self::Header(name) => request
                .values(name)
                .last()
                .and_then(|value| elements(value).last()),
            Self::Cookie(name) => each_cookie(request, name).last(),
            Self::UrlParam(name) => each_param(request.uri, name).next(),
            Self::Str(text) => Some(text.as_str()),
        };
        text.map(Cow::Borrowed)
    }

    /// The sample as `balance hash` sees it: text as its bytes, an address as its 4 or 16
    /// octets in network order.
    pub(crate) fn bytes<'a>(&'a self, request: &Request<'a>) -> Option<Cow<'a, [u8]>> {
        match (self, request.source) {
            (Self::Src, IpAddr::V4(ip)) => Some(Cow::Owned(ip.octets().into())),
            (Self::Src, IpAddr::V6(ip)) => Some(Cow::Owned(ip.octets().into())),
            _ => Some(match self.text(request)? {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }),
        }
    }
}

/// `res.cook(NAME)`: the value of the last cookie called `name` that the answer sets.
///
/// `stick store-response` uses this for its key.
pub(crate) fn response_cookie<'a>(response: &Response<'a>, name: &str) -> Option<&'a str> {
    response
        .headers
        .iter()
        .filter(|(header, _)| *header == "set-cookie")
        .flat_map(|(_, value)| elements(value))
        // What follows the first pair are attributes.
        .filter_map(|list| pairs(list, name.len()).next())
        .filter_map(|(found, value)| (found == name).then_some(value))
        .last()
}

/// The path of a request target with its query; the target may be absolute
/// (`http://host/path`). `*` and a bare authority have none.
pub(crate) fn path_and_query(uri: &str) -> Option<&str> {
    if uri.starts_with('/') {
        return Some(uri);
    }
    let (_, rest) = uri.split_once("://")?;
    rest.find('/').map(|start| &rest[start..])
}

/// What precedes the first `at`, and what follows it if there is one.
fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// The elements of a header that is a comma-separated list, without the blanks around
/// them. Commas between double quotes separate nothing.
pub(crate) fn elements(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    core::iter::from_fn(move || {
        let text = rest?;
        let end = unquoted(text, |byte| byte == b',');
        rest = text.get(end + 1..);
        Some(trim(&text[..end]))
    })
}

/// Every `NAME=VALUE` of a list, its value without blanks around it. As in HAProxy, the
/// last one is not looked at when so little is left behind the separator that a name of
/// `length` bytes and `=` would fill it.
fn pairs(list: &str, length: usize) -> impl Iterator<Item = (&str, &str)> {
    let mut from = 0;
    core::iter::from_fn(move || {
        while from + length + 1 < list.len() {
            let pair = Pair::at(list, from);
            from = pair.end + 1;
            if pair.equal.is_some() {
                let value = trim_end(pair.value(list));
                return Some((pair.name(list), value));
            }
        }
        None
    })
}

/// The values of every cookie called `name`, in order.
pub(crate) fn each_cookie<'a>(
    request: &Request<'a>,
    name: &'a str,
) -> impl Iterator<Item = &'a str> {
    request
        .values("cookie")
        .flat_map(elements)
        .flat_map(move |list| pairs(list, name.len()))
        .filter_map(move |(found, value)| (found == name).then_some(value))
}

/// The values of every parameter called `name` of the query. Parameters begin behind `?`,
/// `&` and `;`.
pub(crate) fn each_param<'a>(uri: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let (_, query) = uri.split_once('?').unwrap_or_default();
    query
        .split(['&', ';', '?'])
        .filter_map(move |param| param.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Header;
    use std::borrow::ToOwned;
    use std::string::String;
    use std::vec::Vec;

    fn text(fetch: &Fetch, uri: &str, headers: &[Header<'_>]) -> Option<String> {
        let request = Request {
            uri,
            headers,
            ..Request::default()
        };
        fetch.text(&request).map(Cow::into_owned)
    }

    #[test]
    fn parts_of_the_target() {
        // uri, path, pathq, query
        let table = [
            ("/", Some("/"), Some("/"), None),
            ("/a?", Some("/a"), Some("/a?"), Some("")),
            ("/a?x?y", Some("/a"), Some("/a?x?y"), Some("x?y")),
            ("//a", Some("//a"), Some("//a"), None),
            ("*", None, None, None),
            ("http://h/p?q", Some("/p"), Some("/p?q"), Some("q")),
            ("http://h", None, None, None),
        ];
        for (uri, path, pathq, query) in table {
            assert_eq!(text(&Fetch::Path, uri, &[]).as_deref(), path, "{uri}");
            assert_eq!(text(&Fetch::PathQ, uri, &[]).as_deref(), pathq, "{uri}");
            assert_eq!(text(&Fetch::Query, uri, &[]).as_deref(), query, "{uri}");
            assert_eq!(text(&Fetch::Url, uri, &[]).as_deref(), Some(uri));
        }
    }

    #[test]
    fn url_param_is_the_first_of_that_name() {
        let table = [
            ("/a?uid=1&uid=2", Some("1")),
            ("/a?uid=", Some("")),
            ("/a?x;uid=3;b", Some("3")),
            ("/a?uid=1?uid=2", Some("1")),
            ("/?a?uid=5", Some("5")),
            ("/?uid==3", Some("=3")),
            ("/a?&uid=%41/b", Some("%41/b")),
            ("/a?xuid=1", None),
            ("/a?b=uid=4", None),
            ("/a?uid", None),
            ("/a;uid=1", None),
        ];
        let fetch = Fetch::UrlParam("uid".into());
        for (uri, expected) in table {
            assert_eq!(text(&fetch, uri, &[]).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn header_is_its_last_element() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&["a"], Some("a")),
            (&["a", "c"], Some("c")),
            (&["a, b , "], Some("")),
            (&["a,b"], Some("b")),
            (&[" a b "], Some("a b")),
            (&["a,\"b,c\""], Some("\"b,c\"")),
            (&["\"a\\\",b\",c"], Some("c")),
            (&["\"a\\\\\",b"], Some("b")),
            (&["x\"y,z"], Some("x\"y,z")),
            (&["a\\,b"], Some("b")),
            (&["a", ""], Some("")),
        ];
        for (values, expected) in table {
            let headers: Vec<Header<'_>> = values.iter().map(|value| ("x", *value)).collect();
            let found = text(&Fetch::Header("x".into()), "/", &headers);
            assert_eq!(found.as_deref(), *expected, "{values:?}");
        }
    }

    #[test]
    fn cookie_is_the_last_of_that_name() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&["A=1"], Some("1")),
            (&["A=1; A=2"], Some("2")),
            (&["A=1", "A=2"], Some("2")),
            (&["a=1"], None),
            (&["A \t= 1 ; b=2"], Some("1")),
            (&["A=\"1;2\"; b"], Some("\"1;2\"")),
            (&["A=\"1\\\";2\";c"], Some("\"1\\\";2\"")),
            (&["A; A=3"], Some("3")),
            (&["A=1,2"], Some("1")),
            (&["A=1,A=2"], Some("2")),
            (&["x=\"A=1;A=2\""], None),
            (&["x\";A=1"], Some("1")),
            (&["A==1"], Some("=1")),
            // Empty ones count only if something stands behind or a blank before them.
            (&["A="], None),
            (&["A=,"], None),
            (&["b;A="], None),
            (&["A=;"], Some("")),
            (&["A=1; A="], Some("")),
            (&["A=1", "A="], Some("1")),
        ];
        for (values, expected) in table {
            let headers: Vec<Header<'_>> = values.iter().map(|value| ("cookie", *value)).collect();
            let found = text(&Fetch::Cookie("A".into()), "/", &headers);
            assert_eq!(found.as_deref(), *expected, "{values:?}");
        }
    }

    #[test]
    fn response_cookie_is_the_last_that_is_set() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&["A=1; Path=/"], Some("1")),
            (&["A=1", "A=2"], Some("2")),
            (&["A=1, A=2"], Some("2")),
            (&["A=1", "B=2"], Some("1")),
            (&["B=1", "A=2"], Some("2")),
            (&["B=1; A=2"], None),
            (&["A=\"1;2\"; x"], Some("\"1;2\"")),
            (&["A=; path=/"], Some("")),
            (&["A="], None),
            (&["A=1", "A="], Some("1")),
            (&["x;A=1"], Some("1")),
            (&["A; b"], None),
        ];
        for (values, expected) in table {
            let headers: Vec<Header<'_>> = values.iter().map(|v| ("set-cookie", *v)).collect();
            let response = Response {
                headers: &headers,
                ..Response::default()
            };
            assert_eq!(response_cookie(&response, "A"), *expected, "{values:?}");
        }
    }

    #[test]
    fn an_address_is_text_for_rules_and_octets_for_hashes() {
        let mut request = Request::default();
        assert_eq!(Fetch::Src.text(&request).as_deref(), Some("127.0.0.1"));
        assert_eq!(
            Fetch::Src.bytes(&request).as_deref(),
            Some(&[127, 0, 0, 1][..])
        );
        request.source = IpAddr::V6("::1".parse().unwrap());
        assert_eq!(Fetch::Src.text(&request).as_deref(), Some("::1"));
        assert_eq!(Fetch::Src.bytes(&request).map(|b| b.len()), Some(16));
        let literal = Fetch::Str("ab".to_owned());
        assert_eq!(literal.bytes(&request).as_deref(), Some(&b"ab"[..]));
    }
}
