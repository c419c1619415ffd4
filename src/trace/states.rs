//! Which state every server is in, followed through the events of a run.

use std::collections::BTreeMap;
use std::fmt;

use balance::config::{Config, InitState, Server};
use balance::event::Status;
use balance::{BackendId, Moment, ServerId};

use super::Event;

/// The situations that differ in what a server may receive (spec: server states, 2),
/// without the counters of [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Takes everything: `UP`, or `no check`.
    Up,
    /// Takes only what is bound to it: `DRAIN`.
    Drain,
    /// The same, by its own answer to a check: `NOLB`.
    NoLb,
    /// Takes nothing: `DOWN`.
    Down,
    /// Takes nothing and is not checked: `MAINT`.
    Maint,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Up, Self::Drain, Self::NoLb, Self::Down, Self::Maint];

    /// The situation that a status describes.
    pub fn of(status: Status) -> Self {
        match status {
            Status::Up | Status::UpGoingDown(..) | Status::NoCheck => Self::Up,
            Status::Drain | Status::DrainGoingDown(..) => Self::Drain,
            Status::NoLb | Status::NoLbGoingDown(..) => Self::NoLb,
            Status::Down | Status::DownGoingUp(..) => Self::Down,
            Status::Maint | Status::MaintVia(_) => Self::Maint,
        }
    }

    /// HAProxy's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Up => "UP",
            Self::Drain => "DRAIN",
            Self::NoLb => "NOLB",
            Self::Down => "DOWN",
            Self::Maint => "MAINT",
        }
    }

    /// Whether the algorithm may choose the server.
    pub fn is_balanced(self) -> bool {
        self == Self::Up
    }

    /// Whether a cookie that names the server is honoured.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Up | Self::Drain | Self::NoLb)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The present status of every server and since when its [`Place`] is the present one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    /// None for servers of which nothing was told yet.
    backends: Vec<Vec<Option<(Status, Moment)>>>,
}

impl States {
    /// The states at the start of a proxy with these settings.
    pub fn at_start(config: &Config) -> Self {
        let mut start = Start::of(config);
        let backends = (0..).zip(&config.backends).map(|(place, settings)| {
            let backend = BackendId(place);
            let slots = 0..settings.servers.len() as u32;
            let ids = slots.map(|slot| ServerId { backend, slot });
            ids.map(|id| Some((start.status(id), Moment::ZERO)))
                .collect()
        });
        Self {
            backends: backends.collect(),
        }
    }

    /// The present status of `server`; none if nothing was ever told of it.
    pub fn status(&self, server: ServerId) -> Option<Status> {
        self.cell(server).map(|(status, _)| *status)
    }

    /// Where `server` is, and since when; `UP` from the beginning if nothing was told of it.
    pub fn place(&self, server: ServerId) -> (Place, Moment) {
        self.cell(server)
            .map_or((Place::Up, Moment::ZERO), |(status, since)| {
                (Place::of(*status), *since)
            })
    }

    /// Follows an event.
    pub fn follow(&mut self, at: Moment, event: &Event) {
        let Event::Balancer(balance::Event::StateChanged {
            server, from, to, ..
        }) = *event
        else {
            return;
        };
        let backend = server.backend.0 as usize;
        let slot = server.slot as usize;
        if backend >= self.backends.len() {
            self.backends.resize_with(backend + 1, Vec::new);
        }
        let servers = &mut self.backends[backend];
        if slot >= servers.len() {
            servers.resize(slot + 1, None);
        }
        let (before, since) = servers[slot].unwrap_or((from, Moment::ZERO));
        let stays = Place::of(before) == Place::of(to);
        servers[slot] = Some((to, if stays { since } else { at }));
    }

    fn cell(&self, server: ServerId) -> Option<&(Status, Moment)> {
        let backend = self.backends.get(server.backend.0 as usize)?;
        backend.get(server.slot as usize)?.as_ref()
    }
}

/// The statuses of servers when the process starts (spec: server states, 1 and 4).
struct Start<'a> {
    config: &'a Config,
    /// Where servers are, by the names of backend and server; empty if nobody tracks anybody.
    places: BTreeMap<(&'a str, &'a str), ServerId>,
    known: BTreeMap<ServerId, Status>,
}

impl<'a> Start<'a> {
    fn of(config: &'a Config) -> Self {
        let mut start = Self {
            config,
            places: BTreeMap::new(),
            known: BTreeMap::new(),
        };
        let mut servers = config.backends.iter().flat_map(|backend| &backend.servers);
        if servers.any(|server| server.track.is_some()) {
            for (place, settings) in (0..).zip(&config.backends) {
                for (slot, server) in (0..).zip(&settings.servers) {
                    let names = (settings.name.as_str(), server.name.as_str());
                    let backend = BackendId(place);
                    let id = ServerId { backend, slot };
                    start.places.entry(names).or_insert(id);
                }
            }
        }
        start
    }

    /// The status of one server. Who tracks another reads as that one does.
    fn status(&mut self, id: ServerId) -> Status {
        let mut way = Vec::new();
        let mut at = id;
        let mut status = loop {
            if let Some(&known) = self.known.get(&at) {
                break known;
            }
            let server = &self.config.backends[at.backend.0 as usize].servers[at.slot as usize];
            if server.disabled || server.check.is_some() {
                break own_status(server);
            }
            let tracked = server.track.as_ref();
            let target = tracked.and_then(|(backend, name)| self.places.get(&(backend, name)));
            // A chain without end is refused elsewhere.
            match target {
                Some(&target) if way.len() <= self.places.len() => {
                    way.push(at);
                    at = target;
                }
                _ => break Status::NoCheck,
            }
        };
        self.known.insert(at, status);
        while let Some(tracker) = way.pop() {
            if let Status::Maint | Status::MaintVia(_) = status {
                status = Status::MaintVia(at);
            }
            self.known.insert(tracker, status);
            at = tracker;
        }
        status
    }
}

/// The status of a server that is disabled or checked.
fn own_status(server: &Server) -> Status {
    let Some(check) = server.check.as_ref().filter(|_| !server.disabled) else {
        return Status::Maint;
    };
    match server.init_state {
        InitState::Down if check.rise > 1 => Status::DownGoingUp(check.rise - 1, check.rise),
        InitState::Down | InitState::FullyDown => Status::Down,
        InitState::None | InitState::Up if check.fall > 1 => Status::UpGoingDown(1, check.fall),
        InitState::FullyUp | InitState::None | InitState::Up => Status::Up,
    }
}

#[cfg(test)]
mod tests {
    use balance::config::{Backend, Check};
    use balance::event::Cause;

    use super::*;

    fn config() -> Config {
        let server = |name: &str| Server {
            name: name.to_owned(),
            ..Server::default()
        };
        let checked = |name: &str, init_state| Server {
            check: Some(Check::default()),
            init_state,
            ..server(name)
        };
        let tracking = |name: &str, target: &str| Server {
            track: Some(("nodes".to_owned(), target.to_owned())),
            ..server(name)
        };
        let disabled = Server {
            disabled: true,
            ..checked("off", InitState::None)
        };
        Config {
            backends: vec![Backend {
                name: "nodes".to_owned(),
                servers: vec![
                    checked("s1", InitState::None),
                    server("bare"),
                    disabled,
                    tracking("t1", "s1"),
                    tracking("t2", "off"),
                    checked("full", InitState::FullyUp),
                    checked("low", InitState::Down),
                    checked("zero", InitState::FullyDown),
                ],
                ..Backend::default()
            }],
            ..Config::default()
        }
    }

    fn id(slot: u32) -> ServerId {
        ServerId {
            backend: BackendId(0),
            slot,
        }
    }

    #[test]
    fn the_start_reads_as_haproxy_reads() {
        let states = States::at_start(&config());
        let read: Vec<String> = (0..8)
            .map(|slot| states.status(id(slot)).expect("configured").to_string())
            .collect();
        assert_eq!(
            read,
            [
                "UP 1/3",
                "no check",
                "MAINT",
                "UP 1/3",
                "MAINT (via)",
                "UP",
                "DOWN 1/2",
                "DOWN"
            ]
        );
    }

    #[test]
    fn a_place_is_dated_from_its_own_beginning() {
        let mut states = States::at_start(&config());
        let mut change = |millis, from, to| {
            states.follow(
                Moment::from_millis(millis),
                &Event::Balancer(balance::Event::StateChanged {
                    server: id(0),
                    from,
                    to,
                    cause: Cause::Cli,
                }),
            );
            states.place(id(0))
        };
        // One failed check more is not another place; DOWN is.
        let going = Status::UpGoingDown(1, 3);
        assert_eq!(change(1000, going, Status::Up), (Place::Up, Moment::ZERO));
        assert_eq!(
            change(3000, Status::Up, Status::UpGoingDown(2, 3)),
            (Place::Up, Moment::ZERO)
        );
        assert_eq!(
            change(5000, going, Status::Down),
            (Place::Down, Moment::from_millis(5000))
        );
        assert_eq!(
            change(7000, Status::Down, Status::DownGoingUp(1, 2)),
            (Place::Down, Moment::from_millis(5000))
        );
    }

    #[test]
    fn a_server_added_later_is_followed_too() {
        let mut states = States::at_start(&Config::default());
        assert_eq!(states.status(id(3)), None);
        states.follow(
            Moment::from_millis(1),
            &Event::Balancer(balance::Event::StateChanged {
                server: id(3),
                from: Status::NoCheck,
                to: Status::Maint,
                cause: Cause::Cli,
            }),
        );
        assert_eq!(states.place(id(3)), (Place::Maint, Moment::from_millis(1)));
        // Nothing was told of those before it.
        assert_eq!(states.status(id(2)), None);
    }
}
