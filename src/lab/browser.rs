//! A person with a browser: follows a script, keeps the cookies until told otherwise.

use balance::{Moment, Span};

use crate::kernel::{Agenda, Delay};
use crate::plan::{self, RequestLine, Step};
use crate::trace::{self, Sample, Sink};

use super::clients::Outcome;
use super::cookie_jar::CookieJar;
use super::event::Event;
use super::outbox::{Outbox, TIMERS};
use super::parcel::Parcel;

/// One browser.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Browser {
    /// Its place in the plan.
    client: u32,
    /// Its number among all client actors.
    number: u32,
    plan: plan::Browser,
    pause: Delay,
    /// The step it is at.
    step: usize,
    /// Pages loaded in this step.
    loaded: u32,
    jar: CookieJar,
    /// When the request under way was sent.
    sent: Moment,
    /// Whether it has a connection.
    connected: bool,
}

impl Browser {
    /// The browser that stands at place `client` of the plan, client actor `number`.
    pub(super) fn new(
        plan: &plan::Browser,
        client: u32,
        number: u32,
        agenda: &mut Agenda<Parcel>,
    ) -> Self {
        Self {
            client,
            number,
            pause: agenda.delay(plan.pause, TIMERS),
            plan: plan.clone(),
            step: 0,
            loaded: 0,
            jar: CookieJar::default(),
            sent: Moment::ZERO,
            connected: false,
        }
    }

    /// Pushes the beginning of the script.
    pub(super) fn begin<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        let client = self.number;
        out.at(self.plan.start, TIMERS, Event::ClientTurn { client });
    }

    /// Does what comes next in the script.
    pub(super) fn turn<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        let client = self.number;
        match self.plan.steps.get(self.step) {
            None => {
                let (client, thread) = (self.client, 0);
                out.tell(|| trace::Event::Left { client, thread });
                out.retire();
                self.connected = false;
            }
            Some(&Step::Visit(times)) if self.loaded < times => {
                self.loaded += 1;
                self.send(out);
            }
            Some(Step::Visit(_)) => {
                self.next_step();
                self.turn(out);
            }
            Some(Step::ClearCookies) => {
                self.jar.clear();
                let client = self.client;
                out.tell(|| trace::Event::CookiesCleared { client });
                self.next_step();
                self.rest(out);
            }
            Some(&Step::Until(moment)) => {
                self.next_step();
                let at = moment.max(out.now());
                out.at(at, TIMERS, Event::ClientTurn { client });
            }
        }
    }

    fn next_step(&mut self) {
        self.step += 1;
        self.loaded = 0;
    }

    fn rest<S: Sink>(&self, out: &mut Outbox<'_, S>) {
        let client = self.number;
        out.after(self.pause, Event::ClientTurn { client });
    }

    fn send<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        self.sent = out.now();
        let (client, thread) = (self.number, 0);
        let request = out.numbers().assign(client);
        out.tell(|| trace::Event::Sent {
            client: self.client,
            thread,
            request,
        });
        let connected = std::mem::replace(&mut self.connected, true);
        let delay = out.wire().upward(connected);
        let first = !connected;
        out.send(
            delay,
            Event::Arrives {
                client,
                request,
                first,
            },
        );
    }

    /// The page is loaded.
    pub(super) fn delivered<S: Sink>(
        &mut self,
        outcome: Outcome,
        set_cookies: &[String],
        out: &mut Outbox<'_, S>,
    ) {
        for header in set_cookies {
            self.jar.set(out.now(), header);
        }
        if outcome.status == 0 {
            self.connected = false;
        }
        let elapsed: Span = out.now().since(self.sent);
        out.sample(&Sample {
            client: self.client,
            thread: 0,
            server: outcome.server,
            by: outcome.by,
            status: outcome.status,
            served: outcome.served,
            session_restarted: outcome.session_restarted,
            sent: self.sent,
            elapsed,
        });
        self.rest(out);
    }

    /// Whether it has a connection.
    pub(super) fn is_connected(&self) -> bool {
        self.connected
    }

    /// What it sends.
    pub(super) fn line(&self) -> &RequestLine {
        &self.plan.request
    }

    /// What it remembers.
    pub(super) fn jar(&self) -> &CookieJar {
        &self.jar
    }
}
