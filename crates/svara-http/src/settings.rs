//! The settings of a server.

use std::{sync::Arc, time::Duration};

use crate::tls::Tls;

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds on connections.
    pub limits: Limits,
    /// TLS, if the server uses it.
    pub tls: Option<Arc<Tls>>,
    /// How long the listener stays open after the stop signal.
    pub drain_delay: Duration,
    /// How long open streams may continue after the stop signal.
    pub drain: Duration,
}

/// Bounds on connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Concurrent connections.
    pub connections: usize,
    /// The largest head of a request, in bytes.
    pub header_bytes: usize,
    /// The longest time from connecting, including TLS, to the last header of the first request.
    pub header: Duration,
    /// The longest time from a response to the last header of the next request.
    pub idle: Duration,
    /// The longest time from a request's headers to the end of its body.
    pub body: Duration,
    /// How long a client may read nothing.
    pub write_stall: Duration,
}
