//! Every format at every rate, decoded by ffmpeg.

use std::collections::HashMap;

use svara_audio::{EncoderSpec, Format, SampleRate, encode_whole, f32_to_s16};

use crate::{ffmpeg, signal, spectrum, stream};

const SECONDS: f32 = 3.217;

/// Samples of codec delay that the container can't tell a decoder to drop.
fn delay_samples(format: Format) -> usize {
    match format {
        // LAME's 576 and a decoder's 529.
        Format::Mp3 => 1_105,
        Format::Aac => 1_024,
        _ => 0,
    }
}

/// Samples that the codec adds at both ends together, at least.
fn padding_samples(format: Format) -> usize {
    match format {
        // LAME's delay, and as much again at the end for the decoder's.
        Format::Mp3 => 2 * 576,
        _ => delay_samples(format),
    }
}

/// Samples per codec frame, by which a length may be rounded up; 1 where the end is exact.
fn frame_samples(format: Format, rate: SampleRate) -> usize {
    match format {
        Format::Mp3 if rate.hz() > 24_000 => 1_152,
        Format::Mp3 => 576,
        Format::Aac => 1_024,
        _ => 1,
    }
}

/// The rate of the decoder's output.
fn decoded_rate(spec: EncoderSpec) -> SampleRate {
    if spec.format() == Format::Opus { SampleRate::HZ_48000 } else { spec.rate() }
}

fn codec_name(format: Format) -> &'static str {
    match format {
        Format::Mp3 => "mp3",
        Format::Opus => "opus",
        Format::Aac => "aac",
        Format::Flac => "flac",
        Format::Wav | Format::Pcm => "pcm_s16le",
        Format::Ulaw => "pcm_mulaw",
        Format::Alaw => "pcm_alaw",
    }
}

/// Log-spectral distance allowed, in dB; see the figures printed with `--nocapture`.
fn allowed_db(spec: EncoderSpec) -> f32 {
    match spec.format() {
        Format::Mp3 | Format::Opus | Format::Aac => 2.0,
        Format::Ulaw | Format::Alaw => 1.0,
        // The difference between two good resamplers.
        Format::Flac | Format::Wav | Format::Pcm => 0.1,
    }
}

#[test]
fn every_format_and_rate_comes_back_through_ffmpeg() {
    let speech = signal::speech(SampleRate::SNAC, SECONDS);
    let references: HashMap<SampleRate, Vec<f32>> = Format::Wav
        .rates()
        .iter()
        .map(|rate| (*rate, ffmpeg::resample(&speech, SampleRate::SNAC, *rate)))
        .collect();
    for spec in stream::all_specs() {
        let (format, rate) = (spec.format(), decoded_rate(spec));
        let label = format!("{format} at {} Hz", spec.rate());
        let body = stream::encode(spec, &speech, 2_048);
        assert_eq!(ffmpeg::probe(format, rate, &body), format!("{},{rate},1", codec_name(format)), "{label}");
        let decoded = ffmpeg::decode(format, rate, &body);

        let exact = (speech.len() as u64 * u64::from(rate.hz())).div_ceil(24_000) as usize;
        let shortest = exact + padding_samples(format);
        let allowed = shortest..shortest + frame_samples(format, rate);
        assert!(allowed.contains(&decoded.len()), "{label}: {} samples, expected {allowed:?}", decoded.len());

        let aligned = &decoded[delay_samples(format)..][..exact];
        let reference = &references[&rate];
        let lag = spectrum::lag(reference, aligned, 50);
        // Below the Nyquist frequency of both source and output.
        let top = 0.9 * spec.rate().hz().min(24_000) as f32 / rate.hz() as f32;
        let distance_db = spectrum::distance_db(reference, aligned, top);
        println!("{label}: {} bytes, lag {lag} samples, {distance_db:.2} dB", body.len());
        // libopus's narrow band is 8 samples of 48 kHz late.
        assert!(lag.unsigned_abs() <= 8, "{label}: lag {lag}");
        assert!(distance_db <= allowed_db(spec), "{label}: {distance_db} dB");
    }
}

#[test]
fn lossless_formats_give_back_every_sample() {
    let speech = signal::speech(SampleRate::SNAC, SECONDS);
    let expected: Vec<i16> = speech.iter().copied().map(f32_to_s16).collect();
    for format in [Format::Pcm, Format::Wav, Format::Flac] {
        let spec = EncoderSpec::new(format).expect("always built");
        let decoded = ffmpeg::decode(format, spec.rate(), &stream::encode(spec, &speech, 2_048));
        assert_eq!(decoded.into_iter().map(f32_to_s16).collect::<Vec<_>>(), expected, "{format}");
    }
}

#[test]
fn g711_encodes_what_ffmpeg_decodes() {
    let codes: Vec<u8> = (0..=u8::MAX).collect();
    for format in [Format::Ulaw, Format::Alaw] {
        let spec = EncoderSpec::new(format).expect("always built");
        let levels = ffmpeg::decode(format, spec.rate(), &codes);
        let encoded = encode_whole(spec, &levels, spec.rate()).expect("encodes");
        let again = ffmpeg::decode(format, spec.rate(), &encoded);
        // Levels, not codes: µ-law has two zeros.
        assert_eq!(again, levels, "{format}");

        let all: Vec<f32> = (i16::MIN..=i16::MAX).map(|value| f32::from(value) / 32_768.0).collect();
        let body = encode_whole(spec, &all, spec.rate()).expect("encodes");
        for (value, decoded) in all.iter().zip(ffmpeg::decode(format, spec.rate(), &body)) {
            // Half of the widest step, and the ends: the highest level is 32124 in one law, 32256 in the other.
            let allowed = if value.abs() > 0.98 { 648.0 } else { 512.0 } / 32_768.0;
            assert!((decoded - value).abs() <= allowed, "{format}: {value} came back as {decoded}");
        }
    }
}

#[test]
fn lossy_formats_sound_better_with_more_bits() {
    let speech = signal::speech(SampleRate::SNAC, SECONDS);
    for (format, low_bps, high_bps) in
        [(Format::Mp3, 24_000, 128_000), (Format::Opus, 8_000, 96_000), (Format::Aac, 24_000, 128_000)]
    {
        if !format.is_supported() {
            continue;
        }
        let [low, high] = [low_bps, high_bps].map(|bitrate_bps| {
            let spec = EncoderSpec::new(format).and_then(|spec| spec.with_bitrate_bps(bitrate_bps));
            let spec = spec.expect("allowed");
            let body = stream::encode(spec, &speech, 2_048);
            let rate = decoded_rate(spec);
            let decoded = ffmpeg::decode(format, rate, &body);
            let reference = ffmpeg::resample(&speech, SampleRate::SNAC, rate);
            let aligned = &decoded[delay_samples(format)..];
            (body.len(), spectrum::distance_db(&reference, aligned, 21_600.0 / rate.hz() as f32))
        });
        println!("{format}: {low:?} at {low_bps} bit/s, {high:?} at {high_bps} bit/s");
        assert!(low.0 < high.0 && low.1 > high.1, "{format}: {low:?} {high:?}");
    }
}

/// `(format, Hz, kbit/s)` as dialects name them: `mp3_44100_128`.
const NAMED: &[(Format, u32, &[u32])] = &[
    (Format::Mp3, 22_050, &[32, 48, 64]),
    (Format::Mp3, 24_000, &[32, 48, 64, 96, 128]),
    (Format::Mp3, 44_100, &[32, 64, 96, 128, 192]),
    (Format::Opus, 48_000, &[32, 64, 96, 128, 192]),
];

#[test]
fn the_bit_rates_that_dialects_name_are_kept() {
    let speech = signal::speech(SampleRate::SNAC, SECONDS);
    for (format, hz, rates_kbps) in NAMED.iter().filter(|(format, ..)| format.is_supported()) {
        let rate = SampleRate::new(*hz).expect("in range");
        let reference = ffmpeg::resample(&speech, SampleRate::SNAC, rate);
        for kbps in *rates_kbps {
            let label = format!("{format}_{hz}_{kbps}");
            let spec = EncoderSpec::new(*format).and_then(|spec| spec.with_rate(rate));
            let spec = spec.and_then(|spec| spec.with_bitrate_bps(kbps * 1_000)).expect(&label);
            let body = stream::encode(spec, &speech, 2_048);
            let decoded = ffmpeg::decode(*format, rate, &body);
            let aligned = &decoded[delay_samples(*format)..][..reference.len()];
            let distance_db = spectrum::distance_db(&reference, aligned, 0.9 * 24_000.0 / *hz as f32);
            let seconds = decoded.len() as f32 / *hz as f32;
            let made_kbps = body.len() as f32 * 8.0 / 1_000.0 / seconds;
            println!("{label}: {made_kbps:.0} kbit/s, {distance_db:.2} dB");
            // Constant-bit-rate MP3 is exact; Opus may use less, and has headers.
            let allowed = if *format == Format::Mp3 { 0.97..1.03 } else { 0.3..1.15 };
            assert!(allowed.contains(&(made_kbps / *kbps as f32)), "{label}: {made_kbps} kbit/s");
            assert!(distance_db <= if *kbps < 48 { 6.0 } else { 2.0 }, "{label}: {distance_db} dB");
        }
    }
}

#[test]
fn whole_files_have_exact_headers() {
    let speech = signal::speech(SampleRate::SNAC, SECONDS);
    for rate in Format::Wav.rates() {
        let expected = (speech.len() as u64 * u64::from(rate.hz())).div_ceil(24_000);

        let spec = EncoderSpec::new(Format::Wav).and_then(|spec| spec.with_rate(*rate)).expect("allowed");
        let wav = encode_whole(spec, &speech, SampleRate::SNAC).expect("encodes");
        let size_at = |at: usize| u32::from_le_bytes(wav[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((size_at(4) as usize, u64::from(size_at(40))), (wav.len() - 8, expected * 2));

        let spec = EncoderSpec::new(Format::Flac).and_then(|spec| spec.with_rate(*rate)).expect("allowed");
        let flac = encode_whole(spec, &speech, SampleRate::SNAC).expect("encodes");
        let total = u64::from_be_bytes(flac[18..26].try_into().expect("eight bytes")) & 0xf_ffff_ffff;
        assert_eq!(total, expected);
        let md5: String = flac[26..42].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(ffmpeg::md5_of_samples(&flac), md5);
    }
}

#[test]
fn a_whole_mp3_has_its_exact_length() {
    let speech = signal::speech(SampleRate::SNAC, SECONDS);
    if !Format::Mp3.is_supported() {
        return;
    }
    for rate in Format::Mp3.rates() {
        let spec = EncoderSpec::new(Format::Mp3).and_then(|spec| spec.with_rate(*rate)).expect("allowed");
        let body = encode_whole(spec, &speech, SampleRate::SNAC).expect("encodes");
        let decoded = ffmpeg::decode_from_disk(&body);
        let expected = (speech.len() as u64 * u64::from(rate.hz())).div_ceil(24_000) as usize;
        assert_eq!(decoded.len(), expected, "{rate} Hz");
        let reference = ffmpeg::resample(&speech, SampleRate::SNAC, *rate);
        assert_eq!(spectrum::lag(&reference, &decoded, 20), 0, "{rate} Hz");
    }
    let spec = EncoderSpec::new(Format::Mp3).expect("supported");
    assert!(!encode_whole(spec, &[], SampleRate::SNAC).expect("encodes").is_empty());
}

#[test]
fn whole_files_of_the_other_formats_are_the_streams() {
    let speech = signal::speech(SampleRate::SNAC, 0.5);
    for spec in
        stream::all_specs().filter(|spec| !matches!(spec.format(), Format::Wav | Format::Flac | Format::Mp3))
    {
        let whole = encode_whole(spec, &speech, SampleRate::SNAC).expect("encodes");
        assert!(whole == stream::encode(spec, &speech, 777), "{spec:?}");
    }
}
