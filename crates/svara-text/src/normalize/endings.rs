//! What is typed right behind something found: endings that melt into its last word, and words that it already says.

use super::{
    cursor::{Cursor, is_dash, is_letter},
    inflection::{is_continued, is_inflected},
    place::{Found, Place},
    scale::is_scale,
    spelling::{is_one_of, prefix_len, same},
    year::year_in_words,
};
use crate::{
    languages::{Ending, SHARED, Unit, Words},
    number::{Numeral, cardinal, replace_end},
    writing::{WritingSystem, digit_value},
};

/// Letters of mobile networks ("5જી") and the like, which stand apart from a number in every language.
const APART: [&str; 9] = ["જી", "ਜੀ", "जी", "জি", "ஜி", "జీ", "ಜಿ", "ജി", "x"];

/// Beginnings of words for classes and centuries, before which "শ" is the mark of an ordinal.
const CLASSES: [&str; 9] = ["শ্রেণি", "শ্রেণী", "শ্ৰেণী", "শ্ৰেণি", "শতাব্দী", "শতক", "শতিকা", "অধ্যায়", "অধিবেশন"];

/// Joins what is typed behind `found` to it.
pub(super) fn attach(mut found: Found, place: &Place<'_>) -> Found {
    let words = place.words;
    if found.named {
        say_once(&mut found, place.rest, words);
    }
    let mut cursor = place.cursor();
    cursor.skip(found.len);
    let glued = cursor.peek().is_some_and(WritingSystem::is_indic);
    if glued && (found.apart || is_apart(&cursor, words)) {
        found.joined = false;
        return found;
    }
    let mut ahead = cursor;
    let spaced = !glued && ahead.eat_space();
    if spaced
        && (ahead.eat_word(words.context.postpositions.iter().copied())
            || (found.named && is_oblique_sum(&cursor, words)))
    {
        replace_end(&mut found.spoken, words.context.before_postposition);
        return found;
    }
    let behind_dash = !glued && !spaced && ahead.eat_if(is_dash).is_some();
    if !(glued || spaced || behind_dash)
        || (spaced && !words.spaced.iter().any(|ending| is_word(&ahead, ending)))
    {
        return found;
    }
    if let Some((end, start, joined)) = sandhi(&found.spoken, &ahead, words) {
        found.spoken.truncate(found.spoken.len() - end.len());
        found.spoken.push_str(joined);
        ahead.skip(start);
        (found.len, found.joined) = (ahead.at(), true);
    } else if spaced && words.before_ending.is_empty() {
        (found.len, found.joined) = (ahead.at(), true);
    } else if glued && words.before_ending.is_empty() && !cursor.read().ends_with('.') {
        found.joined = true;
    }
    found
}

/// Whether the sum read so far ends in a scale word in the form before a noun, and a word follows: "రూ.10 లక్షల విలువైన".
fn is_oblique_sum(cursor: &Cursor<'_>, words: &Words) -> bool {
    let scale = || {
        let typed = cursor.read();
        let ends = words.context.before_postposition;
        is_scale(typed.rsplit(' ').next().unwrap_or(typed))
            && ends.iter().any(|(_, end)| typed.ends_with(end))
    };
    cursor.rest().strip_prefix(' ').is_some_and(|rest| rest.starts_with(WritingSystem::is_indic)) && scale()
}

/// Whether what is glued to the abbreviation `short` at the cursor is an ending of the noun `name`, or a word of its own
/// behind the last of several stops: `5 ಕಿ.ಮೀ.ಗೆ`, `5 கி.மீ.தூரம்`.
pub(super) fn takes_ending(short: &str, name: &str, cursor: &Cursor<'_>, words: &Words) -> bool {
    let word = cursor.word();
    if !word.starts_with(WritingSystem::is_indic) {
        return false;
    }
    let mut behind = *cursor;
    behind.skip(word.len());
    // A letter or two with a stop are one more abbreviation.
    if !behind.at_word_end() || (behind.eat(".") && behind.peek().is_some_and(is_letter)) {
        return false;
    }
    let stops = short.bytes().filter(|byte| *byte == b'.').count();
    // "மீ" and "రూ" begin words, too.
    let whole = || words.context.spellings.first().is_some_and(|names| names.contains(&short));
    let sure = stops > 0 || !short.ends_with(WritingSystem::is_indic) || short.chars().count() > 3 || whole();
    let melts = || sandhi(name, cursor, words).is_some();
    // In "250 ग्राम", the last letter is no word of its own.
    let is_word = stops > 0 || word.chars().count() > 1;
    let parted = || is_word && !words.before_ending.is_empty() && is_one_of(word, words.context.year_words);
    (sure && (melts() || parted())) || (stops > 1 && short.ends_with('.') && word.chars().count() > 2)
}

/// `spoken` with a name behind it that may begin with an ending.
pub(super) fn joined(mut spoken: String, name: &str, words: &Words) -> String {
    let cursor = Cursor::new(name);
    match sandhi(&spoken, &cursor, words) {
        Some((end, start, joined)) => {
            spoken.truncate(spoken.len() - end.len());
            spoken.push_str(joined);
            spoken.push_str(name.get(start..).unwrap_or_default());
            spoken
        }
        None => format!("{spoken} {name}"),
    }
}

/// Whether the word at the cursor is exactly `word`.
fn is_word(cursor: &Cursor<'_>, word: &str) -> bool {
    let mut ahead = *cursor;
    // In "10 కి.మీటర్ల", the కి is a short unit.
    ahead.eat_word([word]) && !(ahead.eat(".") && ahead.peek().is_some_and(WritingSystem::is_indic))
}

/// The rule that joins the ending at the cursor to `spoken`: the end that is replaced, the length of the start of the
/// ending that is, and what replaces both.
fn sandhi<'w>(spoken: &str, cursor: &Cursor<'_>, words: &'w Words) -> Option<(&'w str, usize, &'w str)> {
    words.sandhi.iter().find_map(|(end, start, joined)| {
        if !spoken.ends_with(end) {
            return None;
        }
        let len = match start.strip_suffix('|') {
            Some(whole) => {
                let mut ahead = *cursor;
                let eaten = ahead.eat_word([whole]) || eat_before_emphatic(&mut ahead, whole, words);
                eaten.then(|| ahead.at() - cursor.at())?
            }
            None => cursor.rest().starts_with(start).then_some(start.len())?,
        };
        Some((*end, len, *joined))
    })
}

/// Reads an ending before a letter of emphasis, which stays as typed: the র of "৫০০-রও".
fn eat_before_emphatic(cursor: &mut Cursor<'_>, ending: &str, words: &Words) -> bool {
    let mut ahead = *cursor;
    let found = !words.context.emphatics.is_empty() && ahead.eat(ending) && { ahead }
        .eat_word(words.context.emphatics.iter().copied());
    if found {
        *cursor = ahead;
    }
    found
}

/// Whether a word that is no ending is glued to a number: a scale, a currency, the G of networks.
fn is_apart(cursor: &Cursor<'_>, words: &Words) -> bool {
    APART.iter().any(|word| is_word(cursor, word))
        || words.context.counted.iter().any(|noun| cursor.rest().starts_with(noun))
        || words.context.behind_ordinals.nouns.iter().any(|noun| cursor.rest().starts_with(noun))
        || is_scale(cursor.rest())
        || words
            .context
            .spellings
            .iter()
            .flat_map(|names| *names)
            .any(|name| prefix_len(cursor.rest(), name).is_some())
}

/// Leaves out the last word of what is said if it is typed behind it once more: "₹ 500 रुपए", "5% प्रतिशत".
fn say_once(found: &mut Found, rest: &str, words: &Words) {
    let mut cursor = Cursor::new(rest);
    cursor.skip(found.len);
    cursor.eat_space();
    let typed = cursor.word();
    let Some((others, last)) = found.spoken.rsplit_once(' ').filter(|_| !typed.is_empty()) else { return };
    let spellings = words.context.spellings.iter().chain(SHARED.spellings);
    let same_noun = spellings.filter(|names| is_one_of(last, names)).any(|names| is_one_of(typed, names));
    // In "5 kg किलो", a part of the name is typed. But "प्रति" is no part of "प्रतिशत": the rest is no unit.
    let part = typed.chars().count() > 3
        && prefix_len(last, typed).is_some_and(|len| {
            let rest = last.get(len..).unwrap_or_default();
            rest == "s" || is_unit(rest, words)
        });
    let two_words = last == "percent" && { cursor }.eat_word(["per cent"]);
    if same_noun
        || two_words
        || part
        || same(typed, last)
        || is_continued(typed, last)
        || is_inflected(typed, last, words)
    {
        found.spoken.truncate(others.len());
        found.joined = false;
    }
}

/// Whether `name` is that of a common unit.
fn is_unit(name: &str, words: &Words) -> bool {
    !name.is_empty() && words.units.iter().any(|unit| same(name, unit.one) || same(name, unit.many))
}

/// Says a number with an ending typed behind its digits, such as that of an ordinal.
pub(super) fn ordinal(numeral: &Numeral, cursor: &mut Cursor<'_>, words: &'static Words) -> Option<String> {
    let number = numeral.whole()?;
    let mut start = *cursor;
    let spaced = start.eat_space();
    if !spaced {
        start.eat_if(|c| matches!(c, '-' | '\u{2011}'));
    }
    // No mark of an ordinal begins so.
    if start.peek().is_none_or(|c| c.is_ascii() && !c.is_ascii_alphabetic()) {
        return None;
    }
    // "21st" is an English word in every language.
    let english = Words::of(crate::Language::English);
    let candidates = words.endings.iter().map(|ending| (ending, words));
    for (ending, words) in candidates.chain(english.endings.iter().map(|ending| (ending, english))) {
        let mut ahead = start;
        let own = ending.own_marks.iter().filter(|(own, _)| *own == number).map(|(_, mark)| *mark);
        let marks =
            ending.marks.iter().copied().chain(own).filter(|mark| !spaced || words.spaced.contains(mark));
        let typed = ahead;
        if !ahead.eat_word(marks.clone()) && !eat_before_tail(&mut ahead, marks, words) {
            continue;
        }
        // "২০শ টাকা" are two thousand.
        if ahead.read().ends_with('শ')
            && !CLASSES.iter().any(|noun| ahead.rest().trim_start_matches(' ').starts_with(noun))
        {
            continue;
        }
        // "5 St Marks Road"
        if spaced
            && typed.rest().starts_with(|c: char| c.is_ascii())
            && !typed.rest().starts_with(english_mark(number))
        {
            continue;
        }
        // "૧૦ મી." are ten metres, and "૩જી નેટવર્ક" is no third one.
        let unit = spaced && Unit::parse(start.rest()).is_some_and(|(_, len)| len > ahead.at() - start.at());
        // "૪થી ૬" is from four to six.
        let from = ahead.read().ends_with("થી")
            && ahead
                .rest()
                .strip_prefix(' ')
                .is_some_and(|rest| rest.starts_with(|c| digit_value(c).is_some()));
        if unit || from || is_network(&ahead) {
            return None;
        }
        *cursor = ahead;
        return Some(with_ending(number, ending, words, is_before_year(&ahead, words)));
    }
    None
}

/// Reads a mark before an ending or noun that is glued to it, which stays as typed: the લી of "૧લીએ", the వ of "5వతేదీన".
fn eat_before_tail<'w>(
    cursor: &mut Cursor<'_>,
    mut marks: impl Iterator<Item = &'w str>,
    words: &Words,
) -> bool {
    let behind = &words.context.behind_ordinals;
    let end = marks.find_map(|mark| {
        let mut ahead = *cursor;
        ahead.skip(prefix_len(cursor.rest(), mark)?);
        let is_tail = |tail: &str| match tail.strip_suffix('|') {
            Some(whole) => is_word(&ahead, whole),
            None => ahead.rest().starts_with(tail),
        };
        behind.endings.iter().chain(behind.nouns).any(|tail| is_tail(tail)).then_some(ahead)
    });
    if let Some(end) = end {
        *cursor = end;
    }
    end.is_some()
}

/// The letters of an English ordinal.
const fn english_mark(number: u64) -> &'static str {
    match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    }
}

/// Whether a word for a network follows.
fn is_network(cursor: &Cursor<'_>) -> bool {
    const NETWORKS: [&str; 14] = [
        "network",
        "નેટવર્ક",
        "સ્પેક્ટ્રમ",
        "સેવા",
        "મોબાઇલ",
        "ફોન",
        "ડેટા",
        "ઇન્ટરનેટ",
        "ਨੈੱਟਵਰਕ",
        "ਨੈਟਵਰਕ",
        "ਸਪੈਕਟਰਮ",
        "ਸੇਵਾ",
        "ਮੋਬਾਈਲ",
        "ਇੰਟਰਨੈੱਟ",
    ];
    let letter = ["જી", "ਜੀ"].iter().any(|letter| cursor.read().ends_with(letter));
    let rest = cursor.rest().trim_start_matches(' ');
    letter && NETWORKS.iter().any(|word| rest.starts_with(word))
}

/// Whether a word for a year follows.
fn is_before_year(cursor: &Cursor<'_>, words: &Words) -> bool {
    let rest = cursor.rest().trim_start_matches(' ');
    words.calendar.year_behind.iter().any(|word| rest.starts_with(word))
}

fn with_ending(number: u64, ending: &Ending, words: &Words, of_year: bool) -> String {
    if let Some((_, irregular)) = ending.irregular.iter().find(|(irregular, _)| *irregular == number) {
        return (*irregular).to_owned();
    }
    let mut spoken = if of_year { year_in_words(number, words) } else { cardinal(number, words) };
    replace_end(&mut spoken, ending.joins);
    spoken
}
