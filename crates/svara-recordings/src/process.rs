//! A decoding process, as the server holds it.

use std::{
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use nix::sys::signal::Signal;
use svara_service::RecordingError;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::unix::pipe,
};

use super::{
    child::DecodeUploadArgs,
    messages::{HEAD_BYTES, Message, read_head},
};

/// How often, and how far apart, it is looked whether a process is gone whose pipes are closed.
const LOOKS: u32 = 50;
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);
/// The most killed processes that wait to be waited for.
const MOST_KILLED: usize = 64;

/// A process that waits for a recording. Dropping it kills it.
pub(super) struct Process {
    child: Killed,
    input: ChildStdin,
    output: ChildStdout,
}

/// Why an exchange gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    /// The process ended before it was ready.
    #[error("its process did not start: {0}")]
    NotReady(String),
    /// The process ended while it decoded.
    #[error("its process ended: {0}")]
    Ended(ExitStatus),
    /// The answer was none.
    #[error(transparent)]
    Wrong(#[from] super::messages::Fault),
    /// The server's side failed.
    #[error("its process can't be used: {0}")]
    Server(#[from] io::Error),
}

impl Process {
    /// Starts a process. It lives no longer than the calling thread, so that it ends with the server whatever happens.
    ///
    /// # Errors
    /// The program can't be started.
    pub(super) fn start(program: &Path, args: &DecodeUploadArgs) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .arg("decode-upload")
            .args(["--rate-hz", &args.rate_hz.to_string()])
            .args(["--max-bytes", &args.max_bytes.to_string()])
            .args(["--max-ms", &args.max_ms.to_string()])
            .args(["--cpu-seconds", &args.cpu_seconds.to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // A terminal's signals are for the server, which ends what it started.
            .process_group(0);
        let mut child = command.spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let child = Killed(Some(child));
        match (input, output) {
            (Some(input), Some(output)) => Ok(Self { child, input, output }),
            _ => Err(io::Error::other("the process has no pipes")),
        }
    }

    /// Whether the process is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.status(), Ok(None))
    }

    /// Has the recording decoded. `ready` gets what isn't in force of the process's confinement.
    ///
    /// # Errors
    /// There was no answer; says why.
    pub(super) async fn decode(
        self,
        recording: &[u8],
        max_samples: usize,
        ready: impl FnOnce(Option<&str>),
    ) -> Result<Message, NoAnswer> {
        let Self { child, input, output } = self;
        let mut input = pipe::Sender::from_owned_fd(input.into())?;
        let mut output = pipe::Receiver::from_owned_fd(output.into())?;
        match read_message(&mut output, max_samples).await {
            Ok(Message::Ready(unconfined)) => ready(unconfined.as_deref()),
            Ok(Message::Failed(reason)) => return Err(NoAnswer::NotReady(reason)),
            Ok(_) => return Err(super::messages::Fault.into()),
            Err(NoAnswer::Server(error)) if is_end(&error) => {
                return Err(NoAnswer::NotReady(child.end().await?.to_string()));
            }
            Err(error) => return Err(error),
        }
        let answer = async {
            input.write_all(&(recording.len() as u64).to_le_bytes()).await?;
            input.write_all(recording).await?;
            read_message(&mut output, max_samples).await
        };
        match answer.await {
            Err(NoAnswer::Server(error)) if is_end(&error) => Err(NoAnswer::Ended(child.end().await?)),
            answer => answer,
        }
    }
}

/// Whether a pipe's other end is closed.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe)
}

async fn read_message(pipe: &mut pipe::Receiver, max_samples: usize) -> Result<Message, NoAnswer> {
    let mut head = [0; HEAD_BYTES];
    pipe.read_exact(&mut head).await?;
    let (kind, length) = read_head(head, max_samples)?;
    let mut said = vec![0; length];
    pipe.read_exact(&mut said).await?;
    Ok(Message::read(kind, &said)?)
}

impl From<NoAnswer> for RecordingError {
    /// Limits that a recording exceeds, and crashes, are its fault. Signals from elsewhere aren't.
    fn from(error: NoAnswer) -> Self {
        let NoAnswer::Ended(status) = &error else {
            return match error {
                NoAnswer::Wrong(_) => Self::Unusable(format!("the audio file cannot be read: {error}")),
                error => Self::Unavailable(error.to_string()),
            };
        };
        let reason = match status.signal().and_then(|signal| Signal::try_from(signal).ok()) {
            Some(Signal::SIGXCPU) => "decoding it takes too much time",
            Some(Signal::SIGABRT) => "decoding it takes too much memory, or its decoder failed",
            Some(Signal::SIGKILL | Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP | Signal::SIGQUIT) => {
                return Self::Unavailable(error.to_string());
            }
            _ => "its decoder failed",
        };
        Self::Unusable(format!("the audio file cannot be read: {reason}"))
    }
}

/// A process that is killed when it is dropped, and waited for by another thread.
struct Killed(Option<Child>);

impl Killed {
    /// How the process ended, if it has.
    fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.as_mut().map_or(Ok(None), Child::try_wait)
    }

    /// How the process ended, whose pipes are closed; it is killed if it hasn't.
    async fn end(mut self) -> io::Result<ExitStatus> {
        // The pipes are closed a moment before the process is gone. Killing it then would hide why it ended.
        for look in 0..2 * LOOKS {
            if let Some(status) = self.status()? {
                return Ok(status);
            }
            if look == LOOKS {
                self.0.as_mut().map_or(Ok(()), Child::kill)?;
            }
            // The standard library has no event for the end of a child.
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(io::Error::other("it doesn't end"))
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended, and been waited for; then there is nothing to kill.
        if matches!(self.status(), Ok(Some(_))) {
            return;
        }
        let Some(mut child) = self.0.take() else { return };
        if let Err(error) = child.kill() {
            tracing::warn!(%error, "can't end a decoding process");
        }
        reap(child);
    }
}

/// Waits for a killed process, on a thread for all of them: one that the kernel holds on to must keep no async task waiting.
fn reap(child: Child) {
    static REAPER: OnceLock<Option<SyncSender<Child>>> = OnceLock::new();
    let reaper = REAPER.get_or_init(|| {
        let (sender, killed) = sync_channel::<Child>(MOST_KILLED);
        let wait = move || {
            for mut child in killed {
                if let Err(error) = child.wait() {
                    tracing::warn!(%error, "can't wait for a decoding process");
                }
            }
        };
        thread::Builder::new().name("recordings-end".to_owned()).spawn(wait).ok().map(|_| sender)
    });
    if reaper.as_ref().is_none_or(|reaper| reaper.try_send(child).is_err()) {
        tracing::warn!("an ended decoding process stays in the system's list until the server ends");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_dropped_process_is_ended_and_waited_for() {
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        let process = format!("/proc/{}/stat", child.id());
        drop(Killed(Some(child)));
        let gone = Instant::now() + Duration::from_secs(60);
        while Path::new(&process).exists() {
            assert!(Instant::now() < gone, "it is still there");
            thread::yield_now();
        }
    }
}
