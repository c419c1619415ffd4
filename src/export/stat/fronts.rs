//! What HAProxy counts of its frontends: connections of clients, requests, bytes, answers.

use std::collections::BTreeMap;

use balance::config::Config;
use balance::stats::StatRow;
use balance::{BackendId, FrontendId, Moment};

use super::rate::Rate;
use crate::export::follow::{Context, Logged};

/// HAProxy's limit of connections where nobody sets one.
const MAXCONN: u32 = 2000;

/// Where requests come in. A backend that is asked and that no frontend leads to is taken for
/// a `listen` section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Front {
    Frontend(FrontendId),
    Listen(BackendId),
}

impl Front {
    fn of(context: &Context<'_>, (client, thread): (u32, u32)) -> Self {
        match context.door(client, thread) {
            Some(door) => Self::Frontend(door.frontend),
            None => Self::Listen(context.request(client, thread).backend),
        }
    }
}

/// What is counted of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Counts {
    sessions: u64,
    most: u32,
    requests: u64,
    received: u64,
    sent: u64,
    denied: u64,
    intercepted: u64,
    /// By class, those of no class first.
    answers: [u64; 6],
    session_rate: Rate,
    request_rate: Rate,
}

/// The counts of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fronts {
    counts: BTreeMap<Front, Counts>,
    /// The connections that are open, and where.
    open: BTreeMap<(u32, u32), Front>,
    /// When connections close that their clients have closed already.
    closing: Vec<(Moment, Front)>,
}

impl Fronts {
    /// A request has come in.
    pub(super) fn asked(
        &mut self,
        context: &Context<'_>,
        at: Moment,
        who: (u32, u32),
        first: bool,
    ) {
        let front = Front::of(context, who);
        if first {
            self.open.insert(who, front);
            let present = self.present(front, at);
            let counts = self.counts.entry(front).or_default();
            counts.sessions += 1;
            counts.most = counts.most.max(present);
            counts.session_rate.count(at);
        }
        let counts = self.counts.entry(front).or_default();
        counts.requests += 1;
        counts.request_rate.count(at);
    }

    /// A connection closes at `at`.
    pub(super) fn closed(&mut self, at: Moment, who: (u32, u32)) {
        if let Some(front) = self.open.remove(&who) {
            self.closing.push((at, front));
        }
    }

    /// A request is over.
    pub(super) fn logged(&mut self, context: &Context<'_>, line: &Logged<'_>) {
        let front = Front::of(context, (line.client, line.thread));
        let counts = self.counts.entry(front).or_default();
        counts.received += line.request.proxy;
        counts.sent += line.answer.proxy;
        let class = match line.ending.status / 100 {
            class @ 1..=5 => usize::from(class),
            _ => 0,
        };
        counts.answers[class] += 1;
        // Who answers in the place of a backend: a rule that refuses, or one that redirects.
        if line.ending.server.is_none() {
            match line.ending.flags[..2] {
                [b'P', b'R'] => counts.denied += 1,
                [b'L', b'R'] => counts.intercepted += 1,
                _ => {}
            }
        }
    }

    /// How many connections are open, after those were forgotten that are not.
    fn present(&mut self, front: Front, at: Moment) -> u32 {
        self.closing.retain(|(closes, _)| *closes > at);
        let open = self
            .open
            .values()
            .chain(self.closing.iter().map(|(_, front)| front));
        open.filter(|one| **one == front).count() as u32
    }

    /// The rows of the frontends of `config`, in its order, and those of its `listen` sections
    /// by their backend.
    pub(super) fn rows(
        &mut self,
        config: &Config,
        now: Moment,
    ) -> (Vec<StatRow>, BTreeMap<BackendId, StatRow>) {
        let mut own = Vec::new();
        let mut listens = BTreeMap::new();
        let backends = config.backends.len() as u32;
        for (number, frontend) in (0..).zip(&config.frontends) {
            let http = frontend
                .default_backend
                .and_then(|id| config.backends.get(id.0 as usize));
            let about = About {
                name: &frontend.name,
                proxy: frontend.listen.map_or_else(
                    || StatRow::proxy_of(BackendId(backends + number)),
                    StatRow::proxy_of,
                ),
                http: http.is_none_or(|backend| backend.http),
                maxconn: frontend.maxconn,
            };
            let row = self.row(Front::Frontend(FrontendId(number)), &about, now);
            match frontend.listen {
                Some(backend) => {
                    listens.insert(backend, row);
                }
                None => own.push(row),
            }
        }
        for (number, backend) in (0..).zip(&config.backends) {
            let id = BackendId(number);
            let front = Front::Listen(id);
            let is_listen = config.frontends.is_empty() || self.counts.contains_key(&front);
            if !is_listen || listens.contains_key(&id) {
                continue;
            }
            let about = About {
                name: &backend.name,
                proxy: StatRow::proxy_of(id),
                http: backend.http,
                maxconn: 0,
            };
            listens.insert(id, self.row(front, &about, now));
        }
        (own, listens)
    }

    fn row(&mut self, front: Front, about: &About<'_>, now: Moment) -> StatRow {
        let present = self.present(front, now);
        let counts = self.counts.entry(front).or_default();
        StatRow::of_frontend(about.proxy, |column| {
            counts.value(column, about, present, now)
        })
    }
}

/// What a configuration says of a frontend.
struct About<'a> {
    name: &'a str,
    proxy: u32,
    http: bool,
    maxconn: u32,
}

impl Counts {
    /// The text of a column, as 2.6.12 fills it.
    fn value(&mut self, column: &str, about: &About<'_>, present: u32, now: Moment) -> String {
        let number = match column {
            "pxname" => return about.name.to_owned(),
            "svname" => return "FRONTEND".to_owned(),
            "status" => return "OPEN".to_owned(),
            "mode" => return if about.http { "http" } else { "tcp" }.to_owned(),
            "scur" => present.into(),
            "smax" => self.most.into(),
            "slim" if about.maxconn == 0 => MAXCONN.into(),
            "slim" => about.maxconn.into(),
            "stot" | "conn_tot" => self.sessions,
            "bin" => self.received,
            "bout" => self.sent,
            "dreq" => self.denied,
            "pid" => 1,
            "iid" => about.proxy.into(),
            "rate" | "conn_rate" => self.session_rate.at(now).into(),
            "rate_max" | "conn_rate_max" => self.session_rate.greatest().into(),
            "req_rate" if about.http => self.request_rate.at(now).into(),
            "req_rate_max" if about.http => self.request_rate.greatest().into(),
            "req_tot" if about.http => self.requests,
            "req_rate" | "req_rate_max" | "req_tot" | "sid" | "type" | "rate_lim" | "dresp"
            | "ereq" | "comp_in" | "comp_out" | "comp_byp" | "comp_rsp" | "dcon" | "dses"
            | "wrew" | "eint" => 0,
            _ if !about.http => return String::new(),
            "intercepted" => self.intercepted,
            "cache_lookups" | "cache_hits" => 0,
            "hrsp_1xx" => self.answers[1],
            "hrsp_2xx" => self.answers[2],
            "hrsp_3xx" => self.answers[3],
            "hrsp_4xx" => self.answers[4],
            "hrsp_5xx" => self.answers[5],
            "hrsp_other" => self.answers[0],
            _ => return String::new(),
        };
        number.to_string()
    }
}
