//! The entry to the service.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream};
use prometheus_client::registry::Registry;
use svara_audio::Gain;
use svara_engine::{Engine, SpeechRequest, source::FinishReason};

use crate::{
    Admission, CacheResult, Caller, Cloning, Delivery, EncodedSpeech, LeastSpeed, Load, NotSetUp, Order,
    QueueLimits, ServiceError, Speaker, Speaking, Spoken, SpokenBody,
    cache::{Cache, Found, Head, Key, Listener, Shaped, Sink},
    callers::{Cost, KeyStream},
    config::{CacheConfig, JobsConfig},
    dictionaries::KeptDictionaries,
    jobs::{Draft, Draining, Jobs},
    metrics::Metrics,
    previews::Previews,
    speak::SpeakerSettings,
    store::Store,
    voices::KeptVoices,
};

/// The most generations that an order waits for or starts. Behind that, it is spoken without the cache.
const FLIGHTS: usize = 3;

/// What a [`Service`] is made of.
pub struct ServiceParts {
    /// Turns requests into samples.
    pub engine: Engine,
    /// Turns recordings into voices.
    pub cloning: Cloning,
    /// Saved voices.
    pub voices: KeptVoices,
    /// Pronunciation dictionaries.
    pub dictionaries: KeptDictionaries,
    /// The bounds of admission.
    pub limits: QueueLimits,
    /// The cache's configuration, and its store behind the memory.
    pub cache: (CacheConfig, Option<Store>),
    /// The configuration of jobs, and their store or the reason why there is none.
    pub jobs: (JobsConfig, Result<Store, NotSetUp>),
    /// The part of the configuration that shapes audio, in a form that is stable from build to build. It is part of
    /// cache keys: servers with the same setup share the files of a store.
    pub setup: String,
    /// How much louder all speech is; `setup` has to tell it.
    pub gain: Gain,
    /// Whether the log shows the texts of orders.
    pub log_texts: bool,
    /// The least speed of listeners.
    pub least_speed: LeastSpeed,
}

/// Speech for callers: live or as jobs, generated or from the cache.
pub struct Service {
    speaker: Arc<Speaker>,
    cloning: Cloning,
    voices: Arc<KeptVoices>,
    dictionaries: Arc<KeptDictionaries>,
    cache: Option<Arc<Cache>>,
    setup: Arc<str>,
    jobs: Arc<Jobs>,
    metrics: Arc<Metrics>,
    admission: Arc<Admission>,
    previews: Previews,
}

impl Service {
    /// A service of these parts. `register` adds the metrics of the program around it.
    pub fn new(parts: ServiceParts, register: impl FnOnce(&mut Registry)) -> Self {
        let engine = Arc::new(parts.engine);
        let decoder = engine.decoder().clone();
        let carries = move || decoder.real_time_streams();
        let admission = Arc::new(Admission::new(&parts.limits, engine.decoder().max_streams(), carries));
        let metrics = Arc::new(Metrics::new(&engine, &admission, register));
        let voices = Arc::new(parts.voices);
        let (config, store) = parts.cache;
        let cache = config.is_on().then(|| Arc::new(Cache::new(&config, store, metrics.cache())));
        if let Some(cache) = &cache {
            // Its metrics don't keep a cache.
            let cache = Arc::downgrade(cache);
            metrics.cache().observe(move || cache.upgrade().map_or((0, 0), |cache| cache.in_memory()));
        }
        let (config, store) = parts.jobs;
        let jobs = Arc::new(Jobs::new(store, &config, metrics.jobs()));
        let speaker = Speaker::new(
            engine,
            Arc::clone(&voices),
            Arc::clone(&admission),
            Arc::clone(&metrics),
            SpeakerSettings { log_texts: parts.log_texts, least: parts.least_speed, gain: parts.gain },
        );
        let (speaker, cloning, dictionaries) =
            (Arc::new(speaker), parts.cloning, Arc::new(parts.dictionaries));
        let previews = Previews::new();
        let setup = parts.setup.into();
        Self { speaker, cloning, voices, dictionaries, cache, setup, jobs, metrics, admission, previews }
    }

    /// Starts speaking the items of jobs, for as long as the async runtime lives. Starts no item once `draining` has
    /// completed.
    pub fn run_jobs(&self, draining: &Draining) {
        self.jobs.run(&self.speaker, draining);
    }

    /// Says when the server breaks off what is open, so that the log doesn't say that clients left.
    pub fn set_breaks_off(&self, breaks_off: impl Fn() -> bool + Send + Sync + 'static) {
        self.metrics.set_breaks_off(breaks_off);
    }

    /// Speaks an order, or returns its audio from the cache.
    ///
    /// # Errors
    /// Whatever fails before the first byte. Later failures are the last item of the body.
    pub async fn speak(&self, mut order: Order) -> Result<Spoken, ServiceError> {
        self.speaker.find_voice(&order.caller, &mut order.request).await?;
        // An order that has no cache key can't be spoken; the engine says why.
        match self.cache_for(&order).and_then(|cache| Some((cache, self.key(&order)?))) {
            Some((cache, key)) => self.cached(cache, key, order).await,
            None => anew(&self.speaker, order).await,
        }
    }

    /// Starts an order without the cache and returns the speech itself: for callers that need samples, times or events.
    ///
    /// # Errors
    /// As [`Self::speak`].
    pub async fn open(&self, mut order: Order) -> Result<Speaking, ServiceError> {
        self.speaker.find_voice(&order.caller, &mut order.request).await?;
        self.speaker.begin(order).await
    }

    /// Resolves the voice of a request if it names a saved voice that the caller may use.
    ///
    /// # Errors
    /// The store of saved voices failed.
    pub async fn find_voice(&self, caller: &Caller, request: &mut SpeechRequest) -> Result<(), ServiceError> {
        self.speaker.find_voice(caller, request).await
    }

    /// A sample of one of the model's voices, an MP3 file: made when it is first asked for, then kept.
    ///
    /// # Errors
    /// There is no such voice, this build has no MP3, or the speech failed.
    pub async fn preview(&self, voice: &str) -> Result<Bytes, ServiceError> {
        self.previews.of(&self.speaker, voice).await
    }

    /// The characters spoken in this month (UTC), since the server started, where no key is required. Where keys are, each has
    /// its own count, and this is what the server spoke for itself: jobs and samples of voices.
    pub fn keyless_characters(&self) -> u64 {
        self.speaker.keyless_characters()
    }

    /// The most streams at once, of all callers.
    pub fn max_streams(&self) -> usize {
        self.speaker.max_streams()
    }

    /// The engine behind the service.
    pub fn engine(&self) -> &Arc<Engine> {
        self.speaker.engine()
    }

    /// Turns recordings into voices.
    pub fn cloning(&self) -> &Cloning {
        &self.cloning
    }

    /// Saved voices.
    pub fn voices(&self) -> &Arc<KeptVoices> {
        &self.voices
    }

    /// Pronunciation dictionaries.
    pub fn dictionaries(&self) -> &Arc<KeptDictionaries> {
        &self.dictionaries
    }

    /// Jobs: speech in the background.
    pub fn jobs(&self) -> &Arc<Jobs> {
        &self.jobs
    }

    /// The caller's job without texts, to be filled and submitted with [`Jobs::create`].
    pub fn draft_job(&self, caller: &Caller) -> Draft<'_> {
        Draft::new(caller, &self.speaker, self.jobs.limits())
    }

    /// The service's metrics.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// How full the service is.
    pub fn load(&self) -> Load {
        self.admission.load()
    }

    /// Whether audio is cached.
    pub fn caches(&self) -> bool {
        self.cache.is_some()
    }

    fn cache_for(&self, order: &Order) -> Option<&Arc<Cache>> {
        self.cache.as_ref().filter(|cache| cache.keeps(order.request.seed))
    }

    /// The cache key of an order; none for an order that can't be spoken.
    fn key(&self, order: &Order) -> Option<Key> {
        let (engine, request) = (self.engine(), &order.request);
        let voice = match &request.reference {
            Some(reference) => &reference.voice,
            None => engine.voices().find(&request.voice).ok()?,
        };
        Some(Key::of(&Shaped {
            setup: &self.setup,
            request,
            voice_id: &voice.voice_id,
            sampling: engine.profile().sampling.with(&request.sampling).ok()?,
            spec: order.spec,
            streamed: order.delivery == Delivery::Streamed,
        }))
    }

    async fn cached(&self, cache: &Arc<Cache>, key: Key, order: Order) -> Result<Spoken, ServiceError> {
        let mut found = None;
        for _ in 0..FLIGHTS {
            found = self.find(cache, key, &order).await?;
            if found.is_some() {
                break;
            }
        }
        let Some((result, head, body)) = found else { return anew(&self.speaker, order).await };
        if result != CacheResult::Miss {
            let voice: String = order.request.voice.chars().take(64).collect();
            let characters = order.request.text.chars().count();
            let (dialect, cache) = (order.dialect.name(), result.name());
            tracing::info!(dialect, voice, characters, cache, "speech from the cache");
        }
        let (spec, cache) = (order.spec, Some((result, key)));
        Ok(Spoken { spec, timing: head.server_timing, finish: head.finish, cache, body })
    }

    /// An order's file: kept, or made now for all that ask for it. None if it was to be made for another caller, who was
    /// refused.
    async fn find(
        &self,
        cache: &Arc<Cache>,
        key: Key,
        order: &Order,
    ) -> Result<Option<(CacheResult, Head, SpokenBody)>, ServiceError> {
        let (delivery, caller) = (order.delivery, &order.caller);
        let characters = order.request.text.chars().count();
        let make = |sink| make(Arc::clone(&self.speaker), order.clone(), sink);
        Ok(Some(match cache.find(key, make).await {
            Found::Entry(entry) => {
                caller.charge(Cost::of_text(characters as u64))?.spend();
                let head = Head { finish: entry.finish, ..Head::default() };
                (CacheResult::Hit, head, SpokenBody::Whole(entry.body))
            }
            Found::Joined(listener) => {
                // It is one of the key's streams, though not of the server's.
                let stream = caller.start_stream(characters)?;
                match listen(listener, CacheResult::Join, delivery, Some(stream)).await {
                    // What the other caller has left of its limits, and how long it has waited, is its own affair.
                    Err(error) if error.kind.is_of_caller() => return Ok(None),
                    joined => joined?,
                }
            }
            Found::Started(listener) => {
                let listened = listen(listener, CacheResult::Miss, delivery, None).await?;
                if listened.0 == CacheResult::Hit {
                    caller.charge(Cost::of_text(characters as u64))?.spend();
                }
                listened
            }
        }))
    }
}

/// Speaks an order whose voice is resolved, without the cache.
async fn anew(speaker: &Speaker, order: Order) -> Result<Spoken, ServiceError> {
    let (spec, delivery) = (order.spec, order.delivery);
    let speaking = speaker.begin(order).await?;
    let timing = Some(speaking.server_timing());
    let (finish, body) = match delivery {
        Delivery::Streamed => {
            let chunks = stream::unfold(EncodedSpeech::new(speaking, spec)?, |mut speech| async move {
                Some((speech.next().await?.map(Bytes::from), speech))
            });
            (None, SpokenBody::Streamed(chunks.boxed()))
        }
        Delivery::Whole => {
            let whole = speaking.whole(spec).await?;
            (whole.report.finish, SpokenBody::Whole(whole.bytes.into()))
        }
    };
    let finish = finish.map(|finish| finish.name().to_owned());
    Ok(Spoken { spec, timing, finish, cache: None, body })
}

/// Generates an order's audio for all listeners of the sink.
async fn make(speaker: Arc<Speaker>, order: Order, sink: Sink) -> Result<(), ServiceError> {
    let (spec, delivery) = (order.spec, order.delivery);
    let mut speaking = speaker.begin(order).await?;
    // Several may listen: the slowest must not end it for the others.
    speaking.listened_to_by_many();
    let mut head = Head { server_timing: Some(speaking.server_timing()), ..Head::default() };
    match delivery {
        Delivery::Streamed => {
            sink.head(head);
            let mut speech = EncodedSpeech::new(speaking, spec)?;
            while let Some(bytes) = speech.next().await {
                sink.push(bytes?.into()).await;
            }
        }
        Delivery::Whole => {
            let whole = speaking.whole(spec).await?;
            head.finish = whole.report.finish.map(FinishReason::name).map(str::to_owned);
            sink.head(head);
            sink.push(whole.bytes.into()).await;
        }
    }
    Ok(())
}

/// Waits for the first bytes, so that failures before them are errors.
async fn listen(
    mut listener: Listener,
    result: CacheResult,
    delivery: Delivery,
    mut held: Option<KeyStream>,
) -> Result<(CacheResult, Head, SpokenBody), ServiceError> {
    let first = listener.next().await;
    let first = first.ok_or_else(|| ServiceError::internal("the speech has no bytes"))??;
    if let Some(held) = &mut held {
        held.spoken();
    }
    let head = listener.head();
    let result = if head.stored { CacheResult::Hit } else { result };
    // A file that isn't streamed, or comes from the store, is one chunk.
    if head.stored || delivery == Delivery::Whole {
        return Ok((result, head, SpokenBody::Whole(first)));
    }
    let rest = stream::unfold((listener, held), |(mut listener, held)| async move {
        Some((listener.next().await?, (listener, held)))
    });
    Ok((result, head, SpokenBody::Streamed(stream::iter([Ok(first)]).chain(rest).boxed())))
}
