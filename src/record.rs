//! Recording a real HAProxy: a program of operations driven through one on loopback.
//!
//! One process for each program, one thread, nothing but loopback addresses and a folder
//! of our own. Every operation is at rest before the next: each request is over, held at
//! an origin or in a queue, in two equal looks at the statistics.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::conform::listing::{self, Listing};
use crate::conform::recording::{
    Head, Operation, Outcome, Recording, Seen, Sent, Skip, Step, To, added_server,
};

mod client;
mod journal;
mod origin;
mod process;

use client::Client;
use journal::{Entry, Journal};
use origin::Origins;
use process::Process;
pub use process::version;

/// How long one operation may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing may arrive before we look at the statistics. A look is a connection
/// like any other: in the middle of a storm of failing attempts it could change the order
/// in which HAProxy hears of them. It also keeps operations in different milliseconds.
const QUIET: Duration = Duration::from_micros(1500);

/// How long to sleep when nothing has arrived.
const NAP: Duration = Duration::from_micros(150);

/// Why a program could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The system refused a socket, a file or a process.
    #[error("{0}: {1}")]
    Io(&'static str, #[source] io::Error),
    /// HAProxy did not start.
    #[error("HAProxy did not start: {0}")]
    Start(String),
    /// HAProxy ended by itself.
    #[error("line {0}: HAProxy died ({1})")]
    Died(usize, String),
    /// An operation did not come to rest.
    #[error("line {0}: not at rest after {PATIENCE:?}")]
    Restless(usize),
    /// A client cannot reset its connection here.
    #[error("line {0}: `abort` cannot be recorded")]
    Abort(usize),
    /// HAProxy itself does not repeat this program.
    #[error("line {0}: HAProxy did not do the same again")]
    Unsteady(usize),
}

/// Attaches to an error what was being done.
trait Doing<T> {
    fn doing(self, what: &'static str) -> Result<T, RecordError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, RecordError> {
        self.map_err(|error| RecordError::Io(what, error))
    }
}

/// Where HAProxy is, and where it may put its files.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// The program to start.
    pub haproxy: PathBuf,
    /// An existing folder; each recording makes one in it and removes it again.
    pub folder: PathBuf,
}

impl Recorder {
    /// Records `program` `times` times, each in a fresh HAProxy, and gives the recording
    /// that all of them are (where the program is to repeat itself at all).
    ///
    /// # Errors
    /// As for [`record`](Self::record), or HAProxy did something else another time.
    pub fn record_steady(
        &self,
        program: &Recording,
        times: usize,
    ) -> Result<Recording, RecordError> {
        let first = self.record(program)?;
        for _ in 1..times {
            let again = self.record(program)?;
            let mut pairs = first.steps.iter().zip(&again.steps);
            let differs = pairs.find(|(one, other)| one != other);
            match differs {
                Some((step, _)) if program.head.exact => {
                    return Err(RecordError::Unsteady(step.line));
                }
                _ => {}
            }
        }
        Ok(first)
    }

    /// Drives `program` through a fresh HAProxy. What `program` says was observed is not
    /// looked at. Requests still held at the end are ended, the smallest number first.
    ///
    /// # Errors
    /// HAProxy cannot be started, does not come to rest, or the system fails us.
    pub fn record(&self, program: &Recording) -> Result<Recording, RecordError> {
        let mut lab = Lab::start(&self.haproxy, &self.folder, &program.head)?;
        let mut steps = Vec::new();
        for step in &program.steps {
            steps.push(lab.step_alive(step.line, step.operation.clone())?);
        }
        while let Some(id) = lab.origins.first_held() {
            steps.push(lab.step_alive(steps.len() + 2, Operation::End(id))?);
        }
        for (at, step) in steps.iter_mut().enumerate() {
            step.line = at + 2;
        }
        Ok(Recording {
            head: Head {
                haproxy: version(&self.haproxy)?,
                ..program.head.clone()
            },
            first: 1,
            steps,
        })
    }
}

/// A running HAProxy with its origins and clients.
struct Lab {
    process: Process,
    origins: Origins,
    journal: Journal,
    clients: BTreeMap<u32, Client>,
    sent: BTreeMap<u32, Sent>,
    over: BTreeMap<u32, Entry>,
    queues: BTreeMap<String, u32>,
    cookies: bool,
    flags: bool,
}

/// One look at the statistics.
#[derive(PartialEq)]
struct Look {
    /// The lengths of the queues that are not empty.
    queues: BTreeMap<String, u32>,
    /// Requests in the backend.
    streams: u32,
    text: String,
}

/// How far a request has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Held,
}

impl Lab {
    fn start(haproxy: &Path, folder: &Path, head: &Head) -> Result<Self, RecordError> {
        let mut origins = Origins::default();
        let mut addresses = Vec::new();
        for server in &head.backend.servers {
            addresses.push(origins.open(&server.name).doing("open an origin")?);
        }
        let journal = Journal::open().doing("open the log")?;
        let log = journal.address().doing("open the log")?;
        let process = Process::start(haproxy, folder, &head.backend, &addresses, log)?;
        Ok(Self {
            process,
            origins,
            journal,
            clients: BTreeMap::new(),
            sent: BTreeMap::new(),
            over: BTreeMap::new(),
            queues: BTreeMap::new(),
            cookies: head.backend.cookie.is_some(),
            flags: head.backend.cookie.is_some() || head.backend.connect_ms.is_some(),
        })
    }

    /// Does one operation, and tells a failure from the end of the process.
    fn step_alive(&mut self, line: usize, operation: Operation) -> Result<Step, RecordError> {
        self.step(line, operation).map_err(|error| {
            self.process
                .ended()
                .map_or(error, |how| RecordError::Died(line, how))
        })
    }

    /// Does one operation and writes down what came of it.
    fn step(&mut self, line: usize, operation: Operation) -> Result<Step, RecordError> {
        let before = self.stages();
        let mut seen = Seen::default();
        let mut operation = operation;
        let mut own = None;
        match &operation {
            Operation::Request(sent) => {
                own = Some(sent.id);
                self.send(sent.clone())?;
            }
            Operation::End(id) => {
                own = Some(*id);
                seen.skip = self.skip(*id);
                if seen.skip.is_none() {
                    self.origins.release(*id).doing("answer a request")?;
                }
            }
            Operation::Abort(_) => return Err(RecordError::Abort(line)),
            Operation::Admin(command) => self.order(command, &mut seen)?,
            Operation::Origin { server, up: true } => {
                self.origins.reopen(server).doing("reopen an origin")?;
            }
            Operation::Origin { server, up: false } => self.origins.close(server),
        }
        let look = self.rest(line)?;
        match &mut operation {
            Operation::Request(sent) => {
                self.request_seen(sent.id, &mut seen);
                if seen.queued {
                    sent.hold = true;
                    self.origins.hold(sent.id);
                }
            }
            Operation::End(id) if seen.skip.is_none() => self.end_seen(*id, &mut seen),
            _ => {}
        }
        self.effects(&before, own, &mut seen);
        if look.queues != self.queues {
            self.queues.clone_from(&look.queues);
            seen.queues = Some(look.queues);
        }
        Ok(Step {
            line,
            operation,
            seen,
        })
    }

    fn send(&mut self, sent: Sent) -> Result<(), RecordError> {
        if sent.hold {
            self.origins.hold(sent.id);
        }
        self.origins.expect(sent.id, sent.app_cookies.clone());
        let client = Client::send(self.process.front(), &sent).doing("send a request")?;
        self.clients.insert(sent.id, client);
        self.sent.insert(sent.id, sent);
        Ok(())
    }

    fn skip(&self, id: u32) -> Option<Skip> {
        if self.over.contains_key(&id) {
            Some(Skip::Done)
        } else if self.origins.server_of(id).is_none() {
            Some(Skip::Queued)
        } else {
            None
        }
    }

    fn order(&mut self, command: &str, seen: &mut Seen) -> Result<(), RecordError> {
        let listing = listing::of(command);
        let name = added_server(command);
        let mut typed = command.to_owned();
        if let (Some(name), true) = (name, command.contains('@')) {
            let address = self.origins.spare(name).doing("open an origin")?;
            typed = command.replace('@', &address.to_string());
        } else if let Some(listing) = listing {
            listing.command().clone_into(&mut typed);
        }
        let reply = self.process.order(&typed).doing("type a command")?;
        if let Some(name) = name {
            self.origins
                .settle_spare(name, reply.trim() == "New server registered.");
        }
        seen.rows = listing.and_then(|listing| listing.rows(&reply));
        if seen.rows.is_none() {
            seen.reply = Some(reply.trim().to_owned());
        }
        Ok(())
    }

    /// Takes in whatever has arrived; says whether anything has.
    fn pump(&mut self) -> Result<bool, RecordError> {
        let mut moved = self.origins.pump().doing("serve an origin")?;
        for client in self.clients.values_mut() {
            moved |= client.pump().doing("read an answer")?;
        }
        for entry in self.journal.pump().doing("read the log")? {
            moved = true;
            self.over.insert(entry.id, entry);
        }
        Ok(moved)
    }

    /// Waits until every request is over, held or queued, in two equal looks.
    fn rest(&mut self, line: usize) -> Result<Look, RecordError> {
        let start = Instant::now();
        let mut last: Option<Look> = None;
        let mut quiet_since = Instant::now();
        while start.elapsed() < PATIENCE {
            if self.pump()? {
                last = None;
                quiet_since = Instant::now();
                continue;
            }
            if quiet_since.elapsed() < QUIET {
                std::thread::sleep(NAP);
                continue;
            }
            let unsettled = self.unsettled();
            let held = self.origins.held();
            let look = self.look()?;
            let queued: u32 = look.queues.values().sum();
            let still = unsettled == Some(queued) && look.streams == queued + held;
            if still && last.as_ref() == Some(&look) {
                if !self.pump()? {
                    return Ok(look);
                }
                last = None;
                continue;
            }
            last = still.then_some(look);
            if !still {
                quiet_since = Instant::now();
            }
        }
        Err(RecordError::Restless(line))
    }

    /// How many requests are neither over nor held; unknown while one is half over.
    fn unsettled(&self) -> Option<u32> {
        let mut count = 0;
        for (id, client) in &self.clients {
            match (client.status(), self.over.contains_key(id)) {
                (Some(_), true) => {}
                (None, false) => count += u32::from(self.origins.server_of(*id).is_none()),
                _ => return None,
            }
        }
        Some(count)
    }

    fn look(&mut self) -> Result<Look, RecordError> {
        let text = self
            .process
            .order(Listing::Stat.command())
            .doing("look at the statistics")?;
        let rows = Listing::Stat.rows(&text).unwrap_or_default();
        let number = |row: &serde_json::Map<String, serde_json::Value>, word: &str| {
            row.get(word)
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(0) as u32
        };
        let mut queues = BTreeMap::new();
        let mut streams = 0;
        for row in &rows {
            let name = row.get("svname").and_then(serde_json::Value::as_str);
            let name = match name.unwrap_or_default() {
                "BACKEND" => {
                    streams = number(row, "scur");
                    "be"
                }
                name => name,
            };
            queues.insert(name.to_owned(), number(row, "qcur"));
        }
        queues.retain(|_, length| *length > 0);
        Ok(Look {
            queues,
            streams,
            text: format!("{rows:?}"),
        })
    }

    fn stages(&self) -> BTreeMap<u32, Stage> {
        let live = self.clients.keys().filter(|id| !self.over.contains_key(id));
        live.map(|id| {
            let held = self.origins.server_of(*id).is_some();
            (*id, if held { Stage::Held } else { Stage::Waiting })
        })
        .collect()
    }

    fn request_seen(&self, id: u32, seen: &mut Seen) {
        if self.over.contains_key(&id) {
            seen.outcome = self.outcome(id);
        } else if let Some(server) = self.origins.server_of(id) {
            seen.outcome.to = Some(To::Server(server.to_owned()));
            seen.outcome.cookie_seen = self.cookie_seen(id);
        } else {
            seen.queued = true;
        }
    }

    fn end_seen(&self, id: u32, seen: &mut Seen) {
        let outcome = self.outcome(id);
        seen.outcome = Outcome {
            to: None,
            cookie_seen: None,
            last: None,
            status: outcome.status.filter(|status| *status != 200),
            ..outcome
        };
    }

    fn effects(&self, before: &BTreeMap<u32, Stage>, own: Option<u32>, seen: &mut Seen) {
        let now = self.stages();
        for (id, stage) in before {
            match (stage, now.get(id)) {
                (Stage::Waiting, Some(Stage::Held)) => {
                    let server = self.origins.server_of(*id).unwrap_or_default();
                    seen.dispatched.push((*id, server.to_owned()));
                }
                (_, None) if own != Some(*id) => {
                    seen.finished.push((*id, self.outcome(*id)));
                }
                _ => {}
            }
        }
    }

    fn cookie_seen(&self, id: u32) -> Option<String> {
        self.origins.cookie_of(id).filter(|_| self.cookies)
    }

    /// Everything recorded about a request that is over.
    fn outcome(&self, id: u32) -> Outcome {
        let (Some(client), Some(entry)) = (self.clients.get(&id), self.over.get(&id)) else {
            return Outcome::default();
        };
        let status = client.status().unwrap_or(0);
        let server = self.origins.answered_by(id);
        let last = Some(entry.server.clone()).filter(|name| server.is_none() && name != "<NOSRV>");
        Outcome {
            cookie_seen: self.cookie_seen(id).filter(|_| server.is_some()),
            to: Some(server.map_or(To::Nobody, |name| To::Server(name.to_owned()))),
            status: Some(status),
            last,
            set_cookie: client.set_cookies(),
            flags: (self.flags || status != 200).then(|| entry.flags.clone()),
            retries: Some(entry.retries.clone()).filter(|count| count != "0"),
            crowd: Some(entry.crowd.clone()),
        }
    }
}
