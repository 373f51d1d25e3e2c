//! Logging.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogConfig, LogFormat};

/// Starts logging to standard error; once per process.
pub fn init(config: &LogConfig) {
    let level = config.level.filter();
    // Libraries say more than an operator wants to read.
    let filter =
        Targets::new().with_default(level.min(tracing::level_filters::LevelFilter::WARN)).with_targets(
            ["svara_server", "svara_engine", "svara_snac", "svara_audio"].map(|target| (target, level)),
        );
    let pretty = match config.format {
        LogFormat::Auto => stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let registry = tracing_subscriber::registry().with(filter);
    if pretty {
        registry
            .with(fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal()).with_target(false))
            .init();
    } else {
        registry
            .with(fmt::layer().with_writer(stderr).json().flatten_event(true).with_span_list(false))
            .init();
    }
}
