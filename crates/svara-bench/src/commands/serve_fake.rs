//! `svara-bench serve-fake`: the fake vLLM as a program.

use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;
use svara_testkit::fake_vllm::{self, FakeVllm, Length, Pace, Settings};
use tokio::net::TcpListener;

use crate::args::{not_negative, positive};

/// `svara-bench serve-fake`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeFake {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,
    /// The port; 0 takes a free one. The address is printed once it listens.
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
    /// Tokens per second of each stream. 82.03 is real time.
    #[arg(long, default_value_t = 200.0, value_parser = positive)]
    pub rate: f64,
    /// Time to the first token, in milliseconds.
    #[arg(long, default_value_t = 50.0, value_parser = not_negative)]
    pub ttft_ms: f64,
    /// Maximum random delay of an event, in milliseconds; delays don't add up.
    #[arg(long, default_value_t = 0.0, value_parser = not_negative)]
    pub jitter_ms: f64,
    /// Tokens per second of all streams together: the more streams run, the slower each is, as on a real engine.
    #[arg(long, value_parser = positive)]
    pub total_rate: Option<f64>,
    /// Streams that run at once; more wait, first come first served.
    #[arg(long)]
    pub max_concurrency: Option<usize>,
    /// Streams that run or wait; more are refused with 503, as vLLM does with --max-num-queued-reqs.
    #[arg(long)]
    pub max_queued: Option<usize>,
    /// Frames (85 ms each) in every answer, whatever the text.
    #[arg(long)]
    pub frames: Option<u32>,
    /// Frames for each token of the prompt's text, unless --frames is given. In a text prompt, four characters count as
    /// one token.
    #[arg(long, default_value_t = 3.0, value_parser = positive)]
    pub frames_per_token: f64,
    /// How tokens are sent.
    #[arg(long, value_enum, default_value_t = Form::Ids)]
    pub form: Form,
    /// The name of the model.
    #[arg(long, default_value = "kenpath/svara-tts-v1")]
    pub model: String,
    /// Threads that serve requests.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
}

/// How tokens are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Like vLLM: text, and ids if the request asks for them.
    Ids,
    /// Text only, like other engines with an OpenAI-compatible API.
    Text,
}

impl ServeFake {
    /// Serves until the process is interrupted.
    ///
    /// # Errors
    /// It can't listen on its address.
    pub async fn run(self) -> anyhow::Result<()> {
        let listener = TcpListener::bind((self.host.as_str(), self.port))
            .await
            .with_context(|| format!("can't listen on {}:{}", self.host, self.port))?;
        self.serve(listener).await
    }

    /// [`Self::run`], on a listener of the caller's.
    ///
    /// # Errors
    /// The listener has no address.
    #[expect(clippy::print_stdout, reason = "scripts read the address")]
    pub async fn serve(self, listener: TcpListener) -> anyhow::Result<()> {
        let fake = FakeVllm::serve(listener, self.settings()).context("the listener has no address")?;
        println!("{}", fake.base_url());
        tokio::signal::ctrl_c().await.context("can't wait for the signal")
    }

    fn settings(self) -> Settings {
        Settings {
            model: self.model,
            pace: Pace {
                first_token: Duration::from_secs_f64(self.ttft_ms / 1000.0),
                tokens_per_second: self.rate,
                total_tokens_per_second: self.total_rate,
                jitter: Duration::from_secs_f64(self.jitter_ms / 1000.0),
            },
            length: self.frames.map_or(Length::PerTextToken(self.frames_per_token), Length::Frames),
            form: match self.form {
                Form::Ids => fake_vllm::Form::Ids,
                Form::Text => fake_vllm::Form::Text,
            },
            max_concurrency: self.max_concurrency,
            max_queued: self.max_queued,
        }
    }
}
