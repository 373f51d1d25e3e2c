//! `svara-server say`: speaks a text in this process, without a server.

use std::{
    fs,
    io::{self, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use svara_api::reading::loudness;
use svara_audio::{Encoder, EncoderSpec, Format, Gain, SampleRate, encode_whole};
use svara_config::Config;
use svara_engine::{Engine, Origin, SpeakError, Speech, SpeechRequest};
use svara_service::Caller;
use uuid::Uuid;

use super::{
    Failure,
    figures::{Figures, summary},
    numbers, out, player,
    text::default_voice,
};
use crate::start;

/// The arguments of `say`.
#[derive(Debug, clap::Args)]
pub(crate) struct SayArgs {
    /// The text to speak; if it is missing or "-", it is read from standard input.
    text: Option<String>,
    /// The voice: a voice id, speaker id or display name [default: one of the text's script].
    #[arg(short, long)]
    voice: Option<String>,
    /// The file to write, or "-" for standard output. Its extension selects the format [default: on a terminal, the
    /// speech is played; elsewhere, and without a player, it is written to speech.wav].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The audio format, instead of that of the extension [default: wav].
    #[arg(long, value_parser = Format::from_str)]
    format: Option<Format>,
    /// The sample rate, in Hz.
    #[arg(long, value_name = "HZ", value_parser = numbers::sample_rate, allow_negative_numbers = true)]
    sample_rate: Option<u32>,
    /// The style, one of the model's.
    #[arg(long)]
    style: Option<String>,
    /// The speed, from 0.25 to 4; it doesn't change the pitch.
    #[arg(long, default_value_t = 1.0, value_parser = numbers::speed, allow_negative_numbers = true)]
    speed: f32,
    /// A factor on the loudness, from 0.01 to 10.
    #[arg(long, conflicts_with = "gain_db", value_parser = numbers::volume, allow_negative_numbers = true)]
    volume: Option<f32>,
    /// The same in decibels, from -40 to 20.
    #[arg(long, value_name = "DB", allow_negative_numbers = true, value_parser = numbers::gain_db)]
    gain_db: Option<f32>,
    /// The seed of the sampling, for repeatable audio.
    #[arg(long, value_parser = numbers::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Repeat N times and print timings for each run and overall.
    #[arg(long, value_name = "N", value_parser = numbers::repeat, allow_negative_numbers = true)]
    repeat: Option<u16>,
}

/// Speaks, writes the audio, and prints on standard error how long it took.
///
/// # Errors
/// The command line asks for something impossible, the engine failed, or the audio can't be written.
pub(crate) async fn run(config: &Config, args: SayArgs) -> Result<(), Failure> {
    let target = Target::new(config, &args).map_err(Failure::Usage)?;
    let text = text(args.text.as_deref(), config.limits.text_characters).map_err(Failure::Usage)?;
    let engine = start::engine(config).await.map_err(Failure::Start)?;
    let mut request = SpeechRequest {
        text,
        voice: String::new(),
        style: args.style,
        strip: config.text.clean.strip(false, None, None),
        speed: args.speed,
        seed: args.seed,
        ..SpeechRequest::default()
    };
    request.voice = match args.voice {
        Some(voice) => voice,
        None => {
            let voice = default_voice(engine.voices(), &request.text);
            voice.map(|voice| voice.voice_id.clone()).unwrap_or_default()
        }
    };
    if engine.voices().find(&request.voice).is_err() {
        // It may be a saved voice.
        let kept =
            start::kept_voices(config, &engine.profile().id).get(&Caller::Anybody, &request.voice).await;
        let kept = kept.map_err(|error| Failure::Start(error.into()))?;
        request.reference = kept.map(|voice| Arc::clone(&voice.reference));
    }
    let times = args.repeat.unwrap_or(1);
    let mut rounds = Vec::with_capacity(times.into());
    for _ in 0..times {
        let figures = say(&engine, request.clone(), &target).await?;
        out::tell(figures);
        rounds.push(figures);
    }
    if let (2.., Some(summary)) = (times, summary(&rounds)) {
        out::tell(summary);
    }
    Ok(())
}

/// Where the audio is written, in which format, and how loud.
struct Target {
    place: Place,
    spec: EncoderSpec,
    gain: Gain,
}

enum Place {
    Nowhere,
    /// Whoever called: played, or else written to [`SPEECH`].
    Listener {
        plays: bool,
    },
    Stdout,
    File(PathBuf),
}

impl Target {
    fn new(config: &Config, args: &SayArgs) -> anyhow::Result<Self> {
        let gain = loudness::gain(args.volume, args.gain_db).map_err(|error| anyhow!(error.message))?;
        let gain = config.decoder.gain()?.and(gain);
        let place = match &args.output {
            None if args.repeat.is_some() => Place::Nowhere,
            None => Place::Listener { plays: io::stdout().is_terminal() },
            Some(path) if path.as_os_str() == "-" => Place::Stdout,
            Some(path) => Place::File(path.clone()),
        };
        let by_extension = |path: &Path| {
            let extension = path.extension()?.to_str()?;
            // Our Opus is in Ogg.
            let extension =
                if extension.eq_ignore_ascii_case("ogg") { Format::Opus.name() } else { extension };
            Some(
                extension
                    .parse()
                    .with_context(|| format!("{}: select the format with --format", path.display())),
            )
        };
        let format = match (args.format, &place) {
            (Some(format), _) => format,
            (None, Place::File(path)) => by_extension(path).unwrap_or(Ok(Format::Wav))?,
            (None, _) => Format::Wav,
        };
        let spec = EncoderSpec::new(format)?;
        let spec = match args.sample_rate {
            Some(hz) => spec.with_rate_hz(hz).context("--sample-rate")?,
            None => spec,
        };
        Ok(Self { place, spec, gain })
    }
}

fn text(given: Option<&str>, max_characters: usize) -> anyhow::Result<String> {
    let text = match given {
        Some(text) if text != "-" => text.to_owned(),
        _ => {
            // A character has at most four bytes; the engine reports a text that is too long.
            let mut text = String::new();
            let most = max_characters as u64 * 4 + 1;
            io::stdin()
                .take(most)
                .read_to_string(&mut text)
                .context("can't read the text from standard input")?;
            text
        }
    };
    Ok(text.trim_end().to_owned())
}

async fn say(engine: &Engine, request: SpeechRequest, target: &Target) -> Result<Figures, Failure> {
    let start = Instant::now();
    let request = SpeechRequest { request_id: Uuid::new_v4().simple().to_string(), ..request };
    let mut speech = engine.speak(request).await.map_err(failure)?;
    let first_audio = start.elapsed();
    let rate = speech.sample_rate();
    let took = match &target.place {
        Place::Nowhere => {
            collect(&mut speech, target.gain).await?;
            start.elapsed()
        }
        Place::Stdout => {
            stream(&mut speech, target, rate).await?;
            start.elapsed()
        }
        Place::Listener { plays } => {
            let samples = collect(&mut speech, target.gain).await?;
            let took = start.elapsed();
            let path = if target.spec.format() == Format::Wav {
                SPEECH.into()
            } else {
                PathBuf::from(SPEECH).with_extension(target.spec.format().name())
            };
            let played = *plays && played(&samples, rate).map_err(Failure::Start)?;
            if !played {
                write(&path, target.spec, &samples, rate)?;
                out::tell(format_args!("written to {}", path.display()));
            }
            took
        }
        Place::File(path) => {
            let samples = collect(&mut speech, target.gain).await?;
            let took = start.elapsed();
            write(path, target.spec, &samples, rate)?;
            took
        }
    };
    let audio = Duration::from_secs_f64(speech.report().samples as f64 / f64::from(rate.hz()));
    Ok(Figures { first_audio, took, audio })
}

/// Where a speech is written that nobody can hear.
const SPEECH: &str = "speech.wav";

fn write(path: &Path, spec: EncoderSpec, samples: &[f32], rate: SampleRate) -> Result<(), Failure> {
    let sound = encode_whole(spec, samples, rate).context("the audio can't be encoded");
    let written = sound
        .and_then(|sound| fs::write(path, sound).with_context(|| format!("can't write {}", path.display())));
    written.map_err(Failure::Start)
}

/// Plays samples; false where nothing can.
fn played(samples: &[f32], rate: SampleRate) -> anyhow::Result<bool> {
    let sound = encode_whole(EncoderSpec::new(Format::Wav)?, samples, rate)?;
    let path = std::env::temp_dir().join(format!("svara-{}.wav", Uuid::new_v4().simple()));
    fs::write(&path, sound).with_context(|| format!("can't write {}", path.display()))?;
    let played = player::play(&path);
    fs::remove_file(&path).with_context(|| format!("can't remove {}", path.display()))?;
    Ok(played)
}

async fn collect(speech: &mut Speech, gain: Gain) -> Result<Vec<f32>, Failure> {
    let mut samples = Vec::new();
    while let Some(chunk) = speech.next().await {
        samples.extend(chunk.map_err(failure)?);
    }
    gain.apply(&mut samples);
    Ok(samples)
}

/// Writes audio to standard output as it is generated, so that a player behind a pipe starts at once.
async fn stream(speech: &mut Speech, target: &Target, rate: SampleRate) -> Result<(), Failure> {
    let encode_failed = |error| Failure::Start(anyhow!("the audio can't be encoded: {error}"));
    let write = |bytes: &[u8]| {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.context("can't write to standard output").map_err(Failure::Start)
    };
    let mut encoder = Encoder::new(target.spec, rate).map_err(|error| encode_failed(error.to_string()))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = speech.next().await {
        let mut samples = chunk.map_err(failure)?;
        target.gain.apply(&mut samples);
        encoder.push(&samples, &mut bytes).map_err(|error| encode_failed(error.to_string()))?;
        write(&bytes)?;
        bytes.clear();
    }
    encoder.finish(&mut bytes).map_err(|error| encode_failed(error.to_string()))?;
    write(&bytes)
}

/// The failure with the exit code for its origin.
fn failure(error: SpeakError) -> Failure {
    match error.origin() {
        Origin::Client => Failure::Usage(error.into()),
        Origin::Engine | Origin::Decoder | Origin::Server => Failure::Start(error.into()),
    }
}
