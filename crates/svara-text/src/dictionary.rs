//! Pronunciation dictionaries: what is said for a word.

use std::{ops::Range, sync::Arc};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{
    clean::spelled,
    edits::{Edited, Editor},
    language::Language,
    tag::tags,
    writing::WritingSystem,
};

/// What is said for a word or phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The word or phrase.
    pub text: String,
    /// What is said in its place.
    pub alias: String,
    /// Whether the case of letters matters.
    pub case_sensitive: bool,
    /// Whether it counts only as a whole word, by Unicode's letters and signs.
    pub word_boundaries: bool,
    /// The languages of voices that it holds for; none for all.
    pub only: Option<Vec<Language>>,
    /// The languages of voices that it doesn't hold for.
    pub except: Vec<Language>,
}

/// Rules that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DictionaryError(String);

/// Rules, ready to be looked up in one pass over a text, however many they are.
#[derive(Debug)]
pub struct Dictionary {
    rules: Vec<Rule>,
    /// Finds the folded texts of the rules; patterns are numbered as the rules.
    automaton: AhoCorasick,
}

impl Rule {
    /// A rule that says `alias` for the whole word `text`, in any case and language.
    #[must_use]
    pub fn new(text: &str, alias: &str) -> Self {
        let (text, alias) = (text.to_owned(), alias.to_owned());
        Self { text, alias, case_sensitive: false, word_boundaries: true, only: None, except: Vec::new() }
    }

    fn holds_for(&self, language: Option<Language>) -> bool {
        let Some(language) = language else { return self.only.is_none() };
        self.only.as_ref().is_none_or(|only| only.contains(&language)) && !self.except.contains(&language)
    }
}

impl Dictionary {
    /// Builds a dictionary. Of rules for the same text, the first that holds counts.
    ///
    /// # Errors
    /// A rule has no text, or they are too many to be looked up at once.
    pub fn new(mut rules: Vec<Rule>) -> Result<Self, DictionaryError> {
        for (at, rule) in rules.iter_mut().enumerate() {
            rule.text = spelled(rule.text.trim());
            rule.alias = spelled(rule.alias.trim());
            if rule.text.is_empty() {
                return Err(DictionaryError(format!("rule {} has no text", at + 1)));
            }
        }
        let folded = rules.iter().map(|rule| Folded::new(&rule.text).text);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(folded);
        let automaton = automaton.map_err(|error| DictionaryError(error.to_string()))?;
        Ok(Self { rules, automaton })
    }

    /// The rules, as they are looked up.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the rules name in `text`.
    fn find<'d>(
        &'d self,
        text: &str,
        folded: &Folded,
        language: Option<Language>,
        found: &mut Vec<(Range<usize>, &'d Rule)>,
    ) {
        for hit in self.automaton.find_overlapping_iter(&folded.text) {
            let Some(rule) = self.rules.get(hit.pattern().as_usize()) else { continue };
            let Some(range) = folded.typed(hit.range()) else { continue };
            let same = !rule.case_sensitive || text.get(range.clone()) == Some(&*rule.text);
            if same && rule.holds_for(language) && (!rule.word_boundaries || is_whole_word(text, &range)) {
                found.push((range, rule));
            }
        }
    }
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
    let mut found = Vec::new();
    dictionaries.iter().for_each(|dictionary| dictionary.find(text, &folded, language, &mut found));
    // Stable, so that the first rule of a text stays before the others.
    found.sort_by(|(one, _), (two, _)| one.start.cmp(&two.start).then(two.end.cmp(&one.end)));
    let mut tags = tags(text).peekable();
    let mut at = 0;
    for (range, rule) in found {
        while tags.next_if(|tag| tag.end <= range.start).is_some() {}
        let in_tag = tags.peek().is_some_and(|tag| tag.start < range.end);
        if range.start >= at && !in_tag {
            at = range.end;
            editor.replace(range, &rule.alias);
        }
    }
    editor.finish()
}

/// Whether no letter, digit or sign of a script is next to `range`.
fn is_whole_word(text: &str, range: &Range<usize>) -> bool {
    let is_part = |c: char| {
        c.is_alphanumeric() || WritingSystem::of(c).is_some() || matches!(c, '\u{200c}' | '\u{200d}')
    };
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let behind = text.get(range.end..).and_then(|behind| behind.chars().next());
    !before.is_some_and(is_part) && !behind.is_some_and(is_part)
}

/// A text in lower case.
struct Folded {
    text: String,
    /// Where each byte of it comes from; empty if each is in its own place.
    origins: Vec<usize>,
}

impl Folded {
    fn new(text: &str) -> Self {
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

    /// The part of the text that a part of the folded text comes from.
    fn typed(&self, folded: Range<usize>) -> Option<Range<usize>> {
        if self.origins.is_empty() {
            return Some(folded);
        }
        Some(*self.origins.get(folded.start)?..*self.origins.get(folded.end)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(rules: &[(&str, &str)], text: &str) -> String {
        let rules = rules.iter().map(|(text, alias)| Rule::new(text, alias)).collect();
        replace(&[Arc::new(Dictionary::new(rules).unwrap())], text, Some(Language::Hindi)).text.into_owned()
    }

    #[test]
    fn whole_words_are_replaced_in_any_case() {
        let rules = [
            ("SQL", "sequel"),
            ("NASA", "नासा"),
            ("New York", "न्यू यॉर्क"),
            ("New", "नया"),
            ("कल", "कल्ल"),
            ("Über", "uber"),
        ];
        for (text, wanted) in [
            ("Use sql, MySQL and SQL.", "Use sequel, MySQL and sequel."),
            ("NASA ने कहा", "नासा ने कहा"),
            ("New York, new car", "न्यू यॉर्क, नया car"),
            ("कल और कला, आजकल", "कल्ल और कला, आजकल"),
            ("ÜBER alles", "uber alles"),
            ("İ SQL", "İ sequel"),
            ("<sql> sql", "<sql> sequel"),
        ] {
            assert_eq!(said(&rules, text), wanted, "{text}");
        }
    }

    #[test]
    fn rules_have_options() {
        let rule = |change: fn(&mut Rule)| {
            let mut rule = Rule::new("US", "America");
            change(&mut rule);
            [Arc::new(Dictionary::new(vec![rule]).unwrap())]
        };
        let said = |dictionary: &[Arc<Dictionary>], language| {
            replace(dictionary, "US us bus", language).text.into_owned()
        };
        let hindi = Some(Language::Hindi);
        assert_eq!(said(&rule(|rule| rule.case_sensitive = true), hindi), "America us bus");
        assert_eq!(said(&rule(|rule| rule.word_boundaries = false), hindi), "America America bAmerica");
        assert_eq!(said(&rule(|rule| rule.only = Some(vec![Language::Tamil])), hindi), "US us bus");
        assert_eq!(said(&rule(|rule| rule.except = vec![Language::Hindi]), hindi), "US us bus");
        assert_eq!(said(&rule(|rule| rule.except = vec![Language::Hindi]), None), "America America bus");
        assert_eq!(Dictionary::new(vec![Rule::new(" ", "x")]).unwrap_err().to_string(), "rule 1 has no text");
    }

    proptest! {
        #[test]
        fn any_text_and_rules_do_no_harm(
            texts in prop::collection::vec("[a-cA-CİßK क्ा]{1,4}", 0..20),
            text in "([a-cA-CİßK ]|क|क्|ा|\\PC){0,40}",
        ) {
            let rules = texts.iter().filter(|text| !text.trim().is_empty()).map(|text| Rule::new(text, "x")).collect();
            let dictionary = Arc::new(Dictionary::new(rules).unwrap());
            let edited = replace(&[dictionary], &text, None);
            for edit in edited.edits.replacements() {
                prop_assert!(text.is_char_boundary(edit.typed.start) && text.is_char_boundary(edit.typed.end));
            }
        }
    }
}
