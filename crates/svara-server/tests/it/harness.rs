use std::{net::SocketAddr, time::Duration};

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use svara_config::Config;
use svara_http::{Lifecycle, ServeError};
use svara_server::start;
use svara_testkit::{
    PATIENCE, eventually,
    fake_vllm::{FakeVllm, Script},
    models,
};
use tokio::{io::AsyncBufReadExt, net::TcpListener, task::JoinHandle};

/// A server in front of a fake engine.
pub struct Server {
    pub engine: FakeVllm,
    pub address: SocketAddr,
    pub client: Client,
    pub life: Lifecycle,
    pub stopped: JoinHandle<Result<(), ServeError>>,
}

/// A client for a server in another process. One that is started in this process installs rustls' provider; without, there
/// is none yet, and another test may have installed it as well.
pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

pub fn config() -> Config {
    let workspace = models::workspace();
    let mut config = Config::default();
    config.model.profile = workspace.join("config/models/svara-v1.toml");
    config.model.voices = workspace.join("config/voices");
    config.model.tokenizer = models::tokenizer().display().to_string();
    config.decoder.model = models::snac_small_quiet("decoder_stream.onnx");
    config.decoder.library = models::onnxruntime_dir().join("libonnxruntime.so");
    config.decoder.device = svara_snac::onnx::Device::Cpu;
    config.decoder.threads = 1;
    config.cloning.encoder = models::snac_small("encoder.onnx");
    config.voices.store = String::new();
    config.jobs.store = String::new();
    config
}

impl Server {
    pub async fn start(script: Script) -> Self {
        Self::with(script, |_| {}).await
    }

    pub async fn with(script: Script, change: impl FnOnce(&mut Config)) -> Self {
        let engine = FakeVllm::start(script).await;
        let mut config = config();
        config.engine.base_url = engine.base_url();
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let start::Server { router, life, connections, keys: _keys, .. } =
            start::server(&config, Some(env!("CARGO_BIN_EXE_svara-server").into())).await.unwrap();
        let settings = start::http_settings(&config).unwrap();
        let stopped = tokio::spawn(svara_http::serve(listener, router, life.clone(), connections, settings));
        Self { engine, address, client: client(), life, stopped }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn request(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(self.url(path)).json(body).timeout(PATIENCE)
    }

    /// Sends `/v1/text-to-speech` with these fields and the defaults of these tests.
    pub async fn speak(&self, fields: Value) -> Response {
        let mut body = json!({"text": "नमस्ते", "voice": "hi_female", "response_format": "pcm"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.request("/v1/text-to-speech", &body).send().await.unwrap()
    }

    /// The status and the parsed body.
    pub async fn speak_json(&self, fields: Value) -> (u16, Value) {
        status_and_json(self.speak(fields).await).await
    }

    /// The page `/metrics`.
    pub async fn metrics(&self) -> String {
        self.client.get(self.url("/metrics")).send().await.unwrap().text().await.unwrap()
    }

    /// Waits until no decode stream is open. A client may see the end of its answer before the stream is over.
    pub async fn quiet(&self) {
        eventually("the streams are over", async || (self.open_streams().await == 0).then_some(())).await;
    }

    /// The number of open decode streams in `/health`.
    pub async fn open_streams(&self) -> u64 {
        let health: Value = self.client.get(self.url("/health")).send().await.unwrap().json().await.unwrap();
        health["open_streams"].as_u64().unwrap()
    }
}

/// The least that several rounds took, up to the first below `limit`. A busy machine holds up some of them; what the server
/// itself takes longer for holds up all.
pub async fn least(limit: Duration, mut round: impl AsyncFnMut() -> Duration) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..20 {
        least = least.min(round().await);
        if least <= limit {
            break;
        }
    }
    least
}

/// Runs on a runtime of its own: all tasks of the servers started there end with it, and so do their locks.
pub async fn one_life<T: Send + 'static>(life: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let life = tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(life())
    });
    life.await.unwrap()
}

pub async fn status_and_json(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("status {status}, not JSON: {text}")))
}

/// A process that doesn't outlive the test, however that ends.
pub struct Ended(pub std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The real program with a configuration file; killed on drop.
pub struct Program {
    child: tokio::process::Child,
    pub address: SocketAddr,
    /// The base of its URLs, unless it speaks HTTPS.
    pub root: String,
}

impl Program {
    /// Starts the program and waits until it listens; its configured port must be 0.
    pub async fn start(config: &std::path::Path) -> Self {
        Self::start_as(crate::program::program(config)).await
    }

    /// [`Self::start`] with the caller's command.
    pub async fn start_as(command: std::process::Command) -> Self {
        Self::start_logged(command).await.0
    }

    /// [`Self::start_as`], and all lines of its log once it has ended.
    pub async fn start_logged(command: std::process::Command) -> (Self, JoinHandle<Vec<String>>) {
        let mut command = tokio::process::Command::from(command);
        let mut child = command.stderr(std::process::Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = tokio::io::BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = Vec::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            let address = serde_json::from_str::<Value>(&line)
                .ok()
                .and_then(|line| Some(line["address"].as_str()?.to_owned()));
            log.push(line);
            if let Some(address) = address {
                // An unread pipe would block the program.
                let rest = tokio::spawn(async move {
                    while let Ok(Some(line)) = lines.next_line().await {
                        log.push(line);
                    }
                    log
                });
                let root = format!("http://{address}");
                return (Self { child, address: address.parse().unwrap(), root }, rest);
            }
        }
        panic!("it doesn't listen: {log:?}");
    }

    /// The program's process id, while it runs.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Waits until the program ends; returns its exit status.
    pub async fn ended(&mut self) -> std::process::ExitStatus {
        self.child.wait().await.unwrap()
    }

    /// Sends the program a signal, such as `HUP`.
    pub async fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let kill = tokio::process::Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(kill.unwrap().success());
    }

    /// Kills the program (SIGKILL).
    pub async fn kill_9(&mut self) {
        self.child.kill().await.unwrap();
    }
}
