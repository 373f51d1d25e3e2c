//! Time stretching without a change of pitch, checked as a spectrum and as a waveform.

use std::{process::Command, time::Duration};

use realfft::RealFftPlanner;
use svara_audio::{DecodeLimits, SampleRate, TimeStretch, decode_upload};

const SPEEDS: [f32; 7] = [0.25, 0.5, 0.8, 1.0, 1.25, 2.0, 4.0];
const RATE_HZ: f32 = 24_000.0;

fn stretched(speed: f32, samples: &[f32]) -> Vec<f32> {
    let mut stretch = TimeStretch::new(speed, SampleRate::SNAC).expect("in range");
    let mut out = Vec::new();
    for frame in samples.chunks(2_048) {
        stretch.push(frame, &mut out);
    }
    stretch.finish(&mut out);
    out
}

/// The pitch in Hz by autocorrelation between 60 and 1,000 Hz, over the middle of the sound.
fn pitch_hz(samples: &[f32]) -> f32 {
    let window = 4_096.min(samples.len() / 2);
    let start = (samples.len() - window) / 2;
    let middle = &samples[start..start + window];
    let likeness = |lag: usize| {
        let pairs = || middle.iter().zip(&middle[lag..]);
        let (both, a, b) =
            pairs().fold((0.0, 0.0, 0.0), |(both, a, b), (x, y)| (both + x * y, a + x * x, b + y * y));
        both / (a * b).sqrt().max(1e-9)
    };
    let likenesses: Vec<f32> = (24..400).map(likeness).collect();
    let best = likenesses.iter().copied().fold(0.0, f32::max);
    // The first lag about as good as the best: multiples of a period match as well as the period.
    let mut lag = likenesses.iter().position(|likeness| *likeness > 0.95 * best).expect("the best itself");
    while likenesses.get(lag + 1).is_some_and(|next| *next > likenesses[lag]) {
        lag += 1;
    }
    RATE_HZ / (lag + 24) as f32
}

fn largest_step(samples: &[f32]) -> f32 {
    samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

#[test]
fn a_tone_keeps_its_pitch_and_level_and_does_not_click() {
    for hz in [110.0, 220.0, 440.0] {
        let tone: Vec<f32> =
            (0..48_000).map(|n| 0.5 * (n as f32 * hz * std::f32::consts::TAU / RATE_HZ).sin()).collect();
        for speed in SPEEDS {
            let out = stretched(speed, &tone);
            assert_eq!(out.len(), (48_000.0 / speed) as usize, "{speed}");
            let heard = pitch_hz(&out);
            assert!((heard / hz - 1.0).abs() < 0.03, "{hz} Hz at {speed}: {heard} Hz");
            // Without the edges: a tone that starts and stops abruptly clicks by itself.
            let middle = &out[2_400..out.len() - 2_400];
            let (step, bound) = (largest_step(middle), 3.0 * largest_step(&tone));
            assert!(step < bound, "{hz} Hz at {speed}: a step of {step}, bound {bound}");
        }
    }
}

#[test]
fn a_beat_keeps_its_place() {
    // A quarter second on, a quarter off.
    let beat: Vec<f32> =
        (0..48_000).map(|n| if (n / 6_000) % 2 == 0 { 0.5 * (n as f32 * 0.08).sin() } else { 0.0 }).collect();
    for speed in SPEEDS {
        let out = stretched(speed, &beat);
        for half in 0..8 {
            let at = ((half * 6_000 + 3_000) as f32 / speed) as usize;
            let around = &out[at - 200..at + 200];
            let level = (around.iter().map(|x| x * x).sum::<f32>() / around.len() as f32).sqrt();
            assert_eq!(level > 0.1, half % 2 == 0, "{speed}: level {level} in the middle of part {half}");
        }
    }
}

/// Mean power in bands of 190 Hz up to 4.6 kHz, in dB relative to their mean: the timbre and pitch of a voice,
/// independent of its pace.
fn timbre_db(samples: &[f32]) -> Vec<f32> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(512);
    let mut spectrum = fft.make_output_vec();
    let mut power = [0.0_f32; 24];
    for window in samples.chunks_exact(512) {
        let hann = |n: usize| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / 512.0).cos();
        let mut input: Vec<f32> = window.iter().enumerate().map(|(n, sample)| sample * hann(n)).collect();
        fft.process(&mut input, &mut spectrum).expect("lengths fit");
        for (band, bins) in power.iter_mut().zip(spectrum.chunks(4)) {
            *band += bins.iter().map(|bin| bin.norm_sqr()).sum::<f32>();
        }
    }
    let mean = power.iter().sum::<f32>() / 24.0;
    power.iter().map(|power| 10.0 * (power / mean + 1e-6).log10()).collect()
}

fn timbre_distance_db(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (timbre_db(a), timbre_db(b));
    (a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / 24.0).sqrt()
}

/// `text` spoken by espeak-ng.
fn espeak(text: &str) -> Vec<f32> {
    let said =
        Command::new("espeak-ng").args(["-v", "hi", "--stdout", text]).output().expect("espeak-ng is there");
    let limits = DecodeLimits { max_bytes: 10_000_000, max_duration: Duration::from_secs(30) };
    decode_upload(&said.stdout, SampleRate::SNAC, &limits).expect("a WAV file").samples
}

#[test]
fn speech_keeps_its_voice_and_its_length() {
    let speech = espeak("नमस्ते, यह एक परीक्षण है। आज मौसम बहुत अच्छा है और हम बाहर जा रहे हैं।");
    for speed in SPEEDS {
        let out = stretched(speed, &speech);
        assert_eq!(out.len(), (speech.len() as f64 / f64::from(speed)).round() as usize);
        let distance = timbre_distance_db(&speech, &out);
        assert!(distance < 3.0, "{speed}: {distance} dB");
    }
    // Proof that the measure discriminates: every second sample, so twice the pitch.
    let higher: Vec<f32> = speech.iter().copied().step_by(2).collect();
    let distance = timbre_distance_db(&speech, &higher);
    assert!(distance > 4.5, "{distance} dB");
}
