//! What cleaning leaves out of a text, however long it is.

use std::ops::Range;

use super::{Strip, markdown, markup, thoughts};
use crate::edits::{Edited, Editor, Edits};

/// The stretches of a text that aren't said, in order and without overlaps: a model's thoughts and blocks of code, if Markdown is
/// stripped; style sheets, scripts and the like, and comments. Their ends may be far from their beginnings, so that a part
/// of the text can't tell them from what is said.
pub(crate) fn unsaid(text: &str, strip: Strip) -> Vec<Range<usize>> {
    let mut left = Left { text: text.to_owned(), edits: Edits::default(), gone: Vec::new() };
    if strip.markdown {
        left.drop(thoughts::ranges);
        left.drop(markdown::fenced);
    }
    left.drop(markup::unsaid);
    left.gone.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in left.gone {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// What is left of a text, as each kind of these is looked for where those before it are gone, as cleaning does it.
struct Left {
    text: String,
    /// The map from the whole text.
    edits: Edits,
    /// What is gone, in the whole text.
    gone: Vec<Range<usize>>,
}

impl Left {
    fn drop(&mut self, find: impl FnOnce(&str) -> Vec<Range<usize>>) {
        let mut editor = Editor::new(&self.text);
        for range in find(&self.text) {
            self.gone.push(self.edits.typed(&range));
            editor.replace(range, "");
        }
        let Edited { text, edits } = editor.finish();
        let text = text.into_owned();
        self.edits = self.edits.then(&edits);
        self.text = text;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_found_whole() {
        let markdown = Strip { markdown: true, emoji: false };
        for (text, strip, expected) in [
            ("a <!-- b. --> c", Strip::default(), vec!["<!-- b. -->"]),
            (
                "a <style>b {}</style> c<SCRIPT>d()</script>",
                Strip::default(),
                vec!["<style>b {}</style>", "<SCRIPT>d()</script>"],
            ),
            ("a <!-- b", Strip::default(), vec![]),
            ("a\n```\nb.\n```\nc", Strip::default(), vec![]),
            ("a\n```\nb.\n```\nc", markdown, vec!["```\nb.\n```"]),
            ("~~~py\nprint(1)\n", markdown, vec!["~~~py\nprint(1)\n"]),
            ("a <think>b.\n```\n</think>c", markdown, vec!["<think>b.\n```\n</think>"]),
            ("b.</think>c", markdown, vec!["b.</think>"]),
            ("<think>a</think>b</think>c", markdown, vec!["<think>a</think>", "</think>"]),
            ("a <think>b", markdown, vec!["<think>b"]),
            ("a\n```\n<style>\n```\nb</style>", markdown, vec!["```\n<style>\n```"]),
            ("a <b>c</b>", markdown, vec![]),
        ] {
            let found: Vec<&str> = unsaid(text, strip).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
