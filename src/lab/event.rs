//! What can happen in the lab.

use balance::{AttemptId, ProbeId, RequestId};

use super::sessions::Visit;

/// Who asks a server for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A request.
    Attempt(AttemptId),
    /// A health check.
    Probe(ProbeId),
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handshake {
    /// The node is asked for it.
    Knock,
    /// The proxy has it.
    Connected,
    /// The proxy is refused it.
    Refused,
}

impl Caller {
    /// The event that tells of this caller's connection.
    pub(super) fn event(self, step: Handshake) -> Event {
        match self {
            Self::Attempt(attempt) => Event::AttemptConnection(attempt, step),
            Self::Probe(probe) => Event::ProbeConnection(probe, step),
        }
    }
}

/// What can happen. Small and plain: it travels through the agenda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// An entry of the timeline is due.
    Act(u32),
    /// The last moment that an expectation asks about.
    Horizon,
    /// The moment has come for which the balancer asked to be woken.
    Wake,
    /// A thread of a group starts.
    ThreadStart { client: u32 },
    /// The time that a client gave itself is over.
    ClientTurn { client: u32 },
    /// A client's request reaches the proxy.
    Arrives {
        client: u32,
        request: RequestId,
        /// Whether it is the first over its client's connection.
        first: bool,
    },
    /// A client has its answer.
    Delivered {
        request: RequestId,
        /// What the client got; 0 if not all of it came.
        status: u16,
        /// Whether a node answered.
        served: bool,
        /// Whether that node began a new session although the client brought one.
        session_restarted: bool,
    },
    /// A client waited too long for its answer.
    TimedOut { client: u32 },
    /// A client waited too long for its connection.
    Unconnected { client: u32 },
    /// The proxy hears that a client closed its connection.
    Gone { request: RequestId },
    /// A connection for a request.
    AttemptConnection(AttemptId, Handshake),
    /// A connection for a health check.
    ProbeConnection(ProbeId, Handshake),
    /// A request reaches a node.
    Request { node: u32, attempt: AttemptId },
    /// A health check reaches a node.
    Check(ProbeId),
    /// The `POST /delay` of an entry of the timeline reaches a node.
    Post { node: u32, entry: u32 },
    /// An alarm that a node's engine set.
    NodeAlarm { node: u32, life: u32, alarm: u32 },
    /// A node's answer reaches the proxy, but for its end.
    Head {
        attempt: AttemptId,
        status: u16,
        visit: Visit,
    },
    /// A node's whole answer has reached the proxy.
    Answered {
        attempt: AttemptId,
        status: u16,
        visit: Visit,
    },
    /// The connection of an attempt broke without an answer.
    Broken(AttemptId),
    /// A node's answer to a health check reaches the proxy.
    Probed { probe: ProbeId, status: u16 },
    /// The connection of a health check broke without an answer.
    Closed(ProbeId),
}

/// Who had an event, for the error of an endless run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Actor {
    /// The operator.
    Operator,
    /// A client actor, by number.
    Client(u32),
    /// A node.
    Node(u32),
    /// The proxy.
    Proxy,
}

impl Event {
    /// Whose it is.
    pub(super) fn actor(self) -> Actor {
        match self {
            Self::Act(_) | Self::Horizon => Actor::Operator,
            Self::ThreadStart { client }
            | Self::ClientTurn { client }
            | Self::TimedOut { client }
            | Self::Unconnected { client } => Actor::Client(client),
            Self::Delivered { request, .. } => Actor::Client(request.0),
            Self::Request { node, .. } | Self::Post { node, .. } | Self::NodeAlarm { node, .. } => {
                Actor::Node(node)
            }
            Self::Wake
            | Self::Arrives { .. }
            | Self::AttemptConnection(..)
            | Self::ProbeConnection(..)
            | Self::Check(_)
            | Self::Gone { .. }
            | Self::Head { .. }
            | Self::Answered { .. }
            | Self::Broken(_)
            | Self::Probed { .. }
            | Self::Closed(_) => Actor::Proxy,
        }
    }
}
