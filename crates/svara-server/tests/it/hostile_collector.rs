//! Collectors of traces that send the spans elsewhere, or answer without an end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Body, response::Redirect, routing::any};
use bytes::Bytes;
use futures::{StreamExt, stream};
use svara_testkit::{
    PATIENCE, eventually,
    fake_vllm::{FakeVllm, Script},
};
use tokio::net::TcpListener;

use crate::traces::{Program, speak};

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

async fn traced(collector: &str) -> (FakeVllm, Program) {
    let engine = FakeVllm::start(Script::frames(4)).await;
    let program = Program::start(&engine, &format!("[telemetry]\notlp_endpoint = {collector:?}"));
    assert_eq!(speak(&program, true).await.unwrap().len(), 4 * 2048 * 2);
    (engine, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_takes_spans_elsewhere() {
    let (redirected, elsewhere) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&elsewhere);
    let other = serve(Router::new().fallback(any(async move || {
        count.fetch_add(1, Ordering::Relaxed);
    })))
    .await;
    for status in [301, 302, 307, 308] {
        let (count, to) = (Arc::clone(&redirected), format!("{other}/v1/traces"));
        count.store(0, Ordering::Relaxed);
        let answer = async move || {
            count.fetch_add(1, Ordering::Relaxed);
            let mut answer = axum::response::IntoResponse::into_response(Redirect::temporary(&to));
            *answer.status_mut() = status.try_into().unwrap();
            answer
        };
        let collector = serve(Router::new().fallback(any(answer))).await;
        let (_engine, program) = traced(&collector).await;
        eventually("spans are sent", async || (redirected.load(Ordering::Relaxed) > 0).then_some(())).await;
        tokio::task::block_in_place(|| program.stop());
        assert_eq!(elsewhere.load(Ordering::Relaxed), 0, "{status} was followed");
    }
}

/// A proxy in the environment is for other programs: spans go to the collector and nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_gets_spans() {
    let counter = async |count: &Arc<AtomicUsize>| {
        let count = Arc::clone(count);
        serve(Router::new().fallback(any(async move || {
            count.fetch_add(1, Ordering::Relaxed);
        })))
        .await
    };
    let (collected, proxied) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (collector, proxy) = (counter(&collected).await, counter(&proxied).await);
    let engine = FakeVllm::start(Script::frames(4)).await;
    let more = format!("[telemetry]\notlp_endpoint = {collector:?}");
    let variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, proxy.as_str()));
    let program = Program::start_with(&engine, &more, &variables);
    assert_eq!(speak(&program, true).await.unwrap().len(), 4 * 2048 * 2);
    tokio::task::block_in_place(|| program.stop());
    let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
    assert!(count(&collected) > 0 && count(&proxied) == 0, "{} {}", count(&collected), count(&proxied));
}

/// An answer without an end is read in part, and keeps neither requests nor the end of the server.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_end_is_bounded() {
    let sent = Arc::new(AtomicUsize::new(0));
    for pause in [Duration::ZERO, Duration::from_millis(100)] {
        sent.store(0, Ordering::Relaxed);
        let count = Arc::clone(&sent);
        let answer = async move || {
            let piece = Bytes::from_static(&[0; 16 << 10]);
            let pieces = stream::repeat(piece).then(move |piece| {
                let count = Arc::clone(&count);
                async move {
                    tokio::time::sleep(pause).await;
                    count.fetch_add(piece.len(), Ordering::Relaxed);
                    Ok::<_, std::io::Error>(if pause.is_zero() { piece } else { piece.slice(..1) })
                }
            });
            Body::from_stream(pieces)
        };
        let collector = serve(Router::new().fallback(any(answer))).await;
        let (_engine, program) = traced(&collector).await;
        eventually("spans are sent", async || (sent.load(Ordering::Relaxed) > 0).then_some(())).await;
        assert_eq!(speak(&program, true).await.unwrap().len(), 4 * 2048 * 2);
        let stopping = Instant::now();
        tokio::task::block_in_place(|| program.stop());
        assert!(stopping.elapsed() < PATIENCE, "{:?}", stopping.elapsed());
        // What lies in the buffers of sockets was sent, too.
        assert!(sent.load(Ordering::Relaxed) < 64 << 20, "{} bytes", sent.load(Ordering::Relaxed));
    }
}
