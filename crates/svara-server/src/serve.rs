//! Serving until told to stop, and the drain after that.

use std::{future::Future, time::Duration};

use anyhow::Context;
use axum::{Router, serve::ListenerExt};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Serves until `stop` is done, then takes no new connections and gives the open streams up to `drain` to finish.
/// What is still open then is broken off when the caller drops the async runtime.
///
/// # Errors
/// The listener has no address.
pub async fn run(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    drain: Duration,
) -> anyhow::Result<()> {
    tracing::info!(address = %listener.local_addr().context("the listener has no address")?, "listening");
    let listener = listener.tap_io(|connection| {
        // Small chunks of audio must leave at once. A connection that is gone already will say so by itself.
        let _ = connection.set_nodelay(true);
    });
    let (draining, mut drained) = watch::channel(false);
    let stopping = async move {
        stop.await;
        tracing::info!("stopping: no new connections, open streams may finish");
        draining.send_replace(true);
    };
    let server = axum::serve(listener, app).with_graceful_shutdown(stopping);
    let deadline = async {
        // An error means that the server is gone, and with it the sender.
        if drained.wait_for(|draining| *draining).await.is_ok() {
            tokio::time::sleep(drain).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        result = server.into_future() => result.context("the server failed")?,
        () = deadline => tracing::warn!(after_s = drain.as_secs_f64(), "open streams are broken off"),
    }
    tracing::info!("stopped");
    Ok(())
}

/// Done at the first SIGTERM or SIGINT.
///
/// # Errors
/// The signals can't be caught.
pub fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate()).context("can't catch SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can't catch SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
