//! Divides the samples of a piece among any text: nothing panics, nothing grows out of bounds, no character and no
//! sample is lost. Allocations are counted.
//!
//! `SVARA_FUZZ_INPUTS` sets the number of inputs (default: enough for a test run).

use std::cell::Cell;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use svara_engine::PieceTiming;
use svara_testkit::allocations::{Counting, peak_bytes};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const DEFAULT_INPUTS: u32 = 2_000;
/// What may be allocated at once for a text: a base, and a share for each of its bytes.
const BASE_BYTES: usize = 40_000;
const BYTES_PER_BYTE: usize = 200;

/// Arbitrary texts, and texts made of characters with different weights.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        2 => "\\PC{0,12}",
        2 => "[क-हा-् ]{1,30}|[ক-হা-্ ]{1,30}|[க-ஹா-் ]{1,30}",
        2 => "[0-9०-९]{1,20}",
        2 => "[-+,.:/%@_?=&#*`~|<>!()\\[\\] \n\t₹$।॥]{1,6}",
        1 => proptest::sample::select(vec![
            "<happy>", "👨‍👩‍👧‍👦", "5️⃣", "🇮🇳", "\u{200d}", "\u{200c}", "\u{fe0f}", "\u{301}", "\u{0}", "\u{202e}", "\r\n",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
}

fn covers_the_samples(text: &str, samples: u64) -> Result<(), TestCaseError> {
    let timing = PieceTiming::untouched(text, 7, 7 + samples);
    let (words, characters) = (timing.words(), timing.aligned().characters());
    for timed in [&words, &characters] {
        prop_assert_eq!(timed.iter().map(|part| part.text).collect::<String>(), text);
        prop_assert!(timed.iter().all(|part| part.start_samples <= part.end_samples));
        let ends = timed.iter().map(|part| part.end_samples);
        prop_assert!(ends.zip(timed.iter().skip(1)).all(|(end, next)| end <= next.start_samples));
    }
    let ends = characters.iter().map(|part| part.end_samples);
    prop_assert!(ends.zip(characters.iter().skip(1)).all(|(end, next)| end == next.start_samples));
    let last = characters.last().map(|last| last.end_samples);
    prop_assert_eq!(last, (!text.is_empty()).then_some(7 + samples));
    Ok(())
}

#[test]
fn no_text_does_harm() {
    let cases = match std::env::var("SVARA_FUZZ_INPUTS") {
        Ok(inputs) => inputs.parse().expect("SVARA_FUZZ_INPUTS is a number"),
        Err(_) => DEFAULT_INPUTS,
    };
    let (tried, highest) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(text(), 0u64..1 << 40), |(text, samples)| {
        let (outcome, peak) = peak_bytes(|| covers_the_samples(&text, samples));
        let allowed = BASE_BYTES + BYTES_PER_BYTE * text.len();
        tried.set(tried.get() + 1);
        highest.set(highest.get().max(peak));
        prop_assert!(peak <= allowed, "{} bytes for a text of {}", peak, text.len());
        outcome
    });
    println!("{} texts, at most {} bytes for one", tried.get(), highest.get());
    outcome.unwrap();
}
