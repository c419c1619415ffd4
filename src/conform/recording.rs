//! A recording: what a real HAProxy did in answer to a program of operations.
//!
//! The text form is JSON lines: the backend first, then one line for each operation with
//! what was observed. Reading is strict: an unknown word, a missing one or one out of
//! place is refused with its line, so that a typing error never counts as agreement.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Map, Value};

mod line;

pub use line::{Head, HeadBackend, HeadServer, Outcome, To};
use line::{Line, OneOrMany};

/// One program and what HAProxy did with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The first line: version, name, backend.
    pub head: Head,
    /// The place of that line in its file, from 1.
    pub first: usize,
    /// The operations in order.
    pub steps: Vec<Step>,
}

/// One operation and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its line in the text, from 1.
    pub line: usize,
    /// What was done.
    pub operation: Operation,
    /// What was observed once everything was at rest.
    pub seen: Seen,
}

/// One thing done to the system.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A client sends a request.
    Request(Sent),
    /// The origin answers a request that it held back.
    End(u32),
    /// The client resets its connection.
    Abort(u32),
    /// Somebody types a command into the administration socket.
    Admin(String),
    /// An origin stops or starts listening.
    Origin {
        /// The server's name.
        server: String,
        /// Whether it listens from now on.
        up: bool,
    },
}

/// A request as the client sends it, and as the origin will answer it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Its number, used once.
    pub id: u32,
    /// Whether the origin keeps the answer back until an [`Operation::End`].
    pub hold: bool,
    /// The client's address.
    pub source: IpAddr,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The request target.
    pub uri: String,
    /// Every header but `cookie`: `host` first, then as recorded; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The value of the one `cookie` header.
    pub cookie: Option<String>,
    /// The `Set-Cookie` values that the origin answers with.
    pub app_cookies: Vec<String>,
}

/// The address a client has unless the recording says otherwise.
pub const DEFAULT_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 9, 8, 7));
/// The `host` header of a request that names none.
pub const DEFAULT_HOST: &str = "lab.local";

/// What was observed after one operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// How far the operation's own request came.
    pub outcome: Outcome,
    /// The request waits in a queue.
    pub queued: bool,
    /// Nothing was done, because the request was in this state.
    pub skip: Option<Skip>,
    /// The text of a command's reply.
    pub reply: Option<String>,
    /// The rows of a listing command.
    pub rows: Option<Vec<Map<String, Value>>>,
    /// Other requests that left a queue and reached an origin, by number.
    pub dispatched: Vec<(u32, String)>,
    /// Other requests that ended, by number.
    pub finished: Vec<(u32, Outcome)>,
    /// The lengths of all queues that are not empty, if they changed.
    pub queues: Option<BTreeMap<String, u32>>,
}

/// Why an `end` did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Skip {
    /// The request still waits in a queue.
    Queued,
    /// The request is over.
    Done,
}

/// Why a recording cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingError {
    /// The line at fault, from 1.
    pub line: usize,
    /// The column at fault, from 1, where the line is not even well formed.
    pub column: Option<usize>,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for RecordingError {
    /// `17:9: unknown field ...`, to be written behind a file's name and a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{}:{column}: {}", self.line, self.problem),
            None => write!(f, "{}: {}", self.line, self.problem),
        }
    }
}

impl std::error::Error for RecordingError {}

impl RecordingError {
    /// A meaningless word in `line`.
    pub(crate) fn new(line: usize, problem: impl Into<String>) -> Self {
        Self {
            line,
            column: None,
            problem: problem.into(),
        }
    }

    fn json(line: usize, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // The library counts lines within what it was given, which is always one line.
        let problem = text
            .split(" at line ")
            .next()
            .expect("splitting yields at least one part");
        Self {
            line,
            column: Some(error.column().max(1)),
            problem: problem.to_owned(),
        }
    }
}

impl Recording {
    /// Reads the text of one recording.
    ///
    /// # Errors
    /// The first line that cannot be understood, or that speaks of a request or a server
    /// that is not there.
    pub fn read(text: &str) -> Result<Self, RecordingError> {
        Self::read_from(1, text)
    }

    /// As [`read`](Self::read), for a text that begins at line `first` of its file.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_from(first: usize, text: &str) -> Result<Self, RecordingError> {
        Self::parse(first, text, |line| serde_json::from_str(line))
    }

    /// Reads a program: the same text, whose first line may lack `haproxy` and `exact` and
    /// whose observations may be missing.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_program(text: &str) -> Result<Self, RecordingError> {
        Self::parse(1, text, |line| {
            let mut words: Map<String, Value> = serde_json::from_str(line)?;
            words.entry("haproxy").or_insert_with(|| Value::from(""));
            words.entry("exact").or_insert_with(|| Value::from(true));
            serde_json::from_value(Value::Object(words))
        })
    }

    fn parse(
        first: usize,
        text: &str,
        head: impl FnOnce(&str) -> serde_json::Result<Head>,
    ) -> Result<Self, RecordingError> {
        let mut lines = text.lines().enumerate();
        let Some((_, line)) = lines.next() else {
            return Err(RecordingError::new(first, "the recording is empty"));
        };
        let head = head(line).map_err(|error| RecordingError::json(first, &error))?;
        let mut known = Known::new(first, &head)?;
        let mut steps = Vec::new();
        for (at, text) in lines {
            let number = first + at;
            let line: Line =
                serde_json::from_str(text).map_err(|error| RecordingError::json(number, &error))?;
            let step = step(number, line)?;
            known.check(&step)?;
            steps.push(step);
        }
        Ok(Self { head, first, steps })
    }

    /// The text that [`read`](Self::read) reads.
    ///
    /// # Panics
    /// Never: everything in a recording has a text form.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string(&self.head).expect("a head has only string keys");
        text.push('\n');
        for step in &self.steps {
            let line = line_of(step);
            text += &serde_json::to_string(&line).expect("a line has only string keys");
            text.push('\n');
        }
        text
    }

    /// How many operations are requests.
    pub fn requests(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| matches!(step.operation, Operation::Request(_)))
            .count()
    }
}

impl Seen {
    /// The observation as the words of the text form, for comparing and printing.
    ///
    /// # Panics
    /// Never: every observation has a text form.
    pub fn words(&self) -> Map<String, Value> {
        let line = Line {
            op: String::new(),
            ..line_of_seen(self.clone())
        };
        match serde_json::to_value(line) {
            Ok(Value::Object(mut words)) => {
                words.shift_remove("op");
                words
            }
            _ => unreachable!("a line is an object with string keys"),
        }
    }
}

impl Operation {
    /// The operation as the words of the text form, without any observation.
    ///
    /// # Panics
    /// Never: every operation has a text form.
    pub fn words(&self) -> String {
        serde_json::to_string(&line_of_operation(self)).expect("a line has only string keys")
    }
}

/// The names a recording may use, as they come to be known.
struct Known {
    requests: BTreeSet<u32>,
    servers: BTreeSet<String>,
}

impl Known {
    fn new(first: usize, head: &Head) -> Result<Self, RecordingError> {
        let mut servers = BTreeSet::new();
        for server in &head.backend.servers {
            if !servers.insert(server.name.clone()) {
                let problem = format!("two servers are called `{}`", server.name);
                return Err(RecordingError::new(first, problem));
            }
        }
        Ok(Self {
            requests: BTreeSet::new(),
            servers,
        })
    }

    fn check(&mut self, step: &Step) -> Result<(), RecordingError> {
        let fail = |problem: String| Err(RecordingError::new(step.line, problem));
        match &step.operation {
            Operation::Request(sent) => {
                if !self.requests.insert(sent.id) {
                    return fail(format!("request {} was sent before", sent.id));
                }
            }
            Operation::End(id) | Operation::Abort(id) => {
                if !self.requests.contains(id) {
                    return fail(format!("request {id} was never sent"));
                }
            }
            Operation::Admin(command) => {
                if let Some(name) = added_server(command) {
                    self.servers.insert(name.to_owned());
                }
            }
            Operation::Origin { server, .. } => {
                if !self.servers.contains(server) {
                    return fail(format!("no server is called `{server}`"));
                }
            }
        }
        let outcome = &step.seen.outcome;
        let to = outcome.to.as_ref().and_then(To::server);
        let mut named: Vec<&str> = to.into_iter().chain(outcome.last.as_deref()).collect();
        named.extend(step.seen.dispatched.iter().map(|(_, name)| name.as_str()));
        if let Some(name) = named.iter().find(|name| !self.servers.contains(**name)) {
            return fail(format!("no server is called `{name}`"));
        }
        let ended = step.seen.finished.iter().map(|(id, _)| id);
        let mut others = step.seen.dispatched.iter().map(|(id, _)| id).chain(ended);
        if let Some(id) = others.find(|id| !self.requests.contains(id)) {
            return fail(format!("request {id} was never sent"));
        }
        Ok(())
    }
}

/// The server that `add server be/NAME @ ...` makes.
pub fn added_server(command: &str) -> Option<&str> {
    let mut words = command.split_whitespace();
    let is_add = words.next() == Some("add") && words.next() == Some("server");
    let (_, name) = words.next().filter(|_| is_add)?.split_once('/')?;
    Some(name)
}

/// One line as an operation and its observation.
fn step(number: usize, mut line: Line) -> Result<Step, RecordingError> {
    if !line::OPERATIONS.contains(&line.op.as_str()) {
        let problem = format!("unknown operation `{}`", line.op);
        return Err(RecordingError::new(number, problem));
    }
    if let Some(word) = line.misplaced() {
        let problem = format!("`{word}` has no meaning for `{}`", line.op);
        return Err(RecordingError::new(number, problem));
    }
    let missing = |word: &str| {
        let problem = format!("`{}` needs `{word}`", line.op);
        RecordingError::new(number, problem)
    };
    let operation = match line.op.as_str() {
        "req" => Operation::Request(sent(&line, line.id.ok_or_else(|| missing("id"))?)),
        "end" => Operation::End(line.id.ok_or_else(|| missing("id"))?),
        "abort" => Operation::Abort(line.id.ok_or_else(|| missing("id"))?),
        "admin" => Operation::Admin(line.cmd.clone().ok_or_else(|| missing("cmd"))?),
        _ => Operation::Origin {
            server: line.srv.clone().ok_or_else(|| missing("srv"))?,
            up: line.up.ok_or_else(|| missing("up"))?,
        },
    };
    let seen = Seen {
        outcome: line.take_outcome(),
        queued: line.queued,
        skip: line.skip,
        reply: line.reply,
        rows: line.rows,
        dispatched: line.dispatched,
        finished: line.finished.into_iter().map(line::Ended::split).collect(),
        queues: line.queues,
    };
    Ok(Step {
        line: number,
        operation,
        seen,
    })
}

fn sent(line: &Line, id: u32) -> Sent {
    let given = line.hdr.clone().unwrap_or_default();
    let mut headers = Vec::new();
    if !given
        .0
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"))
    {
        headers.push(("host".to_owned(), DEFAULT_HOST.to_owned()));
    }
    for (name, values) in given.0 {
        let name = name.to_ascii_lowercase();
        headers.extend(values.into_vec().into_iter().map(|v| (name.clone(), v)));
    }
    // The recorder writes `host` first wherever the program mentions it.
    headers.sort_by_key(|(name, _)| name != "host");
    Sent {
        id,
        hold: line.hold != 0,
        source: line.src.unwrap_or(DEFAULT_SOURCE),
        method: line.method.clone().unwrap_or_else(|| "GET".to_owned()),
        uri: line.uri.clone().unwrap_or_else(|| "/".to_owned()),
        headers,
        cookie: line.cookie.clone(),
        app_cookies: line.app_cookie.clone().unwrap_or_default(),
    }
}

fn line_of(step: &Step) -> Line {
    let input = line_of_operation(&step.operation);
    let seen = line_of_seen(step.seen.clone());
    let outcome = step.seen.outcome.clone();
    Line {
        queued: seen.queued,
        skip: seen.skip,
        reply: seen.reply,
        rows: seen.rows,
        dispatched: seen.dispatched,
        finished: seen.finished,
        queues: seen.queues,
        ..input
    }
    .with_outcome(outcome)
}

fn line_of_seen(seen: Seen) -> Line {
    Line {
        queued: seen.queued,
        skip: seen.skip,
        reply: seen.reply,
        rows: seen.rows,
        dispatched: seen.dispatched,
        finished: seen.finished.into_iter().map(line::Ended::join).collect(),
        queues: seen.queues,
        ..Line::default()
    }
    .with_outcome(seen.outcome)
}

fn line_of_operation(operation: &Operation) -> Line {
    let named = |op: &str| Line {
        op: op.to_owned(),
        ..Line::default()
    };
    match operation {
        Operation::Request(sent) => Line {
            id: Some(sent.id),
            hold: u8::from(sent.hold),
            src: Some(sent.source).filter(|source| *source != DEFAULT_SOURCE),
            method: Some(sent.method.clone()).filter(|method| method != "GET"),
            uri: Some(sent.uri.clone()).filter(|uri| uri != "/"),
            hdr: header_words(&sent.headers),
            cookie: sent.cookie.clone(),
            app_cookie: Some(sent.app_cookies.clone()).filter(|cookies| !cookies.is_empty()),
            ..named("req")
        },
        Operation::End(id) => Line {
            id: Some(*id),
            ..named("end")
        },
        Operation::Abort(id) => Line {
            id: Some(*id),
            ..named("abort")
        },
        Operation::Admin(command) => Line {
            cmd: Some(command.clone()),
            ..named("admin")
        },
        Operation::Origin { server, up } => Line {
            srv: Some(server.clone()),
            up: Some(*up),
            ..named("origin")
        },
    }
}

fn header_words(headers: &[(String, String)]) -> Option<line::Headers> {
    let mut words: Vec<(String, OneOrMany)> = Vec::new();
    for (name, value) in headers {
        if name == "host" && value == DEFAULT_HOST {
            continue;
        }
        match words.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value.clone()),
            None => words.push((name.clone(), OneOrMany::One(value.clone()))),
        }
    }
    Some(line::Headers(words)).filter(|headers| !headers.0.is_empty())
}
