//! The labels of the metrics. Every value is one of a few from the code or the configuration; nothing that a client
//! sends becomes a label.

use prometheus_client::encoding::EncodeLabelSet;

/// Labels of a speech request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct SpeechLabels {
    pub(crate) dialect: &'static str,
    pub(crate) format: &'static str,
}

/// Labels of a finished speech request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OutcomeLabels {
    pub(crate) dialect: &'static str,
    pub(crate) format: &'static str,
    pub(crate) outcome: &'static str,
}

/// Labels of a failure: `kind` and `origin` as in the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct FailureLabels {
    pub(crate) kind: &'static str,
    pub(crate) origin: &'static str,
    /// `answer`: the response was the failure. `stream`: the response failed after its first byte.
    pub(crate) stage: &'static str,
}

/// An engine: the host and port of its URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct EngineLabels {
    pub(crate) engine: String,
}

/// A failure of an engine; `reason` is [`svara_engine::source::SourceError::kind`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct EngineFailureLabels {
    pub(crate) engine: String,
    pub(crate) reason: &'static str,
}

/// What was wrong with an engine's generations; `kind` is a [`svara_engine::source::pool::Flaw`]'s name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct EngineFlawLabels {
    pub(crate) engine: String,
    pub(crate) kind: &'static str,
}

/// One of the model's voices, or `cloned`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct VoiceLabels {
    pub(crate) voice: String,
}

/// What was wrong with the generations in a voice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct VoiceFlawLabels {
    pub(crate) voice: String,
    pub(crate) kind: &'static str,
}

/// Labels that say what is running.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct BuildLabels {
    pub(crate) version: &'static str,
    pub(crate) engine: &'static str,
    pub(crate) model: String,
    pub(crate) device: String,
}
