//! The persistence cookie of a request: which server it names, and the two letters that
//! the log has for it (spec: cookies, 2, 3 and 5).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::date::Date;
use crate::config::{Cookie, CookieMode};
use crate::pair::{equals, may_be_named, pairs, trim_end};
use crate::request::Header;

/// The cookie values of a backend's servers. Kept by the backend; told when a server comes,
/// changes its value (a dynamic one follows its address) or goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CookieValues {
    values: Vec<Option<String>>,
    /// The servers of each value, in declaration order.
    slots: BTreeMap<String, Vec<u32>>,
}

impl CookieValues {
    /// `slot` has `value` now, or none any more.
    pub(crate) fn set(&mut self, slot: u32, value: Option<String>) {
        let place = slot as usize;
        if place >= self.values.len() {
            self.values.resize(place + 1, None);
        }
        if let Some(old) = self.values[place].take()
            && let Some(slots) = self.slots.get_mut(&old)
        {
            slots.retain(|&other| other != slot);
        }
        if let Some(value) = &value {
            let slots = self.slots.entry(value.clone()).or_default();
            slots.push(slot);
            slots.sort_unstable();
        }
        self.values[place] = value;
    }

    /// The value of `slot`.
    pub(crate) fn of(&self, slot: u32) -> Option<&str> {
        self.values.get(slot as usize)?.as_deref()
    }

    /// Who has `value`, in declaration order.
    fn named(&self, value: &str) -> &[u32] {
        self.slots.get(value).map_or(&[], Vec::as_slice)
    }
}

/// How a server that a cookie names stands (spec: cookies, 1, "state test P").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It can be reached: not stopped (drain and weight 0 do not matter).
    Reachable,
    /// It is stopped, but gets its clients all the same: `option persist`, `force-persist`.
    Forced,
    /// It is stopped.
    Lost,
}

/// Whether a cookie may still decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Freedom {
    /// Yes.
    #[default]
    Free,
    /// A `use-server` rule has decided already.
    Decided,
    /// An `ignore-persist` rule matched.
    Ignored,
}

/// What the request's cookie was worth: the third letter of the termination state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asked {
    /// `N`: there was none.
    #[default]
    Nothing,
    /// `I`: it names no server.
    Invalid,
    /// `D`: its server is down, or was left.
    Down,
    /// `V`: it was followed.
    Valid,
    /// `E`: not used for longer than `maxidle`.
    Expired,
    /// `O`: older than `maxlife`.
    Old,
    /// `U`: somebody else decided.
    Unused,
}

/// What became of the cookie in the answer: the fourth letter of the termination state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    /// `N`: none was there, none was set.
    #[default]
    Nothing,
    /// `P`: the server's own was left.
    Preserved,
    /// `D`: the server's own was removed.
    Deleted,
    /// `I`: ours was inserted.
    Inserted,
    /// `R`: the server's own got our value or prefix.
    Rewritten,
    /// `U`: ours was sent again with a new date.
    Updated,
}

/// What is remembered of a request's cookie until its answer.
///
/// Usage: [`read`](Self::read) when the request arrives, [`redispatched`](Self::redispatched)
/// when it leaves the server that persistence chose,
/// [`answer`](Self::answer) (in `set_cookie.rs`) when a server's answer is there, and
/// [`letters`](Self::letters) at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CookieState {
    asked: Asked,
    pub(super) told: Told,
    /// When the client was seen last, by its cookie.
    pub(super) last: Option<Date>,
    /// When the client was seen first, by its cookie.
    pub(super) first: Option<Date>,
}

impl CookieState {
    /// Reads the `cookie` headers among `headers`. Returns what must be remembered, and the
    /// server that the request is bound to, if any: the request is then direct, and assigned
    /// to that server by [`By::Cookie`](crate::event::By::Cookie).
    ///
    /// `now` is in seconds since 1970; `standing` tells how a server stands now.
    pub(crate) fn read(
        config: &Cookie,
        values: &CookieValues,
        freedom: Freedom,
        headers: &[Header<'_>],
        now: u64,
        standing: impl Fn(u32) -> Standing,
    ) -> (Self, Option<u32>) {
        let mut reader = Reader {
            config,
            values,
            freedom,
            now,
            standing,
            state: Self::default(),
            slot: None,
        };
        for (name, text) in headers {
            if *name == "cookie" && may_name(text, &config.name) {
                reader.read(text);
            }
        }
        (reader.state, reader.slot)
    }

    /// The request left the server that its cookie names (redispatch, full queue, a queue
    /// that was emptied): the cookie counts as one of a server that is down.
    pub(crate) fn redispatched(&mut self) {
        if self.asked == Asked::Valid {
            self.asked = Asked::Down;
        }
    }

    /// The third and fourth letter of the termination state; `--` when `config` never
    /// writes a cookie.
    pub(crate) fn letters(&self, config: &Cookie) -> [u8; 2] {
        if config.mode == CookieMode::Passive && !config.indirect {
            return *b"--";
        }
        let asked = match self.asked {
            Asked::Nothing => b'N',
            Asked::Invalid => b'I',
            Asked::Down => b'D',
            Asked::Valid => b'V',
            Asked::Expired => b'E',
            Asked::Old => b'O',
            Asked::Unused => b'U',
        };
        let told = match self.told {
            Told::Nothing => b'N',
            Told::Preserved => b'P',
            Told::Deleted => b'D',
            Told::Inserted => b'I',
            Told::Rewritten => b'R',
            Told::Updated => b'U',
        };
        [asked, told]
    }
}

/// Whether `text` may hold a cookie called `name`: never wrong when it says no, and much
/// cheaper than taking the header apart.
fn may_name(text: &str, name: &str) -> bool {
    equals(text).any(|at| may_be_named(text, at, name))
}

/// A cookie's value taken apart.
struct Parts<'a> {
    server: &'a str,
    last: Option<Date>,
    first: Option<Date>,
}

impl<'a> Parts<'a> {
    /// `SERVER~...` in prefix mode, `SERVER[|LAST[|FIRST]]` in the others.
    fn of(value: &'a str, mode: CookieMode) -> Self {
        let delimiter = if mode == CookieMode::Prefix { '~' } else { '|' };
        let Some((server, dates)) = value.split_once(delimiter) else {
            return Self {
                server: value,
                last: None,
                first: None,
            };
        };
        if mode == CookieMode::Prefix {
            return Self {
                server,
                last: None,
                first: None,
            };
        }
        Self {
            server,
            last: Date::read(dates),
            first: dates
                .split_once(delimiter)
                .and_then(|(_, first)| Date::read(first)),
        }
    }
}

/// Reads the cookies of one request, one after the other.
struct Reader<'a, S> {
    config: &'a Cookie,
    values: &'a CookieValues,
    freedom: Freedom,
    now: u64,
    standing: S,
    state: CookieState,
    slot: Option<u32>,
}

impl<S: Fn(u32) -> Standing> Reader<'_, S> {
    /// Reads one `Cookie` header.
    fn read(&mut self, text: &str) {
        let name = self.config.name.as_str();
        for pair in pairs(text) {
            if pair.equal.is_some() && pair.name(text) == name {
                self.follow(trim_end(pair.value(text)));
                if !may_name(&text[pair.end..], name) {
                    break;
                }
            }
        }
    }

    /// Follows one cookie of ours to its server, if that is possible.
    fn follow(&mut self, value: &str) {
        let Parts {
            mut server,
            last,
            first,
        } = Parts::of(value, self.config.mode);
        self.state.last = last.or(self.state.last);
        self.state.first = first.or(self.state.first);
        if let Some(verdict) = self.out_of_date() {
            self.state.asked = verdict;
            (self.state.last, self.state.first) = (None, None);
            server = "";
        }
        if self.freedom == Freedom::Free && self.slot.is_none() && !server.is_empty() {
            self.look_up(server);
        }
        if self.slot.is_none() && self.state.asked == Asked::Nothing {
            self.state.asked = match self.freedom {
                Freedom::Free => Asked::Invalid,
                Freedom::Decided | Freedom::Ignored => Asked::Unused,
            };
        }
    }

    /// Whether a date that the cookie carries is beyond its limit.
    fn out_of_date(&self) -> Option<Asked> {
        let beyond = |date: Option<Date>, limit| {
            date.zip(limit)
                .is_some_and(|(date, limit)| date.is_out_of_date(self.now, limit))
        };
        if beyond(self.state.first, self.config.maxlife) {
            Some(Asked::Old)
        } else if beyond(self.state.last, self.config.maxidle) {
            Some(Asked::Expired)
        } else {
            None
        }
    }

    /// The first server called so that gets its clients.
    fn look_up(&mut self, server: &str) {
        for &slot in self.values.named(server) {
            let standing = (self.standing)(slot);
            self.state.asked = match standing {
                Standing::Reachable => Asked::Valid,
                Standing::Forced | Standing::Lost => Asked::Down,
            };
            if standing != Standing::Lost {
                self.slot = Some(slot);
                return;
            }
        }
    }
}
