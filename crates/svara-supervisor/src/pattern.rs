//! Patterns of names: `*` for any characters, `?` for any one.

/// Whether the text fits the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // The last star, and what it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(found) = text.get(read) {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(wanted), _) if *wanted == b'?' || wanted == found => {
                at += 1;
                read += 1;
            }
            (_, Some((before, taken))) => {
                star = Some((before, taken + 1));
                at = before + 1;
                read = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.get(at..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_fit_whole_names() {
        let table = [
            ("server-*", "server-0", true),
            ("server-*", "server", false),
            ("*", "vllm", true),
            ("*", "", true),
            ("v?lm", "vllm", true),
            ("*-1", "server-1", true),
            ("*-1", "server-10", false),
            ("s*r*0", "server-0", true),
            ("*.toml", "a.toml.bak", false),
            ("", "a", false),
        ];
        for (pattern, name, fits) in table {
            assert_eq!(super::matches(pattern, name), fits, "{pattern} {name}");
        }
        let (stars, letters) = ("*a".repeat(40) + "b", "a".repeat(200));
        assert!(!super::matches(&stars, &letters));
    }
}
