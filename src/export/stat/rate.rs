//! Events per second as HAProxy's statistics show them: those of the second that runs, and of
//! the one before as far as it lies within the last second.

use balance::Moment;

/// Milliseconds of a period.
const PERIOD: u64 = 1000;

/// A rate over the last second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rate {
    /// When the present period began, in milliseconds.
    begun: u64,
    present: u32,
    previous: u32,
    greatest: u32,
}

impl Rate {
    /// One more event at `at`.
    pub(super) fn count(&mut self, at: Moment) {
        self.turn(at);
        self.present += 1;
        self.greatest = self.greatest.max(self.at(at));
    }

    /// The rate at `at`, which is not before the last event.
    pub(super) fn at(&mut self, at: Moment) -> u32 {
        self.turn(at);
        let left = PERIOD - (at.as_millis() - self.begun);
        self.present + (u64::from(self.previous) * left / PERIOD) as u32
    }

    /// The greatest rate at any event.
    pub(super) fn greatest(&self) -> u32 {
        self.greatest
    }

    /// Begins the period that `at` lies in.
    fn turn(&mut self, at: Moment) {
        let now = at.as_millis();
        if now - self.begun < PERIOD {
            return;
        }
        let next = self.begun + PERIOD;
        if now - next < PERIOD {
            (self.begun, self.previous) = (next, self.present);
        } else {
            (self.begun, self.previous) = (now, 0);
        }
        self.present = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_before_fades() {
        let mut rate = Rate::default();
        for millis in [0, 100, 200, 900] {
            rate.count(Moment::from_millis(millis));
        }
        let mut read = |millis| rate.at(Moment::from_millis(millis));
        assert_eq!(read(999), 4);
        assert_eq!([1000, 1250, 1500, 1999].map(&mut read), [4, 3, 2, 0]);
        assert_eq!(read(5000), 0);
        assert_eq!(rate.greatest(), 4);
    }
}
