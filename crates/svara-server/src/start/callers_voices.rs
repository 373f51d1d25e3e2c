//! Saved voices and cloning: the encoder and the store.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use svara_audio::SampleRate;
use svara_config::Config;
use svara_engine::Engine;
use svara_recordings::Uploads;
use svara_service::{
    Cloning, CloningParts, NotSetUp,
    dictionaries::{KeptDictionaries, MAX_DICTIONARY_BYTES},
    store::{Store, StoreFailures},
    voices::{self, KeptVoices},
};
use svara_snac::{LoadError, SnacEncoder};

use super::{
    engine::{encoder_settings, runtime},
    unopened,
};

/// Loads the encoder and opens the store. If one of them is missing, the log says so and requests that need it are
/// refused; speech in the model's own voices works without them.
///
/// # Errors
/// The encoder exists but can't be used, or doesn't fit the model.
pub(super) async fn callers_voices(
    config: &Config,
    engine: &Engine,
    program: Option<PathBuf>,
    failures: &StoreFailures,
) -> anyhow::Result<(Cloning, KeptVoices, KeptDictionaries)> {
    let (blocking, failures) = (config.clone(), failures.clone());
    let cloning = engine
        .source()
        .cloning()
        .map_err(|error| NotSetUp { told: "the engine can't clone voices", reason: error.to_string() });
    let (encoder, store, dictionaries) = tokio::task::spawn_blocking(move || {
        let voices = store(&blocking, voices::MAX_VOICE_BYTES, &failures);
        let dictionaries = store(&blocking, MAX_DICTIONARY_BYTES, &failures);
        // An engine that can't clone needs no encoder, nor the library that it might need.
        let encoder = match cloning {
            Ok(()) => encoder(&blocking)?,
            Err(why) => Err(why),
        };
        anyhow::Ok((encoder, voices, dictionaries))
    })
    .await
    .context("loading was interrupted")??;
    for missing in [encoder.as_ref().err(), store.as_ref().err()].into_iter().flatten() {
        tracing::warn!(reason = missing.reason, "voices from recordings are unavailable");
    }
    let parts = match encoder {
        Ok(encoder) => Ok(parts(config, encoder, program).await?),
        Err(why) => Err(why),
    };
    let model_id = &engine.profile().id;
    let kept = KeptVoices::new(store, model_id, &config.voices);
    let revalidate = config.voices.revalidate_seconds.duration();
    let dictionaries = KeptDictionaries::new(dictionaries, &config.dictionaries, revalidate);
    Ok((Cloning::new(parts, &config.cloning), kept, dictionaries))
}

/// The encoder, or why there is none.
///
/// # Errors
/// It exists, but isn't an encoder.
fn encoder(config: &Config) -> anyhow::Result<Result<SnacEncoder, NotSetUp>> {
    let path = &config.cloning.encoder;
    if !path.is_file() {
        let reason = format!("the encoder {} does not exist (cloning.encoder)", path.display());
        return Ok(Err(NotSetUp { told: "its file is missing", reason }));
    }
    let unusable = |reason: String| Ok(Err(NotSetUp { told: "it can't be loaded", reason }));
    let runtime = match runtime(config) {
        Ok(runtime) => runtime,
        Err(error) => return unusable(format!("{error:#}")),
    };
    match SnacEncoder::load(&runtime, &encoder_settings(config, path.clone())) {
        Ok(encoder) => Ok(Ok(encoder)),
        // The decoder may not have needed the library.
        Err(error @ (LoadError::LibraryNeeded { .. } | LoadError::LibraryUnusable { .. })) => {
            unusable(error.to_string())
        }
        Err(error) => Err(error.into()),
    }
}

async fn parts(
    config: &Config,
    encoder: SnacEncoder,
    program: Option<PathBuf>,
) -> anyhow::Result<CloningParts> {
    let rate = SampleRate::new(encoder.sample_rate_hz()).context("the encoder's sample rate")?;
    let recordings = Uploads::start(rate, &config.cloning, program).context("can't start a thread")?;
    if let Err(error) = recordings.check().await {
        tracing::warn!(%error, "recordings can't be decoded");
    }
    Ok(CloningParts { encoder, recordings: Arc::new(recordings) })
}

/// The store of saved voices, without the encoder.
pub(crate) fn kept_voices(config: &Config, model_id: &str) -> KeptVoices {
    KeptVoices::new(
        store(config, voices::MAX_VOICE_BYTES, &StoreFailures::default()),
        model_id,
        &config.voices,
    )
}

/// What callers keep, with the largest value that is kept.
fn store(config: &Config, max_value_bytes: usize, failures: &StoreFailures) -> Result<Store, NotSetUp> {
    match config.voices.store.as_str() {
        "" => Err(NotSetUp::by_setting("voices.store is empty")),
        url => {
            Store::open(url, max_value_bytes).map(|store| store.watched("voices", failures)).map_err(unopened)
        }
    }
}
