//! The connections to an engine.

use std::{cell::Cell, error::Error, time::Duration};

use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect::Policy};
use tower::util::MapResponseLayer;

use super::VllmError;

/// How far an HTTP/2 stream may run ahead of its reader: most of a piece. Streams whose listeners are slow must not use up
/// what all streams of the connection share.
const HTTP2_STREAM_BYTES: u32 = 128 * 1024;
/// The largest window of HTTP/2.
const HTTP2_CONNECTION_BYTES: u32 = (1 << 31) - 1;

tokio::task_local! {
    /// Whether a connection was opened for the request that this task sends.
    static OPENED: Cell<bool>;
}

/// Keeps connections, over HTTP/2 where the engine offers it in a TLS handshake.
pub(super) struct EngineClient {
    kept: Client,
    /// Always opens a connection.
    fresh: Client,
}

impl EngineClient {
    pub(super) fn new(connect_timeout: Duration) -> Result<Self, VllmError> {
        // This fails if a provider is installed already, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let kept = builder(connect_timeout).build()?;
        let fresh = builder(connect_timeout).pool_max_idle_per_host(0).build()?;
        Ok(Self { kept, fresh })
    }

    pub(super) fn get(&self, url: &str) -> RequestBuilder {
        self.kept.get(url)
    }

    pub(super) fn post(&self, url: &str) -> RequestBuilder {
        self.kept.post(url)
    }

    /// Sends a request. An engine may close an idle connection just when it is used again: then the request goes out once
    /// more, over a new one. A new connection that is closed without an answer is a failure of the engine.
    pub(super) async fn send(&self, request: RequestBuilder) -> reqwest::Result<Response> {
        let request = request.build()?;
        let again = request.try_clone();
        let sending = async {
            let answer = self.kept.execute(request).await;
            (answer, OPENED.with(Cell::get))
        };
        match (OPENED.scope(Cell::new(false), sending).await, again) {
            ((Err(error), false), Some(again)) if was_closed(&error) => self.fresh.execute(again).await,
            ((answer, _), _) => answer,
        }
    }
}

fn builder(connect_timeout: Duration) -> ClientBuilder {
    let client = Client::builder();
    // A request on a pooled connection that the network has lost fails as soon as a new connection would, and not
    // only when the first token is overdue.
    #[cfg(target_os = "linux")]
    let client = client.tcp_user_timeout(connect_timeout);
    client
        .connect_timeout(connect_timeout)
        .connector_layer(MapResponseLayer::new(opened))
        .tcp_nodelay(true)
        .http2_initial_stream_window_size(HTTP2_STREAM_BYTES)
        .http2_initial_connection_window_size(HTTP2_CONNECTION_BYTES)
        // Texts go to the configured engine and nowhere else.
        .redirect(Policy::none())
        // Engines are in the same network: a proxy from the environment would only be in the way.
        .no_proxy()
}

/// Notes that a connection was opened. If a kept one becomes free first, hyper finishes the new one in a task of its own, which
/// belongs to no request.
fn opened<C>(connection: C) -> C {
    // Outside of a request there is nobody to tell.
    let _ = OPENED.try_with(|opened| opened.set(true));
    connection
}

/// Whether the connection was there and ended before any answer.
fn was_closed(error: &reqwest::Error) -> bool {
    if error.is_connect() || error.is_timeout() || error.is_builder() {
        return false;
    }
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.any(|cause| {
        let reset = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let text = cause.to_string();
        matches!(reset, Some(std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe))
            // hyper's error isn't a type of ours.
            || text.contains("connection closed before message completed")
            || text.contains("operation was canceled")
    })
}
