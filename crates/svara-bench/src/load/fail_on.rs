//! What makes a run fail.

use std::{fmt, str::FromStr};

use super::summary::Summary;

/// A condition of `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FailOn {
    /// Any stream failed.
    Failed,
    /// Any stream ended without an error, but with too little or too much audio.
    Incomplete,
    /// Any listener ran out of audio.
    Underrun,
    /// The 99th percentile of first audio, in ms.
    FirstAudioP99Ms(f64),
    /// The 99th percentile of the real-time factor.
    RealTimeFactorP99(f64),
}

const ALLOWED: &str =
    "must be failed, incomplete, underrun, first-audio-p99-ms:MS or real-time-factor-p99:FACTOR";

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let limit = |text: &str| crate::args::positive(text).map_err(|error| format!("the limit {error}"));
        match text.split_once(':') {
            None if text == "failed" => Ok(Self::Failed),
            None if text == "incomplete" => Ok(Self::Incomplete),
            None if text == "underrun" => Ok(Self::Underrun),
            Some(("first-audio-p99-ms", ms)) => limit(ms).map(Self::FirstAudioP99Ms),
            Some(("real-time-factor-p99", factor)) => limit(factor).map(Self::RealTimeFactorP99),
            _ => Err(ALLOWED.to_owned()),
        }
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.write_str("failed"),
            Self::Incomplete => f.write_str("incomplete"),
            Self::Underrun => f.write_str("underrun"),
            Self::FirstAudioP99Ms(limit) => write!(f, "first-audio-p99-ms:{limit}"),
            Self::RealTimeFactorP99(limit) => write!(f, "real-time-factor-p99:{limit}"),
        }
    }
}

impl FailOn {
    /// Whether it holds for a step. A percentile that falls among streams without a value is above every limit.
    pub fn is_seen_in(&self, step: &Summary) -> bool {
        let above = |value: Option<f64>, limit: f64| value.is_none_or(|value| value > limit);
        match *self {
            Self::Failed => step.failed() > 0,
            Self::Incomplete => step.silent_failures > 0,
            Self::Underrun => step.streams_with_underruns > 0,
            Self::FirstAudioP99Ms(limit) => above(step.first_audio_ms.quantile(0.99), limit),
            Self::RealTimeFactorP99(limit) => above(step.real_time_factor.quantile(0.99), limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_and_written() {
        for text in ["failed", "incomplete", "underrun", "first-audio-p99-ms:250", "real-time-factor-p99:0.9"]
        {
            assert_eq!(text.parse::<FailOn>().unwrap().to_string(), text);
        }
        for text in ["x", "failed:1", "first-audio-p99-ms", "first-audio-p99-ms:-1"] {
            assert!(text.parse::<FailOn>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_percentile_of_failures_is_above_every_limit() {
        let mut step = Summary::default();
        step.first_audio_ms.record(Some(100.0));
        assert!(!FailOn::FirstAudioP99Ms(101.0).is_seen_in(&step));
        assert!(FailOn::FirstAudioP99Ms(99.0).is_seen_in(&step));
        step.first_audio_ms.record(None);
        assert!(FailOn::FirstAudioP99Ms(1e9).is_seen_in(&step));
    }
}
