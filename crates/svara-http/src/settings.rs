//! Settings of a server: bounds, TLS, drain.

use std::time::Duration;

use crate::tls::Tls;

/// How [`serve`](crate::serve) serves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds on connections.
    pub limits: Limits,
    /// HTTPS with this certificate; `None` serves plain HTTP.
    pub tls: Option<Tls>,
    /// How long the listener stays open once the drain begins; part of `drain`.
    pub drain_delay: Duration,
    /// How long open requests may go on once the drain begins.
    pub drain: Duration,
}

/// Bounds on connections.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections at once. For a further one, the one that has been idle for the longest is closed; if none is idle,
    /// the new one gets status 503, unless it asks for one of `probes`.
    pub connections: usize,
    /// Most connections of one address, or of an IPv6 network of 64 bits.
    pub connections_per_address: usize,
    /// Paths that are answered even when all connections are taken.
    pub probes: &'static [&'static str],
    /// Largest request line and headers together, in bytes, from 8192; over HTTP/2, the largest list of headers.
    pub header_bytes: usize,
    /// From the start of a connection to the end of the first request's headers. The TLS handshake may take as long
    /// again.
    pub header: Duration,
    /// From a response to the end of the next request's headers.
    pub idle: Duration,
    /// From the end of a request's headers to the end of its body.
    pub body: Duration,
    /// How long a client may read nothing of what is sent. Over HTTP/2 this holds for each stream.
    pub write_stall: Duration,
    /// The least that a client may read, in bytes per second of waiting for it, judged each time that the server has waited
    /// for `write_stall`. 0: anything.
    pub write_bytes_per_s: u32,
}
