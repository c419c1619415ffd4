//! How long servers took, from what a log says.

use std::collections::BTreeMap;

use balance::Span;

use super::{Entry, LONGEST};

/// A server as a log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// Times from the request's arrival at the server to the end of its answer: values that
    /// are equally likely, sorted.
    pub times: Vec<Span>,
    /// The most requests that it worked on at once, at least 1.
    pub at_once: u32,
    /// Of so many requests.
    pub requests: u32,
}

/// Values kept of a distribution.
const KEPT: usize = 200;

/// What is learnt about each server that answered something.
pub(super) fn by_server(entries: &[Entry<'_>]) -> BTreeMap<String, Learned> {
    let mut stays: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for entry in entries {
        if let (Some(server), Some(stay)) = (entry.server, stay(entry)) {
            stays.entry(server).or_default().push(stay);
        }
    }
    let learned = stays.into_iter();
    learned
        .map(|(server, stays)| (server.to_owned(), learn(stays)))
        .collect()
}

/// What is learnt if nobody says which server answered.
pub(super) fn all(entries: &[Entry<'_>]) -> Option<Learned> {
    let stays: Vec<(i64, i64)> = entries.iter().filter_map(stay).collect();
    (!stays.is_empty()).then(|| learn(stays))
}

/// When a request came to its server, and when it left.
fn stay(entry: &Entry<'_>) -> Option<(i64, i64)> {
    let (from, to) = entry.served?;
    Some((entry.at + from as i64, entry.at + to as i64))
}

fn learn(stays: Vec<(i64, i64)>) -> Learned {
    let mut times: Vec<u64> = stays.iter().map(|(from, to)| from.abs_diff(*to)).collect();
    times.sort_unstable();
    let requests = times.len();
    let kept = requests.min(KEPT);
    // The middle of each of the equal parts.
    let times = (0..kept).map(|part| times[(2 * part + 1) * requests / (2 * kept)]);
    Learned {
        times: times
            .map(|time| Span::from_millis(time.min(LONGEST)))
            .collect(),
        at_once: at_once(stays),
        requests: requests as u32,
    }
}

/// The most stays that overlap. One that ends when another begins does not overlap it.
fn at_once(stays: Vec<(i64, i64)>) -> u32 {
    let mut turns: Vec<(i64, i32)> = (stays.into_iter())
        .flat_map(|(from, to)| [(from, 1), (to, -1)])
        .collect();
    turns.sort_unstable();
    let (mut now, mut most) = (0, 1);
    for (_, turn) in turns {
        now += turn;
        most = most.max(now);
    }
    most as u32
}
