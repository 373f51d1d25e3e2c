//! Halves behind a whole number, as a clock and a measure say them.

use crate::{
    languages::{Half, Words},
    number::{cardinal, replace_end},
};

/// Says half past an hour: "साढ़े सात".
pub(super) fn half_past_words(hour: u32, half: &Half, words: &Words) -> String {
    if let Some((_, irregular)) = half.irregular.iter().find(|(irregular, _)| *irregular == hour) {
        return (*irregular).to_owned();
    }
    let mut hours = cardinal(hour.into(), words);
    replace_end(&mut hours, half.ends);
    format!("{}{hours}", half.before)
}
