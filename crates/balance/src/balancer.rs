//! The conductor: takes inputs in, keeps the order, hands outputs out.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::chance::Chance;
use crate::config::Config;
use crate::error::ConfigError;
use crate::event::{By, Interest, Status};
use crate::ids::{BackendId, RequestId, ServerId};
use crate::input::Input;
use crate::output::Output;
use crate::time::{Moment, Span};

/// How a request ended: the facts of an HTTP log line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// The status the client got; 0 if it got none.
    pub status: u16,
    /// The four characters of the termination state (`--VN`, `SC--`, `sQ--`, ...).
    pub flags: [u8; 4],
    /// The server it was last assigned to, if any.
    pub server: Option<ServerId>,
    /// Who chose that server.
    pub by: Option<By>,
    /// Failed connection attempts (`%rc`).
    pub retries: u32,
    /// Whether it was redispatched (the `+` of `%rc`).
    pub redispatched: bool,
    /// When it arrived.
    pub arrived: Moment,
    /// Time lost in queues and failed attempts, if a server was reached or tried (`Tw`).
    pub waited: Option<Span>,
    /// Time to connect (`Tc`).
    pub connect: Option<Span>,
    /// From the connection to the head of the answer (`Tr`).
    pub response: Option<Span>,
    /// From arrival to the end (`Ta`).
    pub total: Span,
}

/// Header changes of one request and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// The `Cookie` headers the server gets instead of those the client sent.
    pub cookies: Option<Vec<String>>,
    /// The `Set-Cookie` values the client gets instead of those the server sent.
    pub set_cookies: Option<Vec<String>>,
    /// Whether `cache-control: private` is added to the answer.
    pub cache_control_private: bool,
}

/// The balancing core: told what happened through [`handle`](Self::handle), asked what to
/// do through [`poll`](Self::poll), woken at [`next_wake`](Self::next_wake).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balancer {
    config: Config,
    interest: Interest,
    outputs: VecDeque<Output>,
}

impl Balancer {
    /// A balancer for `config`, started at `now`.
    ///
    /// # Errors
    /// Every contradiction in the configuration at once.
    pub fn new(config: Config, _now: Moment) -> Result<Self, Vec<ConfigError>> {
        Ok(Self {
            config,
            interest: Interest::default(),
            outputs: VecDeque::new(),
        })
    }

    /// Says which events are worth a [`Output::Note`].
    pub fn listen(&mut self, interest: Interest) {
        self.interest = interest;
    }

    /// Tells the balancer one fact. `now` must not be earlier than in any call before.
    pub fn handle(&mut self, _now: Moment, _input: Input<'_>, _chance: &mut dyn Chance) {}

    /// The next wish, or none: ask until none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The earliest moment at which it wants to hear [`Input::Woke`].
    pub fn next_wake(&self) -> Option<Moment> {
        None
    }

    /// The configuration it was made from.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The backend called `name`.
    pub fn backend_named(&self, _name: &str) -> Option<BackendId> {
        None
    }

    /// The server `server` of the backend called `backend`.
    pub fn server_named(&self, _backend: &str, _server: &str) -> Option<ServerId> {
        None
    }

    /// The name of a server, also of one that was deleted.
    pub fn server_name(&self, _server: ServerId) -> &str {
        ""
    }

    /// All servers of a backend that exist now, in declaration order.
    pub fn servers(&self, _backend: BackendId) -> Vec<ServerId> {
        Vec::new()
    }

    /// The status of a server as `show stat` words it.
    pub fn status(&self, _server: ServerId) -> Status {
        Status::Up
    }

    /// Requests waiting in the backend's own queue.
    pub fn backend_queue(&self, _backend: BackendId) -> u32 {
        0
    }

    /// Requests waiting in this server's queue.
    pub fn server_queue(&self, _server: ServerId) -> u32 {
        0
    }

    /// Header changes of `request`, if there are any; valid until its number is used again.
    pub fn edits(&self, _request: RequestId) -> Option<&Edits> {
        None
    }

    /// How `request` ended; valid from its end until its number is used again.
    pub fn ending(&self, _request: RequestId) -> Option<&Ending> {
        None
    }
}
