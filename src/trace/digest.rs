//! The running checksum of a run: two runs told the same if and only if (as good as
//! surely) their digests are equal.

use balance::event::{Cause, CheckResult, Status};
use balance::{Moment, ServerId};

use super::{Event, Sample};

/// A running 64-bit checksum over what a run told. Not cryptographic: it finds the first
/// difference between two runs, it does not defend against anybody.
///
/// It covers every sample, every reply of the runtime API and the events that a reader
/// with [`Interest::States`](balance::Interest::States) is told. Events of closer readers
/// are left out on purpose: looking closer at a run must not change its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
const SALT: [u64; 4] = [
    0xd6e8_feb8_6659_fd93,
    0xa076_1d64_78bd_642f,
    0xe703_7ed1_a0b4_28db,
    0x8ebc_6af0_9c88_c6e3,
];

impl Default for Digest {
    fn default() -> Self {
        Self(ODD)
    }
}

/// Both halves of a full product, folded together.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

fn server(id: ServerId) -> u64 {
    u64::from(id.backend.0) << 32 | u64::from(id.slot)
}

impl Digest {
    /// Mixes one number in.
    #[inline]
    pub fn mix(&mut self, value: u64) {
        self.0 = fold(self.0 ^ value, SALT[0])
            .rotate_left(23)
            .wrapping_add(ODD);
    }

    /// Mixes a text in, its length included.
    pub fn text(&mut self, text: &str) {
        self.mix(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    /// Mixes a sample in. The two inner products do not wait for each other nor for the
    /// sample before, so a sample costs one step of the chain.
    #[inline]
    pub fn sample(&mut self, sample: &Sample) {
        let who = u64::from(sample.client) << 32 | u64::from(sample.thread);
        let outcome = u64::from(sample.status) << 16
            | u64::from(sample.served) << 9
            | u64::from(sample.session_restarted) << 8
            | sample.by.map_or(0, |by| by as u64 + 1);
        let place = sample
            .server
            .map_or(u64::MAX, server)
            .wrapping_add(outcome.rotate_left(32));
        let left = fold(who ^ SALT[0], place ^ SALT[1]);
        let right = fold(
            sample.sent.as_nanos() ^ SALT[2],
            sample.elapsed.as_nanos() ^ SALT[3],
        );
        self.mix(left ^ right.rotate_left(32));
    }

    /// Mixes an event in, if it is one of those the digest covers.
    pub fn event(&mut self, at: Moment, event: &Event) {
        let Event::Balancer(event) = event else {
            return;
        };
        match *event {
            balance::Event::StateChanged {
                server: id,
                from,
                to,
                cause,
            } => {
                self.words(at, [1, server(id), status(from), status(to)]);
                self.cause(cause);
            }
            balance::Event::WeightChanged {
                server: id,
                from,
                to,
            } => self.words(at, [2, server(id), u64::from(from), u64::from(to)]),
            balance::Event::ProbeEnded { probe, result } => {
                self.words(at, [3, server(probe.server), u64::from(probe.turn), 0]);
                self.check(result);
            }
            balance::Event::NoServerLeft(backend) => {
                self.words(at, [4, u64::from(backend.0), 0, 0]);
            }
            _ => {}
        }
    }

    /// Mixes a reply of the runtime API in.
    pub fn reply(&mut self, at: Moment, entry: u32, text: &str) {
        self.words(at, [5, u64::from(entry), 0, 0]);
        self.text(text);
    }

    /// The checksum so far.
    pub fn value(self) -> u64 {
        self.0
    }

    fn words(&mut self, at: Moment, words: [u64; 4]) {
        self.mix(at.as_nanos());
        for word in words {
            self.mix(word);
        }
    }

    fn cause(&mut self, cause: Cause) {
        match cause {
            Cause::Check(result) => self.check(result),
            Cause::Cli => self.mix(1),
            Cause::Tracked(id) => {
                self.mix(2);
                self.mix(server(id));
            }
            Cause::WarmedUp => self.mix(3),
        }
    }

    fn check(&mut self, result: CheckResult) {
        self.mix(result.code as u64);
        self.mix(result.status.map_or(u64::MAX, u64::from));
        self.mix(result.duration.as_nanos());
    }
}

fn status(status: Status) -> u64 {
    let pair = |kind: u64, a: u32, b: u32| kind << 56 ^ u64::from(a) << 28 ^ u64::from(b);
    match status {
        Status::Up => 0,
        Status::UpGoingDown(a, b) => pair(1, a, b),
        Status::NoCheck => pair(2, 0, 0),
        Status::Drain => pair(3, 0, 0),
        Status::DrainGoingDown(a, b) => pair(4, a, b),
        Status::NoLb => pair(5, 0, 0),
        Status::NoLbGoingDown(a, b) => pair(6, a, b),
        Status::Down => pair(7, 0, 0),
        Status::DownGoingUp(a, b) => pair(8, a, b),
        Status::Maint => pair(9, 0, 0),
        Status::MaintVia(id) => pair(10, id.backend.0, id.slot),
    }
}

#[cfg(test)]
mod tests {
    use balance::event::By;
    use balance::{BackendId, Span};
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Sample {
        Sample {
            client: 0,
            thread: 1,
            server: Some(ServerId {
                backend: BackendId(0),
                slot: 1,
            }),
            by: Some(By::Cookie),
            status: 200,
            served: true,
            session_restarted: false,
            sent: Moment::from_millis(1000),
            elapsed: Span::from_millis(250),
        }
    }

    fn of(samples: &[Sample]) -> u64 {
        let mut digest = Digest::default();
        for sample in samples {
            digest.sample(sample);
        }
        digest.value()
    }

    #[test]
    fn every_field_of_a_sample_counts() {
        type Change = fn(&mut Sample);
        let changes: [Change; 11] = [
            |s| s.client = 1,
            |s| s.thread = 0,
            |s| s.server = None,
            |s| s.server.as_mut().expect("set above").slot = 0,
            |s| s.by = None,
            |s| s.by = Some(By::Algorithm),
            |s| s.status = 503,
            |s| s.served = false,
            |s| s.session_restarted = true,
            |s| s.sent = Moment::from_nanos(1_000_000_001),
            |s| s.elapsed = Span::from_nanos(250_000_001),
        ];
        let mut seen = vec![of(&[sample()])];
        for change in changes {
            let mut other = sample();
            change(&mut other);
            seen.push(of(&[other]));
        }
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    #[test]
    fn a_closer_look_does_not_change_it() {
        let mut digest = Digest::default();
        let before = digest;
        digest.event(
            Moment::ZERO,
            &Event::NodeStarted {
                node: 0,
                check: false,
            },
        );
        digest.event(
            Moment::ZERO,
            &Event::Balancer(balance::Event::Ended(balance::RequestId(1))),
        );
        assert_eq!(digest, before);
    }

    proptest! {
        #[test]
        fn order_counts(a in any::<u64>(), b in any::<u64>()) {
            prop_assume!(a != b);
            let (mut ab, mut ba) = (Digest::default(), Digest::default());
            ab.mix(a);
            ab.mix(b);
            ba.mix(b);
            ba.mix(a);
            prop_assert_ne!(ab, ba);
        }

        #[test]
        fn texts_do_not_run_into_each_other(a in "[a-z]{0,20}", b in "[a-z]{1,20}") {
            let (mut split, mut joined) = (Digest::default(), Digest::default());
            split.text(&a);
            split.text(&b);
            joined.text(&format!("{a}{b}"));
            prop_assert_ne!(split, joined);
        }
    }
}
