//! HAProxy's statistics at a moment of a run: the balancer's own counters, and what only a
//! reader of the whole stream can add to them: bytes, rates, and rows of frontends.

mod fronts;
pub mod page;
pub mod prometheus;
mod rate;

use std::collections::BTreeMap;

use balance::config::Config;
use balance::stats::{self, StatRow, Subject};
use balance::{BackendId, Balancer, Moment, ServerId};

use self::fronts::Fronts;
use self::rate::Rate;
use super::follow::{Context, Logged, Reader};
use crate::trace::Message;

/// What one row of the statistics gets from the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Traffic {
    received: u64,
    sent: u64,
    rate: Rate,
}

/// Counts what the balancer does not: bytes, sessions per second, and what comes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    backends: BTreeMap<BackendId, Traffic>,
    servers: BTreeMap<ServerId, Traffic>,
    fronts: Fronts,
}

impl Reader for Statistics {
    fn logged(&mut self, context: &Context<'_>, line: &Logged<'_>) {
        self.fronts.logged(context, line);
        let count = |traffic: &mut Traffic| {
            traffic.received += line.request.proxy;
            traffic.sent += line.answer.proxy;
        };
        let request = context.request(line.client, line.thread);
        if let Some(backend) = line.ending.backend {
            let traffic = self.backends.entry(backend).or_default();
            count(traffic);
            // Through a frontend, nobody tells where a request goes before it is over.
            if request.door.is_some() {
                traffic.rate.count(line.at);
            }
        }
        if let Some(server) = line.ending.server {
            count(self.servers.entry(server).or_default());
        }
    }

    fn said(&mut self, _context: &Context<'_>, at: Moment, message: &Message<'_>) {
        let (Message::Connecting { server, .. }
        | Message::Forwarded {
            server,
            reused: true,
            ..
        }) = *message
        else {
            return;
        };
        self.servers.entry(server).or_default().rate.count(at);
    }

    fn closed(&mut self, at: Moment, who: (u32, u32)) {
        self.fronts.closed(at, who);
    }

    fn asked(&mut self, context: &Context<'_>, at: Moment, who: (u32, u32), is_first: bool) {
        self.fronts.asked(context, at, who, is_first);
        let request = context.request(who.0, who.1);
        if request.door.is_none() {
            let traffic = self.backends.entry(request.backend).or_default();
            traffic.rate.count(at);
        }
    }
}

impl Statistics {
    /// The rows of `show stat` at `now`: of `balancer`, of what was counted here, and of the
    /// frontends of `config`. Frontends come first, that of a `listen` section before its
    /// servers.
    pub fn rows(&mut self, config: &Config, balancer: &Balancer, now: Moment) -> Vec<StatRow> {
        let (mut all, mut listens) = self.fronts.rows(config, now);
        let mut proxy = None;
        for row in self.counted(balancer, now) {
            if proxy != Some(row.proxy) {
                proxy = Some(row.proxy);
                let listen = listens.iter().find(|(_, front)| front.proxy == row.proxy);
                let listen = listen.map(|(backend, _)| *backend);
                all.extend(listen.and_then(|backend| listens.remove(&backend)));
            }
            all.push(row);
        }
        all
    }

    /// The balancer's own rows, with bytes and rates.
    fn counted(&mut self, balancer: &Balancer, now: Moment) -> Vec<StatRow> {
        let mut rows = balancer.stat_rows(now);
        for row in &mut rows {
            let traffic = match row.subject {
                Subject::Server(server) => self.servers.entry(server).or_default(),
                Subject::Backend(backend) => self.backends.entry(backend).or_default(),
                Subject::Frontend => continue,
            };
            let values = [
                ("bin", traffic.received),
                ("bout", traffic.sent),
                ("rate", u64::from(traffic.rate.at(now))),
                ("rate_max", u64::from(traffic.rate.greatest())),
            ];
            for (column, value) in values {
                let place = Balancer::stat_columns().position(|name| name == column);
                if let Some(field) = place.and_then(|place| row.fields.get_mut(place)) {
                    *field = value.to_string();
                }
            }
        }
        rows
    }
}

/// What `show stat`, `show stat json` and `show stat typed` print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CSV.
    Csv,
    /// JSON.
    Json,
    /// A line for each value.
    Typed,
}

/// The rows as HAProxy prints them.
pub fn text(rows: &[StatRow], form: Form) -> String {
    match form {
        Form::Csv => stats::csv(rows),
        Form::Json => stats::json(rows),
        Form::Typed => stats::typed(rows),
    }
}
