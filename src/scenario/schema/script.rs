//! The steps of a thread group's script, as they are written.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Named, Time};

settings! {
    /// An HTTP sampler.
    Request {
        /// The sampler's name.
        name: String,
        /// `GET`, ...
        method: String,
        /// `/path?query`
        uri: String,
        /// Further headers.
        headers: Named<String>,
        /// Which backend it goes to.
        backend: String,
        /// Whether the connection to the proxy is kept.
        keep_alive: bool,
        /// How long a connection may take.
        connect_timeout: Time,
        /// How long an answer may take.
        response_timeout: Time,
    }

    /// A constant throughput timer.
    Pace {
        /// Requests per minute.
        per_minute: f64,
        /// Whose requests are counted.
        of: PaceOf,
        /// Steps that name the same timer wait for one another's requests.
        timer: String,
    }

    /// A counter.
    Counter {
        /// The variable that gets the numbers.
        variable: String,
        /// The first number.
        start: i64,
        /// What is added each time.
        step: i64,
        /// After this number it starts again.
        end: i64,
        /// Leading zeros up to this many digits.
        digits: i64,
        /// Whether each thread counts on its own.
        per_user: bool,
    }

    /// A CSV data set.
    Data {
        /// The variables, in the order of the columns.
        variables: Vec<String>,
        /// The rows.
        rows: Vec<Vec<String>>,
        /// Whether the first row follows the last.
        recycle: bool,
        /// Whether a thread that finds no row ends.
        stop: bool,
        /// Whether all threads read the same rows in turn.
        shared: bool,
    }

    /// A regular expression extractor.
    Extract {
        /// The variable.
        variable: String,
        /// The regular expression.
        regex: String,
        /// What the variable gets: `$1$` is the first group.
        template: String,
        /// Which match: from 1; 0: any; -1: all.
        number: i64,
        /// What the variable gets if nothing matches.
        default: String,
        /// Whether the headers are searched instead of the body.
        headers: bool,
    }

    /// A loop controller.
    Loop {
        /// How often; absent: for ever.
        times: Amount,
        /// What is repeated.
        steps: Vec<Deed>,
    }

    /// A while controller or an if controller.
    Condition {
        /// `"${TAG}" == "s1"`
        condition: String,
        /// What is done.
        steps: Vec<Deed>,
    }

    /// A runtime controller.
    Runtime {
        /// How long.
        time: Time,
        /// What is repeated.
        steps: Vec<Deed>,
    }

    /// A `ForEach` controller.
    ForEach {
        /// What the names of the variables begin with: `item_`.
        input: String,
        /// The variable that gets their values.
        output: String,
        /// What is repeated.
        steps: Vec<Deed>,
    }

    /// A throughput controller.
    Throughput {
        /// In so many of a hundred turns.
        percent: f64,
        /// Or: in the first so many turns.
        total: u64,
        /// Whether each thread counts its own turns.
        per_user: bool,
        /// What is done then.
        steps: Vec<Deed>,
    }

    /// A switch controller.
    Switch {
        /// The number or the name of the choice.
        value: String,
        /// The choices.
        choices: Named<Deed>,
    }
}

/// Whose requests a throughput timer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaceOf {
    /// Each thread's own.
    Thread,
    /// Those of the group's active threads, each knowing only how many there are.
    Group,
    /// Those of the group's active threads, one after the other.
    GroupShared,
}

/// What a thread does after a failed sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// It goes on.
    Continue,
    /// It begins its next iteration.
    StartNextLoop,
    /// It ends.
    StopThread,
    /// The test ends.
    StopTest,
}

/// What a flow control action leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
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

/// A step of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(
    rename_all = "snake_case",
    expecting = "a step such as `request(uri: \"/\")` or `pause(\"300ms\")`"
)]
pub enum Deed {
    /// An HTTP sampler.
    Request(Box<Request>),
    /// A timer.
    Pause(Time),
    /// A constant throughput timer.
    Pace(Pace),
    /// New values for variables.
    Set(Named<String>),
    /// A counter.
    Counter(Counter),
    /// A CSV data set.
    Data(Box<Data>),
    /// A regular expression extractor.
    Extract(Box<Extract>),
    /// Empties the cookie jar.
    ClearCookies,
    /// A loop controller.
    Loop(Loop),
    /// A while controller.
    While(Condition),
    /// A runtime controller.
    Runtime(Runtime),
    /// A `ForEach` controller.
    ForEach(ForEach),
    /// An if controller.
    If(Condition),
    /// A once-only controller.
    Once(Vec<Self>),
    /// A throughput controller.
    Throughput(Throughput),
    /// A simple controller.
    Group(Vec<Self>),
    /// A random controller.
    Random(Vec<Self>),
    /// A random order controller.
    RandomOrder(Vec<Self>),
    /// An interleave controller.
    Interleave(Vec<Self>),
    /// A switch controller.
    Switch(Switch),
    /// A flow control action.
    Leave(Leave),
}

/// A whole number, or a text with variables that comes to one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Amount(pub String);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a text such as \"${times}\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                Ok(Amount(text.to_owned()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount(number.to_string()))
            }
        }
        deserializer.deserialize_any(Written)
    }
}
