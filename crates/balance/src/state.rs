//! Changes of a server's state: one function per cause, one place that applies them.
//!
//! Sources: spec server-states 5-8, queues 4 and 6.

use alloc::vec::Vec;

use crate::alert::{Alert, AlertKind};
use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::event::{Cause, Event, Interest, Status};
use crate::flow::{Mark, Phase};
use crate::ids::{RequestId, ServerId};
use crate::pick::Policy;
use crate::server::transition::Trigger;
use crate::server::{Operational, Server, admin};
use crate::time::{Moment, Span};
use crate::timers::ServerTimer;

impl Balancer {
    pub(crate) fn server(&self, id: ServerId) -> &Server {
        &self.backends[id.backend.0 as usize].servers[id.slot as usize]
    }

    pub(crate) fn server_mut(&mut self, id: ServerId) -> &mut Server {
        &mut self.backends[id.backend.0 as usize].servers[id.slot as usize]
    }

    /// The server whose checks `id` relies on: the end of its tracking chain.
    pub(crate) fn reference(&self, id: ServerId) -> &Server {
        let mut server = self.server(id);
        while let Some(tracked) = server.tracks {
            server = self.server(tracked);
        }
        server
    }

    /// The status of `id` now.
    pub(crate) fn status_of(&self, id: ServerId) -> Status {
        self.server(id).status(self.reference(id))
    }

    /// Enough failures: DOWN.
    pub(crate) fn set_stopped(
        &mut self,
        now: Moment,
        id: ServerId,
        cause: Cause,
        chance: &mut dyn Chance,
    ) {
        if self.server(id).in_maint() || self.server(id).is_stopped() {
            return;
        }
        let before = self.status_of(id);
        self.step(now, id, Trigger::HealthDown);
        self.count_down(id);
        self.refresh(now, id);
        self.report(id, before, cause);
        self.kill_if_marked_down(now, id);
        let moved = self.move_queue_out(now, id, false, chance);
        self.empty_backend_queue(now, id, chance);
        self.log(id, AlertKind::Down, cause, moved);
        for tracker in self.trackers(id) {
            self.set_stopped(now, tracker, Cause::Tracked(id), chance);
        }
    }

    /// Enough successes: UP, slowly if it has a slow start.
    pub(crate) fn set_running(
        &mut self,
        now: Moment,
        id: ServerId,
        cause: Cause,
        chance: &mut dyn Chance,
    ) {
        let server = self.server(id);
        if server.in_maint() || server.state.is_up() {
            return;
        }
        let before = self.status_of(id);
        let slowly = server.slowstart_secs() > 0;
        let trigger = if slowly {
            Trigger::HealthUpSlowly
        } else {
            Trigger::HealthUp
        };
        self.step(now, id, trigger);
        self.came_up(now, id, before, cause, trigger, chance);
        for tracker in self.trackers(id) {
            self.set_running(now, tracker, Cause::Tracked(id), chance);
        }
    }

    /// Takes nobody new: NOLB.
    pub(crate) fn set_stopping(
        &mut self,
        now: Moment,
        id: ServerId,
        cause: Cause,
        chance: &mut dyn Chance,
    ) {
        let server = self.server(id);
        if server.in_maint() || server.state == Operational::Stopping {
            return;
        }
        let before = self.status_of(id);
        self.step(now, id, Trigger::HealthStopping);
        self.refresh(now, id);
        self.report(id, before, cause);
        let moved = self.move_queue_out(now, id, false, chance);
        self.empty_backend_queue(now, id, chance);
        self.log(id, AlertKind::Stopping, cause, moved);
        for tracker in self.trackers(id) {
            self.set_stopping(now, tracker, Cause::Tracked(id), chance);
        }
    }

    /// Sets a maintenance flag.
    pub(crate) fn enter_maint(
        &mut self,
        now: Moment,
        id: ServerId,
        flag: u8,
        cause: Cause,
        chance: &mut dyn Chance,
    ) {
        let before = self.status_of(id);
        let server = self.server_mut(id);
        if server.admin & flag != 0 {
            return;
        }
        let already = server.in_maint();
        server.admin |= flag;
        if already {
            return self.report(id, before, cause);
        }
        server.check.paused = true;
        server.health = 0;
        let was_down = server.is_stopped();
        if !was_down {
            self.step(now, id, Trigger::EnterMaintenance);
            self.count_down(id);
        }
        self.refresh(now, id);
        self.report(id, before, cause);
        self.kill_if_marked_down(now, id);
        let moved = if was_down {
            0
        } else {
            self.move_queue_out(now, id, true, chance)
        };
        self.empty_backend_queue(now, id, chance);
        let kind = if was_down {
            AlertKind::WasDownEntersMaintenance
        } else {
            AlertKind::EntersMaintenance
        };
        self.log(id, kind, cause, moved);
        for tracker in self.trackers(id) {
            self.enter_maint(
                now,
                tracker,
                admin::INHERITED_MAINT,
                Cause::Tracked(id),
                chance,
            );
        }
    }

    /// Clears a maintenance flag; with the last one the server is up at once.
    pub(crate) fn leave_maint(
        &mut self,
        now: Moment,
        id: ServerId,
        flag: u8,
        cause: Cause,
        chance: &mut dyn Chance,
    ) {
        let before = self.status_of(id);
        let server = self.server_mut(id);
        if server.admin & flag == 0 {
            return;
        }
        server.admin &= !flag;
        if !server.in_maint() {
            server.check.paused = false;
            server.health = match server.config.init_state {
                crate::config::InitState::FullyUp => server.full_health(),
                crate::config::InitState::Down => server.rise - 1,
                crate::config::InitState::FullyDown => 0,
                crate::config::InitState::None | crate::config::InitState::Up => server.rise,
            };
            let passes = server.health >= server.rise;
            let slowly = server.slowstart_secs() > 0;
            let tracked = server.tracks.map(|tracked| self.server(tracked).state);
            if tracked != Some(Operational::Stopped) && passes {
                let trigger = match (tracked, slowly) {
                    (Some(Operational::Stopping), _) => Trigger::LeaveMaintenanceStopping,
                    (_, true) => Trigger::LeaveMaintenanceSlowly,
                    (_, false) => Trigger::LeaveMaintenance,
                };
                self.step(now, id, trigger);
                self.came_up(now, id, before, cause, trigger, chance);
            } else {
                self.refresh(now, id);
                self.report(id, before, cause);
            }
        }
        if self.server(id).admin & admin::MAINT == 0 {
            for tracker in self.trackers(id) {
                self.leave_maint(
                    now,
                    tracker,
                    admin::INHERITED_MAINT,
                    Cause::Tracked(id),
                    chance,
                );
            }
        }
    }

    /// Sets a drain flag.
    pub(crate) fn enter_drain(
        &mut self,
        now: Moment,
        id: ServerId,
        flag: u8,
        cause: Cause,
        chance: &mut dyn Chance,
    ) {
        let before = self.status_of(id);
        let server = self.server_mut(id);
        if server.admin & flag != 0 {
            return;
        }
        let already = server.in_drain();
        server.admin |= flag;
        if already {
            return;
        }
        self.refresh(now, id);
        self.report(id, before, cause);
        if !self.server(id).in_maint() {
            let moved = self.move_queue_out(now, id, false, chance);
            self.empty_backend_queue(now, id, chance);
            self.log(id, AlertKind::EntersDrain, cause, moved);
        }
        for tracker in self.trackers(id) {
            self.enter_drain(
                now,
                tracker,
                admin::INHERITED_DRAIN,
                Cause::Tracked(id),
                chance,
            );
        }
    }

    /// Clears a drain flag; nothing is taken from the backend's queue at that moment.
    pub(crate) fn leave_drain(&mut self, now: Moment, id: ServerId, flag: u8, cause: Cause) {
        let before = self.status_of(id);
        let server = self.server_mut(id);
        if server.admin & flag == 0 {
            return;
        }
        server.admin &= !flag;
        self.refresh(now, id);
        self.report(id, before, cause);
        if !self.server(id).in_maint() {
            self.log(id, AlertKind::LeavesDrain, cause, 0);
        }
        if self.server(id).admin & admin::DRAIN == 0 {
            for tracker in self.trackers(id) {
                self.leave_drain(now, tracker, admin::INHERITED_DRAIN, Cause::Tracked(id));
            }
        }
    }

    /// One step of a slow start.
    pub(crate) fn warm_up(&mut self, now: Moment, id: ServerId, chance: &mut dyn Chance) {
        let server = self.server_mut(id);
        server.warm_at = None;
        if server.state != Operational::Starting {
            return;
        }
        if server.change_age(now) >= server.slowstart_secs() {
            let before = self.status_of(id);
            self.step(now, id, Trigger::WarmedUp);
            self.refresh(now, id);
            self.report(id, before, Cause::WarmedUp);
        } else {
            self.refresh(now, id);
            self.schedule_warm_up(now, id);
        }
        self.draw_waiting(now, id, chance);
    }

    /// Brings effective weight, usability and totals up to date, and tells the policy.
    /// Weights change with an event; in maintenance the old weight stays in force.
    pub(crate) fn refresh(&mut self, now: Moment, id: ServerId) {
        let backend = &mut self.backends[id.backend.0 as usize];
        let server = &backend.servers[id.slot as usize];
        let member = &backend.farm.members[id.slot as usize];
        let (was_usable, old) = (member.usable, member.weight);
        let weight = if server.in_maint() && self.profile.maintenance_freezes_weight {
            old
        } else {
            backend.weight_now(id.slot, now)
        };
        let usable = server.is_usable(weight);
        let warmth = warmth(server, now);
        let before = backend.farm.actives + backend.farm.backups;
        backend.farm.members[id.slot as usize].warmth = warmth;
        backend.farm.change(id.slot, usable, weight);
        match (was_usable, usable) {
            (true, false) => backend.picker.left(&backend.farm, id.slot, old),
            (false, true) => backend.picker.joined(&backend.farm, id.slot),
            (true, true) if old != weight => backend.picker.weighed(&backend.farm, id.slot, old),
            _ => {}
        }
        let after = backend.farm.actives + backend.farm.backups;
        if before > 0 && after == 0 {
            backend.counters.chkdown += 1;
            backend.last_change = now;
            self.note_state(Event::NoServerLeft(id.backend));
        } else if before == 0 && after > 0 {
            backend.down_time += now.as_secs() - backend.last_change.as_secs();
            backend.last_change = now;
        }
        if old != weight {
            self.note_state(Event::WeightChanged {
                server: id,
                from: old,
                to: weight,
            });
        }
    }

    /// Follows the table of legal changes.
    fn step(&mut self, now: Moment, id: ServerId, trigger: Trigger) {
        let server = self.server_mut(id);
        let next = server.state.after(trigger);
        debug_assert!(
            next.is_some(),
            "{:?} has no way out by {trigger:?}",
            server.state
        );
        if server.is_stopped() && next.is_some_and(|state| state != Operational::Stopped) {
            server.down_time += server.change_age(now);
        }
        server.state = next.unwrap_or(server.state);
        server.last_change = now;
        let running = server.state == Operational::Running;
        let backend = &mut self.backends[id.backend.0 as usize];
        if !running && backend.idle == Some(id.slot) {
            backend.idle = None;
        }
    }

    fn came_up(
        &mut self,
        now: Moment,
        id: ServerId,
        before: Status,
        cause: Cause,
        trigger: Trigger,
        chance: &mut dyn Chance,
    ) {
        self.refresh(now, id);
        self.report(id, before, cause);
        if matches!(
            trigger,
            Trigger::HealthUpSlowly | Trigger::LeaveMaintenanceSlowly
        ) {
            self.schedule_warm_up(now, id);
        }
        self.kill_backups_if_marked_up(now, id);
        let waiting = self.backends[id.backend.0 as usize].queue.len();
        self.draw_waiting(now, id, chance);
        let taken = waiting - self.backends[id.backend.0 as usize].queue.len();
        let kind = match trigger {
            Trigger::LeaveMaintenance
            | Trigger::LeaveMaintenanceSlowly
            | Trigger::LeaveMaintenanceStopping => AlertKind::LeavesMaintenance,
            _ => AlertKind::Up,
        };
        self.log(id, kind, cause, taken);
    }

    /// Writes a line to the proxy's log, and a second one about a drained server.
    fn log(&mut self, id: ServerId, kind: AlertKind, cause: Cause, requeued: u32) {
        if self.interest == Interest::Nothing {
            return;
        }
        let backend = &self.backends[id.backend.0 as usize];
        let server = &backend.servers[id.slot as usize];
        let gone = matches!(
            kind,
            AlertKind::Down | AlertKind::Stopping | AlertKind::EntersMaintenance
        );
        let alert = Alert {
            server: id,
            kind,
            cause,
            actives: backend.farm.actives,
            backups: backend.farm.backups,
            sessions: server.connections,
            requeued,
            waiting: if gone {
                server.queue.len()
            } else {
                backend.queue.len()
            },
        };
        let remains = server.in_drain() && matches!(kind, AlertKind::Down | AlertKind::Up);
        self.note_state(Event::Logged(alert));
        if remains {
            self.note_state(Event::Logged(Alert {
                kind: AlertKind::RemainsInDrain,
                ..alert
            }));
        }
    }

    fn schedule_warm_up(&mut self, now: Moment, id: ServerId) {
        let at = crate::timers::tick(now, Span::from_millis(1000));
        if let Some(old) = self.server_mut(id).warm_at.replace(at) {
            self.timers.disarm_server(old, ServerTimer::Warm, id);
        }
        self.timers.arm_server(at, ServerTimer::Warm, id);
        if !self.warming.contains(&id) {
            self.warming.push(id);
        }
    }

    /// The limits of servers in slow start follow the clock, not only their steps.
    pub(crate) fn refresh_warmth(&mut self, now: Moment) {
        let mut warming = core::mem::take(&mut self.warming);
        warming.retain(|id| {
            let backend = &mut self.backends[id.backend.0 as usize];
            let server = &backend.servers[id.slot as usize];
            backend.farm.members[id.slot as usize].warmth = warmth(server, now);
            server.state == Operational::Starting
        });
        self.warming = warming;
    }

    fn count_down(&mut self, id: ServerId) {
        self.server_mut(id).counters.chkdown += 1;
    }

    /// Notes a change of status, if there is one.
    pub(crate) fn report(&mut self, id: ServerId, before: Status, cause: Cause) {
        let after = self.status_of(id);
        if before != after {
            self.note_state(Event::StateChanged {
                server: id,
                from: before,
                to: after,
                cause,
            });
        }
    }

    /// Trackers are told in reverse order of declaration (spec: server states, 7).
    fn trackers(&self, id: ServerId) -> Vec<ServerId> {
        self.server(id).trackers.iter().rev().copied().collect()
    }

    /// A server that stopped being usable gives its own line back to balancing, under
    /// `option redispatch` without `option persist` (spec: server states, 6).
    fn move_queue_out(
        &mut self,
        now: Moment,
        id: ServerId,
        maintenance: bool,
        chance: &mut dyn Chance,
    ) -> u32 {
        let backend = &self.backends[id.backend.0 as usize];
        let allowed = backend.config.redispatch.is_some() && !backend.config.persist;
        let stays = backend.config.redispatch.is_some() && self.profile.moved_requests_stay;
        let forced_out = maintenance && self.profile.maintenance_moves_any_queue;
        if !allowed && !forced_out {
            return 0;
        }
        let waiting: Vec<RequestId> = backend.servers[id.slot as usize]
            .queue
            .iter()
            .filter(|request| !self.flows[*request].marks.has(Mark::Forced))
            .collect();
        let moved = waiting.len() as u32;
        for request in waiting {
            if stays {
                self.start_waiting(now, request, id.slot, false);
            } else {
                self.leave_queue(request);
                let flow = &mut self.flows[request];
                flow.phase = Phase::Pausing;
                flow.marks.clear(Mark::Direct);
                flow.marks.clear(Mark::Assigned);
                flow.leaving = id.slot;
                self.place(now, request, chance);
            }
        }
        moved
    }

    /// Without a usable server left, 3.4 does not let the backend's line wait.
    fn empty_backend_queue(&mut self, now: Moment, id: ServerId, chance: &mut dyn Chance) {
        let backend = &self.backends[id.backend.0 as usize];
        if !self.profile.last_server_empties_queue || backend.farm.weight() > 0 {
            return;
        }
        let waiting: Vec<RequestId> = backend.queue.iter().collect();
        for request in waiting {
            self.leave_queue(request);
            self.flows[request].phase = Phase::Pausing;
            self.place(now, request, chance);
        }
    }

    /// `on-marked-down shutdown-sessions`
    fn kill_if_marked_down(&mut self, now: Moment, id: ServerId) {
        if self.server(id).config.on_marked_down_shutdown {
            self.kill_all(now, id, b'D');
        }
    }

    /// `on-marked-up shutdown-backup-sessions`
    fn kill_backups_if_marked_up(&mut self, now: Moment, id: ServerId) {
        let server = self.server(id);
        let weight = self.backends[id.backend.0 as usize].farm.members[id.slot as usize].weight;
        if !server.config.on_marked_up_shutdown_backup || server.config.backup || weight == 0 {
            return;
        }
        let backups: Vec<ServerId> = self.backends[id.backend.0 as usize]
            .servers
            .iter()
            .filter(|server| server.config.backup)
            .map(|server| server.id)
            .collect();
        for backup in backups {
            self.kill_all(now, backup, b'U');
        }
    }

    /// Ends every request in progress on `id` with this first letter.
    pub(crate) fn kill_all(&mut self, now: Moment, id: ServerId, letter: u8) {
        let victims: Vec<RequestId> = self
            .flows
            .ids()
            .filter(|request| {
                let flow = &self.flows[*request];
                flow.server_id() == Some(id)
                    && matches!(
                        flow.phase,
                        Phase::Connecting | Phase::Waiting | Phase::Relaying | Phase::Pausing
                    )
            })
            .collect();
        for request in victims {
            self.kill(now, request, letter);
        }
    }

    /// Ends `request` in the middle of what it does. While it waits for an answer or gets one
    /// that is the server's failure; before, 2.6 says nothing to the client at all.
    fn kill(&mut self, now: Moment, request: RequestId, letter: u8) {
        self.hang_up(request);
        let internal = self.profile.kills_answer_500;
        match self.flows[request].phase {
            Phase::Relaying => {
                self.count_abort(request);
                self.flows[request].letters = [letter, b'D'];
            }
            Phase::Waiting => {
                self.count_bad_answer(request);
                let (status, second) = if internal { (500, b'C') } else { (502, b'H') };
                self.answer_ourselves(request, status, [letter, second]);
            }
            _ => {
                let status = if internal { 500 } else { 0 };
                self.answer_ourselves(request, status, [letter, b'C']);
            }
        }
        self.end(now, request, true);
    }
}

/// Percent of its limit that a warming-up server may use (spec: queues, 2).
pub(crate) fn warmth(server: &Server, now: Moment) -> u32 {
    let slowstart = server.slowstart_secs();
    if server.state != Operational::Starting || slowstart == 0 {
        return 100;
    }
    (100 * server.change_age(now) / slowstart).min(100) as u32
}
