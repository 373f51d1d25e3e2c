//! Processes that are started ahead, so that a recording doesn't wait for one.

use std::{
    io,
    path::PathBuf,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

use tokio::sync::{Mutex, mpsc};

use super::{child::DecodeUploadArgs, process::Process};

/// Processes that wait for recordings: one for each that may be decoded at a time.
const SPARES: usize = 2;

/// Waiting processes, and the thread that starts them.
pub(super) struct Spares {
    waiting: Mutex<mpsc::Receiver<io::Result<Process>>>,
    /// Asks the thread for one more.
    orders: SyncSender<()>,
}

impl Spares {
    /// Starts the thread, and the first processes.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn start(program: PathBuf, args: DecodeUploadArgs) -> io::Result<Self> {
        // Whatever is taken is ordered again, so neither queue ever holds more.
        let (orders, ordered) = sync_channel(SPARES);
        let (started, waiting) = mpsc::channel(SPARES);
        for _ in 0..SPARES {
            orders.try_send(()).map_err(io::Error::other)?;
        }
        // The kernel ends the processes when the thread that started them ends, so it is one that lives as long as this.
        thread::Builder::new().name("recordings".to_owned()).spawn(move || {
            for () in ordered {
                if started.blocking_send(Process::start(&program, &args)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { waiting: Mutex::new(waiting), orders })
    }

    /// A process that waits for a recording; another is started in its place.
    ///
    /// # Errors
    /// No process can be started.
    pub(super) async fn take(&self) -> io::Result<Process> {
        let mut last = None;
        // The ones that wait may have been ended by others, or not have started at another time; one more is new.
        for _ in 0..=SPARES {
            let waiting = self.waiting.lock().await.recv().await;
            // The thread ends only with this.
            let ended = || io::Error::other("the thread that starts processes has ended");
            let process = waiting.ok_or_else(ended)?;
            self.orders.try_send(()).map_err(io::Error::other)?;
            match process {
                Ok(mut process) => {
                    if process.is_alive() {
                        return Ok(process);
                    }
                    last = Some(io::Error::other("the process ended while it waited"));
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no process was started")))
    }
}
