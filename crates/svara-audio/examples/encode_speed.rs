//! CPU time per format: `cargo run --release -p svara-audio --example encode_speed [seconds]`.
//!
//! Encodes a reproducible speech-like sound in frames of 2048 samples, as a stream arrives. Prints CPU-seconds per
//! second of audio and how many streams one core could sustain. CPU time is the thread's own, from Linux's
//! `/proc/thread-self/schedstat`, so other load on the machine matters little; its clock may tick in milliseconds, so
//! encode minutes.

use std::{error::Error, f32::consts::TAU, fs};

use svara_audio::{Encoder, EncoderSpec, Format, SampleRate};

/// One SNAC frame.
const FRAME_SAMPLES: usize = 2_048;

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: u32 = std::env::args().nth(1).map_or(Ok(300), |arg| arg.parse())?;
    let sound = sound(seconds);
    println!("{seconds} s of sound per row, in frames of {FRAME_SAMPLES} samples");
    println!("{:<18}{:>14}{:>16}{:>14}", "format", "bit/s", "CPU s per s", "streams/core");
    for format in Format::supported() {
        for rate in format.rates() {
            let spec = EncoderSpec::new(format)?.with_rate(*rate)?;
            let (cpu_s, bytes) = encode(spec, &sound)?;
            let per_second = cpu_s / f64::from(seconds);
            println!(
                "{:<18}{:>14}{:>16.6}{:>14.0}",
                format!("{format} {rate} Hz"),
                bytes as u64 * 8 / u64::from(seconds),
                per_second,
                1.0 / per_second
            );
        }
    }
    Ok(())
}

fn encode(spec: EncoderSpec, sound: &[f32]) -> Result<(f64, usize), Box<dyn Error>> {
    let start_cpu_s = cpu_s()?;
    let mut encoder = Encoder::new(spec, SampleRate::SNAC)?;
    let mut chunk = Vec::new();
    let mut bytes = 0;
    for frame in sound.chunks(FRAME_SAMPLES) {
        chunk.clear();
        encoder.push(frame, &mut chunk)?;
        bytes += chunk.len();
    }
    chunk.clear();
    encoder.finish(&mut chunk)?;
    Ok((cpu_s()? - start_cpu_s, bytes + chunk.len()))
}

/// CPU time of this thread so far, in seconds.
fn cpu_s() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = stat.split_whitespace().next().ok_or("empty schedstat")?.parse()?;
    Ok(nanoseconds as f64 * 1e-9)
}

/// A buzz of wandering pitch in 250 ms syllables.
fn sound(seconds: u32) -> Vec<f32> {
    let rate = SampleRate::SNAC.hz();
    let mut phase = 0.0;
    (0..seconds * rate)
        .map(|n| {
            let t = n as f32 / rate as f32;
            phase = (phase + (130.0 + 40.0 * (TAU * 0.7 * t).sin()) / rate as f32).fract();
            let voice: f32 = (1..=20).map(|k| (TAU * phase * k as f32).sin() / k as f32).sum();
            0.3 * (TAU * 4.0 * t).sin().max(0.0) * voice
        })
        .collect()
}
