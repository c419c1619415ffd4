//! A frequency counter: how many events in the last period, from two numbers.

use crate::time::{Moment, Span};

/// Counts the events of the present period and remembers the count of the one before. The
/// period is the same whenever one is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    /// When the present period began, in milliseconds.
    began: u64,
    current: u32,
    previous: u32,
}

impl Rate {
    /// One event at `now`.
    pub(crate) fn note(&mut self, now: Moment, period: Span) {
        *self = if *self == Self::default() {
            Self {
                began: now.as_millis(),
                ..*self
            }
        } else {
            self.at(now, period.as_millis())
        };
        self.current = self.current.saturating_add(1);
    }

    /// Events in the `period` before `now`, as if those of the previous one had been
    /// spread evenly over it. A single event of that period counts whole.
    pub(crate) fn read(self, now: Moment, period: Span) -> u32 {
        let period = period.as_millis().max(1);
        let Self {
            began,
            current,
            previous,
        } = self.at(now, period);
        if current == 0 && previous <= 1 {
            return previous;
        }
        let left = (began + period).saturating_sub(now.as_millis());
        current.saturating_add((u64::from(previous) * left / period) as u32)
    }

    /// The counter as it stands at `now`.
    fn at(self, now: Moment, period: u64) -> Self {
        let now = now.as_millis();
        match now.saturating_sub(self.began) {
            elapsed if elapsed < period => self,
            elapsed if elapsed < 2 * period => Self {
                began: self.began + period,
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
        let second = Span::from_secs(1);
        let at = Moment::from_millis;
        let mut rate = Rate::default();
        for millis in [5_000, 5_100, 5_200, 5_900] {
            rate.note(at(millis), second);
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
            assert_eq!(rate.read(at(millis), second), expected, "at {millis}");
        }
        rate.note(at(6_500), second);
        assert_eq!(rate.read(at(6_500), second), 3);
        assert_eq!(rate.read(at(7_400), second), 1);
        assert_eq!(rate.read(at(8_500), second), 0);
    }
}
