//! The journal of a run in short lines.

use balance::{By, Moment};

use crate::locale::Words;
use crate::plan::Plan;
use crate::report::journal::{Entry, Journal, What, client_name, deed, moves};
use crate::report::transitions::words as status_words;
use crate::trace::Names;

/// Whether an entry is a line of its own: what only says once more what another one says
/// is not.
pub(super) fn is_shown(what: &What) -> bool {
    !matches!(
        what,
        What::Connecting(..) | What::Forwarded(..) | What::Replied(..) | What::CheckStarted(_)
    )
}

/// Whether an entry matters to more than one request.
pub(super) fn matters(what: &What) -> bool {
    match what {
        What::Changed { from, to, .. } => moves(*from, *to),
        What::NoServerLeft(_) | What::Acted(_) | What::CookiesCleared(_) => true,
        _ => false,
    }
}

/// Everything that lines are made of.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// What was run.
    pub plan: &'a Plan,
    /// What was told.
    pub journal: &'a Journal,
    /// What the servers are called.
    pub names: &'a Names,
    /// The language of the lines.
    pub words: &'a dyn Words,
}

impl Script<'_> {
    /// Microseconds from the clients' start.
    pub(super) fn micros(&self, at: Moment) -> i64 {
        let nanos = at.as_nanos() as i64 - self.plan.clients_start.as_nanos() as i64;
        nanos.div_euclid(1000)
    }

    /// The line of an entry: the number of its request (0 if it has none), and the words.
    pub(super) fn line(&self, entry: usize) -> (usize, String) {
        let entry = &self.journal.entries[entry];
        let words = match entry.exchange {
            Some(index) => self.of_request(entry, index),
            None => self.of_nobody(entry),
        };
        let words = self.words.put("line", &words).into_owned();
        (entry.exchange.map_or(0, |index| index + 1), words)
    }

    fn of_request(&self, entry: &Entry, index: usize) -> String {
        let exchange = &self.journal.exchanges[index];
        let who = || client_name(self.plan, exchange.client, exchange.thread);
        let name = |server| self.names.name(server);
        match &entry.what {
            What::Asked { line, cookie } => match cookie {
                Some(cookie) => format!("{} asks {line}, Cookie: {cookie}", who()),
                None => format!("{} asks {line}, no cookie", who()),
            },
            What::Chosen(server, by) => {
                let by = match by {
                    By::Algorithm => "the algorithm says",
                    By::Cookie => "the cookie says",
                    By::Stick => "the stick table says",
                    By::UseServer => "a use-server rule says",
                    By::Queue => "taken from the queue by",
                };
                format!("{by} {}", name(*server))
            }
            What::Queued(Some(server)) => format!("waits for {}: it is full", name(*server)),
            What::Queued(None) => "waits: every server is full".to_owned(),
            What::Dequeued(server, waited) => {
                format!("{} takes it after {} ms", name(*server), waited.as_millis())
            }
            What::Refused(_) => "the connection is refused".to_owned(),
            What::Answered {
                status, set_cookie, ..
            } => match set_cookie {
                Some(cookie) => format!("the server answers {status}, Set-Cookie: {cookie}"),
                None => format!("the server answers {status}"),
            },
            What::Retried(server) => format!("{} is tried again", name(*server)),
            What::Redispatched(server) => format!("leaves {}: redispatch", name(*server)),
            What::Done => match exchange.sample {
                Some(sample) if sample.status == 0 => format!("{} has no answer", who()),
                Some(sample) => {
                    let session = if sample.session_restarted {
                        ", in a new session"
                    } else {
                        ""
                    };
                    format!("{} has the answer {}{session}", who(), sample.status)
                }
                None => format!("{} waits no more", who()),
            },
            _ => self.of_nobody(entry),
        }
    }

    fn of_nobody(&self, entry: &Entry) -> String {
        let name = |server| self.names.name(server);
        match &entry.what {
            What::CheckEnded(probe, result) => {
                let verdict = if result.code.passed() {
                    "passed"
                } else {
                    "failed"
                };
                let code = result.code.code();
                format!("check of {} {verdict}: {code}", name(probe.server))
            }
            What::Changed {
                server, from, to, ..
            } => {
                let [from, to] = [from, to].map(|status| status_words(*status, self.names));
                format!("{} was {from}, is {to}", name(*server))
            }
            What::Weighed(server, _, to) => {
                format!("the effective weight of {} is {to}", name(*server))
            }
            What::NoServerLeft(backend) => {
                let backend = self.plan.proxy.backends.get(backend.0 as usize);
                let backend = backend.map_or("", |backend| &backend.name);
                format!("no server is left in backend {backend}")
            }
            What::Acted(number) => {
                let (line, servers) = deed(self.plan, *number);
                let line = self.words.put("deed", &line);
                let names: Vec<String> = servers.into_iter().map(name).collect();
                if names.is_empty() {
                    format!("operator: {line}")
                } else {
                    format!("{}: {line}", names.join(", "))
                }
            }
            What::CookiesCleared(client) => {
                format!("{} clears the cookies", client_name(self.plan, *client, 0))
            }
            _ => String::new(),
        }
    }
}
