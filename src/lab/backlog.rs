//! `maxconn`: connections beyond it wait in the kernel's backlog, in order, until one that
//! the proxy has accepted is closed.

use std::collections::BTreeMap;

use balance::{Config, Door, FrontendId, RequestId};

/// A client's connection to the proxy, by the client actor (or the user of a log) that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnectionId(pub(super) u64);

/// Connections that are open and connections that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Backlog {
    /// By frontend; the last one is that of clients who are sent straight to a backend.
    fronts: Vec<Front>,
    /// `maxconn` of `global`.
    total: Room,
    open: BTreeMap<ConnectionId, Open>,
    /// The connection over which each of their requests came.
    over: BTreeMap<RequestId, ConnectionId>,
    /// Where each request waits whose connection does.
    places: BTreeMap<RequestId, (Door, Turn)>,
    /// That of the connection which has to wait next.
    turn: Turn,
}

/// A place in the order in which connections came in.
type Turn = u64;

/// How many connections there may be, and are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Room {
    /// 0 is no limit.
    most: u32,
    open: u32,
}

/// One frontend.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Front {
    room: Room,
    binds: Vec<Bind>,
}

/// One address, and the connections to it that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bind {
    room: Room,
    waiting: BTreeMap<Turn, Waiting>,
}

/// A connection that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    door: Door,
    /// The last request that came over it.
    request: RequestId,
}

/// A connection that waits, with the request that the client has sent over it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) connection: ConnectionId,
    pub(super) client: u32,
    pub(super) request: RequestId,
    door: Door,
}

impl Room {
    fn of(most: u32) -> Self {
        Self { most, open: 0 }
    }

    fn is_free(self) -> bool {
        self.most == 0 || self.open < self.most
    }
}

impl Front {
    fn new(most: u32, binds: impl IntoIterator<Item = u32>) -> Self {
        let binds = binds.into_iter().map(|most| Bind {
            room: Room::of(most),
            waiting: BTreeMap::new(),
        });
        Self {
            room: Room::of(most),
            binds: binds.collect(),
        }
    }

    /// Where there is no frontend.
    fn straight() -> Self {
        Self::new(0, [0])
    }

    /// The connection that may be accepted next as far as the addresses go, by its address
    /// and turn.
    fn first(&self) -> Option<(usize, Turn)> {
        let free = (0..)
            .zip(&self.binds)
            .filter(|(_, bind)| bind.room.is_free());
        let firsts = free.filter_map(|(at, bind)| Some((at, *bind.waiting.first_key_value()?.0)));
        firsts.min_by_key(|&(_, turn)| turn)
    }
}

impl Backlog {
    /// That of a proxy with these settings; none if `clients` connections never are too many.
    pub(super) fn new(config: &Config, clients: u32) -> Option<Self> {
        let binds = (config.frontends.iter()).flat_map(|frontend| &frontend.binds);
        let limits = (config.frontends.iter().map(|frontend| frontend.maxconn))
            .chain(binds.map(|bind| bind.maxconn))
            .chain([config.maxconn]);
        let least = limits.filter(|&most| most != 0).min()?;
        (least < clients).then(|| Self {
            fronts: (config.frontends.iter())
                .map(|frontend| {
                    let binds = frontend.binds.iter().map(|bind| bind.maxconn);
                    Front::new(frontend.maxconn, binds)
                })
                .chain([Front::straight()])
                .collect(),
            total: Room::of(config.maxconn),
            open: BTreeMap::new(),
            over: BTreeMap::new(),
            places: BTreeMap::new(),
            turn: 0,
        })
    }

    /// Whether the request comes over a connection that is accepted, or can be now; if not,
    /// it waits.
    pub(super) fn admits(
        &mut self,
        connection: ConnectionId,
        client: u32,
        request: RequestId,
        door: Option<Door>,
    ) -> bool {
        let straight = || Door {
            frontend: FrontendId(self.fronts.len() as u32 - 1),
            bind: 0,
        };
        let door = door.unwrap_or_else(straight);
        if let Some(open) = self.open.get_mut(&connection) {
            let before = std::mem::replace(&mut open.request, request);
            self.forget_over(before, connection);
            self.over.insert(request, connection);
            return true;
        }
        let wanted = Waiting {
            connection,
            client,
            request,
            door,
        };
        let free = self.is_free(door);
        let Some(front) = self.fronts.get_mut(door.frontend.0 as usize) else {
            return true;
        };
        if free {
            self.accept(wanted);
        } else {
            front.binds[door.bind as usize]
                .waiting
                .insert(self.turn, wanted);
            self.places.insert(request, (door, self.turn));
            self.turn += 1;
        }
        free
    }

    /// A connection is closed. Those that are accepted in its place.
    pub(super) fn close(&mut self, connection: ConnectionId) -> Vec<Waiting> {
        let Some(Open { door, request }) = self.open.remove(&connection) else {
            return Vec::new();
        };
        self.forget_over(request, connection);
        self.total.open -= 1;
        let own = door.frontend.0 as usize;
        if let Some(front) = self.fronts.get_mut(own) {
            front.room.open -= 1;
            front.binds[door.bind as usize].room.open -= 1;
        }
        // Those of the same frontend come first.
        let others = (0..self.fronts.len()).filter(|&index| index != own);
        let order: Vec<usize> = [own].into_iter().chain(others).collect();
        let mut accepted = Vec::new();
        for index in order {
            while let Some(next) = self.next(index) {
                self.accept(next);
                accepted.push(next);
            }
        }
        accepted
    }

    /// The connection over which `request` came last.
    pub(super) fn of(&self, request: RequestId) -> Option<ConnectionId> {
        self.over.get(&request).copied()
    }

    /// A client closes its connection while it waits for `request`; whether it waited here.
    pub(super) fn forget(&mut self, request: RequestId) -> bool {
        let Some((door, turn)) = self.places.remove(&request) else {
            return false;
        };
        let front = &mut self.fronts[door.frontend.0 as usize];
        front.binds[door.bind as usize].waiting.remove(&turn);
        true
    }

    /// Another request has come over `connection` than `request`, or it is closed.
    fn forget_over(&mut self, request: RequestId, connection: ConnectionId) {
        // The same number may have come over another connection since.
        if self.over.get(&request) == Some(&connection) {
            self.over.remove(&request);
        }
    }

    fn is_free(&self, door: Door) -> bool {
        let front = self.fronts.get(door.frontend.0 as usize);
        self.total.is_free()
            && front.is_none_or(|front| {
                let bind = front.binds.get(door.bind as usize);
                front.room.is_free() && bind.is_none_or(|bind| bind.room.is_free())
            })
    }

    fn accept(&mut self, waiting: Waiting) {
        let Waiting { door, request, .. } = waiting;
        self.total.open += 1;
        if let Some(front) = self.fronts.get_mut(door.frontend.0 as usize) {
            front.room.open += 1;
            front.binds[door.bind as usize].room.open += 1;
        }
        self.open.insert(waiting.connection, Open { door, request });
        self.over.insert(request, waiting.connection);
    }

    /// Takes the first out that can be accepted now.
    fn next(&mut self, frontend: usize) -> Option<Waiting> {
        let front = self.fronts.get_mut(frontend)?;
        if !self.total.is_free() || !front.room.is_free() {
            return None;
        }
        let (bind, turn) = front.first()?;
        let next = front.binds[bind].waiting.remove(&turn)?;
        self.places.remove(&next.request);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use balance::route::{Bind, Frontend};

    fn door(frontend: u32, bind: u32) -> Door {
        Door {
            frontend: FrontendId(frontend),
            bind,
        }
    }

    fn backlog(total: u32, fronts: &[(u32, &[u32])]) -> Backlog {
        let frontends = fronts.iter().map(|(maxconn, binds)| Frontend {
            maxconn: *maxconn,
            binds: (binds.iter())
                .map(|&maxconn| Bind {
                    maxconn,
                    ..Bind::default()
                })
                .collect(),
            ..Frontend::default()
        });
        let config = Config {
            frontends: frontends.collect(),
            maxconn: total,
            ..Config::default()
        };
        Backlog::new(&config, 100).expect("there is a limit")
    }

    /// Numbers of those that are let in.
    fn names(list: &[Waiting]) -> Vec<u32> {
        list.iter().map(|waiting| waiting.client).collect()
    }

    fn asks(backlog: &mut Backlog, client: u32, door: Door) -> bool {
        let connection = ConnectionId(u64::from(client));
        backlog.admits(connection, client, RequestId(client), Some(door))
    }

    #[test]
    fn clients_that_meet_no_frontend_count_too() {
        let mut backlog = backlog(1, &[]);
        let mut asks = |client: u32| {
            let connection = ConnectionId(u64::from(client));
            backlog.admits(connection, client, RequestId(client), None)
        };
        assert_eq!([asks(1), asks(2)], [true, false]);
        assert_eq!(names(&backlog.close(ConnectionId(1))), [2]);
    }

    #[test]
    fn those_beyond_the_limit_are_let_in_one_by_one_in_order() {
        let mut backlog = backlog(0, &[(2, &[0])]);
        let at = door(0, 0);
        let let_in = [1, 2, 3, 4, 5].map(|client| asks(&mut backlog, client, at));
        assert_eq!(let_in, [true, true, false, false, false]);
        assert!(asks(&mut backlog, 2, at), "it has its connection");
        assert_eq!(names(&backlog.close(ConnectionId(2))), [3]);
        assert!(backlog.forget(RequestId(4)));
        assert!(!backlog.forget(RequestId(4)));
        assert_eq!(names(&backlog.close(ConnectionId(1))), [5]);
        assert_eq!(backlog.of(RequestId(5)), Some(ConnectionId(5)));
        assert!(backlog.close(ConnectionId(9)).is_empty());
    }

    #[test]
    fn a_number_that_came_over_two_connections_leads_to_the_later_one() {
        let mut backlog = backlog(3, &[]);
        let (first, second) = (ConnectionId(1), ConnectionId(2));
        for connection in [first, second] {
            assert!(backlog.admits(connection, 0, RequestId(7), None));
        }
        assert_eq!(backlog.of(RequestId(7)), Some(second));
        assert!(backlog.admits(first, 0, RequestId(8), None));
        assert_eq!(backlog.of(RequestId(7)), Some(second));
        assert!(backlog.close(second).is_empty());
        assert_eq!(backlog.of(RequestId(7)), None);
        assert_eq!(backlog.of(RequestId(8)), Some(first));
    }

    #[test]
    fn every_level_has_its_own_limit() {
        let mut backlog = backlog(3, &[(2, &[1, 0]), (0, &[0])]);
        assert!(asks(&mut backlog, 1, door(0, 0)));
        assert!(!asks(&mut backlog, 2, door(0, 0)), "its address is full");
        assert!(asks(&mut backlog, 3, door(0, 1)));
        assert!(!asks(&mut backlog, 4, door(0, 1)), "its frontend is full");
        assert!(asks(&mut backlog, 5, door(1, 0)));
        assert!(!asks(&mut backlog, 6, door(1, 0)), "the proxy is full");
        assert_eq!(names(&backlog.close(ConnectionId(3))), [4]);
        assert_eq!(names(&backlog.close(ConnectionId(1))), [2]);
        assert_eq!(names(&backlog.close(ConnectionId(4))), [6]);
    }

    #[test]
    fn where_nobody_can_be_too_many_nothing_is_counted() {
        let limit = |most| Config {
            maxconn: most,
            ..Config::default()
        };
        assert_eq!(Backlog::new(&limit(0), 1000), None);
        assert_eq!(Backlog::new(&limit(1000), 1000), None);
        assert!(Backlog::new(&limit(999), 1000).is_some());
    }
}
