//! The words after `option`, as data.

use super::super::Status;
use super::keywords::{ALL, BACK, FRONT, MANY, Where};

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its name.
    pub(super) name: &'static str,
    /// Where it may stand.
    pub(super) place: Where,
    /// The most arguments, or [`MANY`].
    pub(super) most: usize,
    /// Whether `no option` is accepted.
    pub(super) negatable: bool,
    /// What becomes of it.
    pub(super) status: Status,
    /// Why, unless it is modelled.
    pub(super) why: &'static str,
}

/// The option called `name`.
pub(super) fn option(name: &str) -> Option<&'static Word> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// Every name.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    OPTIONS.iter().map(|option| option.name)
}

const fn flag(name: &'static str, place: Where, status: Status, why: &'static str) -> Word {
    Word {
        name,
        place,
        most: 0,
        negatable: true,
        status,
        why,
    }
}

const fn phrase(
    name: &'static str,
    place: Where,
    most: usize,
    status: Status,
    why: &'static str,
) -> Word {
    Word {
        name,
        place,
        most,
        negatable: false,
        status,
        why,
    }
}

use Status::{Modelled, NoEffect, NotModelled};

const LOGS: &str = "it only shapes the log";
const CONNECTIONS: &str = "which connection is used again changes no choice";
const TCP: &str = "a detail of the TCP connection";
const SYNTAX: &str = "simulated messages are well formed";
const COPY: &str = "how bytes are copied changes no decision";
const HEADERS: &str = "the simulated nodes do not look at this header";
const PROTOCOL: &str = "what such a check says is not simulated: it passes when the node answers";

const OPTIONS: &[Word] = &[
    flag("abortonclose", BACK, Modelled, ""),
    flag("accept-invalid-http-request", FRONT, NoEffect, SYNTAX),
    flag("accept-invalid-http-response", BACK, NoEffect, SYNTAX),
    flag("allbackups", BACK, Modelled, ""),
    flag(
        "checkcache",
        BACK,
        NoEffect,
        "it acts on the answer, when the server has been chosen",
    ),
    flag("clitcpka", FRONT, NoEffect, TCP),
    flag(
        "contstats",
        FRONT,
        NoEffect,
        "it only changes when counters are updated",
    ),
    flag(
        "disable-h2-upgrade",
        FRONT,
        NoEffect,
        "simulated clients speak HTTP/1.1",
    ),
    flag("dontlog-normal", FRONT, NoEffect, LOGS),
    flag("dontlognull", FRONT, NoEffect, LOGS),
    phrase(
        "external-check",
        BACK,
        0,
        NotModelled,
        "the program is not run: such a check passes when the node can be reached",
    ),
    phrase("forwardfor", ALL, MANY, NoEffect, HEADERS),
    flag("h1-case-adjust-bogus-client", FRONT, NoEffect, HEADERS),
    flag("h1-case-adjust-bogus-server", BACK, NoEffect, HEADERS),
    flag(
        "http-buffer-request",
        ALL,
        NoEffect,
        "simulated requests are complete when they arrive",
    ),
    flag(
        "http-ignore-probes",
        FRONT,
        NoEffect,
        "simulated clients send no empty connections",
    ),
    flag("http-keep-alive", ALL, NoEffect, CONNECTIONS),
    flag("http-no-delay", ALL, NoEffect, TCP),
    flag("http-pretend-keepalive", BACK, NoEffect, HEADERS),
    phrase("http-restrict-req-hdr-names", ALL, MANY, NoEffect, SYNTAX),
    flag("http-server-close", ALL, NoEffect, CONNECTIONS),
    flag("http-use-proxy-header", FRONT, NoEffect, HEADERS),
    phrase("httpchk", BACK, MANY, Modelled, ""),
    flag("httpclose", ALL, NoEffect, CONNECTIONS),
    phrase("httplog", ALL, 1, NoEffect, LOGS),
    phrase("httpslog", ALL, 1, NoEffect, LOGS),
    flag(
        "idle-close-on-response",
        FRONT,
        NoEffect,
        "it only counts while HAProxy stops",
    ),
    flag("independent-streams", ALL, NoEffect, TCP),
    phrase("ldap-check", BACK, 0, NotModelled, PROTOCOL),
    flag("log-health-checks", BACK, NoEffect, LOGS),
    flag("log-separate-errors", FRONT, NoEffect, LOGS),
    flag("logasap", FRONT, NoEffect, LOGS),
    phrase("mysql-check", BACK, MANY, NotModelled, PROTOCOL),
    flag("nolinger", ALL, NoEffect, TCP),
    phrase("originalto", ALL, MANY, NoEffect, HEADERS),
    flag("persist", BACK, Modelled, ""),
    phrase("pgsql-check", BACK, MANY, NotModelled, PROTOCOL),
    flag(
        "prefer-last-server",
        BACK,
        NotModelled,
        "a client whose connection to a server is still its own may stay there",
    ),
    Word {
        name: "redispatch",
        place: BACK,
        most: MANY,
        negatable: true,
        status: Modelled,
        why: "",
    },
    phrase("redis-check", BACK, 0, NotModelled, PROTOCOL),
    phrase("smtpchk", BACK, MANY, NotModelled, PROTOCOL),
    flag("socket-stats", FRONT, NoEffect, "it only adds counters"),
    flag("splice-auto", ALL, NoEffect, COPY),
    flag("splice-request", ALL, NoEffect, COPY),
    flag("splice-response", ALL, NoEffect, COPY),
    phrase("spop-check", BACK, 0, NotModelled, PROTOCOL),
    flag("srvtcpka", BACK, NoEffect, TCP),
    phrase("ssl-hello-chk", BACK, 0, NotModelled, PROTOCOL),
    phrase("tcp-check", BACK, 0, Modelled, ""),
    phrase("tcpka", ALL, 0, NoEffect, TCP),
    phrase("tcplog", ALL, 0, NoEffect, LOGS),
    flag("tcp-smart-accept", FRONT, NoEffect, TCP),
    flag("tcp-smart-connect", BACK, NoEffect, TCP),
    flag(
        "transparent",
        BACK,
        NotModelled,
        "requests would go to the address the client asked for",
    ),
];

/// Options of other times, refused by 2.6, and what to know about them.
pub(super) const RETIRED: &[(&str, &str)] = &[
    (
        "accept-unsafe-violations-in-http-request",
        "it came with HAProxy 3.2",
    ),
    ("forceclose", "use `option httpclose` instead"),
    ("http-tunnel", "it is gone since HAProxy 2.1; remove it"),
    (
        "http-use-htx",
        "it is always on since HAProxy 2.1; remove it",
    ),
    ("http_proxy", "it is gone since HAProxy 2.6; remove it"),
    ("tcp-ka", "write `option tcpka`"),
];
