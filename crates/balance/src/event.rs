//! What happened, in the past tense: small plain values, made only when somebody
//! listens (see [`Interest`]).

use crate::alert::Alert;
use crate::ids::{AttemptId, BackendId, ProbeId, RequestId, ServerId};
use crate::time::Span;

/// Which notes the balancer makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// None at all: the cheapest.
    Nothing,
    /// State and weight changes of servers and ends of checks.
    #[default]
    States,
    /// Every decision about every request as well.
    Everything,
}

/// Something that happened inside the balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A server was chosen for a request.
    Chosen {
        /// For whom.
        request: RequestId,
        /// Who.
        server: ServerId,
        /// By what.
        by: By,
    },
    /// A request had to wait.
    Queued {
        /// Who waits.
        request: RequestId,
        /// In this server's queue, or in the backend's.
        queue: Option<ServerId>,
    },
    /// A request left a queue and starts on `server`.
    Dequeued {
        /// Who.
        request: RequestId,
        /// Where it goes.
        server: ServerId,
        /// How long it waited.
        waited: Span,
    },
    /// A failed attempt is tried again on the same server.
    Retried(AttemptId, ServerId),
    /// A request was taken from `from` and balanced again, with another outcome.
    Redispatched {
        /// Whose.
        request: RequestId,
        /// The server it leaves.
        from: ServerId,
    },
    /// The request is over; [`Balancer::ending`](crate::Balancer::ending) has the facts.
    Ended(RequestId),
    /// A server's state changed.
    StateChanged {
        /// Whose.
        server: ServerId,
        /// What its status read before.
        from: Status,
        /// What it reads now.
        to: Status,
        /// Why.
        cause: Cause,
    },
    /// A server's weight changed.
    WeightChanged {
        /// Whose.
        server: ServerId,
        /// Effective weight before, in sixteenths for dynamic algorithms.
        from: u32,
        /// Effective weight now.
        to: u32,
    },
    /// A check was sent.
    ProbeStarted(ProbeId),
    /// A check ended.
    ProbeEnded {
        /// Which.
        probe: ProbeId,
        /// With what verdict.
        result: CheckResult,
    },
    /// The last usable server of the backend is gone.
    NoServerLeft(BackendId),
    /// The proxy writes a line about a server to its log.
    Logged(Alert),
    /// An input spoke of an attempt, check or request that was over: ignored.
    Ghost,
}

/// Who chose a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The balancing algorithm.
    Algorithm,
    /// The persistence cookie.
    Cookie,
    /// A stick table.
    Stick,
    /// A `use-server` rule.
    UseServer,
    /// The server itself, which took the request from a queue.
    Queue,
}

/// The status of a server as `show stat` words it (spec: server states, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// `UP`
    Up,
    /// `UP a/f`: going down, or just started.
    UpGoingDown(u32, u32),
    /// `no check`
    NoCheck,
    /// `DRAIN`
    Drain,
    /// `DRAIN a/f`
    DrainGoingDown(u32, u32),
    /// `NOLB`
    NoLb,
    /// `NOLB a/f`
    NoLbGoingDown(u32, u32),
    /// `DOWN`
    Down,
    /// `DOWN h/r`: coming up.
    DownGoingUp(u32, u32),
    /// `MAINT`
    Maint,
    /// `MAINT (via B/S)`
    MaintVia(ServerId),
}

impl core::fmt::Display for Status {
    /// HAProxy's words; `MAINT (via ...)` lacks the name, which only the balancer knows.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Up => f.write_str("UP"),
            Self::UpGoingDown(a, b) => write!(f, "UP {a}/{b}"),
            Self::NoCheck => f.write_str("no check"),
            Self::Drain => f.write_str("DRAIN"),
            Self::DrainGoingDown(a, b) => write!(f, "DRAIN {a}/{b}"),
            Self::NoLb => f.write_str("NOLB"),
            Self::NoLbGoingDown(a, b) => write!(f, "NOLB {a}/{b}"),
            Self::Down => f.write_str("DOWN"),
            Self::DownGoingUp(a, b) => write!(f, "DOWN {a}/{b}"),
            Self::Maint => f.write_str("MAINT"),
            Self::MaintVia(_) => f.write_str("MAINT (via)"),
        }
    }
}

/// Why a server's state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A health check ended so.
    Check(CheckResult),
    /// Somebody typed a command.
    Cli,
    /// The server it tracks changed.
    Tracked(ServerId),
    /// Its slow start is over.
    WarmedUp,
}

/// How one run of a health check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// The verdict's code.
    pub code: CheckCode,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// From the start of the run to its end.
    pub duration: Span,
}

/// Check verdicts, in HAProxy's words (spec: health checks, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckCode {
    /// `UNK`
    Unknown,
    /// `INI`: no run has ended yet.
    Initializing,
    /// `HANA`: traffic was observed to fail.
    HealthAnalyze,
    /// `SOCKERR`
    SocketError,
    /// `L4OK`
    L4Ok,
    /// `L4TOUT`
    L4Timeout,
    /// `L4CON`
    L4Connection,
    /// `L7OK`
    L7Ok,
    /// `L7OKC`: a 404 with `disable-on-404`.
    L7OkConditional,
    /// `L7TOUT`
    L7Timeout,
    /// `L7RSP`
    L7Response,
    /// `L7STS`
    L7Status,
}

impl CheckCode {
    /// The code as `show stat` prints it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "UNK",
            Self::Initializing => "INI",
            Self::HealthAnalyze => "HANA",
            Self::SocketError => "SOCKERR",
            Self::L4Ok => "L4OK",
            Self::L4Timeout => "L4TOUT",
            Self::L4Connection => "L4CON",
            Self::L7Ok => "L7OK",
            Self::L7OkConditional => "L7OKC",
            Self::L7Timeout => "L7TOUT",
            Self::L7Response => "L7RSP",
            Self::L7Status => "L7STS",
        }
    }

    /// The long text of log lines.
    pub fn text(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Initializing => "Initializing",
            Self::HealthAnalyze => "Health analyze",
            Self::SocketError => "Socket error",
            Self::L4Ok => "Layer4 check passed",
            Self::L4Timeout => "Layer4 timeout",
            Self::L4Connection => "Layer4 connection problem",
            Self::L7Ok => "Layer7 check passed",
            Self::L7OkConditional => "Layer7 check conditionally passed",
            Self::L7Timeout => "Layer7 timeout",
            Self::L7Response => "Layer7 invalid response",
            Self::L7Status => "Layer7 wrong status",
        }
    }

    /// Whether the run passed.
    pub fn passed(self) -> bool {
        matches!(self, Self::L4Ok | Self::L7Ok | Self::L7OkConditional)
    }
}
