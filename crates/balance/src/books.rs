//! What balancing goes by at a moment, to look at: nothing here changes anything.

use alloc::vec::Vec;

use crate::balancer::Balancer;
use crate::chance::NoChance;
use crate::event::Status;
use crate::farm::Member;
use crate::ids::{BackendId, ServerId};
use crate::pick::{Ask, Picker, Policy};
use crate::time::Moment;

/// The books of one backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// Its servers that exist, in declaration order.
    pub rows: Vec<Row>,
    /// Whom the next requests would get if nothing else happened, for the algorithms that
    /// go round (`roundrobin`, `static-rr`); empty for others and if nobody is usable.
    pub upcoming: Vec<ServerId>,
    /// Whether effective weights count sixteenths.
    pub sixteenths: bool,
}

/// One server's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose.
    pub server: ServerId,
    /// Its status as `show stat` words it.
    pub status: Status,
    /// What its algorithm knows of it.
    pub member: Member,
}

impl Balancer {
    /// The books of `backend`, with the next `turns` turns. `backend` must exist.
    pub fn books(&self, backend: BackendId, turns: usize) -> Books {
        let owner = &self.backends[backend.0 as usize];
        let rows = self.servers(backend).into_iter().map(|server| Row {
            server,
            status: self.status(server),
            member: owner.farm.members[server.slot as usize].clone(),
        });
        Books {
            rows: rows.collect(),
            upcoming: self.upcoming(backend, turns),
            sixteenths: owner.dynamic,
        }
    }

    fn upcoming(&self, backend: BackendId, turns: usize) -> Vec<ServerId> {
        let owner = &self.backends[backend.0 as usize];
        let goes_round = matches!(owner.picker, Picker::RoundRobin(_) | Picker::StaticRr(_));
        if !goes_round || owner.farm.weight() == 0 {
            return Vec::new();
        }
        let mut picker = owner.picker.clone();
        let ask = Ask {
            now: Moment::ZERO,
            ..Ask::default()
        };
        let picks = (0..turns).map_while(|_| picker.pick(&owner.farm, ask, &mut NoChance));
        picks.map(|slot| ServerId { backend, slot }).collect()
    }
}
