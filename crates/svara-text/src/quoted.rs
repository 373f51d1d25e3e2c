//! Names as errors repeat them.

/// The name in quotation marks, as it is read: signs that belong to a letter stay with it, which `{:?}` would write as
/// numbers. Control characters can't be read.
///
/// ```
/// assert_eq!(svara_text::quoted("हिन्दी\n"), "\"हिन्दी\u{fffd}\"");
/// ```
#[must_use]
pub fn quoted(name: &str) -> String {
    let readable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    format!("\"{}\"", name.chars().map(readable).collect::<String>())
}
