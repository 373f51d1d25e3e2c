//! `svara-server say`: speaks in this process, without a server.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use svara_audio::{Encoder, EncoderSpec, Format, SampleRate, encode_whole};
use svara_engine::{Engine, Origin, SpeakError, Speech, SpeechRequest};
use uuid::Uuid;

use super::{
    Failure,
    figures::{Figures, summary},
};
use crate::{config::Config, start};

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct SayArgs {
    /// What is said; without it, or as "-", standard input.
    text: Option<String>,
    /// Who speaks: a voice id, speaker id or display name.
    #[arg(short, long)]
    voice: String,
    /// The file to write, "-" for standard output. Its extension says the format.
    #[arg(short, long, value_name = "FILE", required_unless_present = "repeat")]
    output: Option<PathBuf>,
    /// The format, where the extension doesn't say it [default: wav].
    #[arg(long, value_parser = Format::from_str)]
    format: Option<Format>,
    /// The sample rate in Hz.
    #[arg(long, value_name = "HZ")]
    sample_rate: Option<u32>,
    /// How it is said: a style of the model.
    #[arg(long)]
    style: Option<String>,
    /// How fast, without a change of pitch: 0.25 to 4.
    #[arg(long, default_value_t = 1.0)]
    speed: f32,
    /// Makes it repeatable.
    #[arg(long)]
    seed: Option<u64>,
    /// Says it so many times, one after the other, and shows what it took each time and in all.
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u16).range(1..))]
    repeat: Option<u16>,
}

/// Speaks, writes the sound, and tells on standard error how long it took.
///
/// # Errors
/// What the command line asks for can't be, the engine failed, or the sound can't be written.
pub(crate) async fn run(config: &Config, args: SayArgs) -> Result<(), Failure> {
    let target = Target::new(&args).map_err(Failure::Usage)?;
    let text = text(args.text.as_deref(), config.limits.text_characters).map_err(Failure::Usage)?;
    let engine = start::engine(config).await.map_err(Failure::Start)?;
    let mut request = SpeechRequest {
        text,
        voice: args.voice,
        style: args.style,
        speed: args.speed,
        seed: args.seed,
        ..SpeechRequest::default()
    };
    if engine.voices().find(&request.voice).is_err() {
        // One that a caller of the server made?
        let kept = start::kept_voices(config, &engine.profile().id).get(&request.voice).await;
        let kept = kept.map_err(|error| Failure::Start(error.into()))?;
        request.reference = kept.map(|voice| Arc::clone(&voice.reference));
    }
    let times = args.repeat.unwrap_or(1);
    let mut rounds = Vec::with_capacity(times.into());
    for _ in 0..times {
        let figures = say(&engine, request.clone(), &target).await?;
        eprintln!("{figures}");
        rounds.push(figures);
    }
    if let (2.., Some(summary)) = (times, summary(&rounds)) {
        eprintln!("{summary}");
    }
    Ok(())
}

/// Where the sound goes, and in which form.
struct Target {
    place: Place,
    spec: EncoderSpec,
}

enum Place {
    Nowhere,
    Stdout,
    File(PathBuf),
}

impl Target {
    fn new(args: &SayArgs) -> anyhow::Result<Self> {
        let place = match &args.output {
            None => Place::Nowhere,
            Some(path) if path.as_os_str() == "-" => Place::Stdout,
            Some(path) => Place::File(path.clone()),
        };
        let by_extension = |path: &Path| {
            let extension = path.extension()?.to_str()?;
            Some(extension.parse().with_context(|| format!("{}: --format says another", path.display())))
        };
        let format = match (args.format, &place) {
            (Some(format), _) => format,
            (None, Place::File(path)) => by_extension(path).unwrap_or(Ok(Format::Wav))?,
            (None, _) => Format::Wav,
        };
        let spec = EncoderSpec::new(format)?;
        let spec = match args.sample_rate {
            Some(hz) => spec.with_rate(SampleRate::new(hz).context("--sample-rate")?)?,
            None => spec,
        };
        Ok(Self { place, spec })
    }
}

fn text(given: Option<&str>, max_characters: usize) -> anyhow::Result<String> {
    let text = match given {
        Some(text) if text != "-" => text.to_owned(),
        _ => {
            // A letter has at most four bytes; the engine says it if these are too many.
            let mut text = String::new();
            let most = max_characters as u64 * 4 + 1;
            io::stdin().take(most).read_to_string(&mut text).context("the text on standard input")?;
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
    let rate = SampleRate::new(speech.sample_rate_hz()).map_err(|error| Failure::Start(error.into()))?;
    let took = match &target.place {
        Place::Nowhere => {
            collect(&mut speech).await?;
            start.elapsed()
        }
        Place::Stdout => {
            stream(&mut speech, target.spec, rate).await?;
            start.elapsed()
        }
        Place::File(path) => {
            let samples = collect(&mut speech).await?;
            let took = start.elapsed();
            let sound = encode_whole(target.spec, &samples, rate).context("the sound can't be encoded");
            let written = sound.and_then(|sound| {
                fs::write(path, sound).with_context(|| format!("can't write {}", path.display()))
            });
            written.map_err(Failure::Start)?;
            took
        }
    };
    let audio = Duration::from_secs_f64(speech.report().samples as f64 / f64::from(rate.hz()));
    Ok(Figures { first_audio, took, audio })
}

async fn collect(speech: &mut Speech) -> Result<Vec<f32>, Failure> {
    let mut samples = Vec::new();
    while let Some(chunk) = speech.next().await {
        samples.extend(chunk.map_err(failure)?);
    }
    Ok(samples)
}

/// As it comes, so that a player behind a pipe starts at once.
async fn stream(speech: &mut Speech, spec: EncoderSpec, rate: SampleRate) -> Result<(), Failure> {
    let encode_failed = |error| Failure::Start(anyhow!("the sound can't be encoded: {error}"));
    let write = |bytes: &[u8]| {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.context("can't write to standard output").map_err(Failure::Start)
    };
    let mut encoder = Encoder::new(spec, rate).map_err(|error| encode_failed(error.to_string()))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = speech.next().await {
        encoder
            .push(&chunk.map_err(failure)?, &mut bytes)
            .map_err(|error| encode_failed(error.to_string()))?;
        write(&bytes)?;
        bytes.clear();
    }
    encoder.finish(&mut bytes).map_err(|error| encode_failed(error.to_string()))?;
    write(&bytes)
}

/// Whose doing it is decides on the exit code.
fn failure(error: SpeakError) -> Failure {
    match error.origin() {
        Origin::Client => Failure::Usage(error.into()),
        Origin::Engine | Origin::Decoder | Origin::Server => Failure::Start(error.into()),
    }
}
