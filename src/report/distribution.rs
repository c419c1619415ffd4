//! The table of a lab task: who got how many requests, chosen by whom, and how long they took.

use std::collections::BTreeMap;

use balance::{By, Moment, ServerId, Span};

use super::spread::{Sorted, Spread};
use crate::trace::Sample;

/// Counts samples per server.
///
/// A request belongs to the server that answered it; one that no server answered (refused,
/// timed out, nobody there) belongs to nobody and is counted in the total only. Who *chose*
/// a server is counted with the chosen server all the same, as `lbtot` counts it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// By backend, then by place in it.
    servers: Vec<Vec<Cell>>,
    unanswered: Cell,
}

/// The books of one server.
#[derive(Clone, Debug, PartialEq)]
struct Cell {
    // The hot part: a run of samples that differ in nothing that is counted.
    kind: Kind,
    elapsed: Span,
    run: u64,
    first_sent: Moment,
    last_ended: Moment,
    // The cold part: everything before that run.
    books: Books,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            elapsed: Span::ZERO,
            run: 0,
            first_sent: Moment::NEVER,
            last_ended: Moment::ZERO,
            books: Books::default(),
        }
    }
}

/// What is counted of a sample besides its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kind {
    by: Option<By>,
    error: bool,
    restarted: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Books {
    requests: u64,
    errors: u64,
    sessions_restarted: u64,
    chosen_by: BTreeMap<By, u64>,
    spread: Spread,
}

impl Books {
    fn enter(&mut self, kind: Kind, elapsed: Span, times: u64) {
        self.requests += times;
        self.errors += u64::from(kind.error) * times;
        self.sessions_restarted += u64::from(kind.restarted) * times;
        self.chosen(kind.by, times);
        self.spread.add(elapsed, times);
    }

    fn chosen(&mut self, by: Option<By>, times: u64) {
        if let Some(by) = by {
            *self.chosen_by.entry(by).or_default() += times;
        }
    }
}

impl Cell {
    #[inline]
    fn add(&mut self, kind: Kind, sample: &Sample) {
        self.first_sent = self.first_sent.min(sample.sent);
        self.last_ended = self.last_ended.max(sample.sent + sample.elapsed);
        if self.kind == kind && self.elapsed == sample.elapsed {
            self.run += 1;
        } else {
            self.begin_run(kind, sample.elapsed);
        }
    }

    #[inline(never)]
    fn begin_run(&mut self, kind: Kind, elapsed: Span) {
        self.turn_page();
        self.kind = kind;
        self.elapsed = elapsed;
        self.run = 1;
    }

    fn turn_page(&mut self) {
        if self.run > 0 {
            self.books.enter(self.kind, self.elapsed, self.run);
            self.run = 0;
        }
    }

    fn merge(&mut self, other: &Self) {
        debug_assert!(self.run == 0 && other.run == 0, "pages are turned first");
        self.first_sent = self.first_sent.min(other.first_sent);
        self.last_ended = self.last_ended.max(other.last_ended);
        let books = &mut self.books;
        books.requests += other.books.requests;
        books.errors += other.books.errors;
        books.sessions_restarted += other.books.sessions_restarted;
        for (&by, &times) in &other.books.chosen_by {
            books.chosen(Some(by), times);
        }
        books.spread.merge(&other.books.spread);
    }

    fn row(&self, all: u64) -> Row {
        let books = &self.books;
        let by = |by| books.chosen_by.get(&by).copied().unwrap_or(0);
        let lasted = self.last_ended.since(self.first_sent).as_nanos() as f64 / 1e9;
        Row {
            requests: books.requests,
            share: if all == 0 {
                0.0
            } else {
                books.requests as f64 / all as f64
            },
            errors: books.errors,
            times: (books.requests > 0).then(|| Times::of(&books.spread.sorted())),
            rate: if lasted > 0.0 {
                books.requests as f64 / lasted
            } else {
                0.0
            },
            by_algorithm: by(By::Algorithm),
            by_cookie: by(By::Cookie),
            by_stick: by(By::Stick),
            by_rule: by(By::UseServer),
            by_queue: by(By::Queue),
            sessions_restarted: books.sessions_restarted,
        }
    }
}

impl Distribution {
    /// Counts one sample.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub fn add(&mut self, sample: &Sample) {
        let kind = Kind {
            by: sample.by,
            error: sample.is_error(),
            restarted: sample.session_restarted,
        };
        let Some(server) = sample.server.filter(|_| sample.served) else {
            return self.add_unanswered(sample.server, kind, *sample);
        };
        let servers = self.servers.get_mut(server.backend.0 as usize);
        match servers.and_then(|servers| servers.get_mut(server.slot as usize)) {
            Some(cell) => cell.add(kind, sample),
            None => self.cell(server).add(kind, &{ *sample }),
        }
    }

    /// Ends the count.
    pub fn close(mut self) -> Closed {
        let mut total = Cell::default();
        self.unanswered.turn_page();
        total.merge(&self.unanswered);
        for cell in self.servers.iter_mut().flatten() {
            cell.turn_page();
            total.merge(cell);
        }
        Closed {
            total: total.row(total.books.requests),
            counted: self,
        }
    }

    #[cold]
    fn add_unanswered(&mut self, chosen: Option<ServerId>, kind: Kind, sample: Sample) {
        if let Some(server) = chosen {
            self.cell(server).books.chosen(kind.by, 1);
        }
        self.unanswered.add(Kind { by: None, ..kind }, &sample);
    }

    #[inline(never)]
    fn cell(&mut self, server: ServerId) -> &mut Cell {
        let backend = server.backend.0 as usize;
        let slot = server.slot as usize;
        if self.servers.get(backend).is_none_or(|b| b.len() <= slot) {
            self.make_room(backend, slot);
        }
        &mut self.servers[backend][slot]
    }

    #[cold]
    fn make_room(&mut self, backend: usize, slot: usize) {
        if self.servers.len() <= backend {
            self.servers.resize_with(backend + 1, Vec::new);
        }
        self.servers[backend].resize_with(slot + 1, Cell::default);
    }
}

/// A finished count.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    total: Row,
    counted: Distribution,
}

impl Closed {
    /// The row of all requests.
    pub fn total(&self) -> &Row {
        &self.total
    }

    /// The row of the requests that no server answered, if there were any.
    pub fn unanswered(&self) -> Option<Row> {
        let row = self.counted.unanswered.row(self.total.requests);
        (row.requests > 0).then_some(row)
    }

    /// The row of `server`.
    pub fn server(&self, server: ServerId) -> Row {
        let backend = self.counted.servers.get(server.backend.0 as usize);
        backend
            .and_then(|b| b.get(server.slot as usize))
            .map_or_else(
                || Cell::default().row(self.total.requests),
                |cell| cell.row(self.total.requests),
            )
    }

    /// The servers that samples named.
    pub fn named(&self) -> impl Iterator<Item = ServerId> + '_ {
        (0_u32..).zip(&self.counted.servers).flat_map(|(b, cells)| {
            (0..cells.len() as u32).map(move |slot| ServerId {
                backend: balance::BackendId(b),
                slot,
            })
        })
    }
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Requests answered.
    pub requests: u64,
    /// Their part of all requests, 0 to 1.
    pub share: f64,
    /// Those of them that failed, as JMeter sees it.
    pub errors: u64,
    /// How long they took; none without requests.
    pub times: Option<Times>,
    /// Requests per second from the first sent to the last answered, as JMeter computes it.
    pub rate: f64,
    /// Placed by the balancing algorithm.
    pub by_algorithm: u64,
    /// Kept by the persistence cookie.
    pub by_cookie: u64,
    /// Kept by a stick table.
    pub by_stick: u64,
    /// Sent by a `use-server` rule.
    pub by_rule: u64,
    /// Taken out of a queue by the server.
    pub by_queue: u64,
    /// Sessions begun anew here although the client brought one.
    pub sessions_restarted: u64,
}

/// Elapsed times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Arithmetic mean.
    pub mean: f64,
    /// JMeter's standard deviation (over n).
    pub deviation: f64,
    /// Shortest.
    pub min: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Longest.
    pub max: f64,
}

impl Times {
    fn of(sorted: &Sorted) -> Self {
        Self {
            mean: sorted.mean(),
            deviation: sorted.deviation(),
            min: sorted.min(),
            p50: sorted.percentile(50),
            p95: sorted.percentile(95),
            p99: sorted.percentile(99),
            max: sorted.max(),
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "exactly representable, or computed the same way"
)]
mod tests {
    use balance::BackendId;
    use proptest::prelude::*;

    use super::*;

    fn id(slot: u32) -> ServerId {
        ServerId {
            backend: BackendId(0),
            slot,
        }
    }

    fn sample(slot: u32, by: By, sent: u64, elapsed: u64) -> Sample {
        Sample {
            client: 0,
            thread: 0,
            server: Some(id(slot)),
            by: Some(by),
            status: 200,
            served: true,
            session_restarted: false,
            sent: Moment::from_millis(sent),
            elapsed: Span::from_millis(elapsed),
        }
    }

    fn count(samples: &[Sample]) -> Closed {
        let mut distribution = Distribution::default();
        for sample in samples {
            distribution.add(sample);
        }
        distribution.close()
    }

    #[test]
    fn two_servers_and_their_total() {
        let mut restarted = sample(1, By::Algorithm, 9000, 10);
        restarted.session_restarted = true;
        let closed = count(&[
            sample(0, By::Algorithm, 1000, 2500),
            sample(0, By::Cookie, 3500, 5500),
            restarted,
            sample(1, By::Cookie, 9010, 10),
        ]);
        let (s1, s2) = (closed.server(id(0)), closed.server(id(1)));
        assert_eq!((s1.requests, s1.share, s1.errors), (2, 0.5, 0));
        assert_eq!((s1.by_algorithm, s1.by_cookie), (1, 1));
        let times = s1.times.expect("two requests");
        assert_eq!((times.mean, times.deviation), (4000.0, 1500.0));
        assert_eq!((times.min, times.p50, times.max), (2500.0, 2500.0, 5500.0));
        // Each row has its own clock: s1 from 1.0 to 9.0 s, s2 from 9.00 to 9.02 s.
        assert_eq!((s1.rate, s2.rate), (0.25, 100.0));
        assert_eq!((s1.sessions_restarted, s2.sessions_restarted), (0, 1));
        let total = closed.total();
        assert_eq!((total.requests, total.share), (4, 1.0));
        assert_eq!((total.by_algorithm, total.by_cookie), (2, 2));
        assert_eq!(total.rate, 4.0 / 8.02);
        assert_eq!(closed.unanswered(), None);
    }

    #[test]
    fn an_unanswered_request_is_nobodys() {
        let refused = Sample {
            status: 503,
            served: false,
            ..sample(0, By::Algorithm, 0, 3000)
        };
        let nowhere = Sample {
            server: None,
            by: None,
            status: 503,
            served: false,
            ..sample(0, By::Algorithm, 3000, 0)
        };
        let closed = count(&[refused, nowhere, sample(1, By::Algorithm, 3000, 4)]);
        let s1 = closed.server(id(0));
        assert_eq!((s1.requests, s1.errors, s1.times), (0, 0, None));
        assert_eq!(s1.by_algorithm, 1, "the algorithm did choose it");
        let unanswered = closed.unanswered().expect("two of them");
        assert_eq!((unanswered.requests, unanswered.errors), (2, 2));
        let total = closed.total();
        assert_eq!((total.requests, total.errors), (3, 2));
        assert_eq!(total.by_algorithm, 2);
        let shares = s1.share + closed.server(id(1)).share + unanswered.share;
        assert!((shares - 1.0).abs() < 1e-12);
    }

    #[test]
    fn an_answered_error_is_the_servers() {
        let broken = Sample {
            status: 500,
            ..sample(0, By::Algorithm, 0, 4)
        };
        let closed = count(&[broken]);
        let s1 = closed.server(id(0));
        assert_eq!((s1.requests, s1.errors), (1, 1));
    }

    #[test]
    fn no_samples_no_numbers() {
        let closed = count(&[]);
        let total = closed.total();
        assert_eq!((total.requests, total.share, total.rate), (0, 0.0, 0.0));
        assert_eq!(total.times, None);
    }

    fn any_sample() -> impl Strategy<Value = Sample> {
        let by = prop::sample::select(vec![By::Algorithm, By::Cookie, By::Queue]);
        (0_u32..3, by, 0_u64..50, 0_u64..3, any::<bool>(), 0_u8..4).prop_map(
            |(slot, by, sent, elapsed, restarted, fate)| Sample {
                status: if fate == 0 { 503 } else { 200 },
                served: fate != 1,
                session_restarted: restarted,
                ..sample(slot, by, sent, elapsed)
            },
        )
    }

    proptest! {
        /// The naive twin: filter the list for every number.
        #[test]
        fn equals_filtering_the_list(samples in prop::collection::vec(any_sample(), 0..200)) {
            let closed = count(&samples);
            let n = |keep: &dyn Fn(&&Sample) -> bool| samples.iter().filter(keep).count() as u64;
            let mut answered = 0;
            for slot in 0..3 {
                let row = closed.server(id(slot));
                let here = |s: &&Sample| s.server == Some(id(slot));
                prop_assert_eq!(row.requests, n(&|s| here(s) && s.served));
                prop_assert_eq!(row.errors, n(&|s| here(s) && s.served && s.is_error()));
                prop_assert_eq!(row.by_cookie, n(&|s| here(s) && s.by == Some(By::Cookie)));
                prop_assert_eq!(row.by_queue, n(&|s| here(s) && s.by == Some(By::Queue)));
                prop_assert_eq!(
                    row.sessions_restarted,
                    n(&|s| here(s) && s.served && s.session_restarted)
                );
                answered += row.requests;
            }
            let total = closed.total();
            prop_assert_eq!(total.requests, samples.len() as u64);
            prop_assert_eq!(total.errors, n(&|s| s.is_error()));
            let nobodys = closed.unanswered().map_or(0, |row| row.requests);
            prop_assert_eq!(answered + nobodys, total.requests);
            let sum: u64 = samples.iter().map(|s| s.elapsed.as_millis()).sum();
            let mean = total.times.map_or(0.0, |t| t.mean * total.requests as f64);
            prop_assert!((mean - sum as f64).abs() < 1e-6);
        }
    }
}
