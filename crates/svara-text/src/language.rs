//! The languages that text can be prepared for.

use std::{fmt, str::FromStr};

use crate::writing::WritingSystem;

macro_rules! languages {
    ($($variant:ident $code:literal $name:literal $system:ident,)*) => {
        /// A language of the svara-tts voices.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Language {
            $(#[doc = $name] $variant,)*
        }

        impl Language {
            /// All nineteen languages, in the order of the model's voice list.
            pub const ALL: [Self; 19] = [$(Self::$variant,)*];

            /// The code that voice ids begin with: ISO 639, except `bh` for Bhojpuri (`bho`).
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The English name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The writing system that the language uses.
            #[must_use]
            pub const fn writing_system(self) -> WritingSystem {
                match self { $(Self::$variant => WritingSystem::$system,)* }
            }
        }
    };
}

languages! {
    Hindi "hi" "Hindi" Devanagari,
    Bengali "bn" "Bengali" Bengali,
    Marathi "mr" "Marathi" Devanagari,
    Telugu "te" "Telugu" Telugu,
    Kannada "kn" "Kannada" Kannada,
    Bhojpuri "bh" "Bhojpuri" Devanagari,
    Magahi "mag" "Magahi" Devanagari,
    Chhattisgarhi "hne" "Chhattisgarhi" Devanagari,
    Maithili "mai" "Maithili" Devanagari,
    Assamese "as" "Assamese" Bengali,
    Bodo "brx" "Bodo" Devanagari,
    Dogri "doi" "Dogri" Devanagari,
    Gujarati "gu" "Gujarati" Gujarati,
    Malayalam "ml" "Malayalam" Malayalam,
    Punjabi "pa" "Punjabi" Gurmukhi,
    Tamil "ta" "Tamil" Tamil,
    English "en" "English" Latin,
    Nepali "ne" "Nepali" Devanagari,
    Sanskrit "sa" "Sanskrit" Devanagari,
}

/// A code that names none of the languages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown language {code:?}; the languages are {}", Language::ALL.map(Language::code).join(", "))]
pub struct UnknownLanguage {
    /// The code as given.
    pub code: String,
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Parses a code such as `hi` or `bho`, or a BCP-47 tag such as `hi-IN`, in any letter case.
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let primary = code.split(['-', '_']).next().unwrap_or(code);
        let primary = if primary.eq_ignore_ascii_case("bho") { "bh" } else { primary };
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(primary))
            .ok_or_else(|| UnknownLanguage { code: code.to_owned() })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_tags_resolve() {
        for language in Language::ALL {
            assert_eq!(language.code().parse(), Ok(language));
        }
        assert_eq!("hi-IN".parse(), Ok(Language::Hindi));
        assert_eq!("BN_in".parse(), Ok(Language::Bengali));
        assert_eq!("bho".parse(), Ok(Language::Bhojpuri));
    }

    #[test]
    fn an_unknown_code_lists_the_known_ones() {
        let error = "fr".parse::<Language>().unwrap_err().to_string();
        assert!(error.contains("\"fr\"") && error.contains("hne"), "{error}");
    }
}
