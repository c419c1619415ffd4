//! Everything that was told of a run, in order, sorted by the request it belongs to: what
//! diagrams, reasons and stories are made of.

use std::collections::BTreeMap;

use balance::event::{CheckResult, Status};
use balance::{
    AttemptId, BackendId, By, Cause, Ending, Interest, Moment, ProbeId, RequestId, ServerId, Span,
};

use crate::plan::{Client, Plan};
use crate::trace::{self, Event, Message, Sample, Sink};

/// A request of a client from sending to answer. Its place in [`Journal::exchanges`] is its
/// place in the order of sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The client group, an index into the plan's clients.
    pub client: u32,
    /// The thread in it, from 0.
    pub thread: u32,
    /// When the client sent it.
    pub sent: Moment,
    /// What the client had of it at the end; none while it waits.
    pub sample: Option<Sample>,
    /// How it ended for the proxy, if that sent an answer.
    pub ending: Option<Ending>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Moment,
    /// To which request, an index into [`Journal::exchanges`]; none if to none.
    pub exchange: Option<usize>,
    /// What.
    pub what: What,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The request reached the proxy.
    Asked {
        /// `GET /`
        line: String,
        /// Its `Cookie` header.
        cookie: Option<String>,
    },
    /// A server was chosen for it.
    Chosen(ServerId, By),
    /// It waits for this server, or for any.
    Queued(Option<ServerId>),
    /// It waited so long, and starts on this server.
    Dequeued(ServerId, Span),
    /// A connection is asked for.
    Connecting(AttemptId, ServerId),
    /// The connection was refused.
    Refused(AttemptId),
    /// It was sent on to this server, with these `Cookie` headers.
    Forwarded(AttemptId, ServerId, Vec<String>),
    /// A server answered.
    Answered {
        /// The attempt.
        attempt: AttemptId,
        /// The status.
        status: u16,
        /// Its `Set-Cookie` header.
        set_cookie: Option<String>,
    },
    /// An attempt on this server failed, and is made again.
    Retried(ServerId),
    /// It leaves this server and is balanced again.
    Redispatched(ServerId),
    /// The proxy sends this answer, with these `Set-Cookie` headers.
    Replied(u16, Vec<String>),
    /// The client has the answer, or gave up.
    Done,
    /// A check began.
    CheckStarted(ProbeId),
    /// A check ended.
    CheckEnded(ProbeId, CheckResult),
    /// A server's status changed.
    Changed {
        /// Whose.
        server: ServerId,
        /// What it read before.
        from: Status,
        /// What it reads now.
        to: Status,
        /// Why.
        cause: Cause,
    },
    /// A server's effective weight changed.
    Weighed(ServerId, u32, u32),
    /// The last usable server of a backend is gone.
    NoServerLeft(BackendId),
    /// An entry of the timeline was carried out.
    Acted(u32),
    /// A browser emptied its cookie jar.
    CookiesCleared(u32),
}

/// All entries of a run. Its memory grows with the number of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// In the order in which they were told.
    pub entries: Vec<Entry>,
    /// In the order in which they were sent.
    pub exchanges: Vec<Exchange>,
    /// Request numbers in use, and the exchange that each belongs to.
    live: BTreeMap<RequestId, usize>,
    /// What each client's thread waits for.
    waiting: BTreeMap<(u32, u32), usize>,
    /// The last `Cookie` header of each request as the client sent it.
    cookies: BTreeMap<usize, String>,
}

impl Journal {
    /// The exchanges of the clients that `wanted` is true for, in order of sending.
    pub fn of_client(
        &self,
        wanted: impl Fn(u32, u32) -> bool,
    ) -> impl Iterator<Item = (usize, &Exchange)> {
        let all = self.exchanges.iter().enumerate();
        all.filter(move |(_, exchange)| wanted(exchange.client, exchange.thread))
    }

    fn note(&mut self, at: Moment, request: Option<RequestId>, what: What) {
        let exchange = request.and_then(|request| self.live.get(&request).copied());
        self.entries.push(Entry { at, exchange, what });
    }

    fn follow_balancer(&mut self, at: Moment, event: &balance::Event) {
        use balance::Event as E;
        let (request, what) = match *event {
            E::Chosen {
                request,
                server,
                by,
            } => (Some(request), What::Chosen(server, by)),
            E::Queued { request, queue } => (Some(request), What::Queued(queue)),
            E::Dequeued {
                request,
                server,
                waited,
            } => (Some(request), What::Dequeued(server, waited)),
            E::Retried(attempt, server) => (Some(attempt.request), What::Retried(server)),
            E::Redispatched { request, from } => (Some(request), What::Redispatched(from)),
            E::StateChanged {
                server,
                from,
                to,
                cause,
            } => {
                let what = What::Changed {
                    server,
                    from,
                    to,
                    cause,
                };
                (None, what)
            }
            E::WeightChanged { server, from, to } => (None, What::Weighed(server, from, to)),
            E::ProbeStarted(probe) => (None, What::CheckStarted(probe)),
            E::ProbeEnded { probe, result } => (None, What::CheckEnded(probe, result)),
            E::NoServerLeft(backend) => (None, What::NoServerLeft(backend)),
            E::Ended(_) | E::Logged(_) | E::Ghost => return,
        };
        self.note(at, request, what);
    }
}

impl Sink for Journal {
    fn interest(&self) -> Interest {
        Interest::Everything
    }

    fn sample(&mut self, sample: &Sample) {
        // A client without a connection has sent nothing that could be told of.
        let Some(index) = self.waiting.remove(&(sample.client, sample.thread)) else {
            return;
        };
        self.exchanges[index].sample = Some(*sample);
        self.entries.push(Entry {
            at: sample.sent + sample.elapsed,
            exchange: Some(index),
            what: What::Done,
        });
    }

    fn event(&mut self, at: Moment, event: &Event) {
        match *event {
            Event::Balancer(ref event) => self.follow_balancer(at, event),
            Event::Sent {
                client,
                thread,
                request,
            } => {
                let index = self.exchanges.len();
                self.live.insert(request, index);
                self.waiting.insert((client, thread), index);
                self.exchanges.push(Exchange {
                    client,
                    thread,
                    sent: at,
                    sample: None,
                    ending: None,
                });
            }
            Event::Acted { entry } => self.note(at, None, What::Acted(entry)),
            Event::CookiesCleared { client } => {
                self.note(at, None, What::CookiesCleared(client));
            }
            Event::NodeStarted { .. } | Event::NodeFinished { .. } | Event::Left { .. } => {}
        }
    }

    fn message(&mut self, at: Moment, message: &Message<'_>) {
        let (request, what) = match *message {
            Message::Asked {
                request,
                method,
                uri,
                cookie,
            } => {
                if let (Some(cookie), Some(&index)) = (cookie, self.live.get(&request)) {
                    self.cookies.insert(index, cookie.to_owned());
                }
                let what = What::Asked {
                    line: format!("{method} {uri}"),
                    cookie: cookie.map(str::to_owned),
                };
                (request, what)
            }
            Message::Connecting { attempt, server } => {
                (attempt.request, What::Connecting(attempt, server))
            }
            Message::Refused(attempt) => (attempt.request, What::Refused(attempt)),
            Message::Forwarded {
                attempt,
                server,
                cookies,
                ..
            } => {
                let index = self.live.get(&attempt.request);
                let own = index.and_then(|index| self.cookies.get(index));
                let cookies = match cookies {
                    Some(changed) => changed.to_vec(),
                    None => own.cloned().into_iter().collect(),
                };
                let what = What::Forwarded(attempt, server, cookies);
                (attempt.request, what)
            }
            Message::Answered {
                attempt,
                status,
                set_cookie,
            } => {
                let what = What::Answered {
                    attempt,
                    status,
                    set_cookie: set_cookie.map(str::to_owned),
                };
                (attempt.request, what)
            }
            Message::Ended { .. } => return,
            Message::Replied {
                request,
                status,
                set_cookies,
                ref ending,
                ..
            } => {
                if let Some(&index) = self.live.get(&request) {
                    self.cookies.remove(&index);
                    self.exchanges[index].ending.clone_from(ending);
                }
                (request, What::Replied(status, set_cookies.to_vec()))
            }
        };
        self.note(at, Some(request), what);
    }
}

/// What people call one client: a browser by its name, the threads of a group as JMeter
/// counts them, from 1; a thread that is alone by the name of its group.
pub fn client_name(plan: &Plan, client: u32, thread: u32) -> String {
    match plan.clients.get(client as usize) {
        Some(Client::Threads(group)) if group.threads == 1 => group.name.clone(),
        Some(Client::Threads(group)) => format!("{}/{}", group.name, thread + 1),
        Some(Client::Script(script)) if script.group.threads == 1 => script.group.name.clone(),
        Some(Client::Script(script)) => format!("{}/{}", script.group.name, thread + 1),
        Some(Client::Browser(browser)) => browser.name.clone(),
        Some(Client::Arrivals(arrivals)) => arrivals.user(thread).to_owned(),
        None => format!("client {client}"),
    }
}

/// The clients that somebody means by `text`: `jmeter` is a whole group, `jmeter/1` its
/// first thread. As a group and, if one is meant, a thread.
///
/// # Errors
/// The names that there are, if this is none of them.
pub fn find_client(plan: &Plan, text: &str) -> Result<(u32, Option<u32>), String> {
    let named = |name: &str| {
        plan.clients
            .iter()
            .position(|client| Client::name(client) == name)
    };
    if let Some(client) = named(text) {
        return Ok((client as u32, None));
    }
    if let Some((group, thread)) = text.rsplit_once('/')
        && let Some(client) = named(group)
        && let Ok(thread) = thread.parse::<u32>()
        && (1..=Client::actors(&plan.clients[client])).contains(&thread)
    {
        return Ok((client as u32, Some(thread - 1)));
    }
    let known: Vec<String> = plan
        .clients
        .iter()
        .map(|client| match Client::actors(client) {
            1 => Client::name(client).to_owned(),
            threads => format!("{0}, {0}/1 to {0}/{threads}", Client::name(client)),
        })
        .collect();
    Err(format!(
        "there is no client \"{text}\"; there is {}",
        known.join(", ")
    ))
}

/// What the `entry`-th line of the timeline does, in a few words, and the servers it is
/// done to (none: to the proxy).
pub fn deed(plan: &Plan, entry: u32) -> (String, Vec<ServerId>) {
    use crate::plan::{Action, Reach};
    let Some(timed) = plan.timeline.get(entry as usize) else {
        return (String::new(), Vec::new());
    };
    let servers = |node: usize| plan.nodes[node].servers.clone();
    match &timed.action {
        Action::Command(line) => (line.clone(), Vec::new()),
        Action::Delay { node, to } => (format!("POST /delay {to}"), servers(*node)),
        Action::Stop { node, reach } => {
            let how = match reach {
                Reach::Listening => "stop",
                Reach::Refusing => "stop (port closed)",
                Reach::Vanished => "stop (machine gone)",
            };
            (how.to_owned(), servers(*node))
        }
        Action::Start { node } => ("start".to_owned(), servers(*node)),
        Action::Status { node, status } => {
            (format!("answers {status} from now on"), servers(*node))
        }
    }
}

/// Whether a change of status is more than counting.
pub fn moves(from: Status, to: Status) -> bool {
    trace::Place::of(from) != trace::Place::of(to)
}
