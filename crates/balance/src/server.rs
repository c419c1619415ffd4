//! One server: administrative state, operational state, health, weight, counters.

use alloc::string::String;
use alloc::vec::Vec;

use crate::config;
use crate::event::{CheckCode, CheckResult, Status};
use crate::ids::ServerId;
use crate::queue::Queue;
use crate::time::{Moment, Span};

pub mod transition;

pub use transition::Operational;

/// Administrative flags, with the numbers that `show servers state` prints.
pub(crate) mod admin {
    pub(crate) const FORCED_MAINT: u8 = 0x01;
    pub(crate) const INHERITED_MAINT: u8 = 0x02;
    pub(crate) const CONFIGURED_MAINT: u8 = 0x04;
    pub(crate) const FORCED_DRAIN: u8 = 0x08;
    pub(crate) const INHERITED_DRAIN: u8 = 0x10;
    pub(crate) const MAINT: u8 = FORCED_MAINT | INHERITED_MAINT;
    pub(crate) const DRAIN: u8 = FORCED_DRAIN | INHERITED_DRAIN;
}

/// What `show stat` counts for a server or a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub qmax: u32,
    pub smax: u32,
    pub stot: u64,
    pub bin: u64,
    pub bout: u64,
    pub econ: u64,
    pub eresp: u64,
    pub wretr: u64,
    pub wredis: u64,
    pub lbtot: u64,
    pub chkfail: u64,
    pub chkdown: u64,
    pub hanafail: u64,
    /// 1xx, 2xx, 3xx, 4xx, 5xx, other.
    pub hrsp: [u64; 6],
    pub cli_abrt: u64,
    pub srv_abrt: u64,
    pub last_session: Option<Moment>,
    pub times: Times,
}

/// What [`Times`] are kept of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// Until the last assignment to a server.
    Queue,
    /// From there to the connection.
    Connect,
    /// From there to the head of the answer.
    Response,
    /// From the arrival to the end.
    Total,
}

/// Whole milliseconds of the lapses of requests: sliding averages over about 1024 of
/// them, as integer sums, and the longest. All count in 32 bits, as HAProxy's do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    count: u32,
    sums: [u32; 4],
    longest: [u32; 4],
}

impl Times {
    const WINDOW: u32 = 1024;

    /// One more request; `millis` in the order of [`Lapse`].
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn add(&mut self, millis: [u32; 4]) {
        if self.count < Self::WINDOW {
            self.count += 1;
        } else {
            // The four are computed side by side.
            for sum in &mut self.sums {
                let share = sum.wrapping_add(Self::WINDOW - 1) / Self::WINDOW;
                *sum = sum.wrapping_sub(share);
            }
        }
        for (sum, millis) in self.sums.iter_mut().zip(millis) {
            *sum = sum.wrapping_add(millis);
        }
        for (longest, millis) in self.longest.iter_mut().zip(millis) {
            if *longest < millis {
                *longest = millis;
            }
        }
    }

    pub(crate) fn mean(&self, lapse: Lapse) -> u32 {
        if self.count == 0 {
            0
        } else {
            self.sums[lapse as usize].div_ceil(self.count)
        }
    }

    pub(crate) fn longest(&self, lapse: Lapse) -> u32 {
        self.longest[lapse as usize]
    }

    /// Forgets the longest of all lapses.
    pub(crate) fn clear_longest(&mut self) {
        self.longest = [0; 4];
    }
}

impl Counters {
    pub(crate) fn answered(&mut self, status: u16) {
        self.hrsp[Self::class(status)] += 1;
    }

    /// Which of `hrsp` counts this status.
    #[inline]
    pub(crate) fn class(status: u16) -> usize {
        match status {
            100..=599 => usize::from(status / 100 - 1),
            _ => 5,
        }
    }
}

/// The health check of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checking {
    /// `check` was configured.
    pub configured: bool,
    /// Not disabled by `disable health`.
    pub enabled: bool,
    /// Suspended by maintenance.
    pub paused: bool,
    /// When the timer next expires: the next run is due, or the running one is late.
    pub at: Option<Moment>,
    /// The run in progress.
    pub run: Option<Run>,
    /// Counts runs.
    pub turn: u32,
    /// How the last run ended.
    pub last: Option<CheckResult>,
    /// The text beside it (`last_chk`).
    pub last_text: String,
}

/// One run of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub started: Moment,
    pub connected: Option<Moment>,
}

/// Everything about a server that balancing does not look at on each pick; the rest is
/// its [`Member`](crate::farm::Member).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub id: ServerId,
    pub config: config::Server,
    /// The value of its persistence cookie, dynamic ones computed.
    pub cookie: Option<String>,
    pub deleted: bool,
    /// Weight for people, 0..=256.
    pub uweight: u32,
    /// The weight at start: percentages refer to it.
    pub iweight: u32,
    pub state: Operational,
    pub admin: u8,
    /// 0..=rise+fall-1; the check passes from `rise` on.
    pub health: u32,
    pub rise: u32,
    pub fall: u32,
    pub last_change: Moment,
    /// Whole seconds spent DOWN or in maintenance before the present stay.
    pub down_time: u64,
    pub check: Checking,
    /// Consecutive errors seen by `observe`.
    pub errors: u32,
    /// Connections and attempts in progress (`scur`).
    pub connections: u32,
    pub queue: Queue,
    pub counters: Counters,
    /// The server it tracks.
    pub tracks: Option<ServerId>,
    /// Who tracks it, in the order of declaration.
    pub trackers: Vec<ServerId>,
    /// The end of its slow start's present step.
    pub warm_at: Option<Moment>,
}

impl Server {
    /// Full health.
    pub(crate) fn full_health(&self) -> u32 {
        self.rise + self.fall - 1
    }

    pub(crate) fn in_maint(&self) -> bool {
        self.admin & admin::MAINT != 0
    }

    pub(crate) fn in_drain(&self) -> bool {
        self.admin & admin::DRAIN != 0
    }

    /// Whether a persistent request may go to it as it is.
    pub(crate) fn is_stopped(&self) -> bool {
        self.state == Operational::Stopped
    }

    /// Whole seconds of slow start, rounded up.
    pub(crate) fn slowstart_secs(&self) -> u64 {
        self.config.slowstart.as_secs_ceil()
    }

    /// Whole clock seconds since its last change.
    pub(crate) fn change_age(&self, now: Moment) -> u64 {
        now.as_secs().saturating_sub(self.last_change.as_secs())
    }

    /// The interval in force for the next check (spec: health checks, 4).
    pub(crate) fn interval(&self) -> Span {
        let Some(check) = &self.config.check else {
            return Span::from_millis(2000);
        };
        if self.health == self.full_health() {
            check.inter
        } else if self.is_stopped() && self.health == 0 {
            check.downinter.unwrap_or(check.inter)
        } else {
            check.fastinter.unwrap_or(check.inter)
        }
    }

    /// The status as `show stat` words it; `reference` is the end of its tracking chain
    /// (itself, if it tracks nobody). Spec: server states, 4.
    pub(crate) fn status(&self, reference: &Self) -> Status {
        let checks = reference.check.configured && reference.check.enabled;
        let (health, rise, fall) = (reference.health, reference.rise, reference.fall);
        let highest = rise + fall - 1;
        if self.admin & admin::INHERITED_MAINT != 0 {
            return Status::MaintVia(self.tracks.unwrap_or(self.id));
        }
        if self.admin & admin::FORCED_MAINT != 0 {
            return Status::Maint;
        }
        // The counter of health moves a step before the state does. In between, the status
        // is still the last one that the state allows.
        let health = if self.state == Operational::Stopped {
            health.min(rise - 1)
        } else {
            health.max(rise)
        };
        match self.state {
            Operational::Running | Operational::Starting => {
                let going_down = (checks && health < highest).then(|| (health + 1 - rise, fall));
                match (self.in_drain(), going_down) {
                    (true, Some((a, f))) => Status::DrainGoingDown(a, f),
                    (true, None) => Status::Drain,
                    (false, Some((a, f))) => Status::UpGoingDown(a, f),
                    (false, None) if checks => Status::Up,
                    (false, None) => Status::NoCheck,
                }
            }
            Operational::Stopping => {
                let own = self.check.configured && self.check.enabled;
                if (!own && self.tracks.is_none()) || health == highest {
                    Status::NoLb
                } else {
                    Status::NoLbGoingDown(health + 1 - rise, fall)
                }
            }
            Operational::Stopped if checks && health > 0 => Status::DownGoingUp(health, rise),
            Operational::Stopped => Status::Down,
        }
    }

    /// The verdict code to show now.
    pub(crate) fn check_code(&self) -> CheckCode {
        self.check
            .last
            .map_or(CheckCode::Initializing, |last| last.code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Up to 1024 requests the mean is that of all, rounded up; from then on each takes
        /// the place of a 1024th of the sum, rounded up. The longest is kept until cleared.
        #[test]
        fn times_slide_over_a_thousand_requests(
            millis in prop::collection::vec(0..100_000_u32, 1..1_300),
            cleared in 0..1_300_usize,
        ) {
            let mut times = Times::default();
            let (mut sum, mut longest) = (0_u32, 0);
            prop_assert_eq!(times.mean(Lapse::Total), 0);
            for (index, millis) in millis.into_iter().enumerate() {
                if index == cleared {
                    times.clear_longest();
                    longest = 0;
                }
                times.add([millis, 1, 2 * millis, 3]);
                if index >= 1024 {
                    sum -= sum.div_ceil(1024);
                }
                sum += millis;
                longest = millis.max(longest);
                let count = (index as u32 + 1).min(1024);
                prop_assert_eq!(times.mean(Lapse::Queue), sum.div_ceil(count));
                prop_assert_eq!(times.longest(Lapse::Queue), longest);
                prop_assert_eq!(times.mean(Lapse::Connect), 1);
                prop_assert_eq!(times.longest(Lapse::Response), 2 * longest);
                prop_assert_eq!(times.mean(Lapse::Total), 3);
            }
        }
    }
}
