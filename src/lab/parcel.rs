//! How an event travels through the agenda: as two words, which are moved in two registers
//! where the enum's many small fields would be moved one by one.

use balance::{AttemptId, BackendId, ProbeId, RequestId, ServerId};

use super::event::{Event, Handshake};
use super::sessions::Visit;

/// An event, folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parcel(u64, u64);

/// What every event can be spread out to: a kind, two small and three large numbers.
#[derive(Clone, Copy, Default)]
struct Fields {
    kind: u8,
    flags: u8,
    status: u16,
    a: u32,
    b: u32,
    c: u32,
}

impl Fields {
    #[inline]
    fn fold(self) -> Parcel {
        let small = u64::from(self.status) << 16 | u64::from(self.flags) << 8;
        Parcel(
            u64::from(self.a) << 32 | small | u64::from(self.kind),
            u64::from(self.c) << 32 | u64::from(self.b),
        )
    }

    #[inline]
    fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    #[inline]
    fn with_flags(self, flags: u8) -> Self {
        Self { flags, ..self }
    }

    #[inline]
    fn with_attempt(self, attempt: AttemptId) -> Self {
        Self {
            b: attempt.request.0,
            c: attempt.turn,
            ..self
        }
    }

    #[inline]
    fn with_probe(self, probe: ProbeId) -> Self {
        Self {
            a: probe.server.backend.0,
            b: probe.server.slot,
            c: probe.turn,
            ..self
        }
    }
}

/// The numbers of a folded event, each unfolded only where it is asked for.
impl Parcel {
    #[inline]
    pub(super) fn kind(self) -> u8 {
        self.0 as u8
    }

    #[inline]
    pub(super) fn flags(self) -> u8 {
        (self.0 >> 8) as u8
    }

    #[inline]
    pub(super) fn status(self) -> u16 {
        (self.0 >> 16) as u16
    }

    #[inline]
    pub(super) fn a(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    pub(super) fn b(self) -> u32 {
        self.1 as u32
    }

    #[inline]
    pub(super) fn c(self) -> u32 {
        (self.1 >> 32) as u32
    }

    #[inline]
    pub(super) fn attempt(self) -> AttemptId {
        AttemptId {
            request: RequestId(self.b()),
            turn: self.c(),
        }
    }

    #[inline]
    fn probe(self) -> ProbeId {
        ProbeId {
            server: ServerId {
                backend: BackendId(self.a()),
                slot: self.b(),
            },
            turn: self.c(),
        }
    }

    fn step(self) -> Handshake {
        match self.flags() {
            0 => Handshake::Knock,
            1 => Handshake::Connected,
            _ => Handshake::Refused,
        }
    }
}

/// One number for each kind of event.
pub(super) mod kind {
    pub(in crate::lab) const ACT: u8 = 0;
    pub(in crate::lab) const HORIZON: u8 = 1;
    pub(in crate::lab) const WAKE: u8 = 2;
    pub(in crate::lab) const THREAD_START: u8 = 3;
    pub(in crate::lab) const CLIENT_TURN: u8 = 4;
    pub(in crate::lab) const ARRIVES: u8 = 5;
    pub(in crate::lab) const DELIVERED: u8 = 6;
    pub(in crate::lab) const TIMED_OUT: u8 = 7;
    pub(in crate::lab) const UNCONNECTED: u8 = 8;
    pub(in crate::lab) const GONE: u8 = 9;
    pub(in crate::lab) const ATTEMPT_CONNECTION: u8 = 10;
    pub(in crate::lab) const PROBE_CONNECTION: u8 = 11;
    pub(in crate::lab) const REQUEST: u8 = 12;
    pub(in crate::lab) const CHECK: u8 = 13;
    pub(in crate::lab) const POST: u8 = 14;
    pub(in crate::lab) const NODE_ALARM: u8 = 15;
    pub(in crate::lab) const HEAD: u8 = 16;
    pub(in crate::lab) const ANSWERED: u8 = 17;
    pub(in crate::lab) const BROKEN: u8 = 18;
    pub(in crate::lab) const PROBED: u8 = 19;
    pub(in crate::lab) const CLOSED: u8 = 20;
}

/// Flags of [`Event::Delivered`].
pub(super) const SERVED: u8 = 1;
pub(super) const RESTARTED: u8 = 2;

impl From<Event> for Parcel {
    #[expect(
        clippy::inline_always,
        reason = "who sends an event knows its kind: there is nothing to find out"
    )]
    #[inline(always)]
    fn from(event: Event) -> Self {
        let fields = |kind, a, b, c| Fields {
            kind,
            a,
            b,
            c,
            ..Fields::default()
        };
        let plain = |kind| fields(kind, 0, 0, 0);
        match event {
            Event::Act(entry) => fields(kind::ACT, entry, 0, 0),
            Event::Horizon => plain(kind::HORIZON),
            Event::Wake => plain(kind::WAKE),
            Event::ThreadStart { client } => fields(kind::THREAD_START, client, 0, 0),
            Event::ClientTurn { client } => fields(kind::CLIENT_TURN, client, 0, 0),
            Event::Arrives {
                client,
                request,
                first,
            } => fields(kind::ARRIVES, client, request.0, 0).with_flags(u8::from(first)),
            Event::Delivered {
                request,
                status,
                served,
                session_restarted,
            } => fields(kind::DELIVERED, request.0, 0, 0)
                .with_status(status)
                .with_flags(
                    (u8::from(served) * SERVED) | (u8::from(session_restarted) * RESTARTED),
                ),
            Event::TimedOut { client } => fields(kind::TIMED_OUT, client, 0, 0),
            Event::Unconnected { client } => fields(kind::UNCONNECTED, client, 0, 0),
            Event::Gone { request } => fields(kind::GONE, request.0, 0, 0),
            Event::AttemptConnection(attempt, step) => plain(kind::ATTEMPT_CONNECTION)
                .with_attempt(attempt)
                .with_flags(step as u8),
            Event::ProbeConnection(probe, step) => plain(kind::PROBE_CONNECTION)
                .with_probe(probe)
                .with_flags(step as u8),
            Event::Request { node, attempt } => {
                fields(kind::REQUEST, node, 0, 0).with_attempt(attempt)
            }
            Event::Check(probe) => plain(kind::CHECK).with_probe(probe),
            Event::Post { node, entry } => fields(kind::POST, node, entry, 0),
            Event::NodeAlarm { node, life, alarm } => fields(kind::NODE_ALARM, node, life, alarm),
            Event::Head {
                attempt,
                status,
                visit,
            } => fields(kind::HEAD, visit.word(), 0, 0)
                .with_attempt(attempt)
                .with_status(status),
            Event::Answered {
                attempt,
                status,
                visit,
            } => fields(kind::ANSWERED, visit.word(), 0, 0)
                .with_attempt(attempt)
                .with_status(status),
            Event::Broken(attempt) => plain(kind::BROKEN).with_attempt(attempt),
            Event::Probed { probe, status } => {
                plain(kind::PROBED).with_probe(probe).with_status(status)
            }
            Event::Closed(probe) => plain(kind::CLOSED).with_probe(probe),
        }
        .fold()
    }
}

impl From<Parcel> for Event {
    fn from(parcel: Parcel) -> Self {
        match parcel.kind() {
            kind::ARRIVES => Self::Arrives {
                client: parcel.a(),
                request: RequestId(parcel.b()),
                first: parcel.flags() != 0,
            },
            kind::DELIVERED => Self::Delivered {
                request: RequestId(parcel.a()),
                status: parcel.status(),
                served: parcel.flags() & SERVED != 0,
                session_restarted: parcel.flags() & RESTARTED != 0,
            },
            kind::REQUEST => Self::Request {
                node: parcel.a(),
                attempt: parcel.attempt(),
            },
            kind::NODE_ALARM => Self::NodeAlarm {
                node: parcel.a(),
                life: parcel.b(),
                alarm: parcel.c(),
            },
            kind::ANSWERED => Self::Answered {
                attempt: parcel.attempt(),
                status: parcel.status(),
                visit: Visit::from_word(parcel.a()),
            },
            kind::ACT => Self::Act(parcel.a()),
            kind::HORIZON => Self::Horizon,
            kind::WAKE => Self::Wake,
            kind::THREAD_START => Self::ThreadStart { client: parcel.a() },
            kind::CLIENT_TURN => Self::ClientTurn { client: parcel.a() },
            kind::TIMED_OUT => Self::TimedOut { client: parcel.a() },
            kind::UNCONNECTED => Self::Unconnected { client: parcel.a() },
            kind::GONE => Self::Gone {
                request: RequestId(parcel.a()),
            },
            kind::ATTEMPT_CONNECTION => Self::AttemptConnection(parcel.attempt(), parcel.step()),
            kind::PROBE_CONNECTION => Self::ProbeConnection(parcel.probe(), parcel.step()),
            kind::CHECK => Self::Check(parcel.probe()),
            kind::POST => Self::Post {
                node: parcel.a(),
                entry: parcel.b(),
            },
            kind::HEAD => Self::Head {
                attempt: parcel.attempt(),
                status: parcel.status(),
                visit: Visit::from_word(parcel.a()),
            },
            kind::BROKEN => Self::Broken(parcel.attempt()),
            kind::PROBED => Self::Probed {
                probe: parcel.probe(),
                status: parcel.status(),
            },
            kind::CLOSED => Self::Closed(parcel.probe()),
            unknown => unreachable!("no event has kind {unknown}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_comes_out_as_it_went_in() {
        let attempt = AttemptId {
            request: RequestId(0xdead_beef),
            turn: 0x0123_4567,
        };
        let probe = ProbeId {
            server: ServerId {
                backend: BackendId(0x89ab_cdef),
                slot: 0xfedc_ba98,
            },
            turn: 0x7654_3210,
        };
        let (request, client, node) = (attempt.request, u32::MAX, 0x1111_2222);
        let visit = Visit::from_word(0x8000_0007);
        let status = 599;
        let mut events = vec![
            Event::Act(7),
            Event::Horizon,
            Event::Wake,
            Event::ThreadStart { client },
            Event::ClientTurn { client },
            Event::TimedOut { client },
            Event::Unconnected { client },
            Event::Gone { request },
            Event::Request { node, attempt },
            Event::Check(probe),
            Event::Post { node, entry: 3 },
            Event::NodeAlarm {
                node,
                life: 1,
                alarm: 2,
            },
            Event::Head {
                attempt,
                status,
                visit,
            },
            Event::Answered {
                attempt,
                status,
                visit,
            },
            Event::Broken(attempt),
            Event::Probed { probe, status },
            Event::Closed(probe),
        ];
        for flag in [false, true] {
            events.push(Event::Arrives {
                client,
                request,
                first: flag,
            });
            for session_restarted in [false, true] {
                events.push(Event::Delivered {
                    request,
                    status,
                    served: flag,
                    session_restarted,
                });
            }
        }
        for step in [Handshake::Knock, Handshake::Connected, Handshake::Refused] {
            events.push(Event::AttemptConnection(attempt, step));
            events.push(Event::ProbeConnection(probe, step));
        }
        for event in events {
            assert_eq!(Event::from(Parcel::from(event)), event);
        }
    }
}
