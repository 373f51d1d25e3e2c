//! The command line.

use std::{io, path::PathBuf, time::Duration};

use anyhow::{Context, anyhow, bail};
use clap::{CommandFactory, Parser, Subcommand};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use svara_config::{Config, DecoderBackend, EngineKind, Loaded, LogConfig, LogFormat, LogLevel};
use svara_recordings::{self, DecodeUploadArgs};
use svara_snac::onnx::Device;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};

use super::{check_config, failure::Failure, hash_key, numbers, out, say, text, voices, words};
use crate::{
    cryptography,
    start::{self, Server},
    telemetry,
};

/// How long tasks may take to end once the server has stopped.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// What `--help` ends with.
const AFTER_HELP: &str = "\
Examples:
  svara-server --demo                         a robotic voice, without a GPU, vLLM or models
  svara-server say --demo \"नमस्ते\"             speaks on this machine
  svara-server --engine-url http://gpu:8000/v1
  svara-server --check-config --origin        each setting, and where it comes from

Variables:
  API_HOST, API_PORT, SVARA_API_KEY, SVARA_KEYS_FILE, SVARA_ALLOW_OPEN
  VLLM_BASE_URL, VLLM_MODEL, VLLM_API_KEY, TOKENIZER_MODEL, SVARA_ENGINE, TTS_DEVICE
  LOG_LEVEL, LOG_FORMAT
  SVARA_<SECTION>_<KEY> for every key of config/server.toml but log.format (SVARA_LIMITS_STREAMS)

DEPLOYMENT.md and docs/ are the manual. A running server has the API's at /docs and a page to try it at /.
The model: https://huggingface.co/kenpath/svara-tts-v1";

/// Text-to-speech server for svara-tts and other Orpheus-style models.
#[derive(Debug, Parser)]
#[command(name = "svara-server", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// The configuration file [default: config/server.toml, if it exists].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Use the demo voice, which needs no GPU, no vLLM and no model weights.
    #[arg(long, global = true)]
    demo: bool,
    /// The address or host name to listen on.
    #[arg(long)]
    host: Option<String>,
    /// The port to listen on; 0 selects a free one.
    #[arg(long, value_parser = numbers::port, allow_negative_numbers = true)]
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
    #[arg(long, global = true, value_name = "URL")]
    engine_url: Option<String>,
    /// The model's name at the engine.
    #[arg(long, global = true)]
    model: Option<String>,
    /// The device of the decoder: auto, cpu, cuda or cuda:N.
    #[arg(long, global = true)]
    device: Option<Device>,
    /// The decoder; null generates silence, for load tests only.
    #[arg(long, global = true, value_enum)]
    decoder: Option<DecoderBackend>,
    /// The least severe level to log.
    #[arg(long, global = true, value_enum)]
    log_level: Option<LogLevel>,
    /// The format of log lines.
    #[arg(long, global = true, value_enum)]
    log_format: Option<LogFormat>,
    /// Check the configuration and the files it names, print it, and exit.
    #[arg(long)]
    check_config: bool,
    /// With --check-config: a line for each setting, with the flag, variable or file that it comes from.
    #[arg(long, requires = "check_config")]
    origin: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the prompts for a text: for each piece its words, and the token ids, or text if there is no tokenizer.
    ///
    /// The engine gets exactly this.
    Prompt(text::PromptArgs),
    /// Show what would be said for a text: cleaned, in words, and in the pieces that the engine gets.
    Text(text::TextArgs),
    /// Speak a text without a server, and print how long it took.
    Say(say::SayArgs),
    /// Generate an API key, or hash an existing one, for the keys file.
    HashKey(hash_key::HashKeyArgs),
    /// List the voices.
    Voices(voices::VoicesArgs),
    /// Show how a language's numbers, dates, money and times are said, for its speakers to judge.
    Words(words::WordsArgs),
    /// Print a completion script for a shell.
    Completions {
        /// `bash`, `zsh`, `fish`, `elvish` or `powershell`.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
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
        match &self.command {
            Some(Command::HashKey(args)) => return hash_key::run(args).map_err(Failure::Usage),
            Some(Command::DecodeUpload(args)) => {
                return svara_recordings::decode_upload(args).map_err(Failure::Start);
            }
            Some(Command::Words(args)) => return words::run(args).map_err(Failure::Usage),
            Some(Command::Completions { shell }) => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Self::command(), "svara-server", &mut script);
                return out::print(script).map_err(Failure::Start);
            }
            Some(Command::Man) => {
                let mut page = Vec::new();
                let rendered = clap_mangen::Man::new(Self::command()).render(&mut page);
                let rendered = rendered.context("can't make the manual page");
                return rendered.and_then(|()| out::print(page)).map_err(Failure::Start);
            }
            _ => {}
        }
        cryptography::choose();
        let loaded = self.loaded();
        let (warnings, origins) = (loaded.warnings.clone(), loaded.origins.clone());
        let places = loaded.places();
        let config = loaded.result().map_err(|error| Failure::Usage(error.into()))?;
        match self.command.take() {
            None
            | Some(
                Command::HashKey(_)
                | Command::DecodeUpload(_)
                | Command::Words(_)
                | Command::Completions { .. }
                | Command::Man,
            ) => {}
            Some(Command::Prompt(args)) => return text::prompt(&config, &args).map_err(Failure::Usage),
            Some(Command::Text(args)) => return text::run(&config, &args).map_err(Failure::Usage),
            Some(Command::Say(args)) => {
                return self.at_a_shell(config, async |config| say::run(config, args).await);
            }
            Some(Command::Voices(args)) => {
                return self.at_a_shell(config, async |config| voices::run(config, &args).await);
            }
        }
        if self.check_config {
            warnings.iter().for_each(|warning| out::tell(format_args!("svara-server: warning: {warning}")));
            let origins = self.origin.then_some(&origins);
            return check_config::run(&config, origins, &places).map_err(Failure::Usage);
        }
        start::check_exposure(&config).map_err(Failure::Usage)?;
        let files = raise_open_files();
        let runtime = runtime()?;
        let telemetry = telemetry::init(&config, runtime.handle()).map_err(Failure::Start)?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        check_open_files(files, &config);
        let served = runtime.block_on(serve(&config));
        let served = served.map_err(|error| last_word(&config.log, error));
        telemetry.shutdown();
        // A blocking task can't be interrupted, and must not keep a stopped server alive.
        runtime.shutdown_timeout(SHUTDOWN);
        served
    }

    /// The configuration: flags override the environment, which overrides the file, which overrides defaults.
    fn loaded(&self) -> Loaded {
        let variables = std::env::vars_os();
        let variables =
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let mut loaded = Loaded::read(self.config.as_deref(), &variables.collect::<Vec<_>>());
        let flags = [
            ("server.host", "host", self.host.is_some()),
            ("server.port", "port", self.port.is_some()),
            ("server.allow_open", "allow-open", self.allow_open),
            ("server.tls_cert", "tls-cert", self.tls_cert.is_some()),
            ("server.tls_key", "tls-key", self.tls_key.is_some()),
            ("engine.kind", "demo", self.demo),
            ("engine.base_url", "engine-url", self.engine_url.is_some()),
            ("engine.model", "model", self.model.is_some()),
            ("decoder.kind", "decoder", self.decoder.is_some()),
            ("decoder.device", "device", self.device.is_some()),
            ("log.level", "log-level", self.log_level.is_some()),
            ("log.format", "log-format", self.log_format.is_some()),
        ];
        flags.iter().filter(|(.., is_given)| *is_given).for_each(|(key, flag, _)| loaded.of_flag(key, flag));
        self.set(&mut loaded.config);
        loaded
    }

    /// Sets what the flags say.
    fn set(&self, config: &mut Config) {
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
    }

    /// Runs a command without serving. Only warnings and errors are logged, in plain text, unless flags say otherwise.
    fn at_a_shell(
        &self,
        mut config: Config,
        command: impl AsyncFnOnce(&Config) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        config.log.level = self.log_level.unwrap_or(LogLevel::Warning);
        config.log.format = self.log_format.unwrap_or(LogFormat::Pretty);
        let runtime = runtime()?;
        let telemetry = telemetry::init(&config, runtime.handle()).map_err(Failure::Start)?;
        let done = runtime.block_on(command(&config));
        telemetry.shutdown();
        done
    }
}

/// The last word of a server that ends by an error: in the log, where that is JSON, for whatever reads it.
fn last_word(config: &LogConfig, error: anyhow::Error) -> Failure {
    if !telemetry::is_json(config) {
        return Failure::Start(error);
    }
    tracing::error!("{error:#}");
    Failure::Told
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

/// Says so where connections and streams, each of which has one to the engine, can run out of files before they reach their
/// own limits.
fn check_open_files(limit: nix::Result<u64>, config: &Config) {
    let (connections, streams) = (config.limits.connections, config.most_streams());
    let needed = svara_http::most_sockets(connections).saturating_add(streams);
    match limit {
        Ok(files) if files < needed as u64 => {
            tracing::warn!(
                files,
                needed,
                connections,
                streams,
                "fewer files may be open than limits.connections and streams need"
            );
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
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let hint =
            if error.kind() == io::ErrorKind::AddrInUse { "; choose another port: --port" } else { "" };
        anyhow!("can't listen on {}:{}: {error}{hint}", address.0, address.1)
    })?;
    if !config.server.asks_for_keys() {
        tracing::warn!("no key is required: whoever reaches the port may speak, make voices and delete them");
    }
    let wyoming_listener = match config.server.wyoming.as_str() {
        "" => None,
        address => {
            let listener = TcpListener::bind(address).await.map_err(|error| {
                let hint =
                    if error.kind() == io::ErrorKind::AddrInUse { "; choose another port" } else { "" };
                anyhow!("server.wyoming: can't listen on {address}: {error}{hint}")
            });
            Some(listener?)
        }
    };
    let settings = start::http_settings(config)?;
    if let Some(tls) = &settings.tls {
        tls.follow().context("can't catch SIGHUP")?;
    }
    let Server { router, life, connections, keys, decoder, wyoming } = start::server(config, None).await?;
    // Parsed files, and copies of tables: the allocator would keep them, a part for each thread that had a share in them.
    svara_snac::give_back_memory();
    keys.follow().context("can't catch SIGHUP")?;
    svara_http::stop_at_signals(life.clone())?;
    let (broken, ended) = (decoder.until_broken(), life.clone());
    tokio::spawn(async move {
        broken.await;
        ended.stop();
    });
    let wyoming = async {
        if let Some(listener) = wyoming_listener {
            tracing::info!(wyoming = %listener.local_addr()?, "listening for Wyoming clients");
            wyoming.serve(listener).await;
        }
        anyhow::Ok(())
    };
    let http = async { Ok(svara_http::serve(listener, router, life, connections, settings).await?) };
    tokio::try_join!(http, wyoming)?;
    if decoder.is_broken() {
        // So that a supervisor starts a new process.
        bail!("the decoder is broken; the log says why");
    }
    Ok(())
}
