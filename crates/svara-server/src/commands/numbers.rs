//! Numbers on the command line: what is allowed in place of one that isn't.

use std::{fmt::Display, str::FromStr};

/// A port.
pub(super) fn port(text: &str) -> Result<u16, String> {
    number(text, "a whole number from 0 to 65535")
}

/// A speed.
pub(super) fn speed(text: &str) -> Result<f32, String> {
    number(text, "a number from 0.25 to 4")
}

/// A factor on the loudness.
pub(super) fn volume(text: &str) -> Result<f32, String> {
    number(text, "a number from 0.01 to 10")
}

/// A gain in decibels.
pub(super) fn gain_db(text: &str) -> Result<f32, String> {
    number(text, "a number from -40 to 20")
}

/// A seed.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    number(text, format!("a whole number from 0 to {}", u64::MAX))
}

/// A sample rate in Hz.
pub(super) fn sample_rate(text: &str) -> Result<u32, String> {
    number(text, "a whole number of Hz, such as 24000")
}

/// How often something is repeated.
pub(super) fn repeat(text: &str) -> Result<u16, String> {
    const ALLOWED: &str = "a whole number from 1 to 65535";
    let times = number(text, ALLOWED)?;
    if times == 0 { Err(format!("must be {ALLOWED}")) } else { Ok(times) }
}

fn number<T: FromStr>(text: &str, allowed: impl Display) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("must be {allowed}"))
}
