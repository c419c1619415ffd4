//! Open loads, spelled out.

use super::{Resolver, time};
use crate::plan::{Arrival, Arrivals};
use crate::scenario::schema;

impl Resolver<'_> {
    pub(super) fn arrivals(&self, arrivals: &Arrivals) -> schema::Arrivals {
        let list = arrivals.list.iter().map(|one| self.arrival(arrivals, one));
        schema::Arrivals {
            list: Some(list.collect()),
            start: Some(self.moment(arrivals.start)),
            ..schema::Arrivals::default()
        }
    }

    fn arrival(&self, arrivals: &Arrivals, one: &Arrival) -> schema::Arrival {
        let request = self.request(&arrivals.requests[one.request as usize]);
        schema::Arrival {
            at: Some(time(one.at)),
            user: arrivals.users.get(one.user as usize).cloned(),
            connects: one.connects.then_some(true),
            clears: one.clears.then_some(true),
            cookie: one.cookie.clone(),
            method: request.method,
            uri: request.uri,
            headers: request.headers,
            source: request.source,
            backend: request.backend,
            frontend: request.frontend,
            bind: request.bind,
        }
    }
}
