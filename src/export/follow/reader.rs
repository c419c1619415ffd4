//! Who reads a run request by request, and what it is told.

use std::collections::BTreeMap;

use balance::{Door, Ending, FrontendId, Moment, RequestId, Span};

use super::Live;
use crate::export::servers::Servers;
use crate::export::size::Size;
use crate::plan::{Plan, RequestLine};
use crate::trace::{Event, Message, Sample};

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
    /// A request of this client has reached the proxy; `is_first` if it is the first one over
    /// its connection.
    fn asked(&mut self, context: &Context<'_>, at: Moment, who: (u32, u32), is_first: bool) {
        let _ = (context, at, who, is_first);
    }
    /// A connection of this client will be closed, for the proxy, at `at`, which is not before
    /// now.
    fn closed(&mut self, at: Moment, who: (u32, u32)) {
        let _ = (at, who);
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
    fn asked(&mut self, context: &Context<'_>, at: Moment, who: (u32, u32), is_first: bool) {
        self.0.asked(context, at, who, is_first);
        self.1.asked(context, at, who, is_first);
    }
    fn closed(&mut self, at: Moment, who: (u32, u32)) {
        self.0.closed(at, who);
        self.1.closed(at, who);
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
    fn asked(&mut self, context: &Context<'_>, at: Moment, who: (u32, u32), is_first: bool) {
        (**self).asked(context, at, who, is_first);
    }
    fn closed(&mut self, at: Moment, who: (u32, u32)) {
        (**self).closed(at, who);
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
    pub(super) live: &'a BTreeMap<RequestId, Live>,
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

    /// Where the requests of a client's thread come in. One that asks for a backend comes
    /// through the frontend that leads there: that of the same `listen` section, else the
    /// first one whose default it is; none if there is none, as where no frontend is
    /// configured and every backend is a `listen` section.
    pub fn door(&self, client: u32, thread: u32) -> Option<Door> {
        let request = self.request(client, thread);
        let leads = |to: &dyn Fn(&balance::Frontend) -> bool| {
            let place = self.plan.proxy.frontends.iter().position(to)?;
            Some(Door {
                frontend: FrontendId(place as u32),
                bind: 0,
            })
        };
        request
            .door
            .or_else(|| leads(&|front| front.listen == Some(request.backend)))
            .or_else(|| leads(&|front| front.default_backend == Some(request.backend)))
    }

    /// The name of a client group.
    pub fn client(&self, client: u32) -> &'a str {
        self.plan.clients[client as usize].name()
    }
}

/// What a request asks for: a thread with a script asks for one thing after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// `GET`, ...
    pub method: &'a str,
    /// `/path?query`
    pub uri: &'a str,
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
    /// Connections of clients to the proxy, this one included.
    pub connections: u32,
    /// What was asked for.
    pub asked: Asked<'a>,
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
    /// What was asked for.
    pub asked: Asked<'a>,
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
