//! What a client remembers: the cookies it was told to set.
//!
//! All requests of a client go to one site and one path, so `Path`, `Domain` and the flags
//! change nothing and are passed over. The lab knows no calendar: an `Expires` date before
//! the year 2000 lies in the past (that is how a cookie is deleted), any other in the future.

use balance::{Moment, Span};

/// The cookies of one client. Costs a pointer while empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CookieJar {
    #[expect(
        clippy::box_collection,
        reason = "one jar per client, most of them empty: a pointer instead of three words"
    )]
    cookies: Option<Box<Vec<Cookie>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    /// From this moment on it is not sent (`Max-Age`).
    until: Moment,
}

impl CookieJar {
    /// Obeys one `Set-Cookie` header that arrived at `now`.
    pub(super) fn set(&mut self, now: Moment, header: &str) {
        let mut parts = header.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return;
        }
        let until = parts
            .filter_map(|attribute| attribute.split_once('='))
            .fold(None, |until, (word, value)| {
                let word = word.trim();
                if word.eq_ignore_ascii_case("max-age") {
                    // `Max-Age` wins over `Expires`.
                    max_age(now, value).or(until)
                } else if word.eq_ignore_ascii_case("expires") && is_past(value) {
                    until.or(Some(Moment::ZERO))
                } else {
                    until
                }
            })
            .unwrap_or(Moment::NEVER);
        self.keep(
            Cookie {
                name: name.to_owned(),
                value: value.to_owned(),
                until,
            },
            now,
        );
    }

    /// Keeps `cookie` in the place of the one with its name, or drops both if it is over.
    fn keep(&mut self, cookie: Cookie, now: Moment) {
        let cookies = self.cookies.get_or_insert_default();
        let place = cookies.iter().position(|known| known.name == cookie.name);
        match (place, cookie.until > now) {
            (Some(index), true) => cookies[index] = cookie,
            (Some(index), false) => {
                cookies.remove(index);
            }
            (None, true) => cookies.push(cookie),
            (None, false) => {}
        }
        if cookies.is_empty() {
            self.cookies = None;
        }
    }

    /// The value of the `Cookie` header of a request sent at `now`; none if there is no cookie.
    pub(super) fn header(&self, now: Moment) -> Option<String> {
        let cookies = self.cookies.as_ref()?;
        let pairs: Vec<String> = cookies
            .iter()
            .filter(|cookie| cookie.until > now)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.cookies = None;
    }
}

/// When a cookie set at `now` with this `Max-Age` ends; none if that is no number.
fn max_age(now: Moment, text: &str) -> Option<Moment> {
    let seconds: i64 = text.trim().parse().ok()?;
    Some(match u64::try_from(seconds) {
        Ok(seconds) => now + Span::from_secs(seconds.min(u64::from(u32::MAX))),
        Err(_) => Moment::ZERO,
    })
}

/// Whether the year of a date such as `Thu, 01-Jan-1970 00:00:01 GMT` lies before 2000.
fn is_past(date: &str) -> bool {
    date.split(|c: char| !c.is_ascii_digit())
        .find(|digits| digits.len() == 4)
        .and_then(|digits| digits.parse::<u32>().ok())
        .is_some_and(|year| year < 2000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(headers: &[&str]) -> CookieJar {
        let mut jar = CookieJar::default();
        for header in headers {
            jar.set(Moment::from_millis(1000), header);
        }
        jar
    }

    #[test]
    fn what_is_set_is_sent() {
        // Set-Cookie headers in order, the Cookie header one second later.
        let rows: [(&[&str], Option<&str>); 11] = [
            (&[], None),
            (&["SERVERID=s1; path=/"], Some("SERVERID=s1")),
            (&["a=1", "b=2"], Some("a=1; b=2")),
            (&["a=1", "b=2", "a=3; HttpOnly"], Some("a=3; b=2")),
            (&["a=x=y; Path=/; Secure"], Some("a=x=y")),
            (
                &["a=1", "a=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/"],
                None,
            ),
            (&["a=1", "b=2", "a=; Max-Age=0"], Some("b=2")),
            (&["a=1; Expires=Fri, 01 Jan 2038 00:00:00 GMT"], Some("a=1")),
            (&["a=1; max-age=1"], None),
            (
                &["a=1; max-age=2; Expires=Thu, 01-Jan-1970 00:00:01 GMT"],
                Some("a=1"),
            ),
            (&["nonsense", "=1", "a="], Some("a=")),
        ];
        for (headers, expected) in rows {
            let sent = jar(headers).header(Moment::from_millis(2000));
            assert_eq!(sent.as_deref(), expected, "{headers:?}");
        }
    }

    #[test]
    fn an_empty_jar_is_a_pointer() {
        assert_eq!(size_of::<CookieJar>(), size_of::<usize>());
        let mut jar = jar(&["a=1"]);
        jar.clear();
        assert_eq!(jar, CookieJar::default());
    }
}
