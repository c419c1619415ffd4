//! What an actor may do to others: push what follows, and tell the reader of the run.

use balance::{Interest, Moment, ServerId, Status};

use crate::kernel::{Agenda, Delay, Lane, Ticket};
use crate::trace::{self, Digest, Sample, Sink};

use super::numbers::Numbers;
use super::wire::Wire;
use super::world::Event;

/// World faults: nodes that stop and start.
pub(super) const FAULTS: Lane = Lane::new(0);
/// What the operator does.
pub(super) const OPERATOR: Lane = Lane::new(1);
/// What arrives over a wire.
pub(super) const WIRE: Lane = Lane::new(2);
/// An actor's own time that is over. The balancer's timers come after all lanes: news that
/// arrives at the very moment of its timeout is in time.
pub(super) const TIMERS: Lane = Lane::new(3);

/// Lent to an actor while it handles an event.
pub(super) struct Outbox<'a, S> {
    /// The present moment.
    pub(super) now: Moment,
    /// The latencies, as prepared delays.
    pub(super) wire: &'a Wire,
    /// Who uses which request number.
    pub(super) numbers: &'a mut Numbers,
    /// What must still happen before the run is over: clients and the operator count here.
    pub(super) pending: &'a mut u32,
    pub(super) agenda: &'a mut Agenda<Event>,
    pub(super) digest: &'a mut Digest,
    pub(super) sink: &'a mut S,
}

impl<S: Sink> Outbox<'_, S> {
    /// Pushes what follows, `delay` from now.
    #[inline]
    pub(super) fn after(&mut self, delay: Delay, event: Event) {
        self.agenda.after(self.now, delay, event);
    }

    /// Pushes what follows at a moment.
    pub(super) fn at(&mut self, at: Moment, lane: Lane, event: Event) {
        self.agenda.at(at, lane, event);
    }

    /// Pushes what follows at a moment, unless it is cancelled.
    pub(super) fn timer(&mut self, at: Moment, lane: Lane, event: Event) -> Ticket {
        self.agenda.timer(at, lane, event)
    }

    /// Takes back what `ticket` stands for, if it has not happened yet.
    pub(super) fn cancel(&mut self, ticket: Ticket) {
        self.agenda.cancel(ticket);
    }

    /// A client, or an entry of the timeline, is done for good.
    pub(super) fn retire(&mut self) {
        *self.pending -= 1;
    }

    /// Tells that something happened, to a reader who wants to know everything.
    #[inline]
    pub(super) fn tell(&mut self, event: impl FnOnce() -> trace::Event) {
        if self.sink.interest() == Interest::Everything {
            self.sink.event(self.now, &event());
        }
    }

    /// Passes on what the balancer noted. State changes are part of the digest.
    pub(super) fn note(&mut self, note: balance::Event) {
        if let balance::Event::StateChanged { server, to, .. } = note {
            mix_state(self.digest, self.now, server, to);
        }
        if self.sink.interest() != Interest::Nothing {
            self.sink.event(self.now, &trace::Event::Balancer(note));
        }
    }

    /// Tells that a request is over for its client.
    #[inline]
    pub(super) fn sample(&mut self, sample: &Sample) {
        mix_sample(self.digest, sample);
        self.sink.sample(sample);
    }
}

/// Mixes who changed, when and to what.
fn mix_state(digest: &mut Digest, now: Moment, server: ServerId, to: Status) {
    let word = match to {
        Status::Up => 0,
        Status::UpGoingDown(a, b) => pair(1, a, b),
        Status::NoCheck => 2,
        Status::Drain => 3,
        Status::DrainGoingDown(a, b) => pair(4, a, b),
        Status::NoLb => 5,
        Status::NoLbGoingDown(a, b) => pair(6, a, b),
        Status::Down => 7,
        Status::DownGoingUp(a, b) => pair(8, a, b),
        Status::Maint => 9,
        Status::MaintVia(other) => pair(10, other.backend.0, other.slot),
    };
    digest.mix(now.as_nanos());
    digest.mix(u64::from(server.backend.0) << 32 | u64::from(server.slot));
    digest.mix(word);
}

fn pair(kind: u64, a: u32, b: u32) -> u64 {
    kind | u64::from(a) << 8 | u64::from(b) << 36
}

/// Mixes everything a sample says into `digest`.
#[inline]
fn mix_sample(digest: &mut Digest, sample: &Sample) {
    let server = sample
        .server
        .map_or(0, |server| pair(1, server.slot, server.backend.0));
    let by = sample.by.map_or(0, |by| by as u64 + 1);
    let flags = u64::from(sample.served) << 1 | u64::from(sample.session_restarted);
    let who = u64::from(sample.client) << 32 | u64::from(sample.thread);
    digest.mix(who ^ server.rotate_left(20));
    digest.mix(sample.sent.as_nanos());
    digest.mix(sample.elapsed.as_nanos() ^ (u64::from(sample.status) << 8 | by << 2 | flags) << 44);
}
