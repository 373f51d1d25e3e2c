//! The command line.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Parser, Subcommand};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use svara_snac::onnx::Device;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};

use crate::{
    commands::{Failure, hash_key, say, text, voices},
    config::{Config, DecoderBackend, EngineKind, LogFormat, LogLevel},
    recordings::{self, DecodeUploadArgs},
    start::{self, Server},
    telemetry,
};

/// How long tasks may take to end once the server has stopped.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// Text-to-speech server for svara-tts and other Orpheus-style models.
#[derive(Debug, Parser)]
#[command(name = "svara-server", version)]
pub struct Cli {
    /// The configuration file [default: config/server.toml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Use the demo voice, which needs no GPU, no vLLM and no model weights.
    #[arg(long)]
    demo: bool,
    /// The address or host name to listen on.
    #[arg(long)]
    host: Option<String>,
    /// The port to listen on; 0 selects a free one.
    #[arg(long)]
    port: Option<u16>,
    /// Start without API keys even on an address that others can reach.
    #[arg(long)]
    allow_open: bool,
    /// The server's certificate, a PEM file; with --tls-key, the server speaks HTTPS instead of HTTP.
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, a PEM file.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// The base URL of the engine's API, such as http://localhost:8000/v1.
    #[arg(long, value_name = "URL")]
    engine_url: Option<String>,
    /// The model's name at the engine.
    #[arg(long)]
    model: Option<String>,
    /// The device of the decoder: auto, cpu, cuda or cuda:N.
    #[arg(long)]
    device: Option<Device>,
    /// The decoder; null generates silence, for load tests only.
    #[arg(long, value_enum)]
    decoder: Option<DecoderBackend>,
    /// The least severe level to log.
    #[arg(long, value_enum)]
    log_level: Option<LogLevel>,
    /// The format of log lines.
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
    /// Check the configuration and the files it names, print it, and exit.
    #[arg(long)]
    check_config: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the prompt for a text as JSON: token ids, or text if there is no tokenizer.
    ///
    /// The engine gets exactly this: one line for each piece of a long text.
    Prompt(text::TextArgs),
    /// Show what would be said for a text: cleaned, in words, and in the pieces that the engine gets.
    Text(text::TextArgs),
    /// Speak a text without a server, and print how long it took.
    Say(say::SayArgs),
    /// Generate an API key, or hash an existing one, for the keys file.
    HashKey(hash_key::HashKeyArgs),
    /// List the voices.
    Voices(voices::VoicesArgs),
    /// Decode one recording in a sandbox; the server starts this itself.
    #[command(hide = true)]
    DecodeUpload(DecodeUploadArgs),
}

impl Cli {
    /// Runs the command, or serves until the server has stopped.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a wrong command line or configuration, [`Failure::Start`] for any other failure.
    pub fn run(mut self) -> Result<(), Failure> {
        if let Some(Command::HashKey(args)) = &self.command {
            return hash_key::run(args).map_err(Failure::Usage);
        }
        if let Some(Command::DecodeUpload(args)) = &self.command {
            return recordings::decode_upload(args);
        }
        let config = self.config().map_err(Failure::Usage)?;
        let level = self.log_level;
        match self.command.take() {
            None | Some(Command::HashKey(_) | Command::DecodeUpload(_)) => {}
            Some(Command::Prompt(args)) => return text::prompt(&config, &args).map_err(Failure::Usage),
            Some(Command::Text(args)) => return text::run(&config, &args).map_err(Failure::Usage),
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
        let files = raise_open_files();
        let runtime = runtime()?;
        let telemetry = telemetry::init(&config, runtime.handle()).map_err(Failure::Start)?;
        check_open_files(files, config.limits.connections);
        let served = runtime.block_on(serve(&config));
        telemetry.shutdown();
        // A blocking task can't be interrupted, and must not keep a stopped server alive.
        runtime.shutdown_timeout(SHUTDOWN);
        served.map_err(Failure::Start)
    }

    /// The configuration: flags override the environment, which overrides the file, which overrides defaults.
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

/// Runs a command without serving. Only warnings and errors are logged, unless a flag sets another level.
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

/// Raises the limit of open files to the most that is allowed: the usual one is less than `limits.connections`. Returns
/// the limit in force.
fn raise_open_files() -> nix::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(hard)
}

/// Says so where connections can run out of files before they reach their own limit.
fn check_open_files(limit: nix::Result<u64>, connections: usize) {
    match limit {
        Ok(files) if files < connections as u64 => {
            tracing::warn!(files, connections, "fewer files may be open than limits.connections");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "can't raise the limit of open files"),
    }
}

fn runtime() -> Result<Runtime, Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    runtime.context("can't start the async runtime").map_err(Failure::Start)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    // Once caught, SIGHUP never ends the program: a reload is harmless if there is nothing to reload.
    let _ = signal(SignalKind::hangup()).context("can't catch SIGHUP")?;
    // Before the models are loaded, so that a port in use is reported at once.
    let address = (config.server.host.as_str(), config.server.port);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {}:{}", address.0, address.1))?;
    if !config.server.asks_for_keys() {
        tracing::warn!("no key is required: whoever reaches the port may speak, make voices and delete them");
    }
    let settings = start::http_settings(config)?;
    if let Some(tls) = &settings.tls {
        tls.follow().context("can't catch SIGHUP")?;
    }
    let Server { router, life, connections, keys } = start::server(config, None).await?;
    keys.follow().context("can't catch SIGHUP")?;
    svara_http::stop_at_signals(life.clone())?;
    Ok(svara_http::serve(listener, router, life, connections, settings).await?)
}

/// Checks everything that loads quickly, and prints the configuration.
#[expect(clippy::print_stdout, reason = "this is what the flag is for")]
fn check(config: &Config) -> anyhow::Result<()> {
    start::check_exposure(config)?;
    start::check(config)?;
    print!("{}", toml::to_string(config)?);
    Ok(())
}
