//! Packing: sentences become pieces, each short enough for one generation of the model.

use unicode_segmentation::UnicodeSegmentation;

use crate::{
    clean::markup_ranges as markup,
    sentence::{is_closing, sentences},
};

/// Splits `text` into as few pieces as it takes for each to have at most `max_chars` characters (Unicode scalar
/// values).
///
/// A piece ends at the end of a sentence. A sentence over the limit is split into parts of about the same length, at
/// clause marks if that is enough, else before brackets, else at white space, else between grapheme clusters. A `<tag>` or
/// `[pause:1s]` is never split, and no piece begins with a mark that closes something, unless the text is marks and nothing else. Only a
/// single cluster or tag that is longer than the limit, with the marks behind it, makes a longer piece.
///
/// The pieces are slices of `text` in order, without white space around them, none empty; nothing but white space is
/// left out.
#[must_use]
pub fn pack(text: &str, max_chars: usize) -> Vec<&str> {
    pack_by(text, max_chars, |piece| piece.chars().count())
}

/// [`pack`] by any measure: each piece costs at most `budget`. `cost` must not fall as its text grows at the end. It is
/// called about `2 log n` times per piece.
fn pack_by(text: &str, budget: usize, cost: impl Fn(&str) -> usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    Packer { budget, cost, pieces: &mut pieces }.fill(text, Level::Sentence, budget);
    pieces
}

/// Where a text may be cut, from the best place to the last resort.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Sentence,
    Clause,
    /// Before an opening bracket, so that `(2)` stays with what it numbers.
    Bracket,
    Space,
    Cluster,
}

const BRACKETS: [char; 3] = ['(', '[', '{'];

/// The most closing marks that are kept with what they close, so that a row of them can't make a piece of any length.
const MAX_MARKS: usize = 16;

impl Level {
    const fn next(self) -> Option<Self> {
        match self {
            Self::Sentence => Some(Self::Clause),
            Self::Clause => Some(Self::Bracket),
            Self::Bracket => Some(Self::Space),
            Self::Space => Some(Self::Cluster),
            Self::Cluster => None,
        }
    }

    /// Whether `text` has what this level cuts at: parting it into clusters takes long.
    fn may_cut(self, text: &str) -> bool {
        let spaced = || text.contains(char::is_whitespace);
        match self {
            Self::Sentence | Self::Cluster => true,
            Self::Clause => text.contains(CLAUSE_MARKS) && spaced(),
            Self::Bracket => text.contains(BRACKETS) && spaced(),
            Self::Space => spaced(),
        }
    }

    /// Where the smallest parts of `text` on this level end, in order. The last is the end of `text`.
    fn ends(self, text: &str) -> Vec<usize> {
        if self == Self::Sentence {
            let mut markup = markup(text).peekable();
            let lengths = sentences(text).into_iter().map(str::len);
            let ends = lengths.scan(0, |end, length| Some(add(end, length)));
            return ends
                .filter(|end| {
                    while markup.next_if(|tag| tag.end <= *end).is_some() {}
                    markup.peek().is_none_or(|tag| *end <= tag.start)
                })
                .collect();
        }
        if !self.may_cut(text) {
            return vec![text.len()];
        }
        let mut tags = markup(text).peekable();
        let mut ends = Vec::new();
        let (mut mark, mut space, mut closing) = (false, false, 0);
        for (at, cluster) in parts(text, self != Self::Cluster) {
            while tags.next_if(|tag| tag.end <= at).is_some() {}
            let in_tag = tags.peek().is_some_and(|tag| tag.start < at);
            let is_space = cluster.chars().all(char::is_whitespace);
            let closes = cluster.chars().all(is_closing);
            let cut = match self {
                Self::Sentence | Self::Cluster => !in_tag,
                Self::Space => space && !is_space,
                Self::Clause => mark && space && !is_space,
                Self::Bracket => space && cluster.starts_with(BRACKETS),
            };
            let tears = closes && closing < MAX_MARKS
                || (is_space && self == Self::Cluster && closing_follows(text, at));
            if cut && at > 0 && !tears {
                ends.push(at);
            }
            if !is_space {
                mark = is_clause_mark(cluster);
                closing = if closes { closing + 1 } else { 0 };
            }
            space = is_space;
        }
        ends.push(text.len());
        ends
    }
}

/// The clusters of a text with their positions. Where `whole` words do, the letters of one are one part.
fn parts(text: &str, whole: bool) -> impl Iterator<Item = (usize, &str)> {
    let (mut at, mut clusters) = (0, text.graphemes(true));
    // Where the letters end that are looked at one by one.
    let mut single = if whole { 0 } else { text.len() };
    std::iter::from_fn(move || {
        let (start, rest) = (at, text.get(at..)?);
        let letters = if at < single { 0 } else { rest.find(|c| !is_simple(c)).unwrap_or(rest.len()) };
        // What isn't ASCII may belong to the cluster of the last letter.
        if letters > 0 && rest.as_bytes().get(letters).is_none_or(u8::is_ascii) {
            at += letters;
            clusters = text.get(at..)?.graphemes(true);
            return Some((start, rest.get(..letters)?));
        }
        single = single.max(at + letters);
        let cluster = clusters.next()?;
        at += cluster.len();
        Some((start, cluster))
    })
}

/// Whether `c` is a letter or digit of ASCII, or one or a sign of an Indian script, which no ASCII character behind it belongs to.
fn is_simple(c: char) -> bool {
    match c {
        // The dandas are marks, and the last of these is written on what comes behind it.
        '\u{900}'..='\u{D7F}' => !matches!(c, '\u{964}' | '\u{965}' | '\u{D4E}'),
        _ => c.is_ascii_alphanumeric(),
    }
}

/// Whether a closing mark comes behind the white space at `at`.
fn closing_follows(text: &str, at: usize) -> bool {
    let behind = text.get(at..).and_then(|rest| rest.chars().take(MAX_MARKS).find(|c| !c.is_whitespace()));
    behind.is_some_and(is_closing)
}

fn add(sum: &mut usize, term: usize) -> usize {
    *sum += term;
    *sum
}

/// Marks after which a voice can pause within a sentence.
const CLAUSE_MARKS: [char; 12] = [',', ';', ':', '—', '–', '…', '،', '।', '॥', '.', '?', '!'];

fn is_clause_mark(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    chars.next().is_some_and(|c| CLAUSE_MARKS.contains(&c)) && chars.next().is_none()
}

struct Packer<'p, 't, C> {
    budget: usize,
    cost: C,
    pieces: &'p mut Vec<&'t str>,
}

impl<'t, C: Fn(&str) -> usize> Packer<'_, 't, C> {
    /// Packs `text` into pieces that aim at `target` and never exceed the budget.
    fn fill(&mut self, text: &'t str, level: Level, target: usize) {
        let ends = level.ends(text);
        let (mut start, mut next) = (0, 0);
        while let Some(&end) = ends.get(next) {
            let part = text.get(start..end).unwrap_or_default().trim();
            let fitting = self.fitting(text, start, ends.get(next..).unwrap_or_default(), target);
            if let Some(last) = fitting.checked_sub(1).and_then(|last| ends.get(next + last)) {
                self.push(text.get(start..*last).unwrap_or_default());
                (start, next) = (*last, next + fitting);
                continue;
            }
            let cost = (self.cost)(part);
            match level.next() {
                Some(finer) if cost > self.budget => self.fill(part, finer, self.even_target(cost)),
                _ => self.push(part),
            }
            (start, next) = (end, next + 1);
        }
    }

    /// How many of `ends` fit, so that the text from `start` costs at most `target`. The search doubles its steps, then
    /// halves them, because the cost may be expensive to compute.
    fn fitting(&self, text: &str, start: usize, ends: &[usize], target: usize) -> usize {
        // `count` is at least 1: every step is.
        let fits = |count: usize| {
            ends.get(count - 1)
                .is_some_and(|&end| (self.cost)(text.get(start..end).unwrap_or_default().trim()) <= target)
        };
        let (mut good, mut step) = (0, 1);
        while fits(good + step) {
            good += step;
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if fits(good + step) {
                good += step;
            }
        }
        good
    }

    /// A target that spreads a text of this cost evenly: a sentence just over the budget becomes two halves, not a long
    /// piece and one stray word. A tenth is slack for parts that don't divide evenly.
    fn even_target(&self, cost: usize) -> usize {
        let even = cost.div_ceil(cost.div_ceil(self.budget.max(1)));
        (even + even / 10).min(self.budget)
    }

    fn push(&mut self, piece: &'t str) {
        let piece = piece.trim();
        if !piece.is_empty() {
            self.pieces.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sentences_share_a_piece_while_they_fit() {
        assert_eq!(pack("एक। दो। तीन।", 8), ["एक। दो।", "तीन।"]);
        assert_eq!(pack("One. Two. Three.", 100), ["One. Two. Three."]);
        assert_eq!(pack(" \n ", 5), [""; 0]);
    }

    #[test]
    fn a_long_sentence_is_cut_at_clauses_then_spaces_then_clusters() {
        assert_eq!(pack("alpha beta, gamma delta", 14), ["alpha beta,", "gamma delta"]);
        assert_eq!(pack("alpha beta gamma delta", 14), ["alpha beta", "gamma delta"]);
        assert_eq!(pack("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(pack("1,000,000 and 12:30", 12), ["1,000,000", "and 12:30"]);
    }

    #[test]
    fn brackets_stay_with_what_they_label() {
        let text =
            "The steps are (one) open the lid and wait (two) pour the water slowly (three) close it again";
        let pieces = pack(text, 40);
        assert_eq!(pieces[2..], ["(two) pour the water slowly", "(three) close it again"], "{pieces:?}");
    }

    #[test]
    fn no_piece_begins_with_a_closing_mark() {
        assert_eq!(pack("राम गया । सीता आई ।", 9), ["राम गया ।", "सीता आई ।"]);
        assert_eq!(pack("alpha beta ) gamma", 10), ["alpha", "beta )", "gamma"]);
        assert_eq!(pack("“Go!” ” he", 8), ["“Go!” ”", "he"]);
    }

    #[test]
    fn parts_of_a_long_sentence_are_about_even() {
        let pieces = pack("one two three four five six seven eight nine ten x", 49);
        assert_eq!(pieces.len(), 2);
        assert!(pieces.iter().all(|piece| piece.chars().count() > 20), "{pieces:?}");
    }

    #[test]
    fn clusters_and_tags_stay_whole() {
        assert_eq!(pack("क्षिक्षि", 3), ["क्षि", "क्षि"]);
        assert_eq!(pack("ab<happy>cd", 3), ["ab", "<happy>", "cd"]);
    }

    #[test]
    fn an_expensive_cost_is_computed_few_times() {
        let calls = std::cell::Cell::new(0);
        let text = "शब्द ".repeat(20_000);
        let pieces = pack_by(&text, 1_000, |piece| {
            calls.set(calls.get() + 1);
            piece.len()
        });
        assert!(calls.get() < 30 * pieces.len(), "{} calls for {} pieces", calls.get(), pieces.len());
    }

    fn without_space(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    proptest! {
        /// Words are clusters, from the first to the last.
        #[test]
        fn parts_are_clusters(text in "(\\PC|[a-d,. \n\r\u{D4E}\u{200D}\u{600}\u{964}]|[क-ह][ािीु्]?|\u{301}|👩‍👧|🇮){0,40}") {
            let clusters: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
            let parts: Vec<(usize, &str)> = parts(&text, true).collect();
            prop_assert!(parts.iter().all(|(at, _)| clusters.contains(at)));
            prop_assert_eq!(parts.into_iter().map(|(_, part)| part).collect::<String>(), text);
        }

        #[test]
        fn pieces_are_the_text(
            text in "(\\PC|[a-d,. \n|]|[क-ह][ािीु्]?|। |<[a-z]{1,5}>|Dr\\. |\u{301}|👩‍👧){0,80}",
            budget in 1_usize..40,
        ) {
            let pieces = pack(&text, budget);
            prop_assert_eq!(without_space(&pieces.concat()), without_space(&text));
            let clusters: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
            for piece in pieces {
                prop_assert_eq!(piece, piece.trim());
                let start = piece.as_ptr() as usize - text.as_ptr() as usize;
                for cut in [start, start + piece.len()] {
                    let trimmed_here = text[..cut].ends_with(char::is_whitespace)
                        || text[cut..].starts_with(char::is_whitespace);
                    prop_assert!(trimmed_here || clusters.contains(&cut), "cluster cut at {}", cut);
                    prop_assert!(markup(&text).all(|tag| cut <= tag.start || tag.end <= cut), "tag cut at {}", cut);
                }
                let parts = Level::Cluster.ends(piece).len();
                // A mark may begin a word: ".5".
                let first = piece.graphemes(true).next().is_some_and(|first| first.chars().all(is_closing)) && !text[start..].trim_start_matches(is_closing).starts_with(char::is_alphanumeric);
                let marks = text[..start].chars().rev().take_while(|c| is_closing(*c) || c.is_whitespace()).count();
                prop_assert!(!first || marks == text[..start].chars().count() || marks >= MAX_MARKS, "{piece:?} in {text:?}");
                prop_assert!(piece.chars().count() <= budget || parts == 1, "{piece:?} over {}", budget);
            }
        }
    }
}
