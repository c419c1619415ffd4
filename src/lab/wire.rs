//! Latencies between the parties, and the stall of a delayed acknowledgement.

use balance::Span;

use crate::kernel::{Agenda, Collision, Delay, Seeds, Stream};
use crate::plan;

use super::clients::Clients;
use super::outbox::WIRE;
use super::parcel::Parcel;

/// The latencies as prepared delays.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wire {
    /// Client to proxy, one way.
    pub(super) client: Delay,
    /// A client's first request: the connection (there and back), then the request.
    client_first: Delay,
    /// Proxy to node, one way.
    pub(super) node: Delay,
    /// Proxy to node when the acknowledgement is delayed.
    pub(super) node_stalled: Delay,
}

impl Wire {
    /// Prepares `agenda` for the latencies of `wire`.
    pub(super) fn new(wire: &plan::Wire, agenda: &mut Agenda<Parcel>) -> Self {
        let mut delay = |span: Span| agenda.delay(span, WIRE);
        Self {
            client: delay(wire.client),
            client_first: delay(wire.client + wire.client + wire.client),
            node: delay(wire.node),
            node_stalled: delay(wire.node + wire.stall),
        }
    }
}

impl Wire {
    /// Client to proxy, over a connection that is there or must be made first.
    #[inline]
    pub(super) fn upward(&self, connected: bool) -> Delay {
        if connected {
            self.client
        } else {
            self.client_first
        }
    }

    /// How long a client needs for its connection.
    pub(super) fn handshake(&self) -> Span {
        self.client.span() + self.client.span()
    }
}

/// Draws which requests stall on a reused connection.
///
/// The draws belong to the client whose request it is, so that another client changes
/// nothing for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stalls {
    /// None ever does.
    Never,
    /// Every one does.
    Always,
    /// So many of a thousand do.
    Sometimes {
        /// Parts of a thousand.
        per_mille: u32,
        /// One stream per client actor.
        streams: Vec<Stream>,
    },
}

impl Stalls {
    /// The stalls of `wire`.
    ///
    /// # Errors
    /// If a client's stream is taken.
    pub(super) fn new(
        wire: &plan::Wire,
        clients: &Clients,
        seeds: &mut Seeds,
    ) -> Result<Self, Collision> {
        match wire.stall_per_mille {
            0 => Ok(Self::Never),
            1000.. => Ok(Self::Always),
            per_mille => {
                let names = clients.names();
                let streams = names.map(|name| seeds.stream(&format!("{name}/stall")));
                Ok(Self::Sometimes {
                    per_mille,
                    streams: streams.collect::<Result<_, _>>()?,
                })
            }
        }
    }

    /// Whether the next request of this client actor stalls.
    #[inline]
    pub(super) fn strikes(&mut self, client: u32) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Sometimes { per_mille, streams } => {
                streams[client as usize].below(1000) < u64::from(*per_mille)
            }
        }
    }
}
