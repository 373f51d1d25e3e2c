//! Builds the server from the configuration.

mod built_in;
mod callers_voices;
mod check;
mod engine;
mod http;
mod keys;
pub mod limits;
pub mod memory;
mod own_words;
mod secrets;
mod shipped;

use std::path::PathBuf;

use anyhow::Context;
use axum::Router;
use futures::FutureExt;
use svara_api::{budget::Budget, door::Door, state::App};
use svara_config::{Config, DecoderBackend};
use svara_dialects::Wyoming;
use svara_engine::OwnWords;
use svara_http::{Connections, Lifecycle, Phase};
use svara_service::{
    LeastSpeed, NotSetUp, QueueLimits, Service, ServiceParts, cache,
    config::CacheConfig,
    jobs,
    store::{Store, StoreError, StoreFailures},
};
use svara_snac::Decoder;

use self::callers_voices::callers_voices;
pub(crate) use self::callers_voices::kept_voices;
pub use self::{
    check::{check, faults, missing},
    engine::{engine, profile_and_voices, voices_and_prompts},
    http::http_settings,
    keys::{Keys, check_exposure},
    own_words::own_words,
};
use crate::{app, cryptography, middleware::HttpMetrics};

/// A server, ready for [`svara_http::serve`].
pub struct Server {
    /// All routes and their middleware.
    pub router: Router,
    /// The server's phase: serving, draining or stopping.
    pub life: Lifecycle,
    /// The count of open connections, which [`svara_http::serve`] updates.
    pub connections: Connections,
    /// The API keys.
    pub keys: Keys,
    /// Only a new process helps once it is broken.
    pub decoder: Decoder,
    /// The same speech over the Wyoming protocol, for a listener of its own.
    pub wyoming: Wyoming,
}

/// Loads everything. `program` is `svara-server`, which decodes recordings in processes of its own; without it, the
/// running program is.
///
/// # Errors
/// As [`engine`]; or the keys, the encoder or the cache's store can't be used.
pub async fn server(config: &Config, program: Option<PathBuf>) -> anyhow::Result<Server> {
    cryptography::choose();
    // First, because it is quick and often wrong.
    let keys = Keys::load(config)?;
    secrets::warn(&config.server);
    let engine = engine(config).await?;
    let decoder = engine.decoder().clone();
    let failures = StoreFailures::default();
    let (cloning, voices, dictionaries) = callers_voices(config, &engine, program, &failures).await?;
    let (opening, of_jobs) = (config.clone(), failures.clone());
    let stores = tokio::task::spawn_blocking(move || stores(&opening, &of_jobs));
    let (cache, jobs) = stores.await.context("loading was interrupted")??;
    let setup = setup(config, engine.own_words());
    let parts = ServiceParts {
        engine,
        cloning,
        voices,
        dictionaries,
        limits: QueueLimits {
            streams: config.limits.streams,
            measured: config.decoder.admits_by_cost(),
            queue: config.limits.queue,
            queue_per_key: config.limits.queue_of_each_key(),
            patience: config.limits.queue_seconds.duration(),
        },
        cache: (config.cache.clone(), cache),
        jobs: (config.jobs.clone(), jobs),
        setup,
        gain: config.decoder.gain()?,
        log_texts: config.log.texts,
        least_speed: LeastSpeed {
            speed: config.limits.min_read_speed,
            window: config.limits.write_stall_seconds.duration(),
        },
    };
    let (life, connections, http) = <(Lifecycle, Connections, HttpMetrics)>::default();
    let service = Service::new(parts, |registry| {
        http.register(registry, connections.clone());
        failures.register(registry);
        secrets::register_open(registry, !config.server.asks_for_keys());
    });
    let (draining, stopping) = (life.clone(), life.clone());
    service.set_breaks_off(move || stopping.phase() == Phase::Stopping);
    service.run_jobs(&async move { draining.reached(Phase::Draining).await }.boxed().shared());
    let app = App {
        service,
        door: Door::new(keys.callers()),
        life: life.clone(),
        body_bytes: config.limits.body_bytes,
        text_body_bytes: config.limits.text_body_bytes(),
        body_budget: Budget::new(config.limits.all_bodies_bytes),
        answer_budget: Budget::new(config.all_answers_bytes()),
        openai_input_characters: config.limits.openai_input_characters,
        has_tls: config.server.tls_files().is_some(),
        socket_idle: config.limits.socket_idle_seconds.duration(),
        clean: config.text.clean,
    };
    let (router, state) = app::router(app, http, &config.server);
    Ok(Server { router, life, connections, keys, decoder, wyoming: Wyoming::new(state, config) })
}

/// The part of the configuration that shapes audio; see [`ServiceParts::setup`].
fn setup(config: &Config, own_words: &OwnWords) -> String {
    let Config { engine, model, decoder, .. } = config;
    let kind = engine.kind.flavor().map_or("demo", svara_engine::source::vllm::Flavor::name);
    let version = env!("CARGO_PKG_VERSION");
    let (profile, snac) = (model.profile.display(), decoder.model.display());
    let (silent, noise) = (decoder.kind == DecoderBackend::Null, decoder.noise);
    let (early_frames, gain_db) = (decoder.early_start_frames(), decoder.gain_db);
    format!(
        "version={version} engine={kind} model={} profile={profile} decoder={snac} silent={silent} noise={noise} \
         early_frames={early_frames} gain_db={gain_db} words={}",
        engine.model,
        own_words.name()
    )
}

/// Opens the stores of the cache and of jobs. If the job store can't be opened, the log says so and job requests are
/// refused.
///
/// # Errors
/// The cache's store can't be opened.
fn stores(
    config: &Config,
    failures: &StoreFailures,
) -> anyhow::Result<(Option<Store>, Result<Store, NotSetUp>)> {
    let CacheConfig { store, entry_bytes, .. } = &config.cache;
    let cache = match store.as_str() {
        "" => None,
        // A line of metadata precedes the file.
        url => Some(Store::open(url, entry_bytes + cache::ENTRY_OVERHEAD_BYTES).context("cache.store")?),
    };
    let jobs = match config.jobs.store.as_str() {
        "" => Err(NotSetUp::by_setting("jobs.store is empty")),
        url => Store::open_alone(url, jobs::max_value_bytes(&config.jobs))
            .map(|store| store.watched("jobs", failures))
            .map_err(unopened),
    };
    if let Err(why) = &jobs {
        tracing::warn!(reason = why.reason, "jobs are off");
    }
    Ok((cache, jobs))
}

/// What callers hear of a store that can't be opened, and what the log says.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unopened(error: StoreError) -> NotSetUp {
    let told = match error {
        StoreError::InUse { .. } => "another server uses their store",
        _ => "their store can't be opened",
    };
    NotSetUp { told, reason: error.to_string() }
}
