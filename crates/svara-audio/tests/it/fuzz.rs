//! Damaged files: no escaping panic, no memory beyond the limits, no endless loop, whatever the bytes.
//!
//! Symphonia panics on some headers: where its arithmetic overflows, in a build with overflow checks only; where it reads
//! past the end of a table, in any. `decode_upload` turns panics into errors, and their number is printed.
//!
//! `SVARA_FUZZ_INPUTS` sets how many inputs are tried (default: enough for a test run). The seed is fixed, so failures
//! are reproducible; a failure names the kind of file and the input's number.

use std::time::{Duration, Instant};

use svara_audio::{DecodeError, DecodeLimits, SampleRate, decode_upload};
use svara_testkit::allocations;

use crate::{decoding, signal};

const DEFAULT_INPUTS: usize = 3_000;
/// Covers 5 s of audio at 24 kHz, three times over while a vector grows, and the decoders' own memory.
const MAX_PEAK_BYTES: usize = 24_000_000;

#[test]
fn damaged_files_do_no_harm() {
    let inputs = match std::env::var("SVARA_FUZZ_INPUTS") {
        Ok(inputs) => inputs.parse().expect("SVARA_FUZZ_INPUTS is a number"),
        Err(_) => DEFAULT_INPUTS,
    };
    let speech = signal::speech(SampleRate::SNAC, 0.3);
    let seeds: Vec<(&str, Vec<u8>)> =
        decoding::KINDS.iter().map(|kind| (kind.name, decoding::file(kind, &speech))).collect();
    let limits = DecodeLimits { max_bytes: 1_000_000, max_duration: Duration::from_secs(5) };

    let mut random = Random(0x5eed_5eed_5eed_5eed);
    let (mut decoded, mut caught, mut highest, mut slowest) = (0, 0, (0, ""), (Duration::ZERO, ""));
    let mut failures = Vec::new();
    for n in 0..inputs {
        let (name, seed) = &seeds[n % seeds.len()];
        let bytes = damage(seed, &mut random);
        let start = Instant::now();
        let (outcome, peak) = allocations::peak_bytes(|| decode_upload(&bytes, SampleRate::SNAC, &limits));
        let took = start.elapsed();
        match outcome {
            Ok(_) => decoded += 1,
            Err(DecodeError::DecoderPanicked) => {
                caught += 1;
                // The panic hook allocates to print a backtrace; don't count that.
                continue;
            }
            Err(_) => {}
        }
        if peak > MAX_PEAK_BYTES {
            failures.push(format!("{name}, input {n}: {peak} bytes"));
        }
        if took > Duration::from_secs(10) {
            failures.push(format!("{name}, input {n}: {took:?}"));
        }
        highest = highest.max((peak, *name));
        slowest = slowest.max((took, *name));
    }
    println!(
        "{inputs} inputs, {decoded} decoded, {caught} panics caught; at most {highest:?} bytes, {slowest:?}"
    );
    assert!(failures.is_empty(), "{} failures: {:#?}", failures.len(), &failures[..failures.len().min(20)]);
    // If every input were rejected at once, nothing would have been tested.
    assert!(decoded > inputs / 20, "{decoded} of {inputs} decoded");
}

/// Sixteen bytes can claim four billion samples, through which the demuxer walks before it reads one.
#[test]
fn a_claim_of_samples_costs_no_time() {
    let file = decoding::file(&decoding::FRAGMENTED, &signal::speech(SampleRate::SNAC, 1.0));
    let limits = DecodeLimits { max_bytes: 10_000_000, max_duration: Duration::from_secs(5) };
    decode_upload(&file, SampleRate::SNAC, &limits).expect("the file as it is");
    let run = file.windows(4).position(|name| name == b"trun").expect("it has a run");
    // The flags go, so that the run has nothing but its number of samples.
    let mut claims = file;
    claims[run + 4..run + 12].copy_from_slice(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    // Once of several times: the machine may be busy.
    let mut rounds = (0..5).map(|_| {
        let start = Instant::now();
        assert!(decode_upload(&claims, SampleRate::SNAC, &limits).is_err());
        start.elapsed()
    });
    assert!(rounds.any(|took| took < Duration::from_secs(1)), "more than a second each time");
}

/// One to eight changes, most of them near the start where the headers are.
fn damage(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(8) {
        let len = bytes.len();
        if len < 16 {
            break;
        }
        let at = if random.below(3) == 0 { random.below(len) } else { random.below(len.min(512)) };
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.below(256) as u8,
            2 => bytes[at] = [0, 0xff, 0x7f, 0x80][random.below(4)],
            3 => {
                // A length or count, made huge.
                let end = len.min(at + 4);
                bytes[at..end].fill(0xff);
            }
            4 => bytes.truncate(at.max(16)),
            5 => {
                let end = len.min(at + 1 + random.below(64));
                bytes.drain(at..end);
            }
            6 => {
                let end = len.min(at + 1 + random.below(64));
                let copy = bytes[at..end].to_vec();
                let to = random.below(len);
                bytes.splice(to..to, copy);
            }
            _ => {
                let end = len.min(at + 8);
                bytes[at..end].fill(0);
            }
        }
    }
    bytes
}

/// xorshift64: reproducible and good enough for damage.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
