//! What a thread does in each iteration when it is more than one request: JMeter's samplers,
//! timers, extractors and logic controllers as a tree of steps.

use balance::{BackendId, Door, Moment, Span};

use super::{Sampled, Template, ThreadGroup};

/// A thread group whose threads follow a script. `group.loops` counts iterations of the
/// whole script, and `group.request` is only its first request, for views.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptGroup {
    /// Threads, ramp-up, cookies and so on.
    pub group: ThreadGroup,
    /// One iteration.
    pub script: Vec<Deed>,
    /// Variables that every thread begins with.
    pub variables: Vec<(String, Template)>,
    /// `Set-Cookie` values that every thread's jar begins with.
    pub own_cookies: Vec<String>,
    /// What a thread does after a failed sample.
    pub on_error: OnError,
    /// It starts (its `start` counts) when these entries of the plan's clients are done.
    pub after: Vec<usize>,
    /// Whether each iteration is a new visitor's: the connection is closed between two.
    pub new_visitors: bool,
}

/// "Action to be taken after a Sampler error".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Go on as if nothing had happened.
    #[default]
    Continue,
    /// Begin the next iteration of the thread.
    StartNextLoop,
    /// End the thread.
    StopThread,
    /// End all threads of all groups, each after the request it waits for.
    StopTest,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// An HTTP sampler.
    Request(Box<ScriptRequest>),
    /// A timer: nothing happens for so long.
    Pause(Sampled),
    /// A constant throughput timer: waits until the next request is due.
    Pace {
        /// Requests per minute, more than 0.
        per_minute: f64,
        /// Whose requests are counted.
        of: PaceOf,
        /// Steps with the same name are one timer; empty: one of its own.
        timer: String,
    },
    /// Gives variables new values.
    Set(Vec<(String, Template)>),
    /// A counter: the variable gets the next number.
    Count(Counter),
    /// A CSV data set: the variables get the values of the next row.
    Data(Data),
    /// A regular expression extractor on the answer to the last request.
    Extract(Extract),
    /// Empties the cookie jar.
    ClearCookies,
    /// A loop controller; without `times` it never ends.
    Loop {
        /// How often: a whole number when it is reached; negative: for ever.
        times: Option<Template>,
        /// What is repeated.
        steps: Vec<Deed>,
    },
    /// A while controller: as long as the condition holds.
    While {
        /// See [`Expression`](super::expression).
        condition: Template,
        /// What is repeated.
        steps: Vec<Deed>,
    },
    /// A runtime controller: again and again until the time is over.
    Runtime {
        /// How long.
        time: Span,
        /// What is repeated.
        steps: Vec<Deed>,
    },
    /// A `ForEach` controller: once for each of `input_1`, `input_2`, ...
    ForEach {
        /// What the names begin with, the separator included.
        input: String,
        /// The variable that gets the values.
        output: String,
        /// What is repeated.
        steps: Vec<Deed>,
    },
    /// An if controller.
    If {
        /// See [`expression`](super::expression).
        condition: Template,
        /// What is done if it holds.
        steps: Vec<Deed>,
    },
    /// A once-only controller: in the first iteration of the loop around it.
    Once(Vec<Deed>),
    /// A throughput controller: in some of its turns.
    Throughput {
        /// In how many.
        share: Turns,
        /// Whether each thread counts its own turns.
        per_user: bool,
        /// What is done then.
        steps: Vec<Deed>,
    },
    /// A simple or transaction controller, or one of the choices below.
    Group(Vec<Deed>),
    /// A random controller: one of these, equally likely.
    Random(Vec<Deed>),
    /// A random order controller: all of these, in a new order each time.
    RandomOrder(Vec<Deed>),
    /// An interleave controller: the next one of these each time.
    Interleave(Vec<Deed>),
    /// A switch controller: the one of this number (from 0) or name.
    Switch {
        /// Which; a name that is none of the choices means `default`.
        value: Template,
        /// The choices with their names.
        choices: Vec<(String, Deed)>,
    },
    /// A flow control action.
    Leave(Leave),
}

/// Whose requests a throughput timer paces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaceOf {
    /// Each thread on its own.
    Thread,
    /// The active threads of the group together, each knowing only how many there are.
    Group,
    /// The active threads of the group together, one after the other.
    GroupShared,
}

/// How often a throughput controller lets its steps run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turns {
    /// In so many of a hundred turns, evenly spread.
    Percent(f64),
    /// In the first so many turns.
    Total(u64),
}

/// What a flow control action leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// This iteration of the loop around it.
    LoopIteration,
    /// The loop around it.
    Loop,
    /// This iteration of the thread.
    Iteration,
    /// The thread.
    Thread,
    /// The test.
    Test,
}

/// A request with variables in it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptRequest {
    /// The sampler's name; empty: the method and the path.
    pub label: String,
    /// `GET`, ...
    pub method: Template,
    /// `/path?query`
    pub uri: Template,
    /// Further headers, names in lower case.
    pub headers: Vec<(String, Template)>,
    /// The backend it is sent to, unless it comes in through a door.
    pub backend: BackendId,
    /// Where it comes in.
    pub door: Option<Door>,
    /// Whether the connection to the proxy is kept afterwards.
    pub keep_alive: bool,
    /// How long a connection may take.
    pub connect_timeout: Option<Span>,
    /// How long an answer may take.
    pub response_timeout: Option<Span>,
}

/// A counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The variable.
    pub variable: String,
    /// The first number.
    pub start: i64,
    /// What is added each time.
    pub step: i64,
    /// After this number it starts again.
    pub end: i64,
    /// Leading zeros up to this many digits.
    pub digits: usize,
    /// Whether each thread counts on its own.
    pub per_user: bool,
}

/// Rows of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The variables, in the order of the columns.
    pub variables: Vec<String>,
    /// The rows; shorter ones leave the last variables as they are.
    pub rows: Vec<Vec<String>>,
    /// Whether the first row follows the last; otherwise the thread ends there, or keeps
    /// `<EOF>`.
    pub recycle: bool,
    /// Whether a thread that finds no row ends.
    pub stop: bool,
    /// Whether all threads of the group read the same rows in turn.
    pub shared: bool,
}

/// What is taken out of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    /// The variable.
    pub variable: String,
    /// A regular expression.
    pub regex: String,
    /// What the variable gets: `$1$` stands for the first group.
    pub template: String,
    /// Which match: from 1; 0: any; negative: all of them, as `variable_1`, `variable_2`, ...
    pub number: i32,
    /// What the variable gets if nothing matches; none: it stays as it is.
    pub default: Option<String>,
    /// Whether the headers are searched instead of the body.
    pub headers: bool,
}

impl ScriptGroup {
    /// The moment its threads may start if it waits for nobody.
    pub fn start(&self) -> Moment {
        self.group.start
    }
}
