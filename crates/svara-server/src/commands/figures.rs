//! Timings of a speech, for people.

use std::{fmt, time::Duration};

/// The timings of one speech.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figures {
    /// From the request to its first samples.
    pub(super) first_audio: Duration,
    /// From the request to its last samples.
    pub(super) took: Duration,
    /// The length of the audio.
    pub(super) audio: Duration,
}

impl Figures {
    /// Seconds taken for each second of audio: below 1 is faster than playback.
    fn real_time_factor(&self) -> f64 {
        self.took.as_secs_f64() / self.audio.as_secs_f64()
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.first_audio.as_secs_f64() * 1e3;
        let (audio, took) = (self.audio.as_secs_f64(), self.took.as_secs_f64());
        let factor = self.real_time_factor();
        write!(
            f,
            "first audio {ms:.0} ms, {audio:.2} s of audio in {took:.2} s, real-time factor {factor:.3}"
        )
    }
}

/// The minimum, median and maximum of several speeches; none if there are none.
pub(super) fn summary(rounds: &[Figures]) -> Option<String> {
    let first_audio = spread(rounds.iter().map(|round| round.first_audio.as_secs_f64() * 1e3))?;
    let factor = spread(rounds.iter().map(Figures::real_time_factor))?;
    let [least, median, most] = first_audio.map(|ms| format!("{ms:.0}"));
    let first_audio = format!("first audio {least}/{median}/{most} ms");
    let [least, median, most] = factor.map(|factor| format!("{factor:.3}"));
    Some(format!(
        "{} runs, min/median/max: {first_audio}, real-time factor {least}/{median}/{most}",
        rounds.len()
    ))
}

fn spread(values: impl Iterator<Item = f64>) -> Option<[f64; 3]> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len().checked_sub(1)? / 2;
    Some([*values.first()?, *values.get(middle)?, *values.last()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(first_ms: u64, took_ms: u64) -> Figures {
        let ms = Duration::from_millis;
        Figures { first_audio: ms(first_ms), took: ms(took_ms), audio: ms(2000) }
    }

    #[test]
    fn each_speech_and_the_summary_are_one_line() {
        assert_eq!(
            round(120, 500).to_string(),
            "first audio 120 ms, 2.00 s of audio in 0.50 s, real-time factor 0.250"
        );
        assert_eq!(
            summary(&[round(300, 500), round(100, 1000), round(200, 3000)]).unwrap(),
            "3 runs, min/median/max: first audio 100/200/300 ms, real-time factor 0.250/0.500/1.500"
        );
        assert_eq!(summary(&[]), None);
    }
}
