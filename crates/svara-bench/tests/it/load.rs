//! The load generator against a stub.

use std::{process::Stdio, time::Duration};

use bytes::Bytes;
use clap::Parser;
use svara_bench::{commands::load::Load, report::Report};
use tokio::{net::TcpListener, process::Command};

use crate::stub::{self, Answer};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    load: Load,
}

async fn measure(url: &str, arguments: &[&str]) -> anyhow::Result<Report> {
    let start = ["load", "--url", url];
    let all = start.iter().chain(arguments);
    Arguments::try_parse_from(all).unwrap().load.measure().await.map(|(report, _)| report)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Silence as 16-bit samples at 24 kHz.
fn pcm(ms: usize) -> Bytes {
    vec![0; ms * 48].into()
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_and_first_audio_are_what_the_server_made_them() {
    // What comes at 1100 or later is late by the time since the first half second was over.
    let chunks = vec![(ms(200), pcm(500)), (ms(900), pcm(100)), (ms(10), pcm(300))];
    let url = stub::start(Answer::Chunks(chunks)).await;
    let report = measure(&url, &["--requests", "3", "--streams", "3"]).await.unwrap();
    let summary = &report.steps[0].summary;
    assert_eq!((summary.streams, summary.failed()), (3, 0), "{:?}", summary.failures);
    assert_eq!(summary.samples, 3 * 900 * 24);
    assert_eq!(summary.streams_with_underruns, 3);
    let silence = summary.silence_ms.quantile(0.0).unwrap();
    let first = summary.first_audio_ms.quantile(0.0).unwrap();
    assert!((199.0..3000.0).contains(&first), "{first}");
    // However late a client hears its first audio: the later, the shorter its silence.
    let latest = summary.first_audio_ms.quantile(1.0).unwrap();
    assert!(silence < 3000.0 && silence + latest >= 599.0, "{silence} after {latest}");
    // 1.11 s for 0.9 s.
    assert!(summary.real_time_factor.quantile(0.0).unwrap() > 1.2);

    let buffered = measure(&url, &["--requests", "1", "--start-buffer-ms", "550"]).await.unwrap();
    assert_eq!(buffered.steps[0].summary.streams_with_underruns, 0, "it starts with 600 ms of 900");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_is_no_audio() {
    let mut header = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    header.extend(
        [24_000u32.to_le_bytes(), 48_000u32.to_le_bytes(), [2, 0, 16, 0], *b"data", [255; 4]].concat(),
    );
    let chunks = vec![(ms(0), header.into()), (ms(300), Bytes::from_static(&[0])), (ms(200), pcm(10))];
    let url = stub::start(Answer::Chunks(chunks)).await;
    let report = measure(&url, &["--format", "wav", "--requests", "1"]).await.unwrap();
    let summary = &report.steps[0].summary;
    assert_eq!(summary.samples, 240, "the byte after the last whole sample is none");
    assert!(summary.first_audio_ms.quantile(0.0).unwrap() >= 499.0, "half a sample is none either");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_is_counted_with_its_reason() {
    let frame = Bytes::from(vec![0; 4096]);
    for (answer, arguments, reason, is_silent) in [
        (
            Answer::Refuse(503, r#"{"error": {"type": "server_full"}}"#),
            &["--warm-up", "0"][..],
            "status 503 server_full",
            false,
        ),
        (Answer::Break(frame.clone()), &["--warm-up", "0"], "broken off", false),
        (Answer::Chunks(vec![]), &["--warm-up", "0"], "no audio", true),
        (
            Answer::Chunks(vec![(ms(0), frame.clone())]),
            &["--warm-up", "0", "--expect-frames", "2"],
            "audio missing",
            true,
        ),
        (
            Answer::Chunks(vec![(ms(0), pcm(200))]),
            &["--warm-up", "0", "--expect-frames", "2"],
            "too much audio",
            true,
        ),
        (
            Answer::Chunks(vec![(ms(9_000), frame)]),
            &["--warm-up", "0", "--timeout-seconds", "0.2"],
            "timeout",
            false,
        ),
    ] {
        let url = stub::start(answer.clone()).await;
        let report = measure(&url, &[arguments, &["--requests", "2"]].concat()).await.unwrap();
        let summary = &report.steps[0].summary;
        let (found, count) = summary.failures.first_key_value().expect("a failure");
        assert!(found.starts_with(reason) && *count == 2, "{reason}: {:?}", summary.failures);
        assert_eq!(summary.silent_failures > 0, is_silent, "{reason}");
        let text = report.table() + &report.html() + &serde_json::to_string(&report.json()).unwrap();
        assert_eq!(text.matches(reason).count(), 3, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_an_error() {
    let url = stub::start(Answer::Refuse(401, "no key")).await;
    let error = measure(&url, &[]).await.unwrap_err().to_string();
    assert!(error.contains("status 401 no key"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_warm_up_is_no_error_of_the_server() {
    // A client that is connected and has no answer is in the warm-up.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_svara-bench"));
    let command = command.args(["load", "--url", &url]).kill_on_drop(true);
    let bench = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (_connection, _) = listener.accept().await.unwrap();
    let id = bench.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().await.unwrap().success());
    let output = bench.wait_with_output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("interrupted before the first step") && !said.contains("answers no request"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(3), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn poisson_arrivals_go_on_whatever_the_server_does() {
    let url = stub::start(Answer::Chunks(vec![(ms(500), pcm(100))])).await;
    let arguments = ["--arrival", "poisson:200", "--requests", "50", "--streams", "10000"];
    let report = measure(&url, &arguments).await.unwrap();
    let summary = &report.steps[0].summary;
    assert_eq!((summary.streams, summary.failed()), (50, 0));
    assert!(summary.most_open > 10, "{}", summary.most_open);

    let few =
        measure(&url, &["--arrival", "poisson:200", "--requests", "50", "--streams", "2"]).await.unwrap();
    let summary = &few.steps[0].summary;
    assert_eq!(summary.streams, 50);
    assert!(summary.failures["not sent: too many open streams"] > 30, "{:?}", summary.failures);
    assert_eq!(summary.first_audio_ms.quantile(0.9), None, "streams that weren't sent rank last");
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_audio_is_counted_in_its_frames() {
    // MPEG 1 layer III, 128 kbit/s at 44.1 kHz: 417 bytes, 1152 samples.
    let frame = [&[0xff, 0xfb, 0x90, 0xc4][..], &[0; 413]].concat();
    let body = [b"ID3\x04\0\0\0\0\0\x02xx".as_slice(), &frame, &frame, &frame].concat();
    let chunks = body.chunks(100).map(|chunk| (ms(1), Bytes::copy_from_slice(chunk))).collect();
    let url = stub::start(Answer::Chunks(chunks)).await;
    let report = measure(&url, &["--format", "mp3", "--requests", "1"]).await.unwrap();
    assert_eq!(report.steps[0].summary.samples, 3 * 1152);
    for format in ["aac", "opus", "flac", "wav"] {
        let report = measure(&url, &["--format", format, "--requests", "1", "--warm-up", "0"]).await.unwrap();
        assert_eq!(report.steps[0].summary.failed(), 1, "{format}");
    }
}
