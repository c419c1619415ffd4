//! Follows the requests of a run one by one, so that a reader gets each of them whole: once
//! when the proxy writes its log line, once when its client has the answer.

mod reader;

use std::collections::{BTreeMap, BTreeSet};

use balance::{Edits, Ending, Interest, Moment, RequestId, Span};

use super::servers::Servers;
use super::size::{self, Size};
use crate::plan::{Client, Plan};
use crate::trace::{Event, Message, Sample, Sink};

pub use reader::{Asked, Context, Logged, Reader, Sampled};

/// A request that is not over for both sides.
#[derive(Clone, Debug)]
struct Live {
    number: u64,
    client: u32,
    thread: u32,
    first: bool,
    /// Method and URI, once it has reached the proxy.
    asked: Option<(String, String)>,
    cookie: Option<String>,
    sent: Size,
    /// The `Set-Cookie` header of the node's last answer.
    answered: Option<String>,
    received: Size,
    connection: u64,
    ending: Option<Ending>,
    /// Its client has what it will get.
    done: bool,
}

impl Live {
    fn new(number: u64, client: u32, thread: u32, first: bool) -> Self {
        Self {
            number,
            client,
            thread,
            first,
            asked: None,
            cookie: None,
            sent: Size::default(),
            answered: None,
            received: Size::default(),
            connection: 0,
            ending: None,
            done: false,
        }
    }
}

impl Live {
    /// What it asks for; before it has reached the proxy, what its client asks for first.
    fn asked<'a>(&'a self, plan: &'a Plan) -> Asked<'a> {
        if let Some((method, uri)) = &self.asked {
            return Asked { method, uri };
        }
        let first = plan.clients[self.client as usize].request(self.thread);
        Asked {
            method: &first.method,
            uri: &first.uri,
        }
    }
}

/// Turns the stream of a run into whole requests, for a reader.
#[derive(Debug)]
pub struct Follower<'p, R> {
    plan: &'p Plan,
    servers: Servers,
    reader: R,
    sent: u64,
    live: BTreeMap<RequestId, Live>,
    /// What each client's thread waits for.
    waiting: BTreeMap<(u32, u32), RequestId>,
    /// Clients with a connection to the proxy, and its number.
    open: BTreeMap<(u32, u32), u64>,
    connections: u64,
    /// When connections close that their clients have closed already.
    closing: Vec<Moment>,
    /// Threads that have begun and are not done.
    active: BTreeSet<(u32, u32)>,
    /// How many of them each group has.
    groups: BTreeMap<u32, u32>,
}

impl<'p, R: Reader> Follower<'p, R> {
    /// A follower of a run of `plan`.
    pub fn new(plan: &'p Plan, reader: R) -> Self {
        Self {
            plan,
            servers: Servers::of(&plan.proxy),
            reader,
            sent: 0,
            live: BTreeMap::new(),
            waiting: BTreeMap::new(),
            open: BTreeMap::new(),
            connections: 0,
            closing: Vec::new(),
            active: BTreeSet::new(),
            groups: BTreeMap::new(),
        }
    }

    /// The reader, to look at.
    pub fn reader(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader, with all it has read, and the names that there were in the end.
    pub fn into_parts(self) -> (R, Servers) {
        (self.reader, self.servers)
    }

    fn keeps_alive(&self, client: u32) -> bool {
        match &self.plan.clients[client as usize] {
            Client::Threads(group) => group.keep_alive,
            Client::Script(script) => script.group.keep_alive && !script.new_visitors,
            Client::Browser(_) => true,
            // Each arrival counts as a connection.
            Client::Arrivals(_) => false,
        }
    }

    /// The connection of `who` closes at the client now, and a little later at the proxy.
    fn close(&mut self, at: Moment, who: (u32, u32)) {
        if self.open.remove(&who).is_some() {
            let closes = at + self.plan.wire.client;
            self.closing.push(closes);
            self.reader.closed(closes, who);
        }
    }

    fn send(&mut self, client: u32, thread: u32, request: RequestId) {
        self.sent += 1;
        let who = (client, thread);
        self.begin(who);
        self.waiting.insert(who, request);
        let first = !self.open.contains_key(&who);
        let live = Live::new(self.sent, client, thread, first);
        self.live.insert(request, live);
    }

    /// A request has reached the proxy.
    fn ask(&mut self, request: RequestId, asked: Asked<'_>, cookie: Option<&str>) {
        let Some(live) = self.live.get_mut(&request) else {
            return;
        };
        live.cookie = cookie.map(str::to_owned);
        live.asked = Some((asked.method.to_owned(), asked.uri.to_owned()));
        let group = self.plan.clients[live.client as usize].request(live.thread);
        live.sent = size::request(group, asked, cookie);
        let who = (live.client, live.thread);
        let connections = &mut self.connections;
        live.connection = *self.open.entry(who).or_insert_with(|| {
            *connections += 1;
            *connections
        });
    }

    /// A request is over for the proxy.
    fn end(&mut self, at: Moment, request: RequestId, ending: &Ending, edits: Option<&Edits>) {
        self.closing.retain(|closes| *closes > at);
        let Some(live) = self.live.get_mut(&request) else {
            return;
        };
        let relayed = ending.response.is_some();
        live.received = match ending.server {
            Some(server) if relayed => {
                let own = live.answered.as_deref();
                let changed = edits.and_then(|edits| edits.set_cookies.as_ref());
                let told: Vec<&str> = match changed {
                    Some(cookies) => cookies.iter().map(String::as_str).collect(),
                    None => own.into_iter().collect(),
                };
                let private = edits.is_some_and(|edits| edits.cache_control_private);
                size::answer(
                    ending.status,
                    self.servers.name(server),
                    own,
                    &told,
                    private,
                )
            }
            _ => size::error(ending.status, self.plan.proxy.profile.version),
        };
        live.ending = Some(ending.clone());
        let live = live.clone();
        let context = Context {
            plan: self.plan,
            servers: &self.servers,
            live: &self.live,
        };
        let logged = Logged {
            at,
            number: live.number,
            client: live.client,
            thread: live.thread,
            connection: live.connection,
            ending,
            connections: (self.open.len() + self.closing.len()) as u32,
            asked: live.asked(self.plan),
            request: live.sent,
            answer: live.received,
        };
        self.reader.logged(&context, &logged);
        if live.done {
            self.live.remove(&request);
        }
        let who = (live.client, live.thread);
        if !self.keeps_alive(live.client) && self.open.remove(&who).is_some() {
            self.reader.closed(at, who);
        }
    }

    fn begin(&mut self, who: (u32, u32)) {
        if self.active.insert(who) {
            *self.groups.entry(who.0).or_default() += 1;
        }
    }
}

impl<R: Reader> Sink for Follower<'_, R> {
    fn interest(&self) -> Interest {
        Interest::Everything
    }

    fn sample(&mut self, sample: &Sample) {
        let who = (sample.client, sample.thread);
        self.begin(who);
        let request = self.waiting.remove(&who);
        let known = request.and_then(|request| self.live.get_mut(&request));
        let live = if let Some(live) = known {
            live.done = true;
            if let Some(server) = sample.server.filter(|_| sample.served)
                && live.ending.is_none()
            {
                // Over a connection in mode tcp, whose end is still to come.
                let own = live.answered.as_deref();
                let told: Vec<&str> = own.into_iter().collect();
                let name = self.servers.name(server);
                live.received = size::answer(sample.status, name, own, &told, false);
            }
            live.clone()
        } else {
            // A client without a connection has sent nothing: it takes its place now.
            self.sent += 1;
            Live::new(self.sent, sample.client, sample.thread, true)
        };
        if let Some(request) = request
            && live.ending.is_some()
        {
            self.live.remove(&request);
        }
        let answered = sample.status != 0;
        let row = Sampled {
            sample,
            asked: live.asked(self.plan),
            number: live.number,
            ending: live.ending.as_ref(),
            cookie: live.cookie.as_deref(),
            connect: if live.first {
                self.plan.wire.client + self.plan.wire.client
            } else {
                Span::ZERO
            },
            sent_bytes: live.sent.wire,
            received_bytes: if answered { live.received.wire } else { 0 },
            group_threads: self.groups.get(&sample.client).copied().unwrap_or(0),
            threads: self.active.len() as u32,
        };
        let context = Context {
            plan: self.plan,
            servers: &self.servers,
            live: &self.live,
        };
        self.reader.sampled(&context, &row);
        if !answered {
            self.close(sample.sent + sample.elapsed, who);
        }
    }

    fn event(&mut self, at: Moment, event: &Event) {
        match *event {
            Event::Sent {
                client,
                thread,
                request,
            } => self.send(client, thread, request),
            Event::Left { client, thread } => {
                if self.active.remove(&(client, thread))
                    && let Some(count) = self.groups.get_mut(&client)
                {
                    *count -= 1;
                }
                self.close(at, (client, thread));
            }
            _ => {}
        }
        let context = Context {
            plan: self.plan,
            servers: &self.servers,
            live: &self.live,
        };
        self.reader.happened(&context, at, event);
    }

    fn reply(&mut self, _at: Moment, entry: u32, text: &str) {
        self.servers.follow(self.plan, entry, text);
    }

    fn message(&mut self, at: Moment, message: &Message<'_>) {
        let context = Context {
            plan: self.plan,
            servers: &self.servers,
            live: &self.live,
        };
        self.reader.said(&context, at, message);
        match *message {
            Message::Asked {
                request,
                method,
                uri,
                cookie,
            } => {
                let before = self.connections;
                self.ask(request, Asked { method, uri }, cookie);
                let is_first = self.connections > before;
                let who = self
                    .live
                    .get(&request)
                    .map(|live| (live.client, live.thread));
                if let Some(who) = who {
                    let context = Context {
                        plan: self.plan,
                        servers: &self.servers,
                        live: &self.live,
                    };
                    self.reader.asked(&context, at, who, is_first);
                }
            }
            Message::Answered {
                attempt,
                set_cookie,
                ..
            } => {
                if let Some(live) = self.live.get_mut(&attempt.request) {
                    live.answered = set_cookie.map(str::to_owned);
                }
            }
            Message::Ended {
                request,
                ending,
                edits,
            } => self.end(at, request, ending, edits),
            _ => {}
        }
    }
}
