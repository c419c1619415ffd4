//! The operator: carries out the plan's timeline. Commands are typed as text, as a person
//! would type them into the socket.

use balance::OrderId;

use crate::kernel::Lane;
use crate::plan::Action;
use crate::trace::{self, Sink};

use super::node::Job;
use super::outbox::{FAULTS, OPERATOR};
use super::world::{Event, World};

/// When an action happens among others of the same moment: the world's faults before what
/// people do.
pub(super) fn lane(action: &Action) -> Lane {
    match action {
        Action::Stop { .. } | Action::Start { .. } | Action::Status { .. } => FAULTS,
        Action::Command(_) | Action::Delay { .. } => OPERATOR,
    }
}

impl World {
    /// Carries out one entry of the timeline.
    pub(super) fn act<S: Sink>(&mut self, entry: u32, sink: &mut S) {
        let plan = self.plan.clone();
        let (port, clients, nodes, mut out) = self.parts(sink);
        match &plan.timeline[entry as usize].action {
            Action::Command(line) => {
                let hands = super::port::Hands {
                    clients,
                    nodes,
                    out: &mut out,
                };
                port.ordered(OrderId(entry), line, hands);
            }
            Action::Delay { node, to } => {
                let (node, job) = (*node as u32, Job::Delay(*to));
                out.after(out.wire.node, Event::Job { node, job });
            }
            Action::Stop { node, reach } => {
                nodes[*node].stop(*reach, &mut out);
                port.cut(*node as u32);
            }
            Action::Start { node } => nodes[*node].start(&plan.nodes[*node], out.agenda),
            Action::Status { node, status } => nodes[*node].set_status(*status),
        }
        out.tell(|| trace::Event::Acted { entry });
        out.retire();
    }
}
