//! Splits a stream of bytes into lines.

/// A longer line is split into pieces of at most this many bytes, none of them inside a character.
pub(super) const MAX_LINE_BYTES: usize = 8192;

/// Holds back an incomplete last line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Takes the bytes read and returns all complete lines, each with its newline.
    pub(super) fn push(&mut self, read: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.partial.len() + read.len() + 1);
        for piece in read.split_inclusive(|byte| *byte == b'\n') {
            if self.partial.is_empty() && piece.ends_with(b"\n") && piece.len() <= MAX_LINE_BYTES {
                out.extend_from_slice(piece);
                continue;
            }
            self.partial.extend_from_slice(piece);
            let mut rest = self.partial.as_slice();
            while rest.len() > MAX_LINE_BYTES {
                let (line, more) = rest.split_at(whole_characters(rest, MAX_LINE_BYTES));
                out.extend_from_slice(line);
                out.push(b'\n');
                rest = more;
            }
            if rest.ends_with(b"\n") {
                out.extend_from_slice(rest);
                rest = &[];
            }
            let taken = self.partial.len() - rest.len();
            self.partial.drain(..taken);
        }
        out
    }

    /// Whether the last line is incomplete.
    pub(super) fn has_part(&self) -> bool {
        !self.partial.is_empty()
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

/// The largest length up to `limit` that doesn't end inside a UTF-8 character. Bytes that aren't UTF-8 are cut anywhere.
pub(super) fn whole_characters(text: &[u8], limit: usize) -> usize {
    if text.len() <= limit {
        return text.len();
    }
    let continues = |at: usize| text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    // A character has four bytes at most.
    (limit.saturating_sub(3)..=limit).rev().find(|at| *at > 0 && !continues(*at)).unwrap_or(limit)
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

        #[test]
        fn long_lines_are_cut_between_characters(
            words in proptest::collection::vec("[aनé𝄞\n]{0,9000}", 1..6), size in 1..20_000_usize,
        ) {
            let text = words.concat();
            let (mut lines, mut out) = (Lines::default(), Vec::new());
            for read in text.as_bytes().chunks(size) {
                out.extend(lines.push(read));
            }
            out.extend(lines.finish());
            let out = String::from_utf8(out).expect("whole characters");
            prop_assert!(out.lines().all(|line| line.len() <= MAX_LINE_BYTES));
            prop_assert_eq!(out.replace('\n', ""), text.replace('\n', ""));
        }
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut lines = Lines::default();
        let whole = lines.push(&[b'x'; MAX_LINE_BYTES + 1]);
        assert_eq!(whole.len(), MAX_LINE_BYTES + 1);
        assert_eq!(lines.finish(), b"x\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_cut_anywhere() {
        assert_eq!(whole_characters(&[0x80; 20], 10), 10);
        assert_eq!(whole_characters("नन".as_bytes(), 4), 3);
        assert_eq!(whole_characters("नन".as_bytes(), 6), 6);
    }
}
