//! The service without HTTP: orders, audio, and the charges of a key.
#![allow(clippy::unwrap_used, reason = "helpers of tests are test code too")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, ready},
    stream,
};
use svara_audio::{EncoderSpec, Format, Gain};
use svara_engine::{
    CloningUnavailable, Engine, EngineParts, FirstAudio, ModelProfile, OwnWords, SpeechRequest, Voices,
    source::{FinishReason, SourceError, SourceInfo, TokenEvent, TokenSource, TokenStream, Utterance},
};
use svara_service::{
    CacheResult, Caller, Cloning, Delivery, Dialect, ErrorKind, NotSetUp, Order, QueueLimits, Service,
    ServiceParts, SpokenBody,
    callers::{Callers, KeyEntry, KeyRings},
    config::{CacheConfig, CloningConfig, DictionariesConfig, JobsConfig, VoicesConfig},
    dictionaries::KeptDictionaries,
    voices::KeptVoices,
};
use svara_snac::Decoder;
use svara_testkit::{fake_vllm::frame_tokens, models::workspace};
use tokio::sync::watch;

const FRAME_BYTES: usize = 2048 * 2;

/// Generates three frames for every text but "silence", and counts requests.
#[derive(Default)]
struct ThreeFrames(AtomicUsize);

impl TokenSource for ThreeFrames {
    fn open(&self, utterance: Utterance) -> BoxFuture<'_, Result<TokenStream, SourceError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let frames = if utterance.text.contains("silence") { 0 } else { 3 };
        let tokens = (0..frames).map(|_| Ok(TokenEvent::Tokens(frame_tokens(1).into())));
        let end = Ok(TokenEvent::End(FinishReason::Stop));
        ready(Ok(stream::iter(tokens.chain([end]).collect::<Vec<_>>()).boxed())).boxed()
    }

    fn cloning(&self) -> Result<(), CloningUnavailable> {
        Ok(())
    }

    fn health(&self) -> BoxFuture<'_, Result<(), SourceError>> {
        ready(Ok(())).boxed()
    }

    fn about(&self) -> SourceInfo {
        SourceInfo { kind: "test", model: String::new(), url: None, notice: None }
    }
}

fn service(cache: CacheConfig) -> (Service, Arc<ThreeFrames>) {
    let profile = ModelProfile::load(&workspace().join("config/models/svara-v1.toml")).unwrap();
    let directory = workspace().join("config/voices");
    let voices = Voices::load(&directory, &profile.id, |voice| profile.speaker_id(voice)).unwrap();
    let source = Arc::new(ThreeFrames::default());
    let kept = KeptVoices::new(Err(NotSetUp::by_setting("no store")), &profile.id, &VoicesConfig::default());
    let engine = Engine::new(EngineParts {
        profile: Arc::new(profile),
        voices,
        own_words: OwnWords::default(),
        source: Arc::clone(&source) as Arc<dyn TokenSource>,
        decoder: Decoder::null(2),
        text_max_characters: 1000,
        pieces_ahead: 1,
        hop_frames: None,
        first_audio: FirstAudio::Exact,
        end_loops: true,
    })
    .unwrap();
    let parts = ServiceParts {
        engine,
        cloning: Cloning::new(Err(NotSetUp::by_setting("no encoder")), &CloningConfig::default()),
        voices: kept,
        dictionaries: KeptDictionaries::new(
            Err(NotSetUp::by_setting("no store")),
            &DictionariesConfig::default(),
            Duration::from_secs(1),
        ),
        limits: QueueLimits {
            streams: 1,
            measured: true,
            queue: 0,
            queue_per_key: 0,
            patience: Duration::ZERO,
        },
        cache: (cache, None),
        jobs: (JobsConfig::default(), Err(NotSetUp::by_setting("no store"))),
        setup: "test".to_owned(),
        gain: Gain::UNITY,
        log_texts: false,
        least_speed: svara_service::LeastSpeed { speed: 0.0, window: Duration::ZERO },
    };
    (Service::new(parts, |_| {}), source)
}

fn order(caller: Caller, text: &str, delivery: Delivery) -> Order {
    let (text, voice) = (text.to_owned(), "hi_female".to_owned());
    Order {
        caller,
        dialect: Dialect::Svara,
        request: SpeechRequest { text, voice, seed: Some(1), ..SpeechRequest::default() },
        spec: EncoderSpec::new(Format::Pcm).unwrap(),
        delivery,
    }
}

/// A caller with one stream and ten characters a day.
fn keyed() -> (watch::Sender<Arc<svara_service::callers::KeyRing>>, Caller) {
    let entry = KeyEntry {
        concurrent_streams: Some(1),
        characters_per_day: Some(10),
        ..KeyEntry::unbounded("k", "secret")
    };
    let (keys, receiver) = watch::channel(Arc::new(KeyRings::default().ring(vec![entry]).unwrap()));
    (keys, Callers::new(Some(receiver)).identify(Some("secret")).unwrap())
}

async fn bytes(body: SpokenBody) -> usize {
    match body {
        SpokenBody::Whole(bytes) => bytes.len(),
        SpokenBody::Streamed(chunks) => {
            chunks.map(|chunk| chunk.unwrap().len()).fold(0, async |a, b| a + b).await
        }
    }
}

/// A speech holds one stream of the service and one of the key until it is dropped.
#[tokio::test]
async fn a_speech_holds_its_streams_until_it_is_dropped() {
    let (service, _) = service(CacheConfig::default());
    let (_keys, caller) = keyed();
    let refused = async |caller| {
        let order = order(caller, "b", Delivery::Whole);
        service.speak(order).await.err().map(|error| error.kind)
    };
    let mut speaking = service.open(order(caller.clone(), "a", Delivery::Streamed)).await.unwrap();
    assert_eq!(refused(caller.clone()).await, Some(ErrorKind::TooManyStreams));
    assert_eq!(refused(Caller::Anybody).await, Some(ErrorKind::ServerFull));
    while let Some(samples) = speaking.next().await {
        samples.unwrap();
    }
    assert_eq!(refused(Caller::Anybody).await, Some(ErrorKind::ServerFull), "it isn't dropped yet");
    drop(speaking);
    assert_eq!(refused(caller).await, None);
}

/// Characters are charged once there is audio, and not before.
#[tokio::test]
async fn characters_are_charged_for_audio_only() {
    let (service, _) = service(CacheConfig::default());
    let (_keys, caller) = keyed();
    let silent = service.speak(order(caller.clone(), "silence", Delivery::Streamed)).await;
    assert_eq!(silent.err().map(|error| error.kind), Some(ErrorKind::NoAudio));
    let spoken = service.speak(order(caller.clone(), "six ch", Delivery::Streamed)).await.unwrap();
    drop(spoken);
    let refused = service.speak(order(caller, "12345", Delivery::Streamed)).await;
    assert_eq!(refused.err().map(|error| error.kind), Some(ErrorKind::QuotaExceeded));
}

#[tokio::test]
async fn the_same_order_is_made_once() {
    let cache = CacheConfig { memory_bytes: 64 << 20, ..CacheConfig::default() };
    let (service, source) = service(cache);
    for (delivery, results) in [
        (Delivery::Streamed, [CacheResult::Miss, CacheResult::Hit]),
        (Delivery::Whole, [CacheResult::Miss, CacheResult::Hit]),
    ] {
        for result in results {
            let spoken = service.speak(order(Caller::Anybody, "a", delivery)).await.unwrap();
            assert_eq!(spoken.cache.map(|(result, _)| result), Some(result), "{delivery:?}");
            assert_eq!(bytes(spoken.body).await, 3 * FRAME_BYTES);
        }
    }
    assert_eq!(source.0.load(Ordering::SeqCst), 2);
}
