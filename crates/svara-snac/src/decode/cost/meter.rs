//! Times the calls of a decoder's threads.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{CallShape, Costs, Slowdown};
use crate::lock::lock;

/// Follows what calls cost.
pub(crate) struct Meter {
    start: Instant,
    busy: AtomicUsize,
    /// Once the calls at start are measured.
    costs: OnceLock<Costs>,
    state: Mutex<State>,
    /// A call ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// The calls at start, until they are measured.
    calls: Vec<(CallShape, f64)>,
    /// Their streams' rows.
    streams: usize,
    slowdown: Slowdown,
}

/// The rows of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallRows {
    /// Those of streams.
    pub(crate) streams: usize,
    /// All, with padding: what the call costs.
    pub(crate) padded: usize,
}

/// A call in progress.
pub(crate) struct Timed {
    start: Instant,
    busy: usize,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            busy: AtomicUsize::new(0),
            costs: OnceLock::new(),
            state: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    /// A call begins. It must be ended.
    pub(crate) fn begin(&self) -> Timed {
        Timed { busy: self.busy.fetch_add(1, Ordering::Relaxed) + 1, start: Instant::now() }
    }

    /// A call of these rows with `frames` new frames each has ended and took this long. Without rows, no call was made.
    pub(crate) fn end(&self, timed: &Timed, rows: CallRows, frames: usize, took: Duration) {
        let busy = timed.busy.max(self.busy.fetch_sub(1, Ordering::Relaxed));
        if rows.streams > 0 {
            let shape = CallShape { rows: rows.padded, frames, busy };
            let mut state = self.lock();
            match self.costs.get() {
                Some(costs) => {
                    state.slowdown.add(self.start.elapsed(), costs.expected_s(shape), took);
                }
                None => {
                    state.calls.push((shape, took.as_secs_f64()));
                    state.streams += rows.streams;
                }
            }
            drop(state);
            self.ended.notify_all();
        }
    }

    /// Waits until `rows` rows have been decoded since the last call of this, and returns their calls: fewer after
    /// `longest`.
    pub(crate) fn measured(&self, rows: usize, longest: Duration) -> Vec<(CallShape, f64)> {
        let until = Instant::now() + longest;
        let mut state = self.lock();
        while state.streams < rows {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.streams = 0;
        std::mem::take(&mut state.calls)
    }

    /// From now on, calls are compared with these.
    pub(crate) fn compare(&self, costs: Costs) {
        self.costs.get_or_init(|| costs);
    }

    /// Streams that keep real time now; none if nothing costs anything.
    pub(crate) fn streams(&self, frames_per_second: f64) -> Option<f64> {
        let costs = self.costs.get()?;
        Some(costs.streams(frames_per_second, self.slowdown()))
    }

    /// What a row of one frame takes now, in a call of its own while all threads are busy; a further row of a call takes less.
    /// The shortest time there is before the costs are measured.
    pub(crate) fn row(&self) -> Duration {
        let Some(costs) = self.costs.get() else { return Duration::from_nanos(1) };
        costs.frame().mul_f64(self.slowdown().max(1.0))
    }

    /// How much longer calls take than they did at start.
    pub(crate) fn slowdown(&self) -> f64 {
        self.lock().slowdown.ratio(self.start.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Timed {
    /// When the call began.
    pub(crate) fn start(&self) -> Instant {
        self.start
    }
}
