//! Serves an [`axum::Router`] to clients that may be slow, too many, or gone.
//!
//! [`serve`] runs its own accept loop, because [`axum::serve()`] can't bound how many connections are open, or how long a
//! client may take to send a request, stay idle, or read nothing of what it is sent ([`Limits`]). Over HTTP/2, the last
//! bound holds for each stream. A [`Lifecycle`] ends serving in steps ([`Phase`]): no new requests, no new connections,
//! nothing at all. A [`Tls`] certificate follows its files while the server runs, as does any [`Watched`] value.
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::{Router, routing::get};
//! use svara_http::{Connections, Lifecycle, Limits, Settings};
//! use tokio::{
//!     io::{AsyncReadExt, AsyncWriteExt},
//!     net::{TcpListener, TcpStream},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let limits = Limits {
//!     connections: 1000,
//!     connections_per_address: 100,
//!     probes: &["/health"],
//!     header_bytes: 16 * 1024,
//!     header: Duration::from_secs(10),
//!     idle: Duration::from_secs(75),
//!     body: Duration::from_secs(60),
//!     write_stall: Duration::from_secs(20),
//!     write_bytes_per_s: 512,
//! };
//! let settings = Settings { limits, tls: None, drain_delay: Duration::ZERO, drain: Duration::from_secs(30) };
//! let app = Router::new().route("/", get(|| async { "hello" }));
//! let life = Lifecycle::default();
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let served = tokio::spawn(svara_http::serve(listener, app, life.clone(), Connections::default(), settings));
//!
//! let mut client = TcpStream::connect(address).await?;
//! client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).await?;
//! assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"));
//!
//! life.stop(); // as `stop_at_signals` does at a signal
//! served.await??;
//! # Ok(())
//! # }
//! ```

mod accept;
mod asked;
mod breaking;
mod client;
mod connection;
mod exchange;
mod forwarded;
mod framing;
mod half_closed;
mod heads;
mod io;
mod lifecycle;
mod place;
mod seats;
mod serve;
mod settings;
mod streams;
mod tls;
mod watched;

pub use self::{
    accept::{Refusals, accept},
    asked::BodyTimeout,
    breaking::Linger,
    client::{Network, Proxies},
    connection::Peer,
    lifecycle::{Lifecycle, Phase},
    place::Connections,
    seats::{Bound, Seat, Seats},
    serve::{ServeError, most_sockets, serve, stop_at_signals},
    settings::{Limits, Settings},
    tls::{Tls, TlsError},
    watched::{Watched, read_file},
};
