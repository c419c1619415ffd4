//! What servers are called when people read of them.

use std::collections::BTreeMap;

use balance::{BackendId, Config, ServerId};

/// The names of all servers, in the order of the configuration. With more than one
/// backend a server is called `backend/server`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    names: BTreeMap<ServerId, String>,
    backends: Vec<String>,
}

impl Names {
    /// The names that a configuration gives.
    pub fn of(config: &Config) -> Self {
        let mut names = Self {
            names: BTreeMap::new(),
            backends: config.backends.iter().map(|b| b.name.clone()).collect(),
        };
        for (backend, settings) in config.backends.iter().enumerate() {
            for (slot, server) in settings.servers.iter().enumerate() {
                let id = ServerId {
                    backend: BackendId(backend as u32),
                    slot: slot as u32,
                };
                names.learn(id, &server.name);
            }
        }
        names
    }

    /// Adds the name of a server that the runtime API made.
    pub fn learn(&mut self, server: ServerId, name: &str) {
        let name = match self.backends.as_slice() {
            [] | [_] => name.to_owned(),
            many => match many.get(server.backend.0 as usize) {
                Some(backend) => format!("{backend}/{name}"),
                None => name.to_owned(),
            },
        };
        self.names.insert(server, name);
    }

    /// The name of `server`; its place if it has none.
    pub fn name(&self, server: ServerId) -> String {
        match self.names.get(&server) {
            Some(name) => name.clone(),
            None => format!("#{}", server.slot),
        }
    }

    /// The server called so: its whole name, or its last part if that is unique.
    pub fn find(&self, name: &str) -> Option<ServerId> {
        let whole = self.names.iter().find(|(_, known)| *known == name);
        if let Some((id, _)) = whole {
            return Some(*id);
        }
        let mut ends = self
            .names
            .iter()
            .filter(|(_, known)| known.rsplit('/').next() == Some(name));
        match (ends.next(), ends.next()) {
            (Some((id, _)), None) => Some(*id),
            _ => None,
        }
    }

    /// All servers in order.
    pub fn ids(&self) -> impl Iterator<Item = ServerId> + '_ {
        self.names.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use balance::config::{Backend, Server};

    use super::*;

    fn config(backends: &[(&str, &[&str])]) -> Config {
        let server = |name: &&str| Server {
            name: (*name).to_owned(),
            ..Server::default()
        };
        Config {
            backends: backends
                .iter()
                .map(|(name, servers)| Backend {
                    name: (*name).to_owned(),
                    servers: servers.iter().map(server).collect(),
                    ..Backend::default()
                })
                .collect(),
            ..Config::default()
        }
    }

    #[test]
    fn one_backend_needs_no_prefix() {
        let names = Names::of(&config(&[("nodes", &["s1", "s2"])]));
        let all: Vec<String> = names.ids().map(|id| names.name(id)).collect();
        assert_eq!(all, ["s1", "s2"]);
    }

    #[test]
    fn two_backends_do() {
        let names = Names::of(&config(&[("a", &["s1", "s2"]), ("b", &["s1"])]));
        let all: Vec<String> = names.ids().map(|id| names.name(id)).collect();
        assert_eq!(all, ["a/s1", "a/s2", "b/s1"]);
        assert_eq!(names.find("s2"), names.find("a/s2"));
        assert!(names.find("s2").is_some());
        assert_eq!(names.find("s1"), None, "s1 alone could be either");
    }

    #[test]
    fn a_server_made_later_is_learnt() {
        let mut names = Names::of(&config(&[("nodes", &["s1"])]));
        let id = ServerId {
            backend: BackendId(0),
            slot: 1,
        };
        assert_eq!(names.name(id), "#1");
        names.learn(id, "s9");
        assert_eq!(names.name(id), "s9");
    }
}
