//! A run in the trace format of Chrome, which Perfetto and `chrome://tracing` open: a track for
//! each client, each node and each server's checks.

use std::collections::BTreeMap;
use std::io::Write;

use balance::{Moment, ServerId, Span};
use serde_json::{Value, json};

use super::follow::{Context, Reader, Sampled};
use super::words;
use crate::report::journal::{client_name, deed};
use crate::trace::Event;

/// The processes that tracks are grouped by.
const CLIENTS: u32 = 1;
const NODES: u32 = 2;
const CHECKS: u32 = 3;
const OPERATOR: u32 = 4;

/// Writes the trace. Times are microseconds from the start of the proxy.
#[derive(Debug)]
pub struct Chrome<W> {
    out: W,
    first: bool,
    /// The track of each client's thread.
    threads: BTreeMap<(u32, u32), u32>,
    /// What each worker of a node does, and since when.
    workers: BTreeMap<u32, Vec<Option<(Moment, bool)>>>,
    /// When the check of a server began.
    checks: BTreeMap<ServerId, Moment>,
    failed: Option<std::io::Error>,
}

impl<W: Write> Chrome<W> {
    /// Begins a trace.
    pub fn new(out: W) -> Self {
        let mut trace = Self {
            out,
            first: true,
            threads: BTreeMap::new(),
            workers: BTreeMap::new(),
            checks: BTreeMap::new(),
            failed: None,
        };
        for (process, name) in [
            (CLIENTS, "clients"),
            (NODES, "nodes"),
            (CHECKS, "servers: checks and states"),
            (OPERATOR, "operator"),
        ] {
            trace.name("process_name", process, 0, name);
            trace.entry(&json!({
                "name": "process_sort_index", "ph": "M", "pid": process, "tid": 0,
                "args": { "sort_index": process },
            }));
        }
        trace
    }

    /// Ends the trace.
    ///
    /// # Errors
    /// If a part of it could not be written.
    pub fn close(mut self) -> std::io::Result<()> {
        match self.failed {
            Some(error) => Err(error),
            None => writeln!(self.out, "\n]"),
        }
    }

    fn entry(&mut self, value: &Value) {
        if self.failed.is_none() {
            let lead = if self.first { "[\n" } else { ",\n" };
            self.first = false;
            self.failed = write!(self.out, "{lead}{value}").err();
        }
    }

    fn name(&mut self, what: &str, process: u32, track: u32, name: &str) {
        self.entry(&json!({
            "name": what, "ph": "M", "pid": process, "tid": track, "args": { "name": name },
        }));
    }

    /// Something that took a while.
    fn slice(&mut self, track: (u32, u32), name: &str, begun: Moment, took: Span, args: &Value) {
        self.entry(&json!({
            "name": name, "ph": "X", "pid": track.0, "tid": track.1,
            "ts": micros(begun.since(Moment::ZERO)), "dur": micros(took), "args": args,
        }));
    }

    /// Something that took no time.
    fn instant(&mut self, track: (u32, u32), name: &str, at: Moment) {
        self.entry(&json!({
            "name": name, "ph": "i", "s": "t", "pid": track.0, "tid": track.1,
            "ts": micros(at.since(Moment::ZERO)),
        }));
    }

    /// The track of a server's checks: its place among all servers.
    fn check_track(&mut self, context: &Context<'_>, server: ServerId) -> (u32, u32) {
        let track = server.backend.0 * 1000 + server.slot + 1;
        if !self.checks.contains_key(&server) {
            self.name("thread_name", CHECKS, track, &context.servers.path(server));
            self.checks.insert(server, Moment::ZERO);
        }
        (CHECKS, track)
    }

    fn node_begins(&mut self, context: &Context<'_>, node: u32, at: Moment, check: bool) {
        let workers = self.workers.entry(node).or_default();
        let free = workers.iter().position(Option::is_none);
        let worker = free.unwrap_or(workers.len());
        if free.is_none() {
            workers.push(None);
        }
        workers[worker] = Some((at, check));
        if free.is_none() {
            let name = &context.plan.nodes[node as usize].name;
            let name = match worker {
                0 => name.clone(),
                more => format!("{name} ({})", more + 1),
            };
            self.name("thread_name", NODES, worker_track(node, worker), &name);
        }
    }

    fn node_ends(&mut self, node: u32, at: Moment, check: bool) {
        let workers = self.workers.entry(node).or_default();
        // Whoever began first: which worker does what is not told.
        let places = workers.iter().enumerate();
        let oldest = places
            .filter_map(|(place, work)| work.map(|(begun, kind)| (kind == check, begun, place)))
            .filter(|(same, ..)| *same)
            .min_by_key(|(_, begun, place)| (*begun, *place));
        if let Some((_, begun, worker)) = oldest {
            workers[worker] = None;
            let name = if check { "check" } else { "request" };
            let track = (NODES, worker_track(node, worker));
            self.slice(track, name, begun, at.since(begun), &json!({}));
        }
    }
}

/// The track of one worker of a node.
fn worker_track(node: u32, worker: usize) -> u32 {
    node * 1000 + worker as u32 + 1
}

/// Microseconds, exact to the nanosecond.
fn micros(span: Span) -> f64 {
    span.as_nanos() as f64 / 1e3
}

impl<W: Write> Reader for Chrome<W> {
    fn sampled(&mut self, context: &Context<'_>, row: &Sampled<'_>) {
        let sample = row.sample;
        let who = (sample.client, sample.thread);
        let next = self.threads.len() as u32 + 1;
        let known = self.threads.contains_key(&who);
        let track = *self.threads.entry(who).or_insert(next);
        if !known {
            let name = client_name(context.plan, sample.client, sample.thread);
            self.name("thread_name", CLIENTS, track, &name);
        }
        let server = sample.server.map(|server| context.servers.name(server));
        let name = server.unwrap_or("no server");
        let args = json!({
            "request": row.number,
            "status": sample.status,
            "by": sample.by.map(words::by),
            "flags": row.ending.map(super::http_log::flags),
            "waited_ms": row.ending.and_then(|ending| ending.waited).map(words::millis),
            "cookie": row.cookie,
            "session_restarted": sample.session_restarted,
        });
        self.slice((CLIENTS, track), name, sample.sent, sample.elapsed, &args);
    }

    fn happened(&mut self, context: &Context<'_>, at: Moment, event: &Event) {
        match *event {
            Event::NodeStarted { node, check } => self.node_begins(context, node, at, check),
            Event::NodeFinished { node, check } => self.node_ends(node, at, check),
            Event::Acted { entry } => {
                let (text, _) = deed(context.plan, entry);
                self.instant((OPERATOR, 1), &text, at);
            }
            Event::Balancer(balance::Event::ProbeEnded { probe, result }) => {
                let track = self.check_track(context, probe.server);
                let args = json!({ "status": result.status });
                let begun =
                    Moment::from_nanos(at.as_nanos().saturating_sub(result.duration.as_nanos()));
                self.slice(track, result.code.code(), begun, result.duration, &args);
            }
            Event::Balancer(balance::Event::StateChanged { server, to, .. }) => {
                let track = self.check_track(context, server);
                self.instant(track, &to.to_string(), at);
            }
            _ => {}
        }
    }
}
