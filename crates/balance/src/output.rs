//! What the balancer may ask of the world, in the order in which it asks.

use alloc::collections::VecDeque;
use alloc::string::String;

use crate::event::Event;
use crate::ids::{AttemptId, OrderId, ProbeId, RequestId, ServerId};

/// A wish. Texts that belong to a request (its changed `Cookie` header, the cookies to
/// set, how it ended) stay in the balancer and are read through its accessors until the
/// request number is used again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Connect to `server` and send the request there
    /// ([`Balancer::edits`](crate::Balancer::edits) tells its `Cookie` headers).
    Dispatch {
        /// Name this attempt in what follows about it.
        attempt: AttemptId,
        /// Where to send it.
        server: ServerId,
    },
    /// Pass the server's answer on to the client
    /// ([`Balancer::edits`](crate::Balancer::edits) tells the `Set-Cookie` headers it gets).
    Relay {
        /// Whose answer it is.
        request: RequestId,
    },
    /// Answer the client ourselves.
    Answer {
        /// Whose request it was.
        request: RequestId,
        /// 503, 504, 502, ...; 0: close its connection without a word.
        status: u16,
    },
    /// Close the client's connection without an answer.
    Close {
        /// Whose request it was.
        request: RequestId,
    },
    /// Close this attempt's connection; nothing more will be heard of it.
    Hangup(AttemptId),
    /// Ask this server how it is.
    Probe(ProbeId),
    /// Stop waiting for this check's answer.
    Abandon(ProbeId),
    /// What the person who typed the order reads, as HAProxy writes it.
    Reply(OrderId, String),
    /// This happened; it explains the output that follows it.
    Note(Event),
}

/// Wishes that wait to be asked for. The rare large ones stand in queues of their own, so
/// that the others, of which every request makes some, stay small on their way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outputs {
    /// The oldest wish. Mostly there is no other.
    first: Option<Small>,
    /// Those behind it.
    waiting: VecDeque<Small>,
    replies: VecDeque<String>,
    notes: VecDeque<Event>,
}

/// A wish without its large part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Small {
    Dispatch {
        attempt: AttemptId,
        server: ServerId,
    },
    Relay(RequestId),
    Answer {
        request: RequestId,
        /// As wide as everything else in here: such a value is moved in fewer steps.
        status: u32,
    },
    Close(RequestId),
    Hangup(AttemptId),
    Probe(ProbeId),
    Abandon(ProbeId),
    /// The next of `replies`.
    Reply(OrderId),
    /// The next of `notes`.
    Note,
}

impl Outputs {
    /// Appends a wish.
    #[expect(
        clippy::inline_always,
        reason = "who wishes knows what: nothing is left to sort out"
    )]
    #[inline(always)]
    pub(crate) fn push(&mut self, output: Output) {
        let small = match output {
            Output::Dispatch { attempt, server } => Small::Dispatch { attempt, server },
            Output::Relay { request } => Small::Relay(request),
            Output::Answer { request, status } => Small::Answer {
                request,
                status: u32::from(status),
            },
            Output::Close { request } => Small::Close(request),
            Output::Hangup(attempt) => Small::Hangup(attempt),
            Output::Probe(probe) => Small::Probe(probe),
            Output::Abandon(probe) => Small::Abandon(probe),
            Output::Reply(order, text) => {
                self.replies.push_back(text);
                Small::Reply(order)
            }
            Output::Note(event) => {
                self.notes.push_back(event);
                Small::Note
            }
        };
        if self.first.is_none() {
            self.first = Some(small);
        } else {
            self.append(small);
        }
    }

    #[inline(never)]
    fn append(&mut self, small: Small) {
        self.waiting.push_back(small);
    }

    /// Takes the oldest wish out.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Output> {
        let small = self.first?;
        if self.waiting.is_empty() {
            self.first = None;
        } else {
            self.first = self.waiting.pop_front();
        }
        match small {
            Small::Dispatch { attempt, server } => Some(Output::Dispatch { attempt, server }),
            Small::Relay(request) => Some(Output::Relay { request }),
            rarer => self.complete(rarer),
        }
    }

    /// A wish with its large part.
    #[inline(never)]
    fn complete(&mut self, small: Small) -> Option<Output> {
        match small {
            Small::Dispatch { attempt, server } => Some(Output::Dispatch { attempt, server }),
            Small::Relay(request) => Some(Output::Relay { request }),
            Small::Answer { request, status } => Some(Output::Answer {
                request,
                status: status as u16,
            }),
            Small::Close(request) => Some(Output::Close { request }),
            Small::Hangup(attempt) => Some(Output::Hangup(attempt)),
            Small::Probe(probe) => Some(Output::Probe(probe)),
            Small::Abandon(probe) => Some(Output::Abandon(probe)),
            Small::Reply(order) => {
                let text = self.replies.pop_front()?;
                Some(Output::Reply(order, text))
            }
            Small::Note => self.notes.pop_front().map(Output::Note),
        }
    }
}

const _: () = {
    // The hot path moves these through a queue.
    assert!(size_of::<Small>() <= 20);
};
