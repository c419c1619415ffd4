//! The containers of a compose file: who stands behind which server.

use std::collections::BTreeMap;

use super::nodes::host;
use crate::scenario::import::compose::{Compose, Service};
use crate::scenario::import::haproxy_cfg::Imported;
use crate::scenario::import::{Directive, Status};

/// More names than this are not worth a reader's time.
const SHOWN: usize = 6;

/// A compose file, and which of its services is the proxy.
#[derive(Clone, Debug, Default)]
pub struct Containers {
    /// What the file is called.
    pub file: String,
    /// What it comes to.
    pub compose: Compose,
    /// The service that runs the configuration, if one can be told.
    pub proxy: Option<Service>,
}

impl Containers {
    /// The service behind a server's `address`: `10.0.0.1:80`, `web:80`.
    pub(super) fn behind(&self, address: &str) -> Option<&Service> {
        self.compose.behind(self.proxy.as_ref(), host(address))
    }

    /// What a class calls the machine behind `address`; the `ordinal`th of several with one
    /// address, from 1.
    pub(super) fn title(&self, address: &str, ordinal: Option<usize>) -> Option<String> {
        let proper = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let title = self.behind(address)?.title();
        let title = match ordinal {
            Some(ordinal) => format!("{title}-{ordinal}"),
            None => title.to_owned(),
        };
        (!title.is_empty() && title.chars().all(proper)).then_some(title)
    }

    /// Puts servers into maintenance that find no container: of those that look one name up, as
    /// many have an address as the service has containers. Their names, as `backend/server`.
    pub(super) fn leave_empty(&self, imported: &mut Imported) -> Vec<String> {
        let mut empty = Vec::new();
        for (at, backend) in imported.config.backends.iter_mut().enumerate() {
            let mut found: BTreeMap<&str, u32> = BTreeMap::new();
            for (slot, server) in backend.servers.iter_mut().enumerate() {
                let address = imported.addresses[at][slot].as_str();
                let copies = self
                    .behind(address)
                    .map_or(u32::MAX, |service| service.copies);
                let taken = found.entry(address).or_default();
                *taken += 1;
                if imported.looked_up[at][slot] && *taken > copies {
                    server.disabled = true;
                    empty.push(format!("{}/{}", backend.name, server.name));
                }
            }
        }
        empty
    }

    /// That the servers called so find no container.
    pub(super) fn told_empty(&self, names: &[String]) -> Option<String> {
        let (file, count) = (&self.file, names.len());
        let (first, last) = (names.first()?, names.last()?);
        Some(format!(
            "{file} has fewer containers than there are servers: {first} to {last} get no address and \
             stay in maintenance ({count})"
        ))
    }

    /// What is taken from the file, in sentences.
    pub(super) fn told(&self, imported: &Imported) -> Vec<String> {
        let file = &self.file;
        let mut told = vec![match &self.proxy {
            Some(proxy) => {
                let names = listed(proxy.environment.iter().map(|(name, _)| name));
                let names = if names.is_empty() { "nothing" } else { &names };
                let ports = Self::published(proxy);
                let name = &proxy.name;
                format!(
                    "{file}: service {name} runs HAProxy with {names} in its environment; {ports}"
                )
            }
            None => format!(
                "{file}: no service runs this haproxy.cfg, so that its environment is not known \
                 (services: {})",
                listed(self.compose.services.iter().map(|one| one.name.as_str())),
            ),
        }];
        told.extend(self.nodes(imported));
        told.extend(self.left_out());
        told
    }

    /// Where the proxy can be reached from outside.
    fn published(proxy: &Service) -> String {
        let ports = proxy.ports.iter().filter_map(|port| {
            let published = port.published.as_ref()?;
            Some(if *published == port.target {
                published.clone()
            } else {
                format!("{published} for its {}", port.target)
            })
        });
        let ports: Vec<String> = ports.collect();
        if ports.is_empty() {
            "it publishes no port".to_owned()
        } else {
            format!("it publishes {}", listed(ports.iter()))
        }
    }

    /// Which service each server is.
    fn nodes(&self, imported: &Imported) -> Vec<String> {
        let (mut known, mut strange) = (Vec::new(), Vec::new());
        for (backend, addresses) in imported.config.backends.iter().zip(&imported.addresses) {
            for (server, address) in backend.servers.iter().zip(addresses) {
                match self.behind(address) {
                    Some(service) => known.push(described(&server.name, service)),
                    None => strange.push(format!("{} ({address})", server.name)),
                }
            }
        }
        let mut told = Vec::new();
        if !known.is_empty() {
            let list = listed(known.iter());
            told.push(format!("{}: {list}", self.file));
        }
        if !strange.is_empty() {
            let list = listed(strange.iter());
            told.push(format!("{}: no service is at {list}", self.file));
        }
        told
    }

    /// The keys that might matter and are not followed.
    fn left_out(&self) -> Option<String> {
        let ledger = self.compose.ledger.iter();
        let about = |entry: &&Directive| {
            // What runs inside is assumed anyway, and said elsewhere.
            entry.status == Status::NotModelled && !entry.why.contains("inside")
        };
        let mut keys: Vec<String> = ledger
            .filter(about)
            .map(|entry| format!("{} (line {})", entry.keyword, entry.line))
            .collect();
        keys.dedup();
        let several = if keys.len() == 1 { "is" } else { "are" };
        (!keys.is_empty()).then(|| {
            format!(
                "{}: {} {several} not modelled and might matter (balancelab check {})",
                self.file,
                listed(keys.iter()),
                self.file
            )
        })
    }
}

/// `s1 is service webapp1 (container s1, 192.168.42.11, TAG=s1)`
fn described(server: &str, service: &Service) -> String {
    let container = service.container.iter();
    let mut facts: Vec<String> = container.map(|name| format!("container {name}")).collect();
    facts.extend(service.addresses.first().cloned());
    facts.extend((service.copies != 1).then(|| format!("{} containers", service.copies)));
    let tag = service.environment.value("TAG");
    facts.extend(tag.map(|tag| format!("TAG={tag}")));
    let facts = if facts.is_empty() {
        String::new()
    } else {
        format!(" ({})", facts.join(", "))
    };
    format!("server {server} is service {}{facts}", service.name)
}

/// `a, b and 3 more`
fn listed(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<_> = names.collect();
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
