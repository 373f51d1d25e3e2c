//! Sends any text through every step: nothing panics, nothing grows out of bounds, no letter is lost in packing.
//! Allocations are counted.
//!
//! `SVARA_FUZZ_INPUTS` sets the number of inputs (default: enough for a test run).

use std::cell::Cell;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use svara_testkit::allocations::{Counting, peak_bytes};
use svara_text::{Language, Strip, StyleTags, clean, normalize, pack};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const DEFAULT_INPUTS: u32 = 2_000;
const PIECE_CHARACTERS: usize = 240;
/// What may be allocated at once for a text: a base (the Markdown parser takes 16 kB at once), and a share for each of
/// its bytes.
const BASE_BYTES: usize = 40_000;
const BYTES_PER_BYTE: usize = 200;

/// Arbitrary texts, and texts made of what the steps look for.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        2 => "\\PC{0,12}",
        2 => "[क-हा-् ]{1,30}|[ক-হা-্ ]{1,30}|[க-ஹா-் ]{1,30}",
        2 => "[0-9०-९]{1,20}",
        2 => "[-+,.:/%@_?=&#*`~|<>!()\\[\\] \n\t₹$।॥]{1,6}",
        1 => proptest::sample::select(vec![
            "<happy>", "<sad", "**", "# ", "- ", "1. ", "| a | b |\n|---|---|\n", "[x](https://a.in)", "<!--", "-->",
            "👨‍👩‍👧‍👦", "5️⃣", "🇮🇳", "\u{200d}", "\u{200c}", "\u{fe0f}", "\u{301}", "\u{0}", "\u{202e}", "डॉ. ", "Rs. ",
            "https://", "18446744073709551615", "a@b.in", "+91 98765 43210", "15/08/1947", "\r\n",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    proptest::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// The text and its language; whether to strip Markdown and emoji.
type Input = (String, Language, bool, bool);

fn does_no_harm(styles: &StyleTags<'_>, input: &Input) -> Result<(), TestCaseError> {
    let (typed, language, markdown, emoji) = input;
    let strip = Strip { markdown: *markdown, emoji: *emoji };
    let cleaned = clean(typed, strip, |name| name == "happy" || name == "sad").text;
    // The longest form of compatibility is one of units.
    prop_assert!(characters(&cleaned) <= 8 * characters(typed));
    let (plain, _) = styles.take(&cleaned);
    prop_assert!(plain.len() <= cleaned.len());
    let said = normalize(&plain, *language);
    prop_assert!(characters(&said) <= 40 * characters(&plain));
    let pieces = pack(&said, PIECE_CHARACTERS);
    let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    prop_assert_eq!(letters(&pieces.concat()), letters(&said));
    Ok(())
}

#[test]
fn no_text_does_harm() {
    let cases = match std::env::var("SVARA_FUZZ_INPUTS") {
        Ok(inputs) => inputs.parse().expect("SVARA_FUZZ_INPUTS is a number"),
        Err(_) => DEFAULT_INPUTS,
    };
    let known = ["happy", "sad"].map(str::to_owned);
    let styles = StyleTags::new(&known);
    let languages = proptest::sample::select(Language::ALL.to_vec());
    let inputs = (text(), languages, any::<bool>(), any::<bool>());
    let (tried, highest) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&inputs, |input| {
        let (outcome, peak) = peak_bytes(|| does_no_harm(&styles, &input));
        let allowed = BASE_BYTES + BYTES_PER_BYTE * input.0.len();
        tried.set(tried.get() + 1);
        highest.set(highest.get().max(peak));
        prop_assert!(peak <= allowed, "{} bytes for a text of {}", peak, input.0.len());
        outcome
    });
    println!("{} texts, at most {} bytes for one", tried.get(), highest.get());
    outcome.unwrap();
}
