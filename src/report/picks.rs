//! The sequence of servers in the order in which the requests were sent.

use std::collections::BTreeMap;

use balance::ServerId;

use crate::trace::{Event, Sample};

/// Who answered the first requests, in order of sending.
///
/// Samples come in the order of their *ends*, so the order is taken from the events that
/// tell of the sending; these exist only for a reader of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picks {
    limit: u64,
    sent: u64,
    /// Client and thread to the number of the request they wait for.
    waiting: BTreeMap<(u32, u32), u64>,
    /// Number of the request to who answered it.
    answered: BTreeMap<u64, Option<ServerId>>,
}

impl Picks {
    /// Keeps the first `limit` picks.
    pub fn first(limit: u64) -> Self {
        Self {
            limit,
            sent: 0,
            waiting: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    /// Keeps all picks.
    pub fn all() -> Self {
        Self::first(u64::MAX)
    }

    /// Numbers a request that is sent.
    pub fn follow(&mut self, event: &Event) {
        let Event::Sent { client, thread, .. } = *event else {
            return;
        };
        if self.sent < self.limit {
            self.waiting.insert((client, thread), self.sent);
            self.sent += 1;
        }
    }

    /// Notes who answered. A client that could not connect has a sample, but has sent
    /// nothing: it takes its place in the order now.
    pub fn add(&mut self, sample: Sample) {
        let who = (sample.client, sample.thread);
        let unsent = sample.status == 0 && sample.server.is_none();
        let number = match self.waiting.remove(&who) {
            Some(number) => number,
            None if unsent && self.sent < self.limit => {
                self.sent += 1;
                self.sent - 1
            }
            None => return,
        };
        let server = sample.server.filter(|_| sample.served);
        self.answered.insert(number, server);
    }

    /// The servers in order of sending; none for a request that no server answered.
    pub fn sequence(&self) -> impl Iterator<Item = Option<ServerId>> + '_ {
        self.answered.values().copied()
    }
}

#[cfg(test)]
mod tests {
    use balance::{BackendId, Moment, RequestId, Span};

    use super::*;

    fn sent(thread: u32) -> Event {
        Event::Sent {
            client: 0,
            thread,
            request: RequestId(thread),
        }
    }

    fn answer(thread: u32, slot: Option<u32>) -> Sample {
        Sample {
            client: 0,
            thread,
            server: slot.map(|slot| ServerId {
                backend: BackendId(0),
                slot,
            }),
            by: None,
            status: 200,
            served: slot.is_some(),
            session_restarted: false,
            sent: Moment::ZERO,
            elapsed: Span::ZERO,
        }
    }

    fn slots(picks: &Picks) -> Vec<Option<u32>> {
        picks.sequence().map(|id| id.map(|id| id.slot)).collect()
    }

    #[test]
    fn in_order_of_sending_not_of_answers() {
        let mut picks = Picks::all();
        picks.follow(&sent(0));
        picks.follow(&sent(1));
        picks.add(answer(1, Some(1)));
        picks.follow(&sent(1));
        picks.add(answer(1, None));
        picks.add(answer(0, Some(0)));
        assert_eq!(slots(&picks), [Some(0), Some(1), None]);
    }

    #[test]
    fn a_client_that_cannot_connect_takes_its_place() {
        let mut picks = Picks::all();
        picks.follow(&sent(0));
        let unconnected = Sample {
            status: 0,
            ..answer(1, None)
        };
        picks.add(unconnected);
        picks.add(answer(0, Some(0)));
        assert_eq!(slots(&picks), [Some(0), None]);
    }

    #[test]
    fn keeps_no_more_than_asked() {
        let mut picks = Picks::first(2);
        for slot in 0..9 {
            picks.follow(&sent(0));
            picks.add(answer(0, Some(slot)));
        }
        assert_eq!(slots(&picks), [Some(0), Some(1)]);
        assert!(picks.waiting.is_empty());
    }
}
