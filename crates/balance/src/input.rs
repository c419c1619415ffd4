//! What the world may tell the balancer.

use crate::ids::{AttemptId, BackendId, OrderId, ProbeId, RequestId};
use crate::request::{Request, Response};
use crate::route::Door;

/// A fact, told with the moment at which it became known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input<'a> {
    /// A client's request has arrived whole and is for `backend`.
    Arrived {
        /// The driver's number for it; free again once the request has ended.
        request: RequestId,
        /// Where the frontend sent it.
        backend: BackendId,
        /// What the client sent.
        facts: &'a Request<'a>,
    },
    /// A client's request has arrived whole through a frontend, whose rules say where to.
    Entered {
        /// The driver's number for it; free again once the request has ended.
        request: RequestId,
        /// Where the client came in.
        door: Door,
        /// Whether it is the first over the client's connection.
        first: bool,
        /// What the client sent.
        facts: &'a Request<'a>,
    },
    /// Something more passes over this attempt's connection, which has been answered over
    /// (mode tcp): what time is left before the server has been silent for too long, begins
    /// again.
    Stirred(AttemptId),
    /// The connection of this attempt is established.
    Connected(AttemptId),
    /// The connection of this attempt was refused or reset before it was established.
    Refused(AttemptId),
    /// The head of the server's answer is here.
    Answered(AttemptId, &'a Response<'a>),
    /// The answer has been forwarded whole; `bytes` counts its body.
    Finished(AttemptId, u64),
    /// The server's whole answer is here and has been forwarded: `Answered` and `Finished`
    /// told together.
    Whole(AttemptId, &'a Response<'a>, u64),
    /// The server broke its answer off, or gave none.
    Broken(AttemptId, Breach),
    /// The client has gone away.
    Gone(RequestId),
    /// A health check ended before its time limit.
    Probed(ProbeId, ProbeOutcome<'a>),
    /// Somebody typed a line to the runtime API.
    Ordered(OrderId, &'a str),
    /// All these facts became known in one turn of the proxy's loop: they are dealt with in
    /// order, and only then does a request start that one of them let out of a queue.
    Together(&'a [Input<'a>]),
    /// The moment asked for by `next_wake` has come.
    Woke,
}

/// How a server failed to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// Closed or reset without a byte of answer.
    Empty,
    /// What came was not HTTP.
    Junk,
    /// Closed in the middle of the answer's body.
    Cut,
}

/// What a health check saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeOutcome<'a> {
    /// The connection is established (a plain TCP check passes with it; an HTTP check
    /// goes on and will be told again).
    Connected,
    /// The connection was refused.
    Refused,
    /// Closed before an answer.
    Closed,
    /// Reset by the server.
    Reset,
    /// Something that is not HTTP came back.
    Junk,
    /// An HTTP status and its reason phrase.
    Status(u16, &'a str),
}
