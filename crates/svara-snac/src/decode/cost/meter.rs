//! Times the calls of a decoder's threads.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use super::{CallShape, Costs, Slowdown};
use crate::{DecodeError, lock::lock};

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
    /// Their streams' rows, and those of the ones that failed.
    streams: usize,
    /// Why the last of them that failed did so.
    failed: Option<DecodeError>,
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

    /// A call of these rows with `frames` new frames each has ended and took this long. Without rows, no call was made. One that
    /// failed says nothing of what calls cost: most do so at once.
    pub(crate) fn end(
        &self,
        timed: &Timed,
        rows: CallRows,
        frames: usize,
        took: Duration,
        result: &Result<(), DecodeError>,
    ) {
        let busy = timed.busy.max(self.busy.fetch_sub(1, Ordering::Relaxed));
        if rows.streams > 0 {
            let shape = CallShape { rows: rows.padded, frames, busy };
            let mut state = self.lock();
            match (self.costs.get(), result) {
                (Some(costs), Ok(())) => {
                    state.slowdown.add(self.start.elapsed(), costs.expected_s(shape), took);
                }
                (Some(_), Err(_)) => {}
                (None, result) => {
                    match result {
                        Ok(()) => state.calls.push((shape, took.as_secs_f64())),
                        Err(error) => state.failed = Some(error.clone()),
                    }
                    state.streams += rows.streams;
                }
            }
            drop(state);
            self.ended.notify_all();
        }
    }

    /// Waits until `rows` rows have been decoded since the last call of this, and returns their calls: fewer after
    /// `longest`.
    ///
    /// # Errors
    /// One of the calls failed.
    pub(crate) fn measured(
        &self,
        rows: usize,
        longest: Duration,
    ) -> Result<Vec<(CallShape, f64)>, DecodeError> {
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
        let calls = std::mem::take(&mut state.calls);
        state.failed.take().map_or(Ok(calls), Err)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::cost::Measured;

    const ROW: CallRows = CallRows { streams: 1, padded: 1 };

    fn call(meter: &Meter, took: Duration, result: &Result<(), DecodeError>) {
        let timed = meter.begin();
        meter.end(&timed, ROW, 1, took, result);
    }

    #[test]
    fn a_call_that_fails_at_start_is_told() {
        let (meter, failed) = (Meter::new(), DecodeError::Run("no memory".to_owned()));
        call(&meter, Duration::from_millis(10), &Ok(()));
        call(&meter, Duration::ZERO, &Err(failed.clone()));
        assert_eq!(meter.measured(2, Duration::from_secs(600)), Err(failed));
        call(&meter, Duration::from_millis(10), &Ok(()));
        assert_eq!(meter.measured(1, Duration::from_secs(600)).unwrap().len(), 1);
        assert_eq!(meter.measured(1, Duration::ZERO), Ok(Vec::new()));
    }

    #[test]
    fn calls_that_fail_dont_make_the_decoder_look_faster() {
        let meter = Meter::new();
        let measured = Measured { alone_s: 0.01, together_s: 0.01, full_s: 0.01, rows: 1 };
        meter.compare(Costs::new(measured, 1, 1));
        for _ in 0..100 {
            call(&meter, Duration::from_millis(10), &Ok(()));
            call(&meter, Duration::from_micros(50), &Err(DecodeError::Stopped));
        }
        assert!((meter.slowdown() - 1.0).abs() < 0.01, "{}", meter.slowdown());
    }
}
