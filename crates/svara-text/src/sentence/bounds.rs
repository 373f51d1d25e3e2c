//! The bounds of UAX #29, and the marks behind them, in linear time.

use icu_properties::props::{EnumeratedProperty, SentenceBreak};
use unicode_segmentation::UnicodeSegmentation;

/// Marks that belong to what stands before them.
pub(crate) fn is_closing(c: char) -> bool {
    matches!(
        c,
        ')' | ']'
            | '}'
            | '”'
            | '’'
            | '»'
            | '›'
            | ','
            | ';'
            | ':'
            | '.'
            | '!'
            | '?'
            | '…'
            | '।'
            | '॥'
            | '،'
            | '؟'
    )
}

/// The most brackets, quotes and spaces behind a full stop that the segmenter sees at once: behind each, it looks for the
/// next letter anew.
const MAX_BEHIND_STOP: usize = 12;

/// The segments that UAX #29 parts a text into, each with its position. A longer row of brackets or quotes behind a full stop
/// is parted, too.
pub(super) fn segments(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let (at, (seen, len)) = (start, part(rest));
        start += len;
        Some((at, rest.get(..seen)?, rest.get(..len)?))
    })
    .flat_map(|(at, seen, part)| {
        parted(seen).filter_map(move |(of_part, segment)| {
            let end = of_part + segment.len();
            // The spaces that the segmenter doesn't see belong to its last segment.
            let end = if end == seen.len() { part.len() } else { end };
            Some((at + of_part, part.get(of_part..end)?))
        })
    })
}

/// The segments of a text with their positions. The segmenter sees each from where it may end on: most of a text needs no look
/// at what a character is to it.
fn parted(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let quiet = quiet_len(rest);
        let behind = rest.get(quiet..)?;
        let len = quiet + behind.split_sentence_bounds().next().map_or(behind.len(), str::len);
        let at = start;
        start += len;
        Some((at, rest.get(..len)?))
    })
}

/// How much of `rest` is before the first mark or line end that may end a segment, and the character before that, in bytes.
fn quiet_len(rest: &str) -> usize {
    let within = |c: char| match c {
        ' ' | ',' | '0'..='9' | 'A'..='Z' | 'a'..='z' => true,
        // Of the Indian scripts, only the dandas end sentences.
        '\u{900}'..='\u{D7F}' => !matches!(c, '\u{964}' | '\u{965}'),
        _ => !matches!(
            SentenceBreak::for_char(c),
            SentenceBreak::ATerm
                | SentenceBreak::STerm
                | SentenceBreak::Sep
                | SentenceBreak::CR
                | SentenceBreak::LF
        ),
    };
    let Some(end) = rest.find(|c| !within(c)) else { return rest.len() };
    // Signs belong to the letter before them.
    let is_sign =
        |c: char| matches!(SentenceBreak::for_char(c), SentenceBreak::Extend | SentenceBreak::Format);
    let before = rest.get(..end).unwrap_or_default().trim_end_matches(is_sign);
    before.char_indices().next_back().map_or(0, |(at, _)| at)
}

/// The part of `rest` that is segmented at once: how much of it the segmenter sees, and its length with the spaces behind that,
/// in bytes.
fn part(rest: &str) -> (usize, usize) {
    // How many brackets, quotes and spaces are behind a full stop.
    let mut behind_stop = None;
    for (at, c) in rest.char_indices() {
        if c.is_ascii_alphanumeric() {
            behind_stop = None;
            continue;
        }
        match (SentenceBreak::for_char(c), behind_stop) {
            (SentenceBreak::ATerm, _) => behind_stop = Some(0),
            (SentenceBreak::Close | SentenceBreak::Sp, Some(MAX_BEHIND_STOP)) => {
                let left = rest.get(at..).unwrap_or_default();
                let behind = left.trim_start_matches(|c| SentenceBreak::for_char(c) == SentenceBreak::Sp);
                return (at, rest.len() - behind.len());
            }
            (SentenceBreak::Close | SentenceBreak::Sp, Some(marks)) => behind_stop = Some(marks + 1),
            (SentenceBreak::Extend | SentenceBreak::Format, _) => {}
            _ => behind_stop = None,
        }
    }
    (rest.len(), rest.len())
}

/// Closing marks behind the ends of sentences. Each row of them is looked through once, however many ends are in it.
#[derive(Default)]
pub(super) struct Closing {
    /// Where the row of marks and white space that was looked through last begins and ends.
    start: usize,
    end: usize,
    /// Where what belongs to the text before it ends: marks right before a word begin it (".5 mg", "...and").
    own_end: usize,
    /// Where the last mark up to there ends.
    marks_end: usize,
}

impl Closing {
    /// The length in bytes of the closing marks at a position, with the white space around them.
    pub(super) fn len(&mut self, text: &str, at: usize) -> usize {
        if !(self.start..self.end).contains(&at) {
            self.look(text, at);
        }
        if self.marks_end > at { self.own_end - at } else { 0 }
    }

    fn look(&mut self, text: &str, at: usize) {
        let rest = text.get(at..).unwrap_or_default();
        // Whole clusters, so that no combining mark is cut off from its base.
        let is_part = |cluster: &&str| cluster.chars().all(|c| is_closing(c) || c.is_whitespace());
        let len: usize = rest.graphemes(true).take_while(is_part).map(str::len).sum();
        let begins = rest.get(len..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
        let row = rest.get(..len).unwrap_or_default();
        let own = if begins { row.trim_end_matches(is_closing) } else { row };
        let marks = own.trim_end_matches(|c| !is_closing(c));
        *self = Self { start: at, end: at + len, own_end: at + own.len(), marks_end: at + marks.len() };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Where the segmenter begins makes no difference.
        #[test]
        fn parts_are_the_segments(text in "(\\PC|[.?!। \n\r\u{85}\u{2028}\u{AD}\u{301}\u{93C}]|[Aa1क\"”),]|\u{FF0E}){0,40}") {
            let whole: Vec<(usize, &str)> = text.split_sentence_bound_indices().collect();
            prop_assert_eq!(parted(&text).collect::<Vec<_>>(), whole);
        }
    }

    #[test]
    fn a_long_row_behind_a_full_stop_is_parted() {
        let parts = |text: &str| segments(text).map(|(_, segment)| segment.to_owned()).collect::<Vec<_>>();
        let spaces = " ".repeat(30);
        assert_eq!(parts(&format!("One.{spaces}Two.")), [format!("One.{spaces}"), "Two.".to_owned()]);
        let quotes = "”".repeat(30);
        assert_eq!(parts(&format!("One.{quotes} Two.")).concat(), format!("One.{quotes} Two."));
        assert_eq!(parts(&format!("One{quotes} two.")).len(), 1);
    }
}
