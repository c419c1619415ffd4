//! What the lab's application says in the bodies of its answers, for those who read them.

use std::collections::BTreeMap;

use balance::ServerId;

use crate::plan::Plan;

/// Who answers behind each server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    nodes: BTreeMap<ServerId, Voice>,
}

/// One application as its answers show it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Voice {
    name: String,
    address: String,
    cookie: Option<String>,
}

impl Answers {
    /// The applications of a plan.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut nodes = BTreeMap::new();
        for node in &plan.nodes {
            for &server in &node.servers {
                let backend = plan.proxy.backends.get(server.backend.0 as usize);
                let settings = backend.and_then(|b| b.servers.get(server.slot as usize));
                let address = settings.and_then(|settings| settings.address);
                let voice = Voice {
                    name: node.name.clone(),
                    address: address.map_or_else(String::new, |a| a.ip().to_string()),
                    cookie: node.session_cookie.clone(),
                };
                nodes.insert(server, voice);
            }
        }
        Self { nodes }
    }

    /// The value of the session cookie that an answer of `server` sets, if it sets one.
    pub(super) fn session<'a>(&self, server: ServerId, headers: &'a [String]) -> Option<&'a str> {
        let cookie = self.nodes.get(&server)?.cookie.as_deref()?;
        headers.iter().find_map(|header| {
            let rest = header.strip_prefix(cookie)?.strip_prefix('=')?;
            Some(rest.split(';').next().unwrap_or(rest))
        })
    }

    /// The body of an answer of `server`: the page at `/` of the lab's application.
    pub(super) fn body(&self, server: ServerId, views: u32, session: &str) -> String {
        let Some(voice) = self.nodes.get(&server) else {
            return String::new();
        };
        let Voice { name, address, .. } = voice;
        format!(
            "{{\"hello\":\"world!\",\"ip\":\"{address}\",\"host\":\"{name}\",\"tag\":\"{name}\",\
             \"sessionViews\":{views},\"id\":\"{session}\"}}"
        )
    }
}
