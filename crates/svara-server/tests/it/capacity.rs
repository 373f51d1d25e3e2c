//! More listeners than the decoder serves in real time. Its cost is pretended, and far above what a busy machine adds.

use std::time::{Duration, Instant};

use futures::{StreamExt, future::join_all};
use serde_json::{Value, json};
use svara_audio::Listener;
use svara_config::{Config, DecoderBackend};
use svara_testkit::{
    eventually,
    fake_vllm::{FakeVllm, Length, Pace, Script, Settings},
};

use crate::harness::{self, Server};

/// 8 threads / (1.1 · 11.71875 frames a second · 56 ms · 1.25) = 8.9 streams.
const THREADS: usize = 8;
const FRAME_MS: u32 = 56;
const STREAMS: usize = 8;
/// The same, and what is left of it where a busy machine wakes threads late.
const AT_ONCE: std::ops::RangeInclusive<u64> = 5..=8;
/// 4.27 s of speech.
const FRAMES: u32 = 50;
/// The silence that a busy machine may cause in a speech. Without admission, each has 13 s of it; on an idle machine, none.
const NOISE: Duration = Duration::from_secs(1);
const TEXT: &str = "यह एक वाक्य है, और इसे बोलने में चार सेकंड लगते हैं।";

async fn engine() -> FakeVllm {
    FakeVllm::start_paced(Settings {
        pace: Pace { first_token: Duration::from_millis(50), tokens_per_second: 140.0, ..Pace::default() },
        length: Length::Frames(FRAMES),
        ..Settings::default()
    })
    .await
}

async fn server(engine: &FakeVllm, change: impl FnOnce(&mut Config)) -> Server {
    let base_url = engine.base_url();
    Server::with(Script::frames(0), |config| {
        config.engine.base_url = base_url;
        config.engine.model = "svara".to_owned();
        config.decoder.kind = DecoderBackend::Null;
        config.decoder.null_frame_ms = FRAME_MS;
        config.decoder.threads = THREADS;
        change(config);
    })
    .await
}

/// What became of a request.
struct Outcome {
    status: u16,
    /// When its head came.
    answered: Duration,
    retry_after_s: Option<u64>,
    /// All of the listener's gaps.
    gaps: Duration,
    audio: Duration,
}

impl Outcome {
    /// A complaint of its gaps.
    fn gaps(&self) -> Option<String> {
        (self.gaps > NOISE).then(|| format!("gaps of {:?}", self.gaps))
    }
}

async fn ask(server: &Server, fields: Value) -> Outcome {
    let begun = Instant::now();
    let mut body = json!({"text": TEXT, "voice": "hi_female", "response_format": "pcm"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let request = server.client.post(server.url("/v1/text-to-speech")).json(&body);
    let response = request.timeout(Duration::from_secs(60)).send().await.unwrap();
    let (status, answered) = (response.status().as_u16(), begun.elapsed());
    let retry_after = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
    let (mut listener, mut bytes) = (Listener::default(), 0);
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.unwrap();
        if status == 200 {
            bytes += chunk.len();
            listener.receive(begun.elapsed(), Duration::from_secs_f64(chunk.len() as f64 / 48_000.0));
        }
    }
    Outcome {
        status,
        answered,
        retry_after_s: retry_after.map(|wait| wait.parse().unwrap()),
        gaps: listener.silence(),
        audio: Duration::from_secs_f64(bytes as f64 / 48_000.0),
    }
}

async fn get(server: &Server, path: &str) -> (u16, String) {
    let response = server.client.get(server.url(path)).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The value of a metric, by its name and labels.
fn metric(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}: {metrics}")).parse().unwrap()
}

/// Repeats a round in which the machine was late; what the server is late with, it is late with each time.
async fn some_round_in_time(mut round: impl AsyncFnMut() -> Vec<String>) {
    let mut late = Vec::new();
    for _ in 0..3 {
        late = round().await;
        if late.is_empty() {
            return;
        }
    }
    panic!("late in every round: {late:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_at_once_those_admitted_have_no_gap_and_the_others_hear_when_to_come_back() {
    some_round_in_time(fifty_at_once).await;
}

/// What was late.
async fn fifty_at_once() -> Vec<String> {
    let mut late = Vec::new();
    let engine = engine().await;
    let server = server(&engine, |_| {}).await;
    assert_eq!(get(&server, "/health/ready").await.1, r#"{"status":"ready"}"#);
    let burst = join_all((0..50).map(|_| ask(&server, json!({}))));
    let probe = async {
        let ready = eventually("a full server", async || {
            let (status, body) = get(&server, "/health/ready").await;
            (status == 503).then_some(body)
        });
        let ready: Value = serde_json::from_str(&ready.await).unwrap();
        assert_eq!(ready["status"], "full");
        assert_eq!(get(&server, "/health/live").await.0, 200);
        let (status, health) = get(&server, "/health").await;
        let health: Value = serde_json::from_str(&health).unwrap();
        let capacity = &health["capacity"];
        assert_eq!((status, &capacity["used"]), (200, &json!(1.0)), "{health}");
        assert!(AT_ONCE.contains(&capacity["live"].as_u64().unwrap()), "{health}");
        let metrics = get(&server, "/metrics").await.1;
        assert!(AT_ONCE.contains(&(metric(&metrics, "svara_capacity_streams") as u64)));
        assert_eq!(metric(&metrics, "svara_capacity_used"), 1.0);
        assert!(AT_ONCE.contains(&(metric(&metrics, "svara_running{class=\"live\"}") as u64)));
        assert!(metric(&metrics, "svara_admission_refused_total{reason=\"queue_full\"}") >= 26.0);
    };
    let again = async {
        // One that comes back when it was told to: that time is what is tested.
        let refused = loop {
            // A place may just have become free.
            let outcome = ask(&server, json!({})).await;
            if outcome.status == 503 {
                break outcome;
            }
        };
        tokio::time::sleep(Duration::from_secs(refused.retry_after_s.unwrap())).await;
        (refused, ask(&server, json!({})).await)
    };
    let again = async {
        eventually("a full server", async || (get(&server, "/health/ready").await.0 == 503).then_some(()))
            .await;
        again.await
    };
    let (outcomes, (), (refused_again, again)) = tokio::join!(burst, probe, again);
    let (admitted, refused): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.status == 200);
    // Eight at once, and eight more of those that waited once these were over.
    assert!((5..=2 * STREAMS).contains(&admitted.len()), "{}", admitted.len());
    for outcome in &admitted {
        late.extend(outcome.gaps());
        assert!(outcome.audio > Duration::from_secs(4), "{:?}", outcome.audio);
    }
    for outcome in refused.iter().copied().chain([&refused_again]) {
        assert_eq!(outcome.status, 503);
        // Those refused at once: two rounds of sixteen that wait, and then theirs. Those that waited for 5 s: the round
        // that has just begun.
        let expected = if outcome.answered < Duration::from_secs(4) { 9..=18 } else { 1..=8 };
        let wait = outcome.retry_after_s.unwrap();
        if outcome.answered >= Duration::from_secs(7) || !expected.contains(&wait) {
            late.push(format!("{wait} s after {:?}", outcome.answered));
        }
    }
    if again.status == 200 {
        late.extend(again.gaps());
    } else {
        late.push(format!("status {} after the wait: {:?}", again.status, again.answered));
    }
    eventually("it is ready again", async || {
        (get(&server, "/health/ready").await == (200, r#"{"status":"ready"}"#.to_owned())).then_some(())
    })
    .await;
    late
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_jobs_cost_those_who_listen_nothing() {
    some_round_in_time(a_hundred_jobs).await;
}

/// What was late.
async fn a_hundred_jobs() -> Vec<String> {
    let mut late = Vec::new();
    let store = tempfile::tempdir().unwrap();
    let engine = engine().await;
    let server = server(&engine, |config| {
        config.jobs.store = store.path().display().to_string();
        config.jobs.concurrent = 100;
    })
    .await;
    for _ in 0..100 {
        let job = json!({"text": TEXT, "voice": "hi_female"});
        let posted = server.request("/v1/jobs", &job).send().await.unwrap();
        assert_eq!(posted.status(), 202);
    }
    eventually("jobs that take all there is", async || {
        let metrics = get(&server, "/metrics").await.1;
        AT_ONCE.contains(&(metric(&metrics, "svara_running{class=\"job\"}") as u64)).then_some(())
    })
    .await;
    assert_eq!(get(&server, "/health/ready").await.0, 200, "jobs keep nobody out");
    let live = join_all((0..5).map(|_| ask(&server, json!({}))));
    let whole = join_all((0..3).map(|_| ask(&server, json!({"stream": false}))));
    let (live, whole) = tokio::join!(live, whole);
    for outcome in &live {
        assert_eq!(outcome.status, 200);
        late.extend(outcome.gaps());
        if outcome.answered >= Duration::from_secs(4) {
            late.push(format!("they waited: {:?}", outcome.answered));
        }
    }
    assert!(whole.iter().all(|outcome| outcome.status == 200));
    eventually("a job that is done nevertheless", async || {
        let metrics = get(&server, "/metrics").await.1;
        (metric(&metrics, "svara_job_items_total{outcome=\"done\"}") >= 1.0).then_some(())
    })
    .await;
    late
}

#[tokio::test]
async fn a_number_of_streams_is_that_number() {
    let engine = engine().await;
    let server = server(&engine, |config| {
        config.decoder.threads = 1;
        config.decoder.max_streams = 3;
    })
    .await;
    let health: Value = serde_json::from_str(&get(&server, "/health").await.1).unwrap();
    assert_eq!(health["capacity"]["streams"], 3);
    assert_eq!(harness::config().decoder.max_streams, 0, "the default is auto");
}
