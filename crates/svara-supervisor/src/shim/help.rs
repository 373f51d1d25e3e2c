//! What the old words do here.

/// A word, how it is written, and what it does.
const TOPICS: [(&str, &str, &str); 16] = [
    ("avail", "avail", "Show all configured programs"),
    ("clear", "clear <name> ...|all", "Empty log files; rotated files stay"),
    ("exit", "exit", "Leave the shell; `quit` and the end of the input do the same"),
    ("help", "help [<topic>]", "Show the words, or one of them"),
    ("maintail", "maintail [-f] [-<bytes>]", "Show the supervisor's own events"),
    ("pid", "pid [<name> ...|all]", "Show process ids; without a name, the supervisor's"),
    ("reread", "reread", "Show what `update` would change"),
    ("restart", "restart <name> ...|all", "Stop programs and start them again"),
    ("shutdown", "shutdown", "Stop all programs and the supervisor"),
    ("signal", "signal <signal> <name> ...|all", "Send a signal to programs"),
    ("start", "start <name> ...|all", "Start programs"),
    ("status", "status [<name> ...|all]", "Show the state of programs"),
    ("stop", "stop <name> ...|all", "Stop programs"),
    ("tail", "tail [-f] [-<bytes>] <name> [stdout|stderr]", "Show a program's output"),
    ("update", "update", "Read the file and apply what has changed"),
    ("version", "version", "Show the version of the supervisor"),
];

/// All words, or one of them; `None` if there is no such word.
pub(super) fn help(topic: Option<&str>) -> Option<String> {
    let line = |(_, usage, does): &(&str, &str, &str)| format!("{usage:44} {does}\n");
    match topic {
        None => Some(TOPICS.iter().map(line).collect()),
        Some(topic) => TOPICS.iter().find(|(word, _, _)| *word == topic).map(line),
    }
}

/// What to use in place of a word that isn't offered.
pub(super) fn instead_of(word: &str) -> Option<&'static str> {
    match word {
        "fg" => Some("programs have no input; `tail -f NAME` shows what one prints"),
        "add" | "remove" => Some("`update` adds, changes and removes what the file says"),
        "reload" => Some("`update` applies a changed file; to restart the supervisor itself, use `shutdown`"),
        "open" => Some("the socket is in SVARA_SUPERVISOR_SOCKET"),
        _ => None,
    }
}
