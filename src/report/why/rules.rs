//! The rows about rules: through which frontend a request came in, which rule sent it where,
//! and which one answered it in the place of a server.

use balance::rule::Label;
use balance::{By, Door, Ruling};

use crate::locale::Said;
use crate::plan::Plan;

use super::{Row, deciding};

/// What the rules of the frontend had to say to a request that came in through `door`; those
/// of its backend, if one of them answered it.
pub(super) fn entrance(plan: &Plan, door: Option<Door>, ruling: &Ruling) -> Vec<Row> {
    let mut rows = Vec::new();
    let frontends = &plan.proxy.frontends;
    if let Some(frontend) = door.and_then(|door| frontends.get(door.frontend.0 as usize)) {
        let enters = Said::new("why-enters").with("frontend", frontend.name.as_str());
        let way = way(plan, ruling);
        let row = Row::new("topic-frontend", enters).and(way);
        rows.push(row.by("4.2 use_backend, default_backend"));
    }
    rows.extend(ruling.stop.as_ref().map(|rule| {
        let said = written(Said::new("why-stopped"), rule);
        Row::new("topic-rules", said).by("4.2 http-request, redirect")
    }));
    rows
}

/// Where the frontend sends it, unless it answers itself.
fn way(plan: &Plan, ruling: &Ruling) -> Option<Said> {
    let name = |id: balance::BackendId| {
        let backend = plan.proxy.backends.get(id.0 as usize);
        backend.map_or("", |backend| backend.name.as_str())
    };
    match (ruling.backend, &ruling.switch) {
        (Some(backend), Some(rule)) => {
            let said = Said::new("why-switched").with("backend", name(backend));
            Some(written(said, rule))
        }
        (Some(backend), None) => Some(Said::new("why-default").with("backend", name(backend))),
        (None, _) if ruling.stop.is_some() => None,
        (None, _) => Some(Said::new("why-nowhere")),
    }
}

/// What `use-server` rules had to say, if there are any.
pub(super) fn of_server(ruling: Option<&Ruling>, first: Option<By>) -> Row {
    let said = Said::new("why-rules").with("by", deciding(first));
    let rule = ruling.and_then(|ruling| ruling.server.as_ref());
    let rule = rule.filter(|rule| rule.line > 0);
    let rule = rule.map(|rule| written(Said::new("why-rule-line"), rule));
    Row::new("topic-rules", said).and(rule).by("4.2 use-server")
}

fn written(said: Said, rule: &Label) -> Said {
    said.with("line", rule.line.to_string())
        .with("rule", rule.text.as_str())
}
