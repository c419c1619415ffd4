//! What a run tells: samples and events, and the digest that two runs are compared by.

pub mod digest;
pub mod machine;
pub mod message;
pub mod names;
pub mod states;

pub use digest::Digest;
pub use message::Message;
pub use names::Names;
pub use states::{Place, States};

use balance::{By, Interest, Moment, ServerId, Span};

/// One finished client request, as JMeter would write a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The client group, an index into [`Plan::clients`](crate::plan::Plan::clients).
    pub client: u32,
    /// The thread within the group, from 0 (0 for a browser).
    pub thread: u32,
    /// Who answered, or the last server tried; none if it never got that far.
    pub server: Option<ServerId>,
    /// Who chose that server.
    pub by: Option<By>,
    /// The status the client got; 0 when it got none in time.
    pub status: u16,
    /// Whether the answer came from a node rather than from the proxy.
    pub served: bool,
    /// Whether the node began a new session although the client brought one
    /// (`sessionViews` went back to 1).
    pub session_restarted: bool,
    /// When the client sent it.
    pub sent: Moment,
    /// Until the client had the whole answer.
    pub elapsed: Span,
}

impl Sample {
    /// JMeter's idea of a failed sample: no answer, or a status of 400 and above.
    pub fn is_error(&self) -> bool {
        self.status == 0 || self.status >= 400
    }
}

/// Something that happened, told with its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// In the balancer.
    Balancer(balance::Event),
    /// A client sent a request.
    Sent {
        /// Client group.
        client: u32,
        /// Thread in it.
        thread: u32,
        /// The request's number while it lives.
        request: balance::RequestId,
    },
    /// A node began to handle something.
    NodeStarted {
        /// Index into the plan's nodes.
        node: u32,
        /// A health check rather than a request.
        check: bool,
    },
    /// A node finished handling something.
    NodeFinished {
        /// Index into the plan's nodes.
        node: u32,
        /// A health check rather than a request.
        check: bool,
    },
    /// An entry of the plan's timeline was carried out.
    Acted {
        /// Index into the plan's timeline.
        entry: u32,
    },
    /// A client is done for good: its connection to the proxy closes.
    Left {
        /// Client group.
        client: u32,
        /// Thread in it.
        thread: u32,
    },
    /// A browser emptied its cookie jar.
    CookiesCleared {
        /// Client group.
        client: u32,
    },
}

/// A reader of a run. What it does not want is never made.
pub trait Sink {
    /// Which events of the balancer it wants; lab events come with `Everything` only.
    fn interest(&self) -> Interest;
    /// A request is over for its client.
    fn sample(&mut self, sample: &Sample);
    /// Something happened.
    fn event(&mut self, at: Moment, event: &Event);
    /// The runtime API replied to the `entry`-th line of the timeline.
    fn reply(&mut self, at: Moment, entry: u32, text: &str) {
        let _ = (at, entry, text);
    }
    /// Somebody said something about a request; comes with `Everything` only.
    fn message(&mut self, at: Moment, message: &Message<'_>) {
        let _ = (at, message);
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn interest(&self) -> Interest {
        (**self).interest()
    }
    #[inline]
    fn sample(&mut self, sample: &Sample) {
        (**self).sample(sample);
    }
    fn event(&mut self, at: Moment, event: &Event) {
        (**self).event(at, event);
    }
    fn reply(&mut self, at: Moment, entry: u32, text: &str) {
        (**self).reply(at, entry, text);
    }
    fn message(&mut self, at: Moment, message: &Message<'_>) {
        (**self).message(at, message);
    }
}

/// Two readers of one run; each is told what the greedier of the two asked for.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn interest(&self) -> Interest {
        self.0.interest().max(self.1.interest())
    }
    #[inline]
    fn sample(&mut self, sample: &Sample) {
        self.0.sample(sample);
        self.1.sample(sample);
    }
    fn event(&mut self, at: Moment, event: &Event) {
        self.0.event(at, event);
        self.1.event(at, event);
    }
    fn reply(&mut self, at: Moment, entry: u32, text: &str) {
        self.0.reply(at, entry, text);
        self.1.reply(at, entry, text);
    }
    fn message(&mut self, at: Moment, message: &Message<'_>) {
        self.0.message(at, message);
        self.1.message(at, message);
    }
}

/// A reader that may be absent.
impl<S: Sink> Sink for Option<S> {
    fn interest(&self) -> Interest {
        self.as_ref().map_or(Interest::Nothing, Sink::interest)
    }
    #[inline]
    fn sample(&mut self, sample: &Sample) {
        if let Some(sink) = self {
            sink.sample(sample);
        }
    }
    fn event(&mut self, at: Moment, event: &Event) {
        if let Some(sink) = self {
            sink.event(at, event);
        }
    }
    fn reply(&mut self, at: Moment, entry: u32, text: &str) {
        if let Some(sink) = self {
            sink.reply(at, entry, text);
        }
    }
    fn message(&mut self, at: Moment, message: &Message<'_>) {
        if let Some(sink) = self {
            sink.message(at, message);
        }
    }
}
