//! An ideal queue with several workers, each of whom takes the oldest job.

use std::collections::{BTreeSet, VecDeque};

use crate::trace::Sink;

use super::node::{Desk, Job};

/// The workers and what waits for them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pool {
    /// What each worker is busy with.
    workers: Vec<Option<Job>>,
    /// Those who are busy with none.
    idle: BTreeSet<usize>,
    waiting: VecDeque<Job>,
}

impl Pool {
    /// So many workers.
    pub(super) fn new(workers: u32) -> Self {
        Self {
            workers: vec![None; workers as usize],
            idle: (0..workers as usize).collect(),
            waiting: VecDeque::new(),
        }
    }

    /// A job comes in: the first idle worker takes it.
    pub(super) fn arrive<S: Sink>(&mut self, job: Job, desk: &mut Desk<'_, '_, S>) {
        match self.idle.pop_first() {
            Some(worker) => self.begin(worker, job, desk),
            None => self.waiting.push_back(job),
        }
    }

    /// A worker is done: it answers and takes the next job.
    pub(super) fn alarm<S: Sink>(&mut self, worker: u32, desk: &mut Desk<'_, '_, S>) {
        let worker = worker as usize;
        if let Some(job) = self.workers[worker].take() {
            let reply = desk.finished(job);
            desk.send(reply);
        }
        if let Some(job) = self.waiting.pop_front() {
            self.begin(worker, job, desk);
        } else {
            self.idle.insert(worker);
        }
    }

    fn begin<S: Sink>(&mut self, worker: usize, job: Job, desk: &mut Desk<'_, '_, S>) {
        self.workers[worker] = Some(job);
        desk.started(job);
        let duration = desk.duration(job);
        desk.alarm(duration, worker as u32);
    }

    /// The process ends: every job is lost, those worked on first.
    pub(super) fn stop(&mut self, mut lost: impl FnMut(Job)) {
        self.idle = (0..self.workers.len()).collect();
        let busy = self.workers.iter_mut().filter_map(Option::take);
        busy.for_each(&mut lost);
        self.waiting.drain(..).for_each(lost);
    }
}
