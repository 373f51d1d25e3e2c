//! The resampler alone: length, delay, pass band, stop band, pieces.

use proptest::prelude::*;
use svara_audio::{Resampler, SampleRate};

use crate::{signal, spectrum};

const RATES: [SampleRate; 7] = [
    SampleRate::HZ_8000,
    SampleRate::HZ_16000,
    SampleRate::HZ_22050,
    SampleRate::HZ_24000,
    SampleRate::HZ_32000,
    SampleRate::HZ_44100,
    SampleRate::HZ_48000,
];

fn resample(from: SampleRate, to: SampleRate, samples: &[f32], chunk: usize) -> Vec<f32> {
    let mut resampler = Resampler::new(from, to).expect("resampler");
    let mut out = Vec::new();
    for chunk in samples.chunks(chunk) {
        resampler.push(chunk, &mut out).expect("push");
    }
    resampler.finish(&mut out).expect("finish");
    out
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}

#[test]
fn a_tone_keeps_its_level_and_its_place() {
    for from in RATES {
        for to in RATES {
            let nyquist_hz = from.hz().min(to.hz()) as f32 / 2.0;
            for hz in [100.0, 0.5 * nyquist_hz, 0.85 * nyquist_hz] {
                let out = resample(from, to, &signal::sine(from, hz, from.hz() as usize), 2_048);
                let expected = signal::sine(to, hz, to.hz() as usize);
                // The ends of the tone are edges, which a band-limited signal can't have.
                let middle = |samples: &[f32]| samples[2_000..samples.len() - 2_000].to_vec();
                let error: Vec<f32> =
                    middle(&out).iter().zip(middle(&expected)).map(|(a, b)| a - b).collect();
                let snr_db = 10.0 * (power(&expected) / power(&error)).log10();
                assert!(snr_db > 60.0, "{hz} Hz from {from} to {to}: {snr_db} dB");
            }
        }
    }
}

#[test]
fn what_the_output_cannot_carry_is_taken_out() {
    for (from, to) in [(SampleRate::SNAC, SampleRate::HZ_8000), (SampleRate::HZ_48000, SampleRate::SNAC)] {
        let hz = to.hz() as f32 * 0.55;
        let out = resample(from, to, &signal::sine(from, hz, from.hz() as usize), 2_048);
        let leak_db = 10.0 * (power(&out[2_000..out.len() - 2_000]) / 0.125).log10();
        assert!(leak_db < -80.0, "{hz} Hz from {from} to {to}: {leak_db} dB");
    }
}

#[test]
fn speech_comes_back_from_a_higher_rate() {
    let speech = signal::speech(SampleRate::SNAC, 2.0);
    for rate in [SampleRate::HZ_44100, SampleRate::HZ_48000] {
        let up = resample(SampleRate::SNAC, rate, &speech, 2_048);
        let back = resample(rate, SampleRate::SNAC, &up, 2_048);
        assert_eq!(spectrum::lag(&speech, &back, 20), 0);
        let distance_db = spectrum::distance_db(&speech, &back, 0.9);
        assert!(distance_db < 0.1, "{rate}: {distance_db} dB");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_length_is_exact_and_pieces_do_not_matter(
        from in prop::sample::select(RATES.to_vec()),
        to in prop::sample::select(RATES.to_vec()),
        len in 0usize..20_000,
        chunk in 1usize..6_000,
    ) {
        let samples = signal::sine(from, 440.0, len);
        let out = resample(from, to, &samples, chunk);
        prop_assert_eq!(out.len() as u64, (len as u64 * u64::from(to.hz())).div_ceil(u64::from(from.hz())));
        prop_assert!(out == resample(from, to, &samples, usize::MAX));
    }
}
