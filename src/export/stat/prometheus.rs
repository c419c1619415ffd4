//! The statistics in Prometheus' text format, under the names of HAProxy's own exporter.

use std::fmt::Write as _;

use balance::stats::{StatRow, Subject};

use self::Value::{Check, Plain, Responses, Seconds, ServerCheck, ServerStatus, Status};

/// Where a metric's value comes from.
#[derive(Clone, Copy, Debug)]
enum Value {
    /// A column as it is.
    Plain(&'static str),
    /// A column of milliseconds, in seconds.
    Seconds(&'static str),
    /// 1 for the present state, 0 for the others.
    Status,
    /// 1 for the verdict of the last check, 0 for the others.
    Check,
    /// One for each class of statuses.
    Responses,
    /// How many servers are in each state.
    ServerStatus,
    /// How many servers' last checks had each verdict.
    ServerCheck,
}

/// A metric's name after `haproxy_frontend_` and the like, and its value.
type Metric = (&'static str, Value);

const OF_FRONTENDS: &[Metric] = &[
    ("current_sessions", Plain("scur")),
    ("max_sessions", Plain("smax")),
    ("limit_sessions", Plain("slim")),
    ("sessions_total", Plain("stot")),
    ("bytes_in_total", Plain("bin")),
    ("bytes_out_total", Plain("bout")),
    ("requests_denied_total", Plain("dreq")),
    ("responses_denied_total", Plain("dresp")),
    ("request_errors_total", Plain("ereq")),
    ("status", Status),
    ("limit_session_rate", Plain("rate_lim")),
    ("max_session_rate", Plain("rate_max")),
    ("http_responses_total", Responses),
    ("http_requests_rate_max", Plain("req_rate_max")),
    ("http_requests_total", Plain("req_tot")),
    ("http_comp_bytes_in_total", Plain("comp_in")),
    ("http_comp_bytes_out_total", Plain("comp_out")),
    ("http_comp_bytes_bypassed_total", Plain("comp_byp")),
    ("http_comp_responses_total", Plain("comp_rsp")),
    ("connections_rate_max", Plain("conn_rate_max")),
    ("connections_total", Plain("conn_tot")),
    ("intercepted_requests_total", Plain("intercepted")),
    ("denied_connections_total", Plain("dcon")),
    ("denied_sessions_total", Plain("dses")),
    ("failed_header_rewriting_total", Plain("wrew")),
    ("http_cache_lookups_total", Plain("cache_lookups")),
    ("http_cache_hits_total", Plain("cache_hits")),
    ("internal_errors_total", Plain("eint")),
];

const OF_BACKENDS: &[Metric] = &[
    ("current_queue", Plain("qcur")),
    ("max_queue", Plain("qmax")),
    ("current_sessions", Plain("scur")),
    ("max_sessions", Plain("smax")),
    ("limit_sessions", Plain("slim")),
    ("sessions_total", Plain("stot")),
    ("bytes_in_total", Plain("bin")),
    ("bytes_out_total", Plain("bout")),
    ("requests_denied_total", Plain("dreq")),
    ("responses_denied_total", Plain("dresp")),
    ("connection_errors_total", Plain("econ")),
    ("response_errors_total", Plain("eresp")),
    ("retry_warnings_total", Plain("wretr")),
    ("redispatch_warnings_total", Plain("wredis")),
    ("status", Status),
    ("weight", Plain("weight")),
    ("active_servers", Plain("act")),
    ("backup_servers", Plain("bck")),
    ("check_up_down_total", Plain("chkdown")),
    ("check_last_change_seconds", Plain("lastchg")),
    ("downtime_seconds_total", Plain("downtime")),
    ("loadbalanced_total", Plain("lbtot")),
    ("max_session_rate", Plain("rate_max")),
    ("http_responses_total", Responses),
    ("http_requests_total", Plain("req_tot")),
    ("client_aborts_total", Plain("cli_abrt")),
    ("server_aborts_total", Plain("srv_abrt")),
    ("http_comp_bytes_in_total", Plain("comp_in")),
    ("http_comp_bytes_out_total", Plain("comp_out")),
    ("http_comp_bytes_bypassed_total", Plain("comp_byp")),
    ("http_comp_responses_total", Plain("comp_rsp")),
    ("last_session_seconds", Plain("lastsess")),
    ("queue_time_average_seconds", Seconds("qtime")),
    ("connect_time_average_seconds", Seconds("ctime")),
    ("response_time_average_seconds", Seconds("rtime")),
    ("total_time_average_seconds", Seconds("ttime")),
    ("failed_header_rewriting_total", Plain("wrew")),
    ("connection_attempts_total", Plain("connect")),
    ("connection_reuses_total", Plain("reuse")),
    ("http_cache_lookups_total", Plain("cache_lookups")),
    ("http_cache_hits_total", Plain("cache_hits")),
    ("max_queue_time_seconds", Seconds("qtime_max")),
    ("max_connect_time_seconds", Seconds("ctime_max")),
    ("max_response_time_seconds", Seconds("rtime_max")),
    ("max_total_time_seconds", Seconds("ttime_max")),
    ("internal_errors_total", Plain("eint")),
    ("uweight", Plain("uweight")),
    ("agg_server_status", ServerStatus),
    ("agg_server_check_status", ServerStatus),
    ("agg_check_status", ServerCheck),
];

const OF_SERVERS: &[Metric] = &[
    ("current_queue", Plain("qcur")),
    ("max_queue", Plain("qmax")),
    ("current_sessions", Plain("scur")),
    ("max_sessions", Plain("smax")),
    ("limit_sessions", Plain("slim")),
    ("sessions_total", Plain("stot")),
    ("bytes_in_total", Plain("bin")),
    ("bytes_out_total", Plain("bout")),
    ("responses_denied_total", Plain("dresp")),
    ("connection_errors_total", Plain("econ")),
    ("response_errors_total", Plain("eresp")),
    ("retry_warnings_total", Plain("wretr")),
    ("redispatch_warnings_total", Plain("wredis")),
    ("status", Status),
    ("weight", Plain("weight")),
    ("check_failures_total", Plain("chkfail")),
    ("check_up_down_total", Plain("chkdown")),
    ("check_last_change_seconds", Plain("lastchg")),
    ("downtime_seconds_total", Plain("downtime")),
    ("queue_limit", Plain("qlimit")),
    ("current_throttle", Plain("throttle")),
    ("loadbalanced_total", Plain("lbtot")),
    ("max_session_rate", Plain("rate_max")),
    ("check_status", Check),
    ("check_code", Plain("check_code")),
    ("check_duration_seconds", Seconds("check_duration")),
    ("http_responses_total", Responses),
    ("client_aborts_total", Plain("cli_abrt")),
    ("server_aborts_total", Plain("srv_abrt")),
    ("last_session_seconds", Plain("lastsess")),
    ("queue_time_average_seconds", Seconds("qtime")),
    ("connect_time_average_seconds", Seconds("ctime")),
    ("response_time_average_seconds", Seconds("rtime")),
    ("total_time_average_seconds", Seconds("ttime")),
    ("failed_header_rewriting_total", Plain("wrew")),
    ("connection_attempts_total", Plain("connect")),
    ("connection_reuses_total", Plain("reuse")),
    ("idle_connections_current", Plain("srv_icur")),
    ("idle_connections_limit", Plain("src_ilim")),
    ("max_queue_time_seconds", Seconds("qtime_max")),
    ("max_connect_time_seconds", Seconds("ctime_max")),
    ("max_response_time_seconds", Seconds("rtime_max")),
    ("max_total_time_seconds", Seconds("ttime_max")),
    ("internal_errors_total", Plain("eint")),
    ("unsafe_idle_connections_current", Plain("idle_conn_cur")),
    ("safe_idle_connections_current", Plain("safe_conn_cur")),
    ("used_connections_current", Plain("used_conn_cur")),
    ("need_connections_current", Plain("need_conn_est")),
    ("uweight", Plain("uweight")),
];

const STATES: [&str; 5] = ["DOWN", "UP", "MAINT", "DRAIN", "NOLB"];

const VERDICTS: [&str; 16] = [
    "HANA", "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK", "L6TOUT", "L6RSP", "L7TOUT", "L7RSP",
    "L7OK", "L7OKC", "L7STS", "PROCERR", "PROCTOUT", "PROCOK",
];

const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

/// The metrics of `rows`.
pub fn text(rows: &[StatRow]) -> String {
    let of = |wanted: fn(Subject) -> bool| -> Vec<&StatRow> {
        rows.iter().filter(|row| wanted(row.subject)).collect()
    };
    let frontends = of(|subject| subject == Subject::Frontend);
    let backends = of(|subject| matches!(subject, Subject::Backend(_)));
    let servers = of(|subject| matches!(subject, Subject::Server(_)));
    let mut out = String::new();
    for (subject, rows, metrics) in [
        ("frontend", &frontends, OF_FRONTENDS),
        ("backend", &backends, OF_BACKENDS),
        ("server", &servers, OF_SERVERS),
    ] {
        for &(name, value) in metrics {
            let name = format!("haproxy_{subject}_{name}");
            let kind = if name.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            let _ = writeln!(out, "# HELP {name} {}", help(value));
            let _ = writeln!(out, "# TYPE {name} {kind}");
            for row in rows {
                for (label, number) in samples(row, value, &servers) {
                    let _ = writeln!(out, "{name}{{{}{label}}} {number}", labels(row));
                }
            }
        }
    }
    out
}

/// What a metric is, by the column of `show stat` that it shows.
fn help(value: Value) -> String {
    match value {
        Plain(column) => format!("Column {column} of show stat."),
        Seconds(column) => format!("Column {column} of show stat, in seconds."),
        Status => "Whether it is in this state.".to_owned(),
        Check => "Whether its last check ended so.".to_owned(),
        Responses => "Answers by class of their status.".to_owned(),
        ServerStatus => "Servers in this state.".to_owned(),
        ServerCheck => "Servers whose last check ended so.".to_owned(),
    }
}

fn labels(row: &StatRow) -> String {
    let proxy = escaped(row.field("pxname"));
    match row.server() {
        Some(_) => format!(
            "proxy=\"{proxy}\",server=\"{}\"",
            escaped(row.field("svname"))
        ),
        None => format!("proxy=\"{proxy}\""),
    }
}

/// The samples of one metric of one row: what is added to its labels, and the number.
fn samples(row: &StatRow, value: Value, servers: &[&StatRow]) -> Vec<(String, String)> {
    let by_state = |of: &dyn Fn(&str) -> usize, words: &[&str]| -> Vec<(String, String)> {
        let sample = |word: &&str| (format!(",state=\"{word}\""), of(word).to_string());
        words.iter().map(sample).collect()
    };
    let own = || servers.iter().filter(|server| server.proxy == row.proxy);
    match value {
        // Who was never checked has no verdict to tell of.
        Plain(column @ "check_code") | Seconds(column @ "check_duration")
            if row.field(column).is_empty() =>
        {
            Vec::new()
        }
        Plain(column) => vec![(String::new(), number(row.field(column)))],
        Seconds(column) => vec![(String::new(), seconds(row.field(column)))],
        Status if row.subject == Subject::Frontend => {
            by_state(&|word| usize::from(word == "UP"), &STATES[..2])
        }
        Status if row.server().is_none() => by_state(
            &|word| usize::from(row.field("status") == word),
            &STATES[..2],
        ),
        Status => by_state(&|word| usize::from(state(row) == word), &STATES),
        Check if row.field("check_status").is_empty() => Vec::new(),
        Check => by_state(&|word| usize::from(verdict(row) == word), &VERDICTS),
        Responses => CLASSES
            .iter()
            .map(|class| {
                let count = row.field(&format!("hrsp_{class}"));
                (format!(",code=\"{class}\""), number(count))
            })
            .collect(),
        ServerStatus => by_state(
            &|word| own().filter(|server| state(server) == word).count(),
            &STATES,
        ),
        ServerCheck => by_state(
            &|word| own().filter(|server| verdict(server) == word).count(),
            &VERDICTS,
        ),
    }
}

/// The state without its counting; a server without checks is up.
fn state(row: &StatRow) -> &str {
    match row.field("status") {
        "no check" => "UP",
        status => status.split(' ').next().unwrap_or_default(),
    }
}

/// The verdict of the last check, also while the next one runs.
fn verdict(row: &StatRow) -> &str {
    row.field("check_status").trim_start_matches("* ")
}

fn number(field: &str) -> String {
    if field.is_empty() { "NaN" } else { field }.to_owned()
}

fn seconds(field: &str) -> String {
    match field.parse::<u64>() {
        Ok(millis) => format!("{}.{:03}000", millis / 1000, millis % 1000),
        Err(_) => "NaN".to_owned(),
    }
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
