use proptest::prelude::*;

use crate::{IncomingText, Trigger};

/// What is said of a text that comes in these parts.
fn said<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut buffer = IncomingText::new(true);
    let mut said = String::new();
    for part in parts {
        buffer.push(part);
        while let Some(text) = buffer.take(Trigger::Text) {
            said.push_str(&text);
        }
    }
    said.extend(buffer.take(Trigger::Flush));
    said
}

const TEXTS: [(&str, &str); 14] = [
    ("One.\n~~~py\nprint(1). x = 2.\n~~~\nTwo. ", "One.\n\nTwo. "),
    ("~~~\na ``` b. ~~~ c.\n```\n~~~~\nTwo. ", "\nTwo. "),
    ("Run this. ```ls``` lists files. ", "Run this. ```ls``` lists files. "),
    ("```ls``` lists files. Done. ", "```ls``` lists files. Done. "),
    ("One.\n```ls``` lists files. ", "One.\n```ls``` lists files. "),
    ("Run this. ~~~ Two. ", "Run this. ~~~ Two. "),
    ("````md\n```sh\nrm x.\n```\nx.\n````\nTwo. ", "\nTwo. "),
    ("```py\nprint('```'). x = 2.\n```\nTwo. ", "\nTwo. "),
    ("One.\n  ```\nx. y.\n  ```\nTwo. ", "One.\n  \nTwo. "),
    ("One. <think>x. y.</think>\n```\nz. a.\n```\nTwo. ", "One. \n\nTwo. "),
    ("~5 km. ~~No.~~ Yes. ", "~5 km. ~~No.~~ Yes. "),
    ("One ~~~~ two `three`. Four. ", "One ~~~~ two `three`. Four. "),
    ("One.\n````````````\nx. y.\n````````````\nTwo. ", "One.\n\nTwo. "),
    ("One.\n```sh\nrm x. ", "One.\n"),
];

#[test]
fn blocks_of_code_are_told_from_code_between_words() {
    for (typed, expected) in TEXTS {
        for size in [1, 2, 3, 7, 1000] {
            let parts = typed.char_indices().step_by(size).map(|(at, _)| {
                let end = typed.char_indices().map(|(at, _)| at).nth(at + size).unwrap_or(typed.len());
                &typed[at..end]
            });
            assert_eq!(said(parts), expected, "{typed:?} by {size}");
        }
    }
}

#[test]
fn a_text_behind_a_flush_begins_a_line() {
    let mut buffer = IncomingText::new(true);
    for _ in 0..2 {
        buffer.push("```sh\nrm x.\n```\nHello");
        assert_eq!(buffer.take(Trigger::Flush).as_deref(), Some("\nHello"));
    }
}

proptest! {
    /// However the parts are cut, the same is said.
    #[test]
    fn parts_make_no_difference(
        typed in "([ .a\n<]|```|~~~|`|```a\n|\n```\n|\n~~~\n|<think>|</think>){0,30}",
        size in 1usize..9,
    ) {
        let ends: Vec<usize> = typed.char_indices().map(|(at, _)| at).step_by(size).chain([typed.len()]).collect();
        let parts = ends.windows(2).map(|ends| &typed[ends[0]..ends[1]]);
        // Marks without a word may be left out at the end.
        let words = |said: String| said.matches('a').count();
        prop_assert_eq!(words(said(parts)), words(said([&*typed])));
    }
}
