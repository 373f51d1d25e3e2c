//! `svara-server decode-upload`: the process that decodes one recording.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use crate::{
    confine,
    messages::{Message, read_recording},
};
use anyhow::Context;
use svara_audio::{DecodeError, DecodeLimits, SampleRate, check_reference, decode_upload};

/// What decoding takes beside the recording and its samples: tables, packets, the resampler.
const SCRATCH_BYTES: u64 = 64 << 20;
/// A vector that grows holds the samples up to three times.
const GROWTH: u64 = 3;

/// The arguments of `decode-upload`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
pub struct DecodeUploadArgs {
    /// The sample rate of the answer.
    #[arg(long)]
    pub(super) rate_hz: u32,
    /// The largest recording, in bytes.
    #[arg(long)]
    pub(super) max_bytes: usize,
    /// The longest recording.
    #[arg(long)]
    pub(super) max_ms: u64,
    /// The processor time for one recording.
    #[arg(long)]
    pub(super) cpu_seconds: u64,
}

impl DecodeUploadArgs {
    fn limits(&self) -> DecodeLimits {
        DecodeLimits { max_bytes: self.max_bytes, max_duration: Duration::from_millis(self.max_ms) }
    }

    /// The most samples of an answer: a resampler may round up.
    pub(super) fn max_samples(&self) -> usize {
        let samples = u128::from(self.max_ms) * u128::from(self.rate_hz) / 1_000;
        usize::try_from(samples).unwrap_or(usize::MAX).saturating_add(self.rate_hz as usize)
    }

    /// The memory that the process may take for a recording.
    fn memory_bytes(&self) -> u64 {
        let samples_bytes = (self.max_samples() as u64).saturating_mul(size_of::<f32>() as u64);
        SCRATCH_BYTES
            .saturating_add(self.max_bytes as u64)
            .saturating_add(samples_bytes.saturating_mul(GROWTH))
    }
}

/// Decodes one recording: from standard input to standard output.
///
/// # Errors
/// The process can't be confined, or its pipes fail.
pub fn run(args: &DecodeUploadArgs) -> anyhow::Result<()> {
    let (input, output) = (io::stdin().lock(), io::stdout().lock());
    decode_one(args, input, output)
}

fn decode_one(args: &DecodeUploadArgs, mut input: impl Read, mut output: impl Write) -> anyhow::Result<()> {
    let rate = SampleRate::new(args.rate_hz)?;
    let limits = args.limits();
    // A decoder's panic becomes an error; nobody reads what it prints.
    std::panic::set_hook(Box::new(|_| {}));
    if let Err(reason) = confine::belong_to_the_server().and_then(|()| {
        // What decoders look up once, they look up before they are confined. The recording is silent, which is no fault.
        let _ = decode_upload(&short_wav(), rate, &limits);
        confine::limit(args.memory_bytes(), args.cpu_seconds)
    }) {
        return Message::Failed(reason).write(&mut output).context("can't answer");
    }
    Message::Ready(confine::deny_calls().err()).write(&mut output).context("can't answer")?;
    let recording = read_recording(&mut input, args.max_bytes).context("can't read the recording")?;
    // The server has no use for this process any more.
    let Some(recording) = recording else { return Ok(()) };
    let answer = match decode_upload(&recording, rate, &limits) {
        Err(DecodeError::Resample(error)) => Message::Failed(error.to_string()),
        Err(error) => Message::Unusable(error.to_string()),
        Ok(mono) => match check_reference(&mono.samples, mono.rate) {
            Err(fault) => Message::Unusable(fault.to_string()),
            Ok(()) => Message::Samples(mono.samples),
        },
    };
    answer.write(&mut output).context("can't answer")
}

/// Half a second of silence at a rate that no codec has, so that it is resampled.
fn short_wav() -> Vec<u8> {
    const RATE_HZ: u32 = 22_050;
    const DATA_BYTES: u32 = RATE_HZ;
    let mut wav = Vec::with_capacity(44 + DATA_BYTES as usize);
    wav.extend(b"RIFF");
    wav.extend((36 + DATA_BYTES).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(RATE_HZ.to_le_bytes());
    wav.extend((2 * RATE_HZ).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(DATA_BYTES.to_le_bytes());
    wav.resize(44 + DATA_BYTES as usize, 0);
    wav
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_recording_is_one() {
        let limits = DecodeLimits::default();
        let mono = decode_upload(&short_wav(), SampleRate::SNAC, &limits).unwrap();
        assert_eq!(mono.samples.len(), 12_000);
    }

    #[test]
    fn bounds_grow_with_the_limits_and_never_overflow() {
        let args =
            DecodeUploadArgs { rate_hz: 24_000, max_bytes: 10_000_000, max_ms: 30_000, cpu_seconds: 2 };
        assert_eq!(args.max_samples(), 31 * 24_000);
        assert!((80_000_000..100_000_000).contains(&args.memory_bytes()), "{}", args.memory_bytes());
        let most = DecodeUploadArgs { max_bytes: usize::MAX, max_ms: u64::MAX, ..args };
        assert_eq!((most.max_samples(), most.memory_bytes()), (usize::MAX, u64::MAX));
    }
}
