//! A frequency counter: how many events in the last second, from two numbers.

use crate::time::Moment;

/// The length of a period in milliseconds.
const PERIOD: u64 = 1000;

/// Counts the events of the present period and remembers the count of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rate {
    /// When the present period began, in milliseconds.
    began: u64,
    current: u32,
    previous: u32,
}

impl Rate {
    /// One event at `now`.
    pub(super) fn note(&mut self, now: Moment) {
        *self = self.at(now);
        self.current += 1;
    }

    /// Events in the second before `now`, as if those of the previous period had been
    /// spread evenly over it. A single event of that period counts whole.
    pub(super) fn read(self, now: Moment) -> u32 {
        let Self {
            began,
            current,
            previous,
        } = self.at(now);
        if current == 0 && previous <= 1 {
            return previous;
        }
        let left = (began + PERIOD).saturating_sub(now.as_millis());
        current + (u64::from(previous) * left / PERIOD) as u32
    }

    /// The counter as it stands at `now`.
    fn at(self, now: Moment) -> Self {
        let now = now.as_millis();
        match now.saturating_sub(self.began) {
            0..PERIOD => self,
            elapsed if elapsed < 2 * PERIOD => Self {
                began: self.began + PERIOD,
                current: 0,
                previous: self.current,
            },
            _ => Self {
                began: now,
                current: 0,
                previous: 0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_slides() {
        let at = Moment::from_millis;
        let mut rate = Rate::default();
        for millis in [5_000, 5_100, 5_200, 5_900] {
            rate.note(at(millis));
        }
        for (millis, expected) in [
            (5_900, 4),
            (5_999, 4),
            (6_000, 4),
            (6_250, 3),
            (6_500, 2),
            (6_999, 0),
            (7_000, 0),
            (9_000, 0),
        ] {
            assert_eq!(rate.read(at(millis)), expected, "at {millis}");
        }
        rate.note(at(6_500));
        assert_eq!(rate.read(at(6_500)), 3);
        assert_eq!(rate.read(at(7_400)), 1);
        assert_eq!(rate.read(at(8_500)), 0);
    }
}
