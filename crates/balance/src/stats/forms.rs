//! The forms of `show stat`: CSV, `typed`, `json` (manual: management, 9.3, "show stat").

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::admin::FIRST_NUMBER;
use crate::balancer::Balancer;
use crate::ids::{BackendId, ServerId};

/// What a row of `show stat` is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A frontend, or the side of a `listen` section that clients see. The balancer has no
    /// such rows: who sees the clients' connections adds them.
    Frontend,
    /// A backend.
    Backend(BackendId),
    /// A server.
    Server(ServerId),
}

/// One row of `show stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatRow {
    /// The number of the proxy (`iid`).
    pub proxy: u32,
    /// What it is about.
    pub subject: Subject,
    /// The server's number, 0 for others.
    pub number: u32,
    /// The text of each column of [`Balancer::stat_columns`]; empty where there is none.
    pub fields: Vec<String>,
}

impl StatRow {
    /// The text of a column; empty if there is no such column.
    pub fn field(&self, column: &str) -> &str {
        let place = Balancer::stat_columns().position(|name| name == column);
        place
            .and_then(|place| self.fields.get(place))
            .map_or("", String::as_str)
    }

    /// The row of a frontend with this number: `value` makes the text of each column.
    pub fn of_frontend(proxy: u32, mut value: impl FnMut(&'static str) -> String) -> Self {
        Self {
            proxy,
            subject: Subject::Frontend,
            number: 0,
            fields: Balancer::stat_columns().map(&mut value).collect(),
        }
    }

    /// The number of a backend's proxy.
    pub fn proxy_of(backend: BackendId) -> u32 {
        backend.0 + FIRST_NUMBER
    }

    /// The server, if it is one's row.
    pub fn server(&self) -> Option<ServerId> {
        match self.subject {
            Subject::Server(server) => Some(server),
            Subject::Frontend | Subject::Backend(_) => None,
        }
    }

    /// The kind of what a row is about.
    fn object(&self) -> &'static str {
        match self.subject {
            Subject::Frontend => "Frontend",
            Subject::Backend(_) => "Backend",
            Subject::Server(_) => "Server",
        }
    }

    /// The columns that have a value, with their places and tags. The text of the last check
    /// is one even when it is empty.
    fn values(&self) -> impl Iterator<Item = (usize, &'static str, Tags, &str)> {
        let checked = !self.field("check_status").is_empty();
        let columns = Balancer::stat_columns().enumerate();
        columns
            .zip(&self.fields)
            .filter(move |((_, name), text)| !text.is_empty() || (*name == "last_chk" && checked))
            .map(|((place, name), text)| (place, name, Tags::of(name, self.subject), text.as_str()))
    }
}

/// Where a value comes from, what it means, whom it is about, and its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tags {
    letters: &'static str,
    kind: &'static str,
}

impl Tags {
    /// Those of a column, as 2.6.12 gives them.
    fn of(column: &str, subject: Subject) -> Self {
        let is_server = matches!(subject, Subject::Server(_));
        let is_backend = matches!(subject, Subject::Backend(_));
        let (letters, kind) = match column {
            "pxname" | "svname" => ("KNS", "str"),
            "status" => ("SGP", "str"),
            "act" | "bck" if is_server => ("SGP", "u32"),
            "rate" | "req_rate" | "conn_rate" if !is_backend => ("MRP", "u32"),
            "rate_max" | "req_rate_max" | "conn_rate_max" if !is_backend => ("MMP", "u32"),
            "qcur"
            | "scur"
            | "act"
            | "bck"
            | "rate"
            | "rate_max"
            | "srv_icur"
            | "idle_conn_cur"
            | "safe_conn_cur"
            | "used_conn_cur"
            | "need_conn_est"
            | "agg_server_status"
            | "agg_server_check_status"
            | "agg_check_status" => ("MGP", "u32"),
            "qmax" | "smax" | "qtime_max" | "ctime_max" | "rtime_max" | "ttime_max" => {
                ("MMP", "u32")
            }
            "slim" | "rate_lim" => ("CLP", "u32"),
            "weight" | "uweight" | "throttle" | "qtime" | "ctime" | "rtime" | "ttime" => {
                ("MaP", "u32")
            }
            "lastchg" => ("MAP", "u32"),
            "lastsess" => ("MAP", "s32"),
            "downtime" => ("MCP", "u32"),
            "qlimit" | "type" | "check_rise" | "check_fall" | "check_health" => ("CGS", "u32"),
            "pid" => ("KGP", "u32"),
            "iid" | "sid" => ("KGS", "u32"),
            "tracked" | "cookie" => ("CNS", "str"),
            "check_status" | "last_chk" | "check_desc" => ("MOP", "str"),
            "check_code" => ("MOP", "u32"),
            "check_duration" => ("MDP", "u64"),
            "addr" | "mode" | "algo" => ("CGS", "str"),
            _ => ("MCP", "u64"),
        };
        Self { letters, kind }
    }

    /// The words for the letters: origin, nature, scope.
    fn words(self) -> [&'static str; 3] {
        let [origin, nature, scope] = self.letters.as_bytes() else {
            return ["Unknown"; 3];
        };
        let origin = match origin {
            b'M' => "Metric",
            b'S' => "Status",
            b'K' => "Key",
            _ => "Config",
        };
        let nature = match nature {
            b'G' => "Gauge",
            b'L' => "Limit",
            b'M' => "Max",
            b'R' => "Rate",
            b'C' => "Counter",
            b'D' => "Duration",
            b'A' => "Age",
            b'N' => "Name",
            b'O' => "Output",
            _ => "Avg",
        };
        let scope = if *scope == b'S' { "Service" } else { "Process" };
        [origin, nature, scope]
    }
}

/// The rows as `show stat` writes them: a head, then a line for each.
pub fn csv(rows: &[StatRow]) -> String {
    let mut text = String::from("# ");
    for name in Balancer::stat_columns() {
        text.push_str(name);
        text.push(',');
    }
    text.push_str("-,\n");
    for row in rows {
        for field in &row.fields {
            push_csv(&mut text, field);
            text.push(',');
        }
        text.push_str("-,\n");
    }
    text
}

/// Appends a field, quoted where CSV asks for it.
fn push_csv(text: &mut String, field: &str) {
    if field.contains([',', '"', '\n']) {
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(field);
    }
}

/// The rows as `show stat typed` writes them: a line for each value.
pub fn typed(rows: &[StatRow]) -> String {
    let mut text = String::new();
    for row in rows {
        let object = &row.object()[..1];
        let (proxy, id) = (row.proxy, row.number);
        for (place, name, tags, value) in row.values() {
            let Tags { letters, kind } = tags;
            let _ = writeln!(
                text,
                "{object}.{proxy}.{id}.{place}.{name}.1:{letters}:{kind}:{value}"
            );
        }
    }
    text
}

/// The rows as `show stat json` writes them: one array of values for each.
pub fn json(rows: &[StatRow]) -> String {
    let rows: Vec<String> = rows.iter().map(json_row).collect();
    format!("[{}]\n", rows.join(","))
}

fn json_row(row: &StatRow) -> String {
    let (object, proxy, id) = (row.object(), row.proxy, row.number);
    let values = row.values().map(|(place, name, tags, text)| {
        let [origin, nature, scope] = tags.words();
        let kind = tags.kind;
        let value = if kind == "str" {
            json_text(text)
        } else {
            text.into()
        };
        format!(
            "{{\"objType\":\"{object}\",\"proxyId\":{proxy},\"id\":{id},\
             \"field\":{{\"pos\":{place},\"name\":\"{name}\"}},\"processNum\":1,\
             \"tags\":{{\"origin\":\"{origin}\",\"nature\":\"{nature}\",\"scope\":\"{scope}\"}},\
             \"value\":{{\"type\":\"{kind}\",\"value\":{value}}}}}"
        )
    });
    let values: Vec<String> = values.collect();
    format!("[{}]", values.join(","))
}

/// A text in quotes, with what JSON does not allow inside escaped.
fn json_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(letter);
            }
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Config};
    use crate::time::Moment;

    fn rows() -> Vec<StatRow> {
        let server = config::Server {
            name: "s\"1".into(),
            ..config::Server::default()
        };
        let backend = config::Backend {
            name: "nodes".into(),
            servers: alloc::vec![server],
            ..config::Backend::default()
        };
        let config = Config {
            backends: alloc::vec![backend],
            ..Config::default()
        };
        let balancer = Balancer::new(config, Moment::ZERO).unwrap();
        balancer.stat_rows(Moment::ZERO)
    }

    #[test]
    fn values_as_2_6_12_tags_them() {
        let text = typed(&rows());
        for line in [
            "S.3.1.0.pxname.1:KNS:str:nodes\n",
            "S.3.1.1.svname.1:KNS:str:s\"1\n",
            "S.3.1.17.status.1:SGP:str:no check\n",
            "S.3.1.18.weight.1:MaP:u32:1\n",
            "S.3.1.19.act.1:SGP:u32:1\n",
            "B.3.0.19.act.1:MGP:u32:1\n",
            "B.3.0.55.lastsess.1:MAP:s32:-1\n",
            "B.3.0.75.mode.1:CGS:str:http\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains(".check_status."), "a server without checks");
    }

    #[test]
    fn json_escapes_names() {
        let text = json(&rows());
        assert!(text.starts_with(
            "[[{\"objType\":\"Server\",\"proxyId\":3,\"id\":1,\"field\":{\"pos\":0,\"name\":\"pxname\"},\
             \"processNum\":1,\"tags\":{\"origin\":\"Key\",\"nature\":\"Name\",\"scope\":\"Service\"},\
             \"value\":{\"type\":\"str\",\"value\":\"nodes\"}},"
        ));
        assert!(text.contains("\"value\":\"s\\\"1\""));
        assert!(text.ends_with("}]]\n"));
    }

    #[test]
    fn csv_quotes_names() {
        let rows = rows();
        let text = csv(&rows);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("# pxname,svname,qcur,"));
        assert!(lines[0].ends_with(",agg_check_status,-,"));
        assert!(lines[1].starts_with("nodes,\"s\"\"1\",0,0,0,0,"));
        assert_eq!(rows[1].field("svname"), "BACKEND");
        assert_eq!(rows[1].field("nonsense"), "");
    }
}
