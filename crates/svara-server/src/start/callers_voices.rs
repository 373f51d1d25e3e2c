//! Saved voices and cloning: the encoder and the store.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use svara_audio::SampleRate;
use svara_engine::Engine;
use svara_service::{
    Cloning, CloningParts,
    store::Store,
    voices::{self, KeptVoices},
};
use svara_snac::{SnacEncoder, onnx::Device};

use super::engine::runtime;
use crate::{config::Config, recordings::Uploads};

/// Loads the encoder and opens the store. If one of them is missing, the log says so and requests that need it are
/// refused; speech in the model's own voices works without them.
///
/// # Errors
/// The encoder exists but can't be used, or doesn't fit the model.
pub(super) async fn callers_voices(
    config: &Config,
    engine: &Engine,
    program: Option<PathBuf>,
) -> anyhow::Result<(Cloning, KeptVoices)> {
    let blocking = config.clone();
    let (encoder, store) = tokio::task::spawn_blocking(move || {
        let store = voice_store(&blocking);
        let path = &blocking.cloning.encoder;
        let encoder = if path.is_file() {
            // The decoder may not have needed the library.
            match runtime(&blocking) {
                Ok(runtime) => Ok(SnacEncoder::load(&runtime, path, Device::Cpu)?),
                Err(error) => Err(format!("{error:#}")),
            }
        } else {
            Err(format!("the encoder {} does not exist (cloning.encoder)", path.display()))
        };
        anyhow::Ok((encoder, store))
    })
    .await
    .context("loading was interrupted")??;
    let encoder = engine.source().cloning().map_err(|error| error.to_string()).and(encoder);
    for missing in [encoder.as_ref().err(), store.as_ref().err()].into_iter().flatten() {
        tracing::warn!(reason = missing, "voices from recordings are unavailable");
    }
    let parts = match encoder {
        Ok(encoder) => Ok(parts(config, encoder, program).await?),
        Err(reason) => Err(reason),
    };
    let model_id = &engine.profile().id;
    let kept = KeptVoices::new(store, model_id, &config.voices);
    Ok((Cloning::new(parts, &config.cloning), kept))
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
    KeptVoices::new(voice_store(config), model_id, &config.voices)
}

fn voice_store(config: &Config) -> Result<Store, String> {
    match config.voices.store.as_str() {
        "" => Err("voices.store is empty".to_owned()),
        url => Store::open(url, voices::MAX_VOICE_BYTES).map_err(|error| error.to_string()),
    }
}
