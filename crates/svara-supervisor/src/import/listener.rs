//! `[eventlistener:x]`.

use super::{Import, ini::Section, output::list};

impl Import<'_> {
    /// A listener speaks supervisord's protocol on its standard input, so it can't be run as it is.
    pub(super) fn listener(&mut self, section: &Section, name: &str) -> String {
        let value = |key: &str| {
            section.entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.clone())
        };
        let (command, events) = (value("command").unwrap_or_default(), value("events").unwrap_or_default());
        let mut on: Vec<&str> = Vec::new();
        for event in events.split([',', '\n']).map(str::trim) {
            on.extend(ours(event));
        }
        on.sort_unstable();
        on.dedup();
        let ends_all = ["kill ", "supervisorctl shutdown"].iter().any(|words| command.contains(words))
            && !on.is_empty()
            && on.iter().all(|event| matches!(*event, "failed" | "exited" | "backoff" | "stopped"));
        let waits = command.contains("dependent_startup") || command.contains("dependent-startup");
        let instead = match () {
            () if ends_all => "`essential = true` of a program does its work",
            () if waits => "`after` does its work",
            () if command.contains("httpok") => "a program's liveness probe does its work",
            () if command.contains("memmon") => "`limits.memory` of a program does its work",
            () if events.contains("TICK") => "[[schedule]] runs a command at times",
            () => "a [[hook]] runs a command once for each event, with the event in SVARA_EVENT",
        };
        let message = format!("left out: listeners read events from their input; {instead}");
        self.note_at(&section.place, &format!("[{}]", section.name), message);
        if on.is_empty() || ends_all || waits {
            return String::new();
        }
        let words = shlex::split(&command).unwrap_or_default();
        let words: Vec<String> =
            words.iter().map(|word| self.names(name, name, 1, 0).say(word, "").text).collect();
        let text = format!(
            "\n# {} was an event listener; as a hook, it gets one event in SVARA_EVENT and ends.\n",
            // A comment has no others.
            name.replace(char::is_control, "\u{fffd}")
        );
        text + &format!("# [[hook]]\n# on = {}\n# command = {}\n", list(&on), list(&words))
    }
}

/// Our events for one of supervisord's.
fn ours(event: &str) -> &'static [&'static str] {
    match event {
        "PROCESS_STATE_STARTING" => &["starting"],
        "PROCESS_STATE_RUNNING" => &["ready"],
        "PROCESS_STATE_BACKOFF" => &["backoff"],
        "PROCESS_STATE_STOPPING" => &["stopping"],
        "PROCESS_STATE_STOPPED" => &["stopped"],
        "PROCESS_STATE_EXITED" => &["exited", "backoff"],
        "PROCESS_STATE_FATAL" => &["failed"],
        "PROCESS_STATE" | "EVENT" => {
            &["starting", "ready", "backoff", "stopping", "stopped", "exited", "failed"]
        }
        "SUPERVISOR_STATE_CHANGE_STOPPING" | "SUPERVISOR_STATE_CHANGE" => &["shutdown"],
        _ => &[],
    }
}
