//! Builds the engine from the configuration.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use svara_config::{Config, DecoderBackend, DecoderConfig, DemoConfig, EngineKind, base_url};
use svara_engine::{
    Engine, EngineParts, ModelProfile, PromptBuilder, Voices,
    source::{
        TokenSource,
        demo::{self, DemoSource, Espeak},
        pool::{EjectionRule, EnginePool, Trial},
        vllm::{Flavor, VllmSettings, VllmSource},
    },
};
use svara_snac::{
    Decoder, DecoderSettings, EncoderSettings, SnacEncoder,
    onnx::{GpuSettings, LibrarySearch, Runtime},
};

use super::{built_in, own_words::own_words, shipped::shipped};
use crate::telemetry::{self, Traced};

/// Where `scripts/fetch_onnxruntime.sh` puts the library.
const MODELS_LIB: &str = "models/lib";
/// Pieces of a long text that are generated while another plays. One is enough for an engine that stays ahead of
/// playback; each further one is a generation that other requests wait for.
const PIECES_AHEAD: usize = 1;

/// Loads everything that speech needs, and builds the engine.
///
/// # Errors
/// A file is missing or wrong, the device is unavailable, or espeak-ng is missing.
pub async fn engine(config: &Config) -> anyhow::Result<Engine> {
    let blocking = config.clone();
    let (decoder, (voices, prompts), own_words) = tokio::task::spawn_blocking(move || {
        let voices_and_prompts = voices_and_prompts(&blocking)?;
        let decoder = match blocking.decoder.kind {
            DecoderBackend::Onnx => {
                present(&blocking, &decoder_settings(&blocking).model)?;
                Decoder::load(&runtime(&blocking)?, &decoder_settings(&blocking))?
            }
            DecoderBackend::Null => null_decoder(&blocking.decoder)?,
        };
        if let Some(notice) = decoder.notice() {
            tracing::warn!("{notice}");
        }
        anyhow::Ok((decoder, voices_and_prompts, own_words(&blocking)?))
    })
    .await
    .context("loading was interrupted")??;
    let profile = Arc::clone(prompts.profile());
    if decoder.info().codebook_size < profile.layout.codebook_size() {
        bail!(
            "the decoder has {} codes in a codebook, but the model {} has {}",
            decoder.info().codebook_size,
            profile.id,
            profile.layout.codebook_size()
        );
    }
    let source: Arc<dyn TokenSource> = match config.engine.kind.flavor() {
        Some(flavor) => Arc::new(engines(config, flavor, prompts, &trial(&profile, &voices)?)?),
        None => {
            let espeak = Espeak::find(&config.demo.espeak).await?;
            let encoder = demo_model(&config.demo.encoder);
            let encoder = SnacEncoder::load(&runtime(config)?, &encoder_settings(config, encoder))?;
            tracing::warn!("{}", demo::NOTICE);
            Arc::new(DemoSource::new(espeak, encoder, profile.layout, profile.style_tags.clone()))
        }
    };
    let about = source.about();
    let url = about.url.as_deref().map(base_url::masked);
    tracing::info!(engine = about.kind, model = about.model, url, "engine configured");
    let text_max_characters = config.limits.text_characters;
    let hop_frames = (config.decoder.hop_frames > 0).then_some(config.decoder.hop_frames);
    Engine::new(EngineParts {
        profile,
        voices,
        own_words,
        source,
        decoder,
        text_max_characters,
        pieces_ahead: PIECES_AHEAD,
        hop_frames,
        first_audio: config.decoder.first_audio(),
        end_loops: config.engine.end_loops,
    })
    .context("the decoder's sample rate")
}

/// The configured model's profile, and its voices.
///
/// # Errors
/// The profile or a voice file is wrong.
pub fn profile_and_voices(config: &Config) -> anyhow::Result<(Arc<ModelProfile>, Voices)> {
    let profile = built_in::profile(&config.model)?;
    let voices = built_in::voices(&config.model, &profile)?;
    Ok((Arc::new(profile), voices))
}

/// Checks that a model's file is there, and says whence it comes.
///
/// # Errors
/// It isn't, or can't be read.
pub(super) fn present(config: &Config, model: &Path) -> anyhow::Result<()> {
    let shown = model.display();
    let error = match std::fs::metadata(model) {
        Ok(data) if data.is_dir() => bail!("model {shown} is a directory; the model's ONNX file is expected"),
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    match (error.kind(), config.engine.kind) {
        (ErrorKind::NotFound, EngineKind::Demo) => bail!(
            "no model {shown}: the demo voice's models are in models/demo of the repository and of a release; start the \
             server there, or set demo.decoder and demo.encoder"
        ),
        (ErrorKind::NotFound, _) => bail!(
            "no decoder {shown}: scripts/fetch_models.sh gets the models; to try the server without them, use --demo"
        ),
        _ => Err(error).with_context(|| format!("model {shown}")),
    }
}

/// The voices of the configured model, and the builder of its prompts.
///
/// # Errors
/// The profile, a voice file or the tokenizer is wrong.
pub fn voices_and_prompts(config: &Config) -> anyhow::Result<(Voices, PromptBuilder)> {
    let (profile, voices) = profile_and_voices(config)?;
    Ok((voices, prompts(config, profile)?))
}

/// The builder of a model's prompts.
///
/// # Errors
/// The tokenizer is wrong, or not the model's.
pub(super) fn prompts(config: &Config, profile: Arc<ModelProfile>) -> anyhow::Result<PromptBuilder> {
    // espeak-ng takes text.
    let reads_text = config.engine.kind == EngineKind::Demo;
    let tokenizer = (!reads_text).then(|| find_tokenizer(&config.model.tokenizer, &hugging_face_cache()));
    let tokenizer = tokenizer.flatten();
    if tokenizer.is_none() && !reads_text {
        tracing::warn!(
            tokenizer = config.model.tokenizer,
            "no tokenizer found: prompts are sent as text, and the engine's tokenizer has to give the same tokens"
        );
    }
    Ok(PromptBuilder::new(profile, tokenizer.as_deref())?)
}

/// A model of the demo voice. Those that are configured by default come with the program.
pub(super) fn demo_model(configured: &Path) -> PathBuf {
    let DemoConfig { encoder, decoder, .. } = DemoConfig::default();
    let is_default = [encoder, decoder].iter().any(|default| default == configured);
    if is_default { shipped(configured) } else { configured.to_owned() }
}

/// ONNX Runtime; it is loaded only once something needs it.
pub(super) fn runtime(config: &Config) -> anyhow::Result<Runtime> {
    Ok(Runtime::lazy(&library_search(config))?)
}

pub(super) fn library_search(config: &Config) -> LibrarySearch {
    LibrarySearch {
        configured: Some(config.decoder.library.clone()).filter(|path| !path.as_os_str().is_empty()),
        environment: std::env::var_os("ORT_DYLIB_PATH"),
        models_lib: shipped(Path::new(MODELS_LIB)),
    }
}

pub(super) fn decoder_settings(config: &Config) -> DecoderSettings {
    let decoder = &config.decoder;
    DecoderSettings {
        model: match config.engine.kind {
            EngineKind::Demo => demo_model(&config.demo.decoder),
            _ => decoder.model.clone(),
        },
        device: decoder.device,
        backend: decoder.backend,
        vectors: decoder.vectors,
        threads: decoder.threads,
        max_streams: decoder.streams(),
        max_batch: decoder.max_batch,
        batch_wait: Duration::from_millis(decoder.batch_wait_ms.into()),
        noise: decoder.noise,
        gpu: GpuSettings {
            memory_bytes: (decoder.gpu_memory_bytes > 0).then_some(decoder.gpu_memory_bytes),
            graphs: decoder.gpu_graphs,
            precision: decoder.precision,
        },
    }
}

/// How to run an encoder: where the decoder is in ONNX Runtime, so is the encoder.
pub(super) fn encoder_settings(config: &Config, model: PathBuf) -> EncoderSettings {
    let DecoderConfig { backend, vectors, .. } = config.decoder;
    EncoderSettings { model, backend, vectors }
}

fn null_decoder(decoder: &DecoderConfig) -> anyhow::Result<Decoder> {
    let frame = Duration::from_millis(decoder.null_frame_ms.into());
    if frame.is_zero() {
        return Ok(Decoder::null(decoder.streams()));
    }
    Ok(Decoder::paced(decoder.streams(), decoder.threads, frame)?)
}

/// What an engine is asked that fails whatever callers ask it.
fn trial(profile: &ModelProfile, voices: &Voices) -> anyhow::Result<Trial> {
    let english = voices.iter().find(|voice| voice.languages.iter().any(|code| code == "en"));
    let voice = english.or_else(|| voices.iter().next()).context("the model has no voice")?;
    Ok(Trial { voice: Arc::new(voice.clone()), sampling: profile.sampling })
}

/// The engines at the configured URLs.
fn engines(
    config: &Config,
    flavor: Flavor,
    prompts: PromptBuilder,
    trial: &Trial,
) -> anyhow::Result<EnginePool> {
    let engine = &config.engine;
    let layout = prompts.profile().layout;
    let prompts = Arc::new(prompts);
    let mut engines: Vec<(String, Arc<dyn TokenSource>)> = Vec::new();
    for url in engine.base_urls() {
        let source = VllmSource::new(vllm_settings(config, flavor, url), Arc::clone(&prompts))
            .with_context(|| format!("engine.base_url {}", base_url::masked(url)))?;
        let name = source.name().to_owned();
        let source: Arc<dyn TokenSource> = Arc::new(source);
        let source = if telemetry::traces() { Arc::new(Traced::new(&name, source)) } else { source };
        engines.push((name, source));
    }
    Ok(EnginePool::new(engines, EjectionRule::default(), layout, trial)?)
}

fn vllm_settings(config: &Config, flavor: Flavor, base_url: &str) -> VllmSettings {
    let engine = &config.engine;
    VllmSettings {
        flavor,
        base_url: base_url.to_owned(),
        model: engine.model.clone(),
        api_key: engine.api_key.reveal().map(str::to_owned),
        connect_timeout: engine.connect_seconds.duration(),
        first_token_timeout: engine.first_token_seconds.duration(),
        inactivity_timeout: engine.inactivity_seconds.duration(),
        stream_interval: engine.stream_interval,
        whole_frames: engine.whole_frames,
        priority: engine.priority,
    }
}

/// The directory in which the Hugging Face libraries store downloads.
fn hugging_face_cache() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let hub = variable("HF_HUB_CACHE").or_else(|| variable("HF_HOME").map(|home| home.join("hub")));
    hub.unwrap_or_else(|| variable("HOME").unwrap_or_default().join(".cache/huggingface/hub"))
}

/// Finds a `tokenizer.json`: `name` is the file itself, a directory that contains it, or a model in the Hugging Face
/// cache, which vLLM fills. `TOKENIZER_MODEL` of the Python stack may be any of these.
fn find_tokenizer(name: &str, cache: &Path) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    let path = Path::new(name);
    let repository = cache.join(format!("models--{}", name.replace('/', "--")));
    let snapshot = std::fs::read_to_string(repository.join("refs/main")).ok();
    let cached =
        snapshot.map(|commit| repository.join("snapshots").join(commit.trim()).join("tokenizer.json"));
    [Some(path.to_owned()), Some(path.join("tokenizer.json")), cached]
        .into_iter()
        .flatten()
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tokenizer_is_found_by_each_name() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let snapshot = root.join("models--kenpath--svara-tts-v1/snapshots/abc");
        std::fs::create_dir_all(&snapshot).unwrap();
        std::fs::create_dir_all(root.join("models--kenpath--svara-tts-v1/refs")).unwrap();
        std::fs::write(root.join("models--kenpath--svara-tts-v1/refs/main"), "abc\n").unwrap();
        let file = snapshot.join("tokenizer.json");
        assert_eq!(find_tokenizer("kenpath/svara-tts-v1", root), None);
        std::fs::write(&file, "{}").unwrap();
        assert_eq!(find_tokenizer("kenpath/svara-tts-v1", root), Some(file.clone()));
        assert_eq!(find_tokenizer(snapshot.to_str().unwrap(), root), Some(file.clone()));
        assert_eq!(find_tokenizer(file.to_str().unwrap(), root), Some(file));
        assert_eq!(find_tokenizer("", root), None);
    }
}
