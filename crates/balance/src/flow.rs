//! One request on its way through the balancer: what must be remembered of it.

use alloc::boxed::Box;

use crate::balancer::Edits;
use crate::event::By;
use crate::ids::ServerId;
use crate::time::{Moment, Span};
use crate::timers::NONE;

/// Where a request stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Over, or never begun: the number is free.
    #[default]
    Over,
    /// A rule makes it wait for its answer.
    Held,
    /// Waits in the queue of its server, or of the backend if it has none.
    Queued,
    /// Has been given to a server and connects in its turn.
    Woken,
    /// Waits for a connection.
    Connecting,
    /// Waits before the next attempt.
    Pausing,
    /// Waits for the head of the answer.
    Waiting,
    /// The answer is being forwarded.
    Relaying,
}

/// The first thing that went wrong on the way to a server; it names the final error
/// (spec: queues, 5 and 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `SC`: refused, or no server.
    Connection,
    /// `sC`: the connection took too long.
    ConnectTimeout,
    /// `SQ`: the queue was full.
    QueueFull,
    /// `sQ`: it waited too long.
    QueueTimeout,
}

impl Trouble {
    /// The first two letters of the termination state.
    pub(crate) fn letters(self) -> [u8; 2] {
        match self {
            Self::Connection => *b"SC",
            Self::ConnectTimeout => *b"sC",
            Self::QueueFull => *b"SQ",
            Self::QueueTimeout => *b"sQ",
        }
    }
}

/// What persistence adds to a request; absent on backends without any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Persistence {
    /// Sent with POST.
    pub post: bool,
    /// Its method permits a cached answer (GET, HEAD, OPTIONS, TRACE).
    pub cacheable: bool,
    /// An `ignore-persist` rule matched.
    pub ignored: bool,
    /// What the cookie said.
    pub cookie: crate::stick::cookie::CookieState,
    /// The place in the stick table that its answer will fill.
    pub place: Option<crate::stick::table::Reservation>,
    /// Header changes.
    pub edits: Edits,
}

impl Persistence {
    /// That of a new request sent with `method`.
    pub(crate) fn of(method: &str) -> Self {
        Self {
            post: method == "POST",
            cacheable: matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE"),
            ..Self::default()
        }
    }
}

/// What is true of a request or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mark {
    /// Decided by persistence rather than by balancing.
    Direct = 1,
    /// A server is chosen.
    Assigned = 1 << 1,
    /// Holds a slot of its server.
    Slot = 1 << 2,
    /// Counts among its server's current connections.
    Counted = 1 << 3,
    /// Was redispatched (`+` in the log).
    Redispatched = 1 << 4,
    /// A `force-persist` rule matched.
    Forced = 1 << 5,
    /// Balancing hashes a key of it.
    Keyed = 1 << 6,
}

/// The marks of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    #[inline]
    pub(crate) fn has(self, mark: Mark) -> bool {
        self.0 & mark as u8 != 0
    }

    #[inline]
    pub(crate) fn set(&mut self, mark: Mark) {
        self.0 |= mark as u8;
    }

    #[inline]
    pub(crate) fn clear(&mut self, mark: Mark) {
        self.0 &= !(mark as u8);
    }

    /// Whether it had the mark, which it has no longer.
    #[inline]
    pub(crate) fn take(&mut self, mark: Mark) -> bool {
        let had = self.has(mark);
        self.clear(mark);
        had
    }
}

/// One live request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub phase: Phase,
    pub marks: Marks,
    /// Lane of its timer, or [`Flow::NO_LANE`].
    pub lane: u8,
    pub by: By,
    pub trouble: Option<Trouble>,
    /// First two letters of the termination state once it is over.
    pub letters: [u8; 2],
    pub status: u16,
    /// Attempts that failed; nobody lives to see it full.
    pub failures: u16,
    pub backend: u32,
    /// Its server's place, or [`NONE`].
    pub server: u32,
    /// The server it must leave if it can (a redispatch is under way), or [`NONE`].
    pub leaving: u32,
    pub turn: u32,
    /// The hash of its key, if it is marked [`Keyed`](Mark::Keyed).
    pub key: u32,
    pub previous: u32,
    pub next: u32,
    /// Of a live one, the deadline of its timer, if it has one; then the moment of its end.
    pub until: Moment,
    pub arrived: Moment,
    pub assigned_at: Moment,
    pub connected_at: Moment,
    pub answered_at: Moment,
    pub persistence: Option<Box<Persistence>>,
}

impl Flow {
    /// The value of `lane` for a request without a timer.
    pub(crate) const NO_LANE: u8 = u8::MAX;

    /// The server's full name, if it has one.
    pub(crate) fn server_id(&self) -> Option<ServerId> {
        (self.server != NONE).then_some(ServerId {
            backend: crate::ids::BackendId(self.backend),
            slot: self.server,
        })
    }

    /// The hash of its key, if it has one.
    pub(crate) fn hash(&self) -> Option<u32> {
        self.marks.has(Mark::Keyed).then_some(self.key)
    }

    /// Balancing has chosen `slot` for it.
    #[inline]
    pub(crate) fn assign(&mut self, slot: u32) {
        self.marks.set(Mark::Assigned);
        self.server = slot;
        self.by = By::Algorithm;
    }

    /// When it ended, if it is over.
    pub(crate) fn ended_at(&self) -> Option<Moment> {
        (self.phase == Phase::Over && self.until != Moment::NEVER).then_some(self.until)
    }

    /// The server's place to avoid in balancing.
    pub(crate) fn avoid(&self) -> Option<u32> {
        (self.leaving != NONE).then_some(self.leaving)
    }

    /// From the connection (if any) to the head of the answer (if any).
    pub(crate) fn spans(&self) -> (Option<Span>, Option<Span>, Option<Span>) {
        let known = |at: Moment| at != Moment::NEVER;
        let waited = known(self.assigned_at).then(|| self.assigned_at.since(self.arrived));
        let connect = known(self.connected_at).then(|| self.connected_at.since(self.assigned_at));
        let response = known(self.answered_at).then(|| self.answered_at.since(self.connected_at));
        (waited, connect, response)
    }
}

impl Flow {
    /// How long it waited, connected, waited for its answer and took in all, now that it is
    /// over: whole milliseconds, in the order of [`Lapse`](crate::server::Lapse).
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn lapses(&self) -> [u32; 4] {
        let (waited, connect, response) = self.spans();
        let millis = |span: Option<Span>| span.map_or(0, Span::as_millis) as u32;
        let total = self.until.since(self.arrived);
        [
            millis(waited),
            millis(connect),
            millis(response),
            millis(Some(total)),
        ]
    }
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            phase: Phase::Over,
            marks: Marks::default(),
            lane: Self::NO_LANE,
            by: By::Algorithm,
            trouble: None,
            letters: *b"--",
            status: 0,
            backend: 0,
            server: NONE,
            leaving: NONE,
            turn: 0,
            failures: 0,
            key: 0,
            previous: NONE,
            next: NONE,
            until: Moment::NEVER,
            arrived: Moment::NEVER,
            assigned_at: Moment::NEVER,
            connected_at: Moment::NEVER,
            answered_at: Moment::NEVER,
            persistence: None,
        }
    }
}

const _: () = {
    // One per client of a closed loop: at a hundred thousand of them each byte counts.
    assert!(size_of::<Flow>() <= 88);
};
