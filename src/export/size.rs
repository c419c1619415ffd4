//! How many bytes the messages of a run have. The lab does not move bytes, so this is a model:
//! what Apache's HTTP client (JMeter's) sends, what Express answers, and HAProxy's own errors.
//!
//! Two counts differ. A client counts what is on the wire. HAProxy counts the parts of a
//! message in its internal form (seen on 2.6.12): a header without its colon and line end, a
//! start line with 20 bytes more, and the server's headers before it changes them.

use balance::Version;
use balance::alert::reason_phrase;

use super::follow::Asked;
use crate::plan::RequestLine;

/// Where clients find the proxy, unless a request has a `Host` header: the lab's address.
pub const HOST: &str = "192.168.42.42";

/// What HAProxy adds to a start line.
const START_LINE: usize = 20;

/// A header section as it is added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Headers {
    /// Names and values.
    bytes: usize,
    /// How many.
    count: usize,
}

impl Headers {
    fn of<N: AsRef<str>>(headers: impl IntoIterator<Item = (N, usize)>) -> Self {
        let mut sum = Self::default();
        for (name, value) in headers {
            sum.bytes += name.as_ref().len() + value;
            sum.count += 1;
        }
        sum
    }
}

/// A message's size, counted both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// On the wire.
    pub wire: u64,
    /// In HAProxy's counters and logs.
    pub proxy: u64,
}

impl Size {
    /// A message whose start line has three `words` with spaces between them.
    fn of(words: usize, headers: Headers, body: usize) -> Self {
        let line_ends = 2;
        let wire = words + 2 + line_ends // the start line
            + headers.bytes + headers.count * (2 + line_ends)
            + line_ends + body;
        let proxy = START_LINE + words + headers.bytes + 1 + body;
        Self {
            wire: wire as u64,
            proxy: proxy as u64,
        }
    }
}

/// A client's request for `asked` with this `Cookie` header; `line` has its other headers.
pub fn request(line: &RequestLine, asked: Asked<'_>, cookie: Option<&str>) -> Size {
    let own = line.headers.iter();
    let own = own.map(|(name, value)| (name.as_str(), value.len()));
    let has_host = line.headers.iter().any(|(name, _)| name == "host");
    let host = (!has_host).then_some(("host", HOST.len()));
    let usual = [
        ("connection", "keep-alive".len()),
        (
            "user-agent",
            "Apache-HttpClient/4.5.13 (Java/11.0.20)".len(),
        ),
    ];
    let cookie = cookie.map(|value| ("cookie", value.len()));
    let headers = Headers::of(own.chain(host).chain(usual).chain(cookie));
    let words = asked.method.len() + asked.uri.len() + "HTTP/1.1".len();
    Size::of(words, headers, 0)
}

/// A node's answer: `own` are the `Set-Cookie` values that it sends, `told` those that the
/// client gets, and `private` says whether the proxy adds `cache-control: private`.
pub fn answer(status: u16, tag: &str, own: Option<&str>, told: &[&str], private: bool) -> Size {
    let body = body(tag);
    let length = body.to_string().len();
    let usual = [
        ("x-powered-by", "Express".len()),
        ("content-type", "application/json; charset=utf-8".len()),
        ("content-length", length),
        ("etag", "W/\"72-".len() + 27 + "\"".len()),
        ("date", "Mon, 02 Mar 2026 10:00:00 GMT".len()),
    ];
    let words = "HTTP/1.1".len() + 3 + reason_phrase(status).len();
    let own = own.map(|value| ("set-cookie", value.len()));
    let from_node = Headers::of(usual.into_iter().chain(own));
    let told = told.iter().map(|value| ("set-cookie", value.len()));
    let private = private.then_some(("cache-control", "private".len()));
    let to_client = Headers::of(usual.into_iter().chain(told).chain(private));
    Size {
        wire: Size::of(words, to_client, body).wire,
        proxy: Size::of(words, from_node, body).proxy,
    }
}

/// The JSON of a node's page.
fn body(tag: &str) -> usize {
    let page = r#"{"hello":"world!","ip":"192.168.42.11","host":"a71bd9b9d2a1","tag":"","sessionViews":1,"id":""}"#;
    let session_id = 32;
    page.len() + tag.len() + session_id
}

/// An error that the proxy answers itself.
pub fn error(status: u16, version: Version) -> Size {
    let (title, sentence) = match status {
        400 => ("Bad request", "Your browser sent an invalid request."),
        403 => ("Forbidden", "Request forbidden by administrative rules."),
        408 => (
            "Request Time-out",
            "Your browser didn't send a complete request in time.",
        ),
        500 => (
            "Internal Server Error",
            "An internal server error occurred.",
        ),
        502 => (
            "Bad Gateway",
            "The server returned an invalid or incomplete response.",
        ),
        503 => (
            "Service Unavailable",
            "No server is available to handle this request.",
        ),
        504 => ("Gateway Time-out", "The server didn't respond in time."),
        _ => return Size::default(),
    };
    let html = "<html><body><h1>000 </h1>\n\n</body></html>\n";
    let body = html.len() + title.len() + sentence.len();
    // A client that is not understood, or too slow, is not listened to any more.
    let closes = matches!(status, 400 | 408).then_some(("connection", "close".len()));
    let usual = [
        ("content-length", body.to_string().len()),
        ("cache-control", "no-cache".len()),
        ("content-type", "text/html".len()),
    ];
    let headers = Headers::of(usual.into_iter().chain(closes));
    let size = Size::of("HTTP/1.1".len() + 3 + title.len(), headers, body);
    Size {
        proxy: if version == Version::V3_4 {
            0
        } else {
            size.proxy
        },
        ..size
    }
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr};

    use balance::BackendId;

    use super::*;

    #[test]
    fn errors_have_the_sizes_that_haproxy_logs() {
        let logged = |status| error(status, Version::V2_6).proxy;
        assert_eq!(
            [400, 403, 502, 503, 504].map(logged),
            [206, 192, 209, 217, 198],
            "seen in the log of 2.6.12"
        );
        assert_eq!(error(503, Version::V3_4).proxy, 0, "seen in the log of 3.4");
        assert_eq!(error(418, Version::V2_6), Size::default());
    }

    #[test]
    fn a_request_as_curl_sends_it() {
        // GET /x of curl 7.88.1 to 127.0.0.1:8080: 82 bytes in `bin` of 2.6.12, 99 with a cookie.
        let headers = Headers::of([("host", 14), ("user-agent", 11), ("accept", 3)]);
        assert_eq!(Size::of(3 + 2 + 8, headers, 0).proxy, 82);
        let line = RequestLine {
            method: "GET".to_owned(),
            uri: "/".to_owned(),
            headers: Vec::new(),
            source: IpAddr::V4(Ipv4Addr::LOCALHOST),
            backend: BackendId(0),
            door: None,
        };
        let asked = Asked {
            method: &line.method,
            uri: &line.uri,
        };
        let sized = |cookie| request(&line, asked, cookie);
        let (bare, sticky) = (sized(None), sized(Some("SERVERID=s1")));
        assert_eq!(sticky.proxy - bare.proxy, 17);
        assert_eq!(sticky.wire - bare.wire, 21);
    }

    #[test]
    fn an_answer_counts_its_cookies_where_they_are_seen() {
        let plain = answer(200, "s1", None, &[], false);
        let inserted = answer(200, "s1", None, &["SERVERID=s1; path=/"], true);
        assert_eq!(inserted.proxy, plain.proxy, "counted as the node sent it");
        let (cookie, private) = (
            "set-cookie: SERVERID=s1; path=/\r\n",
            "cache-control: private\r\n",
        );
        assert_eq!(
            inserted.wire - plain.wire,
            (cookie.len() + private.len()) as u64
        );
    }
}
