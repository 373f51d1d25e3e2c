//! One connection, from accept to close.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CONNECTION, RETRY_AFTER},
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
};
use tower::Service;

use crate::{
    asked::{Timed, Unread, says_close},
    breaking::{Breaking, Linger},
    exchange::{self, Answer, Exchanges, Open},
    half_closed::HalfClosed,
    heads::Heads,
    io::Guarded,
    lifecycle::{Lifecycle, Phase},
    place::Place,
    seats::Seat,
    settings::Limits,
    streams::Streams,
    tls::Tls,
};

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) app: Router,
    pub(crate) life: Lifecycle,
    pub(crate) limits: Limits,
    pub(crate) tls: Option<Tls>,
}

/// The address of the client at the other end of a connection, in the extensions of its requests.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Concurrent requests on one HTTP/2 connection.
const HTTP2_STREAMS: u32 = 100;
/// How far an HTTP/2 response may run ahead of its client, in bytes.
const HTTP2_SEND_BUFFER_BYTES: usize = 64 * 1024;
/// An HTTP/2 connection that is silent for this long is pinged, and closed if the answer takes as long again.
const HTTP2_PING_AFTER: Duration = Duration::from_secs(20);
/// How long a client may keep a connection open after it was asked to close, with no request open on it.
const CLOSE: Duration = Duration::from_secs(5);

/// Serves a connection until it ends, for whatever reason.
pub(crate) async fn serve(stream: TcpStream, place: Place, seat: Arc<Seat>, shared: Arc<Shared>) {
    let peer = stream.peer_addr().ok().map(Peer);
    let Limits { write_stall, write_bytes_per_s, header, .. } = shared.limits;
    let breaking = Arc::new(Breaking::default());
    let stream = Guarded::new(
        stream,
        (write_stall, write_bytes_per_s),
        shared.life.clone(),
        place,
        Arc::clone(&breaking),
    );
    match &shared.tls {
        None => speak(stream, breaking, (peer, &seat), &shared).await,
        Some(tls) => {
            let shaking = tokio::time::timeout(header, tls.acceptor().accept(stream));
            let shaken = tokio::select! {
                shaken = shaking => shaken,
                () = seat.given_up() => return,
            };
            match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => speak(stream, breaking, (peer, &seat), &shared).await,
                Err(error) => tracing::debug!(%error, "the TLS handshake failed"),
            }
        }
    }
}

/// Speaks HTTP/1.1 or HTTP/2, whichever the client begins with.
async fn speak<S>(stream: S, breaking: Arc<Breaking>, (peer, seat): (Option<Peer>, &Seat), shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Shared { app, life, limits, .. } = shared;
    let exchanges = watch::Sender::new(Exchanges::default());
    let stream = Heads::new(HalfClosed::new(stream, Arc::clone(&breaking)), Arc::clone(&breaking));
    let (body_bound, probes, probes_only) = (limits.body, limits.probes, seat.only_probes().is_some());
    let (counted, app, polls) = (exchanges.clone(), app.clone(), Arc::clone(&breaking));
    let service = service_fn(move |request: Request<Incoming>| {
        let (open, version, breaking) = (Open::new(&counted), request.version(), Arc::clone(&breaking));
        let (closes, unread) = (says_close(request.headers()), Unread::default());
        let mut request = Timed::wrap(request, body_bound, &breaking, &unread);
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        request.extensions_mut().insert(Linger(Arc::clone(&breaking)));
        let answered = !probes_only || probes.contains(&request.uri().path());
        // A router is always ready.
        let answer = answered.then(|| app.clone().call(request));
        async move {
            let mut answer: Response<Body> = match answer {
                Some(answer) => answer.await?,
                None => full(),
            };
            unread.settle((version, closes), &mut answer, &breaking).await;
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
                breaking.upgrade();
            }
            Ok::<_, Infallible>(answer.map(|body| Answer::new(body, version, open, breaking)))
        }
    });
    let builder = builder(limits);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let close = async {
        tokio::select! {
            () = exchange::idle(&exchanges, limits.header, limits.idle) => {}
            () = give_way(&exchanges, seat) => {}
            () = life.reached(Phase::Closing) => {}
        }
    };
    let mut ended = tokio::select! {
        ended = polls.polled(connection.as_mut()) => Some(ended),
        () = close => {
            connection.as_mut().graceful_shutdown();
            None
        }
    };
    if ended.is_none() {
        // Open requests may finish. A request that is still being sent, or a client that doesn't close, is cut off.
        ended = tokio::select! {
            ended = polls.polled(connection.as_mut()) => Some(ended),
            () = exchange::idle(&exchanges, CLOSE, CLOSE) => None,
            () = life.reached(Phase::Stopping) => None,
        };
    }
    // A WebSocket lives on, and isn't idle.
    seat.set_idle(false);
    if let Some(Err(error)) = ended {
        tracing::debug!(error, "a connection ended");
    }
}

/// Keeps the seat informed, and returns when the connection has to give way and no request is open.
async fn give_way(exchanges: &watch::Sender<Exchanges>, seat: &Seat) {
    let mut seen = exchanges.subscribe();
    loop {
        let idle = seen.borrow_and_update().open == 0;
        seat.set_idle(idle);
        tokio::select! {
            // `exchanges` keeps the channel open, so this can't fail.
            _ = seen.changed() => {}
            // Probes end with it, whatever they do.
            () = seat.given_up() => if idle || seat.only_probes().is_some() { return },
        }
    }
}

/// The answer to all but probes on a connection for which there is no seat.
fn full() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn builder(limits: &Limits) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams { stall: limits.write_stall });
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle.max(limits.header))
        .max_buf_size(limits.header_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(HTTP2_STREAMS)
        .max_send_buf_size(HTTP2_SEND_BUFFER_BYTES)
        .keep_alive_interval(HTTP2_PING_AFTER)
        .keep_alive_timeout(HTTP2_PING_AFTER);
    builder
}
