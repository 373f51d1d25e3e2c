//! Events: everything that happens, with its cause, in one form for log, memory, hooks and metrics.

use std::{collections::VecDeque, path::Path, sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, mpsc::error::TrySendError};

use crate::logs::{Logs, Source, Stream};

/// Events kept in memory for the `events` command.
const KEEP: usize = 256;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every name, as in the event log and in `hook.on`.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name in the event log.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// A program waits for those it comes after.
    Waiting = "waiting",
    /// A process was started.
    Starting = "starting",
    /// It is started, or not ready any more.
    Running = "running",
    /// It is ready.
    Ready = "ready",
    /// It is being stopped, or died and is being cleared away.
    Stopping = "stopping",
    /// KILL was sent to its group.
    Killed = "killed",
    /// It is stopped.
    Stopped = "stopped",
    /// It will be started again.
    Backoff = "backoff",
    /// It ended for good, as its policy allows.
    Exited = "exited",
    /// It was given up.
    Failed = "failed",
    /// It is ready, but one of those it comes after is not.
    Degraded = "degraded",
    /// Those it comes after are ready again.
    Recovered = "recovered",
    /// A limit couldn't be applied.
    Limit = "limit",
    /// A log file can't be written.
    LogLost = "log_lost",
    /// A log file can be written again.
    LogRestored = "log_restored",
    /// A scheduled command ran, was skipped or failed.
    Schedule = "schedule",
    /// A hook failed.
    Hook = "hook",
    /// The configuration was read again.
    Reload = "reload",
    /// The supervisor itself started, or its guard had to be started again.
    Supervisor = "supervisor",
    /// The supervisor goes down.
    Shutdown = "shutdown",
}

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// RFC 3339, UTC.
    pub time: String,
    /// Counts up from 1.
    pub sequence: u64,
    /// What happened.
    pub event: Kind,
    /// To which program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Its process, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The last lines it printed, where that helps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

impl Event {
    /// One line of text, and the last output below it.
    pub fn to_text(&self) -> String {
        let mut text = format!("{} {}", self.time, self.event.name());
        if let Some(program) = &self.program {
            text.push_str(&format!(" program={program}"));
        }
        if let Some(pid) = self.pid {
            text.push_str(&format!(" pid={pid}"));
        }
        if let Some(cause) = &self.cause {
            text.push_str(&format!(" cause={cause:?}"));
        }
        for line in &self.output {
            text.push_str("\n    ");
            text.push_str(line);
        }
        text.push('\n');
        text
    }
}

/// The memory and the files of the events.
#[derive(Debug)]
pub struct EventLog {
    recent: VecDeque<Event>,
    sequence: u64,
    logs: Logs,
    text: Arc<Source>,
    json: Arc<Source>,
    followers: Vec<mpsc::Sender<Event>>,
}

impl EventLog {
    /// Events go to `supervisor.log` and `events.jsonl` in `directory`, and to the console.
    pub fn new(directory: &Path, logs: Logs) -> Self {
        let source = |file: &str, console| {
            let program = "supervisor".to_owned();
            Arc::new(Source {
                program,
                stream: Stream::Stdout,
                path: directory.join(file),
                console,
                verbatim: true,
            })
        };
        let (text, json) = (source("supervisor.log", true), source("events.jsonl", false));
        Self { recent: VecDeque::with_capacity(KEEP), sequence: 0, logs, text, json, followers: Vec::new() }
    }

    /// Notes an event and gives it back complete.
    pub fn note(
        &mut self,
        event: Kind,
        program: Option<&str>,
        pid: Option<i32>,
        cause: Option<String>,
        output: Vec<String>,
    ) -> Event {
        self.sequence += 1;
        let event = Event {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            sequence: self.sequence,
            event,
            program: program.map(str::to_owned),
            pid,
            cause,
            output,
        };
        self.logs.write_now(&self.text, event.to_text());
        if let Ok(json) = serde_json::to_string(&event) {
            self.logs.write_now(&self.json, json + "\n");
        }
        if self.recent.len() == KEEP {
            self.recent.pop_front();
        }
        self.recent.push_back(event.clone());
        let gone = |follower: &mpsc::Sender<Event>| {
            matches!(follower.try_send(event.clone()), Err(TrySendError::Closed(_)))
        };
        self.followers.retain(|follower| !gone(follower));
        event
    }

    /// Every event from now on; a follower that is too slow misses some.
    pub fn follow(&mut self) -> mpsc::Receiver<Event> {
        let (sender, receiver) = mpsc::channel(KEEP);
        self.followers.push(sender);
        receiver
    }

    /// The last `count` events.
    pub fn last(&self, count: usize) -> Vec<Event> {
        self.recent.iter().skip(self.recent.len().saturating_sub(count)).cloned().collect()
    }
}
