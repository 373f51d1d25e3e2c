//! Random histories of commands, reloads, exits, probe results and time: whatever happened, the fleet settles in what
//! the last wishes say, everyone who waits is answered, and no two processes ever hold a port at once.
//!
//! `SVARA_HISTORIES` is the number of histories, `SVARA_HISTORY` the first one.

mod history;
mod stuck;
mod world;

use history::History;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

#[test]
fn every_history_settles_in_the_last_wishes() {
    let configs = world::configurations(24);
    let first = number("SVARA_HISTORY", 0);
    for seed in first..first + number("SVARA_HISTORIES", 2000) {
        let told = std::panic::catch_unwind(|| History::new(&configs, seed).run());
        if let Err(panic) = told {
            let words = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            panic!("history {seed}: {words}");
        }
    }
}
