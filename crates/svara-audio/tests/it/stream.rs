//! Properties of every stream: independent of how samples are split, early first bytes, valid ends, bounded memory.

use svara_audio::{Encoder, EncoderSpec, Format, SampleRate};
use svara_testkit::process::{alone, resident_kib};

use crate::{ffmpeg, signal};

/// One SNAC frame.
const FRAME_SAMPLES: usize = 2_048;

/// Every format at every rate it has.
pub(crate) fn all_specs() -> impl Iterator<Item = EncoderSpec> {
    Format::supported().flat_map(|format| {
        let spec = EncoderSpec::new(format).expect("supported");
        format.rates().iter().map(move |rate| spec.with_rate(*rate).expect("listed"))
    })
}

/// Encodes in pieces of `chunk` samples.
pub(crate) fn encode(spec: EncoderSpec, samples: &[f32], chunk: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(spec, SampleRate::SNAC).expect("encoder");
    let mut body = Vec::new();
    for chunk in samples.chunks(chunk) {
        encoder.push(chunk, &mut body).expect("push");
    }
    encoder.finish(&mut body).expect("finish");
    body
}

#[test]
fn bytes_do_not_depend_on_how_samples_arrive() {
    let speech = signal::speech(SampleRate::SNAC, 0.53);
    for spec in all_specs() {
        let expected = encode(spec, &speech, usize::MAX);
        for chunk in [1, 100, FRAME_SAMPLES, 5_000] {
            assert!(encode(spec, &speech, chunk) == expected, "{spec:?} in pieces of {chunk}");
        }
    }
}

#[test]
fn sound_leaves_with_the_first_frame() {
    let speech = signal::speech(SampleRate::SNAC, 1.0);
    for spec in all_specs() {
        let mut encoder = Encoder::new(spec, SampleRate::SNAC).expect("encoder");
        let mut body = Vec::new();
        encoder.push(&[], &mut body).expect("push");
        let header_len = body.len();
        let frames = speech
            .chunks(FRAME_SAMPLES)
            .take_while(|frame| {
                encoder.push(frame, &mut body).expect("push");
                body.len() == header_len
            })
            .count();
        // Codecs whose frame is longer than one SNAC frame at these low rates.
        let late = match (spec.format(), spec.rate()) {
            (Format::Aac, SampleRate::HZ_8000) => 3,
            (Format::Mp3, SampleRate::HZ_8000) => 1,
            (Format::Aac, SampleRate::HZ_16000 | SampleRate::HZ_22050 | SampleRate::HZ_32000) => 1,
            _ => 0,
        };
        println!("{} at {} Hz: first sound after {} frames of SNAC", spec.format(), spec.rate(), frames + 1);
        assert!(frames <= late, "{spec:?}: {frames}");
    }
}

#[test]
fn the_header_leaves_with_the_first_push_and_only_once() {
    for format in [Format::Wav, Format::Flac, Format::Opus] {
        let spec = EncoderSpec::new(format).expect("always built");
        let mut encoder = Encoder::new(spec, SampleRate::SNAC).expect("encoder");
        let mut body = Vec::new();
        encoder.push(&[], &mut body).expect("push");
        let magic: &[u8] = match format {
            Format::Wav => b"RIFF",
            Format::Flac => b"fLaC",
            _ => b"OggS",
        };
        assert!(body.starts_with(magic), "{format}");
        let header_len = body.len();
        encoder.push(&[], &mut body).expect("push");
        assert_eq!(body.len(), header_len, "{format}");
    }
}

#[test]
fn nothing_in_is_a_sane_file_out() {
    for spec in all_specs() {
        let (format, rate) = (spec.format(), spec.rate());
        let body = encode(spec, &[], 1);
        match format {
            Format::Pcm | Format::Ulaw | Format::Alaw => assert_eq!(body, [0u8; 0]),
            Format::Wav => assert_eq!((body.len(), &body[..4]), (44, &b"RIFF"[..])),
            Format::Flac | Format::Opus => {
                let printed = ffmpeg::probe(format, rate, &body);
                assert!(printed.ends_with(",1"), "{spec:?}: {printed}");
            }
            // ffmpeg doesn't recognize a single frame as MP3.
            Format::Mp3 => assert_eq!((body[0], body[1] & 0xe0), (0xff, 0xe0), "{spec:?}"),
            Format::Aac => {
                let decoded = ffmpeg::decode(format, rate, &body);
                assert_eq!(decoded.len(), 1_024, "{spec:?}");
                assert!(decoded.iter().all(|sample| sample.abs() < 1e-3), "{spec:?}");
            }
        }
    }
}

#[test]
fn the_shortest_sounds_come_back_whole() {
    let click = [0.5; 40];
    for format in Format::supported() {
        let spec = EncoderSpec::new(format).expect("supported");
        for len in [1, 33] {
            let rate = if spec.format() == Format::Opus { SampleRate::HZ_48000 } else { spec.rate() };
            let decoded = ffmpeg::decode(spec.format(), rate, &encode(spec, &click[..len], 7));
            let expected = (len * rate.hz() as usize).div_ceil(24_000);
            assert!(decoded.len() >= expected, "{spec:?}: {} of {expected}", decoded.len());
        }
    }
}

#[test]
fn an_ogg_stream_is_one_stream_with_an_exact_end() {
    let speech = signal::speech(SampleRate::SNAC, 1.234);
    for rate in Format::Opus.rates() {
        let spec = EncoderSpec::new(Format::Opus).and_then(|spec| spec.with_rate(*rate)).expect("allowed");
        let body = encode(spec, &speech, FRAME_SAMPLES);
        let pages = ogg_pages(&body);
        let flags: Vec<u8> = pages.iter().map(|page| page.flags).collect();
        assert_eq!(flags[0], 2, "begins with BOS");
        assert_eq!(flags[flags.len() - 1], 4, "ends with EOS");
        assert!(flags[1..flags.len() - 1].iter().all(|flags| *flags == 0), "{flags:?}");
        assert!(pages.iter().all(|page| page.serial == pages[0].serial));
        assert!(pages.iter().enumerate().all(|(n, page)| page.sequence as usize == n));
        let pre_skip = u64::from(u16::from_le_bytes([body[28 + 10], body[28 + 11]]));
        // The resampler before the encoder rounds its length up.
        let samples = (speech.len() * rate.hz() as usize).div_ceil(24_000) as u64;
        assert_eq!(pages[pages.len() - 1].granule, pre_skip + samples * u64::from(48_000 / rate.hz()));
        assert!(pages.is_sorted_by_key(|page| page.granule));
        assert!((100..1_000).contains(&pre_skip), "{pre_skip}");
    }
}

struct OggPage {
    flags: u8,
    granule: u64,
    serial: u32,
    sequence: u32,
}

fn ogg_pages(mut body: &[u8]) -> Vec<OggPage> {
    let mut pages = Vec::new();
    while !body.is_empty() {
        assert_eq!(&body[..5], b"OggS\0");
        let segments = usize::from(body[26]);
        let payload: usize = body[27..27 + segments].iter().map(|len| usize::from(*len)).sum();
        pages.push(OggPage {
            flags: body[5],
            granule: u64::from_le_bytes(body[6..14].try_into().expect("eight bytes")),
            serial: u32::from_le_bytes(body[14..18].try_into().expect("four bytes")),
            sequence: u32::from_le_bytes(body[18..22].try_into().expect("four bytes")),
        });
        body = &body[27 + segments + payload..];
    }
    pages
}

#[test]
fn wild_samples_do_no_harm() {
    let wild = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e30, 2.0, -2.0, 1e-40];
    let samples: Vec<f32> = wild.iter().copied().cycle().take(9_000).collect();
    for spec in all_specs() {
        let body = encode(spec, &samples, 1_000);
        assert!(!body.is_empty(), "{spec:?}");
    }
}

#[test]
fn memory_stays_the_same_however_long_the_stream() {
    if alone("stream::memory_stays_the_same_however_long_the_stream") {
        let default_rates = Format::supported().map(|format| EncoderSpec::new(format).expect("supported"));
        default_rates.for_each(assert_memory_bounded);
    }
}

fn assert_memory_bounded(spec: EncoderSpec) {
    let second = signal::speech(SampleRate::SNAC, 1.0);
    let mut encoder = Encoder::new(spec, SampleRate::SNAC).expect("encoder");
    let mut body = Vec::new();
    let mut push_seconds = |seconds: usize| {
        for frame in (0..seconds).flat_map(|_| second.chunks(FRAME_SAMPLES)) {
            body.clear();
            encoder.push(frame, &mut body).expect("push");
        }
    };
    push_seconds(5);
    let before_kib = resident_kib();
    push_seconds(60);
    let grown_kib = resident_kib().saturating_sub(before_kib);
    println!("{} at {} Hz: grew by {grown_kib} KiB in a minute", spec.format(), spec.rate());
    // A minute at 24 kHz is 5.6 MiB of f32 and 2.8 MiB of 16-bit samples.
    assert!(grown_kib < 512, "{spec:?}: {grown_kib} KiB");
}
