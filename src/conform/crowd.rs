//! The counts of the log in a recording: connections, and places in queues.

use balance::Crowd;

use super::recording::{Outcome, Recording, Seen};

/// `%bc/%sc %sq/%bq`, as the recorder's log has them.
pub(super) fn word(crowd: Crowd) -> String {
    let Crowd {
        backend,
        server,
        server_queue,
        backend_queue,
    } = crowd;
    format!("{backend}/{server} {server_queue}/{backend_queue}")
}

/// Whether `recording` tells them; the first ones made did not.
pub(super) fn is_told(recording: &Recording) -> bool {
    recording.steps.iter().any(|step| {
        let others = step.seen.finished.iter().map(|(_, outcome)| outcome);
        let mut all = others.chain([&step.seen.outcome]);
        all.any(|outcome| outcome.crowd.is_some())
    })
}

/// Puts the connection counts of refused requests that ended in the same operation in order.
///
/// How many connections there were besides a request's own depends on which of them ended
/// before it, and in which order HAProxy hears of refusals is up to the kernel (see
/// [`known`](super::known)). The counts as such do not.
pub(super) fn settle(seen: &mut Seen) {
    let is_refused = |outcome: &Outcome| {
        let flags = outcome.flags.as_deref();
        flags.is_some_and(|flags| flags.starts_with("SC"))
    };
    let refused = seen.finished.iter_mut().map(|(_, outcome)| outcome);
    let mut words: Vec<&mut String> = refused
        .filter(|outcome| is_refused(outcome))
        .filter_map(|outcome| outcome.crowd.as_mut())
        .collect();
    let mut counts: Vec<String> = words
        .iter()
        .filter_map(|word| word.split_once(' '))
        .map(|(counts, _)| counts.to_owned())
        .collect();
    counts.sort();
    for (word, counts) in words.iter_mut().zip(counts) {
        if let Some((_, places)) = word.split_once(' ') {
            **word = format!("{counts} {places}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(crowds: &[(&str, &str)]) -> Seen {
        let finished = (1..).zip(crowds).map(|(id, (flags, crowd))| {
            let outcome = Outcome {
                flags: Some((*flags).to_owned()),
                crowd: Some((*crowd).to_owned()),
                ..Outcome::default()
            };
            (id, outcome)
        });
        Seen {
            finished: finished.collect(),
            ..Seen::default()
        }
    }

    /// Only counts of refused requests may change places, and nobody's place in a queue.
    #[test]
    fn refusals_may_come_in_any_order() {
        let settled = |crowds: &[(&str, &str)]| {
            let mut seen = seen(crowds);
            settle(&mut seen);
            seen
        };
        let there = [
            ("SCNN", "31/2 0/1"),
            ("SCNN", "30/1 0/2"),
            ("--NN", "9/1 0/3"),
        ];
        let back = [
            ("SCNN", "30/1 0/1"),
            ("SCNN", "31/2 0/2"),
            ("--NN", "9/1 0/3"),
        ];
        assert_eq!(settled(&there), settled(&back));
        for other in [
            [
                ("SCNN", "30/1 0/1"),
                ("SCNN", "30/1 0/2"),
                ("--NN", "9/1 0/3"),
            ],
            [
                ("SCNN", "30/1 0/2"),
                ("SCNN", "31/2 0/1"),
                ("--NN", "9/1 0/3"),
            ],
            [
                ("SCNN", "30/1 0/1"),
                ("SCNN", "9/1 0/2"),
                ("--NN", "31/2 0/3"),
            ],
        ] {
            assert_ne!(settled(&there), settled(&other));
        }
    }
}
