//! What the servers of a section need: names of their own, ports, somebody to follow.

use std::collections::{BTreeMap, BTreeSet};

use super::super::proxy::Proxy;
use super::super::server::ServerDraft;
use super::super::value::Address;
use super::{Lowering, MOST};
use crate::scenario::diagnostic::{Code, Diagnostic};

impl<'a> Lowering<'a> {
    pub(super) fn servers(&self, proxy: &'a Proxy, notes: &mut Vec<Diagnostic>) {
        let mut names = BTreeMap::new();
        let mut ids = BTreeMap::new();
        for server in &proxy.servers {
            if notes.len() > MOST {
                return;
            }
            if let Some(earlier) = names.insert(server.name.as_str(), server.place) {
                let message = format!("two servers are called `{}`", server.name);
                notes.push(
                    Diagnostic::new(Code::Twice, message, server.place)
                        .also(earlier, "the first one"),
                );
            }
            if let (Some(id), Some(place)) = (server.template.server.id, server.template.id_place)
                && let Some(earlier) = ids.insert(id, place)
            {
                let message = format!("two servers have id {id}");
                notes.push(
                    Diagnostic::new(Code::Twice, message, place).also(earlier, "the first one"),
                );
            }
            if let Some((name, place)) = &server.template.resolvers {
                self.section("resolvers", name, *place, notes);
            }
            if !proxy.settings.checks.own_port {
                check_port(server, notes);
            }
            self.verification(server, notes);
            self.track(server, proxy, notes);
        }
    }

    pub(super) fn find(&self, backend: &str, server: &str) -> Option<(&'a Proxy, &'a ServerDraft)> {
        let index = *self.backs.get(backend)?;
        let proxy = &self.draft.proxies[index];
        let place = *self.places.get(&(index, server))?;
        Some((proxy, &proxy.servers[place]))
    }

    /// Encryption towards a server needs to know whom to trust.
    fn verification(&self, server: &ServerDraft, notes: &mut Vec<Diagnostic>) {
        let template = &server.template;
        let trusted = self.draft.trusting || template.verify_none || template.ca_file;
        if template.ssl && !trusted {
            let message = format!(
                "`ssl` of server `{}` lacks `ca-file` or `verify none`",
                server.name
            );
            notes.push(Diagnostic::new(Code::Missing, message, server.place));
        }
    }

    fn track(&self, server: &'a ServerDraft, proxy: &'a Proxy, notes: &mut Vec<Diagnostic>) {
        let Some((text, place)) = &server.template.track else {
            return;
        };
        let complain = |message: String| Diagnostic::new(Code::Words, message, *place);
        if server.template.check {
            let message = format!("server `{}` cannot both `check` and `track`", server.name);
            notes.push(complain(message));
            return;
        }
        let mut seen = BTreeSet::from([(proxy.name.as_str(), server.name.as_str())]);
        let mut next = tracked(text, proxy);
        while !self.followed.borrow().contains(&next) {
            let Some((owner, target)) = self.find(next.0, next.1) else {
                let message = format!("there is no server `{}/{}` to track", next.0, next.1);
                notes.push(Diagnostic::new(Code::UnknownName, message, *place));
                return;
            };
            if !seen.insert(next) {
                notes.push(complain(format!("`track {text}` leads back to itself")));
                return;
            }
            match &target.template.track {
                Some((text, _)) => next = tracked(text, owner),
                None if target.template.check => break,
                None => {
                    let message = format!("`{}/{}` has no check to follow", next.0, next.1);
                    notes.push(complain(message));
                    return;
                }
            }
        }
        self.followed.borrow_mut().extend(seen);
    }
}

/// A server that is checked needs a port, if it has an address.
fn check_port(server: &ServerDraft, notes: &mut Vec<Diagnostic>) {
    let port = match &server.address {
        Address::Ip(address) if address.ip().is_unspecified() => return,
        Address::Ip(address) => address.port(),
        Address::Name(_, port) => *port,
        Address::Local(_) => return,
    };
    if server.template.check && port == 0 && !server.template.check_port {
        let message = format!("server `{}` is checked, but at no port", server.name);
        notes.push(
            Diagnostic::new(Code::Missing, message, server.place)
                .help("write the port after the address, or add `port`"),
        );
    }
}

/// `track [backend/]server`: the backend and the server.
pub(super) fn tracked<'a>(text: &'a str, own: &'a Proxy) -> (&'a str, &'a str) {
    text.split_once('/').unwrap_or((own.name.as_str(), text))
}

/// Where the servers of `proxy` are, as written.
pub(super) fn addresses(proxy: &Proxy) -> Vec<String> {
    let servers = proxy.servers.iter();
    servers.map(|server| server.address.to_string()).collect()
}

/// Which of them are looked up again and again.
pub(super) fn looked_up(proxy: &Proxy) -> Vec<bool> {
    let servers = proxy.servers.iter();
    servers
        .map(|server| server.template.resolvers.is_some())
        .collect()
}
