//! The words after a server's address, and those of `bind` lines, as data.

use super::super::Status;

/// One word of a `server`, `default-server`, `server-template` or `bind` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its name.
    pub(super) name: &'static str,
    /// How many arguments follow it.
    pub(super) arguments: usize,
    /// What becomes of it.
    pub(super) status: Status,
    /// Why, unless it is modelled.
    pub(super) why: &'static str,
}

/// The word of a server line called `name`.
pub(super) fn server_word(name: &str) -> Option<&'static Word> {
    SERVER.iter().find(|word| word.name == name)
}

/// The word of a `bind` line called `name`.
pub(super) fn bind_word(name: &str) -> Option<&'static Word> {
    BIND.iter().find(|word| word.name == name)
}

/// The names of the words of a server line.
pub(super) fn server_names() -> impl Iterator<Item = &'static str> {
    SERVER.iter().map(|word| word.name)
}

/// The names of the words of a `bind` line.
pub(super) fn bind_names() -> impl Iterator<Item = &'static str> {
    BIND.iter().map(|word| word.name)
}

const fn yes(name: &'static str, arguments: usize) -> Word {
    Word {
        name,
        arguments,
        status: Status::Modelled,
        why: "",
    }
}

const fn no(name: &'static str, arguments: usize, why: &'static str) -> Word {
    Word {
        name,
        arguments,
        status: Status::NoEffect,
        why,
    }
}

const fn may(name: &'static str, arguments: usize, why: &'static str) -> Word {
    Word {
        name,
        arguments,
        status: Status::NotModelled,
        why,
    }
}

const TLS: &str = "encryption takes no simulated time and decides nothing";
const TCP: &str = "a detail of the TCP connection";
const HEADERS: &str = "what the proxy tells the node about the client decides nothing";
const AGENT: &str =
    "no agent is simulated: weight, state and maxconn it would set stay as they are";
const NAMES: &str = "names are not looked up: the server is taken to have an address";
const POOL: &str = "how many idle connections are kept changes no choice";
const CHECK_WAY: &str = "the check reaches the node either way";
const CHECK_ELSEWHERE: &str = "the check asks the simulated node itself, not another address";

const SERVER: &[Word] = &[
    may("addr", 1, CHECK_ELSEWHERE),
    may("agent-addr", 1, AGENT),
    may("agent-check", 0, AGENT),
    may("agent-inter", 1, AGENT),
    may("agent-port", 1, AGENT),
    may("agent-send", 1, AGENT),
    no("allow-0rtt", 0, TLS),
    no("alpn", 1, TLS),
    yes("backup", 0),
    no("ca-file", 1, TLS),
    yes("check", 0),
    no("check-alpn", 1, CHECK_WAY),
    no("check-proto", 1, CHECK_WAY),
    no("check-send-proxy", 0, CHECK_WAY),
    no("check-sni", 1, CHECK_WAY),
    no("check-ssl", 0, CHECK_WAY),
    no("check-via-socks4", 0, CHECK_WAY),
    no("ciphers", 1, TLS),
    no("ciphersuites", 1, TLS),
    yes("cookie", 1),
    no("crl-file", 1, TLS),
    no("crt", 1, TLS),
    yes("disabled", 0),
    yes("downinter", 1),
    yes("enabled", 0),
    yes("error-limit", 1),
    yes("fall", 1),
    yes("fastinter", 1),
    no("force-sslv3", 0, TLS),
    no("force-tlsv10", 0, TLS),
    no("force-tlsv11", 0, TLS),
    no("force-tlsv12", 0, TLS),
    no("force-tlsv13", 0, TLS),
    yes("id", 1),
    no("init-addr", 1, NAMES),
    yes("inter", 1),
    no("log-proto", 1, "it only counts for `mode log`"),
    no("max-reuse", 1, POOL),
    yes("maxconn", 1),
    yes("maxqueue", 1),
    yes("minconn", 1),
    no("namespace", 1, TCP),
    no("no-agent-check", 0, "no agent is simulated"),
    yes("no-backup", 0),
    yes("no-check", 0),
    no("no-check-send-proxy", 0, CHECK_WAY),
    no("no-check-ssl", 0, CHECK_WAY),
    no("no-send-proxy", 0, HEADERS),
    no("no-send-proxy-v2", 0, HEADERS),
    no("no-send-proxy-v2-ssl", 0, HEADERS),
    no("no-send-proxy-v2-ssl-cn", 0, HEADERS),
    no("no-ssl", 0, TLS),
    no("no-ssl-reuse", 0, TLS),
    no("no-sslv3", 0, TLS),
    no("no-tfo", 0, TCP),
    no("no-tls-tickets", 0, TLS),
    no("no-tlsv10", 0, TLS),
    no("no-tlsv11", 0, TLS),
    no("no-tlsv12", 0, TLS),
    no("no-tlsv13", 0, TLS),
    no("no-verifyhost", 0, TLS),
    may(
        "non-stick",
        0,
        "the stick table remembers this server like the others",
    ),
    no("npn", 1, TLS),
    yes("observe", 1),
    yes("on-error", 1),
    yes("on-marked-down", 1),
    yes("on-marked-up", 1),
    no("pool-low-conn", 1, POOL),
    no("pool-max-conn", 1, POOL),
    no("pool-purge-delay", 1, POOL),
    may("port", 1, CHECK_ELSEWHERE),
    no(
        "proto",
        1,
        "the protocol between proxy and node decides nothing",
    ),
    no("proxy-v2-options", 1, HEADERS),
    may(
        "redir",
        1,
        "clients would be sent to this address; the simulated proxy forwards",
    ),
    no("resolve-net", 1, NAMES),
    no("resolve-opts", 1, NAMES),
    no("resolve-prefer", 1, NAMES),
    may(
        "resolvers",
        1,
        "servers whose address is looked up at run time keep theirs",
    ),
    yes("rise", 1),
    no("send-proxy", 0, HEADERS),
    no("send-proxy-v2", 0, HEADERS),
    no("send-proxy-v2-ssl", 0, HEADERS),
    no("send-proxy-v2-ssl-cn", 0, HEADERS),
    yes("slowstart", 1),
    no("sni", 1, TLS),
    no("socks4", 1, TCP),
    no("source", 1, "the proxy's own address decides nothing"),
    no("ssl", 0, TLS),
    no("ssl-max-ver", 1, TLS),
    no("ssl-min-ver", 1, TLS),
    no("ssl-reuse", 0, TLS),
    no("stick", 0, "it is the default"),
    no("tcp-ut", 1, TCP),
    no("tfo", 0, TCP),
    no("tls-tickets", 0, TLS),
    yes("track", 1),
    no("usesrc", 1, "the proxy's own address decides nothing"),
    no("verify", 1, TLS),
    no("verifyhost", 1, TLS),
    yes("weight", 1),
    no("ws", 1, "no simulated connection becomes a web socket"),
];

/// Words that later versions accept on a server line.
pub(super) const LATER: &[(&str, &str)] = &[
    ("guid", "it came with HAProxy 3.0"),
    ("hash-key", "it came with HAProxy 3.0"),
    ("init-state", "it came with HAProxy 3.1"),
    ("set-proxy-v2-tlv-fmt", "it came with HAProxy 2.9"),
    ("strict-maxconn", "it came with HAProxy 3.2"),
];

const LISTENER: &str = "how connections are accepted decides nothing";

const BIND: &[Word] = &[
    no(
        "accept-netscaler-cip",
        1,
        "simulated clients connect directly",
    ),
    no("accept-proxy", 0, "simulated clients connect directly"),
    no("allow-0rtt", 0, TLS),
    no("alpn", 1, TLS),
    no("backlog", 1, TCP),
    no("ca-file", 1, TLS),
    no("ca-ignore-err", 1, TLS),
    no("ca-sign-file", 1, TLS),
    no("ca-sign-pass", 1, TLS),
    no("ca-verify-file", 1, TLS),
    no("ciphers", 1, TLS),
    no("ciphersuites", 1, TLS),
    no("crl-file", 1, TLS),
    no("crt", 1, TLS),
    no("crt-ignore-err", 1, TLS),
    no("crt-list", 1, TLS),
    no("curves", 1, TLS),
    no("defer-accept", 0, TCP),
    no("ecdhe", 1, TLS),
    no("expose-fd", 1, LISTENER),
    no("force-sslv3", 0, TLS),
    no("force-tlsv10", 0, TLS),
    no("force-tlsv11", 0, TLS),
    no("force-tlsv12", 0, TLS),
    no("force-tlsv13", 0, TLS),
    no("generate-certificates", 0, TLS),
    no("gid", 1, LISTENER),
    no("group", 1, LISTENER),
    no("id", 1, "a name or a remark"),
    no("interface", 1, LISTENER),
    no("level", 1, "it only concerns the runtime API"),
    yes("maxconn", 1),
    no("mode", 1, LISTENER),
    no("mss", 1, TCP),
    no("name", 1, "a name or a remark"),
    no("namespace", 1, TCP),
    no("nice", 1, LISTENER),
    no("no-alpn", 0, TLS),
    no("no-ca-names", 0, TLS),
    no("no-sslv3", 0, TLS),
    no("no-tls-tickets", 0, TLS),
    no("no-tlsv10", 0, TLS),
    no("no-tlsv11", 0, TLS),
    no("no-tlsv12", 0, TLS),
    no("no-tlsv13", 0, TLS),
    no("npn", 1, TLS),
    no("prefer-client-ciphers", 0, TLS),
    no("process", 1, "the simulated proxy is one process"),
    no("proto", 1, "simulated clients speak HTTP/1.1"),
    no("severity-output", 1, "it only concerns the runtime API"),
    no("shards", 1, LISTENER),
    no("ssl", 0, TLS),
    no("ssl-max-ver", 1, TLS),
    no("ssl-min-ver", 1, TLS),
    no("strict-sni", 0, TLS),
    no("tcp-ut", 1, TCP),
    no("tfo", 0, TCP),
    no("thread", 1, "the simulated proxy has one thread"),
    no("tls-ticket-keys", 1, TLS),
    no("transparent", 0, TCP),
    no("uid", 1, LISTENER),
    no("user", 1, LISTENER),
    no("v4v6", 0, LISTENER),
    no("v6only", 0, LISTENER),
    no("verify", 1, TLS),
];
