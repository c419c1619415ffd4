//! `server` lines: HAProxy's keywords, with `default_server` under them.

use std::collections::BTreeSet;

use balance::Span;
use balance::config::{self, Backend, InitState, Observe, OnError};

use super::proxy::Layers;
use super::{At, Check};
use crate::scenario::diagnostic::Code;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::schema::{Proxy, Server, Time};
use crate::scenario::suggest;

/// The innermost setting called `$key`, with its place.
macro_rules! setting {
    ($layers:expr, $key:ident) => {
        $layers.iter().rev().find_map(|(at, server)| {
            let value = server.$key.as_ref()?;
            Some((at.field(stringify!($key)), value))
        })
    };
}

impl Check {
    /// The servers of `backend`: those written, or one for each node; if the backend was
    /// imported, changes of those it has.
    pub(super) fn servers(
        &mut self,
        backend: &mut Backend,
        layers: &Layers<'_, Proxy>,
        nodes: &[String],
        imported: bool,
    ) {
        let defaults: Vec<(At<'_>, &Server)> = layers
            .iter()
            .filter_map(|(at, proxy)| {
                Some((at.field("default_server"), proxy.default_server.as_ref()?))
            })
            .collect();
        let Some((at, own)) = layers.last() else {
            return;
        };
        let at = at.field("servers");
        if imported {
            self.change_servers(backend, at, own, &defaults);
            return;
        }
        match &own.servers {
            Some(servers) => {
                for (name, server) in &servers.0 {
                    self.proper_name(at.field(name), name);
                    let mut lines = defaults.clone();
                    lines.push((at.field(name), server));
                    let server = self.server_line(named(name), &lines);
                    backend.servers.push(server);
                }
            }
            None => {
                for name in nodes {
                    let server = self.server_line(named(name), &defaults);
                    backend.servers.push(server);
                }
            }
        }
        for server in &mut backend.servers {
            if let Some((owner, _)) = &mut server.track
                && owner.is_empty()
            {
                owner.clone_from(&backend.name);
            }
        }
        // Who writes `servers: {}` means it: rules may answer in their stead.
        let meant = own.servers.is_some() && at.holes().is_empty();
        if backend.servers.is_empty() && !meant && !self.nodes_refused && !self.servers_refused {
            let complaint = Diagnostic::new(
                Code::Missing,
                format!("backend `{}` has no server", backend.name),
                at.head(),
            )
            .help("declare a node (each gets a server): nodes: { \"s1\": (service: \"3ms\") }");
            self.say(at, complaint);
        }
    }

    fn change_servers(
        &mut self,
        backend: &mut Backend,
        at: At<'_>,
        own: &Proxy,
        defaults: &[(At<'_>, &Server)],
    ) {
        let changes = own.servers.as_ref().map_or(&[][..], |servers| &servers.0);
        let known: BTreeSet<&str> = backend.servers.iter().map(|s| s.name.as_str()).collect();
        for (name, _) in changes {
            if !known.contains(name.as_str()) {
                let at = at.field(name);
                let complaint = super::names::unknown("server", name, at.head());
                let complaint = suggest::attach(complaint, name, known.iter().copied());
                self.say(at, complaint);
            }
        }
        let servers = std::mem::take(&mut backend.servers);
        for server in servers {
            let mut lines = defaults.to_vec();
            if let Some((name, change)) = changes.iter().find(|(name, _)| *name == server.name) {
                lines.push((at.field(name), change));
            }
            let server = self.server_line(server, &lines);
            backend.servers.push(server);
        }
    }

    /// `server` with the settings of `lines` on top, the last being the strongest.
    fn server_line(
        &mut self,
        mut server: config::Server,
        lines: &[(At<'_>, &Server)],
    ) -> config::Server {
        self.capacity(&mut server, lines);
        self.health(&mut server, lines);
        self.reactions(&mut server, lines);
        if let Some((_, &backup)) = setting!(lines, backup) {
            server.backup = backup;
        }
        if let Some((_, &disabled)) = setting!(lines, disabled) {
            server.disabled = disabled;
        }
        if let Some((_, cookie)) = setting!(lines, cookie) {
            server.cookie = Some(cookie.clone());
        }
        if let Some((at, &id)) = setting!(lines, id) {
            server.id = self.small(at, Some(id), 1).or(server.id);
        }
        if let Some((at, address)) = setting!(lines, address) {
            server.address = address.parse().ok();
            if server.address.is_none() {
                let complaint = Diagnostic::new(
                    Code::Range,
                    format!("{address:?} is not an address with a port"),
                    at.place(),
                )
                .accepted("\"192.168.42.11:3000\", \"[::1]:3000\"");
                self.say(at, complaint);
            }
        }
        server
    }

    fn capacity(&mut self, server: &mut config::Server, lines: &[(At<'_>, &Server)]) {
        if let Some((at, &weight)) = setting!(lines, weight) {
            let weight = self.whole(at, Some(weight), 0..=256);
            server.weight = weight.map_or(server.weight, |weight| weight as u32);
        }
        if let Some((at, &maxconn)) = setting!(lines, maxconn) {
            server.maxconn = self.small(at, Some(maxconn), 0).unwrap_or(server.maxconn);
        }
        if let Some((at, &minconn)) = setting!(lines, minconn) {
            server.minconn = self.small(at, Some(minconn), 0).unwrap_or(server.minconn);
        }
        if let Some((at, &maxqueue)) = setting!(lines, maxqueue) {
            server.maxqueue = self.small(at, Some(maxqueue), 0).unwrap_or(server.maxqueue);
        }
        if let Some((at, slowstart)) = setting!(lines, slowstart) {
            server.slowstart = self.span(at, Some(slowstart)).unwrap_or(server.slowstart);
        }
    }

    fn health(&mut self, server: &mut config::Server, lines: &[(At<'_>, &Server)]) {
        match setting!(lines, check) {
            Some((_, true)) if server.check.is_none() => {
                server.check = Some(config::Check::default());
            }
            Some((_, false)) => server.check = None,
            _ => {}
        }
        // The settings of a check are read even where none is made, so that errors show.
        let mut check = server.check.clone().unwrap_or_default();
        if let Some((at, inter)) = setting!(lines, inter) {
            check.inter = self.interval(at, inter).unwrap_or(check.inter);
        }
        if let Some((at, fastinter)) = setting!(lines, fastinter) {
            check.fastinter = self.interval(at, fastinter).or(check.fastinter);
        }
        if let Some((at, downinter)) = setting!(lines, downinter) {
            check.downinter = self.interval(at, downinter).or(check.downinter);
        }
        if let Some((at, &rise)) = setting!(lines, rise) {
            check.rise = self.small(at, Some(rise), 1).unwrap_or(check.rise);
        }
        if let Some((at, &fall)) = setting!(lines, fall) {
            check.fall = self.small(at, Some(fall), 1).unwrap_or(check.fall);
        }
        if let Some((at, track)) = setting!(lines, track) {
            server.track = Some(match track.split_once('/') {
                Some((backend, tracked)) => (backend.to_owned(), tracked.to_owned()),
                None => (String::new(), track.clone()),
            });
            if setting!(lines, check).is_some_and(|(_, &check)| check) {
                let complaint = Diagnostic::new(
                    Code::Clash,
                    "a server that tracks another makes no checks of its own",
                    at.place(),
                )
                .help("remove `check` or `track`");
                self.say(at, complaint);
            }
        }
        match &mut server.check {
            Some(kept) => *kept = check,
            None => self.idle_check_settings(lines),
        }
    }

    /// An interval between checks. HAProxy counts them in whole milliseconds and refuses 0.
    fn interval(&mut self, at: At<'_>, written: &Time) -> Option<Span> {
        let span = self.span(at, Some(written))?;
        if span < Span::from_millis(1) {
            self.out_of_range(at, &written.0, "1ms or more");
            return None;
        }
        Some(span)
    }

    /// `inter` and the like on a server's own line, with no check to use them.
    fn idle_check_settings(&mut self, lines: &[(At<'_>, &Server)]) {
        let Some((at, _)) = lines.last() else {
            return;
        };
        for key in ["inter", "fastinter", "downinter", "rise", "fall"] {
            let setting = at.field(key);
            if setting.is_there() {
                self.idle(
                    setting,
                    &format!("`{key}` is for checks, and there is none"),
                );
            }
        }
    }

    fn reactions(&mut self, server: &mut config::Server, lines: &[(At<'_>, &Server)]) {
        if let Some((at, word)) = setting!(lines, on_marked_down) {
            let known = [("shutdown-sessions", true)];
            server.on_marked_down_shutdown = self.one_of(at, Some(word), &known).is_some();
        }
        if let Some((at, word)) = setting!(lines, on_marked_up) {
            let known = [("shutdown-backup-sessions", true)];
            server.on_marked_up_shutdown_backup = self.one_of(at, Some(word), &known).is_some();
        }
        if let Some((at, word)) = setting!(lines, observe) {
            let known = [("layer4", Observe::Layer4), ("layer7", Observe::Layer7)];
            server.observe = self.one_of(at, Some(word), &known).unwrap_or_default();
        }
        if let Some((at, &limit)) = setting!(lines, error_limit) {
            server.error_limit = self.small(at, Some(limit), 1).unwrap_or(server.error_limit);
        }
        if let Some((at, word)) = setting!(lines, on_error) {
            let known = [
                ("fastinter", OnError::Fastinter),
                ("fail-check", OnError::FailCheck),
                ("sudden-death", OnError::SuddenDeath),
                ("mark-down", OnError::MarkDown),
            ];
            server.on_error = self.one_of(at, Some(word), &known).unwrap_or_default();
        }
        if let Some((at, word)) = setting!(lines, init_state) {
            let known = [
                ("none", InitState::None),
                ("fully-up", InitState::FullyUp),
                ("up", InitState::Up),
                ("down", InitState::Down),
                ("fully-down", InitState::FullyDown),
            ];
            server.init_state = self.one_of(at, Some(word), &known).unwrap_or_default();
        }
    }
}

fn named(name: &str) -> config::Server {
    config::Server {
        name: name.to_owned(),
        ..config::Server::default()
    }
}
