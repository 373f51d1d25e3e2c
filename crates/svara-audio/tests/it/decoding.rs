//! Uploads of every kind, made with the real ffmpeg.

use std::{io::Cursor, sync::OnceLock, time::Duration};

use svara_audio::{
    DecodeError, DecodeLimits, Format, Mono, SampleRate, check_reference, decode_upload, encode_whole,
};

use svara_testkit::allocations;

use crate::{ffmpeg, signal, spectrum, stream};

/// A kind of file: a name, ffmpeg's options, the file's extension, and whether its length is exact.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    options: &'static [&'static str],
    extension: &'static str,
    /// Seconds that may be missing or extra at the ends: one codec frame and its delay if the file can't say.
    slack_s: f32,
    allowed_db: f32,
}

const fn kind(
    name: &'static str,
    options: &'static [&'static str],
    extension: &'static str,
    slack_s: f32,
    allowed_db: f32,
) -> Kind {
    Kind { name, options, extension, slack_s, allowed_db }
}

/// An MP4 file in fragments, as browsers record it.
pub(crate) const FRAGMENTED: Kind = kind(
    "m4a fragmented",
    &["-c:a", "aac", "-movflags", "frag_keyframe+empty_moov+default_base_moof"],
    "m4a",
    0.1,
    1.5,
);

/// Not `-ac 2`, which would halve the power.
const STEREO: &str = "pan=stereo|c0=c0|c1=c0";

pub(crate) const KINDS: &[Kind] = &[
    kind("wav s16 stereo 44.1", &["-af", STEREO, "-ar", "44100"], "wav", 0.0, 0.1),
    kind("wav u8 8", &["-c:a", "pcm_u8", "-ar", "8000"], "wav", 0.0, 1.5),
    kind("wav s24 48", &["-c:a", "pcm_s24le", "-ar", "48000"], "wav", 0.0, 0.1),
    kind("wav s32 96", &["-c:a", "pcm_s32le", "-ar", "96000"], "wav", 0.0, 0.1),
    kind("wav f32 24", &["-c:a", "pcm_f32le"], "wav", 0.0, 0.1),
    kind("wav f64 192", &["-c:a", "pcm_f64le", "-ar", "192000"], "wav", 0.0, 0.1),
    kind("wav a-law 8", &["-c:a", "pcm_alaw", "-ar", "8000"], "wav", 0.0, 1.5),
    kind("wav u-law 8", &["-c:a", "pcm_mulaw", "-ar", "8000"], "wav", 0.0, 1.5),
    kind(
        "wav 5.1 48",
        &["-af", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0", "-ar", "48000"],
        "wav",
        0.0,
        0.1,
    ),
    kind("mp3 stereo 44.1", &["-af", STEREO, "-ar", "44100", "-b:a", "128k"], "mp3", 0.0, 1.5),
    kind(
        "mp3 vbr 24 tagged",
        &["-q:a", "4", "-metadata", "title=ध्वनि", "-id3v2_version", "3"],
        "mp3",
        0.0,
        1.5,
    ),
    kind("mp3 8", &["-ar", "8000", "-b:a", "24k"], "mp3", 0.0, 2.0),
    kind("mp3 without xing", &["-ar", "44100", "-write_xing", "0"], "mp3", 0.1, 1.5),
    kind("flac stereo 44.1", &["-af", STEREO, "-ar", "44100"], "flac", 0.0, 0.1),
    kind("flac 24-bit 96", &["-sample_fmt", "s32", "-ar", "96000"], "flac", 0.0, 0.1),
    kind("vorbis stereo 44.1", &["-c:a", "libvorbis", "-af", STEREO, "-ar", "44100"], "ogg", 0.0, 2.0),
    kind("vorbis 16", &["-c:a", "libvorbis", "-ar", "16000"], "ogg", 0.0, 2.0),
    kind("ogg flac", &["-c:a", "flac", "-ar", "48000"], "ogg", 0.0, 0.1),
    kind("opus stereo", &["-c:a", "libopus", "-af", STEREO, "-b:a", "96k"], "opus", 0.0, 1.5),
    kind(
        "opus voip 60 ms",
        &["-c:a", "libopus", "-application", "voip", "-frame_duration", "60"],
        "opus",
        0.0,
        2.0,
    ),
    kind(
        "opus 2.5 ms",
        &["-c:a", "libopus", "-application", "lowdelay", "-frame_duration", "2.5"],
        "opus",
        0.0,
        2.0,
    ),
    kind("m4a stereo 44.1", &["-c:a", "aac", "-af", STEREO, "-ar", "44100"], "m4a", 0.05, 1.5),
    kind("m4a faststart 24", &["-c:a", "aac", "-movflags", "+faststart"], "m4a", 0.1, 1.5),
    kind("adts 16", &["-c:a", "aac", "-ar", "16000"], "aac", 0.15, 2.0),
    kind("webm opus", &["-c:a", "libopus"], "webm", 0.02, 2.0),
    kind("webm opus live", &["-c:a", "libopus", "-live", "1"], "webm", 0.02, 2.0),
    kind("webm vorbis", &["-c:a", "libvorbis"], "webm", 0.05, 2.0),
];

pub(crate) fn file(kind: &Kind, sound: &[f32]) -> Vec<u8> {
    ffmpeg::encode_file(sound, SampleRate::SNAC, kind.options, kind.extension)
}

/// Three seconds of speech as every kind of file.
fn files() -> &'static [(&'static Kind, Vec<u8>)] {
    static FILES: OnceLock<Vec<(&Kind, Vec<u8>)>> = OnceLock::new();
    FILES.get_or_init(|| KINDS.iter().map(|kind| (kind, file(kind, &speech()))).collect())
}

fn speech() -> Vec<f32> {
    signal::speech(SampleRate::SNAC, 3.017)
}

fn decode(bytes: &[u8]) -> Result<Mono, DecodeError> {
    decode_upload(bytes, SampleRate::SNAC, &DecodeLimits::default())
}

/// Lag in samples and spectral distance in dB between two sounds that a codec's delay may have shifted.
fn compare(reference: &[f32], decoded: &[f32], slack: usize) -> (isize, f32) {
    let lag = spectrum::lag(reference, decoded, 40 + slack as isize);
    let start = usize::try_from(lag).unwrap_or_default();
    let reference_start = usize::try_from(-lag).unwrap_or_default();
    (lag, spectrum::distance_db(&reference[reference_start..], &decoded[start..], 0.3))
}

#[test]
fn every_kind_of_file_is_decoded() {
    let speech = speech();
    for (kind, file) in files() {
        let mono = decode(file).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        assert_eq!(mono.rate, SampleRate::SNAC);
        let slack = (kind.slack_s * 24_000.0) as usize;
        let (lag, distance_db) = compare(&speech, &mono.samples, slack);
        let extra = mono.samples.len() as isize - speech.len() as isize;
        println!("{}: {extra} samples too many, lag {lag}, {distance_db:.2} dB", kind.name);
        // Each resampler rounds up to a whole sample: ffmpeg's and ours.
        assert!(extra.unsigned_abs() <= 3 + slack, "{}: {extra}", kind.name);
        assert!(lag.unsigned_abs() <= 4 + slack, "{}: lag {lag}", kind.name);
        assert!(distance_db <= kind.allowed_db, "{}: {distance_db} dB", kind.name);
        assert_eq!(check_reference(&mono.samples, mono.rate), Ok(()), "{}", kind.name);
    }
}

#[test]
fn what_we_send_out_can_be_sent_back() {
    let speech = signal::speech(SampleRate::SNAC, 1.5);
    for spec in stream::all_specs() {
        if matches!(spec.format(), Format::Pcm | Format::Ulaw | Format::Alaw) {
            continue;
        }
        let mono =
            decode(&stream::encode(spec, &speech, 2_048)).unwrap_or_else(|error| panic!("{spec:?}: {error}"));
        let extra_s = mono.duration().as_secs_f64() - 1.5;
        // MP3 and AAC streams can't declare their delay: up to 2 frames of 1024 at 8 kHz.
        let slack_s = if matches!(spec.format(), Format::Mp3 | Format::Aac) { 0.26 } else { 0.000_2 };
        println!("{} at {} Hz: {extra_s:.4} s", spec.format(), spec.rate());
        assert!((-0.000_1..=slack_s).contains(&extra_s), "{spec:?}: {extra_s} s");
    }
}

#[test]
fn limits_hold_while_decoding() {
    let long = encode_whole(
        svara_audio::EncoderSpec::new(Format::Flac).expect("always built"),
        &vec![0.0; 24_000 * 600],
        SampleRate::SNAC,
    )
    .expect("encodes");
    assert!(long.len() < 200_000, "ten minutes of silence in {} bytes", long.len());
    let (result, peak) = allocations::peak_bytes(|| decode(&long));
    let error = result.expect_err("too long");
    assert_eq!(error.to_string(), "the audio is longer than 30 s");
    // 30 s are 2.9 MB; a growing Vec holds up to three times that while it reallocates.
    assert!(peak < 12_000_000, "{peak} bytes");

    let limits = DecodeLimits { max_bytes: 1_000, ..DecodeLimits::default() };
    let error = decode_upload(&long, SampleRate::SNAC, &limits).expect_err("too large");
    assert_eq!(error.to_string(), "the audio file is larger than 1000 bytes");

    for (kind, file) in files() {
        let decode_within = |max_duration_s: u64| {
            let max_duration = Duration::from_secs(max_duration_s);
            decode_upload(file, SampleRate::SNAC, &DecodeLimits { max_duration, ..DecodeLimits::default() })
        };
        assert!(decode_within(4).is_ok(), "{}", kind.name);
        let error = decode_within(3).expect_err(kind.name);
        assert!(matches!(error, DecodeError::TooLong { .. }), "{}: {error}", kind.name);
    }
}

#[test]
fn what_is_no_audio_is_refused_with_a_reason() {
    assert!(matches!(decode(b""), Err(DecodeError::Empty)));
    for bytes in [
        &b"hello"[..],
        b"<html><body>not found</body></html>",
        &[0; 5_000],
        b"RIFF",
        b"OggS",
        b"fLaC",
        b"ID3",
    ] {
        let error = decode(bytes).expect_err("no audio");
        println!("{:?}: {error}", String::from_utf8_lossy(&bytes[..bytes.len().min(10)]));
        assert!(matches!(
            error,
            DecodeError::UnknownKind | DecodeError::Unreadable { .. } | DecodeError::NoSound
        ));
    }
    let speech = signal::speech(SampleRate::SNAC, 1.2);
    let empty = ffmpeg::encode_file(&[], SampleRate::SNAC, &[], "wav");
    assert!(matches!(decode(&empty), Err(DecodeError::NoSound)));
    let adpcm = ffmpeg::encode_file(&speech, SampleRate::SNAC, &["-c:a", "adpcm_ms"], "wav");
    let error = decode(&adpcm).expect_err("not supported");
    assert!(matches!(error, DecodeError::Unsupported { .. }), "{error}");
    let slow = ffmpeg::encode_file(&speech, SampleRate::SNAC, &["-ar", "4000"], "wav");
    let error = decode(&slow).expect_err("too slow");
    assert_eq!(
        error.to_string(),
        "the audio file cannot be used: sample rate 4000 Hz is outside 8000 to 192000 Hz"
    );
}

#[test]
fn a_file_that_is_cut_off_gives_what_is_there() {
    let speech = signal::speech(SampleRate::SNAC, 3.0);
    for kind in KINDS.iter().filter(|kind| !["m4a", "webm"].contains(&kind.extension)) {
        let whole = file(kind, &speech);
        let mono =
            decode(&whole[..whole.len() * 2 / 3]).unwrap_or_else(|error| panic!("{}: {error}", kind.name));
        let seconds = mono.duration().as_secs_f64();
        println!("{}: {seconds:.2} s", kind.name);
        assert!((0.9..2.7).contains(&seconds), "{}: {seconds} s", kind.name);
    }
}

#[test]
fn damage_in_the_middle_is_an_error_and_at_the_end_is_not() {
    let spec = svara_audio::EncoderSpec::new(Format::Opus).expect("always built");
    let whole = stream::encode(spec, &speech(), 2_048);
    let packets = ogg_packets(&whole);
    let last = packets.len() - 1;
    // Two headers, then 20 ms each.
    let error = decode(&with_broken_packet(&packets, 2 + 50)).expect_err("damaged");
    assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
    assert!(error.to_string().starts_with("the audio file is damaged at 1.0 s: "), "{error}");
    let cut = decode(&with_broken_packet(&packets, last)).expect("cut off");
    assert!((2.9..3.02).contains(&cut.duration().as_secs_f64()), "{:?}", cut.duration());
    let error = decode(&with_broken_packet(&packets[..3], 2)).expect_err("nothing but damage");
    assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
}

fn ogg_packets(file: &[u8]) -> Vec<ogg::Packet> {
    let mut reader = ogg::PacketReader::new(Cursor::new(file));
    std::iter::from_fn(|| reader.read_packet().expect("well-formed")).collect()
}

/// The same stream with one packet replaced by garbage: a frame count of 63, with room for none.
fn with_broken_packet(packets: &[ogg::Packet], broken: usize) -> Vec<u8> {
    let mut writer = ogg::PacketWriter::new(Vec::new());
    for (n, packet) in packets.iter().enumerate() {
        let data = if n == broken { vec![0xff; 3] } else { packet.data.clone() };
        // A page for each packet, so a granule position for each: 20 ms at 48 kHz after two headers.
        let (end, granule) = if n + 1 == packets.len() {
            (ogg::PacketWriteEndInfo::EndStream, packet.absgp_page())
        } else {
            (ogg::PacketWriteEndInfo::EndPage, 960 * (n as u64).saturating_sub(1))
        };
        writer.write_packet(data, 1, end, granule).expect("writes");
    }
    writer.into_inner()
}

#[test]
fn samples_that_are_no_numbers_are_silence() {
    let mut wild = signal::speech(SampleRate::SNAC, 1.2);
    wild[5_000] = f32::NAN;
    wild[6_000] = f32::INFINITY;
    for rate in ["24000", "44100"] {
        // ffmpeg's resampler would spread them, so the rate is only declared.
        let rate = SampleRate::new(rate.parse().expect("number")).expect("in range");
        let file = ffmpeg::encode_file(&wild, rate, &["-c:a", "pcm_f32le"], "wav");
        let mono = decode(&file).expect("decodes");
        assert!(mono.samples.iter().all(|sample| sample.is_finite()));
    }
}
