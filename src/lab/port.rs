//! The simulated driver: tells the balancing core what happens, and turns what it asks for
//! into agenda entries.

mod connections;
mod detours;

use std::collections::{BTreeMap, BTreeSet};

use balance::alert::reason_phrase;
use balance::config::CheckKind;
use balance::{
    AttemptId, Balancer, Chance, Config, ConfigError, Door, Header, Input, Interest, Moment,
    OrderId, Output, ProbeId, ProbeOutcome, Request, RequestId, Response, ServerId,
};

use crate::kernel::{Few, Stream};
use crate::plan::{self, RequestLine};
use crate::trace::{Message, Sink};

use super::backlog::Backlog;
use super::clients::Clients;
use super::event::{Caller, Event, Handshake};
use super::lines::{Connection, Line};
use super::link::{Link, links};
use super::node::{Job, Node};
use super::outbox::Outbox;
use super::sessions::{Brought, Sessions, Visit};
use super::tunnels::Tunnels;
use super::wire::Stalls;

impl Chance for Stream {
    fn next_u64(&mut self) -> u64 {
        Self::next_u64(self)
    }
}

/// The balancing core, its random stream, and its connections to the nodes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Port {
    balancer: Balancer,
    chance: Stream,
    /// When the core wants to be woken. Kept beside the agenda: it changes too often.
    wake: Moment,
    /// By backend and place in it.
    links: Vec<Vec<Link>>,
    /// The check under way of each server that has one.
    checks: BTreeMap<ServerId, ProbeId>,
    /// Attempts on a reused connection, of which the core must be told.
    reused: Few<AttemptId>,
    /// Whether it matters which connection a request uses: some node is an event loop.
    lines_matter: bool,
    /// The connection opened last.
    last_line: Line,
    /// Attempts over connections that matter.
    lines: BTreeMap<AttemptId, Line>,
    /// Those whose request is on its way to the node.
    under_way: BTreeMap<AttemptId, Connection>,
    tunnels: Tunnels,
    /// Who waits for their connection to be accepted; none if nobody ever has to.
    backlog: Option<Box<Backlog>>,
    /// The ways in, by port.
    doors: Vec<(u16, Door)>,
    /// What clients ask for that follow a redirection.
    detours: BTreeMap<u32, detours::Detour>,
    /// Requests that are the first over their client's connection.
    newcomers: BTreeSet<RequestId>,
    /// Attempts whose answer is here but for its end.
    headed: BTreeSet<AttemptId>,
    /// The attempt of whose whole answer the core is being told.
    answering: Option<AttemptId>,
    /// `Set-Cookie` headers on their way to clients.
    mail: BTreeMap<RequestId, Vec<String>>,
    stalls: Stalls,
    /// The backends whose checks speak HTTP.
    http_checks: Vec<bool>,
}

impl Port {
    /// A port for so many `clients` to a balancer with these settings, started at the
    /// beginning of the run.
    ///
    /// # Errors
    /// Every contradiction in the settings at once.
    pub(super) fn new(
        config: &Config,
        nodes: &[plan::Node],
        clients: u32,
        chance: Stream,
        stalls: Stalls,
    ) -> Result<Self, Vec<ConfigError>> {
        let mut balancer = Balancer::new(config.clone(), Moment::ZERO)?;
        balancer.expect_requests(clients);
        let is_http = |check: &CheckKind| matches!(check, CheckKind::Http { .. });
        Ok(Self {
            wake: balancer.next_wake().unwrap_or(Moment::NEVER),
            balancer,
            chance,
            links: links(config, nodes),
            checks: BTreeMap::new(),
            reused: Few::default(),
            lines_matter: nodes.iter().any(|node| node.event_loop),
            last_line: Line::ANY,
            lines: BTreeMap::new(),
            under_way: BTreeMap::new(),
            tunnels: Tunnels::new(config),
            backlog: Backlog::new(config, clients).map(Box::new),
            doors: detours::doors(config),
            detours: BTreeMap::new(),
            newcomers: BTreeSet::new(),
            headed: BTreeSet::new(),
            answering: None,
            mail: BTreeMap::new(),
            stalls,
            http_checks: config
                .backends
                .iter()
                .map(|backend| is_http(&backend.check))
                .collect(),
        })
    }

    /// The core and its chance, to look at.
    pub(super) fn core(&self) -> (&Balancer, &Stream) {
        (&self.balancer, &self.chance)
    }

    /// Says which notes the core makes.
    pub(super) fn listen(&mut self, interest: Interest) {
        self.balancer.listen(interest);
    }

    /// When the core wants to hear [`woke`](Self::woke); `NEVER` if it does not.
    #[inline]
    pub(super) fn wake(&self) -> Moment {
        self.wake
    }

    /// The moment of [`wake`](Self::wake) has come.
    pub(super) fn woke<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        self.pump(Input::Woke, out);
    }

    /// The request of a client arrives.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn arrives<S: Sink>(
        &mut self,
        client: u32,
        request: RequestId,
        first: bool,
        clients: &Clients,
        out: &mut Outbox<'_, S>,
    ) {
        if self.watches() && !self.lets_in(client, request, first, clients, out) {
            return;
        }
        self.enters(client, request, first, clients, out);
    }

    /// A request has come whole over a connection that is accepted.
    #[inline]
    fn enters<S: Sink>(
        &mut self,
        client: u32,
        request: RequestId,
        first: bool,
        clients: &Clients,
        out: &mut Outbox<'_, S>,
    ) {
        if self.lines_matter {
            if first {
                self.newcomers.insert(request);
            } else {
                self.newcomers.remove(&request);
            }
        }
        let (line, jar) = clients.asks(client);
        let detour = self.detour(client);
        let line = detour.as_ref().unwrap_or(line);
        let cookie = jar.and_then(|jar| jar.header(out.now()));
        if line.headers.is_empty() && cookie.is_none() {
            self.tell_arrived(request, first, line, &[], out);
        } else {
            let own = line
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            let cookie = cookie.iter().map(|value| ("cookie", value.as_str()));
            let headers: Vec<Header<'_>> = own.chain(cookie).collect();
            self.tell_arrived(request, first, line, &headers, out);
        }
    }

    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn tell_arrived<S: Sink>(
        &mut self,
        request: RequestId,
        first: bool,
        line: &RequestLine,
        headers: &[Header<'_>],
        out: &mut Outbox<'_, S>,
    ) {
        out.hear(|| Message::Asked {
            request,
            method: &line.method,
            uri: &line.uri,
            cookie: cookie_of(headers),
        });
        let facts = Request {
            source: line.source,
            method: &line.method,
            uri: &line.uri,
            headers,
            body: &[],
        };
        let facts = &facts;
        let input = match line.door {
            None => Input::Arrived {
                request,
                backend: line.backend,
                facts,
            },
            Some(door) => Input::Entered {
                request,
                door,
                first,
                facts,
            },
        };
        self.balancer.handle(out.now(), input, &mut self.chance);
        self.obey_all(out);
    }

    /// The connection that somebody asked for is there.
    pub(super) fn connected<S: Sink>(&mut self, caller: Caller, out: &mut Outbox<'_, S>) {
        match caller {
            Caller::Attempt(attempt) => {
                // An attempt that was hung up meanwhile sends nothing.
                if let Some(server) = self.balancer.connecting(attempt) {
                    self.pump(Input::Connected(attempt), out);
                    self.last_line = self.last_line.next();
                    let way = Connection::New(self.last_line);
                    if let Some(node) = self.node_of(server) {
                        self.forward(attempt, server, node, way, out);
                    }
                }
            }
            Caller::Probe(probe) => {
                if self.checks.get(&probe.server) == Some(&probe) {
                    self.pump(Input::Probed(probe, ProbeOutcome::Connected), out);
                    if self.http_checks[probe.server.backend.0 as usize] {
                        let delay = out.wire().node;
                        out.send(delay, Event::Check(probe));
                    }
                }
            }
        }
    }

    /// The connection that somebody asked for is refused.
    pub(super) fn refused<S: Sink>(&mut self, caller: Caller, out: &mut Outbox<'_, S>) {
        match caller {
            Caller::Attempt(attempt) => {
                out.hear(|| Message::Refused(attempt));
                self.pump(Input::Refused(attempt), out);
                self.settle(attempt.request, out);
            }
            Caller::Probe(probe) => {
                self.pump(Input::Probed(probe, ProbeOutcome::Refused), out);
            }
        }
    }

    /// A node's whole answer is here.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn answered<S: Sink>(
        &mut self,
        attempt: AttemptId,
        status: u16,
        visit: Visit,
        nodes: &[Node],
        out: &mut Outbox<'_, S>,
    ) {
        let request = attempt.request;
        if self.tunnels.is_on()
            && let Some((server, _)) = self.balancer.placement(request)
            && self.tunnels.leads_to(server)
        {
            self.carried(attempt, server, status, visit, nodes, out);
            return;
        }
        let set_cookie = self.set_cookie(attempt, visit, nodes);
        if !self.headed.is_empty() && self.headed.remove(&attempt) {
            self.release(attempt, out);
            self.pump(Input::Finished(attempt, 0), out);
        } else {
            out.hear(|| Message::Answered {
                attempt,
                status,
                set_cookie: set_cookie.as_deref(),
            });
            let header = set_cookie.as_deref().map(|value| ("set-cookie", value));
            let response = Response {
                status,
                headers: header.as_slice(),
            };
            self.answering = Some(attempt);
            let told = Input::Whole(attempt, &response, 0);
            self.balancer.handle(out.now(), told, &mut self.chance);
            let relayed = self.obey_all(out);
            self.answering = None;
            if relayed != Some(request) {
                // The core gave this attempt up, or tries again.
                self.settle(request, out);
                return;
            }
        }
        self.post(request, set_cookie);
        self.deliver(request, status, true, visit.restarted(), out);
    }

    /// A node's answer is here but for its end.
    pub(super) fn head<S: Sink>(
        &mut self,
        attempt: AttemptId,
        status: u16,
        visit: Visit,
        nodes: &[Node],
        out: &mut Outbox<'_, S>,
    ) {
        let set_cookie = self.set_cookie(attempt, visit, nodes);
        out.hear(|| Message::Answered {
            attempt,
            status,
            set_cookie: set_cookie.as_deref(),
        });
        let header = set_cookie.as_deref().map(|value| ("set-cookie", value));
        let response = Response {
            status,
            headers: header.as_slice(),
        };
        let relayed = self.pump(Input::Answered(attempt, &response), out);
        if relayed == Some(attempt.request) {
            self.headed.insert(attempt);
        } else {
            self.settle(attempt.request, out);
        }
    }

    /// The `Set-Cookie` header of an answer, if the node opened a session for it.
    #[inline]
    fn set_cookie(&self, attempt: AttemptId, visit: Visit, nodes: &[Node]) -> Option<String> {
        let opened = visit.opened()?;
        let (server, _) = self.balancer.placement(attempt.request)?;
        let sessions = nodes[self.node_of(server)? as usize].sessions()?;
        Some(sessions.set_cookie(opened))
    }

    /// A health check is answered.
    pub(super) fn probed<S: Sink>(&mut self, probe: ProbeId, status: u16, out: &mut Outbox<'_, S>) {
        let outcome = ProbeOutcome::Status(status, reason_phrase(status));
        self.pump(Input::Probed(probe, outcome), out);
    }

    /// A health check's connection broke before an answer.
    pub(super) fn closed<S: Sink>(&mut self, probe: ProbeId, out: &mut Outbox<'_, S>) {
        self.pump(Input::Probed(probe, ProbeOutcome::Closed), out);
    }

    /// Somebody types a line to the runtime API.
    pub(super) fn ordered<S: Sink>(&mut self, order: OrderId, line: &str, out: &mut Outbox<'_, S>) {
        self.pump(Input::Ordered(order, line), out);
    }

    /// Whether any answer on its way has `Set-Cookie` headers.
    #[inline]
    pub(super) fn has_mail(&self) -> bool {
        !self.mail.is_empty()
    }

    /// The `Set-Cookie` headers that come with the answer to `request`.
    pub(super) fn collect(&mut self, request: RequestId) -> Vec<String> {
        self.mail.remove(&request).unwrap_or_default()
    }

    /// Tells the core one fact and does what it asks. Returns whose answer is relayed.
    #[inline(never)]
    fn pump<S: Sink>(&mut self, input: Input<'_>, out: &mut Outbox<'_, S>) -> Option<RequestId> {
        self.balancer.handle(out.now(), input, &mut self.chance);
        self.obey_all(out)
    }

    /// Does what the core asks. Returns whose answer is relayed.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn obey_all<S: Sink>(&mut self, out: &mut Outbox<'_, S>) -> Option<RequestId> {
        let mut relayed = None;
        loop {
            while let Some(output) = self.balancer.poll() {
                match output {
                    Output::Dispatch { attempt, server } => self.dispatch(attempt, server, out),
                    Output::Relay { request } => {
                        // What the core asks for next may use the connection again.
                        if let Some(attempt) = self.answering.take() {
                            self.release(attempt, out);
                        }
                        relayed = Some(request);
                    }
                    rarer => self.obey(rarer, out),
                }
            }
            // A connection that was there already: the core must be told.
            let Some(attempt) = self.reused.pop() else {
                break;
            };
            let input = Input::Connected(attempt);
            self.balancer.handle(out.now(), input, &mut self.chance);
        }
        self.wake = self.balancer.next_wake().unwrap_or(Moment::NEVER);
        relayed
    }

    /// Does what the core asks.
    #[inline(never)]
    fn obey<S: Sink>(&mut self, output: Output, out: &mut Outbox<'_, S>) {
        match output {
            Output::Dispatch { attempt, server } => self.dispatch(attempt, server, out),
            // Only an answer is relayed, and who brings one looks at what `pump` returns.
            Output::Relay { .. } => {}
            Output::Answer { request, status } => self.deliver(request, status, false, false, out),
            Output::Close { request } => self.deliver(request, 0, false, false, out),
            Output::Hangup(attempt) => {
                self.lines.remove(&attempt);
                let headed = self.headed.remove(&attempt);
                let waits = match self.tunnels.close(attempt) {
                    Some(tunnel) => tunnel.rider,
                    None => headed.then_some(attempt.request),
                };
                if let Some(request) = waits {
                    // What the client got so far is not a whole answer.
                    self.deliver(request, 0, false, false, out);
                }
            }
            Output::Probe(probe) => {
                self.checks.insert(probe.server, probe);
                self.knock(probe.server, Caller::Probe(probe), out);
            }
            Output::Abandon(probe) => {
                self.checks.remove(&probe.server);
            }
            Output::Reply(order, text) => out.reply(order.0, &text),
            Output::Note(note) => out.note(note, &self.balancer),
        }
    }

    fn link(&self, server: ServerId) -> Option<&Link> {
        self.links
            .get(server.backend.0 as usize)?
            .get(server.slot as usize)
    }

    fn link_mut(&mut self, server: ServerId) -> Option<&mut Link> {
        self.links
            .get_mut(server.backend.0 as usize)?
            .get_mut(server.slot as usize)
    }

    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn dispatch<S: Sink>(&mut self, attempt: AttemptId, server: ServerId, out: &mut Outbox<'_, S>) {
        let first = self.lines_matter && self.newcomers.contains(&attempt.request);
        let now = out.now();
        if let Some(link) = self.link_mut(server)
            && let Some(node) = link.node
            && let Some(line) = link.idle.take(now, first)
        {
            self.reused.push(attempt);
            self.forward(attempt, server, node, Connection::Reused(line), out);
        } else {
            self.connect(attempt, server, out);
        }
    }

    /// Asks for a connection to send a request over.
    #[inline(never)]
    fn connect<S: Sink>(&mut self, attempt: AttemptId, server: ServerId, out: &mut Outbox<'_, S>) {
        out.hear(|| Message::Connecting { attempt, server });
        self.knock(server, Caller::Attempt(attempt), out);
    }

    /// Asks a server for a connection.
    fn knock<S: Sink>(&self, server: ServerId, caller: Caller, out: &mut Outbox<'_, S>) {
        // Where nothing is, nothing answers.
        if self.node_of(server).is_some() {
            let delay = out.wire().node;
            out.send(delay, caller.event(Handshake::Knock));
        }
    }

    /// The node that is asked for a connection, if the connection is still wanted.
    pub(super) fn wanted(&self, caller: Caller) -> Option<u32> {
        let server = match caller {
            Caller::Attempt(attempt) => self.balancer.connecting(attempt)?,
            Caller::Probe(probe) => probe.server,
        };
        self.node_of(server)
    }

    /// The node behind a server.
    #[inline]
    pub(super) fn node_of(&self, server: ServerId) -> Option<u32> {
        self.link(server)?.node
    }

    /// Sends a request over its connection.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn forward<S: Sink>(
        &mut self,
        attempt: AttemptId,
        server: ServerId,
        node: u32,
        connection: Connection,
        out: &mut Outbox<'_, S>,
    ) {
        let mut delay = out.wire().node;
        let reused = matches!(connection, Connection::Reused(_));
        out.hear(|| {
            let edits = self.balancer.edits(attempt.request);
            Message::Forwarded {
                attempt,
                server,
                cookies: edits.and_then(|edits| edits.cookies.as_deref()),
                reused,
            }
        });
        if reused && self.stalls != Stalls::Never {
            let sender = out.numbers().sender(attempt.request);
            if sender.is_some_and(|client| self.stalls.strikes(client)) {
                delay = out.wire().node_stalled;
            }
        }
        if self.lines_matter {
            self.under_way.insert(attempt, connection);
            self.lines.insert(attempt, connection.line());
        }
        out.send(delay, Event::Request { node, attempt });
    }

    /// The request of `attempt` as its node reads it.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn unpack<S: Sink>(
        &mut self,
        attempt: AttemptId,
        node: &Node,
        clients: &Clients,
        out: &Outbox<'_, S>,
    ) -> Job {
        let connection = if self.lines_matter {
            self.under_way.remove(&attempt)
        } else {
            None
        };
        let connection = connection.unwrap_or(Connection::Reused(Line::ANY));
        Job::Request {
            attempt,
            session: match node.sessions() {
                Some(sessions) => self.session(self.tunnels.rider(attempt), sessions, clients, out),
                None => Brought::NONE,
            },
            line: connection.line(),
            new: matches!(connection, Connection::New(_)),
        }
    }

    /// What a request brings of the sessions of the node it is sent to.
    #[inline(never)]
    fn session<S: Sink>(
        &self,
        request: RequestId,
        sessions: &Sessions,
        clients: &Clients,
        out: &Outbox<'_, S>,
    ) -> Brought {
        let edited = self.balancer.edits(request);
        let rewrite = self.balancer.rewrite(request);
        let brought = match (edited.and_then(|edits| edits.cookies.as_ref()), rewrite) {
            (Some(cookies), _) => cookies.iter().find_map(|header| sessions.brought(header)),
            (None, Some(rewrite)) => {
                let headers = rewrite.headers.iter();
                let mut cookies = headers.filter(|(name, _)| name == "cookie");
                cookies.find_map(|(_, value)| sessions.brought(value))
            }
            (None, None) => out
                .ground
                .numbers
                .sender(request)
                .and_then(|client| clients.asks(client).1?.header(out.now()))
                .and_then(|header| sessions.brought(&header)),
        };
        brought.unwrap_or(Brought::NONE)
    }

    /// The connection that served `attempt` is free again.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn release<S: Sink>(&mut self, attempt: AttemptId, out: &Outbox<'_, S>) {
        let line = if self.lines_matter {
            self.lines.remove(&attempt)
        } else {
            Some(Line::ANY)
        };
        let placement = self.balancer.placement(attempt.request);
        let way = placement.and_then(|(server, _)| self.link_mut(server));
        if let (Some(line), Some(way)) = (line, way)
            && way.alive
        {
            way.idle.keep(out.now(), line);
        }
    }

    /// Puts the cookies that the client is told to set into the mail.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn post(&mut self, request: RequestId, own: Option<String>) {
        let edited = self.balancer.edits(request);
        let set_cookies = match (edited.and_then(|edits| edits.set_cookies.as_ref()), own) {
            (None, None) => return,
            (Some(set_cookies), _) => set_cookies.clone(),
            (None, Some(own)) => vec![own],
        };
        if !set_cookies.is_empty() {
            self.mail.insert(request, set_cookies);
        }
    }

    /// Sends the client its answer, if it still waits for it.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn deliver<S: Sink>(
        &mut self,
        request: RequestId,
        status: u16,
        served: bool,
        session_restarted: bool,
        out: &mut Outbox<'_, S>,
    ) {
        if out.numbers().owner(request).is_some() {
            out.hear(|| Message::Replied {
                request,
                status,
                served,
                set_cookies: self.mail.get(&request).map_or(&[], Vec::as_slice),
                ending: self.balancer.ending(request),
            });
            let delay = out.wire().client;
            let event = Event::Delivered {
                request,
                status,
                served,
                session_restarted,
            };
            out.send(delay, event);
        } else {
            self.mail.remove(&request);
            out.numbers().ended(request);
        }
    }

    /// Frees the number of a request that nobody waits for, once the core is done with it.
    fn settle<S: Sink>(&mut self, request: RequestId, out: &mut Outbox<'_, S>) {
        if out.numbers().owner(request).is_none() && self.balancer.ending(request).is_some() {
            out.numbers().ended(request);
        }
    }
}

/// The `Cookie` header of a client's request.
fn cookie_of<'a>(headers: &[Header<'a>]) -> Option<&'a str> {
    let cookie = headers.iter().find(|(name, _)| *name == "cookie");
    cookie.map(|(_, value)| *value)
}
