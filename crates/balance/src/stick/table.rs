//! A stick table: which server each key was served by, until the entry expires
//! (spec: cookies, 6).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::sample::StickKey;
use crate::config::{Stick, StickType};
use crate::time::{Moment, Span};

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: StickKey,
    slot: u32,
    due: Due,
}

/// When an entry is due to go: by its expiry, or (where the table has none) by its last
/// use. Those of the same millisecond go in order of their use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    millis: u64,
    turn: u64,
}

/// The place for an entry that a request will fill in when it is answered. HAProxy takes it
/// when the request comes, which may cost an old entry its own, even if the key is known.
///
/// It must be given back by [`StickTable::store`] or [`StickTable::release`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reservation(StickKey);

/// The entries of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StickTable {
    entries: Vec<Option<Entry>>,
    vacant: Vec<u32>,
    by_key: BTreeMap<StickKey, u32>,
    by_due: BTreeSet<(Due, u32)>,
    reserved: u32,
    /// Counts uses, to tell apart those of one millisecond.
    turns: u64,
}

impl StickTable {
    /// The server that `key` was served by. Finding an entry is using it: it expires later.
    pub(crate) fn find(&mut self, stick: &Stick, now: Moment, key: &StickKey) -> Option<u32> {
        self.expire(stick, now);
        let &place = self.by_key.get(key)?;
        Some(self.refresh(stick, now, place).slot)
    }

    /// Takes a place for `key`, at the expense of the entries that are due first if the
    /// table is full; `None` if they may not be purged (`nopurge`).
    pub(crate) fn reserve(
        &mut self,
        stick: &Stick,
        now: Moment,
        key: StickKey,
    ) -> Option<Reservation> {
        self.expire(stick, now);
        if self.used() >= stick.size {
            if stick.nopurge || self.by_due.is_empty() {
                return None;
            }
            // Large tables make room for several at once.
            for _ in 0..=stick.size >> 8 {
                self.drop_first();
            }
        }
        self.reserved += 1;
        Some(Reservation(key))
    }

    /// The request of this reservation was served by `slot`.
    pub(crate) fn store(
        &mut self,
        stick: &Stick,
        now: Moment,
        Reservation(key): Reservation,
        slot: u32,
    ) {
        self.reserved -= 1;
        self.expire(stick, now);
        let known = self.by_key.get(&key).copied();
        let place = known.unwrap_or_else(|| self.insert(key, slot));
        self.refresh(stick, now, place).slot = slot;
    }

    /// The request of this reservation was not served by any server.
    pub(crate) fn release(&mut self, _: Reservation) {
        self.reserved -= 1;
    }

    /// How many entries there are now.
    pub(crate) fn used_at(&mut self, stick: &Stick, now: Moment) -> u32 {
        self.expire(stick, now);
        self.used()
    }

    /// `show table NAME [key KEY]`: the header, then a line per entry, in the order of keys.
    /// `server` names a slot's id and name. `shard`: entries show it (2.8 on).
    pub(crate) fn show(
        &mut self,
        stick: &Stick,
        now: Moment,
        name: &str,
        only: Option<&str>,
        shard: bool,
        server: impl Fn(u32) -> (u32, String),
    ) -> String {
        self.expire(stick, now);
        let mut text = header(stick, name, self.used());
        let only = only.map(|key| StickKey::of_text(stick, key));
        for (key, &place) in &self.by_key {
            let wanted = only.as_ref().is_none_or(|only| only.as_ref() == Some(key));
            if let Some(entry) = &self.entries[place as usize]
                && wanted
            {
                let left = match stick.expire {
                    Some(_) => entry.due.millis - now.as_millis(),
                    None => 0,
                };
                let shard = if shard { " shard=0" } else { "" };
                let (id, name) = server(entry.slot);
                // The address is made up, but stays the same while the entry lives.
                let address = 0x55d5_3a15_0000_u64 + u64::from(place) * 0xd0;
                writeln!(
                    text,
                    "{address:#x}: key={key} use=0 exp={left}{shard} server_id={id} server_key={name}"
                )
                .expect("strings take all");
            }
        }
        text
    }

    fn used(&self) -> u32 {
        self.by_key.len() as u32 + self.reserved
    }

    /// Drops what has expired by `now`.
    fn expire(&mut self, stick: &Stick, now: Moment) {
        if stick.expire.is_some() {
            while let Some((due, _)) = self.by_due.first()
                && due.millis <= now.as_millis()
            {
                self.drop_first();
            }
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, place)) = self.by_due.pop_first()
            && let Some(entry) = self.entries[place as usize].take()
        {
            self.by_key.remove(&entry.key);
            self.vacant.push(place);
        }
    }

    /// A new entry; [`refresh`](Self::refresh) must follow.
    fn insert(&mut self, key: StickKey, slot: u32) -> u32 {
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() as u32 - 1
        });
        self.by_key.insert(key.clone(), place);
        let due = Due { millis: 0, turn: 0 };
        self.entries[place as usize] = Some(Entry { key, slot, due });
        place
    }

    /// The entry at `place` is used now.
    fn refresh(&mut self, stick: &Stick, now: Moment, place: u32) -> &mut Entry {
        self.turns += 1;
        let wait = stick.expire.map_or(0, Span::as_millis);
        let due = Due {
            millis: now.as_millis() + wait,
            turn: self.turns,
        };
        let entry = self.entries[place as usize]
            .as_mut()
            .expect("keys lead to entries only");
        self.by_due.remove(&(entry.due, place));
        self.by_due.insert((due, place));
        entry.due = due;
        entry
    }
}

/// The line that describes a table; `show table` without a name lists these.
pub(crate) fn header(stick: &Stick, name: &str, used: u32) -> String {
    let kind = match stick.kind {
        StickType::Ip => "ip",
        StickType::Ipv6 => "ipv6",
        StickType::Integer => "integer",
        StickType::String => "string",
    };
    let size = stick.size;
    alloc::format!("# table: {name}, type: {kind}, size:{size}, used:{used}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn stick(size: u32, expire: Option<u64>) -> Stick {
        Stick {
            size,
            expire: expire.map(Span::from_millis),
            ..Stick::default()
        }
    }

    fn key(text: &str) -> StickKey {
        StickKey::String(text.into())
    }

    /// A table with a clock: every operation takes a millisecond.
    struct Trial {
        stick: Stick,
        table: StickTable,
        now: u64,
    }

    impl Trial {
        fn new(stick: Stick) -> Self {
            Self {
                stick,
                table: StickTable::default(),
                now: 0,
            }
        }

        fn tick(&mut self) -> Moment {
            self.now += 1;
            Moment::from_millis(self.now)
        }

        fn find(&mut self, text: &str) -> Option<u32> {
            let now = self.tick();
            self.table.find(&self.stick, now, &key(text))
        }

        fn learn(&mut self, text: &str, slot: u32) -> bool {
            let now = self.tick();
            let place = self.table.reserve(&self.stick, now, key(text));
            let taken = place.is_some();
            if let Some(place) = place {
                self.table.store(&self.stick, now, place, slot);
            }
            taken
        }

        fn keys(&self) -> String {
            self.table.by_key.keys().map(ToString::to_string).collect()
        }
    }

    #[test]
    fn entries_expire_after_their_last_use() {
        let mut trial = Trial::new(stick(9, Some(10)));
        trial.learn("x", 7);
        trial.now = 9;
        assert_eq!(trial.find("x"), Some(7), "due at 11, used at 10");
        trial.now = 18;
        assert_eq!(trial.find("x"), Some(7), "due at 20, used at 19");
        trial.now = 28;
        assert_eq!(trial.find("x"), None, "due at 29");
    }

    #[test]
    fn a_full_table_drops_what_is_due_first() {
        let mut trial = Trial::new(stick(2, Some(60_000)));
        for (text, keys) in [
            ("x", "x"),
            ("y", "xy"),
            ("z", "yz"),
            ("x", "xz"),
            ("y", "xy"),
        ] {
            assert!(trial.learn(text, 0));
            assert_eq!(trial.keys(), keys);
        }
        // Using an entry keeps it.
        assert_eq!(trial.find("x"), Some(0));
        trial.learn("z", 0);
        assert_eq!(trial.keys(), "xz");
    }

    #[test]
    fn knowing_the_key_does_not_save_the_others() {
        let mut trial = Trial::new(stick(2, None));
        trial.learn("x", 0);
        trial.learn("y", 1);
        trial.learn("y", 1);
        assert_eq!(trial.keys(), "y");
    }

    #[test]
    fn large_tables_make_room_for_several() {
        let mut trial = Trial::new(stick(1000, None));
        for number in 0..1000 {
            trial.learn(&number.to_string(), 0);
        }
        assert_eq!(trial.table.used(), 1000);
        trial.learn("new", 0);
        assert_eq!(trial.table.used(), 997);
    }

    #[test]
    fn nopurge_keeps_the_old_ones() {
        let mut trial = Trial::new(Stick {
            nopurge: true,
            ..stick(1, Some(10))
        });
        assert!(trial.learn("x", 0));
        assert!(!trial.learn("y", 0));
        assert_eq!(trial.keys(), "x");
        trial.now += 100;
        assert!(trial.learn("y", 0), "what has expired is no obstacle");
    }

    #[test]
    fn reservations_count_until_they_are_given_back() {
        let mut trial = Trial::new(stick(1, None));
        let now = Moment::ZERO;
        let first = trial.table.reserve(&trial.stick, now, key("x"));
        assert!(trial.table.reserve(&trial.stick, now, key("y")).is_none());
        trial.table.release(first.expect("there is room"));
        let second = trial.table.reserve(&trial.stick, now, key("y"));
        trial
            .table
            .store(&trial.stick, now, second.expect("there is room"), 3);
        assert_eq!(trial.find("y"), Some(3));
        assert_eq!(trial.find("x"), None);
    }

    #[test]
    fn show_lists_the_entries_in_order_of_their_keys() {
        let mut trial = Trial::new(stick(2048, Some(60_000)));
        trial.learn("y y", 1);
        trial.learn("x", 0);
        let now = Moment::from_millis(100);
        let server = |slot| (slot + 1, ["A", "B"][slot as usize].to_string());
        let show = |trial: &mut Trial, only, shard| {
            trial
                .table
                .show(&trial.stick, now, "be", only, shard, server)
        };
        assert_eq!(
            show(&mut trial, None, false),
            "# table: be, type: string, size:2048, used:2\n\
             0x55d53a1500d0: key=x use=0 exp=59902 server_id=1 server_key=A\n\
             0x55d53a150000: key=y\\ y use=0 exp=59901 server_id=2 server_key=B\n"
        );
        assert_eq!(
            show(&mut trial, Some("x"), true),
            "# table: be, type: string, size:2048, used:2\n\
             0x55d53a1500d0: key=x use=0 exp=59902 shard=0 server_id=1 server_key=A\n"
        );
    }

    /// The same table in the most obvious way: a list, oldest use first.
    #[derive(Default)]
    struct Twin(Vec<(String, u32, u64)>);

    proptest::proptest! {
        #[test]
        fn equals_its_naive_twin(
            size in 1_u32..6,
            expire in proptest::option::of(1_u64..40),
            steps in proptest::collection::vec(("[a-f]", 0_u32..3, 0_u64..20, proptest::bool::ANY), 0..60),
        ) {
            let mut trial = Trial::new(stick(size, expire));
            let mut twin = Twin::default();
            for (text, slot, pause, learns) in steps {
                trial.now += pause;
                let now = trial.now + 1;
                twin.0.retain(|(_, _, used)| expire.is_none_or(|expire| used + expire > now));
                let known = twin.0.iter().position(|(key, ..)| *key == text);
                if learns {
                    if twin.0.len() as u32 >= size {
                        twin.0.remove(0);
                    }
                    twin.0.retain(|(key, ..)| *key != text);
                    twin.0.push((text.clone(), slot, now));
                    trial.learn(&text, slot);
                } else {
                    let found = known.map(|index| twin.0.remove(index));
                    proptest::prop_assert_eq!(trial.find(&text), found.as_ref().map(|entry| entry.1));
                    twin.0.extend(found.map(|(key, slot, _)| (key, slot, now)));
                }
                let mut keys: Vec<_> = twin.0.iter().map(|entry| entry.0.as_str()).collect();
                keys.sort_unstable();
                proptest::prop_assert_eq!(trial.keys(), keys.concat());
                proptest::prop_assert_eq!(trial.table.by_due.len(), keys.len());
            }
        }
    }
}
