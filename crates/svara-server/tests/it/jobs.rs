//! Jobs over HTTP and across restarts.

use std::{path::Path, time::Duration};

use reqwest::Response;
use serde_json::{Value, json};
use svara_config::Config;
use svara_testkit::{
    eventually,
    fake_vllm::{End, FakeVllm, Script},
};

use crate::harness::{self, Server, status_and_json};

const SENTENCE: &str = "यह एक वाक्य है। ";

fn kept_in(directory: &Path) -> impl FnOnce(&mut Config) {
    let store = directory.display().to_string();
    move |config| config.jobs.store = store
}

/// A server that speaks long texts in parts of up to 100 characters, each with five frames.
async fn with_short_parts(store: &Path) -> Server {
    Server::with(Script::frames(5), |config| {
        kept_in(store)(config);
        config.limits.text_characters = 100;
    })
    .await
}

async fn get(server: &Server, path: &str) -> Response {
    server.client.get(server.url(path)).timeout(Duration::from_secs(20)).send().await.unwrap()
}

async fn post(server: &Server, fields: &Value) -> (u16, Value) {
    status_and_json(server.request("/v1/jobs", fields).send().await.unwrap()).await
}

async fn post_lines(server: &Server, lines: &str) -> (u16, Value) {
    let request = server.client.post(server.url("/v1/jobs")).header("content-type", "application/jsonl");
    status_and_json(request.body(lines.to_owned()).send().await.unwrap()).await
}

/// The job, once it has one of these states.
async fn once(server: &Server, id: &Value, states: &[&str]) -> Value {
    let path = format!("/v1/jobs/{}", id.as_str().unwrap());
    // The API has no event to wait for, so poll.
    eventually("the job's state", async || {
        let (status, job) = status_and_json(get(server, &path).await).await;
        assert_eq!(status, 200, "{job}");
        states.contains(&job["status"].as_str().unwrap()).then_some(job)
    })
    .await
}

#[tokio::test]
async fn a_long_text_becomes_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let server = with_short_parts(directory.path()).await;
    let text = SENTENCE.repeat(20);
    let fields = json!({"text": text, "voice": "hi_female", "response_format": "wav", "seed": 1});
    let (status, _) = server.speak_json(fields.clone()).await;
    assert_eq!(status, 422, "too long for a request");
    let response = server.request("/v1/jobs", &fields).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let place = response.headers()["location"].to_str().unwrap().to_owned();
    let posted: Value = response.json().await.unwrap();
    assert_eq!(place, format!("/v1/jobs/{}", posted["id"].as_str().unwrap()));
    let done = once(&server, &posted["id"], &["done", "failed"]).await;
    assert_eq!(done["status"], "done", "{done}");
    let parts = server.engine.requests().len();
    assert!(parts > 2, "{parts}");
    let audio = get(&server, done["items"][0]["audio"].as_str().unwrap()).await;
    assert_eq!(audio.headers()["content-type"], "audio/wav");
    let name = audio.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; filename=") && name.contains(".wav"), "{name}");
    let bytes = audio.bytes().await.unwrap();
    let wav = hound::WavReader::new(&bytes[..]).unwrap();
    assert_eq!(
        wav.duration() as usize,
        parts * 5 * 2048,
        "nothing is lost between the parts, and the header knows"
    );
    let seconds = done["audio_seconds"].as_f64().unwrap();
    assert!((seconds - wav.duration() as f64 / 24_000.0).abs() < 0.01, "{seconds}");
    assert_eq!(get(&server, &format!("{place}/audio")).await.bytes().await.unwrap(), bytes, "the only one");
    let (_, list) = status_and_json(get(&server, "/v1/jobs").await).await;
    assert_eq!(list["jobs"][0]["id"], posted["id"]);
}

#[tokio::test]
async fn files_of_jobs_say_their_length() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(3), kept_in(directory.path())).await;
    let audio = async |format: &str| {
        let body = json!({"text": SENTENCE, "voice": "hi_female", "response_format": format});
        let (_, job) = status_and_json(server.request("/v1/jobs", &body).send().await.unwrap()).await;
        let done = once(&server, &job["id"], &["done", "failed"]).await;
        get(&server, done["items"][0]["audio"].as_str().unwrap()).await.bytes().await.unwrap()
    };
    let flac = audio("flac").await;
    // The last four bytes of the 36 bits for the number of samples.
    assert_eq!(flac.get(22..26).unwrap(), (3u32 * 2048).to_be_bytes());
    let mp3 = audio("mp3").await;
    assert!(mp3.windows(4).take(64).any(|tag| tag == b"Info"), "no header of LAME");
}

#[tokio::test]
async fn each_line_of_a_batch_has_its_own_end() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(3), kept_in(directory.path())).await;
    let line = |text: &str, format: &str| {
        json!({"text": text, "voice": "hi_male", "response_format": format}).to_string()
    };
    let lines = [line("एक", "mp3"), String::new(), line("दो", "opus"), line("तीन", "ulaw")].join("\r\n");
    let (status, job) = post_lines(&server, &lines).await;
    assert_eq!((status, &job["item_count"]), (202, &json!(3)), "{job}");
    let done = once(&server, &job["id"], &["done", "failed"]).await;
    assert_eq!((&done["items_done"], &done["items"][2]["sample_rate"]), (&json!(3), &json!(8000)), "{done}");
    for (number, kind) in ["audio/mpeg", "audio/ogg", "audio/basic"].iter().enumerate() {
        let audio = get(&server, done["items"][number]["audio"].as_str().unwrap()).await;
        assert!(audio.headers()["content-type"].to_str().unwrap().starts_with(kind), "{number}");
        assert_eq!(done["items"][number]["audio_bytes"], audio.bytes().await.unwrap().len());
    }
    let path = format!("/v1/jobs/{}/audio", job["id"].as_str().unwrap());
    for (path, status) in [(path.clone(), 400), (format!("{path}/3"), 404), (format!("{path}/x"), 404)] {
        assert_eq!(get(&server, &path).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn times_continue_from_part_to_part() {
    let directory = tempfile::tempdir().unwrap();
    let server = with_short_parts(directory.path()).await;
    let text = SENTENCE.repeat(20);
    let line =
        |timestamps: Value| json!({"text": text, "voice": "hi_female", "timestamps": timestamps}).to_string();
    let subtitles = |format: &str| {
        json!({"text": text, "voice": "hi_female", "timestamps": "word", "timestamps_format": format})
            .to_string()
    };
    let lines = [
        line(json!("word")),
        line(json!("character")),
        line(Value::Null),
        subtitles("srt"),
        subtitles("vtt"),
    ]
    .join("\n");
    let (_, job) = post_lines(&server, &lines).await;
    let done = once(&server, &job["id"], &["done", "failed"]).await;
    assert_eq!(done["status"], "done", "{done}");
    for (number, list, unit, gap) in [(0, "words", "word", " "), (1, "characters", "character", "")] {
        let item = &done["items"][number];
        let answer = get(&server, item["timestamps"].as_str().unwrap()).await;
        assert_eq!(answer.headers()["content-type"], "application/json");
        let times: Value = answer.json().await.unwrap();
        assert_eq!(times["times"], "estimated");
        let mut at = 0.0;
        let mut said = Vec::new();
        for timed in times[list].as_array().unwrap() {
            assert!(timed["start"].as_f64().unwrap() >= at, "in order: {timed}");
            at = timed["end"].as_f64().unwrap();
            said.push(timed[unit].as_str().unwrap());
        }
        let seconds = item["audio_seconds"].as_f64().unwrap();
        assert!(
            at <= seconds + 0.002 && at > seconds - 0.5 && seconds > 3.0 * 5.0 * 2048.0 / 24_000.0,
            "{at} of {seconds}"
        );
        let no_space = |text: &str| text.replace(char::is_whitespace, "");
        assert_eq!(no_space(&said.join(gap)), no_space(&text));
    }
    assert!(done["items"][2].get("timestamps").is_none());
    for (number, kind, start) in [(3, "application/x-subrip", "1\n00:00:00,"), (4, "text/vtt", "WEBVTT\n\n")]
    {
        let answer = get(&server, done["items"][number]["timestamps"].as_str().unwrap()).await;
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(kind));
        let subtitles = answer.text().await.unwrap();
        assert!(subtitles.starts_with(start), "{subtitles}");
        assert_eq!(subtitles.matches(" --> ").count(), 20, "{subtitles}");
    }
    let of_job = format!("/v1/jobs/{}/timestamps", job["id"].as_str().unwrap());
    for (path, status) in [(format!("{of_job}/2"), 404), (format!("{of_job}/5"), 404), (of_job.clone(), 400)]
    {
        assert_eq!(get(&server, &path).await.status(), status, "{path}");
    }
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(server.client.delete(server.url(&path)).send().await.unwrap().status(), 200);
    assert_eq!(files(directory.path()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn wrong_jobs_are_refused_when_posted() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(3), |config| {
        kept_in(directory.path())(config);
        config.jobs.max_items = 2;
        config.jobs.job_characters = 50;
        config.jobs.max_jobs = 1;
        config.jobs.concurrent = 0;
    })
    .await;
    let good = json!({"text": "नमस्ते", "voice": "hi_female"});
    for (change, status, words) in [
        (json!({"voice": "nobody"}), 404, "nobody"),
        (json!({"style": "angry"}), 400, "angry"),
        (json!({"speed": 9}), 422, "speed"),
        (json!({"top_p": 7}), 422, "top_p"),
        (json!({"text": " "}), 422, "text"),
        (json!({"text": "a".repeat(51)}), 422, "jobs.job_characters"),
        (json!({"response_format": "xyz"}), 400, "response_format"),
        (json!({"timestamps": "syllable"}), 422, "timestamps"),
    ] {
        let mut fields = good.clone();
        fields.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (got, body) = post(&server, &fields).await;
        let detail = body["detail"].as_str().unwrap();
        assert!(got == status && detail.contains(words), "{got} {detail}");
    }
    let (status, body) = post_lines(&server, &format!("{good}\n\n{{\"text\": \"x\"}}\n")).await;
    assert!(status == 400 && body["detail"].as_str().unwrap().starts_with("line 3: voice"), "{body}");
    let (status, body) = post_lines(&server, &format!("{good}\n{{nonsense\n")).await;
    assert!(status == 400 && body["detail"].as_str().unwrap().starts_with("line 2: "), "{body}");
    let (status, _) = post_lines(&server, &format!("{good}\n{good}\n{good}\n")).await;
    assert_eq!(status, 400);
    let (status, _) = post_lines(&server, "\n\n").await;
    assert_eq!(status, 400);
    let (status, job) = post(&server, &good).await;
    assert_eq!((status, &job["status"]), (202, &json!("queued")));
    let (status, body) =
        status_and_json(get(&server, &format!("/v1/jobs/{}/audio", job["id"].as_str().unwrap())).await).await;
    assert_eq!((status, &body["error"]["type"]), (409, &json!("job_unfinished")));
    let (status, body) = post(&server, &good).await;
    assert_eq!((status, &body["error"]["type"]), (409, &json!("jobs_full")));
    assert_eq!(get(&server, "/v1/jobs/none").await.status(), 404);
    let without = Server::start(Script::frames(1)).await;
    let (status, body) = post(&without, &good).await;
    assert!(status == 501 && body["detail"].as_str().unwrap().contains("jobs.store"), "{body}");
}

#[tokio::test]
async fn items_run_one_by_one_and_deletion_aborts_them() {
    let directory = tempfile::tempdir().unwrap();
    let server =
        Server::with(Script { end: End::Hang, ..Script::frames(3) }, kept_in(directory.path())).await;
    let fields = json!({"text": "नमस्ते", "voice": "hi_female"});
    let (_, first) = post(&server, &fields).await;
    let (_, second) = post(&server, &fields).await;
    once(&server, &first["id"], &["running"]).await;
    server.engine.wait_for_open_streams(1).await;
    assert_eq!(once(&server, &second["id"], &["queued", "running"]).await["status"], "queued");
    let delete = async |job: &Value| {
        let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
        server.client.delete(server.url(&path)).send().await.unwrap().status().as_u16()
    };
    assert_eq!(delete(&second).await, 200);
    assert_eq!(delete(&first).await, 200);
    server.engine.wait_for_open_streams(0).await;
    assert_eq!((delete(&first).await, server.engine.requests().len()), (404, 1));
    assert_eq!(get(&server, &format!("/v1/jobs/{}", first["id"].as_str().unwrap())).await.status(), 404);
    let left: Vec<_> = files(directory.path());
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn only_temporary_failures_are_retried() {
    let directory = tempfile::tempdir().unwrap();
    let busy = Script { end: End::Refuse(503, "busy".to_owned()), ..Script::frames(0) };
    let server = Server::with(busy, kept_in(directory.path())).await;
    let fields = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    let (_, job) = post(&server, &fields).await;
    server.engine.wait_for_requests(1).await;
    server.engine.set(Script::frames(4));
    let done = once(&server, &job["id"], &["done", "failed"]).await;
    assert_eq!(
        (&done["status"], &done["items"][0]["audio_bytes"]),
        (&json!("done"), &json!(4 * 2048 * 2)),
        "{done}"
    );
    server.engine.set(Script { end: End::Refuse(400, "no such model".to_owned()), ..Script::frames(0) });
    let (_, job) = post(&server, &fields).await;
    let failed = once(&server, &job["id"], &["done", "failed"]).await;
    assert_eq!(failed["items"][0]["error"]["origin"], "engine", "{failed}");
    let path = format!("/v1/jobs/{}/audio", job["id"].as_str().unwrap());
    assert_eq!(get(&server, &path).await.status(), 404);
}

/// The real program is killed in the middle of a batch; the next one continues with the remaining items.
#[tokio::test]
async fn a_killed_server_loses_no_job() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script::frames(3)).await;
    let jobs = directory.path().join("jobs");
    let more = format!(
        "[server]\nport = 0\n[engine]\nbase_url = {:?}\n[model]\ntokenizer = {:?}\n[voices]\nstore = \"\"\n[jobs]\nstore = {jobs:?}\n",
        engine.base_url(),
        svara_testkit::models::tokenizer()
    );
    let file = crate::program::config(directory.path(), &more);
    let mut first = harness::Program::start(&file).await;
    let client = harness::client();
    // The second item doesn't end before the kill.
    engine.set_for_seed(2, Script { end: End::Hang, ..Script::frames(3) });
    let lines = [1, 2, 3].map(|seed| {
        let item = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm", "seed": seed});
        format!("{item}\n")
    });
    let post = client.post(format!("{}/v1/jobs", first.root)).header("content-type", "application/jsonl");
    let job: Value = post.body(lines.concat()).send().await.unwrap().json().await.unwrap();
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let state = async |root: &str| -> Value {
        client.get(format!("{root}{path}")).send().await.unwrap().json().await.unwrap()
    };
    eventually("an item is done", async || {
        (state(&first.root).await["items_done"].as_u64().unwrap() >= 1).then_some(())
    })
    .await;
    for file in files(&jobs).iter().flat_map(|file| file.ancestors().take_while(|at| *at != directory.path()))
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may use {}", file.display());
    }
    engine.wait_for_requests(2).await;
    first.kill_9().await;
    engine.set_for_seed(2, Script::frames(4));
    engine.set(Script::frames(4));
    let second = harness::Program::start(&file).await;
    let done = eventually("the job is over", async || {
        let job = state(&second.root).await;
        (job["status"] == "done" || job["status"] == "failed").then_some(job)
    })
    .await;
    assert_eq!(done["items_done"], 3, "{done}");
    let spoken: Vec<Value> = engine.requests().iter().map(|request| request["seed"].clone()).collect();
    assert_eq!(spoken, [1, 2, 2, 3], "what was finished isn't spoken again");
    let of_before = client.get(format!("{}{path}/audio/0", second.root)).send().await.unwrap();
    assert_eq!(of_before.bytes().await.unwrap().len(), 3 * 2048 * 2);
}

/// A write that the system stops at the limit on the size of files is refused and leaves no part; one that a crash stopped
/// leaves its part, which a later start removes.
#[tokio::test]
async fn a_later_start_removes_interrupted_writes() {
    let directory = tempfile::tempdir().unwrap();
    let jobs = directory.path().join("jobs");
    let more = format!(
        "[server]\nport = 0\n[model]\ntokenizer = \"\"\n[voices]\nstore = \"\"\n[jobs]\nstore = {jobs:?}\nconcurrent = 0\n"
    );
    let file = crate::program::config(directory.path(), &more);
    // The real decoder keeps its weights in a file in memory, to which the same limit applies.
    let mut program = crate::program::program(&file);
    program.args(["--decoder", "null"]);
    let mut limited = std::process::Command::new("/bin/sh");
    limited.env_clear().current_dir(program.get_current_dir().unwrap());
    limited.args(["-c", "ulimit -f 4; exec \"$0\" \"$@\""]).arg(program.get_program());
    limited.args(program.get_args());
    let mut server = harness::Program::start_as(limited).await;
    let fields = json!({"text": SENTENCE.repeat(300), "voice": "hi_female"});
    let client = harness::client();
    let refused = client.post(format!("{}/v1/jobs", server.root)).json(&fields).send().await.unwrap();
    assert_eq!(status_and_json(refused).await.0, 503);
    assert_eq!(files(&jobs), Vec::<std::path::PathBuf>::new());
    server.kill_9().await;
    // As a process leaves it that is killed while it writes; `store/leftovers.rs` has it from the library itself.
    let left = [jobs.join("jobs/requests").join(format!("{}#1", "a".repeat(32)))];
    std::fs::create_dir_all(left[0].parent().unwrap()).unwrap();
    std::fs::write(&left[0], b"svaraKV1\0\0").unwrap();

    let mut second = harness::Program::start(&file).await;
    assert_eq!(files(&jobs), left, "so young, it may be another replica's");
    second.kill_9().await;
    let two_hours_ago = std::time::SystemTime::now() - Duration::from_hours(2);
    std::fs::File::options().write(true).open(&left[0]).unwrap().set_modified(two_hours_ago).unwrap();
    let third = harness::Program::start(&file).await;
    assert_eq!(files(&jobs), Vec::<std::path::PathBuf>::new());
    let answer = client.post(format!("{}/v1/jobs", third.root)).json(&fields).send().await.unwrap();
    assert_eq!(answer.status(), 202);
}

/// All files in the directory of a store.
fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Damaged audio is an error with its own kind, and never returned.
#[tokio::test]
async fn damaged_audio_is_a_damaged_job() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(Script::frames(3), kept_in(directory.path())).await;
    let (_, job) = post(&server, &json!({"text": "एक", "voice": "hi_male", "response_format": "wav"})).await;
    let done = once(&server, &job["id"], &["done", "failed"]).await;
    let file = directory.path().join(format!("jobs/audio/{}.0", job["id"].as_str().unwrap()));
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let audio = get(&server, done["items"][0]["audio"].as_str().unwrap()).await;
    let (status, error) = status_and_json(audio).await;
    assert_eq!((status, &error["error"]["type"]), (500, &json!("job_damaged")), "{error}");
}
