//! A log as the load of a run without a scenario: what is taken from it, and what is not.

use std::collections::BTreeSet;

use balance::Span;

use super::WARM_UP;
use crate::plan::{Client, Plan, Sampled};
use crate::scenario::import::haproxy_cfg::Imported;
use crate::scenario::import::log::{Learned, Load};
use crate::scenario::schema::{self, Named, Time};
use crate::scenario::units;

/// What the client that replays a log is called.
pub(super) const NAME: &str = "log";

/// The client that replays the log called `file`.
pub(super) fn client(file: &str) -> Named<schema::Client> {
    let arrivals = schema::Arrivals {
        log: Some(file.to_owned()),
        ..schema::Arrivals::default()
    };
    let client = schema::Client::Arrivals(Box::new(arrivals));
    Named(vec![(NAME.to_owned(), client)])
}

/// Gives each node the times that the log shows for its server. A log that names no servers
/// tells the same of all of them.
pub(super) fn teach(load: &Load, nodes: &mut Named<schema::Node>) {
    for (_, node) in &mut nodes.0 {
        let servers = node.servers.iter().flatten();
        let mut names = servers.map(|name| name.rsplit('/').next().unwrap_or(name));
        let learned = names.find_map(|name| load.learned.get(name));
        if let Some(learned) = learned.or(load.anonymous.as_ref()) {
            node.workers = Some(i64::from(learned.at_once));
            node.service = Some(Time(units::write_sampled(&times(learned))));
            node.event_loop = Some(false);
        }
    }
}

fn times(learned: &Learned) -> Sampled {
    match learned.times.as_slice() {
        [only] => Sampled::Constant(*only),
        several => Sampled::Empirical(several.to_vec()),
    }
}

/// What is taken from the log and what is not, in sentences.
pub(super) fn told(load: &Load, file: &str, plan: &Plan, imported: &Imported) -> Vec<String> {
    let requests = load.arrivals.len();
    let last = load.arrivals.last().map_or(Span::ZERO, |one| one.at);
    let mut told = vec![format!(
        "{}, {file}: {requests} requests of {} users within {} are sent at their moments, \
         a user's next one not before he has his answer; the clients start {WARM_UP} after the proxy",
        load.kind,
        load.users.len(),
        units::write(last),
    )];
    let harmless = load.passed.iter().filter(|passed| passed.harmless);
    told.extend(harmless.map(|passed| {
        let lines = if passed.count == 1 { "line" } else { "lines" };
        format!(
            "{} {lines} passed over ({}): {}",
            passed.count,
            passed.told(),
            passed.why
        )
    }));
    told.push(
        "each request takes one of the times that its server took in the log, drawn anew; a \
         server works on as many requests at once as the log ever shows (--node s1.workers=8)"
            .to_owned(),
    );
    told.extend(learned(load));
    told.extend(jars(plan));
    if load.errors > 0 {
        told.push(format!(
            "{} answers of servers were errors (500 and above); replayed, servers answer 200 \
             (--node s1.status=503)",
            load.errors
        ));
    }
    if load.nameless_headers {
        told.push(
            "captured headers are not sent: a log has their values, not their names \
             (--set 'clients.log.headers={\"host\": \"example.org\"}')"
                .to_owned(),
        );
    }
    told.extend(strangers(load, imported));
    told.extend(unused(load, imported));
    told
}

/// What was learnt about each server.
fn learned(load: &Load) -> Option<String> {
    const SHOWN: usize = 8;
    let one = |(name, learned): (&str, &Learned)| {
        let at = |part: usize| units::write(learned.times[learned.times.len() * part / 100]);
        format!(
            "{name} {} to {}, median {} ({} requests, {} at once)",
            at(0),
            learned
                .times
                .last()
                .map_or_else(String::new, |&last| units::write(last)),
            at(50),
            learned.requests,
            learned.at_once,
        )
    };
    let named = load
        .learned
        .iter()
        .map(|(name, learned)| (name.as_str(), learned));
    let all = load
        .anonymous
        .iter()
        .map(|learned| ("every server", learned));
    let mut parts: Vec<String> = named.chain(all).take(SHOWN).map(one).collect();
    if load.learned.len() > SHOWN {
        parts.push(format!("and {} more", load.learned.len() - SHOWN));
    }
    (!parts.is_empty()).then(|| format!("learnt: {}", parts.join("; ")))
}

/// Whose cookies there are.
fn jars(plan: &Plan) -> Option<String> {
    let Some(Client::Arrivals(arrivals)) = plan.clients.first() else {
        return None;
    };
    plan.proxy
        .backends
        .iter()
        .find(|backend| backend.cookie.is_some())?;
    let count =
        |is: fn(&crate::plan::Arrival) -> bool| arrivals.list.iter().filter(|one| is(one)).count();
    Some(format!(
        "users keep the cookies they are given; by the log's flags, {} requests came without, \
         and {} users had theirs from before",
        count(|one| one.clears),
        count(|one| one.cookie.is_some()),
    ))
}

/// Servers of the log whose times nobody takes.
fn unused(load: &Load, imported: &Imported) -> Option<String> {
    let backends = imported.config.backends.iter();
    let servers = backends.flat_map(|backend| &backend.servers);
    let known: BTreeSet<&str> = servers.map(|server| server.name.as_str()).collect();
    let names = load.learned.keys().map(String::as_str);
    let unknown: Vec<&str> = names.filter(|name| !known.contains(name)).collect();
    (!unknown.is_empty()).then(|| {
        format!(
            "the configuration has no server {}; the times of those in the log are not used",
            unknown.join(", ")
        )
    })
}

/// Backends and servers of the log that the configuration does not have.
fn strangers(load: &Load, imported: &Imported) -> Option<String> {
    let backends = &imported.config.backends;
    let unknown = |name: &&str| backends.iter().all(|backend| backend.name != **name);
    let mut named: Vec<&str> = (load.requests.iter())
        .filter_map(|wanted| wanted.backend.as_deref())
        .filter(unknown)
        .collect();
    named.sort_unstable();
    named.dedup();
    (!named.is_empty()).then(|| {
        format!(
            "the configuration has no backend {}; requests that went there go to the default one",
            named.join(", ")
        )
    })
}
