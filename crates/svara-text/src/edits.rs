//! The map between two texts: what was replaced, and what became of it.

use std::{borrow::Cow, ops::Range};

use crate::normalize::Replacement;

/// What makes one text of another, in order and without overlaps. The text before, between and after the replacements is
/// the same in both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits(Vec<Replacement>);

/// A text made from another, and the map between the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edited<'t> {
    pub(crate) text: Cow<'t, str>,
    pub(crate) edits: Edits,
}

impl Edits {
    /// Takes replacements in order, without overlaps.
    pub(crate) const fn new(replacements: Vec<Replacement>) -> Self {
        Self(replacements)
    }

    /// What was replaced, in order. A replacement by nothing has an empty range of the text that is said.
    #[must_use]
    pub fn replacements(&self) -> &[Replacement] {
        &self.0
    }

    /// Moves the edits: behind `typed` bytes of the one text and `said` bytes of the other.
    pub(crate) fn shifted(&self, typed: usize, said: usize) -> impl Iterator<Item = Replacement> + '_ {
        self.0.iter().map(move |edit| Replacement {
            typed: edit.typed.start + typed..edit.typed.end + typed,
            said: edit.said.start + said..edit.said.end + said,
        })
    }

    /// The map over both steps: these edits, then `later` ones of their result. Edits that meet become one.
    #[must_use]
    pub(crate) fn then(&self, later: &Self) -> Self {
        let (mut first, mut second) = (self.0.iter().peekable(), later.0.iter().peekable());
        // How far a position of the text in the middle lies before that of the others.
        let (mut to_typed, mut to_said) = (0_isize, 0_isize);
        let mut merged = Vec::new();
        loop {
            let from_first = match (first.peek(), second.peek()) {
                (None, None) => break,
                (Some(one), Some(two)) => one.said.start <= two.typed.start,
                (one, _) => one.is_some(),
            };
            let start = if from_first {
                first.peek().map(|edit| edit.said.start)
            } else {
                second.peek().map(|edit| edit.typed.start)
            };
            let start = start.unwrap_or_default();
            let (typed, said) = (moved(start, to_typed), moved(start, to_said));
            let mut end = start;
            // The first edit of the group always counts; others do if they begin inside of it.
            let mut opened = false;
            loop {
                if let Some(edit) =
                    first.next_if(|edit| if opened { edit.said.start < end } else { from_first })
                {
                    end = end.max(edit.said.end);
                    to_typed = edit.typed.end.wrapping_sub(edit.said.end).cast_signed();
                } else if let Some(edit) =
                    second.next_if(|edit| edit.typed.start < end || !(opened || from_first))
                {
                    end = end.max(edit.typed.end);
                    to_said = edit.said.end.wrapping_sub(edit.typed.end).cast_signed();
                } else {
                    break;
                }
                opened = true;
            }
            merged.push(Replacement { typed: typed..moved(end, to_typed), said: said..moved(end, to_said) });
        }
        Self(merged)
    }

    /// The part of the text as typed that a part of the said text stands for. What was replaced counts as a whole.
    #[must_use]
    pub fn typed(&self, said: &Range<usize>) -> Range<usize> {
        let before = |at: usize| self.0.partition_point(|edit| edit.said.end <= at);
        let start = match self.0.get(before(said.start)) {
            Some(edit) if edit.said.start <= said.start => edit.typed.start,
            _ => self.outside_typed(before(said.start), said.start),
        };
        let next = self.0.partition_point(|edit| edit.said.end < said.end);
        let end = match self.0.get(next) {
            Some(edit) if edit.said.start < said.end => edit.typed.end,
            _ => self.outside_typed(next, said.end),
        };
        start..end.max(start)
    }

    /// The edits of a part of the text as typed, whose first byte is said at `said` of the said text. Positions count from
    /// there; those of the said text end at `said_len`.
    #[must_use]
    pub fn part(&self, typed: &Range<usize>, said: usize, said_len: usize) -> Self {
        let first = self.0.partition_point(|edit| edit.typed.end <= typed.start);
        let inside = self.0.iter().skip(first).take_while(|edit| edit.typed.start < typed.end);
        let of_typed = |at: usize| at.clamp(typed.start, typed.end) - typed.start;
        let of_said = |at: usize| at.saturating_sub(said).min(said_len);
        Self(
            inside
                .map(|edit| Replacement {
                    typed: of_typed(edit.typed.start)..of_typed(edit.typed.end),
                    said: of_said(edit.said.start)..of_said(edit.said.end),
                })
                .collect(),
        )
    }

    /// Where a position of the text as typed lies in the said text; behind the replacement that it lies in.
    #[must_use]
    pub fn said(&self, typed: usize) -> usize {
        let before = self.0.partition_point(|edit| edit.typed.end <= typed);
        match self.0.get(before) {
            Some(edit) if edit.typed.start < typed => edit.said.end,
            _ => {
                let last = before.checked_sub(1).and_then(|last| self.0.get(last));
                last.map_or(typed, |edit| edit.said.end + typed.saturating_sub(edit.typed.end))
            }
        }
    }

    /// The typed position of one that lies behind the first `edits` edits and in none.
    fn outside_typed(&self, edits: usize, said: usize) -> usize {
        let last = edits.checked_sub(1).and_then(|last| self.0.get(last));
        last.map_or(said, |edit| edit.typed.end + said.saturating_sub(edit.said.end))
    }
}

fn moved(at: usize, by: isize) -> usize {
    at.wrapping_add_signed(by)
}

/// Makes a text of another, from left to right.
pub(crate) struct Editor<'t> {
    text: &'t str,
    /// How much of `text` is dealt with, in bytes.
    at: usize,
    made: String,
    edits: Vec<Replacement>,
}

impl<'t> Editor<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, made: String::new(), edits: Vec::new() }
    }

    /// Keeps what comes before `range`, and puts `with` in the place of the range. Ranges come in order.
    pub(crate) fn replace(&mut self, range: Range<usize>, with: &str) {
        let start = range.start.max(self.at);
        if range.end <= start || self.text.get(start..range.end) == Some(with) {
            return;
        }
        let meets = start == self.at;
        self.made.push_str(self.text.get(self.at..start).unwrap_or_default());
        let said = self.made.len();
        self.made.push_str(with);
        self.at = range.end;
        match self.edits.last_mut() {
            // A run of deletions is one.
            Some(last) if meets && with.is_empty() && last.typed.end == start && last.said.is_empty() => {
                last.typed.end = range.end;
            }
            _ => self.edits.push(Replacement { typed: start..range.end, said: said..self.made.len() }),
        }
    }

    /// The length of the result, up to a position of the text that lies behind all that was replaced.
    pub(crate) fn made_len(&self, at: usize) -> usize {
        self.made.len() + at.saturating_sub(self.at)
    }

    /// The last character of the result, up to a position as in [`Self::made_len`].
    pub(crate) fn last(&self, at: usize) -> Option<char> {
        let kept = self.text.get(self.at..at).unwrap_or_default();
        kept.chars().next_back().or_else(|| self.made.chars().next_back())
    }

    pub(crate) fn finish(mut self) -> Edited<'t> {
        if self.edits.is_empty() {
            return Edited { text: Cow::Borrowed(self.text), edits: Edits::default() };
        }
        self.made.push_str(self.text.get(self.at..).unwrap_or_default());
        Edited { text: Cow::Owned(self.made), edits: Edits(self.edits) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Replaces each of `marks` by what stands beside it.
    fn step(text: &str, marks: &[(char, &str)]) -> (String, Edits) {
        let mut editor = Editor::new(text);
        for (at, c) in text.char_indices() {
            if let Some((_, with)) = marks.iter().find(|(mark, _)| *mark == c) {
                editor.replace(at..at + c.len_utf8(), with);
            }
        }
        let edited = editor.finish();
        (edited.text.into_owned(), edited.edits)
    }

    #[test]
    fn a_part_of_what_is_said_points_to_what_was_typed() {
        let (said, edits) = step("a5b", &[('5', "five")]);
        assert_eq!(said, "afiveb");
        let typed: Vec<_> = (0..said.len()).map(|at| edits.typed(&(at..at + 1))).collect();
        assert_eq!(typed, [0..1, 1..2, 1..2, 1..2, 1..2, 2..3]);
        assert_eq!((edits.said(0), edits.said(1), edits.said(2), edits.said(3)), (0, 1, 5, 6));
    }

    #[test]
    fn what_was_left_out_belongs_to_nobody() {
        let (said, edits) = step("a*b", &[('*', "")]);
        assert_eq!(said, "ab");
        assert_eq!((edits.typed(&(0..1)), edits.typed(&(1..2)), edits.typed(&(0..2))), (0..1, 2..3, 0..3));
    }

    proptest! {
        /// Two steps and their map in one agree: unreplaced stretches are the same text, in order, and cover both texts.
        #[test]
        fn steps_add_up(text in "[a-d5*]{0,30}", one in "[a-d5]{0,3}", two in "[a-c]{0,3}", three in "[ab*]{0,2}") {
            let (middle, first) = step(&text, &[('*', ""), ('5', &one), ('d', &three)]);
            let (said, second) = step(&middle, &[('c', &two), ('5', ""), ('b', "x")]);
            let both = first.then(&second);
            let (mut typed_at, mut said_at) = (0, 0);
            for edit in both.replacements() {
                prop_assert!(edit.typed.start >= typed_at && edit.said.start >= said_at, "{both:?}");
                prop_assert_eq!(&text[typed_at..edit.typed.start], &said[said_at..edit.said.start]);
                (typed_at, said_at) = (edit.typed.end, edit.said.end);
            }
            prop_assert_eq!(&text[typed_at..], &said[said_at..]);
            prop_assert_eq!(both.typed(&(0..said.len())).end <= text.len(), true);
        }
    }
}
