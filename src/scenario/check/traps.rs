//! Settings that HAProxy accepts and that do not do what their authors hoped.

use balance::config::{Backend, Balance, Cookie, HashKey};

use super::Check;
use super::proxy::Layers;
use crate::scenario::diagnostic::{Code, Diagnostic};
use crate::scenario::schema::Proxy;

impl Check {
    /// Settings that HAProxy accepts and that have surprised many.
    ///
    /// `imported`: the reader of configurations has spoken of all that it said.
    pub(super) fn traps(&mut self, backend: &Backend, layers: &Layers<'_, Proxy>, imported: bool) {
        let Some(&(at, _)) = layers.last() else {
            return;
        };
        let said = |key| !imported || layers.iter().any(|(at, _)| at.field(key).is_there());
        let writes = |cookie: &Cookie| cookie.dynamic_key.is_none();
        let bare = backend.servers.iter().filter(|s| s.cookie.is_none());
        let bare: Vec<String> = bare.map(|server| format!("`{}`", server.name)).collect();
        if said("cookie") && backend.cookie.as_ref().is_some_and(writes) && !bare.is_empty() {
            let complaint = Diagnostic::new(
                Code::CookieValue,
                format!("the cookie has no value for {}", enumerate(&bare)),
                at.field("cookie").head(),
            )
            .help("give each server one: servers: { \"s1\": (cookie: \"s1\") }");
            self.say(at, complaint);
        }
        let endless = backend
            .servers
            .first()
            .is_some_and(|server| server.maxconn == 0);
        let first = said("balance") && backend.balance == Balance::First;
        if first && endless && backend.servers.len() > 1 {
            let complaint = Diagnostic::new(
                Code::Lint,
                "`first` without `maxconn` on the servers sends everything to the first one",
                at.field("balance").place(),
            )
            .help("give the servers a maxconn: default_server: (maxconn: 2)");
            self.say(at, complaint);
        }
        let by_hash = matches!(backend.balance, Balance::Hash(_));
        if backend.hash_balance_factor > 0 && !(by_hash && backend.hash.consistent) {
            self.idle(
                at.field("hash_balance_factor"),
                "the factor is for hashes with `hash-type consistent`",
            );
        }
        if at.field("hash_type").is_there() && !by_hash {
            self.idle(
                at.field("hash_type"),
                "a hash type is for algorithms that hash, such as `source` and `uri`",
            );
        }
        if let Balance::Hash(HashKey::RdpCookie(_)) = backend.balance {
            self.idle(
                at.field("balance"),
                "no simulated client sends an RDP cookie: this walks round like roundrobin",
            );
        }
    }
}

/// `a, b and 7 more`
fn enumerate(names: &[String]) -> String {
    const TOLD: usize = 5;
    if names.len() <= TOLD {
        return names.join(", ");
    }
    let rest = names.len() - TOLD;
    format!("{} and {rest} more", names[..TOLD].join(", "))
}
