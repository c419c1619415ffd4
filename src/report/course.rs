//! The course of a run: what every server had to do in each slice of time, how long the
//! requests took, and when something changed. What timelines and plots are made of.

mod series;

use std::collections::BTreeMap;

use balance::{Interest, Moment, RequestId, ServerId, Span};

pub use series::{Cell, Dot, Mark, Series};

use super::transitions::History;
use crate::plan::Plan;
use crate::trace::{Event, Sample, Sink, States};

/// Slices that a course may have; when there are more, each becomes wider.
const MOST: i64 = 1000;

/// Slices of equal width, numbered from the clients' start: slice 0 begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    origin: Moment,
    width: Span,
    /// Whether the width is 1, 10, 100, ... milliseconds rather than 5, 50, 500, ...
    whole: bool,
}

impl Grid {
    /// How long a slice lasts.
    pub fn width(&self) -> Span {
        self.width
    }

    /// The slice that `at` lies in.
    pub fn slice(&self, at: Moment) -> i64 {
        let width = self.width.as_nanos() as i64;
        (at.as_nanos() as i64 - self.origin.as_nanos() as i64).div_euclid(width)
    }

    /// The first moment of a slice; the start of the proxy for those before it.
    pub fn begin(&self, slice: i64) -> Moment {
        let nanos = self.origin.as_nanos() as i64 + slice * self.width.as_nanos() as i64;
        Moment::from_nanos(nanos.max(0) as u64)
    }

    /// Makes the slices wider, and says how many become one: 1, 5, 10, 50, 100, ... ms.
    fn widen(&mut self) -> i64 {
        let factor = if self.whole { 5 } else { 2 };
        self.whole = !self.whole;
        self.width = Span::from_nanos(self.width.as_nanos() * factor);
        factor as i64
    }
}

/// Whom something belongs to: a server, or none of them. To nobody belong the requests
/// that no server answered, and those that wait for whichever server is free.
pub type Whom = Option<ServerId>;

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    /// It waits.
    Queue(Whom),
    /// It is served.
    Slot(ServerId),
}

/// What a run did over time. Its memory is bounded: it grows with the number of servers,
/// of changes of state and of distinct elapsed times, not with that of requests.
#[derive(Clone, Debug)]
pub struct Course {
    grid: Grid,
    series: BTreeMap<Whom, Series>,
    spots: BTreeMap<RequestId, Spot>,
    start: States,
    history: History,
    deeds: Vec<(Moment, u32)>,
    end: Moment,
}

impl Course {
    /// The course of a run of `plan`, before it.
    pub fn new(plan: &Plan) -> Self {
        let names = crate::trace::Names::of(&plan.proxy);
        Self {
            grid: Grid {
                origin: plan.clients_start,
                width: Span::from_millis(1),
                whole: true,
            },
            series: names
                .ids()
                .map(|id| (Some(id), Series::default()))
                .collect(),
            spots: BTreeMap::new(),
            start: States::at_start(&plan.proxy),
            history: History::default(),
            deeds: Vec::new(),
            end: Moment::ZERO,
        }
    }

    /// Ends the course at the end of the run.
    pub fn close(&mut self, end: Moment) {
        self.reach(end);
        for series in self.series.values_mut() {
            series.settle(&self.grid, end);
        }
    }

    /// The slices.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// What belongs to whom, servers in order, nobody first.
    pub fn series(&self) -> impl Iterator<Item = (Whom, &Series)> {
        self.series.iter().map(|(whom, series)| (*whom, series))
    }

    /// The servers in order, with what they did.
    pub fn servers(&self) -> impl Iterator<Item = (ServerId, &Series)> {
        self.series()
            .filter_map(|(whom, series)| Some((whom?, series)))
    }

    /// The states of the servers when the proxy started.
    pub fn start(&self) -> &States {
        &self.start
    }

    /// What changed in the servers' states.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The entries of the plan's timeline that were carried out, with their moments.
    pub fn deeds(&self) -> &[(Moment, u32)] {
        &self.deeds
    }

    /// The last moment of the run.
    pub fn end(&self) -> Moment {
        self.end
    }

    /// When there begins to be something to see: the clients' start, or what was done to
    /// the lab or happened to a server before.
    pub fn begin(&self) -> Moment {
        let deeds = self.deeds.iter().map(|deed| deed.0);
        let moves = self.history.moves().map(|change| change.at);
        let first = deeds.chain(moves).min().unwrap_or(Moment::NEVER);
        first.min(self.grid.origin)
    }

    /// The slices from [`begin`](Self::begin) to the end.
    pub fn shown(&self) -> std::ops::RangeInclusive<i64> {
        self.grid.slice(self.begin())..=self.grid.slice(self.end).max(0)
    }

    /// Makes room for a moment.
    fn reach(&mut self, at: Moment) {
        self.end = self.end.max(at);
        while self.grid.slice(self.end) - self.grid.slice(Moment::ZERO) >= MOST {
            let factor = self.grid.widen();
            for series in self.series.values_mut() {
                series.widen(factor);
            }
        }
    }

    fn of(&mut self, whom: Whom) -> &mut Series {
        self.series.entry(whom).or_default()
    }

    /// A request is somewhere else from now on; nowhere, if it is over.
    fn put(&mut self, at: Moment, request: RequestId, spot: Option<Spot>) {
        let before = match spot {
            Some(spot) => self.spots.insert(request, spot),
            None => self.spots.remove(&request),
        };
        if before == spot {
            return;
        }
        let grid = self.grid;
        let mut change = |spot: Option<Spot>, by: i32| match spot {
            Some(Spot::Slot(server)) => self.of(Some(server)).serve(&grid, at, by),
            Some(Spot::Queue(whom)) => self.of(whom).wait(&grid, at, by),
            None => {}
        };
        change(before, -1);
        change(spot, 1);
    }
}

impl Sink for Course {
    fn interest(&self) -> Interest {
        Interest::Everything
    }

    fn sample(&mut self, sample: &Sample) {
        let done = sample.sent + sample.elapsed;
        self.reach(done);
        let slice = self.grid.slice(done);
        let whom = sample.server.filter(|_| sample.served);
        self.of(whom).answer(slice, sample);
    }

    fn event(&mut self, at: Moment, event: &Event) {
        use balance::Event as E;
        self.reach(at);
        self.history.follow(at, event);
        match *event {
            Event::Acted { entry } => self.deeds.push((at, entry)),
            Event::Balancer(event) => match event {
                E::Chosen {
                    request, server, ..
                }
                | E::Dequeued {
                    request, server, ..
                } => self.put(at, request, Some(Spot::Slot(server))),
                E::Queued { request, queue } => self.put(at, request, Some(Spot::Queue(queue))),
                E::Redispatched { request, .. } | E::Ended(request) => self.put(at, request, None),
                E::ProbeEnded { probe, result } => {
                    let slice = self.grid.slice(at);
                    self.of(Some(probe.server)).check(slice, result);
                }
                _ => {}
            },
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use balance::{BackendId, By};

    use super::*;
    use crate::report::tests::plan;

    const S1: ServerId = ServerId {
        backend: BackendId(0),
        slot: 0,
    };

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn tell(course: &mut Course, millis: u64, event: balance::Event) {
        course.event(at(millis), &Event::Balancer(event));
    }

    fn request(slot: u32) -> RequestId {
        RequestId(slot)
    }

    /// The clients of the plan start at 10 s.
    #[test]
    fn slices_count_from_the_clients_start() {
        let mut course = Course::new(&plan());
        course.close(at(10_050));
        let grid = *course.grid();
        assert_eq!(grid.width(), Span::from_millis(50));
        assert_eq!((grid.slice(at(10_000)), grid.slice(at(9_999))), (0, -1));
        assert_eq!((grid.begin(1), grid.begin(-1)), (at(10_050), at(9_950)));
        assert_eq!(course.shown(), 0..=1);
    }

    #[test]
    fn what_is_in_flight_is_averaged_over_a_slice() {
        let mut course = Course::new(&plan());
        let chosen = balance::Event::Chosen {
            request: request(1),
            server: S1,
            by: By::Algorithm,
        };
        tell(&mut course, 0, chosen);
        tell(&mut course, 25, balance::Event::Ended(request(1)));
        // Wider slices hold the same.
        course.close(at(49_000));
        let (_, series) = course.servers().next().expect("s1");
        assert_eq!(course.grid().width(), Span::from_millis(50));
        let cell = series.cell(course.grid().slice(at(0)));
        assert_eq!(cell.served_nanos, 25_000_000);
        assert_eq!((cell.served_most, cell.waiting_most), (1, 0));
        let all: u64 = series.cells().map(|(_, cell)| cell.served_nanos).sum();
        assert_eq!(all, 25_000_000, "and nothing anywhere else");
    }

    #[test]
    fn a_request_is_in_one_place_at_a_time() {
        let mut course = Course::new(&plan());
        let queue = |queue| balance::Event::Queued {
            request: request(7),
            queue,
        };
        let dequeued = balance::Event::Dequeued {
            request: request(7),
            server: S1,
            waited: Span::from_millis(3),
        };
        tell(&mut course, 1, queue(None));
        tell(&mut course, 2, queue(Some(S1)));
        tell(&mut course, 4, dequeued);
        tell(&mut course, 6, balance::Event::Ended(request(7)));
        course.close(at(7));
        let total = |whom, of: fn(&Cell) -> u64| -> u64 {
            let found = course.series().find(|(found, _)| *found == whom);
            let cells = found.expect("a series").1.cells();
            cells.map(|(_, cell)| of(cell)).sum()
        };
        assert_eq!(total(None, |cell| cell.waiting_nanos), 1_000_000);
        assert_eq!(total(Some(S1), |cell| cell.waiting_nanos), 2_000_000);
        assert_eq!(total(Some(S1), |cell| cell.served_nanos), 2_000_000);
    }
}
