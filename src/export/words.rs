//! The words of exports for what the stream tells in types.

use balance::event::Cause;
use balance::{Alert, By, Ending, ServerId, Span};
use serde_json::{Value, json};

use super::follow::Context;

/// Who chose a server.
pub fn by(by: By) -> &'static str {
    match by {
        By::Algorithm => "algorithm",
        By::Cookie => "cookie",
        By::Stick => "stick table",
        By::UseServer => "use-server",
        By::Queue => "queue",
    }
}

/// Why a server changed.
pub fn cause(context: &Context<'_>, cause: Cause) -> String {
    match cause {
        Cause::Check(result) => result.code.code().to_owned(),
        Cause::Cli => "CLI".to_owned(),
        Cause::Tracked(server) => format!("via {}", context.servers.path(server)),
        Cause::WarmedUp => "warmed up".to_owned(),
    }
}

/// The line that HAProxy's log has.
pub fn alert(context: &Context<'_>, alert: &Alert) -> String {
    let name = context.servers.path(alert.server);
    alert.text(&name, context.servers.is_backup(alert.server))
}

/// A server as `backend/server`, or null.
pub fn server(context: &Context<'_>, server: Option<ServerId>) -> Value {
    json!(server.map(|server| context.servers.path(server)))
}

/// Milliseconds, exact to the microsecond.
pub fn millis(span: Span) -> f64 {
    ((span.as_nanos() + 500) / 1000) as f64 / 1e3
}

/// The facts of a log line.
pub fn ending(context: &Context<'_>, ending: &Ending) -> Value {
    json!({
        "server": server(context, ending.server),
        "by": ending.by.map(by),
        "status": ending.status,
        "flags": super::http_log::flags(ending),
        "waited_ms": ending.waited.map(millis),
        "connect_ms": ending.connect.map(millis),
        "response_ms": ending.response.map(millis),
        "total_ms": millis(ending.total),
        "retries": ending.retries,
        "redispatched": ending.redispatched,
    })
}
