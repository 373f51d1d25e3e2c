//! The labels of the metrics. Every value is one of a few that the code or the configuration names; nothing that a
//! user sends becomes a label.

use prometheus_client::encoding::EncodeLabelSet;

/// What kind of speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SpeechLabels {
    pub(crate) dialect: &'static str,
    pub(crate) format: &'static str,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OutcomeLabels {
    pub(crate) dialect: &'static str,
    pub(crate) format: &'static str,
    pub(crate) outcome: &'static str,
}

/// What failed: `kind` and `origin` as the answer has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct FailureLabels {
    pub(crate) kind: &'static str,
    pub(crate) origin: &'static str,
    /// `answer`: it had a status. `stream`: after the first byte.
    pub(crate) stage: &'static str,
}

/// An engine, by its host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct EngineLabels {
    pub(crate) engine: String,
}

/// What an engine failed with: `reason` as [`svara_engine::source::SourceError::kind`] has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct EngineFailureLabels {
    pub(crate) engine: String,
    pub(crate) reason: &'static str,
}

/// What is running.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct BuildLabels {
    pub(crate) version: &'static str,
    pub(crate) engine: &'static str,
    pub(crate) model: String,
    pub(crate) device: String,
}
