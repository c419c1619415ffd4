//! Reports: folds over what a run tells, closed into one value that renders itself as
//! text, JSON, CSV or Markdown.
//!
//! Nothing here prints, and nothing here asks an actor: a [`Tally`] listens to a run,
//! [`Tally::close`] makes a [`Report`] of it.

pub mod course;
pub mod csv;
pub mod diff;
pub mod distribution;
pub mod expect;
pub mod explain;
pub mod graph;
pub mod journal;
pub mod json;
pub mod markdown;
pub mod markup;

#[cfg(feature = "plot")]
pub mod page;
pub mod picks;
#[cfg(feature = "plot")]
pub mod plot;
#[cfg(feature = "png")]
pub mod png;
pub mod replies;
pub mod sequence;
#[cfg(feature = "cli")]
pub mod shape;
pub mod spread;
pub mod table;
pub mod text;
pub mod timeline;
pub mod transitions;
pub mod why;

use balance::{Interest, Moment, ServerId, Span};

use self::distribution::{Distribution, Row};
use self::expect::{Facts, Verdict};

use self::picks::Picks;
use self::transitions::{Change, History, words};
use crate::plan::{Action, Claim, Plan};
use crate::trace::{Event, Names, Sample, Sink, States};

/// Time as a report counts it: from the clients' start, in seconds, negative before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    start: Moment,
}

impl Clock {
    /// A clock that reads 0 at `start`.
    pub fn starting(start: Moment) -> Self {
        Self { start }
    }

    /// The reading at `at`, exact to the microsecond.
    pub fn seconds(self, at: Moment) -> f64 {
        let micros = |span: Span| (span.as_nanos() + 500) / 1000;
        if at >= self.start {
            micros(at.since(self.start)) as f64 / 1e6
        } else {
            -(micros(self.start.since(at)) as f64) / 1e6
        }
    }
}

/// Everything a report is made of, counted while the run goes on.
#[derive(Clone, Debug)]
pub struct Tally {
    distribution: Distribution,
    start: States,
    states: States,
    history: History,
    keep: KeepPicks,
    picks: Option<Picks>,
    replies: Vec<(Moment, u32, String)>,
}

/// What the driver of a run knows at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The last moment.
    pub at: Moment,
    /// The checksum over what was told.
    pub digest: u64,
}

/// Whether the sequence of servers is kept for the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepPicks {
    /// Only as far as an expectation speaks of it.
    #[default]
    AsExpected,
    /// All of it: memory then grows with the number of requests.
    All,
}

impl Tally {
    /// A tally for a run of `plan`.
    pub fn new(plan: &Plan, keep: KeepPicks) -> Self {
        let claimed = plan.expect.iter().filter_map(|e| match &e.claim {
            Claim::Sequence(names) => Some(names.len() as u64),
            _ => None,
        });
        let picks = match keep {
            KeepPicks::All => Some(Picks::all()),
            KeepPicks::AsExpected => claimed.max().map(Picks::first),
        };
        let start = States::at_start(&plan.proxy);
        Self {
            distribution: Distribution::default(),
            states: start.clone(),
            start,
            history: History::default(),
            keep,
            picks,
            replies: Vec::new(),
        }
    }

    /// Ends the count and draws up the report. `names` are those of the plan and of every
    /// server made since.
    pub fn close(self, plan: &Plan, names: &Names, end: End) -> Report {
        let clock = Clock::starting(plan.clients_start);
        let distribution = self.distribution.close();
        let picks: Vec<Option<ServerId>> = self.picks.iter().flat_map(Picks::sequence).collect();
        let facts = Facts {
            names,
            clock,
            distribution: &distribution,
            start: &self.start,
            history: &self.history,
            picks: &picks,
        };
        let mut ids: Vec<ServerId> = names.ids().chain(distribution.named()).collect();
        ids.sort_unstable();
        ids.dedup();
        let server = |id: ServerId| Server {
            name: names.name(id),
            row: distribution.server(id),
            state: State::of(&self.states, id, clock, names),
        };
        Report {
            scenario: plan.scenario.clone(),
            title: plan.title.clone(),
            seed: plan.seed,
            profile: plan.proxy.profile.version.name(),
            digest: end.digest,
            simulated: end.at.since(Moment::ZERO),
            servers: ids.into_iter().map(server).collect(),
            unanswered: distribution.unanswered(),
            total: distribution.total().clone(),
            transitions: self
                .history
                .moves()
                .map(|change| Transition::of(change, clock, names))
                .collect(),
            replies: self
                .replies
                .iter()
                .map(|reply| Reply::of(reply, plan, clock))
                .collect(),
            expect: plan.expect.iter().map(|e| facts.judge(e)).collect(),
            picks: (self.keep == KeepPicks::All).then(|| {
                let name = |pick: &Option<ServerId>| pick.map(|id| names.name(id));
                picks.iter().map(name).collect()
            }),
        }
    }
}

impl Sink for Tally {
    fn interest(&self) -> Interest {
        // The order of sending is told only to those who want everything.
        if self.picks.is_some() {
            Interest::Everything
        } else {
            Interest::States
        }
    }

    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    fn sample(&mut self, sample: &Sample) {
        self.distribution.add(sample);
        if let Some(picks) = &mut self.picks {
            picks.add(*sample);
        }
    }

    fn event(&mut self, at: Moment, event: &Event) {
        self.states.follow(at, event);
        self.history.follow(at, event);
        if let Some(picks) = &mut self.picks {
            picks.follow(event);
        }
    }

    fn reply(&mut self, at: Moment, entry: u32, text: &str) {
        self.replies.push((at, entry, text.to_owned()));
    }
}

/// What is known at the end of a run. Times count from the clients' start.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// Its one line for people.
    pub title: String,
    /// The root of every random stream.
    pub seed: u64,
    /// Whose decisions were taken: `2.6`.
    pub profile: &'static str,
    /// The checksum over everything told.
    pub digest: u64,
    /// Virtual time from the start of the proxy to the end of the run.
    pub simulated: Span,
    /// Every server, in order of configuration.
    pub servers: Vec<Server>,
    /// The requests that no server answered, if there were any.
    pub unanswered: Option<Row>,
    /// All requests.
    pub total: Row,
    /// The changes of the servers' states.
    pub transitions: Vec<Transition>,
    /// What the operator read.
    pub replies: Vec<Reply>,
    /// Who answered, in order of sending, if that was kept; none for nobody.
    pub picks: Option<Vec<Option<String>>>,
    /// What became of the expectations.
    pub expect: Vec<Verdict>,
}

impl Report {
    /// Whether every expectation holds.
    pub fn is_as_expected(&self) -> bool {
        self.expect.iter().all(|verdict| verdict.ok)
    }

    /// The digest as it is printed.
    pub fn digest_text(&self) -> String {
        format!("{:016x}", self.digest)
    }
}

/// One server's part of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Its numbers.
    pub row: Row,
    /// Its state at the end.
    pub state: State,
}

/// A server's state at the end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The status as HAProxy words it.
    pub status: String,
    /// Whether it takes new requests.
    pub is_up: bool,
    /// Since when, in seconds; none if it was so from the beginning.
    pub since: Option<f64>,
}

impl State {
    fn of(states: &States, id: ServerId, clock: Clock, names: &Names) -> Self {
        let (place, since) = states.place(id);
        Self {
            status: states
                .status(id)
                .map_or_else(|| place.to_string(), |status| words(status, names)),
            is_up: place.is_balanced(),
            since: (since > Moment::ZERO).then(|| clock.seconds(since)),
        }
    }
}

/// A change of a server's state.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// When, in seconds.
    pub at: f64,
    /// Whose.
    pub server: String,
    /// The status before.
    pub from: String,
    /// The status after.
    pub to: String,
    /// Why: a check's code, `CLI`, `via nodes/s1`.
    pub reason: String,
    /// The HTTP status of the check, if it got one.
    pub code: Option<u16>,
    /// How long the check took, in milliseconds, if it was one.
    pub check_duration: Option<f64>,
}

impl Transition {
    fn of(change: &Change, clock: Clock, names: &Names) -> Self {
        let check = change.check();
        Self {
            at: clock.seconds(change.at),
            server: names.name(change.server),
            from: words(change.from, names),
            to: words(change.to, names),
            reason: change.reason(names),
            code: check.and_then(|check| check.status),
            check_duration: check
                .map(|check| (check.duration.as_nanos() + 500) / 1000)
                .map(|micros| micros as f64 / 1e3),
        }
    }
}

/// A reply of the runtime API.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// When, in seconds.
    pub at: f64,
    /// What was typed.
    pub command: String,
    /// What came back; often nothing.
    pub text: String,
}

impl Reply {
    fn of((at, entry, text): &(Moment, u32, String), plan: &Plan, clock: Clock) -> Self {
        let typed = plan.timeline.get(*entry as usize);
        Self {
            at: clock.seconds(*at),
            command: match typed.map(|timed| &timed.action) {
                Some(Action::Command(line)) => line.clone(),
                _ => String::new(),
            },
            text: text.clone(),
        }
    }
}

/// `value` with `decimals` digits after the point; never `-0.0`.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|b| b == b'0' || b == b'.') => digits.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
pub(crate) mod tests;
