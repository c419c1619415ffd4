//! Counters in stick tables: what `track-sc` rules count for each key, and what conditions
//! read of it (manual: "stick-table", `track-sc0`, `sc_http_req_rate`).
//!
//! Which server a key sticks to is kept apart from them, with its backend.

mod rate;
mod table;

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

pub(crate) use rate::Rate;
use table::Table;

use crate::config::Stick;
use crate::expression::Value;
use crate::stick::sample::StickKey;
use crate::time::{Moment, Span};

/// A stick table that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counting {
    /// The name of its section.
    pub name: String,
    /// Its keys, its size and how long entries live.
    pub table: Stick,
    /// `store`: each with its period, which only rates have.
    pub stored: Vec<(Datum, Span)>,
}

/// The place of a table among the `counting` of a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableId(pub u32);

/// What is counted for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Datum {
    /// `conn_cnt`: how often it was tracked.
    ConnCnt,
    /// `conn_rate`
    ConnRate,
    /// `conn_cur`: by how many it is tracked now.
    ConnCur,
    /// `sess_cnt`: connections that were let in.
    SessCnt,
    /// `sess_rate`
    SessRate,
    /// `http_req_cnt`
    HttpReqCnt,
    /// `http_req_rate`
    HttpReqRate,
    /// `http_err_cnt`: denied requests, and answers of servers from 400 to 499.
    HttpErrCnt,
    /// `http_err_rate`
    HttpErrRate,
    /// `http_fail_cnt`: answers of servers from 500 on, but for 501 and 505, and missing ones.
    HttpFailCnt,
    /// `http_fail_rate`
    HttpFailRate,
    /// `gpc0`
    Gpc0,
    /// `gpc0_rate`
    Gpc0Rate,
    /// `gpc1`
    Gpc1,
    /// `gpc1_rate`
    Gpc1Rate,
    /// `gpt0`
    Gpt0,
}

impl Datum {
    /// All of them.
    const ALL: [Self; 16] = [
        Self::ConnCnt,
        Self::ConnCur,
        Self::ConnRate,
        Self::Gpc0,
        Self::Gpc0Rate,
        Self::Gpc1,
        Self::Gpc1Rate,
        Self::Gpt0,
        Self::HttpErrCnt,
        Self::HttpErrRate,
        Self::HttpFailCnt,
        Self::HttpFailRate,
        Self::HttpReqCnt,
        Self::HttpReqRate,
        Self::SessCnt,
        Self::SessRate,
    ];

    /// As `store` has it: `http_req_rate`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConnCnt => "conn_cnt",
            Self::ConnCur => "conn_cur",
            Self::ConnRate => "conn_rate",
            Self::Gpc0 => "gpc0",
            Self::Gpc0Rate => "gpc0_rate",
            Self::Gpc1 => "gpc1",
            Self::Gpc1Rate => "gpc1_rate",
            Self::Gpt0 => "gpt0",
            Self::HttpErrCnt => "http_err_cnt",
            Self::HttpErrRate => "http_err_rate",
            Self::HttpFailCnt => "http_fail_cnt",
            Self::HttpFailRate => "http_fail_rate",
            Self::HttpReqCnt => "http_req_cnt",
            Self::HttpReqRate => "http_req_rate",
            Self::SessCnt => "sess_cnt",
            Self::SessRate => "sess_rate",
        }
    }

    /// The counter called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|datum| datum.name() == name)
    }

    /// Whether it counts within a period.
    pub fn is_rate(self) -> bool {
        matches!(
            self,
            Self::ConnRate
                | Self::SessRate
                | Self::HttpReqRate
                | Self::HttpErrRate
                | Self::HttpFailRate
                | Self::Gpc0Rate
                | Self::Gpc1Rate
        )
    }
}

/// What an expression asks of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The value of this counter.
    Read(Datum),
    /// `inc_gpc0`, `inc_gpc1`: counts once more, and says how many that makes.
    Raise(Datum),
    /// `clr_gpc0`, `clr_gpc1`: begins again from 0, and says how many there were.
    Clear(Datum),
    /// `tracked`, `in_table`: whether there is an entry.
    Known,
    /// `trackers`: by how many it is tracked now.
    Trackers,
}

/// Whose entry an expression asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `sc_...`: what the counter of this number tracks; in another table, the entry of the
    /// same key.
    Tracked(u8, Option<TableId>),
    /// `src_...` and the converters `table_...`: the entry of this key.
    Key(alloc::boxed::Box<crate::expression::Expression>, TableId),
}

/// What each request counts.
const ASKED: [Datum; 2] = [Datum::HttpReqCnt, Datum::HttpReqRate];

/// How many counters a request can track.
pub(crate) const SLOTS: usize = 3;

/// What a request tracks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tracks([Option<Track>; SLOTS]);

/// The key that one counter tracks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Track {
    table: TableId,
    key: StickKey,
}

/// Where a rule that tracks stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `tcp-request connection` and `session`: a connection counts once, each of its
    /// requests as a request.
    Connection,
    /// `tcp-request content`: in a frontend, requests that get past these rules count.
    Content,
    /// `http-request`
    Request,
}

/// All tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    tables: Vec<Table>,
}

/// The tables, and what the request at hand tracks, while rules are followed.
pub(crate) struct Tracking {
    pub(crate) counters: RefCell<Counters>,
    pub(crate) tracks: RefCell<Tracks>,
    pub(crate) now: Moment,
    /// The request is the first over its connection.
    pub(crate) first: bool,
}

impl Tracks {
    /// Whether it tracks anything.
    pub(crate) fn any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    fn at(&self, slot: u8) -> Option<&Track> {
        self.0.get(usize::from(slot))?.as_ref()
    }
}

impl Counters {
    /// Empty tables.
    pub(crate) fn new(counting: Vec<Counting>) -> Self {
        Self {
            tables: counting.into_iter().map(Table::new).collect(),
        }
    }

    fn table(&mut self, id: TableId) -> Option<&mut Table> {
        self.tables.get_mut(id.0 as usize)
    }

    /// Counts one more of each of `data` for everything that `tracks` names.
    pub(crate) fn count(&mut self, tracks: &Tracks, data: &[Datum], now: Moment) {
        for track in tracks.0.iter().flatten() {
            if let Some(table) = self.table(track.table) {
                table.count(&track.key, data, now);
            }
        }
    }

    /// A request that tracked this is over; `status` is what its server answered or, if it
    /// failed to, what was answered in its place.
    pub(crate) fn release(&mut self, tracks: &Tracks, status: Option<u16>, now: Moment) {
        match status {
            Some(400..=499) => self.count(tracks, &[Datum::HttpErrCnt, Datum::HttpErrRate], now),
            Some(501 | 505) | None => {}
            Some(500..) => self.count(tracks, &[Datum::HttpFailCnt, Datum::HttpFailRate], now),
            Some(_) => {}
        }
        for track in tracks.0.iter().flatten() {
            if let Some(table) = self.table(track.table) {
                table.release(&track.key, now);
            }
        }
    }
}

impl Tracking {
    /// `track-sc`: from here on, the counter `slot` stands for the entry of `key`. One that
    /// tracks something already goes on doing so.
    pub(crate) fn track(&self, slot: u8, value: &Value<'_>, id: TableId, level: Level) {
        let mut tracks = self.tracks.borrow_mut();
        let mut counters = self.counters.borrow_mut();
        let place = tracks.0.get_mut(usize::from(slot));
        let (Some(place @ None), Some(table)) = (place, counters.table(id)) else {
            return;
        };
        let Some(key) = table.key(value) else {
            return;
        };
        if !table.track(&key, self.now) {
            return;
        }
        let opened = [Datum::ConnCnt, Datum::ConnRate];
        let counted = match level {
            Level::Request => &[opened, ASKED].concat()[..],
            Level::Content => &opened,
            Level::Connection if self.first => {
                &[opened, [Datum::SessCnt, Datum::SessRate]].concat()
            }
            Level::Connection => &[],
        };
        table.count(&key, counted, self.now);
        *place = Some(Track { table: id, key });
    }

    /// The request has got past the rules on connections and contents.
    pub(crate) fn asked(&self) {
        let tracks = self.tracks.borrow();
        let mut counters = self.counters.borrow_mut();
        counters.count(&tracks, &ASKED, self.now);
    }

    /// A rule denies the request.
    pub(crate) fn denied(&self) {
        let tracks = self.tracks.borrow();
        let mut counters = self.counters.borrow_mut();
        counters.count(&tracks, &[Datum::HttpErrCnt, Datum::HttpErrRate], self.now);
    }

    /// Counts one more of `data` for the counter `slot`.
    pub(crate) fn raise(&self, slot: u8, data: &[Datum]) {
        let tracks = self.tracks.borrow();
        if let Some(track) = tracks.at(slot)
            && let Some(table) = self.counters.borrow_mut().table(track.table)
        {
            table.count(&track.key, data, self.now);
        }
    }

    /// `sc-set-gpt0`
    pub(crate) fn set(&self, slot: u8, datum: Datum, number: u32) {
        let tracks = self.tracks.borrow();
        if let Some(track) = tracks.at(slot)
            && let Some(table) = self.counters.borrow_mut().table(track.table)
        {
            table.set(&track.key, datum, number, self.now);
        }
    }

    /// The answer for what the counter `slot` tracks; none if it tracks nothing.
    pub(crate) fn of_tracked(
        &self,
        slot: u8,
        other: Option<TableId>,
        question: Question,
    ) -> Option<u32> {
        let tracks = self.tracks.borrow();
        let Some(track) = tracks.at(slot) else {
            return (question == Question::Known).then_some(0);
        };
        let mut counters = self.counters.borrow_mut();
        let table = counters.table(other.unwrap_or(track.table))?;
        table.ask(&track.key, question, self.now)
    }

    /// The answer for `value` as a key.
    pub(crate) fn of_key(&self, value: &Value<'_>, id: TableId, question: Question) -> Option<u32> {
        let mut counters = self.counters.borrow_mut();
        let table = counters.table(id)?;
        let key = table.key(value)?;
        table.ask(&key, question, self.now)
    }
}
