//! From a pipe to the writer and to memory.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use super::lines::Lines;
use super::record::Source;
use super::tail::Tail;
use super::writer::Logs;

/// Read at once; a pipe holds four of these.
const CHUNK_BYTES: usize = 16 << 10;

/// Reads until every holder of the other end has closed it.
pub async fn pump(mut pipe: pipe::Receiver, source: Arc<Source>, logs: Logs, tail: Rc<RefCell<Tail>>) {
    let mut lines = Lines::default();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let (text, done) = match pipe.read(&mut chunk).await {
            Ok(read @ 1..) => (lines.push(chunk.get(..read).unwrap_or_default()), false),
            Ok(0) | Err(_) => (lines.finish(), true),
        };
        if !text.is_empty() {
            tail.borrow_mut().push(source.stream, &text);
            logs.write(&source, text).await;
        }
        if done {
            return;
        }
    }
}
