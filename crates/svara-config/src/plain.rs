//! What is wrong with a value, in the words of whoever wrote it.

/// `a, b or c`.
pub fn one_of<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", first.join(", "), last.as_ref())
        }
    }
}

/// What is wrong in the words of serde, in a caller's words: `must be …`, or the reason of a field's own reader.
pub fn plainly(reason: &str) -> String {
    let reason = without_place(reason);
    if let Some(field) = reason.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        return format!("must have {field}");
    }
    match (reason, reason.rsplit_once("expected ")) {
        ("number out of range", _) => "must be a number that isn't so large".to_owned(),
        (_, Some((_, expected))) => format!("must be {}", expected_words(expected)),
        (reason, None) => reason.to_owned(),
    }
}

/// Whether a message is of a reader of our own, and not of serde.
pub fn is_ours(reason: &str) -> bool {
    ["must ", "has ", "is ", "may "].iter().any(|start| reason.starts_with(start))
}

/// A message of serde without " at line 1 column 2".
pub fn without_place(reason: &str) -> &str {
    reason.rsplit_once(" at line ").map_or(reason, |(reason, _)| reason)
}

fn expected_words(expected: &str) -> String {
    let word = match expected {
        "f32" | "f64" => "a number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number, at least 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a JSON object",
        other if other.starts_with("struct ") => "a JSON object",
        other => return other.trim_start_matches("one of ").replace('`', ""),
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serdes_words_become_a_callers() {
        for (reason, words) in [
            ("invalid type: string \"x\", expected f32 at line 1 column 42", "must be a number"),
            (
                "invalid value: integer `-4`, expected u64 at line 1 column 22",
                "must be a whole number, at least 0",
            ),
            ("unknown variant `x`, expected `female` or `male` at line 1 column 4", "must be female or male"),
            ("unknown variant `x`, expected one of `a`, `b`, `c`", "must be a, b, c"),
            (
                "invalid type: integer `5`, expected struct VoiceSettings at line 1 column 31",
                "must be a JSON object",
            ),
            ("missing field `sha256`", "must have sha256"),
            ("must be auto, on or off at line 1 column 57", "must be auto, on or off"),
        ] {
            assert_eq!(plainly(reason), words);
        }
    }
}
