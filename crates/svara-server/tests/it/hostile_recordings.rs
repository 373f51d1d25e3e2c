//! Recordings that are made to break decoders: each harms its own caller, for a moment.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use futures::future::join_all;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use svara_testkit::fake_vllm::{FakeVllm, Script};

use crate::{
    cloning::wav,
    harness::{self, Program, Server, status_and_json},
    program,
};

/// The longest that a recording takes which no caller can hurry: two seconds of a processor, which others use as well.
const LONGEST: Duration = Duration::from_secs(10);

/// The processes that decode recordings for this one, or for its child.
fn decoders_of(server: u32) -> Vec<i32> {
    let is_decoder = |process: &Path| {
        let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        arguments.split(|byte| *byte == 0).any(|argument| argument == b"decode-upload") && parent == Some(server)
    };
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    processes.filter(|path| is_decoder(path)).filter_map(|path| path.file_name()?.to_str()?.parse().ok()).collect()
}

fn send(signal: &str, processes: &[i32]) {
    let ids = processes.iter().map(ToString::to_string);
    assert!(std::process::Command::new("kill").arg(format!("-{signal}")).args(ids).status().unwrap().success());
}

async fn upload(server: &Server, recording: Vec<u8>) -> (u16, Value) {
    let form = Form::new()
        .text("text", "नमस्ते")
        .text("response_format", "pcm")
        .part("reference_audio", Part::bytes(recording).file_name("a.wav"));
    let request = server.client.post(server.url("/v1/text-to-speech")).multipart(form);
    let response = request.timeout(Duration::from_secs(60)).send().await.unwrap();
    if response.status() == 200 {
        return (200, json!(response.bytes().await.unwrap().len()));
    }
    status_and_json(response).await
}

/// A WAV file whose reader walks through 2³² packets' worth of nothing costs nothing; one box that claims 2³² samples does.
/// `claims` of them, in the order that no guard looks for: the name of the run is split by a box of another kind.
fn spinning(boxes: usize) -> Vec<u8> {
    let mp4 = |name: &[u8], body: &[u8]| {
        [&(8 + body.len() as u32).to_be_bytes(), name, body].concat()
    };
    let run = mp4(b"trun", &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let header = mp4(b"tfhd", &[0, 0, 0, 0, 0, 0, 0, 1]);
    let fragment = mp4(b"traf", &[header, run.repeat(boxes)].concat());
    let sequence = mp4(b"mfhd", &[0, 0, 0, 0, 0, 0, 0, 1]);
    [initial(), mp4(b"moof", &[sequence, fragment].concat()), mp4(b"mdat", &[0; 64])].concat()
}
