//! A run as one line per server: how busy it was, how its checks went, how it ended; and
//! below, when something changed.

use std::fmt::Write as _;

use balance::{Moment, ServerId};

use super::course::{Cell, Course, Series};
use super::journal::deed;
use super::table::{Ink, Style};
use super::transitions::{Change, words};
use super::{Clock, Report, number, text};
use crate::locale::Words;
use crate::plan::Plan;
use crate::trace::{Names, Place};

/// The narrowest line that holds everything.
pub const NARROWEST: usize = 60;

/// Changes that are told below the lines.
const TOLD: usize = 16;

/// The signs of a timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signs {
    /// Blocks, ticks and arrows.
    #[default]
    Unicode,
    /// Letters and digits, for terminals and readers that have no others.
    Ascii,
}

/// The signs themselves.
struct Set {
    levels: [char; 8],
    idle: char,
    closed: char,
    passed: char,
    failed: char,
    down: char,
    up: char,
    dot: &'static str,
    arrow: &'static str,
}

const UNICODE: Set = Set {
    levels: [
        '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}',
        '\u{2588}',
    ],
    idle: '\u{b7}',
    closed: '\u{2591}',
    passed: '\u{2713}',
    failed: '\u{2717}',
    down: '\u{2193}',
    up: '\u{2191}',
    dot: "\u{b7}",
    arrow: "\u{2192}",
};

const ASCII: Set = Set {
    levels: ['1', '2', '3', '4', '5', '6', '7', '8'],
    idle: '.',
    closed: '#',
    passed: '+',
    failed: 'x',
    down: 'v',
    up: '^',
    dot: "-",
    arrow: "->",
};

/// What a timeline is made of.
#[derive(Clone, Copy, Debug)]
pub struct Timeline<'a> {
    /// What was run.
    pub plan: &'a Plan,
    /// How it went.
    pub course: &'a Course,
    /// What came out.
    pub report: &'a Report,
    /// What the servers are called.
    pub names: &'a Names,
}

impl Timeline<'_> {
    /// The lines, none longer than `width` (which is at least [`NARROWEST`]), unless a
    /// title or a name is.
    pub fn text(&self, width: usize, signs: Signs, ink: &dyn Ink) -> String {
        let set = match signs {
            Signs::Unicode => &UNICODE,
            Signs::Ascii => &ASCII,
        };
        let words = ink.words();
        let sheet = Sheet::new(*self, width.max(NARROWEST), set, words);
        let mut out = String::new();
        sheet.head(&mut out, ink);
        for (server, series) in self.course.servers() {
            sheet.line(&mut out, server, series, ink);
        }
        sheet.axis(&mut out, ink);
        self.changes(&mut out, width.max(NARROWEST), set, ink);
        out.push('\n');
        sheet.legend(&mut out, ink);
        let signature = text::signature(self.report).replace('\u{b7}', set.dot);
        ink.ink(&mut out, Style::Faint, &signature);
        out.push('\n');
        out
    }

    /// What was done and what changed, in the order of time.
    fn changes(&self, out: &mut String, width: usize, set: &Set, ink: &dyn Ink) {
        let clock = Clock::starting(self.plan.clients_start);
        let deeds = self.course.deeds().iter().map(|&(at, entry)| {
            let (line, servers) = deed(self.plan, entry);
            let line = ink.words().put("deed", &line);
            let names: Vec<String> = servers.iter().map(|id| self.names.name(*id)).collect();
            let whom = if names.is_empty() {
                ink.words().put("deed", "operator").into_owned()
            } else {
                names.join(", ")
            };
            (at, Style::Plain, format!("{whom}: {line}"))
        });
        let moves = self.course.history().moves().map(|change| {
            let style = match Place::of(change.to) {
                Place::Up => Style::Good,
                _ => Style::Bad,
            };
            (change.at, style, self.change(change, set))
        });
        let mut told: Vec<(Moment, Style, String)> = deeds.chain(moves).collect();
        told.sort_by_key(|(at, ..)| *at);
        if !told.is_empty() {
            out.push('\n');
        }
        let hidden = told.len().saturating_sub(TOLD);
        for (at, style, line) in told.into_iter().take(TOLD) {
            let _ = write!(out, "  {:>10} s  ", number(clock.seconds(at), 3));
            let room = width.saturating_sub(16).max(20);
            let line: String = line.chars().take(room).collect();
            ink.ink(out, style, &line);
            out.push('\n');
        }
        if hidden > 0 {
            let more = format!("  and {hidden} more: `balancelab run` lists them");
            *out += &ink.words().put("time", &more);
            out.push('\n');
        }
    }

    fn change(&self, change: &Change, set: &Set) -> String {
        format!(
            "{}: {} {} {}, {}",
            self.names.name(change.server),
            words(change.from, self.names),
            set.arrow,
            words(change.to, self.names),
            change.reason(self.names)
        )
    }
}

/// Where everything stands on a line.
struct Sheet<'a> {
    of: Timeline<'a>,
    set: &'a Set,
    names: usize,
    counts: usize,
    states: Vec<(ServerId, String)>,
    state: usize,
    load: usize,
    checks: usize,
    /// The highest average of any column of any server, in thousandths of a request.
    most: u64,
    heads: [String; 5],
}

const HEADS: [&str; 5] = ["server", "load", "checks", "requests", "state"];

impl<'a> Sheet<'a> {
    fn new(of: Timeline<'a>, width: usize, set: &'a Set, words: &dyn Words) -> Self {
        let heads = HEADS.map(|head| words.put("time", head).into_owned());
        let names = of.course.servers().map(|(id, _)| of.names.name(id));
        let names = names.map(|name| name.chars().count()).max().unwrap_or(0);
        let names = names.max(heads[0].chars().count());
        let counts = of
            .course
            .servers()
            .map(|(_, s)| s.requests().to_string().len());
        let counts = counts.max().unwrap_or(0).max(heads[3].chars().count());
        let mut sheet = Self {
            of,
            set,
            names,
            counts,
            states: Vec::new(),
            state: 0,
            load: 0,
            checks: 0,
            most: 0,
            heads,
        };
        // The long form of the states where it leaves room for the two lanes.
        for long in [true, false] {
            sheet.states = sheet.states(long, words);
            let widest = sheet.states.iter().map(|(_, state)| state.chars().count());
            sheet.state = widest
                .max()
                .unwrap_or(0)
                .max(sheet.heads[4].chars().count());
            let taken = 2 + names + 2 + 2 + 2 + counts + 2 + sheet.state;
            let room = width.saturating_sub(taken);
            if room >= 36 || !long {
                sheet.checks = (room * 2 / 5).max(6);
                sheet.load = room.saturating_sub(sheet.checks).max(8);
                break;
            }
        }
        let columns = |series: &Series| -> u64 {
            let columns = (0..sheet.load).map(|column| sheet.average(series, column));
            columns.max().unwrap_or(0)
        };
        sheet.most = of
            .course
            .servers()
            .map(|(_, s)| columns(s))
            .max()
            .unwrap_or(0);
        sheet
    }

    /// The states at the end, with or without their moments.
    fn states(&self, long: bool, words: &dyn Words) -> Vec<(ServerId, String)> {
        let servers = self.of.course.servers().map(|(id, _)| {
            let name = self.of.names.name(id);
            let server = self.of.report.servers.iter().find(|s| s.name == name);
            let text = server.map_or_else(String::new, |server| match server.state.since {
                Some(since) if long => {
                    let text = format!("{} since {} s", server.state.status, number(since, 3));
                    words.put("time", &text).into_owned()
                }
                _ => server.state.status.clone(),
            });
            (id, text)
        });
        servers.collect()
    }

    /// The slices of a column, when there are `columns`: at least one.
    fn slices(&self, column: usize, columns: usize) -> std::ops::Range<i64> {
        let shown = self.of.course.shown();
        let (first, count) = (*shown.start(), shown.end() - shown.start() + 1);
        let at = |column: usize| first + count * column as i64 / columns as i64;
        let from = at(column);
        from..at(column + 1).max(from + 1)
    }

    /// How many requests a server had at once, averaged over a column, in thousandths.
    fn average(&self, series: &Series, column: usize) -> u64 {
        let slices = self.slices(column, self.load);
        let cell = series.taken_together(slices.clone());
        let width = self.of.course.grid().width().as_nanos();
        let width = width * (slices.end - slices.start) as u64;
        // A column that was not idle never looks as if it had been.
        let busy = cell.served_nanos + cell.waiting_nanos;
        let average = (u128::from(busy) * 1000 / u128::from(width)) as u64;
        average.max(u64::from(busy > 0))
    }

    fn head(&self, out: &mut String, ink: &dyn Ink) {
        let report = self.of.report;
        ink.ink(out, Style::Title, &report.title);
        let simulated = number(report.simulated.as_nanos() as f64 / 1e9, 3);
        let facts = format!(
            "   {} {} {simulated} s simulated",
            report.scenario, self.set.dot
        );
        ink.ink(out, Style::Faint, &ink.words().put("time", &facts));
        let [server, load, checks, requests, state] = &self.heads;
        let (names, lanes, counts) = (self.names, (self.load, self.checks), self.counts);
        let line = format!(
            "\n\n  {server:names$}  {load:l$}  {checks:c$}  {requests:>counts$}  {state}\n",
            l = lanes.0,
            c = lanes.1
        );
        ink.ink(out, Style::Head, &line);
    }

    fn line(&self, out: &mut String, server: ServerId, series: &Series, ink: &dyn Ink) {
        let name = self.of.names.name(server);
        let _ = write!(out, "  {name:0$}  ", self.names);
        for column in 0..self.load {
            let (sign, style) = self.load_sign(server, series, column);
            ink.ink(out, style, sign.encode_utf8(&mut [0; 4]));
        }
        out.push_str("  ");
        for column in 0..self.checks {
            let (sign, style) = self.check_sign(server, series, column);
            ink.ink(out, style, sign.encode_utf8(&mut [0; 4]));
        }
        let _ = write!(out, "  {:>1$}  ", series.requests(), self.counts);
        let state = self.states.iter().find(|(id, _)| *id == server);
        let state = state.map_or("", |(_, state)| state.as_str());
        let up = self.place(server, self.of.course.end()).is_balanced();
        ink.ink(out, if up { Style::Good } else { Style::Bad }, state);
        out.push('\n');
    }

    fn load_sign(&self, server: ServerId, series: &Series, column: usize) -> (char, Style) {
        let average = self.average(series, column);
        let slices = self.slices(column, self.load);
        let place = self.place(server, self.of.course.grid().begin(slices.end));
        let style = if place.is_balanced() {
            Style::Plain
        } else {
            Style::Bad
        };
        let sign = match (average, place.is_balanced()) {
            (0, true) => self.set.idle,
            (0, false) => self.set.closed,
            _ => self.set.levels[(average * 8).div_ceil(self.most.max(1)).clamp(1, 8) as usize - 1],
        };
        (sign, style)
    }

    fn check_sign(&self, server: ServerId, series: &Series, column: usize) -> (char, Style) {
        let slices = self.slices(column, self.checks);
        let cell = series.taken_together(slices.clone());
        let grid = self.of.course.grid();
        let (from, until) = (grid.begin(slices.start), grid.begin(slices.end));
        let moved = self
            .of
            .course
            .history()
            .moves()
            .filter(|change| change.server == server && (from..until).contains(&change.at));
        // Of several things in one column the last move counts most, then a failure.
        match moved.last().map(|change| Place::of(change.to)) {
            Some(Place::Up) => (self.set.up, Style::Good),
            Some(_) => (self.set.down, Style::Bad),
            None if cell.failed > 0 => (self.set.failed, Style::Bad),
            None if cell.passed > 0 => (self.set.passed, Style::Good),
            None => (' ', Style::Plain),
        }
    }

    /// Where a server is just before a moment.
    fn place(&self, server: ServerId, at: Moment) -> Place {
        let moves = self.of.course.history().moves();
        let last = moves
            .filter(|change| change.server == server && change.at < at)
            .last();
        last.map_or(self.of.course.start().place(server).0, |change| {
            Place::of(change.to)
        })
    }

    /// The moments at both ends of both lanes.
    fn axis(&self, out: &mut String, ink: &dyn Ink) {
        let clock = Clock::starting(self.of.plan.clients_start);
        let course = self.of.course;
        let ends = [course.begin(), course.end()].map(|at| {
            let seconds = clock.seconds(at);
            format!("{} s", number(seconds, usize::from(seconds.fract() != 0.0)))
        });
        let lane = |width: usize| {
            let [from, to] = &ends;
            let room = width.saturating_sub(from.len());
            if to.len() < room {
                format!("{from}{to:>room$}")
            } else {
                format!("{:width$}", "")
            }
        };
        let (load, checks) = (lane(self.load), lane(self.checks));
        let both = format!("  {:names$}  {load}  {checks}", "", names = self.names);
        ink.ink(out, Style::Faint, both.trim_end());
        out.push('\n');
    }

    fn legend(&self, out: &mut String, ink: &dyn Ink) {
        let set = self.set;
        let decimals = if self.most < 1000 { 3 } else { 1 };
        let most = number(self.most as f64 / 1000.0, decimals);
        let lines = [
            format!(
                "load: requests at the server on average; {} is {most}, the most of all",
                set.levels[7]
            ),
            format!(
                "      {} none, {} none and the server takes no new ones",
                set.idle, set.closed
            ),
            format!(
                "checks: {} passed, {} failed; the server takes {} no more, {} again",
                set.passed, set.failed, set.down, set.up
            ),
        ];
        for line in lines {
            ink.ink(out, Style::Faint, &ink.words().put("time", &line));
            out.push('\n');
        }
    }
}

/// The numbers of a timeline: who did what in each slice in which there was something.
pub fn table(course: &Course, clock: Clock, names: &Names) -> super::table::Table {
    use super::table::Align::{Left, Right};
    let mut table = super::table::Table::new(&[
        ("from s", Right),
        ("server", Left),
        ("requests", Right),
        ("errors", Right),
        ("served on average", Right),
        ("waiting on average", Right),
        ("checks passed", Right),
        ("checks failed", Right),
    ]);
    let width = course.grid().width().as_nanos() as f64;
    let average = |nanos: u64| number(nanos as f64 / width, 3);
    let mut rows: Vec<(i64, super::table::Cell, &Cell)> = Vec::new();
    for (whom, series) in course.series() {
        let name = whom.map_or_else(super::table::nobody, |id| names.name(id).into());
        rows.extend(
            series
                .cells()
                .map(|(slice, cell)| (slice, name.clone(), cell)),
        );
    }
    // The sort is stable: servers stay in order.
    rows.sort_by_key(|(slice, ..)| *slice);
    for (slice, name, cell) in rows {
        table.push(vec![
            number(clock.seconds(course.grid().begin(slice)), 3).into(),
            name,
            cell.requests.to_string().into(),
            cell.errors.to_string().into(),
            average(cell.served_nanos).into(),
            average(cell.waiting_nanos).into(),
            cell.passed.to_string().into(),
            cell.failed.to_string().into(),
        ]);
    }
    table
}
