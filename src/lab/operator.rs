//! The operator: carries out the plan's timeline. Commands are typed as text, as a person
//! would type them into the socket.

use balance::OrderId;

use crate::kernel::Lane;
use crate::plan::Action;
use crate::trace::{self, Sink};

use super::event::Event;
use super::outbox::{FAULTS, OPERATOR};
use super::stage::Stage;

/// When an action happens among others of the same moment: the world's faults before what
/// people do.
pub(super) fn lane(action: &Action) -> Lane {
    match action {
        Action::Stop { .. } | Action::Start { .. } | Action::Status { .. } => FAULTS,
        Action::Command(_) | Action::Delay { .. } => OPERATOR,
    }
}

impl<S: Sink> Stage<'_, S> {
    /// Carries out one entry of the timeline.
    pub(super) fn act(&mut self, entry: u32) {
        let (plan, out) = (self.plan, &mut self.out);
        match &plan.timeline[entry as usize].action {
            Action::Command(line) => self.port.ordered(OrderId(entry), line, out),
            Action::Delay { node, .. } => {
                let node = *node as u32;
                out.send(out.wire().node, Event::Post { node, entry });
            }
            Action::Stop { node, reach } => {
                self.nodes[*node].stop(*reach, out);
                self.port.cut(*node as u32, out);
            }
            Action::Start { node } => {
                self.nodes[*node].start(&plan.nodes[*node], &mut out.ground.agenda);
                self.port.mend(*node as u32);
            }
            Action::Status { node, status } => self.nodes[*node].set_status(*status),
        }
        out.tell(|| trace::Event::Acted { entry });
        out.retire();
    }

    /// The `POST /delay` of one entry of the timeline reaches its node.
    pub(super) fn posted(&mut self, node: u32, entry: u32) {
        if let Action::Delay { to, .. } = self.plan.timeline[entry as usize].action {
            self.nodes[node as usize].post(to, &mut self.out);
        }
    }
}
