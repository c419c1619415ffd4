//! Which key of a request is hashed by `balance source|uri|url_param|hdr|...`, and its hash
//! (spec: balancing, 6.1).

use core::net::IpAddr;

use crate::config::{HashKey, HashType};
use crate::fetch::{elements, path_and_query};
use crate::hash::avalanche;
use crate::request::Request;

/// The hash of `request` for [`Ask::hash`](crate::pick::Ask::hash), avalanched if so
/// configured; `None` when the request lacks the key, so that the algorithm walks round.
///
/// At most one hash is needed per request: the key does not change on its way. With a
/// single server in force HAProxy takes no key and the hash is 0 (`url_param` excepted);
/// whoever elects must see to that, since it can change while the request waits.
pub(crate) fn hash_of(key: &HashKey, hash: HashType, request: &Request<'_>) -> Option<u32> {
    let value = match key {
        HashKey::Source => fold_address(request.source),
        HashKey::Uri {
            len,
            depth,
            whole,
            path_only,
        } => {
            let uri = if *path_only {
                path_and_query(request.uri).unwrap_or("")
            } else {
                request.uri
            };
            let end = uri_end(uri.as_bytes(), *len, *depth, *whole);
            hash.function.hash(&uri.as_bytes()[..end])
        }
        HashKey::UrlParam { name, check_post } => {
            hash.function.hash(parameter(request, name, *check_post)?)
        }
        HashKey::Header {
            name,
            use_domain_only,
        } => {
            let value = elements(request.values(name).next()?).next()?;
            if value.is_empty() {
                return None;
            }
            let value = value.as_bytes();
            let value = if *use_domain_only {
                domain(value)
            } else {
                value
            };
            hash.function.hash(value)
        }
        HashKey::RdpCookie(name) => hash.function.hash(rdp_cookie(request.body, name)?),
        HashKey::Expression(fetch) => hash.function.hash(&fetch.bytes(request)?),
    };
    Some(if hash.avalanche {
        avalanche(value)
    } else {
        value
    })
}

/// `source`: the exclusive or of the address's 32-bit words; no hash function.
fn fold_address(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(ip) => ip.to_bits(),
        IpAddr::V6(ip) => {
            let bits = ip.to_bits();
            (0..4).fold(0, |mix, word| mix ^ (bits >> (32 * word)) as u32)
        }
    }
}

/// How much of `uri` is hashed: at most `len` bytes, up to before the slash that follows
/// `depth` others, and up to the query unless `whole`. Limits of 0 are none.
fn uri_end(uri: &[u8], len: u32, depth: u32, whole: bool) -> usize {
    let limit = if len == 0 {
        uri.len()
    } else {
        uri.len().min(len as usize)
    };
    let mut slashes = 0;
    uri[..limit]
        .iter()
        .position(|&byte| {
            slashes += u32::from(byte == b'/');
            (depth != 0 && slashes > depth) || (byte == b'?' && !whole)
        })
        .unwrap_or(limit)
}

/// `url_param`: the value of parameter `name` in the query; with `check_post`, that in the
/// body of a POST whose query lacks it.
fn parameter<'a>(request: &Request<'a>, name: &str, check_post: bool) -> Option<&'a [u8]> {
    let in_query = (request.uri.split_once('?'))
        .and_then(|(_, query)| parameter_in(query.as_bytes(), name.as_bytes()));
    if in_query.is_some() || !check_post || request.method != "POST" {
        return in_query;
    }
    let value = parameter_in(request.body, name.as_bytes())?;
    // HAProxy looks at the first byte only to tell whether the body may be a form.
    match value.first() {
        Some(b' ' | b'\t' | b'\r' | b'\n') => Some(&[]),
        Some(&byte) if !is_token(byte) => None,
        _ => Some(value),
    }
}

/// The value of the first `NAME=VALUE` among those that `&` separates.
fn parameter_in<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    text.split(|&byte| byte == b'&')
        .find_map(|param| param.strip_prefix(name)?.strip_prefix(b"="))
}

/// The bytes a token of HTTP may have (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `use_domain_only`: what stands before the last dot, from the nearest dot to its left on.
/// The byte right before the last dot does not count as a dot, and neither does a last dot
/// at the very beginning: then there is no domain and all of `host` is the key.
fn domain(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|&byte| byte == b'.') {
        None | Some(0) => host,
        Some(end) => {
            let start = host[..end - 1].iter().rposition(|&byte| byte == b'.');
            &host[start.map_or(0, |dot| dot + 1)..end]
        }
    }
}

/// `rdp-cookie`: the value of `Cookie: NAME=VALUE` in the connection request with which an
/// RDP client begins (an 11-byte head, then the cookie up to the end of the line). Names
/// match in any case.
fn rdp_cookie<'a>(body: &'a [u8], name: &str) -> Option<&'a [u8]> {
    const HEAD: usize = 11;
    const LABEL: &[u8] = b"Cookie:";
    let (label, rest) = body.get(HEAD..)?.split_at_checked(LABEL.len())?;
    let (found, rest) = rest.trim_ascii_start().split_at_checked(name.len())?;
    let (b"=", value) = rest.split_at_checked(1)? else {
        return None;
    };
    let matches = label.eq_ignore_ascii_case(LABEL) && found.eq_ignore_ascii_case(name.as_bytes());
    let end = value
        .iter()
        .position(|&byte| byte == b'\r' || byte == b'\n')?;
    matches.then_some(&value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fetch, HashFunction};
    use crate::request::Header;
    use std::string::String;
    use std::vec::Vec;

    const SDBM: HashType = HashType {
        consistent: false,
        function: HashFunction::Sdbm,
        avalanche: false,
    };

    /// Asserts that the key of `request` is `expected`, by its sdbm hash.
    fn assert_key(key: &HashKey, request: &Request<'_>, expected: Option<&str>) {
        let expected = expected.map(|text| HashFunction::Sdbm.hash(text.as_bytes()));
        assert_eq!(hash_of(key, SDBM, request), expected, "{key:?} {request:?}");
    }

    fn get(uri: &str) -> Request<'_> {
        Request {
            uri,
            ..Request::default()
        }
    }

    #[test]
    fn source_folds_the_address_and_ignores_the_function() {
        let hash = HashType {
            function: HashFunction::Wt6,
            ..SDBM
        };
        let mut request = Request::default();
        assert_eq!(hash_of(&HashKey::Source, hash, &request), Some(0x7f00_0001));
        request.source = IpAddr::V6("1:2:3:4:5:6:7:8".parse().unwrap());
        let folded = 0x0001_0002 ^ 0x0003_0004 ^ 0x0005_0006 ^ 0x0007_0008;
        assert_eq!(hash_of(&HashKey::Source, hash, &request), Some(folded));
        let mixed = HashType {
            avalanche: true,
            ..hash
        };
        assert_eq!(
            hash_of(&HashKey::Source, mixed, &request),
            Some(avalanche(folded))
        );
    }

    #[test]
    fn uri_stops_at_the_query_the_depth_or_the_length() {
        // len, depth, whole, path-only, uri, key
        let table = [
            (0, 0, false, false, "/?", "/"),
            (0, 0, false, false, "//a", "//a"),
            (0, 0, false, false, "*", "*"),
            (0, 0, false, false, "http://h/p?q", "http://h/p"),
            (0, 0, true, false, "/a?b/c", "/a?b/c"),
            (0, 0, false, true, "http://h/p?q", "/p"),
            (0, 0, false, true, "http://h", ""),
            (0, 0, false, true, "*", ""),
            (0, 1, false, false, "/a/b", "/a"),
            (0, 1, false, false, "http://h/p", "http:/"),
            (0, 1, false, false, "/a/?b/", "/a"),
            (0, 1, false, false, "//", "/"),
            (0, 1, true, false, "/a?b/c", "/a?b"),
            (1, 1, false, false, "/a/b", "/"),
            (9, 0, false, false, "/a", "/a"),
        ];
        for (len, depth, whole, path_only, uri, expected) in table {
            let key = HashKey::Uri {
                len,
                depth,
                whole,
                path_only,
            };
            assert_key(&key, &get(uri), Some(expected));
        }
    }

    #[test]
    fn url_param_is_found_in_the_query_textually() {
        let key = HashKey::UrlParam {
            name: "uid".into(),
            check_post: false,
        };
        let table = [
            ("/?uid=", Some("")),
            ("/?uid=a&uid=b", Some("a")),
            ("/?xuid=1&uid=2", Some("2")),
            ("/?uid=a?b", Some("a?b")),
            ("/?uid=a;b", Some("a;b")),
            ("/?uid=%41", Some("%41")),
            ("/?uid", None),
            ("/?a?uid=2", None),
            ("/?;uid=a", None),
            ("/?UID=a", None),
            ("/", None),
        ];
        for (uri, expected) in table {
            assert_key(&key, &get(uri), expected);
        }
        let post = Request {
            method: "POST",
            body: b"uid=2",
            ..Request::default()
        };
        assert_key(&key, &post, None);
    }

    #[test]
    fn check_post_looks_into_the_body_when_the_query_has_nothing() {
        let key = HashKey::UrlParam {
            name: "uid".into(),
            check_post: true,
        };
        let table = [
            ("POST", "/?uid=1", "uid=2", Some("1")),
            ("POST", "/?x", "uid=2", Some("2")),
            ("POST", "/", "x=1&uid=2&y", Some("2")),
            ("POST", "/", "a b&uid=c", Some("c")),
            ("POST", "/", "uid=a/b\r\n", Some("a/b\r\n")),
            ("POST", "/", "uid=&b", Some("")),
            ("POST", "/", "uid= a", Some("")),
            ("POST", "/", "uid=\r\n&b", Some("")),
            ("POST", "/", "uid=/a", None),
            ("POST", "/", "uid=\u{1}", None),
            ("POST", "/", "a\r\nuid=c", None),
            ("PUT", "/", "uid=2", None),
        ];
        for (method, uri, body, expected) in table {
            let request = Request {
                method,
                uri,
                body: body.as_bytes(),
                ..Request::default()
            };
            assert_key(&key, &request, expected);
        }
    }

    fn header_key(values: &[&str], use_domain_only: bool, expected: Option<&str>) {
        let key = HashKey::Header {
            name: "x".into(),
            use_domain_only,
        };
        let headers: Vec<Header<'_>> = values.iter().map(|value| ("x", *value)).collect();
        let request = Request {
            headers: &headers,
            ..Request::default()
        };
        assert_key(&key, &request, expected);
    }

    #[test]
    fn header_is_its_first_element() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&[""], None),
            (&[",b"], None),
            (&["", "b"], None),
            (&["b", "a"], Some("b")),
            (&[" a ,b"], Some("a")),
            (&["\"a,b\",c"], Some("\"a,b\"")),
        ];
        for (values, expected) in table {
            header_key(values, false, *expected);
        }
    }

    #[test]
    fn use_domain_only_takes_the_label_before_the_last_dot() {
        let table = [
            ("www.lab.local", "lab"),
            ("example.com:8080", "example"),
            ("localhost", "localhost"),
            ("10.1.2.3", "2"),
            ("www.ab..com", "ab."),
            (".local", ".local"),
            (".", "."),
            ("..", "."),
            ("...", "."),
            ("a.", "a"),
            ("a..", "a."),
            (".a.", "a"),
            ("b.a.", "a"),
        ];
        for (host, expected) in table {
            header_key(&[host], true, Some(expected));
        }
    }

    #[test]
    fn rdp_cookie_is_read_from_the_connection_request() {
        let key = HashKey::RdpCookie("mstshash".into());
        let table: [(&str, Option<&str>); 6] = [
            ("0123456789\u{1}Cookie: mstshash=user\r\n", Some("user")),
            ("0123456789\u{1}COOKIE:MSTSHASH=\r\n", Some("")),
            ("0123456789\u{1}Cookie: msts=user\r\n", None),
            ("0123456789\u{1}Cookie: mstshash=user", None),
            ("Cookie: mstshash=user\r\n", None),
            ("", None),
        ];
        for (body, expected) in table {
            let request = Request {
                body: body.as_bytes(),
                ..Request::default()
            };
            assert_key(&key, &request, expected);
        }
    }

    #[test]
    fn expressions_are_hashed_as_bytes() {
        let address = HashKey::Expression(Fetch::Src);
        assert_eq!(
            hash_of(&address, SDBM, &Request::default()),
            Some(HashFunction::Sdbm.hash(&[127, 0, 0, 1]))
        );
        let query = HashKey::Expression(Fetch::Query);
        assert_key(&query, &get("/?a"), Some("a"));
        assert_key(&query, &get("/?"), Some(""));
        assert_key(&query, &get("/"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_request_has_a_key_or_none(
            uri in "\\PC{0,12}|(/|\\?|&|uid|=|x|\\.){0,12}",
            value in "\\PC{0,12}|(\"|,|\\.|a|\\\\){0,12}",
            body in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
            (len, depth) in (0_u32..4, 0_u32..4),
            flags in proptest::array::uniform3(proptest::bool::ANY),
        ) {
            let [whole, path_only, use_domain_only] = flags;
            let keys = [
                HashKey::Source,
                HashKey::Uri { len, depth, whole, path_only },
                HashKey::UrlParam { name: "uid".into(), check_post: true },
                HashKey::Header { name: "x".into(), use_domain_only },
                HashKey::RdpCookie("a".into()),
                HashKey::Expression(Fetch::Cookie("x".into())),
                HashKey::Expression(Fetch::Header("x".into())),
                HashKey::Expression(Fetch::UrlParam(String::new())),
            ];
            let headers = [("x", value.as_str()), ("cookie", value.as_str())];
            let request = Request {
                method: "POST",
                uri: &uri,
                headers: &headers,
                body: &body,
                ..Request::default()
            };
            for key in &keys {
                let hash = hash_of(key, SDBM, &request);
                let always = matches!(key, HashKey::Source | HashKey::Uri { .. });
                proptest::prop_assert!(hash.is_some() || !always);
            }
        }
    }
}
