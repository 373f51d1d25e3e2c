//! A log that isn't read, or can't be written, and files that may grow no further: lines are lost and counted, what needs a
//! store is refused, and the server goes on.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use svara_testkit::{
    eventually,
    fake_vllm::{FakeVllm, Script},
    models,
};

use crate::harness::{self, Ended, Program};

/// The program's configuration: a silent decoder, and these settings besides.
fn config(directory: &Path, engine: &FakeVllm, more: &str) -> std::path::PathBuf {
    let path = directory.join("server.toml");
    let text = format!(
        "[server]\nport = 0\n[engine]\nbase_url = {:?}\n[model]\ntokenizer = {:?}\n[voices]\nstore = \"\"\n\
         [decoder]\nkind = \"null\"\n{more}",
        engine.base_url(),
        models::tokenizer(),
    );
    std::fs::write(&path, text).unwrap();
    path
}

async fn get(root: &str, path: &str) -> (u16, String) {
    let answer = harness::client().get(format!("{root}{path}")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The lines that were lost, by output and reason.
async fn lost(root: &str, output: &str, reason: &str) -> u64 {
    let (_, page) = get(root, "/metrics").await;
    let start = format!("svara_log_lines_lost_total{{output=\"{output}\",reason=\"{reason}\"}} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&start));
    value.unwrap_or_else(|| panic!("{start} isn't in {page}")).parse().unwrap()
}

/// Asks for speech and hears it to its end.
async fn speak(root: &str) {
    let body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    let request = harness::client().post(format!("{root}/v1/text-to-speech")).json(&body);
    let answer = request.timeout(std::time::Duration::from_secs(30)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.unwrap().len(), 3 * 2048 * 2);
}

#[tokio::test]
async fn a_log_whose_reader_is_gone_costs_no_request() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script::frames(3)).await;
    let file = config(directory.path(), &engine, "");
    let (server, log) = Program::start_logged(crate::program::program(&file)).await;
    // The reading end of the pipe is closed with it.
    log.abort();
    let _ = log.await;
    for _ in 0..5 {
        speak(&server.root).await;
    }
    eventually("a line is lost", async || {
        (lost(&server.root, "log", "write_failed").await > 0).then_some(())
    })
    .await;
    assert_eq!(get(&server.root, "/health/live").await.0, 200);
}

/// The program, the address that it listens on, and the rest of its log, which isn't read.
fn unread(mut command: Command) -> (Ended, String, impl Read) {
    let mut child = Ended(command.stderr(Stdio::piped()).spawn().unwrap());
    let mut log = BufReader::new(child.0.stderr.take().unwrap());
    loop {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "the program ended before it listened");
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["message"] == "listening" {
            let root = format!("http://{}", line["address"].as_str().unwrap());
            return (child, root, log);
        }
    }
}

/// A pipe takes 64 KiB; then whoever writes to it waits until somebody reads.
#[tokio::test]
async fn a_log_that_nobody_reads_holds_no_request_up() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script::frames(3)).await;
    let file = config(directory.path(), &engine, "[log]\nlevel = \"debug\"\n");
    let (_server, root, log) = unread(crate::program::program(&file));
    for _ in 0..300 {
        speak(&root).await;
    }
    assert_eq!(get(&root, "/health/live").await.0, 200);
    drop(log);
}

#[tokio::test]
async fn an_audit_file_on_a_full_disk_costs_its_lines_alone() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script::frames(3)).await;
    let jobs = directory.path().join("jobs");
    let more = format!("[jobs]\nstore = {jobs:?}\n[log]\naudit_file = \"/dev/full\"\n");
    let server = Program::start(&config(directory.path(), &engine, &more)).await;
    let body = json!({"text": "नमस्ते", "voice": "hi_female"});
    let post = harness::client().post(format!("{}/v1/jobs", server.root)).json(&body);
    assert_eq!(post.send().await.unwrap().status(), 202);
    eventually("the line is lost", async || {
        (lost(&server.root, "audit", "write_failed").await > 0).then_some(())
    })
    .await;
    assert_eq!(lost(&server.root, "audit", "write_failed").await, 1);
    speak(&server.root).await;
}

/// A file that may grow no further: by default, the system ends a process that tries.
#[tokio::test]
async fn the_largest_file_ends_no_process() {
    let directory = tempfile::tempdir().unwrap();
    let engine = FakeVllm::start(Script::frames(3)).await;
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("audit.log"), vec![b' '; 8 << 10]).unwrap();
    let more = format!("[jobs]\nstore = {:?}\n[log]\naudit_file = {:?}\n", at("jobs"), at("audit.log"));
    let file = config(directory.path(), &engine, &more);
    let program = crate::program::program(&file);
    let mut command = Command::new("/bin/bash");
    // In units of 1024 bytes: less than the audio of a job and than the audit file has already.
    command.args(["-c", "ulimit -f 8 && exec \"$@\"", "bash"]).arg(program.get_program());
    command.args(program.get_args()).env_clear().current_dir(models::workspace());
    let server = Program::start_as(command).await;
    let client = harness::client();
    let body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
    let post = client.post(format!("{}/v1/jobs", server.root)).json(&body).send().await.unwrap();
    assert_eq!(post.status(), 202);
    eventually("the store fails", async || {
        let (_, page) = get(&server.root, "/metrics").await;
        (!page.contains("svara_store_failures_total{store=\"jobs\"} 0")).then_some(())
    })
    .await;
    eventually("the line is lost", async || {
        (lost(&server.root, "audit", "write_failed").await > 0).then_some(())
    })
    .await;
    assert_eq!(lost(&server.root, "audit", "write_failed").await, 1);
    speak(&server.root).await;
    assert_eq!(get(&server.root, "/health").await.0, 200);
}

/// Without a standard error, the exit code is still the one that the failure has.
#[test]
fn a_failure_that_cannot_be_told_keeps_its_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("server.toml");
    std::fs::write(&file, "[server]\nprot = 1\n").unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = crate::program::program(&file).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(64));
}
