//! What an actor may do to others: push what follows, and tell the reader of the run.

use balance::{Interest, Moment};

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

    /// Passes on what the balancer noted.
    pub(super) fn note(&mut self, note: balance::Event) {
        let event = trace::Event::Balancer(note);
        self.digest.event(self.now, &event);
        // State changes are noted for the digest even if the reader does not want them.
        if self.sink.interest() != Interest::Nothing {
            self.sink.event(self.now, &event);
        }
    }

    /// Passes on what the runtime API replied to an entry of the timeline.
    pub(super) fn reply(&mut self, entry: u32, text: &str) {
        self.digest.reply(self.now, entry, text);
        self.sink.reply(self.now, entry, text);
    }

    /// Tells that a request is over for its client.
    #[inline]
    pub(super) fn sample(&mut self, sample: &Sample) {
        self.digest.sample(sample);
        self.sink.sample(sample);
    }
}
