//! Server-sent events: their data, and whether they are of the type `error`.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::sign::names_failure;
use crate::source::excerpt;

/// The longest line, and the longest data of an event. vLLM's first event repeats the ids of the prompt, about 60 kB for
/// the longest one.
const MAX_BYTES: usize = 1 << 20;
/// The byte order mark. The standard has it at the beginning of a stream only; servers that join texts send it elsewhere.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// The fields of the standard.
const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];

/// The data of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SseEvent<'a> {
    /// Its `data:` lines, joined by line feeds. Empty only in errors.
    pub(super) data: Cow<'a, str>,
    /// Whether its `event:` names a failure, such as `error`.
    pub(super) is_error: bool,
}

/// Splits a byte stream into events. Chunks may end anywhere; lines end with LF, CR or both.
#[derive(Default)]
pub(super) struct SseDecoder {
    buffer: Vec<u8>,
    /// The start of the next line in `buffer`.
    start: usize,
    /// `buffer` has no line end before this position.
    searched: usize,
    /// Whether the last line ended with a CR, so that an LF belongs to that end.
    after_cr: bool,
    /// The data of the event that is being read.
    data: Vec<u8>,
    /// The type of the event that is being read.
    is_error: bool,
    /// Whether `data` was given out.
    given: bool,
}

/// What a line adds to the event.
enum Line {
    /// Nothing: a comment or another field.
    Nothing,
    /// The event is complete.
    Over,
    /// The event before was complete, and this line is of the next one. The line is read again.
    OverBefore,
}

impl SseDecoder {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next event that is complete, and has data or is an error.
    pub(super) fn next(&mut self) -> Result<Option<SseEvent<'_>>, String> {
        if std::mem::take(&mut self.given) {
            self.data.clear();
            self.is_error = false;
        }
        while let Some((end, next)) = self.line_end()? {
            match self.read_line(end)? {
                Line::OverBefore => return Ok(Some(self.give())),
                Line::Nothing => self.start = next,
                Line::Over => {
                    self.start = next;
                    // The standard has an event without data dropped, but an error says enough by its name.
                    if !self.data.is_empty() || self.is_error {
                        return Ok(Some(self.give()));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Notes that the stream has ended: what it leaves out behind a complete event are line ends.
    pub(super) fn end(&mut self) {
        let line = self.buffer.get(self.start..).unwrap_or_default();
        // A value that is cut off isn't JSON: an object ends with its last bracket.
        let is_whole = field(without_marks(line), b"data")
            .is_some_and(|value| serde_json::from_slice::<IgnoredAny>(value).is_ok());
        if !is_whole {
            self.buffer.truncate(self.start);
            self.searched = self.start;
        }
        self.buffer.extend_from_slice(b"\n\n");
    }

    /// The end of the next line, and the start of the one behind it.
    fn line_end(&mut self) -> Result<Option<(usize, usize)>, String> {
        if self.after_cr && self.start < self.buffer.len() {
            self.after_cr = false;
            if self.buffer.get(self.start) == Some(&b'\n') {
                self.start += 1;
            }
            self.searched = self.searched.max(self.start);
        }
        let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
        let Some(length) = memchr::memchr2(b'\n', b'\r', unsearched) else {
            self.searched = self.buffer.len();
            if self.searched - self.start > MAX_BYTES {
                return Err(format!("a line of more than {MAX_BYTES} bytes"));
            }
            return Ok(None);
        };
        // A line that is read again is found at once.
        let end = self.searched + length;
        self.searched = end;
        Ok(Some((end, end + 1)))
    }

    /// Reads the line that ends at `end`.
    fn read_line(&mut self, end: usize) -> Result<Line, String> {
        let line = without_marks(self.buffer.get(self.start..end).unwrap_or_default());
        if line.is_empty() {
            self.end_line(end);
            return Ok(Line::Over);
        }
        if let Some(value) = field(line, b"data") {
            // Some servers leave out the empty line between events. No JSON goes on like this.
            let begins = value.starts_with(b"{") || value == b"[DONE]";
            if begins && self.data.ends_with(b"}") {
                return Ok(Line::OverBefore);
            }
            if self.data.len() + value.len() > MAX_BYTES {
                return Err(format!("an event of more than {MAX_BYTES} bytes"));
            }
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value.trim_ascii());
        } else if let Some(name) = field(line, b"event") {
            self.is_error = names_failure(name);
        } else if !is_of_the_standard(line) && (line.contains(&b'{') || names_failure(line)) {
            // The standard has it ignored, but tokens in it, or in place of it, would be lost without a word.
            return Err(format!(
                "a line that is no field of an event: {:?}",
                excerpt(&String::from_utf8_lossy(line))
            ));
        }
        self.end_line(end);
        Ok(Line::Nothing)
    }

    fn end_line(&mut self, end: usize) {
        self.after_cr = self.buffer.get(end) == Some(&b'\r');
        self.searched = end + 1;
    }

    fn give(&mut self) -> SseEvent<'_> {
        self.given = true;
        // As the standard has it. Token ids are as good as ever beside a damaged text.
        SseEvent { data: String::from_utf8_lossy(&self.data), is_error: self.is_error }
    }
}

/// A line without byte order marks before it.
fn without_marks(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_prefix(BOM) {
        line = rest;
    }
    line
}

/// Whether a line is a comment or one of the fields that there are.
fn is_of_the_standard(line: &[u8]) -> bool {
    line.starts_with(b":") || FIELDS.iter().any(|name| field(line, name).is_some())
}

/// The value of a line, if it is of this field.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name)?.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(chunks: &[&[u8]]) -> Result<Vec<String>, String> {
        let (mut decoder, mut values) = (SseDecoder::default(), Vec::new());
        let mut keep = |event: SseEvent<'_>| {
            let mark = if event.is_error { "!" } else { "" };
            values.push(format!("{mark}{}", event.data));
        };
        for chunk in chunks {
            decoder.push(chunk);
            while let Some(event) = decoder.next()? {
                keep(event);
            }
        }
        decoder.end();
        while let Some(event) = decoder.next()? {
            keep(event);
        }
        Ok(values)
    }

    #[test]
    fn data_lines_are_found_among_others() {
        let text = b": ping\n\nevent: x\r\ndata: {\"a\":1}\r\n\r\ndata:{\"b\":2}\n\ndata: \n\ndata: [DONE]\n\ndata: unfinished";
        assert_eq!(decode(&[text]).unwrap(), ["{\"a\":1}", "{\"b\":2}", "[DONE]"]);
    }

    #[test]
    fn an_event_may_have_several_lines_and_a_type() {
        let text = b"data: {\ndata: \"a\": 1\ndata: }\n\nevent: error\ndata: {\"b\":2}\n\ndata: {\"c\":3}\n";
        assert_eq!(decode(&[text]).unwrap(), ["{\n\"a\": 1\n}", "!{\"b\":2}", "{\"c\":3}"]);
        let unparted = b"data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n";
        assert_eq!(decode(&[unparted]).unwrap(), ["{\"a\":1}", "{\"b\":2}", "[DONE]"]);
    }

    #[test]
    fn an_endless_line_is_an_error() {
        assert!(decode(&[b"data: ", &vec![b'x'; MAX_BYTES]]).unwrap_err().contains("bytes"));
        let lines = [b"data: ".as_slice(), &[b'x'; 1000], b"\n"].concat();
        let chunks: Vec<&[u8]> = std::iter::repeat_n(lines.as_slice(), 1100).collect();
        assert!(decode(&chunks).unwrap_err().contains("an event of more than"));
    }

    #[test]
    fn what_is_no_field_is_not_lost_without_a_word() {
        let event = "data: {\"a\":1}\n\n";
        for line in [
            " data: {\"b\":2}",
            "Data: {\"b\":2}",
            "data : {}",
            "{\"b\":2}",
            "\0data: {}",
            "Internal Server Error",
        ] {
            let error = decode(&[event.as_bytes(), line.as_bytes(), b"\n\n"]).unwrap_err();
            assert!(error.contains("no field"), "{line}: {error}");
        }
        let others = b"retry: 5\nid: {7}\n:{comment}\nx-proxy: 1\nnonsense\n\n";
        assert_eq!(decode(&[event.as_bytes(), others]).unwrap(), ["{\"a\":1}"]);
    }

    #[test]
    fn an_event_at_the_end_needs_no_line_ends() {
        for end in ["", "\n", "\r", "\r\n", "\n\n"] {
            let text = format!("data: {{\"a\":1}}\ndata: {{\"b\":2}}{end}");
            assert_eq!(decode(&[text.as_bytes()]).unwrap(), ["{\"a\":1}", "{\"b\":2}"], "{end:?}");
        }
        for cut in ["data: {\"b\":", "data: {\"b\":{}", "dat", "data: ["] {
            let text = format!("data: {{\"a\":1}}\n\n{cut}");
            assert_eq!(decode(&[text.as_bytes()]).unwrap(), ["{\"a\":1}"], "{cut}");
        }
    }

    #[test]
    fn marks_stand_before_any_line_and_damaged_text_is_replaced() {
        let text = "\u{feff}\u{feff}data: {\"a\":1}\n\n\u{feff}data: {\"b\":2}\n\u{feff}\n";
        assert_eq!(decode(&[text.as_bytes()]).unwrap(), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(decode(&[b"data: \"\xff\"\n\n"]).unwrap(), ["\"\u{fffd}\""]);
    }

    proptest! {
        #[test]
        fn chunks_may_end_anywhere(
            values in prop::collection::vec("[a-zक-ह]{1,20}", 0..10),
            end in prop::sample::select(vec!["\n", "\r", "\r\n"]),
            bom: bool,
            size in 1usize..40,
        ) {
            let mut text = if bom { "\u{feff}".to_owned() } else { String::new() };
            text.extend(values.iter().map(|value| format!("data: {value}{end}{end}")));
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(decode(&chunks).unwrap(), values);
        }
    }
}
