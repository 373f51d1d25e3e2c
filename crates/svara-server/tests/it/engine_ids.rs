//! Each generation has an id of its own at the engine, whatever callers send: engines refuse an id that they have already,
//! or mix the two generations up.

use std::collections::BTreeSet;

use futures::{SinkExt, future::join_all};
use serde_json::{Value, json};
use svara_config::DecoderBackend;
use svara_testkit::{
    eventually,
    fake_vllm::{End, FakeVllm, Script},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::harness::Server;

async fn server(script: Script) -> Server {
    Server::with(script, |config| config.decoder.kind = DecoderBackend::Null).await
}

/// The ids that an engine got; each is a header as it may be, and not longer than what callers may send and what is added.
fn ids(engine: &FakeVllm) -> Vec<String> {
    let ids = engine.headers().into_iter().map(|headers| {
        assert_eq!(headers.get_all("x-request-id").iter().count(), 1, "{headers:?}");
        headers["x-request-id"].to_str().unwrap().to_owned()
    });
    let ids: Vec<String> = ids.collect();
    assert!(ids.iter().all(|id| id.len() < 200 && id.bytes().all(|byte| byte.is_ascii_graphic())), "{ids:?}");
    ids
}

fn assert_unique(ids: &[String]) {
    let different: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "{ids:?}");
}

async fn speak(server: &Server, id: &str, text: &str) -> u16 {
    let body = json!({"text": text, "voice": "hi_female", "response_format": "pcm"});
    let answer = server.request("/v1/text-to-speech", &body).header("x-request-id", id).send().await.unwrap();
    let status = answer.status().as_u16();
    let _ = answer.bytes().await;
    status
}

#[tokio::test]
async fn callers_ids_are_never_an_engines_alone() {
    let server = server(Script::frames(3)).await;
    let longest = "l".repeat(128);
    let given = ["same", "same-2", "same-retry", "same-s2", longest.as_str(), "\"quoted\"", "a,b;c=d", "0"];
    for _ in 0..3 {
        let statuses =
            join_all(given.iter().flat_map(|id| [speak(&server, id, "a"), speak(&server, id, "b")])).await;
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    }
    // The ids that the engine got before, sent by a caller.
    for id in ids(&server.engine) {
        assert_eq!(speak(&server, &id, "c").await, 200);
    }
    // Two in one request.
    let body = json!({"text": "a", "voice": "hi_female", "response_format": "pcm"});
    let twice = server
        .request("/v1/text-to-speech", &body)
        .header("x-request-id", "one")
        .header("x-request-id", "two");
    assert_eq!(twice.send().await.unwrap().status(), 200);
    let ids = ids(&server.engine);
    assert_eq!(ids.len(), 2 * 2 * 3 * given.len() + 1);
    assert_unique(&ids);
}

/// The pieces of one long text, beside another request of the same id.
#[tokio::test]
async fn pieces_have_ids_of_their_own() {
    let server = server(Script::frames(3)).await;
    let long = "यह एक लंबा वाक्य है जो कई बार आता है। ".repeat(40);
    let statuses = join_all((0..3).map(|_| speak(&server, "mine", &long))).await;
    assert_eq!(statuses, [200; 3]);
    let ids = ids(&server.engine);
    assert!(ids.len() >= 6, "{} pieces of three texts", ids.len());
    assert_unique(&ids);
}

/// Tries after a failure: at the same engine, at another one, and of a piece whose words are generated again.
#[tokio::test]
async fn tries_have_ids_of_their_own() {
    let other = FakeVllm::start(Script::frames(3)).await;
    let url = other.base_url();
    for fault in [
        Script { end: End::Refuse(500, "broken".into()), ..Script::frames(0) },
        Script { end: End::Eof, ..Script::frames(0) },
        Script::frames(0),
    ] {
        let alone = server(fault.clone()).await;
        let several = Server::with(fault, |config| {
            config.decoder.kind = DecoderBackend::Null;
            config.engine.base_url = format!("{},{url}", config.engine.base_url);
        })
        .await;
        for server in [&alone, &several] {
            join_all((0..4).map(|_| speak(server, "mine", "a"))).await;
        }
        assert!(ids(&alone.engine).len() > 4, "each was tried again");
        assert_unique(&ids(&alone.engine));
        let of_both = [ids(&several.engine), ids(&other)].concat();
        assert_unique(&of_both);
    }
}

/// The speeches of sockets whose clients name the same id.
#[tokio::test]
async fn speeches_of_sockets_have_ids_of_their_own() {
    let server = server(Script::frames(3)).await;
    let talk = async |path: &str, messages: &[Value]| {
        let mut request = format!("ws://{}{path}", server.address).into_client_request().unwrap();
        request.headers_mut().insert("x-request-id", "mine-s2".parse().unwrap());
        let (mut socket, _) = connect_async(request).await.unwrap();
        for message in messages {
            socket.send(Message::Text(message.to_string().into())).await.unwrap();
        }
        while let Some(Ok(_)) = futures::StreamExt::next(&mut socket).await {}
    };
    let text = |text: &str| json!({"text": text, "flush": true});
    let single = [json!({"text": " "}), text("One is here. "), text("Two is here. "), json!({"text": ""})];
    let context = |id: &str, text: &str| json!({"context_id": id, "text": text, "flush": true});
    let multi = [context("a", "One is here. "), context("b", "Two is here. "), json!({"close_socket": true})];
    let route = "/v1/text-to-speech/hi_female";
    let (single_path, multi_path) = (format!("{route}/stream-input"), format!("{route}/multi-stream-input"));
    join_all((0..3).map(|_| talk(&single_path, &single))).await;
    join_all((0..3).map(|_| talk(&multi_path, &multi))).await;
    assert_eq!(speak(&server, "mine-s2", "a").await, 200);
    let ids = ids(&server.engine);
    assert!(ids.len() >= 8, "{ids:?}");
    assert_unique(&ids);
}

/// Two servers in front of one engine, and a job whose item is tried again.
#[tokio::test]
async fn servers_and_jobs_share_no_id() {
    let directory = tempfile::tempdir().unwrap();
    let first = Server::with(Script::frames(3), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.jobs.store = directory.path().display().to_string();
    })
    .await;
    let url = first.engine.base_url();
    let second = Server::with(Script::frames(3), |config| {
        config.decoder.kind = DecoderBackend::Null;
        config.engine.base_url = url;
    })
    .await;
    let job = json!({"text": "a", "voice": "hi_female", "response_format": "pcm"});
    for _ in 0..2 {
        let post = first.request("/v1/jobs", &job).header("x-request-id", "mine").send().await.unwrap();
        assert_eq!(post.status(), 202);
    }
    assert_eq!((speak(&first, "mine", "a").await, speak(&second, "mine", "a").await), (200, 200));
    eventually("the jobs are spoken", async || (first.engine.requests().len() >= 4).then_some(())).await;
    assert_unique(&ids(&first.engine));
}
