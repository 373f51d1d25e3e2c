//! What decoding costs, and how many streams it carries. The arithmetic is pure: times are values. `meter.rs` and
//! `calibrate.rs` time the calls.
//!
//! At start, a few calls of each kind are timed, in turns: one alone, one on every thread, and a full batch on every thread.
//! Their medians give the [`Costs`]. From then on, each call is compared with what it should have taken; the [`Slowdown`] follows that
//! ratio, whatever the reason: other programs, other cores' memory traffic, a slower clock.

mod calibrate;
mod meter;
#[cfg(test)]
mod simulation;
mod slowdown;

use std::time::Duration;

use self::slowdown::Slowdown;
pub(crate) use self::{
    calibrate::Calibration,
    meter::{CallRows, Meter},
};

/// The calls of a decoder whose cost is known, each with as many new frames as the steady state of a stream has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Costs {
    /// Threads that make calls at once.
    threads: usize,
    /// Most rows that share a call wherever so many wait.
    max_rows: usize,
    /// Seconds for each new frame of one row, while all threads are busy.
    one_row_s: f64,
    /// The same for each further row of the same call.
    further_row_s: f64,
    /// What a call takes alone, as a part of what it takes while all threads are busy.
    alone: f64,
}

/// What was measured at start: seconds for each new frame of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    /// Calls of one row, one after the other.
    pub(crate) alone_s: f64,
    /// Calls of one row on all threads at once.
    pub(crate) together_s: f64,
    /// Calls of `rows` rows on all threads at once: the whole call.
    pub(crate) full_s: f64,
    /// The rows of a full call.
    pub(crate) rows: usize,
}

impl Measured {
    /// With at least this part of the first row's time for each further one: a machine that was busy for just a part of the
    /// measurement may say that they cost nothing, and no later call tells the ratio.
    pub(crate) fn with_least_for_further(self, least: f64) -> Self {
        let further = self.rows.saturating_sub(1) as f64;
        Self { full_s: self.full_s.max(self.together_s * (1.0 + least * further)), ..self }
    }
}

/// A call as far as its cost goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallShape {
    pub(crate) rows: usize,
    /// New frames in each row.
    pub(crate) frames: usize,
    /// Threads that were in a call when it began, this one included.
    pub(crate) busy: usize,
}

/// Frames that a stream decodes for each that is heard: the end of a speech is flushed with three more, a tenth of 2.5 s.
const DECODED_FRAMES: f64 = 1.1;
/// How much slower a decoder may become before its listeners have gaps, if it serves this part fewer than it carries.
pub const MARGIN: f64 = 0.25;

/// Below this, a cost can't be told from the clock's own error.
const SMALLEST_S: f64 = 1e-6;
/// A thread that isn't alone never makes a call faster, and hardly ever more than four times slower.
const ALONE: std::ops::RangeInclusive<f64> = 0.25..=1.0;
/// The longest call that may be shared for throughput's sake, in frames of audio: a listener has little more in hand when
/// their speech begins.
const LONGEST_SHARED_FRAMES: f64 = 0.5;

impl Costs {
    /// From measurements on `threads` threads. `certain_rows`: as many as share a call wherever so many wait, however late
    /// that makes them.
    pub(crate) fn new(measured: Measured, threads: usize, certain_rows: usize) -> Self {
        let Measured { alone_s, together_s, full_s, rows } = measured;
        let one_row_s = together_s.max(SMALLEST_S);
        let further_row_s = match rows.saturating_sub(1) {
            0 => one_row_s,
            further => ((full_s - one_row_s) / further as f64).clamp(0.0, one_row_s),
        };
        let alone = (alone_s.max(SMALLEST_S) / one_row_s).clamp(*ALONE.start(), *ALONE.end());
        let max_rows = certain_rows.clamp(1, rows.max(1));
        Self { threads: threads.max(1), max_rows, one_row_s, further_row_s, alone }
    }

    /// What a call should take, in seconds.
    pub(crate) fn expected_s(&self, call: CallShape) -> f64 {
        let others = call.busy.saturating_sub(1) as f64 / (self.threads - 1).max(1) as f64;
        let crowded = self.alone + (1.0 - self.alone) * others.clamp(0.0, 1.0);
        self.call_s(call.rows) * call.frames.max(1) as f64 * crowded
    }

    /// Streams that all keep real time, if each call takes `slowdown` times what it should.
    ///
    /// A stream hears `frames_per_second` frames in a second and decodes a tenth more, and a thread makes one call at a
    /// time. So n streams keep real time while n · 1.1 · `frames_per_second` · (seconds of a call / rows of a call) ·
    /// `slowdown` is at most the number of threads.
    pub(crate) fn streams(&self, frames_per_second: f64, slowdown: f64) -> f64 {
        let longest_s = LONGEST_SHARED_FRAMES / frames_per_second;
        let row_s = (1..=self.max_rows)
            .filter(|rows| *rows == 1 || self.call_s(*rows) * slowdown <= longest_s)
            .map(|rows| self.call_s(rows) / rows as f64)
            .fold(f64::INFINITY, f64::min);
        self.threads as f64 / (DECODED_FRAMES * frames_per_second * row_s * slowdown)
    }

    /// Seconds of a call for each new frame of its rows, while all threads are busy.
    fn call_s(&self, rows: usize) -> f64 {
        self.one_row_s + self.further_row_s * rows.saturating_sub(1) as f64
    }

    /// Seconds for a frame while all threads are busy, as measured at start.
    pub(crate) fn frame(&self) -> Duration {
        Duration::from_secs_f64(self.one_row_s)
    }
}

/// The middle value; `None` of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FPS: f64 = 11.718_75;

    fn costs(threads: usize, certain_rows: usize) -> Costs {
        let measured = Measured { alone_s: 0.010, together_s: 0.016, full_s: 0.040, rows: 4 };
        Costs::new(measured, threads, certain_rows)
    }

    #[test]
    fn streams_follow_from_the_cost_of_a_frame() {
        // 2 / (1.1 · 11.71875 · 0.016)
        assert!((costs(2, 1).streams(FPS, 1.0) - 9.70).abs() < 0.01);
        assert!((costs(2, 1).streams(FPS, 2.0) - 4.85).abs() < 0.01);
        // Four rows a call: 2 / (1.1 · 11.71875 · 0.040 / 4).
        assert!((costs(2, 4).streams(FPS, 1.0) - 15.52).abs() < 0.01);
        // At twice the time, two rows take 48 ms, more than half a frame. So one: 2 / (1.1 · 11.71875 · 0.032).
        assert!((costs(2, 4).streams(FPS, 2.0) - 4.85).abs() < 0.01);
    }

    #[test]
    fn further_rows_cost_no_less_than_they_can() {
        // Another program ran while single calls were measured, and had ended before the full ones were.
        let bent = Measured { alone_s: 0.024, together_s: 0.024, full_s: 0.031, rows: 3 };
        let least = bent.with_least_for_further(0.5);
        assert!((least.full_s - 0.048).abs() < 1e-9);
        assert_eq!(least.with_least_for_further(0.25), least);
        assert_eq!(Measured { rows: 1, ..bent }.with_least_for_further(0.5).full_s, 0.031);
    }

    #[test]
    fn a_call_beside_others_may_take_longer() {
        let costs = costs(3, 1);
        let expected = |rows, frames, busy| costs.expected_s(CallShape { rows, frames, busy });
        assert!((expected(1, 1, 1) - 0.010).abs() < 1e-9);
        assert!((expected(1, 1, 2) - 0.013).abs() < 1e-9);
        assert!((expected(1, 2, 3) - 0.032).abs() < 1e-9);
        assert!((expected(4, 1, 3) - 0.040).abs() < 1e-9);
        assert!((expected(1, 1, 0) - 0.010).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn costs_are_finite_and_never_zero(
            alone_s in 0.0f64..1.0, together_s in 0.0f64..1.0, full_s in 0.0f64..4.0, rows in 0usize..20,
            threads in 0usize..70, certain_rows in 0usize..20, slowdown in 0.1f64..100.0,
        ) {
            let costs = Costs::new(Measured { alone_s, together_s, full_s, rows }, threads, certain_rows);
            let streams = costs.streams(FPS, slowdown);
            prop_assert!(streams.is_finite() && streams > 0.0);
            prop_assert!(costs.streams(FPS, slowdown * 1.5) <= streams);
            let call = CallShape { rows: 1, frames: 1, busy: threads };
            prop_assert!(costs.expected_s(call) > 0.0);
        }
    }
}
