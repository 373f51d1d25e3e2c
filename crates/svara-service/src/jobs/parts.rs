//! The parts of an item.

use svara_engine::{Engine, Strip};

use super::{dictionaries::Dictionaries, record::ItemRecord};
use crate::ServiceError;

/// A long text is spoken in parts of whole sentences: a failure repeats one part only, memory holds the samples of one part
/// only, and after each part the items of other keys may have their turn.
const PART_CHARACTERS: usize = 1000;

/// The longest word that is never parted, in characters: the longest that a rule of a dictionary may have.
const LONGEST_WORD: usize = 100;

/// The parts in which an item is spoken, slices of its text. This may take as long as reading the whole text does.
///
/// # Errors
/// The item can't be spoken here.
pub(super) fn of<'t>(
    item: &'t ItemRecord,
    dictionaries: &Dictionaries,
    engine: &Engine,
) -> Result<Vec<&'t str>, ServiceError> {
    // A caller that sets max_tokens expects one generation that ends there.
    if item.max_tokens.is_some() {
        return Ok(vec![&item.text]);
    }
    let longest = engine.text_max_characters();
    let parts = svara_text::parts(&item.text, PART_CHARACTERS.min(longest), item.strip());
    if !item.has_dictionaries() {
        return Ok(parts);
    }
    // With what dictionaries say, a part may be as long as a request's text: memory holds its samples.
    let fits = |part: &str| -> Result<bool, ServiceError> {
        let request = item.request(part, String::new(), dictionaries)?;
        // What else is wrong with it is told when it is spoken.
        let grown = engine.check(&request).unwrap_or_default();
        Ok(grown == 0 || part.chars().count().saturating_add(grown) <= longest)
    };
    let mut fitting = Vec::with_capacity(parts.len());
    parts.into_iter().try_for_each(|part| halve(part, item.strip(), &fits, &mut fitting))?;
    Ok(fitting)
}

/// Halves a part until all of it fits.
fn halve<'t>(
    part: &'t str,
    strip: Strip,
    fits: &impl Fn(&str) -> Result<bool, ServiceError>,
    fitting: &mut Vec<&'t str>,
) -> Result<(), ServiceError> {
    if fits(part)? {
        fitting.push(part);
        return Ok(());
    }
    let halves = halves(part, strip);
    if halves.len() <= 1 {
        fitting.push(part);
        return Ok(());
    }
    halves.into_iter().try_for_each(|half| halve(half, strip, fits, fitting))
}

/// About two halves of a part: whole sentences, or whole words, as dictionaries know these. One, if it is a word.
fn halves(part: &str, strip: Strip) -> Vec<&str> {
    let characters = part.chars().count();
    let halves = svara_text::parts(part, characters.div_ceil(2), strip);
    let ends = halves.iter().map(|half| half.as_bytes().as_ptr_range().end);
    let torn = ends.zip(halves.iter().skip(1)).any(|(end, next)| end == next.as_ptr());
    if !torn {
        return halves;
    }
    let middle = part.floor_char_boundary(part.len() / 2);
    let (before, behind) = part.split_at(middle);
    let space = before.rfind(char::is_whitespace);
    let space = space.or_else(|| Some(middle + behind.find(char::is_whitespace)?));
    match space {
        Some(space) => {
            let (before, behind) = part.split_at(space);
            [before.trim(), behind.trim()].into_iter().filter(|half| !half.is_empty()).collect()
        }
        None if characters > LONGEST_WORD => halves,
        None => vec![part],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a text in which each `x` becomes five letters.
    fn parted(text: &str, longest: usize) -> Vec<&str> {
        let fits = |part: &str| Ok(part.chars().count() + 4 * part.matches('x').count() <= longest);
        let mut fitting = Vec::new();
        halve(text, Strip::default(), &fits, &mut fitting).unwrap();
        fitting
    }

    #[test]
    fn what_grows_is_parted_between_sentences_and_words() {
        assert_eq!(parted("One x. Two x. Three x.", 40), ["One x. Two x. Three x."]);
        assert_eq!(parted("One x. Two x. Three x.", 24), ["One x.", "Two x.", "Three x."]);
        assert_eq!(parted("xxxxx x", 12), ["xxxxx", "x"]);
        assert_eq!(parted("xxxxx", 4), ["xxxxx"], "a word that a rule may know");
        let long = "x".repeat(1_000);
        let parts = parted(&long, 10);
        assert!(parts.iter().all(|part| part.len() <= LONGEST_WORD) && parts.concat() == long);
    }
}
