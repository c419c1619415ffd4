//! Claims, back in the words of the language.

use balance::{Moment, Span};

use super::{relative, time};
use crate::plan::{Bound, Claim};
use crate::scenario::schema::{self, Time};

/// The claim as an author would write it, moments counted from `clients_start`.
pub(crate) fn schema_of(claim: &Claim, clients_start: Moment) -> schema::Claim {
    let moment = |moment: Moment| relative(moment, clients_start);
    match claim {
        Claim::Served { server, count } => {
            let count = bounds(*count);
            schema::Claim::Served(schema::Served {
                server: Some(server.clone()),
                exactly: count.exactly,
                within: count.within,
                at_least: count.at_least,
                at_most: count.at_most,
            })
        }
        Claim::Share {
            server,
            about,
            tolerance,
        } => schema::Claim::Share(schema::Share {
            server: Some(server.clone()),
            about: Some(*about),
            tolerance: Some(*tolerance),
        }),
        Claim::Errors(bound) => schema::Claim::Errors(bounds(*bound)),
        Claim::SessionsRestarted(bound) => schema::Claim::SessionsRestarted(bounds(*bound)),
        Claim::Down {
            server,
            after,
            before,
            reason,
            happens,
        } => {
            let down = schema::Claim::Down(schema::Down {
                server: Some(server.clone()),
                after: after.map(moment),
                before: before.map(moment),
                reason: reason.clone(),
            });
            if *happens {
                down
            } else {
                schema::Claim::Never(Box::new(down))
            }
        }
        Claim::State { server, is, at } => schema::Claim::State(schema::State {
            server: Some(server.clone()),
            is: Some(is.clone()),
            at: at.map(moment),
        }),
        Claim::Sequence(picks) => schema::Claim::Sequence(picks.join(" ")),
        Claim::Mean { server, within } => schema::Claim::Mean(elapsed(server.as_ref(), *within)),
        Claim::Deviation { server, within } => {
            schema::Claim::Deviation(elapsed(server.as_ref(), *within))
        }
        Claim::Rate { server, within } => {
            let (within, at_least, at_most) = ends(*within);
            schema::Claim::Rate(schema::Rate {
                server: server.clone(),
                within,
                at_least,
                at_most,
            })
        }
    }
}

fn bounds(bound: Bound) -> schema::Count {
    let mut count = schema::Count::default();
    match bound {
        Bound::Exactly(number) => count.exactly = Some(number),
        Bound::Within(low, high) => count.within = Some((low, high)),
        Bound::AtLeast(number) => count.at_least = Some(number),
        Bound::AtMost(number) => count.at_most = Some(number),
    }
    count
}

fn elapsed(server: Option<&String>, window: (f64, f64)) -> schema::Elapsed {
    let (within, at_least, at_most) = ends(window);
    schema::Elapsed {
        server: server.cloned(),
        within: within.map(|(low, high)| (millis(low), millis(high))),
        at_least: at_least.map(millis),
        at_most: at_most.map(millis),
    }
}

/// A window with two ends, or the one end it has.
fn ends((low, high): (f64, f64)) -> (Option<(f64, f64)>, Option<f64>, Option<f64>) {
    match (low.is_finite(), high.is_finite()) {
        (true, false) => (None, Some(low), None),
        (false, true) => (None, None, Some(high)),
        _ => (Some((low, high)), None, None),
    }
}

fn millis(millis: f64) -> Time {
    time(Span::from_nanos((millis * 1e6).round() as u64))
}
