//! Text that arrives in parts, as from a chat model: when enough of it is there to be spoken.

use crate::sentences;

/// Characters that must be there before the first, second, … chunk is spoken in mid-sentence; the last holds for all
/// that follow.
const DEFAULT_SCHEDULE: [usize; 4] = [120, 160, 250, 290];
/// The same for [`Trigger::Try`], whatever the chunk.
const LEAST_TRIGGERED: usize = 50;

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
}

impl Default for IncomingText {
    fn default() -> Self {
        Self { text: String::new(), schedule: DEFAULT_SCHEDULE.to_vec(), said: 0 }
    }
}

impl IncomingText {
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
    }

    /// Takes what is to be spoken now: complete sentences always; less only if there is enough of it, or the trigger
    /// demands it.
    pub fn take(&mut self, trigger: Trigger) -> Option<String> {
        let end = match trigger {
            Trigger::Phrase | Trigger::Flush => self.text.len(),
            Trigger::Text | Trigger::Try => {
                let complete = complete_sentences(&self.text);
                let characters = self.text.chars().count();
                let wanted = self.schedule.get(self.said).or(self.schedule.last()).copied();
                let wanted = match trigger {
                    Trigger::Try => wanted.map(|wanted| wanted.min(LEAST_TRIGGERED)),
                    _ => wanted,
                };
                if complete > 0 {
                    complete
                } else if wanted.is_some_and(|wanted| characters >= wanted) {
                    last_boundary(&self.text)
                } else {
                    0
                }
            }
        };
        let (now, later) = self.text.split_at_checked(end)?;
        if !now.contains(char::is_alphanumeric) {
            // White space before the first word, or a lone mark: nothing that a voice could say.
            if trigger == Trigger::Flush {
                self.text.clear();
            }
            return None;
        }
        let (now, later) = (now.to_owned(), later.to_owned());
        self.text = later;
        self.said += 1;
        Some(now)
    }
}

/// The length in bytes of the complete sentences at the start of a text that goes on.
fn complete_sentences(text: &str) -> usize {
    // Whether a full stop ends something shows in what follows it. A capital letter is what follows most ends, but the
    // next may be the digits of a number.
    let more = if text.ends_with('.') { "0" } else { "A" };
    let with_more = format!("{text}{more}");
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
    let clause = ends(|c| matches!(c, ',' | ';' | ':' | '—' | '–' | ')' | '،'));
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
    fn a_flush_says_all_that_can_be_said() {
        assert_eq!(fed(&["Hel"], Trigger::Flush), ["Hel"]);
        assert_eq!(fed(&[" ", " ."], Trigger::Flush), [""; 0]);
    }

    proptest! {
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
