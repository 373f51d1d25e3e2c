//! Recordings that requests bring, as text or as files.

use std::borrow::Cow;

use base64::{
    DecodeError, Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use serde::Deserialize;

/// A recording as it came.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Upload {
    /// Part of a form.
    File(Bytes),
    /// A text in base64, with or without `data:…;base64,` before it.
    Base64(String),
}

/// Padding may be there or not: both are common.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
/// With the letters for addresses, as JavaScript's and Go's libraries also write it.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// How links begin, which other servers follow.
const LINKS: [&str; 4] = ["https://", "http://", "file://", "s3://"];

/// Longer texts are no names of files.
const SHORT_LETTERS: usize = 256;

impl Upload {
    /// Whether nothing came: forms send empty fields for what wasn't filled in.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::File(bytes) => bytes.is_empty(),
            Self::Base64(text) => text.is_empty(),
        }
    }

    /// The file's bytes, at most `max_bytes`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn into_bytes(self, max_bytes: usize) -> Result<Bytes, String> {
        let too_large = || format!("the audio file is larger than {max_bytes} bytes");
        match self {
            Self::File(bytes) if bytes.len() > max_bytes => Err(too_large()),
            Self::File(bytes) => Ok(bytes),
            Self::Base64(text) if LINKS.iter().any(|scheme| text.trim_start().starts_with(scheme)) => {
                Err("links are not followed: send the file itself, in base64 or as a data URL".to_owned())
            }
            Self::Base64(text) => {
                let encoded = match text.split_once(',') {
                    Some((head, rest)) if head.starts_with("data:") => rest,
                    _ => &text,
                };
                let encoded = without_line_breaks(encoded);
                // Four letters are three bytes.
                if encoded.trim_end_matches('=').len() / 4 * 3 > max_bytes {
                    return Err(too_large());
                }
                let of_addresses = encoded.contains(['-', '_']);
                let engine = if of_addresses { BASE64URL } else { BASE64 };
                let decoded = engine.decode(encoded.as_bytes());
                decoded.map(Bytes::from).map_err(|error| {
                    let what = match error {
                        DecodeError::InvalidByte(before, _) => {
                            format!("its character {} doesn't belong there", before.saturating_add(1))
                        }
                        _ => "it ends in the middle".to_owned(),
                    };
                    // curl sends the name of a file unless there is an @ before it.
                    let hint = if encoded.len() > SHORT_LETTERS {
                        ""
                    } else {
                        "; a form sends a file with @ before its name"
                    };
                    format!("not base64: {what}{hint}")
                })
            }
        }
    }
}

impl From<String> for Upload {
    fn from(text: String) -> Self {
        Self::Base64(text)
    }
}

/// Its size; never the recording itself.
impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(bytes) => write!(f, "file of {} bytes", bytes.len()),
            Self::Base64(text) => write!(f, "base64 of {} letters", text.len()),
        }
    }
}

/// Tools such as `base64` break their lines.
fn without_line_breaks(text: &str) -> Cow<'_, str> {
    if text.contains(|c: char| c.is_ascii_whitespace()) {
        Cow::Owned(text.chars().filter(|c| !c.is_ascii_whitespace()).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use svara_testkit::allocations::peak_bytes;

    use super::*;

    #[test]
    fn base64_in_all_its_common_forms() {
        for text in ["YXVkaW8h", "YXVk\naW8h\r\n", "data:audio/wav;base64,YXVkaW8h"] {
            assert_eq!(*Upload::from(text.to_owned()).into_bytes(6).unwrap(), *b"audio!", "{text}");
        }
        for text in ["-_-_", "+/+/"] {
            assert_eq!(*Upload::from(text.to_owned()).into_bytes(3).unwrap(), [0xfb, 0xff, 0xbf]);
        }
        for text in ["YQ==", "YQ"] {
            assert_eq!(*Upload::from(text.to_owned()).into_bytes(1).unwrap(), *b"a");
        }
        let refused = |text: &str| Upload::from(text.to_owned()).into_bytes(5).unwrap_err();
        assert!(refused("YXVkaW8h").contains("larger than 5 bytes"));
        assert!(refused("a!b").contains("not base64"));
        assert!(refused("https://example.org/a.wav").contains("links are not followed"));
        assert!(Upload::File(Bytes::from_static(b"123456")).into_bytes(5).is_err());
    }

    /// How many inputs the fuzz tests try; `SVARA_FUZZ_INPUTS=1000000` for the long run.
    fn cases() -> ProptestConfig {
        let cases = std::env::var("SVARA_FUZZ_INPUTS").ok().and_then(|text| text.parse().ok());
        ProptestConfig::with_cases(cases.unwrap_or(2_000))
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn no_text_makes_it_panic_or_grow(text in "(data:)?[a-z/;,]{0,4}[A-Za-z0-9+/= \\n]{0,60}\\PC{0,3}", max in 0usize..50) {
            let length = text.len();
            let upload = Upload::from(text);
            let (bytes, peak) = peak_bytes(|| upload.into_bytes(max));
            if let Ok(bytes) = bytes {
                prop_assert!(bytes.len() <= max + 2);
            }
            // The text without its line breaks, what it means, and the words of an error.
            prop_assert!(peak <= length + max + 300, "{} bytes for {} letters, {} allowed", peak, length, max);
        }
    }
}
