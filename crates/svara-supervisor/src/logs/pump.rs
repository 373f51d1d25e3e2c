//! Moves lines from a pipe to the writer and to memory.

use std::{cell::RefCell, io, os::fd::OwnedFd, rc::Rc, sync::Arc};

use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    task::{JoinHandle, spawn_local},
};

use super::{lines::Lines, record::Source, tail::Tail, writer::Logs};

/// Bytes per read; a pipe holds four times as many.
const CHUNK_BYTES: usize = 16 << 10;

/// Captures one output of a process in a task, which ends when every holder of the pipe's other end has closed it.
///
/// # Errors
/// When the runtime can't register the pipe.
pub fn capture(
    output: impl Into<OwnedFd>,
    source: Source,
    logs: &Logs,
    tail: &Rc<RefCell<Tail>>,
) -> io::Result<JoinHandle<()>> {
    let pipe = pipe::Receiver::from_owned_fd(output.into())?;
    Ok(spawn_local(pump(pipe, Arc::new(source), logs.clone(), Rc::clone(tail))))
}

/// Reads until every holder of the pipe's other end has closed it.
async fn pump(mut pipe: pipe::Receiver, source: Arc<Source>, logs: Logs, tail: Rc<RefCell<Tail>>) {
    let mut lines = Lines::default();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let (text, done) = match pipe.read(&mut chunk).await {
            Ok(read @ 1..) => (lines.push(chunk.get(..read).unwrap_or_default()), false),
            Ok(0) | Err(_) => (lines.finish(), true),
        };
        if !text.is_empty() {
            tail.borrow_mut().push(source.stream, &text);
            let followed = tail.borrow().is_followed();
            logs.write(&source, text).await;
            if followed {
                // Followers get their turn before more is read.
                tokio::task::yield_now().await;
            }
        }
        if done {
            return;
        }
    }
}
