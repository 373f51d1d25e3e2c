//! All that happens to a text before it is said, and the time that it takes.

use std::sync::Arc;

use svara_text::{Acronyms, Dictionary, Language, Reading, Strip, StyleTags, TagPlace, pack, sentences};

/// The most characters of a piece.
const PIECE_CHARACTERS: usize = 240;

/// Reads a text, cuts it and asks for what was typed for each piece and word. Returns the processor time, in nanoseconds.
pub fn took_ns(text: &str, language: Language, place: TagPlace, dictionaries: &[Arc<Dictionary>]) -> u64 {
    let start = thread_time_ns();
    all(text, language, place, dictionaries);
    thread_time_ns() - start
}

fn all(text: &str, language: Language, place: TagPlace, dictionaries: &[Arc<Dictionary>]) {
    let known = ["happy", "sad"].map(str::to_owned);
    let reading = Reading {
        language: Some(language),
        normalizes: true,
        strip: Strip { markdown: true, emoji: true },
        styles: StyleTags::new(&known).placed(place),
        dictionaries,
        acronyms: &Acronyms::default(),
    };
    let said = reading.read(text);
    assert!(sentences(&said.text).len() <= said.text.len());
    let mut pieces = 0;
    for part in said.parts() {
        let part = &said.text[part];
        for piece in pack(part, PIECE_CHARACTERS) {
            let at = piece.as_ptr().addr() - said.text.as_ptr().addr();
            assert!(said.edits.typed(&(at..at + piece.len())).end <= text.len());
            assert!(said.rate(at) > 0.0);
            pieces += 1;
        }
    }
    assert!(pieces <= said.text.len());
    // As times of words ask for it.
    let step = (said.text.len() / 100_000).max(1);
    for at in (0..said.text.len()).step_by(step) {
        assert!(said.edits.typed(&(at..at + 1)).end <= text.len());
    }
}

/// The processor time of this thread so far, in nanoseconds. Other work on the machine doesn't count.
pub fn thread_time_ns() -> u64 {
    // The kernel counts what a thread has used when it leaves the processor.
    std::thread::yield_now();
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    schedstat.split(' ').next().unwrap().parse().unwrap()
}
