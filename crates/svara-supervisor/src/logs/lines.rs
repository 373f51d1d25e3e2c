//! Splits a stream of bytes into lines.

/// A longer line is split after this many bytes or more.
pub(super) const MAX_LINE_BYTES: usize = 8192;

/// Holds back an incomplete last line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Takes the bytes read and returns all complete lines, each with its newline.
    pub(super) fn push(&mut self, read: &[u8]) -> Vec<u8> {
        let end = read.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (whole, rest) = read.split_at(end);
        let mut out = Vec::with_capacity(self.partial.len() + whole.len() + 1);
        if !whole.is_empty() {
            out.append(&mut self.partial);
            out.extend_from_slice(whole);
        }
        self.partial.extend_from_slice(rest);
        if self.partial.len() >= MAX_LINE_BYTES {
            out.append(&mut self.finish());
        }
        out
    }

    /// Returns the incomplete line, with a newline added.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut last = std::mem::take(&mut self.partial);
        if !last.is_empty() {
            last.push(b'\n');
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_is_lost_whatever_the_reads(text in "[a-c\n]{0,400}", sizes in proptest::collection::vec(1..50_usize, 1..50)) {
            let mut lines = Lines::default();
            let mut out = Vec::new();
            let mut rest = text.as_bytes();
            for size in sizes.into_iter().cycle() {
                let (read, tail) = rest.split_at(size.min(rest.len()));
                let whole = lines.push(read);
                prop_assert!(whole.is_empty() || whole.ends_with(b"\n"));
                out.extend(whole);
                rest = tail;
                if rest.is_empty() { break }
            }
            out.extend(lines.finish());
            let missing_newline = !text.is_empty() && !text.ends_with('\n');
            let expected = if missing_newline { text + "\n" } else { text };
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut lines = Lines::default();
        let whole = lines.push(&[b'x'; MAX_LINE_BYTES]);
        assert_eq!(whole.len(), MAX_LINE_BYTES + 1);
        assert!(lines.finish().is_empty());
    }
}
