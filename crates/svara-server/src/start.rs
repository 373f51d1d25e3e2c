//! From the configuration to an engine.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use svara_engine::{
    Engine, EngineParts, ModelProfile, PromptBuilder, Voices,
    source::{
        TokenSource,
        demo::{self, DemoSource, Espeak},
        pool::{EjectionRule, EnginePool},
        vllm::{Flavor, VllmSettings, VllmSource},
    },
};
use svara_http::{Connections, Lifecycle, Limits, Settings, Tls, TlsError};
use svara_snac::{
    Decoder, DecoderSettings, Encoder,
    onnx::{Device, GpuSettings, LibrarySearch, Runtime},
};

use crate::{
    auth::Auth,
    cache,
    cloning::Cloning,
    config::{CacheConfig, Config, DecoderBackend, EngineKind, base_url},
    jobs,
    store::Store,
    telemetry::{self, Traced},
    voices::{self, KeptVoices},
};

/// Where `scripts/fetch_onnxruntime.sh` puts the library.
const MODELS_LIB: &str = "models/lib";

/// What a server is made of.
pub struct Parts {
    /// Speaks.
    pub engine: Engine,
    /// Makes and keeps callers' voices.
    pub voices: CallersVoices,
    /// Keep audio.
    pub stores: Stores,
    /// Knows who may ask.
    pub auth: Auth,
    /// Where in its life the server is.
    pub life: Lifecycle,
    /// Count what it serves.
    pub connections: Connections,
}

/// Loads everything.
///
/// # Errors
/// As [`engine`] and [`callers_voices`]; or storage can't be opened.
pub async fn parts(config: &Config) -> anyhow::Result<Parts> {
    // First, as it is quick and small mistakes are made there.
    let auth = Auth::new(&config.server)?;
    let engine = engine(config).await?;
    let voices = callers_voices(config, &engine).await?;
    let opening = config.clone();
    let stores =
        tokio::task::spawn_blocking(move || stores(&opening)).await.context("loading was interrupted")??;
    let (life, connections) = Default::default();
    Ok(Parts { engine, voices, stores, auth, life, connections })
}

/// Loads everything that speaking needs, and makes an engine of it.
///
/// # Errors
/// A file is missing or wrong, the device can't be had, or espeak-ng is missing.
pub async fn engine(config: &Config) -> anyhow::Result<Engine> {
    let blocking = config.clone();
    let (decoder, (voices, prompts)) = tokio::task::spawn_blocking(move || {
        let voices_and_prompts = voices_and_prompts(&blocking)?;
        let decoder = match blocking.decoder.kind {
            DecoderBackend::Onnx => Decoder::load(&runtime(&blocking)?, &decoder_settings(&blocking))?,
            DecoderBackend::Null => Decoder::null(blocking.decoder.max_streams),
        };
        if let Some(notice) = decoder.notice() {
            tracing::warn!("{notice}");
        }
        anyhow::Ok((decoder, voices_and_prompts))
    })
    .await
    .context("loading was interrupted")??;
    let profile = Arc::clone(prompts.profile());
    if decoder.info().codebook_size < profile.layout.codebook_size() {
        bail!(
            "the decoder has {} codes in a codebook, the model {} speaks {}",
            decoder.info().codebook_size,
            profile.id,
            profile.layout.codebook_size()
        );
    }
    let source: Arc<dyn TokenSource> = match config.engine.kind.flavor() {
        Some(flavor) => Arc::new(engines(config, flavor, prompts)?),
        None => {
            let espeak = Espeak::find(&config.demo.espeak).await?;
            let encoder = Encoder::load(&runtime(config)?, &config.demo.encoder, Device::Cpu)?;
            tracing::warn!("{}", demo::NOTICE);
            Arc::new(DemoSource::new(espeak, encoder, profile.layout, profile.style_tags.clone()))
        }
    };
    let about = source.about();
    let url = about.url.as_deref().map(base_url::masked);
    tracing::info!(engine = about.kind, model = about.model, url, "engine configured");
    let text_max_characters = config.limits.text_characters;
    let hop_frames = (config.decoder.hop_frames > 0).then_some(config.decoder.hop_frames);
    let pieces_ahead = config.limits.pieces_ahead;
    Ok(Engine::new(EngineParts {
        profile,
        voices,
        source,
        decoder,
        text_max_characters,
        pieces_ahead,
        hop_frames,
        first_audio: config.decoder.first_audio(),
    }))
}

/// What makes voices of recordings and keeps them.
pub struct CallersVoices {
    /// Makes them.
    pub cloning: Cloning,
    /// Keeps them.
    pub kept: KeptVoices,
}

/// Where audio is kept beside memory.
pub struct Stores {
    /// Of the cache, where one is configured.
    pub(crate) cache: Option<Store>,
    /// Of jobs, or why there is none.
    pub(crate) jobs: Result<Store, String>,
}

/// Opens the stores of audio. That jobs have none is told in the log, and to those who ask for one.
///
/// # Errors
/// The cache's store can't be opened.
fn stores(config: &Config) -> anyhow::Result<Stores> {
    let CacheConfig { store, entry_bytes, .. } = &config.cache;
    let cache = match store.as_str() {
        "" => None,
        // A line about the file stands before it.
        url => Some(Store::open(url, entry_bytes + cache::ENTRY_OVERHEAD_BYTES).context("cache.store")?),
    };
    let jobs = match config.jobs.store.as_str() {
        "" => Err("jobs.store is empty".to_owned()),
        url => Store::open(url, jobs::max_value_bytes(&config.jobs)).map_err(|error| error.to_string()),
    };
    if let Err(reason) = &jobs {
        tracing::warn!(reason, "no jobs");
    }
    Ok(Stores { cache, jobs })
}

/// Loads the encoder and opens the store. What isn't there is told in the log, and to those who ask for it; speech in
/// the model's own voices doesn't need it.
///
/// # Errors
/// The encoder is there but can't be used, or doesn't fit the model.
pub async fn callers_voices(config: &Config, engine: &Engine) -> anyhow::Result<CallersVoices> {
    let blocking = config.clone();
    let (encoder, store) = tokio::task::spawn_blocking(move || {
        let store = voice_store(&blocking);
        let path = &blocking.cloning.encoder;
        let encoder = if path.is_file() {
            // Only a decoder that runs no graphs gets here without the library.
            match runtime(&blocking) {
                Ok(runtime) => Ok(Encoder::load(&runtime, path, Device::Cpu)?),
                Err(error) => Err(format!("{error:#}")),
            }
        } else {
            Err(format!("there is no encoder {} (cloning.encoder)", path.display()))
        };
        anyhow::Ok((encoder, store))
    })
    .await
    .context("loading was interrupted")??;
    let encoder = engine.source().cloning().map_err(|error| error.to_string()).and(encoder);
    for missing in [encoder.as_ref().err(), store.as_ref().err()].into_iter().flatten() {
        tracing::warn!(reason = missing, "no voices from recordings");
    }
    let model_id = &engine.profile().id;
    Ok(CallersVoices {
        cloning: Cloning::new(encoder, &config.cloning),
        kept: KeptVoices::new(store, model_id, &config.voices),
    })
}

/// The voices that callers made, alone.
pub(crate) fn kept_voices(config: &Config, model_id: &str) -> KeptVoices {
    KeptVoices::new(voice_store(config), model_id, &config.voices)
}

fn voice_store(config: &Config) -> Result<Store, String> {
    match config.voices.store.as_str() {
        "" => Err("voices.store is empty".to_owned()),
        url => Store::open(url, voices::MAX_VOICE_BYTES).map_err(|error| error.to_string()),
    }
}

/// How HTTP is served.
///
/// # Errors
/// The certificate or its key can't be used.
pub fn http_settings(config: &Config) -> anyhow::Result<Settings> {
    let (server, limits) = (&config.server, &config.limits);
    let limits = Limits {
        connections: limits.connections,
        header_bytes: limits.header_bytes,
        header: limits.header_seconds.duration(),
        idle: limits.idle_seconds.duration(),
        body: limits.body_seconds.duration(),
        write_stall: limits.write_stall_seconds.duration(),
    };
    Ok(Settings {
        limits,
        tls: tls(config)?,
        drain_delay: server.drain_delay_seconds.duration(),
        drain: server.drain_seconds.duration(),
    })
}

/// The certificate and its key, where they are configured.
fn tls(config: &Config) -> anyhow::Result<Option<Tls>> {
    let Some((certificate, key)) = config.server.tls_files() else { return Ok(None) };
    let loaded = Tls::load(certificate, key).map_err(|error| {
        let keys = match error {
            TlsError::Certificate { .. } | TlsError::NoCertificate(_) => "server.tls_cert",
            TlsError::Key { .. } => "server.tls_key",
            TlsError::Unfit(_) | TlsError::Unavailable(_) => "server.tls_cert, server.tls_key",
        };
        anyhow::Error::new(error).context(keys)
    });
    loaded.map(Some)
}

/// Looks at everything a start would need, without loading the decoder.
///
/// # Errors
/// As [`engine`], as far as it looks.
pub fn check(config: &Config) -> anyhow::Result<()> {
    Auth::new(&config.server)?;
    tls(config)?;
    voices_and_prompts(config)?;
    let mut models = Vec::new();
    if config.decoder.kind == DecoderBackend::Onnx {
        models.push(decoder_settings(config).model);
    }
    if config.engine.kind == EngineKind::Demo {
        models.push(config.demo.encoder.clone());
    }
    if !models.is_empty() {
        library_search(config).find()?;
    }
    for model in models {
        std::fs::metadata(&model).with_context(|| format!("model {}", model.display()))?;
    }
    Ok(())
}

/// The voices of the configured model, and the builder of its prompts.
///
/// # Errors
/// The profile, a voice file or the tokenizer is wrong.
pub fn voices_and_prompts(config: &Config) -> anyhow::Result<(Voices, PromptBuilder)> {
    let profile = Arc::new(ModelProfile::load(&config.model.profile)?);
    let voices = Voices::load(&config.model.voices, &profile.id, |voice| profile.speaker_id(voice))?;
    // The demo voice reads text.
    let reads_text = config.engine.kind == EngineKind::Demo;
    let tokenizer = (!reads_text).then(|| find_tokenizer(&config.model.tokenizer, &hugging_face_cache()));
    let tokenizer = tokenizer.flatten();
    if tokenizer.is_none() && !reads_text {
        tracing::warn!(
            tokenizer = config.model.tokenizer,
            "no tokenizer found: prompts go to the engine as text, which its own tokenizer has to read the same way"
        );
    }
    let prompts = PromptBuilder::new(profile, tokenizer.as_deref())?;
    Ok((voices, prompts))
}

/// ONNX Runtime, loaded once however often it is asked for.
fn runtime(config: &Config) -> anyhow::Result<Runtime> {
    Ok(Runtime::load(&library_search(config))?)
}

fn library_search(config: &Config) -> LibrarySearch {
    LibrarySearch {
        configured: Some(config.decoder.library.clone()).filter(|path| !path.as_os_str().is_empty()),
        environment: std::env::var_os("ORT_DYLIB_PATH"),
        models_lib: MODELS_LIB.into(),
    }
}

fn decoder_settings(config: &Config) -> DecoderSettings {
    let decoder = &config.decoder;
    DecoderSettings {
        model: match config.engine.kind {
            EngineKind::Demo => config.demo.decoder.clone(),
            _ => decoder.model.clone(),
        },
        device: decoder.device,
        threads: decoder.threads,
        intra_threads: decoder.intra_threads,
        max_streams: decoder.max_streams,
        max_batch: decoder.max_batch,
        batch_wait: Duration::from_millis(decoder.batch_wait_ms.into()),
        noise: decoder.noise,
        gpu: GpuSettings {
            memory_bytes: (decoder.gpu_memory_bytes > 0).then_some(decoder.gpu_memory_bytes),
            graphs: decoder.gpu_graphs,
        },
    }
}

/// The engines at the configured URLs.
fn engines(config: &Config, flavor: Flavor, prompts: PromptBuilder) -> anyhow::Result<EnginePool> {
    let engine = &config.engine;
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
    let rule = EjectionRule {
        after_failures: engine.eject_failures,
        first: engine.eject_seconds.duration(),
        longest: engine.eject_max_seconds.duration(),
    };
    Ok(EnginePool::new(engines, rule)?)
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
    }
}

/// Where the Hugging Face libraries keep what they have downloaded.
fn hugging_face_cache() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let hub = variable("HF_HUB_CACHE").or_else(|| variable("HF_HOME").map(|home| home.join("hub")));
    hub.unwrap_or_else(|| variable("HOME").unwrap_or_default().join(".cache/huggingface/hub"))
}

/// A `tokenizer.json`: the file itself, one in a directory, or that of a model in the Hugging Face cache, which vLLM
/// fills. `TOKENIZER_MODEL` of the Python stack may be any of these.
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
    fn a_tokenizer_is_a_file_a_directory_or_a_cached_model() {
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
