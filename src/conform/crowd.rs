//! The counts of the log in a recording: connections, and places in queues.

use balance::Crowd;

use super::recording::Recording;

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
