//! The actions of `http-request` and its relatives, as data.

use super::super::Status;

/// What an action takes before its condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing.
    Nothing,
    /// Words: `W` a word, `F` a format, `R` a regular expression, `E` an expression; small
    /// letters may be absent.
    Words(&'static str),
    /// Its own language.
    Free,
}

/// One action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) status: Status,
    pub(super) why: &'static str,
}

/// The action that `word` names: `set-var(txn.x)` is `set-var`, `track-sc0` is `track-sc`.
pub(super) fn action(rules: &str, word: &str) -> Option<&'static Action> {
    let name = word.split('(').next().unwrap_or(word);
    let name = match name.strip_prefix("track-sc") {
        Some(digits) if digits.chars().all(|c| c.is_ascii_digit()) => "track-sc",
        _ => name,
    };
    list(rules).iter().find(|action| action.name == name)
}

/// The names of the actions of one kind of rule.
pub(super) fn names(rules: &str) -> impl Iterator<Item = &'static str> {
    list(rules).iter().map(|action| action.name)
}

fn list(rules: &str) -> &'static [Action] {
    match rules {
        "http-request" => REQUEST,
        "http-response" => RESPONSE,
        "http-after-response" => AFTER,
        "tcp-request connection" => TCP_CONNECTION,
        "tcp-request session" => TCP_SESSION,
        "tcp-request content" => TCP_CONTENT,
        _ => TCP_RESPONSE,
    }
}

const fn off(name: &'static str, takes: Takes, why: &'static str) -> Action {
    Action {
        name,
        takes,
        status: Status::NoEffect,
        why,
    }
}

const fn may(name: &'static str, takes: Takes, why: &'static str) -> Action {
    Action {
        name,
        takes,
        status: Status::NotModelled,
        why,
    }
}

use Takes::{Free, Nothing, Words};

const LATE: &str = "it acts on the answer, when the server has been chosen";
const HEADER: &str = "the simulated nodes do not look at headers; a hash of this one would";
const COUNT: &str = "what is counted decides nothing by itself; see the rules that read it";
const PACKET: &str = "marks on packets decide nothing in the simulation";
const LOGS: &str = "it only shapes the log";
const MAPS: &str = "maps and lists in files are not read or changed";
const CLIENTS: &str = "simulated clients are always let in";
const ADDRESS: &str = "the addresses of simulated connections stay as they are";
const NEVER: &str = "this rule is taken as not there";

const REQUEST: &[Action] = &[
    may("add-acl", Words("F"), MAPS),
    off("add-header", Words("WF"), HEADER),
    may("allow", Nothing, NEVER),
    may(
        "auth",
        Free,
        "simulated clients carry no credentials and are let in",
    ),
    may("cache-use", Words("W"), "every request reaches a server"),
    off("capture", Free, LOGS),
    may("del-acl", Words("F"), MAPS),
    off("del-header", Free, HEADER),
    may("del-map", Words("F"), MAPS),
    may("deny", Free, NEVER),
    may("disable-l7-retry", Nothing, NEVER),
    off("do-resolve", Words("E"), "names are not looked up"),
    off(
        "early-hint",
        Words("WF"),
        "it is an answer before the answer",
    ),
    may("normalize-uri", Free, NEVER),
    may("ot-group", Free, NEVER),
    may("redirect", Free, NEVER),
    may("reject", Nothing, NEVER),
    may("replace-header", Words("WRF"), NEVER),
    may("replace-path", Words("RF"), NEVER),
    may("replace-pathq", Words("RF"), NEVER),
    may("replace-uri", Words("RF"), NEVER),
    may("replace-value", Words("WRF"), NEVER),
    may("return", Free, NEVER),
    off("sc-inc-gpc", Nothing, COUNT),
    off("sc-inc-gpc0", Nothing, COUNT),
    off("sc-inc-gpc1", Nothing, COUNT),
    off("sc-set-gpt", Free, COUNT),
    off("sc-set-gpt0", Free, COUNT),
    may(
        "send-spoe-group",
        Free,
        "agents outside the proxy are not asked",
    ),
    may("set-dst", Words("E"), ADDRESS),
    may("set-dst-port", Words("E"), ADDRESS),
    off("set-header", Words("WF"), HEADER),
    off("set-log-level", Words("W"), LOGS),
    may("set-map", Words("FF"), MAPS),
    off("set-mark", Words("W"), PACKET),
    may("set-method", Words("F"), NEVER),
    off(
        "set-nice",
        Words("W"),
        "the simulated proxy is never short of time",
    ),
    may("set-path", Words("F"), NEVER),
    may("set-pathq", Words("F"), NEVER),
    may(
        "set-priority-class",
        Words("E"),
        "the order of the queues stays that of arrival",
    ),
    may(
        "set-priority-offset",
        Words("E"),
        "the order of the queues stays that of arrival",
    ),
    may("set-query", Words("F"), NEVER),
    may("set-src", Words("E"), ADDRESS),
    may("set-src-port", Words("E"), ADDRESS),
    may("set-timeout", Free, "timeouts are those of the sections"),
    off("set-tos", Words("W"), PACKET),
    may("set-uri", Words("F"), NEVER),
    may(
        "set-var",
        Words("E"),
        "variables are not kept: conditions on them do not hold",
    ),
    may(
        "set-var-fmt",
        Words("F"),
        "variables are not kept: conditions on them do not hold",
    ),
    may("silent-drop", Free, CLIENTS),
    off(
        "strict-mode",
        Words("W"),
        "it only concerns rules that cannot be applied",
    ),
    may("tarpit", Free, CLIENTS),
    off("track-sc", Free, COUNT),
    may("unset-var", Nothing, "variables are not kept"),
    may(
        "use-service",
        Words("W"),
        "requests for this service go to a server",
    ),
    off(
        "wait-for-body",
        Free,
        "simulated requests are complete when they arrive",
    ),
    off(
        "wait-for-handshake",
        Nothing,
        "simulated requests are complete when they arrive",
    ),
];

const RESPONSE: &[Action] = &[
    off("add-acl", Words("F"), LATE),
    off("add-header", Words("WF"), LATE),
    off("allow", Nothing, LATE),
    off("cache-store", Words("W"), LATE),
    off("capture", Free, LOGS),
    off("del-acl", Words("F"), LATE),
    off("del-header", Free, LATE),
    off("del-map", Words("F"), LATE),
    may("deny", Free, "answers are passed on whatever they are"),
    off("ot-group", Free, LATE),
    may("redirect", Free, "answers are passed on whatever they are"),
    off("replace-header", Words("WRF"), LATE),
    off("replace-value", Words("WRF"), LATE),
    may("return", Free, "answers are passed on whatever they are"),
    off("sc-inc-gpc", Nothing, COUNT),
    off("sc-inc-gpc0", Nothing, COUNT),
    off("sc-inc-gpc1", Nothing, COUNT),
    off("sc-set-gpt", Free, COUNT),
    off("sc-set-gpt0", Free, COUNT),
    off("send-spoe-group", Free, LATE),
    off("set-header", Words("WF"), LATE),
    off("set-log-level", Words("W"), LOGS),
    off("set-map", Words("FF"), LATE),
    off("set-mark", Words("W"), PACKET),
    off("set-nice", Words("W"), LATE),
    may(
        "set-status",
        Free,
        "clients see the status that the node gave",
    ),
    off("set-tos", Words("W"), PACKET),
    off("set-var", Words("E"), LATE),
    off("set-var-fmt", Words("F"), LATE),
    may(
        "silent-drop",
        Free,
        "answers are passed on whatever they are",
    ),
    off("strict-mode", Words("W"), LATE),
    off("track-sc", Free, COUNT),
    off("unset-var", Nothing, LATE),
    off("wait-for-body", Free, LATE),
];

const AFTER: &[Action] = &[
    off("add-header", Words("WF"), LATE),
    off("allow", Nothing, LATE),
    off("capture", Free, LOGS),
    off("del-header", Free, LATE),
    off("ot-group", Free, LATE),
    off("replace-header", Words("WRF"), LATE),
    off("replace-value", Words("WRF"), LATE),
    off("set-header", Words("WF"), LATE),
    off("set-status", Free, LATE),
    off("set-var", Words("E"), LATE),
    off("set-var-fmt", Words("F"), LATE),
    off("strict-mode", Words("W"), LATE),
    off("unset-var", Nothing, LATE),
];

const TCP_CONNECTION: &[Action] = &[
    off("accept", Nothing, CLIENTS),
    off(
        "expect-netscaler-cip",
        Free,
        "simulated clients connect directly",
    ),
    off("expect-proxy", Free, "simulated clients connect directly"),
    may("reject", Nothing, CLIENTS),
    off("sc-inc-gpc", Nothing, COUNT),
    off("sc-inc-gpc0", Nothing, COUNT),
    off("sc-inc-gpc1", Nothing, COUNT),
    off("sc-set-gpt", Free, COUNT),
    off("sc-set-gpt0", Free, COUNT),
    may("set-dst", Words("E"), ADDRESS),
    may("set-dst-port", Words("E"), ADDRESS),
    off("set-mark", Words("W"), PACKET),
    may("set-src", Words("E"), ADDRESS),
    may("set-src-port", Words("E"), ADDRESS),
    off("set-tos", Words("W"), PACKET),
    may(
        "set-var",
        Words("E"),
        "variables are not kept: conditions on them do not hold",
    ),
    may(
        "set-var-fmt",
        Words("F"),
        "variables are not kept: conditions on them do not hold",
    ),
    may("silent-drop", Free, CLIENTS),
    off("track-sc", Free, COUNT),
    may("unset-var", Nothing, "variables are not kept"),
];

const TCP_SESSION: &[Action] = TCP_CONNECTION;

const TCP_CONTENT: &[Action] = &[
    off("accept", Nothing, CLIENTS),
    off("capture", Free, LOGS),
    off("do-resolve", Words("E"), "names are not looked up"),
    off(
        "expect-netscaler-cip",
        Free,
        "simulated clients connect directly",
    ),
    off("expect-proxy", Free, "simulated clients connect directly"),
    may("ot-group", Free, NEVER),
    may("reject", Nothing, CLIENTS),
    off("sc-inc-gpc", Nothing, COUNT),
    off("sc-inc-gpc0", Nothing, COUNT),
    off("sc-inc-gpc1", Nothing, COUNT),
    off("sc-set-gpt", Free, COUNT),
    off("sc-set-gpt0", Free, COUNT),
    may(
        "send-spoe-group",
        Free,
        "agents outside the proxy are not asked",
    ),
    may("set-dst", Words("E"), ADDRESS),
    may("set-dst-port", Words("E"), ADDRESS),
    off("set-log-level", Words("W"), LOGS),
    off("set-mark", Words("W"), PACKET),
    off(
        "set-nice",
        Words("W"),
        "the simulated proxy is never short of time",
    ),
    may(
        "set-priority-class",
        Words("E"),
        "the order of the queues stays that of arrival",
    ),
    may(
        "set-priority-offset",
        Words("E"),
        "the order of the queues stays that of arrival",
    ),
    may("set-src", Words("E"), ADDRESS),
    may("set-src-port", Words("E"), ADDRESS),
    off("set-tos", Words("W"), PACKET),
    may(
        "set-var",
        Words("E"),
        "variables are not kept: conditions on them do not hold",
    ),
    may(
        "set-var-fmt",
        Words("F"),
        "variables are not kept: conditions on them do not hold",
    ),
    may("silent-drop", Free, CLIENTS),
    may(
        "switch-mode",
        Free,
        "a connection keeps the mode of its section",
    ),
    off("track-sc", Free, COUNT),
    may("unset-var", Nothing, "variables are not kept"),
    may(
        "use-service",
        Words("W"),
        "requests for this service go to a server",
    ),
];

const TCP_RESPONSE: &[Action] = &[
    off("accept", Nothing, LATE),
    off("close", Nothing, LATE),
    off("ot-group", Free, LATE),
    may("reject", Nothing, "answers are passed on whatever they are"),
    off("sc-inc-gpc", Nothing, COUNT),
    off("sc-inc-gpc0", Nothing, COUNT),
    off("sc-inc-gpc1", Nothing, COUNT),
    off("sc-set-gpt", Free, COUNT),
    off("sc-set-gpt0", Free, COUNT),
    off("send-spoe-group", Free, LATE),
    off("set-log-level", Words("W"), LOGS),
    off("set-mark", Words("W"), PACKET),
    off("set-nice", Words("W"), LATE),
    off("set-tos", Words("W"), PACKET),
    off("set-var", Words("E"), LATE),
    off("set-var-fmt", Words("F"), LATE),
    off("silent-drop", Free, LATE),
    off("unset-var", Nothing, LATE),
];
