//! Parsers for numbers on the command line.

/// The largest number: as seconds, 31 years, which every clock here can count.
const MOST: f64 = 1e9;

/// Parses a number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= MOST => Ok(number),
        _ => Err(format!("must be a number above 0, at most {MOST}")),
    }
}

/// Parses a number that is 0 or greater.
pub(crate) fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=MOST).contains(&number) => Ok(number),
        _ => Err(format!("must be 0 or a number above 0, at most {MOST}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_taken_is_a_time() {
        for text in ["0.5", "1e9", "1000000000"] {
            assert!(Duration::try_from_secs_f64(positive(text).unwrap()).is_ok());
        }
        assert_eq!(not_negative("0"), Ok(0.0));
        for text in ["1e30", "1000000001", "inf", "NaN", "-1", "x"] {
            assert!(positive(text).is_err() && not_negative(text).is_err(), "{text}");
        }
    }
}
