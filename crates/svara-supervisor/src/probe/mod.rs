//! Probes: is it started, ready, alive, making progress?
//!
//! [`Threshold`] and [`HangDetector`] decide from values; [`Watch`] asks the program and reports what they decide.

mod check;
mod hang;
mod http;
mod metrics;
mod threshold;
mod watch;

use std::time::Duration;

pub use check::check;
pub use hang::{HangDetector, Sample};
pub use http::{HttpError, get, post_json};
pub use metrics::sum_of;
pub use threshold::Threshold;
pub use watch::{Finding, Found, Watch};

/// One question that is asked again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeSpec {
    /// The question.
    pub check: Check,
    /// Time from one answer to the next question.
    pub period: Duration,
    /// No answer within this time counts as a failure.
    pub timeout: Duration,
    /// Failures in a row that flip it.
    pub failures: u32,
    /// Successes in a row that flip it back.
    pub successes: u32,
    /// Startup only: all of it has to succeed within this time.
    pub deadline: Duration,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// HTTP GET; a status from 200 to 399 is a success. Not HEAD: vLLM answers that with 405.
    Http(::http::Uri),
    /// A connection to `host:port` can be opened.
    Tcp(String),
    /// A command exits with 0.
    Command(Vec<String>),
}

/// How a hang is noticed: there is work, and the progress counter stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HangSpec {
    /// Prometheus text with both metrics.
    pub metrics: ::http::Uri,
    /// Gauge of the requests in work, summed over its label sets.
    pub running: String,
    /// Counter that grows with every piece of work done, summed likewise.
    pub progress: String,
    /// Standing still for this long, with work to do, is a hang.
    pub stall: Duration,
    /// Time between two looks.
    pub period: Duration,
    /// A small request of our own, sent when there is no other work.
    pub canary: Option<CanarySpec>,
}

/// A request that makes an idle engine show that it still works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanarySpec {
    /// Where it is posted.
    pub url: ::http::Uri,
    /// JSON body.
    pub body: String,
    /// Time between two of them.
    pub every: Duration,
}
