//! A checked run: nothing optional that has no meaning, no name unresolved.
//!
//! Only [`scenario`](crate::scenario) and the importers build plans; the lab runs them and
//! the reports read their names. All moments count from the start of the proxy.

mod arrivals;
pub mod expression;
mod rules;
pub mod script;
pub mod template;

pub use arrivals::{Arrival, Arrivals};
pub use rules::{List, RuleLines, RuleSection};
pub use script::ScriptGroup;
pub use template::Template;

use balance::{BackendId, Config, Door, Moment, ServerId, Span};

/// When the virtual wall clock of scenarios begins, in seconds since 1970: Monday, 2 March
/// 2026, 10:00 UTC. Any fixed moment would do.
pub const EPOCH: u64 = 1_772_445_600;

/// Everything one run needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The scenario's name: its path without folder and ending, such as `4.3-at-once`.
    pub scenario: String,
    /// One line for people.
    pub title: String,
    /// More lines for people; may be empty.
    pub notes: String,
    /// The root of every random stream.
    pub seed: u64,
    /// The balancer's settings.
    pub proxy: Config,
    /// The rules among them, as lines.
    pub rules: RuleLines,
    /// The applications behind the servers. `nodes[i].servers` says which servers reach it.
    pub nodes: Vec<Node>,
    /// Who sends requests. Numbered in order; an actor is a thread of a group or a browser.
    pub clients: Vec<Client>,
    /// What happens when, sorted by moment, otherwise in the order written.
    pub timeline: Vec<Timed>,
    /// What the author claims about the outcome.
    pub expect: Vec<Expectation>,
    /// What the author asks the class.
    pub ask: Vec<Question>,
    /// Latencies between the parties.
    pub wire: Wire,
    /// When the clients' clock starts: reports count time from here.
    pub clients_start: Moment,
    /// Where the run must stop by itself.
    pub budget: Budget,
}

/// One application: a process that answers requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name (the server's, unless said otherwise).
    pub name: String,
    /// The servers whose connections arrive here.
    pub servers: Vec<ServerId>,
    /// How many requests it handles at once, at least 1.
    pub workers: u32,
    /// Time to handle one request.
    pub service: Sampled,
    /// Further time that blocks the worker, health checks behind it included.
    pub delay: Span,
    /// Whether it is one thread with event-loop turns (Node.js) or an ideal FIFO queue.
    pub event_loop: bool,
    /// The name of its session cookie (`NODESESSID`), if it keeps sessions.
    pub session_cookie: Option<String>,
    /// The status it answers with.
    pub status: u16,
    /// Whether anything listens at its address.
    pub reach: Reach,
    /// Whether idle proxy connections are reused (a stalled one costs `wire.stall`).
    pub keep_alive: bool,
}

impl Node {
    /// An application called `name` that nothing reaches yet: one worker, 3 ms a request.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            servers: Vec::new(),
            workers: 1,
            service: Sampled::Constant(Span::from_millis(3)),
            delay: Span::ZERO,
            event_loop: true,
            session_cookie: None,
            status: 200,
            reach: Reach::Listening,
            keep_alive: true,
        }
    }
}

/// Whether a connection to a node can be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// It listens.
    #[default]
    Listening,
    /// The machine is there, the port is closed: connections are refused.
    Refusing,
    /// The address answers nothing: connections time out.
    Vanished,
}

/// A length of time that may vary.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampled {
    /// Always the same.
    Constant(Span),
    /// Anything from the first to the second, equally likely.
    Uniform(Span, Span),
    /// Exponential with this mean.
    Exponential(Span),
    /// Normal with this mean and standard deviation, cut at 0.
    Normal(Span, Span),
    /// One of these values, equally likely.
    Empirical(Vec<Span>),
}

/// Somebody who sends requests.
#[derive(Clone, Debug, PartialEq)]
pub enum Client {
    /// JMeter's thread group.
    Threads(ThreadGroup),
    /// JMeter's thread group with more in its loop.
    Script(Box<ScriptGroup>),
    /// A person with a browser.
    Browser(Browser),
    /// Requests with moments of their own, as a log has them.
    Arrivals(Arrivals),
}

impl Client {
    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Threads(group) => &group.name,
            Self::Script(script) => &script.group.name,
            Self::Browser(browser) => &browser.name,
            Self::Arrivals(arrivals) => &arrivals.name,
        }
    }

    /// How many actors it is: threads, one browser, or arrivals.
    pub fn actors(&self) -> u32 {
        match self {
            Self::Threads(group) => group.threads,
            Self::Script(script) => script.group.threads,
            Self::Browser(_) => 1,
            Self::Arrivals(arrivals) => arrivals.list.len() as u32,
        }
    }

    /// What one of its actors sends.
    pub fn request(&self, actor: u32) -> &RequestLine {
        match self {
            Self::Threads(group) => &group.request,
            // The first request stands for all of them.
            Self::Script(script) => &script.group.request,
            Self::Browser(browser) => &browser.request,
            Self::Arrivals(arrivals) => arrivals.request(actor),
        }
    }
}

/// A JMeter thread group with one HTTP request in its loop.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadGroup {
    /// Its name.
    pub name: String,
    /// Number of threads, at least 1.
    pub threads: u32,
    /// Requests per thread; `None`: until `duration` is over.
    pub loops: Option<u64>,
    /// Stop starting requests this long after the group's start.
    pub duration: Option<Span>,
    /// Thread i of n starts i/n of this after the first.
    pub ramp_up: Span,
    /// A thread's own time between an answer and its next request.
    pub think: Sampled,
    /// "Clear cookies each iteration".
    pub clear_cookies: bool,
    /// Whether threads have a cookie manager at all.
    pub cookies: bool,
    /// Whether the connection to the proxy is kept between requests.
    pub keep_alive: bool,
    /// How long a connection to the proxy may take.
    pub connect_timeout: Option<Span>,
    /// How long an answer may take.
    pub response_timeout: Option<Span>,
    /// What each thread sends.
    pub request: RequestLine,
    /// When it starts.
    pub start: Moment,
}

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// `GET`, ...
    pub method: String,
    /// `/path?query`
    pub uri: String,
    /// Further headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The client's address as the proxy sees it.
    pub source: core::net::IpAddr,
    /// The backend it is sent to, unless it comes in through a door.
    pub backend: BackendId,
    /// Where it comes in: the frontend's rules say which backend gets it.
    pub door: Option<Door>,
}

/// A person who follows a script.
#[derive(Clone, Debug, PartialEq)]
pub struct Browser {
    /// Its name.
    pub name: String,
    /// What it visits.
    pub request: RequestLine,
    /// The pause between the end of one step and the next.
    pub pause: Span,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// When it starts.
    pub start: Moment,
}

/// One step of a browser's script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Load the page this many times.
    Visit(u32),
    /// Empty the cookie jar.
    ClearCookies,
    /// Do nothing until this moment.
    Until(Moment),
}

/// Something done at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// When.
    pub at: Moment,
    /// What.
    pub action: Action,
}

/// What can be done to the lab while it runs. `node` is an index into [`Plan::nodes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The operator types this line to the runtime API.
    Command(String),
    /// `POST /delay` to a node: takes its turn in the node's queue, then applies.
    Delay {
        /// Which node.
        node: usize,
        /// The delay from now on.
        to: Span,
    },
    /// A node stops, and its address behaves as told.
    Stop {
        /// Which node.
        node: usize,
        /// `Refusing` or `Vanished`.
        reach: Reach,
    },
    /// A stopped node starts again, with empty memory.
    Start {
        /// Which node.
        node: usize,
    },
    /// A node answers with this status from now on.
    Status {
        /// Which node.
        node: usize,
        /// 100..=599
        status: u16,
    },
}

/// Latencies between the parties.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// Client to proxy, each way.
    pub client: Span,
    /// Proxy to node, each way.
    pub node: Span,
    /// The stall of a delayed acknowledgement on a reused connection.
    pub stall: Span,
    /// How often it strikes, as parts of a thousand.
    pub stall_per_mille: u32,
}

/// Limits that a run may not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Agenda entries.
    pub events: u64,
    /// Virtual time.
    pub time: Span,
}

impl Default for Budget {
    /// A thousand million events, a hundred days.
    fn default() -> Self {
        Self {
            events: 1_000_000_000,
            time: Span::from_secs(8_640_000),
        }
    }
}

/// A question for the class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub question: String,
    /// What is right.
    pub answer: String,
}

/// A claim about the outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// As the author wrote it, on one line.
    pub text: String,
    /// What it says.
    pub claim: Claim,
}

/// What an expectation says.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// Requests answered by a server (by name).
    Served {
        /// Which server.
        server: String,
        /// How many.
        count: Bound,
    },
    /// A server's share of all requests, served or not, in percent, with a tolerance in points.
    Share {
        /// Which server.
        server: String,
        /// Percent.
        about: f64,
        /// Percentage points.
        tolerance: f64,
    },
    /// Requests that failed as JMeter sees it: no answer, or a status of 400 and above.
    Errors(Bound),
    /// A server goes DOWN within a window, for a reason.
    Down {
        /// Which server.
        server: String,
        /// Not before.
        after: Option<Moment>,
        /// Not after.
        before: Option<Moment>,
        /// The check's code, `L7TOUT`.
        reason: Option<String>,
        /// False for `never(down(..))`.
        happens: bool,
    },
    /// A server's status at a moment, or at the end.
    State {
        /// Which server.
        server: String,
        /// `UP`, `DOWN`, `MAINT`, `DRAIN`, ...
        is: String,
        /// When; `None`: at the end.
        at: Option<Moment>,
    },
    /// The first picks, by name.
    Sequence(Vec<String>),
    /// Sessions that started again on another node (`sessionViews` back at 1).
    SessionsRestarted(Bound),
    /// Mean elapsed time of all samples, or of one server's.
    Mean {
        /// Which server; `None`: all.
        server: Option<String>,
        /// Milliseconds.
        within: (f64, f64),
    },
    /// Standard deviation of the elapsed time.
    Deviation {
        /// Which server; `None`: all.
        server: Option<String>,
        /// Milliseconds.
        within: (f64, f64),
    },
    /// Requests per second.
    Rate {
        /// Which server; `None`: all.
        server: Option<String>,
        /// Per second.
        within: (f64, f64),
    },
}

/// What a count may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// This.
    Exactly(u64),
    /// From the first to the second, both included.
    Within(u64, u64),
    /// This or more.
    AtLeast(u64),
    /// This or fewer.
    AtMost(u64),
}
