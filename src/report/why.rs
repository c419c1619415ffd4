//! Why one request went where it went: who was considered, what the cookie said, what the
//! algorithm's books held, who was chosen by which rule, and what became of it.

mod books;
mod cookie;
pub mod glance;
pub mod json;
mod rules;
pub mod text;
pub mod way;

use balance::books::Books;
use balance::config::Backend;
use balance::{BackendId, By, Ending, Ruling, Span};

use super::Clock;
use super::journal::{Entry, Exchange, Journal, What, client_name};
use crate::locale::{Said, Value};
use crate::plan::{Plan, RequestLine};
use crate::trace::Names;

pub use glance::Glance;
pub use way::Way;

pub(super) use cookie::{named as server_of_cookie, value_of as cookie_value};

/// How many turns of a rotation are shown.
pub const TURNS: usize = 8;

/// The reasons of one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// Its number in the order of sending, from 1.
    pub number: usize,
    /// Who sent it.
    pub client: String,
    /// When, in seconds from the clients' start.
    pub sent: f64,
    /// What is to be said, in order.
    pub rows: Vec<Row>,
}

/// One thing that is to be said.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The key of what it is about: `topic-cookie`.
    pub topic: &'static str,
    /// Its sentences.
    pub said: Vec<Said>,
    /// The sections of HAProxy's manual that have the rule: `4.2 cookie`.
    pub manual: &'static str,
}

impl Row {
    fn new(topic: &'static str, said: Said) -> Self {
        Self {
            topic,
            said: vec![said],
            manual: "",
        }
    }

    fn by(mut self, manual: &'static str) -> Self {
        self.manual = manual;
        self
    }

    fn and(mut self, said: impl IntoIterator<Item = Said>) -> Self {
        self.said.extend(said);
        self
    }
}

/// What the reasons of a request are made of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The run.
    pub plan: &'a Plan,
    /// What happened, at least until the request was over.
    pub journal: &'a Journal,
    /// The servers' names.
    pub names: &'a Names,
    /// The request's place in [`Journal::exchanges`].
    pub index: usize,
    /// The books of its backend right before the first decision; none if nothing was
    /// decided.
    pub books: Option<&'a Books>,
    /// What rules said of it then; none if nothing was decided.
    pub ruling: Option<&'a Ruling>,
    /// What its node did meanwhile.
    pub way: &'a Way,
}

/// Whether the first decision about the exchange at `index` is among `entries`.
pub fn decides(entries: &[Entry], index: usize) -> bool {
    entries.iter().any(|entry| {
        entry.exchange == Some(index)
            && matches!(
                entry.what,
                What::Chosen(..) | What::Queued(_) | What::Replied(..)
            )
    })
}

/// What was asked for in the exchange at `index`: a thread with a script asks for one thing
/// after the other.
pub fn line(plan: &Plan, journal: &Journal, index: usize) -> RequestLine {
    let exchange = &journal.exchanges[index];
    let mut line = plan.clients[exchange.client as usize]
        .request(exchange.thread)
        .clone();
    let asked = journal.entries.iter().find_map(|entry| match &entry.what {
        What::Asked { line, .. } if entry.exchange == Some(index) => line.split_once(' '),
        _ => None,
    });
    if let Some((method, uri)) = asked {
        method.clone_into(&mut line.method);
        uri.clone_into(&mut line.uri);
    }
    line
}

/// The `Cookie` header with which the exchange at `index` reached the proxy.
pub fn cookie_sent(journal: &Journal, index: usize) -> Option<&str> {
    journal.entries.iter().find_map(|entry| match &entry.what {
        What::Asked { cookie, .. } if entry.exchange == Some(index) => cookie.as_deref(),
        _ => None,
    })
}

impl Facts<'_> {
    /// The reasons.
    pub fn why(&self) -> Why {
        let exchange = &self.journal.exchanges[self.index];
        let clock = Clock::starting(self.plan.clients_start);
        Why {
            number: self.index + 1,
            client: client_name(self.plan, exchange.client, exchange.thread),
            sent: clock.seconds(exchange.sent),
            rows: self.rows(exchange, clock),
        }
    }

    fn rows(&self, exchange: &Exchange, clock: Clock) -> Vec<Row> {
        let (plan, names) = (self.plan, self.names);
        let line = &line(plan, self.journal, self.index);
        let ending = exchange.ending.as_ref();
        // The frontend says where it goes; who is sent straight to a backend goes there.
        let backend = match (self.ruling, ending) {
            (Some(ruling), _) => ruling.backend.filter(|_| ruling.stop.is_none()),
            (None, Some(ending)) => ending.backend,
            (None, None) => Some(line.backend),
        };
        let entries = self.journal.entries.iter();
        let entries: Vec<&Entry> = entries
            .filter(|entry| entry.exchange == Some(self.index))
            .collect();
        let sent = cookie_sent(self.journal, self.index);
        let first = entries.iter().find_map(|entry| match entry.what {
            What::Chosen(_, by) => Some(by),
            _ => None,
        });
        let mut rows = Vec::new();
        if entries.iter().any(|e| matches!(e.what, What::Asked { .. })) {
            rows.push(asked(line, sent));
        }
        if let Some(ruling) = self.ruling {
            rows.extend(rules::entrance(plan, line.door, ruling));
        }
        if let Some(backend) = backend {
            self.choice(&mut rows, backend, line, exchange, first);
        }
        for entry in &entries {
            rows.extend(happened(entry, exchange, clock, names));
            if matches!(entry.what, What::Forwarded(..)) {
                rows.extend(self.way.row(names));
            }
        }
        rows.extend(ended(exchange, names));
        rows
    }
}

impl Facts<'_> {
    /// How a server of `backend` was chosen.
    fn choice(
        &self,
        rows: &mut Vec<Row>,
        BackendId(place): BackendId,
        line: &RequestLine,
        exchange: &Exchange,
        first: Option<By>,
    ) {
        let place = place as usize;
        let sent = cookie_sent(self.journal, self.index);
        let backend = &self.plan.proxy.backends[place];
        if let Some(books) = self.books {
            rows.extend(books::considered(books, self.names));
        }
        if !backend.use_server.is_empty() {
            rows.push(rules::of_server(self.ruling, first));
        }
        let ending = exchange.ending.as_ref();
        rows.push(cookie::row(self.plan, place, sent, ending, first));
        if backend.stick.is_some() {
            rows.push(stick(first));
        }
        rows.push(asked_algorithm(backend, first));
        if let Some(books) = self.books {
            rows.extend(books::ledger(books, backend, line, self.names));
        }
    }
}

fn asked(line: &RequestLine, cookie: Option<&str>) -> Row {
    let said = match cookie {
        Some(cookie) => Said::new("why-asked").with("cookie", cookie),
        None => Said::new("why-asked-bare"),
    };
    let text = format!("{} {}", line.method, line.uri);
    Row::new("topic-asked", said.with("line", text))
}

/// What the stick table had to say.
fn stick(first: Option<By>) -> Row {
    let said = Said::new("why-stick").with("by", deciding(first));
    Row::new("topic-stick", said).by("4.2 stick-table, stick")
}

/// What the algorithm had to say.
fn asked_algorithm(backend: &Backend, first: Option<By>) -> Row {
    let said = Said::new("why-algorithm")
        .with("algorithm", backend.balance.name())
        .with("by", deciding(first));
    Row::new("topic-algorithm", said).by("4.2 balance")
}

/// The word by which sentences choose who decided.
pub(super) fn deciding(by: Option<By>) -> &'static str {
    match by {
        Some(By::Algorithm) => "algorithm",
        Some(By::Cookie) => "cookie",
        Some(By::Stick) => "stick",
        Some(By::UseServer) => "rule",
        Some(By::Queue) => "queue",
        None => "nobody",
    }
}

/// One step on its way.
fn happened(entry: &Entry, exchange: &Exchange, clock: Clock, names: &Names) -> Option<Row> {
    let at = Value::Moment(clock.seconds(entry.at));
    let name = |server| names.name(server);
    let row = |topic, said: Said| Row::new(topic, said.with("at", at));
    Some(match &entry.what {
        What::Chosen(server, by) => {
            let said = Said::new("why-chosen")
                .with("server", name(*server))
                .with("by", deciding(Some(*by)));
            row("topic-chosen", said)
        }
        What::Queued(Some(server)) => {
            let said = Said::new("why-queued-server").with("server", name(*server));
            row("topic-waits", said).by("5.2 maxconn")
        }
        What::Queued(None) => row("topic-waits", Said::new("why-queued")).by("5.2 maxconn"),
        What::Dequeued(server, waited) => {
            let said = Said::new("why-dequeued")
                .with("server", name(*server))
                .with("waited", *waited);
            row("topic-chosen", said)
        }
        What::Refused(_) => row("topic-trouble", Said::new("why-refused")),
        What::Retried(server) => {
            let said = Said::new("why-retried").with("server", name(*server));
            row("topic-trouble", said).by("4.2 retries")
        }
        What::Redispatched(server) => {
            let said = Said::new("why-redispatched").with("server", name(*server));
            row("topic-trouble", said).by("4.2 option redispatch")
        }
        What::Forwarded(_, server, _) => {
            let said = Said::new("why-forwarded").with("server", name(*server));
            row("topic-forwarded", said)
        }
        What::Answered { status, .. } => {
            let said = Said::new("why-answered").with("status", status.to_string());
            row("topic-answered", said)
        }
        What::Done if exchange.sample.is_some_and(|s| s.status == 0) => {
            row("topic-trouble", Said::new("why-gave-up"))
        }
        _ => return None,
    })
}

/// How it ended, for the proxy and for the client.
fn ended(exchange: &Exchange, names: &Names) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(ending) = &exchange.ending {
        let flags = String::from_utf8_lossy(&ending.flags).into_owned();
        let server = ending
            .server
            .map_or_else(|| "<NOSRV>".to_owned(), |s| names.name(s));
        let retries = if ending.redispatched { "+" } else { "" };
        let said = Said::new("why-log")
            .with("status", ending.status.to_string())
            .with("flags", flags)
            .with("server", server)
            .with("retries", format!("{retries}{}", ending.retries));
        rows.push(Row::new("topic-log", said).by("8.5"));
        rows.extend(timers(ending));
    }
    if let Some(sample) = &exchange.sample {
        let said = Said::new("why-client")
            .with("status", sample.status.to_string())
            .with("elapsed", sample.elapsed);
        let restarted = sample
            .session_restarted
            .then(|| Said::new("why-client-restarted"));
        rows.push(Row::new("topic-client", said).and(restarted));
    }
    rows
}

/// Where the time went, if it got as far as a server.
fn timers(ending: &Ending) -> Option<Row> {
    let (waited, connect, response) = (ending.waited?, ending.connect, ending.response);
    // The log rounds to milliseconds; what is left below that is nothing to speak of.
    let head = [Some(waited), connect, response].into_iter().flatten();
    let data = head.fold(ending.total, |left, part| {
        Span::from_nanos(left.as_nanos().saturating_sub(part.as_nanos()))
    });
    let data = (response.is_some() && data.as_millis() > 0).then_some(data);
    let parts = [
        ("why-timer-connect", connect),
        ("why-timer-response", response),
        ("why-timer-data", data),
    ];
    let parts = parts
        .into_iter()
        .filter_map(|(key, span)| Some(Said::new(key).with("span", span?)));
    let said = Said::new("why-timers").with("waited", waited);
    let total = Said::new("why-timer-total").with("span", ending.total);
    Some(
        Row::new("topic-time", said)
            .and(parts.chain([total]))
            .by("8.4"),
    )
}
