//! The names of languages: ISO 639, BCP-47, and what people call them.

use crate::Language;

impl Language {
    /// The ISO 639-1 code; none for languages without one.
    #[must_use]
    pub const fn iso1(self) -> Option<&'static str> {
        match self {
            Self::Bhojpuri
            | Self::Magahi
            | Self::Chhattisgarhi
            | Self::Maithili
            | Self::Bodo
            | Self::Dogri => None,
            language => Some(language.code()),
        }
    }

    /// The ISO 639-3 code.
    #[must_use]
    pub const fn iso3(self) -> &'static str {
        match self {
            Self::Hindi => "hin",
            Self::Bengali => "ben",
            Self::Marathi => "mar",
            Self::Telugu => "tel",
            Self::Kannada => "kan",
            Self::Bhojpuri => "bho",
            Self::Magahi => "mag",
            Self::Chhattisgarhi => "hne",
            Self::Maithili => "mai",
            Self::Assamese => "asm",
            Self::Bodo => "brx",
            Self::Dogri => "doi",
            Self::Gujarati => "guj",
            Self::Malayalam => "mal",
            Self::Punjabi => "pan",
            Self::Tamil => "tam",
            Self::English => "eng",
            Self::Nepali => "nep",
            Self::Sanskrit => "san",
        }
    }

    /// The shortest code of ISO 639: that of part 1, or else of part 3.
    #[must_use]
    pub fn iso(self) -> &'static str {
        self.iso1().unwrap_or_else(|| self.iso3())
    }

    /// The region of ISO 3166 in which most of its speakers live, whose accent the voices have.
    #[must_use]
    pub const fn region(self) -> &'static str {
        match self {
            Self::Nepali => "NP",
            _ => "IN",
        }
    }

    /// Further names and codes: in its own writing, and other spellings. Letters of the Latin alphabet are lower case.
    #[must_use]
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Hindi => &["हिन्दी", "हिंदी"],
            Self::Bengali => &["বাংলা", "bangla"],
            Self::Marathi => &["मराठी"],
            Self::Telugu => &["తెలుగు"],
            Self::Kannada => &["ಕನ್ನಡ"],
            Self::Bhojpuri => &["भोजपुरी", "bh"],
            Self::Magahi => &["मगही", "magadhi"],
            Self::Chhattisgarhi => &["छत्तीसगढ़ी", "chattisgarhi"],
            Self::Maithili => &["मैथिली"],
            Self::Assamese => &["অসমীয়া", "asamiya"],
            Self::Bodo => &["बर'", "बोड़ो", "boro"],
            Self::Dogri => &["डोगरी", "dgo"],
            Self::Gujarati => &["ગુજરાતી"],
            Self::Malayalam => &["മലയാളം"],
            Self::Punjabi => &["ਪੰਜਾਬੀ", "panjabi"],
            Self::Tamil => &["தமிழ்"],
            Self::English => &["indian english", "english (indian)"],
            Self::Nepali => &["नेपाली", "npi"],
            Self::Sanskrit => &["संस्कृतम्", "संस्कृत"],
        }
    }

    /// The language of a name, in any letter case: a code of ISO 639-1 or 639-3, a BCP-47 tag such as `hin-Deva-IN` (`_`
    /// may stand for `-`), its English name, or one of [`Self::aliases`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase();
        let mut parts = name.split(['-', '_']);
        let primary = parts.next().unwrap_or_default();
        let is_subtag =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_tag = parts.all(is_subtag);
        Self::ALL.into_iter().find(|language| {
            let called = |name: &str| {
                name == language.iso3()
                    || name == language.code()
                    || language.aliases().contains(&name)
                    || name == language.name().to_lowercase()
            };
            called(&name) || (is_tag && matches!(primary.len(), 2..=3) && called(primary))
        })
    }

    /// A short text to hear a voice by.
    #[must_use]
    pub const fn sample(self) -> &'static str {
        match self {
            Self::Hindi => "नमस्ते। मेरी आवाज़ ऐसी सुनाई देती है।",
            Self::Bengali => "নমস্কার। আমার গলা এমন শোনায়।",
            Self::Marathi => "नमस्कार. माझा आवाज असा ऐकू येतो.",
            Self::Telugu => "నమస్కారం. నా గొంతు ఇలా వినిపిస్తుంది.",
            Self::Kannada => "ನಮಸ್ಕಾರ. ನನ್ನ ಧ್ವನಿ ಹೀಗೆ ಕೇಳಿಸುತ್ತದೆ.",
            Self::Bhojpuri => "प्रणाम। हमार आवाज अइसन सुनाई देला।",
            Self::Magahi => "प्रणाम। हमर आवाज अइसन सुनाई दे हे।",
            Self::Chhattisgarhi => "जोहार। मोर आवाज अइसन सुनाथे।",
            Self::Maithili => "प्रणाम। हमर आवाज एहन सुनाइ दैत अछि।",
            Self::Assamese => "নমস্কাৰ। মোৰ মাত এনেকুৱা শুনি।",
            Self::Bodo => "खुलुमबाय। आंनि गारां बेबायदि खोनायो।",
            Self::Dogri => "नमस्ते। मेरी अवाज इस चाल्ली सनोंदी ऐ।",
            Self::Gujarati => "નમસ્તે. મારો અવાજ આવો સંભળાય છે.",
            Self::Malayalam => "നമസ്കാരം. എന്റെ ശബ്ദം ഇങ്ങനെയാണ്.",
            Self::Punjabi => "ਸਤ ਸ੍ਰੀ ਅਕਾਲ। ਮੇਰੀ ਆਵਾਜ਼ ਇਸ ਤਰ੍ਹਾਂ ਸੁਣਦੀ ਹੈ।",
            Self::Tamil => "வணக்கம். என் குரல் இப்படி ஒலிக்கும்.",
            Self::English => "Hello. This is what my voice sounds like.",
            Self::Nepali => "नमस्ते। मेरो आवाज यस्तो सुनिन्छ।",
            Self::Sanskrit => "नमस्ते। मम स्वरः एवं श्रूयते।",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::WritingSystem;

    #[test]
    fn every_spelling_of_every_language_is_understood() {
        for language in Language::ALL {
            let mut names = vec![
                language.code().to_owned(),
                language.iso3().to_owned(),
                language.name().to_owned(),
                language.name().to_uppercase(),
                format!(" {}-{} ", language.iso(), language.region()),
                format!("{}_{}", language.iso3().to_uppercase(), language.region()),
                format!("{}-Deva-IN", language.iso()),
                format!("{}-IN-x-private", language.iso3()),
            ];
            names.extend(language.iso1().map(str::to_owned));
            names.extend(language.aliases().iter().map(|alias| (*alias).to_owned()));
            for name in names {
                assert_eq!(Language::named(&name), Some(language), "{name}");
            }
        }
        for name in ["", "h", "xx", "fr-FR", "hi-", "hi-IN-", "hindi-IN-", "hi-tooooolong", "hindi female"] {
            assert_eq!(Language::named(name), None, "{name}");
        }
    }

    #[test]
    fn no_two_languages_share_a_name() {
        let mut names = HashSet::new();
        for language in Language::ALL {
            let mut own: HashSet<&str> = language.aliases().iter().copied().collect();
            own.extend([language.code(), language.iso3(), language.name()]);
            assert!(own.into_iter().all(|name| names.insert(name)), "{language}");
        }
    }

    #[test]
    fn samples_are_in_the_writing_of_their_language() {
        for language in Language::ALL {
            let systems: HashSet<WritingSystem> =
                language.sample().chars().filter_map(WritingSystem::of).collect();
            assert_eq!(systems, HashSet::from([language.writing_system()]), "{language}");
        }
    }
}
