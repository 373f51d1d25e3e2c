//! Pauses that a text asks for.

/// The longest pause.
pub const MAX_PAUSE_MS: u32 = 10_000;

/// A pause for which no length is given.
const MEDIUM_MS: u32 = 750;

/// Silence at a position of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Bytes of the text before it.
    pub at: usize,
    /// Its length.
    pub length_ms: u32,
}

/// The length of SSML's `<break>`.
pub(super) fn of_break(time: Option<&str>, strength: Option<&str>) -> u32 {
    if let Some(length_ms) = time.and_then(length_ms) {
        return length_ms;
    }
    match strength.map(str::to_ascii_lowercase).as_deref() {
        Some("none") => 0,
        Some("x-weak") => 250,
        Some("weak") => 500,
        Some("strong") => 1_000,
        Some("x-strong") => 1_250,
        _ => MEDIUM_MS,
    }
}

/// Reads the `[pause:1.5s]` that `text` starts with: its length in bytes and that of the pause. Without a unit, seconds
/// are meant; without a number, a pause of medium length.
pub(super) fn bracketed(text: &str) -> Option<(usize, u32)> {
    let end = text.bytes().take(40).position(|b| b == b']')?;
    let inner = text.get(1..end)?.trim();
    let name = ["pause", "break"]
        .into_iter()
        .find(|name| inner.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)))?;
    let rest = inner.get(name.len()..)?;
    if rest.is_empty() {
        return Some((end + 1, MEDIUM_MS));
    }
    let value = rest.trim_start().trim_start_matches([':', '=']);
    if value.len() == rest.len() {
        return None;
    }
    Some((end + 1, length_ms(value.trim())?))
}

/// A length such as `1.5s` or `500ms`, cut to the longest.
fn length_ms(value: &str) -> Option<u32> {
    let value = value.to_ascii_lowercase();
    let (number, unit_ms) = ["milliseconds", "ms"]
        .into_iter()
        .find_map(|unit| Some((value.strip_suffix(unit)?, 1.0)))
        .or_else(|| {
            ["seconds", "second", "secs", "sec", "s"]
                .into_iter()
                .find_map(|unit| Some((value.strip_suffix(unit)?, 1_000.0)))
        })
        .unwrap_or((&value, 1_000.0));
    let number = number.trim();
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '+');
    let ms = number.parse::<f64>().ok().filter(|ms| is_number && ms.is_finite())? * unit_ms;
    // At most the longest pause, which fits.
    Some(ms.round().min(f64::from(MAX_PAUSE_MS)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_bounded() {
        for (text, length) in [
            ("[pause:1.5s] x", 1_500),
            ("[PAUSE: 500 ms]", 500),
            ("[pause 2]", 2_000),
            ("[pause=0.25]", 250),
            ("[pause]", 750),
            ("[break:1sec]", 1_000),
            ("[pause:9999s]", 10_000),
        ] {
            assert_eq!(bracketed(text).map(|(_, ms)| ms), Some(length), "{text}");
        }
        for text in ["[paused]", "[pause:x]", "[pauses 5s]", "[pause:-1s]", "[pause:nan]", "[pause", "[x]"] {
            assert_eq!(bracketed(text), None, "{text}");
        }
        assert_eq!(of_break(Some("1.5s"), None), 1_500);
        assert_eq!(of_break(Some("soon"), Some("x-strong")), 1_250);
        assert_eq!(of_break(None, Some("none")), 0);
        assert_eq!(of_break(None, None), 750);
    }
}
