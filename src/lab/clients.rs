//! The client actors as one list: every thread and every browser has a number in it.

use std::sync::Arc;

use balance::{By, ServerId};

use crate::kernel::{Agenda, Collision, Seeds};
use crate::plan::{self, RequestLine};
use crate::trace::Sink;

use super::answers::Answers;
use super::arrivals::Arrivals;
use super::backlog::ConnectionId;
use super::browser::Browser;
use super::cookie_jar::CookieJar;
use super::outbox::Outbox;
use super::parcel::Parcel;
use super::script_group::ScriptThreads;
use super::thread_group::ThreadGroup;

/// How a client's request ended, as far as samples tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Who answered, or the last server tried.
    pub(super) server: Option<ServerId>,
    /// Who chose it.
    pub(super) by: Option<By>,
    /// What the client got; 0 if nothing.
    pub(super) status: u16,
    /// Whether a node answered.
    pub(super) served: bool,
    /// Whether that node began a new session although the client brought one.
    pub(super) session_restarted: bool,
}

impl Outcome {
    /// The client gave up.
    pub(super) const NOTHING: Self = Self {
        server: None,
        by: None,
        status: 0,
        served: false,
        session_restarted: false,
    };
}

/// One entry of the plan's clients.
#[derive(Clone, Debug, PartialEq)]
enum Client {
    Threads(ThreadGroup),
    Script(Box<ScriptThreads>),
    Browser(Browser),
    Arrivals(Arrivals),
}

/// All of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clients {
    groups: Vec<Group>,
    total: u32,
    common: Common,
}

/// What scripts of different groups know of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Common {
    /// Somebody stopped the test: no thread of a script goes on.
    pub(super) stopped: bool,
    /// Threads of each group that have not ended.
    left: Vec<u32>,
    /// A group that has just ended.
    ended: bool,
}

impl Common {
    /// A thread of the group at this place of the plan has ended.
    pub(super) fn retired(&mut self, group: u32) {
        let left = &mut self.left[group as usize];
        *left -= 1;
        self.ended |= *left == 0;
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Group {
    /// The number of its first actor.
    first: u32,
    name: String,
    client: Client,
}

impl Clients {
    /// The clients of a plan.
    ///
    /// # Errors
    /// If two streams of random numbers have the same name.
    pub(super) fn new(
        plan: &plan::Plan,
        seeds: &mut Seeds,
        agenda: &mut Agenda<Parcel>,
    ) -> Result<Self, Collision> {
        let mut groups = Vec::new();
        let mut common = Common::default();
        let mut total = 0;
        let answers = Arc::new(Answers::of(plan));
        for (index, plan) in (0..).zip(&plan.clients) {
            let (name, client, actors) = match plan {
                plan::Client::Threads(group) => {
                    let threads = ThreadGroup::new(group, index, total, seeds, agenda)?;
                    (&group.name, Client::Threads(threads), group.threads)
                }
                plan::Client::Script(script) => {
                    let answers = Arc::clone(&answers);
                    let threads = ScriptThreads::new(script, index, total, seeds, answers)?;
                    let client = Client::Script(Box::new(threads));
                    (&script.group.name, client, script.group.threads)
                }
                plan::Client::Browser(browser) => {
                    let actor = Browser::new(browser, index, total, agenda);
                    (&browser.name, Client::Browser(actor), 1)
                }
                plan::Client::Arrivals(arrivals) => {
                    let actors = arrivals.list.len() as u32;
                    let open = Arrivals::new(arrivals, index, total);
                    (&arrivals.name, Client::Arrivals(open), actors)
                }
            };
            groups.push(Group {
                first: total,
                name: name.clone(),
                client,
            });
            common.left.push(actors);
            total += actors;
        }
        Ok(Self {
            groups,
            total,
            common,
        })
    }

    /// How many client actors there are.
    pub(super) fn len(&self) -> u32 {
        self.total
    }

    /// The paths of all client actors, in order: `jmeter/0`, ...
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        (0..self.total).map(|client| self.name(client))
    }

    /// The path of one client actor.
    pub(super) fn name(&self, client: u32) -> String {
        let group = &self.groups[self.group_of(client)];
        format!("{}/{}", group.name, client - group.first)
    }

    #[inline]
    fn group_of(&self, client: u32) -> usize {
        if self.groups.len() == 1 {
            0
        } else {
            self.groups.partition_point(|group| group.first <= client) - 1
        }
    }

    #[inline]
    fn find(&self, client: u32) -> (&Client, u32) {
        let group = &self.groups[self.group_of(client)];
        (&group.client, client - group.first)
    }

    #[inline]
    fn find_mut(&mut self, client: u32) -> (&mut Client, u32, &mut Common) {
        let index = self.group_of(client);
        let group = &mut self.groups[index];
        (&mut group.client, client - group.first, &mut self.common)
    }

    /// Starts the groups that waited for those which have just ended.
    #[cold]
    fn release<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        self.common.ended = false;
        let left = &self.common.left;
        for group in &mut self.groups {
            if let Client::Script(threads) = &mut group.client
                && !threads.after().is_empty()
                && threads.is_waiting()
                && threads.after().iter().all(|&client| left[client] == 0)
            {
                threads.release(out);
            }
        }
    }

    /// Does what follows from the end of a script's last thread.
    #[inline]
    fn follow<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        if self.common.ended {
            self.release(out);
        }
    }

    /// Lets every client push its first event.
    pub(super) fn begin<S: Sink>(&mut self, out: &mut Outbox<'_, S>) {
        for group in &mut self.groups {
            match &mut group.client {
                Client::Threads(threads) => threads.begin(out),
                Client::Script(threads) => threads.begin(out),
                Client::Browser(browser) => browser.begin(out),
                Client::Arrivals(arrivals) => arrivals.begin(out),
            }
        }
    }

    /// A thread of a group starts.
    pub(super) fn start<S: Sink>(&mut self, client: u32, out: &mut Outbox<'_, S>) {
        match self.find_mut(client) {
            (Client::Threads(threads), thread, _) => threads.start(thread, out),
            (Client::Script(threads), thread, common) => threads.start(thread, common, out),
            // Others have no threads.
            (Client::Browser(_) | Client::Arrivals(_), ..) => {}
        }
        self.follow(out);
    }

    /// The time that `client` gave itself is over.
    pub(super) fn turn<S: Sink>(&mut self, client: u32, out: &mut Outbox<'_, S>) {
        match self.find_mut(client) {
            (Client::Threads(threads), thread, _) => threads.turn(thread, out),
            (Client::Script(threads), thread, common) => threads.turn(thread, common, out),
            (Client::Browser(browser), ..) => browser.turn(out),
            (Client::Arrivals(arrivals), place, _) => arrivals.turn(place, out),
        }
        self.follow(out);
    }

    /// `client` has the whole answer, which sets these cookies.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn delivered<S: Sink>(
        &mut self,
        client: u32,
        outcome: Outcome,
        set_cookies: &[String],
        out: &mut Outbox<'_, S>,
    ) {
        match self.find_mut(client) {
            (Client::Threads(threads), thread, _) => {
                threads.delivered(thread, outcome, set_cookies, out);
                return;
            }
            (Client::Script(threads), thread, common) => {
                threads.delivered(thread, outcome, set_cookies, common, out);
            }
            (Client::Browser(browser), ..) => browser.delivered(outcome, set_cookies, out),
            (Client::Arrivals(arrivals), place, _) => {
                arrivals.delivered(place, outcome, set_cookies, out);
            }
        }
        self.follow(out);
    }

    /// `client` waited for its connection for as long as it may.
    pub(super) fn unconnected<S: Sink>(&mut self, client: u32, out: &mut Outbox<'_, S>) {
        match self.find_mut(client) {
            (Client::Threads(threads), thread, _) => threads.unconnected(thread, out),
            (Client::Script(threads), thread, common) => {
                threads.unconnected(thread, common, out);
            }
            // Others have no patience to lose.
            (Client::Browser(_) | Client::Arrivals(_), ..) => {}
        }
        self.follow(out);
    }

    /// `client` waited for its answer for as long as it may.
    pub(super) fn timed_out<S: Sink>(&mut self, client: u32, out: &mut Outbox<'_, S>) {
        match self.find_mut(client) {
            (Client::Threads(threads), thread, _) => threads.timed_out(thread, out),
            (Client::Script(threads), thread, common) => {
                threads.timed_out(thread, common, out);
            }
            // Others have no patience to lose.
            (Client::Browser(_) | Client::Arrivals(_), ..) => {}
        }
        self.follow(out);
    }

    /// The connection over which `client` sends: its own, or that of its user.
    pub(super) fn connection(&self, client: u32) -> ConnectionId {
        match self.find(client) {
            (Client::Arrivals(arrivals), place) => arrivals.connection(place),
            _ => ConnectionId(u64::from(client)),
        }
    }

    /// Whether `client` asks for the target of a redirection. A log has the requests that
    /// followed already.
    pub(super) fn follows(&self, client: u32) -> bool {
        !matches!(self.find(client).0, Client::Arrivals(_))
    }

    /// Whether `client` keeps the connection that it has, or is about to make another.
    pub(super) fn is_connected(&self, client: u32) -> bool {
        match self.find(client) {
            (Client::Threads(threads), thread) => threads.is_connected(thread),
            (Client::Script(threads), thread) => threads.is_connected(thread),
            (Client::Browser(browser), _) => browser.is_connected(),
            (Client::Arrivals(arrivals), place) => arrivals.is_connected(place),
        }
    }

    /// What `client` sends, and its cookies.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn asks(&self, client: u32) -> (&RequestLine, Option<&CookieJar>) {
        match self.find(client) {
            (Client::Threads(threads), thread) => (threads.line(), threads.jar(thread)),
            (Client::Script(threads), thread) => (threads.line(thread), threads.jar(thread)),
            (Client::Browser(browser), _) => (browser.line(), Some(browser.jar())),
            (Client::Arrivals(arrivals), place) => {
                (arrivals.line(place), Some(arrivals.jar(place)))
            }
        }
    }
}
