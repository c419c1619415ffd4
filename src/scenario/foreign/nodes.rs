//! The applications that must stand behind the servers of a configuration.

use std::collections::{BTreeMap, BTreeSet};

use balance::Span;
use balance::config::{Backend, CookieMode, StickRule};

use super::{Containers, SERVICE, alike, in_words};
use crate::plan::Node;
use crate::scenario::check::nodes::SESSION_COOKIE;
use crate::scenario::import::haproxy_cfg::Imported;
use crate::scenario::schema::{self, Named, Time};
use crate::scenario::units;

/// More names than this are not worth a reader's time.
const SHOWN: usize = 4;

/// An address and the servers that have it.
type Machine<'a> = (&'a str, Vec<(&'a Backend, usize)>);

/// The host of `10.0.0.1:80`, `[::1]:80` or `web:80`.
pub(super) fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

/// One node for each address that servers have. It is called like its container; where none
/// is known, or two would be called so, like its server; where two addresses have servers of
/// one name, like backend and server.
pub(super) fn behind(imported: &Imported, containers: Option<&Containers>) -> Named<schema::Node> {
    let places = machines(imported);
    let titles = titles(&places, containers);
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, servers) in &places {
        let (backend, slot) = servers[0];
        *names.entry(&backend.servers[slot].name).or_default() += 1;
    }
    let nodes = places.iter().zip(titles).map(|((_, servers), title)| {
        let (backend, slot) = servers[0];
        let own = &backend.servers[slot].name;
        let name = match title {
            Some(title) => title,
            None if names[own.as_str()] > 1 => format!("{}.{own}", backend.name),
            None => own.clone(),
        };
        let long = |&(backend, slot): &(&Backend, usize)| {
            format!("{}/{}", backend.name, backend.servers[slot].name)
        };
        let node = schema::Node {
            workers: Some(1),
            service: Some(Time(SERVICE.to_owned())),
            session_cookie: session_cookie(backend),
            servers: Some(servers.iter().map(long).collect()),
            ..schema::Node::default()
        };
        (name, node)
    });
    Named(nodes.collect())
}

/// What the containers say the machines are called; none if that tells nothing apart.
fn titles(places: &[Machine<'_>], containers: Option<&Containers>) -> Vec<Option<String>> {
    let Some(containers) = containers else {
        return vec![None; places.len()];
    };
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    for (address, _) in places {
        *alike.entry(address).or_default() += 1;
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let titles = places.iter().map(|(address, _)| {
        let ordinal = seen.entry(address).or_default();
        *ordinal += 1;
        containers.title(address, (alike[address] > 1).then_some(*ordinal))
    });
    let titles: Vec<Option<String>> = titles.collect();
    // The machines that could be meant by a name.
    let mut meant: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (index, ((_, servers), title)) in places.iter().zip(&titles).enumerate() {
        let own = servers
            .iter()
            .map(|(backend, slot)| &backend.servers[*slot].name);
        for name in own.chain(title) {
            meant.entry(name).or_default().insert(index);
        }
    }
    let unique = |title: &String| meant[title.as_str()].len() == 1;
    titles
        .iter()
        .map(|title| title.clone().filter(unique))
        .collect()
}

/// Every address that servers have.
fn machines(imported: &Imported) -> Vec<Machine<'_>> {
    let backends = &imported.config.backends;
    let mut places: Vec<Machine<'_>> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for (backend, addresses) in backends.iter().zip(&imported.addresses) {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for address in addresses {
            *times.entry(address).or_default() += 1;
        }
        for (slot, address) in addresses.iter().enumerate() {
            // Servers of one template with one name to look up are different machines.
            let shared = times[address.as_str()] > 1;
            let index = match known.get(address.as_str()) {
                Some(&index) if !shared => index,
                _ => {
                    places.push((address, Vec::new()));
                    known.insert(address, places.len() - 1);
                    places.len() - 1
                }
            };
            places[index].1.push((backend, slot));
        }
    }
    places
}

/// The cookie that the application must be setting, because the proxy relies on it.
fn session_cookie(backend: &Backend) -> Option<String> {
    let prefixed = backend
        .cookie
        .as_ref()
        .filter(|cookie| cookie.mode == CookieMode::Prefix)
        .map(|cookie| cookie.name.clone());
    let rules = backend.stick.iter().flat_map(|stick| &stick.rules);
    let mut stored = rules.filter_map(|rule| match rule {
        StickRule::StoreResponse(cookie) => Some(cookie.clone()),
        _ => None,
    });
    prefixed.or_else(|| stored.next())
}

/// A sentence about each kind of node.
pub(super) fn told(nodes: &[Node]) -> Vec<String> {
    let mut kinds: Vec<Vec<&Node>> = Vec::new();
    for node in nodes {
        match kinds.iter_mut().find(|kind| alike(kind[0], node)) {
            Some(kind) => kind.push(node),
            None => kinds.push(vec![node]),
        }
    }
    let mut told: Vec<String> = kinds.iter().map(|kind| sentence(kind)).collect();
    let cookies: BTreeSet<&str> = nodes
        .iter()
        .filter_map(|node| node.session_cookie.as_deref())
        .filter(|name| *name != SESSION_COOKIE)
        .collect();
    let node = nodes.first().map_or("s1", |node| node.name.as_str());
    let sentence = |name: &str| {
        format!(
            "the applications call their session cookie {name}, as the proxy does \
             (--node {node}.session_cookie={SESSION_COOKIE})"
        )
    };
    told.extend(cookies.into_iter().map(sentence));
    told
}

fn sentence(kind: &[&Node]) -> String {
    let names: Vec<&str> = kind.iter().take(SHOWN).map(|n| n.name.as_str()).collect();
    let first = kind[0];
    let names = match kind.len() {
        1 => format!("node {}", names[0]),
        count if count <= SHOWN => format!("nodes {}", names.join(", ")),
        count => format!("nodes {} and {} more", names.join(", "), count - SHOWN),
    };
    let each = if kind.len() > 1 { " each" } else { "" };
    let delay = if first.delay == Span::ZERO {
        String::new()
    } else {
        format!(" and sleeps {}", units::write(first.delay))
    };
    let workers = match first.workers {
        1 => "one request".to_owned(),
        workers => format!("{workers} requests"),
    };
    let name = &first.name;
    format!(
        "{names}{each}: {workers} at a time, each takes {}{delay} \
         (--node {name}.service=20ms, --node {name}.workers=8, --node {name}.delay=250ms)",
        in_words(&first.service),
    )
}
