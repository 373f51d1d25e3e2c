//! Logging, and the export of traces.

mod lines;
mod otlp;
pub(crate) mod trace;
mod traced;
mod writer;

use std::{
    fs::File,
    io::{IsTerminal, stderr},
    sync::{LazyLock, Mutex},
};

use anyhow::Context;
use svara_api::audit;
use svara_config::{Config, LogConfig, LogFormat};
use tokio::runtime::Handle;
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

pub(crate) use self::{lines::left_out, traced::Traced, writer::lost};
use self::{
    lines::{Limit, Limited},
    writer::{Counted, Output, Queue},
};

/// The common prefix of our crates' names. Their log lines are what an operator wants to read.
const OUR_CRATES: &str = "svara_";

/// Logging and traces. It lives as long as the process; [`Telemetry::shutdown`] sends the remaining spans and writes the
/// last lines.
#[must_use = "the last spans and lines are lost without a shutdown"]
pub struct Telemetry {
    log: Queue,
    exporter: Option<otlp::Exporter>,
}

/// Bounds on the lines of the log and of the audit file.
static LOG: LazyLock<Limit> = LazyLock::new(|| Limit::new(true));
static AUDIT: LazyLock<Limit> = LazyLock::new(|| Limit::new(false));

/// Starts logging to standard error, and the export of traces if it is configured; once per process. `runtime` sends
/// the spans.
///
/// # Errors
/// The exporter or the log's thread can't be created, or the audit file can't be opened.
pub fn init(config: &Config, runtime: &Handle) -> anyhow::Result<Telemetry> {
    let exporter = otlp::Exporter::new(&config.telemetry, runtime)?;
    let layer = exporter.as_ref().map(otlp::Exporter::layer);
    let audit_layer = audit_layer(&config.log)?;
    let log = Queue::new(stderr()).context("can't start the log's thread")?;
    let log_layer = log_layer(&config.log, log.clone());
    tracing_subscriber::registry().with(log_layer).with(audit_layer).with(layer).init();
    runtime.spawn(LOG.tell());
    runtime.spawn(AUDIT.tell());
    runtime.spawn(writer::tell());
    Ok(Telemetry { log, exporter })
}

/// Whether this process exports traces.
pub(crate) fn traces() -> bool {
    otlp::enabled()
}

impl Telemetry {
    /// Sends the remaining spans and writes the last lines. Blocks for a few seconds at most; the runtime must still be
    /// running.
    pub fn shutdown(self) {
        if let Some(exporter) = self.exporter {
            exporter.shutdown();
        }
        self.log.flush();
    }
}

/// Whether log lines are JSON.
pub(crate) fn is_json(config: &LogConfig) -> bool {
    match config.format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Pretty => false,
        LogFormat::Json => true,
    }
}

/// The layer that logs to standard error.
fn log_layer<S>(config: &LogConfig, log: Queue) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let level = config.level.filter();
    // Libraries log more than an operator wants to read.
    let filter = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(OUR_CRATES, level)
        .with_target(audit::TARGET, LevelFilter::INFO)
        .and(Limited(&LOG));
    // Otherwise a line that fails is told by a print that panics where standard error is closed.
    let layer = fmt::layer().with_writer(log).log_internal_errors(false);
    if !is_json(config) {
        let layer = layer.with_ansi(stderr().is_terminal()).with_target(false);
        layer.with_filter(filter).boxed()
    } else {
        let layer = layer.json().flatten_event(true).with_span_list(false);
        layer.with_filter(filter).boxed()
    }
}

/// The layer that appends audit lines to a file, if there is one.
///
/// # Errors
/// The file can't be opened.
fn audit_layer<S>(config: &LogConfig) -> anyhow::Result<Option<Box<dyn Layer<S> + Send + Sync>>>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let path = &config.audit_file;
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).with_context(|| format!("log.audit_file {}", path.display()))?;
    let filter = Targets::new().with_target(audit::TARGET, LevelFilter::INFO).and(Limited(&AUDIT));
    // Written before the request is answered, and so kept whatever becomes of the process.
    let file = Mutex::new(Counted::new(Output::Audit, file));
    let layer = fmt::layer().with_writer(file).log_internal_errors(false);
    let layer = layer.with_ansi(false).json().flatten_event(true);
    Ok(Some(layer.with_current_span(false).with_span_list(false).with_filter(filter).boxed()))
}
