//! Words for coins behind a price, besides the usual names: "96.72 रुपये" is ninety-six rupees and seventy-two paise.

use super::Currency;

/// A word for a currency as it is typed, whole if it ends in `|`, else up to its ending, and what is said for it behind the
/// hundredths. Nothing is their name.
pub(crate) type Coin = (&'static str, Currency, &'static str);

const R: Currency = Currency::RUPEE;
const D: Currency = Currency::DOLLAR;

pub(super) static HINDI: &[Coin] = &[
    ("रुपए|", R, ""),
    ("रुपया|", R, ""),
    ("रूपये|", R, ""),
    ("रूपए|", R, ""),
    ("रुपयों|", R, "पैसों"),
    ("डालर|", D, ""),
];

pub(super) static MARATHI: &[Coin] =
    &[("रुपया|", R, ""), ("रूपये|", R, ""), ("रुपयां", R, "पैशां"), ("रुपयाच", R, "पैशांच"), ("डॉलर", D, "सेंट")];

pub(super) static NEPALI: &[Coin] =
    &[("रुपैयाँ", R, "पैसा"), ("रुपैया", R, "पैसा"), ("रूपैयाँ", R, "पैसा"), ("रुपियाँ", R, "पैसा"), ("डलर", D, "सेन्ट")];

pub(super) static MAITHILI: &[Coin] =
    &[("टाका", R, "पाइ"), ("टका|", R, ""), ("रुपैया|", R, ""), ("रुपया|", R, ""), ("रुपए|", R, "")];

pub(super) static DOGRI: &[Coin] = &[("रपे|", R, ""), ("रपेआ|", R, ""), ("रुपये|", R, "")];

pub(super) static SANSKRIT: &[Coin] = &[("रूप्यकम्|", R, "")];

pub(super) static BENGALI: &[Coin] = &[("টাকা", R, "পয়সা"), ("ডলার", D, "সেন্ট")];

pub(super) static ASSAMESE: &[Coin] = &[("টকা", R, "পইচা"), ("ডলাৰ", D, "চেণ্ট")];

pub(super) static GUJARATI: &[Coin] = &[
    ("રૂપિયો|", R, ""),
    ("રૂપિયા", R, "પૈસા"),
    ("રુપિયા", R, "પૈસા"),
    ("રૂપિયે", R, "પૈસે"),
    ("ડોલર", D, "સેન્ટ"),
    ("ડૉલર", D, "સેન્ટ"),
];

pub(super) static PUNJABI: &[Coin] =
    &[("ਰੁਪਈਏ|", R, ""), ("ਰੁਪਇਆ|", R, ""), ("ਰੁਪਈਆਂ|", R, "ਪੈਸਿਆਂ"), ("ਰੁਪਿਆਂ|", R, "ਪੈਸਿਆਂ")];

pub(super) static TAMIL: &[Coin] = &[
    ("ரூபா|", R, ""),
    ("ரூபாய்க்", R, "பைசாவுக்"),
    ("ரூபாயி", R, "பைசாவி"),
    ("ரூபாயை", R, "பைசாவை"),
    ("ரூபாயா", R, "பைசாவா"),
    ("ரூபாயு", R, "பைசாவு"),
    ("டாலரு", D, "சென்டு"),
    ("டாலரி", D, "சென்டி"),
    ("டாலரா", D, "சென்டா"),
];

pub(super) static TELUGU: &[Coin] = &[("రూపాయి|", R, ""), ("రూపాయల", R, "పైసల"), ("డాలర్ల", D, "సెంట్ల")];

pub(super) static KANNADA: &[Coin] = &[("ರೂಪಾಯಿ", R, "ಪೈಸೆ"), ("ಡಾಲರ್", D, "ಸೆಂಟ್")];

pub(super) static MALAYALAM: &[Coin] = &[
    ("രൂപയ", R, "പൈസയ"),
    ("രൂപയു", R, "പൈസയു"),
    ("രൂപയി", R, "പൈസയി"),
    ("രൂപയാ", R, "പൈസയാ"),
    ("രൂപക്ക", R, "പൈസക്ക"),
    ("ഡോളറ", D, "സെന്റ"),
];

pub(super) static ENGLISH: &[Coin] = &[("rupee|", R, "")];
