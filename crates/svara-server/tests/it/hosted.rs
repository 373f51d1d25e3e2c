//! The hosted Svara API's dialect over HTTP: fields, headers, languages, usage, samples of voices.

use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use svara_audio::{Bitrates, Format};
use svara_service::callers::KeyEntry;
use svara_testkit::fake_vllm::{End, Script};

use crate::harness::{Server, status_and_json};

const SPEECH: &str = "/v1/audio/speech";
pub const KEY: &str = "sk-svara-test-0123456789";

pub fn request(server: &Server, fields: &Value) -> RequestBuilder {
    let mut body = json!({"model": "m", "input": "नमस्ते", "voice": "hi_female"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    server.request(SPEECH, &body)
}

pub async fn speak(server: &Server, fields: Value) -> Response {
    request(server, &fields).send().await.unwrap()
}

pub async fn get(server: &Server, path: &str) -> (u16, Value) {
    status_and_json(server.client.get(server.url(path)).send().await.unwrap()).await
}

pub fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_format_comes_at_every_rate_with_exact_sizes() {
    let server = Server::start(Script::frames(3)).await;
    let samples = 3 * 2048;
    for format in Format::supported() {
        for rate in format.rates() {
            let fields = json!({"stream": false, "response_format": format.name(), "sample_rate": rate.hz()});
            let answer = speak(&server, fields).await;
            assert_eq!(answer.status(), 200, "{format} {rate}");
            assert_eq!(header(&answer, "x-sample-rate"), rate.to_string(), "{format}");
            let length: usize = header(&answer, "content-length").parse().unwrap();
            let media_type = header(&answer, "content-type").to_owned();
            let body = answer.bytes().await.unwrap();
            assert_eq!(body.len(), length, "{format} {rate}");
            let expected = samples * rate.hz() as usize / 24_000;
            match format {
                Format::Ulaw | Format::Alaw => {
                    assert!(body.len().abs_diff(expected) <= 1, "{format} {rate}: {}", body.len());
                    assert_eq!(media_type.contains("rate="), rate.hz() != 8000, "{media_type}");
                }
                Format::Pcm => assert!(body.len().abs_diff(2 * expected) <= 2, "{rate}: {}", body.len()),
                Format::Wav => {
                    let reader = hound::WavReader::new(&*body).unwrap();
                    assert_eq!(reader.spec().sample_rate, rate.hz());
                    assert_eq!(body.len(), 44 + 2 * reader.duration() as usize);
                }
                _ => {}
            }
        }
        let refused = json!({"response_format": format.name(), "sample_rate": 11_025});
        let (status, body) = status_and_json(speak(&server, refused).await).await;
        assert_eq!((status, &body["error"]["param"]), (400, &json!("sample_rate")), "{format}");
    }
}

#[tokio::test]
async fn defaults_are_mp3_whole_samples_streamed_and_the_models_rate() {
    let server = Server::start(Script::frames(3)).await;
    for (fields, media_type, rate) in [
        (json!({}), "audio/mpeg", "24000"),
        (json!({"stream": false}), "audio/mpeg", "24000"),
        (json!({"stream": true}), "audio/pcm", "24000"),
        (json!({"stream": true, "response_format": "mp3"}), "audio/mpeg", "24000"),
        (json!({"response_format": "ulaw"}), "audio/PCMU; rate=24000", "24000"),
        (json!({"response_format": "alaw", "sample_rate": 8000}), "audio/PCMA", "8000"),
        (json!({"response_format": "ulaw", "sample_rate": 8000}), "audio/basic", "8000"),
    ] {
        let answer = speak(&server, fields.clone()).await;
        assert_eq!(header(&answer, "content-type"), media_type, "{fields}");
        assert_eq!(header(&answer, "x-sample-rate"), rate, "{fields}");
        assert_eq!(
            header(&answer, "content-length").is_empty(),
            fields["stream"] != json!(false),
            "{fields}"
        );
    }
    // The other dialects keep the telephone's rate.
    let svara = server.speak(json!({"response_format": "ulaw"})).await;
    assert_eq!(header(&svara, "x-sample-rate"), "8000");
}

#[tokio::test]
async fn bit_rates_are_those_of_the_format() {
    let server = Server::start(Script::frames(12)).await;
    for format in Format::supported() {
        let rate = Format::Pcm.default_rate();
        let (allowed, refused) = match Bitrates::of(format, rate) {
            Bitrates::None => (vec![], vec![64]),
            Bitrates::OneOf(list) => (list.iter().map(|bps| bps / 1000).collect(), vec![0, 1, 33, 5_000_000]),
            Bitrates::Between(low, high) => {
                (vec![low / 1000, high / 1000], vec![0, high / 1000 + 1, u32::MAX])
            }
        };
        let mut sizes = Vec::new();
        for kbps in allowed {
            let fields = json!({"stream": false, "response_format": format.name(), "bitrate_kbps": kbps});
            let answer = speak(&server, fields).await;
            assert_eq!(answer.status(), 200, "{format} {kbps}");
            sizes.push(answer.bytes().await.unwrap().len());
        }
        assert!(sizes.is_sorted() && sizes.first() <= sizes.last(), "{format}: {sizes:?}");
        for kbps in refused {
            let fields = json!({"response_format": format.name(), "bitrate_kbps": kbps});
            let (status, body) = status_and_json(speak(&server, fields).await).await;
            assert_eq!((status, &body["error"]["param"]), (400, &json!("bitrate_kbps")), "{format} {kbps}");
            assert!(body["error"]["message"].as_str().unwrap().contains("allowed"), "{body}");
        }
    }
}

/// Whatever `/v1/languages` calls a language, `lang` takes.
#[tokio::test]
async fn a_language_may_have_any_of_its_names() {
    // Without a tokenizer the prompt is text, which this test can read.
    let server = Server::with(Script::frames(1), |config| config.model.tokenizer = String::new()).await;
    let (status, list) = get(&server, "/v1/languages").await;
    assert_eq!(status, 200);
    let languages = list["languages"].as_array().unwrap();
    assert_eq!(languages.len(), 19);
    let bhojpuri = languages.iter().find(|language| language["name"] == "Bhojpuri").unwrap();
    assert_eq!((&bhojpuri["iso1"], &bhojpuri["iso3"]), (&Value::Null, &json!("bho")));
    for language in languages {
        let text = |field: &str| language[field].as_str().map(str::to_owned);
        let (iso3, name) = (text("iso3").unwrap(), text("name").unwrap());
        let mut names = vec![iso3.clone(), iso3.to_uppercase(), name.clone(), name.to_lowercase()];
        names.push(format!("{iso3}-{}", text("region").unwrap()));
        names.extend(text("iso1").map(|code| format!("{code}-IN")));
        names.extend(text("iso1"));
        names.extend(
            language["aliases"].as_array().unwrap().iter().map(|alias| alias.as_str().unwrap().to_owned()),
        );
        for lang in names {
            for voice in [Value::Null, json!("alloy")] {
                let fields = json!({"voice": voice, "lang": lang, "stream": false});
                let answer = speak(&server, fields).await;
                assert_eq!(answer.status(), 200, "{lang}");
                let prompt = server.engine.requests().pop().unwrap()["prompt"].to_string();
                assert!(prompt.contains(&format!("{name} (")), "{lang}: {prompt}");
            }
        }
    }
    for (field, value) in [("lang", "xx"), ("lang", "klingon"), ("language", "fr-FR")] {
        for voice in [Value::Null, json!("alloy"), json!("hi_female")] {
            let fields = json!({"voice": voice, field: value});
            let (status, body) = status_and_json(speak(&server, fields.clone()).await).await;
            assert_eq!((status, &body["error"]["param"]), (400, &json!(field)), "{body}");
            let with_key = request(&server, &fields).header("xi-api-key", "any").send().await.unwrap();
            let (status, body) = status_and_json(with_key).await;
            assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["body", field])), "{body}");
        }
    }
}

/// A voice by its own name keeps its voice; numbers are read in the language that is asked for.
#[tokio::test]
async fn a_named_voice_reads_in_the_language() {
    let server = Server::with(Script::frames(1), |config| config.model.tokenizer = String::new()).await;
    for (lang, word) in [(Value::Null, "पाँच"), (json!("en"), "five"), (json!("auto"), "पाँच")]
    {
        let answer = speak(&server, json!({"input": "5", "lang": lang, "normalize": true})).await;
        assert_eq!(answer.status(), 200);
        let prompt = server.engine.requests().pop().unwrap()["prompt"].to_string();
        assert!(prompt.contains("Hindi (Female)") && prompt.contains(word), "{lang}: {prompt}");
    }
    let answer = speak(&server, json!({"input": "5", "lang": "en", "normalize": false})).await;
    assert_eq!(answer.status(), 200);
    assert!(server.engine.requests().pop().unwrap()["prompt"].to_string().contains("5"));
}

/// A client that sends its key as the hosted API has it gets that API's errors.
#[tokio::test]
async fn errors_are_the_hosted_apis_for_its_clients() {
    let server = Server::with(Script::frames(1), |config| {
        let keys = [
            KeyEntry::unbounded("free", KEY),
            KeyEntry {
                requests_per_minute: Some(1),
                ..KeyEntry::unbounded("slow", "sk-svara-test-slow-01234")
            },
            KeyEntry {
                characters_per_day: Some(3),
                ..KeyEntry::unbounded("short", "sk-svara-test-short-0123")
            },
        ];
        config.server.keys = keys.into();
    })
    .await;
    let send = async |fields: Value, key: &str| {
        let answer = request(&server, &fields).header("xi-api-key", key).send().await.unwrap();
        let retry = answer.headers().contains_key("retry-after");
        let (status, body) = status_and_json(answer).await;
        (status, body, retry)
    };
    for (fields, field) in [
        (json!({"speed": 0.6}), "speed"),
        (json!({"speed": 1.6}), "speed"),
        (json!({"speed": "fast"}), "speed"),
        (json!({"response_format": "mp4"}), "response_format"),
        (json!({"sample_rate": 12_345}), "sample_rate"),
        (json!({"response_format": "opus", "sample_rate": 44_100}), "sample_rate"),
        (json!({"response_format": "wav", "bitrate_kbps": 64}), "bitrate_kbps"),
        (json!({"lang": "xx"}), "lang"),
        (json!({"temperature": 3}), "temperature"),
        (json!({"top_p": 0}), "top_p"),
        (json!({"top_k": -5}), "top_k"),
        (json!({"repetition_penalty": 0.5}), "repetition_penalty"),
        (json!({"normalize": 5}), "normalize"),
        (json!({"stream": "perhaps"}), "stream"),
        (json!({"input": null}), "input"),
        (json!({"input": ""}), "input"),
        (json!({"input": "a".repeat(5001)}), "input"),
        (json!({"voice": null}), "voice"),
    ] {
        let (status, body, _) = send(fields.clone(), KEY).await;
        assert_eq!(status, 422, "{fields}: {body}");
        assert_eq!(body["detail"][0]["loc"], json!(["body", field]), "{fields}: {body}");
        assert!(body["detail"][0]["msg"].is_string());
    }
    let (status, body, _) = send(json!({}), "wrong").await;
    assert_eq!((status, &body["detail"]["status"]), (401, &json!("invalid_api_key")), "{body}");
    assert!(body["detail"]["message"].is_string());
    let (status, body, _) = send(json!({"voice": "nobody"}), KEY).await;
    assert_eq!((status, &body["detail"]["status"]), (404, &json!("voice_not_found")), "{body}");
    let (status, body, _) = send(json!({}), "sk-svara-test-short-0123").await;
    assert_eq!((status, &body["detail"]["status"]), (429, &json!("insufficient_quota")), "{body}");
    let slow = "sk-svara-test-slow-01234";
    request(&server, &json!({})).header("xi-api-key", slow).send().await.unwrap();
    let (status, body, retry) = send(json!({}), slow).await;
    assert_eq!(
        (status, retry, &body["detail"]["status"]),
        (429, true, &json!("rate_limit_exceeded")),
        "{body}"
    );
    // With a bearer key it is OpenAI's.
    let openai = request(&server, &json!({"speed": 9})).bearer_auth(KEY).send().await.unwrap();
    let (status, body) = status_and_json(openai).await;
    assert_eq!((status, &body["error"]["param"]), (400, &json!("speed")), "{body}");
    // 5000 characters are the hosted API's limit, 4096 are OpenAI's.
    let long = json!({"input": "a ".repeat(2500), "max_tokens": 7});
    let hosted = request(&server, &long).header("xi-api-key", KEY).send().await.unwrap();
    assert_eq!(hosted.status(), 200);
    assert_eq!(request(&server, &long).bearer_auth(KEY).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn answers_say_what_is_left_of_the_limits() {
    let script = Script { end: End::Hang, ..Script::frames(4) };
    let server = Server::with(script, |config| {
        config.server.keys = vec![KeyEntry {
            // One more in 15 s: a busy machine takes seconds for the first three.
            requests_per_minute: Some(4),
            concurrent_streams: Some(3),
            characters_per_day: Some(100),
            ..KeyEntry::unbounded("test", KEY)
        }];
    })
    .await;
    let left = |answer: &Response| {
        ["requests", "streams", "characters"]
            .map(|what| header(answer, &format!("x-ratelimit-remaining-{what}")).to_owned())
    };
    let mut open = Vec::new();
    for (requests, streams, characters) in [("3", "2", "94"), ("2", "1", "88"), ("1", "0", "82")] {
        let answer =
            request(&server, &json!({"stream": true})).header("xi-api-key", KEY).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(left(&answer), [requests, streams, characters]);
        open.push(answer);
    }
    let refused = request(&server, &json!({})).header("xi-api-key", KEY).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), left(&refused)), (429, ["0", "0", "82"].map(str::to_owned)));
    let (_, body) = status_and_json(refused).await;
    assert_eq!(body["detail"]["status"], "too_many_concurrent_requests");
    // One that has used up its requests is told so, too.
    let few = Server::with(Script::frames(1), |config| {
        let bounded = KeyEntry { requests_per_minute: Some(1), ..KeyEntry::unbounded("test", KEY) };
        config.server.keys = vec![bounded];
    })
    .await;
    for (status, requests) in [(200, "0"), (429, "0")] {
        let answer = request(&few, &json!({})).header("xi-api-key", KEY).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), &*left(&answer)[0]), (status, requests));
    }
    let unbounded = Server::start(Script::frames(1)).await;
    let answer = speak(&unbounded, json!({})).await;
    assert_eq!(left(&answer), ["-1", "-1", "-1"].map(str::to_owned));
}

#[tokio::test]
async fn the_document_lists_the_headers() {
    let server = Server::start(Script::frames(1)).await;
    let (_, document) = get(&server, "/openapi.json").await;
    let headers = &document["paths"][SPEECH]["post"]["responses"]["200"]["headers"];
    for what in ["Requests", "Streams", "Characters"] {
        assert!(headers[format!("X-RateLimit-Remaining-{what}")].is_object(), "{headers}");
    }
}

#[tokio::test]
async fn an_unknown_dictionary_and_a_request_id_are_told() {
    let server = Server::start(Script::frames(1)).await;
    let answer = request(&server, &json!({"pronunciation_dictionary_id": "none", "presence_penalty": 0.1}))
        .header("x-request-id", "mine-1")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "x-svara-dictionary"), "miss");
    assert_eq!(header(&answer, "x-request-id"), "mine-1");
    assert_eq!(header(&answer, "x-ignored-fields"), "presence_penalty");
    assert!(!speak(&server, json!({})).await.headers().contains_key("x-svara-dictionary"));
}

#[tokio::test]
async fn pages_may_read_the_headers() {
    let server = Server::with(Script::frames(1), |config| {
        config.server.cors_origins = vec!["https://page.example".to_owned()];
    })
    .await;
    let answer = request(&server, &json!({})).header("origin", "https://page.example").send().await.unwrap();
    let exposed = header(&answer, "access-control-expose-headers");
    for name in [
        "x-sample-rate",
        "x-request-id",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-streams",
        "x-ratelimit-remaining-characters",
        "x-ignored-fields",
        "x-svara-dictionary",
        "server-timing",
        "retry-after",
    ] {
        assert!(exposed.split(',').any(|exposed| exposed.trim() == name), "{name} is not in {exposed}");
    }
}
