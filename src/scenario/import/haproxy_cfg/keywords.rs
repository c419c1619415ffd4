//! The keywords of `defaults`, `frontend`, `backend` and `listen` sections, as data: where
//! each may stand, how many arguments it takes, and what becomes of it.

use super::super::Status;

/// The kind of section a line stands in, as far as keywords care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// `defaults` without a name.
    Defaults,
    /// `defaults NAME`
    NamedDefaults,
    /// `frontend`
    Frontend,
    /// `listen`
    Listen,
    /// `backend`
    Backend,
}

/// Where a keyword may stand; elsewhere it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Where {
    accepted: &'static [Role],
    /// Here HAProxy only warns, and drops the line.
    ignored: &'static [Role],
}

/// What a role makes of a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts.
    Accepted,
    /// It is dropped, with a warning.
    Ignored,
    /// The file is refused.
    Refused,
}

impl Where {
    /// What happens in a section of this role.
    pub(super) fn verdict(self, role: Role) -> Verdict {
        if self.accepted.contains(&role) {
            Verdict::Accepted
        } else if self.ignored.contains(&role) {
            Verdict::Ignored
        } else {
            Verdict::Refused
        }
    }

    /// The sections where it counts, for a message.
    pub(super) fn sections(self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.accepted.iter().map(|role| role.name()).collect();
        names.dedup();
        names
    }
}

impl Role {
    /// The section's keyword.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Defaults | Self::NamedDefaults => "defaults",
            Self::Frontend => "frontend",
            Self::Listen => "listen",
            Self::Backend => "backend",
        }
    }

    /// Whether clients arrive here.
    pub(super) const fn is_front(self) -> bool {
        !matches!(self, Self::Backend)
    }

    /// Whether servers stand here.
    pub(super) const fn is_back(self) -> bool {
        !matches!(self, Self::Frontend)
    }
}

/// One keyword. `words` are one or two words; a first word that always needs a second one
/// only occurs together with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keyword {
    /// `balance`, `timeout connect`, ...
    pub(super) words: &'static str,
    /// Where it may stand.
    pub(super) place: Where,
    /// The most arguments, or [`MANY`].
    pub(super) most: usize,
    /// What becomes of it.
    pub(super) status: Status,
    /// Why, unless it is modelled.
    pub(super) why: &'static str,
}

/// As many arguments as a line holds.
pub(super) const MANY: usize = usize::MAX;

impl Keyword {
    /// The second word, of a keyword that has two.
    pub(super) fn second(&self) -> Option<&'static str> {
        self.words.split_once(' ').map(|(_, second)| second)
    }

    /// How many words it has.
    pub(super) fn len(&self) -> usize {
        1 + usize::from(self.second().is_some())
    }
}

/// The keyword a line begins with.
pub(super) fn keyword(first: &str, second: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|k| match k.words.split_once(' ') {
        None => k.words == first,
        // `http-check set-var(check.x)`: what is between the parentheses is an argument.
        Some((a, b)) => a == first && b == second.split('(').next().unwrap_or(second),
    })
}

/// The words that may follow `first`; empty if it is complete by itself or unknown.
pub(super) fn seconds(first: &str) -> Vec<&'static str> {
    (KEYWORDS.iter())
        .filter_map(|k| k.words.split_once(' '))
        .filter(|(a, _)| *a == first)
        .map(|(_, b)| b)
        .collect()
}

/// Every first word.
pub(super) fn firsts() -> impl Iterator<Item = &'static str> {
    (KEYWORDS.iter()).map(|k| k.words.split_once(' ').map_or(k.words, |(first, _)| first))
}

use Role::{Backend as B, Defaults as D, Frontend as F, Listen as L, NamedDefaults as N};

const fn at(accepted: &'static [Role], ignored: &'static [Role]) -> Where {
    Where { accepted, ignored }
}

/// Everywhere.
pub(super) const ALL: Where = at(&[D, N, F, L, B], &[]);
/// Where clients arrive, and in `defaults`.
pub(super) const FRONT: Where = at(&[D, N, F, L], &[B]);
/// Where servers stand, and in `defaults`.
pub(super) const BACK: Where = at(&[D, N, L, B], &[F]);
const BACK_ONLY: Where = at(&[D, N, L, B], &[]);
const PROXIES: Where = at(&[F, L, B], &[]);
const FRONTENDS: Where = at(&[F, L], &[B]);
const FRONTENDS_ONLY: Where = at(&[F, L], &[]);
const BACKENDS: Where = at(&[L, B], &[F]);
const BACKENDS_ONLY: Where = at(&[L, B], &[]);
/// Rules: in `defaults` only where it has a name.
const RULES: Where = at(&[N, F, L, B], &[]);
const FRONT_RULES: Where = at(&[N, F, L], &[]);
const BACK_RULES: Where = at(&[N, L, B], &[]);

/// The simulation follows it.
const fn yes(words: &'static str, place: Where, most: usize) -> Keyword {
    Keyword {
        words,
        place,
        most,
        status: Status::Modelled,
        why: "",
    }
}

/// It changes nothing about who gets a request, because `why`.
const fn no(words: &'static str, place: Where, most: usize, why: &'static str) -> Keyword {
    Keyword {
        words,
        place,
        most,
        status: Status::NoEffect,
        why,
    }
}

/// The outcome might differ, because `why`.
const fn may(words: &'static str, place: Where, most: usize, why: &'static str) -> Keyword {
    Keyword {
        words,
        place,
        most,
        status: Status::NotModelled,
        why,
    }
}

const LOGS: &str = "it only shapes the log";
const STATS: &str = "it only concerns the statistics page";
const BODIES: &str = "it only changes what an error page looks like";
const MAIL: &str = "mails change no decision";
const TCP: &str = "a detail of the TCP connection";
const HEADERS: &str = "the simulated nodes do not look at this header";
const NAMING: &str = "a name or a remark";
const RULE: &str = "this rule is taken as not there";
const CONNECTIONS: &str = "which connection is used again changes no choice";
const CHECKS: &str = "the words of a check; its outcome is the node's";

const KEYWORDS: &[Keyword] = &[
    no(
        "acl",
        RULES,
        MANY,
        "it decides nothing by itself; see the rules that use it",
    ),
    no("backlog", FRONT, 1, TCP),
    yes("balance", BACK, MANY),
    yes("bind", FRONTENDS, MANY),
    no(
        "bind-process",
        ALL,
        MANY,
        "the simulated proxy is one process",
    ),
    no("capture cookie", FRONTENDS, MANY, LOGS),
    no("capture request", FRONTENDS, MANY, LOGS),
    no("capture response", FRONTENDS, MANY, LOGS),
    no("clitcpka-cnt", FRONT, 1, TCP),
    no("clitcpka-idle", FRONT, 1, TCP),
    no("clitcpka-intvl", FRONT, 1, TCP),
    no(
        "compression algo",
        ALL,
        MANY,
        "the size of an answer takes no simulated time",
    ),
    no(
        "compression offload",
        ALL,
        MANY,
        "the size of an answer takes no simulated time",
    ),
    no(
        "compression type",
        ALL,
        MANY,
        "the size of an answer takes no simulated time",
    ),
    yes("cookie", BACK, MANY),
    no("declare capture", FRONTENDS_ONLY, MANY, LOGS),
    yes("default-server", BACK_ONLY, MANY),
    yes("default_backend", ALL, 1),
    no("description", PROXIES, MANY, NAMING),
    yes("disabled", ALL, 0),
    may(
        "dispatch",
        BACKENDS,
        1,
        "without a server of its own the section balances nothing; all requests go to this address",
    ),
    yes("dynamic-cookie-key", BACK, 1),
    no("email-alert from", ALL, 1, MAIL),
    no("email-alert level", ALL, 1, MAIL),
    no("email-alert mailers", ALL, 1, MAIL),
    no("email-alert myhostname", ALL, 1, MAIL),
    no("email-alert to", ALL, 1, MAIL),
    yes("enabled", ALL, 0),
    no("error-log-format", FRONT, MANY, LOGS),
    no("errorfile", ALL, MANY, BODIES),
    no("errorfiles", ALL, MANY, BODIES),
    no("errorloc", ALL, MANY, BODIES),
    no("errorloc302", ALL, MANY, BODIES),
    no("errorloc303", ALL, MANY, BODIES),
    may(
        "external-check command",
        BACK,
        1,
        "the program is not run: such a check passes when the node can be reached",
    ),
    no("external-check path", BACK, 1, "the program is not run"),
    no("filter", PROXIES, MANY, "filters look at the content"),
    may("force-persist", BACKENDS, MANY, RULE),
    yes("fullconn", BACK, 1),
    yes("hash-balance-factor", BACK, 1),
    yes("hash-type", BACK, MANY),
    no(
        "http-after-response",
        RULES,
        MANY,
        "it changes the answer after everything is decided",
    ),
    no("http-check comment", BACK, MANY, CHECKS),
    may(
        "http-check connect",
        BACK,
        MANY,
        "checks use the server's own address and port",
    ),
    yes("http-check disable-on-404", BACK, 0),
    yes("http-check expect", BACK, MANY),
    yes("http-check send", BACK, MANY),
    no("http-check send-state", BACK, 0, HEADERS),
    no("http-check set-var", BACK, MANY, CHECKS),
    no("http-check set-var-fmt", BACK, MANY, CHECKS),
    no("http-check unset-var", BACK, MANY, CHECKS),
    no("http-error", ALL, MANY, BODIES),
    may("http-request", RULES, MANY, RULE),
    no(
        "http-response",
        RULES,
        MANY,
        "it acts on the answer, when the server has been chosen",
    ),
    no("http-reuse", BACK, 1, CONNECTIONS),
    no("http-send-name-header", BACK, 1, HEADERS),
    no("id", PROXIES, 1, NAMING),
    may("ignore-persist", BACKENDS, MANY, RULE),
    may(
        "load-server-state-from-file",
        BACK,
        1,
        "every run begins with the states of the configuration",
    ),
    no("log", ALL, MANY, LOGS),
    no("log-format", ALL, MANY, LOGS),
    no("log-format-sd", ALL, MANY, LOGS),
    no("log-tag", ALL, 1, LOGS),
    may(
        "max-keep-alive-queue",
        BACK,
        1,
        "it only counts together with `option prefer-last-server`",
    ),
    yes("maxconn", FRONT, 1),
    yes("mode", ALL, 1),
    yes("monitor", FRONTENDS, MANY),
    yes("monitor-uri", FRONT, 1),
    yes("option", ALL, MANY),
    may(
        "persist",
        ALL,
        MANY,
        "the RDP cookie stands in the payload, which simulated clients do not send",
    ),
    may(
        "rate-limit sessions",
        FRONT,
        1,
        "clients are accepted at once, however many arrive",
    ),
    may("redirect", PROXIES, MANY, RULE),
    yes("retries", BACK, 1),
    yes("retry-on", BACK_ONLY, MANY),
    yes("server", BACKENDS_ONLY, MANY),
    may(
        "server-state-file-name",
        BACK,
        1,
        "every run begins with the states of the configuration",
    ),
    yes("server-template", BACKENDS_ONLY, MANY),
    no(
        "source",
        BACK,
        MANY,
        "the proxy's own address decides nothing",
    ),
    no("srvtcpka-cnt", BACK, 1, TCP),
    no("srvtcpka-idle", BACK, 1, TCP),
    no("srvtcpka-intvl", BACK, 1, TCP),
    no("stats admin", PROXIES, MANY, STATS),
    no("stats auth", ALL, MANY, STATS),
    no("stats enable", ALL, MANY, STATS),
    no("stats hide-version", ALL, MANY, STATS),
    no("stats http-request", PROXIES, MANY, STATS),
    no("stats realm", ALL, MANY, STATS),
    no("stats refresh", ALL, MANY, STATS),
    no("stats scope", ALL, MANY, STATS),
    no("stats show-desc", ALL, MANY, STATS),
    no("stats show-legends", ALL, MANY, STATS),
    no("stats show-modules", ALL, MANY, STATS),
    no("stats show-node", ALL, MANY, STATS),
    no("stats uri", ALL, MANY, STATS),
    yes("stick", BACKENDS, MANY),
    yes("stick-table", PROXIES, MANY),
    no("tcp-check comment", BACK, MANY, CHECKS),
    may(
        "tcp-check connect",
        BACK,
        MANY,
        "checks use the server's own address and port",
    ),
    may(
        "tcp-check expect",
        BACK,
        MANY,
        "the check is simulated as a connection: it passes when the node can be reached",
    ),
    no("tcp-check send", BACK, MANY, CHECKS),
    no("tcp-check send-binary", BACK, MANY, CHECKS),
    no("tcp-check send-binary-lf", BACK, MANY, CHECKS),
    no("tcp-check send-lf", BACK, MANY, CHECKS),
    no("tcp-check set-var", BACK, MANY, CHECKS),
    no("tcp-check set-var-fmt", BACK, MANY, CHECKS),
    no("tcp-check unset-var", BACK, MANY, CHECKS),
    may(
        "tcp-request connection",
        FRONT_RULES,
        MANY,
        "every simulated client's connection is accepted",
    ),
    may(
        "tcp-request content",
        RULES,
        MANY,
        "rules on the content of a connection are not followed",
    ),
    no(
        "tcp-request inspect-delay",
        RULES,
        1,
        "simulated requests are complete when they arrive",
    ),
    may(
        "tcp-request session",
        FRONT_RULES,
        MANY,
        "every simulated client's connection is accepted",
    ),
    no(
        "tcp-response content",
        BACK_RULES,
        MANY,
        "it acts when the server has been chosen",
    ),
    no(
        "tcp-response inspect-delay",
        BACK_RULES,
        1,
        "it acts when the server has been chosen",
    ),
    yes("timeout check", BACK, 1),
    no(
        "timeout client",
        FRONT,
        1,
        "simulated clients are never silent while they should speak",
    ),
    no(
        "timeout client-fin",
        FRONT,
        1,
        "simulated clients close their connections properly",
    ),
    yes("timeout connect", BACK, 1),
    no(
        "timeout http-keep-alive",
        ALL,
        1,
        "an idle client connection is no request; reopening it decides nothing",
    ),
    no(
        "timeout http-request",
        ALL,
        1,
        "simulated requests are complete when they arrive",
    ),
    yes("timeout queue", BACK, 1),
    yes("timeout server", BACK, 1),
    no(
        "timeout server-fin",
        BACK,
        1,
        "simulated nodes close their connections properly",
    ),
    yes("timeout tarpit", ALL, 1),
    yes("timeout tunnel", BACK, 1),
    may(
        "transparent",
        ALL,
        0,
        "requests would go to the address the client asked for",
    ),
    no("unique-id-format", ALL, MANY, LOGS),
    no("unique-id-header", ALL, 1, HEADERS),
    may("use_backend", FRONTENDS, MANY, RULE),
    no(
        "use-fcgi-app",
        BACKENDS_ONLY,
        1,
        "the protocol between proxy and node decides nothing",
    ),
    may("use-server", BACKENDS, MANY, RULE),
];

/// Keywords of other times, refused by 2.6, and what to write instead.
pub(super) const RETIRED: &[(&str, &str)] = &[
    (
        "appsession",
        "use `stick-table` with `stick store-response` and `stick match` instead",
    ),
    ("block", "use `http-request deny` instead"),
    ("clitimeout", "use `timeout client` instead"),
    ("contimeout", "use `timeout connect` instead"),
    ("grace", "it stands in `global` now"),
    ("guid", "it came with HAProxy 3.0"),
    (
        "monitor-net",
        "use `http-request return` with an ACL on `src` instead",
    ),
    ("redisp", "use `option redispatch` instead"),
    ("redispatch", "use `option redispatch` instead"),
    ("reqadd", "use `http-request add-header` instead"),
    ("reqallow", "use `http-request allow` instead"),
    ("reqdel", "use `http-request del-header` instead"),
    ("reqdeny", "use `http-request deny` instead"),
    ("reqidel", "use `http-request del-header` instead"),
    ("reqideny", "use `http-request deny` instead"),
    (
        "reqirep",
        "use `http-request replace-header` or `replace-uri` instead",
    ),
    (
        "reqrep",
        "use `http-request replace-header` or `replace-uri` instead",
    ),
    ("reqtarpit", "use `http-request tarpit` instead"),
    ("rspadd", "use `http-response add-header` instead"),
    ("rspdel", "use `http-response del-header` instead"),
    ("rspdeny", "use `http-response deny` instead"),
    ("rspidel", "use `http-response del-header` instead"),
    ("rspirep", "use `http-response replace-header` instead"),
    ("rsprep", "use `http-response replace-header` instead"),
    ("srvtimeout", "use `timeout server` instead"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keywords_are_unique_and_explained() {
        let words: BTreeSet<_> = KEYWORDS.iter().map(|k| k.words).collect();
        assert_eq!(words.len(), KEYWORDS.len());
        for keyword in KEYWORDS {
            let modelled = keyword.status == Status::Modelled;
            assert_eq!(keyword.why.is_empty(), modelled, "{}", keyword.words);
        }
    }
}
