//! Words behind which a full stop ends no sentence.

/// The titles in the script of the first letter of `word`. A full stop after these never ends a sentence.
pub(super) fn titles(word: &str) -> &'static [&'static str] {
    // Each list has one script, whose block of 128 characters the first letter tells.
    let block = |word: &str| word.chars().next().map(|c| u32::from(c) / 0x80);
    let script = block(word);
    let list = TITLES.iter().find(|titles| titles.first().and_then(|title| block(title)) == script);
    list.copied().unwrap_or_default()
}

/// One list per script.
const TITLES: [&[&str]; 9] = [
    &[
        "Dr", "Mr", "Mrs", "Ms", "Prof", "Sr", "Jr", "St", "Smt", "Shri", "Sri", "Sh", "Kum", "Er", "Adv",
        "Hon", "Rev", "Gen", "Col", "Capt", "Lt", "Maj", "Sgt", "Gov", "Govt", "Dept", "Pvt", "vs", "viz",
        "approx", "Mt", "e.g", "i.e", "M/s", "Messrs", "Ph.D", "Pt", "Ustad", "Cdr", "Brig", "Insp",
    ],
    &[
        "डॉ",
        "डा",
        "प्रो",
        "प्रा",
        "प्रा.डा",
        "श्री",
        "श्रीमती",
        "सुश्री",
        "स्व",
        "पं",
        "मि",
        "कु",
        "रु",
        "रू",
        "कं",
        "लि",
        "मो",
        "मा",
        "इं",
        "कै",
        "ई.पू",
        "ई. पू",
        "वि",
        "वि.सं",
        "ई.सं",
        "इ.स",
        "ई.स",
        "इं.जी",
        "चि",
        "ॲड",
        "अ‍ॅड",
        "एड",
        "कर्न",
        "मेज",
    ],
    &[
        "ডঃ",
        "ডাঃ",
        "ডা",
        "ড",
        "ড.",
        "মো",
        "মোঃ",
        "অধ্যা",
        "শ্ৰী",
        "শ্রী",
        "শ্রীমতী",
        "শ্ৰীমতী",
        "প্রো",
        "অধ্যাপিকা",
        "খ্রি",
        "খ্রিঃ",
    ],
    &["ડૉ", "ડો", "પ્રો", "રૂ", "રુ", "શ્રી", "શ્રીમતી", "સ્વ", "પં", "કુ", "ઈ.સ", "ઇ.સ", "લિ"],
    &["ਡਾ", "ਪ੍ਰੋ", "ਰੁ", "ਸ਼੍ਰੀ", "ਸ੍ਰੀ", "ਸ਼੍ਰੀਮਤੀ", "ਸ੍ਰੀਮਤੀ", "ਸ", "ਈ.ਪੂ"],
    &["டாக்", "டாக்டர்", "திரு", "திருமதி", "செல்வி", "பேரா", "ரூ", "கி.பி", "கி.மு", "மா.பெ", "தி.மு.க"],
    &["డా", "డాక్టర్", "ప్రొ", "రూ", "శ్రీ", "శ్రీమతి", "క్రీ.శ", "క్రీ.పూ", "కీ.శే", "కుమారి"],
    &["ಡಾ", "ಪ್ರೊ", "ರೂ", "ಶ್ರೀ", "ಶ್ರೀಮತಿ", "ಕ್ರಿ.ಶ", "ಕ್ರಿ.ಪೂ", "ಕು", "ದಿ"],
    &["ഡോ", "പ്രൊഫ", "രൂ", "ശ്രീ", "ശ്രീമതി", "അഡ്വ", "ക്രി.വ", "ക്രി.മു", "കുമാരി"],
];

/// Titles that are words, too: titles only where they come first.
pub(super) const TITLES_AT_START: [&str; 2] = ["ले", "सौ"];

/// A full stop after these doesn't end a sentence if a number follows: "No. 5", but "No. I won't."
pub(super) const BEFORE_NUMBERS: [&str; 38] = [
    "No",
    "no",
    "Nos",
    "Rs",
    "rs",
    "Fig",
    "fig",
    "Vol",
    "Ch",
    "Sec",
    "pp",
    "p",
    "नं",
    "क्र",
    "सं",
    "दि",
    "पृ",
    "ता",
    "मु",
    "নং",
    "পৃ",
    "তা",
    "নং",
    "ન",
    "નં",
    "તા",
    "પૃ",
    "ਨੰ",
    "ਪੰ",
    "ਮਿ",
    "எண்",
    "பக்",
    "నం",
    "సం",
    "నెం",
    "ನಂ",
    "ಶೇ",
    "നമ്പർ",
];

/// Letter names that are also words which end sentences: letters only beside others.
pub(super) const OTHERWISE_WORDS: [&str; 4] = ["ਸੀ", "जी", "ਜੀ", "জি"];

/// Syllables of the southern scripts that are words: come, go, give, you, and the like.
pub(super) const SYLLABLE_WORDS: [&str; 30] = [
    "வா", "போ", "தா", "நீ", "பூ", "தீ", "கை", "மை", "தை", "பை", "ஏ", "రా", "పో", "తే", "లే", "కా", "దా", "నీ", "మీ",
    "ఏం", "ಬಾ", "ಹೋ", "ತಾ", "ನೀ", "ಕೈ", "വാ", "പോ", "താ", "നീ", "കൈ",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_has_a_script_of_its_own() {
        for title in TITLES.iter().copied().flatten() {
            assert!(titles(title).contains(title), "{title}");
        }
        assert!(titles("क").contains(&"डॉ") && titles("").is_empty() && titles("—").is_empty());
    }
}
