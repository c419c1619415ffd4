//! An ideal queue: one worker who takes the oldest job, whatever it is.

use crate::kernel::Ring;
use crate::trace::Sink;

use super::node::{Desk, Job};

/// The queue keeps its waiting jobs itself, so that the agenda holds one entry per busy
/// worker and not one per client.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fifo {
    /// The job that is worked on, and those behind it.
    jobs: Ring<Job>,
}

impl Fifo {
    /// A job comes in.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn arrive<S: Sink>(&mut self, job: Job, desk: &mut Desk<'_, '_, S>) {
        self.jobs.push(job);
        if self.jobs.len() == 1 {
            begin(job, desk);
        }
    }

    /// The worker is done: it answers and takes the next job.
    #[expect(clippy::inline_always, reason = "one step of the way of every request")]
    #[inline(always)]
    pub(super) fn alarm<S: Sink>(&mut self, desk: &mut Desk<'_, '_, S>) {
        if let Some(job) = self.jobs.pop() {
            let reply = desk.finished(job);
            desk.send(reply);
        }
        if let Some(&job) = self.jobs.front() {
            begin(job, desk);
        }
    }

    /// The process ends: every job is lost, the oldest first.
    pub(super) fn stop(&mut self, lost: impl FnMut(Job)) {
        self.jobs.iter().copied().for_each(lost);
        self.jobs.clear();
    }
}

#[expect(clippy::inline_always, reason = "one step of the way of every request")]
#[inline(always)]
fn begin<S: Sink>(job: Job, desk: &mut Desk<'_, '_, S>) {
    desk.started(job);
    let duration = desk.duration(job);
    desk.alarm(duration, 0);
}
