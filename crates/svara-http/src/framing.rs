//! Where the heads of HTTP/1 requests are in a stream of bytes, and whether one is written as no client writes it. Pure.
//!
//! hyper reads forms that proxies may read in another way, and tells nobody: lines that end with LF alone,
//! `Content-Length` beside `Transfer-Encoding`, and `Content-Length` twice. Where two read a stream differently, a request
//! can hide in the body of another. Such a head is spoiled here, before hyper sees it whole, so that hyper refuses it with a
//! 400 and closes.
//!
//! A length that hyper can't count is cut to one that is still larger than any body may be, so that who reads the body says
//! so.

/// What no head may have in it: hyper refuses it at any place.
const SPOILED: u8 = 0;
/// The largest length that hyper counts.
const LARGEST: u64 = u64::MAX - 2;
/// The first line of a connection that speaks HTTP/2.
const HTTP2: &[u8] = b"pri * http/2.0";
/// The longest text at the beginning of a line that matters.
const LONGEST: usize = 18;

/// Follows a connection from request to request.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    part: Part,
    line: Line,
    head: Head,
    /// Whether there was a whole head.
    any: bool,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Head,
    /// A body, or a chunk with the line end behind it: so many bytes.
    Bytes { left: u64, chunked: bool },
    /// The line with the size of a chunk.
    Size,
    /// Lines behind the last chunk.
    Trailers,
    /// Nothing that is looked at.
    Other,
}

/// The line that is being read.
#[derive(Debug, Default)]
struct Line {
    /// How it begins, up to the first colon, in lower case.
    start: [u8; LONGEST],
    /// The bytes before the colon, of which `start` has the first ones.
    length: usize,
    /// The hexadecimal number that it begins with, however many digits it has: the size of a chunk. hyper refuses one that is
    /// too large.
    number: u64,
    /// The number is over.
    is_counted: bool,
    /// Whether the colon was there.
    is_value: bool,
    /// The last byte was a CR.
    after_cr: bool,
}

/// What a head has said so far.
#[derive(Debug, Default)]
struct Head {
    /// The request line was there.
    begun: bool,
    length: Option<u64>,
    /// Whether digits of the length are left out.
    is_cut: bool,
    is_chunked: bool,
}

impl Framing {
    /// Looks at the next bytes of a connection, and spoils a head that is ambiguous. Returns how many bytes there are up to the
    /// one that was spoiled, if one was.
    pub(crate) fn check(&mut self, bytes: &mut [u8]) -> Option<usize> {
        let count = bytes.len();
        let mut at = 0;
        while let Some(byte) = bytes.get_mut(at) {
            match self.part {
                Part::Other => return None,
                Part::Bytes { left, chunked } => {
                    let skipped = usize::try_from(left).unwrap_or(usize::MAX).min(count - at);
                    at += skipped;
                    self.part = match left.saturating_sub(skipped as u64) {
                        0 if chunked => Part::Size,
                        0 => Part::Head,
                        left => Part::Bytes { left, chunked },
                    };
                }
                Part::Head | Part::Size | Part::Trailers => {
                    at += 1;
                    if !self.read(byte) {
                        *byte = SPOILED;
                        self.part = Part::Other;
                        return Some(at);
                    }
                }
            }
        }
        None
    }

    /// Reads a byte of a line. Returns whether it may stand there.
    fn read(&mut self, byte: &mut u8) -> bool {
        match *byte {
            b'\n' if !self.line.after_cr => return false,
            b'\n' => {
                let line = std::mem::take(&mut self.line);
                return self.end_line(&line);
            }
            b'\r' => {}
            b':' if !self.line.is_value => {
                self.line.is_value = true;
                return self.begin_value();
            }
            _ if self.line.is_value => self.read_value(byte),
            byte => self.line.begin(byte),
        }
        self.line.after_cr = *byte == b'\r';
        true
    }

    /// Returns whether the line may have a value.
    fn begin_value(&mut self) -> bool {
        self.line.after_cr = false;
        if self.part != Part::Head || !self.head.begun || self.line.start() != b"content-length" {
            return true;
        }
        let is_first = self.head.length.is_none();
        self.head.length = Some(0);
        is_first
    }

    fn read_value(&mut self, byte: &mut u8) {
        if self.part != Part::Head || !self.head.begun {
            return;
        }
        match self.line.start() {
            b"content-length" => {
                // hyper refuses what isn't a number.
                let Some(digit) = char::from(*byte).to_digit(10) else { return };
                let before = self.head.length.unwrap_or_default();
                let longer = before.checked_mul(10).and_then(|tens| tens.checked_add(digit.into()));
                match longer.filter(|length| !self.head.is_cut && *length <= LARGEST) {
                    Some(length) => self.head.length = Some(length),
                    None => {
                        self.head.is_cut = true;
                        *byte = b' ';
                    }
                }
            }
            b"transfer-encoding" => self.head.is_chunked = true,
            _ => {}
        }
    }

    /// Returns whether the line may end there.
    fn end_line(&mut self, line: &Line) -> bool {
        let is_empty = line.length == 0 && !line.is_value;
        match self.part {
            Part::Size => {
                let left = line.number.saturating_add(2);
                self.part = if left > 2 { Part::Bytes { left, chunked: true } } else { Part::Trailers };
            }
            Part::Trailers if is_empty => self.part = Part::Head,
            Part::Head if !self.head.begun => {
                // Empty lines before a request are passed over.
                self.head.begun = !is_empty;
                if !self.any && line.start() == HTTP2 {
                    self.part = Part::Other;
                }
            }
            Part::Head if is_empty => {
                self.any = true;
                let Head { length, is_chunked, .. } = std::mem::take(&mut self.head);
                match length {
                    Some(_) if is_chunked => return false,
                    _ if is_chunked => self.part = Part::Size,
                    Some(left @ 1..) => self.part = Part::Bytes { left, chunked: false },
                    _ => {}
                }
            }
            _ => {}
        }
        true
    }
}

impl Line {
    fn begin(&mut self, byte: u8) {
        match char::from(byte).to_digit(16).filter(|_| !self.is_counted) {
            Some(digit) => self.number = self.number.saturating_mul(16).saturating_add(digit.into()),
            None => self.is_counted = true,
        }
        if let Some(place) = self.start.get_mut(self.length) {
            *place = byte.to_ascii_lowercase();
        }
        self.length = self.length.saturating_add(1);
    }

    /// How it begins; cut off if that is too long to matter.
    fn start(&self) -> &[u8] {
        self.start.get(..self.length.min(LONGEST)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a stream, whole and by single bytes.
    fn checked(text: &str) -> Vec<u8> {
        let mut whole = text.as_bytes().to_vec();
        let spoiled = Framing::default().check(&mut whole);
        assert_eq!(spoiled.and_then(|end| whole.get(end - 1)), spoiled.map(|_| &SPOILED));
        for size in [1, 2, 3, 7] {
            let (mut parts, mut framing) = (text.as_bytes().to_vec(), Framing::default());
            let _ = parts.chunks_mut(size).map(|part| framing.check(part)).collect::<Vec<_>>();
            assert_eq!(parts, whole, "by {size}: {text:?}");
        }
        whole
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    /// Streams that are read in one way only, with line feeds where they may stand.
    fn good() -> [String; 11] {
        let post = |more: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{more}");
        [
            GET.to_owned(),
            format!("\r\n{GET}"),
            post("Content-Length: 3\r\n\r\n\n\n\n"),
            post("content-length:0\r\n\r\n"),
            post("X-Length: 9\r\nContent-Lengths: 9\r\nTransfer-Encodings: b\r\n\r\n"),
            post("Transfer-Encoding: chunked\r\n\r\n3\r\n\n\n\n\r\nA;x=y\r\n0123456\n\r\n\r\n0\r\n\r\n"),
            post("Transfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\nTrailer: a\r\n\r\n"),
            post("Content-Length: 42\r\n\r\nGET / HTTP/1.1\nContent-Length: 1\nHost: a\n\n"),
            post("Content-Length:\t 10 \r\n\r\n\n234567890"),
            post("Transfer-Encoding: chunked\r\n\r\n0000000000000000000000003\r\n\n\n\n\r\n0\r\n\r\n"),
            post(
                "Transfer-Encoding: chunked\r\n\r\n1 ;a=f\r\n\n\r\n1;f\r\n\n\r\n000000000000000000000\r\n\r\n",
            ),
        ]
    }

    #[test]
    fn what_is_read_in_one_way_is_left_alone() {
        for one in good() {
            for other in good() {
                let text = format!("{one}{other}{GET}");
                assert_eq!(checked(&text), text.as_bytes(), "{text:?}");
            }
        }
        let http2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\n\n\n";
        assert_eq!(checked(http2), http2.as_bytes());
    }

    #[test]
    fn a_length_that_is_too_long_is_cut() {
        let head = |length: &str| format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\nX: 9\r\n\r\n\n\n");
        for (length, cut) in [
            ("18446744073709551613", "18446744073709551613"),
            ("18446744073709551614", "1844674407370955161 "),
            ("18446744073709551615", "1844674407370955161 "),
            ("18446744073709551616", "1844674407370955161 "),
            ("0018446744073709551616001", "001844674407370955161    "),
            ("99999999999999999999", "9999999999999999999 "),
        ] {
            assert_eq!(checked(&head(length)), head(cut).as_bytes(), "{length}");
        }
    }

    #[test]
    fn what_is_ambiguous_is_spoiled_wherever_it_comes() {
        let bad = [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTRANSFER-ENCODING:\tchunked\r\nx: y\r\nCONTENT-LENGTH:0\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
            "POST / HTTP/1.1\r\ncontent-length:\r\nx: y\r\nCONTENT-LENGTH:0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: a\n\r\n",
        ];
        for text in bad {
            for before in std::iter::once(String::new()).chain(good()) {
                let spoiled = checked(&format!("{before}{text}"));
                let rest = spoiled.get(before.len()..).unwrap();
                let changed = rest.iter().zip(text.as_bytes()).filter(|(is, was)| is != was).count();
                assert_eq!(changed, 1, "{before:?} {text:?}");
                assert_eq!(rest.iter().filter(|byte| **byte == SPOILED).count(), 1);
            }
        }
    }
}
