//! Ratings and marks: `4.5/5`, `8/10 stars`, `scored 45/50`.

use super::{
    cursor::Cursor,
    endings::joined,
    place::{Found, Place},
    spelling::prefix_len,
};
use crate::number::Numeral;

/// How far from the numbers a word that says so may be, in words.
const NEAR: usize = 3;

/// The beginnings of words beside marks of whole numbers, which may also be fractions.
const CUES: [&str; 35] = [
    "rated",
    "rating",
    "score",
    "marks",
    "stars",
    "star",
    "review",
    "CGPA",
    "रेटिंग",
    "अंक",
    "स्कोर",
    "मार्क्स",
    "स्टार",
    "तारे",
    "गुण",
    "রেটিং",
    "স্কোর",
    "স্টার",
    "ৰেটিং",
    "રેટિંગ",
    "ગુણ",
    "સ્ટાર",
    "ਰੇਟਿੰਗ",
    "ਅੰਕ",
    "ਸਟਾਰ",
    "மதிப்பெண்",
    "ரேட்டிங்",
    "மதிப்பீடு",
    "రేటింగ్",
    "మార్కులు",
    "స్టార్",
    "ರೇಟಿಂಗ್",
    "ಅಂಕ",
    "റേറ്റിംഗ്",
    "മാർക്ക്",
];

/// A rating that starts with the number `first`, which is read already.
pub(super) fn recognize(first: &Numeral, cursor: &mut Cursor<'_>, place: &Place<'_>) -> Option<Found> {
    let words = place.words;
    let mut ahead = *cursor;
    if !ahead.eat("/") {
        return None;
    }
    let most = Numeral::parse(ahead.rest()).filter(|most| most.whole().is_some() && !most.grouped)?;
    ahead.skip(most.len);
    let mut after = ahead;
    let runs_on = after.eat_if(|c| "-/.:".contains(c)).is_some() && after.at_digit();
    let fits = first.value()? <= most.value()? && (2..=1_000).contains(&most.whole()?);
    if runs_on || !fits || !ahead.at_word_end() || !(first.fraction.is_some() || is_told(place, &ahead)) {
        return None;
    }
    let (value, most) = (first.spoken(words), most.spoken(words));
    let template = words.maths.out_of;
    let spoken = if template.contains("{b}") {
        template.replace("{a}", &value).replace("{b}", &most)
    } else {
        joined(most, &template.replace("{a}", &value), words)
    };
    *cursor = ahead;
    Some(Found::new(ahead.at(), spoken))
}

/// Whether a word beside the numbers says that they are a rating.
fn is_told(place: &Place<'_>, behind: &Cursor<'_>) -> bool {
    let is_cue = |word: &str| CUES.iter().any(|cue| prefix_len(word, cue).is_some());
    let mut ahead = *behind;
    ahead.eat_space();
    is_cue(ahead.word()) || place.words_before().take(NEAR).any(|(word, _)| is_cue(word))
}
