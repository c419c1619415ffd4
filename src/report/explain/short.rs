//! "In short": how the run ended, and why.

use std::collections::BTreeMap;

use balance::config::{Backend, Balance, HashKey};
use balance::{BackendId, CheckCode, ServerId, Span};

use super::tale::{Outcome, Tale};
use super::watch::Health;
use super::{Teller, requests};
use crate::locale::{Said, Value};
use crate::plan::{Action, Client};
use crate::report::distribution::Row;
use crate::report::{Report, Server};
use crate::trace::Place;

/// Of how many servers and causes it speaks one by one.
const MOST: usize = 4;

impl Teller<'_> {
    /// How it ended, and why.
    pub(super) fn short(&self, report: &Report, tales: &[Tale]) -> Vec<Said> {
        let mut said = self.errors(report, tales);
        if report.total.requests > 0 {
            said.extend(self.shares_of_all(report));
        }
        said.extend(self.falls());
        said.extend(self.slow_but_up());
        said.extend(self.one_at_a_time(report));
        said.extend(self.sessions(report));
        said.extend(means(report));
        said
    }

    fn errors(&self, report: &Report, tales: &[Tale]) -> Vec<Said> {
        if report.total.requests == 0 {
            return vec![Said::new("short-nothing")];
        }
        if report.total.errors == 0 {
            return vec![self.no_errors(report, tales)];
        }
        let said = Said::new("short-errors")
            .with("count", report.total.errors)
            .with("total", report.total.requests);
        let mut causes: BTreeMap<Outcome, (u64, Option<ServerId>)> = BTreeMap::new();
        for tale in tales {
            let failed = matches!(
                tale.outcome,
                Outcome::Answered(_) | Outcome::Failed(..) | Outcome::GaveUp
            );
            if failed {
                let cause = causes.entry(tale.outcome).or_default();
                cause.0 += tale.own.count;
                cause.1 = cause.1.or(tale.servers.keys().next().copied());
            }
        }
        let causes = causes.into_iter().take(MOST);
        let causes = causes.filter_map(|(outcome, (count, server))| {
            let key = match outcome {
                Outcome::Answered(_) => "cause-answered",
                Outcome::GaveUp => "cause-gave-up",
                Outcome::Failed(_, [b'S', b'C'], _) if server.is_none() => "cause-nobody",
                Outcome::Failed(_, [b'S', b'C'], _) => "cause-refused",
                Outcome::Failed(_, [b's', b'C'], _) => "cause-connect",
                Outcome::Failed(_, [b's' | b'S', b'Q'], _) => "cause-queue",
                Outcome::Failed(_, [b's', b'H'], _) => "cause-timeout",
                Outcome::Failed(_, [b'S', b'H' | b'D'], _) => "cause-broken",
                _ => return None,
            };
            let all = count == report.total.errors;
            let said = Said::new(key).with("count", count);
            Some(said.with("which", if all { "all" } else { "some" }))
        });
        std::iter::once(said).chain(causes).collect()
    }

    fn no_errors(&self, report: &Report, tales: &[Tale]) -> Said {
        let served = |id: &ServerId| self.row(report, *id).is_some_and(|row| row.requests > 0);
        let down = self.story.watch.health.iter().find(|(_, h)| h.downs > 0);
        let saved = tales
            .iter()
            .any(|tale| matches!(tale.outcome, Outcome::Retried | Outcome::Moved(_)));
        let out = self.story.outs.iter().flatten();
        let operated = out
            .filter(|(_, place)| matches!(place, Place::Drain | Place::Maint))
            .map(|(server, _)| *server)
            .min();
        match (down, operated) {
            _ if saved => Said::new("short-fine-saved"),
            (Some((id, health)), _) if is_timeout(health) && served(id) => {
                Said::new("short-fine-slow").with("server", self.name(*id))
            }
            (Some((id, health)), _)
                if !served(id) && health.down_at <= Some(self.plan.clients_start) =>
            {
                Said::new("short-fine-known").with("server", self.name(*id))
            }
            (None, Some(id)) => Said::new("short-fine-operated").with("server", self.name(id)),
            _ => Said::new("short-fine"),
        }
    }

    fn row<'r>(&self, report: &'r Report, id: ServerId) -> Option<&'r Row> {
        let name = self.name(id);
        let server = report.servers.iter().find(|server| server.name == name);
        server.map(|server| &server.row)
    }

    /// Who decided, and what that means for the shares.
    fn shares_of_all(&self, report: &Report) -> Vec<Said> {
        let total = &report.total;
        let shares = Value::Several(report.servers.iter().take(2 * MOST).map(share).collect());
        let Some(backend) = self.one_backend() else {
            return vec![Said::new("short-shares").with("shares", shares)];
        };
        let name = backend.balance.name();
        let kept = total.by_cookie + total.by_stick;
        let counts = |key| {
            Said::new(key)
                .with("algorithm", name)
                .with("placed", total.by_algorithm)
                .with("kept", kept)
                .with("shares", shares.clone())
        };
        if kept > total.by_algorithm {
            return vec![counts("short-kept")];
        }
        if kept > 0 {
            return vec![counts("short-both")];
        }
        let placed = if total.by_queue > 0 {
            Said::new("short-queued")
                .with("placed", total.by_algorithm)
                .with("queued", total.by_queue)
        } else {
            Said::new("short-placed")
        };
        let placed = placed.with("algorithm", name).with("shares", shares);
        vec![placed, self.rule(backend, report)]
    }

    /// The backend that all clients ask, if it is one.
    fn one_backend(&self) -> Option<&Backend> {
        let lines = self.plan.clients.iter().flat_map(requests);
        let mut ids = lines.map(|line| line.backend);
        let BackendId(first) = ids.next()?;
        let alone = ids.all(|id| id.0 == first);
        alone.then(|| &self.plan.proxy.backends[first as usize])
    }

    /// What the algorithm goes by.
    fn rule(&self, backend: &Backend, report: &Report) -> Said {
        let weights: Vec<u32> = backend.servers.iter().map(|s| s.weight).collect();
        let sum: u32 = weights.iter().sum();
        let met = report.servers.iter().zip(&weights).all(|(server, weight)| {
            let due = f64::from(*weight) / f64::from(sum.max(1));
            (server.row.share - due).abs() < 0.01
        });
        let clients: u32 = self.plan.clients.iter().map(threads).sum();
        match &backend.balance {
            Balance::RoundRobin | Balance::StaticRr if met => {
                let weights: Vec<String> = weights.iter().map(u32::to_string).collect();
                Said::new("rule-turns").with("weights", weights.join(":"))
            }
            Balance::RoundRobin | Balance::StaticRr => {
                let out = self.story.outs.iter().any(|set| !set.is_empty());
                Said::new(if out {
                    "rule-turns-out"
                } else {
                    "rule-turns-few"
                })
            }
            Balance::LeastConn => {
                let uneven = means(report).is_some();
                Said::new("rule-leastconn").with("which", if uneven { "uneven" } else { "even" })
            }
            Balance::First => {
                let first = &backend.servers[0];
                let room = first.maxconn >= clients || first.maxconn == 0;
                let only = report.servers.iter().skip(1).all(|s| s.row.requests == 0);
                if room && only {
                    Said::new("rule-first-enough")
                        .with("server", first.name.as_str())
                        .with("maxconn", first.maxconn)
                        .with("clients", clients)
                } else {
                    Said::new("rule-first").with("server", first.name.as_str())
                }
            }
            Balance::Random(draws) => Said::new("rule-random").with("draws", *draws),
            Balance::Hash(HashKey::Source) => {
                let lines = self.plan.clients.iter().flat_map(requests);
                let mut all = lines.map(|line| line.source);
                let first = all.next();
                let same = all.all(|other| Some(other) == first);
                Said::new("rule-source").with("which", if same { "one" } else { "many" })
            }
            Balance::Hash(key) if self.lacks(key) => Said::new("rule-hash-none"),
            Balance::Hash(_) => Said::new("rule-hash"),
        }
    }

    /// Whether no request has what `key` hashes, as far as that can be told beforehand.
    fn lacks(&self, key: &HashKey) -> bool {
        let scripted = |client: &Client| matches!(client, Client::Script(_));
        if self.plan.clients.iter().any(scripted) || !self.plan.proxy.frontends.is_empty() {
            return false;
        }
        let mut lines = self.plan.clients.iter().flat_map(requests);
        match key {
            HashKey::UrlParam { name, .. } => lines.all(|line| {
                let query = line.uri.split_once('?').map_or("", |(_, query)| query);
                let mut names = query.split(['&', ';']).map(|pair| pair.split('=').next());
                !names.any(|own| own == Some(name))
            }),
            HashKey::Header { name, .. } => {
                let named = |(own, _): &(String, String)| own.eq_ignore_ascii_case(name);
                name != "host" && lines.all(|line| !line.headers.iter().any(named))
            }
            _ => false,
        }
    }

    /// Why servers went DOWN by their checks.
    fn falls(&self) -> Vec<Said> {
        let health = self.story.watch.health.iter();
        let fallen = health.filter_map(|(id, health)| {
            let (at, verdict) = (health.down_at?, health.verdict?);
            let key = match (is_timeout(health), health.behind) {
                (true, true) => "short-down-busy",
                (true, false) => "short-down-slow",
                (false, _) => "short-down",
            };
            let said = Said::new(key)
                .with("server", self.name(*id))
                .with("at", self.moment(at))
                .with("times", health.downs);
            Some(if is_timeout(health) {
                said.with("budget", verdict.duration)
            } else {
                said.with("code", verdict.code.code())
            })
        });
        fallen.take(MOST).collect()
    }

    /// Servers that were told to be slow, and stayed UP.
    fn slow_but_up(&self) -> Vec<Said> {
        let mut slow: Vec<usize> = (0..self.plan.nodes.len())
            .filter(|node| self.plan.nodes[*node].delay > Span::ZERO)
            .collect();
        for timed in &self.plan.timeline {
            if let Action::Delay { node, to } = timed.action
                && to > Span::ZERO
            {
                slow.push(node);
            }
        }
        slow.sort_unstable();
        slow.dedup();
        let servers = slow.iter().flat_map(|node| &self.plan.nodes[*node].servers);
        let up = servers.filter_map(|id| {
            let health = self.story.watch.health.get(id)?;
            let backend = &self.plan.proxy.backends[id.backend.0 as usize];
            let server = backend.servers.get(id.slot as usize)?;
            let check = server.check.as_ref()?;
            let budget = backend.timeout_check.unwrap_or(check.inter);
            let fits = health.downs == 0 && health.passed > 0 && health.slowest <= budget;
            fits.then(|| {
                Said::new("short-up")
                    .with("server", self.name(*id))
                    .with("slowest", health.slowest)
                    .with("budget", budget)
            })
        });
        up.take(MOST).collect()
    }

    /// Slow nodes at which requests had to wait for others or for checks.
    fn one_at_a_time(&self, report: &Report) -> Vec<Said> {
        let mut said = Vec::new();
        for (number, node) in self.plan.nodes.iter().enumerate() {
            let delays = self
                .plan
                .timeline
                .iter()
                .filter_map(|timed| match timed.action {
                    Action::Delay { node, to } if node == number => Some(to),
                    _ => None,
                });
            let delay = delays.fold(node.delay, Span::max);
            let servers = node.servers.iter().filter_map(|id| {
                let longest = self.row(report, *id)?.times?.max;
                Some((self.name(*id), longest))
            });
            let longest = servers.max_by(|one, other| one.1.total_cmp(&other.1));
            if let Some((server, longest)) = longest
                && node.workers == 1
                && delay > Span::ZERO
                && longest > 1.5 * delay.as_nanos() as f64 / 1e6
            {
                let longest = Span::from_nanos((longest * 1e6) as u64);
                said.push(
                    Said::new("short-one-at-a-time")
                        .with("server", server)
                        .with("delay", delay)
                        .with("longest", longest),
                );
            }
        }
        said.truncate(MOST);
        said
    }

    fn sessions(&self, report: &Report) -> Option<Said> {
        let total = &report.total;
        let kept = total.by_cookie + total.by_stick;
        let bound = self.one_backend().is_some_and(|b| b.cookie.is_some());
        match (total.sessions_restarted, kept) {
            (0, 0) => None,
            (0, _) => Some(Said::new("short-sessions-kept")),
            (count, 0) if !bound => Some(Said::new("short-sessions-lost").with("count", count)),
            (count, _) => Some(Said::new("short-sessions-few").with("count", count)),
        }
    }
}

/// Whether the checks that brought a server down took too long.
fn is_timeout(health: &Health) -> bool {
    health
        .verdict
        .is_some_and(|verdict| verdict.code == CheckCode::L7Timeout)
}

fn share(server: &Server) -> Value {
    Said::new("percent")
        .with("server", server.name.as_str())
        .with("share", Value::Number(server.row.share * 100.0, 1))
        .into()
}

pub(super) fn threads(client: &Client) -> u32 {
    match client {
        Client::Threads(group) => group.threads,
        Client::Script(script) => script.group.threads,
        Client::Browser(_) => 1,
        Client::Arrivals(arrivals) => arrivals.users.len() as u32,
    }
}

/// How long requests took, where servers differ much in that.
fn means(report: &Report) -> Option<Said> {
    let means = report.servers.iter().filter_map(|server| {
        let times = server.row.times?;
        Some((server.name.as_str(), times.mean))
    });
    let means: Vec<(&str, f64)> = means.collect();
    let slowest = means.iter().map(|m| m.1).fold(0.0, f64::max);
    let fastest = means.iter().map(|m| m.1).fold(f64::MAX, f64::min);
    if means.len() < 2 || slowest < 3.0 * fastest {
        return None;
    }
    let mean = |(name, mean): &(&str, f64)| {
        let span = Span::from_nanos((mean * 1e6) as u64);
        let said = Said::new("mean").with("server", *name);
        Value::from(said.with("mean", span))
    };
    let means = means.iter().take(2 * MOST).map(mean).collect();
    Some(Said::new("short-means").with("means", Value::Several(means)))
}
