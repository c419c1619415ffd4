//! Nothing is lost and nothing invented: every request sent comes to one end.

use std::collections::{BTreeMap, BTreeSet};

use balance::action::{Action, Rule};
use balance::{Moment, RequestId};

use super::Law;
use crate::plan::Plan;
use crate::trace::{Event, Sample, States};

/// Counts requests in and out, for each client and for each request number.
#[derive(Clone, Debug, Default)]
pub(super) struct Conservation {
    /// Client and thread to the request they wait for.
    waiting: BTreeMap<(u32, u32), RequestId>,
    /// Requests that the balancer has not ended.
    open: BTreeSet<RequestId>,
    /// Some backend is in mode tcp: there a connection ends once, whatever is asked over it.
    connections: bool,
    /// Some rule redirects clients.
    redirects: bool,
}

impl Conservation {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            redirects: plan.proxy.frontends.iter().any(|frontend| {
                let listed = frontend
                    .rules
                    .request
                    .iter()
                    .chain(&frontend.rules.redirect);
                let inherited = frontend.rules.inherited.is_some();
                let redirect = |rule: &Rule| matches!(rule.action, Action::Redirect(_));
                inherited || listed.into_iter().any(redirect)
            }),
            connections: plan.proxy.backends.iter().any(|backend| !backend.http),
            ..Self::default()
        }
    }
}

impl Law for Conservation {
    fn demands(&self) -> &'static str {
        "every request that is sent ends exactly once"
    }

    fn event(&mut self, _now: Moment, event: &Event, _states: &States) -> Result<(), String> {
        match *event {
            Event::Sent {
                client,
                thread,
                request,
            } => {
                if let Some(earlier) = self.waiting.insert((client, thread), request) {
                    return Err(format!(
                        "thread {thread} of client {client} sends request {} while it waits for {}",
                        request.0, earlier.0
                    ));
                }
                if !self.open.insert(request) && !self.connections {
                    return Err(format!("number {} is given out twice", request.0));
                }
                Ok(())
            }
            Event::Balancer(balance::Event::Ended(request)) => {
                // A client that follows a redirection asks again under the same number.
                let again = self.redirects && self.waiting.values().any(|it| *it == request);
                if self.open.remove(&request) || again {
                    Ok(())
                } else {
                    Err(format!("request {} ends without having begun", request.0))
                }
            }
            _ => Ok(()),
        }
    }

    fn sample(&mut self, sample: &Sample, _states: &States) -> Result<(), String> {
        let who = (sample.client, sample.thread);
        // A client that could not even connect has sent nothing.
        let unconnected = sample.status == 0 && sample.server.is_none();
        if self.waiting.remove(&who).is_some() || unconnected {
            Ok(())
        } else {
            Err(format!(
                "thread {} of client {} has a sample without having sent anything",
                who.1, who.0
            ))
        }
    }

    fn close(&mut self) -> Result<(), String> {
        match self.waiting.first_key_value() {
            None => Ok(()),
            Some(((client, thread), request)) => Err(format!(
                "{} are waiting at the end, the first is thread {thread} of client {client} for request {}",
                self.waiting.len(),
                request.0
            )),
        }
    }
}
