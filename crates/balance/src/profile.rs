//! Profiles: what HAProxy's versions do differently, as data in one place.

/// A version whose decisions are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HAProxy 2.2
    V2_2,
    /// HAProxy 2.6
    #[default]
    V2_6,
    /// HAProxy 3.4
    V3_4,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V2_2, Self::V2_6, Self::V3_4];

    /// `2.2`, `2.6`, `3.4`
    pub fn name(self) -> &'static str {
        match self {
            Self::V2_2 => "2.2",
            Self::V2_6 => "2.6",
            Self::V3_4 => "3.4",
        }
    }

    /// The version called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.name() == name)
    }
}

/// What roundrobin does to a usable server whose weight changes (spec: balancing, 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightRule {
    /// Its next turn is counted again from its previous one (up to 3.1).
    Adjust,
    /// It is queued anew, as if it had just come up (3.2 on); one that was added at run
    /// time follows the other rule all the same (seen on 3.4.0).
    Reinsert,
}

/// The order among servers of equal leastconn key (spec: balancing, 4.1 and 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// First come, first picked.
    Fifo,
    /// Four lists drawn by lot, of which only the heads are looked at (3.2 on).
    FourLists,
}

/// What leastconn counts as load (spec: balancing, 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Slots held.
    Served,
    /// Slots held and requests in the server's own queue.
    ServedAndQueued,
}

/// When leastconn moves a server behind its equals (spec: balancing, 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reposition {
    /// Whenever a slot is taken or given back.
    Always,
    /// Only when its key has changed.
    IfChanged,
}

/// Which servers leastconn passes over as full (spec: balancing, 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fullness {
    /// Those with a queue, or without a free slot.
    Saturated,
    /// Those whose slots and queue (`maxqueue`) are taken.
    QueueFull,
}

/// Which id a server added at run time without one has on the ring (spec: balancing, 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnonymousRing {
    /// 0 for the nodes of its first weight, the one it shows for those of a later, higher one.
    Zero,
    /// The one it shows.
    Own,
}

/// How node `n` of server `id` finds its place on the ring (spec: balancing, 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKeys {
    /// The mix of `id * 4096 + n` (up to 2.9, 3.3 on).
    Product,
    /// The mix of `mix(id) + n` (3.0 to 3.2.0).
    DoubleMix,
}

/// Where `balance random` takes its numbers from (spec: balancing, 7.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// A generator that starts the same way in every process.
    FixedSeed,
    /// Different in every process: the driver's chance.
    Chance,
}

/// Which of two equally loaded servers `balance random` keeps (spec: balancing, 7.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomTie {
    /// The one drawn later.
    Later,
    /// The one with the lower rate of requests for its weight; if equal, the later (3.4 on).
    RequestRate,
}

/// The switches of one version. Every difference in behaviour reads one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The version it describes.
    pub version: Version,
    /// What roundrobin does when the weight of a usable server changes.
    pub rr_weight: WeightRule,
    /// The order of leastconn among servers with equal keys.
    pub leastconn_ties: Ties,
    /// What leastconn counts as the load of a server.
    pub leastconn_load: Load,
    /// When leastconn sends a server behind its equals.
    pub leastconn_reposition: Reposition,
    /// Which servers leastconn passes over as full.
    pub leastconn_full: Fullness,
    /// The id on the ring of a server added at run time without one.
    pub ring_anonymous: AnonymousRing,
    /// The places of a server's nodes on the ring.
    pub ring_keys: NodeKeys,
    /// Where `balance random` takes its numbers from.
    pub random_draws: Draws,
    /// Which of two equally loaded servers `balance random` keeps.
    pub random_tie: RandomTie,
    /// A request for which `balance random` drew a full server joins the backend's queue
    /// rather than that server's (seen on 2.6.12 and 3.4.0, but not on 2.2.0).
    pub random_passes_full: bool,
    /// With roundrobin, static-rr and first, a non-empty backend queue means that all
    /// servers are full: newcomers join it without asking the algorithm.
    pub queue_means_full: bool,
    /// A non-empty backend queue sends newcomers to it only while some request is served.
    pub full_needs_served: bool,
    /// A request that joins a server's queue makes that queue run at once, so a limit that
    /// has grown meanwhile counts already.
    pub joining_runs_queue: bool,
    /// A server that comes up runs its normal dequeueing, so the requests it takes hold
    /// slots. Before, it takes from the backend's queue without counting them.
    pub coming_up_takes_slots: bool,
    /// The requests that a server coming up takes from the backend's queue are balanced once
    /// more, so they may go elsewhere, and take slots.
    pub drawn_are_balanced_again: bool,
    /// A server found idle when nobody in its backend is served is remembered, and the next
    /// request that would have to wait starts on it, before those who wait already.
    pub idle_server_is_remembered: bool,
    /// Entering maintenance empties the server's queue whatever the options.
    pub maintenance_moves_any_queue: bool,
    /// Requests that `option redispatch` moves out of a server's queue start on that very
    /// server, without a slot, instead of being balanced again.
    pub moved_requests_stay: bool,
    /// When no usable server is left the backend's queue is balanced again, so all who
    /// wait there are refused. Before, they wait on.
    pub last_server_empties_queue: bool,
    /// A weight changed during maintenance takes effect, and shows, when it ends.
    pub maintenance_freezes_weight: bool,
    /// A client that leaves is noticed even without `option abortonclose`.
    pub aborts_honoured: bool,
    /// A refused connection pauses before the next attempt unless the algorithm is of the
    /// round-robin kind, even when another server is tried.
    pub retry_pauses_unless_round_robin: bool,
    /// Only algorithms of the round-robin kind try another server at the first failure.
    pub only_round_robin_moves_at_once: bool,
    /// `cookie ... nocache` marks an answer only if a cache would have a reason to keep it: a
    /// freshness or a validator (late 2.6 on).
    pub nocache_needs_reason: bool,
    /// `timeout check` is honoured to the millisecond, also when it is short.
    pub check_timeout_exact: bool,
    /// A request killed by an operator or a state change while it waits ends with 500.
    pub kills_answer_500: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self::of(Version::default())
    }
}

/// HAProxy 2.6, the profile the others are described against.
const V2_6: Profile = Profile {
    version: Version::V2_6,
    rr_weight: WeightRule::Adjust,
    leastconn_ties: Ties::Fifo,
    leastconn_load: Load::ServedAndQueued,
    leastconn_reposition: Reposition::IfChanged,
    leastconn_full: Fullness::QueueFull,
    ring_anonymous: AnonymousRing::Zero,
    ring_keys: NodeKeys::Product,
    random_draws: Draws::FixedSeed,
    random_tie: RandomTie::Later,
    random_passes_full: true,
    queue_means_full: true,
    full_needs_served: false,
    joining_runs_queue: false,
    coming_up_takes_slots: false,
    drawn_are_balanced_again: false,
    idle_server_is_remembered: false,
    maintenance_moves_any_queue: false,
    moved_requests_stay: false,
    last_server_empties_queue: false,
    maintenance_freezes_weight: true,
    aborts_honoured: false,
    retry_pauses_unless_round_robin: false,
    only_round_robin_moves_at_once: false,
    nocache_needs_reason: true,
    check_timeout_exact: false,
    kills_answer_500: false,
};

impl Profile {
    /// The profile of `version`.
    pub const fn of(version: Version) -> Self {
        match version {
            Version::V2_2 => Self {
                version,
                leastconn_load: Load::Served,
                leastconn_reposition: Reposition::Always,
                leastconn_full: Fullness::Saturated,
                random_draws: Draws::Chance,
                random_passes_full: false,
                queue_means_full: false,
                drawn_are_balanced_again: true,
                retry_pauses_unless_round_robin: true,
                only_round_robin_moves_at_once: true,
                nocache_needs_reason: false,
                ..V2_6
            },
            Version::V2_6 => V2_6,
            Version::V3_4 => Self {
                version,
                rr_weight: WeightRule::Reinsert,
                leastconn_ties: Ties::FourLists,
                ring_anonymous: AnonymousRing::Own,
                random_draws: Draws::Chance,
                random_tie: RandomTie::RequestRate,
                full_needs_served: true,
                joining_runs_queue: true,
                coming_up_takes_slots: true,
                idle_server_is_remembered: true,
                maintenance_moves_any_queue: true,
                moved_requests_stay: true,
                last_server_empties_queue: true,
                maintenance_freezes_weight: false,
                aborts_honoured: true,
                check_timeout_exact: true,
                kills_answer_500: true,
                ..V2_6
            },
        }
    }
}
