//! ONNX Runtime's own log, as lines of ours.

use std::sync::Arc;

use ort::logging::{LogLevel, LoggerFunction};

/// The target of its lines.
const TARGET: &str = "onnxruntime";

/// Writes its errors as warnings: they come back as values, too, and who gets those decides what they mean.
pub(super) fn logger() -> LoggerFunction {
    Arc::new(|level, _category, _id, place, message| {
        let message = message.trim_end();
        match level {
            LogLevel::Fatal | LogLevel::Error => tracing::warn!(target: TARGET, place, "{message}"),
            LogLevel::Warning | LogLevel::Info | LogLevel::Verbose => {
                tracing::debug!(target: TARGET, place, "{message}");
            }
        }
    })
}
