//! Recordings that are made to break decoders: each harms its own caller, for a moment.

use std::{
    fs,
    time::{Duration, Instant},
};

use futures::future::{join, join_all};
use reqwest::{
    Client,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use svara_testkit::{
    eventually,
    fake_vllm::{FakeVllm, Script},
    models,
};

use crate::{
    cloning::wav,
    harness::{Program, client, status_and_json},
    program,
};

/// There to end a hang: a decoder has two seconds of a processor, which others use as well, and twenty in all.
const LONGEST: Duration = Duration::from_secs(60);

/// A decoding process of a server.
#[derive(Clone, Copy, Debug)]
struct Decoder(u32);

impl Decoder {
    /// All that this server has, spares included.
    fn of(server: u32) -> Vec<Self> {
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.map(Self).filter(|process| process.is_one() && process.stat(1) == server.to_string()).collect()
    }

    /// The one that uses the processor; waits for it.
    async fn busy(server: u32) -> Self {
        // Clock ticks in the program: ten are 0.1 s.
        let is_busy = |process: &Self| process.stat(11).parse::<u64>().is_ok_and(|ticks| ticks > 30);
        eventually("a process is busy", async || Self::of(server).into_iter().find(is_busy)).await
    }

    fn read(self, file: &str) -> String {
        String::from_utf8_lossy(&fs::read(format!("/proc/{}/{file}", self.0)).unwrap_or_default())
            .into_owned()
    }

    fn is_one(self) -> bool {
        self.read("cmdline").split('\0').any(|argument| argument == "decode-upload")
    }

    /// A field of `stat` behind the name: 0 the state, 1 the parent, 11 the processor time.
    fn stat(self, field: usize) -> String {
        let stat = self.read("stat");
        let fields = stat.rsplit(')').next().unwrap_or_default();
        fields.split_whitespace().nth(field).unwrap_or_default().to_owned()
    }

    /// Whether it has ended, so that the server sees it. Its command line is empty a moment earlier.
    fn is_gone(self) -> bool {
        matches!(self.stat(0).as_str(), "" | "Z")
    }

    async fn until_gone(self) {
        eventually("the process is gone", async || self.is_gone().then_some(())).await;
    }

    fn signal(self, name: &str) {
        let sent = std::process::Command::new("kill").args(["-s", name, &self.0.to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

fn box_of(name: &[u8], body: &[u8]) -> Vec<u8> {
    [&(8 + body.len() as u32).to_be_bytes(), name, body].concat()
}

/// A well-formed recording whose samples each have their duration written down. The demuxer adds up the durations of all
/// earlier ones for each: minutes of work in 4 MB.
fn spinning() -> Vec<u8> {
    const SAMPLES: u32 = 700_000;
    let seed = fs::read(models::workspace().join("fuzz/corpus/uploads/mov-u8-fragmented.mov")).unwrap();
    let fragment = seed.windows(4).position(|name| name == b"moof").unwrap() - 4;
    let moof = |data_offset: usize| {
        let run = [0x101, SAMPLES, data_offset as u32].into_iter().chain((0..SAMPLES).map(|_| 1));
        let run: Vec<u8> = run.flat_map(u32::to_be_bytes).collect();
        let head = box_of(b"tfhd", &[0, 2, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 1]);
        let track = [head, box_of(b"tfdt", &[0; 8]), box_of(b"trun", &run)].concat();
        box_of(b"moof", &[box_of(b"mfhd", &[0, 0, 0, 0, 0, 0, 0, 1]), box_of(b"traf", &track)].concat())
    };
    let data_offset = moof(0).len() + 8;
    [&seed[..fragment], &moof(data_offset), &box_of(b"mdat", &[0x10, 0x90].repeat(SAMPLES as usize / 2))]
        .concat()
}

/// The program in front of an engine; each test has its own, whose decoders no other test sees.
struct Server {
    program: Program,
    client: Client,
    _engine: FakeVllm,
    _directory: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let engine = FakeVllm::start(Script::frames(2)).await;
        let directory = tempfile::tempdir().unwrap();
        let more = format!(
            "[server]\nport = 0\ndrain_seconds = 1.0\n[engine]\nbase_url = {:?}\n[cloning]\nencoder = {:?}\n",
            engine.base_url(),
            models::snac_small("encoder.onnx"),
        );
        let mut command = program::program(&program::config(directory.path(), &more));
        command.env("ORT_DYLIB_PATH", models::onnxruntime_dir().join("libonnxruntime.so"));
        let program = Program::start_as(command).await;
        Self { program, client: client(), _engine: engine, _directory: directory }
    }

    fn id(&self) -> u32 {
        self.program.id()
    }
}

async fn upload(client: &Client, root: &str, recording: Vec<u8>) -> (u16, Value) {
    let form = Form::new()
        .text("text", "नमस्ते")
        .text("response_format", "pcm")
        .part("reference_audio", Part::bytes(recording).file_name("a"));
    let request = client.post(format!("{root}/v1/text-to-speech")).multipart(form);
    let response = request.timeout(LONGEST).send().await.unwrap();
    if response.status() == 200 {
        return (200, json!(response.bytes().await.unwrap().len()));
    }
    status_and_json(response).await
}

async fn upload_to(server: &Server, recording: Vec<u8>) -> (u16, Value) {
    upload(&server.client, &server.program.root, recording).await
}

fn reason(answer: &(u16, Value)) -> (u16, String) {
    (answer.0, answer.1["detail"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_recording_that_spins_costs_its_caller_alone() {
    let server = Server::start().await;
    let spinning = upload_to(&server, spinning());
    let honest = async {
        Decoder::busy(server.id()).await;
        let start = Instant::now();
        let honest = join_all((0..4).map(|_| upload_to(&server, wav(1.5, 0.4)))).await;
        (honest, start.elapsed())
    };
    let start = Instant::now();
    let (spun, (honest, took)) = join(spinning, honest).await;
    let (status, words) = reason(&spun);
    assert!(status == 422 && words.contains("takes too much time"), "{spun:?}");
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    assert!(honest.iter().all(|(status, _)| *status == 200), "{honest:?}");
    assert!(took < LONGEST, "{took:?}");
}

#[tokio::test]
async fn a_decoder_that_others_end_or_stop_costs_its_caller_alone() {
    let server = Server::start().await;
    let elsewhere = (503, "cloning_unavailable");
    // Crashes, and memory that isn't there: the recording's fault.
    let own = (422, "invalid_field");
    for (signal, expected) in [("KILL", elsewhere), ("SEGV", own), ("ABRT", own), ("STOP", elsewhere)] {
        let meanwhile = async {
            let busy = Decoder::busy(server.id()).await;
            busy.signal(signal);
            (busy, upload_to(&server, wav(1.5, 0.4)).await)
        };
        let start = Instant::now();
        let (stopped, (busy, honest)) = join(upload_to(&server, spinning()), meanwhile).await;
        let kind = stopped.1["error"]["type"].as_str().unwrap_or_default();
        assert_eq!((stopped.0, kind), expected, "{signal}: {stopped:?}");
        assert!(start.elapsed() < LONGEST, "{signal}: {:?}", start.elapsed());
        assert_eq!(honest.0, 200, "{signal}: {honest:?}");
        busy.until_gone().await;
    }
    // Spares that have ended are replaced.
    let spares = Decoder::of(server.id());
    spares.iter().for_each(|spare| spare.signal("KILL"));
    for spare in spares {
        spare.until_gone().await;
    }
    let honest = upload_to(&server, wav(1.5, 0.4)).await;
    assert_eq!(honest.0, 200, "{honest:?}");
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_decoder() {
    let server = Server::start().await;
    let leaving = upload_to(&server, spinning());
    let busy = tokio::select! {
        answer = leaving => panic!("{answer:?}"),
        busy = Decoder::busy(server.id()) => busy,
    };
    busy.until_gone().await;
    assert_eq!(upload_to(&server, wav(1.5, 0.4)).await.0, 200);
}

#[tokio::test]
async fn a_server_that_stops_leaves_no_decoder() {
    for signal in ["TERM", "KILL"] {
        let mut server = Server::start().await;
        let form = Form::new().part("reference_audio", Part::bytes(spinning()).file_name("a"));
        let request = server.client.post(format!("{}/v1/voice-clone", server.program.root)).multipart(form);
        let uploading = tokio::spawn(request.send());
        let busy = Decoder::busy(server.id()).await;
        // It answers nothing, and its processor time never ends.
        busy.signal("STOP");
        let decoders = Decoder::of(server.id());
        assert!(decoders.len() >= 2, "{decoders:?}");
        let start = Instant::now();
        server.program.signal(signal).await;
        server.program.ended().await;
        // Less than the 30 s of its drain.
        assert!(start.elapsed() < Duration::from_secs(20), "{signal}: {:?}", start.elapsed());
        for decoder in decoders {
            decoder.until_gone().await;
        }
        assert!(uploading.await.unwrap().is_err(), "its connection broke");
    }
}

#[tokio::test]
async fn a_decoder_has_nothing_but_its_pipes() {
    let server = Server::start().await;
    // Those that have answered are ready.
    assert_eq!(upload_to(&server, wav(1.5, 0.4)).await.0, 200);
    let spares = Decoder::of(server.id());
    assert!(!spares.is_empty());
    for spare in spares {
        eventually("its limits are set", async || {
            let limits = spare.read("limits");
            limits.lines().any(|line| line.starts_with("Max processes") && line.contains(" 0 ")).then_some(())
        })
        .await;
        let limit = |name: &str| {
            let limits = spare.read("limits");
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
            line[name.len()..].split_whitespace().next().unwrap().to_owned()
        };
        assert_eq!(limit("Max cpu time"), "2");
        for name in ["Max file size", "Max core file size", "Max open files", "Max processes"] {
            assert_eq!(limit(name), "0", "{name}");
        }
        assert!(limit("Max address space").parse::<u64>().unwrap() < 1 << 30);
        assert_eq!(spare.read("environ"), "");
        let files = fs::read_dir(format!("/proc/{}/fd", spare.0)).unwrap().count();
        assert_eq!(files, 3);
        let status = spare.read("status");
        let says = |line: &str| status.lines().any(|other| other == line);
        assert!(says("NoNewPrivs:\t1") && says("Threads:\t1"), "{status}");
        // The kernel tells its own state, and has filters wherever these tests run.
        assert!(says("Seccomp:\t2"), "{status}");
    }
}

/// Megabytes that a process has in memory.
fn resident_mb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn a_burst_of_uploads_leaves_no_memory() {
    let server = Server::start().await;
    let burst = async |uploads| {
        let recording = b"no audio".repeat(1_000_000);
        for (status, body) in join_all((0..uploads).map(|_| upload_to(&server, recording.clone()))).await {
            assert!([422, 503].contains(&status), "{body}");
        }
    };
    burst(1).await;
    let before = resident_mb(server.id());
    for _ in 0..4 {
        burst(15).await;
    }
    let after = resident_mb(server.id());
    println!("{before} MB before 60 uploads, {after} MB after");
    assert!(after < before + 40, "{before} MB before, {after} MB after");
}

#[tokio::test]
async fn damaged_headers_of_every_container_are_answered_soon() {
    let server = Server::start().await;
    let seeds = fs::read_dir(models::workspace().join("fuzz/corpus/uploads")).unwrap();
    let mut seeds: Vec<_> = seeds.map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    for seed in seeds {
        let bytes = fs::read(&seed).unwrap();
        // A count or a length made huge, wherever it may stand: one in each part of the head.
        let claims = (0..4).map(|part| {
            let mut claims = bytes.clone();
            let at = part * bytes.len().min(480) / 4 + 12;
            let end = (at + 4).min(claims.len());
            claims[at.min(end)..end].fill(0xff);
            claims
        });
        let start = Instant::now();
        for answer in join_all(claims.map(|claims| upload_to(&server, claims))).await {
            assert!([200, 422].contains(&answer.0), "{}: {answer:?}", seed.display());
        }
        assert!(start.elapsed() < LONGEST, "{}: {:?}", seed.display(), start.elapsed());
    }
}
