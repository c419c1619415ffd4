//! What the balancer may ask of the world, in the order in which it asks.

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

const _: () = {
    // The hot path moves outputs through a queue: keep them small.
    assert!(size_of::<ServerId>() == 8);
};
