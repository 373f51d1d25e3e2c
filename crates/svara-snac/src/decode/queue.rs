//! The queue between streams and decoder threads.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// First in, first out, with several takers. It needs no bound of its own: a stream has at most one job in it, and
/// the number of streams is bounded.
pub(crate) struct JobQueue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

struct State<J> {
    jobs: VecDeque<J>,
    closed: bool,
}

impl<J> JobQueue<J> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { jobs: VecDeque::new(), closed: false }), changed: Condvar::new() }
    }

    /// Adds a job; gives it back where the queue is closed.
    pub(crate) fn push(&self, job: J) -> Result<(), J> {
        let mut state = self.lock();
        if state.closed {
            return Err(job);
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for a job, then takes it and up to `max - 1` others that are `alike`, in order. `None` once closed.
    pub(crate) fn take(&self, max: usize, alike: impl Fn(&J, &J) -> bool) -> Option<Vec<J>> {
        let mut state = self.lock();
        let first = loop {
            if state.closed {
                return None;
            }
            match state.jobs.pop_front() {
                Some(job) => break job,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        };
        let mut batch = vec![first];
        let mut at = 0;
        while batch.len() < max && at < state.jobs.len() {
            let fits = matches!((batch.first(), state.jobs.get(at)), (Some(a), Some(b)) if alike(a, b));
            if fits {
                batch.extend(state.jobs.remove(at));
            } else {
                at += 1;
            }
        }
        Some(batch)
    }

    /// Jobs that wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Refuses new jobs, drops those waiting and sends the takers home.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let dropped = std::mem::take(&mut state.jobs);
        drop(state);
        self.changed.notify_all();
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        // Each change is complete before the lock is let go, so a poisoned one is still in order.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_alike_jobs_together_and_keeps_the_order_of_the_rest() {
        let queue = JobQueue::new();
        for job in [11, 21, 12, 13, 22, 14] {
            queue.push(job).unwrap();
        }
        let alike = |a: &i32, b: &i32| a / 10 == b / 10;
        assert_eq!(queue.take(3, alike), Some(vec![11, 12, 13]));
        assert_eq!(queue.take(8, alike), Some(vec![21, 22]));
        assert_eq!(queue.take(1, alike), Some(vec![14]));
    }

    #[test]
    fn closing_wakes_the_takers_and_refuses_jobs() {
        let queue = JobQueue::<i32>::new();
        std::thread::scope(|scope| {
            let taker = scope.spawn(|| queue.take(1, |_, _| true));
            queue.close();
            assert_eq!(taker.join().unwrap(), None);
        });
        assert_eq!(queue.push(1), Err(1));
    }
}
