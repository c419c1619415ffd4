//! Waiting lines: of a server, and of a backend.

use alloc::collections::BTreeMap;

use crate::ids::RequestId;

/// A place in a line: priority class, then adjusted time, then arrival (spec: queues, 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    /// -2047..=2047, lower first.
    pub class: i16,
    /// Arrival in the line in ms, plus the offset.
    pub at: i64,
    /// Counts all arrivals.
    pub arrival: u64,
    /// How many had been let out of this line when it joined.
    pub let_out: u64,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    waiting: BTreeMap<Ticket, RequestId>,
    /// How many were let out of it to be served.
    let_out: u64,
}

impl Queue {
    pub(crate) fn len(&self) -> u32 {
        self.waiting.len() as u32
    }

    pub(crate) fn join(&mut self, ticket: Ticket, request: RequestId) {
        self.waiting.insert(ticket, request);
    }

    pub(crate) fn leave(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }

    /// How many were let out of it to be served, ever.
    pub(crate) fn let_out(&self) -> u64 {
        self.let_out
    }

    /// One more is let out to be served.
    pub(crate) fn count_let_out(&mut self) {
        self.let_out += 1;
    }

    pub(crate) fn first(&self) -> Option<(Ticket, RequestId)> {
        self.waiting
            .first_key_value()
            .map(|(ticket, request)| (*ticket, *request))
    }

    /// Everyone in line, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = RequestId> + '_ {
        self.waiting.values().copied()
    }
}
