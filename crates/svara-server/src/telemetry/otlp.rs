//! The export of spans: OTLP over HTTP, in protobuf.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider},
};
use reqwest::redirect::Policy;
use svara_config::TelemetryConfig;
use svara_service::metrics::MILESTONE;
use tokio::runtime::Handle;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use super::OUR_CRATES;

/// The most spans waiting to be sent; further ones are dropped, and the log says so.
const QUEUE_SPANS: usize = 4096;
const BATCH_SPANS: usize = 512;
/// How long spans wait for others to be sent together.
const SEND_EVERY: Duration = Duration::from_secs(2);
/// How long the collector may take to answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer that is read: it says how many spans were refused, and why.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Whether this process exports traces.
static ENABLED: AtomicBool = AtomicBool::new(false);

pub(super) fn enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// Sends spans to a collector from a separate thread, so that a slow or dead collector doesn't delay requests.
pub(super) struct Exporter {
    provider: SdkTracerProvider,
}

impl Exporter {
    /// The exporter, if one is configured.
    pub(super) fn new(config: &TelemetryConfig, runtime: &Handle) -> anyhow::Result<Option<Self>> {
        if config.otlp_endpoint.is_empty() {
            return Ok(None);
        }
        let base = config.otlp_endpoint.trim_end_matches('/');
        let url = if base.ends_with("/v1/traces") { base.to_owned() } else { format!("{base}/v1/traces") };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(runtime)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url)
            .with_timeout(SEND_TIMEOUT)
            .build()
            .context("can't export traces (telemetry.otlp_endpoint)")?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_SPANS)
            .with_max_export_batch_size(BATCH_SPANS)
            .with_scheduled_delay(SEND_EVERY)
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio)));
        let resource = Resource::builder().with_service_name(config.service_name.clone()).build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        ENABLED.store(true, Ordering::Relaxed);
        Ok(Some(Self { provider }))
    }

    /// The layer that exports our spans, whatever the log level is.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        let layer: OpenTelemetryLayer<S, SdkTracer> =
            tracing_opentelemetry::layer().with_tracer(self.provider.tracer("svara-server"));
        let layer = layer.with_location(false).with_threads(false).with_target(false).with_level(false);
        // Our spans and the milestones in them; log lines aren't exported.
        let ours = |metadata: &tracing::Metadata<'_>| {
            let target = metadata.target();
            if metadata.is_span() { target.starts_with(OUR_CRATES) } else { target == MILESTONE }
        };
        layer.with_filter(filter_fn(ours))
    }

    pub(super) fn shutdown(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(SEND_TIMEOUT) {
            tracing::warn!(reason = %error, "the last spans were not sent");
        }
    }
}

/// An HTTP client for the exporter's thread; the runtime does its work.
struct Client {
    client: reqwest::Client,
    runtime: Handle,
}

impl Client {
    fn new(runtime: &Handle) -> anyhow::Result<Self> {
        crate::cryptography::choose();
        // Traces go to the configured collector and nowhere else: through no proxy that the environment names, either.
        let client =
            reqwest::Client::builder().timeout(SEND_TIMEOUT).redirect(Policy::none()).no_proxy().build();
        Ok(Self { client: client.context("can't create an HTTP client")?, runtime: runtime.clone() })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl HttpClient for Client {
    fn send_bytes<'client, 'sending>(
        &'client self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sending>>
    where
        'client: 'sending,
        Self: 'sending,
    {
        let client = self.client.clone();
        let sending = self.runtime.spawn(async move {
            // The timeout is that of the whole answer.
            let mut answer = client.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                *headers = answer.headers().clone();
            }
            let mut body = Vec::new();
            while let Some(more) = answer.chunk().await? {
                if body.len() + more.len() > MAX_ANSWER_BYTES {
                    return Err(
                        format!("the collector's answer has more than {MAX_ANSWER_BYTES} bytes").into()
                    );
                }
                body.extend_from_slice(&more);
            }
            Ok::<_, HttpError>(response.body(body.into())?)
        });
        Box::pin(async move { sending.await? })
    }
}
