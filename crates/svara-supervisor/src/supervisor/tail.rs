//! Shows a program's output: the last lines, then every new one.

use std::{path::PathBuf, rc::Rc};

use tokio::sync::mpsc;

use super::unit::Unit;
use crate::{
    config::LogConfig,
    control::Response,
    logs::{Followed, KEEP_LINES, Logs, Stream, TailLine, last_lines, printed},
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
pub(super) fn tail(
    unit: &Unit,
    logs: &Logs,
    config: &LogConfig,
    wanted: Wanted,
    reply: mpsc::Sender<Response>,
) {
    let Wanted { lines, stream, follow } = wanted;
    let spec = &unit.member.spec;
    let is_shared = spec.stdout_log == spec.stderr_log;
    // Should both files have older lines, nothing tells their order; those of standard output come last.
    let stderr = spec.stderr_log.clone().filter(|_| !is_shared && stream != Some(Stream::Stdout));
    let stdout = spec.stdout_log.clone().filter(|_| is_shared || stream != Some(Stream::Stderr));
    let (kept, name) = (Rc::clone(&unit.tail), spec.name.clone());
    let (logs, config) = (logs.clone(), config.clone());
    tokio::task::spawn_local(async move {
        // From here to the first wait, memory, files and follower are at the same line.
        let (mut last, all) = (kept.borrow().last(lines, stream), kept.borrow().last(KEEP_LINES, None));
        let mut followed = follow.then(|| kept.borrow_mut().follow());
        let missing = lines.saturating_sub(last.len());
        // Only JSON tells the streams of one file apart.
        let tells = config.json;
        let is_in = move |of: Stream, line: &TailLine| match is_shared {
            true => !tells || stream.is_none_or(|stream| stream == line.stream),
            false => line.stream == of,
        };
        let before = |of: Stream, path: Option<PathBuf>| {
            let known = all.iter().filter(|line| is_in(of, line)).count();
            let (logs, config, name) = (&logs, config.clone(), name.clone());
            let keep = move |line: &str| {
                let (told, text) = printed(line, &name, &config)?;
                let line = TailLine { stream: told.unwrap_or(of), text };
                (told.is_none() || is_in(of, &line)).then_some(line)
            };
            async move {
                let path = path.filter(|_| missing > 0)?;
                let mut found = last_lines(logs, &path, known + missing, keep).await?;
                found.truncate(found.len().saturating_sub(known));
                Some(found)
            }
        };
        let (stderr, stdout) = tokio::join!(before(Stream::Stderr, stderr), before(Stream::Stdout, stdout));
        let mut older: Vec<TailLine> = stderr.into_iter().chain(stdout).flatten().collect();
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
