//! The connections of clients: whether they are accepted, and which of them lead through to
//! a server (mode tcp).

use balance::{AttemptId, Breach, Input, RequestId, ServerId};

use super::Port;
use crate::lab::backlog::{ConnectionId, Waiting};
use crate::lab::clients::{Clients, Outcome};
use crate::lab::lines::{Connection, Line};
use crate::lab::node::Node;
use crate::lab::outbox::Outbox;
use crate::lab::sessions::Visit;
use crate::trace::{Message, Sink};

impl Port {
    /// Whether it matters which connections clients have.
    #[inline]
    pub(in crate::lab) fn watches(&self) -> bool {
        self.backlog.is_some() || self.tunnels.is_on()
    }

    /// Whether the request goes on to the rules: its connection may have to wait, or lead
    /// through to a server.
    #[inline(never)]
    pub(in crate::lab) fn lets_in<S: Sink>(
        &mut self,
        client: u32,
        request: RequestId,
        first: bool,
        clients: &Clients,
        out: &mut Outbox<'_, S>,
    ) -> bool {
        let connection = clients.connection(client);
        if first {
            self.left(connection, clients, out);
        }
        let (line, jar) = clients.asks(client);
        let detour = self.detour(client);
        let line = detour.as_ref().unwrap_or(line);
        if let Some(backlog) = &mut self.backlog
            && !backlog.admits(connection, client, request, line.door)
        {
            return false;
        }
        if !self.tunnels.is_on() {
            return true;
        }
        let Some(tunnel) = self.tunnels.ride(connection, request) else {
            return true;
        };
        let cookie = jar.and_then(|jar| jar.header(out.now()));
        out.hear(|| Message::Asked {
            request,
            method: &line.method,
            uri: &line.uri,
            cookie: cookie.as_deref(),
        });
        self.pump(Input::Stirred(tunnel.attempt), out);
        if let Some(node) = self.node_of(tunnel.server) {
            let line = self.lines.get(&tunnel.attempt).copied();
            let way = Connection::Reused(line.unwrap_or(Line::ANY));
            self.forward(tunnel.attempt, tunnel.server, node, way, out);
        }
        false
    }

    /// `client` has done something: perhaps it has closed its connection. (The proxy may have
    /// known one wire earlier, or one later.)
    #[inline(never)]
    pub(in crate::lab) fn watch<S: Sink>(
        &mut self,
        client: u32,
        clients: &Clients,
        out: &mut Outbox<'_, S>,
    ) {
        if self.watches() && !clients.is_connected(client) {
            self.left(clients.connection(client), clients, out);
        }
    }

    /// A client's connection is closed: it makes room for others.
    #[inline(never)]
    pub(in crate::lab) fn left<S: Sink>(
        &mut self,
        connection: ConnectionId,
        clients: &Clients,
        out: &mut Outbox<'_, S>,
    ) {
        if let Some(tunnel) = self.tunnels.idle(connection) {
            self.close(tunnel.attempt, out);
        }
        let accepted = self
            .backlog
            .as_mut()
            .map(|backlog| backlog.close(connection));
        for Waiting {
            client, request, ..
        } in accepted.into_iter().flatten()
        {
            // Its line is the first, and it may be asked over a tunnel from now on.
            if self.tunnels.is_on() {
                self.tunnels.ride(clients.connection(client), request);
            }
            self.enters(client, request, true, clients, out);
        }
    }

    /// Both ends of a tunnel are closed.
    fn close<S: Sink>(&mut self, attempt: AttemptId, out: &mut Outbox<'_, S>) {
        self.tunnels.close(attempt);
        self.headed.remove(&attempt);
        self.lines.remove(&attempt);
        self.pump(Input::Finished(attempt, 0), out);
    }

    /// A node's whole answer is here, over a connection that goes on (mode tcp).
    #[inline(never)]
    pub(in crate::lab) fn carried<S: Sink>(
        &mut self,
        attempt: AttemptId,
        server: ServerId,
        status: u16,
        visit: Visit,
        nodes: &[Node],
        out: &mut Outbox<'_, S>,
    ) {
        if !self.headed.contains(&attempt) {
            self.head(attempt, status, visit, nodes, out);
            if !self.headed.contains(&attempt) {
                return;
            }
        }
        let set_cookie = self.set_cookie(attempt, visit, nodes);
        let (request, first) = self.tunnels.arrived(attempt, server);
        if !first {
            self.pump(Input::Stirred(attempt), out);
            out.hear(|| Message::Answered {
                attempt,
                status,
                set_cookie: set_cookie.as_deref(),
            });
        }
        self.post(request, set_cookie);
        self.deliver(request, status, true, visit.restarted(), out);
    }

    /// A client closed its connection while it waited for this request.
    pub(in crate::lab) fn gone<S: Sink>(
        &mut self,
        request: RequestId,
        clients: &Clients,
        out: &mut Outbox<'_, S>,
    ) {
        if let Some(backlog) = &mut self.backlog {
            if backlog.forget(request) {
                out.numbers().ended(request);
                return;
            }
            if let Some(connection) = backlog.of(request) {
                self.left(connection, clients, out);
            }
        }
        let carrier = self.tunnels.ridden(request);
        let request = carrier.map_or(request, |attempt| attempt.request);
        if self.balancer.ending(request).is_none() {
            self.pump(Input::Gone(request), out);
        }
        self.settle(request, out);
    }

    /// A node's process ended, and its idle connections with it.
    pub(in crate::lab) fn cut<S: Sink>(&mut self, node: u32, out: &mut Outbox<'_, S>) {
        for tunnel in self.tunnels.idle_ones() {
            if self.node_of(tunnel.server) == Some(node) {
                self.close(tunnel.attempt, out);
            }
        }
        for link in self.links.iter_mut().flatten() {
            if link.node == Some(node) {
                link.alive = false;
                link.idle.cut();
            }
        }
    }

    /// A node's process began.
    pub(in crate::lab) fn mend(&mut self, node: u32) {
        for link in self.links.iter_mut().flatten() {
            link.alive |= link.node == Some(node);
        }
    }

    /// A node's connection broke before its answer was whole.
    pub(in crate::lab) fn broken<S: Sink>(&mut self, attempt: AttemptId, out: &mut Outbox<'_, S>) {
        let request = self.tunnels.rider(attempt);
        self.tunnels.close(attempt);
        let headed = self.headed.remove(&attempt);
        self.lines.remove(&attempt);
        let breach = if headed { Breach::Cut } else { Breach::Empty };
        self.pump(Input::Broken(attempt, breach), out);
        if headed {
            self.deliver(request, 0, false, false, out);
        }
        self.settle(attempt.request, out);
    }

    /// Where `request` was placed, as far as samples tell.
    #[inline]
    pub(in crate::lab) fn placement(&mut self, request: RequestId) -> Outcome {
        let carrier = if self.tunnels.is_on() {
            self.tunnels.carrier(request)
        } else {
            request
        };
        let placement = self.balancer.placement(carrier);
        Outcome {
            server: placement.map(|(server, _)| server),
            by: placement.map(|(_, by)| by),
            ..Outcome::NOTHING
        }
    }
}
