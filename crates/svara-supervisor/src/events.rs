//! Events: everything that happens, with its cause, in one form for logs, memory, hooks and metrics.

use std::{collections::VecDeque, path::Path, sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, mpsc::error::TrySendError};

use crate::{
    config::{JSON_FILE, TEXT_FILE},
    logs::{Form, Logs, Severity, Source},
};

/// Events kept in memory for the `events` command.
const KEEP: usize = 256;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The name in the event log.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// A program waits for its dependencies.
    Waiting = "waiting",
    /// A process was started.
    Starting = "starting",
    /// It has started, or is no longer ready.
    Running = "running",
    /// It is ready.
    Ready = "ready",
    /// It is being stopped, or died and its group is being cleaned up.
    Stopping = "stopping",
    /// KILL was sent to its group.
    Killed = "killed",
    /// It is stopped.
    Stopped = "stopped",
    /// It will be restarted after a delay.
    Backoff = "backoff",
    /// It exited and its policy doesn't restart it.
    Exited = "exited",
    /// It failed for good.
    Failed = "failed",
    /// It is ready, but one of its dependencies isn't.
    Degraded = "degraded",
    /// Its dependencies are ready again.
    Recovered = "recovered",
    /// The kernel killed processes because memory ran out.
    OutOfMemory = "out_of_memory",
    /// Hang detection can't see whether the program makes progress.
    Blind = "blind",
    /// Hang detection sees again.
    Sighted = "sighted",
    /// A limit couldn't be applied.
    Limit = "limit",
    /// Writing a log file fails.
    LogLost = "log_lost",
    /// Writing a log file works again.
    LogRestored = "log_restored",
    /// A sink takes no lines; they wait in its spool.
    SinkAway = "sink_away",
    /// A sink takes lines again.
    SinkBack = "sink_back",
    /// A scheduled command started, ended, was skipped or failed.
    Schedule = "schedule",
    /// A hook failed.
    Hook = "hook",
    /// The configuration was reloaded, or reloading was refused.
    Reload = "reload",
    /// A message about the supervisor itself: it started, its guard can't be restarted, GPU metrics are unavailable.
    Supervisor = "supervisor",
    /// The supervisor is shutting down.
    Shutdown = "shutdown",
}

impl Kind {
    /// Whether it runs hooks. The failure of one runs none, or they would never end.
    pub fn runs_hooks(self) -> bool {
        self != Self::Hook
    }

    /// Whether it is about a program, or may be. The files of logs may be several programs'.
    pub fn is_of_a_program(self) -> bool {
        !matches!(
            self,
            Self::LogLost
                | Self::LogRestored
                | Self::SinkAway
                | Self::SinkBack
                | Self::Schedule
                | Self::Hook
                | Self::Reload
                | Self::Supervisor
                | Self::Shutdown
        )
    }

    /// How much it matters.
    pub fn severity(self) -> Severity {
        match self {
            Self::Failed | Self::OutOfMemory | Self::LogLost => Severity::Error,
            Self::Killed
            | Self::Backoff
            | Self::Degraded
            | Self::Blind
            | Self::Limit
            | Self::SinkAway
            | Self::Hook => Severity::Warning,
            Self::Exited | Self::Shutdown | Self::Reload => Severity::Notice,
            _ => Severity::Info,
        }
    }
}

/// One event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When it happened: RFC 3339, UTC.
    pub time: String,
    /// Sequence number, from 1.
    pub sequence: u64,
    /// What happened.
    pub event: Kind,
    /// The program, unless the event is about the supervisor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The process id, if there is a process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i32>,
    /// The cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// For hooks: how many equal events before it this one stands for as well.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub repeated: u64,
    /// The last lines of its output, for failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Event {
    /// One line of text, followed by the last output.
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

/// The files of events, as text and as JSON.
fn sources(directory: &Path) -> [Arc<Source>; 2] {
    let own = |file: &str| Source::own("supervisor", Some(directory.join(file)));
    let json = Source { console: false, form: Form::Json, ..own(JSON_FILE) };
    [Arc::new(own(TEXT_FILE)), Arc::new(json)]
}

/// Keeps recent events in memory and writes all events to files.
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
    /// Writes events to `supervisor.log` and `events.jsonl` in `directory`, and to the console.
    pub fn new(directory: &Path, logs: Logs) -> Self {
        let [text, json] = sources(directory);
        Self { recent: VecDeque::with_capacity(KEEP), sequence: 0, logs, text, json, followers: Vec::new() }
    }

    /// From the next event on, the files are in another directory.
    pub fn move_to(&mut self, directory: &Path) {
        [self.text, self.json] = sources(directory);
    }

    /// Records an event and returns it with its time and sequence number.
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
            repeated: 0,
            output,
        };
        let severity = event.event.severity();
        self.logs.write_now(&self.text, event.to_text(), severity);
        if let Ok(json) = serde_json::to_string(&event) {
            self.logs.write_now(&self.json, json + "\n", severity);
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

    /// Receives every event from now on; a slow follower misses some.
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
