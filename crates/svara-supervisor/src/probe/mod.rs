//! Probes: has a program started, is it ready, alive, making progress?
//!
//! [`Threshold`] and [`HangDetector`] decide from values; [`Watch`] queries the program and reports their decisions.

mod check;
mod command;
mod hang;
mod http;
mod metrics;
mod resolve;
mod threshold;
mod watch;

use std::time::Duration;

pub use check::check;
pub use hang::{HangDetector, Sample};
pub use http::{HttpError, get, notify, post_json, status_of};
pub use metrics::sum_of;
pub use threshold::Threshold;
pub use watch::{Finding, Found, Watch};

/// A check that runs periodically.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeSpec {
    /// The check.
    pub check: Check,
    /// Time from one result to the next check.
    pub period: Duration,
    /// A check that takes longer than this fails.
    pub timeout: Duration,
    /// Consecutive failures that turn the verdict to failing.
    pub failures: u32,
    /// Consecutive successes that turn the verdict to passing.
    pub successes: u32,
    /// Startup probe only: it must pass within this time.
    pub deadline: Duration,
}

/// What a probe checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// An HTTP GET returns a status from 200 to 399. Not HEAD, which vLLM answers with 405.
    Http(::http::Uri),
    /// A TCP connection can be opened.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A command exits with 0.
    Command(Vec<String>),
    /// The program has printed a line that contains this, since it started.
    Log(String),
}

/// Settings of hang detection: work is pending, but the progress counter doesn't move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HangSpec {
    /// URL of a Prometheus page with both metrics.
    pub metrics: ::http::Uri,
    /// Gauge of the requests in progress, summed over its label sets.
    pub running: String,
    /// Counter of work done, summed likewise.
    pub progress: String,
    /// Time without progress, with work pending, that counts as a hang.
    pub stall: Duration,
    /// Time between readings.
    pub period: Duration,
    /// A small request that we send if there is no other work.
    pub canary: Option<CanarySpec>,
}

/// A request that makes an idle engine prove that it still works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanarySpec {
    /// URL to post to.
    pub url: ::http::Uri,
    /// Headers besides those of any request, such as one with a key; their values are shown nowhere.
    pub headers: Vec<(::http::HeaderName, ::http::HeaderValue)>,
    /// JSON body.
    pub body: String,
    /// Time between canaries.
    pub every: Duration,
}
