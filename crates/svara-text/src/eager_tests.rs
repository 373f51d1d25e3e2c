use proptest::prelude::*;

use super::*;

const RULES: EagerRules =
    EagerRules { chunk_words: 4, peek_words: 2, max_chunk_words: 20, max_characters: 5000 };

/// The chunks of a text whose parts are pushed one after the other, and those of the flush at its end.
fn chunks(rules: EagerRules, parts: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut text = EagerText::new(rules, true);
    let mut early = Vec::new();
    for part in parts {
        text.push(part);
        early.extend(std::iter::from_fn(|| text.take()).map(|chunk| chunk.text));
    }
    text.flush();
    (early, std::iter::from_fn(|| text.take()).map(|chunk| chunk.text).collect())
}

#[test]
fn speech_starts_some_words_in() {
    let mut text = EagerText::new(RULES, true);
    for token in ["one", " two", " three", " four", " five"] {
        text.push(token);
        assert_eq!(text.take(), None);
    }
    text.push(" s");
    let chunk = text.take().unwrap();
    assert_eq!((chunk.text.as_str(), chunk.peek.as_str()), ("one two three four ", "five s"));
    assert_eq!(text.take(), None);
    text.push("ix.");
    text.flush();
    assert_eq!(text.take().unwrap().text, "five six.");
    assert_eq!(text.take(), None);
}

#[test]
fn without_a_look_ahead_a_word_must_be_complete() {
    let rules = EagerRules { chunk_words: 2, peek_words: 0, ..RULES };
    assert_eq!(chunks(rules, &["one tw", "o", " "]).0, ["one two "]);
}

#[test]
fn a_flush_says_what_is_there_and_no_more() {
    let mut text = EagerText::new(RULES, true);
    text.push("Hel");
    text.flush();
    text.push("lo there");
    assert_eq!(text.take().unwrap().text, "Hel");
    assert_eq!(text.take(), None);
    text.flush();
    assert_eq!(text.take().unwrap().text, "lo there");
    text.push(" — … ");
    text.flush();
    assert_eq!((text.take(), text.characters()), (None, 0));
}

#[test]
fn chunks_end_where_the_text_has_an_end() {
    let (early, _) = chunks(RULES, &["One two three four five. Six seven, eight nine ten eleven twelve"]);
    assert_eq!(early, ["One two three four five. ", "Six seven, eight nine ten "]);
    let (early, _) = chunks(RULES, &["It was one two, three four five six seven"]);
    assert_eq!(early, ["It was one two, "]);
    let (early, _) = chunks(RULES, &["The train leaves at 10 30 from platform nine today"]);
    assert_eq!(early, ["The train leaves at 10 30 from platform "]);
}

#[test]
fn markup_and_thoughts_are_not_cut() {
    let rules = EagerRules { chunk_words: 2, peek_words: 1, max_chunk_words: 6, ..RULES };
    let (early, rest) = chunks(rules, &["one <break ", "time='1s'/> two three"]);
    assert_eq!(early, ["one <break time='1s'/> two "]);
    assert_eq!(rest, ["three"]);
    let (early, rest) = chunks(RULES, &["<think>a b c d e f", " g</think>Hello there", " my friend of old."]);
    assert_eq!((early.concat() + &rest.concat()).as_str(), "Hello there my friend of old.");
}

#[test]
fn a_word_without_an_end_is_bounded() {
    let rules = EagerRules { max_characters: 10, ..RULES };
    let (early, rest) = chunks(rules, &["abcdefghijklmnopqrstuvwxyz"]);
    assert_eq!(
        (early, rest),
        (vec!["abcdefghij".to_owned(), "klmnopqrst".to_owned()], vec!["uvwxyz".to_owned()])
    );
}

proptest! {
    #[test]
    fn nothing_is_lost_or_said_twice_and_bounds_are_kept(
        parts in prop::collection::vec("[a-zक-ह0-9।.,;?! <>\\[\\]&]{0,12}|word |<think>|</think>|```|\n", 0..60),
        flushes in prop::collection::vec(prop::bool::weighted(0.1), 60),
        takes in prop::collection::vec(any::<bool>(), 60),
        chunk_words in 1usize..6, peek_words in 0usize..4, more in 0usize..15, max_characters in 5usize..200,
        hides in any::<bool>(),
    ) {
        let rules = EagerRules { chunk_words, peek_words, max_chunk_words: chunk_words + more, max_characters };
        let mut text = EagerText::new(rules, hides);
        let (mut said, mut flushed) = (Vec::new(), false);
        for ((part, flush), take) in parts.iter().zip(flushes).zip(takes) {
            text.push(part);
            if flush {
                text.flush();
                flushed = true;
            }
            if take {
                let before = text.clone();
                if let Some(chunk) = text.take() {
                    // Without a flush, a chunk has its fewest words, and those that follow are there.
                    if !flushed && before.characters() < max_characters && !hides {
                        let words = |text: &str| text.split_whitespace().count();
                        prop_assert!(words(&before.text) >= chunk_words + peek_words);
                        if chunk.text.chars().count() < max_characters / 2 {
                            prop_assert!(words(&chunk.text) >= chunk_words || !before.text.starts_with(&chunk.text));
                        }
                    }
                    said.push(chunk);
                }
            }
        }
        text.flush();
        said.extend(std::iter::from_fn(|| text.take()));
        for chunk in &said {
            prop_assert!(chunk.text.split_whitespace().count() <= rules.max_chunk_words);
            prop_assert!(chunk.text.chars().count() <= max_characters);
            prop_assert!(chunk.peek.split_whitespace().count() <= peek_words);
            prop_assert!(chunk.text.contains(char::is_alphanumeric));
        }
        if !hides {
            prop_assert_eq!(text.characters(), 0);
            // In order; only marks without a word may be missing.
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            let all: String = said.iter().map(|chunk| chunk.text.as_str()).collect();
            prop_assert_eq!(letters(&all), letters(&parts.concat()));
        }
    }
}
