//! The table of loads against a stub.

use std::time::Duration;

use bytes::Bytes;
use clap::Parser;
use svara_bench::{commands::table::Table, report::Report};

use crate::stub::{self, Answer};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    table: Table,
}

async fn measure(url: &str, arguments: &[&str]) -> anyhow::Result<Report> {
    let start = ["table", "--url", url];
    let all = start.iter().chain(arguments);
    Arguments::try_parse_from(all).unwrap().table.measure().await.map(|(report, _)| report)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Silence as 16-bit samples at 24 kHz.
fn pcm(ms: usize) -> Bytes {
    vec![0; ms * 48].into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_breaks_a_server_whose_listeners_wait() {
    let good = stub::start(Answer::Chunks(vec![(ms(20), pcm(5000))])).await;
    let report = measure(&good, &["--streams", "1,2,3", "--requests", "3"]).await.unwrap();
    let shares = |report: &Report, gap: f64| {
        report.steps.iter().map(|step| step.summary.gap_ms.share_within(gap).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(shares(&report, 50.0), [1.0; 3]);

    // 900 ms late after 500 ms of audio.
    let bad = stub::start(Answer::Chunks(vec![(ms(0), pcm(500)), (ms(1400), pcm(100))])).await;
    let report = measure(&bad, &["--streams", "1,2,3", "--requests", "2"]).await.unwrap();
    assert_eq!(shares(&report, 200.0), [0.0], "the first step breaks it");
    let markdown = report.listeners_markdown("a | stub");
    let row = markdown.lines().last().unwrap();
    assert!(row.starts_with("| 1 | ") && row.ends_with("| 0 % | 0 % | 0 % | 0 of 2 |"), "{markdown}");
    let all = measure(&bad, &["--streams", "1,2", "--requests", "2", "--broken-below", "0"]).await.unwrap();
    assert_eq!(all.steps.len(), 2);
    let svg = all.listeners_svg("<stub>");
    assert!(svg.contains("&lt;stub&gt;") && !svg.contains("<stub>"), "{svg}");
    assert_eq!(svg.matches("<circle").count(), 2 * 5, "two loads, three gaps and two percentiles: {svg}");
    let json = serde_json::to_value(all.json()).unwrap();
    assert_eq!((&json["steps"][1]["c200"], &json["steps"][1]["streams"]), (&0.0.into(), &2.into()));

    let refuses = stub::start(Answer::Refuse(503, "full")).await;
    let report = measure(&refuses, &["--warm-up", "0", "--streams", "1,2", "--requests", "2"]).await.unwrap();
    assert_eq!((report.steps.len(), report.steps[0].summary.gap_ms.share_within(200.0)), (1, Some(0.0)));
    assert!(report.listeners_markdown("").contains("| never | never | never | 0 % | 0 % | 0 % | 2 of 2 |"));
    let error = measure(&good, &["--arrival", "poisson:3"]).await.unwrap_err().to_string();
    assert!(error.contains("--arrival"), "{error}");
}
