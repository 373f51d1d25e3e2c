//! A fake of vLLM: its `/v1/completions` stream with audio tokens, at a set pace or by a script.
//!
//! * [`Settings`] make it an engine under load: it answers as the request asks, at a pace, at little cost for thousands
//!   of streams. What it sends is rendered beforehand and shared by all streams, so that every stream says the same few
//!   seconds of noise over and over.
//! * A [`Script`] says word for word what it answers, for faults that a real vLLM doesn't have on demand.
//!
//! Its form is vLLM 0.32's, but for the ids of events, which are all the same. What it was asked can be read in the
//! process ([`FakeVllm::requests`]) and over HTTP (`/stats`, `/metrics`).

mod asked;
mod events;
mod pace;
mod plan;
mod request;
mod routes;
mod script;
mod settings;
mod state;
mod stream;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use axum::{http::HeaderMap, serve::ListenerExt};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use self::state::Shared;
pub use self::{
    pace::Pace,
    script::{End, Script, frame_tokens},
    settings::{Form, Length, Settings},
};

/// A running fake; it stops when dropped.
#[derive(Debug)]
pub struct FakeVllm {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl FakeVllm {
    /// Starts one on a free port of the loopback; it answers by the script.
    pub async fn start(script: Script) -> Self {
        let fake = Self::start_paced(Settings::default()).await;
        fake.set(script);
        fake
    }

    /// Starts one on a free port of the loopback; it answers by the settings.
    pub async fn start_paced(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has a free port");
        Self::serve(listener, settings).expect("a bound listener has an address")
    }

    /// Serves on a listener, on the runtime of the caller.
    ///
    /// # Errors
    /// The listener has no address.
    pub fn serve(listener: TcpListener, settings: Settings) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(settings));
        let counted = Arc::clone(&shared);
        let listener = listener.tap_io(move |connection| {
            counted.counts.accepts.fetch_add(1, Ordering::Relaxed);
            // Every event must leave when it is due. A connection that is gone already will say so by itself.
            let _ = connection.set_nodelay(true);
        });
        let server = axum::serve(listener, routes::router(Arc::clone(&shared)));
        let server = server.with_graceful_shutdown(shared.killed());
        let server = tokio::spawn(async move { server.await.unwrap_or_default() });
        Ok(Self { address, shared, server })
    }

    /// The base of its API.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Answers all further requests by this script.
    pub fn set(&self, script: Script) {
        self.shared.set_script(script);
    }

    /// Answers only the next request by this script.
    pub fn set_next(&self, script: Script) {
        self.shared.set_next_script(script);
    }

    /// Answers requests with this seed by this script, whatever the others get.
    pub fn set_for_seed(&self, seed: u64, script: Script) {
        self.shared.set_script_of_seed(seed, script);
    }

    /// The bodies of the newest 1000 requests, in the order they came.
    pub fn requests(&self) -> Vec<Value> {
        self.shared.asked().bodies()
    }

    /// The headers of the same requests.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.shared.asked().headers()
    }

    /// Connections so far, including those of probes.
    pub fn accepts(&self) -> u64 {
        self.shared.counts.accepts.load(Ordering::Relaxed)
    }

    /// Waits until `count` requests or more have come.
    pub async fn wait_for_requests(&self, count: u64) {
        self.shared.wait_for_requests(count).await;
    }

    /// Waits until exactly `count` streams are open.
    pub async fn wait_for_open_streams(&self, count: usize) {
        self.shared.wait_for_open(count).await;
    }

    /// Stops it, and cuts off all open streams. Returns once its port is closed.
    pub async fn kill(mut self) {
        self.shared.kill();
        // A task that failed is over as well.
        let _ = (&mut self.server).await;
    }
}

impl Drop for FakeVllm {
    fn drop(&mut self) {
        self.shared.kill();
    }
}
