//! A run in the middle, with what was typed into it.
//!
//! A session is a plan, the deeds added to it, and a position. Whenever one of them changes,
//! the run is let happen again from its beginning up to the position: what is on the screen
//! is always what the saved scenario does.

use balance::{Moment, Span};

use crate::lab::World;
use crate::plan::{Action, Browser, Client, Plan, Step, Timed};
use crate::report::journal::{Entry, Journal};
use crate::report::{Clock, KeepPicks, Report, Tally};
use crate::scenario::{self, Form, Overrides, Source};
use crate::trace::Names;

use crate::cli::play;

/// What is typed happens this long after everything that is on the screen.
const BREATH: Span = Span::from_micros(1);

/// How long a page may take before the session stops waiting for it.
const PATIENCE: Span = Span::from_secs(120);

/// Something added to the run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Deed {
    at: Moment,
    what: Doing,
}

/// What may be added.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Doing {
    /// An entry of the timeline.
    Act(Action),
    /// This browser loads its page.
    Visit(String),
    /// This browser empties its cookie jar.
    ClearCookies(String),
}

/// Everything up to a moment has happened, and then so many things more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    until: Option<Moment>,
    steps: u64,
}

const BEGINNING: Position = Position {
    until: None,
    steps: 0,
};

/// Why a session cannot go on, in words.
pub(super) type Trouble = String;

/// Reads everything that a session shows.
type Readers = (Journal, Tally);

/// A run in the middle.
pub(super) struct Session {
    base: Plan,
    deeds: Vec<Deed>,
    position: Position,
    // What follows from these.
    plan: Plan,
    world: World,
    readers: Readers,
}

impl Session {
    /// A session at the start of the clients. What the author of `plan` expects is no longer
    /// claimed: the story changes.
    pub(super) fn new(mut plan: Plan) -> Result<Self, Trouble> {
        plan.expect.clear();
        plan.ask.clear();
        let start = Position {
            until: Some(plan.clients_start),
            steps: 0,
        };
        let (world, readers) = happen(&plan, start)?;
        Ok(Self {
            base: plan.clone(),
            deeds: Vec::new(),
            position: start,
            plan,
            world,
            readers,
        })
    }

    /// The plan with what was added.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What happened so far.
    pub(super) fn journal(&self) -> &Journal {
        &self.readers.0
    }

    /// The present moment.
    pub(super) fn now(&self) -> Moment {
        let until = self.position.until.unwrap_or(Moment::ZERO);
        self.world.now().max(until)
    }

    /// The present moment on the clock of reports, in seconds.
    pub(super) fn clock(&self) -> Clock {
        Clock::starting(self.plan.clients_start)
    }

    /// Whether all clients are done.
    pub(super) fn is_over(&self) -> bool {
        self.world.is_over()
    }

    /// The names of all servers there are.
    pub(super) fn names(&self) -> Names {
        play::names(&self.plan, &self.world)
    }

    /// The report of the run so far.
    pub(super) fn report(&self) -> Report {
        play::close(self.readers.1.clone(), &self.plan, &self.world)
    }

    /// Lets the run go on to a moment.
    pub(super) fn go_to(&mut self, moment: Moment) -> Result<(), Trouble> {
        let done = self.world.run_until(moment, &mut self.readers);
        done.map_err(|error| error.to_string())?;
        self.position = Position {
            until: Some(moment),
            steps: 0,
        };
        Ok(())
    }

    /// Lets things happen one after the other until `enough` of the entries since. Whether
    /// it ever was; if not, everything until the end has happened.
    pub(super) fn go_until(&mut self, enough: impl Fn(&[Entry]) -> bool) -> Result<bool, Trouble> {
        let before = self.journal().entries.len();
        while !self.world.is_over() {
            if !self.step()? {
                return Ok(false);
            }
            if enough(&self.journal().entries[before..]) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets the next things happen until something is told of them. Whether there was any.
    pub(super) fn next(&mut self) -> Result<bool, Trouble> {
        let before = self.journal().entries.len();
        while self.journal().entries.len() == before {
            if !self.step()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn step(&mut self) -> Result<bool, Trouble> {
        let more = self.world.step(&mut self.readers);
        let more = more.map_err(|error| error.to_string())?;
        self.position.steps += u64::from(more);
        Ok(more)
    }

    /// Goes back by so many of the things that `next` lets happen, counting those in which
    /// something that counts was told. What was typed since is undone; says how many deeds
    /// that are.
    pub(super) fn back(
        &mut self,
        things: usize,
        counts: impl Fn(&Entry) -> bool,
    ) -> Result<usize, Trouble> {
        let goal = self.journal().entries.len();
        let (mut told, mut steps) = (0, 0);
        // How many steps there were before each thing that counts.
        let mut marks = Vec::new();
        steps_to(&self.plan, |_, journal| {
            if journal.entries[told..].iter().any(&counts) {
                marks.push(steps - 1);
            }
            told = journal.entries.len();
            steps += 1;
            told >= goal
        })?;
        let mark = marks.len().checked_sub(things).map(|at| marks[at]);
        self.rewind(Position {
            until: None,
            steps: mark.unwrap_or(0),
        })
    }

    /// Goes back to a moment. What was typed since is undone; says how many deeds that are.
    pub(super) fn back_to(&mut self, moment: Moment) -> Result<usize, Trouble> {
        self.rewind(Position {
            until: Some(moment),
            steps: 0,
        })
    }

    fn rewind(&mut self, position: Position) -> Result<usize, Trouble> {
        let (world, _) = happen(&self.plan, position)?;
        let now = world.now().max(position.until.unwrap_or(Moment::ZERO));
        let before = self.deeds.len();
        let kept: Vec<Deed> = self
            .deeds
            .iter()
            .filter(|deed| deed.at <= now)
            .cloned()
            .collect();
        self.change(kept, position)?;
        Ok(before - self.deeds.len())
    }

    /// Adds to the run, a moment from now, and lets that moment come. For an action, what the
    /// runtime API replied; for a visit, the request's number in the journal.
    pub(super) fn act(&mut self, what: Doing) -> Result<Done, Trouble> {
        let at = after(self.now());
        let deed = Deed { at, what };
        let (position, before) = (self.position, self.deeds.clone());
        let mut deeds = before.clone();
        deeds.push(deed.clone());
        self.change(
            deeds,
            Position {
                until: Some(at),
                steps: 0,
            },
        )?;
        Ok(match deed.what {
            Doing::Act(action) => {
                // Nobody typed anything later, so the last reply answers this.
                let last = self.report().replies.pop();
                let is_command = matches!(action, Action::Command(_));
                let reply = last.filter(|_| is_command).map(|reply| reply.text);
                let reply = reply.unwrap_or_default();
                if !is_accepted(&self.plan) {
                    // A slip, such as a command that HAProxy does not have: nothing came of
                    // it, and no scenario may hold it.
                    self.change(before, position)?;
                }
                Done::Replied(reply)
            }
            Doing::Visit(name) => self.await_page(&name, at)?,
            Doing::ClearCookies(_) => Done::Nothing,
        })
    }

    /// Waits for the page that `browser` began to load at `since`.
    fn await_page(&mut self, browser: &str, since: Moment) -> Result<Done, Trouble> {
        let place = self
            .plan
            .clients
            .iter()
            .position(|client| client.name() == browser);
        let client = place.unwrap_or_default() as u32;
        loop {
            let exchanges = &self.journal().exchanges;
            let found = exchanges
                .iter()
                .rposition(|exchange| exchange.client == client && exchange.sent >= since);
            if let Some(found) = found
                && self.journal().exchanges[found].sample.is_some()
            {
                return Ok(Done::Loaded(found));
            }
            if self.now() > since + PATIENCE || !self.step()? {
                return Ok(Done::Nothing);
            }
        }
    }

    /// Takes over these deeds and a position; nothing changes if that run cannot happen.
    fn change(&mut self, deeds: Vec<Deed>, position: Position) -> Result<(), Trouble> {
        let plan = with(&self.base, &deeds)?;
        let (world, readers) = happen(&plan, position)?;
        *self = Self {
            base: self.base.clone(),
            deeds,
            position,
            plan,
            world,
            readers,
        };
        Ok(())
    }
}

/// What came of a deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// The runtime API replied this.
    Replied(String),
    /// The page is there: the exchange's place in the journal.
    Loaded(usize),
    /// Nothing to tell.
    Nothing,
}

/// The first whole microsecond after `now`.
fn after(now: Moment) -> Moment {
    let breath = BREATH.as_nanos();
    Moment::from_nanos((now.as_nanos() / breath + 1) * breath)
}

/// A fresh run of `plan` at `position`.
fn happen(plan: &Plan, position: Position) -> Result<(World, Readers), Trouble> {
    let mut world = World::new(plan).map_err(|error| error.to_string())?;
    let mut readers = (Journal::default(), Tally::new(plan, KeepPicks::AsExpected));
    let run = |error: crate::lab::Exceeded| error.to_string();
    if let Some(moment) = position.until {
        world.run_until(moment, &mut readers).map_err(run)?;
    }
    for _ in 0..position.steps {
        world.step(&mut readers).map_err(run)?;
    }
    Ok((world, readers))
}

/// How many things have to happen until `there`.
fn steps_to(plan: &Plan, mut there: impl FnMut(&World, &Journal) -> bool) -> Result<u64, Trouble> {
    let (mut world, mut readers) = happen(plan, BEGINNING)?;
    let mut steps = 0;
    while !there(&world, &readers.0) {
        let more = world
            .step(&mut readers)
            .map_err(|error| error.to_string())?;
        if !more {
            break;
        }
        steps += 1;
    }
    Ok(steps)
}

/// Whether `plan` can be written down and read again.
fn is_accepted(plan: &Plan) -> bool {
    struct Written(String);
    impl Source for Written {
        fn text(&self, _: &str) -> Result<String, String> {
            Ok(self.0.clone())
        }
    }
    let text = Written(scenario::resolved_as(plan, Form::Ron));
    scenario::load("session.ron", &text, &Overrides::default()).is_ok()
}

/// The plan with these deeds.
fn with(base: &Plan, deeds: &[Deed]) -> Result<Plan, Trouble> {
    let mut plan = base.clone();
    for Deed { at, what } in deeds {
        match what {
            Doing::Act(action) => plan.timeline.push(Timed {
                at: *at,
                action: action.clone(),
            }),
            Doing::Visit(name) => browser(&mut plan, name, *at)?.push(Step::Visit(1)),
            Doing::ClearCookies(name) => browser(&mut plan, name, *at)?.push(Step::ClearCookies),
        }
    }
    plan.timeline.sort_by_key(|timed| timed.at);
    Ok(plan)
}

/// The script of the browser called `name`, up to `at`; a new one visits what the first
/// client does.
fn browser<'a>(plan: &'a mut Plan, name: &str, at: Moment) -> Result<&'a mut Vec<Step>, Trouble> {
    let place = plan.clients.iter().position(|client| client.name() == name);
    let place = if let Some(place) = place {
        place
    } else {
        let first = plan.clients.first();
        let first = first.ok_or("there is no client whose page could be visited")?;
        let request = first.request(0).clone();
        plan.clients.push(Client::Browser(Browser {
            name: name.to_owned(),
            request,
            pause: Span::ZERO,
            steps: Vec::new(),
            start: at,
        }));
        plan.clients.len() - 1
    };
    match &mut plan.clients[place] {
        Client::Browser(browser) => {
            if browser.start < at {
                browser.steps.push(Step::Until(at));
            }
            Ok(&mut browser.steps)
        }
        Client::Threads(_) | Client::Script(_) | Client::Arrivals(_) => Err(format!(
            "{name} is no browser, but follows a plan of its own"
        )),
    }
}
