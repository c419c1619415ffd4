//! "Try next": changes of the scenario from which something is to be learnt.

use balance::config::{Backend, Balance, HashKey};
use balance::{CheckCode, Span};

use super::Teller;
use super::short::threads;
use crate::locale::Said;
use crate::plan::{Action, Client};
use crate::report::Report;

/// A change worth a try.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The settings, as `--set` takes them.
    pub settings: Vec<String>,
    /// What to look at.
    pub question: Said,
}

impl Suggestion {
    fn new(settings: impl IntoIterator<Item = String>, question: Said) -> Self {
        Self {
            settings: settings.into_iter().collect(),
            question,
        }
    }
}

impl Teller<'_> {
    /// Changes that fit this run, the best first.
    pub(super) fn next(&self, report: &Report) -> Vec<Suggestion> {
        // What is set under `proxy` holds for the only backend.
        let [backend] = self.plan.proxy.backends.as_slice() else {
            return self.of_clients(report);
        };
        let mut next = self.of_checks(backend);
        next.extend(of_errors(report, backend));
        next.extend(self.of_deeds());
        next.extend(of_persistence(report, backend));
        next.extend(of_algorithm(report, backend));
        next.extend(self.of_clients(report));
        next.extend(self.of_nodes());
        next
    }

    /// Checks that were too slow, or nearly.
    fn of_checks(&self, backend: &Backend) -> Vec<Suggestion> {
        let mut next = Vec::new();
        for (id, health) in &self.story.watch.health {
            let name = self.name(*id);
            let Some(verdict) = health.verdict else {
                continue;
            };
            if verdict.code == CheckCode::L7Timeout {
                let longer = verdict.duration.as_millis() + 1000;
                next.push(Suggestion::new(
                    [format!("proxy.timeout.check={}", duration(longer))],
                    Said::new("next-check-timeout").with("server", name.as_str()),
                ));
            }
            let fall = backend.servers.get(id.slot as usize);
            let fall = fall.and_then(|server| server.check.as_ref().map(|check| check.fall));
            if let Some(fall) = fall {
                let longer = fall * 2;
                next.push(Suggestion::new(
                    [format!("proxy.default_server.fall={longer}")],
                    Said::new("next-fall").with("server", name),
                ));
            }
            break;
        }
        next
    }

    /// DRAIN instead of MAINT, or the other way round.
    fn of_deeds(&self) -> Option<Suggestion> {
        let deeds = self.plan.timeline.iter().enumerate();
        let mut turned = deeds.filter_map(|(place, timed)| {
            let Action::Command(line) = &timed.action else {
                return None;
            };
            let (changed, which) = if line.ends_with(" state maint") {
                (line.replace(" state maint", " state drain"), "drain")
            } else if line.ends_with(" state drain") {
                (line.replace(" state drain", " state maint"), "maint")
            } else {
                return None;
            };
            Some(Suggestion::new(
                [format!("timeline.{place}.action=command(\"{changed}\")")],
                Said::new("next-deed").with("which", which),
            ))
        });
        turned.next()
    }

    /// The same with other clients.
    fn of_clients(&self, report: &Report) -> Vec<Suggestion> {
        let mut next = Vec::new();
        for client in &self.plan.clients {
            let Client::Threads(group) = client else {
                continue;
            };
            let path = format!("clients.{}", group.name);
            let bound = self
                .plan
                .proxy
                .backends
                .iter()
                .any(|backend| backend.cookie.is_some());
            if bound && group.clear_cookies {
                next.push(Suggestion::new(
                    [format!("{path}.cookies=keep")],
                    Said::new("next-keep"),
                ));
            } else if bound && group.cookies && report.total.by_cookie > report.total.by_algorithm {
                next.push(Suggestion::new(
                    [format!("{path}.cookies=clear")],
                    Said::new("next-clear"),
                ));
            }
            // Twice as many, or half as many where they are many already.
            let more = match threads(client) {
                many @ 33.. => many / 2,
                few => few * 2,
            };
            next.push(Suggestion::new(
                [format!("{path}.threads={more}")],
                Said::new("next-threads").with("count", more),
            ));
            break;
        }
        next
    }

    /// A node that is slow, or slow no more.
    fn of_nodes(&self) -> Option<Suggestion> {
        let quiet = self.plan.timeline.is_empty();
        let fast = self.plan.nodes.iter().all(|node| node.delay == Span::ZERO);
        let last = self.plan.nodes.last()?;
        (quiet && fast).then(|| {
            Suggestion::new(
                [format!("nodes.{}.delay=250ms", last.name)],
                Said::new("next-delay").with("node", last.name.as_str()),
            )
        })
    }
}

fn of_errors(report: &Report, backend: &Backend) -> Option<Suggestion> {
    let repeated = report.total.errors > 0 && backend.retries > 0;
    repeated.then(|| Suggestion::new(["proxy.retries=0".to_owned()], Said::new("next-retries")))
}

fn of_persistence(report: &Report, backend: &Backend) -> Vec<Suggestion> {
    let bound = backend.cookie.is_some() || backend.stick.is_some();
    if report.total.sessions_restarted == 0 || bound {
        return Vec::new();
    }
    let cookie = "proxy.cookie=SERVERID insert indirect nocache";
    let names = backend.servers.iter().map(|server| server.name.as_str());
    let settings = |setting: &str| {
        let each = names
            .clone()
            .map(|name| (name, format!("{setting}: \"{name}\"")));
        of_servers(&each.collect::<Vec<_>>(), &[cookie.to_owned()])
    };
    let question = || Said::new("next-sticky");
    let forms = settings("cookie").into_iter();
    forms
        .map(|form| Suggestion::new(form, question()))
        .collect()
}

/// Settings of servers by path, and as one value for scenarios that do not speak of servers
/// yet; after those that come first.
fn of_servers(servers: &[(&str, String)], first: &[String]) -> [Vec<String>; 2] {
    let paths = servers.iter().map(|(name, setting)| {
        let (key, value) = setting.split_once(": ").unwrap_or((setting, ""));
        format!("proxy.servers.{name}.{key}={}", value.trim_matches('"'))
    });
    let values = servers
        .iter()
        .map(|(name, setting)| format!("\"{name}\": ({setting})"));
    let values = values.collect::<Vec<_>>().join(", ");
    let value = format!("proxy.servers={{ {values} }}");
    [
        first.iter().cloned().chain(paths).collect(),
        first.iter().cloned().chain([value]).collect(),
    ]
}

fn of_algorithm(report: &Report, backend: &Backend) -> Vec<Suggestion> {
    let mut next = Vec::new();
    let mut suggest = |settings: String, question| {
        next.push(Suggestion::new([settings], question));
    };
    let means = report.servers.iter().filter_map(|server| server.row.times);
    let means: Vec<f64> = means.map(|times| times.mean).collect();
    let slowest = means.iter().copied().fold(0.0, f64::max);
    let uneven = means.iter().any(|mean| slowest > 3.0 * mean);
    let kept = report.total.by_cookie > report.total.by_algorithm;
    match &backend.balance {
        Balance::RoundRobin | Balance::StaticRr if uneven => {
            suggest(
                "proxy.balance=leastconn".to_owned(),
                Said::new("next-leastconn"),
            );
        }
        Balance::LeastConn | Balance::First if uneven => {
            suggest(
                "proxy.balance=roundrobin".to_owned(),
                Said::new("next-roundrobin"),
            );
        }
        Balance::First => {
            let most = backend.servers.iter().map(|server| server.maxconn).max();
            if most.is_some_and(|most| most > 1) {
                suggest(
                    "proxy.default_server.maxconn=1".to_owned(),
                    Said::new("next-maxconn"),
                );
            }
        }
        Balance::Hash(HashKey::Source) => {
            suggest("proxy.balance=uri".to_owned(), Said::new("next-uri"));
        }
        Balance::Random(_) => {
            suggest(
                "proxy.balance=\"random(1)\"".to_owned(),
                Said::new("next-random"),
            );
        }
        _ => {}
    }
    let alike = backend.servers.iter().all(|server| server.weight == 1);
    let alike = alike && backend.balance != Balance::First;
    if let (true, Some(first)) = (alike, backend.servers.first()) {
        let name = first.name.as_str();
        let which = if kept { "kept" } else { "free" };
        let question = Said::new("next-weight").with("server", name);
        let question = question.with("which", which);
        let forms = of_servers(&[(name, "weight: 3".to_owned())], &[]).into_iter();
        next.extend(forms.map(|form| Suggestion::new(form, question.clone())));
    }
    next
}

/// A duration as scenarios have it.
fn duration(millis: u64) -> String {
    if millis.is_multiple_of(1000) {
        format!("{}s", millis / 1000)
    } else {
        format!("{millis}ms")
    }
}
