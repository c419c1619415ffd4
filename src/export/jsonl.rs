//! Everything that a run tells, as one JSON object a line: `at_s` (seconds from the clients'
//! start), `event`, and what belongs to it. `request` is a request's place in the order of
//! sending, from 1. Keys are added to, never renamed.

use std::io::Write;

use balance::event::Status;
use balance::{Moment, RequestId, ServerId};
use serde_json::{Map, Value, json};

use super::follow::{Context, Logged, Reader, Sampled};
use super::words;
use crate::report::Clock;
use crate::report::journal::deed;
use crate::trace::{Event, Message};

/// Writes the lines.
#[derive(Debug)]
pub struct Jsonl<W> {
    out: W,
    clock: Clock,
    failed: Option<std::io::Error>,
}

impl<W: Write> Jsonl<W> {
    /// A writer that counts time with `clock`.
    pub fn new(out: W, clock: Clock) -> Self {
        Self {
            out,
            clock,
            failed: None,
        }
    }

    /// The first line that could not be written.
    ///
    /// # Errors
    /// If there was one.
    pub fn close(self) -> std::io::Result<()> {
        self.failed.map_or(Ok(()), Err)
    }

    fn line(&mut self, at: Moment, event: &str, facts: Value) {
        if self.failed.is_some() {
            return;
        }
        let mut object = Map::new();
        object.insert("at_s".to_owned(), json!(self.clock.seconds(at)));
        object.insert("event".to_owned(), json!(event));
        if let Value::Object(facts) = facts {
            object.extend(facts);
        }
        self.failed = writeln!(self.out, "{}", Value::Object(object)).err();
    }
}

impl<W: Write> Reader for Jsonl<W> {
    fn logged(&mut self, context: &Context<'_>, line: &Logged<'_>) {
        let mut facts = words::ending(context, line.ending);
        facts["request"] = json!(line.number);
        facts["bytes"] = json!(line.answer.proxy);
        self.line(line.at, "ended", facts);
    }

    fn sampled(&mut self, context: &Context<'_>, row: &Sampled<'_>) {
        let sample = row.sample;
        let facts = json!({
            "request": row.number,
            "client": context.client(sample.client),
            "thread": sample.thread + 1,
            "sent_s": self.clock.seconds(sample.sent),
            "elapsed_ms": words::millis(sample.elapsed),
            "status": sample.status,
            "served": sample.served,
            "error": sample.is_error(),
            "server": words::server(context, sample.server),
            "by": sample.by.map(words::by),
            "session_restarted": sample.session_restarted,
            "received_bytes": row.received_bytes,
            "sent_bytes": row.sent_bytes,
        });
        self.line(sample.sent + sample.elapsed, "sample", facts);
    }

    fn happened(&mut self, context: &Context<'_>, at: Moment, event: &Event) {
        if let Some((name, facts)) = told(context, event) {
            self.line(at, name, facts);
        }
    }

    fn said(&mut self, context: &Context<'_>, at: Moment, message: &Message<'_>) {
        if let Some((name, facts)) = spoken(context, message) {
            self.line(at, name, facts);
        }
    }
}

/// An event's name and facts; none if another line tells them.
fn told(context: &Context<'_>, event: &Event) -> Option<(&'static str, Value)> {
    let client =
        |client, thread: u32| json!({ "client": context.client(client), "thread": thread + 1 });
    let node = |node: u32, check: bool| json!({ "node": context.plan.nodes[node as usize].name, "check": check });
    Some(match *event {
        Event::Balancer(ref event) => return of_balancer(context, event),
        Event::Sent {
            client: group,
            thread,
            request,
        } => {
            let mut facts = client(group, thread);
            facts["request"] = json!(context.number(request));
            ("sent", facts)
        }
        Event::Left {
            client: group,
            thread,
        } => ("left", client(group, thread)),
        Event::NodeStarted { node: index, check } => ("node_started", node(index, check)),
        Event::NodeFinished { node: index, check } => ("node_finished", node(index, check)),
        Event::Acted { entry } => ("acted", json!({ "action": deed(context.plan, entry).0 })),
        Event::CookiesCleared { client } => (
            "cookies_cleared",
            json!({ "client": context.client(client) }),
        ),
    })
}

fn of_balancer(context: &Context<'_>, event: &balance::Event) -> Option<(&'static str, Value)> {
    use balance::Event as E;
    let name = |server: ServerId| context.servers.path(server);
    let number = |request: RequestId| context.number(request);
    Some(match *event {
        E::Chosen {
            request,
            server,
            by,
        } => (
            "chosen",
            json!({ "request": number(request), "server": name(server), "by": words::by(by) }),
        ),
        E::Queued { request, queue } => (
            "queued",
            json!({ "request": number(request), "queue": words::server(context, queue) }),
        ),
        E::Dequeued {
            request,
            server,
            waited,
        } => (
            "dequeued",
            json!({
                "request": number(request),
                "server": name(server),
                "waited_ms": words::millis(waited),
            }),
        ),
        E::Retried(attempt, server) => (
            "retried",
            json!({ "request": number(attempt.request), "server": name(server) }),
        ),
        E::Redispatched { request, from } => (
            "redispatched",
            json!({ "request": number(request), "from": name(from) }),
        ),
        _ => return of_servers(context, event),
    })
}

/// The same of what happens to servers.
fn of_servers(context: &Context<'_>, event: &balance::Event) -> Option<(&'static str, Value)> {
    use balance::Event as E;
    let name = |server: ServerId| context.servers.path(server);
    let status = |status: Status| match status {
        Status::MaintVia(via) => format!("MAINT (via {})", name(via)),
        plain => plain.to_string(),
    };
    Some(match *event {
        E::StateChanged {
            server,
            from,
            to,
            cause,
        } => (
            "state",
            json!({
                "server": name(server),
                "from": status(from),
                "to": status(to),
                "cause": words::cause(context, cause),
            }),
        ),
        E::WeightChanged { server, from, to } => (
            "weight",
            json!({ "server": name(server), "from": from, "to": to }),
        ),
        E::ProbeStarted(probe) => ("check_started", json!({ "server": name(probe.server) })),
        E::ProbeEnded { probe, result } => (
            "check_ended",
            json!({
                "server": name(probe.server),
                "code": result.code.code(),
                "status": result.status,
                "duration_ms": words::millis(result.duration),
            }),
        ),
        E::NoServerLeft(backend) => (
            "no_server_left",
            json!({ "backend": context.servers.backend(backend) }),
        ),
        E::Logged(ref alert) => ("log", json!({ "text": words::alert(context, alert) })),
        // The line about a request's end tells more.
        _ => return None,
    })
}

/// What was said about a request; none if another line tells it.
fn spoken(context: &Context<'_>, message: &Message<'_>) -> Option<(&'static str, Value)> {
    let number = |request: RequestId| context.number(request);
    let name = |server: ServerId| context.servers.path(server);
    Some(match *message {
        Message::Asked {
            request,
            method,
            uri,
            cookie,
        } => (
            "asked",
            json!({ "request": number(request), "method": method, "uri": uri, "cookie": cookie }),
        ),
        Message::Connecting { attempt, server } => (
            "connecting",
            json!({ "request": number(attempt.request), "server": name(server) }),
        ),
        Message::Refused(attempt) => ("refused", json!({ "request": number(attempt.request) })),
        Message::Forwarded {
            attempt,
            server,
            cookies,
            reused,
        } => (
            "forwarded",
            json!({
                "request": number(attempt.request),
                "server": name(server),
                "cookies": cookies,
                "reused": reused,
            }),
        ),
        Message::Answered {
            attempt,
            status,
            set_cookie,
        } => (
            "answered",
            json!({
                "request": number(attempt.request),
                "status": status,
                "set_cookie": set_cookie,
            }),
        ),
        Message::Replied {
            request,
            status,
            set_cookies,
            ..
        } => (
            "replied",
            json!({
                "request": number(request),
                "status": status,
                "set_cookies": set_cookies,
            }),
        ),
        Message::Ended { .. } => return None,
    })
}
