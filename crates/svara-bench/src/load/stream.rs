//! One stream: sends a request and listens to its answer.

use std::time::{Duration, Instant};

use svara_listener::Listener;
use tokio::time::timeout;

use super::{
    dialect::{Target, refusal_reason},
    outcome::{Expected, Failure, Outcome},
    sound::{Format, SampleMeter},
};

/// The rate of pcm if the server doesn't say it, like the Python stack.
const RATE_HZ: u32 = 24_000;
/// The same for ulaw and alaw.
const TELEPHONE_RATE_HZ: u32 = 8_000;
/// Bytes that are read of a refusal.
const MAX_REFUSAL_BYTES: usize = 4096;
/// Characters of a reason at most.
const MAX_REASON_CHARACTERS: usize = 120;

/// How to listen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ear {
    pub(crate) format: Format,
    pub(crate) start_buffer: Duration,
    pub(crate) expected_frames: Option<u64>,
}

/// Sends a request and listens to its end. `sent` is when it was due.
pub(super) async fn listen(target: &Target, ear: Ear, text: &str, sent: Instant) -> Outcome {
    let playback = Listener::with_start_buffer(ear.start_buffer);
    let mut hearing = Hearing { outcome: Outcome { playback, ..Outcome::default() }, sent };
    let failure = match timeout(target.timeout, hearing.hear(target, ear, text)).await {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(_) => Some(Failure::Timeout),
    };
    let mut outcome = hearing.outcome;
    outcome.total = sent.elapsed();
    outcome.playback.end();
    outcome.failure = failure;
    outcome
}

struct Hearing {
    outcome: Outcome,
    sent: Instant,
}

impl Hearing {
    async fn hear(&mut self, target: &Target, ear: Ear, text: &str) -> Result<(), Failure> {
        let answer = target.request(text).send().await;
        let mut answer = answer.map_err(|error| Failure::NoAnswer(innermost(&error)))?;
        let status = answer.status();
        if !status.is_success() {
            let mut body = Vec::new();
            while let Ok(Some(bytes)) = answer.chunk().await {
                body.extend_from_slice(&bytes);
                if body.len() > MAX_REFUSAL_BYTES {
                    break;
                }
            }
            return Err(Failure::Refused(refusal_reason(status.as_u16(), &String::from_utf8_lossy(&body))));
        }
        let rate_hz = answer.headers().get("x-sample-rate").and_then(|rate| rate.to_str().ok()?.parse().ok());
        let rate_hz = rate_hz.unwrap_or(match ear.format {
            Format::Ulaw | Format::Alaw => TELEPHONE_RATE_HZ,
            _ => RATE_HZ,
        });
        let mut meter = SampleMeter::new(ear.format, rate_hz);
        loop {
            let bytes = answer.chunk().await.map_err(|error| Failure::BrokenOff(innermost(&error)))?;
            let Some(bytes) = bytes else { break };
            let at = self.sent.elapsed();
            let samples = meter.push(&bytes).map_err(|error| Failure::WrongFormat(error.to_string()))?;
            if samples > 0 {
                self.arrived(at, samples, meter.duration(samples));
            }
        }
        if self.outcome.samples == 0 {
            return Err(Failure::NoAudio);
        }
        match (ear.expected_frames, meter.rate_hz()) {
            (Some(frames), Some(rate_hz)) => {
                Expected { frames, exact: ear.format.is_exact() }.check(self.outcome.samples, rate_hz)
            }
            _ => Ok(()),
        }
    }

    fn arrived(&mut self, at: Duration, samples: u64, audio: Duration) {
        self.outcome.first_audio.get_or_insert(at);
        self.outcome.samples += samples;
        self.outcome.playback.receive(at, audio);
    }
}

/// The innermost cause of an error: it names no local address, so that it is the same for all streams.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string().chars().take(MAX_REASON_CHARACTERS).collect()
}
