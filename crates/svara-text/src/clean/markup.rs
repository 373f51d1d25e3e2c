//! HTML and SSML: what tags mean for speech. Those that mean nothing go, and what stands in them is said.

use std::ops::Range;

use super::{
    entities,
    pause::{self, Pause},
    power,
    say_as::SayAs,
    tags::{Kind, Tag},
};
use crate::edits::{Edited, Editor};

/// The most elements that may be open at once. Further ones mean nothing.
const MAX_DEPTH: usize = 32;

/// What the markup of a text asks for. Positions are those of the text without it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Asked {
    pub(crate) pauses: Vec<Pause>,
    /// What is said in a certain way.
    pub(crate) said_as: Vec<(Range<usize>, SayAs)>,
    /// How fast a part is said, as a factor.
    pub(crate) rates: Vec<(Range<usize>, f32)>,
}

/// The elements whose content isn't said.
const UNSAID: [&str; 4] = ["script", "style", "metadata", "desc"];

/// The elements whose content isn't said and the comments, in order, which [`read`] removes.
pub(super) fn unsaid(text: &str) -> Vec<Range<usize>> {
    let mut reader = Reader::new(text);
    let (mut ranges, mut at) = (Vec::new(), 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('<')) {
        let start = at + found;
        let rest = text.get(start..).unwrap_or_default();
        let end = reader.unsaid(start, rest);
        ranges.extend(end.map(|end| start..end));
        at = end.unwrap_or(start + 1);
    }
    ranges
}

/// The longest comment that is kept whole where a text is cut, in bytes.
const SHORT_COMMENT: usize = 1_000;

/// The length of the comment that `text` begins with, if it isn't too long to be kept whole.
pub(super) fn short_comment(text: &str) -> Option<usize> {
    let near = text.get(..text.floor_char_boundary(SHORT_COMMENT))?;
    near.find("-->").map(|end| end + 3)
}

/// Removes tags and decodes character references. `keeps` says which names between brackets are the model's own tags.
pub(super) fn read<'t>(text: &'t str, keeps: &impl Fn(&str) -> bool) -> (Edited<'t>, Asked) {
    let mut reader = Reader::new(text);
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(['<', '&', '['])) {
        let start = at + found;
        let rest = text.get(start..).unwrap_or_default();
        at = start + reader.mark(start, rest, keeps).unwrap_or(1);
    }
    let end = reader.editor.made_len(text.len());
    while let Some(open) = reader.open.pop() {
        reader.close(&open, end);
    }
    (reader.editor.finish(), reader.asked)
}

struct Reader<'t> {
    text: &'t str,
    editor: Editor<'t>,
    asked: Asked,
    open: Vec<Open<'t>>,
    /// What was looked for and doesn't come any more.
    missing: Vec<&'static str>,
}

/// An element that has begun.
struct Open<'t> {
    name: &'t str,
    start: usize,
    meaning: Meaning,
}

enum Meaning {
    SaidAs(SayAs),
    Rate(f32),
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        let (editor, asked) = (Editor::new(text), Asked::default());
        Self { text, editor, asked, open: Vec::new(), missing: Vec::new() }
    }

    /// Where what begins at `start` ends, if it is an element whose content isn't said, or a comment, and has an end.
    fn unsaid(&mut self, start: usize, rest: &str) -> Option<usize> {
        if rest.starts_with("<!--") {
            return Some(self.find("-->", start)? + 3);
        }
        let tag = Tag::read(rest).filter(|tag| tag.kind == Kind::Start)?;
        let name = UNSAID.into_iter().find(|name| name.eq_ignore_ascii_case(tag.name))?;
        self.end_of(name, start + tag.len)
    }

    /// Deals with what stands at `start`. Returns its length, if it is anything.
    fn mark(&mut self, start: usize, rest: &'t str, keeps: &impl Fn(&str) -> bool) -> Option<usize> {
        if rest.starts_with('&') {
            let (len, character) = entities::read(rest)?;
            self.editor.replace(start..start + len, &character);
            return Some(len);
        }
        if rest.starts_with('[') {
            let (len, length_ms) = pause::bracketed(rest)?;
            self.pause(start..start + len, length_ms);
            return Some(len);
        }
        if let Some(len) = self.declaration(start, rest) {
            return Some(len);
        }
        let tag = Tag::read(rest)?;
        if tag.is_bare() && tag.kind != Kind::End && keeps(tag.name) {
            return Some(tag.len);
        }
        let whole = start..start + tag.len;
        let name = tag.name.to_ascii_lowercase();
        match (name.as_str(), tag.kind) {
            ("break", kind) => {
                let length_ms = if kind == Kind::End {
                    0
                } else {
                    pause::of_break(tag.attribute("time"), tag.attribute("strength"))
                };
                self.pause(whole, length_ms);
            }
            (name, Kind::Start) if UNSAID.contains(&name) => {
                let end = self.end_of(name, whole.end).unwrap_or(whole.end);
                self.editor.replace(start..end, "");
                return Some(end - start);
            }
            ("sup", Kind::Start) => {
                let (len, power) = power::read(self.text, &whole).unwrap_or((0, ""));
                let raised: String = power.chars().filter_map(power::superscript).collect();
                self.editor.replace(start..whole.end + len, &raised);
                return Some(tag.len + len);
            }
            ("sub", Kind::Start) if tag.attribute("alias").is_some() => {
                let end = self.end_of(&name, whole.end).unwrap_or(whole.end);
                self.editor.replace(start..end, tag.attribute("alias").unwrap_or_default());
                return Some(end - start);
            }
            (_, Kind::End) if self.open.iter().any(|open| open.name.eq_ignore_ascii_case(&name)) => {
                self.editor.replace(whole.clone(), "");
                let end = self.editor.made_len(whole.end);
                // Elements that overlap end with the one around them.
                while let Some(open) = self.open.pop() {
                    let found = open.name.eq_ignore_ascii_case(&name);
                    self.close(&open, end);
                    if found {
                        break;
                    }
                }
            }
            (_, kind) => {
                let parts = if parts_lines(&name) && !self.at_line_start(start) {
                    "\n"
                } else if matches!(name.as_str(), "td" | "th") && kind == Kind::End {
                    " "
                } else {
                    ""
                };
                self.editor.replace(whole.clone(), parts);
                if let Some(meaning) =
                    meaning(&name, &tag).filter(|_| kind == Kind::Start && self.open.len() < MAX_DEPTH)
                {
                    let start = self.editor.made_len(whole.end);
                    self.open.push(Open { name: tag.name, start, meaning });
                }
            }
        }
        Some(tag.len)
    }

    /// A comment, a declaration or an instruction. Returns its length.
    fn declaration(&mut self, start: usize, rest: &str) -> Option<usize> {
        if rest.starts_with("<!--") {
            // Without its end, only its mark goes.
            let len = self.find("-->", start).map_or(4, |end| end + 3 - start);
            self.editor.replace(start..start + len, "");
            return Some(len);
        }
        if rest.starts_with("<![CDATA[") {
            if let Some(end) = self.find("]]>", start) {
                self.editor.replace(start..start + 9, "");
                self.editor.replace(end..end + 3, "");
                return Some(end + 3 - start);
            }
        } else if rest.starts_with("<?")
            || rest.strip_prefix("<!").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            let len = rest.bytes().take(1_000).skip(1).position(|b| b == b'>' || b == b'<')? + 1;
            if rest.as_bytes().get(len) == Some(&b'>') {
                self.editor.replace(start..start + len + 1, "");
                return Some(len + 1);
            }
        }
        None
    }

    fn pause(&mut self, range: Range<usize>, length_ms: u32) {
        let end = range.end;
        let parts = if length_ms > 0 && self.editor.last(range.start).is_some_and(|c| !c.is_whitespace()) {
            " "
        } else {
            ""
        };
        self.editor.replace(range, parts);
        if length_ms > 0 {
            self.asked.pauses.push(Pause { at: self.editor.made_len(end), length_ms });
        }
    }

    fn close(&mut self, open: &Open, end: usize) {
        if open.start < end {
            match open.meaning {
                Meaning::SaidAs(said_as) => self.asked.said_as.push((open.start..end, said_as)),
                Meaning::Rate(rate) => self.asked.rates.push((open.start..end, rate)),
            }
        }
    }

    fn at_line_start(&self, at: usize) -> bool {
        self.editor.last(at).is_none_or(|last| last == '\n')
    }

    /// Where the end tag of an element ends.
    fn end_of(&mut self, name: &str, from: usize) -> Option<usize> {
        let (known, end) = match name {
            "script" => ("script", "</script"),
            "style" => ("style", "</style"),
            "metadata" => ("metadata", "</metadata"),
            "desc" => ("desc", "</desc"),
            _ => ("sub", "</sub"),
        };
        if self.missing.contains(&known) {
            return None;
        }
        let rest = self.text.get(from..)?;
        let found = rest.match_indices("</").find_map(|(at, _)| {
            let tag = rest.get(at..)?;
            let named = tag.get(..end.len())?.eq_ignore_ascii_case(end)
                && tag.get(end.len()..)?.trim_start().starts_with('>');
            named.then(|| {
                from + at
                    + end.len()
                    + tag.get(end.len()..).and_then(|tag| tag.find('>')).unwrap_or_default()
                    + 1
            })
        });
        if found.is_none() {
            self.missing.push(known);
        }
        found
    }

    fn find(&mut self, mark: &'static str, from: usize) -> Option<usize> {
        if self.missing.contains(&mark) {
            return None;
        }
        let found = self.text.get(from..).and_then(|rest| rest.find(mark));
        if found.is_none() {
            self.missing.push(mark);
        }
        found.map(|at| from + at)
    }
}

/// Whether an element stands on lines of its own.
fn parts_lines(name: &str) -> bool {
    matches!(
        name,
        "p" | "s"
            | "br"
            | "hr"
            | "div"
            | "li"
            | "ul"
            | "ol"
            | "dl"
            | "dt"
            | "dd"
            | "table"
            | "tr"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "blockquote"
            | "pre"
            | "title"
            | "option"
            | "figcaption"
    )
}

fn meaning(name: &str, tag: &Tag) -> Option<Meaning> {
    match name {
        "say-as" => {
            SayAs::named(tag.attribute("interpret-as")?, tag.attribute("format")).map(Meaning::SaidAs)
        }
        "prosody" => tag.attribute("rate").and_then(rate).map(Meaning::Rate),
        _ => None,
    }
}

/// SSML's rate as a factor. What there is in the language of other attributes means nothing.
fn rate(value: &str) -> Option<f32> {
    let named = match value.to_ascii_lowercase().as_str() {
        "x-slow" => Some(0.5),
        "slow" => Some(0.75),
        "medium" | "default" => Some(1.0),
        "fast" => Some(1.25),
        "x-fast" => Some(1.5),
        _ => None,
    };
    let number = || match value.strip_suffix('%') {
        // A sign makes it a change; SSML 1.1 has factors alone.
        Some(percent) if percent.starts_with(['+', '-']) => {
            percent.parse::<f32>().ok().map(|change| 1.0 + change / 100.0)
        }
        Some(percent) => percent.parse::<f32>().ok().map(|percent| percent / 100.0),
        None => value.parse().ok(),
    };
    named.or_else(number).filter(|rate| rate.is_finite() && *rate > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        read(text, &|name| name == "happy").0.text.into_owned()
    }

    #[test]
    fn tags_go_and_what_is_in_them_is_said() {
        for (typed, plain) in [
            ("<b>Bold</b> and <a href=\"https://a.in?x=1&y=2\">link</a>", "Bold and link"),
            ("Tom &amp; Jerry, it&#39;s", "Tom & Jerry, it's"),
            ("<p>One.</p><p>Two.</p>", "One.\nTwo.\n"),
            ("one<br/>two<br>three", "one\ntwo\nthree"),
            ("<!-- quiet -->a<!doctype html>b<?xml version=\"1.0\"?>c", "abc"),
            ("<script>let x = '<b>';</script>said<style>b {}</STYLE >", "said"),
            ("नमस्ते <happy> दुनिया", "नमस्ते <happy> दुनिया"),
            ("<speak><voice name=\"x\"><emphasis level=\"strong\">so</emphasis></voice></speak>", "so"),
            ("<sub alias=\"World Wide Web\">WWW</sub> x", "World Wide Web x"),
            ("H<sub>2</sub>O", "H2O"),
            (
                "10<sup>6</sup> people, 5 km<sup>2</sup>, x<SUP>2</SUP>, 10<sup>-3</sup>",
                "10⁶ people, 5 km², x², 10⁻³",
            ),
            ("5<sup>th</sup> of May 2019<sup>4</sup>", "5th of May 20194"),
            ("<phoneme alphabet=\"ipa\" ph=\"x\">tomato</phoneme>", "tomato"),
            ("<![CDATA[a < b]]>", "a < b"),
            ("1 < 2 and a<b and c>d <3", "1 < 2 and a<b and c>d <3"),
        ] {
            assert_eq!(said(typed), plain, "{typed}");
        }
    }

    #[test]
    fn pauses_stand_where_they_were_typed() {
        let (edited, asked) =
            read("Wait<break time=\"1.5s\"/> now [pause:500ms]ok<break strength='none'/>.", &|_| false);
        assert_eq!(edited.text, "Wait  now ok.");
        let pauses: Vec<_> = asked.pauses.iter().map(|pause| (pause.at, pause.length_ms)).collect();
        assert_eq!(pauses, [(5, 1_500), (10, 500)]);
    }

    #[test]
    fn what_is_asked_of_a_part_holds_for_it_alone() {
        let text = "a <say-as interpret-as=\"digits\">45</say-as> <prosody rate=\"slow\">b <prosody rate='200%'>c</prosody></prosody>";
        let (edited, asked) = read(text, &|_| false);
        assert_eq!(edited.text, "a 45 b c");
        assert_eq!(asked.said_as, [(2..4, SayAs::Digits)]);
        assert_eq!(asked.rates, [(7..8, 2.0), (5..8, 0.75)]);
        for (value, factor) in [("x-fast", 1.5), ("80%", 0.8), ("+20%", 1.2), ("-10%", 0.9), ("1.5", 1.5)] {
            assert!((rate(value).unwrap() - factor).abs() < 1e-6, "{value}");
        }
        assert_eq!(rate("quick"), None);
    }
}
