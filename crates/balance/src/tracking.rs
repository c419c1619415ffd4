//! `track`: servers that take over the state of another one (spec: server states, 7).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::balancer::Balancer;
use crate::error::ConfigError;
use crate::ids::ServerId;
use crate::server::Server;

impl Balancer {
    /// Resolves `track`.
    pub(crate) fn link_trackers(&mut self) -> Result<(), Vec<ConfigError>> {
        if !self
            .all_servers()
            .any(|server| server.config.track.is_some())
        {
            return Ok(());
        }
        let mut places: BTreeMap<(&str, &str), ServerId> = BTreeMap::new();
        for server in self.all_servers() {
            let key = (self.owner(server), server.config.name.as_str());
            places.entry(key).or_insert(server.id);
        }
        let mut links = Vec::new();
        let mut errors = Vec::new();
        for server in self.all_servers() {
            let Some((other, name)) = &server.config.track else {
                continue;
            };
            let owner = match other.as_str() {
                "" => self.owner(server),
                other => other,
            };
            let complaint = |why| {
                let target = alloc::format!("{owner}/{name}");
                self.complaint(server, target, why)
            };
            match places.get(&(owner, name.as_str())) {
                None => errors.push(complaint("there is no such server")),
                Some(&target) if target == server.id => errors.push(complaint("it is itself")),
                Some(&target) => links.push((server.id, target)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        for (id, target) in links {
            self.server_mut(id).tracks = Some(target);
            self.server_mut(target).trackers.push(id);
        }
        self.check_tracking()
    }

    fn all_servers(&self) -> impl Iterator<Item = &Server> {
        self.backends.iter().flat_map(|backend| &backend.servers)
    }

    /// The name of a server's backend.
    fn owner(&self, server: &Server) -> &str {
        &self.backends[server.id.backend.0 as usize].config.name
    }

    fn complaint(&self, server: &Server, target: String, why: &'static str) -> ConfigError {
        ConfigError::Track {
            backend: self.owner(server).into(),
            server: server.config.name.clone(),
            target,
            why,
        }
    }

    /// A chain of tracking must end at a server with checks.
    fn check_tracking(&self) -> Result<(), Vec<ConfigError>> {
        // Servers whose chain is known to end well.
        let mut fine: BTreeSet<ServerId> = BTreeSet::new();
        let mut errors = Vec::new();
        for server in self.all_servers() {
            let mut way = BTreeSet::new();
            let mut last = server;
            let why = loop {
                if fine.contains(&last.id) {
                    break None;
                }
                if !way.insert(last.id) {
                    break Some("the chain leads back to itself");
                }
                match last.tracks {
                    Some(next) => last = self.server(next),
                    None if way.len() == 1 || last.check.configured => break None,
                    None => break Some("it has no checks"),
                }
            };
            match why {
                // A server that tracks nobody needs no checks of its own.
                None if last.tracks.is_some() || last.check.configured => fine.extend(way),
                None => {}
                Some(why) => {
                    let target = last.config.name.clone();
                    errors.push(self.complaint(server, target, why));
                }
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}
