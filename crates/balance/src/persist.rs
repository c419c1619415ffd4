//! Persistence on a request's way: what binds it to a server, and what its answer is
//! given to bind the next one (spec: cookies, 1).

use crate::balancer::Balancer;
use crate::event::{By, Event};
use crate::flow::Flow;
use crate::ids::RequestId;
use crate::request::{Request, Response};
use crate::stick::cookie::{CookieState, Freedom, Standing};
use crate::stick::forward::forwarded;
use crate::stick::set_cookie::Served;
use crate::time::Moment;

impl Balancer {
    /// Reads the cookie of a new request: the server it is bound to, and what is forwarded.
    pub(crate) fn persist(&mut self, now: Moment, request: RequestId, facts: &Request<'_>) {
        let flow = &mut self.flows[request];
        let backend = &mut self.backends[flow.backend as usize];
        let Some(kept) = &mut flow.persistence else {
            return;
        };
        let Some(cookie) = &backend.config.cookie else {
            return;
        };
        let forced = backend.config.persist || flow.forced;
        let servers = &backend.servers;
        let standing = |slot: u32| match (servers[slot as usize].is_stopped(), forced) {
            (false, _) => Standing::Reachable,
            (true, true) => Standing::Forced,
            (true, false) => Standing::Lost,
        };
        let (state, slot) = CookieState::read(
            cookie,
            &backend.cookies,
            Freedom::Free,
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

    /// Persistence has chosen `slot`.
    fn bind_to(&mut self, request: RequestId, slot: u32, by: By) {
        let flow = &mut self.flows[request];
        flow.assigned = true;
        flow.direct = true;
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

    /// Writes the cookie of an answer.
    pub(crate) fn bind(&mut self, now: Moment, request: RequestId, response: &Response<'_>) {
        let flow = &mut self.flows[request];
        let backend = &self.backends[flow.backend as usize];
        let (Some(kept), Some(cookie)) = (&mut flow.persistence, &backend.config.cookie) else {
            return;
        };
        let served = Served {
            value: backend.cookies.of(flow.server),
            direct: flow.direct,
            ignored: false,
            post: flow.post,
            cacheable: flow.cacheable,
            now: self.epoch + now.as_secs(),
            needs_reason: self.profile.nocache_needs_reason,
        };
        let change = kept.cookie.answer(cookie, served, response);
        kept.edits.set_cookies = change.set_cookies;
        kept.edits.cache_control_private = change.private;
    }

    /// The last two letters of the termination state.
    pub(crate) fn cookie_letters(&self, flow: &Flow) -> [u8; 2] {
        let cookie = &self.backends[flow.backend as usize].config.cookie;
        match (cookie, &flow.persistence) {
            (Some(cookie), Some(kept)) => kept.cookie.letters(cookie),
            _ => *b"--",
        }
    }

    /// `show table`
    pub(crate) fn table_text(&self, _now: Moment, _name: &str) -> alloc::string::String {
        "No such table\n".into()
    }
}
