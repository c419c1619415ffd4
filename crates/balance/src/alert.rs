//! What the proxy's log says when a server changes its state (spec: server states, 9).
//!
//! The balancer notes the facts; the text is made when somebody reads.

use alloc::format;
use alloc::string::String;

use crate::event::{Cause, CheckCode, CheckResult};
use crate::ids::{BackendId, ServerId};

/// One line of the log about a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// About whom.
    pub server: ServerId,
    /// What happened to it.
    pub kind: AlertKind,
    /// Why.
    pub cause: Cause,
    /// Usable active servers after it.
    pub actives: u32,
    /// Usable backup servers after it.
    pub backups: u32,
    /// Connections in progress on it.
    pub sessions: u32,
    /// Requests moved out of its queue, or taken from the backend's.
    pub requeued: u32,
    /// Requests that still wait: in its queue when it went, in the backend's when it came.
    pub waiting: u32,
}

/// What a log line reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertKind {
    /// `is DOWN`
    Down,
    /// `is UP`
    Up,
    /// `is stopping`
    Stopping,
    /// `is going DOWN for maintenance`
    EntersMaintenance,
    /// `was DOWN and now enters maintenance`
    WasDownEntersMaintenance,
    /// `is UP/READY (leaving forced maintenance)`
    LeavesMaintenance,
    /// `enters drain state`
    EntersDrain,
    /// `is UP (leaving forced drain)`
    LeavesDrain,
    /// `remains in forced drain mode`
    RemainsInDrain,
}

/// How loudly the proxy says it, in syslog's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A server is lost.
    Alert,
    /// Anything else.
    Notice,
}

impl Alert {
    /// Its level.
    pub fn level(&self) -> Level {
        match self.kind {
            AlertKind::Down => Level::Alert,
            _ => Level::Notice,
        }
    }

    /// The line, for a server written as `name` (`backend/server`) that is a backup or not.
    pub fn text(&self, name: &str, backup: bool) -> String {
        let prefix = if backup { "Backup " } else { "" };
        let cause = self.cause_text();
        let tail = self.tail();
        match self.kind {
            AlertKind::Down => format!("{prefix}Server {name} is DOWN{cause}.{tail}"),
            AlertKind::Up => format!("{prefix}Server {name} is UP{cause}.{tail}"),
            AlertKind::Stopping => format!("{prefix}Server {name} is stopping{cause}.{tail}"),
            AlertKind::EntersMaintenance => {
                format!(
                    "{prefix}Server {name} is going DOWN for maintenance{}.{tail}",
                    self.via()
                )
            }
            AlertKind::WasDownEntersMaintenance => {
                format!(
                    "{prefix}Server {name} was DOWN and now enters maintenance{}.",
                    self.via()
                )
            }
            AlertKind::LeavesMaintenance => {
                format!("{prefix}Server {name} is UP/READY (leaving forced maintenance).")
            }
            AlertKind::EntersDrain => format!("{prefix}Server {name} enters drain state.{tail}"),
            AlertKind::LeavesDrain => {
                format!("{prefix}Server {name} is UP (leaving forced drain).")
            }
            AlertKind::RemainsInDrain => {
                format!("{prefix}Server {name} remains in forced drain mode.")
            }
        }
    }

    fn via(&self) -> &'static str {
        match self.cause {
            Cause::Tracked(_) => " (via its tracked server)",
            Cause::Cli | Cause::Check(_) | Cause::WarmedUp => "",
        }
    }

    fn cause_text(&self) -> String {
        match self.cause {
            Cause::Check(result) => check_text(result),
            Cause::Cli => ", changed from CLI".into(),
            Cause::Tracked(_) => " via its tracked server".into(),
            Cause::WarmedUp => String::new(),
        }
    }

    fn tail(&self) -> String {
        let Self {
            actives,
            backups,
            sessions,
            requeued,
            waiting,
            ..
        } = self;
        let running = if *actives == 0 && *backups > 0 {
            " Running on backup."
        } else {
            ""
        };
        match self.kind {
            AlertKind::Down | AlertKind::Stopping | AlertKind::EntersMaintenance => format!(
                " {actives} active and {backups} backup servers left.{running} {sessions} sessions active, {requeued} requeued, {waiting} remaining in queue."
            ),
            _ => format!(
                " {actives} active and {backups} backup servers online.{running} {requeued} sessions requeued, {waiting} total in queue."
            ),
        }
    }
}

/// `, reason: ...` as log lines give it.
fn check_text(result: CheckResult) -> String {
    let code = result
        .status
        .map_or(String::new(), |status| format!(", code: {status}"));
    let info = info(result).map_or(String::new(), |info| format!(", info: \"{info}\""));
    let took = match result.code {
        CheckCode::HealthAnalyze => String::new(),
        _ => format!(", check duration: {}ms", result.duration.as_millis()),
    };
    format!(", reason: {}{code}{info}{took}", result.code.text())
}

/// What the system or the server said beside the verdict.
fn info(result: CheckResult) -> Option<&'static str> {
    match result.code {
        CheckCode::L4Connection => Some("Connection refused"),
        CheckCode::SocketError => Some("Connection reset by peer"),
        CheckCode::L7Status => result.status.map(reason_phrase),
        _ => None,
    }
}

/// The usual reason phrase of a status (RFC 9110).
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}

/// `backend NAME has no server available!`
pub fn no_server_text(backend: &str, _id: BackendId) -> String {
    format!("backend {backend} has no server available!")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn a_late_check_reads_as_in_haproxys_log() {
        let alert = Alert {
            server: ServerId::default(),
            kind: AlertKind::Down,
            cause: Cause::Check(CheckResult {
                code: CheckCode::L7Timeout,
                status: None,
                duration: Span::from_millis(2002),
            }),
            actives: 1,
            backups: 0,
            sessions: 1,
            requeued: 0,
            waiting: 0,
        };
        assert_eq!(
            alert.text("nodes/s1", false),
            "Server nodes/s1 is DOWN, reason: Layer7 timeout, check duration: 2002ms. 1 active and 0 backup servers left. 1 sessions active, 0 requeued, 0 remaining in queue."
        );
    }
}
