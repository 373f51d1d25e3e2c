//! Text as people and programs send it, made ready to be said: characters, markup and marks that are nothing to say go,
//! and one word has one spelling.

mod characters;
mod compose;
mod emoji;
mod entities;
mod markdown;
mod markup;
mod pause;
mod power;
mod say_as;
mod tags;
mod thoughts;
mod unsaid;

use std::ops::Range;

use self::markup::Asked;
pub use self::{
    pause::{MAX_PAUSE_MS, Pause},
    say_as::{DateOrder, SayAs},
};
pub(crate) use self::{thoughts::tag as thought_tag, unsaid::unsaid};
use crate::edits::{Edited, Edits};

/// How often the steps are repeated: what one of them uncovers, such as a tag that was escaped, is for the next round.
/// Text that people write takes two.
const ROUNDS: usize = 6;

/// Characters that make markup. They go from a text that is still not at rest after all rounds, which only one that is
/// made for that is.
const MARKS: [char; 14] = ['<', '>', '&', '*', '_', '`', '~', '#', '|', '[', ']', '\\', '=', '{'];

/// What is removed because it is nothing to say. Control characters, HTML and SSML always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strip {
    /// Marks, link targets, comments and code blocks of Markdown, and what a model thought before it answered.
    pub markdown: bool,
    /// Emoji.
    pub emoji: bool,
}

/// A text that is ready to be said, and what its markup asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Cleaned {
    /// The text.
    pub text: String,
    /// The map from the text as typed.
    pub edits: Edits,
    asked: Asked,
}

/// The byte ranges of tags, short comments and pauses in a text that isn't cleaned yet, in the order in which they begin.
pub(crate) fn markup_ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(['<', '[']).filter_map(|(start, mark)| {
        let rest = text.get(start..)?;
        let len = match mark {
            "<" if rest.starts_with("<!--") => markup::short_comment(rest)?,
            "<" => tags::Tag::read(rest)?.len,
            _ => pause::bracketed(rest)?.0,
        };
        Some(start..start + len)
    })
}

/// Spells a text as cleaning does: what is typed in several encodings and means one thing becomes one text.
///
/// ```
/// assert_eq!(svara_text::spelled("\u{95b}रूरत"), svara_text::spelled("\u{91c}\u{93c}रूरत"));
/// ```
#[must_use]
pub fn spelled(text: &str) -> String {
    let folded = characters::fold(text).text;
    compose::compose(&folded).text.into_owned()
}

/// Cleans a text. `keeps` says which names in angle brackets are the model's own tags; these stay.
///
/// ```
/// use svara_text::{Strip, clean};
///
/// let cleaned = clean("Tom &amp; <b>Jerry</b> 🎉", Strip { markdown: true, emoji: true }, |_| false);
/// assert_eq!(cleaned.text.trim(), "Tom & Jerry");
/// ```
#[must_use]
pub fn clean(text: &str, strip: Strip, keeps: impl Fn(&str) -> bool) -> Cleaned {
    let mut cleaned = Cleaned { text: text.to_owned(), edits: Edits::default(), asked: Asked::default() };
    for _ in 0..ROUNDS {
        if !cleaned.round(strip, &keeps) {
            return cleaned;
        }
    }
    cleaned.step(|text| {
        let mut editor = crate::edits::Editor::new(text);
        text.match_indices(MARKS).for_each(|(at, mark)| editor.replace(at..at + mark.len(), ""));
        editor.finish()
    });
    for _ in 0..ROUNDS {
        if !cleaned.round(strip, &keeps) {
            break;
        }
    }
    cleaned
}

impl Cleaned {
    /// Pauses, in order.
    #[must_use]
    pub fn pauses(&self) -> &[Pause] {
        &self.asked.pauses
    }

    /// Parts that are said in a certain way.
    pub(crate) fn said_as(&self) -> &[(Range<usize>, SayAs)] {
        &self.asked.said_as
    }

    /// Parts that are said faster or slower; inner ones come before those around them.
    pub(crate) fn rates(&self) -> &[(Range<usize>, f32)] {
        &self.asked.rates
    }

    /// All steps once. Returns whether anything changed.
    fn round(&mut self, strip: Strip, keeps: &impl Fn(&str) -> bool) -> bool {
        let mut changed = self.step(characters::fold);
        if strip.markdown {
            changed |= self.step(thoughts::drop_thoughts);
            changed |= self.step(markdown::plain);
        }
        changed |= self.read_markup(keeps);
        if strip.markdown {
            changed |= self.step(markdown::leftovers);
        }
        if strip.emoji {
            changed |= self.step(emoji::drop_emoji);
        }
        changed | self.step(compose::compose)
    }

    fn step(&mut self, step: impl FnOnce(&str) -> Edited<'_>) -> bool {
        let Edited { text, edits } = step(&self.text);
        if edits.replacements().is_empty() {
            return false;
        }
        self.text = text.into_owned();
        self.apply(&edits);
        true
    }

    fn read_markup(&mut self, keeps: &impl Fn(&str) -> bool) -> bool {
        if !self.text.contains(['<', '&', '[']) {
            return false;
        }
        let (Edited { text, edits }, mut asked) = markup::read(&self.text, keeps);
        if edits.replacements().is_empty() {
            return false;
        }
        self.text = text.into_owned();
        self.apply(&edits);
        self.asked.pauses.append(&mut asked.pauses);
        self.asked.pauses.sort_by_key(|pause| pause.at);
        self.asked.said_as.append(&mut asked.said_as);
        self.asked.rates.append(&mut asked.rates);
        true
    }

    fn apply(&mut self, edits: &Edits) {
        let map = |range: &mut Range<usize>| *range = edits.said(range.start)..edits.said(range.end);
        self.edits = self.edits.then(edits);
        self.asked.pauses.iter_mut().for_each(|pause| pause.at = edits.said(pause.at));
        self.asked.said_as.iter_mut().for_each(|(range, _)| map(range));
        self.asked.rates.iter_mut().for_each(|(range, _)| map(range));
    }
}
