//! The facts about a request and a response that balancing needs, nothing more.
//!
//! Both borrow from the driver: the core copies what it must remember.

use core::net::{IpAddr, Ipv4Addr};

/// One header: a lower-case name and its value.
pub type Header<'a> = (&'a str, &'a str);

/// A request whose headers are complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The client's address.
    pub source: IpAddr,
    /// `GET`, `POST`, ... as sent.
    pub method: &'a str,
    /// The request target as sent: `/path?query`, or absolute.
    pub uri: &'a str,
    /// Headers in order of arrival, names in lower case; `cookie` is one of them.
    pub headers: &'a [Header<'a>],
    /// The beginning of the body, for `url_param ... check_post`.
    pub body: &'a [u8],
}

impl Default for Request<'_> {
    /// `GET /` from 127.0.0.1, without headers.
    fn default() -> Self {
        Self {
            source: IpAddr::V4(Ipv4Addr::LOCALHOST),
            method: "GET",
            uri: "/",
            headers: &[],
            body: &[],
        }
    }
}

impl<'a> Request<'a> {
    /// The values of every header called `name` (lower case), in order.
    pub fn values(&self, name: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.headers
            .iter()
            .filter(move |(n, _)| *n == name)
            .map(|(_, v)| *v)
    }
}

/// The head of a server's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// 100..=999.
    pub status: u16,
    /// Headers in order, names in lower case; `set-cookie` may occur several times.
    pub headers: &'a [Header<'a>],
}

impl Default for Response<'_> {
    /// `200` without headers.
    fn default() -> Self {
        Self {
            status: 200,
            headers: &[],
        }
    }
}
