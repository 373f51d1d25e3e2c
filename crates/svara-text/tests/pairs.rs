//! Pairs of text and speech, by kind of text, from public tests and from a linguist's review.
//!
//! Spelling variants that sound the same are equal: letter case, candrabindu and anusvara, छः and छह, joiners,
//! punctuation and white space.
#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers outside of #[test] functions are tests, too")]

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use svara_text::{Language, normalize};

/// The share of pairs that must agree, in percent.
const REQUIRED_PERCENT: usize = 97;

struct Pair {
    language: Language,
    kind: String,
    text: String,
    expected: Vec<String>,
}

fn pairs() -> Vec<Pair> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pairs");
    let mut pairs = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let language = path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        for line in fs::read_to_string(&path).unwrap().lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [kind, _class, text, expected, _source] = columns.as_slice() else { panic!("{line}") };
            let expected = expected.split("||").map(str::to_owned).collect();
            pairs.push(Pair { language, kind: (*kind).to_owned(), text: (*text).to_owned(), expected });
        }
    }
    pairs
}

/// `text` without the differences that don't count.
fn sound(text: &str) -> String {
    let composed = [
        ("क़", "क\u{93C}"),
        ("\u{958}", "क\u{93C}"),
        ("\u{95B}", "ज\u{93C}"),
        ("\u{95C}", "ड\u{93C}"),
        ("\u{95D}", "ढ\u{93C}"),
        ("\u{95E}", "फ\u{93C}"),
        ("\u{9DC}", "ড\u{9BC}"),
        ("\u{9DD}", "ঢ\u{9BC}"),
        ("\u{9DF}", "য\u{9BC}"),
        ("छः", "छह"),
    ];
    let mut sound = text.to_lowercase();
    for (from, to) in composed {
        sound = sound.replace(from, to);
    }
    let sound: String = sound
        .chars()
        .filter(|c| !matches!(c, '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}'))
        .map(|c| match c {
            'ँ' => 'ं',
            'ঁ' => 'ং',
            'ઁ' => 'ં',
            c if ",.:;-–—।\"'()".contains(c) => ' ',
            c => c,
        })
        .collect();
    sound.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn pairs_agree() {
    let mut kinds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut differing = String::new();
    let pairs = pairs();
    for Pair { language, kind, text, expected } in &pairs {
        let said = normalize(text, *language);
        let agrees = expected.iter().any(|expected| sound(expected) == sound(&said));
        let (agreeing, all) = kinds.entry(kind.clone()).or_default();
        *agreeing += usize::from(agrees);
        *all += 1;
        if !agrees {
            writeln!(differing, "{kind} {language} {text}\n     is {said}\n  wants {}", expected.join(" | "))
                .unwrap();
        }
    }
    let agreeing: usize = kinds.values().map(|(agreeing, _)| agreeing).sum();
    for (kind, (agreeing, all)) in &kinds {
        println!("{kind}: {agreeing} of {all}");
    }
    println!("all: {agreeing} of {}", pairs.len());
    println!("{differing}");
    assert!(agreeing * 100 >= pairs.len() * REQUIRED_PERCENT, "{agreeing} of {}:\n{differing}", pairs.len());
}
