//! From a text as typed to the text that is said, with all that a speech needs to know of it.

use std::{cmp::Reverse, collections::BTreeSet, ops::Range, sync::Arc};

use crate::{
    clean::{Cleaned, Pause, SayAs, Strip, clean},
    dictionary::{Dictionary, replace},
    edits::{Edited, Edits},
    language::Language,
    normalize::{Acronyms, Replacement, normalize_with},
    style::{StyleTags, TagPlace},
};

/// The least and the greatest factor that changes of speed make together.
const SLOWEST: f32 = 0.1;
const FASTEST: f32 = 10.0;

/// How a text is read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The language of the voice, if text can be prepared for it.
    pub language: Option<Language>,
    /// Whether numbers, dates and the like become words.
    pub normalizes: bool,
    /// What is removed besides control characters and markup.
    pub strip: Strip,
    /// The model's tags.
    pub styles: StyleTags<'a>,
    /// What is said for certain words. Where several know a word, the first counts.
    pub dictionaries: &'a [Arc<Dictionary>],
    /// The operator's acronyms.
    pub acronyms: &'a Acronyms,
}

/// A text that is ready to be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// The map from the text as typed.
    pub edits: Edits,
    /// Silences, in order. Positions are those of `text`.
    pub pauses: Vec<Pause>,
    /// Where another speed begins, as a factor; 1 before the first.
    pub rates: Vec<(usize, f32)>,
    /// The style of the last tag, where tags aren't said in their places.
    pub style: Option<String>,
    /// The text without what is nothing to say, before numbers became words.
    pub cleaned: String,
    /// By how many characters dictionaries made it longer.
    pub grown: usize,
}

impl Said {
    /// Whether there is nothing that a voice could say: no letter and no digit.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        !self.text.contains(char::is_alphanumeric)
    }

    /// The speed at a position of `text`.
    #[must_use]
    pub fn rate(&self, at: usize) -> f32 {
        let behind = self.rates.partition_point(|(start, _)| *start <= at);
        behind.checked_sub(1).and_then(|last| self.rates.get(last)).map_or(1.0, |(_, rate)| *rate)
    }

    /// The parts of `text` between its pauses and changes of speed, in order. Some may be without a word.
    #[must_use]
    pub fn parts(&self) -> Vec<Range<usize>> {
        let mut cuts: Vec<usize> =
            self.pauses.iter().map(|pause| pause.at).chain(self.rates.iter().map(|(at, _)| *at)).collect();
        cuts.extend([0, self.text.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        cuts.iter().zip(cuts.iter().skip(1)).map(|(start, end)| *start..*end).collect()
    }
}

impl Reading<'_> {
    /// Reads a text.
    #[must_use]
    pub fn read(&self, typed: &str) -> Said {
        let cleaned = clean(typed, self.strip, |name| self.styles.has(name));
        let (untagged, style) = self.styles.read(&cleaned.text);
        let Edited { text: plain, edits } = replace(self.dictionaries, &untagged.text, self.language);
        let grown = plain.chars().count().saturating_sub(untagged.text.chars().count());
        let edits = untagged.edits.then(&edits);
        let place = |at: usize| edits.said(at);
        let hints =
            cleaned.said_as().iter().map(|(range, hint)| (place(range.start)..place(range.end), *hint));
        let mut hints = Hints::new(hints.collect());
        let mut rates = changes(&cleaned, plain.len(), &place);
        let mut pauses: Vec<Pause> =
            cleaned.pauses().iter().map(|pause| Pause { at: place(pause.at), ..*pause }).collect();
        // What is said in a way of its own is on its own, and nothing is read over a pause.
        let mut cuts: Vec<usize> = hints.all.iter().flat_map(|(range, _)| [range.start, range.end]).collect();
        cuts.extend(pauses.iter().map(|pause| pause.at));
        cuts.extend([0, plain.len()]);
        cuts.sort_unstable();
        cuts.dedup();
        let mut text = String::with_capacity(plain.len());
        let mut replaced: Vec<Replacement> = Vec::new();
        for (start, end) in cuts.iter().zip(cuts.iter().skip(1)) {
            let part = plain.get(*start..*end).unwrap_or_default();
            let Edited { text: words, edits } = match (hints.at(*start), self.language) {
                (Some(said_as), Some(language)) => said_as.say(part, language),
                (None, Some(language)) if self.normalizes => {
                    let normalized = normalize_with(part, language, self.acronyms);
                    Edited { text: normalized.said, edits: Edits::new(normalized.replacements) }
                }
                _ => Edited { text: part.into(), edits: Edits::default() },
            };
            replaced.extend(edits.shifted(*start, text.len()));
            text.push_str(&words);
        }
        let said = Edits::new(replaced);
        pauses.iter_mut().for_each(|pause| pause.at = said.said(pause.at));
        rates.iter_mut().for_each(|(at, _)| *at = said.said(*at));
        let edits = cleaned.edits.then(&edits).then(&said);
        Said { text, edits, pauses, rates, style: style.map(str::to_owned), cleaned: cleaned.text, grown }
    }
}

/// Parts that are said in a way of their own, asked for from left to right.
struct Hints {
    /// Inner ones come before those around them.
    all: Vec<(Range<usize>, SayAs)>,
    /// The indices of all, the first to begin last.
    waiting: Vec<usize>,
    /// The indices of those that have begun and not ended.
    open: BTreeSet<usize>,
    /// The indices of those, by their ends.
    ends: BTreeSet<(usize, usize)>,
}

impl Hints {
    fn new(all: Vec<(Range<usize>, SayAs)>) -> Self {
        let mut waiting: Vec<usize> = (0..all.len()).collect();
        waiting.sort_by_key(|index| all.get(*index).map(|(range, _)| Reverse(range.start)));
        Self { all, waiting, open: BTreeSet::new(), ends: BTreeSet::new() }
    }

    /// How the part that begins here is said, where one of all begins or ends at most: as the innermost says.
    fn at(&mut self, start: usize) -> Option<SayAs> {
        let range = |index: usize| self.all.get(index).map(|(range, _)| range.clone());
        while let Some((index, range)) = self.waiting.last().and_then(|index| Some((*index, range(*index)?)))
            && range.start <= start
        {
            self.waiting.pop();
            self.open.insert(index);
            self.ends.insert((range.end, index));
        }
        while let Some((end, index)) = self.ends.first().copied()
            && end <= start
        {
            self.ends.pop_first();
            self.open.remove(&index);
        }
        let innermost = self.open.first().and_then(|index| self.all.get(*index));
        innermost.map(|(_, said_as)| *said_as)
    }
}

/// Where the speed changes, and to what. Nested changes multiply.
fn changes(cleaned: &Cleaned, end: usize, place: &impl Fn(usize) -> usize) -> Vec<(usize, f32)> {
    let ranges: Vec<(Range<usize>, f32)> =
        cleaned.rates().iter().map(|(range, rate)| (place(range.start)..place(range.end), *rate)).collect();
    let mut edges: Vec<(usize, f32)> = ranges
        .iter()
        .flat_map(|(range, rate)| [(range.start, rate.ln()), (range.end, -rate.ln())])
        .filter(|(at, _)| *at < end)
        .collect();
    edges.sort_by_key(|(at, _)| *at);
    let mut changes: Vec<(usize, f32)> = Vec::new();
    let mut sum = 0.0;
    for (at, by) in edges {
        sum += by;
        // Sums of logarithms are exact to some digits only.
        let rate = (f32::exp(sum) * 1e4).round() / 1e4;
        // Nested often enough, they would be nothing, or anything.
        let rate = rate.clamp(SLOWEST, FASTEST);
        match changes.last_mut() {
            Some(last) if last.0 == at => last.1 = rate,
            _ => changes.push((at, rate)),
        }
    }
    changes
}

impl StyleTags<'_> {
    /// Takes the tags out of `text`, or leaves them in their places, spelled as the model knows them.
    fn read<'t>(&self, text: &'t str) -> (Edited<'t>, Option<&str>) {
        match self.place() {
            TagPlace::End => self.take_mapped(text),
            TagPlace::Typed => (self.spell(text), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Strip = Strip { markdown: true, emoji: true };

    fn read(typed: &str, language: Language, place: TagPlace) -> Said {
        let known = ["happy", "sad"].map(str::to_owned);
        let styles = StyleTags::new(&known).placed(place);
        let (dictionaries, acronyms) = (&[], &Acronyms::default());
        Reading { language: Some(language), normalizes: true, strip: ALL, styles, dictionaries, acronyms }
            .read(typed)
    }

    #[test]
    fn all_steps_have_one_map() {
        let typed = "**Costs** $5 &amp; 🎉 <b>ok</b> <happy>";
        let said = read(typed, Language::English, TagPlace::End);
        assert_eq!((said.text.as_str(), said.style.as_deref()), ("Costs five dollars & ok", Some("happy")));
        let dollars = said.text.find("five dollars").unwrap();
        assert_eq!(&typed[said.edits.typed(&(dollars..dollars + 12))], "$5");
        let ok = said.text.find("ok").unwrap();
        assert_eq!(&typed[said.edits.typed(&(ok..ok + 2))], "ok");
        assert_eq!(&typed[said.edits.typed(&(0..5))], "Costs");
    }

    #[test]
    fn pauses_and_speeds_part_the_text() {
        let said = read(
            "One<break time='1s'/> 2 <prosody rate='slow'>3</prosody> 4",
            Language::English,
            TagPlace::End,
        );
        let parts: Vec<_> = said
            .parts()
            .into_iter()
            .map(|part| (said.text[part.clone()].trim(), said.rate(part.start)))
            .collect();
        assert_eq!(parts, [("One", 1.0), ("two", 1.0), ("three", 0.75), ("four", 1.0)]);
        assert_eq!(said.pauses.len(), 1);
        assert_eq!(said.pauses[0].length_ms, 1_000);
    }

    #[test]
    fn nested_speeds_stay_speeds() {
        for (rate, bound) in [("50%", SLOWEST), ("200%", FASTEST), ("1e30", FASTEST)] {
            let typed = format!("{}a", format!("<prosody rate='{rate}'>").repeat(40));
            let said = read(&typed, Language::English, TagPlace::End);
            assert!((said.rate(0) - bound).abs() < 1e-6, "{rate}: {}", said.rate(0));
        }
    }

    #[test]
    fn the_innermost_hint_holds() {
        let typed =
            "<say-as interpret-as='digits'>12 <say-as interpret-as='cardinal'>12</say-as> 12</say-as> 12";
        let said = read(typed, Language::English, TagPlace::End);
        assert_eq!(said.text, "one two twelve one two twelve");
    }

    #[test]
    fn hints_hold_for_their_part() {
        let typed = "Code <say-as interpret-as='digits'>4582</say-as> of 4582";
        let said = read(typed, Language::English, TagPlace::End);
        assert_eq!(said.text, "Code four five eight two of four thousand five hundred and eighty two");
    }

    #[test]
    fn a_model_may_want_its_tags_where_they_were_typed() {
        let said = read("<HAPPY> Oh. <b>I</b> see <sad>", Language::English, TagPlace::Typed);
        assert_eq!((said.text.as_str(), said.style), ("<happy> Oh. I see <sad>", None));
    }

    #[test]
    fn what_has_no_word_is_silent() {
        for typed in [
            "...",
            "---",
            "!!!",
            "।।।",
            "😀 ...",
            "\u{200b}\u{200d}\u{feff}",
            "*",
            "—",
            "<b></b>",
            "```\nx\n```",
        ] {
            assert!(read(typed, Language::Hindi, TagPlace::End).is_silent(), "{typed}");
        }
        assert!(!read("5", Language::Hindi, TagPlace::End).is_silent());
        assert!(!read("<sad>", Language::Hindi, TagPlace::Typed).is_silent());
    }
}
