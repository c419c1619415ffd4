//! Persistence on a request's way: what binds it to a server, and what its answer is
//! given to bind the next one.

use crate::balancer::Balancer;
use crate::ids::RequestId;
use crate::request::{Request, Response};
use crate::time::Moment;

impl Balancer {
    /// Reads the cookie and the stick tables of a new request.
    pub(crate) fn persist(&mut self, _now: Moment, _request: RequestId, _facts: &Request<'_>) {}

    /// Writes the cookie and the stick tables of an answer.
    pub(crate) fn bind(&mut self, _now: Moment, _request: RequestId, _response: &Response<'_>) {}

    /// The last two letters of the termination state.
    pub(crate) fn cookie_letters(&self, _flow: &crate::flow::Flow) -> [u8; 2] {
        *b"--"
    }

    /// `show table`
    pub(crate) fn table_text(&self, _now: Moment, _name: &str) -> alloc::string::String {
        "No such table\n".into()
    }
}
