//! The queue between streams and decoder threads.

use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::due::{Place, Urgency};
use crate::lock::lock;

/// Jobs with several takers, who take them in the order of their places at that moment. It needs no bound of its own: a stream has
/// at most one job queued, which it takes back if it ends before, and the number of streams is bounded.
pub(crate) struct JobQueue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

struct State<J> {
    /// In order of arrival.
    jobs: BTreeMap<u64, Waiting<J>>,
    pushed: u64,
    closed: bool,
}

struct Waiting<J> {
    job: J,
    queued_at: Instant,
    urgency: Urgency,
}

/// How jobs are batched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batching {
    /// Largest batch, at least 1.
    pub(crate) max: usize,
    /// How long a job may wait for others to join.
    pub(crate) wait: Duration,
    /// The takers of the queue among whom waiting jobs are shared: none takes more than its part. With 1, the first one
    /// takes all that fit.
    pub(crate) takers: usize,
    /// Whether a job shares its call only as far as that makes no listener late ([`Sharing`](super::job::Sharing)).
    pub(crate) urgent_alone: bool,
}

impl<J> JobQueue<J> {
    pub(crate) fn new() -> Self {
        let state = State { jobs: BTreeMap::new(), pushed: 0, closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Adds a job and returns its number; returns the job if the queue is closed.
    pub(crate) fn push(&self, job: J, queued_at: Instant, urgency: Urgency) -> Result<u64, J> {
        let mut state = self.lock();
        if state.closed {
            return Err(job);
        }
        let number = state.add(job, queued_at, urgency);
        drop(state);
        self.changed.notify_one();
        Ok(number)
    }

    /// Adds jobs at once, so that no taker sees a part of them; returns them if the queue is closed.
    pub(crate) fn push_all(&self, jobs: Vec<J>, queued_at: Instant, urgency: Urgency) -> Result<(), Vec<J>> {
        let mut state = self.lock();
        if state.closed {
            return Err(jobs);
        }
        for job in jobs {
            state.add(job, queued_at, urgency);
        }
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Takes a job back; `None` if a taker has it.
    pub(crate) fn remove(&self, number: u64) -> Option<J> {
        self.lock().jobs.remove(&number).map(|waiting| waiting.job)
    }

    /// Waits for jobs, then takes the first one and others that are `alike`, in order: as many as each of them puts up with,
    /// at least 1. At each time that the taker looks, `most_at` gives what says that of a job and of the taker's part of the
    /// waiting ones. `None` once the queue is closed.
    pub(crate) fn take<M: Fn(&J, usize) -> usize>(
        &self,
        batching: Batching,
        alike: impl Fn(&J, &J) -> bool,
        most_at: impl Fn(Instant) -> M,
    ) -> Option<Vec<J>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let now = Instant::now();
            let order = state.order(now);
            let Some(first) = order.first().and_then(|number| state.jobs.get(number)) else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (most, part) = (most_at(now), order.len().div_ceil(batching.takers.max(1)));
            let max = batching.max.min(most(&first.job, part));
            let fits = |one: &J, other: &J| alike(one, other) && most(other, part) >= max;
            let keys = state.first_alike(&order, max, fits);
            // That of the one that has waited longest: a more urgent one that comes later doesn't begin it anew.
            let eldest =
                keys.iter().filter_map(|key| state.jobs.get(key)).map(|waiting| waiting.queued_at).min();
            let patience = eldest.map_or(Duration::ZERO, |queued_at| {
                (queued_at + batching.wait).saturating_duration_since(now)
            });
            if keys.len() >= batching.max || patience.is_zero() {
                let jobs = keys.iter().filter_map(|key| state.jobs.remove(key)).map(|waiting| waiting.job);
                let jobs = jobs.collect();
                if !state.jobs.is_empty() {
                    // Only this taker was woken; wake another one for the rest.
                    self.changed.notify_one();
                }
                return Some(jobs);
            }
            let woken = self.changed.wait_timeout(state, patience);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waiting jobs.
    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Refuses new jobs, drops the waiting ones and releases the takers.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let dropped = std::mem::take(&mut state.jobs);
        drop(state);
        self.changed.notify_all();
        drop(dropped);
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        lock(&self.state)
    }
}

impl<J> State<J> {
    fn add(&mut self, job: J, queued_at: Instant, urgency: Urgency) -> u64 {
        self.pushed += 1;
        self.jobs.insert(self.pushed, Waiting { job, queued_at, urgency });
        self.pushed
    }

    /// The jobs in the order of their places at `now`; those of equal place in order of arrival.
    fn order(&self, now: Instant) -> Vec<u64> {
        let mut order: Vec<(Place, u64)> = self
            .jobs
            .iter()
            .map(|(number, waiting)| (waiting.urgency.place(waiting.queued_at, now), *number))
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(_, number)| number).collect()
    }

    /// The first job of the order, and up to `max - 1` others like it.
    fn first_alike(&self, order: &[u64], max: usize, alike: impl Fn(&J, &J) -> bool) -> Vec<u64> {
        let mut jobs = order.iter().filter_map(|number| Some((*number, &self.jobs.get(number)?.job)));
        let Some((number, first)) = jobs.next() else { return Vec::new() };
        let others = jobs.filter(|(_, other)| alike(first, other)).map(|(number, _)| number);
        std::iter::once(number).chain(others.take(max.saturating_sub(1))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::due::{Due, Rank};

    const NO_WAIT: Duration = Duration::ZERO;

    /// Puts up with all of the taker's part.
    fn any(_: Instant) -> impl Fn(&i32, usize) -> usize {
        |_, part| part
    }

    fn at_once(max: usize) -> Batching {
        Batching { max, wait: NO_WAIT, takers: 1, urgent_alone: false }
    }

    /// That of a listener who has a minute of audio, and some milliseconds.
    fn after(ms: u64) -> Urgency {
        let due = Due::At(Instant::now() + Duration::from_secs(60) + Duration::from_millis(ms));
        Urgency { due, rank: Rank { elders: 0, streams: 1 } }
    }

    /// A queue of (job, place in milliseconds).
    fn queue(jobs: &[(i32, u64)]) -> JobQueue<i32> {
        let (queue, now) = (JobQueue::new(), Instant::now());
        for (job, place) in jobs {
            let due = Due::At(now + Duration::from_secs(60) + Duration::from_millis(*place));
            queue.push(*job, now, Urgency { due, ..after(0) }).unwrap();
        }
        queue
    }

    #[test]
    fn takes_alike_jobs_together_and_keeps_the_order_of_the_rest() {
        let queue = queue(&[(14, 4), (21, 2), (12, 3), (13, 3), (22, 5), (11, 1)]);
        let alike = |a: &i32, b: &i32| a / 10 == b / 10;
        assert_eq!(queue.take(at_once(3), alike, any), Some(vec![11, 12, 13]));
        assert_eq!(queue.take(at_once(8), alike, any), Some(vec![21, 22]));
        assert_eq!(queue.take(at_once(1), alike, any), Some(vec![14]));
    }

    #[test]
    fn a_job_that_is_like_no_other_is_taken_alone() {
        let queue = queue(&[(1, 1), (2, 2)]);
        assert_eq!(queue.take(at_once(4), |_, _| false, any), Some(vec![1]));
        assert_eq!(queue.take(at_once(4), |_, _| false, any), Some(vec![2]));
    }

    #[test]
    fn none_shares_with_more_than_it_puts_up_with() {
        let all = |_: &i32, _: &i32| true;
        // Each puts up with as many as its number says.
        let most = |_| |job: &i32, part: usize| part.min(usize::try_from(*job).unwrap());
        let numbers = queue(&[(3, 1), (2, 2), (4, 3), (5, 4), (1, 5)]);
        assert_eq!(numbers.take(at_once(4), all, most), Some(vec![3, 4, 5]));
        assert_eq!(numbers.take(at_once(4), all, most), Some(vec![2]), "1 goes alone");
        assert_eq!(numbers.take(at_once(4), all, most), Some(vec![1]));
    }

    #[test]
    fn several_takers_share_what_waits() {
        let queue = queue(&[(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]);
        let shared = Batching { takers: 2, ..at_once(4) };
        let all = |_: &i32, _: &i32| true;
        assert_eq!(queue.take(shared, all, any), Some(vec![1, 2, 3]));
        assert_eq!(queue.take(shared, all, any), Some(vec![4]), "the other taker has one left");
        assert_eq!(queue.take(shared, all, any), Some(vec![5]));
    }

    #[test]
    fn jobs_that_come_at_once_are_taken_in_full_batches_by_those_who_dont_share_them_out() {
        let (queue, now) = (JobQueue::new(), Instant::now());
        queue.push_all((1..=6).collect(), now, after(0)).unwrap();
        let shared = Batching { takers: 2, ..at_once(4) };
        let freely = |_| |_: &i32, _: usize| usize::MAX;
        assert_eq!(queue.take(shared, |_, _| true, freely), Some(vec![1, 2, 3, 4]));
        assert_eq!(queue.take(shared, |_, _| true, freely), Some(vec![5, 6]));
        queue.close();
        assert_eq!(queue.push_all(vec![7], now, after(0)), Err(vec![7]));
    }

    #[test]
    fn a_job_that_is_taken_back_is_gone() {
        let (queue, now) = (JobQueue::new(), Instant::now());
        let numbers: Vec<u64> = (1..=3).map(|job| queue.push(job, now, after(0)).unwrap()).collect();
        assert_eq!(queue.take(at_once(1), |_, _| true, any), Some(vec![1]));
        assert_eq!([0, 1].map(|at: usize| queue.remove(numbers[at])), [None, Some(2)]);
        assert_eq!(queue.len(), 1);
        assert_eq!(queue.take(at_once(1), |_, _| true, any), Some(vec![3]));
    }

    #[test]
    fn closing_wakes_the_takers_and_refuses_jobs() {
        let queue = JobQueue::<i32>::new();
        std::thread::scope(|scope| {
            let taker = scope.spawn(|| queue.take(at_once(1), |_, _| true, any));
            queue.close();
            assert_eq!(taker.join().unwrap(), None);
        });
        let now = Instant::now();
        assert_eq!(queue.push(1, now, after(0)), Err(1));
    }

    /// The wait is forever as far as a test is concerned: only the second job can end it.
    #[test]
    fn a_job_waits_for_its_like_and_a_full_batch_waits_no_longer() {
        let queue = queue(&[(1, 0)]);
        let together = Batching { wait: Duration::from_secs(600), ..at_once(2) };
        std::thread::scope(|scope| {
            let taker = scope.spawn(|| queue.take(together, |_, _| true, any));
            let now = Instant::now();
            queue.push(2, now, after(1000)).unwrap();
            assert_eq!(taker.join().unwrap(), Some(vec![1, 2]));
        });
    }

    #[test]
    fn a_job_waits_no_longer_than_it_may() {
        let queue = JobQueue::new();
        let now = Instant::now();
        queue.push(1, now, after(0)).unwrap();
        let together = Batching { wait: Duration::from_millis(20), ..at_once(2) };
        assert_eq!(queue.take(together, |_, _| true, any), Some(vec![1]));
        assert!(now.elapsed() >= together.wait);
    }

    #[test]
    fn a_more_urgent_job_doesnt_make_the_eldest_wait_anew() {
        let queue = JobQueue::new();
        let now = Instant::now() + Duration::from_secs(10);
        let together = Batching { wait: Duration::from_secs(3), ..at_once(3) };
        // It has waited for all its time, and the newcomer goes before it.
        queue.push(1, Instant::now().checked_sub(together.wait).unwrap(), after(1000)).unwrap();
        queue.push(2, now, after(0)).unwrap();
        let begun = Instant::now();
        assert_eq!(queue.take(together, |_, _| true, any), Some(vec![2, 1]));
        assert!(begun.elapsed() < together.wait, "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn each_job_once_and_in_the_order_of_the_places(
            jobs in prop::collection::vec((0i32..30, 0u64..20), 0..40),
            max in 1usize..5,
        ) {
            let queue = queue(&jobs);
            let alike = |a: &i32, b: &i32| a % 3 == b % 3;
            let mut taken: Vec<Vec<i32>> = Vec::new();
            while queue.len() > 0 {
                taken.extend(queue.take(at_once(max), alike, any));
            }
            let mut sorted = jobs;
            sorted.sort_by_key(|(_, place)| *place);
            for kind in 0..3 {
                let expected: Vec<i32> =
                    sorted.iter().map(|(job, _)| *job).filter(|job| job % 3 == kind).collect();
                let got: Vec<i32> =
                    taken.iter().filter(|batch| batch[0] % 3 == kind).flatten().copied().collect();
                prop_assert_eq!(got, expected);
            }
            prop_assert!(taken.iter().all(|batch| batch.len() <= max && batch.iter().all(|job| alike(job, &batch[0]))));
        }
    }
}
