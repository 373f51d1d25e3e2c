//! Times as they are written in files and on the command line.

use std::time::Duration;

/// Longer than any minute: nobody means them, and `M` is easily written for `m`.
const TOO_LONG: [&str; 9] = ["M", "month", "months", "y", "yr", "yrs", "year", "years", "Y"];

/// Reads a time such as `30s` or `1h 30m`.
///
/// # Errors
/// What to write; `expected` where nothing better can be said.
///
/// # Examples
/// ```
/// use svara_supervisor::times::parse_time;
///
/// assert_eq!(parse_time("1m 30s", "expected a time").unwrap().as_secs(), 90);
/// assert!(parse_time("20M", "expected a time").unwrap_err().contains("20m for minutes"));
/// ```
pub fn parse_time(text: &str, expected: &str) -> Result<Duration, String> {
    let text = text.trim();
    match text.split(|c: char| !c.is_alphabetic()).find(|unit| TOO_LONG.contains(unit)) {
        None => humantime::parse_duration(text).map_err(|_| expected.to_owned()),
        Some("M") => Err(format!("`M` would be months; write {} for minutes", text.replace('M', "m"))),
        Some(unit) => Err(format!("no `{unit}` here; write days, as in 365d")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Duration, String> {
        parse_time(text, "expected a time")
    }

    #[test]
    fn months_and_years_are_refused_with_what_to_write() {
        assert_eq!(parse("1h 20M").unwrap_err(), "`M` would be months; write 1h 20m for minutes");
        for text in ["2months", "1 year", "1y", "3yrs"] {
            assert!(parse(text).unwrap_err().ends_with("write days, as in 365d"), "{text}");
        }
        for text in ["5m", "2 minutes", "1ms", "1day", "3weeks", " 1s "] {
            parse(text).unwrap();
        }
    }
}
