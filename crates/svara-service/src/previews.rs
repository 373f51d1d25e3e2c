//! Samples of the model's voices, each made once.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use moka::future::Cache;
use svara_audio::{EncoderSpec, Format};
use svara_engine::{Language, SpeakError, SpeechRequest};
use tokio::sync::Semaphore;

use crate::{Caller, Delivery, Dialect, Order, ServiceError, Speaker};

/// The most bytes of samples that are kept. One takes about 30 kB.
const KEPT_BYTES: u64 = 8 * 1024 * 1024;
/// Samples that are being made, or wait for their turn.
const MAX_WAITING: usize = 64;
/// When a client may try again if as many wait.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// A sample sounds the same each time.
const SEED: u64 = 1;

/// Keeps the samples of voices as MP3 files.
pub(crate) struct Previews {
    made: Cache<String, Bytes>,
    places: Semaphore,
    /// Samples are made one at a time: nobody who lists voices may keep the server busy.
    turn: Semaphore,
}

impl Previews {
    pub(crate) fn new() -> Self {
        let bytes = |_: &String, file: &Bytes| u32::try_from(file.len()).unwrap_or(u32::MAX);
        let made = Cache::builder().max_capacity(KEPT_BYTES).weigher(bytes).build();
        Self { made, places: Semaphore::new(MAX_WAITING), turn: Semaphore::new(1) }
    }

    /// The sample of one of the model's voices. Requests that come while it is made wait for it.
    ///
    /// # Errors
    /// There is no such voice, this build has no MP3, or the speech failed; then the next request tries again.
    pub(crate) async fn of(&self, speaker: &Speaker, voice: &str) -> Result<Bytes, ServiceError> {
        let voice = speaker.engine().voices().find(voice).map_err(SpeakError::from)?;
        let spec = EncoderSpec::new(Format::Mp3)
            .map_err(|error| ServiceError::not_supported("voice_id", error.to_string()))?;
        let language = voice.language().parse().unwrap_or(Language::English);
        if language.sample().chars().count() > speaker.engine().text_max_characters() {
            let reason = "the sample is longer than this server's texts may be (limits.text_characters)";
            return Err(ServiceError::not_supported("voice_id", reason));
        }
        let request = SpeechRequest {
            text: language.sample().to_owned(),
            voice: voice.voice_id.clone(),
            seed: Some(SEED),
            request_id: format!("preview-{}", voice.voice_id),
            ..SpeechRequest::default()
        };
        let (caller, dialect, delivery) = (Caller::Anybody, Dialect::Hosted, Delivery::Whole);
        let order = Order { caller, dialect, request, spec, delivery };
        let make = Box::pin(async {
            let full = || ServiceError::server_full(RETRY_AFTER);
            let _place = self.places.try_acquire().map_err(|_| full())?;
            let _turn = self.turn.acquire().await.map_err(|_| full())?;
            let whole = speaker.begin(order).await?.whole(spec).await?;
            Ok(Bytes::from(whole.bytes))
        });
        let made = self.made.try_get_with(voice.voice_id.clone(), make).await;
        made.map_err(|error: Arc<ServiceError>| ServiceError::clone(&error))
    }
}
