//! The agenda against its naive twin: a vector that is sorted before every look.

use proptest::prelude::*;

use super::*;
use crate::kernel::Seeds;

const EARLY: Lane = Lane::new(0);
const LATE: Lane = Lane::new(3);

/// Everything that was put in and has not come out, in the order of insertion.
#[derive(Default)]
struct Twin {
    entries: Vec<(Moment, Lane, u32)>,
}

impl Twin {
    fn pop_until(&mut self, until: Moment) -> Option<(Moment, u32)> {
        // The sort is stable, so insertion decides last.
        self.entries.sort_by_key(|&(at, lane, _)| (at, lane));
        let (at, _, event) = *self.entries.first().filter(|(at, _, _)| *at <= until)?;
        self.entries.remove(0);
        Some((at, event))
    }

    fn cancel(&mut self, event: u32) -> bool {
        let before = self.entries.len();
        self.entries.retain(|&(_, _, other)| other != event);
        self.entries.len() < before
    }
}

#[derive(Clone, Debug)]
enum Act {
    After(u64, bool),
    At(u64, bool),
    Timer(u64, bool),
    Cancel(usize),
    Pop(u64),
}

fn act() -> impl Strategy<Value = Act> {
    // Few distinct delays, so that ties are the rule; more than the belts there are.
    prop_oneof![
        (0..20_u64, any::<bool>()).prop_map(|(span, lane)| Act::After(span, lane)),
        (0..9_u64, any::<bool>()).prop_map(|(span, lane)| Act::At(span, lane)),
        (0..9_u64, any::<bool>()).prop_map(|(span, lane)| Act::Timer(span, lane)),
        any::<usize>().prop_map(Act::Cancel),
        (0..5_u64).prop_map(Act::Pop),
        (0..5_u64).prop_map(Act::Pop),
    ]
}

fn lane(late: bool) -> Lane {
    if late { LATE } else { EARLY }
}

proptest! {
    /// Whatever is put in, cancelled and taken out in between: the order is the twin's.
    #[test]
    fn order_is_moment_lane_insertion(acts in prop::collection::vec(act(), 0..200)) {
        let mut agenda = Agenda::default();
        let mut twin = Twin::default();
        let mut tickets: Vec<(Ticket, u32)> = Vec::new();
        let mut now = Moment::ZERO;
        for (event, act) in (0_u32..).zip(acts) {
            match act {
                Act::After(span, late) => {
                    let delay = agenda.delay(Span::from_nanos(span), lane(late));
                    agenda.after(now, delay, event);
                    twin.entries.push((now + delay.span(), lane(late), event));
                }
                Act::At(span, late) => {
                    let at = now + Span::from_nanos(span);
                    agenda.at(at, lane(late), event);
                    twin.entries.push((at, lane(late), event));
                }
                Act::Timer(span, late) => {
                    let at = now + Span::from_nanos(span);
                    tickets.push((agenda.timer(at, lane(late), event), event));
                    twin.entries.push((at, lane(late), event));
                }
                Act::Cancel(index) if !tickets.is_empty() => {
                    // Tickets stay in the list: cancelled and used ones are tried again.
                    let (ticket, event) = tickets[index % tickets.len()];
                    prop_assert_eq!(agenda.cancel(ticket), twin.cancel(event));
                }
                Act::Cancel(_) => {}
                Act::Pop(span) => {
                    let until = now + Span::from_nanos(span);
                    let got = agenda.pop_until(until);
                    prop_assert_eq!(got, twin.pop_until(until));
                    now = got.map_or(until, |(at, _)| at);
                }
            }
            prop_assert_eq!(agenda.len(), twin.entries.len());
            let next = twin.entries.iter().map(|&(at, _, _)| at).min();
            prop_assert_eq!(agenda.next_moment(), next);
        }
        let mut copy = agenda.clone();
        while let Some(got) = agenda.pop_until(Moment::NEVER) {
            prop_assert_eq!(Some(got), twin.pop_until(Moment::NEVER));
            prop_assert_eq!(Some(got), copy.pop_until(Moment::NEVER));
        }
        prop_assert_eq!(&agenda, &copy);
        prop_assert!(agenda.is_empty());
    }

    /// Shuffled ties come out in another order, but only among themselves.
    #[test]
    fn shuffling_permutes_ties_only(spans in prop::collection::vec((0..4_u64, any::<bool>()), 0..80)) {
        let mut agenda = Agenda::shuffled(Seeds::new(1).stream("ties").unwrap());
        let mut expected = Vec::new();
        for (event, (span, late)) in (0_u32..).zip(spans) {
            let delay = agenda.delay(Span::from_nanos(span), lane(late));
            agenda.after(Moment::ZERO, delay, event);
            expected.push((span, lane(late), event));
        }
        let mut got = Vec::new();
        while let Some((at, event)) = agenda.pop_until(Moment::NEVER) {
            got.push((at.as_nanos(), expected[event as usize].1, event));
        }
        prop_assert!(got.is_sorted_by_key(|&(at, lane, _)| (at, lane)));
        got.sort_by_key(|&(_, _, event)| event);
        prop_assert_eq!(got, expected);
    }
}

#[test]
fn shuffling_does_shuffle() {
    let mut agenda = Agenda::shuffled(Seeds::new(1).stream("ties").unwrap());
    let delay = agenda.delay(Span::ZERO, EARLY);
    for event in 0..50 {
        agenda.after(Moment::ZERO, delay, event);
    }
    let order: Vec<u32> =
        std::iter::from_fn(|| agenda.pop_until(Moment::NEVER).map(|(_, event)| event)).collect();
    assert!(!order.is_sorted());
}

/// A ticket of an entry that came out does not touch the entry that took its place.
#[test]
fn an_old_ticket_is_worth_nothing() {
    let mut agenda = Agenda::default();
    let first = agenda.timer(Moment::from_millis(1), EARLY, 'a');
    assert!(agenda.cancel(first));
    assert!(!agenda.cancel(first));
    let second = agenda.timer(Moment::from_millis(2), EARLY, 'b');
    assert!(!agenda.cancel(first));
    assert_eq!(
        agenda.pop_until(Moment::NEVER),
        Some((Moment::from_millis(2), 'b'))
    );
    assert!(!agenda.cancel(second));
}

/// Cancelling leaves nothing behind, so timers that rarely fire cost no memory.
#[test]
fn cancelled_timers_do_not_pile_up() {
    let mut agenda = Agenda::default();
    for turn in 0..100_000 {
        let ticket = agenda.timer(Moment::from_millis(turn + 50_000), EARLY, turn);
        assert!(agenda.cancel(ticket));
    }
    assert!(agenda.heap.nodes.capacity() <= 8 && agenda.heap.tickets.len() == 1);
}
