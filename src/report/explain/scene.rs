//! The scene in sentences: the beginning, deeds, checks and states, queues, the end.

use balance::config::{CheckKind, Server};
use balance::{Cause, CheckCode, CheckResult, Moment, ServerId, Span};

use super::Teller;
use super::watch::{Series, What, rhythm};
use crate::locale::{Said, Value};
use crate::plan::{Action, Reach};
use crate::report::Report;
use crate::trace::Place;

/// How many backends the beginning tells of.
const BACKENDS: usize = 4;

type Told = (Moment, Vec<Said>);

impl Teller<'_> {
    /// What the proxy begins with.
    pub(super) fn opening(&self) -> Vec<Told> {
        let backends = self.plan.proxy.backends.iter().take(BACKENDS);
        let lines = backends.enumerate().map(|(place, backend)| {
            let servers = backend.servers.iter();
            let weights = servers.clone().any(|server| server.weight != 1);
            let named = |server: &Server| {
                let said = if server.backup {
                    Said::new("server-backs-up")
                } else if weights {
                    Said::new("server-weighs").with("weight", server.weight)
                } else {
                    return Value::from(server.name.as_str());
                };
                Value::from(said.with("server", server.name.as_str()))
            };
            let several = backend.servers.len() > 6;
            let said = if several {
                Said::new("opening-many").with("count", backend.servers.len())
            } else {
                let servers: Vec<Value> = servers.map(named).collect();
                Said::new("opening").with("servers", servers)
            };
            let said = said
                .with("algorithm", backend.balance.name())
                .with("backend", backend.name.as_str());
            let cookie = match (&backend.cookie, &backend.stick) {
                (Some(cookie), _) => {
                    let valued = backend.servers.iter().any(|server| server.cookie.is_some());
                    let key = if valued || cookie.dynamic_key.is_some() {
                        "opening-cookie"
                    } else {
                        "opening-cookie-bare"
                    };
                    Said::new(key).with("name", cookie.name.as_str())
                }
                (None, Some(_)) => Said::new("opening-stick"),
                (None, None) => Said::new("opening-no-cookie"),
            };
            let which = match self.plan.proxy.backends.len() {
                1 => "only",
                _ => "some",
            };
            let mut line = vec![said.with("which", which), cookie];
            line.extend(self.rhythm(place));
            (Moment::ZERO, line)
        });
        lines.collect()
    }

    /// How servers are checked.
    fn rhythm(&self, backend: usize) -> Option<Said> {
        let (inter, fall, rise) = rhythm(&self.plan.proxy, backend)?;
        let said = match &self.plan.proxy.backends[backend].check {
            CheckKind::Tcp => Said::new("opening-checks-tcp"),
            CheckKind::Http { method, uri, .. } => {
                Said::new("opening-checks").with("request", format!("{method} {uri}"))
            }
        };
        Some(
            said.with("inter", inter)
                .with("fall", fall)
                .with("rise", rise),
        )
    }

    /// Deeds, checks and states.
    pub(super) fn incidents(&self) -> Vec<Told> {
        let incidents = self.story.watch.incidents.iter();
        let mut lines: Vec<Told> = Vec::new();
        for incident in incidents {
            let said = match &incident.what {
                What::Acted(entry) => self.deed(*entry),
                What::Failing(series) => self.failing(series),
                What::Passing(series) => self.passing(series),
                What::Turned(server, from, to, cause) => {
                    vec![self.turned(*server, *from, *to, *cause)]
                }
                What::NobodyLeft(backend) => {
                    let name = &self.plan.proxy.backends[backend.0 as usize].name;
                    vec![Said::new("nobody-left").with("backend", name.as_str())]
                }
            };
            // A deed and what follows from it at once are one. The command is told of after
            // what it does.
            match (lines.last_mut(), &incident.what) {
                (Some((at, line)), What::Turned(..) | What::NobodyLeft(_))
                    if *at == incident.at =>
                {
                    line.extend(said);
                }
                (Some((at, line)), What::Acted(_))
                    if *at == incident.at && line.iter().all(is_consequence) =>
                {
                    line.splice(0..0, said);
                }
                _ => lines.push((incident.at, said)),
            }
        }
        for (server, health) in &self.story.watch.health {
            if let (Some(last), more @ 1..) = (health.last, health.series.saturating_sub(4)) {
                let said = Said::new("checks-again")
                    .with("server", self.name(*server))
                    .with("count", more);
                lines.push((last, vec![said]));
            }
        }
        lines
    }

    /// What an entry of the timeline does.
    fn deed(&self, entry: u32) -> Vec<Said> {
        let Some(timed) = self.plan.timeline.get(entry as usize) else {
            return Vec::new();
        };
        let node = |node: usize| self.plan.nodes[node].name.as_str();
        match &timed.action {
            Action::Command(line) => {
                let mut said = vec![Said::new("deed-command").with("command", line.as_str())];
                let reply = self.story.replies.iter().find(|(told, _)| *told == entry);
                let text = reply.map_or("", |(_, text)| text.trim());
                if !text.is_empty() && !text.contains('\n') {
                    said.push(Said::new("deed-reply").with("reply", text));
                }
                said
            }
            Action::Delay { node: at, to } if *to == Span::ZERO => {
                vec![Said::new("deed-no-delay").with("node", node(*at))]
            }
            Action::Delay { node: at, to } => {
                let said = Said::new("deed-delay").with("node", node(*at));
                vec![said.with("delay", *to)]
            }
            Action::Stop { node: at, reach } => {
                let how = match reach {
                    Reach::Vanished => "vanished",
                    Reach::Refusing | Reach::Listening => "refusing",
                };
                let said = Said::new("deed-stop").with("node", node(*at));
                vec![said.with("how", how)]
            }
            Action::Start { node: at } => vec![Said::new("deed-start").with("node", node(*at))],
            Action::Status { node: at, status } => {
                let said = Said::new("deed-status").with("node", node(*at));
                vec![said.with("status", status.to_string())]
            }
        }
    }

    /// The steps of a series after its first.
    fn steps(&self, later: &[(Moment, (u32, u32), CheckResult)]) -> impl Iterator<Item = Said> {
        later.iter().map(|(at, (number, of), _)| {
            Said::new("check-step")
                .with("at", self.moment(*at))
                .with("number", *number)
                .with("of", *of)
        })
    }

    fn failing(&self, series: &Series) -> Vec<Said> {
        let Some(((_, (number, of), result), later)) = series.steps.split_first() else {
            return Vec::new();
        };
        let server = self.name(series.server);
        let mut said = vec![
            Said::new("check-fails")
                .with("server", server.as_str())
                .with("number", *number)
                .with("of", *of)
                .with("code", result.code.code())
                .with("verdict", verdict(*result)),
        ];
        let waited = matches!(result.code, CheckCode::L7Timeout | CheckCode::L4Timeout);
        if let Some(check) = series.busy.filter(|_| waited) {
            let with = if check { "check" } else { "request" };
            said.push(
                Said::new("check-busy")
                    .with("server", server.as_str())
                    .with("with", with),
            );
        }
        said.extend(self.steps(later));
        if series.done.is_some() {
            let how = if *number == *of && later.is_empty() && *of > 1 {
                "at-once"
            } else {
                "counted"
            };
            let down = Said::new("check-down").with("server", server);
            said.push(down.with("how", how));
        } else if let Some(broken) = series.broken {
            let again = Said::new("check-recovers").with("at", self.moment(broken));
            said.push(again.with("server", server));
        }
        said
    }

    fn passing(&self, series: &Series) -> Vec<Said> {
        let Some(((_, (number, of), _), later)) = series.steps.split_first() else {
            return Vec::new();
        };
        let server = self.name(series.server);
        let mut said = vec![
            Said::new("check-passes")
                .with("server", server.as_str())
                .with("number", *number)
                .with("of", *of),
        ];
        said.extend(self.steps(later));
        if series.done.is_some() {
            said.push(Said::new("check-up").with("server", server));
        }
        said
    }

    fn turned(&self, server: ServerId, from: Place, to: Place, cause: Cause) -> Said {
        let backend = &self.plan.proxy.backends[server.backend.0 as usize];
        let said = Said::new("turned")
            .with("server", self.name(server))
            .with("from", from.word())
            .with("place", to.word())
            .with(
                "bound",
                if backend.cookie.is_some() {
                    "yes"
                } else {
                    "no"
                },
            );
        match cause {
            Cause::Tracked(other) => Said::new("turned-along")
                .with("other", self.name(other))
                .with("turned", said),
            Cause::Check(_) | Cause::Cli | Cause::WarmedUp => said,
        }
    }

    /// Requests that outlived their server's fall.
    pub(super) fn survivors(&self) -> Vec<Told> {
        let survivors = self.story.survivors.iter();
        let lines = survivors.filter_map(|survivors| {
            let ((client, thread), (first, last)) = (survivors.first?, survivors.ends?);
            let count = survivors.fine + survivors.failed;
            let key = if survivors.failed == 0 {
                "survivors"
            } else {
                "survivors-cut"
            };
            let said = Said::new(key)
                .with("client", self.client(client, thread))
                .with("server", self.name(survivors.server))
                .with("place", survivors.place.word())
                .with("count", count);
            let said = if survivors.failed == 0 {
                said.with("last", self.moment(last))
            } else {
                said.with("failed", survivors.failed)
            };
            Some((first, vec![said]))
        });
        lines.take(20).collect()
    }

    /// What waited in queues.
    pub(super) fn queues(&self) -> Vec<Told> {
        let queues = self.story.queues.iter();
        let lines = queues.map(|((backend, server), queue)| {
            let (client, thread) = queue.first;
            let who = self.client(client, thread);
            let said = match server {
                Some(server) => {
                    let servers = &self.plan.proxy.backends[backend.0 as usize].servers;
                    let maxconn = servers.get(server.slot as usize).map_or(0, |s| s.maxconn);
                    Said::new("queue-server")
                        .with("server", self.name(*server))
                        .with("maxconn", maxconn)
                }
                None => Said::new("queue-backend"),
            };
            let sums = Said::new("queue-sums")
                .with("count", queue.count)
                .with("most", queue.most)
                .with("longest", queue.longest);
            (queue.since, vec![said.with("client", who), sums])
        });
        lines.take(20).collect()
    }

    /// When it was over.
    pub(super) fn ending(&self, report: &Report) -> Option<Told> {
        let last = self.story.last?;
        let span = last.since(self.plan.clients_start);
        let said = Said::new("ending")
            .with("count", report.total.requests)
            .with("span", span);
        Some((last, vec![said]))
    }
}

/// Whether a sentence tells of what follows from a deed.
fn is_consequence(said: &Said) -> bool {
    matches!(said.key, "turned" | "turned-along" | "nobody-left")
}

/// What a failed check came to.
fn verdict(result: CheckResult) -> Said {
    let status = result.status.map_or_else(String::new, |s| s.to_string());
    Said::new("verdict")
        .with("code", result.code.code())
        .with("duration", result.duration)
        .with("status", status)
}
