//! `show stat`: HAProxy's columns, in its order, as a table of definitions.
//!
//! Source: spec runtime-api 4 and server-states 4.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::admin::FIRST_NUMBER;
use crate::backend::Backend;
use crate::balancer::Balancer;
use crate::event::{CheckCode, Status};
use crate::ids::BackendId;
use crate::server::{Counters, Lapse, Operational, Server};
use crate::time::Moment;

pub use forms::{StatRow, Subject, csv, json, typed};

mod forms;

/// Whom a row is made for.
#[derive(Clone, Copy)]
enum Whose<'a> {
    Server(&'a Server),
    Backend,
}

/// One row being written.
struct Row<'a> {
    balancer: &'a Balancer,
    backend: &'a Backend,
    subject: Whose<'a>,
    now: Moment,
}

/// A column: its name, and its text in a row.
type Column = (&'static str, fn(&Row<'_>) -> String);

/// Columns up to the separator, 2.6.12.
const COLUMNS: &[Column] = &[
    ("pxname", |row| row.backend.config.name.clone()),
    ("svname", |row| {
        row.server()
            .map_or("BACKEND".into(), |server| server.config.name.clone())
    }),
    ("qcur", |row| {
        row.server()
            .map_or(row.backend.queue.len(), |server| server.queue.len())
            .to_string()
    }),
    ("qmax", |row| row.counters().qmax.to_string()),
    ("scur", |row| {
        row.server()
            .map_or(row.backend.farm.connections, |server| server.connections)
            .to_string()
    }),
    ("smax", |row| row.counters().smax.to_string()),
    ("slim", |row| row.session_limit()),
    ("stot", |row| row.counters().stot.to_string()),
    ("bin", |row| row.counters().bin.to_string()),
    ("bout", |row| row.counters().bout.to_string()),
    ("dreq", |row| row.of_backend("0")),
    ("dresp", |_| "0".into()),
    ("ereq", |_| String::new()),
    ("econ", |row| row.counters().econ.to_string()),
    ("eresp", |row| row.counters().eresp.to_string()),
    ("wretr", |row| row.counters().wretr.to_string()),
    ("wredis", |row| row.counters().wredis.to_string()),
    ("status", |row| row.status()),
    ("weight", |row| row.weight()),
    ("act", |row| {
        row.server()
            .map_or(row.backend.farm.actives, |server| {
                u32::from(!server.config.backup)
            })
            .to_string()
    }),
    ("bck", |row| {
        row.server()
            .map_or(row.backend.farm.backups, |server| {
                u32::from(server.config.backup)
            })
            .to_string()
    }),
    ("chkfail", |row| {
        row.checked(|server| server.counters.chkfail.to_string())
    }),
    ("chkdown", |row| match row.subject {
        Whose::Backend => row.backend.counters.chkdown.to_string(),
        Whose::Server(_) => row.checked(|server| server.counters.chkdown.to_string()),
    }),
    ("lastchg", |row| {
        row.server()
            .map_or(
                row.now.as_secs() - row.backend.last_change.as_secs(),
                |server| server.change_age(row.now),
            )
            .to_string()
    }),
    ("downtime", |row| row.down_time()),
    ("qlimit", |row| {
        row.of_member(|member| (member.maxqueue > 0).then(|| member.maxqueue.to_string()))
    }),
    ("pid", |_| "1".into()),
    ("iid", |row| (row.backend.id.0 + FIRST_NUMBER).to_string()),
    ("sid", |row| {
        row.server().map_or("0".into(), |server| {
            row.backend.farm.members[server.id.slot as usize]
                .id
                .to_string()
        })
    }),
    ("throttle", |row| row.throttle()),
    ("lbtot", |row| row.counters().lbtot.to_string()),
    ("tracked", |row| row.tracked()),
    ("type", |row| row.server().map_or("1", |_| "2").into()),
    ("rate", |_| "0".into()),
    ("rate_lim", |_| String::new()),
    ("rate_max", |_| "0".into()),
    ("check_status", |row| row.check_status()),
    ("check_code", |row| row.check_code()),
    ("check_duration", |row| row.check_duration()),
    ("hrsp_1xx", |row| row.responses(0)),
    ("hrsp_2xx", |row| row.responses(1)),
    ("hrsp_3xx", |row| row.responses(2)),
    ("hrsp_4xx", |row| row.responses(3)),
    ("hrsp_5xx", |row| row.responses(4)),
    ("hrsp_other", |row| row.responses(5)),
    ("hanafail", |row| {
        row.checked(|server| server.counters.hanafail.to_string())
    }),
    ("req_rate", |_| String::new()),
    ("req_rate_max", |_| String::new()),
    ("req_tot", |row| {
        row.of_http(row.counters().stot.to_string())
    }),
    ("cli_abrt", |row| row.counters().cli_abrt.to_string()),
    ("srv_abrt", |row| row.counters().srv_abrt.to_string()),
    ("comp_in", |row| row.of_backend("0")),
    ("comp_out", |row| row.of_backend("0")),
    ("comp_byp", |row| row.of_backend("0")),
    ("comp_rsp", |row| row.of_backend("0")),
    ("lastsess", |row| {
        row.counters().last_session.map_or("-1".into(), |at| {
            (row.now.as_secs() - at.as_secs()).to_string()
        })
    }),
    ("last_chk", |row| {
        row.checked(|server| server.check.last_text.clone())
    }),
    ("last_agt", |_| String::new()),
    ("qtime", |row| {
        row.counters().times.mean(Lapse::Queue).to_string()
    }),
    ("ctime", |row| {
        row.counters().times.mean(Lapse::Connect).to_string()
    }),
    ("rtime", |row| {
        row.counters().times.mean(Lapse::Response).to_string()
    }),
    ("ttime", |row| {
        row.counters().times.mean(Lapse::Total).to_string()
    }),
    ("agent_status", |_| String::new()),
    ("agent_code", |_| String::new()),
    ("agent_duration", |_| String::new()),
    ("check_desc", |row| {
        row.checked(|server| server.check_code().text().into())
    }),
    ("agent_desc", |_| String::new()),
    ("check_rise", |row| {
        row.checked(|server| server.rise.to_string())
    }),
    ("check_fall", |row| {
        row.checked(|server| server.fall.to_string())
    }),
    ("check_health", |row| {
        row.checked(|server| server.health.to_string())
    }),
    ("agent_rise", |_| String::new()),
    ("agent_fall", |_| String::new()),
    ("agent_health", |_| String::new()),
    ("addr", |row| {
        row.server()
            .and_then(|server| server.config.address)
            .map_or(String::new(), |address| address.to_string())
    }),
    ("cookie", |row| row.cookie()),
    ("mode", |row| {
        let http = row.backend.config.http;
        if http { "http" } else { "tcp" }.into()
    }),
    ("algo", |row| row.algorithm()),
    ("conn_rate", |_| String::new()),
    ("conn_rate_max", |_| String::new()),
    ("conn_tot", |_| String::new()),
    ("intercepted", |_| String::new()),
    ("dcon", |_| String::new()),
    ("dses", |_| String::new()),
    ("wrew", |_| "0".into()),
    ("connect", |row| row.counters().stot.to_string()),
    ("reuse", |_| "0".into()),
    ("cache_lookups", |row| row.of_http(row.of_backend("0"))),
    ("cache_hits", |row| row.of_http(row.of_backend("0"))),
    ("srv_icur", |row| row.of_server("0")),
    ("src_ilim", |_| String::new()),
    ("qtime_max", |row| {
        row.counters().times.longest(Lapse::Queue).to_string()
    }),
    ("ctime_max", |row| {
        row.counters().times.longest(Lapse::Connect).to_string()
    }),
    ("rtime_max", |row| {
        row.counters().times.longest(Lapse::Response).to_string()
    }),
    ("ttime_max", |row| {
        row.counters().times.longest(Lapse::Total).to_string()
    }),
    ("eint", |_| "0".into()),
    ("idle_conn_cur", |row| row.of_server("0")),
    ("safe_conn_cur", |row| row.of_server("0")),
    ("used_conn_cur", |row| {
        row.of_member(|member| Some(member.served.to_string()))
    }),
    ("need_conn_est", |row| {
        row.server()
            .map_or(String::new(), |server| server.counters.smax.to_string())
    }),
    ("uweight", |row| {
        row.server()
            .map_or(row.total_uweight(), |server| server.uweight)
            .to_string()
    }),
    ("agg_server_status", |row| row.of_backend("0")),
    ("agg_server_check_status", |row| row.of_backend("0")),
    ("agg_check_status", |row| row.of_backend("0")),
];

/// The kinds of rows that `show stat`'s second argument adds up.
const BACKENDS: u32 = 2;
const SERVERS: u32 = 4;

/// Which rows of `show stat` are wanted.
pub(crate) struct Wanted {
    /// Of one backend, or of all.
    pub(crate) backend: Option<BackendId>,
    /// The sum of the kinds of rows.
    pub(crate) kinds: u32,
    /// One server by its number, or all.
    pub(crate) server: Option<i64>,
    /// Not those that are neither up nor without checks.
    pub(crate) only_up: bool,
    /// Not those in maintenance.
    pub(crate) no_maint: bool,
}

impl Wanted {
    /// Every row there is.
    pub(crate) const ALL: Self = Self {
        backend: None,
        kinds: u32::MAX,
        server: None,
        only_up: false,
        no_maint: false,
    };
}

impl Balancer {
    /// The names of the columns of `show stat`, in order.
    pub fn stat_columns() -> impl Iterator<Item = &'static str> {
        COLUMNS.iter().map(|(name, _)| *name)
    }

    /// The rows of `show stat` at `now`, which is not before the last input: the servers of
    /// each backend, then the backend.
    pub fn stat_rows(&self, now: Moment) -> Vec<StatRow> {
        self.stat_rows_of(now, &Wanted::ALL)
    }

    pub(crate) fn stat_rows_of(&self, now: Moment, wanted: &Wanted) -> Vec<StatRow> {
        let mut rows = Vec::new();
        for backend in &self.backends {
            if wanted.backend.is_some_and(|id| id != backend.id) {
                continue;
            }
            if wanted.kinds & SERVERS != 0 {
                let servers = backend.servers.iter().filter(|each| !each.deleted);
                for each in servers {
                    let number = backend.farm.members[each.id.slot as usize].id;
                    let named = wanted.server.is_none_or(|it| it == i64::from(number));
                    let hidden =
                        wanted.no_maint && each.in_maint() || wanted.only_up && !each.state.is_up();
                    if named && !hidden {
                        rows.push(self.stat_row(backend, Whose::Server(each), number, now));
                    }
                }
            }
            let named = wanted.server.is_none_or(|it| it == 0);
            if wanted.kinds & BACKENDS != 0 && named {
                rows.push(self.stat_row(backend, Whose::Backend, 0, now));
            }
        }
        rows
    }

    fn stat_row(&self, backend: &Backend, subject: Whose<'_>, number: u32, now: Moment) -> StatRow {
        let row = Row {
            balancer: self,
            backend,
            subject,
            now,
        };
        StatRow {
            proxy: StatRow::proxy_of(backend.id),
            subject: match subject {
                Whose::Server(server) => Subject::Server(server.id),
                Whose::Backend => Subject::Backend(backend.id),
            },
            number,
            fields: COLUMNS.iter().map(|(_, value)| value(&row)).collect(),
        }
    }

    /// The status of `server` as text, with the name of who it follows into maintenance.
    pub fn status_text(&self, server: crate::ids::ServerId) -> String {
        match self.status(server) {
            Status::MaintVia(via) => {
                let backend = &self.backends[via.backend.0 as usize].config.name;
                format!("MAINT (via {backend}/{})", self.server_name(via))
            }
            status => status.to_string(),
        }
    }
}

impl<'a> Row<'a> {
    fn server(&self) -> Option<&'a Server> {
        match self.subject {
            Whose::Server(server) => Some(server),
            Whose::Backend => None,
        }
    }

    fn counters(&self) -> &'a Counters {
        match self.subject {
            Whose::Server(server) => &server.counters,
            Whose::Backend => &self.backend.counters,
        }
    }

    /// A value that only mode http counts.
    fn of_http(&self, value: String) -> String {
        if self.backend.config.http {
            value
        } else {
            String::new()
        }
    }

    /// Answers of a class.
    fn responses(&self, class: usize) -> String {
        self.of_http(self.counters().hrsp[class].to_string())
    }

    fn of_backend(&self, value: &str) -> String {
        if self.server().is_none() {
            value.into()
        } else {
            String::new()
        }
    }

    fn of_server(&self, value: &str) -> String {
        if self.server().is_some() {
            value.into()
        } else {
            String::new()
        }
    }

    fn of_member(&self, value: impl Fn(&crate::farm::Member) -> Option<String>) -> String {
        self.server()
            .and_then(|server| value(&self.backend.farm.members[server.id.slot as usize]))
            .unwrap_or_default()
    }

    /// Check fields: empty where checks are off, and in maintenance except the counts.
    fn checked(&self, value: impl Fn(&Server) -> String) -> String {
        match self.server() {
            Some(server) if server.check.configured => value(server),
            _ => String::new(),
        }
    }

    fn session_limit(&self) -> String {
        match self.subject {
            Whose::Backend => self.backend.farm.fullconn.to_string(),
            Whose::Server(_) => {
                self.of_member(|member| (member.maxconn > 0).then(|| member.maxconn.to_string()))
            }
        }
    }

    fn status(&self) -> String {
        match self.subject {
            Whose::Server(server) => self.balancer.status_text(server.id),
            Whose::Backend if self.backend.farm.weight() > 0 => "UP".into(),
            // A backend whose servers were all deleted has nobody to be down.
            Whose::Backend if self.backend.servers.iter().all(|server| server.deleted) => {
                "UP".into()
            }
            Whose::Backend => "DOWN".into(),
        }
    }

    fn weight(&self) -> String {
        let weight = match self.subject {
            Whose::Server(server) => self.backend.farm.members[server.id.slot as usize].weight,
            Whose::Backend => self.backend.farm.weight(),
        };
        self.backend.weight_shown(weight).to_string()
    }

    fn total_uweight(&self) -> u32 {
        let usable = |server: &&Server| self.backend.farm.members[server.id.slot as usize].usable;
        self.backend
            .servers
            .iter()
            .filter(usable)
            .map(|server| server.uweight)
            .sum()
    }

    fn down_time(&self) -> String {
        let now = self.now;
        match self.subject {
            Whose::Server(server) if !server.check.configured => String::new(),
            Whose::Server(server) => {
                let present = if server.is_stopped() {
                    server.change_age(now)
                } else {
                    0
                };
                (server.down_time + present).to_string()
            }
            Whose::Backend => {
                let down = self.backend.farm.weight() == 0;
                let present = if down {
                    now.as_secs() - self.backend.last_change.as_secs()
                } else {
                    0
                };
                (self.backend.down_time + present).to_string()
            }
        }
    }

    fn throttle(&self) -> String {
        let Some(server) = self.server() else {
            return String::new();
        };
        if server.state != Operational::Starting || server.in_drain() || server.uweight == 0 {
            return String::new();
        }
        let weight = self.backend.farm.members[server.id.slot as usize].weight;
        let scale = if self.backend.dynamic {
            crate::backend::WEIGHT_SCALE
        } else {
            1
        };
        ((100 * self.backend.divisor * weight + scale - 1) / (scale * server.uweight)).to_string()
    }

    fn tracked(&self) -> String {
        let Some(tracked) = self.server().and_then(|server| server.tracks) else {
            return String::new();
        };
        let backend = &self.balancer.backends[tracked.backend.0 as usize]
            .config
            .name;
        format!("{backend}/{}", self.balancer.server_name(tracked))
    }

    fn check_status(&self) -> String {
        self.checked(|server| {
            if server.in_maint() || !server.check.enabled {
                return String::new();
            }
            let running = if server.check.run.is_some() { "* " } else { "" };
            format!("{running}{}", server.check_code().code())
        })
    }

    fn check_code(&self) -> String {
        self.checked(|server| {
            let shown = matches!(
                server.check_code(),
                CheckCode::L7Ok | CheckCode::L7OkConditional | CheckCode::L7Status
            );
            match server
                .check
                .last
                .and_then(|last| last.status)
                .filter(|_| shown && !server.in_maint())
            {
                Some(_) if server.check.run.is_some() => "0".into(),
                Some(status) => status.to_string(),
                None => String::new(),
            }
        })
    }

    fn check_duration(&self) -> String {
        self.checked(|server| match server.check.last {
            Some(last) if last.code == CheckCode::HealthAnalyze => u64::MAX.to_string(),
            Some(last) if !server.in_maint() => last.duration.as_millis().to_string(),
            _ => String::new(),
        })
    }

    fn cookie(&self) -> String {
        match self.subject {
            Whose::Server(server) => server.cookie.clone().unwrap_or_default(),
            Whose::Backend => self
                .backend
                .config
                .cookie
                .as_ref()
                .map_or(String::new(), |cookie| cookie.name.clone()),
        }
    }

    fn algorithm(&self) -> String {
        if self.server().is_some() {
            return String::new();
        }
        self.backend.config.balance.name().into()
    }
}
