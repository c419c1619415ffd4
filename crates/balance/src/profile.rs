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

/// The switches of one version. Every difference in behaviour reads one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The version it describes.
    pub version: Version,
    /// A non-empty backend queue sends newcomers to it only while some request is served.
    pub full_needs_served: bool,
    /// A request that joins a server's queue makes that queue run at once, so a limit that
    /// has grown meanwhile counts already.
    pub joining_runs_queue: bool,
    /// A server that comes up runs its normal dequeueing, so the requests it takes hold
    /// slots. Before, it takes from the backend's queue without counting them.
    pub coming_up_takes_slots: bool,
    /// Entering maintenance empties the server's queue whatever the options.
    pub maintenance_moves_any_queue: bool,
    /// A client that leaves is noticed even without `option abortonclose`.
    pub aborts_honoured: bool,
    /// A refused connection pauses before the next attempt unless the algorithm is of the
    /// round-robin kind, even when another server is tried.
    pub retry_pauses_unless_round_robin: bool,
    /// Only algorithms of the round-robin kind try another server at the first failure.
    pub only_round_robin_moves_at_once: bool,
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

impl Profile {
    /// The profile of `version`.
    pub const fn of(version: Version) -> Self {
        let old = matches!(version, Version::V2_2);
        let new = matches!(version, Version::V3_4);
        Self {
            version,
            full_needs_served: new,
            joining_runs_queue: new,
            coming_up_takes_slots: new,
            maintenance_moves_any_queue: new,
            aborts_honoured: new,
            retry_pauses_unless_round_robin: old,
            only_round_robin_moves_at_once: old,
            check_timeout_exact: new,
            kills_answer_500: new,
        }
    }
}
