//! The results for programs. A percentile is `null` if it falls among streams without such a value: first audio has none where a
//! stream failed before it, the others where a stream failed at all.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Report;
use crate::load::{Distribution, Usage};

/// A run.
#[derive(Debug, Serialize)]
pub struct Json<'a> {
    svara_bench: &'static str,
    started_unix_s: u64,
    url: &'a str,
    dialect: &'a str,
    voice: &'a str,
    format: &'a str,
    first_audio_is: &'a str,
    start_buffer_ms: f64,
    expect_frames: Option<u64>,
    steps: Vec<StepJson<'a>>,
}

#[derive(Debug, Serialize)]
struct StepJson<'a> {
    name: &'a str,
    arrival: String,
    streams: usize,
    most_open: usize,
    sent: u64,
    failed: u64,
    silent_failures: u64,
    failures: &'a BTreeMap<String, u64>,
    wall_seconds: f64,
    audio_seconds: f64,
    samples: u64,
    audio_seconds_per_second: Option<f64>,
    first_audio_ms: Percentiles,
    real_time_factor: Percentiles,
    silence_ms: Percentiles,
    gap_ms: Percentiles,
    /// The shares of streams whose longest gap is at most 50, 100 and 200 ms.
    c50: Option<f64>,
    c100: Option<f64>,
    c200: Option<f64>,
    streams_with_underruns: u64,
    underruns: u64,
    longest_silence_ms: f64,
    process: Option<Process>,
}

#[derive(Debug, Serialize)]
struct Percentiles {
    mean: Option<f64>,
    min: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Process {
    cpu_seconds: f64,
    cpu_seconds_per_audio_second: Option<f64>,
    memory_start_bytes: u64,
    memory_peak_bytes: u64,
    memory_end_bytes: u64,
    /// Seconds since the step's start, and bytes.
    memory_course: Vec<(f64, u64)>,
}

impl<'a> Json<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let about = &report.about;
        Self {
            svara_bench: env!("CARGO_PKG_VERSION"),
            started_unix_s: report.started_unix_s,
            url: &about.url,
            dialect: about.dialect,
            voice: &about.voice,
            format: about.format.name(),
            first_audio_is: about.format.first_audio(),
            start_buffer_ms: about.start_buffer_ms,
            expect_frames: about.expect_frames,
            steps: report.steps.iter().map(StepJson::new).collect(),
        }
    }
}

impl<'a> StepJson<'a> {
    fn new(step: &'a super::Step) -> Self {
        let summary = &step.summary;
        Self {
            name: &step.name,
            arrival: step.arrival.to_string(),
            streams: step.streams,
            most_open: summary.most_open,
            sent: summary.streams,
            failed: summary.failed(),
            silent_failures: summary.silent_failures,
            failures: &summary.failures,
            wall_seconds: summary.wall.as_secs_f64(),
            audio_seconds: summary.audio.as_secs_f64(),
            samples: summary.samples,
            audio_seconds_per_second: summary.speed(),
            first_audio_ms: Percentiles::of(&summary.first_audio_ms),
            real_time_factor: Percentiles::of(&summary.real_time_factor),
            silence_ms: Percentiles::of(&summary.silence_ms),
            gap_ms: Percentiles::of(&summary.gap_ms),
            c50: summary.gap_ms.share_within(50.0),
            c100: summary.gap_ms.share_within(100.0),
            c200: summary.gap_ms.share_within(200.0),
            streams_with_underruns: summary.streams_with_underruns,
            underruns: summary.underruns,
            longest_silence_ms: summary.longest_silence_ms,
            process: summary.usage.as_ref().map(|usage| Process::new(usage, summary.cpu_per_audio_second())),
        }
    }
}

impl Percentiles {
    fn of(values: &Distribution) -> Self {
        Self {
            mean: values.mean(),
            min: values.quantile(0.0),
            p50: values.quantile(0.5),
            p90: values.quantile(0.9),
            p95: values.quantile(0.95),
            p99: values.quantile(0.99),
            max: values.quantile(1.0),
        }
    }
}

impl Process {
    fn new(usage: &Usage, cpu_seconds_per_audio_second: Option<f64>) -> Self {
        Self {
            cpu_seconds: usage.cpu.as_secs_f64(),
            cpu_seconds_per_audio_second,
            memory_start_bytes: usage.start_bytes,
            memory_peak_bytes: usage.peak_bytes,
            memory_end_bytes: usage.end_bytes,
            memory_course: usage.course.clone(),
        }
    }
}
