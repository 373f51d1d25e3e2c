use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};
use svara_testkit::{
    eventually,
    fake_vllm::{End, FakeVllm, Script, frame_tokens},
    models,
};

use tokio::time::timeout;

use crate::{
    harness::{self, Program, Server},
    http2,
    raw::{LONG, connect},
    sockets::Client,
};

/// The samples of `/metrics` by name and labels. Fails on lines that aren't valid in the text format.
async fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let response = server.client.get(server.url("/metrics")).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = response.text().await.unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with("svara_"), "{line}");
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// The value of one sample; 0 if there is none.
fn value(samples: &BTreeMap<String, f64>, name: &str) -> f64 {
    samples.get(name).copied().unwrap_or_default()
}

#[tokio::test]
async fn a_speech_is_counted_with_its_figures() {
    let server = Server::start(Script::frames(10)).await;
    let response = server.speak(json!({})).await;
    let timing = response.headers()["server-timing"].to_str().unwrap().to_owned();
    assert!(
        timing.starts_with("queue;dur=")
            && timing.contains(", engine;dur=")
            && timing.contains(", first-audio;dur="),
        "{timing}"
    );
    response.bytes().await.unwrap();
    server.speak(json!({"stream": false, "response_format": "wav"})).await.bytes().await.unwrap();
    let samples = scrape(&server).await;
    for (name, expected) in [
        ("svara_speech_requests_total{dialect=\"svara\",format=\"pcm\",outcome=\"complete\"}", 1.0),
        ("svara_speech_requests_total{dialect=\"svara\",format=\"wav\",outcome=\"complete\"}", 1.0),
        ("svara_speech_open{dialect=\"svara\",format=\"pcm\"}", 0.0),
        ("svara_first_audio_seconds_count{dialect=\"svara\",format=\"pcm\"}", 1.0),
        ("svara_real_time_factor_count", 2.0),
        ("svara_audio_seconds_total", 2.0 * 10.0 * 2048.0 / 24_000.0),
        ("svara_characters_total", 12.0),
        ("svara_pieces_total", 2.0),
        ("svara_decoder_streams_open", 0.0),
        ("svara_decoder_streams_max", 256.0),
        ("svara_capacity_used", 0.0),
        ("svara_decoder_queue_calls", 0.0),
        ("svara_http_answers_total{route=\"/v1/text-to-speech\",status=\"200\"}", 2.0),
    ] {
        let got = value(&samples, name);
        assert!((got - expected).abs() < 1e-3, "{name} is {got}, not {expected}");
    }
    assert!(value(&samples, "svara_decoder_frames_total") >= 20.0);
    assert_eq!(
        value(&samples, "svara_decoder_batch_streams_count"),
        value(&samples, "svara_decoder_call_seconds_count")
    );
    for name in ["resident_memory_bytes", "cpu_seconds_total", "open_fds", "max_fds", "start_time_seconds"] {
        assert!(value(&samples, &format!("svara_process_{name}")) > 0.0, "{name}");
    }
}

/// Connections of HTTP, and those that became WebSockets.
#[tokio::test]
async fn open_connections_are_counted() {
    let server = Server::start(Script::frames(4)).await;
    let open = async || value(&scrape(&server).await, "svara_connections_open");
    let alone = open().await;
    let idle = connect(server.address).await;
    let socket = Client::open(&server, "hi_female/stream-input", "").await;
    let seen = async |expected: f64| while open().await != expected {};
    timeout(LONG, seen(alone + 2.0)).await.expect("both are counted");
    drop((idle, socket));
    timeout(LONG, seen(alone)).await.expect("neither is any more");
}

/// An engine that loops, stutters or ends early answers like a good one: only its tokens tell.
#[tokio::test]
async fn flaws_of_generations_are_told_apart_from_failures() {
    let server = Server::start(Script::frames(10)).await;
    let url = server.engine.base_url();
    let address = url.trim_start_matches("http://").trim_end_matches("/v1");
    let speak = async |script: Script, fields: Value| {
        server.engine.set(script);
        server.speak(fields).await.bytes().await.unwrap();
    };
    speak(Script::frames(10), json!({})).await;
    let mut tokens = frame_tokens(10);
    tokens.remove(9);
    speak(Script::new(tokens), json!({"voice": "ta_female"})).await;
    speak(Script::new(frame_tokens(10)[..65].to_vec()), json!({})).await;
    let sentence = "यह एक लंबा वाक्य है, जिसे कोई भी दो सौ मिलीसेकंड में नहीं बोल सकता।";
    speak(Script::frames(2), json!({"text": sentence})).await;
    speak(Script { pause: Duration::from_millis(600), ..Script::frames(4) }, json!({})).await;
    speak(Script { end: End::ErrorEvent, ..Script::frames(0) }, json!({})).await;
    let samples = scrape(&server).await;
    let of_engine = |kind: &str| {
        value(&samples, &format!("svara_engine_flaws_total{{engine=\"{address}\",kind=\"{kind}\"}}"))
    };
    let kinds = ["wrong_slot", "torn_end", "early_end", "stutter", "foreign_token"];
    assert_eq!(kinds.map(of_engine), [1.0, 1.0, 1.0, 1.0, 0.0], "{samples:?}");
    assert!(
        value(&samples, &format!("svara_engine_failures_total{{engine=\"{address}\",reason=\"broke_off\"}}"))
            > 0.0
    );
    let of_voice = |voice: &str, kind: &str| {
        value(&samples, &format!("svara_voice_flaws_total{{voice=\"{voice}\",kind=\"{kind}\"}}"))
    };
    assert_eq!((of_voice("ta_female", "wrong_slot"), of_voice("hi_female", "wrong_slot")), (1.0, 0.0));
    assert_eq!((of_voice("ta_female", "stutter"), of_voice("hi_female", "stutter")), (0.0, 1.0));
    let spoken =
        |voice: &str| value(&samples, &format!("svara_voice_generations_total{{voice=\"{voice}\"}}"));
    assert_eq!((spoken("ta_female"), spoken("hi_female")), (1.0, 4.0));
}

#[tokio::test]
async fn each_way_to_fail_is_counted_by_its_reason() {
    let server = Server::start(Script { end: End::ErrorEvent, ..Script::frames(10) }).await;
    let broken = server.speak(json!({})).await.bytes().await;
    assert!(broken.is_err());
    server.speak(json!({"top_p": 7})).await;
    server.speak(json!({"response_format": "<script>"})).await;
    server.client.get(server.url("/no/such/thing")).send().await.unwrap();
    server.engine.set(Script { end: End::Refuse(503, "busy".into()), ..Script::frames(0) });
    server.speak(json!({})).await;
    server.engine.set(Script { end: End::Hang, ..Script::frames(10) });
    let mut left = server.speak(json!({})).await;
    left.chunk().await.unwrap().unwrap();
    drop(left);
    server.engine.wait_for_open_streams(0).await;
    let open = "svara_speech_open{dialect=\"svara\",format=\"pcm\"}";
    let samples = eventually("all is over", async || {
        let samples = scrape(&server).await;
        (value(&samples, open) == 0.0).then_some(samples)
    })
    .await;
    for (name, expected) in [
        ("svara_failures_total{kind=\"engine_error\",origin=\"engine\",stage=\"stream\"}", 1.0),
        ("svara_failures_total{kind=\"invalid_field\",origin=\"client\",stage=\"answer\"}", 1.0),
        ("svara_failures_total{kind=\"unsupported_value\",origin=\"client\",stage=\"answer\"}", 1.0),
        ("svara_failures_total{kind=\"engine_busy\",origin=\"engine\",stage=\"answer\"}", 1.0),
        ("svara_failures_total{kind=\"not_found\",origin=\"client\",stage=\"answer\"}", 1.0),
        ("svara_http_answers_total{route=\"none\",status=\"404\"}", 1.0),
        ("svara_speech_requests_total{dialect=\"svara\",format=\"pcm\",outcome=\"broken_off\"}", 1.0),
        ("svara_speech_requests_total{dialect=\"svara\",format=\"pcm\",outcome=\"refused\"}", 2.0),
        ("svara_speech_requests_total{dialect=\"svara\",format=\"pcm\",outcome=\"client_left\"}", 1.0),
    ] {
        assert_eq!(value(&samples, name), expected, "{name} in {samples:#?}");
    }
}

/// The number of series doesn't depend on what clients send.
#[tokio::test]
async fn nothing_a_client_sends_becomes_a_label() {
    let server = Server::start(Script::frames(3)).await;
    let ask = async |n: usize| {
        let word = format!("injected{n}");
        for fields in [json!({"voice": word}), json!({"response_format": word}), json!({"style": word})] {
            server.speak(fields).await;
        }
        let url = server.url(&format!("/{word}?{word}"));
        server.client.get(url).header("x-request-id", &word).header("host", &word).send().await.unwrap();
        scrape(&server).await
    };
    ask(0).await;
    let before = ask(1).await;
    for n in 2..6 {
        ask(n).await;
    }
    let after = ask(7).await;
    assert!(after.keys().eq(before.keys()), "{after:#?}");
    assert!(after.keys().all(|name| !name.contains("injected")), "{after:#?}");
}

#[tokio::test]
async fn timings_match_the_python_stack_and_reset() {
    let server = Server::start(Script::frames(10)).await;
    let get = async || -> Value {
        server.client.get(server.url("/debug/timing")).send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(get().await, json!({"timing_stats": {}, "note": "All times in milliseconds"}));
    server.speak(json!({})).await.bytes().await.unwrap();
    let shown = get().await;
    for step in ["Orchestrator.astream_one", "SNAC.decode_window", "vLLM.first_token", "first_audio"] {
        let times = &shown["timing_stats"][step];
        assert!(times["calls"].as_u64().unwrap() >= 1, "{step}: {shown}");
        let ms = |key: &str| times[key].as_f64().unwrap();
        assert!(ms("min_ms") <= ms("avg_ms") && ms("avg_ms") <= ms("max_ms"), "{step}: {shown}");
        assert!(ms("max_ms") <= ms("total_ms") && ms("total_ms") > 0.0, "{step}: {shown}");
    }
    let reset = server.client.post(server.url("/debug/timing/reset")).send().await.unwrap();
    let reset: Value = reset.json().await.unwrap();
    assert_eq!(reset, json!({"status": "success", "message": "Timing statistics have been reset"}));
    assert_eq!(get().await["timing_stats"], json!({}));
    let counted = scrape(&server).await;
    assert!(value(&counted, "svara_decoder_call_seconds_count") >= 1.0, "the metrics go on");
}

/// `docs/metrics.md` lists exactly the existing metrics, with their types.
#[tokio::test]
async fn the_documentation_lists_the_metrics_that_there_are() {
    let torn = Script::new(frame_tokens(4)[..25].to_vec());
    let server = Server::start(torn).await;
    server.speak(json!({})).await.bytes().await.unwrap();
    server.speak(json!({"top_p": 7})).await;
    server.engine.set(Script { end: End::Refuse(500, "no".into()), ..Script::frames(0) });
    server.speak(json!({})).await;
    let text = server.metrics().await;
    let page = std::fs::read_to_string(models::workspace().join("docs/metrics.md")).unwrap();
    let documented: BTreeSet<(&str, &str)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap()))
        .collect();
    let real: BTreeSet<(&str, &str)> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    assert_eq!(documented, real);
}

/// The log and the metric mean the same: time in which the client didn't read isn't counted.
#[tokio::test]
async fn a_slow_client_makes_no_slow_speech() {
    let engine = FakeVllm::start(Script::frames(10)).await;
    let directory = tempfile::tempdir().unwrap();
    let more = format!(
        "[server]\nport = 0\n[engine]\nbase_url = {:?}\n[voices]\nstore = \"\"\n[jobs]\nstore = \"\"\n",
        engine.base_url()
    );
    let file = crate::program::config(directory.path(), &more);
    let (mut server, log) = Program::start_logged(crate::program::program(&file)).await;
    let scraper = harness::client();
    let metrics = async || {
        let answer = scraper.get(format!("{}/metrics", server.root)).send().await.unwrap();
        answer.text().await.unwrap()
    };
    let mut client = http2::client(connect(server.address).await, 4096).await;
    let mut body = http2::ask(&mut client, json!({})).await.into_body();
    assert_eq!(http2::read(&mut body, 4096, false).await.unwrap(), 4096);
    // The window is full for a while.
    for _ in 0..20 {
        metrics().await;
    }
    body.flow_control().release_capacity(4096).unwrap();
    assert_eq!(http2::read(&mut body, usize::MAX, true).await.unwrap(), (10 * 2048 * 2) - 4096);
    let sum = eventually("the speech is over", async || {
        let page = metrics().await;
        let sum =
            page.lines().find_map(|line| line.strip_prefix("svara_real_time_factor_sum ")?.parse().ok());
        sum.filter(|sum: &f64| *sum > 0.0)
    })
    .await;
    server.signal("TERM").await;
    server.ended().await;
    let lines = log.await.unwrap();
    let line = lines.iter().find(|line| line.contains("speech complete")).unwrap();
    let told = serde_json::from_str::<Value>(line).unwrap()["real_time_factor"].as_f64().unwrap();
    assert!((told - sum).abs() < 0.001, "{told} and {sum}: {line}");
}
