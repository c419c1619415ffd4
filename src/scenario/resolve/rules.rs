//! Frontends and rules, as they are written.

use balance::counter::Counting;
use balance::route::Bind;

use super::{named, time, words};
use crate::plan::{List, Plan, RuleLines, RuleSection};
use crate::scenario::schema::{self, Named};

/// `mode`, where it is not the usual one.
pub(super) fn mode(http: bool) -> Option<String> {
    (!http).then(|| "tcp".to_owned())
}

/// The lines of a section, if it has any.
pub(super) fn lines(section: &RuleSection) -> Option<Vec<String>> {
    (!section.lines.is_empty()).then(|| section.lines.clone())
}

/// The `defaults` that have rules.
pub(super) fn defaults(rules: &RuleLines) -> Option<Named<schema::Defaults>> {
    let section = |section: &RuleSection| {
        let defaults = schema::Defaults {
            mode: mode(section.http),
            rules: lines(section),
        };
        (section.name.clone(), defaults)
    };
    (!rules.defaults.is_empty()).then(|| named(&rules.defaults, section))
}

/// The table that counts in the section called `name`.
pub(super) fn counting<'a>(plan: &'a Plan, name: &str) -> Option<&'a Counting> {
    plan.proxy.counting.iter().find(|table| table.name == name)
}

/// The files of patterns and maps.
pub(super) fn lists(rules: &RuleLines) -> Option<Named<Vec<String>>> {
    let list = |list: &List| (list.name.clone(), list.lines.clone());
    (!rules.lists.is_empty()).then(|| named(&rules.lists, list))
}

/// The frontends, if requests come in through one.
pub(super) fn frontends(plan: &Plan) -> Option<Named<schema::Frontend>> {
    let backends = &plan.proxy.backends;
    let sections = plan.proxy.frontends.iter().zip(&plan.rules.frontends);
    let list = sections.map(|(frontend, rules)| {
        let default = frontend
            .default_backend
            .filter(|id| frontend.listen != Some(*id));
        let written = schema::Frontend {
            mode: mode(rules.http),
            from: rules.from.clone(),
            bind: Some(frontend.binds.iter().copied().map(bind).collect()),
            listen: frontend.listen.map(|_| true),
            maxconn: (frontend.maxconn > 0).then(|| i64::from(frontend.maxconn)),
            timeout: frontend
                .timeout_tarpit
                .map(|tarpit| schema::FrontendTimeouts {
                    tarpit: Some(time(tarpit)),
                }),
            monitor_uri: frontend.monitor.as_ref().map(|monitor| monitor.uri.clone()),
            stick_table: counting(plan, &frontend.name)
                .filter(|_| !backends.iter().any(|backend| backend.name == frontend.name))
                .map(words::counting),
            default_backend: default.map(|id| backends[id.0 as usize].name.clone()),
            rules: lines(rules),
        };
        (frontend.name.clone(), written)
    });
    let list: Vec<_> = list.collect();
    (!list.is_empty()).then_some(Named(list))
}

/// A `bind` line that comes to the same.
fn bind(bind: Bind) -> String {
    let mut words = match bind.port {
        0 => "/proxy.sock".to_owned(),
        port => format!(":{port}"),
    };
    if bind.ssl {
        words.push_str(" ssl crt site.pem");
    }
    if bind.maxconn > 0 {
        words = format!("{words} maxconn {}", bind.maxconn);
    }
    words
}
