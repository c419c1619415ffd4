//! What befalls servers: deeds of the operator, checks that fail and pass, states.

use std::collections::BTreeMap;

use balance::config::Config;
use balance::event::{CheckResult, Status};
use balance::{BackendId, Cause, Event, Moment, ServerId, Span};

use crate::plan::Plan;
use crate::trace::Place;

/// How many series of checks of one server are told one by one.
const SERIES: u64 = 4;

/// Something that befell a server.
#[derive(Clone, Debug)]
pub(super) struct Incident {
    pub(super) at: Moment,
    pub(super) what: What,
}

/// What it was.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// This entry of the timeline was carried out.
    Acted(u32),
    /// Checks failed one after another.
    Failing(Series),
    /// Checks passed one after another, on the way up.
    Passing(Series),
    /// It is somewhere else now.
    Turned(ServerId, Place, Place, Cause),
    /// Nobody is left in a backend.
    NobodyLeft(BackendId),
}

/// Checks with the same verdict, one after another.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) server: ServerId,
    /// When each ended, which one of how many it was, and how it ended.
    pub(super) steps: Vec<(Moment, (u32, u32), CheckResult)>,
    /// What the node was at work on when the first one came: a check, or a request.
    pub(super) busy: Option<bool>,
    /// When the last one took effect.
    pub(super) done: Option<Moment>,
    /// When one with the other verdict put an end to them before.
    pub(super) broken: Option<Moment>,
}

/// Sums of one server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Health {
    /// Checks that passed, and the slowest of them.
    pub(super) passed: u64,
    pub(super) slowest: Span,
    /// Times it went DOWN by its checks, and the first of them.
    pub(super) downs: u64,
    pub(super) down_at: Option<Moment>,
    pub(super) verdict: Option<CheckResult>,
    /// Whether any check of that series came while the node was at work on a request.
    pub(super) behind: bool,
    /// Series begun, those that are not told included; and when the last one was.
    pub(super) series: u64,
    pub(super) last: Option<Moment>,
    /// The place of the present series in the list.
    open: Option<usize>,
    /// What the node was at work on when the present check came.
    met: Option<bool>,
    /// Whether a check of the present series of failures came behind a request.
    held_up: bool,
}

/// The watch over all servers.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) incidents: Vec<Incident>,
    pub(super) health: BTreeMap<ServerId, Health>,
    /// The node of each server, if it has one worker.
    nodes: BTreeMap<ServerId, u32>,
    /// What each node is at work on.
    busy: Vec<Option<bool>>,
}

impl Watch {
    pub(super) fn new(plan: &Plan) -> Self {
        let nodes = (0..).zip(&plan.nodes).filter(|(_, node)| node.workers == 1);
        let servers = nodes.flat_map(|(index, node)| {
            let servers = node.servers.iter();
            servers.map(move |server| (*server, index))
        });
        Self {
            incidents: Vec::new(),
            health: BTreeMap::new(),
            nodes: servers.collect(),
            busy: vec![None; plan.nodes.len()],
        }
    }

    /// A node begins to work on a check or a request, or is done.
    pub(super) fn node(&mut self, node: u32, check: Option<bool>) {
        if let Some(busy) = self.busy.get_mut(node as usize) {
            *busy = check;
        }
    }

    pub(super) fn acted(&mut self, at: Moment, entry: u32) {
        self.note(at, What::Acted(entry));
    }

    fn note(&mut self, at: Moment, what: What) {
        self.incidents.push(Incident { at, what });
    }

    pub(super) fn follow(&mut self, at: Moment, event: &Event) {
        match *event {
            Event::ProbeStarted(probe) => {
                let met = self.busy_with(probe.server);
                self.health.entry(probe.server).or_default().met = met;
            }
            Event::ProbeEnded { probe, result } if result.code.passed() => {
                let health = self.health.entry(probe.server).or_default();
                health.held_up = false;
                health.passed += 1;
                health.slowest = health.slowest.max(result.duration);
            }
            Event::StateChanged {
                server,
                from,
                to,
                cause,
            } => self.changed(at, server, (from, to), cause),
            Event::NoServerLeft(backend) => self.note(at, What::NobodyLeft(backend)),
            _ => {}
        }
    }

    fn changed(&mut self, at: Moment, server: ServerId, (from, to): (Status, Status), why: Cause) {
        let (before, after) = (Place::of(from), Place::of(to));
        match (why, counted(to)) {
            (Cause::Check(result), Some(step)) if !result.code.passed() => {
                self.failed(at, server, (before, step), result);
            }
            (Cause::Check(result), None) if after == Place::Down && before != Place::Down => {
                let of = fall(from).unwrap_or(1);
                self.failed(at, server, (before, (of, of)), result);
                self.done(at, server);
                let health = self.health.entry(server).or_default();
                health.downs += 1;
                if health.down_at.is_none() {
                    health.down_at = Some(at);
                    health.verdict = Some(result);
                    health.behind = health.held_up;
                }
            }
            (Cause::Check(result), Some(step)) if before == Place::Down => {
                self.step(at, server, step, result, false);
            }
            (Cause::Check(result), None) if before == Place::Down && after == Place::Up => {
                let of = rise(from).unwrap_or(1);
                self.step(at, server, (of, of), result, false);
                self.done(at, server);
            }
            _ if before != after => {
                self.health.entry(server).or_default().open = None;
                self.note(at, What::Turned(server, before, after, why));
            }
            // A counter went back to where it stands when all is well, or to nothing.
            _ => self.broken(at, server),
        }
    }

    fn failed(
        &mut self,
        at: Moment,
        server: ServerId,
        (before, step): (Place, (u32, u32)),
        result: CheckResult,
    ) {
        if before == Place::Down {
            self.broken(at, server);
        } else {
            self.step(at, server, step, result, true);
        }
    }

    /// One more check with the verdict of its series, or the first of one.
    fn step(
        &mut self,
        at: Moment,
        server: ServerId,
        step: (u32, u32),
        result: CheckResult,
        fails: bool,
    ) {
        let place = self.incidents.len();
        let health = self.health.entry(server).or_default();
        let busy = health.met;
        health.held_up |= fails && busy == Some(false);
        if let Some(Incident {
            what: What::Failing(series) | What::Passing(series),
            ..
        }) = health.open.and_then(|open| self.incidents.get_mut(open))
        {
            if series.steps.len() < 8 {
                series.steps.push((at, step, result));
            }
            return;
        }
        health.last = Some(at);
        if fails {
            health.series += 1;
        }
        if health.series > SERIES {
            return;
        }
        health.open = Some(place);
        let series = Series {
            server,
            steps: vec![(at, step, result)],
            busy,
            done: None,
            broken: None,
        };
        let what = if fails {
            What::Failing(series)
        } else {
            What::Passing(series)
        };
        self.note(at, what);
    }

    fn done(&mut self, at: Moment, server: ServerId) {
        if let Some(series) = self.close(server) {
            series.done = Some(at);
        }
    }

    fn broken(&mut self, at: Moment, server: ServerId) {
        if let Some(series) = self.close(server) {
            series.broken = Some(at);
        }
    }

    fn close(&mut self, server: ServerId) -> Option<&mut Series> {
        let health = self.health.entry(server).or_default();
        let open = health.open.take()?;
        match &mut self.incidents.get_mut(open)?.what {
            What::Failing(series) | What::Passing(series) => Some(series),
            _ => None,
        }
    }

    fn busy_with(&self, server: ServerId) -> Option<bool> {
        let node = self.nodes.get(&server)?;
        self.busy.get(*node as usize).copied().flatten()
    }
}

/// The failures or successes that a status counts, of how many.
fn counted(status: Status) -> Option<(u32, u32)> {
    match status {
        Status::UpGoingDown(left, of)
        | Status::DrainGoingDown(left, of)
        | Status::NoLbGoingDown(left, of) => Some((of - left, of)),
        Status::DownGoingUp(so_far, of) => Some((so_far, of)),
        _ => None,
    }
}

fn fall(status: Status) -> Option<u32> {
    match status {
        Status::UpGoingDown(_, of)
        | Status::DrainGoingDown(_, of)
        | Status::NoLbGoingDown(_, of) => Some(of),
        _ => None,
    }
}

fn rise(status: Status) -> Option<u32> {
    match status {
        Status::DownGoingUp(_, of) => Some(of),
        _ => None,
    }
}

/// The checks of a backend's servers, if they are all alike: interval, fall, rise.
pub(super) fn rhythm(config: &Config, backend: usize) -> Option<(Span, u32, u32)> {
    let mut checks = config.backends[backend].servers.iter().map(|server| {
        let check = server.check.as_ref()?;
        Some((check.inter, check.fall, check.rise))
    });
    let first = checks.next()??;
    checks.all(|other| other == Some(first)).then_some(first)
}
