//! How crowded it was around a request: the connection counts and queue positions of an
//! HTTP log line (spec: runtime-api, 5), kept only for those who want every decision.

use crate::balancer::Balancer;
use crate::ids::RequestId;
use crate::queue::Ticket;
use crate::timers::NONE;

/// How crowded it was when a request ended, itself no longer counted. Known only to those who
/// listen to [`Everything`](crate::Interest::Everything); zeros otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Requests in its backend, queued ones included (`%bc`).
    pub backend: u32,
    /// Connections in progress on its server (`%sc`).
    pub server: u32,
    /// Its places in queues of servers, added up: one more than the requests that such a
    /// queue let out for its server while this one waited (`%sq`; seen on 2.6.12).
    pub server_queue: u32,
    /// Its place in the backend's queue, counted likewise (`%bq`).
    pub backend_queue: u32,
}

impl Balancer {
    /// `request` left the line that it waited in with `ticket`.
    pub(crate) fn note_place(&mut self, request: RequestId, ticket: Ticket) {
        if !self.wants_decisions() {
            return;
        }
        let flow = &self.flows[request];
        let backend = &self.backends[flow.backend as usize];
        let own = (flow.server != NONE).then(|| &backend.servers[flow.server as usize].queue);
        let line = own.unwrap_or(&backend.queue);
        let place = (line.let_out() - ticket.let_out) as u32 + 1;
        let in_own = own.is_some();
        let crowd = self.crowds.entry(request).or_default();
        if in_own {
            crowd.server_queue += place;
        } else {
            crowd.backend_queue += place;
        }
    }

    /// `request` is over and no longer counted.
    pub(crate) fn note_crowd(&mut self, request: RequestId) {
        let flow = &self.flows[request];
        let backend = &self.backends[flow.backend as usize];
        let server = backend.servers.get(flow.server as usize);
        let (streams, connections) = (
            backend.farm.connections,
            server.map_or(0, |server| server.connections),
        );
        let crowd = self.crowds.entry(request).or_default();
        crowd.backend = streams;
        crowd.server = connections;
    }

    /// A new request has the number of one that is over.
    #[inline]
    pub(crate) fn forget_crowd(&mut self, request: RequestId) {
        if !self.crowds.is_empty() {
            self.forget_known_crowd(request);
        }
    }

    #[cold]
    fn forget_known_crowd(&mut self, request: RequestId) {
        self.crowds.remove(&request);
    }

    /// What is known of the crowd around `request`, which is over.
    pub(crate) fn crowd_at_end(&self, request: RequestId) -> Crowd {
        self.crowds.get(&request).copied().unwrap_or_default()
    }
}
