//! What all plots of one run have in common: servers and their order, the bins of time,
//! and the moments at which something changed.

use balance::Moment;

use super::Run;
use super::panel::{Axis, Even, Frame, OverTime, Panel, Upright, moment};
use super::sheet::{Anchor, Sheet, width};
use crate::report::course::{Cell, Series, Whom};
use crate::report::journal::deed;
use crate::report::number;
use crate::trace::Place;

/// How wide every picture is.
pub(super) const WIDTH: i32 = 1040;

/// More bins than this are not told apart on a sheet.
const BINS: i64 = 80;

/// Somebody with a line of his own.
pub(super) struct Lane<'a> {
    pub(super) whom: Whom,
    pub(super) name: String,
    pub(super) series: &'a Series,
}

/// A moment at which something changed.
struct Turn {
    micros: i64,
    class: &'static str,
    words: String,
    /// Where its words begin, and on which line above the panel; none if there is no room.
    place: Option<(i32, usize)>,
}

/// Lines of words that there may be above a panel, and the height of one.
const LINES: usize = 4;
const LINE: i32 = 16;

/// The frame of a panel below a head that ends at `top`.
pub(super) fn below(top: i32, bottom: i32) -> Frame {
    ((0, top), (WIDTH - 20, bottom))
}

pub(super) struct Scene<'a> {
    pub(super) run: Run<'a>,
    /// The servers in order.
    pub(super) servers: Vec<Lane<'a>>,
    /// Nobody, if requests were his.
    pub(super) nobody: Option<&'a Series>,
    /// Slices per bin.
    bin: i64,
    turns: Vec<Turn>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(run: Run<'a>) -> Self {
        let servers = run.course.servers().map(|(id, series)| Lane {
            whom: Some(id),
            name: run.names.name(id),
            series,
        });
        let nobody = run.course.series().find(|(whom, _)| whom.is_none());
        let shown = run.course.shown();
        let slices = shown.end() - shown.start() + 1;
        let steps = [1, 2, 5, 10, 20, 50, 100].into_iter();
        let mut scene = Self {
            servers: servers.collect(),
            nobody: nobody.map(|(_, series)| series),
            bin: steps
                .filter(|bin| slices <= bin * BINS)
                .min()
                .unwrap_or(100),
            turns: turns(run),
            run,
        };
        scene.place_words();
        scene
    }

    /// Finds a place for the words about each change: as low as possible, none over
    /// another.
    fn place_words(&mut self) {
        let mut empty = Sheet::new(WIDTH, 400);
        let panel = self.axes(&mut empty, below(100, 300), Axis::bare());
        let mut free = [0; LINES];
        for turn in &mut self.turns {
            let needed = width(&turn.words, 13);
            let start = panel.across(&turn.micros).min(WIDTH - 12 - needed).max(0);
            turn.place = (0..LINES)
                .find(|line| free[*line] <= start)
                .map(|line| (start, line));
            if let Some((_, line)) = turn.place {
                free[line] = start + needed + 10;
            }
        }
    }

    /// The height of the words above a panel.
    pub(super) fn words_height(&self) -> i32 {
        let lines = self.turns.iter().filter_map(|turn| turn.place);
        lines
            .map(|(_, line)| (line as i32 + 1) * LINE)
            .max()
            .unwrap_or(0)
    }

    /// Microseconds from the clients' start.
    pub(super) fn micros(&self, at: Moment) -> i64 {
        let nanos = |at: Moment| at.as_nanos() as i64;
        (nanos(at) - nanos(self.run.plan.clients_start)).div_euclid(1000)
    }

    /// How long a bin lasts, in seconds.
    pub(super) fn bin_seconds(&self) -> f64 {
        self.run.course.grid().width().as_nanos() as f64 * self.bin as f64 / 1e9
    }

    /// The bins that are shown.
    pub(super) fn bins(&self) -> impl Iterator<Item = i64> + use<> {
        let shown = self.run.course.shown();
        let bin = self.bin;
        shown.start().div_euclid(bin)..=shown.end().div_euclid(bin)
    }

    /// When a bin begins, in microseconds from the clients' start.
    pub(super) fn begins(&self, bin: i64) -> i64 {
        let width = (self.run.course.grid().width().as_nanos() / 1000) as i64;
        bin * self.bin * width
    }

    /// The bin that a slice lies in.
    pub(super) fn bin_of(&self, slice: i64) -> i64 {
        slice.div_euclid(self.bin)
    }

    /// What there was in a bin.
    pub(super) fn binned(&self, series: &Series, bin: i64) -> Cell {
        series.taken_together(bin * self.bin..(bin + 1) * self.bin)
    }

    /// The first and the last moment shown, in microseconds.
    pub(super) fn span(&self) -> (i64, i64) {
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for bin in self.bins() {
            first = first.min(self.begins(bin));
            last = last.max(self.begins(bin + 1));
        }
        (first, last.max(first + 1))
    }

    /// Draws a panel over time, and marks in it what changed; the words above it only if
    /// there is room for them.
    pub(super) fn panel<Y>(
        &self,
        sheet: &mut Sheet,
        frame: Frame,
        words: bool,
        y: Axis<'_, Y>,
    ) -> OverTime<Y>
    where
        Y: Upright,
        Y::ValueType: std::fmt::Debug,
    {
        let panel = self.axes(sheet, frame, y);
        let (across, down) = panel.inside();
        let (first, last) = self.span();
        let [left, right] = [across.start, across.end].map(i64::from);
        let top = sheet.time.map_or(i64::from(down.start), |time| time[4]);
        sheet.time = Some([first, last, left, right, top, i64::from(down.end)]);
        for turn in &self.turns {
            let x = panel.across(&turn.micros);
            sheet.line(turn.class, [(x, down.start), (x, down.end)]);
            if let Some((start, line)) = turn.place.filter(|_| words) {
                let y = frame.0.1 - 30 - line as i32 * LINE;
                sheet.text("mark", Anchor::Start, (start, y), &turn.words);
            }
        }
        panel
    }

    /// The axes and the grid of a panel over time.
    fn axes<Y>(&self, sheet: &mut Sheet, frame: Frame, y: Axis<'_, Y>) -> OverTime<Y>
    where
        Y: Upright,
        Y::ValueType: std::fmt::Debug,
    {
        let (first, last) = self.span();
        let x = Axis {
            range: Even::new(first, last),
            labels: 12,
            word: &|micros: &i64| moment(*micros),
        };
        Panel::draw(sheet, frame, x, y)
    }

    /// The title, and below it who has which line and marker. Returns where a panel may
    /// begin, below the words about what changed.
    pub(super) fn head(&self, sheet: &mut Sheet, title: &str) -> i32 {
        sheet.text("title", Anchor::Start, (16, 28), title);
        let (mut x, mut y) = (16, 56);
        let nobody = self.nobody.filter(|series| series.requests() > 0);
        let nobody = nobody.map(|_| self.run.put("answered by no server"));
        let names = self.servers.iter().map(|lane| lane.name.as_str());
        for (index, name) in names.map(Some).chain([None]).enumerate() {
            let Some(text) = name.or(nobody.as_deref()) else {
                break;
            };
            let needed = 62 + width(text, 15) + 18;
            if x + needed > WIDTH {
                (x, y) = (16, y + 24);
            }
            let line = [(x, y - 5), (x + 50, y - 5)];
            if name.is_some() {
                stroke(sheet, index, line);
                sheet.marker(index, (x + 25, y - 5), 5);
            } else {
                sheet.line("lx", line);
                sheet.cross("failed", (x + 25, y - 5), 4);
            }
            sheet.text("name", Anchor::Start, (x + 60, y), text);
            x += needed;
        }
        y + 10 + 34 + self.words_height()
    }

    /// The lines of steps of all servers, each with its markers, and that of nobody.
    pub(super) fn steps(
        &self,
        sheet: &mut Sheet,
        panel: &OverTime<Even>,
        height: &dyn Fn(&Cell) -> i64,
    ) {
        const APART: usize = 9;
        for (index, lane) in self.servers.iter().enumerate() {
            let points = self.points(lane.series, panel, height);
            stroke(sheet, index, points.iter().copied());
            // Two points a bin; the markers of different servers stand apart.
            let first = index % APART;
            for pair in points.chunks(2).skip(first).step_by(APART) {
                let [(left, y), (right, _)] = pair else {
                    continue;
                };
                sheet.marker(index, (i32::midpoint(*left, *right), *y), 4);
            }
        }
        if let Some(series) = self.nobody.filter(|series| !series.is_empty()) {
            let points = self.points(series, panel, height);
            sheet.line("lx", points);
        }
    }

    fn points(
        &self,
        series: &Series,
        panel: &OverTime<Even>,
        height: &dyn Fn(&Cell) -> i64,
    ) -> Vec<(i32, i32)> {
        let bins = self.bins().flat_map(|bin| {
            let value = height(&self.binned(series, bin));
            [bin, bin + 1].map(|edge| panel.at(self.begins(edge), value))
        });
        bins.collect()
    }
}

/// The line of the `index`-th server, on a wider one that sets it off from the paper.
pub(super) fn stroke(
    sheet: &mut Sheet,
    index: usize,
    points: impl IntoIterator<Item = (i32, i32)> + Clone,
) {
    let index = index % super::sheet::SERVERS;
    sheet.line(&format!("case d{index}"), points.clone());
    sheet.line(&format!("l{index}"), points);
}

/// Thousandths as a number: `1.5`.
pub(super) fn thousandths(value: i64) -> String {
    let text = number(value as f64 / 1e3, 3);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What changed, in the order of time.
fn turns(run: Run<'_>) -> Vec<Turn> {
    let micros = |at: Moment| {
        (at.as_nanos() as i64 - run.plan.clients_start.as_nanos() as i64).div_euclid(1000)
    };
    let deeds = run.course.deeds().iter().map(|&(at, entry)| {
        let (line, servers) = deed(run.plan, entry);
        let names: Vec<String> = servers.iter().map(|id| run.names.name(*id)).collect();
        let whom = if names.is_empty() {
            String::new()
        } else {
            names.join(", ") + ": "
        };
        let line = run.words.put("deed", &line);
        Turn {
            micros: micros(at),
            class: "deed",
            words: format!("{whom}{line}"),
            place: None,
        }
    });
    let moves = run.course.history().moves().map(|change| Turn {
        micros: micros(change.at),
        class: "move",
        words: format!(
            "{} {} ({})",
            run.names.name(change.server),
            Place::of(change.to),
            change.reason(run.names)
        ),
        place: None,
    });
    let mut turns: Vec<Turn> = deeds.chain(moves).collect();
    turns.sort_by_key(|turn| turn.micros);
    turns
}
