//! A trap between a node and its checks: a check waits behind requests, and comes too late.

use balance::Span;
use balance::config::{Backend, CheckKind, Server};

use super::{At, Check};
use crate::plan::{Client, Node};
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::units;

impl Check {
    /// Says where the delay of a node uses up what its checks may take (spec: health checks,
    /// section 5).
    pub(super) fn late_checks(
        &mut self,
        at: At<'_>,
        backends: &[Backend],
        nodes: &[Node],
        clients: &[Client],
    ) {
        let users: u64 = clients.iter().map(users).sum();
        for node in nodes.iter().filter(|node| node.delay > Span::ZERO) {
            let late = node.servers.iter().find_map(|id| {
                let backend = backends.get(id.backend.0 as usize)?;
                let server = backend.servers.get(id.slot as usize)?;
                let why = too_late(node, backend, server, users)?;
                Some(format!(
                    "a check of `{}/{}` {why}",
                    backend.name, server.name
                ))
            });
            if let Some(message) = late {
                let place = at.field("nodes").field(&node.name).head();
                let complaint = Diagnostic::new(Code::Lint, message, place)
                    .help("raise `inter` and `timeout check`, or give the server a `maxconn`");
                self.say(at, complaint);
            }
        }
    }
}

/// How many requests a client may have under way at once.
fn users(client: &Client) -> u64 {
    match client {
        Client::Threads(group) => u64::from(group.threads),
        Client::Script(script) => u64::from(script.group.threads),
        Client::Browser(_) => 1,
        // Nobody waits for anybody: there is no limit.
        Client::Arrivals(_) => u64::MAX / 2,
    }
}

/// Why the checks of `server` come too late, if they do.
fn too_late(node: &Node, backend: &Backend, server: &Server, users: u64) -> Option<String> {
    let check = server.check.as_ref()?;
    // A connection is there before the application looks at it.
    if backend.check == CheckKind::Tcp {
        return None;
    }
    let limit = backend
        .timeout_check
        .map_or(check.inter, |time| time.max(check.inter));
    let (delay, shown) = (node.delay, units::write(limit));
    if delay >= limit {
        return Some(format!(
            "can never pass: its node needs {}, and a check may take {shown}",
            units::write(delay)
        ));
    }
    // So many requests before a check leave it no time.
    let before = limit.as_nanos() / delay.as_nanos() * u64::from(node.workers);
    let most = match u64::from(server.maxconn) {
        0 => users,
        maxconn => users.min(maxconn),
    };
    (most >= before).then(|| {
        format!(
            "comes too late behind {before} requests of {}: it may take {shown}, and {} clients \
             can send so many",
            units::write(delay),
            if users > 1_000_000 {
                "the".to_owned()
            } else {
                users.to_string()
            },
        )
    })
}
