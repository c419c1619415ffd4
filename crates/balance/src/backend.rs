//! One backend at work: its farm, its policy, its line, its counters.

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::{self, Balance};
use crate::error::ConfigError;
use crate::farm::{Farm, Member};
use crate::flow::{Flow, Mark, Phase};
use crate::ids::{BackendId, ServerId};
use crate::pick::{Picker, Policy};
use crate::profile::Profile;
use crate::queue::Queue;
use crate::server::{Checking, Counters, Operational, Server, admin};
use crate::stick::cookie::CookieValues;
use crate::stick::table::StickTable;
use crate::time::{Moment, Span};
use crate::timers::{LaneIndex, Timers};

/// Which lane each time limit of a backend uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub connect: LaneIndex,
    pub server: LaneIndex,
    pub queue: LaneIndex,
    pub pause: LaneIndex,
    pub tarpit: LaneIndex,
}

/// A backend and all it remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backend {
    pub id: BackendId,
    pub config: config::Backend,
    /// Whether weights may change freely at run time.
    pub dynamic: bool,
    /// Whether a cookie or a table may bind requests to servers.
    pub persists: bool,
    /// Whether rules look at its requests.
    pub ruled: bool,
    /// Whether balancing hashes a key of each request.
    pub hashes: bool,
    /// Greatest common divisor of the configured weights (static algorithms); else 1.
    pub divisor: u32,
    pub farm: Farm,
    pub picker: Picker,
    pub servers: Vec<Server>,
    /// The cookie values of the servers.
    pub cookies: CookieValues,
    /// The entries of its stick table, if it has one.
    pub table: StickTable,
    pub queue: Queue,
    /// A server found idle while nobody was served: the next request that would wait
    /// starts there (3.4).
    pub idle: Option<u32>,
    pub limits: Limits,
    pub counters: Counters,
    pub last_change: Moment,
    pub down_time: u64,
}

/// Greatest common divisor; 0 is neutral.
fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Backend {
    pub(crate) fn new(
        id: BackendId,
        config: config::Backend,
        profile: &Profile,
        timers: &mut Timers,
        now: Moment,
    ) -> Self {
        let dynamic = config.balance.is_dynamic(config.hash);
        let divisor = if dynamic {
            1
        } else {
            config.servers.iter().map(|s| s.weight).fold(0, gcd).max(1)
        };
        let limits = Limits {
            connect: timers.lane(config.timeout_connect),
            server: timers.lane(config.timeout_server),
            queue: timers.lane(config.timeout_queue.or(config.timeout_connect)),
            pause: timers.lane(Some(retry_pause(config.timeout_connect))),
            tarpit: timers.lane(config.timeout_tarpit.or(config.timeout_connect)),
        };
        let mut farm = Farm {
            fullconn: config.fullconn.max(1),
            allbackups: config.allbackups,
            ..Farm::default()
        };
        let mut servers = Vec::with_capacity(config.servers.len());
        let numbers = numeric_ids(&config.servers);
        for (slot, (settings, number)) in config.servers.iter().zip(numbers).enumerate() {
            let server_id = ServerId {
                backend: id,
                slot: slot as u32,
            };
            let mut server = Server::new(server_id, settings.clone(), now);
            server.cookie = cookie_value(config.cookie.as_ref(), settings);
            let mut member = Member::new(settings, number);
            member.weight = effective_weight(dynamic, divisor, &server, now);
            member.usable = server.is_usable(member.weight);
            farm.members.push(member);
            servers.push(server);
        }
        farm.count();
        let persists = config.cookie.is_some() || config.stick.is_some();
        let hashes = matches!(config.balance, Balance::Hash(_));
        let ruled = !config.rules.is_empty()
            || !config.persist_rules.is_empty()
            || !config.use_server.is_empty();
        let mut cookies = CookieValues::default();
        for server in &servers {
            cookies.set(server.id.slot, server.cookie.clone());
        }
        let picker = Picker::new(
            &config.balance,
            config.hash,
            config.hash_balance_factor,
            profile,
            &farm,
        );
        Self {
            id,
            config,
            dynamic,
            persists,
            ruled,
            hashes,
            divisor,
            farm,
            picker,
            servers,
            cookies,
            table: StickTable::default(),
            queue: Queue::default(),
            idle: None,
            limits,
            counters: Counters::default(),
            last_change: now,
            down_time: 0,
        }
    }

    /// Gives `flow` a slot on `slot`.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn take_slot(&mut self, now: Moment, flow: &mut Flow, slot: u32) {
        flow.marks.set(Mark::Slot);
        flow.assigned_at = now;
        self.farm.served += 1;
        self.farm.members[slot as usize].served += 1;
        self.picker.took(&self.farm, slot);
    }

    /// Takes the slot back, if `flow` holds one.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn drop_slot(&mut self, flow: &mut Flow) {
        if !flow.marks.take(Mark::Slot) {
            return;
        }
        self.farm.served -= 1;
        self.farm.members[flow.server as usize].served -= 1;
        self.picker.dropped(&self.farm, flow.server);
    }

    /// The connection of `flow` no longer counts on its server.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn uncount(&mut self, flow: &mut Flow) {
        if flow.marks.take(Mark::Counted) {
            self.servers[flow.server as usize].connections -= 1;
        }
    }

    /// Whether somebody is in a line from which `slot` may take.
    #[inline]
    pub(crate) fn has_waiting(&self, slot: u32) -> bool {
        self.farm.members[slot as usize].has_waiting(self.farm.queued)
    }

    /// Closes the books of `flow`, which is over after an answer of so many bytes: its
    /// connection no longer counts, its slot is free, how long it took is in the averages of
    /// `show stat`. Whether somebody is in a line from which its server may take now.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(crate) fn count_end(&mut self, now: Moment, flow: &mut Flow, bytes: u64) -> bool {
        flow.phase = Phase::Over;
        flow.until = now;
        self.counters.bout += bytes;
        let slot = flow.server as usize;
        // Without a server its place is beyond them all.
        let (Some(server), Some(member)) =
            (self.servers.get_mut(slot), self.farm.members.get_mut(slot))
        else {
            return false;
        };
        server.counters.bout += bytes;
        if flow.marks.take(Mark::Counted) {
            server.connections -= 1;
        }
        let had_slot = flow.marks.take(Mark::Slot);
        member.served -= u32::from(had_slot);
        let waiting = member.has_waiting(self.farm.queued);
        if flow.answered_at != Moment::NEVER {
            let times = flow.lapses();
            self.counters.times.add(times);
            server.counters.times.add(times);
        }
        if had_slot {
            self.farm.served -= 1;
            self.picker.dropped(&self.farm, flow.server);
        }
        waiting
    }

    /// The effective weight `slot` would have now (spec: balancing, 1.2).
    pub(crate) fn weight_now(&self, slot: u32, now: Moment) -> u32 {
        effective_weight(
            self.dynamic,
            self.divisor,
            &self.servers[slot as usize],
            now,
        )
    }

    /// The weight people see: `ceil(effective x divisor / scale)`.
    pub(crate) fn weight_shown(&self, weight: u32) -> u32 {
        let scale = if self.dynamic { WEIGHT_SCALE } else { 1 };
        (weight * self.divisor).div_ceil(scale)
    }

    /// The server that `slot`'s health stands for: the end of its tracking chain.
    pub(crate) fn slot_named(&self, name: &str) -> Option<u32> {
        self.servers
            .iter()
            .position(|server| !server.deleted && server.config.name == name)
            .map(|slot| slot as u32)
    }
}

/// The persistence cookie's value for a server: its own, or one made of its address
/// (`cookie ... dynamic`).
pub(crate) fn cookie_value(
    cookie: Option<&config::Cookie>,
    server: &config::Server,
) -> Option<String> {
    let made = || {
        let key = cookie?.dynamic_key.as_deref()?;
        Some(crate::hash::dynamic_cookie(key, server.address?))
    };
    server.cookie.clone().or_else(made)
}

/// Sixteen steps per unit of weight for dynamic algorithms.
pub(crate) const WEIGHT_SCALE: u32 = 16;

fn effective_weight(dynamic: bool, divisor: u32, server: &Server, now: Moment) -> u32 {
    if !dynamic {
        return server.uweight.div_ceil(divisor);
    }
    let slowstart = server.slowstart_secs() as u32;
    let scale = if server.state == Operational::Starting && slowstart > 0 {
        let elapsed = (server.change_age(now) as u32).min(slowstart);
        ((WEIGHT_SCALE * elapsed + slowstart) / slowstart).min(WEIGHT_SCALE)
    } else {
        WEIGHT_SCALE
    };
    server.uweight * scale
}

/// The pause before a refused connection is tried again: one second, or less if
/// `timeout connect` is less (spec: queues, 5).
fn retry_pause(connect: Option<Span>) -> Span {
    let second = Span::from_millis(1000);
    connect.map_or(second, |limit| limit.min(second))
}

/// HAProxy's numeric ids for `servers`, in order (spec: balancing, 1.1).
pub(crate) fn numeric_ids(servers: &[config::Server]) -> Vec<u32> {
    let mut taken: Vec<u32> = servers.iter().filter_map(|server| server.id).collect();
    taken.sort_unstable();
    let mut counter = 1;
    servers
        .iter()
        .map(|server| {
            let id = server.id.unwrap_or_else(|| {
                while let Ok(_used) = taken.binary_search(&counter) {
                    counter += 1;
                }
                counter
            });
            counter += 1;
            id
        })
        .collect()
}

/// Everything in `config` that contradicts itself.
pub(crate) fn check(config: &config::Config) -> Result<(), Vec<ConfigError>> {
    let mut errors = Vec::new();
    let mut names = alloc::collections::BTreeSet::new();
    for backend in &config.backends {
        if !names.insert(&backend.name) {
            errors.push(ConfigError::DuplicateBackend(backend.name.clone()));
        }
        check_backend(backend, &mut errors);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn check_backend(backend: &config::Backend, errors: &mut Vec<ConfigError>) {
    // Without retries the interval is never looked at.
    if let Some(interval) = backend.redispatch
        && interval < 0
        && backend.retries > 0
        && i64::from(backend.retries) + 1 + i64::from(interval) == 0
    {
        errors.push(ConfigError::Redispatch {
            backend: backend.name.clone(),
            interval,
            retries: backend.retries,
        });
    }
    let mut names = alloc::collections::BTreeSet::new();
    let mut ids = alloc::collections::BTreeSet::new();
    for server in &backend.servers {
        let (name, owner) = (&server.name, &backend.name);
        if !names.insert(name) {
            errors.push(ConfigError::DuplicateServer {
                backend: owner.clone(),
                server: name.clone(),
            });
        }
        if let Some(id) = server.id
            && !ids.insert(id)
        {
            errors.push(ConfigError::DuplicateId {
                backend: owner.clone(),
                server: name.clone(),
                id,
            });
        }
        if server.weight > 256 {
            errors.push(ConfigError::Weight {
                backend: owner.clone(),
                server: name.clone(),
                weight: server.weight,
            });
        }
        if server
            .check
            .as_ref()
            .is_some_and(|check| check.rise == 0 || check.fall == 0)
        {
            errors.push(ConfigError::Threshold {
                backend: owner.clone(),
                server: name.clone(),
            });
        }
    }
}

impl Server {
    /// A server as it stands at the start of the process.
    pub(crate) fn new(id: ServerId, config: config::Server, now: Moment) -> Self {
        let (rise, fall) = config
            .check
            .as_ref()
            .map_or((2, 3), |check| (check.rise, check.fall));
        let disabled = config.disabled;
        let check = Checking {
            configured: config.check.is_some(),
            enabled: config.check.is_some(),
            paused: disabled,
            ..Checking::default()
        };
        let (state, health) = match (disabled, config.init_state) {
            (true, _) | (_, config::InitState::FullyDown) => (Operational::Stopped, 0),
            (_, config::InitState::FullyUp) => (Operational::Running, rise + fall - 1),
            (_, config::InitState::Down) => (Operational::Stopped, rise - 1),
            (_, config::InitState::None | config::InitState::Up) => (Operational::Running, rise),
        };
        Self {
            id,
            cookie: config.cookie.clone(),
            deleted: false,
            uweight: config.weight,
            iweight: config.weight,
            state,
            admin: if disabled {
                admin::FORCED_MAINT | admin::CONFIGURED_MAINT
            } else {
                0
            },
            health,
            rise,
            fall,
            last_change: now,
            down_time: 0,
            check,
            errors: 0,
            connections: 0,
            queue: Queue::default(),
            counters: Counters::default(),
            tracks: None,
            trackers: Vec::new(),
            warm_at: None,
            config,
        }
    }

    /// Whether balancing may use it with this effective weight (spec: balancing, 1.3).
    pub(crate) fn is_usable(&self, weight: u32) -> bool {
        weight > 0 && !self.in_maint() && !self.in_drain() && self.state.is_up() && !self.deleted
    }
}

impl Member {
    /// A member with the limits of `settings` and the numeric id `id`.
    pub(crate) fn new(settings: &config::Server, id: u32) -> Self {
        let mut member = Self {
            id,
            backup: settings.backup,
            warmth: 100,
            ..Self::default()
        };
        member.limit(settings.maxconn, settings.minconn);
        member.maxqueue = settings.maxqueue;
        member
    }

    /// Sets `maxconn` and `minconn`: one alone stands for both, and the larger is the
    /// maximum (spec: queues, 2).
    pub(crate) fn limit(&mut self, maxconn: u32, minconn: u32) {
        let maxconn = if maxconn == 0 {
            minconn
        } else {
            maxconn.max(minconn)
        };
        self.maxconn = maxconn;
        self.minconn = if minconn == 0 { maxconn } else { minconn };
    }
}
