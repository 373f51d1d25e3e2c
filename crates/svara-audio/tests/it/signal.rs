//! Reproducible test signals: speech-like (voiced and unvoiced stretches, pauses, a moving pitch) and sines.

use std::f32::consts::TAU;

use svara_audio::SampleRate;

/// `seconds` of a speech-like signal at `rate`, peak 0.6, starting and ending in silence.
pub(crate) fn speech(rate: SampleRate, seconds: f32) -> Vec<f32> {
    let rate = rate.hz() as f32;
    let len = (seconds * rate) as usize;
    let mut phase = 0.0;
    let mut noise = Noise(0x5eed);
    let mut samples: Vec<f32> = (0..len)
        .map(|n| {
            let t = n as f32 / rate;
            let pitch_hz = 130.0 + 40.0 * (TAU * 0.7 * t).sin();
            phase = (phase + pitch_hz / rate).fract();
            // Two formants that wander, every harmonic below 3.4 kHz.
            let formants = [500.0 + 250.0 * (TAU * 1.3 * t).sin(), 1600.0 + 700.0 * (TAU * 0.9 * t).cos()];
            let voiced: f32 = (1..=24)
                .map(|k| {
                    let hz = k as f32 * pitch_hz;
                    let gain: f32 = formants.iter().map(|f| (-((hz - f) / 220.0).powi(2)).exp()).sum();
                    (gain + 0.02) * (TAU * phase * k as f32).sin()
                })
                .sum();
            // Syllables at 4 Hz; every third one is a hiss.
            let syllable = (TAU * 4.0 * t).sin().max(0.0);
            let unvoiced = (t * 4.0) as u32 % 3 == 2;
            let source = if unvoiced { 0.3 * noise.next() } else { voiced };
            syllable * source
        })
        .collect();
    let peak = samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    samples.iter_mut().for_each(|sample| *sample *= 0.6 / peak);
    let fade = (rate * 0.02) as usize;
    for n in 0..fade.min(len) {
        let gain = n as f32 / fade as f32;
        samples[n] *= gain;
        samples[len - 1 - n] *= gain;
    }
    samples
}

/// A sine of `hz`, amplitude 0.5.
pub(crate) fn sine(rate: SampleRate, hz: f32, len: usize) -> Vec<f32> {
    // In f64, because f32 has no precision left for the phase after many turns.
    let step = std::f64::consts::TAU * f64::from(hz) / f64::from(rate.hz());
    (0..len).map(|n| 0.5 * (step * n as f64).sin() as f32).collect()
}

/// White noise in ±1 from a linear congruential generator.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 8_388_608.0 - 1.0
    }
}
