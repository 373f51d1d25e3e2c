//! The results of one step.

use std::{collections::BTreeMap, time::Duration};

use super::{distribution::Distribution, outcome::Outcome, process::Usage};

/// Reasons that are counted by themselves; more count as "other".
const MAX_REASONS: usize = 32;

/// What was measured in one step.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Streams that were sent, or should have been.
    pub streams: u64,
    /// Failed streams, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Failed streams that ended without an error.
    pub silent_failures: u64,
    /// From sending the request to the first audio, in ms.
    pub first_audio_ms: Distribution,
    /// Seconds per second of audio, of complete streams.
    pub real_time_factor: Distribution,
    /// Silence after the start of playback, in ms, of streams with any audio.
    pub silence_ms: Distribution,
    /// The longest single gap of each stream after the start of playback, in ms. Failed streams have none.
    pub gap_ms: Distribution,
    /// Streams with an underrun.
    pub streams_with_underruns: u64,
    /// Underruns in all streams.
    pub underruns: u64,
    /// The longest underrun, in ms.
    pub longest_silence_ms: f64,
    /// Audio received, of complete and of failed streams.
    pub audio: Duration,
    /// Samples received.
    pub samples: u64,
    /// From the first request to the last answer.
    pub wall: Duration,
    /// The most streams that were open at once.
    pub most_open: usize,
    /// CPU time and memory of the server; `None` if no process was named, or it died.
    pub usage: Option<Usage>,
}

impl Summary {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.streams += 1;
        if let Some(failure) = &outcome.failure {
            let reason = failure.to_string();
            let known = self.failures.len() < MAX_REASONS || self.failures.contains_key(&reason);
            *self.failures.entry(if known { reason } else { "other".into() }).or_default() += 1;
            self.silent_failures += u64::from(failure.is_silent());
        }
        self.first_audio_ms.record(outcome.first_audio.map(milliseconds));
        self.real_time_factor.record(outcome.real_time_factor());
        if outcome.first_audio.is_some() {
            self.silence_ms.record(Some(milliseconds(outcome.playback.silence())));
        }
        let gap = milliseconds(outcome.playback.longest_silence());
        self.gap_ms.record(outcome.failure.is_none().then_some(gap));
        self.streams_with_underruns += u64::from(outcome.playback.underruns() > 0);
        self.underruns += u64::from(outcome.playback.underruns());
        self.longest_silence_ms =
            self.longest_silence_ms.max(milliseconds(outcome.playback.longest_silence()));
        self.audio += outcome.playback.received();
        self.samples += outcome.samples;
    }

    /// The number of failed streams.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// Seconds of audio received per second.
    pub fn speed(&self) -> Option<f64> {
        (!self.wall.is_zero()).then(|| self.audio.as_secs_f64() / self.wall.as_secs_f64())
    }

    /// CPU seconds per second of audio.
    pub fn cpu_per_audio_second(&self) -> Option<f64> {
        let usage = self.usage.as_ref().filter(|_| !self.audio.is_zero())?;
        Some(usage.cpu.as_secs_f64() / self.audio.as_secs_f64())
    }
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use svara_listener::Listener;

    use super::*;
    use crate::load::outcome::Failure;

    #[test]
    fn failures_are_counted_and_rank_behind_the_slowest() {
        let mut summary = Summary::default();
        let mut playback = Listener::default();
        playback.receive(Duration::from_millis(200), Duration::from_secs(2));
        let good = Outcome {
            first_audio: Some(Duration::from_millis(200)),
            total: Duration::from_secs(1),
            playback,
            ..Outcome::default()
        };
        (0..9).for_each(|_| summary.add(&good));
        summary.add(&Outcome::not_sent());
        assert_eq!((summary.streams, summary.failed(), summary.silent_failures), (10, 1, 0));
        assert_eq!(summary.first_audio_ms.quantile(0.99), None);
        assert_eq!(summary.first_audio_ms.quantile(0.9).map(f64::round), Some(200.0));
        assert_eq!(summary.real_time_factor.quantile(0.5), Some(0.5));
        assert_eq!(summary.gap_ms.share_within(50.0), Some(0.9), "a stream that fails has no short gap");
        summary.add(&Outcome { failure: Some(Failure::Short), ..good });
        assert_eq!(summary.silent_failures, 1);
        for n in 0..100 {
            let failure = Some(Failure::Refused(format!("status {n}")));
            summary.add(&Outcome { failure, ..Outcome::default() });
        }
        assert!(summary.failures.len() <= MAX_REASONS + 1 && summary.failures["other"] > 60);
        assert_eq!(summary.failed(), 102);
    }
}
