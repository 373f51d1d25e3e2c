//! Pronunciation dictionaries: what is said for a word.

mod folded;
mod rule;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, ops::Range, sync::Arc};

use aho_corasick::{AhoCorasick, MatchKind};
use icu_properties::props::{EnumeratedProperty, GeneralCategory, GeneralCategoryGroup};
use sha2::{Digest, Sha256};

use self::folded::Folded;
pub use self::rule::{DictionaryError, Pronunciation, Rule};
use crate::{
    edits::{Edited, Editor},
    language::Language,
    tag::tags,
    writing::WritingSystem,
};

/// Rules, ready to be looked up in one pass over a text, however many they are.
#[derive(Debug)]
pub struct Dictionary {
    /// The rules with an alias. Those of one folded text are next to each other, in their order.
    rules: Vec<Rule>,
    /// The rules of each pattern of the automaton.
    patterns: Vec<Range<usize>>,
    /// Finds the folded texts of the rules from their ends, in a text that is read from its end: so the longest of those
    /// that start in one place is known at once.
    automaton: AhoCorasick,
    digest: [u8; 32],
}

impl Dictionary {
    /// Builds a dictionary. Of rules for the same text, the first that holds counts.
    ///
    /// # Errors
    /// A rule has no text or nothing that is said, one that is too long, or they are too many to be looked up at once.
    pub fn new(rules: Vec<Rule>) -> Result<Self, DictionaryError> {
        let (mut of_texts, mut at) = (Vec::<Vec<Rule>>::new(), HashMap::<String, usize>::new());
        let mut digest = Sha256::new();
        for (number, rule) in (1..).zip(rules) {
            let rule = rule.checked().map_err(|error| DictionaryError(format!("rule {number}: {error}")))?;
            if rule.alias().is_none() {
                continue;
            }
            rule.add_to(&mut digest);
            let at = *at.entry(Folded::new(&rule.text).text).or_insert_with(|| {
                of_texts.push(Vec::new());
                of_texts.len() - 1
            });
            of_texts.get_mut(at).into_iter().for_each(|same| same.push(rule.clone()));
        }
        let mut reversed = vec![Vec::new(); of_texts.len()];
        for (text, at) in at {
            if let Some(pattern) = reversed.get_mut(at) {
                *pattern = text.bytes().rev().collect();
            }
        }
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(reversed);
        let automaton = automaton.map_err(|error| DictionaryError(error.to_string()))?;
        let mut end = 0;
        let patterns = of_texts.iter().map(|same| {
            end += same.len();
            end - same.len()..end
        });
        let patterns = patterns.collect();
        let rules = of_texts.into_iter().flatten().collect();
        Ok(Self { rules, patterns, automaton, digest: digest.finalize().into() })
    }

    /// The rules that have an effect. A dictionary of these does the same.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Names what the dictionary does to texts: equal for those that do the same.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The memory that it takes, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let texts = self.rules.iter().map(|rule| {
            size_of::<Rule>() + rule.text.capacity() + rule.alias().map_or(0, str::len) + rule.except.len()
        });
        self.automaton.memory_usage() + texts.sum::<usize>() + self.patterns.len() * size_of::<Range<usize>>()
    }

    /// What the rules name in `text`: for each place where something starts, the longest.
    fn find<'d>(&'d self, text: &Folding<'_>, language: Option<Language>, found: &mut Vec<Found<'d>>) {
        if self.rules.is_empty() {
            return;
        }
        let (length, own) = (text.reversed.len(), found.len());
        for hit in self.automaton.find_overlapping_iter(&text.reversed) {
            let folded = length - hit.end()..length - hit.start();
            let Some(range) = text.folded.typed(folded) else { continue };
            let known = found.get_mut(own..).and_then(<[Found<'d>]>::last_mut);
            let known = known.filter(|known| known.range.start == range.start);
            if known.as_ref().is_some_and(|known| known.range.end >= range.end) {
                continue;
            }
            let same =
                self.patterns.get(hit.pattern().as_usize()).and_then(|same| self.rules.get(same.clone()));
            let holds = |rule: &&Rule| {
                (!rule.case_sensitive || text.text.get(range.clone()) == Some(&*rule.text))
                    && (!rule.word_boundaries || is_whole_word(text.text, &range))
                    && rule.holds_for(language)
            };
            let Some(alias) = same.and_then(|same| same.iter().find(holds)).and_then(Rule::alias) else {
                continue;
            };
            match known {
                Some(known) => *known = Found { range, alias },
                None => found.push(Found { range, alias }),
            }
        }
    }
}

/// A part of a text that a rule names, and what is said for it.
#[derive(Debug)]
struct Found<'d> {
    range: Range<usize>,
    alias: &'d str,
}

/// A text as dictionaries look through it.
struct Folding<'t> {
    text: &'t str,
    folded: Folded,
    /// The bytes of the folded text, the last first.
    reversed: Vec<u8>,
}

/// Replaces what the rules of the dictionaries name, outside of tags. Where rules overlap, the first in the text counts,
/// then the longest, then that of the first dictionary.
pub(crate) fn replace<'t>(
    dictionaries: &[Arc<Dictionary>],
    text: &'t str,
    language: Option<Language>,
) -> Edited<'t> {
    let mut editor = Editor::new(text);
    if dictionaries.is_empty() {
        return editor.finish();
    }
    let folded = Folded::new(text);
    let reversed = folded.text.bytes().rev().collect();
    let folding = Folding { text, folded, reversed };
    let mut found = Vec::new();
    dictionaries.iter().for_each(|dictionary| dictionary.find(&folding, language, &mut found));
    // Stable, so that what the first dictionary found stays before the others.
    found.sort_by(|one, two| {
        let (one, two) = (&one.range, &two.range);
        one.start.cmp(&two.start).then(two.end.cmp(&one.end))
    });
    let mut tags = tags(text).peekable();
    let mut at = 0;
    for Found { range, alias } in found {
        while tags.next_if(|tag| tag.end <= range.start).is_some() {}
        let in_tag = tags.peek().is_some_and(|tag| tag.start < range.end);
        if range.start >= at && !in_tag {
            at = range.end;
            editor.replace(range, alias);
        }
    }
    editor.finish()
}

/// Whether no letter, digit or sign of a script is next to `range`.
fn is_whole_word(text: &str, range: &Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let behind = text.get(range.end..).and_then(|behind| behind.chars().next());
    !before.is_some_and(is_part_of_word) && !behind.is_some_and(is_part_of_word)
}

fn is_part_of_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric()
        || WritingSystem::of(c).is_some()
        || matches!(c, '\u{200c}' | '\u{200d}')
        || GeneralCategoryGroup::Mark.contains(GeneralCategory::for_char(c))
}
