//! Persistence on a request's way: what binds it to a server, and what its answer is
//! given to bind the next one (spec: cookies, 1).

use alloc::string::String;

use crate::balancer::Balancer;
use crate::event::{By, Event};
use crate::flow::{Flow, Mark};
use crate::ids::RequestId;
use crate::profile::Version;
use crate::request::{Request, Response};
use crate::stick::cookie::{CookieState, Freedom, Standing};
use crate::stick::forward::forwarded;
use crate::stick::set_cookie::Served;
use crate::stick::table::header;
use crate::time::Moment;

impl Balancer {
    /// Reads the cookie of a new request and asks the stick table: the server it is bound
    /// to, and what is forwarded.
    pub(crate) fn persist(&mut self, now: Moment, request: RequestId, facts: &Request<'_>) {
        self.read_cookie(now, request, facts);
        self.ask_table(now, request, facts);
    }

    fn read_cookie(&mut self, now: Moment, request: RequestId, facts: &Request<'_>) {
        let flow = &mut self.flows[request];
        let backend = &mut self.backends[flow.backend as usize];
        let (Some(kept), Some(cookie)) = (&mut flow.persistence, &backend.config.cookie) else {
            return;
        };
        let forced = backend.config.persist || flow.marks.has(Mark::Forced);
        let servers = &backend.servers;
        let standing = |slot: u32| match (servers[slot as usize].is_stopped(), forced) {
            (false, _) => Standing::Reachable,
            (true, true) => Standing::Forced,
            (true, false) => Standing::Lost,
        };
        let freedom = match (kept.ignored, flow.marks.has(Mark::Assigned)) {
            (true, _) => Freedom::Ignored,
            (false, true) => Freedom::Decided,
            (false, false) => Freedom::Free,
        };
        let (state, slot) = CookieState::read(
            cookie,
            &backend.cookies,
            freedom,
            facts.headers,
            self.epoch + now.as_secs(),
            standing,
        );
        kept.cookie = state;
        kept.edits.cookies = forwarded(cookie, facts.headers);
        if let Some(slot) = slot {
            self.bind_to(request, slot, By::Cookie);
        }
    }

    /// Applies the stick rules; a cookie that has decided stays in force.
    fn ask_table(&mut self, now: Moment, request: RequestId, facts: &Request<'_>) {
        let flow = &mut self.flows[request];
        let backend = &mut self.backends[flow.backend as usize];
        let (Some(kept), Some(stick)) = (&mut flow.persistence, &backend.config.stick) else {
            return;
        };
        let forced = backend.config.persist || flow.marks.has(Mark::Forced);
        let (servers, assigned) = (&backend.servers, flow.marks.has(Mark::Assigned));
        // An entry names its server: one that was deleted and added again is the same.
        let bound = |slot: u32| {
            let name = &servers[slot as usize].config.name;
            let heir = servers
                .iter()
                .find(|server| !server.deleted && server.config.name == *name)?;
            (!assigned && (forced || !heir.is_stopped())).then_some(heir.id.slot)
        };
        let (chosen, place) = backend.table.follow(stick, now, facts, bound);
        kept.place = place;
        if let Some(slot) = chosen {
            self.bind_to(request, slot, By::Stick);
        }
    }

    /// Gives the request's place in the stick table back: no server answered it.
    pub(crate) fn release_place(&mut self, request: RequestId) {
        let flow = &mut self.flows[request];
        let Some(place) = flow.persistence.as_mut().and_then(|kept| kept.place.take()) else {
            return;
        };
        self.backends[flow.backend as usize].table.release(place);
    }

    /// Persistence has chosen `slot`.
    pub(crate) fn bind_to(&mut self, request: RequestId, slot: u32, by: By) {
        let flow = &mut self.flows[request];
        flow.marks.set(Mark::Assigned);
        flow.marks.set(Mark::Direct);
        flow.server = slot;
        flow.by = by;
        if self.wants_decisions() {
            let server = self.flows[request].server_id().expect("just set");
            self.note(Event::Chosen {
                request,
                server,
                by,
            });
        }
    }

    /// Writes the cookie of an answer, and what the stick table learns from it.
    pub(crate) fn bind(&mut self, now: Moment, request: RequestId, response: &Response<'_>) {
        let flow = &mut self.flows[request];
        let backend = &mut self.backends[flow.backend as usize];
        let Some(kept) = &mut flow.persistence else {
            return;
        };
        if let Some(stick) = &backend.config.stick {
            backend
                .table
                .learn(stick, now, kept.place.take(), response, flow.server);
        }
        let Some(cookie) = &backend.config.cookie else {
            return;
        };
        let served = Served {
            value: backend.cookies.of(flow.server),
            direct: flow.marks.has(Mark::Direct),
            ignored: kept.ignored,
            post: kept.post,
            cacheable: kept.cacheable,
            now: self.epoch + now.as_secs(),
            needs_reason: self.profile.nocache_needs_reason,
        };
        let change = kept.cookie.answer(cookie, served, response);
        kept.edits.set_cookies = change.set_cookies;
        kept.edits.cache_control_private = change.private;
    }

    /// The last two letters of the termination state.
    pub(crate) fn cookie_letters(&self, flow: &Flow) -> [u8; 2] {
        let backend = self.backends.get(flow.backend as usize);
        match (
            backend.map(|backend| &backend.config.cookie),
            &flow.persistence,
        ) {
            (Some(Some(cookie)), Some(kept)) => kept.cookie.letters(cookie),
            _ => *b"--",
        }
    }

    /// `show table [NAME [key KEY]]`: a backend's table has the backend's name.
    pub(crate) fn table_text(&mut self, now: Moment, words: &[&str]) -> String {
        let shard = self.profile.version >= Version::V3_4;
        let Some(name) = words.first() else {
            let lines = self.backends.iter_mut().filter_map(|backend| {
                let stick = backend.config.stick.as_ref()?;
                let used = backend.table.used_at(stick, now);
                Some(header(stick, &backend.config.name, used))
            });
            return lines.collect();
        };
        let only = match words[1..] {
            ["key", key, ..] => Some(key),
            _ => None,
        };
        let table = self
            .backends
            .iter_mut()
            .find(|backend| backend.config.name == *name);
        let Some((backend, stick)) =
            table.and_then(|backend| backend.config.stick.clone().map(|stick| (backend, stick)))
        else {
            return "No such table\n".into();
        };
        let (servers, members) = (&backend.servers, &backend.farm.members);
        let named = |slot: u32| {
            let slot = slot as usize;
            (members[slot].id, servers[slot].config.name.clone())
        };
        backend.table.show(&stick, now, name, only, shard, named)
    }
}
