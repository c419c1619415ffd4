//! The servers of one backend, seen together: loads, limits, totals, and the group in force.

use alloc::vec::Vec;

/// What a policy may know of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its numeric id (`id`, or the one HAProxy would give it).
    pub id: u32,
    /// Added at run time without an explicit `id` (a quirk of 2.6's ring needs it).
    pub anonymous: bool,
    /// Whether it is a `backup` server.
    pub backup: bool,
    /// Whether it takes part in balancing now (spec: balancing, 1.3).
    pub usable: bool,
    /// Effective weight now: 16 x weight for dynamic algorithms.
    pub weight: u32,
    /// Requests that hold a slot on it.
    pub served: u32,
    /// Requests waiting in its own queue.
    pub queued: u32,
    /// `maxconn`; 0 is no limit.
    pub maxconn: u32,
    /// `minconn`, never above `maxconn`; equal to it when absent.
    pub minconn: u32,
    /// `maxqueue`; 0 is no limit.
    pub maxqueue: u32,
    /// Percent of its limit that a warming-up server may use; 100 otherwise.
    pub warmth: u32,
}

impl Member {
    /// Whether somebody is in a line from which it may take, if `queued` requests wait in that
    /// of the backend.
    #[inline]
    pub(crate) fn has_waiting(&self, queued: u32) -> bool {
        self.queued > 0 || (queued > 0 && self.usable)
    }
}

/// Who is in force: the first condition that holds (spec: balancing, 1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Group {
    /// The usable active servers.
    #[default]
    Active,
    /// The first usable backup alone.
    FirstBackup(u32),
    /// All usable backups (`option allbackups`), or nobody.
    Backups,
}

/// The servers of one backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Farm {
    /// In declaration order; servers added at run time follow. A deleted server stays as
    /// an unusable member, so that places never move.
    pub members: Vec<Member>,
    /// Slots held in the whole backend.
    pub served: u32,
    /// Requests in the backend, waiting ones included (`beconn`).
    pub connections: u32,
    /// Requests in the backend's own queue.
    pub queued: u32,
    /// `fullconn`
    pub fullconn: u32,
    /// `option allbackups`
    pub allbackups: bool,
    /// Usable active servers.
    pub actives: u32,
    /// Usable backup servers.
    pub backups: u32,
    /// Sum of the effective weights of the usable active servers.
    pub weight_actives: u32,
    /// Sum of the effective weights of the usable backup servers.
    pub weight_backups: u32,
    /// The first usable backup, by the rule of spec balancing 1.3; only without `allbackups`.
    pub first_backup: Option<u32>,
}

impl Farm {
    /// Which servers are in force.
    pub fn group(&self) -> Group {
        if self.actives > 0 {
            Group::Active
        } else if let (false, Some(slot)) = (self.allbackups, self.first_backup) {
            Group::FirstBackup(slot)
        } else {
            Group::Backups
        }
    }

    /// Sum of the effective weights in force (`tot_weight`).
    pub fn weight(&self) -> u32 {
        match self.group() {
            Group::Active => self.weight_actives,
            Group::FirstBackup(slot) => self.members[slot as usize].weight,
            Group::Backups => self.weight_backups,
        }
    }

    /// Number of servers in force (`tot_used`).
    pub fn used(&self) -> u32 {
        match self.group() {
            Group::Active => self.actives,
            Group::FirstBackup(_) => 1,
            Group::Backups => self.backups,
        }
    }

    /// Requests in the backend's queue and in those of its servers.
    pub(crate) fn waiting(&self) -> u32 {
        self.members.iter().map(|member| member.queued).sum::<u32>() + self.queued
    }

    /// How many requests `slot` may serve now; 0 is no limit (spec: queues, 2).
    pub fn limit(&self, slot: u32) -> u32 {
        self.limit_of(&self.members[slot as usize])
    }

    fn limit_of(&self, member: &Member) -> u32 {
        let mut limit = if member.minconn == member.maxconn || self.connections >= self.fullconn {
            member.maxconn
        } else {
            let share =
                u64::from(self.connections) * u64::from(member.maxconn) / u64::from(self.fullconn);
            member.minconn.max(share as u32)
        };
        if member.warmth < 100 && member.maxconn != 0 {
            limit = (u64::from(limit) * u64::from(member.warmth) / 100).max(1) as u32;
        }
        limit
    }

    /// Whether `slot` is full: it has a limit and either a queue or no slot left.
    #[inline]
    pub fn is_saturated(&self, slot: u32) -> bool {
        self.is_full(&self.members[slot as usize])
    }

    /// [`is_saturated`](Self::is_saturated) of one of its members.
    #[inline]
    pub(crate) fn is_full(&self, member: &Member) -> bool {
        member.maxconn != 0 && (member.queued > 0 || member.served >= self.limit_of(member))
    }
}

impl Farm {
    /// Counts the totals anew from the members.
    pub(crate) fn count(&mut self) {
        let usable = |backup: bool| {
            self.members
                .iter()
                .filter(move |member| member.usable && member.backup == backup)
        };
        let sums = |backup| {
            usable(backup).fold((0, 0), |(count, weight), member| {
                (count + 1, weight + member.weight)
            })
        };
        let (actives, weight_actives) = sums(false);
        let (backups, weight_backups) = sums(true);
        self.first_backup = (!self.allbackups)
            .then(|| {
                self.members
                    .iter()
                    .position(|member| member.usable && member.backup)
            })
            .flatten()
            .map(|slot| slot as u32);
        (self.actives, self.weight_actives) = (actives, weight_actives);
        (self.backups, self.weight_backups) = (backups, weight_backups);
    }

    /// Makes `slot` usable or not, with `weight` from now on, and keeps the totals.
    pub(crate) fn change(&mut self, slot: u32, usable: bool, weight: u32) {
        let member = &mut self.members[slot as usize];
        let before = if member.usable { member.weight } else { 0 };
        let was = member.usable;
        let backup = member.backup;
        member.usable = usable;
        member.weight = weight;
        let after = if usable { weight } else { 0 };
        let (count, total) = if backup {
            (&mut self.backups, &mut self.weight_backups)
        } else {
            (&mut self.actives, &mut self.weight_actives)
        };
        *count = *count + u32::from(usable) - u32::from(was);
        *total = *total + after - before;
        if backup && usable != was && !self.allbackups {
            self.elect_backup(slot, usable);
        }
    }

    /// Keeps `first_backup` when the backup `slot` comes or goes (spec: balancing, 1.3).
    fn elect_backup(&mut self, slot: u32, came: bool) {
        match (self.first_backup, came) {
            (None, true) => self.first_backup = Some(slot),
            (Some(elected), true) if slot < elected => self.first_backup = Some(slot),
            (Some(elected), false) if slot == elected => {
                self.first_backup = self.members[slot as usize..]
                    .iter()
                    .position(|member| member.usable && member.backup)
                    .map(|offset| slot + offset as u32);
            }
            _ => {}
        }
    }
}
