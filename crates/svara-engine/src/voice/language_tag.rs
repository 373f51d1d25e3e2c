//! Voices named by language: BCP-47 tags, with an optional gender behind them. Pure.

use super::gender::Gender;

/// A BCP-47 tag of language, script and region, and an optional gender: `hi`, `hi-IN`, `hi-Deva-IN`, `hi-IN-female`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LanguageTag {
    /// The language code, in lower case.
    pub(crate) language: String,
    /// `None` if the tag has no gender.
    pub(crate) gender: Option<Gender>,
}

impl LanguageTag {
    /// Parses a tag in any letter case, with `-` or `_` between its parts. Script and region are ignored: no two voices
    /// differ in them.
    pub(crate) fn parse(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        let mut parts = tag.split(['-', '_']).peekable();
        let language = parts.next().filter(|part| matches!(part.len(), 2..=3) && is_alphabetic(part))?;
        // "male" looks like a script.
        parts.next_if(|part| part.len() == 4 && is_alphabetic(part) && Gender::named(part).is_none());
        parts.next_if(|part| {
            (part.len() == 2 && is_alphabetic(part))
                || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
        });
        let gender = match parts.next() {
            Some(name) => Some(Gender::named(name)?),
            None => None,
        };
        // The models and the Python stack use the code of its group for Bhojpuri.
        let language = if language == "bho" { "bh" } else { language };
        parts.next().is_none().then(|| Self { language: language.to_owned(), gender })
    }
}

fn is_alphabetic(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_are_read() {
        use Gender::{Female, Male};
        for (tag, language, gender) in [
            ("hi", "hi", None),
            ("hi-IN", "hi", None),
            ("HI_in", "hi", None),
            (" hne-Deva-IN ", "hne", None),
            ("en-356", "en", None),
            ("hi-female", "hi", Some(Female)),
            ("hi-male", "hi", Some(Male)),
            ("hi-IN-Female", "hi", Some(Female)),
            ("bho-IN-male", "bh", Some(Male)),
            ("ta_Taml_IN_MALE", "ta", Some(Male)),
        ] {
            assert_eq!(
                LanguageTag::parse(tag),
                Some(LanguageTag { language: language.to_owned(), gender }),
                "{tag}"
            );
        }
        for name in
            ["", "h", "alloy", "hi-", "hi-IN-", "hi-INDIA", "hi-IN-loud", "hi-IN-male-male", "12-IN", "हि-IN"]
        {
            assert_eq!(LanguageTag::parse(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_panics(name in "\\PC{0,20}|[a-z]{0,4}([-_][a-zA-Z0-9]{0,6}){0,4}") {
            if let Some(tag) = LanguageTag::parse(&name) {
                prop_assert!(matches!(tag.language.len(), 2..=3), "{tag:?}");
            }
        }
    }
}
