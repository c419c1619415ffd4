//! What a run takes for granted that nobody wrote a scenario for, in sentences that say how to
//! change it.

use balance::config::{Backend, Balance, Fetch, HashKey, StickRule};
use balance::{BackendId, Door, Span};

use super::nodes;
use crate::plan::{Client, Plan, ThreadGroup};
use crate::scenario::import::haproxy_cfg::Imported;
use crate::scenario::units;

/// So many thread groups of a test plan are told.
const GROUPS: usize = 8;

/// What the run takes for granted, in sentences that say how to change it.
pub(super) fn assumed(plan: &Plan, imported: &Imported, given: bool) -> Vec<String> {
    let mut told = if given {
        let groups = plan.clients.iter().take(GROUPS);
        groups.filter_map(told_group).collect()
    } else {
        Vec::new()
    };
    told.extend(nodes::told(&plan.nodes));
    if !given {
        told.extend(plan.clients.iter().filter_map(told_load));
    }
    told.extend(told_source(plan));
    told.extend(told_host(plan));
    told.extend(told_way(plan, imported));
    let (client, node) = (plan.wire.client, plan.wire.node);
    let start = plan.clients_start.since(balance::Moment::ZERO);
    told.push(format!(
        "one way takes {} between client and proxy and {} between proxy and node; the clients \
         start {} after the proxy (--set wire.node=1ms, --set warm_up=10s)",
        units::write(client),
        units::write(node),
        units::write(start),
    ));
    told
}

/// The cookie manager of a thread group, in words.
fn jar(group: &ThreadGroup) -> &'static str {
    match (group.cookies, group.clear_cookies) {
        (false, _) => "without cookies",
        (true, true) => "cookies cleared at each iteration",
        (true, false) => "cookies kept",
    }
}

/// The thread group that a client is, if it is one.
fn group(client: &Client) -> Option<&ThreadGroup> {
    match client {
        Client::Threads(group) => Some(group),
        Client::Script(script) => Some(&script.group),
        Client::Browser(_) | Client::Arrivals(_) => None,
    }
}

/// A thread group of a test plan: `Users: 2 threads, 1000 iterations each, ...`.
fn told_group(client: &Client) -> Option<String> {
    let group = group(client)?;
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let (name, threads) = (&group.name, group.threads);
    let times = match (group.loops, group.duration) {
        (Some(loops), _) => {
            let each = if threads == 1 { "" } else { " each" };
            format!(", {loops} iteration{}{each}", plural(loops))
        }
        (None, Some(time)) => format!(" for {}", units::write(time)),
        (None, None) => String::new(),
    };
    let ramp = if group.ramp_up > Span::ZERO {
        format!(", started over {}", units::write(group.ramp_up))
    } else {
        String::new()
    };
    Some(format!(
        "{name}: {threads} thread{}{times}{ramp}, {} (--set clients.{name}.threads=50)",
        plural(threads.into()),
        jar(group),
    ))
}

/// The address that all clients have, where that decides.
fn told_source(plan: &Plan) -> Option<String> {
    let backends = &plan.proxy.backends;
    let hashed = |backend: &Backend| backend.balance == Balance::Hash(HashKey::Source);
    let stuck = |backend: &Backend| {
        let rules = backend.stick.iter().flat_map(|stick| &stick.rules);
        let by = |rule: &StickRule| {
            matches!(
                rule,
                StickRule::On(Fetch::Src)
                    | StickRule::Match(Fetch::Src)
                    | StickRule::StoreRequest(Fetch::Src)
            )
        };
        rules.into_iter().any(by)
    };
    if !backends
        .iter()
        .any(|backend| hashed(backend) || stuck(backend))
    {
        return None;
    }
    let group = group(plan.clients.first()?)?;
    Some(format!(
        "all clients have the address {0}, which decides here (--set clients.{1}.source={0})",
        group.request.source, group.name,
    ))
}

/// That rules ask for a host that no request names.
fn told_host(plan: &Plan) -> Option<String> {
    let group = group(plan.clients.first()?)?;
    let named = |(name, _): &(String, String)| name.eq_ignore_ascii_case("host");
    let door = group
        .request
        .door
        .filter(|_| !group.request.headers.iter().any(named))?;
    let section = plan.rules.frontends.get(door.frontend.0 as usize)?;
    let line = section.lines.iter().find(|line| line.contains("(host)"))?;
    let (_, patterns) = line.split_once("(host)")?;
    let mut words = patterns.split(' ').skip(1);
    let host = words.find(|word| word.contains('.') && !word.contains(['-', '\\', '(', '^']));
    let host = host.unwrap_or("example.org").trim_start_matches('.');
    Some(format!(
        "no request names a host, and frontend {} asks for one \
         (--set 'clients.{}.headers={{\"host\": \"{host}\"}}')",
        section.name, group.name,
    ))
}

fn told_load(client: &Client) -> Option<String> {
    let Client::Threads(group) = client else {
        return None;
    };
    let cookies = jar(group);
    let times = match (group.loops, group.duration) {
        (Some(loops), _) => format!(" that send {loops} requests each"),
        (None, Some(duration)) => format!(" that send requests for {}", units::write(duration)),
        (None, None) => String::new(),
    };
    let name = &group.name;
    Some(format!(
        "nothing says what load there is: {} threads{times}, started over {}, {cookies} \
         (--set clients.{name}.threads=50, --set clients.{name}.cookies=clear)",
        group.threads,
        units::write(group.ramp_up),
    ))
}

/// Where the requests arrive, if there is a choice.
fn told_way(plan: &Plan, imported: &Imported) -> Option<String> {
    let doors: Vec<_> = plan.clients.iter().flat_map(doors_of).collect();
    if let Some(door) = doors.first() {
        let frontend = plan.proxy.frontends.get(door.frontend.0 as usize)?;
        let example = plan.clients.first().map_or("users", Client::name);
        return Some(format!(
            "requests come in through frontend {}, whose rules say where they go \
             (--set clients.{example}.backend=NAME)",
            frontend.name
        ));
    }
    let used: Vec<BackendId> = plan.clients.iter().flat_map(backends_of).collect();
    let only = used
        .first()
        .filter(|&first| used.iter().all(|b| b == first))?;
    let backend = plan.proxy.backends.get(only.0 as usize)?;
    let others = plan.proxy.backends.len() - 1;
    let fronts = imported.frontends.iter();
    let front = fronts.clone().find(|f| f.default_backend == Some(*only));
    let front = front.map_or_else(String::new, |front| {
        format!(" through frontend {}", front.name)
    });
    (others > 0).then(|| {
        let example = plan.clients.first().map_or("users", Client::name);
        format!(
            "all requests go to backend {}{front}; {others} more have no load \
             (--set clients.{example}.backend=NAME)",
            backend.name
        )
    })
}

fn doors_of(client: &Client) -> Vec<Door> {
    match client {
        Client::Threads(group) => group.request.door.into_iter().collect(),
        Client::Script(script) => script.group.request.door.into_iter().collect(),
        Client::Browser(browser) => browser.request.door.into_iter().collect(),
        Client::Arrivals(arrivals) => arrivals.requests.iter().filter_map(|r| r.door).collect(),
    }
}

fn backends_of(client: &Client) -> Vec<BackendId> {
    match client {
        Client::Threads(group) => vec![group.request.backend],
        Client::Script(script) => vec![script.group.request.backend],
        Client::Browser(browser) => vec![browser.request.backend],
        Client::Arrivals(arrivals) => arrivals.requests.iter().map(|r| r.backend).collect(),
    }
}
