//! Health checks: when they run, how long they may take, what their outcome does.
//!
//! Source: spec health-checks.

use alloc::string::String;
use alloc::vec::Vec;

use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::config::{CheckKind, Observe, OnError};
use crate::event::{Cause, CheckCode, CheckResult, Event};
use crate::ids::{ProbeId, RequestId, ServerId};
use crate::input::ProbeOutcome;
use crate::output::Output;
use crate::server::Run;
use crate::time::{Moment, Span};
use crate::timers::{ServerTimer, tick};

impl Balancer {
    /// Arms the first run of every check, staggered (spec: health checks, 2).
    pub(crate) fn start_checks(&mut self, now: Moment) {
        let checked: Vec<(ServerId, Span)> = self
            .backends
            .iter()
            .flat_map(|backend| backend.servers.iter())
            .filter(|server| server.check.configured)
            .map(|server| (server.id, server.interval()))
            .collect();
        let second = Span::from_millis(1000);
        let smallest = checked
            .iter()
            .map(|(_, span)| *span)
            .filter(|span| *span >= second)
            .min();
        let smallest = smallest.unwrap_or(Span::ZERO);
        let count = checked.len() as u64;
        for (rank, (id, interval)) in checked.into_iter().enumerate() {
            let spread = interval.max(smallest).as_millis() * rank as u64 / count;
            let first = self
                .server(id)
                .config
                .check
                .as_ref()
                .and_then(|check| check.first);
            let delay = first.unwrap_or(Span::from_millis(spread));
            self.schedule_check(id, tick(now, delay));
        }
    }

    fn schedule_check(&mut self, id: ServerId, at: Moment) {
        if let Some(old) = self.server_mut(id).check.at.replace(at) {
            self.timers.disarm_server(old, ServerTimer::Check, id);
        }
        self.timers.arm_server(at, ServerTimer::Check, id);
    }

    /// The check timer of a server has expired: a run is due, or the running one is late.
    pub(crate) fn check_timer(&mut self, now: Moment, id: ServerId, chance: &mut dyn Chance) {
        let server = self.server_mut(id);
        server.check.at = None;
        if let Some(run) = server.check.run {
            let probe = ProbeId {
                server: id,
                turn: server.check.turn,
            };
            let code = match run.connected {
                None => CheckCode::L4Timeout,
                Some(_) => CheckCode::L7Timeout,
            };
            self.outputs.push(Output::Abandon(probe));
            return self.conclude(now, id, code, None, String::new(), chance);
        }
        let idle = server.check.paused || !server.check.enabled;
        if idle {
            let inter = server
                .config
                .check
                .as_ref()
                .map_or(Span::from_millis(2000), |check| check.inter);
            return self.schedule_check(id, tick(now, inter));
        }
        server.check.turn = server.check.turn.wrapping_add(1);
        server.check.run = Some(Run {
            started: now,
            connected: None,
        });
        let probe = ProbeId {
            server: id,
            turn: server.check.turn,
        };
        let limit = self.check_limit(id);
        self.schedule_check(id, tick(now, limit));
        self.note_state(Event::ProbeStarted(probe));
        self.outputs.push(Output::Probe(probe));
    }

    /// How long a run may take to connect: `inter`, or `timeout connect` if that is less
    /// and `timeout check` is set (spec: health checks, 5).
    fn check_limit(&self, id: ServerId) -> Span {
        let config = &self.backends[id.backend.0 as usize].config;
        let inter = self
            .server(id)
            .config
            .check
            .as_ref()
            .map_or(Span::from_millis(2000), |check| check.inter);
        match (config.timeout_check, config.timeout_connect) {
            (Some(_), Some(connect)) => inter.min(connect),
            _ => inter,
        }
    }

    /// A run saw something.
    pub(crate) fn probed(
        &mut self,
        now: Moment,
        probe: ProbeId,
        outcome: ProbeOutcome<'_>,
        chance: &mut dyn Chance,
    ) {
        let id = probe.server;
        let known = self
            .backends
            .get(id.backend.0 as usize)
            .and_then(|backend| backend.servers.get(id.slot as usize))
            .is_some_and(|server| server.check.turn == probe.turn && server.check.run.is_some());
        if !known {
            return self.note_ghost();
        }
        let kind = &self.backends[id.backend.0 as usize].config.check;
        let plain = *kind == CheckKind::Tcp;
        match outcome {
            ProbeOutcome::Connected if plain => {
                self.conclude(now, id, CheckCode::L4Ok, None, String::new(), chance);
            }
            ProbeOutcome::Connected => self.probe_connected(now, id),
            ProbeOutcome::Refused => {
                self.conclude(
                    now,
                    id,
                    CheckCode::L4Connection,
                    None,
                    "Connection refused".into(),
                    chance,
                );
            }
            ProbeOutcome::Closed => {
                let code = if self
                    .server(id)
                    .check
                    .run
                    .is_some_and(|run| run.connected.is_some())
                {
                    CheckCode::L7Response
                } else {
                    CheckCode::SocketError
                };
                self.conclude(now, id, code, None, String::new(), chance);
            }
            ProbeOutcome::Reset => {
                self.conclude(
                    now,
                    id,
                    CheckCode::SocketError,
                    None,
                    "Connection reset by peer".into(),
                    chance,
                );
            }
            ProbeOutcome::Junk => {
                self.conclude(now, id, CheckCode::L7Response, None, String::new(), chance);
            }
            ProbeOutcome::Status(status, reason) => {
                let code = self.judge(id, status);
                let text = if code == CheckCode::L7Ok {
                    String::new()
                } else {
                    reason.into()
                };
                self.conclude(now, id, code, Some(status), text, chance);
            }
        }
    }

    /// The connection of a run is there: `timeout check` counts from here. Up to 3.2 it
    /// never brings the limit forward.
    fn probe_connected(&mut self, now: Moment, id: ServerId) {
        let Some(run) = &mut self.server_mut(id).check.run else {
            return;
        };
        run.connected = Some(now);
        let Some(limit) = self.backends[id.backend.0 as usize].config.timeout_check else {
            return;
        };
        let at = tick(now, limit);
        let present = self.server(id).check.at.unwrap_or(at);
        self.schedule_check(
            id,
            if self.profile.check_timeout_exact {
                at
            } else {
                at.max(present)
            },
        );
    }

    /// The verdict on an HTTP status.
    fn judge(&self, id: ServerId, status: u16) -> CheckCode {
        let backend = &self.backends[id.backend.0 as usize];
        if status == 404 && backend.config.disable_on_404 && !self.server(id).is_stopped() {
            return CheckCode::L7OkConditional;
        }
        let passes = match &backend.config.check {
            CheckKind::Http { expect, negate, .. } if !expect.is_empty() => {
                expect
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&status))
                    != *negate
            }
            _ => (200..=399).contains(&status),
        };
        if passes {
            CheckCode::L7Ok
        } else {
            CheckCode::L7Status
        }
    }

    /// A run is over: health counter, then state, then the next run's timer.
    fn conclude(
        &mut self,
        now: Moment,
        id: ServerId,
        code: CheckCode,
        status: Option<u16>,
        text: String,
        chance: &mut dyn Chance,
    ) {
        let server = self.server_mut(id);
        let Some(run) = server.check.run.take() else {
            return;
        };
        let duration = Span::from_millis(now.as_millis() - run.started.as_millis());
        let result = CheckResult {
            code,
            status,
            duration,
        };
        let probe = ProbeId {
            server: id,
            turn: server.check.turn,
        };
        server.check.last = Some(result);
        server.check.last_text = text;
        self.note_state(Event::ProbeEnded { probe, result });
        if !self.server(id).in_maint() {
            self.apply_verdict(now, id, result, chance);
        }
        let interval = self.server(id).interval();
        self.schedule_check(id, tick(now, interval));
    }

    /// Moves the health counter and, where it crosses a threshold, the state
    /// (spec: server states, 3).
    fn apply_verdict(
        &mut self,
        now: Moment,
        id: ServerId,
        result: CheckResult,
        chance: &mut dyn Chance,
    ) {
        let before = self.status_of(id);
        let cause = Cause::Check(result);
        let full = self.server(id).full_health();
        let server = self.server_mut(id);
        if !result.code.passed() {
            if server.health > 0 {
                server.health -= 1;
                server.counters.chkfail += 1;
                if server.health < server.rise {
                    server.health = 0;
                }
            }
            if server.health == 0 && !server.is_stopped() {
                return self.set_stopped(now, id, cause, chance);
            }
            return self.report(id, before, cause);
        }
        server.errors = 0;
        if server.health < full {
            server.health += 1;
            if server.health >= server.rise {
                server.health = full;
            }
        }
        if server.health >= server.rise {
            if result.code == CheckCode::L7OkConditional {
                if !server.is_stopped() && server.state != crate::server::Operational::Stopping {
                    return self.set_stopping(now, id, cause, chance);
                }
            } else if !server.state.is_up() {
                return self.set_running(now, id, cause, chance);
            }
        }
        self.report(id, before, cause);
    }

    /// `observe layer4`: a connection to `server`, which observes them, was made or not.
    pub(crate) fn observe_connection(
        &mut self,
        now: Moment,
        server: ServerId,
        good: bool,
        chance: &mut dyn Chance,
    ) {
        self.observe(now, server, good, "L4 unsuccessful connection", chance);
    }

    /// `observe layer7`: an answer came from `server`, which observes them, with this status.
    #[inline(never)]
    pub(crate) fn observe_status(
        &mut self,
        now: Moment,
        server: ServerId,
        status: u16,
        chance: &mut dyn Chance,
    ) {
        let good = matches!(status, 100..=499 | 501 | 505);
        self.observe(now, server, good, "Wrong http response", chance);
    }

    /// `observe layer7`: no usable answer came.
    pub(crate) fn observe_error(
        &mut self,
        now: Moment,
        request: RequestId,
        what: &str,
        chance: &mut dyn Chance,
    ) {
        let (flow, backend) = self.parts(request);
        if let Some(id) = backend.observer(flow, Observe::Layer7) {
            self.observe(now, id, false, what, chance);
        }
    }

    /// Counts consecutive errors and acts at the limit (spec: health checks, 7).
    fn observe(
        &mut self,
        now: Moment,
        id: ServerId,
        good: bool,
        what: &str,
        chance: &mut dyn Chance,
    ) {
        let server = self.server_mut(id);
        if good {
            server.errors = 0;
            return;
        }
        server.errors += 1;
        let limit = server.config.error_limit.max(1);
        if server.errors < limit {
            return;
        }
        server.errors = 0;
        server.counters.hanafail += 1;
        if server.in_maint() || !server.check.enabled {
            return;
        }
        let rise = server.rise;
        match server.config.on_error {
            OnError::SuddenDeath if server.health > rise => server.health = rise + 1,
            OnError::MarkDown => server.health = rise,
            OnError::Fastinter | OnError::FailCheck | OnError::SuddenDeath => {}
        }
        if server.config.on_error != OnError::Fastinter {
            let result = CheckResult {
                code: CheckCode::HealthAnalyze,
                status: None,
                duration: Span::ZERO,
            };
            server.check.last = Some(result);
            server.check.last_text =
                alloc::format!("Detected {limit} consecutive errors, last one was: {what}");
            self.apply_verdict(now, id, result, chance);
        }
        let server = self.server(id);
        let fast = server
            .config
            .check
            .as_ref()
            .and_then(|check| check.fastinter);
        if let (Some(fast), None, Some(at)) = (fast, server.check.run, server.check.at) {
            let sooner = tick(now, fast);
            if sooner < at {
                self.schedule_check(id, sooner);
            }
        }
    }
}
