//! Shows a program's output: the last lines, then every new one.

use tokio::sync::mpsc;

use super::unit::Unit;
use crate::{
    control::Response,
    logs::{Followed, Logs, Stream, TailLine, last_lines},
};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) lines: usize,
    pub(super) stream: Option<Stream>,
    pub(super) follow: bool,
}

/// Sends the lines in a task. Memory has the last ones in the order in which they came; those before them, also from
/// before the supervisor's start, come from the files.
pub(super) fn tail(unit: &Unit, logs: &Logs, wanted: Wanted, reply: mpsc::Sender<Response>) {
    let Wanted { lines, stream, follow } = wanted;
    let mut last = unit.tail.borrow().last(lines, stream);
    // From here on every line is either in the files or comes to the follower: both get them in the same order.
    let mut followed = follow.then(|| unit.tail.borrow_mut().follow());
    let spec = &unit.member.spec;
    // Should both have older lines, nothing tells their order; those of standard output come last.
    let files = [(Stream::Stderr, spec.stderr_log.clone()), (Stream::Stdout, spec.stdout_log.clone())];
    let files = files.into_iter().filter(move |(of, _)| stream.is_none_or(|stream| stream == *of));
    let logs = logs.clone();
    tokio::task::spawn_local(async move {
        let missing = lines.saturating_sub(last.len());
        let mut older = Vec::new();
        for (stream, path) in files.filter(|_| missing > 0) {
            let Some(path) = path else { continue };
            let known = last.iter().filter(|line| line.stream == stream).count();
            let Some(mut found) = last_lines(&logs, &path, known + missing).await else { continue };
            found.truncate(found.len().saturating_sub(known));
            older.extend(found.into_iter().map(|text| TailLine { stream, text }));
        }
        older.drain(..older.len().saturating_sub(missing));
        last.splice(..0, older);
        for line in last {
            if reply.send(Response::Line(line)).await.is_err() {
                return;
            }
        }
        let Some(followed) = &mut followed else { return };
        loop {
            let answer = tokio::select! {
                next = followed.next() => next,
                () = reply.closed() => return,
            };
            let answer = match answer {
                Followed::Line(line) if stream.is_some_and(|stream| stream != line.stream) => continue,
                Followed::Line(line) => Response::Line(line),
                Followed::LeftOut(lines) => Response::LeftOut(lines),
            };
            if reply.send(answer).await.is_err() {
                return;
            }
        }
    });
}
