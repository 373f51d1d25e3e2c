//! Text that is dropped while it arrives: what a model thought, and blocks of code. Both may be far longer than what is said.

use crate::clean::thought_tag;

/// How much of what is hidden is kept, so that its end is found where it comes in parts.
const TAIL_BYTES: usize = 16;
const FENCE: &str = "```";

/// What is hidden has begun, or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hidden {
    open: Option<Open>,
    /// How much of the text was looked through, in bytes.
    seen: usize,
}

#[derive(Clone, Debug)]
struct Open {
    start: usize,
    /// The name of the tag of a thought; none for code.
    name: Option<&'static str>,
}

impl Hidden {
    /// How much of the text, in bytes, comes before what is hidden.
    pub(crate) fn shown(&self, text: &str) -> usize {
        match &self.open {
            Some(open) => open.start,
            None => begun(text).unwrap_or(text.len()),
        }
    }

    /// Removes what is hidden from the text. The text only grows at its end, or was cut at its start.
    pub(crate) fn drop_from(&mut self, text: &mut String) {
        if self.open.is_none() && self.seen > text.len() {
            self.seen = 0;
        }
        loop {
            match self.open.take() {
                Some(open) => {
                    let from = text.len().min(open.start);
                    let Some(end) = text.get(from..).and_then(|rest| end_of(rest, open.name)) else {
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
                }
                None => match start_in(text, self.seen) {
                    Some((start, len, name)) => {
                        text.replace_range(start..start + len, "");
                        self.open = Some(Open { start, name });
                    }
                    None => {
                        self.seen = begun(text).unwrap_or(text.len());
                        return;
                    }
                },
            }
        }
    }

    /// The first `len` bytes of the text are gone.
    pub(crate) fn taken(&mut self, len: usize) {
        self.seen = self.seen.saturating_sub(len);
        if let Some(open) = &mut self.open {
            open.start = open.start.saturating_sub(len);
        }
    }
}

/// Where something hidden starts, at `from` or behind it, and the length of its mark.
fn start_in(text: &str, from: usize) -> Option<(usize, usize, Option<&'static str>)> {
    let rest = text.get(from..)?;
    rest.match_indices(['<', '`']).find_map(|(at, mark)| {
        let (start, found) = (from + at, text.get(from + at..)?);
        if mark == "`" {
            let at_line_start = text.get(..start)?.trim_end_matches(' ');
            let is_fence =
                found.starts_with(FENCE) && (at_line_start.is_empty() || at_line_start.ends_with('\n'));
            return is_fence.then_some((start, FENCE.len(), None));
        }
        let (name, ends, len) = thought_tag(found)?;
        (!ends).then_some((start, len, Some(name)))
    })
}

/// Where the rest of what is hidden ends.
fn end_of(rest: &str, name: Option<&str>) -> Option<usize> {
    let Some(name) = name else { return rest.find(FENCE).map(|at| at + FENCE.len()) };
    rest.match_indices("</").find_map(|(at, _)| {
        let (found, ends, len) = thought_tag(rest.get(at..)?)?;
        (ends && found == name).then_some(at + len)
    })
}

/// Where the text ends in what may be the beginning of a mark.
fn begun(text: &str) -> Option<usize> {
    let near = text.floor_char_boundary(text.len().saturating_sub(TAIL_BYTES));
    let start = near + text.get(near..)?.rfind(['<', '`'])?;
    let rest = text.get(start..)?;
    if rest.starts_with('`') {
        let ticks = text.trim_end_matches('`').len();
        let before = text.get(..ticks)?.trim_end_matches(' ');
        let at_line_start = before.is_empty() || before.ends_with('\n');
        return (rest == "`" && at_line_start && text.len() - ticks < FENCE.len()).then_some(ticks);
    }
    let name = rest.get(1..)?.to_ascii_lowercase();
    ["think", "thinking", "thought", "reasoning", "reflection"]
        .iter()
        .any(|tag| tag.starts_with(&name))
        .then_some(start)
}
