//! The real ffmpeg and ffprobe, as judges.

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::OnceLock,
    thread,
};

use svara_audio::{Format, SampleRate};

/// Output of a run.
pub(crate) struct Printed {
    pub(crate) stdout: Vec<u8>,
    /// The lines at level `warning` and worse, without the addresses of ffmpeg's objects.
    pub(crate) complaints: Vec<String>,
}

/// Runs ffmpeg or ffprobe with `input` on its standard input. Panics when it fails.
pub(crate) fn run(program: &str, args: &[&str], input: &[u8]) -> Printed {
    let mut child = Command::new(program)
        .args(["-hide_banner", "-v", "warning"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} doesn't start ({error}); apt-get install -y ffmpeg"));
    let mut stdin = child.stdin.take().expect("piped");
    let output = thread::scope(|scope| {
        // A program may stop reading early; its output is judged below.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().expect("output")
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?} failed: {stderr}");
    let without_address = |line: &str| match (line.find(" @ 0x"), line.find(']')) {
        (Some(start), Some(end)) => format!("{}{}", &line[..start], &line[end..]),
        _ => line.to_owned(),
    };
    Printed { stdout: output.stdout, complaints: stderr.lines().map(without_address).collect() }
}

/// Like [`run`], but also panics on warnings; returns standard output.
pub(crate) fn run_quiet(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let printed = run(program, args, input);
    assert_eq!(printed.complaints, [""; 0], "{program} {args:?}");
    printed.stdout
}

/// The options that tell ffmpeg what a headerless body is.
pub(crate) fn input_args(format: Format, rate: SampleRate) -> Vec<String> {
    let demuxer = match format {
        Format::Pcm => "s16le",
        Format::Ulaw => "mulaw",
        Format::Alaw => "alaw",
        _ => return Vec::new(),
    };
    ["-f", demuxer, "-ar", &rate.to_string(), "-ch_layout", "mono"].map(str::to_owned).to_vec()
}

/// Decodes a body to mono samples at its own rate. Panics on ffmpeg's warnings, except those that no WAV stream avoids.
pub(crate) fn decode(format: Format, rate: SampleRate, body: &[u8]) -> Vec<f32> {
    let input = input_args(format, rate);
    let mut args: Vec<&str> = input.iter().map(String::as_str).collect();
    if matches!(format, Format::Mp3 | Format::Aac) && body.len() < 4_096 {
        // Too few frames for ffmpeg to recognize the format.
        args.extend(["-f", format.name()]);
    }
    args.extend(TO_SAMPLES);
    args.push("pipe:1");
    let printed = run("ffmpeg", &args, body);
    assert_no_complaints(format, &printed);
    samples(&printed.stdout)
}

/// Decodes a file that ffmpeg can seek in. Through a pipe it misjudges the file size in a LAME header.
pub(crate) fn decode_from_disk(body: &[u8]) -> Vec<f32> {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), body).expect("written");
    let path = file.path().to_str().expect("text");
    samples(&run_quiet("ffmpeg", &["-i", path, "-f", "f32le", "-ac", "1", "pipe:1"], &[]))
}

const TO_SAMPLES: [&str; 6] = ["-i", "pipe:0", "-f", "f32le", "-ac", "1"];

fn assert_no_complaints(format: Format, printed: &Printed) {
    let expected = if format == Format::Wav { complaints_about_own_wav_stream() } else { &[] };
    for complaint in &printed.complaints {
        assert!(expected.contains(complaint), "{format}: {complaint}");
    }
}

/// ffmpeg's warnings about a WAV stream that it wrote itself: its sizes are unknown as well.
fn complaints_about_own_wav_stream() -> &'static [String] {
    static COMPLAINTS: OnceLock<Vec<String>> = OnceLock::new();
    COMPLAINTS.get_or_init(|| {
        let tone =
            ["-f", "lavfi", "-i", "sine=duration=1.01:sample_rate=24000", "-f", "wav", "-bitexact", "pipe:1"];
        let own = run_quiet("ffmpeg", &tone, &[]);
        run("ffmpeg", &[&TO_SAMPLES[..], &["pipe:1"]].concat(), &own).complaints
    })
}

/// `codec_name,sample_rate,channels` of the one stream in a body.
pub(crate) fn probe(format: Format, rate: SampleRate, body: &[u8]) -> String {
    let input = input_args(format, rate);
    let mut args: Vec<&str> = input.iter().map(String::as_str).collect();
    args.extend([
        "-show_entries",
        "stream=codec_name,sample_rate,channels",
        "-of",
        "csv=p=0",
        "-i",
        "pipe:0",
    ]);
    let printed = run("ffprobe", &args, body);
    assert_no_complaints(format, &printed);
    String::from_utf8(printed.stdout).expect("text").trim().to_owned()
}

/// ffmpeg's own resampler, as a reference.
pub(crate) fn resample(input: &[f32], from: SampleRate, to: SampleRate) -> Vec<f32> {
    let bytes: Vec<u8> = input.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let (from, to) = (from.to_string(), to.to_string());
    let args = [
        "-f",
        "f32le",
        "-ar",
        &from,
        "-ch_layout",
        "mono",
        "-i",
        "pipe:0",
        "-f",
        "f32le",
        "-ar",
        &to,
        "pipe:1",
    ];
    samples(&run_quiet("ffmpeg", &args, &bytes))
}

/// MD5 of the 16-bit samples in a file, as FLAC defines it.
pub(crate) fn md5_of_samples(body: &[u8]) -> String {
    let args = ["-i", "pipe:0", "-c:a", "pcm_s16le", "-f", "md5", "pipe:1"];
    let printed = String::from_utf8(run_quiet("ffmpeg", &args, body)).expect("text");
    printed.trim().trim_start_matches("MD5=").to_owned()
}

/// Encodes with ffmpeg's options, through a real file: some formats need seeking.
pub(crate) fn encode_file(input: &[f32], rate: SampleRate, options: &[&str], extension: &str) -> Vec<u8> {
    let bytes: Vec<u8> = input.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("file").with_extension(extension);
    let rate = rate.to_string();
    let mut args = vec!["-f", "f32le", "-ar", &rate, "-ch_layout", "mono", "-i", "pipe:0"];
    args.extend(options);
    args.push(path.to_str().expect("text"));
    run("ffmpeg", &args, &bytes);
    std::fs::read(path).expect("written")
}

fn samples(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}
