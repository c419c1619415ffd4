//! Follows the requests of a run one by one, so that a reader gets each of them whole: once
//! when the proxy writes its log line, once when its client has the answer.

use std::collections::{BTreeMap, BTreeSet};

use balance::{Edits, Ending, Interest, Moment, RequestId, Span};

use super::servers::Servers;
use super::size::{self, Size};
use crate::plan::{Client, Plan, RequestLine};
use crate::trace::{Event, Message, Sample, Sink};

/// Who wants requests whole.
pub trait Reader {
    /// A request is over for the proxy.
    fn logged(&mut self, context: &Context<'_>, line: &Logged<'_>) {
        let _ = (context, line);
    }
    /// A request is over for its client.
    fn sampled(&mut self, context: &Context<'_>, row: &Sampled<'_>) {
        let _ = (context, row);
    }
    /// A request of this client has reached the proxy.
    fn asked(&mut self, context: &Context<'_>, at: Moment, client: u32, thread: u32) {
        let _ = (context, at, client, thread);
    }
    /// Somebody said something about a request.
    fn said(&mut self, context: &Context<'_>, at: Moment, message: &Message<'_>) {
        let _ = (context, at, message);
    }
    /// Something else happened.
    fn happened(&mut self, context: &Context<'_>, at: Moment, event: &Event) {
        let _ = (context, at, event);
    }
}

/// Two readers of one run.
impl<A: Reader, B: Reader> Reader for (A, B) {
    fn logged(&mut self, context: &Context<'_>, line: &Logged<'_>) {
        self.0.logged(context, line);
        self.1.logged(context, line);
    }
    fn sampled(&mut self, context: &Context<'_>, row: &Sampled<'_>) {
        self.0.sampled(context, row);
        self.1.sampled(context, row);
    }
    fn asked(&mut self, context: &Context<'_>, at: Moment, client: u32, thread: u32) {
        self.0.asked(context, at, client, thread);
        self.1.asked(context, at, client, thread);
    }
    fn said(&mut self, context: &Context<'_>, at: Moment, message: &Message<'_>) {
        self.0.said(context, at, message);
        self.1.said(context, at, message);
    }
    fn happened(&mut self, context: &Context<'_>, at: Moment, event: &Event) {
        self.0.happened(context, at, event);
        self.1.happened(context, at, event);
    }
}

impl<R: Reader + ?Sized> Reader for &mut R {
    fn logged(&mut self, context: &Context<'_>, line: &Logged<'_>) {
        (**self).logged(context, line);
    }
    fn sampled(&mut self, context: &Context<'_>, row: &Sampled<'_>) {
        (**self).sampled(context, row);
    }
    fn asked(&mut self, context: &Context<'_>, at: Moment, client: u32, thread: u32) {
        (**self).asked(context, at, client, thread);
    }
    fn said(&mut self, context: &Context<'_>, at: Moment, message: &Message<'_>) {
        (**self).said(context, at, message);
    }
    fn happened(&mut self, context: &Context<'_>, at: Moment, event: &Event) {
        (**self).happened(context, at, event);
    }
}

/// What every reader may look up.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// What servers are called.
    pub servers: &'a Servers,
    live: &'a BTreeMap<RequestId, Live>,
}

impl<'a> Context<'a> {
    /// The place of a request in the order of sending, from 1, while it lives.
    pub fn number(&self, request: RequestId) -> Option<u64> {
        self.live.get(&request).map(|live| live.number)
    }

    /// What the requests of a client's thread look like.
    pub fn request(&self, client: u32, thread: u32) -> &'a RequestLine {
        self.plan.clients[client as usize].request(thread)
    }

    /// The name of a client group.
    pub fn client(&self, client: u32) -> &'a str {
        self.plan.clients[client as usize].name()
    }
}

/// A request at its end for the proxy.
#[derive(Clone, Copy, Debug)]
pub struct Logged<'a> {
    /// When.
    pub at: Moment,
    /// Its place in the order of sending, from 1.
    pub number: u64,
    /// Who sent it.
    pub client: u32,
    /// Its thread.
    pub thread: u32,
    /// Which connection to the proxy it came over, counted from 1.
    pub connection: u64,
    /// How it ended.
    pub ending: &'a Ending,
    /// What was asked for.
    pub line: &'a RequestLine,
    /// Connections of clients to the proxy, this one included.
    pub connections: u32,
    /// The size of the request.
    pub request: Size,
    /// The size of the answer.
    pub answer: Size,
}

/// A request at its end for its client.
#[derive(Clone, Copy, Debug)]
pub struct Sampled<'a> {
    /// What the client saw.
    pub sample: &'a Sample,
    /// What it asked for.
    pub line: &'a RequestLine,
    /// Its place in the order of sending, from 1.
    pub number: u64,
    /// How it ended for the proxy, if it did by now.
    pub ending: Option<&'a Ending>,
    /// The `Cookie` header it was sent with.
    pub cookie: Option<&'a str>,
    /// What the client had to wait for a connection.
    pub connect: Span,
    /// Bytes sent.
    pub sent_bytes: u64,
    /// Bytes received.
    pub received_bytes: u64,
    /// Active threads of its group.
    pub group_threads: u32,
    /// Active threads of all groups.
    pub threads: u32,
}

/// A request that is not over for both sides.
#[derive(Clone, Debug)]
struct Live {
    number: u64,
    client: u32,
    thread: u32,
    first: bool,
    /// What is asked for, if the client does not always ask for the same.
    line: Option<Box<RequestLine>>,
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
            line: None,
            cookie: None,
            sent: Size::default(),
            answered: None,
            received: Size::default(),
            connection: 0,
            ending: None,
            done: false,
        }
    }

    /// What is asked for.
    fn line<'a>(&'a self, plan: &'a Plan) -> &'a RequestLine {
        let usual = plan.clients[self.client as usize].request(self.thread);
        self.line.as_deref().unwrap_or(usual)
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
            self.closing.push(at + self.plan.wire.client);
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
    fn ask(&mut self, request: RequestId, method: &str, uri: &str, cookie: Option<&str>) {
        let Some(live) = self.live.get_mut(&request) else {
            return;
        };
        live.cookie = cookie.map(str::to_owned);
        let client = &self.plan.clients[live.client as usize];
        let usual = client.request(live.thread);
        if (usual.method.as_str(), usual.uri.as_str()) != (method, uri) {
            live.line = Some(Box::new(RequestLine {
                method: method.to_owned(),
                uri: uri.to_owned(),
                ..usual.clone()
            }));
        }
        live.sent = size::request(live.line.as_deref().unwrap_or(usual), cookie);
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
            line: live.line(self.plan),
            connections: (self.open.len() + self.closing.len()) as u32,
            request: live.sent,
            answer: live.received,
        };
        self.reader.logged(&context, &logged);
        if live.done {
            self.live.remove(&request);
        }
        if !self.keeps_alive(live.client) {
            self.open.remove(&(live.client, live.thread));
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
            line: live.line(self.plan),
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
                self.ask(request, method, uri, cookie);
                let who = self
                    .live
                    .get(&request)
                    .map(|live| (live.client, live.thread));
                if let Some((client, thread)) = who {
                    let context = Context {
                        plan: self.plan,
                        servers: &self.servers,
                        live: &self.live,
                    };
                    self.reader.asked(&context, at, client, thread);
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
