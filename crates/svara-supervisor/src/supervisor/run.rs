//! The main loop.

use std::{
    io,
    path::{Path, PathBuf},
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};

use nix::{
    sys::{
        prctl,
        signal::{Signal, kill},
    },
    unistd::Pid,
};
use tokio::{
    net::UnixListener,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    task::{LocalSet, spawn_local},
    time::sleep_until,
};

use super::{claim::Claim, core::Core, file::File, hooks::Hooks, services::Services, sinks::SinkCommands};
use crate::{
    config::{Config, Variables},
    control::{BindError, Lock, Places, Socket, bind, serve},
    events::{EventLog, Kind},
    logs::{LogNotice, Logs},
    metrics,
    probe::Finding,
    process::{Children, Guard, MemoryKills, ProcessTable, keep_descriptors, kill_leftovers, proc_trouble},
};

/// Why the supervisor can't start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The control socket can't be created.
    #[error(transparent)]
    Socket(#[from] BindError),
    /// The metrics address can't be listened on.
    #[error("supervisor.metrics {address}: {source}")]
    Metrics {
        /// The address.
        address: std::net::SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The system refused a basic resource.
    #[error("{0}: {1}")]
    System(&'static str, io::Error),
}

/// Keeps the programs of `config` running until a signal, an operator or an essential program ends it; returns the exit
/// code. `path` and `variables` are for `reload`; `socket` counts in place of that in the file.
///
/// # Errors
/// See [`RunError`]; in that case nothing was started.
pub fn run(
    path: &Path,
    variables: &Variables,
    config: Config,
    socket: Option<PathBuf>,
) -> Result<u8, RunError> {
    keep_descriptors();
    let file = File::new(path, variables, config, socket);
    let config = file.config();
    let token = token();
    let (lock, before) = Lock::take(&config.socket, &token)?;
    // Nobody is left to do it if the last one was killed together with its guard.
    let programs: Vec<&str> = config.programs.iter().map(|spec| spec.name.as_str()).collect();
    let leftovers = before.is_some_and(|before| kill_leftovers(&before, &programs));
    let listener = bind(&config.socket, config.socket_group)?;
    let socket =
        Socket { path: config.socket.clone(), group: config.socket_group, lock, look: Rc::default() };
    let start = Start { listener, socket, token, leftovers };
    let (notices, log_notices) = mpsc::channel(16);
    let logs = Logs::start(config.log.clone(), notices).map_err(|e| RunError::System("log writer", e))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| RunError::System("runtime", e))?;
    let path = config.socket.clone();
    let code = LocalSet::new().block_on(&runtime, supervise(file, start, logs, log_notices));
    // Waits for nothing that may still hang.
    runtime.shutdown_background();
    // It may already be gone, along with its directory.
    let _ = std::fs::remove_file(path);
    code
}

/// What was made before anything was started.
struct Start {
    listener: std::os::unix::net::UnixListener,
    socket: Socket,
    token: String,
    /// Whether processes of a killed supervisor were found.
    leftovers: bool,
}

async fn supervise(
    mut file: File,
    start: Start,
    logs: Logs,
    mut log_notices: mpsc::Receiver<LogNotice>,
) -> Result<u8, RunError> {
    let (mut children_ended, mut signals) = listen().map_err(|e| RunError::System("signals", e))?;
    let listener =
        UnixListener::from_std(start.listener).map_err(|e| RunError::System("control socket", e))?;
    let look = Rc::clone(&start.socket.look);
    let children = Children::new(&start.token, &file.config().socket);
    let (findings, mut found) = mpsc::channel::<Finding>(64);
    let (notes, mut noted) = mpsc::channel(16);
    let (calls, mut called) = mpsc::channel(16);
    let guard = guard(&children)?;
    let services = Services {
        events: EventLog::new(&file.config().log.directory, logs.clone()),
        hooks: Hooks::new(file.config().hooks.clone(), children.clone(), notes.clone()),
        log_config: file.config().log.clone(),
        started: Instant::now(),
        memory_kills: MemoryKills::start(),
        processes: None,
        children,
        logs,
        guard,
        findings,
        notes,
    };
    if let Some(address) = file.config().metrics {
        let bound = tokio::net::TcpListener::bind(address).await;
        let listener = bound.map_err(|source| RunError::Metrics { address, source })?;
        spawn_local(metrics::serve(listener, calls.clone()));
    }
    let places = Places::default();
    spawn_local(serve(listener, start.socket, calls, places.clone()));
    let mut core = Core::new(file.config(), services, seed());
    let cause = format!("version {} started", env!("CARGO_PKG_VERSION"));
    core.services.note(Kind::Supervisor, None, Some(std::process::id().cast_signed()), Some(cause));
    if start.leftovers {
        let cause = "killed what a supervisor that was killed has left running".to_owned();
        core.services.note(Kind::Supervisor, None, None, Some(cause));
    }
    if let Some(error) = proc_trouble() {
        let cause = format!("can't read /proc: {error}; what leaves the group of its program isn't found");
        core.services.note(Kind::Supervisor, None, None, Some(cause));
    }
    let mut claim = Claim::default();
    let sinks = SinkCommands::start(&core.services);
    let gpus = metrics::Gpus::start().map_err(|e| RunError::System("GPU thread", e))?;
    spawn_local(report_gpus(gpus.clone(), core.services.notes.clone()));
    // When the last hooks must be done.
    let mut last = None;
    loop {
        claim.follow(&mut core.services);
        core.advance();
        let mut deadline = core.deadline().unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        if let Some(code) = core.finished() {
            let last = *last.get_or_insert_with(|| Instant::now() + file.config().hook_grace);
            if core.services.hooks.open() == 0 || core.is_forced() || Instant::now() >= last {
                finish(core, &places, sinks).await;
                return Ok(code);
            }
            deadline = last;
        }
        let handed_over = core.services.hooks.closed_one();
        tokio::select! {
            _ = children_ended.recv() => core.reap(),
            Some(signal) = signals.recv() => {
                if matches!(signal, Signal::SIGHUP | Signal::SIGUSR2) {
                    look.notify_one();
                }
                on_signal(signal, &mut core, &mut file).await;
            }
            Some(finding) = found.recv() => core.found(finding),
            Some(call) = called.recv() => core.call(call, &mut file, &gpus),
            Some((kind, words)) = noted.recv() => core.services.note(kind, None, None, Some(words)),
            Some(notice) = log_notices.recv() => on_log_notice(&mut core, notice),
            () = handed_over => {}
            () = sleep_until(deadline.into()) => {}
        }
    }
}

/// Says once, at the start, why there are no GPU metrics.
async fn report_gpus(gpus: metrics::Gpus, notes: mpsc::Sender<(Kind, String)>) {
    let reason = match gpus.read().await {
        metrics::GpuState::Broken(reason) => reason,
        metrics::GpuState::Silent => "the driver doesn't answer".to_owned(),
        metrics::GpuState::Absent | metrics::GpuState::Read { .. } => return,
    };
    // Fails only if the supervisor is about to exit.
    let _ = notes.send((Kind::Supervisor, format!("no GPU metrics: {reason}"))).await;
}

/// Listens for SIGCHLD and for the other signals that we handle. As PID 1 we only get those that we listen for.
fn listen() -> io::Result<(tokio::signal::unix::Signal, mpsc::Receiver<Signal>)> {
    // It would end us where a log reaches the largest file that we may write (RLIMIT_FSIZE). Once it is caught, for good, that
    // write fails as on a full disk. Programs start with the default: a handler doesn't outlive exec.
    drop(signal(SignalKind::from_raw(Signal::SIGXFSZ as i32))?);
    let (sender, receiver) = mpsc::channel(16);
    let ours =
        [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2];
    for ours in ours {
        let mut stream = signal(SignalKind::from_raw(ours as i32))?;
        let sender = sender.clone();
        spawn_local(async move { while stream.recv().await.is_some() && sender.send(ours).await.is_ok() {} });
    }
    Ok((signal(SignalKind::child())?, receiver))
}

async fn on_signal(signal: Signal, core: &mut Core, file: &mut File) {
    match signal {
        Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT => core.shut_down(0, signal.as_str()),
        Signal::SIGHUP => {
            let (reply, _) = mpsc::channel(1);
            file.reload(core, &reply);
        }
        // Like supervisord.
        Signal::SIGUSR2 => core.services.logs.reopen().await,
        _ => {}
    }
    core.forward(signal);
}

fn on_log_notice(core: &mut Core, notice: LogNotice) {
    let (kind, cause) = match notice {
        LogNotice::Lost { path, reason } => (Kind::LogLost, format!("{}: {reason}", path.display())),
        LogNotice::Restored { path, lost_bytes } => {
            (Kind::LogRestored, format!("{}: {lost_bytes} bytes were lost", path.display()))
        }
        LogNotice::SinkAway { sink, reason } => (Kind::SinkAway, format!("{sink}: {reason}; lines wait")),
        LogNotice::SinkBack { sink } => (Kind::SinkBack, sink),
        LogNotice::SinkLost { sink, reason } => {
            (Kind::LogLost, format!("sink {sink}: lines are left out: {reason}"))
        }
        LogNotice::SinkRestored { sink, lost_lines } => {
            (Kind::LogRestored, format!("sink {sink}: {lost_lines} lines were left out"))
        }
    };
    core.services.note(kind, None, None, Some(cause));
}

/// Kills remaining adopted processes, then waits until the last answers and lines are written.
async fn finish(mut core: Core, places: &Places, sinks: SinkCommands) {
    sinks.end();
    let open = core.services.hooks.open();
    if open > 0 {
        let cause = format!("ends with {open} events that hooks haven't got");
        core.services.note(Kind::Supervisor, None, None, Some(cause));
    }
    let stuck: Vec<String> = core.left().map(|unit| unit.left_words()).collect();
    if !stuck.is_empty() {
        let cause = format!("ends before what can't be killed: {}", stuck.join(", "));
        core.services.note(Kind::Supervisor, None, None, Some(cause));
    }
    let children = core.services.children.clone();
    let adopted = || ProcessTable::read().adopted(|pid| children.knows(pid));
    for _ in 0..40 {
        let left = adopted();
        if left.is_empty() {
            break;
        }
        for pid in left {
            // Fails if it has already exited.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
        children.reap();
    }
    let logs = core.services.logs.clone();
    // It kills everything once we let it go.
    let _guard = core.services.guard.take();
    // Also ends the open answers, including those of followers.
    drop(core);
    places.all_free(Duration::from_secs(1)).await;
    logs.flush(Duration::from_secs(2)).await;
    // They have read the end of their input.
    sinks.ended(Duration::from_secs(2), &children).await;
}

/// Unless we are PID 1, becomes a subreaper to adopt orphans, and starts a guard in case we are killed.
fn guard(children: &Children) -> Result<Option<Guard>, RunError> {
    if std::process::id() == 1 {
        return Ok(None);
    }
    if let Some(error) = proc_trouble() {
        return Err(RunError::System("can't read /proc", error));
    }
    prctl::set_child_subreaper(true).map_err(|e| RunError::System("subreaper", e.into()))?;
    Guard::start(children).map(Some).map_err(|e| RunError::System("guard", e))
}

fn token() -> String {
    format!("{}-{:x}", std::process::id(), seed())
}

fn seed() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_nanos() as u64
}
