//! What the servers of a run are called in HAProxy's own outputs: `backend/server`, those
//! that the runtime API made included.

use balance::{BackendId, Config, ServerId};

use crate::plan::{Action, Plan};

/// The names of backends and servers as they come to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers {
    backends: Vec<Backend>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Backend {
    name: String,
    /// Name, and whether it is a backup.
    servers: Vec<(String, bool)>,
}

impl Servers {
    /// Those of the configuration.
    pub fn of(config: &Config) -> Self {
        let backends = config.backends.iter();
        Self {
            backends: backends
                .map(|backend| Backend {
                    name: backend.name.clone(),
                    servers: backend
                        .servers
                        .iter()
                        .map(|server| (server.name.clone(), server.backup))
                        .collect(),
                })
                .collect(),
        }
    }

    /// Follows a reply to the `entry`-th line of the timeline: it may have made a server.
    pub fn follow(&mut self, plan: &Plan, entry: u32, reply: &str) {
        let timed = plan.timeline.get(entry as usize);
        let Some(Action::Command(line)) = timed.map(|timed| &timed.action) else {
            return;
        };
        for (command, reply) in line.split(';').zip(reply.split('\n')) {
            let mut words = command.split_ascii_whitespace();
            if reply.trim() == "New server registered."
                && (words.next(), words.next()) == (Some("add"), Some("server"))
                && let Some((backend, server)) = words.next().and_then(|name| name.split_once('/'))
                && let Some(owner) = self.backends.iter_mut().find(|b| b.name == backend)
            {
                owner.servers.push((server.to_owned(), false));
            }
        }
    }

    /// A backend's name.
    pub fn backend(&self, id: BackendId) -> &str {
        self.backends
            .get(id.0 as usize)
            .map_or("", |backend| backend.name.as_str())
    }

    /// A server's own name.
    pub fn name(&self, id: ServerId) -> &str {
        self.server(id).map_or("", |(name, _)| name.as_str())
    }

    /// `backend/server`
    pub fn path(&self, id: ServerId) -> String {
        format!("{}/{}", self.backend(id.backend), self.name(id))
    }

    /// Whether a server is a backup.
    pub fn is_backup(&self, id: ServerId) -> bool {
        self.server(id).is_some_and(|(_, backup)| *backup)
    }

    fn server(&self, id: ServerId) -> Option<&(String, bool)> {
        let backend = self.backends.get(id.backend.0 as usize)?;
        backend.servers.get(id.slot as usize)
    }
}
