//! Names of servers, nodes and clients, and complaints about names that nobody has.

use balance::{BackendId, Config, ServerId};
use std::collections::{BTreeMap, BTreeSet};

use super::{At, Check};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::locate::Place;
use crate::scenario::suggest;

/// What is declared.
#[derive(Default)]
pub(super) struct Names {
    /// How each server can be called.
    pub(super) servers: BTreeMap<String, Called>,
    pub(super) backends: Vec<String>,
    pub(super) frontends: Vec<String>,
    /// How many addresses each of them has.
    pub(super) binds: Vec<usize>,
    /// The default backend of each of them.
    pub(super) leads: Vec<BackendId>,
    pub(super) nodes: BTreeMap<String, usize>,
    pub(super) node_order: Vec<String>,
    pub(super) clients: Vec<String>,
    /// Servers that the runtime API will add, `backend/server`.
    pub(super) added: BTreeSet<String>,
}

/// Who is meant by a server's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Called {
    /// One server.
    One(ServerId),
    /// Several backends have a server of this name.
    Several,
}

impl Names {
    /// Learns the servers of `config`: `backend/server`, and `server` where that is enough.
    pub(super) fn learn_servers(&mut self, config: &Config) {
        let mut short: BTreeMap<String, Called> = BTreeMap::new();
        for (backend, settings) in (0..).zip(&config.backends) {
            self.backends.push(settings.name.clone());
            for (slot, server) in (0..).zip(&settings.servers) {
                let id = Called::One(ServerId {
                    backend: BackendId(backend),
                    slot,
                });
                self.servers
                    .insert(format!("{}/{}", settings.name, server.name), id);
                short
                    .entry(server.name.clone())
                    .and_modify(|known| *known = Called::Several)
                    .or_insert(id);
            }
        }
        self.servers.extend(short);
    }

    /// Learns the frontends of `config`.
    pub(super) fn learn_frontends(&mut self, config: &Config) {
        let frontends = config.frontends.iter();
        self.frontends = frontends.clone().map(|one| one.name.clone()).collect();
        self.binds = frontends.clone().map(|one| one.binds.len()).collect();
        self.leads = frontends
            .map(|one| one.default_backend.unwrap_or_default())
            .collect();
    }

    /// The names to offer: the short ones where there is one backend, else the long ones.
    pub(super) fn servers_to_offer(&self) -> impl Iterator<Item = &str> {
        let long = self.backends.len() > 1;
        self.servers
            .keys()
            .map(String::as_str)
            .filter(move |name| name.contains('/') == long)
    }
}

impl Check {
    /// The server called `name`.
    pub(super) fn server(&mut self, at: At<'_>, name: Option<&str>) -> Option<ServerId> {
        let name = name?;
        match self.names.servers.get(name) {
            Some(Called::One(id)) => Some(*id),
            Some(Called::Several) => {
                let ending = format!("/{name}");
                let meant: Vec<String> = self
                    .names
                    .servers
                    .keys()
                    .filter(|known| known.ends_with(&ending))
                    .map(|known| format!("`{known}`"))
                    .collect();
                let complaint = Diagnostic::new(
                    Code::UnknownName,
                    format!("several servers are called `{name}`"),
                    at.place(),
                )
                .accepted(meant.join(", "));
                self.say(at, complaint);
                None
            }
            None => {
                let complaint = unknown("server", name, at.place());
                let complaint = suggest::attach(complaint, name, self.names.servers_to_offer());
                self.say(at, complaint);
                None
            }
        }
    }

    /// The node called `name`.
    pub(super) fn node(&mut self, at: At<'_>, name: Option<&str>) -> Option<usize> {
        let name = name?;
        let found = self.names.nodes.get(name).copied();
        if found.is_none() {
            let known = self.names.node_order.iter().map(String::as_str);
            let complaint = suggest::attach(unknown("node", name, at.place()), name, known);
            self.say(at, complaint);
        }
        found
    }

    /// The clients called `name`.
    pub(super) fn client(&mut self, at: At<'_>, name: Option<&str>) -> Option<usize> {
        let name = name?;
        let found = self.names.clients.iter().position(|known| known == name);
        if found.is_none() {
            let known = self.names.clients.iter().map(String::as_str);
            let complaint = suggest::attach(unknown("client", name, at.place()), name, known);
            self.say(at, complaint);
        }
        found
    }
}

/// The complaint that nothing is called `name`.
pub(super) fn unknown(what: &str, name: &str, place: Place) -> Diagnostic {
    Diagnostic::new(
        Code::UnknownName,
        format!("no {what} is called `{name}`"),
        place,
    )
}
