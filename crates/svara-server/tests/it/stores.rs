//! What the store of jobs keeps: through restarts, bounds, races, failures and a second server.

use std::path::{Path, PathBuf};

use futures::future::join_all;
use serde_json::{Value, json};
use svara_service::store::Store;
use svara_testkit::{eventually, fake_vllm::Script};

use crate::harness::{Server, one_life, status_and_json};

/// A server that speaks jobs.
async fn server(store: &Path, max_jobs: usize) -> Server {
    let store = store.display().to_string();
    Server::with(Script::frames(3), |config| {
        config.jobs.store = store;
        config.jobs.max_jobs = max_jobs;
    })
    .await
}

async fn post(server: &Server) -> (u16, Value) {
    let fields = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    status_and_json(server.request("/v1/jobs", &fields).send().await.unwrap()).await
}

async fn get(server: &Server, path: &str) -> u16 {
    server.client.get(server.url(path)).send().await.unwrap().status().as_u16()
}

async fn delete(server: &Server, path: &str) -> u16 {
    server.client.delete(server.url(path)).send().await.unwrap().status().as_u16()
}

async fn listed(server: &Server) -> usize {
    let list: Value = server.client.get(server.url("/v1/jobs")).send().await.unwrap().json().await.unwrap();
    list["jobs"].as_array().unwrap().len()
}

/// The paths of this many jobs, all of them done.
async fn done(store: PathBuf, jobs: usize) -> Vec<String> {
    one_life(async move || {
        let server = server(&store, jobs).await;
        let mut paths = Vec::new();
        for _ in 0..jobs {
            let (status, job) = post(&server).await;
            assert_eq!(status, 202, "{job}");
            paths.push(format!("/v1/jobs/{}", job["id"].as_str().unwrap()));
        }
        for path in &paths {
            // The API has no event to wait for, so poll.
            let audio = format!("{path}/audio");
            eventually("the audio", async || (get(&server, &audio).await == 200).then_some(())).await;
        }
        paths
    })
    .await
}

/// The statuses of the jobs' audio after a start with this bound, and the number of jobs listed.
async fn heard_again(store: PathBuf, max_jobs: usize, jobs: Vec<String>) -> (Vec<u16>, usize) {
    one_life(async move || {
        let server = server(&store, max_jobs).await;
        let mut statuses = Vec::new();
        for path in jobs {
            statuses.push(get(&server, &format!("{path}/audio")).await);
        }
        let listed = listed(&server).await;
        if listed >= max_jobs {
            let (status, body) = post(&server).await;
            assert_eq!((status, &body["error"]["type"]), (409, &json!("jobs_full")));
        }
        (statuses, listed)
    })
    .await
}

#[tokio::test]
async fn a_lower_bound_loses_no_finished_audio() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().to_owned();
    let jobs = done(store.clone(), 4).await;
    assert_eq!(heard_again(store.clone(), 1, jobs.clone()).await, (vec![200; 4], 4));
    assert_eq!(heard_again(store, 200, jobs).await, (vec![200; 4], 4));
}

/// A record that can't be read is damaged, or of a later version: in both cases it may be readable again.
#[tokio::test]
async fn what_cannot_be_read_is_not_deleted() {
    for folder in ["requests", "ends"] {
        let directory = tempfile::tempdir().unwrap();
        let store = directory.path().to_owned();
        let jobs = done(store.clone(), 2).await;
        let id = jobs[0].rsplit('/').next().unwrap();
        let name = if folder == "ends" { format!("{id}.0") } else { id.to_owned() };
        let record = store.join("jobs").join(folder).join(name);
        let whole = std::fs::read(&record).unwrap();
        let mut damaged = whole.clone();
        *damaged.last_mut().unwrap() ^= 1;
        std::fs::write(&record, damaged).unwrap();
        let (statuses, _) = heard_again(store.clone(), 9, jobs.clone()).await;
        assert!(statuses[0] != 200 && statuses[1] == 200, "{folder}: {statuses:?}");
        std::fs::write(&record, whole).unwrap();
        assert_eq!(heard_again(store, 9, jobs).await, (vec![200; 2], 2), "{folder}");
    }
}

/// Files with names that the store never gives aren't its own.
#[tokio::test]
async fn foreign_files_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().to_owned();
    done(store.clone(), 1).await;
    let foreign = ["jobs/audio/notes.0", "jobs/ends/x.1", "jobs/times/README"].map(|name| store.join(name));
    for file in &foreign {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "mine").unwrap();
    }
    heard_again(store, 9, Vec::new()).await;
    assert!(foreign.iter().all(|file| file.exists()));
}

#[tokio::test]
async fn posts_at_once_keep_to_the_bound() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), 5).await;
    let statuses = join_all((0..30).map(|_| post(&server))).await;
    let accepted = statuses.iter().filter(|(status, _)| *status == 202).count();
    assert_eq!((accepted, listed(&server).await), (5, 5));
    assert!(statuses.iter().all(|(status, _)| [202, 409].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn a_job_that_cannot_be_deleted_is_still_there() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path(), 9).await;
    let (_, job) = post(&server).await;
    let id = job["id"].as_str().unwrap();
    let (path, record) = (format!("/v1/jobs/{id}"), directory.path().join("jobs/requests").join(id));
    eventually("the audio", async || (get(&server, &format!("{path}/audio")).await == 200).then_some(()))
        .await;
    let saved = directory.path().join("saved");
    std::fs::rename(&record, &saved).unwrap();
    // No file can be deleted here, whoever asks.
    std::fs::create_dir(&record).unwrap();
    for _ in 0..2 {
        assert_eq!(delete(&server, &path).await, 503);
        assert_eq!((get(&server, &path).await, get(&server, &format!("{path}/audio")).await), (200, 200));
    }
    std::fs::remove_dir(&record).unwrap();
    std::fs::rename(&saved, &record).unwrap();
    assert_eq!((delete(&server, &path).await, get(&server, &path).await), (200, 404));
    assert!(!record.exists());
}

#[tokio::test]
async fn a_second_server_cannot_use_the_same_directory() {
    let directory = tempfile::tempdir().unwrap();
    let first = server(directory.path(), 9).await;
    let second = server(directory.path(), 9).await;
    assert_eq!(post(&first).await.0, 202);
    let (status, body) = post(&second).await;
    assert!(status == 501 && body["detail"].as_str().unwrap().contains("another server"), "{body}");
    assert_eq!(listed(&first).await, 1);
}

/// What a later version wants in a way that this one doesn't know isn't spoken in another way.
#[tokio::test]
async fn a_job_of_a_later_version_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let jobs = done(directory.path().to_owned(), 2).await;
    let store = Store::open(&directory.path().display().to_string(), 1 << 20).unwrap();
    let key = format!("jobs/requests/{}", jobs[0].rsplit_once('/').unwrap().1);
    let record = String::from_utf8(store.get(&key).await.unwrap().unwrap().to_vec()).unwrap();
    let later = record.replace(r#""normalization":"auto""#, r#""normalization":"loud""#);
    assert_ne!(later, record);
    store.replace(&key, later.as_bytes()).await.unwrap();
    let server = server(directory.path(), 2).await;
    assert_eq!(
        (listed(&server).await, get(&server, &jobs[0]).await, get(&server, &jobs[1]).await),
        (1, 404, 200)
    );
    assert_eq!(store.get(&key).await.unwrap().unwrap(), later);
}

/// A store that fails, as on a full disk: the log says so once, and once that it works again; each failure is counted.
#[tokio::test]
async fn a_store_that_fails_is_told_of_once() {
    let directory = tempfile::tempdir().unwrap();
    let engine = svara_testkit::fake_vllm::FakeVllm::start(Script::frames(3)).await;
    let mut config = crate::harness::config();
    config.engine.base_url = engine.base_url();
    config.server.port = 0;
    config.jobs.store = directory.path().join("store").display().to_string();
    let path = directory.path().join("server.toml");
    std::fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    let (mut server, log) = crate::harness::Program::start_logged(crate::program::program(&path)).await;
    let client = crate::harness::client();
    let fields = json!({"text": "a", "voice": "hi_female", "response_format": "pcm"});
    let post = async || {
        let answer = client.post(format!("{}/v1/jobs", server.root)).json(&fields).send().await.unwrap();
        let told = answer.headers().contains_key("retry-after");
        (answer.status().as_u16(), told, answer.json::<Value>().await.unwrap())
    };
    let (status, _, job) = post().await;
    assert_eq!(status, 202);
    let audio = format!("{}/v1/jobs/{}/audio", server.root, job["id"].as_str().unwrap());
    eventually("the audio", async || {
        let answer = client.get(&audio).send().await.unwrap();
        (answer.status() == 200).then_some(())
    })
    .await;
    // Nothing can be written here, whoever asks.
    let (requests, saved) = (directory.path().join("store/jobs/requests"), directory.path().join("saved"));
    std::fs::rename(&requests, &saved).unwrap();
    std::fs::write(&requests, "").unwrap();
    for _ in 0..3 {
        let (status, told, body) = post().await;
        assert_eq!(
            (status, told, &body["error"]["type"]),
            (503, true, &json!("store_unavailable")),
            "{body}"
        );
        assert!(body["detail"].as_str().unwrap().contains("store"), "{body}");
    }
    let metrics = client.get(format!("{}/metrics", server.root)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("svara_store_failures_total{store=\"jobs\"} 3"), "{metrics}");
    std::fs::remove_file(&requests).unwrap();
    std::fs::rename(&saved, &requests).unwrap();
    assert_eq!(post().await.0, 202);
    server.signal("TERM").await;
    server.ended().await;
    let log = log.await.unwrap();
    let count = |words: &str| log.iter().filter(|line| line.contains(words)).count();
    assert_eq!((count("the store fails"), count("the store works again")), (1, 1), "{log:#?}");
}

/// The lock is on the directory: one that is removed takes it along, and a second server may have the new one.
#[tokio::test]
async fn a_server_whose_store_was_replaced_leaves_it_alone() {
    let parent = tempfile::tempdir().unwrap();
    let store = parent.path().join("jobs");
    let first = server(&store, 9).await;
    let (status, job) = post(&first).await;
    assert_eq!(status, 202, "{job}");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let audio = format!("{path}/audio");
    eventually("the audio", async || (get(&first, &audio).await == 200).then_some(())).await;
    std::fs::remove_dir_all(&store).unwrap();
    for second in [false, true] {
        let second = if second { Some(server(&store, 9).await) } else { None };
        let (status, body) = post(&first).await;
        assert_eq!((status, &body["error"]["type"]), (503, &json!("store_unavailable")), "{body}");
        assert_eq!((get(&first, &audio).await, delete(&first, &path).await), (503, 503));
        let Some(second) = second else {
            assert!(!store.exists(), "the first server makes no new one");
            continue;
        };
        let (status, job) = post(&second).await;
        assert_eq!(status, 202, "{job}");
        let audio = format!("/v1/jobs/{}/audio", job["id"].as_str().unwrap());
        eventually("the audio", async || (get(&second, &audio).await == 200).then_some(())).await;
    }
}
