//! What a node did between the moment at which a request was sent to it and its answer.

use balance::{Interest, Moment, ServerId};

use crate::locale::Said;
use crate::plan::Plan;
use crate::trace::{Event, Names, Sample, Sink};

use super::Row;

/// What the node of a request did meanwhile. It watches from [`begin`](Self::begin) to
/// [`end`](Self::end).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    server: Option<ServerId>,
    node: Option<u32>,
    watching: bool,
    checks: u64,
    requests: u64,
}

impl Way {
    /// The request was sent to `server`.
    pub fn begin(&mut self, plan: &Plan, server: ServerId) {
        let node = plan
            .nodes
            .iter()
            .position(|node| node.servers.contains(&server));
        *self = Self {
            server: Some(server),
            node: node.map(|node| node as u32),
            watching: true,
            ..Self::default()
        };
    }

    /// The answer is there, or nobody waits for it any more.
    pub fn end(&mut self) {
        self.watching = false;
    }

    /// What it did besides this request, if it did anything.
    pub(super) fn row(&self, names: &Names) -> Option<Row> {
        let others = self.requests.saturating_sub(1);
        let server = self.server.filter(|_| self.checks + others > 0)?;
        let said = Said::new("why-meanwhile")
            .with("server", names.name(server))
            .with("checks", self.checks)
            .with("requests", others);
        Some(Row::new("topic-waits", said))
    }
}

impl Sink for Way {
    fn interest(&self) -> Interest {
        Interest::Everything
    }

    fn sample(&mut self, _sample: &Sample) {}

    fn event(&mut self, _at: Moment, event: &Event) {
        if let Event::NodeFinished { node, check } = *event
            && self.watching
            && self.node == Some(node)
        {
            if check {
                self.checks += 1;
            } else {
                self.requests += 1;
            }
        }
    }
}
