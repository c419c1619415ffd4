//! What the parties of a run say to each other about requests, with their cookies: told
//! only to those who want everything.

use balance::{AttemptId, Edits, Ending, RequestId, ServerId};

/// Something said, at the moment at which the proxy hears or says it. Borrows from whoever
/// said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A client's request has reached the proxy.
    Asked {
        /// Its number while it lives.
        request: RequestId,
        /// `GET`, ...
        method: &'a str,
        /// `/path?query`
        uri: &'a str,
        /// Its `Cookie` header.
        cookie: Option<&'a str>,
    },
    /// The proxy asks a server for a connection, because it has no idle one.
    Connecting {
        /// The attempt.
        attempt: AttemptId,
        /// The server.
        server: ServerId,
    },
    /// The server refused the connection.
    Refused(AttemptId),
    /// The proxy sends the request on.
    Forwarded {
        /// The attempt.
        attempt: AttemptId,
        /// To whom.
        server: ServerId,
        /// The `Cookie` headers it sends; none if they are the client's own.
        cookies: Option<&'a [String]>,
        /// Over a connection that was there before.
        reused: bool,
    },
    /// The head of a server's answer has reached the proxy.
    Answered {
        /// The attempt.
        attempt: AttemptId,
        /// The status.
        status: u16,
        /// Its `Set-Cookie` header.
        set_cookie: Option<&'a str>,
    },
    /// A request is over for the proxy, which now writes its log line. Told of every request,
    /// also of one whose client has gone, before or after the answer to it is sent.
    Ended {
        /// Which.
        request: RequestId,
        /// How.
        ending: &'a Ending,
        /// How the answer was changed, if one was relayed.
        edits: Option<&'a Edits>,
    },
    /// The proxy sends the client its answer.
    Replied {
        /// Whose request it was.
        request: RequestId,
        /// The status; 0 if the connection breaks instead.
        status: u16,
        /// Whether the answer is a server's.
        served: bool,
        /// The `Set-Cookie` headers it has.
        set_cookies: &'a [String],
        /// How the request ended for the proxy.
        ending: Option<Ending>,
    },
}
