//! The hosted Svara API's lists: voices and their samples, usage, and the formats of ElevenLabs' routes.

use serde_json::{Value, json};
use svara_audio::Format;
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::{End, Script};

use crate::{
    harness::{Server, status_and_json},
    hosted::{KEY, get, header, request, speak},
};

#[tokio::test]
async fn voices_have_the_fields_and_labels_that_clients_filter_by() {
    let server = Server::start(Script::frames(1)).await;
    let (_, list) = get(&server, "/v1/voices").await;
    let voices = list["voices"].as_array().unwrap();
    assert_eq!(voices.len(), 38);
    for voice in voices {
        for field in [
            "voice_id",
            "name",
            "gender",
            "accent_family",
            "description",
            "model_id",
            "category",
            "curated",
            "is_default",
            "preview_url",
            "quality_warning",
            "hours",
            "labels",
        ] {
            assert!(voice.get(field).is_some(), "{field}: {voice}");
        }
        assert!(voice["labels"]["quality_band"].is_string() && voice["quality_warning"].is_array());
    }
    let hindi =
        |voice: &&Value| voice["labels"]["native_language_code"] == "hi" && voice["gender"] == "female";
    let found: Vec<&Value> = voices.iter().filter(hindi).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["labels"]["native_language"], "Hindi");
    let (_, one) = get(&server, "/v1/voices/bh_male").await;
    assert_eq!(one["labels"]["native_language_code"], "bho");
    // Links work as they stand, in all lists.
    let (_, page) = get(&server, "/v2/voices").await;
    for voice in [&voices[0], &one, &page["voices"][0]] {
        let url = voice["preview_url"].as_str().unwrap();
        assert!(url.starts_with(&server.url("/v1/voices/")), "{url}");
        assert_eq!(server.client.get(url).send().await.unwrap().status(), 200, "{url}");
    }
}

#[tokio::test]
async fn a_sample_is_made_once() {
    let server = Server::start(Script::frames(5)).await;
    let url = server.url("/v1/voices/hi_female/preview");
    let ask = async || {
        let answer = server.client.get(&url).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (200, "audio/mpeg"));
        answer.bytes().await.unwrap()
    };
    let together = futures::future::join_all((0..8).map(|_| ask())).await;
    let later = ask().await;
    assert!(later.len() > 500 && together.iter().all(|file| *file == later));
    assert_eq!(server.engine.requests().len(), 1);
    // Any name of the voice is the same sample.
    assert_eq!(server.client.get(server.url("/v1/voices/alloy/preview")).send().await.unwrap().status(), 200);
    assert_eq!(server.engine.requests().len(), 1);
    let (status, body) = get(&server, "/v1/voices/nobody/preview").await;
    assert_eq!((status, &body["error"]["type"]), (404, &json!("unknown_voice")));
}

#[tokio::test]
async fn a_sample_that_fails_is_tried_again() {
    let server = Server::start(Script { end: End::Eof, ..Script::frames(0) }).await;
    let (status, _) = get(&server, "/v1/voices/ta_male/preview").await;
    assert_eq!(status, 502);
    server.engine.set(Script::frames(5));
    let url = server.url("/v1/voices/ta_male/preview");
    assert_eq!(server.client.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn usage_is_counted_by_key() {
    let server = Server::with(Script::frames(1), |config| {
        config.server.keys = vec![
            KeyEntry {
                requests_per_minute: Some(60),
                concurrent_streams: Some(3),
                characters_per_day: Some(100),
                ..KeyEntry::unbounded("bounded", KEY)
            },
            KeyEntry::unbounded("free", "sk-svara-test-free-01234"),
        ];
        config.limits.streams = 5;
    })
    .await;
    let usage = async |key: &str| {
        let request = server.client.get(server.url("/v1/usage")).header("xi-api-key", key);
        status_and_json(request.send().await.unwrap()).await
    };
    assert_eq!(usage("wrong").await.0, 401);
    request(&server, &json!({"stream": false})).bearer_auth(KEY).send().await.unwrap();
    let plan = json!({"id": "bounded", "max_concurrent_streams": 3, "requests_per_minute": 60});
    let expected = json!({
        "plan": plan, "month": {"characters_used": 6}, "balance": {"characters_remaining": 94},
        "subscription": null,
    });
    assert_eq!(usage(KEY).await, (200, expected));
    let plan = json!({"id": "free", "max_concurrent_streams": 5, "requests_per_minute": -1});
    let expected = json!({
        "plan": plan, "month": {"characters_used": 0}, "balance": {"characters_remaining": -1},
        "subscription": null,
    });
    assert_eq!(usage("sk-svara-test-free-01234").await, (200, expected));
    let open = Server::start(Script::frames(1)).await;
    speak(&open, json!({"stream": false})).await;
    let (_, body) = get(&open, "/v1/usage").await;
    assert_eq!((&body["plan"]["id"], &body["month"]["characters_used"]), (&json!("open"), &json!(6)));
}

#[tokio::test]
async fn output_formats_are_all_formats_and_rates() {
    let server = Server::start(Script::frames(2)).await;
    for format in Format::supported() {
        for rate in format.rates() {
            let path =
                format!("/v1/text-to-speech/hi_female/with-timestamps?output_format={format}_{}", rate.hz());
            let answer = server.request(&path, &json!({"text": "a"})).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{format} {rate}");
            assert_eq!(header(&answer, "x-sample-rate"), rate.to_string());
        }
    }
    let path = "/v1/text-to-speech/hi_female?output_format=mp3_24000_160";
    assert_eq!(server.request(path, &json!({"text": "a"})).send().await.unwrap().status(), 200);
    let path = "/v1/text-to-speech/hi_female?output_format=mp3_24000_999";
    assert_eq!(server.request(path, &json!({"text": "a"})).send().await.unwrap().status(), 400);
}
