//! What an actor may do to others: push what follows, and tell the reader of the run.

use balance::{Balancer, Interest, Moment, Span};

use crate::kernel::{Agenda, Delay, Few, Lane, Ticket};
use crate::trace::{self, Digest, Message, Sample, Sink};

use super::event::Event;
use super::numbers::Numbers;
use super::parcel::Parcel;
use super::wire::Wire;

/// World faults: nodes that stop and start.
pub(super) const FAULTS: Lane = Lane::new(0);
/// What the operator does.
pub(super) const OPERATOR: Lane = Lane::new(1);
/// What arrives over a wire.
pub(super) const WIRE: Lane = Lane::new(2);
/// An actor's own time that is over. The balancer's timers come after all lanes: news that
/// arrives at the very moment of its timeout is in time.
pub(super) const TIMERS: Lane = Lane::new(3);

/// What all actors stand on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ground {
    /// The present moment.
    pub(super) now: Moment,
    pub(super) agenda: Agenda<Parcel>,
    /// What was sent over a wire without latency: it is there before anything else happens.
    pub(super) at_once: Few<Parcel>,
    /// The latencies, as prepared delays.
    pub(super) wire: Wire,
    /// Who uses which request number.
    pub(super) numbers: Numbers,
    /// The running checksum of what is told.
    pub(super) digest: Digest,
    /// What must still happen before the run is over: clients and the operator count here.
    pub(super) pending: u32,
}

/// Lent to an actor while it handles an event.
pub(super) struct Outbox<'a, S> {
    pub(super) ground: &'a mut Ground,
    pub(super) sink: &'a mut S,
}

impl<S: Sink> Outbox<'_, S> {
    /// The present moment.
    #[inline]
    pub(super) fn now(&self) -> Moment {
        self.ground.now
    }

    /// The latencies.
    #[inline]
    pub(super) fn wire(&self) -> &Wire {
        &self.ground.wire
    }

    /// Who uses which request number.
    #[inline]
    pub(super) fn numbers(&mut self) -> &mut Numbers {
        &mut self.ground.numbers
    }

    /// Sends something over a wire that takes `delay`.
    #[expect(clippy::inline_always, reason = "see `Agenda::after`")]
    #[inline(always)]
    pub(super) fn send(&mut self, delay: Delay, event: Event) {
        if delay.span() == Span::ZERO {
            self.ground.at_once.push(Parcel::from(event));
        } else {
            self.after(delay, event);
        }
    }

    /// Pushes what follows, `delay` from now.
    #[expect(clippy::inline_always, reason = "see `Agenda::after`")]
    #[inline(always)]
    pub(super) fn after(&mut self, delay: Delay, event: Event) {
        let now = self.ground.now;
        self.ground.agenda.after(now, delay, Parcel::from(event));
    }

    /// Pushes what follows at a moment.
    pub(super) fn at(&mut self, at: Moment, lane: Lane, event: Event) {
        self.ground.agenda.at(at, lane, Parcel::from(event));
    }

    /// Pushes what follows at a moment, unless it is cancelled.
    pub(super) fn timer(&mut self, at: Moment, lane: Lane, event: Event) -> Ticket {
        self.ground.agenda.timer(at, lane, Parcel::from(event))
    }

    /// Takes back what `ticket` stands for, if it has not happened yet.
    pub(super) fn cancel(&mut self, ticket: Ticket) {
        self.ground.agenda.cancel(ticket);
    }

    /// A client, or an entry of the timeline, is done for good.
    pub(super) fn retire(&mut self) {
        self.ground.pending -= 1;
    }

    /// Tells that something happened, to a reader who wants to know everything.
    #[inline]
    pub(super) fn tell(&mut self, event: impl FnOnce() -> trace::Event) {
        if self.sink.interest() == Interest::Everything {
            self.sink.event(self.ground.now, &event());
        }
    }

    /// Tells what was said, to a reader who wants to know everything.
    #[inline]
    pub(super) fn hear<'m>(&mut self, message: impl FnOnce() -> Message<'m>) {
        if self.sink.interest() == Interest::Everything {
            self.sink.message(self.ground.now, &message());
        }
    }

    /// Passes on what `balancer` noted.
    pub(super) fn note(&mut self, note: balance::Event, balancer: &Balancer) {
        let event = trace::Event::Balancer(note);
        self.ground.digest.event(self.ground.now, &event);
        // State changes are noted for the digest even if the reader does not want them.
        if self.sink.interest() != Interest::Nothing {
            self.sink.event(self.ground.now, &event);
        }
        if let balance::Event::Ended(request) = note
            && let Some(ending) = balancer.ending(request)
        {
            self.hear(|| Message::Ended {
                request,
                ending: &ending,
                edits: balancer.edits(request),
            });
        }
    }

    /// Passes on what the runtime API replied to an entry of the timeline.
    pub(super) fn reply(&mut self, entry: u32, text: &str) {
        self.ground.digest.reply(self.ground.now, entry, text);
        self.sink.reply(self.ground.now, entry, text);
    }

    /// Tells that a request is over for its client.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn sample(&mut self, sample: &Sample) {
        self.ground.digest.sample(sample);
        self.sink.sample(sample);
    }
}
