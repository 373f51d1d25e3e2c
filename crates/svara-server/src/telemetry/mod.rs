//! Logging, and the export of traces.

mod otlp;
pub(crate) mod trace;
mod traced;

use std::io::{IsTerminal, stderr};

use tokio::runtime::Handle;
use tracing_subscriber::{
    Layer, filter::Targets, fmt, layer::SubscriberExt, registry::LookupSpan, util::SubscriberInitExt,
};

pub(crate) use self::traced::Traced;
use crate::config::{Config, LogConfig, LogFormat};

/// The common prefix of our crates' names. Their log lines are what an operator wants to read.
const OUR_CRATES: &str = "svara_";

/// Logging and traces. It lives as long as the process; [`Telemetry::shutdown`] sends the remaining spans.
#[must_use = "the last spans are lost without a shutdown"]
pub struct Telemetry {
    exporter: Option<otlp::Exporter>,
}

/// Starts logging to standard error, and the export of traces if it is configured; once per process. `runtime` sends
/// the spans.
///
/// # Errors
/// The exporter can't be created.
pub fn init(config: &Config, runtime: &Handle) -> anyhow::Result<Telemetry> {
    let exporter = otlp::Exporter::new(&config.telemetry, runtime)?;
    let layer = exporter.as_ref().map(otlp::Exporter::layer);
    tracing_subscriber::registry().with(log_layer(&config.log)).with(layer).init();
    Ok(Telemetry { exporter })
}

/// Whether this process exports traces.
pub(crate) fn traces() -> bool {
    otlp::enabled()
}

impl Telemetry {
    /// Sends the remaining spans. Blocks for a few seconds at most; the runtime must still be running.
    pub fn shutdown(self) {
        if let Some(exporter) = self.exporter {
            exporter.shutdown();
        }
    }
}

/// The layer that logs to standard error.
fn log_layer<S>(config: &LogConfig) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let level = config.level.filter();
    // Libraries log more than an operator wants to read.
    let filter = Targets::new()
        .with_default(level.min(tracing::level_filters::LevelFilter::WARN))
        .with_target(OUR_CRATES, level);
    let pretty = match config.format {
        LogFormat::Auto => stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    if pretty {
        let layer = fmt::layer().with_writer(stderr).with_ansi(stderr().is_terminal()).with_target(false);
        layer.with_filter(filter).boxed()
    } else {
        let layer = fmt::layer().with_writer(stderr).json().flatten_event(true).with_span_list(false);
        layer.with_filter(filter).boxed()
    }
}
