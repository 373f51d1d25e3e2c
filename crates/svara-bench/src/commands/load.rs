//! `svara-bench load`.

use std::{fs, io::IsTerminal, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Client;

use crate::{
    args::{not_negative, positive},
    load::{
        Arrival, Dialect, Ear, FailOn, Format, Summary, Target,
        step::{self, Setting, Until},
    },
    report::{About, Report, Step},
    verdict::Verdict,
};

/// Texts of about seven seconds each, used unless `--text` names a file.
const TEXTS: &[&str] = &[
    "नमस्ते, आज मौसम बहुत सुहाना है और हम सब मिलकर नदी के किनारे घूमने जा रहे हैं, आप भी हमारे साथ चलिए।",
    "रेलगाड़ी ठीक समय पर स्टेशन पहुँची, और सभी यात्री अपना सामान लेकर धीरे धीरे बाहर की ओर चल पड़े।",
    "किताबें हमारी सबसे अच्छी मित्र होती हैं, वे हमें नई दुनिया दिखाती हैं और सोचने का ढंग सिखाती हैं।",
];

/// `svara-bench load`.
#[derive(Clone, Debug, clap::Args)]
pub struct Load {
    /// The base URL of the server, such as http://127.0.0.1:8080.
    #[arg(long)]
    url: String,
    /// The API that the server speaks.
    #[arg(long, value_enum, default_value_t = Dialect::Svara)]
    dialect: Dialect,
    /// Concurrent streams, one step for each number [default: 1]. With Poisson arrivals: the most streams that may be
    /// open [default: 10000].
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) streams: Vec<u32>,
    /// closed: each stream sends its next request once the last one is answered. poisson:RPS: RPS requests per second
    /// on average, however fast the server answers. One step for each value.
    #[arg(long, value_delimiter = ',', default_value = "closed")]
    pub(super) arrival: Vec<Arrival>,
    /// Requests in each step [default: 20; with closed arrivals at least 4 per stream].
    #[arg(long, conflicts_with = "seconds", value_parser = clap::value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// Send requests for this many seconds in each step, instead of a fixed number.
    #[arg(long, value_parser = positive)]
    seconds: Option<f64>,
    /// Spread the first requests of a closed step over this many seconds.
    #[arg(long, default_value_t = 0.0, value_parser = not_negative)]
    spread_seconds: f64,
    /// Requests to send before the first step, without measuring them.
    #[arg(long, default_value_t = 1)]
    warm_up: u32,
    /// A file with one text per line, used in turn [default: Hindi sentences].
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// The voice [default: hi_female, by its name in the dialect].
    #[arg(long)]
    voice: Option<String>,
    /// The model to request.
    #[arg(long)]
    model: Option<String>,
    /// The audio format.
    #[arg(long, value_enum, default_value_t = Format::Pcm)]
    format: Format,
    /// Audio that a player buffers before it starts, in milliseconds.
    #[arg(long, default_value_t = 0.0, value_parser = not_negative)]
    start_buffer_ms: f64,
    /// Frames of 2048 samples (at 24 kHz) that each answer must have; any other length counts as a failure.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    expect_frames: Option<u64>,
    /// The server's process ID, to measure CPU time and memory of it and its children. The server must run on this
    /// machine.
    #[arg(long)]
    pid: Option<u32>,
    /// Seconds that a stream may take.
    #[arg(long, default_value_t = 120.0, value_parser = positive)]
    timeout_seconds: f64,
    /// A bearer token for the server [default: the environment variable SVARA_BENCH_API_KEY, which other users of the
    /// machine can't see].
    #[arg(long)]
    api_key: Option<String>,
    /// Seed for the arrivals of Poisson steps.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Exit with code 3 if a step shows one of these: failed, incomplete, underrun, first-audio-p99-ms:MS,
    /// real-time-factor-p99:FACTOR.
    #[arg(long, value_delimiter = ',')]
    fail_on: Vec<FailOn>,
    /// Write the results to this file as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write an HTML page with plots to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Threads that send requests and read answers.
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
}

/// Streams that a Poisson step may have open, unless `--streams` says otherwise.
const MAX_OPEN: u32 = 10_000;

impl Load {
    /// Runs all steps, prints the table, writes the reports.
    ///
    /// # Errors
    /// The run can't be set up, the server answers no request, or a report can't be written.
    #[expect(clippy::print_stdout, reason = "the table is what the program is for")]
    pub async fn run(self) -> anyhow::Result<Verdict> {
        let (report, interrupted) = self.measure().await?;
        println!("{}", report.table());
        self.write(&report)?;
        Ok(self.verdict(&report, interrupted))
    }

    /// Writes the reports that files are named for.
    ///
    /// # Errors
    /// A file can't be written.
    pub(super) fn write(&self, report: &Report) -> anyhow::Result<()> {
        if let Some(path) = &self.json {
            let json = serde_json::to_string_pretty(&report.json()).context("can't write the results")?;
            fs::write(path, json + "\n").with_context(|| format!("can't write {}", path.display()))?;
        }
        if let Some(path) = &self.html {
            fs::write(path, report.html()).with_context(|| format!("can't write {}", path.display()))?;
        }
        Ok(())
    }

    /// Runs all steps. Returns the results, and whether the run was interrupted.
    ///
    /// # Errors
    /// The run can't be set up, or the server answers no request.
    pub async fn measure(&self) -> anyhow::Result<(Report, bool)> {
        self.measure_until(|_| false).await
    }

    /// [`Self::measure`], up to the first step of which this is true.
    pub(super) async fn measure_until(
        &self,
        is_enough: impl Fn(&Summary) -> bool,
    ) -> anyhow::Result<(Report, bool)> {
        let setting = Arc::new(self.setting()?);
        let mut report = Report::new(&self.about());
        if self.warm_up(&setting).await? {
            eprintln!("svara-bench: interrupted before the first step");
            return Ok((report, true));
        }
        for (name, load) in self.steps() {
            let progress = progress(&name, load.until);
            let (summary, interrupted) = step::run(&setting, load, &progress).await?;
            progress.finish_and_clear();
            let is_enough = is_enough(&summary);
            report.steps.push(Step { name, streams: load.streams, arrival: load.arrival, summary });
            if interrupted {
                eprintln!("svara-bench: interrupted; open streams aren't counted");
                return Ok((report, true));
            }
            if is_enough {
                break;
            }
        }
        Ok((report, false))
    }

    pub(super) fn verdict(&self, report: &Report, interrupted: bool) -> Verdict {
        let mut verdict = if interrupted { Verdict::Failed } else { Verdict::Good };
        for step in &report.steps {
            for condition in self.fail_on.iter().filter(|condition| condition.is_seen_in(&step.summary)) {
                eprintln!("svara-bench: {} shows {condition}", step.name);
                verdict = Verdict::Failed;
            }
        }
        verdict
    }

    fn about(&self) -> About {
        About {
            url: self.url.clone(),
            dialect: self.dialect.name(),
            format: self.format,
            voice: self.voice().to_owned(),
            start_buffer_ms: self.start_buffer_ms,
            expect_frames: self.expect_frames,
        }
    }

    fn voice(&self) -> &str {
        self.voice.as_deref().unwrap_or(self.dialect.default_voice())
    }

    fn steps(&self) -> Vec<(String, step::Load)> {
        let spread = Duration::from_secs_f64(self.spread_seconds);
        let mut steps = Vec::new();
        for arrival in &self.arrival {
            let (streams, name): (&[u32], _) = match (arrival, self.streams.as_slice()) {
                (Arrival::Closed, []) => (&[1], None),
                (Arrival::Closed, streams) => (streams, None),
                (Arrival::Poisson { per_second }, []) => (&[MAX_OPEN], Some(format!("{per_second}/s"))),
                (Arrival::Poisson { per_second }, open) => (open, Some(format!("{per_second}/s"))),
            };
            for streams in streams {
                let name = name.clone().unwrap_or_else(|| streams.to_string());
                let default = match arrival {
                    Arrival::Closed => (4 * u64::from(*streams)).max(20),
                    Arrival::Poisson { .. } => 20,
                };
                let until = match (self.seconds, self.requests) {
                    (Some(seconds), _) => Until::Elapsed(Duration::from_secs_f64(seconds)),
                    (None, requests) => Until::Requests(requests.unwrap_or(default)),
                };
                steps.push((
                    name,
                    step::Load { arrival: *arrival, streams: *streams as usize, until, spread },
                ));
            }
        }
        steps
    }

    fn setting(&self) -> anyhow::Result<Setting> {
        let texts = match &self.text {
            None => TEXTS.iter().map(|text| (*text).to_owned()).collect(),
            Some(path) => {
                let text =
                    fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
                let lines: Vec<String> =
                    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
                if lines.is_empty() {
                    bail!("{} contains no text", path.display());
                }
                lines
            }
        };
        // Fails if a provider is already installed, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .tcp_nodelay(true)
            .no_proxy()
            .pool_max_idle_per_host(usize::MAX)
            .build()
            .context("can't make an HTTP client")?;
        let target = Target {
            client,
            url: self.url.trim_end_matches('/').to_owned(),
            dialect: self.dialect,
            voice: self.voice().to_owned(),
            model: self.model.clone(),
            format: self.format.name(),
            api_key: self.api_key.clone().or_else(|| std::env::var("SVARA_BENCH_API_KEY").ok()),
            timeout: Duration::from_secs_f64(self.timeout_seconds),
        };
        let ear = Ear {
            format: self.format,
            start_buffer: Duration::from_secs_f64(self.start_buffer_ms / 1000.0),
            expected_frames: self.expect_frames,
        };
        Ok(Setting { target, ear, texts, pid: self.pid, seed: self.seed })
    }

    /// Sends the requests that aren't measured. Returns whether the run was interrupted. An error if the server answers none of
    /// them.
    async fn warm_up(&self, setting: &Arc<Setting>) -> anyhow::Result<bool> {
        if self.warm_up == 0 {
            return Ok(false);
        }
        let load = step::Load {
            arrival: Arrival::Closed,
            streams: 1,
            until: Until::Requests(u64::from(self.warm_up)),
            spread: Duration::ZERO,
        };
        let (summary, interrupted) = step::run(setting, load, &ProgressBar::hidden()).await?;
        if !interrupted && summary.failed() == summary.streams {
            let reasons: Vec<&str> = summary.failures.keys().map(String::as_str).collect();
            bail!("{} answers no request: {}", self.url, reasons.join("; "));
        }
        Ok(interrupted)
    }
}

/// A progress bar on a terminal, nothing elsewhere.
fn progress(name: &str, until: Until) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match until {
        Until::Requests(requests) => {
            (ProgressBar::new(requests), "{prefix:>12} {bar:40.cyan/blue} {pos}/{len} {elapsed} {msg:.red}")
        }
        Until::Elapsed(_) => {
            (ProgressBar::no_length(), "{prefix:>12} {spinner} {pos} done {elapsed} {msg:.red}")
        }
    };
    // A template that doesn't parse leaves the default bar.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_prefix(name.to_owned())
}
