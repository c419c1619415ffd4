//! `set server`, `enable` and `disable`, `set maxconn server`, `add` and `del server`.

use alloc::format;
use alloc::string::{String, ToString};

use super::Order;
use super::weight::leading_number;
use crate::balancer::Balancer;
use crate::config;
use crate::event::Cause;
use crate::farm::Member;
use crate::ids::ServerId;
use crate::pick::Policy;
use crate::profile::Version;
use crate::server::{Operational, Server, admin};
use crate::time::Span;
use crate::words::duration;

impl Balancer {
    pub(super) fn set_server(&mut self, order: &mut Order<'_>) -> String {
        let id = match self.designated(order.word(2)) {
            Ok(id) => id,
            Err(complaint) => return complaint.into(),
        };
        let value = order.word(4);
        match order.word(3) {
            "weight" => self.weigh(order, id, value),
            "state" => self.set_state(order, id, value),
            "health" => self.set_health(order, id, value),
            "agent" => "agent checks are not enabled on this server.\n".into(),
            "addr" => self.set_address(order, id),
            "check-port" => self.set_check_port(id, value),
            "fqdn" => self.set_fqdn(order.word(2)),
            _ => self.set_server_usage(),
        }
    }

    fn set_server_usage(&self) -> String {
        match self.profile.version {
            Version::V2_2 => "'set server <srv>' only supports 'agent', 'health', 'state', 'weight', 'addr', 'fqdn' and 'check-port'.\n".into(),
            Version::V2_6 | Version::V3_4 => "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr | check-port | fqdn | health | ssl | state | weight\n".into(),
        }
    }

    fn set_state(&mut self, order: &mut Order<'_>, id: ServerId, value: &str) -> String {
        let now = order.now;
        match value {
            "ready" => {
                self.leave_drain(now, id, admin::FORCED_DRAIN, Cause::Cli);
                self.leave_maint(now, id, admin::FORCED_MAINT, Cause::Cli, order.chance);
            }
            "drain" => {
                self.enter_drain(now, id, admin::FORCED_DRAIN, Cause::Cli, order.chance);
                self.leave_maint(now, id, admin::FORCED_MAINT, Cause::Cli, order.chance);
            }
            "maint" => {
                self.enter_maint(now, id, admin::FORCED_MAINT, Cause::Cli, order.chance);
                self.leave_drain(now, id, admin::FORCED_DRAIN, Cause::Cli);
            }
            _ => return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n".into(),
        }
        String::new()
    }

    /// Puts the counter of health there; reports it where the state is already what it will be.
    fn put_health(&mut self, id: ServerId, health: u32, settled: impl Fn(&Server) -> bool) {
        let before = self.status_of(id);
        self.server_mut(id).health = health;
        if settled(self.server(id)) {
            self.report(id, before, Cause::Cli);
        }
    }

    fn set_health(&mut self, order: &mut Order<'_>, id: ServerId, value: &str) -> String {
        if self.server(id).tracks.is_some() {
            return "cannot change health on a tracking server.\n".into();
        }
        let now = order.now;
        let in_maint = self.server(id).in_maint();
        let full = self.server(id).full_health();
        match value {
            "up" | "stopping" | "down" if in_maint => {}
            "up" => {
                self.put_health(id, full, |server| server.state.is_up());
                self.set_running(now, id, Cause::Cli, order.chance);
            }
            "stopping" => {
                self.put_health(id, full, |server| server.state == Operational::Stopping);
                self.set_stopping(now, id, Cause::Cli, order.chance);
            }
            "down" => {
                self.put_health(id, 0, Server::is_stopped);
                self.set_stopped(now, id, Cause::Cli, order.chance);
            }
            _ => return "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n".into(),
        }
        String::new()
    }

    fn set_address(&mut self, order: &Order<'_>, id: ServerId) -> String {
        let (value, keyword, port) = (order.word(4), order.word(5), order.word(6));
        if value.is_empty() {
            return "set server <b>/<s> addr requires an address and optionally a port.\n".into();
        }
        let Ok(ip) = value.parse::<core::net::IpAddr>() else {
            return format!("Invalid addr '{value}' by 'stats socket command'\n");
        };
        let port = if keyword == "port" {
            port.parse::<u16>().ok()
        } else {
            None
        };
        let server = self.server_mut(id);
        let old = server.config.address;
        let new_port = port.or(old.map(|old| old.port())).unwrap_or(0);
        server.config.address = Some(core::net::SocketAddr::new(ip, new_port));
        let ip_text = match old {
            Some(old) if old.ip() == ip => "no need to change the addr".to_string(),
            Some(old) => format!("IP changed from '{}' to '{ip}'", old.ip()),
            None => format!("IP changed from '' to '{ip}'"),
        };
        let port_text = match (old, port) {
            (Some(old), Some(port)) if old.port() != port => {
                format!(", port changed from '{}' to '{port}'", old.port())
            }
            (_, Some(_)) => ", no need to change the port".to_string(),
            (_, None) => String::new(),
        };
        format!("{ip_text}{port_text} by 'stats socket command'\n")
    }

    fn set_check_port(&self, id: ServerId, value: &str) -> String {
        let old = self.profile.version == Version::V2_2;
        let number = leading_number(value).filter(|(_, rest)| rest.is_empty());
        let port = number.map(|(port, _)| port);
        match port {
            None if old => "'set server <srv> check-port' expects an integer as argument.\n".into(),
            Some(0..=65535) if old => "health check port updated.\n".into(),
            Some(_) if old => "provided port is not valid.\n".into(),
            _ if !self.server(id).check.configured => {
                "health checks are not enabled on this server".into()
            }
            None => "provided port is not an integer".into(),
            Some(0..=65535) => String::new(),
            Some(_) => "provided port is invalid".into(),
        }
    }

    /// Names are not resolved here.
    fn set_fqdn(&self, server: &str) -> String {
        match self.profile.version {
            Version::V2_2 => format!("could not update {server} FQDN by 'stats socket command'\n"),
            Version::V2_6 | Version::V3_4 => {
                "set server <b>/<s> fqdn failed because no resolution is configured.\n".into()
            }
        }
    }

    pub(super) fn enable_server(&mut self, order: &mut Order<'_>) -> String {
        self.for_server(order, |balancer, order, id| {
            balancer.set_state(order, id, "ready")
        })
    }

    pub(super) fn disable_server(&mut self, order: &mut Order<'_>) -> String {
        self.for_server(order, |balancer, order, id| {
            balancer.set_state(order, id, "maint")
        })
    }

    pub(super) fn enable_health(&mut self, order: &mut Order<'_>) -> String {
        self.for_server(order, |balancer, order, id| {
            if !balancer.server(id).check.configured {
                return match balancer.profile.version {
                    Version::V2_2 => String::new(),
                    _ => "Health check was not configured on this server, cannot enable.\n".into(),
                };
            }
            balancer.switch_checks(order, id, true)
        })
    }

    pub(super) fn disable_health(&mut self, order: &mut Order<'_>) -> String {
        self.for_server(order, |balancer, order, id| {
            balancer.switch_checks(order, id, false)
        })
    }

    fn switch_checks(&mut self, _order: &Order<'_>, id: ServerId, on: bool) -> String {
        let before = self.status_of(id);
        self.server_mut(id).check.enabled = on;
        self.report(id, before, Cause::Cli);
        String::new()
    }

    pub(super) fn enable_agent(&mut self, order: &mut Order<'_>) -> String {
        self.for_server(order, |_, _, _| {
            "Agent was not configured on this server, cannot enable.\n".into()
        })
    }

    pub(super) fn disable_agent(&mut self, order: &mut Order<'_>) -> String {
        self.for_server(order, |_, _, _| String::new())
    }

    pub(super) fn shutdown_sessions(&mut self, order: &mut Order<'_>) -> String {
        match self.designated(order.word(3)) {
            Ok(id) => {
                self.kill_all(order.now, id, b'K');
                String::new()
            }
            Err(complaint) => complaint.into(),
        }
    }

    fn for_server(
        &mut self,
        order: &mut Order<'_>,
        act: impl Fn(&mut Self, &mut Order<'_>, ServerId) -> String,
    ) -> String {
        match self.designated(order.word(2)) {
            Ok(id) => act(self, order, id),
            Err(complaint) => complaint.into(),
        }
    }

    /// `minconn` follows when both were equal; then the queue runs if it may.
    pub(super) fn set_maxconn_server(&mut self, order: &mut Order<'_>) -> String {
        let id = match self.designated(order.word(3)) {
            Ok(id) => id,
            Err(complaint) => return complaint.into(),
        };
        let text = order.word(4);
        if text.is_empty() {
            return "Require <maxconn>.\n".into();
        }
        let Some((number, rest)) = leading_number(text) else {
            return "maxconn string empty or preceded by garbage".into();
        };
        if !rest.is_empty() {
            return "Trailing garbage in maxconn string".into();
        }
        let maxconn = number as u32;
        let member = &mut self.backends[id.backend.0 as usize].farm.members[id.slot as usize];
        if member.maxconn == member.minconn {
            member.minconn = maxconn;
        }
        member.maxconn = maxconn;
        let backend = &mut self.backends[id.backend.0 as usize];
        backend.picker.limited(&backend.farm, id.slot);
        self.dequeue(order.now, id.backend, id.slot);
        String::new()
    }

    /// `add server B/S addr[:port] [options]`: registers it, in maintenance.
    pub(super) fn add_server(&mut self, order: &mut Order<'_>) -> String {
        let (Some((backend, name)), address) = (order.word(2).split_once('/'), order.word(3))
        else {
            return "Require 'backend/server'.\n".into();
        };
        if name.is_empty() {
            return "Require 'backend/server'.\n".into();
        }
        let Some(backend) = self.find_backend(backend) else {
            return "No such backend.\n".into();
        };
        let index = backend.0 as usize;
        if !self.backends[index].dynamic {
            return self.refuse_static(index);
        }
        // 2.6 reads the whole line before it looks at the name, 3.4 looks at the name first.
        let taken = self.backends[index].slot_named(name).is_some();
        let name_first = self.profile.version >= Version::V3_4;
        if taken && name_first {
            return NAME_TAKEN.into();
        }
        if address.is_empty() {
            return "'server' expects <name> and <addr>[:<port>] as arguments.\n".into();
        }
        let settings = match self.read_server(index, name, address, &order.words[4..]) {
            Ok(settings) => settings,
            Err(complaint) => return complaint,
        };
        if taken {
            return NAME_TAKEN.into();
        }
        self.register(order, index, settings);
        "New server registered.\n".into()
    }

    /// Reads the options of `add server`, in HAProxy's order of complaints: the first wrong
    /// word speaks. Numbers are read as far as they go, and are 0 where there is none.
    fn read_server(
        &self,
        index: usize,
        name: &str,
        address: &str,
        words: &[&str],
    ) -> Result<config::Server, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if let Some(wrong) = name.chars().find(|c| !allowed(*c)) {
            return Err(format!(
                "character '{wrong}' is not permitted in server name '{name}'.\n"
            ));
        }
        let mut server = config::Server {
            name: name.into(),
            address: address.parse().ok(),
            ..config::Server::default()
        };
        // A cookie can be given since some version after 2.6, `enabled` no longer since then.
        let takes_cookies = self.profile.version >= Version::V3_4;
        let refused = if takes_cookies { "enabled" } else { "cookie" };
        let mut words = words.iter().copied();
        while let Some(keyword) = words.next() {
            let mut number = || {
                let text = words.next().unwrap_or("");
                leading_number(text).map_or(0, |(number, _)| number)
            };
            match keyword {
                "backup" => server.backup = true,
                "no-backup" => server.backup = false,
                "disabled" => server.disabled = true,
                "weight" => {
                    let weight = number();
                    if !(0..=256).contains(&weight) {
                        return Err(format!(
                            "weight of server {name} is not within 0 and 256 ({weight})..\n"
                        ));
                    }
                    server.weight = weight as u32;
                }
                "id" => server.id = Some(self.free_id(index, words.next())?),
                "maxconn" => server.maxconn = number() as u32,
                "minconn" => server.minconn = number() as u32,
                "maxqueue" => server.maxqueue = number() as u32,
                "slowstart" => {
                    let text = words.next().unwrap_or("");
                    let time = duration(text, Span::from_millis(1));
                    server.slowstart = time.ok_or("unexpected character '.\n")?;
                }
                "cookie" if takes_cookies => server.cookie = words.next().map(Into::into),
                _ if keyword == refused || REFUSED_OPTIONS.contains(&keyword) => {
                    return Err(format!(
                        "'{keyword}' option is not accepted for dynamic server\n"
                    ));
                }
                _ => return Err(format!("unknown keyword '{keyword}'.\n")),
            }
        }
        Ok(server)
    }

    /// The argument of `id`, if no server of backend `index` has that number.
    fn free_id(&self, index: usize, text: Option<&str>) -> Result<u32, String> {
        let text = text.ok_or("'id' : expects an integer argument.\n")?;
        let id = leading_number(text).map_or(0, |(number, _)| number);
        if id <= 0 {
            return Err(match self.profile.version {
                Version::V2_2 | Version::V2_6 => "'id' : custom id has to be > 0.\n".into(),
                Version::V3_4 => "'id' : custom id has to be between 1 and 4294967295..\n".into(),
            });
        }
        let id = id as u32;
        match self.holder_of(index, id) {
            None => Ok(id),
            Some(holder) => Err(format!(
                "'id' : custom id {id} already used at (null):0 ('server {holder}').\n"
            )),
        }
    }

    fn refuse_static(&self, index: usize) -> String {
        if self.profile.version < Version::V3_4 {
            return "Backend must use a dynamic load balancing to support dynamic servers.".into();
        }
        let name = &self.backends[index].config.name;
        format!(
            "Backend does not support dynamic servers : backend '{name}' uses a non dynamic load balancing method.\n"
        )
    }

    /// The server of backend `index` that has the numeric `id`.
    fn holder_of(&self, index: usize, id: u32) -> Option<&str> {
        let backend = &self.backends[index];
        let slot = (0..backend.servers.len())
            .find(|slot| !backend.servers[*slot].deleted && backend.farm.members[*slot].id == id)?;
        Some(&backend.servers[slot].config.name)
    }

    fn register(&mut self, order: &Order<'_>, index: usize, settings: config::Server) {
        let anonymous = settings.id.is_none();
        let mut flags = admin::FORCED_MAINT;
        if settings.disabled && self.profile.version < Version::V3_4 {
            flags |= admin::CONFIGURED_MAINT;
        }
        let number = settings.id.unwrap_or_else(|| {
            (1..=u32::MAX)
                .find(|id| self.holder_of(index, *id).is_none())
                .expect("some number is free")
        });
        let backend = &mut self.backends[index];
        let weight = crate::backend::WEIGHT_SCALE * settings.weight;
        let id = ServerId {
            backend: backend.id,
            slot: backend.servers.len() as u32,
        };
        let mut member = Member::new(&settings, number);
        member.anonymous = anonymous;
        // Until it first leaves maintenance it weighs what a server without `weight` does.
        member.weight = if !self.profile.maintenance_freezes_weight {
            settings.weight * crate::backend::WEIGHT_SCALE
        } else if backend.dynamic {
            crate::backend::WEIGHT_SCALE
        } else {
            1
        };
        let disabled = config::Server {
            disabled: true,
            check: None,
            ..settings
        };
        let mut server = Server::new(id, disabled, order.now);
        server.admin = flags;
        backend.cookies.set(id.slot, server.cookie.clone());
        backend.farm.members.push(member);
        backend.cookies.set(id.slot, server.cookie.clone());
        backend.servers.push(server);
        backend.picker.added(&backend.farm, id.slot, weight);
    }

    /// `del server B/S`: only from maintenance, without connections.
    pub(super) fn del_server(&mut self, order: &mut Order<'_>) -> String {
        let id = match self.designated(order.word(2)) {
            Ok(id) => id,
            Err(complaint) => return complaint.into(),
        };
        let server = self.server(id);
        if !server.trackers.is_empty() || server.tracks.is_some() {
            return "This server cannot be removed at runtime due to other configuration elements pointing to it.".into();
        }
        if !server.in_maint() {
            return "Only servers in maintenance mode can be deleted.".into();
        }
        let member = &self.backends[id.backend.0 as usize].farm.members[id.slot as usize];
        if server.connections > 0 || member.served > 0 || member.queued > 0 {
            return "Server still has connections attached to it, cannot remove it.".into();
        }
        self.server_mut(id).deleted = true;
        let backend = &mut self.backends[id.backend.0 as usize];
        backend.cookies.set(id.slot, None);
        if backend.idle == Some(id.slot) {
            backend.idle = None;
        }
        "Server deleted.".into()
    }
}

const NAME_TAKEN: &str = "Already exists a server with the same name in backend.\n";

/// The options of a `server` line that `add server` refuses.
const REFUSED_OPTIONS: [&str; 16] = [
    "init-addr",
    "log-proto",
    "max-reuse",
    "namespace",
    "no-agent-check",
    "no-check",
    "no-ssl",
    "non-stick",
    "redir",
    "resolve-net",
    "resolve-opts",
    "resolve-prefer",
    "resolvers",
    "socks4",
    "stick",
    "tcp-ut",
];
