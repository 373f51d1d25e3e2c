//! How a server serves.

use std::{sync::Arc, time::Duration};

use crate::tls::Tls;

/// How a server serves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds on connections.
    pub limits: Limits,
    /// TLS, where there is any.
    pub tls: Option<Arc<Tls>>,
    /// How long the listener stays after the stop signal.
    pub drain_delay: Duration,
    /// How long open streams may go on after the stop signal.
    pub drain: Duration,
}

/// Bounds on connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Largest head of a request.
    pub header_bytes: usize,
    /// From connecting (with TLS) to the first request's last header.
    pub header: Duration,
    /// From an answer to the last header of the next request.
    pub idle: Duration,
    /// From a request's headers to the end of its body.
    pub body: Duration,
    /// How long a client may take nothing of what is sent.
    pub write_stall: Duration,
}
