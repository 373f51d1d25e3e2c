//! Text that arrives word by word and is to be heard some words in, before its first sentence ends.

use std::ops::Range;

use crate::{hidden::Hidden, incoming::whole_markup, sentences};

/// When there is enough to be spoken, and how much of it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EagerRules {
    /// The fewest words of a chunk, unless a flush asks for less; at least 1.
    pub chunk_words: usize,
    /// Words that must follow a chunk before it is spoken.
    pub peek_words: usize,
    /// The most words of a chunk; at least `chunk_words`.
    pub max_chunk_words: usize,
    /// The most characters of a chunk, at least 1; text that waits is spoken once there are as many.
    pub max_characters: usize,
}

/// Text that is to be spoken in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EagerChunk {
    /// The text, with the white space around its words.
    pub text: String,
    /// The words that follow, as far as the rules look ahead; they come again in the next chunk.
    pub peek: String,
}

/// Text that has arrived and isn't spoken yet. The chunks, joined, are the text that came, without what is hidden and
/// without marks that no word stands next to.
#[derive(Clone, Debug)]
pub struct EagerText {
    rules: EagerRules,
    text: String,
    /// How much of the text is to be spoken as it is, in bytes.
    due: usize,
    /// What is dropped as it comes; none if all is kept.
    hidden: Option<Hidden>,
}

impl EagerText {
    /// No text yet. With `drops_thoughts`, what a model thought and its blocks of code are dropped as they come.
    #[must_use]
    pub fn new(rules: EagerRules, drops_thoughts: bool) -> Self {
        let hidden = drops_thoughts.then(Hidden::default);
        Self { rules, text: String::new(), due: 0, hidden }
    }

    /// Characters that wait to be spoken.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.text.chars().count()
    }

    /// Adds text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if let Some(hidden) = &mut self.hidden {
            hidden.drop_from(&mut self.text);
        }
    }

    /// All that is there is to be spoken, however little it is.
    pub fn flush(&mut self) {
        self.due = self.shown();
        self.begin_anew();
    }

    /// Takes the next chunk, if it is to be spoken now.
    pub fn take(&mut self) -> Option<EagerChunk> {
        loop {
            let shown = self.text.get(..self.shown())?;
            let end = chunk_end(shown, self.due, self.rules)?;
            let (chunk, rest) = shown.split_at_checked(end).filter(|(chunk, _)| !chunk.is_empty())?;
            let text = chunk.to_owned();
            let peek = rest.split_whitespace().take(self.rules.peek_words).collect::<Vec<_>>().join(" ");
            self.text.drain(..end);
            let was_due = self.due > 0;
            self.due = self.due.saturating_sub(end);
            if let Some(hidden) = &mut self.hidden {
                hidden.taken(&text);
            }
            if was_due {
                self.begin_anew();
            }
            // Nothing that a voice could say.
            if text.contains(char::is_alphanumeric) {
                return Some(EagerChunk { text, peek });
            }
        }
    }

    /// Once all is taken that a flush asked for, a text of its own begins.
    fn begin_anew(&mut self) {
        if let Some(hidden) = self.hidden.as_mut().filter(|_| self.due == 0) {
            hidden.begin_anew();
        }
    }

    fn shown(&self) -> usize {
        self.hidden.as_ref().map_or(self.text.len(), |hidden| hidden.shown(&self.text))
    }
}

/// Where the next chunk ends, in bytes; none if more text is to come first.
fn chunk_end(text: &str, due: usize, rules: EagerRules) -> Option<usize> {
    let characters = text.chars().count();
    let due = if characters >= rules.max_characters { text.len() } else { due.min(text.len()) };
    let (text, is_due) = if due > 0 { (text.get(..due)?, true) } else { (text, false) };
    let words = words(text);
    // The last word may go on, unless it is due.
    let complete = words.iter().filter(|word| is_due || word.end < text.len()).count();
    let most = if is_due { complete } else { complete.min(words.len().saturating_sub(rules.peek_words)) };
    if is_due && most <= rules.max_chunk_words {
        return Some(within(text, text.len(), rules.max_characters));
    }
    if most < rules.chunk_words {
        return None;
    }
    let most = most.min(rules.max_chunk_words);
    // A chunk has the white space behind its last word.
    let end_of = |count: usize| words.get(count).map_or(text.len(), |next| next.start);
    let ends = (rules.chunk_words..=most).map(|count| (count, end_of(count)));
    let whole: Vec<(usize, usize)> = ends.filter(|(_, end)| whole_markup(text, *end) == *end).collect();
    if whole.is_empty() && most < rules.max_chunk_words && !is_due {
        return None;
    }
    let best = best_end(text, &words, &whole).unwrap_or_else(|| end_of(most));
    Some(within(text, best, rules.max_characters))
}

/// The best of some ends, which come with the number of words before them: behind a sentence, a clause, a plain word, or
/// the last.
fn best_end(text: &str, words: &[Range<usize>], ends: &[(usize, usize)]) -> Option<usize> {
    let mut sentence_ends = Vec::new();
    for sentence in sentences(text) {
        sentence_ends.push(sentence_ends.last().copied().unwrap_or(0) + sentence.len());
    }
    let word = |at: usize| words.get(at).and_then(|word| text.get(word.clone())).unwrap_or_default();
    let is_clause = |count: usize| word(count.saturating_sub(1)).ends_with([',', ';', ':', '—', '–', '،']);
    // A number and what it counts belong together.
    let is_plain = |count: usize| {
        let last = word(count.saturating_sub(1));
        last.contains(char::is_alphabetic)
            && !last.contains(char::is_numeric)
            && !word(count).starts_with(char::is_numeric)
    };
    let last = |wanted: &dyn Fn(usize, usize) -> bool| {
        ends.iter().rev().find(|(count, end)| wanted(*count, *end)).map(|(_, end)| *end)
    };
    // The last sentence may go on.
    last(&|_, end| end < text.len() && sentence_ends.binary_search(&end).is_ok())
        .or_else(|| last(&|count, _| is_clause(count)))
        .or_else(|| last(&|count, _| is_plain(count)))
        .or_else(|| ends.last().map(|(_, end)| *end))
}

/// The words of a text, as ranges of bytes.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match words.last_mut() {
            Some(word) if in_word && !c.is_whitespace() => word.end = end,
            _ if !c.is_whitespace() => words.push(at..end),
            _ => {}
        }
        in_word = !c.is_whitespace();
    }
    words
}

/// `end`, or where the last word ends of as many characters as there may be: in mid-word, if it is longer.
fn within(text: &str, end: usize, max_characters: usize) -> usize {
    let before = text.get(..end).unwrap_or_default();
    let Some((most, _)) = before.char_indices().nth(max_characters) else { return end };
    let space = text.get(..most).and_then(|text| {
        let (at, space) = text.char_indices().rfind(|(_, c)| c.is_whitespace())?;
        let cut = at + space.len_utf8();
        text.get(..cut)?.contains(|c: char| !c.is_whitespace()).then_some(cut)
    });
    space.unwrap_or(most)
}

#[cfg(test)]
#[path = "eager_tests.rs"]
mod tests;
