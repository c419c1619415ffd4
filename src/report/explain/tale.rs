//! Tales: stretches of requests of one client that went the same way, and how stretches of
//! many clients are told as one.

use std::collections::{BTreeMap, BTreeSet};

use balance::{By, Moment, ServerId, Span};

use crate::trace::Place;

/// How many first choices of a tale are kept.
const PICKS: usize = 8;

/// Why a request went where it went, as far as one sentence tells it apart from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The algorithm chose, for this reason; these servers (a set of them, by number) could
    /// not be chosen.
    Placed(Reason, usize),
    /// Something else than the algorithm led to a server in this place.
    Kept(By, ServerId, Place),
    /// Everybody was full; a server took it from the backend's queue.
    Taken,
    /// Nobody was chosen.
    Nobody,
}

/// Why the algorithm was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// No cookie is configured.
    Unbound,
    /// The client sent no cookie.
    Bare,
    /// It had just thrown its cookies away.
    Cleared,
    /// Its cookie names a server that is in this place.
    Dead(Option<ServerId>, Option<Place>),
    /// Its cookie names no server.
    Unknown,
    /// Its cookie is too old.
    Expired,
    /// Its cookie was not looked at.
    Ignored,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Served.
    Fine,
    /// Served at another try on the same server.
    Retried,
    /// Served after it left this server.
    Moved(ServerId),
    /// The node answered with this status, which is an error.
    Answered(u16),
    /// The proxy answered: status, first letters of the termination state, retries.
    Failed(u16, [u8; 2], u32),
    /// The client waited no longer.
    GaveUp,
}

/// One request that is over.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) client: u32,
    pub(super) thread: u32,
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    pub(super) sent: Moment,
    pub(super) elapsed: Span,
    /// The order of all choices.
    pub(super) turn: u64,
    /// Whom it was given to first, and whom at last.
    pub(super) chosen: Option<ServerId>,
    pub(super) server: Option<ServerId>,
    pub(super) restarted: bool,
    pub(super) waited: Span,
    /// The cookie that it brought: `SERVERID=s1`.
    pub(super) cookie: Option<String>,
    /// The cookie that its answer set.
    pub(super) set: Option<String>,
}

/// Sums over requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) count: u64,
    pub(super) restarted: u64,
    pub(super) total: u128,
    pub(super) longest: Span,
    pub(super) waited: u64,
    pub(super) longest_wait: Span,
}

impl Sums {
    fn add(&mut self, deed: &Deed) {
        self.count += 1;
        self.restarted += u64::from(deed.restarted);
        self.total += u128::from(deed.elapsed.as_nanos());
        self.longest = self.longest.max(deed.elapsed);
        self.waited += u64::from(deed.waited > Span::ZERO);
        self.longest_wait = self.longest_wait.max(deed.waited);
    }

    /// The two together.
    pub(super) fn plus(mut self, other: &Self) -> Self {
        self.count += other.count;
        self.restarted += other.restarted;
        self.total += other.total;
        self.longest = self.longest.max(other.longest);
        self.waited += other.waited;
        self.longest_wait = self.longest_wait.max(other.longest_wait);
        self
    }

    /// The mean time; none without requests.
    pub(super) fn mean(&self) -> Option<Span> {
        let mean = self.total.checked_div(u128::from(self.count))?;
        Some(Span::from_nanos(mean as u64))
    }
}

/// A stretch.
#[derive(Clone, Debug)]
pub(super) struct Tale {
    pub(super) client: u32,
    /// The threads, in order.
    pub(super) threads: BTreeSet<u32>,
    pub(super) kind: Kind,
    pub(super) outcome: Outcome,
    pub(super) start: Moment,
    pub(super) own: Sums,
    /// Requests that followed where the first one had led.
    pub(super) follow: Sums,
    pub(super) servers: BTreeMap<ServerId, u64>,
    /// The first choices, with their order.
    pub(super) picks: Vec<(u64, Option<ServerId>)>,
    pub(super) cookie: Option<String>,
    pub(super) set: Option<String>,
    last: Option<ServerId>,
}

impl Tale {
    fn new(deed: &Deed) -> Self {
        let mut tale = Self {
            client: deed.client,
            threads: BTreeSet::from([deed.thread]),
            kind: deed.kind,
            outcome: deed.outcome,
            start: deed.sent,
            own: Sums::default(),
            follow: Sums::default(),
            servers: BTreeMap::new(),
            picks: Vec::new(),
            cookie: deed.cookie.clone(),
            set: deed.set.clone(),
            last: deed.server,
        };
        tale.join(deed);
        tale
    }

    /// Whether `deed`, of the same client, is more of the same.
    fn takes(&self, deed: &Deed) -> bool {
        let single = matches!(
            deed.kind,
            Kind::Placed(Reason::Cleared | Reason::Dead(..) | Reason::Expired, _)
        );
        self.kind == deed.kind
            && self.outcome == deed.outcome
            && self.follow.count == 0
            && !(single && self.threads.contains(&deed.thread))
    }

    fn join(&mut self, deed: &Deed) {
        self.own.add(deed);
        if let Some(server) = deed.chosen {
            *self.servers.entry(server).or_default() += 1;
        }
        if self.picks.len() < PICKS {
            self.picks.push((deed.turn, deed.chosen));
        }
        self.last = deed.server;
    }

    /// Whether `deed`, of the same client, only follows where this one request led.
    fn leads(&self, deed: &Deed) -> bool {
        matches!(self.kind, Kind::Placed(..) | Kind::Taken)
            && matches!(
                self.outcome,
                Outcome::Fine | Outcome::Retried | Outcome::Moved(_)
            )
            && self.own.count == 1
            && deed.outcome == Outcome::Fine
            && matches!(deed.kind, Kind::Kept(By::Cookie | By::Stick, server, Place::Up)
                if self.last == Some(server))
    }

    /// What makes tales of several clients one.
    fn family(&self) -> (u32, Kind, Outcome) {
        (self.client, self.kind, self.outcome)
    }

    fn absorb(&mut self, other: &Self) {
        self.start = self.start.min(other.start);
        self.threads.extend(&other.threads);
        self.own = self.own.plus(&other.own);
        self.follow = self.follow.plus(&other.follow);
        for (server, count) in &other.servers {
            *self.servers.entry(*server).or_default() += count;
        }
        self.picks.extend(&other.picks);
        self.picks.sort_unstable();
        self.picks.truncate(PICKS);
        if self.set != other.set {
            self.set = None;
        }
        if self.cookie != other.cookie {
            self.cookie = None;
        }
    }
}

/// All tales of a run, told from request to request.
#[derive(Clone, Debug, Default)]
pub(super) struct Tales {
    list: Vec<Tale>,
    /// The present tale of each thread.
    open: BTreeMap<(u32, u32), usize>,
    /// Where tales beyond the limit go.
    rest: BTreeMap<(u32, Kind, Outcome), usize>,
}

impl Tales {
    /// How many tales are kept apart; what comes later joins one of its kind.
    const LIMIT: usize = 4096;

    pub(super) fn add(&mut self, deed: &Deed) {
        let who = (deed.client, deed.thread);
        if let Some(&open) = self.open.get(&who) {
            let tale = &mut self.list[open];
            if tale.takes(deed) {
                return tale.join(deed);
            }
            if tale.leads(deed) {
                return tale.follow.add(deed);
            }
        }
        let crowded = self.list.len() >= Self::LIMIT;
        let family = (deed.client, deed.kind, deed.outcome);
        if crowded && let Some(&place) = self.rest.get(&family) {
            self.list[place].absorb(&Tale::new(deed));
            self.open.insert(who, place);
            return;
        }
        if crowded {
            self.rest.insert(family, self.list.len());
        }
        self.open.insert(who, self.list.len());
        self.list.push(Tale::new(deed));
    }

    /// The tales to tell, in order of time; those of many clients as one.
    pub(super) fn close(self) -> Vec<Tale> {
        let mut families: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (place, tale) in self.list.iter().enumerate() {
            families.entry(tale.family()).or_default().push(place);
        }
        let mut gone = BTreeSet::new();
        let mut tales = self.list;
        for places in families.values() {
            let threads: BTreeSet<u32> = places
                .iter()
                .flat_map(|place| tales[*place].threads.iter().copied())
                .collect();
            let placed = matches!(tales[places[0]].kind, Kind::Placed(..));
            let many = placed && places.iter().all(|place| tales[*place].own.count > 1);
            let together = threads.len() >= 3 || places.len() > 6 || (many && threads.len() > 1);
            if !together {
                continue;
            }
            let (first, others) = places.split_first().expect("a family has members");
            for other in others {
                let other_tale = tales[*other].clone();
                tales[*first].absorb(&other_tale);
                gone.insert(*other);
            }
        }
        let kept = tales.into_iter().enumerate();
        let kept = kept.filter(|(place, _)| !gone.contains(place));
        let mut tales: Vec<Tale> = kept.map(|(_, tale)| tale).collect();
        tales.sort_by_key(|tale| tale.start);
        tales
    }
}
