//! A server that sends known samples with known pauses.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::net::TcpListener;

/// What the stub does with each request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Chunks of bytes, each after a pause.
    Chunks(Vec<(Duration, Bytes)>),
    /// Some bytes, then the connection breaks.
    Break(Bytes),
    /// A status and a body.
    Refuse(u16, &'static str),
}

/// Starts a stub; gives its base URL. It ends with the test's runtime.
pub(crate) async fn start(answer: Answer) -> String {
    let speak = {
        let answer = answer.clone();
        move |_body: Bytes| async move { respond(answer) }
    };
    let app =
        Router::new().route("/v1/text-to-speech", post(speak.clone())).route("/v1/audio/speech", post(speak));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Chunks(chunks) => {
            let body = stream::iter(chunks).then(|(pause, bytes)| async move {
                // The pace is what is measured.
                tokio::time::sleep(pause).await;
                Ok::<_, Infallible>(bytes)
            });
            Body::from_stream(body).into_response()
        }
        Answer::Break(bytes) => {
            let broken = std::io::Error::other("broken");
            // What the server has to send when it isn't ready yet for the end, it sends.
            let end = stream::once(async move {
                tokio::task::yield_now().await;
                Err(broken)
            });
            Body::from_stream(stream::iter([Ok(bytes)]).chain(end)).into_response()
        }
        Answer::Refuse(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
    }
}
