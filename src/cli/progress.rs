//! A sign of life for runs that last longer than a second.

use std::time::{Duration, Instant};

use balance::{Interest, Moment};

use super::screen::Screen;
use crate::trace::{Event, Sample, Sink};

/// A reader that looks at the clock now and then.
pub(super) struct Progress<'a> {
    screen: &'a mut Screen,
    title: &'a str,
    samples: u64,
    shown: bool,
    next: Instant,
}

/// Samples between two looks at the clock, less one.
const MASK: u64 = (1 << 16) - 1;

impl<'a> Progress<'a> {
    /// A sign of life for the run called `title`.
    pub(super) fn new(screen: &'a mut Screen, title: &'a str) -> Self {
        Self {
            screen,
            title,
            samples: 0,
            shown: false,
            next: Instant::now() + Duration::from_secs(1),
        }
    }

    /// Takes the sign away again.
    pub(super) fn close(self) {
        if self.shown {
            self.screen.progress("");
        }
    }

    #[cold]
    fn look(&mut self, now: Moment) {
        let time = Instant::now();
        if time >= self.next {
            self.next = time + Duration::from_millis(200);
            self.shown = true;
            let text = format!("{}: {} requests, {now} simulated", self.title, self.samples);
            self.screen.progress(&text);
        }
    }
}

impl Sink for Progress<'_> {
    fn interest(&self) -> Interest {
        Interest::Nothing
    }

    #[inline]
    fn sample(&mut self, sample: &Sample) {
        self.samples += 1;
        if self.samples & MASK == 0 {
            self.look(sample.sent + sample.elapsed);
        }
    }

    fn event(&mut self, _at: Moment, _event: &Event) {}
}
