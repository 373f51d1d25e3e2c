//! The command line.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};
use svara_engine::Prompt;
use svara_snac::onnx::Device;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};

use crate::{
    commands::{Failure, hash_key, say, voices},
    config::{Config, DecoderBackend, EngineKind, LogFormat, LogLevel},
    start::{self, Server},
    telemetry,
};

/// Text-to-speech server for svara-tts and other Orpheus-style models.
#[derive(Debug, Parser)]
#[command(name = "svara-server", version)]
pub struct Cli {
    /// The configuration file [default: config/server.toml, if it is there].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Speak with the demo voice: no GPU, no vLLM, no model weights.
    #[arg(long)]
    demo: bool,
    /// The address or host name to listen on.
    #[arg(long)]
    host: Option<String>,
    /// The port to listen on; 0 takes a free one.
    #[arg(long)]
    port: Option<u16>,
    /// Serve anybody, even where others can reach the server and it asks for no keys.
    #[arg(long)]
    allow_open: bool,
    /// The server's certificate, as PEM; with --tls-key, HTTPS is spoken in place of HTTP.
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key, as PEM.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// The base of the engine's API, such as http://localhost:8000/v1.
    #[arg(long, value_name = "URL")]
    engine_url: Option<String>,
    /// The model's name at the engine.
    #[arg(long)]
    model: Option<String>,
    /// Where the decoder runs: auto, cpu, cuda or cuda:N.
    #[arg(long)]
    device: Option<Device>,
    /// What turns codes into sound; null gives silence, for load tests only.
    #[arg(long, value_enum)]
    decoder: Option<DecoderBackend>,
    /// What is logged.
    #[arg(long, value_enum)]
    log_level: Option<LogLevel>,
    /// How log lines look.
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
    /// Check the configuration and all it names, show it, and exit.
    #[arg(long)]
    check_config: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the prompt that a text becomes, as JSON: token ids, or text where there is no tokenizer.
    Prompt {
        /// Who speaks.
        #[arg(long)]
        voice: String,
        /// What is said.
        text: String,
    },
    /// Speak here, without a server, and show how long it took.
    Say(say::SayArgs),
    /// Make an API key, or hash one, for the keys file.
    HashKey(hash_key::HashKeyArgs),
    /// List the voices.
    Voices(voices::VoicesArgs),
}

impl Cli {
    /// Does what the command line says; returns when the server has stopped.
    ///
    /// # Errors
    /// Says whether the fault lies in the configuration or in starting.
    pub fn run(mut self) -> Result<(), Failure> {
        if let Some(Command::HashKey(args)) = &self.command {
            return hash_key::run(args).map_err(Failure::Usage);
        }
        let config = self.config().map_err(Failure::Usage)?;
        let level = self.log_level;
        match self.command.take() {
            None | Some(Command::HashKey(_)) => {}
            Some(Command::Prompt { voice, text }) => {
                return show_prompt(&config, &voice, &text).map_err(Failure::Usage);
            }
            Some(Command::Say(args)) => {
                return at_a_shell(config, level, async |config| say::run(config, args).await);
            }
            Some(Command::Voices(args)) => {
                return at_a_shell(config, level, async |config| voices::run(config, &args).await);
            }
        }
        if self.check_config {
            return check(&config).map_err(Failure::Usage);
        }
        start::check_exposure(&config).map_err(Failure::Usage)?;
        let runtime = runtime()?;
        let telemetry = telemetry::init(&config, runtime.handle()).map_err(Failure::Start)?;
        let served = runtime.block_on(serve(&config));
        telemetry.shutdown();
        served.map_err(Failure::Start)
    }

    /// Flag over environment over file over default.
    fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), |name| std::env::var(name).ok())?;
        if self.demo {
            config.engine.kind = EngineKind::Demo;
        }
        for (flag, value) in [
            (&self.host, &mut config.server.host),
            (&self.engine_url, &mut config.engine.base_url),
            (&self.model, &mut config.engine.model),
        ] {
            if let Some(flag) = flag {
                value.clone_from(flag);
            }
        }
        for (flag, value) in
            [(&self.tls_cert, &mut config.server.tls_cert), (&self.tls_key, &mut config.server.tls_key)]
        {
            if let Some(flag) = flag {
                value.clone_from(flag);
            }
        }
        config.server.allow_open |= self.allow_open;
        config.decoder.kind = self.decoder.unwrap_or(config.decoder.kind);
        config.decoder.device = self.device.unwrap_or(config.decoder.device);
        config.server.port = self.port.unwrap_or(config.server.port);
        config.log.level = self.log_level.unwrap_or(config.log.level);
        config.log.format = self.log_format.unwrap_or(config.log.format);
        config.check()?;
        Ok(config)
    }
}

/// Does what somebody at a shell asked for. Only what needs attention is logged, unless he asked for more.
fn at_a_shell(
    mut config: Config,
    level: Option<LogLevel>,
    command: impl AsyncFnOnce(&Config) -> Result<(), Failure>,
) -> Result<(), Failure> {
    config.log.level = level.unwrap_or(LogLevel::Warning);
    let runtime = runtime()?;
    let telemetry = telemetry::init(&config, runtime.handle()).map_err(Failure::Start)?;
    let done = runtime.block_on(command(&config));
    telemetry.shutdown();
    done
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    runtime.context("can't start the async runtime").map_err(Failure::Start)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    // Once caught, it never ends the program again: a reload does no harm where there is nothing to load again.
    let _ = signal(SignalKind::hangup()).context("can't catch SIGHUP")?;
    // The port first: a server that can't have it should say so before it loads models.
    let address = (config.server.host.as_str(), config.server.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {}:{}", address.0, address.1))?;
    let settings = start::http_settings(config)?;
    if let Some(tls) = &settings.tls {
        tls.follow().context("can't catch SIGHUP")?;
    }
    let Server { router, life, connections, keys } = start::server(config).await?;
    keys.follow().context("can't catch SIGHUP")?;
    svara_http::stop_at_signals(life.clone())?;
    Ok(svara_http::serve(listener, router, life, connections, settings).await?)
}

/// Loads all that is quickly loaded, and shows the configuration.
#[expect(clippy::print_stdout, reason = "this is what the flag is for")]
fn check(config: &Config) -> anyhow::Result<()> {
    start::check_exposure(config)?;
    start::check(config)?;
    print!("{}", toml::to_string(config)?);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn show_prompt(config: &Config, voice: &str, text: &str) -> anyhow::Result<()> {
    let (voices, prompts) = start::voices_and_prompts(config)?;
    let prompt = prompts.preset(voices.find(voice)?, text).map_err(anyhow::Error::msg)?;
    let shown = match prompt {
        Prompt::Tokens(ids) => serde_json::to_string(&ids)?,
        Prompt::Text(text) => serde_json::to_string(&text)?,
    };
    println!("{shown}");
    Ok(())
}
