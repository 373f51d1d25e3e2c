//! Logging, and the export of traces.

#[cfg(feature = "otlp")]
mod otlp;
#[cfg_attr(not(feature = "otlp"), path = "no_trace.rs")]
pub(crate) mod trace;
mod traced;

use std::io::{IsTerminal, stderr};

use tokio::runtime::Handle;
use tracing_subscriber::{
    Layer, filter::Targets, fmt, layer::SubscriberExt, registry::LookupSpan, util::SubscriberInitExt,
};

pub(crate) use self::traced::Traced;
use crate::config::{Config, LogConfig, LogFormat};

/// How the names of our crates begin: what they log is what an operator wants to read.
const OUR_CRATES: &str = "svara_";

/// Runs for as long as the process; [`Telemetry::shutdown`] sends what is left.
#[must_use = "what is left of the traces is lost without a shutdown"]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    exporter: Option<otlp::Exporter>,
}

/// Starts logging to standard error, and the export of traces where it is configured; once per process. Spans are sent
/// from `runtime`.
///
/// # Errors
/// The exporter can't be made.
pub fn init(config: &Config, runtime: &Handle) -> anyhow::Result<Telemetry> {
    #[cfg(feature = "otlp")]
    {
        let exporter = otlp::Exporter::new(&config.telemetry, runtime)?;
        let layer = exporter.as_ref().map(otlp::Exporter::layer);
        tracing_subscriber::registry().with(log_layer(&config.log)).with(layer).init();
        Ok(Telemetry { exporter })
    }
    #[cfg(not(feature = "otlp"))]
    {
        // What it would be for.
        let _ = runtime;
        tracing_subscriber::registry().with(log_layer(&config.log)).init();
        Ok(Telemetry {})
    }
}

/// Whether this process exports traces.
pub(crate) fn traces() -> bool {
    #[cfg(feature = "otlp")]
    let traces = otlp::enabled();
    #[cfg(not(feature = "otlp"))]
    let traces = false;
    traces
}

impl Telemetry {
    /// Sends the spans that are still here, for a few seconds at most. Blocks; the runtime must still be there.
    pub fn shutdown(self) {
        #[cfg(feature = "otlp")]
        if let Some(exporter) = self.exporter {
            exporter.shutdown();
        }
    }
}

/// What goes to standard error.
fn log_layer<S>(config: &LogConfig) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let level = config.level.filter();
    // Libraries say more than an operator wants to read.
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
