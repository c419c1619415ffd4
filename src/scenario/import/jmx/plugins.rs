//! Thread groups of plugins whose threads come in shifts.

use super::element::{Element, Property};
use super::group::Schedule;
use super::read::Reader;
use crate::scenario::import::Status;

/// Threads that start and end together, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift {
    pub(super) threads: i64,
    pub(super) start: f64,
    pub(super) ramp_up: f64,
    /// From `start` on.
    pub(super) duration: Option<f64>,
}

/// More shifts than this are not written out.
const MOST: i64 = 100;
const LEAVES: &str = "the threads of a shift end together, not one after the other";

impl<'e> Reader<'e> {
    /// Ultimate Thread Group: each row is a shift.
    pub(super) fn ultimate(&mut self, element: &'e Element) -> Option<Schedule> {
        let rows = element.list("ultimatethreadgroupdata");
        let mut shifts = Vec::new();
        for row in rows.iter().take(MOST as usize) {
            let cells: Vec<&Property> = row.list().iter().collect();
            let cell = |index: usize, reader: &mut Self| {
                let cell = cells.get(index)?;
                reader.number_of(element, cell)
            };
            let threads = cell(0, self)?;
            let (start, ramp_up) = (cell(1, self)?, cell(2, self)?);
            let (hold, shutdown) = (cell(3, self)?, cell(4, self).unwrap_or(0.0));
            if shutdown > 0.0 {
                let why = format!("{LEAVES} within {shutdown} s");
                self.ledger.property(element, row, Status::NotModelled, why);
            }
            if threads >= 1.0 && ramp_up + hold > 0.0 {
                shifts.push(Shift {
                    threads: threads as i64,
                    start,
                    ramp_up,
                    duration: Some(ramp_up + hold),
                });
            }
        }
        self.shifts(element, shifts, rows.len() > MOST as usize)
    }

    /// Stepping Thread Group: some threads more each period, then all for a while.
    pub(super) fn stepping(&mut self, element: &'e Element) -> Option<Schedule> {
        let all = self.threads(element, "ThreadGroup.num_threads")?;
        let mut number = |name: &str| self.decimal(element, name).unwrap_or(0.0).clamp(0.0, 1e8);
        let start = number("Threads initial delay");
        let burst = number("Start users count burst") as i64;
        let step = (number("Start users count") as i64).max(1);
        let period = number("Start users period");
        let (ramp_up, flight) = (number("rampUp"), number("flighttime"));
        let mut shifts = Vec::new();
        let mut left = all;
        let mut at = start;
        let mut next = if burst > 0 { burst } else { step };
        while left > 0 && (shifts.len() as i64) < MOST {
            let threads = next.min(left);
            shifts.push(Shift {
                threads,
                start: at,
                ramp_up,
                duration: None,
            });
            left -= threads;
            at += period.max(ramp_up);
            next = step;
        }
        let last = shifts.last().map_or(start, |shift| shift.start);
        let end = last + ramp_up + flight;
        for shift in &mut shifts {
            shift.duration = Some((end - shift.start).max(0.001));
        }
        if let Some(property) = element.property("Stop users count") {
            self.ledger
                .property(element, property, Status::NotModelled, LEAVES);
        }
        self.shifts(element, shifts, left > 0)
    }

    /// Concurrency Thread Group: threads come, in steps or evenly, and stay for a while.
    pub(super) fn concurrency(&mut self, element: &'e Element) -> Option<Schedule> {
        let all = self.threads(element, "TargetLevel")?;
        let unit = if element.text("Unit").trim() == "M" {
            60.0
        } else {
            1.0
        };
        let mut number = |name: &str| self.decimal(element, name).unwrap_or(0.0).clamp(0.0, 1e8);
        let (ramp_up, hold) = (number("RampUp") * unit, number("Hold") * unit);
        let steps = number("Steps") as i64;
        let end = (ramp_up + hold).max(0.001);
        let steps = steps.clamp(1, MOST).min(all);
        let shifts = (0..steps).map(|step| {
            let threads = all * (step + 1) / steps - all * step / steps;
            let start = if steps == 1 {
                0.0
            } else {
                ramp_up * step as f64 / steps as f64
            };
            Shift {
                threads,
                start,
                ramp_up: if steps == 1 { ramp_up } else { 0.0 },
                duration: Some(end - start),
            }
        });
        let shifts = shifts.collect();
        self.shifts(element, shifts, false)
    }

    fn shifts(&mut self, element: &Element, shifts: Vec<Shift>, cut: bool) -> Option<Schedule> {
        if cut {
            let why = format!("only the first {MOST} shifts are followed");
            self.ledger.element(element, Status::NotModelled, why);
        }
        if shifts.is_empty() {
            let why = "it has no threads";
            self.ledger.element(element, Status::NoEffect, why);
            return None;
        }
        let one = |shift: &Shift| {
            format!(
                "{} threads from {} s on for {} s",
                shift.threads,
                shift.start,
                shift.duration.unwrap_or_default()
            )
        };
        let told: Vec<String> = shifts.iter().take(4).map(one).collect();
        let more = if shifts.len() > 4 { ", ..." } else { "" };
        let why = format!("{}{more}", told.join(", "));
        self.ledger.element(element, Status::Modelled, why);
        Some(Schedule {
            shifts,
            loops: None,
        })
    }
}
