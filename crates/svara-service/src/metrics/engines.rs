//! Metrics of the requests to the engines.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use svara_engine::{
    Engine,
    source::pool::{EngineObserver, Flaw},
};

use super::{
    FIRST_AUDIO_SECONDS,
    labels::{EngineFailureLabels, EngineFlawLabels, EngineLabels, VoiceFlawLabels, VoiceLabels},
};

/// Metrics with one series for each configured engine.
pub(super) struct EngineMetrics {
    first_tokens: Family<EngineLabels, Histogram, fn() -> Histogram>,
    requests: Family<EngineLabels, Counter>,
    tokens: Family<EngineLabels, Counter>,
    failures: Family<EngineFailureLabels, Counter>,
    retries: Family<EngineLabels, Counter>,
    ejections: Family<EngineLabels, Counter>,
    flaws: Family<EngineFlawLabels, Counter>,
    voices: Family<VoiceLabels, Counter>,
    voice_flaws: Family<VoiceFlawLabels, Counter>,
}

impl EngineMetrics {
    /// Registers the metrics and observes the engine's source from now on.
    pub(super) fn observe(engine: &Engine, registry: &mut Registry) {
        let first_tokens: fn() -> Histogram = || Histogram::new(FIRST_AUDIO_SECONDS);
        let this = Self {
            first_tokens: Family::new_with_constructor(first_tokens),
            requests: Family::default(),
            tokens: Family::default(),
            failures: Family::default(),
            retries: Family::default(),
            ejections: Family::default(),
            flaws: Family::default(),
            voices: Family::default(),
            voice_flaws: Family::default(),
        };
        // Exported as zeros from the start, for alerts.
        for engine in engine.source().engines() {
            for flaw in Flaw::ALL {
                let labels = EngineFlawLabels { engine: engine.name.clone(), kind: flaw.name() };
                drop(this.flaws.get_or_create(&labels));
            }
            let labels = EngineLabels { engine: engine.name };
            for family in [&this.requests, &this.tokens, &this.retries, &this.ejections] {
                drop(family.get_or_create(&labels));
            }
        }
        registry.register_with_unit(
            "engine_first_token",
            "From sending a request to the engine to its first tokens",
            Unit::Seconds,
            this.first_tokens.clone(),
        );
        registry.register(
            "engine_requests",
            "Finished requests to the engine, with any outcome",
            this.requests.clone(),
        );
        registry.register("engine_tokens", "Tokens received from the engine", this.tokens.clone());
        registry.register(
            "engine_failures",
            "Requests and health probes that failed at the engine, by reason",
            this.failures.clone(),
        );
        registry.register(
            "engine_retries",
            "Requests that failed at the engine before the first audio and were retried",
            this.retries.clone(),
        );
        registry.register(
            "engine_ejections",
            "Times that the engine was ejected after failures",
            this.ejections.clone(),
        );
        registry.register(
            "engine_flaws",
            "Generations that ended as they should, but with this flaw: wrong_slot, foreign_token, torn_end, early_end, stutter",
            this.flaws.clone(),
        );
        registry.register(
            "voice_generations",
            "Generations that ended as they should, by voice",
            this.voices.clone(),
        );
        registry.register(
            "voice_flaws",
            "Those of them with this flaw, as in engine_flaws",
            this.voice_flaws.clone(),
        );
        if engine.source().observe(Box::new(this)).is_err() {
            tracing::warn!("another server observes the engines: their requests are not counted here");
        }
    }
}

fn labels(engine: &str) -> EngineLabels {
    EngineLabels { engine: engine.to_owned() }
}

impl EngineObserver for EngineMetrics {
    fn first_tokens(&self, engine: &str, after: std::time::Duration) {
        self.first_tokens.get_or_create(&labels(engine)).observe(after.as_secs_f64());
    }

    fn finished(&self, engine: &str, tokens: u64) {
        self.requests.get_or_create(&labels(engine)).inc();
        self.tokens.get_or_create(&labels(engine)).inc_by(tokens);
    }

    fn failed(&self, engine: &str, reason: &'static str) {
        self.failures.get_or_create(&EngineFailureLabels { engine: engine.to_owned(), reason }).inc();
    }

    fn generated(&self, engine: &str, voice: &str, flaws: &[Flaw]) {
        self.voices.get_or_create(&VoiceLabels { voice: voice.to_owned() }).inc();
        for flaw in flaws {
            let kind = flaw.name();
            self.flaws.get_or_create(&EngineFlawLabels { engine: engine.to_owned(), kind }).inc();
            self.voice_flaws.get_or_create(&VoiceFlawLabels { voice: voice.to_owned(), kind }).inc();
        }
    }

    fn retried(&self, engine: &str) {
        self.retries.get_or_create(&labels(engine)).inc();
    }

    fn ejected(&self, engine: &str) {
        self.ejections.get_or_create(&labels(engine)).inc();
    }
}
