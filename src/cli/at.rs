//! Moments as people type them: `12.5s`, counted from the clients' start.

use balance::Moment;

use crate::scenario::units;

/// A moment of a run, counted from the clients' start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(i64);

impl At {
    /// The moment in a run whose clients start at `start`.
    ///
    /// # Errors
    /// If that is before the start of the proxy.
    pub fn moment(self, start: Moment) -> Result<Moment, String> {
        let nanos = start
            .since(Moment::ZERO)
            .as_nanos()
            .checked_add_signed(self.0);
        nanos.map(Moment::from_nanos).ok_or_else(|| {
            let warm_up = start.since(Moment::ZERO);
            format!("the proxy starts {warm_up} before the clients; nothing is before that")
        })
    }
}

/// Reads what follows `--at`.
///
/// # Errors
/// What is wrong with it, and what is accepted.
pub(super) fn instant(text: &str) -> Result<At, String> {
    let read = units::offset(text).map(At);
    read.map_err(|error| match error.help {
        Some(help) => format!("{}; {help}", error.why),
        None => format!("{}; accepted are {}", error.why, units::ACCEPTED),
    })
}
