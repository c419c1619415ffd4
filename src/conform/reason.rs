//! The core's notes about one operation, as sentences.

use balance::{By, Event, ServerId};

use super::replay::Replay;

/// What the core noted during the last operation, in order.
pub(super) fn of(replay: &Replay) -> Vec<String> {
    let notes = replay.notes().iter();
    notes.map(|event| sentence(replay, event)).collect()
}

fn sentence(replay: &Replay, event: &Event) -> String {
    let name = |server: &ServerId| replay.core().server_name(*server);
    match event {
        Event::Chosen {
            request,
            server,
            by,
        } => {
            let number = replay.number(*request);
            let by = match by {
                By::Algorithm => "the algorithm",
                By::Cookie => "its cookie",
                By::Stick => "the stick table",
                By::UseServer => "a use-server rule",
                By::Queue => "the queue",
            };
            format!("{by} gave request {number} to {}", name(server))
        }
        Event::Queued { request, queue } => {
            let number = replay.number(*request);
            match queue {
                Some(server) => format!("request {number} joined the queue of {}", name(server)),
                None => format!("request {number} joined the backend's queue"),
            }
        }
        Event::Dequeued {
            request, server, ..
        } => {
            let number = replay.number(*request);
            format!("{} took request {number} from a queue", name(server))
        }
        Event::Retried(attempt, server) => {
            let number = replay.number(attempt.request);
            format!("request {number} tries {} again", name(server))
        }
        Event::Redispatched { request, from } => {
            let number = replay.number(*request);
            format!("request {number} was redispatched away from {}", name(from))
        }
        Event::Ended(request) => {
            let number = replay.number(*request);
            match replay.core().ending(*request) {
                Some(ending) => format!(
                    "request {number} ended with {} {}",
                    ending.status,
                    String::from_utf8_lossy(&ending.flags)
                ),
                None => format!("request {number} ended"),
            }
        }
        Event::StateChanged {
            server, from, to, ..
        } => format!("{} went from {from} to {to}", name(server)),
        Event::WeightChanged { server, from, to } => {
            format!("the weight of {} went from {from} to {to}", name(server))
        }
        Event::NoServerLeft(_) => "no usable server is left".to_owned(),
        Event::Ghost => "something was told of an attempt that was over".to_owned(),
        Event::ProbeStarted(_) | Event::ProbeEnded { .. } => "a check ran".to_owned(),
        Event::Logged(alert) => format!("the log says {:?}", alert.kind),
    }
}
