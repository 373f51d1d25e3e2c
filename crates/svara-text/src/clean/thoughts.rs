//! What a model thought before it answered.

use std::ops::Range;

use crate::edits::{Edited, Editor};

/// The tags around thoughts.
const NAMES: [&str; 5] = ["think", "thinking", "thought", "reasoning", "reflection"];

/// Removes `<think>…</think>` and the like: to the end, if the thought has none; from the start, if all that is there of
/// it is its end.
pub(super) fn drop_thoughts(text: &str) -> Edited<'_> {
    let mut editor = Editor::new(text);
    ranges(text).into_iter().for_each(|range| editor.replace(range, ""));
    editor.finish()
}

/// What [`drop_thoughts`] removes, in order.
pub(super) fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut open: Option<(usize, &str)> = None;
    let mut any = false;
    for (at, _) in text.match_indices('<') {
        let Some((name, ends, len)) = text.get(at..).and_then(tag) else { continue };
        match (open, ends) {
            (None, false) => open = Some((at, name)),
            (Some((start, opened)), true) if opened == name => {
                ranges.push(start..at + len);
                open = None;
            }
            // A template may hold the first tag, so that only the end is in the answer.
            (None, true) => ranges.push(if any { at..at + len } else { 0..at + len }),
            _ => continue,
        }
        any = true;
    }
    if let Some((start, _)) = open {
        ranges.push(start..text.len());
    }
    ranges
}

/// The name of the tag that `text` begins with, whether it is an end, and its length.
pub(crate) fn tag(text: &str) -> Option<(&'static str, bool, usize)> {
    let inner = text.strip_prefix('<')?;
    let (inner, ends) = inner.strip_prefix('/').map_or((inner, false), |inner| (inner, true));
    let name = NAMES.into_iter().find(|name| {
        inner.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && inner.get(name.len()..).is_some_and(|rest| rest.starts_with('>'))
    })?;
    Some((name, ends, 1 + usize::from(ends) + name.len() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_is_said() {
        for (typed, said) in [
            ("<think>Hm, a greeting.</think>Hello!", "Hello!"),
            ("Hi <THINKING>x <b> y</THINKING>there", "Hi there"),
            ("<think>one</think>A<think>two</think>B", "AB"),
            ("Hello <think>and then", "Hello "),
            ("the user greets\n</think>\nHello", "\nHello"),
            ("<thinks>no</thinks>", "<thinks>no</thinks>"),
            ("<think>a <thinking> b</think>c", "c"),
        ] {
            assert_eq!(drop_thoughts(typed).text, said, "{typed}");
        }
    }
}
