//! Timers: what is waited before a sampler.

use super::element::Element;
use super::kinds::Timer;
use super::read::Reader;
use super::scope::Level;
use crate::scenario::import::Status;
use crate::scenario::schema::Time;
use crate::scenario::schema::script::{Deed, Pace, PaceOf};

/// Timers that wait longer than this are mistaken for something else.
const LONGEST: f64 = 1e10;

impl Reader<'_> {
    pub(super) fn timer(&mut self, element: &Element, timer: Timer, level: &mut Level<'_>) {
        self.modelled(element);
        if matches!(timer, Timer::Throughput | Timer::Precise) {
            if let Some(pace) = self.pace(element, timer) {
                level.paces.push(pace);
            }
            return;
        }
        let delay = self.milliseconds(element, "ConstantTimer.delay");
        let range = self.milliseconds(element, "RandomTimer.range");
        let time = match timer {
            Timer::Uniform if range > 0.0 => {
                format!("uniform {delay}ms {}ms", delay + range)
            }
            Timer::Gaussian if range > 0.0 => format!("normal {delay}ms {range}ms"),
            Timer::Poisson if range > 0.0 => {
                let why = "drawn from the normal distribution that is nearest";
                self.ledger.element(element, Status::Modelled, why);
                format!("normal {}ms {}ms", delay + range, libm::sqrt(range).round())
            }
            _ => format!("{delay}ms"),
        };
        if time != "0ms" {
            level.pauses.push(Deed::Pause(Time(time)));
        }
    }

    /// A time in milliseconds, whole and not negative.
    pub(super) fn milliseconds(&mut self, element: &Element, name: &str) -> f64 {
        let number = self.decimal(element, name).unwrap_or(0.0);
        number.clamp(0.0, LONGEST).round()
    }

    fn pace(&mut self, element: &Element, timer: Timer) -> Option<Deed> {
        let throughput = self.decimal(element, "throughput").unwrap_or(0.0);
        let (per_minute, of) = if timer == Timer::Precise {
            let why = "requests come evenly spaced instead of at random moments";
            self.ledger.element(element, Status::NotModelled, why);
            let period = self.decimal(element, "throughputPeriod").unwrap_or(3600.0);
            (throughput * 60.0 / period.max(1.0), PaceOf::GroupShared)
        } else {
            (throughput, self.whose(element))
        };
        if !(per_minute > 0.0 && per_minute <= 1e9) {
            let why = "a rate that is not above 0: nothing is held back";
            self.ledger.element(element, Status::NotModelled, why);
            return None;
        }
        Some(Deed::Pace(Pace {
            per_minute: Some(per_minute),
            of: (of != PaceOf::Thread).then_some(of),
            timer: Some(format!("{} {}", element.title(), element.line)),
        }))
    }

    /// Whose requests a constant throughput timer counts.
    fn whose(&mut self, element: &Element) -> PaceOf {
        let mode = element.text("calcMode").trim();
        let mode = mode.strip_prefix("calcMode.").map_or_else(
            || mode.parse().unwrap_or(0),
            // The words count from 1.
            |number| {
                number
                    .parse::<u32>()
                    .map_or(0, |number| number.saturating_sub(1))
            },
        );
        if matches!(mode, 1 | 3) && self.groups > 1 {
            let why = "the threads of this group are counted, not those of all groups";
            self.ledger.element(element, Status::NotModelled, why);
        }
        match mode {
            1 | 2 => PaceOf::Group,
            3 | 4 => PaceOf::GroupShared,
            _ => PaceOf::Thread,
        }
    }
}
