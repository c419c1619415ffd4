//! The whole run in sentences, with their moments: what befell whom, why it ended as it
//! did, and what to try next.

mod flight;
pub mod json;
mod next;
mod recount;
mod scene;
mod short;
mod story;
mod tale;
pub mod text;
mod watch;

use balance::{Moment, ServerId, Span};

use super::journal::client_name;
use super::{Clock, Report};
use crate::locale::{Said, Value};
use crate::plan::{Client, Plan, RequestLine};
use crate::trace::{Names, Place};

pub use next::Suggestion;
pub use story::Story;

/// How many lines an explanation has at most before it leaves some out.
const LINES: usize = 60;

/// A run in sentences.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The scenario's name.
    pub scenario: String,
    /// Its one line for people.
    pub title: String,
    /// What happened, in order of time.
    pub lines: Vec<Line>,
    /// How it ended, and why.
    pub short: Vec<Said>,
    /// Changes worth a try. Not every one of them may be possible: whoever can read the
    /// scenario again tries them.
    pub next: Vec<Suggestion>,
}

/// What is told of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The moment, in seconds from the clients' start; none for a remark about lines that
    /// are left out.
    pub at: Option<f64>,
    /// The sentences.
    pub said: Vec<Said>,
}

impl Story<'_> {
    /// Ends the story. `names` are those of the plan and of every server made since,
    /// `report` is that of the same run.
    pub fn close(mut self, names: &Names, report: &Report) -> Explanation {
        let tales = std::mem::take(&mut self.tales).close();
        let teller = Teller {
            plan: self.plan,
            names,
            clock: Clock::starting(self.plan.clients_start),
            story: &self,
        };
        // What happens at one moment is told in this order.
        let mut lines = teller.opening();
        lines.extend(teller.incidents());
        lines.extend(teller.survivors());
        lines.extend(tales.iter().map(|tale| (tale.start, teller.tale(tale))));
        lines.extend(teller.queues());
        lines.extend(teller.ending(report));
        lines.sort_by_key(|(at, _)| *at);
        Explanation {
            scenario: self.plan.scenario.clone(),
            title: self.plan.title.clone(),
            lines: bounded(lines, teller.clock),
            short: teller.short(report, &tales),
            next: teller.next(report),
        }
    }
}

/// The lines as they are told, with a remark where too many would be.
fn bounded(lines: Vec<(Moment, Vec<Said>)>, clock: Clock) -> Vec<Line> {
    let count = lines.len();
    let left_out = if count > LINES { count - LINES + 1 } else { 0 };
    let gap = LINES * 3 / 4..LINES * 3 / 4 + left_out;
    let mut told = Vec::new();
    for (place, (at, said)) in lines.into_iter().enumerate() {
        if left_out > 0 && place == gap.start {
            told.push(Line {
                at: None,
                said: vec![Said::new("left-out").with("count", left_out)],
            });
        }
        if left_out == 0 || !gap.contains(&place) {
            told.push(Line {
                at: Some(clock.seconds(at)),
                said,
            });
        }
    }
    told
}

/// Whoever puts the pieces of a story into sentences.
#[derive(Clone, Copy)]
struct Teller<'a> {
    plan: &'a Plan,
    names: &'a Names,
    clock: Clock,
    story: &'a Story<'a>,
}

impl Teller<'_> {
    fn name(&self, server: ServerId) -> String {
        self.names.name(server)
    }

    fn moment(&self, at: Moment) -> Value {
        Value::Moment(self.clock.seconds(at))
    }

    /// What one client is called.
    fn client(&self, client: u32, thread: u32) -> String {
        match &self.plan.clients[client as usize] {
            Client::Arrivals(arrivals) => arrivals.users[thread as usize].clone(),
            _ => client_name(self.plan, client, thread),
        }
    }

    /// What some people of a client group are called.
    fn clients(&self, client: u32, threads: impl Iterator<Item = u32> + Clone) -> Value {
        let count = threads.clone().count();
        let group = &self.plan.clients[client as usize];
        match group {
            Client::Threads(_) | Client::Script(_) | Client::Arrivals(_) if count > 3 => {
                Said::new("clients")
                    .with("count", count)
                    .with("group", group.name())
                    .into()
            }
            _ => {
                let names: Vec<String> = threads.map(|t| self.client(client, t)).collect();
                names.into()
            }
        }
    }

    /// `s1 is DOWN`, for several servers.
    fn standing(&self, servers: &[(ServerId, Place)]) -> Value {
        let said = |(server, place): &(ServerId, Place)| {
            let said = Said::new("stands").with("server", self.name(*server));
            Value::from(said.with("place", place.word()))
        };
        Value::Several(servers.iter().map(said).collect())
    }
}

/// Everything that a client may ask for.
fn requests(client: &Client) -> Vec<&RequestLine> {
    match client {
        Client::Threads(_) | Client::Script(_) | Client::Browser(_) => vec![client.request(0)],
        Client::Arrivals(arrivals) => arrivals.requests.iter().collect(),
    }
}

/// Whether a length of time is worth speaking of.
fn is_long(span: Span) -> bool {
    span >= Span::from_millis(100)
}
