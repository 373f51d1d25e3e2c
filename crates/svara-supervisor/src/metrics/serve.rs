//! `GET /metrics`.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request as HttpRequest, Response as HttpResponse, StatusCode, header::CONTENT_TYPE,
};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::prometheus_text;
use tokio::{net::TcpListener, sync::mpsc, task::AbortHandle, time::timeout};

use crate::control::{Call, Request, Response};

/// Connections served at once; for one more, the oldest is closed.
const MAX_CONNECTIONS: usize = 32;

/// Connections are closed after this time, idle or not.
const CONNECTION_LIMIT: Duration = Duration::from_secs(30);

/// Accepts connections forever.
pub async fn serve(listener: TcpListener, calls: mpsc::Sender<Call>) {
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Probably out of file descriptors; retry once some are closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        open.retain(|connection| !connection.is_finished());
        if open.len() >= MAX_CONNECTIONS
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
        }
        let calls = calls.clone();
        let connection = tokio::task::spawn_local(async move {
            let service = service_fn(|request| answer(request, calls.clone()));
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(5))
                .serve_connection(TokioIo::new(stream), service);
            // A scraper that disconnects or stalls gets no answer.
            let _ = timeout(CONNECTION_LIMIT, connection).await;
        });
        open.push_back(connection.abort_handle());
    }
}

async fn answer(
    request: HttpRequest<Incoming>,
    calls: mpsc::Sender<Call>,
) -> Result<HttpResponse<Full<Bytes>>, Infallible> {
    if request.uri().path() != "/metrics" {
        return Ok(plain(StatusCode::NOT_FOUND, "only /metrics is served here\n".to_owned()));
    }
    if request.method() != Method::GET {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is allowed\n".to_owned()));
    }
    let (reply, mut answer) = mpsc::channel(1);
    // Fails if the supervisor is about to exit; then there is no answer either.
    let _ = calls.send(Call { request: Request::Metrics, reply, timeout: None }).await;
    Ok(match answer.recv().await {
        Some(Response::Metrics(text)) => plain(StatusCode::OK, text),
        _ => plain(StatusCode::SERVICE_UNAVAILABLE, "the supervisor is shutting down\n".to_owned()),
    })
}

fn plain(status: StatusCode, text: String) -> HttpResponse<Full<Bytes>> {
    let mut response = HttpResponse::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static(prometheus_text::CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
