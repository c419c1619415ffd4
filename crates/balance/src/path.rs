//! A request's way: arrival, election, queue or slot, attempt, answer, end.
//!
//! Sources: spec balancing 1.4 (election), queues 1-4 (slots and lines), http-and-timing
//! 4 and 5 (order of the books).

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::backend::Backend;
use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::config::{Balance, Observe};
use crate::elect::Elected;
use crate::event::{By, Event, Interest};
use crate::flow::{Flow, Persistence, Phase, Trouble};
use crate::ids::{AttemptId, BackendId, RequestId, ServerId};
use crate::input::Breach;
use crate::output::Output;
use crate::queue::Ticket;
use crate::request::{Request, Response};
use crate::time::Moment;
use crate::timers::NONE;

impl Balancer {
    /// A request has arrived whole.
    pub(crate) fn arrive(
        &mut self,
        now: Moment,
        request: RequestId,
        backend: BackendId,
        facts: &Request<'_>,
        chance: &mut dyn Chance,
    ) {
        let flow = self.flows.at(request);
        match self.backends.get_mut(backend.0 as usize) {
            Some(ruled) if ruled.ruled && flow.phase == Phase::Over => {
                self.pass(now, request, backend, facts, chance);
            }
            Some(backend) if flow.phase == Phase::Over => {
                if !self.passages.is_empty() {
                    self.passages.remove(&request);
                }
                Self::admit(now, flow, backend, facts);
                if backend.persists {
                    self.persist(now, request, facts);
                }
                self.forget_crowd(request);
                self.find_place(now, request, chance);
            }
            _ => self.note_ghost(),
        }
    }

    /// Opens the books for a new request.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn admit(now: Moment, flow: &mut Flow, backend: &mut Backend, facts: &Request<'_>) {
        backend.farm.connections += 1;
        backend.counters.stot += 1;
        backend.counters.smax = backend.counters.smax.max(backend.farm.connections);
        let hash = match &backend.config.balance {
            Balance::Hash(key) => crate::key::hash_of(key, backend.config.hash, facts),
            _ => None,
        };
        // Taking what is boxed first spares looking whether it must be freed.
        *flow = Flow {
            turn: flow.turn,
            backend: backend.id.0,
            keyed: hash.is_some(),
            key: hash.unwrap_or_default(),
            arrived: now,
            ticket: flow.ticket.take(),
            persistence: flow.persistence.take(),
            ..Flow::default()
        };
        if let Some(kept) = &mut flow.persistence {
            **kept = Persistence::of(facts.method);
        } else if backend.config.cookie.is_some() || backend.config.stick.is_some() {
            flow.persistence = Some(Box::new(Persistence::of(facts.method)));
        }
    }

    /// Finds a server for `request` and sends it there, or lets it wait, or refuses it.
    #[inline(never)]
    pub(crate) fn place(&mut self, now: Moment, request: RequestId, chance: &mut dyn Chance) {
        self.find_place(now, request, chance);
    }

    /// [`place`](Self::place), put where every request comes by.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn find_place(&mut self, now: Moment, request: RequestId, chance: &mut dyn Chance) {
        loop {
            let flow = &mut self.flows[request];
            let backend = &mut self.backends[flow.backend as usize];
            if !flow.assigned {
                match backend.elect(&self.profile, now, flow, chance) {
                    Elected::Server(slot)
                        if flow.leaving == NONE && self.interest != Interest::Everything =>
                    {
                        backend.count_choice(flow, slot);
                        flow.assign(slot);
                    }
                    Elected::Server(slot) => {
                        self.assign(request, slot);
                        continue;
                    }
                    Elected::Full => return self.wait_for_anybody(now, request),
                    Elected::Nobody => return self.find_nobody(now, request),
                }
            }
            if !backend.farm.is_saturated(flow.server) {
                backend.take_slot(now, flow, flow.server);
                let dispatched = backend.start_attempt(now, request, flow);
                let lane = backend.limits.connect;
                self.timers.arm(&mut self.flows, now, lane, request);
                return self.outputs.push(dispatched);
            }
            if !self.leave_full_server(now, request) {
                return;
            }
        }
    }

    /// Starts on a server that was remembered as idle, although others wait.
    pub(crate) fn start_on_idle(&mut self, now: Moment, request: RequestId, slot: u32) {
        let (flow, backend) = self.parts(request);
        flow.assigned = true;
        flow.server = slot;
        flow.by = By::Queue;
        backend.take_slot(now, flow, slot);
        self.connect(now, request);
    }

    /// Balancing has chosen `slot`: books who was chosen, and who was left for it.
    #[inline(never)]
    fn assign(&mut self, request: RequestId, slot: u32) {
        let (flow, backend) = self.parts(request);
        backend.count_choice(flow, slot);
        if flow.leaving != NONE {
            self.settle(request, Some(slot));
        }
        let flow = &mut self.flows[request];
        flow.assign(slot);
        if self.wants_decisions() {
            let server = self.flows[request].server_id().expect("just set");
            self.note(Event::Chosen {
                request,
                server,
                by: By::Algorithm,
            });
        }
    }

    /// Ends a departure from a server: anything but that server is a redispatch, the same
    /// server again is a retry (spec: queues, 5, and server states, 6).
    pub(crate) fn settle(&mut self, request: RequestId, outcome: Option<u32>) {
        let flow = &mut self.flows[request];
        let left = core::mem::replace(&mut flow.leaving, NONE);
        if left == NONE {
            return;
        }
        let backend = &mut self.backends[flow.backend as usize];
        let counters = &mut backend.servers[left as usize].counters;
        if outcome == Some(left) {
            counters.wretr += 1;
            backend.counters.wretr += 1;
            return;
        }
        counters.wredis += 1;
        backend.counters.wredis += 1;
        flow.redispatched = true;
        flow.server = NONE;
        if let Some(persistence) = &mut flow.persistence {
            persistence.cookie.redispatched();
        }
        if self.wants_decisions() {
            let from = ServerId {
                backend: BackendId(self.flows[request].backend),
                slot: left,
            };
            self.note(Event::Redispatched { request, from });
        }
    }

    /// Starts an attempt on the assigned server.
    pub(crate) fn connect(&mut self, now: Moment, request: RequestId) {
        let (flow, backend) = self.parts(request);
        let dispatched = backend.start_attempt(now, request, flow);
        let lane = backend.limits.connect;
        self.timers.arm(&mut self.flows, now, lane, request);
        self.outputs.push(dispatched);
    }

    /// `request` joins a line.
    pub(crate) fn enqueue(&mut self, now: Moment, request: RequestId, slot: Option<u32>) {
        self.tickets += 1;
        let mut ticket = Ticket {
            class: 0,
            at: now.as_millis() as i64,
            arrival: self.tickets,
            let_out: 0,
        };
        if let Some(passage) = self.passages.get(&request) {
            ticket.class = passage.class;
            ticket.at += i64::from(passage.offset);
        }
        let flow = &mut self.flows[request];
        flow.phase = Phase::Queued;
        let backend = &mut self.backends[flow.backend as usize];
        ticket.let_out = match slot {
            Some(slot) => backend.servers[slot as usize].queue.let_out(),
            None => backend.queue.let_out(),
        };
        flow.ticket = Some(Box::new(ticket));
        if let Some(slot) = slot {
            let server = &mut backend.servers[slot as usize];
            server.queue.join(ticket, request);
            let length = server.queue.len();
            server.counters.qmax = server.counters.qmax.max(length);
            backend.farm.members[slot as usize].queued = length;
        } else {
            flow.server = NONE;
            backend.queue.join(ticket, request);
            backend.farm.queued = backend.queue.len();
            backend.counters.qmax = backend.counters.qmax.max(backend.farm.queued);
        }
        let (lane, id) = (backend.limits.queue, backend.id);
        self.timers.arm(&mut self.flows, now, lane, request);
        if self.wants_decisions() {
            let queue = slot.map(|slot| ServerId { backend: id, slot });
            self.note(Event::Queued { request, queue });
        }
        if self.profile.joining_runs_queue
            && let Some(slot) = slot
        {
            self.dequeue(now, id, slot);
        }
    }

    /// Takes `request` out of the line it waits in, without starting it.
    pub(crate) fn leave_queue(&mut self, request: RequestId) {
        let flow = &mut self.flows[request];
        let Some(ticket) = flow.ticket.take() else {
            return;
        };
        let backend = &mut self.backends[flow.backend as usize];
        if flow.server == NONE {
            backend.queue.leave(*ticket);
            backend.farm.queued = backend.queue.len();
        } else {
            let server = &mut backend.servers[flow.server as usize];
            server.queue.leave(*ticket);
            backend.farm.members[flow.server as usize].queued = server.queue.len();
        }
        self.timers.disarm(&mut self.flows, request);
        self.note_place(request, *ticket);
    }

    /// Lets waiting requests start on `slot` while it has room (spec: queues, 4).
    pub(crate) fn dequeue(&mut self, now: Moment, id: BackendId, slot: u32) {
        let backend = &self.backends[id.0 as usize];
        if !backend.has_waiting(slot) {
            return;
        }
        let member = &backend.farm.members[slot as usize];
        // The gate looks at connections, the loop at slots.
        if member.maxconn != 0
            && backend.servers[slot as usize].connections >= backend.farm.limit(slot)
        {
            return;
        }
        self.run_queue(now, id, slot);
    }

    /// The loop of [`dequeue`](Self::dequeue), without its gate.
    fn run_queue(&mut self, now: Moment, id: BackendId, slot: u32) {
        let backend = &self.backends[id.0 as usize];
        // Without `maxconn` the limit is `minconn`: where there is neither, nothing leaves.
        let limit = backend.farm.limit(slot);
        while self.backends[id.0 as usize].farm.members[slot as usize].served < limit {
            let Some(request) = self.next_waiting(id, slot) else {
                break;
            };
            self.start_waiting(now, request, slot, true);
        }
        if self.profile.idle_server_is_remembered {
            let backend = &mut self.backends[id.0 as usize];
            let idle = backend.farm.served == 0;
            if idle && backend.idle.is_none() {
                backend.idle = Some(slot);
            }
        }
    }

    /// The server that was remembered as idle, if it still is; it is forgotten either way.
    pub(crate) fn idle_server(&mut self, request: RequestId) -> Option<u32> {
        let backend = self.backend_of(request);
        let slot = backend.idle.take()?;
        (backend.farm.members[slot as usize].served == 0).then_some(slot)
    }

    /// Who starts next on `slot`: the first of its own line or of the backend's.
    fn next_waiting(&self, id: BackendId, slot: u32) -> Option<RequestId> {
        let backend = &self.backends[id.0 as usize];
        let own = backend.servers[slot as usize].queue.first();
        let shared = self
            .may_draw(id, slot)
            .then(|| backend.queue.first())
            .flatten();
        match (own, shared) {
            (Some((mine, request)), Some((theirs, other))) => {
                let mine_first = (mine.class, mine.at) <= (theirs.class, theirs.at);
                Some(if mine_first { request } else { other })
            }
            (own, shared) => own.or(shared).map(|(_, request)| request),
        }
    }

    /// Whether `slot` may take requests from the backend's line.
    fn may_draw(&self, id: BackendId, slot: u32) -> bool {
        let farm = &self.backends[id.0 as usize].farm;
        let member = &farm.members[slot as usize];
        member.usable
            && (!member.backup
                || (farm.actives == 0 && (farm.allbackups || farm.first_backup == Some(slot))))
    }

    /// Gives a waiting request to `slot` and wakes it; `with_slot` is false for the ones that
    /// a server coming up takes without counting them. It connects in its turn, when all
    /// that became known together has been dealt with (spec: queues, 5).
    pub(crate) fn start_waiting(
        &mut self,
        now: Moment,
        request: RequestId,
        slot: u32,
        with_slot: bool,
    ) {
        self.leave_queue(request);
        let (flow, backend) = self.parts(request);
        if with_slot {
            match flow.server {
                NONE => backend.queue.count_let_out(),
                own => backend.servers[own as usize].queue.count_let_out(),
            }
        }
        if flow.server != slot {
            flow.by = By::Queue;
        }
        flow.server = slot;
        flow.assigned = true;
        flow.phase = Phase::Woken;
        if with_slot {
            backend.take_slot(now, flow, slot);
        }
        self.woken.push_back(request);
    }

    /// The next woken request connects; says whether there was one.
    pub(crate) fn run_woken(&mut self, now: Moment) -> bool {
        let Some(request) = self.woken.pop_front() else {
            return false;
        };
        // It may have gone while it slept.
        if self.flows[request].phase == Phase::Woken {
            if self.wants_decisions() {
                let flow = &self.flows[request];
                let server = flow.server_id().expect("it was given to a server");
                let waited = now.since(flow.arrived);
                self.note(Event::Dequeued {
                    request,
                    server,
                    waited,
                });
            }
            self.connect(now, request);
        }
        true
    }

    /// A server that came up takes from the backend's line (spec: queues, 4).
    pub(crate) fn draw_waiting(&mut self, now: Moment, server: ServerId, chance: &mut dyn Chance) {
        if self.profile.coming_up_takes_slots {
            return self.run_queue(now, server.backend, server.slot);
        }
        if !self.may_draw(server.backend, server.slot) {
            return;
        }
        let backend = &self.backends[server.backend.0 as usize];
        let member = &backend.farm.members[server.slot as usize];
        let room = if member.maxconn == 0 {
            u32::MAX
        } else {
            backend
                .farm
                .limit(server.slot)
                .saturating_sub(member.served)
        };
        let taken: Vec<RequestId> = backend.queue.iter().take(room as usize).collect();
        if !self.profile.drawn_are_balanced_again {
            for request in taken {
                self.start_waiting(now, request, server.slot, false);
            }
            return;
        }
        // All leave the line before the first of them is balanced again.
        for request in &taken {
            self.leave_queue(*request);
            let flow = &mut self.flows[*request];
            flow.phase = Phase::Pausing;
            flow.leaving = server.slot;
        }
        for request in taken {
            self.place(now, request, chance);
        }
    }

    /// The connection of the present attempt is there.
    pub(crate) fn connected(&mut self, now: Moment, attempt: AttemptId, chance: &mut dyn Chance) {
        let request = attempt.request;
        if !self.is_live(attempt, &[Phase::Connecting]) {
            return self.note_ghost();
        }
        self.timers.disarm(&mut self.flows, request);
        let (flow, backend) = self.parts(request);
        flow.phase = Phase::Waiting;
        flow.connected_at = now;
        let lane = backend.limits.server;
        let observer = backend.observer(flow, Observe::Layer4);
        self.timers.arm(&mut self.flows, now, lane, request);
        if let Some(server) = observer {
            self.observe_connection(now, server, true, chance);
        }
    }

    /// The head of the answer is there.
    pub(crate) fn answered(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        response: &Response<'_>,
        chance: &mut dyn Chance,
    ) {
        self.relay(now, attempt, response, false, chance);
    }

    /// [`answered`](Self::answered), put where every request comes by; `whole` if the end of
    /// the answer is there too. Whether it is being forwarded from now on.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn relay(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        response: &Response<'_>,
        whole: bool,
        chance: &mut dyn Chance,
    ) -> bool {
        let request = attempt.request;
        if !self.is_live(attempt, &[Phase::Waiting]) {
            self.note_ghost();
            return false;
        }
        self.timers.disarm(&mut self.flows, request);
        let (flow, backend) = self.parts(request);
        if backend.retries_status(flow, response.status) {
            self.hang_up(request);
            self.retry_answer(now, request, chance);
            return false;
        }
        flow.phase = Phase::Relaying;
        flow.answered_at = now;
        flow.status = response.status;
        let lane = backend.limits.server;
        if let Some(server) = backend.count_answer(flow, Observe::Layer7) {
            self.observe_status(now, server, response.status, chance);
            // That may have taken the server down, and its requests with it.
            if self.flows[request].phase == Phase::Over {
                return false;
            }
        }
        if self.flows[request].persistence.is_some() {
            self.bind(now, request, response);
        }
        if !whole {
            self.timers.arm(&mut self.flows, now, lane, request);
        }
        self.outputs.push(Output::Relay { request });
        true
    }

    /// The head of the answer is there, and its end with it.
    pub(crate) fn answered_whole(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        response: &Response<'_>,
        bytes: u64,
        chance: &mut dyn Chance,
    ) {
        if self.relay(now, attempt, response, true, chance) {
            self.close(now, attempt.request, bytes);
        } else {
            self.note_ghost();
        }
    }

    /// The answer has been forwarded whole.
    pub(crate) fn finished(&mut self, now: Moment, attempt: AttemptId, bytes: u64) {
        let request = attempt.request;
        if !self.is_live(attempt, &[Phase::Relaying]) {
            return self.note_ghost();
        }
        self.close(now, request, bytes);
    }

    /// Books an answer that was forwarded whole.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn close(&mut self, now: Moment, request: RequestId, bytes: u64) {
        let (flow, backend) = self.parts(request);
        backend.counters.bout += bytes;
        backend.servers[flow.server as usize].counters.bout += bytes;
        self.close_books(now, request, true);
    }

    /// The server broke its answer off, or gave none (spec: http-and-timing, 3).
    pub(crate) fn broken(
        &mut self,
        now: Moment,
        attempt: AttemptId,
        breach: Breach,
        chance: &mut dyn Chance,
    ) {
        let request = attempt.request;
        if !self.is_live(attempt, &[Phase::Waiting, Phase::Relaying]) {
            return self.note_ghost();
        }
        self.timers.disarm(&mut self.flows, request);
        if self.flows[request].phase == Phase::Relaying {
            self.count_bad_answer(request);
            self.count_abort(request);
            self.flows[request].letters = *b"SD";
            return self.end(now, request, true);
        }
        if breach == Breach::Junk {
            self.count_bad_answer(request);
        }
        let retry = {
            let retry_on = &self.backend_of(request).config.retry_on;
            match breach {
                Breach::Empty | Breach::Cut => retry_on.empty_response,
                Breach::Junk => retry_on.junk_response,
            }
        };
        let what = match breach {
            Breach::Empty | Breach::Cut => "Close from server (http)",
            Breach::Junk => "Invalid http response",
        };
        self.observe_error(now, request, what, chance);
        if self.flows[request].phase == Phase::Over {
            return;
        }
        if retry && self.may_retry(request) {
            return self.retry_answer(now, request, chance);
        }
        let letters = if breach == Breach::Junk {
            *b"PH"
        } else {
            *b"SH"
        };
        if breach != Breach::Junk {
            self.count_bad_answer(request);
        }
        self.answer_ourselves(request, 502, letters);
        self.end(now, request, true);
    }

    /// The client has gone (spec: http-and-timing, 3, "client closes").
    pub(crate) fn gone(&mut self, now: Moment, request: RequestId) {
        let Some(flow) = self.flows.get(request) else {
            return self.note_ghost();
        };
        let phase = flow.phase;
        if phase == Phase::Over {
            return self.note_ghost();
        }
        if phase == Phase::Held {
            return self.gone_while_held(now, request);
        }
        let honoured = self.profile.aborts_honoured || self.backend_of(request).config.abortonclose;
        if !honoured {
            return;
        }
        let letters = match phase {
            Phase::Queued | Phase::Woken => *b"CQ",
            Phase::Connecting | Phase::Pausing => *b"CC",
            Phase::Waiting => *b"CH",
            Phase::Relaying | Phase::Held | Phase::Over => *b"CD",
        };
        if matches!(phase, Phase::Queued | Phase::Woken) {
            self.leave_queue(request);
        }
        self.hang_up(request);
        let (flow, backend) = self.parts(request);
        flow.letters = letters;
        if matches!(phase, Phase::Waiting | Phase::Relaying) {
            backend.counters.cli_abrt += 1;
            backend.servers[flow.server as usize].counters.cli_abrt += 1;
        }
        if phase == Phase::Waiting {
            flow.status = 400;
        }
        if phase != Phase::Relaying {
            backend.counters.answered(flow.status);
        }
        let server_side = !matches!(phase, Phase::Queued | Phase::Woken);
        self.end(now, request, server_side);
    }

    /// A request's time limit has passed.
    pub(crate) fn overdue(&mut self, now: Moment, request: RequestId, chance: &mut dyn Chance) {
        match self.flows[request].phase {
            Phase::Over | Phase::Woken => {}
            Phase::Held => self.let_go(now, request),
            Phase::Queued => self.queue_timeout(now, request),
            Phase::Connecting => {
                self.hang_up(request);
                self.attempt_failed(now, request, Trouble::ConnectTimeout, chance);
            }
            Phase::Pausing => {
                if self.flows[request].assigned {
                    self.connect(now, request);
                } else {
                    self.place(now, request, chance);
                }
            }
            Phase::Waiting => self.response_timeout(now, request, chance),
            Phase::Relaying => {
                self.hang_up(request);
                self.count_abort(request);
                self.flows[request].letters = *b"sD";
                self.end(now, request, true);
            }
        }
    }

    fn queue_timeout(&mut self, now: Moment, request: RequestId) {
        self.leave_queue(request);
        let slot = self.flows[request].server;
        let backend = self.backend_of(request);
        backend.counters.econ += 1;
        if slot != NONE {
            backend.servers[slot as usize].counters.econ += 1;
        }
        self.refuse(now, request, Trouble::QueueTimeout, false);
    }

    fn response_timeout(&mut self, now: Moment, request: RequestId, chance: &mut dyn Chance) {
        self.hang_up(request);
        self.observe_error(now, request, "Read timeout (http)", chance);
        if self.flows[request].phase == Phase::Over {
            return;
        }
        if self.backend_of(request).config.retry_on.response_timeout && self.may_retry(request) {
            return self.retry_answer(now, request, chance);
        }
        self.count_bad_answer(request);
        self.answer_ourselves(request, 504, *b"sH");
        self.end(now, request, true);
    }

    /// The final answer is ours: 503, with the letters of the first trouble met.
    /// `server_side`: a server was being tried.
    pub(crate) fn refuse(
        &mut self,
        now: Moment,
        request: RequestId,
        trouble: Trouble,
        server_side: bool,
    ) {
        let letters = self.flows[request].trouble.get_or_insert(trouble).letters();
        self.answer_ourselves(request, 503, letters);
        self.end(now, request, server_side);
    }

    pub(crate) fn answer_ourselves(&mut self, request: RequestId, status: u16, letters: [u8; 2]) {
        let flow = &mut self.flows[request];
        flow.status = status;
        flow.letters = letters;
        self.backend_of(request).counters.answered(status);
        self.outputs.push(Output::Answer { request, status });
    }

    /// Closes the books of `request` (spec: http-and-timing 4, step 7).
    #[inline(never)]
    pub(crate) fn end(&mut self, now: Moment, request: RequestId, server_side: bool) {
        self.close_books(now, request, server_side);
    }

    /// [`end`](Self::end), put where every request comes by.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn close_books(&mut self, now: Moment, request: RequestId, server_side: bool) {
        self.timers.disarm(&mut self.flows, request);
        let (flow, backend) = self.parts(request);
        flow.phase = Phase::Over;
        flow.until = now;
        let (id, slot) = (backend.id, flow.server);
        let persists = flow.persistence.is_some();
        backend.uncount(flow);
        backend.drop_slot(flow);
        backend.count_times(flow);
        let known = slot != NONE;
        if known && server_side && backend.has_waiting(slot) {
            self.dequeue(now, id, slot);
        }
        if persists {
            self.release_place(request);
        }
        if !self.tracked.is_empty() {
            self.untrack(now, request);
        }
        if self.wants_decisions() {
            self.note(Event::Ended(request));
        }
        let backend = &mut self.backends[id.0 as usize];
        backend.farm.connections -= 1;
        if self.wants_decisions() {
            self.note_crowd(request);
        }
        if known && self.backends[id.0 as usize].has_waiting(slot) {
            self.dequeue(now, id, slot);
        }
    }

    /// The answer ended before its time.
    pub(crate) fn count_abort(&mut self, request: RequestId) {
        let (flow, backend) = self.parts(request);
        backend.counters.srv_abrt += 1;
        backend.servers[flow.server as usize].counters.srv_abrt += 1;
    }

    /// No answer came, or none that is one.
    pub(crate) fn count_bad_answer(&mut self, request: RequestId) {
        let (flow, backend) = self.parts(request);
        backend.counters.eresp += 1;
        backend.servers[flow.server as usize].counters.eresp += 1;
    }

    /// Whether `attempt` is the present one of its request, in one of `phases`.
    #[inline]
    pub(crate) fn is_live(&self, attempt: AttemptId, phases: &[Phase]) -> bool {
        self.flows
            .get(attempt.request)
            .is_some_and(|flow| flow.turn == attempt.turn && phases.contains(&flow.phase))
    }

    /// Asks for the present attempt's connection to be closed.
    pub(crate) fn hang_up(&mut self, request: RequestId) {
        let flow = &self.flows[request];
        if matches!(
            flow.phase,
            Phase::Connecting | Phase::Waiting | Phase::Relaying
        ) {
            let attempt = AttemptId {
                request,
                turn: flow.turn,
            };
            self.outputs.push(Output::Hangup(attempt));
        }
    }
}
