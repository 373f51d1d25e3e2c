//! The times of `GET /debug/timing`, in the Python stack's format: since the start or the last reset.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use serde::Serialize;

use crate::lock::lock;

/// Processing steps. Their names are the Python stack's for the steps that it also had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// From the request to its end.
    Speech,
    /// From the request to the first samples.
    FirstAudio,
    /// From the request to the engine's first tokens.
    FirstToken,
    /// One decode call.
    Decode,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Speech => "Orchestrator.astream_one",
            Self::FirstAudio => "first_audio",
            Self::FirstToken => "vLLM.first_token",
            Self::Decode => "SNAC.decode_window",
        }
    }
}

/// Sums for each step, in constant memory.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    steps: Mutex<BTreeMap<Step, Tally>>,
}

#[derive(Clone, Copy, Debug)]
struct Tally {
    calls: u64,
    total: Duration,
    min: Duration,
    max: Duration,
}

/// The times of a step, for output.
#[derive(Debug, PartialEq, Serialize)]
pub struct StepTimes {
    calls: u64,
    total_ms: f64,
    avg_ms: f64,
    min_ms: f64,
    max_ms: f64,
}

impl Timing {
    pub(crate) fn add(&self, step: Step, took: Duration) {
        let mut steps = lock(&self.steps);
        let none = Tally { calls: 0, total: Duration::ZERO, min: Duration::MAX, max: Duration::ZERO };
        let times = steps.entry(step).or_insert(none);
        times.calls += 1;
        times.total = times.total.saturating_add(took);
        times.min = times.min.min(took);
        times.max = times.max.max(took);
    }

    /// The steps that were taken at least once.
    pub(crate) fn show(&self) -> BTreeMap<&'static str, StepTimes> {
        let steps = lock(&self.steps);
        steps.iter().map(|(step, times)| (step.name(), times.show())).collect()
    }

    pub(crate) fn reset(&self) {
        lock(&self.steps).clear();
    }
}

impl Tally {
    fn show(&self) -> StepTimes {
        let ms = |seconds: f64| (seconds * 1e5).round() / 100.0;
        StepTimes {
            calls: self.calls,
            total_ms: ms(self.total.as_secs_f64()),
            avg_ms: ms(self.total.as_secs_f64() / self.calls as f64),
            min_ms: ms(self.min.as_secs_f64()),
            max_ms: ms(self.max.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_and_start_over() {
        let timing = Timing::default();
        for ms in [10, 30, 20] {
            timing.add(Step::Decode, Duration::from_millis(ms));
        }
        let expected = StepTimes { calls: 3, total_ms: 60.0, avg_ms: 20.0, min_ms: 10.0, max_ms: 30.0 };
        assert_eq!(timing.show(), BTreeMap::from([("SNAC.decode_window", expected)]));
        timing.reset();
        assert!(timing.show().is_empty());
    }
}
