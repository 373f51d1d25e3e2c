//! What it costs to decode a recording in a process of its own, beside decoding it here.
//!
//! ```text
//! cargo build --release -p svara-server
//! cargo run --release -p svara-recordings --example upload_cost -- target/release/svara-server FILE…
//! ```
#![allow(clippy::print_stdout, reason = "this is what the example is for")]

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Context;
use bytes::Bytes;
use svara_audio::{DecodeLimits, SampleRate, check_reference, decode_upload};
use svara_recordings::Uploads;
use svara_service::{DecodeRecording, config::CloningConfig};

/// Recordings of each kind.
const ROUNDS: usize = 40;
/// Between two recordings, for the next process to start.
const PAUSE: Duration = Duration::from_millis(150);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let program = arguments.next().context("give the program svara-server, and recordings")?;
    let program = std::path::absolute(program)?;
    let uploads = Uploads::start(SampleRate::SNAC, &CloningConfig::default(), Some(program))?;
    println!("| recording | here | in a process | without a pause |\n|---|---|---|---|");
    for file in arguments {
        let recording = Bytes::from(std::fs::read(&file)?);
        let (mut here, mut apart, mut at_once) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let mono = decode_upload(&recording, SampleRate::SNAC, &DecodeLimits::default())?;
            check_reference(&mono.samples, mono.rate)?;
            here.push(start.elapsed());
            tokio::time::sleep(PAUSE).await;
            let start = Instant::now();
            uploads.decode(recording.clone()).await?;
            apart.push(start.elapsed());
        }
        for _ in 0..ROUNDS {
            let start = Instant::now();
            uploads.decode(recording.clone()).await?;
            at_once.push(start.elapsed());
        }
        let [here, apart, at_once] = [here, apart, at_once].map(shown);
        println!("| {} | {here} | {apart} | {at_once} |", file.display());
    }
    Ok(())
}

/// The least time, which the machine's other work disturbs least, and the median.
fn shown(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let ms = |n: usize| times.get(n).copied().unwrap_or_default().as_secs_f64() * 1_000.0;
    format!("{:.1} ms ({:.1})", ms(0), ms(times.len() / 2))
}
