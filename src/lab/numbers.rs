//! Request numbers: which client each of them belongs to.
//!
//! A request's number is its client's own number, so nothing has to be remembered. Only when
//! a client gave a request up and sends the next one while the balancer still works on the
//! old one, the new one gets a spare number.

use std::collections::BTreeMap;

use balance::RequestId;

/// The numbers in use that are not, or no longer, simply their client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    clients: u32,
    /// The balancer may still work on these, but nobody waits for them; and who sent them.
    adrift: BTreeMap<RequestId, u32>,
    /// Spare numbers, and whose they are.
    spare: BTreeMap<RequestId, u32>,
}

impl Numbers {
    /// For client actors numbered from 0 to `clients - 1`.
    pub(super) fn new(clients: u32) -> Self {
        Self {
            clients,
            adrift: BTreeMap::new(),
            spare: BTreeMap::new(),
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
        self.spare.insert(free, client);
        free
    }

    /// A number that is nobody's.
    pub(super) fn idle(&self) -> RequestId {
        let taken = |id: &RequestId| self.adrift.contains_key(id) || self.spare.contains_key(id);
        let free = (self.clients..=u32::MAX)
            .map(RequestId)
            .find(|id| !taken(id));
        free.expect("fewer than 2^32 requests at once")
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
        let spare = self.spare.iter().find(|(_, owner)| **owner == client);
        let request = spare.map_or(RequestId(client), |(&request, _)| request);
        self.spare.remove(&request);
        self.adrift.insert(request, client);
        request
    }

    /// The balancer is done with this number.
    pub(super) fn ended(&mut self, request: RequestId) {
        self.adrift.remove(&request);
    }

    /// The client has its answer.
    #[inline]
    pub(super) fn delivered(&mut self, request: RequestId) {
        if !self.is_plain() {
            self.spare.remove(&request);
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
}
