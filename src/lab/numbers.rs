//! Request numbers: which client each of them belongs to.
//!
//! A request's number is its client's own number, so nothing has to be remembered. Only when
//! a client gave a request up and sends the next one while the balancer still works on the
//! old one, the new one gets a spare number.

use std::collections::{BTreeMap, BTreeSet};

use balance::RequestId;

/// The numbers in use that are not, or no longer, simply their client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    clients: u32,
    /// The balancer may still work on these, but nobody waits for them; and who sent them.
    adrift: BTreeMap<RequestId, u32>,
    /// Spare numbers, and whose they are.
    spare: BTreeMap<RequestId, u32>,
    /// The same by client, each of whom waits for one request at most.
    spare_of: BTreeMap<u32, RequestId>,
    /// Spare numbers that were used and are nobody's again, all below `unused`.
    returned: BTreeSet<RequestId>,
    /// The first spare number that was never used.
    unused: RequestId,
}

impl Numbers {
    /// For client actors numbered from 0 to `clients - 1`.
    pub(super) fn new(clients: u32) -> Self {
        Self {
            clients,
            adrift: BTreeMap::new(),
            spare: BTreeMap::new(),
            spare_of: BTreeMap::new(),
            returned: BTreeSet::new(),
            unused: RequestId(clients),
        }
    }

    /// The number for the next request of `client`.
    #[inline]
    pub(super) fn assign(&mut self, client: u32) -> RequestId {
        let own = RequestId(client);
        if self.adrift.is_empty() {
            return own;
        }
        self.assign_around(client)
    }

    /// The same where some numbers are adrift.
    #[inline(never)]
    fn assign_around(&mut self, client: u32) -> RequestId {
        let own = RequestId(client);
        if !self.adrift.contains_key(&own) {
            return own;
        }
        let free = self.idle();
        if !self.returned.remove(&free) {
            let next = free.0.checked_add(1);
            self.unused = RequestId(next.expect("fewer than 2^32 requests at once"));
        }
        self.spare.insert(free, client);
        self.spare_of.insert(client, free);
        free
    }

    /// The lowest number that is nobody's.
    pub(super) fn idle(&self) -> RequestId {
        self.returned.first().copied().unwrap_or(self.unused)
    }

    /// Who waits for this request, if anybody does.
    #[inline]
    pub(super) fn owner(&self, request: RequestId) -> Option<u32> {
        if !self.is_plain() && self.adrift.contains_key(&request) {
            return None;
        }
        self.sender(request)
    }

    /// Who sent this request, whether or not it still waits for it.
    #[inline]
    pub(super) fn sender(&self, request: RequestId) -> Option<u32> {
        if self.is_plain() {
            return Some(request.0);
        }
        let known = self
            .adrift
            .get(&request)
            .or_else(|| self.spare.get(&request));
        known
            .copied()
            .or((request.0 < self.clients).then_some(request.0))
    }

    /// `client` no longer waits for its request, which is returned; it keeps its number
    /// until [`ended`](Self::ended).
    pub(super) fn give_up(&mut self, client: u32) -> RequestId {
        let spare = self.spare_of.remove(&client);
        let request = spare.unwrap_or(RequestId(client));
        self.spare.remove(&request);
        self.adrift.insert(request, client);
        request
    }

    /// The balancer is done with this number.
    #[inline(never)]
    pub(super) fn ended(&mut self, request: RequestId) {
        if self.adrift.remove(&request).is_some() {
            self.give_back(request);
        }
    }

    /// The client has its answer.
    #[inline]
    pub(super) fn delivered(&mut self, request: RequestId) {
        if !self.is_plain() {
            self.delivered_spare(request);
        }
    }

    /// The same where some numbers are not their client's.
    #[inline(never)]
    fn delivered_spare(&mut self, request: RequestId) {
        if let Some(client) = self.spare.remove(&request) {
            self.spare_of.remove(&client);
            self.give_back(request);
        }
    }

    /// The number is nobody's, or simply its client's.
    fn give_back(&mut self, request: RequestId) {
        if request.0 >= self.clients {
            self.returned.insert(request);
        }
    }

    /// Whether every number is its client's own.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.adrift.is_empty() && self.spare.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_gave_up_gets_a_spare_number_until_its_own_is_free() {
        let mut numbers = Numbers::new(3);
        assert_eq!(numbers.assign(1), RequestId(1));
        assert_eq!(numbers.give_up(1), RequestId(1));
        assert_eq!(numbers.owner(RequestId(1)), None);
        assert_eq!(numbers.sender(RequestId(1)), Some(1));
        assert_eq!(numbers.assign(1), RequestId(3));
        assert_eq!(numbers.assign(2), RequestId(2));
        assert_eq!(numbers.owner(RequestId(3)), Some(1));
        assert_eq!(numbers.give_up(1), RequestId(3));
        assert_eq!(numbers.assign(1), RequestId(4));
        numbers.delivered(RequestId(4));
        numbers.ended(RequestId(1));
        assert_eq!(numbers.assign(1), RequestId(1));
        assert_eq!(numbers.owner(RequestId(1)), Some(1));
        numbers.ended(RequestId(3));
        assert!(numbers.is_plain());
    }

    #[test]
    fn the_lowest_spare_number_that_is_free_is_used_again() {
        let mut numbers = Numbers::new(2);
        for client in [0, 1, 0, 1] {
            numbers.assign(client);
            numbers.give_up(client);
        }
        assert_eq!(numbers.idle(), RequestId(4));
        for request in [3, 2, 0] {
            numbers.ended(RequestId(request));
        }
        assert_eq!(numbers.idle(), RequestId(2));
        assert_eq!(numbers.assign(1), RequestId(2));
        assert_eq!(numbers.idle(), RequestId(3));
        assert_eq!(numbers.give_up(1), RequestId(2));
        assert_eq!(numbers.assign(1), RequestId(3));
        numbers.delivered(RequestId(3));
        assert_eq!(numbers.idle(), RequestId(3));
    }
}
