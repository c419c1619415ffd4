//! Whether a cache might keep an answer: then `cookie ... nocache` marks it private
//! (spec: cookies, 4.2).

use crate::fetch::elements;
use crate::request::Response;

/// The statuses of answers that may be kept without being told so (RFC 9110, 15.1).
const STATUSES: [u16; 11] = [200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501];

/// Whether the answer to a GET, HEAD, OPTIONS or TRACE counts as cacheable.
///
/// `needs_reason`: only if it says how long it is fresh, or carries something to ask again
/// with (late 2.6 and later).
pub(crate) fn is_cacheable(response: &Response<'_>, needs_reason: bool) -> bool {
    if !STATUSES.contains(&response.status) {
        return false;
    }
    let (mut allowed, mut reason) = (true, !needs_reason);
    for (name, value) in response.headers {
        match *name {
            "pragma" if value.eq_ignore_ascii_case("no-cache") => return false,
            "cache-control" => {
                for directive in elements(value) {
                    allowed = allows(directive).unwrap_or(allowed);
                    reason |= ["max-age", "s-maxage"]
                        .iter()
                        .any(|age| starts_with(directive, age));
                }
            }
            "expires" | "etag" | "last-modified" => reason = true,
            _ => {}
        }
    }
    allowed && reason
}

/// What one directive of `cache-control` says about keeping, if anything.
fn allows(directive: &str) -> Option<bool> {
    let is = |word: &str| directive.eq_ignore_ascii_case(word);
    if is("public") {
        return Some(true);
    }
    ["private", "no-cache", "no-store", "max-age=0", "s-maxage=0"]
        .iter()
        .any(|word| is(word))
        .then_some(false)
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Header;

    fn cacheable(headers: &[Header<'_>], needs_reason: bool) -> bool {
        let response = Response {
            headers,
            ..Response::default()
        };
        is_cacheable(&response, needs_reason)
    }

    #[test]
    fn directives_are_read_in_order() {
        // cache-control, cacheable when an ETag is there
        let table = [
            ("", true),
            ("private", false),
            ("PRIVATE", false),
            ("foo, private", false),
            ("no-cache", false),
            ("no-store", false),
            ("max-age=0", false),
            ("s-maxage=0, max-age=5", false),
            ("public, no-store", false),
            ("private, public", true),
            ("max-age=0, public", true),
            ("private=\"x\"", true),
            ("no-cache=\"set-cookie\"", true),
            ("max-age=00", true),
            ("max-age = 0", true),
            ("privatex", true),
        ];
        for (value, expected) in table {
            let headers = [("cache-control", value), ("etag", "x")];
            assert_eq!(cacheable(&headers, true), expected, "{value}");
        }
        let headers = [("pragma", "No-Cache"), ("cache-control", "public")];
        assert!(!cacheable(&headers, false));
        assert!(cacheable(&[("pragma", "a, no-cache")], false));
    }

    #[test]
    fn late_versions_need_a_reason() {
        let table = [
            (("x", ""), false),
            (("age", "3"), false),
            (("cache-control", "public"), false),
            (("cache-control", "x, S-MaxAge=5"), true),
            (("cache-control", "max-age"), true),
            (("expires", ""), true),
            (("etag", ""), true),
            (("last-modified", "x"), true),
        ];
        for (header, expected) in table {
            assert_eq!(cacheable(&[header], true), expected, "{header:?}");
            assert!(cacheable(&[header], false), "{header:?}");
        }
    }

    #[test]
    fn only_some_statuses_are_kept() {
        for status in 100..600 {
            let response = Response {
                status,
                ..Response::default()
            };
            assert_eq!(is_cacheable(&response, false), STATUSES.contains(&status));
        }
    }
}
