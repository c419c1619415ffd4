//! Looking ahead: what the proxy has in its books for a request, and what it would decide
//! about it, found out on a copy.

use balance::books::Books;
use balance::{Balancer, By, Event, Header, Input, Interest, Moment, Output, Request};
use balance::{RequestId, Ruling, ServerId};

use crate::kernel::Stream;
use crate::plan::RequestLine;

/// The books of a request's backend, and the decision that they lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foresight {
    /// What rules say of it.
    pub ruling: Ruling,
    /// The books of its backend right before the decision; none if it gets to none.
    pub books: Option<Books>,
    /// Who is chosen, and by what; none if nobody is.
    pub chosen: Option<(ServerId, By)>,
    /// Where the request has to wait, if it has to: for a server, or for any.
    pub queued: Option<Option<ServerId>>,
}

impl Foresight {
    pub(super) fn of(
        (balancer, chance): (&Balancer, &Stream),
        now: Moment,
        idle: RequestId,
        line: &RequestLine,
        cookie: Option<&str>,
        turns: usize,
    ) -> Self {
        let own = line.headers.iter();
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<Header<'_>> = own.chain(cookie.map(|cookie| ("cookie", cookie))).collect();
        let facts = Request {
            source: line.source,
            method: &line.method,
            uri: &line.uri,
            headers: &headers,
            body: &[],
        };
        let ruling = balancer.ruling(now, line.door, line.backend, &facts, &mut chance.clone());
        let goes_on = ruling.backend.filter(|_| ruling.stop.is_none());
        let books = goes_on
            .map(|backend| balancer.books_for(backend, turns, Some(&facts), &mut chance.clone()));
        let mut copy = balancer.clone();
        copy.listen(Interest::Everything);
        let arrived = match line.door {
            Some(door) => Input::Entered {
                request: idle,
                door,
                first: true,
                facts: &facts,
            },
            None => Input::Arrived {
                request: idle,
                backend: line.backend,
                facts: &facts,
            },
        };
        copy.handle(now, arrived, &mut chance.clone());
        let (mut chosen, mut queued) = (None, None);
        while let Some(output) = copy.poll() {
            match output {
                Output::Note(Event::Chosen {
                    request,
                    server,
                    by,
                }) if request == idle => chosen = Some((server, by)),
                Output::Note(Event::Queued { request, queue }) if request == idle => {
                    queued = Some(queue);
                }
                _ => {}
            }
        }
        Self {
            ruling,
            books,
            chosen,
            queued,
        }
    }
}
