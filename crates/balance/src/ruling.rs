//! Which rules decide about a request, found out without letting it in: for explanations.

use crate::balancer::Balancer;
use crate::chance::Chance;
use crate::ids::BackendId;
use crate::request::Request;
use crate::route::{Door, Rules};
use crate::rule::Label;
use crate::time::Moment;

/// What the rules of a frontend and of a backend make of a request. A rule is named as the
/// configuration has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruling {
    /// Where it goes; none if the frontend answers it, or finds none for it.
    pub backend: Option<BackendId>,
    /// The `use_backend` rule that sends it there; none if it is the default.
    pub switch: Option<Label>,
    /// The rule that answers it, so that it goes no further.
    pub stop: Option<Label>,
    /// The `use-server` rule that chooses its server.
    pub server: Option<Label>,
}

impl Balancer {
    /// What the rules would say at `now` of a request that comes in through `door`, the first
    /// over its connection, or is sent straight to `backend`. Nothing is counted.
    pub fn ruling(
        &self,
        now: Moment,
        door: Option<Door>,
        backend: BackendId,
        facts: &Request<'_>,
        chance: &mut dyn Chance,
    ) -> Ruling {
        let straight = door.is_none().then_some(backend);
        let lent = (self.counters.clone(), chance);
        let entered = door.map(|door| (door, true));
        let (verdict, _) = self.travel(now, entered, straight, facts, lent);
        let decided = verdict.decided;
        let frontend = door.and_then(|door| self.frontend(door));
        let config = verdict
            .backend
            .and_then(|id| self.backends.get(id.0 as usize));
        let config = config.map(|backend| &backend.config);
        // Whoever stopped it before it had a backend was the frontend.
        let rules = match config {
            Some(config) => Some(&config.rules),
            None => frontend.map(|(frontend, _)| &frontend.rules),
        };
        let nth = |place: Option<u32>| place.map(|place| place as usize);
        Ruling {
            backend: verdict.backend,
            switch: nth(decided.switch).and_then(|place| {
                let switch = frontend?.0.switches.get(place)?;
                Some(switch.label.clone())
            }),
            stop: nth(decided.stop).and_then(|place| nth_rule(rules?, place)),
            server: nth(decided.server).and_then(|place| {
                let rule = config?.use_server.get(place)?;
                Some(rule.label.clone())
            }),
        }
    }
}

/// The rule at `place`.
fn nth_rule(rules: &Rules, place: usize) -> Option<Label> {
    let mut all = rules.all();
    all.nth(place).map(|rule| rule.label.clone())
}
