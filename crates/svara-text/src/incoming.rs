//! Text that arrives in parts, as from a chat model: when enough of it is there to be spoken.

use crate::{hidden::Hidden, sentences};

/// Characters that must be there before the first, second, … chunk is spoken in mid-sentence; the last holds for all
/// that follow.
const DEFAULT_SCHEDULE: [usize; 4] = [120, 160, 250, 290];
/// The same for [`Trigger::Try`], whatever the chunk.
const LEAST_TRIGGERED: usize = 50;
/// Most characters that wait for the end of their word, or for the first word behind them. More is said as it is, or left out
/// where it has no word. More than any chunk of a schedule.
const LONGEST_WORD: usize = 600;

/// Why the text may have to be spoken now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// More of it arrived.
    Text,
    /// The client would like to hear it soon.
    Try,
    /// It is a whole phrase.
    Phrase,
    /// It is spoken as it is: a flush, or the end.
    Flush,
}

/// Text that has arrived and isn't spoken yet.
#[derive(Clone, Debug)]
pub struct IncomingText {
    text: String,
    schedule: Vec<usize>,
    /// Chunks spoken so far.
    said: usize,
    /// What is dropped as it comes; none if all is kept.
    hidden: Option<Hidden>,
}

impl Default for IncomingText {
    fn default() -> Self {
        Self { text: String::new(), schedule: DEFAULT_SCHEDULE.to_vec(), said: 0, hidden: None }
    }
}

impl IncomingText {
    /// No text yet. With `drops_thoughts`, what a model thought and its blocks of code are dropped as they come: they may
    /// be far longer than what is said.
    #[must_use]
    pub fn new(drops_thoughts: bool) -> Self {
        Self { hidden: drops_thoughts.then(Hidden::default), ..Self::default() }
    }

    /// Sets how many characters the first, second, … chunk needs; an empty schedule changes nothing.
    pub fn set_schedule(&mut self, schedule: Vec<usize>) {
        if !schedule.is_empty() {
            self.schedule = schedule;
        }
    }

    /// Characters that wait to be spoken.
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

    /// Takes what is to be spoken now: complete sentences always; less only if there is enough of it, or the trigger
    /// demands it.
    pub fn take(&mut self, trigger: Trigger) -> Option<String> {
        // What is hidden has begun there and not ended.
        let shown = self.hidden.as_ref().map_or(self.text.len(), |hidden| hidden.shown(&self.text));
        let text = self.text.get(..shown).unwrap_or_default();
        let characters = text.chars().count();
        let end = match trigger {
            Trigger::Phrase | Trigger::Flush => text.len(),
            Trigger::Text | Trigger::Try => {
                let complete = whole_markup(text, complete_sentences(text, self.hidden.is_some()));
                let wanted = self.schedule.get(self.said).or(self.schedule.last()).copied();
                let wanted = match trigger {
                    Trigger::Try => wanted.map(|wanted| wanted.min(LEAST_TRIGGERED)),
                    _ => wanted,
                };
                let end = if complete > 0 {
                    complete
                } else if wanted.is_some_and(|wanted| characters >= wanted) {
                    whole_markup(text, last_boundary(text))
                } else {
                    0
                };
                if characters > LONGEST_WORD && !has_word(text.get(..end)?) {
                    whole_markup(text, text.len())
                } else {
                    end
                }
            }
        };
        let (now, later) = self.text.split_at_checked(end)?;
        if !has_word(now) {
            // White space before the first word, or a lone mark: nothing that a voice could say.
            if trigger == Trigger::Flush || characters > LONGEST_WORD {
                let now = now.to_owned();
                self.text.drain(..end);
                self.taken(&now, trigger);
            }
            return None;
        }
        let (now, later) = (now.to_owned(), later.to_owned());
        self.text = later;
        self.taken(&now, trigger);
        self.said += 1;
        Some(now)
    }

    fn taken(&mut self, now: &str, trigger: Trigger) {
        if let Some(hidden) = &mut self.hidden {
            hidden.taken(now);
            if matches!(trigger, Trigger::Phrase | Trigger::Flush) {
                hidden.begin_anew();
            }
        }
    }
}

/// Whether there is something to say.
fn has_word(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// The longest markup that a cut is kept out of. What is longer is text behind a stray bracket.
const MARKUP_BYTES: usize = 400;

/// A position that isn't in the middle of a tag, a pause or a character reference: `end`, or where that begins.
pub(crate) fn whole_markup(text: &str, end: usize) -> usize {
    let before = text.get(..end).unwrap_or_default();
    let open = |begins: char, ends: char, bytes: usize, is_one: fn(&str) -> bool| {
        let start = before.rfind(begins)?;
        let rest = before.get(start..)?;
        (rest.len() <= bytes && !rest.contains(ends) && is_one(rest.get(1..)?)).then_some(start)
    };
    let is_tag = |rest: &str| {
        rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!".contains(c)) || rest.is_empty()
    };
    let is_pause =
        |rest: &str| ["pause", "break"].iter().any(|name| rest.starts_with(name) || name.starts_with(rest));
    let is_reference = |rest: &str| rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#');
    [open('<', '>', MARKUP_BYTES, is_tag), open('[', ']', 40, is_pause), open('&', ';', 32, is_reference)]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(end)
}

/// The length in bytes of the complete sentences at the start of a text that goes on. With `has_marks`, a sentence may end in
/// marks of Markdown.
fn complete_sentences(text: &str, has_marks: bool) -> usize {
    // Whether a full stop ends something shows in what follows it. A capital letter is what follows most ends, but the
    // next may be the digits of a number.
    let more = if text.ends_with('.') { "0" } else { "A" };
    let mut with_more = format!("{text}{more}");
    if has_marks {
        // As long, and what may follow the end of a sentence.
        with_more = with_more.replace(['*', '_', '`'], ")");
    }
    let last = sentences(&with_more).last().map_or(0, |last| last.len());
    // The last one is what the letter belongs to.
    (with_more.len() - last).min(text.len())
}

/// Where an unfinished sentence is best cut: behind its last clause if that is in its second half, else behind its last
/// whole word.
fn last_boundary(text: &str) -> usize {
    let ends = |wanted: fn(char) -> bool| {
        let mut before = None;
        let mut last = 0;
        for (at, c) in text.char_indices() {
            if c.is_whitespace() && before.is_some_and(wanted) {
                last = at + c.len_utf8();
            }
            before = Some(c);
        }
        last
    };
    let clause = ends(|c| matches!(c, ',' | ';' | ':' | '—' | '–' | '،'));
    if clause * 2 >= text.len() { clause } else { ends(|c| !c.is_whitespace()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fed(parts: &[&str], trigger: Trigger) -> Vec<String> {
        let mut buffer = IncomingText::default();
        let mut said: Vec<String> = Vec::new();
        for part in parts {
            buffer.push(part);
            said.extend(buffer.take(trigger));
        }
        said
    }

    #[test]
    fn a_sentence_is_said_once_it_is_complete() {
        assert_eq!(fed(&["Hello ", "there. ", "How "], Trigger::Text), ["Hello there. "]);
        assert_eq!(fed(&["नमस्ते", " दुनिया।", " और"], Trigger::Text), ["नमस्ते दुनिया।"]);
        assert_eq!(fed(&["It is 3.", "14 now"], Trigger::Text), [""; 0]);
        assert_eq!(fed(&["Dr. ", "Rao ", "came. "], Trigger::Text), ["Dr. Rao came. "]);
        assert_eq!(fed(&[" ", "\n", "… "], Trigger::Text), [""; 0]);
    }

    #[test]
    fn a_long_sentence_is_cut_where_the_schedule_says() {
        let word = "word ";
        let said = fed(&[word; 60], Trigger::Text);
        assert_eq!(said.iter().map(|text| text.chars().count()).collect::<Vec<_>>(), [120, 160]);
        let said = fed(&[word; 60], Trigger::Try);
        assert_eq!(said.len(), 6, "{said:?}");
        let clause = "one two three four five six, seven eight nine ten el";
        assert_eq!(fed(&[clause], Trigger::Try), ["one two three four five six, "]);
    }

    #[test]
    fn markup_stays_whole() {
        assert_eq!(
            fed(&["One. <sub alias=\"Dr. ", "Rao\">R</sub> came. "], Trigger::Text),
            ["One. <sub alias=\"Dr. Rao\">R</sub> came. "]
        );
        let long = format!("{}<break time='1s", "word ".repeat(24));
        assert_eq!(fed(&[&long, "'/> and"], Trigger::Text), ["word ".repeat(24)]);
        assert_eq!(fed(&["1 < 2. ", "Yes. "], Trigger::Text), ["1 < 2. ", "Yes. "]);
    }

    #[test]
    fn thoughts_and_code_are_dropped_as_they_come() {
        let mut buffer = IncomingText::new(true);
        let mut said = String::new();
        for part in [
            "<thi",
            "nk>Hm. A greet",
            "ing. It is long. ",
            "</th",
            "ink>Hello. ",
            "Run:\n``",
            "`sh\nrm x. \n``",
            "`\nThen wait. ",
            "<think>so",
        ] {
            buffer.push(part);
            assert!(buffer.characters() < 60);
            said.extend(buffer.take(Trigger::Text));
        }
        said.extend(buffer.take(Trigger::Flush));
        assert_eq!(said, "Hello. Run:\n\nThen wait. ");
    }

    #[test]
    fn a_flush_says_all_that_can_be_said() {
        assert_eq!(fed(&["Hel"], Trigger::Flush), ["Hel"]);
        assert_eq!(fed(&[" ", " ."], Trigger::Flush), [""; 0]);
    }

    #[test]
    fn a_word_without_an_end_and_marks_without_a_word_wait_no_longer_than_a_word() {
        let word = "a".repeat(400);
        assert_eq!(fed(&["… ", &word], Trigger::Text), [""; 0]);
        assert_eq!(fed(&["… ", &word, &word], Trigger::Text), [format!("… {word}{word}")]);
        for trigger in [Trigger::Text, Trigger::Try, Trigger::Phrase] {
            let marks = ". ".repeat(400);
            assert_eq!(fed(&[&marks, "Hello. ", "A"], trigger).concat().trim_end_matches('A'), "Hello. ");
        }
    }

    proptest! {
        /// Whatever comes, in parts of any size: what isn't said yet is no longer than a word and a message.
        #[test]
        fn what_waits_is_bounded(
            parts in prop::collection::vec("[ .a\n]{0,5}|[ .]{0,900}|a{0,900}|[<a&`\\[ ]{0,900}", 0..40),
            tries in prop::collection::vec(0usize..3, 40),
            drops_thoughts: bool,
        ) {
            let mut buffer = IncomingText::new(drops_thoughts);
            for (part, tried) in parts.iter().zip(tries) {
                buffer.push(part);
                while buffer.take([Trigger::Text, Trigger::Try, Trigger::Phrase][tried]).is_some() {}
                prop_assert!(buffer.characters() <= LONGEST_WORD + MARKUP_BYTES + 900, "{}", buffer.characters());
            }
        }

        #[test]
        fn nothing_is_said_twice_or_left_out(
            parts in prop::collection::vec("[a-zक-ह।., ?!]{0,30}", 0..30),
            tries in prop::collection::vec(any::<bool>(), 30),
        ) {
            let mut buffer = IncomingText::default();
            let mut said = String::new();
            for (part, tried) in parts.iter().zip(tries) {
                buffer.push(part);
                let trigger = if tried { Trigger::Try } else { Trigger::Text };
                said.extend(buffer.take(trigger));
                // All that came is said or waits.
                let waiting = buffer.characters();
                prop_assert_eq!(said.chars().count() + waiting, parts.iter().take_while(|p| !std::ptr::eq(*p, part)).map(|p| p.chars().count()).sum::<usize>() + part.chars().count());
            }
            said.extend(buffer.take(Trigger::Flush));
            let all = parts.concat();
            // Marks without a word may be dropped at the end.
            prop_assert!(all.starts_with(&said));
            prop_assert!(!all[said.len()..].contains(char::is_alphanumeric));
        }
    }
}
