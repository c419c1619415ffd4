//! A glance at a run: how the servers stand, what the algorithm has written down, and
//! whom a new client would get.

use balance::books::Books;
use balance::{BackendId, By, Ruling, ServerId};

use crate::locale::Said;
use crate::plan::{Plan, RequestLine};
use crate::trace::Names;

use super::{Row, books, deciding, rules};

/// How things stand at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// When, in seconds from the clients' start.
    pub at: f64,
    /// What is to be said, in order.
    pub rows: Vec<Row>,
}

/// What would be decided about a request without a cookie that came right now.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer<'a> {
    /// What it asks for.
    pub line: &'a RequestLine,
    /// What rules would say of it.
    pub ruling: &'a Ruling,
    /// The books of its backend; none if it would get to none.
    pub books: Option<&'a Books>,
    /// Who would be chosen, and by what.
    pub chosen: Option<(ServerId, By)>,
    /// Where it would wait: for a server, or for any.
    pub queued: Option<Option<ServerId>>,
}

impl Glance {
    /// The instant `at`, with a newcomer to each backend that somebody asks. `in_flight`
    /// requests have been sent and not been answered.
    pub fn of(
        plan: &Plan,
        names: &Names,
        at: f64,
        newcomers: &[Newcomer<'_>],
        in_flight: usize,
    ) -> Self {
        let mut rows = Vec::new();
        for newcomer in newcomers {
            let entrance = rules::entrance(plan, newcomer.line.door, newcomer.ruling);
            rows.extend(entrance);
            let (Some(books), Some(BackendId(id))) = (newcomer.books, newcomer.ruling.backend)
            else {
                continue;
            };
            let backend = &plan.proxy.backends[id as usize];
            if plan.proxy.backends.len() > 1 {
                let said = Said::new("why-backend").with("backend", backend.name.as_str());
                rows.push(Row::new("topic-backend", said));
            }
            rows.extend(books::considered(books, names));
            let said = Said::new("why-rule").with("algorithm", backend.balance.name());
            rows.push(Row::new("topic-algorithm", said).by("4.2 balance"));
            rows.extend(books::ledger(books, backend, newcomer.line, names));
            rows.push(Row::new("topic-newcomer", newcomer.said(names)));
        }
        let said = Said::new("why-in-flight").with("count", in_flight);
        rows.push(Row::new("topic-in-flight", said));
        Self { at, rows }
    }
}

impl Newcomer<'_> {
    fn said(&self, names: &Names) -> Said {
        match (self.chosen, self.queued) {
            (Some((server, _)), Some(_)) => {
                Said::new("why-newcomer-waits-for").with("server", names.name(server))
            }
            (Some((server, by)), None) => Said::new("why-newcomer")
                .with("server", names.name(server))
                .with("by", deciding(Some(by))),
            (None, Some(_)) => Said::new("why-newcomer-waits"),
            (None, None) => Said::new("why-newcomer-refused"),
        }
    }
}
