//! Sentence boundaries: UAX #29, adapted to Indian text.

mod abbreviations;
mod bounds;
mod letter_names;

use unicode_segmentation::UnicodeSegmentation;

pub(crate) use self::bounds::is_closing;
use self::{
    abbreviations::{BEFORE_NUMBERS, OTHERWISE_WORDS, SYLLABLE_WORDS, TITLES_AT_START, titles},
    bounds::{Closing, segments},
    letter_names::is_letter_name,
};
use crate::writing::{WritingSystem, digit_value};

/// Splits `text` into sentences. Each keeps the white space after it, so their concatenation is `text`.
///
/// UAX #29 ends sentences at `.`, `?`, `!`, danda `।`, double danda `॥` and every line end. Here, a full stop after an
/// abbreviation ("Dr.", "डॉ."), an initial ("A. P. J.", "ಕೆ. ಎಸ್.") or the number of a list item ("1.") doesn't end a sentence, and
/// a vertical bar after an Indian word does: it is often typed for a danda.
#[must_use]
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut closing = Closing::default();
    let mut cut = |end: usize| {
        // A mark that closes belongs to what it closes, whatever white space is before it.
        let end = end + closing.len(text, end);
        found.extend(text.get(start..end).filter(|sentence| !sentence.is_empty()));
        start = start.max(end);
        start
    };
    let mut from = 0;
    let mut row = Row::default();
    for (at, segment) in segments(text) {
        let end = at + segment.len();
        for bar in typed_dandas(segment) {
            if at + bar > from {
                from = cut(at + bar);
            }
        }
        let so_far = text.get(from..end).unwrap_or_default();
        if end > from
            && (end == text.len() || !runs_on(so_far, text.get(end..).unwrap_or_default(), from, &mut row))
        {
            from = cut(end);
        }
    }
    found
}

/// The longest word that may be an abbreviation or a row of initials, in bytes: looking further back would take long in a
/// row without spaces.
const MAX_WORD_BYTES: usize = 200;

/// A word of letters with stops between, which is looked through once, however many stops are in it.
#[derive(Default)]
struct Row {
    /// Where it begins, and how much of it is known to be letters, in bytes, with the last stop.
    start: usize,
    len: usize,
}

impl Row {
    /// Whether the word that begins at `start` is letters with stops between. It was asked for up to its earlier stops.
    fn has_letters(&mut self, start: usize, word: &str) -> bool {
        let known = if self.start == start { self.len } else { 0 };
        let found = word.get(known..).unwrap_or(word).split('.').all(is_letter);
        if found {
            *self = Self { start, len: word.len() + 1 };
        }
        found
    }
}

/// Whether `sentence`, which begins at `start`, goes on into `rest`, despite the full stop that it ends with.
fn runs_on(sentence: &str, rest: &str, start: usize, row: &mut Row) -> bool {
    let trimmed = sentence.trim_end();
    // A line end always ends a sentence.
    if sentence[trimmed.len()..].contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
        return false;
    }
    let Some(before) = trimmed.strip_suffix('.') else { return false };
    let is_edge = |c: char| c.is_whitespace() || "([{\"'“‘-–—".contains(c);
    let tail = before.get(before.ceil_char_boundary(before.len().saturating_sub(MAX_WORD_BYTES))..);
    let word = tail.and_then(|tail| tail.rsplit(is_edge).next()).unwrap_or_default();
    let earlier = before.get(..before.len() - word.len()).unwrap_or_default();
    if word.is_empty() || !(earlier.is_empty() || earlier.ends_with(is_edge)) {
        return false;
    }
    let is_first = earlier.trim_end().is_empty();
    let list_item = is_first && word.chars().all(|c| digit_value(c).is_some());
    list_item
        || is_initial(word, earlier, rest, start + earlier.len(), row)
        || titles(word).contains(&word)
        || (sentence.len() == trimmed.len() && is_first_of_title(word, rest))
        || (TITLES_AT_START.contains(&word) && is_first)
        || (BEFORE_NUMBERS.contains(&word) && rest.starts_with(|c| digit_value(c).is_some()))
}

/// Whether an abbreviation with a stop in it, such as "ಕ್ರಿ.ಶ", begins with `word`.
fn is_first_of_title(word: &str, rest: &str) -> bool {
    let starts = |title: &&str| {
        title
            .strip_prefix(word)
            .and_then(|title| title.strip_prefix('.'))
            .is_some_and(|more| rest.starts_with(more))
    };
    titles(word).iter().any(starts)
}

/// One capital letter, one bare letter of an Indian script, the name of an English letter in such a script, or several of
/// them with stops between ("ई.पू"). In the scripts of the south, a syllable is an initial, too ("மு. கருணாநிதி"), unless
/// it is a word. Elsewhere it isn't: "है." ends a sentence.
fn is_initial(word: &str, earlier: &str, rest: &str, start: usize, row: &mut Row) -> bool {
    if OTHERWISE_WORDS.contains(&word) {
        // Only in the company of others.
        let before = earlier.trim_end().strip_suffix('.').and_then(|earlier| {
            let near = earlier.ceil_char_boundary(earlier.len().saturating_sub(MAX_WORD_BYTES));
            earlier.get(near..)?.rsplit(char::is_whitespace).next()
        });
        let near = rest.floor_char_boundary(MAX_WORD_BYTES);
        let behind = rest.get(..near).and_then(|rest| Some(rest.split_once('.')?.0));
        return [before, behind]
            .into_iter()
            .flatten()
            .any(|word| !OTHERWISE_WORDS.contains(&word) && is_letter(word));
    }
    row.has_letters(start, word)
}

fn is_letter(part: &str) -> bool {
    let mut chars = part.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => c.is_ascii_uppercase() || WritingSystem::is_indic(c),
        (Some(c), Some(_)) => is_letter_name(part) || (is_southern(c) && is_syllable(part)),
        _ => false,
    }
}

fn is_southern(c: char) -> bool {
    use WritingSystem::{Kannada, Malayalam, Tamil, Telugu};
    matches!(WritingSystem::of(c), Some(Tamil | Telugu | Kannada | Malayalam))
}

/// Whether `part` is one open syllable that isn't a word.
fn is_syllable(part: &str) -> bool {
    let closed = ['்', '్', '್', '്'];
    part.graphemes(true).count() == 1 && !part.ends_with(closed) && !SYLLABLE_WORDS.contains(&part)
}

/// Where a `|` or `||` typed for a danda ends a sentence within `segment`: after an Indian letter and before white
/// space. The positions include that space.
fn typed_dandas(segment: &str) -> impl Iterator<Item = usize> {
    // Where the bar before ends, and the last character before it and those right before it that isn't white space.
    let (mut end, mut word) = (0, None);
    segment.match_indices('|').filter_map(move |(at, bar)| {
        if at > end || at == 0 {
            word = segment.get(end..at)?.trim_end().chars().next_back();
        }
        end = at + bar.len();
        let after = segment.get(end..)?;
        // Whole graphemes, so that no combining mark is cut off from its base.
        let space: usize =
            after.graphemes(true).take_while(|g| g.chars().all(char::is_whitespace)).map(str::len).sum();
        (word.is_some_and(WritingSystem::is_indic) && space > 0).then_some(end + space)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trimmed(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(str::trim).collect()
    }

    #[test]
    fn a_typed_bar_is_a_danda() {
        assert_eq!(trimmed("राम गया | सीता आई| फिर || अंत"), ["राम गया |", "सीता आई|", "फिर ||", "अंत"]);
        assert_eq!(trimmed("a | b"), ["a | b"]);
    }

    #[test]
    fn closing_marks_stay_with_what_they_close() {
        assert_eq!(trimmed("क्या? ) ठीक है।"), ["क्या? )", "ठीक है।"]);
        assert_eq!(trimmed("Go.\n” He went."), ["Go.\n”", "He went."]);
        assert_eq!(trimmed("हाँ।\n.5 किलो"), ["हाँ।", ".5 किलो"]);
        assert_eq!(trimmed("Dr.\nRao"), ["Dr.", "Rao"]);
    }

    proptest! {
        #[test]
        fn concatenation_is_the_text(text in "(\\PC|[.|। \n]|Dr|डॉ){0,60}") {
            let found = sentences(&text);
            prop_assert!(found.iter().all(|sentence| !sentence.is_empty()));
            prop_assert_eq!(found.concat(), text);
        }
    }
}
