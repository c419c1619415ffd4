//! The persistence cookie from request to answer, as tables of what HAProxy 2.6.12 did.

use std::string::{String, ToString};
use std::vec::Vec;

use super::cookie::{CookieState, CookieValues, Freedom, Standing};
use super::forward::forwarded;
use super::set_cookie::{Change, Served};
use crate::config::Cookie;
use crate::request::{Header, Response};

/// 2026-11-22, as in the spec's examples.
const NOW: u64 = 1_795_361_208;

/// Cookie, how B stands, whom balancing would choose, who serves, letters, inserted.
type Step<'a> = (
    Option<&'a str>,
    Standing,
    char,
    char,
    &'a str,
    Option<&'a str>,
);

/// Configuration, cookie, the server's `Set-Cookie`s, letters, the client's `Set-Cookie`s.
type Mode<'a> = (&'a str, &'a str, &'a [&'a str], &'a str, &'a [&'a str]);

/// Headers and method, status, cookies, whether a reason is needed, whether it is private.
type Cached<'a> = (&'a [Header<'a>], &'a str, u16, &'a [&'a str], bool, bool);

/// One exchange: servers A and B have cookies `s1` and `s2`, C has none.
struct Exchange<'a> {
    config: &'a str,
    freedom: Freedom,
    b: Standing,
    cookies: &'a [&'a str],
    /// The letter of the server that balancing would choose.
    balanced: char,
    sets: &'a [&'a str],
    headers: &'a [Header<'a>],
    status: u16,
    method: &'a str,
    needs_reason: bool,
}

impl Default for Exchange<'_> {
    fn default() -> Self {
        Self {
            config: "SERVERID insert indirect nocache",
            freedom: Freedom::Free,
            b: Standing::Reachable,
            cookies: &[],
            balanced: 'A',
            sets: &[],
            headers: &[],
            status: 200,
            method: "GET",
            needs_reason: true,
        }
    }
}

/// What came of it.
#[derive(Debug, PartialEq)]
struct Outcome {
    server: char,
    letters: String,
    seen: Vec<String>,
    change: Change,
}

impl Outcome {
    fn set_cookies<'a>(&'a self, sent: &'a [&'a str]) -> Vec<&'a str> {
        match &self.change.set_cookies {
            Some(values) => values.iter().map(String::as_str).collect(),
            None => sent.to_vec(),
        }
    }
}

impl Exchange<'_> {
    fn run(&self) -> Outcome {
        let words: Vec<&str> = self.config.split_whitespace().collect();
        let config = Cookie::parse(&words).expect("a valid line");
        let mut values = CookieValues::default();
        values.set(0, Some("s1".into()));
        values.set(1, Some("s2".into()));
        values.set(2, None);
        let sent: Vec<Header<'_>> = self.cookies.iter().map(|text| ("cookie", *text)).collect();
        let standing = |slot| {
            if slot == 1 {
                self.b
            } else {
                Standing::Reachable
            }
        };
        let (mut state, slot) =
            CookieState::read(&config, &values, self.freedom, &sent, NOW, standing);
        let balanced = u32::from(self.balanced) - u32::from('A');
        let served = Served {
            value: values.of(slot.unwrap_or(balanced)),
            direct: slot.is_some() || self.freedom == Freedom::Decided,
            ignored: self.freedom == Freedom::Ignored,
            post: self.method == "POST",
            cacheable: self.method == "GET",
            now: NOW,
            needs_reason: self.needs_reason,
        };
        let mut headers: Vec<Header<'_>> = self.headers.to_vec();
        headers.extend(self.sets.iter().map(|text| ("set-cookie", *text)));
        let response = Response {
            status: self.status,
            headers: &headers,
        };
        let change = state.answer(&config, served, &response);
        let as_sent = || self.cookies.iter().map(ToString::to_string).collect();
        Outcome {
            server: char::from_u32('A' as u32 + slot.unwrap_or(balanced)).expect("A to C"),
            letters: String::from_utf8(state.letters(&config).into()).expect("two letters"),
            seen: forwarded(&config, &sent).unwrap_or_else(as_sent),
            change,
        }
    }
}

#[test]
fn insert_indirect_follows_the_verified_sequence() {
    let lost = Standing::Lost;
    let up = Standing::Reachable;
    let table: &[Step<'_>] = &[
        (None, up, 'A', 'A', "NI", Some("SERVERID=s1; path=/")),
        (Some("SERVERID=s2"), up, 'A', 'B', "VN", None),
        (
            Some("SERVERID=zz"),
            up,
            'B',
            'B',
            "II",
            Some("SERVERID=s2; path=/"),
        ),
        (
            Some("SERVERID="),
            up,
            'A',
            'A',
            "II",
            Some("SERVERID=s1; path=/"),
        ),
        (Some("a=b; SERVERID=s1; c=d"), up, 'B', 'A', "VN", None),
        (
            Some("SERVERID=s2"),
            lost,
            'A',
            'A',
            "DI",
            Some("SERVERID=s1; path=/"),
        ),
        (
            Some("serverid=s2"),
            up,
            'A',
            'A',
            "NI",
            Some("SERVERID=s1; path=/"),
        ),
        (
            Some("SERVERID=\"s2\""),
            up,
            'A',
            'A',
            "II",
            Some("SERVERID=s1; path=/"),
        ),
        (
            Some("SERVERID"),
            up,
            'A',
            'A',
            "NI",
            Some("SERVERID=s1; path=/"),
        ),
    ];
    for (cookie, b, balanced, server, letters, set) in table {
        let outcome = Exchange {
            b: *b,
            cookies: cookie.as_slice(),
            balanced: *balanced,
            ..Exchange::default()
        }
        .run();
        assert_eq!(
            (outcome.server, &*outcome.letters),
            (*server, *letters),
            "{cookie:?}"
        );
        assert_eq!(outcome.set_cookies(&[]), set.as_slice(), "{cookie:?}");
    }
}

#[test]
fn other_modes_do_as_verified() {
    let ours = "SERVERID=s1; path=/";
    let own = &["SERVERID=app; Path=/"][..];
    let table: &[Mode<'_>] = &[
        ("SERVERID insert", "", own, "NI", &[ours]),
        ("SERVERID insert", "SERVERID=s2", own, "VD", &[]),
        ("SERVERID insert indirect", "", own, "NI", &[ours]),
        ("SERVERID insert indirect", "SERVERID=s2", own, "VD", &[]),
        ("SERVERID insert indirect preserve", "", own, "NP", own),
        (
            "SERVERID insert indirect preserve",
            "SERVERID=s2",
            own,
            "VP",
            own,
        ),
        (
            "SERVERID insert indirect preserve",
            "",
            &["a=b"],
            "NI",
            &["a=b", ours],
        ),
        (
            "SERVERID insert",
            "",
            &["a=1", "SERVERID=y", "b=2"],
            "NI",
            &["a=1", "b=2", ours],
        ),
        (
            "ID prefix",
            "",
            &["ID=abc123; Path=/"],
            "NR",
            &["ID=s1~abc123; Path=/"],
        ),
        ("ID prefix", "ID=s2~abc", &["ID=x"], "VR", &["ID=s2~x"]),
        ("ID prefix", "ID=s2~abc", &[], "VN", &[]),
        ("ID prefix", "ID=abc", &["ID=x"], "IR", &["ID=s1~x"]),
        (
            "ID prefix",
            "",
            &["ID=\"x;y\"; p"],
            "NR",
            &["ID=s1~\"x;y\"; p"],
        ),
        ("ID prefix indirect", "ID=s2~x", &["ID=y"], "VD", &[]),
        ("SRV rewrite", "", &["SRV=zzz"], "NR", &["SRV=s1"]),
        (
            "SRV rewrite",
            "SRV=s2",
            &["SRV = zzz ; p"],
            "VR",
            &["SRV=s2 ; p"],
        ),
        ("SRV rewrite", "", &[], "NN", &[]),
        ("SRV rewrite", "", &["x=1; SRV=2"], "NN", &["x=1; SRV=2"]),
        ("SRV", "SRV=s2", &["SRV=x"], "--", &["SRV=x"]),
        ("SRV indirect", "SRV=s2", &["SRV=x"], "VD", &[]),
        ("SRV indirect", "", &["SRV=x"], "NP", &["SRV=x"]),
    ];
    for (config, cookie, sets, letters, expected) in table {
        let outcome = Exchange {
            config,
            cookies: if cookie.is_empty() {
                &[]
            } else {
                core::slice::from_ref(cookie)
            },
            sets,
            ..Exchange::default()
        }
        .run();
        assert_eq!(outcome.letters, *letters, "{config}: {cookie} {sets:?}");
        assert_eq!(
            outcome.set_cookies(sets),
            *expected,
            "{config}: {cookie} {sets:?}"
        );
        let bound = cookie.contains("=s2");
        assert_eq!(
            outcome.server,
            if bound { 'B' } else { 'A' },
            "{config}: {cookie}"
        );
    }
}

#[test]
fn whatever_overrules_the_cookie_shows_in_the_letters() {
    let config = "SERVERID insert";
    let cookie = &["SERVERID=s2"][..];
    // cookies, freedom, how B stands, flags
    let table: &[(&[&str], Freedom, Standing, &str)] = &[
        (cookie, Freedom::Free, Standing::Forced, "DN"),
        (cookie, Freedom::Ignored, Standing::Reachable, "UN"),
        (&[], Freedom::Ignored, Standing::Reachable, "NN"),
        (cookie, Freedom::Decided, Standing::Reachable, "UN"),
        (&[], Freedom::Decided, Standing::Reachable, "NN"),
    ];
    for (cookies, freedom, b, letters) in table {
        let outcome = Exchange {
            config,
            cookies,
            freedom: *freedom,
            b: *b,
            ..Exchange::default()
        }
        .run();
        assert_eq!(outcome.letters, *letters, "{cookies:?} {freedom:?} {b:?}");
        assert_eq!(outcome.change, Change::default());
        let forced = *freedom == Freedom::Free;
        assert_eq!(outcome.server, if forced { 'B' } else { 'A' });
    }
    let ignored = Exchange {
        config,
        freedom: Freedom::Ignored,
        sets: &["SERVERID=x", "a = b"],
        ..Exchange::default()
    };
    let outcome = ignored.run();
    assert_eq!(outcome.letters, "NN");
    assert_eq!(outcome.set_cookies(&[]), ["SERVERID=x", "a=b"]);
}

#[test]
fn a_value_may_belong_to_several_servers() {
    let config = Cookie::parse(&["S", "insert"]).expect("a valid line");
    let mut values = CookieValues::default();
    for (slot, value) in [(2, "x"), (0, "x"), (1, "y"), (3, "x")] {
        values.set(slot, Some(value.into()));
    }
    let read = |lost: &[u32], cookie: &str| {
        let headers = [("cookie", cookie)];
        let standing = |slot: u32| {
            if lost.contains(&slot) {
                Standing::Lost
            } else {
                Standing::Reachable
            }
        };
        let (state, slot) =
            CookieState::read(&config, &values, Freedom::Free, &headers, NOW, standing);
        (slot, state.letters(&config)[0])
    };
    assert_eq!(read(&[], "S=x"), (Some(0), b'V'));
    assert_eq!(read(&[0], "S=x"), (Some(2), b'V'));
    assert_eq!(read(&[0, 2, 3], "S=x"), (None, b'D'));
    // The first cookie that assigns wins; one of a lost server is remembered.
    assert_eq!(read(&[], "S=y; S=x"), (Some(1), b'V'));
    assert_eq!(read(&[1], "S=y; S=x"), (Some(0), b'V'));
    assert_eq!(read(&[1], "S=y; S=q"), (None, b'D'));
    assert_eq!(read(&[], "S=q,S=x"), (Some(0), b'V'));
    values.set(0, None);
    values.set(2, Some("y".into()));
    assert_eq!(values.of(2), Some("y"));
    let headers = [("cookie", "S=x")];
    let (_, slot) = CookieState::read(&config, &values, Freedom::Free, &headers, NOW, |_| {
        Standing::Reachable
    });
    assert_eq!(slot, Some(3));
}

#[test]
fn dates_limit_and_renew() {
    let at = |seconds: i64| {
        let mut text = String::new();
        let then = NOW.checked_add_signed(seconds).expect("after 1970");
        super::date::Date::at(then)
            .expect("not 1970")
            .write(&mut text);
        text
    };
    let (now, minute, hour, days) = (at(0), at(-60), at(-3600), at(100_000));
    assert_eq!(now, "awMJu");
    let one = |last: &str| std::format!("S=s1|{last}");
    let two = |last: &str, first: &str| std::format!("S=s1|{last}|{first}");
    let plain = || "S=s1".to_string();
    // config, cookie, flags, what is inserted
    let table: Vec<(&str, String, &str, Option<String>)> = std::vec![
        ("S insert maxidle 30m", String::new(), "NI", Some(one(&now))),
        ("S insert maxidle 30m", plain(), "VU", Some(one(&now))),
        ("S insert maxidle 30m", one(&minute), "VU", Some(one(&now))),
        ("S insert maxidle 30m", one(&now), "VN", None),
        ("S insert maxidle 30m", one(&hour), "EI", Some(one(&now))),
        ("S insert maxidle 30m", one(&days), "EI", Some(one(&now))),
        (
            "S insert maxlife 30m",
            String::new(),
            "NI",
            Some(two(&now, &now))
        ),
        ("S insert maxlife 30m", two(&now, &minute), "VN", None),
        (
            "S insert maxlife 30m",
            two(&minute, &minute),
            "VU",
            Some(two(&now, &minute))
        ),
        (
            "S insert maxlife 30m",
            one(&now),
            "VU",
            Some(two(&now, &now))
        ),
        (
            "S insert maxlife 30m",
            two(&minute, &hour),
            "OI",
            Some(two(&now, &now))
        ),
        (
            "S insert maxidle 30m maxlife 8h",
            two(&hour, &hour),
            "EI",
            Some(two(&now, &now))
        ),
        (
            "S insert maxidle 30m maxlife 8h",
            String::new(),
            "NI",
            Some(two(&now, &now))
        ),
        ("S insert", one(&minute), "VU", Some(plain())),
        ("S insert", two(&now, &now), "VU", Some(plain())),
        ("S insert", "S=s1|AAAAA".into(), "VN", None),
        ("S insert", "S=s1|junk".into(), "VN", None),
    ];
    for (config, cookie, letters, inserted) in &table {
        let outcome = Exchange {
            config,
            cookies: &[cookie],
            ..Exchange::default()
        }
        .run();
        assert_eq!(outcome.letters, *letters, "{config}: {cookie}");
        let inserted: Vec<String> = inserted
            .iter()
            .map(|text| std::format!("{text}; path=/"))
            .collect();
        assert_eq!(outcome.set_cookies(&[]), inserted, "{config}: {cookie}");
    }
}

#[test]
fn inserted_text_has_all_its_attributes_in_order() {
    let full = "SERVERID insert attr SameSite=Lax secure httponly attr X=1 domain .ex.com";
    let several = "SERVERID insert domain a.b domain c.d";
    let table = [
        (
            full,
            'A',
            "SERVERID=s1; path=/; domain=.ex.com; HttpOnly; Secure; SameSite=Lax; X=1",
        ),
        (several, 'B', "SERVERID=s2; path=/; domain=a.b; domain=c.d"),
        (
            "SERVERID insert maxidle 5 secure",
            'C',
            "SERVERID=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/; Secure",
        ),
    ];
    for (config, balanced, expected) in table {
        let outcome = Exchange {
            config,
            balanced,
            ..Exchange::default()
        }
        .run();
        assert_eq!(outcome.set_cookies(&[]), [expected]);
        assert_eq!(outcome.letters, "NI");
    }
}

#[test]
fn postonly_inserts_for_posts() {
    for (method, letters) in [("GET", "NN"), ("PUT", "NN"), ("POST", "NI")] {
        let outcome = Exchange {
            config: "S insert postonly",
            method,
            ..Exchange::default()
        }
        .run();
        assert_eq!(outcome.letters, letters, "{method}");
    }
}

#[test]
fn nocache_marks_what_is_inserted_into_cacheable_answers() {
    let etag = &[("etag", "x")][..];
    let valid = &["SERVERID=s1"][..];
    let table: [Cached<'_>; 7] = [
        (&[], "GET", 200, &[], true, false),
        (&[], "GET", 200, &[], false, true),
        (etag, "GET", 200, &[], true, true),
        (etag, "POST", 200, &[], true, false),
        (etag, "GET", 302, &[], true, false),
        (etag, "GET", 404, &[], true, true),
        (etag, "GET", 200, valid, true, false),
    ];
    for (headers, method, status, cookies, needs_reason, private) in table {
        let outcome = Exchange {
            cookies,
            headers,
            status,
            method,
            needs_reason,
            ..Exchange::default()
        }
        .run();
        assert_eq!(
            outcome.change.private, private,
            "{headers:?} {method} {status}"
        );
    }
}

#[test]
fn a_redispatch_turns_valid_into_down_and_nothing_else() {
    let config = Cookie::parse(&["S", "insert"]).expect("a valid line");
    let mut values = CookieValues::default();
    values.set(0, Some("s1".into()));
    for (cookie, before, after) in [("S=s1", b'V', b'D'), ("S=x", b'I', b'I'), ("", b'N', b'N')] {
        let headers = [("cookie", cookie)];
        let (mut state, _) =
            CookieState::read(&config, &values, Freedom::Free, &headers, NOW, |_| {
                Standing::Reachable
            });
        assert_eq!(state.letters(&config), [before, b'N']);
        state.redispatched();
        assert_eq!(state.letters(&config), [after, b'N']);
    }
}

#[test]
fn what_the_server_gets_of_removed_cookies() {
    // sent, forwarded by insert indirect; an empty text: no header
    let table = [
        ("a=b; S=s1; c=d", "a=b; c=d"),
        ("a=b;S=s1;c=d", "a=b; c=d"),
        ("a=b,S=s1;c=d", "a=b; c=d"),
        ("a=b;S=s1,c=d", "a=b, c=d"),
        ("a=b , S=s1 , c=d", "a=b, c=d"),
        ("S=s1;  c=d", "c=d"),
        ("a=b; S=s1", "a=b"),
        ("a=b ; S=s1", "a=b"),
        ("S=s1", ""),
        ("S=s1;", ""),
        (";S=s1;a=b", "a=b"),
        (";a=b; S=s1", ";a=b"),
        ("a=b;;S=s1;;c=d", "a=b;; ;c=d"),
        ("a=b;;S=s1", "a=b;"),
        ("S=s1;;a=b", ";a=b"),
        ("a=b; S=s1;", "a=b;"),
        ("a;S=s1; ;S=s2;b", "a;; b"),
        ("S=s1; S=s2; a=b; S=zz", "a=b"),
        ("a; S=s1; $x=1; b", "a; b"),
        ("$V=1; S=s1; $P=/; c=d", "$V=1; c=d"),
        ("$V=1; S=s1", ""),
        (";$V=1,S=s1", ";$V=1"),
        ("a=b; S=s1; $x", "a=b"),
        ("x; S=s2", "x"),
        ("S; $S=s1; SS=s1; s=s1", "S; $S=s1; SS=s1; s=s1"),
        ("a=\"S=s1; c", "a=\"S=s1; c"),
        ("a=\"b;S=s1\"; S=\"s1;s2\"; d", "a=\"b;S=s1\"; d"),
        ("a = b; S = s1;c =d", "a=b; c=d"),
        ("$x = 1; a= b c ", "$x = 1; a=b c"),
        ("=S=s1", "=S=s1"),
    ];
    let config = Cookie::parse(&["S", "insert", "indirect"]).expect("a valid line");
    for (sent, expected) in table {
        let seen = forwarded(&config, &[("cookie", sent)]);
        let seen = match &seen {
            None => sent,
            Some(values) => values.first().map_or("", String::as_str),
        };
        assert_eq!(seen, expected, "{sent:?}");
    }
}

#[test]
fn headers_are_forwarded_one_by_one() {
    let config = Cookie::parse(&["S", "insert", "indirect"]).expect("a valid line");
    let headers = ["a=b; S=s1", "S=s2", "c=d"].map(|text| ("cookie", text));
    let seen = forwarded(&config, &headers).expect("changed");
    assert_eq!(seen, ["a=b", "c=d"]);
    assert_eq!(forwarded(&config, &headers[1..2]), Some(Vec::new()));
    assert_eq!(forwarded(&config, &headers[2..]), None);
    assert_eq!(forwarded(&config, &[("x-cookie", "S=s1")]), None);
}

#[test]
fn what_the_server_gets_of_prefixed_cookies() {
    let table = [
        ("S=s1~x; a", "S=x; a"),
        ("S=s1~x~y", "S=x~y"),
        ("S=s9~abc", "S=abc"),
        ("S=s1~", "S="),
        ("S=~x", "S=x"),
        ("S=abc", "S=abc"),
        ("S=s1~x;S=s2~y", "S=x;S=y"),
        ("S= s1 ~ x ; b", "S= x ; b"),
        ("a=s1~x", "a=s1~x"),
    ];
    for indirect in [&[][..], &["indirect"]] {
        let words = [&["S", "prefix"][..], indirect].concat();
        let config = Cookie::parse(&words).expect("a valid line");
        for (sent, expected) in table {
            let seen = forwarded(&config, &[("cookie", sent)]);
            let seen = seen.as_ref().map_or(sent, |values| &values[0]);
            assert_eq!(seen, expected, "{sent:?}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_headers_are_answered(
        mode in "(insert|rewrite|prefix|insert indirect|indirect|insert preserve)( maxidle 9)?( maxlife 9)?",
        cookies in proptest::collection::vec("(S|a|\\$|=|;|,| |\"|\\\\|~|\\||s1|é){0,16}", 0..3),
        sets in proptest::collection::vec("(S|a|=|;|,| |\"|\\\\|x|é){0,12}", 0..3),
        balanced in "[ABC]",
    ) {
        let cookies: Vec<&str> = cookies.iter().map(String::as_str).collect();
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let outcome = Exchange {
            config: &std::format!("S {mode}"),
            cookies: &cookies,
            balanced: balanced.chars().next().expect("one letter"),
            sets: &sets,
            ..Exchange::default()
        }
        .run();
        // Nothing is told to a client or a server that it was not meant to hear.
        if mode.starts_with("insert indirect") {
            let ours = |text: &String| {
                crate::pair::pairs(text).any(|pair| pair.equal.is_some() && pair.name(text) == "S")
            };
            proptest::prop_assert!(!outcome.seen.iter().any(ours), "{:?}", outcome.seen);
        }
        proptest::prop_assert!(outcome.seen.len() <= cookies.len());
        let told = outcome.set_cookies(&sets).len();
        proptest::prop_assert!(told <= sets.len() + usize::from(mode.starts_with("insert")));
    }

    #[test]
    fn headers_without_the_cookie_are_forwarded_as_sent(
        mode in "insert|rewrite|prefix|insert indirect|indirect",
        cookies in proptest::collection::vec("([ab$]=[^=;, \"\t]{0,4}(; ?|,)){0,4}[ab]=x", 0..3),
    ) {
        let words = std::format!("S {mode}");
        let words: Vec<&str> = words.split_whitespace().collect();
        let config = Cookie::parse(&words).expect("a valid line");
        let headers: Vec<Header<'_>> = cookies.iter().map(|text| ("cookie", text.as_str())).collect();
        proptest::prop_assert_eq!(forwarded(&config, &headers), None);
        let (state, slot) = CookieState::read(
            &config, &CookieValues::default(), Freedom::Free, &headers, NOW, |_| Standing::Reachable,
        );
        proptest::prop_assert_eq!((state, slot), (CookieState::default(), None));
    }
}
