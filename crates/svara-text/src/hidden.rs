//! Text that is dropped while it arrives: what a model thought, and blocks of code. Both may be far longer than what is said.

use crate::clean::thought_tag;

/// How much of what is hidden is kept, so that its end is found where it comes in parts.
const TAIL_BYTES: usize = 16;
/// The fewest marks of a fence.
const LEAST_MARKS: usize = 3;
/// The most marks that the end of a block is asked for: the tail holds these, a line end and some spaces.
const MOST_MARKS: usize = 8;
/// How much of a line is waited for to tell whether it is a fence; a longer one is taken for one.
const LONGEST_LINE: usize = 200;

/// What is hidden has begun, or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hidden {
    open: Option<Open>,
    /// How much of the text was looked through, in bytes. What follows may be the beginning of a mark.
    seen: usize,
    /// The text goes on in the middle of a line whose beginning was taken.
    mid_line: bool,
    /// The mark of the fence that the text ended with: more of them belong to it.
    ended: Option<char>,
}

#[derive(Clone, Debug)]
struct Open {
    start: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// With the name of its tag.
    Thought(&'static str),
    /// With the mark of its fence, and how many end it.
    Code { mark: char, marks: usize },
}

/// What a text has that may hide what follows.
enum Found {
    Mark {
        start: usize,
        len: usize,
        kind: Kind,
    },
    /// What comes tells whether a mark begins here.
    Perhaps(usize),
    Nothing,
}

impl Hidden {
    /// How much of the text, in bytes, comes before what is hidden, or may be.
    pub(crate) fn shown(&self, text: &str) -> usize {
        self.open.as_ref().map_or(self.seen, |open| open.start).min(text.len())
    }

    /// Removes what is hidden from the text. The text only grows at its end, or was cut at its start.
    pub(crate) fn drop_from(&mut self, text: &mut String) {
        if self.open.is_none() && self.seen > text.len() {
            self.seen = 0;
        }
        if let Some(mark) = self.ended.take() {
            let more = text.get(self.seen..).unwrap_or_default();
            let run = run_of(more, mark);
            self.ended = (run == more.len()).then_some(mark);
            text.replace_range(self.seen..self.seen + run, "");
        }
        loop {
            match self.open.take() {
                Some(open) => {
                    let from = text.len().min(open.start);
                    let Some(end) = text.get(from..).and_then(|rest| end_of(rest, open.kind)) else {
                        // The beginning of its mark stays, so that a cut text begins where it was.
                        let tail = text.floor_char_boundary(text.len().saturating_sub(TAIL_BYTES));
                        if tail > from {
                            text.replace_range(from..tail, "");
                        }
                        self.open = Some(open);
                        return;
                    };
                    text.replace_range(from..from + end, "");
                    self.seen = from;
                    self.ended = match open.kind {
                        Kind::Code { mark, .. } if from == text.len() => Some(mark),
                        _ => None,
                    };
                }
                None => match self.find(text) {
                    Found::Mark { start, len, kind } => {
                        text.replace_range(start..start + len, "");
                        self.open = Some(Open { start, kind });
                    }
                    Found::Perhaps(start) => {
                        self.seen = start;
                        return;
                    }
                    Found::Nothing => {
                        self.seen = text.len();
                        return;
                    }
                },
            }
        }
    }

    /// The text has lost this from its start.
    pub(crate) fn taken(&mut self, taken: &str) {
        self.mid_line = !self.begins_line(taken);
        self.seen = self.seen.saturating_sub(taken.len());
        if let Some(open) = &mut self.open {
            open.start = open.start.saturating_sub(taken.len());
        }
    }

    /// What comes is a text of its own, which begins a line.
    pub(crate) fn begin_anew(&mut self) {
        self.mid_line = false;
        self.ended = None;
    }

    /// Whether what follows `before` begins a line.
    fn begins_line(&self, before: &str) -> bool {
        let before = before.trim_end_matches(' ');
        if before.is_empty() { !self.mid_line } else { before.ends_with('\n') }
    }

    /// The first mark in what wasn't looked through.
    fn find(&self, text: &str) -> Found {
        let (from, mut run_end) = (self.seen, 0);
        for (at, _) in text.get(from..).unwrap_or_default().match_indices(['<', '`', '~']) {
            let start = from + at;
            let Some((before, found)) = text.split_at_checked(start) else { continue };
            let Some(mark) = found.chars().next().filter(|_| start >= run_end) else { continue };
            if mark == '<' {
                match thought_tag(found) {
                    Some((name, false, len)) => {
                        return Found::Mark { start, len, kind: Kind::Thought(name) };
                    }
                    None if begins_tag(found) => return Found::Perhaps(start),
                    _ => continue,
                }
            }
            let marks = run_of(found, mark);
            run_end = start + marks;
            if !self.begins_line(before) {
                continue;
            }
            match is_fence(mark, marks, found.get(marks..).unwrap_or_default()) {
                Some(true) => {
                    let kind = Kind::Code { mark, marks: marks.min(MOST_MARKS) };
                    return Found::Mark { start, len: marks, kind };
                }
                Some(false) => {}
                None => return Found::Perhaps(start),
            }
        }
        Found::Nothing
    }
}

/// The number of marks at the start of a text; each is a byte.
fn run_of(text: &str, mark: char) -> usize {
    text.len() - text.trim_start_matches(mark).len()
}

/// Whether a line that begins with these marks opens a block of code; `line` is all that came behind them. None: what comes
/// tells.
fn is_fence(mark: char, marks: usize, line: &str) -> Option<bool> {
    let is_long = marks + line.len() > LONGEST_LINE;
    if line.is_empty() && !is_long {
        return None;
    }
    if marks < LEAST_MARKS || mark == '~' {
        return Some(marks >= LEAST_MARKS);
    }
    match line.chars().find(|c| matches!(c, '`' | '\n')) {
        // Words between marks, as in "```ls``` lists files".
        Some('`') => Some(false),
        Some(_) => Some(true),
        None => is_long.then_some(true),
    }
}

/// Where the rest of what is hidden ends.
fn end_of(rest: &str, kind: Kind) -> Option<usize> {
    match kind {
        Kind::Thought(name) => rest.match_indices("</").find_map(|(at, _)| {
            let (found, ends, len) = thought_tag(rest.get(at..)?)?;
            (ends && found == name).then_some(at + len)
        }),
        Kind::Code { mark, marks } => rest.match_indices('\n').find_map(|(at, _)| {
            let fence = rest.get(at + 1..)?.trim_start_matches(' ');
            let run = run_of(fence, mark);
            (run >= marks).then(|| rest.len() - fence.len() + run)
        }),
    }
}

/// Whether a text that ends may be the beginning of the tag of a thought.
fn begins_tag(text: &str) -> bool {
    let Some(name) = text.strip_prefix('<').filter(|name| name.len() < TAIL_BYTES) else { return false };
    let name = name.to_ascii_lowercase();
    ["think", "thinking", "thought", "reasoning", "reflection"].iter().any(|tag| tag.starts_with(&name))
}

#[cfg(test)]
#[path = "hidden_tests.rs"]
mod tests;
