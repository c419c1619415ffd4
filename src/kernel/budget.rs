//! Budgets: an endless loop in a scenario ends as an error that names the busiest actors.

use std::collections::BTreeMap;

use balance::time::{Moment, Span};

/// Counts what a run spends, and who spends it towards the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter<A> {
    /// Events that may happen before it is noted who is busy.
    carefree: u64,
    /// Those that were left when that began because of the time.
    unspent: u64,
    /// Events after that.
    watched: u64,
    limit_events: u64,
    limit_time: Moment,
    /// From here on it is noted who is busy.
    watch_time: Moment,
    busy: BTreeMap<A, u64>,
}

/// Which limit was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many events.
    Events(u64),
    /// So much virtual time.
    Time(Span),
}

/// A budget was exceeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded<A> {
    /// Which limit.
    pub limit: Limit,
    /// When, in virtual time.
    pub at: Moment,
    /// Up to three actors that had the most events in the last tenth of the budget, and how
    /// many they had.
    pub busiest: Vec<(A, u64)>,
}

impl<A: Ord + Copy> Meter<A> {
    /// A meter that allows `events` events and the moments up to `time` after the start.
    pub fn new(events: u64, time: Span) -> Self {
        Self {
            carefree: events - events / 10,
            unspent: 0,
            watched: 0,
            limit_events: events,
            limit_time: Moment::ZERO + time,
            watch_time: Moment::from_nanos(time.as_nanos() - time.as_nanos() / 10),
            busy: BTreeMap::new(),
        }
    }

    /// Up to this moment nobody need look at the time: later ones may only come after
    /// [`look_closely`](Self::look_closely).
    pub fn carefree_until(&self) -> Moment {
        if self.carefree == 0 {
            Moment::NEVER
        } else {
            self.watch_time
        }
    }

    /// From now on it is noted who is busy, and the time is looked at.
    pub fn look_closely(&mut self) {
        self.unspent += std::mem::take(&mut self.carefree);
    }

    /// Counts one event of the actor that `who` names, at `now`.
    ///
    /// # Errors
    /// If there was none left, or if it is too late for any.
    #[inline]
    pub fn spend(&mut self, now: Moment, who: impl FnOnce() -> A) -> Result<(), Exceeded<A>> {
        if self.carefree == 0 {
            return self.watch(now, who());
        }
        debug_assert!(now <= self.watch_time, "whoever comes later is watched");
        self.carefree -= 1;
        Ok(())
    }

    #[cold]
    fn watch(&mut self, now: Moment, who: A) -> Result<(), Exceeded<A>> {
        self.watched += 1;
        let limit = if self.events() > self.limit_events {
            Limit::Events(self.limit_events)
        } else if now > self.limit_time {
            Limit::Time(self.limit_time.since(Moment::ZERO))
        } else {
            *self.busy.entry(who).or_default() += 1;
            return Ok(());
        };
        let mut busiest: Vec<_> = self
            .busy
            .iter()
            .map(|(&who, &count)| (who, count))
            .collect();
        busiest.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        busiest.truncate(3);
        Err(Exceeded {
            limit,
            at: now,
            busiest,
        })
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.limit_events - self.limit_events / 10 - self.carefree - self.unspent + self.watched
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_budget_names_the_three_busiest() {
        let mut meter = Meter::new(1000, Span::from_secs(1));
        let mut result = Ok(());
        for turn in 0..1001_u64 {
            // 4 gets half of the turns, then 3, 2, 1 in falling numbers.
            let who = 4 - u64::from(turn.trailing_zeros().min(3));
            result = meter.spend(Moment::from_nanos(turn), || who);
            assert_eq!(result.is_err(), turn == 1000);
        }
        let exceeded = result.unwrap_err();
        assert_eq!(exceeded.limit, Limit::Events(1000));
        assert_eq!(exceeded.at, Moment::from_nanos(1000));
        assert_eq!(exceeded.busiest, [(4, 50), (3, 25), (2, 13)]);
        assert_eq!(meter.events(), 1001);
    }

    #[test]
    fn the_time_budget_allows_its_last_moment() {
        let mut meter = Meter::new(1000, Span::from_millis(10));
        assert_eq!(meter.spend(Moment::from_millis(1), || 'a'), Ok(()));
        assert_eq!(meter.carefree_until(), Moment::from_millis(9));
        meter.look_closely();
        assert_eq!(meter.carefree_until(), Moment::NEVER);
        assert_eq!(meter.events(), 1);
        assert_eq!(meter.spend(Moment::from_nanos(9_500_000), || 'b'), Ok(()));
        assert_eq!(meter.spend(Moment::from_millis(10), || 'c'), Ok(()));
        let late = Moment::from_nanos(10_000_001);
        let exceeded = meter.spend(late, || 'd').unwrap_err();
        assert_eq!(exceeded.limit, Limit::Time(Span::from_millis(10)));
        assert_eq!(exceeded.busiest, [('b', 1), ('c', 1)]);
        assert_eq!(meter.events(), 4);
    }
}
