//! The time for a megabyte of each text that could make a step slow, through all that happens to a text before it is
//! said: cleaning, markup, dictionaries, normalization, sentences, pieces and the map to what was typed.
//!
//! ```text
//! cargo bench -p svara-text --bench hostile            # all of them, in Hindi and another language
//! cargo bench -p svara-text --bench hostile -- rows    # what contains a word: pieces, nested, rows
//! ```
//!
//! Fails if one takes more than two seconds of processor time.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench is test code too"
)]

#[path = "../tests/hostile/patterns.rs"]
mod patterns;
#[path = "../tests/hostile/steps.rs"]
mod steps;

use svara_text::{Language, TagPlace};

use self::{
    patterns::{NESTED, PIECES, ROWS, halves},
    steps::took_ns,
};

const MEGABYTE: usize = 1_000_000;
const MOST_NS: u64 = 2_000_000_000;
/// How many of the slowest are printed.
const PRINTED: usize = 15;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let mut times: Vec<(u64, String)> = Vec::new();
    let mut count = 0;
    let mut take = |name: String, text: &dyn Fn() -> String| {
        if !is_wanted(&name) {
            return;
        }
        count += 1;
        let text = text();
        for language in [Language::Hindi, Language::ALL[count % Language::ALL.len()]] {
            let ns = took_ns(&text, language, [TagPlace::End, TagPlace::Typed][count % 2], &[]);
            if ns > MOST_NS {
                println!("{:.2} s: {name} in {language}", ns as f64 / 1e9);
            }
            times.push((ns, format!("{name} in {language}")));
        }
    };
    for piece in PIECES {
        take(format!("pieces {piece:?}"), &|| piece.repeat(MEGABYTE / piece.len()));
    }
    for (open, close) in NESTED {
        let count = MEGABYTE / (open.len() + close.len());
        take(format!("nested {open:?} … {close:?}"), &|| {
            format!("{}1{}", open.repeat(count), close.repeat(count))
        });
    }
    for one in ROWS {
        for other in ROWS {
            take(format!("rows {one:?}, then {other:?}"), &|| halves(one, other, MEGABYTE));
        }
    }
    times.sort_unstable_by_key(|(ns, _)| std::cmp::Reverse(*ns));
    println!("{} texts of a megabyte; the slowest:", times.len());
    for (ns, name) in times.iter().take(PRINTED) {
        println!("{:.2} s: {name}", *ns as f64 / 1e9);
    }
    let slow = times.iter().filter(|(ns, _)| *ns > MOST_NS).count();
    assert!(slow == 0, "{slow} take more than two seconds");
}
