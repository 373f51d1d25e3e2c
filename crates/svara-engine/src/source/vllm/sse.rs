//! Server-sent events, as far as engines use them: only `data:` lines.

/// The longest line. vLLM's first event repeats the ids of the prompt, about 60 kB for the longest one.
const MAX_LINE_BYTES: usize = 1 << 20;

/// Splits a byte stream into the values of its `data:` lines. Chunks may end anywhere.
#[derive(Default)]
pub(super) struct SseDecoder {
    buffer: Vec<u8>,
    /// The start of the next line in `buffer`.
    start: usize,
    /// `buffer` has no line end before this position.
    searched: usize,
}

impl SseDecoder {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the value of the next complete `data:` line. Other lines (comments, event names) are skipped.
    pub(super) fn next(&mut self) -> Result<Option<&str>, String> {
        loop {
            let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(length) = memchr::memchr(b'\n', unsearched) else {
                self.searched = self.buffer.len();
                if self.searched - self.start > MAX_LINE_BYTES {
                    return Err(format!("a line of more than {MAX_LINE_BYTES} bytes"));
                }
                return Ok(None);
            };
            let end = self.searched + length;
            let line = self.buffer.get(self.start..end).unwrap_or_default();
            let value = line
                .strip_prefix(b"data:")
                .map(|value| std::str::from_utf8(value).map(str::trim).map_err(|error| error.to_string()));
            self.start = end + 1;
            self.searched = self.start;
            match value {
                Some(Ok(value)) if !value.is_empty() => return Ok(Some(value)),
                Some(Err(error)) => return Err(error),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(chunks: &[&[u8]]) -> Result<Vec<String>, String> {
        let (mut decoder, mut values) = (SseDecoder::default(), Vec::new());
        for chunk in chunks {
            decoder.push(chunk);
            while let Some(value) = decoder.next()? {
                values.push(value.to_owned());
            }
        }
        Ok(values)
    }

    #[test]
    fn data_lines_are_found_among_others() {
        let text = b": ping\n\nevent: x\r\ndata: {\"a\":1}\r\n\r\ndata:{\"b\":2}\n\ndata: \n\ndata: [DONE]\n\ndata: unfinished";
        assert_eq!(decode(&[text]).unwrap(), ["{\"a\":1}", "{\"b\":2}", "[DONE]"]);
    }

    #[test]
    fn an_endless_line_and_broken_text_are_errors() {
        assert!(decode(&[b"data: ", &vec![b'x'; MAX_LINE_BYTES]]).unwrap_err().contains("bytes"));
        assert!(decode(&[b"data: \xff\n"]).is_err());
    }

    proptest! {
        #[test]
        fn chunks_may_end_anywhere(values in prop::collection::vec("[a-zक-ह]{1,20}", 0..10), size in 1usize..40) {
            let text: String = values.iter().map(|value| format!("data: {value}\n\n")).collect();
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(decode(&chunks).unwrap(), values);
        }
    }
}
