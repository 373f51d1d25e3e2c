//! Texts that could make a step slow take linear time, through all that happens to a text before it is said.
//!
//! The processor time for a text and for one of four times its length are compared, so that the tests say the same on any
//! machine. `cargo bench -p svara-text --bench hostile` takes a megabyte of each.
#![cfg(target_os = "linux")]
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests are test code too"
)]

mod patterns;
mod steps;

use std::sync::Arc;

use svara_text::{Dictionary, Language, Rule, TagPlace};

use self::{
    patterns::{NESTED, PIECES, ROWS, halves},
    steps::took_ns,
};

/// The shorter of the two texts.
const BYTES: usize = 2_000;
/// A step that looks ahead takes longer the more there is to look at. What seems slow is tried again with texts of so many
/// times the length, which are longer than whatever a step looks ahead: what is quadratic is slow there, too.
const TIMES_AGAIN: usize = 4;
const TIMES_LONGER: usize = 4;
/// Four times the text takes four times as long, sixteen times would be quadratic.
const MOST_TIMES: u64 = 6;
/// What any text may take, in nanoseconds: times below are too short to be compared.
const NOTHING_NS: u64 = 3_000_000;
/// The least of so many tries counts: caches and interrupts only make one slower.
const TRIES: usize = 5;

/// Tries texts, each in the next language.
#[derive(Default)]
struct Trials {
    count: usize,
    slow: Vec<String>,
}

impl Trials {
    fn check(
        &mut self,
        name: &str,
        text: impl Fn(usize) -> String,
        bytes: usize,
        dictionaries: &[Arc<Dictionary>],
    ) {
        let language = Language::ALL[self.count % Language::ALL.len()];
        let place = [TagPlace::End, TagPlace::Typed][self.count / Language::ALL.len() % 2];
        self.count += 1;
        let mut slow = None;
        for bytes in [bytes, bytes * TIMES_AGAIN] {
            let texts = [text(bytes), text(bytes * TIMES_LONGER)];
            let Some([short, long]) = slow_ms(&texts, language, place, dictionaries) else { return };
            let lengths = [texts[0].len(), texts[1].len()];
            slow = Some(format!("{name} in {language}: {lengths:?} bytes take {short:.1} and {long:.1} ms"));
        }
        self.slow.extend(slow);
    }

    fn finish(self) {
        assert!(self.slow.is_empty(), "{} of {}: {:#?}", self.slow.len(), self.count, self.slow);
    }
}

/// The times of both texts, in milliseconds, unless the longer one's fits the shorter one's.
fn slow_ms(
    texts: &[String; 2],
    language: Language,
    place: TagPlace,
    dictionaries: &[Arc<Dictionary>],
) -> Option<[f64; 2]> {
    let mut least = [u64::MAX; 2];
    for _ in 0..TRIES {
        for (least, text) in least.iter_mut().zip(texts) {
            *least = took_ns(text, language, place, dictionaries).min(*least);
        }
        if least[1] < NOTHING_NS + MOST_TIMES * least[0] {
            return None;
        }
    }
    Some(least.map(|ns| ns as f64 / 1e6))
}

#[test]
fn anything_that_is_repeated_takes_linear_time() {
    let mut trials = Trials::default();
    for piece in PIECES {
        trials.check(&format!("{piece:?}"), |bytes| piece.repeat(bytes / piece.len()), BYTES, &[]);
    }
    trials.finish();
}

#[test]
fn what_opens_first_and_closes_then_takes_linear_time() {
    let mut trials = Trials::default();
    for (open, close) in NESTED {
        let text = |bytes: usize| {
            let count = bytes / (open.len() + close.len());
            format!("{}1{}", open.repeat(count), close.repeat(count))
        };
        trials.check(&format!("{open:?} … {close:?}"), text, BYTES, &[]);
    }
    trials.finish();
}

#[test]
fn a_row_of_anything_behind_a_row_of_another_takes_linear_time() {
    let mut trials = Trials::default();
    for (at, one) in ROWS.iter().enumerate() {
        // A quarter of the pairs, so that each pattern stands first and last in some.
        for other in ROWS.iter().skip(at % 4).step_by(4) {
            trials.check(
                &format!("{one:?}, then {other:?}"),
                |bytes| halves(one, other, bytes),
                BYTES / 2,
                &[],
            );
        }
    }
    trials.finish();
}

/// Rules that overlap each other and themselves.
#[test]
fn anything_for_any_dictionary_takes_linear_time() {
    let mut trials = Trials::default();
    for (name, dictionary) in dictionaries() {
        for piece in ["a", "a ", "ab", "b", "A", "aA ", "word1 a ", "<a>a", "İa", "क"] {
            let text = |bytes: usize| piece.repeat(bytes / piece.len());
            trials.check(&format!("{name}: {piece:?}"), text, BYTES, &dictionary);
        }
    }
    trials.finish();
}

fn dictionaries() -> [(&'static str, Vec<Arc<Dictionary>>); 6] {
    let all = |rule: &dyn Fn(usize) -> Rule, count: usize| -> Vec<Arc<Dictionary>> {
        vec![Arc::new(Dictionary::new((1..=count).map(rule).collect()).unwrap())]
    };
    let anywhere = |text: String, alias: &str| Rule { word_boundaries: false, ..Rule::new(&text, alias) };
    [
        ("a, anywhere", all(&|n| anywhere("a".repeat(n), "b"), 100)),
        ("a, whole words", all(&|n| Rule::new(&"a".repeat(n), "b"), 100)),
        ("aa…b", all(&|n| anywhere(format!("{}b", "a".repeat(n)), "c"), 99)),
        ("a a …", all(&|n| Rule::new("a ".repeat(n).trim(), "b a"), 50)),
        ("case", all(&|n| Rule { case_sensitive: true, ..anywhere("A".repeat(n), "b") }, 100)),
        ("many", all(&|n| Rule::new(&format!("word{n} a"), "b"), 10_000)),
    ]
}
