//! What can go wrong with a source.

use std::time::Duration;

/// A failure of a source, before or during a stream.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// The engine doesn't answer at its address.
    #[error("the engine can't be reached: {reason}")]
    Unreachable {
        /// The error of the connection.
        reason: String,
        /// Whether there was no connection at all, so that other requests get none either. Otherwise it ended without an
        /// answer, or the answer was late.
        is_gone: bool,
    },
    /// The prompt can't be made, so no engine was asked.
    #[error("there is no prompt for it: {reason}")]
    NoPrompt {
        /// Why.
        reason: String,
    },
    /// The engine refused the request.
    #[error("the engine refused the request with status {status}: {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The engine's message, at most 300 characters.
        message: String,
        /// The field that the engine named, if a caller can change it.
        field: Option<&'static str>,
        /// How long the engine asks to wait.
        retry_after: Option<Duration>,
    },
    /// The engine doesn't have the model that it would be asked for.
    #[error("the engine has no model {model:?}; it has: {has}")]
    NoModel {
        /// The model's name in the configuration.
        model: String,
        /// The models that the engine has.
        has: String,
    },
    /// The engine's list of models can't be read, so it isn't known to have any.
    #[error("the engine's list of models {fault}")]
    ModelList {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The engine sent nothing for too long.
    #[error("the engine was silent for {} s {phase}", after.as_secs_f32())]
    Timeout {
        /// The timeout.
        after: Duration,
        /// The phase of the stream, such as "before the first token".
        phase: &'static str,
    },
    /// The stream broke off before the speech was complete.
    #[error("the engine's stream broke off: {reason}")]
    BrokeOff {
        /// What is wrong.
        reason: String,
    },
    /// The engine's answer isn't valid.
    #[error("the engine's answer is invalid: {reason}")]
    Nonsense {
        /// What is wrong.
        reason: String,
    },
    /// The speech ended before there was any audio.
    #[error("the engine ended the speech after {tokens} tokens without any audio")]
    Silent {
        /// The tokens that it generated.
        tokens: usize,
    },
    /// The engine answers probes, but fails whatever it is asked.
    #[error("the engine fails whatever it is asked: {texts} different texts in a row; the last: {last}")]
    Failing {
        /// How many different texts failed in a row.
        texts: usize,
        /// The last failure.
        last: String,
    },
    /// None of several engines is healthy.
    #[error("no engine is healthy: {reasons}")]
    NoneHealthy {
        /// The engines, each with its failure.
        reasons: String,
    },
    /// The demo voice's speech program failed.
    #[error("the demo voice failed: {reason}")]
    Demo {
        /// The program's error.
        reason: String,
    },
}

impl SourceError {
    /// Whether the same request may succeed a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::BrokeOff { .. }
            | Self::Silent { .. }
            | Self::Failing { .. }
            | Self::NoneHealthy { .. } => true,
            // What the engine doesn't know to do, or not before somebody logs in, it won't do a little later either.
            Self::Rejected { status: 501 | 505 | 511, .. } => false,
            // Too slow, too early, too much, or a failure of its own.
            Self::Rejected { status, .. } => matches!(*status, 408 | 425 | 429 | 500..),
            Self::NoPrompt { .. }
            | Self::NoModel { .. }
            | Self::ModelList { .. }
            | Self::Nonsense { .. }
            | Self::Demo { .. } => false,
        }
    }

    /// A stable name of the failure, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::NoPrompt { .. } => "no_prompt",
            Self::Rejected { .. } if self.is_busy() => "busy",
            Self::Rejected { .. } => "rejected",
            Self::NoModel { .. } => "no_model",
            Self::Timeout { .. } => "timeout",
            Self::BrokeOff { .. } => "broke_off",
            Self::ModelList { .. } | Self::Nonsense { .. } => "nonsense",
            Self::Silent { .. } => "silent",
            Self::Failing { .. } => "failing",
            Self::NoneHealthy { .. } => "none_healthy",
            Self::Demo { .. } => "demo",
        }
    }

    /// How long the engine asks to wait before it is asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Rejected { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the engine is well, but has too much to do.
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Rejected { status: 429 | 503 | 529, .. })
    }

    /// Whether an engine that is alone may be asked again at once. One that has too much to do isn't.
    pub(crate) fn may_pass_at_once(&self) -> bool {
        let asks_to_wait = matches!(self, Self::Rejected { status: 429, .. }) || self.retry_after().is_some();
        self.is_retryable() && !asks_to_wait && !matches!(self, Self::Timeout { .. } | Self::Silent { .. })
    }

    /// Whether a piece of which nothing was heard is worth another try. What can't be read may be so only this time.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        self.is_retryable() || matches!(self, Self::Nonsense { .. })
    }

    /// Whether no engine could have done it, and none is to blame: the caller asked for too much, or there is no prompt.
    pub(crate) fn is_no_engines_fault(&self) -> bool {
        matches!(self, Self::Rejected { field: Some(_), .. } | Self::NoPrompt { .. })
    }

    /// The error of a stream that ended without [`TokenEvent::End`].
    pub(crate) fn just_stopped() -> Self {
        Self::BrokeOff { reason: "the token stream ended without a finish reason".into() }
    }
}
