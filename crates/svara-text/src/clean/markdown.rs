//! Markdown: its marks, link targets and code blocks are nothing to say.

use std::{borrow::Cow, ops::Range};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::edits::{Edited, Editor};

/// More quotes and lists in each other on one line aren't meant as such; the parser would take quadratic time for thousands.
const MAX_NESTED: usize = 64;

/// Stands for the `*` of a product while Markdown is parsed. Text has no control characters any more.
const PRODUCT: char = '\u{1}';

/// Removes Markdown's marks, the targets of links and images, fenced code and what only lays out. The numbers of ordered
/// lists stay, and so does HTML. The cells of a table are parted by commas, its rows by line ends.
pub(super) fn plain(text: &str) -> Edited<'_> {
    if !text
        .contains(['*', '_', '`', '#', '>', '|', '~', '[', '\\', '=', '-', '+', '•', '◦', '▪', '●', '‣', '†'])
        || text.lines().any(|line| nested(line) > MAX_NESTED)
    {
        return Editor::new(text).finish();
    }
    let without_products = hide_products(text);
    let parser = Parser::new_ext(&without_products, options());
    let definitions = parser.reference_definitions().iter();
    // `[name]: word` is how chats name who speaks, more often than where a link leads.
    let mut said: Vec<Range<usize>> = definitions
        .filter(|(_, link)| !link.dest.contains(['/', '.', '#', '@']))
        .map(|(_, link)| link.span.clone())
        .collect();
    said.sort_unstable_by_key(|span| span.start);
    let mut said = said.into_iter().peekable();
    let mut page = Page { text, editor: Editor::new(text), at: 0, in_code: false, cell: false };
    let mut ordered: Vec<bool> = Vec::new();
    for (event, range) in parser.into_offset_iter() {
        while let Some(span) = said.next_if(|span| span.start < range.start) {
            page.keep(span);
        }
        match event {
            Event::Text(words) if !page.in_code => page.say(range, &words.replace(PRODUCT, "*")),
            Event::Code(words) => page.code(range, &words.replace(PRODUCT, "*")),
            Event::Html(_) | Event::InlineHtml(_) => page.keep(range),
            Event::Start(Tag::List(first)) => ordered.push(first.is_some()),
            Event::End(TagEnd::List(_)) => drop(ordered.pop()),
            Event::Start(Tag::Item) if ordered.last() == Some(&true) => {
                let item = text.get(range.clone()).unwrap_or_default();
                let number = item.find(|c: char| !c.is_ascii_digit()).map_or(item.len(), |end| end + 1);
                let blank = item.get(number..).is_some_and(|rest| rest.starts_with(' '));
                page.keep(range.start..range.start + number + usize::from(blank));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => page.in_code = true,
            Event::End(TagEnd::CodeBlock) => page.in_code = false,
            Event::End(TagEnd::TableCell) => page.cell = true,
            _ => {}
        }
    }
    said.for_each(|span| page.keep(span));
    page.skip(text.len());
    page.editor.finish()
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// The blocks of code between fences, in order, which [`plain`] leaves out.
pub(super) fn fenced(text: &str) -> Vec<Range<usize>> {
    if !(text.contains("```") || text.contains("~~~")) || text.lines().any(|line| nested(line) > MAX_NESTED) {
        return Vec::new();
    }
    let events = Parser::new_ext(text, options()).into_offset_iter();
    let blocks = events.filter_map(|(event, range)| {
        matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))).then_some(range)
    });
    blocks.collect()
}

/// The text with another character in place of each `*` that is a sign of maths, as in `2*3*4` and `2**10`.
fn hide_products(text: &str) -> Cow<'_, str> {
    let mut hidden = String::new();
    let (mut from, mut at) = (0, 0);
    while let Some(more) = text.get(at..).and_then(|rest| rest.find('*')) {
        let start = at + more;
        let rest = text.get(start..).unwrap_or_default();
        at = start + rest.len() - rest.trim_start_matches('*').len();
        if is_product(text, start..at) {
            hidden.push_str(text.get(from..start).unwrap_or_default());
            hidden.extend(std::iter::repeat_n(PRODUCT, at - start));
            from = at;
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    hidden.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(hidden)
}

/// How far back the number before a `*` and the mark before that are looked for, in characters.
const MAX_FACTOR: usize = 24;

/// Whether `*` or `**` has a number or a bracket on one side, and on the other as well, or a single letter. In `**5**g`, it
/// ends what is emphasized.
fn is_product(text: &str, run: Range<usize>) -> bool {
    let (Some(before), Some(after)) = (text.get(..run.start), text.get(run.end..)) else { return false };
    let left = factor(before.chars().rev(), ')');
    let right = factor(after.chars(), '(');
    if run.len() > 2 || !matches!((left, right), (Some(left), Some(right)) if left || right) {
        return false;
    }
    let mut back = before.chars().rev().take(MAX_FACTOR).peekable();
    while back.next_if(|c| c.is_numeric() || ".,".contains(*c)).is_some() {}
    let mut opens = false;
    while back.next_if_eq(&'*').is_some() {
        opens = true;
    }
    !opens || back.next().is_some_and(|c| c.is_alphanumeric() || c == ')')
}

/// Whether the characters start like a factor, and whether like one that only maths has.
fn factor(mut chars: impl Iterator<Item = char>, bracket: char) -> Option<bool> {
    let c = chars.next()?;
    let sure = c.is_numeric() || c == bracket;
    let single = c.is_ascii_alphabetic() && !chars.next().is_some_and(char::is_alphanumeric);
    (sure || c == '.' || single).then_some(sure)
}

/// How many marks of quotes and lists a line begins with.
fn nested(line: &str) -> usize {
    let mut rest = line.trim_start();
    let mut marks = 0;
    loop {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let item = match number.len() == rest.len() {
            true => rest.strip_prefix(['-', '+', '*']),
            false => number.strip_prefix(['.', ')']),
        };
        let behind = rest.strip_prefix('>').or(item.filter(|behind| behind.starts_with([' ', '\t'])));
        let Some(behind) = behind else { return marks };
        marks += 1;
        rest = behind.trim_start();
    }
}

struct Page<'t> {
    text: &'t str,
    editor: Editor<'t>,
    /// How much of the text is dealt with, in bytes.
    at: usize,
    in_code: bool,
    /// Whether a table's cell has ended.
    cell: bool,
}

impl Page<'_> {
    /// Keeps a part of the text as it is.
    fn keep(&mut self, range: Range<usize>) {
        if range.start >= self.at && range.start < range.end {
            self.skip(range.start);
            self.at = range.end;
        }
    }

    /// Says words for a part of the text.
    fn say(&mut self, range: Range<usize>, words: &str) {
        let start = range.start;
        if start < self.at {
            return;
        }
        // Entities are read when all tags are.
        let typed = self.text.get(range.clone()).unwrap_or_default();
        self.keep(range.clone());
        if typed != words && !typed.starts_with('&') {
            self.editor.replace(range, words);
        }
    }

    fn code(&mut self, range: Range<usize>, words: &str) {
        let typed = self.text.get(range.clone()).unwrap_or_default();
        match typed.find(words) {
            Some(at) => self.keep(range.start + at..range.start + at + words.len()),
            None => self.say(range, words),
        }
    }

    /// Leaves out what stands before `end`, unless it is white space.
    fn skip(&mut self, end: usize) {
        let gap = self.text.get(self.at..end).unwrap_or_default();
        if !gap.trim().is_empty() {
            let parts = if self.editor.made_len(self.at) == 0 || end == self.text.len() {
                ""
            } else if gap.contains('\n') {
                "\n"
            } else if self.cell {
                ", "
            } else {
                ""
            };
            self.editor.replace(self.at..end, parts);
        }
        self.at = end;
        self.cell = false;
    }
}

/// Removes marks that are left because they have no pair: of emphasis that a script without spaces or a cut hides, and of
/// bullets. A lone `*` between spaces, and those between numbers, are signs of maths.
pub(super) fn leftovers(text: &str) -> Edited<'_> {
    let mut editor = Editor::new(text);
    let mut before = None;
    let mut line_start = true;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut end = at + c.len_utf8();
        let is_mark = matches!(c, '*' | '_' | '`' | '~');
        if is_mark {
            while let Some((more, c)) = chars.next_if(|(_, more)| *more == c) {
                end = more + c.len_utf8();
            }
        }
        let next = chars.peek().map(|(_, c)| *c);
        let drops = match c {
            '*' if end - at == 1 => {
                let alone = before.is_some_and(char::is_whitespace)
                    && next.is_some_and(char::is_whitespace)
                    && !line_start;
                !(alone || is_product(text, at..end))
            }
            '*' if is_product(text, at..end) => false,
            '*' | '`' => true,
            '_' | '~' => end - at > 1,
            '\\' => next.is_some_and(|next| next.is_ascii_punctuation()),
            '•' | '◦' | '▪' | '●' | '‣' | '⁃' => line_start,
            // What retrieval cites: 【4†source】.
            '【' => match text.get(at..).and_then(citation_len) {
                Some(len) => {
                    while chars.next_if(|(more, _)| *more < at + len).is_some() {}
                    end = at + len;
                    true
                }
                None => false,
            },
            _ => false,
        };
        if drops {
            if line_start
                && !is_mark
                && let Some((space, _)) = chars.next_if(|(_, c)| *c == ' ')
            {
                end = space + 1;
            }
            editor.replace(at..end, "");
            continue;
        }
        line_start = c == '\n' || (line_start && c.is_whitespace());
        before = Some(c);
    }
    editor.finish()
}

/// The length of the citation that `text` starts with.
fn citation_len(text: &str) -> Option<usize> {
    let end = text.char_indices().take(64).find(|(_, c)| *c == '】' || *c == '\n')?;
    let inner = text.get(..end.0)?;
    (end.1 == '】' && inner.contains('†')).then(|| end.0 + end.1.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let plain = plain(text).text.into_owned();
        leftovers(&plain).text.into_owned()
    }

    #[test]
    fn marks_go_and_words_stay() {
        let text = "# शीर्षक\n\nयह **मोटा** और _तिरछा_ है, [कड़ी](https://a.in/x) और `code`।\nआगे <happy>\n\n- एक\n- दो\n\n\
                    3. तीन\n4. चार\n\n> कथन\n\n| क | ख |\n|---|---|\n| १ | २ |\n\nअंत";
        assert_eq!(
            said(text),
            "शीर्षक\n\nयह मोटा और तिरछा है, कड़ी और code।\nआगे <happy>\nएक\nदो\n\n3. तीन\n4. चार\nकथन\nक, ख\n१, २\nअंत"
        );
    }

    #[test]
    fn code_blocks_are_left_out() {
        assert_eq!(said("Run this:\n\n```sh\ncargo test\n```\n\nThen wait."), "Run this:\nThen wait.");
        assert_eq!(said("```\nlet x = 1;\n```"), "");
        assert_eq!(said("~~~py\nprint(1)\n"), "");
        assert_eq!(said("    set off by spaces"), "    set off by spaces");
    }

    #[test]
    fn plain_text_passes_unmarked() {
        for text in [
            "नमस्ते दुनिया।",
            "5 * 3 = 15, 4*5",
            "2*3*4 = 24, 2**10 = 1024, 2*3 and 4*5",
            "5*x*2 = 10*x",
            "(2+3)*4 and 2*(3+4)",
            "#india",
            "+91 98765 43210",
            "1947. आज",
            "a_b_c @x",
            "one\n\ntwo\nthree  four",
            "[Ravi]: hello",
            "[Ravi]: hello\n[Asha]: hi",
            "~5 km",
            "C:\\Users",
            "a < b > c",
        ] {
            assert_eq!(said(text), text);
        }
    }

    #[test]
    fn what_has_no_pair_goes_too() {
        for (typed, plain) in [
            ("यह **मोटा।**और", "यह मोटा।और"),
            ("a **cut here. ", "a cut here. "),
            ("**5**kg, **5**g, *2*nd, 5**kg**", "5kg, 5g, 2nd, 5kg"),
            ("see *that* and *this", "see that and this"),
            ("• एक\n• दो", "एक\nदो"),
            ("Rain【4†source】 fell", "Rain fell"),
            ("a `cut", "a cut"),
            ("\\*not bold\\*", "not bold"),
            ("![a cat](cat.png) sits", "a cat sits"),
            ("- [x] done\n- [ ] to do", "done\nto do"),
            ("Title\n===\ntext\n\n---\n\nmore", "Title\ntext\nmore"),
        ] {
            assert_eq!(said(typed), plain, "{typed}");
        }
    }
}
