//! What is heard of what is decoded: the speed of each piece, and the silence between pieces. Pure.

use svara_audio::{SampleRate, TimeStretch};

/// Changes the speed of samples, and puts silence between them.
///
/// Silence is never stretched: it has as many samples as were asked for, at any speed.
pub(crate) struct Playback {
    /// The request's speed.
    speed: f32,
    /// The factor of the pieces that are being given out.
    rate: f32,
    sample_rate: SampleRate,
    /// Changes the speed. `None` at the model's own.
    stretch: Option<TimeStretch>,
    /// Decoded samples, and samples heard, before those that the stretch has had.
    before: (u64, u64),
    /// Decoded samples so far.
    decoded: u64,
}

impl Playback {
    /// A playback at `speed`, which is in the range of [`TimeStretch`].
    pub(crate) fn new(speed: f32, sample_rate: SampleRate) -> Self {
        let mut playback = Self { speed, rate: 1.0, sample_rate, stretch: None, before: (0, 0), decoded: 0 };
        playback.begin();
        playback
    }

    pub(crate) const fn sample_rate(&self) -> SampleRate {
        self.sample_rate
    }

    /// How fast the pieces are said that are being given out, as a factor of the request's speed.
    pub(crate) const fn rate(&self) -> f32 {
        self.rate
    }

    /// Takes decoded samples, and returns those that are ready. There may be none.
    pub(crate) fn push(&mut self, samples: Vec<f32>) -> Vec<f32> {
        self.decoded += samples.len() as u64;
        let Some(stretch) = &mut self.stretch else { return samples };
        let mut ready = Vec::new();
        stretch.push(&samples, &mut ready);
        ready
    }

    /// Ends what was before, and returns the rest of it with silence behind it. What comes next is `rate` times as fast
    /// as the request asks for.
    pub(crate) fn pause(&mut self, pause_ms: u32, rate: f32) -> Vec<f32> {
        if pause_ms == 0 && rate == self.rate {
            return Vec::new();
        }
        let heard = self.heard(self.decoded);
        let mut samples = self.finish();
        let silence = u64::from(pause_ms) * u64::from(self.sample_rate.hz()) / 1_000;
        samples.resize(samples.len().saturating_add(usize::try_from(silence).unwrap_or(usize::MAX)), 0.0);
        self.before = (self.decoded, heard + silence);
        self.rate = rate;
        self.begin();
        samples
    }

    /// The samples that are still held back.
    pub(crate) fn finish(&mut self) -> Vec<f32> {
        let mut rest = Vec::new();
        if let Some(stretch) = self.stretch.take() {
            stretch.finish(&mut rest);
        }
        rest
    }

    /// Where a decoded sample, none of those before the last pause, is heard.
    pub(crate) fn heard(&self, decoded: u64) -> u64 {
        let since = decoded.saturating_sub(self.before.0);
        self.before.1 + self.stretch.as_ref().map_or(since, |stretch| stretch.length(since))
    }

    fn begin(&mut self) {
        let speed = (self.speed * self.rate).clamp(TimeStretch::MIN_SPEED, TimeStretch::MAX_SPEED);
        // The speed is in the range, so it can't be refused.
        self.stretch = if speed == 1.0 { None } else { TimeStretch::new(speed, self.sample_rate).ok() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(samples: usize) -> Vec<f32> {
        (0..samples).map(|n| 0.3 * (n as f32 * 0.05).sin()).collect()
    }

    #[test]
    fn silence_is_exact_at_any_speed() {
        for speed in [1.0, 0.5, 1.7] {
            let mut playback = Playback::new(speed, SampleRate::SNAC);
            let mut heard = playback.push(tone(24_000));
            let spoken = (24_000.0 / f64::from(speed)).round() as usize;
            assert_eq!(playback.heard(24_000), spoken as u64);
            heard.extend(playback.pause(1_500, 1.0));
            assert_eq!(heard.len(), spoken + 36_000, "{speed}");
            assert!(heard[spoken..].iter().all(|sample| *sample == 0.0), "{speed}");
            assert_eq!(playback.heard(24_000), heard.len() as u64);
            heard.extend(playback.push(tone(2_400)));
            assert_eq!(
                playback.heard(26_400),
                (spoken + 36_000) as u64 + (2_400.0 / f64::from(speed)).round() as u64
            );
            heard.extend(playback.finish());
            assert_eq!(heard.len(), spoken + 36_000 + (2_400.0 / f64::from(speed)).round() as usize);
        }
    }

    #[test]
    fn a_part_may_be_faster() {
        let mut playback = Playback::new(1.0, SampleRate::SNAC);
        let mut heard = playback.push(tone(24_000)).len();
        heard += playback.pause(0, 2.0).len();
        heard += playback.push(tone(24_000)).len();
        heard += playback.pause(0, 1.0).len();
        assert_eq!(heard, 36_000);
        assert!(playback.pause(0, 1.0).is_empty());
        assert_eq!(playback.push(tone(100)).len(), 100);
    }
}
