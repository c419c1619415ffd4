//! A tale in sentences.

use balance::{BackendId, By, ServerId};

use super::tale::{Kind, Outcome, Reason, Tale};
use super::{Teller, is_long};
use crate::locale::{Said, Value};
use crate::plan::Client;
use crate::trace::Place;

impl Teller<'_> {
    /// What a tale has to say.
    pub(super) fn tale(&self, tale: &Tale) -> Vec<Said> {
        let mut said = vec![self.head(tale)];
        if let Kind::Placed(reason, out) = tale.kind {
            said.extend(self.out(reason, &self.story.outs[out], tale));
        }
        said.extend(self.outcome(tale));
        said.extend(restarted(tale));
        said.extend(self.bound(tale));
        said.extend(slow(tale));
        said
    }

    fn backend(&self, tale: &Tale) -> BackendId {
        let server = tale.servers.keys().next();
        let asked = self.plan.clients[tale.client as usize].request(0);
        server.map_or(asked.backend, |server| server.backend)
    }

    fn algorithm(&self, tale: &Tale) -> &'static str {
        let backend = self.backend(tale).0 as usize;
        self.plan.proxy.backends[backend].balance.name()
    }

    /// Who came how, and where that led.
    fn head(&self, tale: &Tale) -> Said {
        let said = |key| {
            Said::new(key)
                .with(
                    "client",
                    self.clients(tale.client, tale.threads.iter().copied()),
                )
                .with("number", tale.threads.len())
                .with("count", tale.own.count)
        };
        let placed = |key| {
            said(key)
                .with("algorithm", self.algorithm(tale))
                .with("to", self.shares(tale))
        };
        let cookie = || {
            tale.cookie
                .clone()
                .map_or_else(|| Value::from(Said::new("a-cookie")), Value::from)
        };
        match tale.kind {
            Kind::Placed(Reason::Unbound, _) => placed("tale-unbound"),
            Kind::Placed(Reason::Bare, _) if self.clears(tale) => placed("tale-clearing"),
            Kind::Placed(Reason::Bare, _) => placed("tale-bare"),
            Kind::Placed(Reason::Cleared, _) => placed("tale-cleared"),
            Kind::Placed(Reason::Dead(Some(server), place), _) => placed("tale-dead")
                .with("cookie", cookie())
                .with("server", self.name(server))
                .with("place", place.unwrap_or(Place::Down).word()),
            Kind::Placed(Reason::Unknown | Reason::Dead(None, _), _) => {
                placed("tale-unknown").with("cookie", cookie())
            }
            Kind::Placed(Reason::Expired, _) => placed("tale-expired").with("cookie", cookie()),
            Kind::Placed(Reason::Ignored, _) => placed("tale-ignored").with("cookie", cookie()),
            Kind::Kept(By::Cookie, server, place) => said("tale-kept")
                .with("cookie", cookie())
                .with("server", self.name(server))
                .with("place", place.word()),
            Kind::Kept(By::Stick, server, _) => {
                said("tale-stuck").with("server", self.name(server))
            }
            Kind::Kept(_, server, _) => said("tale-ruled").with("server", self.name(server)),
            Kind::Taken => said("tale-taken").with("to", self.shares(tale)),
            Kind::Nobody => said("tale-nobody"),
        }
    }

    /// `s1`, or `500 to s1 and 500 to s2`.
    fn shares(&self, tale: &Tale) -> Value {
        let servers: Vec<(&ServerId, &u64)> = tale.servers.iter().collect();
        match servers.as_slice() {
            [(server, _)] if tale.own.count == 1 => self.name(**server).into(),
            [(server, _)] => Said::new("share-all")
                .with("server", self.name(**server))
                .into(),
            many => {
                let share = |(server, count): &(&ServerId, &u64)| {
                    let said = Said::new("share").with("server", self.name(**server));
                    Value::from(said.with("count", **count))
                };
                Value::Several(many.iter().map(share).collect())
            }
        }
    }

    /// Whether the client throws its cookies away before each request.
    fn clears(&self, tale: &Tale) -> bool {
        match &self.plan.clients[tale.client as usize] {
            Client::Threads(group) => group.clear_cookies,
            Client::Script(script) => script.group.clear_cookies,
            Client::Browser(_) | Client::Arrivals(_) => false,
        }
    }

    /// The choices one by one, and who could not be chosen.
    fn out(&self, reason: Reason, out: &[(ServerId, Place)], tale: &Tale) -> Vec<Said> {
        let mut said = Vec::new();
        let backend = self.backend(tale);
        let out: Vec<_> = out
            .iter()
            .filter(|(s, _)| s.backend == backend)
            .copied()
            .collect();
        if tale.servers.len() > 1 {
            let picks = tale.picks.iter().map(|(_, server)| {
                server.map_or_else(|| "-".to_owned(), |server| self.name(server))
            });
            let picks: Vec<String> = picks.collect();
            let more = tale.own.count > picks.len() as u64;
            let which = if more { "first" } else { "all" };
            let choices = Said::new("tale-picks").with("picks", picks.join(" "));
            said.push(choices.with("which", which));
        }
        // The server of a dead cookie has been spoken of.
        let told = |server| matches!(reason, Reason::Dead(dead, _) if dead == Some(server));
        if out.iter().any(|(server, _)| !told(*server)) {
            let servers = &self.plan.proxy.backends[backend.0 as usize].servers;
            let left = (0..servers.len() as u32)
                .map(|slot| ServerId { backend, slot })
                .filter(|id| !out.iter().any(|(gone, _)| gone == id));
            let left: Vec<ServerId> = left.collect();
            // Backup servers come in when nobody else is left.
            let is_backup = |id: &&ServerId| servers[id.slot as usize].backup;
            let mut active: Vec<&ServerId> = left.iter().filter(|id| !is_backup(id)).collect();
            if active.is_empty() {
                active = left.iter().collect();
            }
            let left: Vec<String> = active.into_iter().map(|id| self.name(*id)).collect();
            said.push(
                Said::new("tale-out")
                    .with("left", left)
                    .with("out", self.standing(&out)),
            );
        }
        said
    }

    /// What became of the requests, if that is worth a word.
    fn outcome(&self, tale: &Tale) -> Option<Said> {
        let server = || match tale.servers.keys().next() {
            Some(server) if tale.servers.len() == 1 => Value::from(self.name(*server)),
            _ => Value::from(Said::new("the-server")),
        };
        let said = |key| Said::new(key).with("count", tale.own.count);
        let failed = |status: u16, key| said(key).with("status", status.to_string());
        Some(match tale.outcome {
            Outcome::Fine => return None,
            Outcome::Retried => said("outcome-retried").with("server", server()),
            Outcome::Moved(from) => said("outcome-moved").with("from", self.name(from)),
            Outcome::Answered(status) => {
                failed(status, "outcome-answered").with("server", server())
            }
            Outcome::GaveUp => said("outcome-gave-up").with("elapsed", tale.own.longest),
            Outcome::Failed(status, letters, retries) => match &letters {
                b"SC" if tale.servers.is_empty() => failed(status, "outcome-nobody"),
                b"SC" => failed(status, "outcome-refused")
                    .with("server", server())
                    .with("retries", retries)
                    .with("elapsed", tale.own.longest),
                b"sC" => failed(status, "outcome-connect")
                    .with("server", server())
                    .with("retries", retries)
                    .with("elapsed", tale.own.longest),
                b"sQ" => failed(status, "outcome-queue").with("elapsed", tale.own.longest),
                b"SQ" => failed(status, "outcome-queue-full").with("server", server()),
                b"sH" => failed(status, "outcome-server-timeout")
                    .with("server", server())
                    .with("elapsed", tale.own.longest),
                b"SH" | b"SD" => failed(status, "outcome-broken").with("server", server()),
                other => failed(status, "outcome-other")
                    .with("flags", String::from_utf8_lossy(other).into_owned()),
            },
        })
    }

    /// What binds the client from then on.
    fn bound(&self, tale: &Tale) -> Option<Said> {
        let follow = tale.follow.count;
        if self.clears(tale) || !matches!(tale.kind, Kind::Placed(..) | Kind::Taken) {
            return None;
        }
        let said = match (&tale.set, tale.threads.len()) {
            (Some(cookie), 1) if tale.own.count == 1 => {
                Said::new("tale-bound").with("cookie", cookie.as_str())
            }
            _ if follow > 0 => Said::new("tale-follow").with("number", tale.threads.len()),
            _ => return None,
        };
        Some(said.with("count", follow))
    }
}

/// Sessions that began again.
fn restarted(tale: &Tale) -> Option<Said> {
    let both = tale.own.plus(&tale.follow);
    let all = both.restarted == both.count;
    match both.restarted {
        0 => None,
        _ if both.count == 1 => Some(Said::new("tale-restarted-one")),
        1 if tale.own.count == 1 => Some(Said::new("tale-restarted-one")),
        count => Some(
            Said::new("tale-restarted")
                .with("count", count)
                .with("which", if all { "all" } else { "some" }),
        ),
    }
}

/// How long it took, if that was long; and the waiting in queues.
fn slow(tale: &Tale) -> Vec<Said> {
    let both = tale.own.plus(&tale.follow);
    let mut said = Vec::new();
    if both.waited > 0 && tale.kind != Kind::Taken {
        said.push(
            Said::new("tale-waited")
                .with("count", both.waited)
                .with("of", both.count)
                .with("longest", both.longest_wait),
        );
    }
    let told = matches!(tale.outcome, Outcome::Failed(..) | Outcome::GaveUp);
    if let Some(mean) = both.mean()
        && is_long(both.longest)
        && !told
    {
        said.push(if both.count == 1 {
            Said::new("tale-took").with("elapsed", both.longest)
        } else {
            Said::new("tale-times")
                .with("count", both.count)
                .with("mean", mean)
                .with("longest", both.longest)
        });
    }
    said
}
