//! Cricket scores: `241/4 in 50 overs`, `भारत 187/6`.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    place::Place,
    spelling::{prefix_len, same},
    words::{before_noun, counts},
};
use crate::{
    languages::{SHARED, Words},
    number::{Numeral, cardinal, digits},
};

/// The most words between a score and one that says so, and how far they may be behind it, in bytes.
const NEAR: usize = 4;
const NEAR_BYTES: usize = 80;

const MAX_WICKETS: u32 = 10;

/// Up to here, the runs may be the day of a date: "India 15/8".
const LAST_DAY: u64 = 31;

/// A score that starts with the number `runs`, which is read already.
pub(super) fn recognize(runs: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<String> {
    let words = place.words;
    let score = words.context.cricket?.score;
    let mut ahead = *cursor;
    if !ahead.eat("/") || runs.grouped || runs.integer.len() > 3 {
        return None;
    }
    let whole = runs.whole()?;
    let wickets = ahead.number(1, 2).filter(|wickets| (1..=MAX_WICKETS).contains(wickets))?;
    let mut after = ahead;
    let runs_on = after.eat_if(|c| is_dash(c) || "/.:".contains(c)).is_some() && after.at_digit();
    // All day and all week.
    let always = (whole, wickets) == (24, 7);
    if whole <= wickets.into() || always || runs_on || !ahead.at_word_end() {
        return None;
    }
    if !(is_told(place, &ahead) || (whole > LAST_DAY && is_of_team(place))) {
        return None;
    }
    *cursor = ahead;
    let said = score.replace("{runs}", &cardinal(whole, words));
    Some(said.replace("{wickets}", &cardinal(wickets.into(), words)))
}

/// Whether a word of the same sentence near the score says that it is one.
fn is_told(place: &Place<'_>, behind: &Cursor<'_>) -> bool {
    let words = place.words;
    let mut near = place.words_before().take(NEAR).take_while(|(_, gap)| !ends_sentence(gap));
    if near.any(|(word, _)| is_cue(word, words)) {
        return true;
    }
    let rest = behind.rest();
    let rest = rest.get(..rest.floor_char_boundary(NEAR_BYTES)).unwrap_or_default();
    let sentence = rest.split(['\n', '।', '!', '?']).next().and_then(|rest| rest.split(". ").next());
    let mut near = sentence.unwrap_or_default().split(|c| !is_letter(c)).filter(|word| !word.is_empty());
    near.by_ref().take(NEAR).any(|word| is_cue(word, words))
}

fn ends_sentence(gap: &str) -> bool {
    gap.contains(['\n', '।', '!', '?', '.'])
}

fn is_cue(word: &str, words: &Words) -> bool {
    let is_one = |cue: &&str| match cue.is_ascii() {
        true => same(word, cue),
        false => prefix_len(word, cue).is_some(),
    };
    [SHARED.cricket, words.context.cricket]
        .into_iter()
        .flatten()
        .any(|cricket| cricket.cues.iter().any(is_one))
}

/// Whether a team is right before the score.
fn is_of_team(place: &Place<'_>) -> bool {
    let Some((word, _)) = place.words_before().next().filter(|(_, gap)| !ends_sentence(gap)) else {
        return false;
    };
    let is_one = |team: &&str| same(word, team);
    [SHARED.cricket, place.words.context.cricket]
        .into_iter()
        .flatten()
        .any(|cricket| cricket.teams.iter().any(is_one))
}

/// The runs of a batter who isn't out, in a language that says so before them: "82* ரன்கள்".
pub(super) fn not_out(runs: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<String> {
    let words = place.words;
    let template = words.context.cricket?.not_out;
    let mut ahead = *cursor;
    let star = template.contains("{runs}") && ahead.eat("*");
    let small = !runs.grouped && (2..=3).contains(&runs.integer.len());
    let whole = runs.whole().filter(|_| star && small && ends_word(&ahead) && is_told(place, &ahead))?;
    *cursor = ahead;
    let spoken = cardinal(whole, words);
    let spoken = if counts(cursor, words) { before_noun(spoken, words) } else { spoken };
    Some(template.replace("{runs}", &spoken))
}

fn ends_word(end: &Cursor<'_>) -> bool {
    end.peek().is_none_or(|c| c.is_whitespace() || ",.;)(".contains(c))
}

/// Whether a star at the place, behind a number and before `end`, says that the batter isn't out: "82* off 53 balls".
pub(super) fn is_not_out(place: &Place<'_>, end: &Cursor<'_>) -> bool {
    let runs = place.words_before().next().filter(|(_, gap)| gap.is_empty());
    let small =
        runs.is_some_and(|(runs, _)| digits(runs).is_some_and(|(runs, _)| (2..=3).contains(&runs.len())));
    place.words.context.cricket.is_some() && small && ends_word(end) && is_told(place, end)
}
