use futures::StreamExt;
use serde_json::json;
use svara_server::config::Seconds;
use svara_testkit::fake_vllm::{End, Script};

use crate::harness::Server;

/// A stop lets the open stream finish, takes nothing new, and then returns.
#[tokio::test]
async fn open_streams_finish_before_the_server_stops() {
    let script = Script { pause: std::time::Duration::from_millis(20), ..Script::frames(20) };
    let mut server = Server::start(script).await;
    let mut response = server.speak(json!({})).await;
    let first = response.chunk().await.unwrap().unwrap().len();
    server.life.stop();
    let rest: usize =
        response.bytes_stream().map(|chunk| chunk.unwrap().len()).collect::<Vec<_>>().await.iter().sum();
    assert_eq!(first + rest, 20 * 2048 * 2);
    (&mut server.stopped).await.unwrap().unwrap();
    let refused = server.client.get(server.url("/health")).send().await;
    assert!(refused.unwrap_err().is_connect());
}

/// A stream that doesn't end holds a stop up for the deadline and no longer.
#[tokio::test]
async fn the_drain_has_a_deadline() {
    let script = Script { end: End::Hang, ..Script::frames(5) };
    let mut server = Server::with(script, |config| config.server.drain_seconds = Seconds::new(1)).await;
    let mut response = server.speak(json!({})).await;
    response.chunk().await.unwrap().unwrap();
    server.life.stop();
    (&mut server.stopped).await.unwrap().unwrap();
}
