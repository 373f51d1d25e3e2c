//! CPU time per format: `cargo run --release -p svara-audio --example encode_speed [seconds]`.
//!
//! Encodes a reproducible speech-like sound in frames of 2048 samples, as a stream arrives, and prints the CPU-seconds
//! (user and system, of the process, from `/proc/self/stat`) per second of audio, and the size.

use std::{error::Error, f32::consts::TAU, fs, time::Instant};

use svara_audio::{Encoder, EncoderSpec, Format, SampleRate};

/// One frame of SNAC.
const FRAME_SAMPLES: usize = 2_048;

fn main() -> Result<(), Box<dyn Error>> {
    let seconds: u32 = std::env::args().nth(1).map_or(Ok(60), |arg| arg.parse())?;
    let sound = sound(seconds);
    println!("{seconds} s of sound per row, in frames of {FRAME_SAMPLES} samples");
    println!("{:<18}{:>14}{:>16}{:>12}", "format", "bit/s", "CPU s per s", "streams");
    for format in Format::supported() {
        for rate in format.rates() {
            let spec = EncoderSpec::new(format)?.with_rate(*rate)?;
            let (cpu_s, bytes) = encode(spec, &sound)?;
            let per_second = cpu_s / f64::from(seconds);
            println!(
                "{:<18}{:>14}{:>16.6}{:>12.0}",
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
    let start = Instant::now();
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
    // The kernel counts CPU time in ticks of 10 ms; where that is too coarse, this one thread's wall time is the bound.
    let used_cpu_s = cpu_s()? - start_cpu_s;
    let used_s = if used_cpu_s < 0.2 { start.elapsed().as_secs_f64() } else { used_cpu_s };
    Ok((used_s, bytes + chunk.len()))
}

/// CPU time of this process so far, in seconds.
fn cpu_s() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in parentheses and may hold spaces; utime and stime are the 14th and 15th.
    let after_name = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1;
    let ticks: Result<Vec<u64>, _> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect();
    // USER_HZ is 100 on every Linux that Rust builds for.
    Ok(ticks?.iter().sum::<u64>() as f64 / 100.0)
}

/// A buzz with a wandering pitch in syllables of 250 ms.
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
