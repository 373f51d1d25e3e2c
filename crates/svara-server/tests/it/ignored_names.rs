//! What a request has in vain is named, wherever it stands; what is no text or stands twice is refused by name.

use serde_json::{Value, json};
use svara_testkit::fake_vllm::Script;

use crate::harness::{Server, status_and_json};

const IGNORED: &str = "x-ignored-fields";

/// The header of the answer to a request with this JSON.
async fn told(server: &Server, path: &str, body: &Value) -> String {
    let answer = server.request(path, body).send().await.unwrap();
    let named = answer.headers().get(IGNORED).map_or("", |value| value.to_str().unwrap()).to_owned();
    let (status, text) = (answer.status(), answer.text().await);
    assert!(status.is_success(), "{path} {body}: {status} {text:?}");
    named
}

#[tokio::test]
async fn names_inside_of_objects_and_lists_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(1), |config| config.voices.store = store).await;
    let spoken = "/v1/text-to-speech/hi_female";
    let settings = json!({"stability": 0.5, "use_speaker_boost": true, "sped": 1, "Speed": 2});
    let fields = json!({"text": "a", "voice_settings": settings});
    assert_eq!(told(&server, spoken, &fields).await, "voice_settings.Speed, voice_settings.sped");
    let fields = json!({"text": "a", "voice_settings": {"use_speaker_boost": {"a": 1}}, "model_id": "x"});
    assert_eq!(told(&server, spoken, &fields).await, "");
    let fields = json!({"input": "a", "model": {"x": 1}, "voice": {"id": "hi_female", "name": "x"}});
    assert_eq!(told(&server, "/v1/audio/speech", &fields).await, "voice.name");
    let rule = |number: u8| json!({"type": "alias", "string_to_replace": format!("a{number}"), "alias": "b", "case": 1});
    let fields = json!({"name": "d", "rules": [rule(1), rule(2)], "nmae": 1});
    let named = told(&server, "/v1/pronunciation-dictionaries/add-from-rules", &fields).await;
    assert_eq!(named, "nmae, rules[].case");
    let fields = json!({"text": "a", "voice_settings": {"sped": 1}});
    let strict = server.request(spoken, &fields).header("prefer", "handling=strict");
    let (status, body) = status_and_json(strict.send().await.unwrap()).await;
    assert!(status == 400 && body.to_string().contains("voice_settings.sped"), "{status} {body}");
    // Whatever they are written in.
    let long = "long".repeat(100);
    let fields = json!({"text": "a", "भाषा": 1, "response format": 1, "a,b": 1, "": 1, &*long: 1});
    let named = told(&server, spoken, &fields).await;
    let cut = format!("{}...", &long[..64]);
    let all = ["\"\"", "%E0%A4%AD%E0%A4%BE%E0%A4%B7%E0%A4%BE", "a%2Cb", &cut, "response%20format"];
    assert_eq!(named, all.join(", "));
    let strict = server.request(spoken, &json!({"text": "a", "भाषा": 1})).header("prefer", "handling=strict");
    assert_eq!(strict.send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn parameters_that_nothing_reads_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().display().to_string();
    let server = Server::with(Script::frames(1), |config| config.jobs.store = store).await;
    for (path, named) in [
        ("/v1/jobs?limit=1&page=2", "limit, page"),
        ("/v1/voices?language=hi&model_id=svara-tts-v1", "language"),
        ("/v2/voices?page_size=2&gender=male&language=hi&voice_ids=a&colour=red", "colour"),
        ("/v1/audio/voices?legacy=1", ""),
        ("/v1/audio/voices?legcy=1", "legcy"),
        ("/v1/models?limit=1", "limit"),
        ("/v1/usage?days=3", "days"),
        ("/v1/voices/hi_female?fields=name", "fields"),
        ("/v1/usage", ""),
        ("/v2/voices?include_total_count=true&voice_ids[]=a", ""),
        ("/docs?x=1", ""),
    ] {
        let answer = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let told = answer.headers().get(IGNORED).map_or("", |value| value.to_str().unwrap());
        assert_eq!(told, named, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_text_is_refused_in_every_form() {
    let server = Server::start(Script::frames(1)).await;
    let post = || server.client.post(server.url("/v1/text/preview"));
    let encoded = post()
        .header("content-type", "application/x-www-form-urlencoded")
        .body("voice=hi_female&text=%ff%fe");
    let part = |head: &str, text: &[u8]| {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"text\"{head}\r\n\r\n");
        let tail = b"\r\n--b\r\nContent-Disposition: form-data; name=\"voice\"\r\n\r\nhi_female\r\n--b--\r\n";
        let body = [head.as_bytes(), text, tail].concat();
        post().header("content-type", "multipart/form-data; boundary=b").body(body)
    };
    for request in [encoded, part("", b"caf\xe9")] {
        let (status, body) = status_and_json(request.send().await.unwrap()).await;
        assert!(status == 400 && body.to_string().contains("text must be UTF-8"), "{status} {body}");
    }
    // A part may say that it is written otherwise.
    let latin = part("\r\nContent-Type: text/plain; charset=iso-8859-1", b"caf\xe9").send().await.unwrap();
    let (status, body) = status_and_json(latin).await;
    assert_eq!((status, &body["cleaned"]), (200, &json!("café")));
}

#[tokio::test]
async fn a_text_may_come_as_a_file_and_files_may_have_any_name() {
    let server = Server::start(Script::frames(1)).await;
    let send = async |parts: &[(&[u8], &[u8])]| {
        let mut body = Vec::new();
        for (head, content) in parts {
            body.extend(
                [b"--b\r\nContent-Disposition: form-data; ", *head, b"\r\n\r\n", *content, b"\r\n"].concat(),
            );
        }
        body.extend(b"--b--\r\n");
        let request = server.client.post(server.url("/v1/text/preview")).body(body);
        let answer = request.header("content-type", "multipart/form-data; boundary=b").send().await.unwrap();
        status_and_json(answer).await
    };
    let voice: (&[u8], &[u8]) = (b"name=\"voice\"", b"hi_female");
    let cover: (&[u8], &[u8]) = (b"name=\"cover\"; filename=\"caf\xe9.jpg\"", b"\xff\xd8\xff");
    let file = "name=\"text\"; filename=\"speech.txt\"".as_bytes();
    let (status, body) = send(&[(file, "नमस्ते".as_bytes()), voice, cover]).await;
    assert_eq!((status, &body["cleaned"]), (200, &json!("नमस्ते")), "{body}");
    let (status, body) = send(&[(file, b"\xff\xd8\xff"), voice]).await;
    assert!(status == 400 && body.to_string().contains("text must be UTF-8"), "{status} {body}");
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_named() {
    let server = Server::start(Script::frames(1)).await;
    let path = "/v1/text-to-speech/hi_female?output_format=mp3_24000_48&output_format=pcm_24000";
    let (status, body) =
        status_and_json(server.request(path, &json!({"text": "a"})).send().await.unwrap()).await;
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["query", "output_format"])));
    for query in
        ["gender=female&gender=male", "page_size=1&page_size=2", "search=a&search=b", "sort=name&sort=name"]
    {
        let path = format!("/v2/voices?{query}");
        let (status, body) =
            status_and_json(server.client.get(server.url(&path)).send().await.unwrap()).await;
        assert!(status == 422 && body.to_string().contains("must be given once"), "{query}: {body}");
    }
    for path in ["/v1/voices?model_id=a&model_id=b", "/v1/audio/voices?legacy=1&legacy=0"] {
        let (status, body) = status_and_json(server.client.get(server.url(path)).send().await.unwrap()).await;
        assert!(status < 500 && body.to_string().contains("must be given once"), "{status} {body}");
    }
}

#[tokio::test]
async fn rates_are_listed_for_one_that_is_none() {
    let server = Server::start(Script::frames(1)).await;
    let fields = json!({"text": "a", "input": "a", "voice": "hi_female", "sample_rate": "16k"});
    for path in ["/v1/text-to-speech", "/v1/audio/speech"] {
        let (_, body) = status_and_json(server.request(path, &fields).send().await.unwrap()).await;
        let words = "sample_rate must be a whole number, one of 8000, 16000";
        assert!(body.to_string().contains(words), "{body}");
    }
}

#[tokio::test]
async fn a_list_of_voices_says_which_filters_there_are() {
    let server = Server::start(Script::frames(1)).await;
    let get = async |query: &str| {
        let answer = server.client.get(server.url(&format!("/v2/voices?{query}"))).send().await.unwrap();
        status_and_json(answer).await
    };
    for (query, count) in [
        ("language=hin", 2),
        ("language=Hindi&gender=FEMALE", 1),
        ("category=PREMADE&language=hi-IN", 2),
        ("language=fr", 0),
        ("category=professional", 0),
        ("voice_ids[]=hi_female&voice_ids[]=TA_MALE", 2),
        ("voice_ids=alloy", 1),
        ("language[]=hi", 2),
        ("search=female%20(hindi)", 1),
        ("search=alloy", 1),
        ("search=%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80", 2),
    ] {
        assert_eq!(get(query).await.1["total_count"], count, "{query}");
    }
    for (query, field, allowed) in [
        ("category=mine", "category", "premade"),
        ("sort=age", "sort", "name"),
        ("sort_direction=up", "sort_direction", "desc"),
        ("gender=woman", "gender", "female"),
        ("voice_type=x", "voice_type", "personal"),
    ] {
        let (status, body) = get(query).await;
        let fault = &body["detail"][0];
        assert_eq!((status, &fault["loc"]), (422, &json!(["query", field])), "{body}");
        assert!(fault["msg"].as_str().unwrap().contains(allowed), "{body}");
    }
}
