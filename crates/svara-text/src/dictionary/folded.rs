//! Texts in lower case, in which words of any case are found.

use std::ops::Range;

/// A text in lower case.
pub(super) struct Folded {
    pub(super) text: String,
    /// Where each byte of it comes from; empty if each is in its own place.
    origins: Vec<usize>,
}

impl Folded {
    pub(super) fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self { text: text.to_ascii_lowercase(), origins: Vec::new() };
        }
        let mut folded = String::with_capacity(text.len());
        let mut origins = Vec::new();
        for (at, c) in text.char_indices() {
            let start = folded.len();
            folded.extend(c.to_lowercase());
            let moved = folded.len() - start != c.len_utf8();
            if moved && origins.is_empty() {
                origins = (0..start).collect();
            }
            if moved || !origins.is_empty() {
                // The bytes of a character whose length changes all come from its start.
                let same = !moved;
                origins.extend((start..folded.len()).map(|byte| if same { at + byte - start } else { at }));
            }
        }
        if !origins.is_empty() {
            origins.push(text.len());
        }
        Self { text: folded, origins }
    }

    /// The part of the text that a part of the folded text comes from; none if that is a part of a character.
    pub(super) fn typed(&self, folded: Range<usize>) -> Option<Range<usize>> {
        if self.origins.is_empty() {
            return Some(folded);
        }
        let place = |at: usize| {
            let origin = *self.origins.get(at)?;
            let before = at.checked_sub(1).and_then(|before| self.origins.get(before));
            (before != Some(&origin)).then_some(origin)
        };
        Some(place(folded.start)?..place(folded.end)?)
    }
}
