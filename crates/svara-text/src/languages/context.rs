//! The words around a number that say what it is, and the abbreviations of a language.

use super::{
    Coin,
    cricket::{self, Cricket},
    towns,
};

/// What words around a number say about it.
pub(crate) struct Context {
    /// The "A/c" of a bank in full.
    pub account: &'static str,
    /// Words behind four digits and a space that make them a year: "1950 में".
    pub year_words: &'static [&'static str],
    /// Endings right behind four digits that make them a year: "1950లో".
    pub year_endings: &'static [&'static str],
    /// Words that, behind one of these, make it a quantity after all: "1500 से अधिक".
    pub more_than: &'static [&'static str],
    /// Words before a code, which is said digit by digit: "OTP", "पिन".
    pub codes: &'static [&'static str],
    /// Words for what has a long number that is read like a code, if a word for "number" or the like stands between.
    pub series: &'static [&'static str],
    /// Words that may stand between such a word and its code.
    pub links: &'static [&'static str],
    /// Words before a telephone number.
    pub phones: &'static [&'static str],
    /// The beginnings of nouns that are often typed right behind a number, and stand apart from its words.
    pub counted: &'static [&'static str],
    /// Names of towns and states of India, behind which six digits are a postal code.
    pub towns: &'static [&'static str],
    /// Words that a number before them doesn't count: postpositions, conjunctions, verbs.
    pub uncounted: &'static [&'static str],
    pub abbreviations: &'static [(&'static str, &'static str, When)],
    /// Two numbers with a slash that have a name of their own before a noun that begins so: the land record 7/12.
    pub records: &'static [(u64, u64, &'static str, &'static str)],
    /// Words before a Roman numeral.
    pub romans: &'static [&'static str],
    /// Beginnings of words beside a ratio.
    pub ratios: &'static [&'static str],
    /// How a ratio is said beside such a word, where its own words have it, too.
    pub ratio_beside: Option<&'static str>,
    /// How scores of cricket are said, and the words beside them.
    pub cricket: Option<&'static Cricket>,
    /// Scale words with endings that change them.
    pub oblique: &'static [super::Oblique],
    /// Nouns of which people say halves and quarters, besides hours and years: "डेढ़ किलो".
    pub halved: &'static [&'static str],
    /// Words for a quarter and for three of them, and the nouns before which people say them: "கால் கப்".
    pub quarters: Option<(&'static str, &'static str, &'static [&'static str])>,
    /// The forms of the word for a half that agree with certain of these nouns: "आधी कटोरी".
    pub half_forms: &'static [(&'static str, &'static [&'static str])],
    /// Postpositions, and how the ends of the words before them change.
    pub postpositions: &'static [&'static str],
    pub before_postposition: &'static [(&'static str, &'static str)],
    /// Spellings of one noun, which is said once if it is typed behind its sign.
    pub spellings: &'static [&'static [&'static str]],
    /// Endings of nouns, by their beginnings: "2.5 வருடத்தில்".
    pub case_ends: &'static [&'static str],
    /// Words for coins behind a price.
    pub coins: &'static [Coin],
    /// What may be glued to an ordinal that is typed in digits: an ending, or a noun, which stands apart.
    pub behind_ordinals: BehindOrdinals,
    /// Words of one letter that may be glued to an ending: the ও of "৫০০-রও".
    pub emphatics: &'static [&'static str],
}

/// What may be glued to an ordinal in digits: the beginnings of endings, and of nouns.
#[derive(Clone, Copy)]
pub(crate) struct BehindOrdinals {
    pub endings: &'static [&'static str],
    pub nouns: &'static [&'static str],
}

/// When an abbreviation is said in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// With a word behind it, such as a name.
    BeforeWord,
    /// As [`Self::BeforeWord`], but not as a part of a longer abbreviation that the list doesn't have: "पं. नेहरू", but
    /// not "पं.स.".
    Lone,
    /// With a number behind it.
    BeforeNumber,
    /// As [`Self::BeforeNumber`], but not as a part of a longer abbreviation: "प्र. 5", but not "हि.प्र. 5".
    LoneNumber,
    /// With a number behind it and a noun before it: "Flat no. 5", but not "The answer is no. 5 people came".
    OfNoun,
    /// With a time of day behind it: "सायं. ५.००", "ಸಂ. 5ಕ್ಕೆ".
    BeforeTime,
    /// With a day of a month and its ending behind it: "ಸೆ.5ರಂದು".
    BeforeDay,
    /// With a day of a month behind it and no more of a number: "ಫೆ.14".
    BeforeBareDay,
    /// With a number before it.
    BehindNumber,
    /// Always.
    Always,
}

pub(super) const NONE: Context = Context {
    account: "account",
    year_words: &[],
    year_endings: &[],
    more_than: &[],
    codes: &[],
    series: &[],
    links: &[],
    phones: &[],
    counted: &[],
    towns: &[],
    uncounted: &[],
    abbreviations: &[],
    records: &[],
    romans: &[],
    ratios: &[],
    ratio_beside: None,
    cricket: None,
    oblique: &[],
    halved: &[],
    half_forms: &[],
    quarters: None,
    postpositions: &[],
    before_postposition: &[],
    spellings: &[],
    case_ends: &[],
    coins: &[],
    behind_ordinals: BehindOrdinals { endings: &[], nouns: &[] },
    emphatics: &[],
};

/// Words for "number" between what is numbered and its number.
pub(crate) static NUMBER_WORDS: &[&str] = &[
    "no",
    "number",
    "num",
    "nr",
    "ID",
    "code",
    "नंबर",
    "नम्बर",
    "नं",
    "न",
    "संख्या",
    "सं",
    "क्रमांक",
    "क्र",
    "आईडी",
    "नम्वर",
    "सङ्ख्या",
    "নম্বর",
    "নং",
    "সংখ্যা",
    "আইডি",
    "নম্বৰ",
    "எண்",
    "நம்பர்",
    "ஐடி",
    "నంబర్",
    "నెంబర్",
    "నంబరు",
    "నెం",
    "నం",
    "సంఖ్య",
    "ఐడీ",
    "નંબર",
    "નં",
    "ક્રમાંક",
    "આઈડી",
    "ಸಂಖ್ಯೆ",
    "ನಂಬರ್",
    "ನಂ",
    "ಸಂ",
    "ಐಡಿ",
    "നമ്പർ",
    "നമ്പര്‍",
    "നം",
    "ഐഡി",
    "ਨੰਬਰ",
    "ਨੰ",
    "ਆਈਡੀ",
];

/// Trains, whose five digits are known without such a word.
pub(crate) static TRAINS: &[&str] =
    &["train", "ट्रेन", "ট্রেন", "ট্ৰেইন", "ரயில்", "రైలు", "ట్రైన్", "ટ્રેન", "ರೈಲು", "ട്രെയിൻ", "ਟ੍ਰੇਨ", "रेलगाड़ी"];

/// English words that count in every language: much text is mixed.
pub(crate) static SHARED: Context = Context {
    codes: &[
        "OTP",
        "PIN",
        "pincode",
        "CVV",
        "CVC",
        "PNR",
        "IFSC",
        "UAN",
        "UTR",
        "IMEI",
        "SSN",
        "VID",
        "UID",
        "Aadhaar",
        "Aadhar",
        "card",
        "account",
        "acct",
        "passcode",
        "code",
        "zip",
        "zipcode",
        "digits",
        "password",
        "extension",
        "ext",
        "GSTIN",
        "VIN",
        "SKU",
        "EPIC",
        "MICR",
        "HSN",
    ],
    series: &[
        "passport",
        "licence",
        "license",
        "voter",
        "challan",
        "token",
        "train",
        "flight",
        "roll",
        "ticket",
        "order",
        "complaint",
        "reference",
        "ref",
        "customer",
        "consumer",
        "employee",
        "registration",
        "policy",
        "receipt",
        "booking",
        "docket",
        "tracking",
        "application",
        "serial",
        "user",
        "transaction",
        "txn",
        "bill",
        "invoice",
    ],
    links: &[
        "is", "was", "no", "number", "num", "code", "the", "your", "my", "ID", "last", "four", "ending",
        "ends", "are",
    ],
    phones: &[
        "phone",
        "mobile",
        "mob",
        "tel",
        "telephone",
        "ph",
        "helpline",
        "WhatsApp",
        "fax",
        "contact",
        "landline",
        "cell",
        "toll",
        "dial",
    ],
    towns: towns::SHARED,
    romans: &[
        "part",
        "chapter",
        "section",
        "act",
        "scene",
        "volume",
        "vol",
        "class",
        "grade",
        "phase",
        "unit",
        "type",
        "article",
        "schedule",
        "appendix",
        "book",
        "war",
        "title",
        "bowl",
        "level",
        "stage",
        "tier",
        "group",
        "paper",
        "module",
        "annexure",
        "form",
        "standard",
        "std",
        "sem",
        "semester",
        "figure",
        "table",
        "step",
        "category",
        "grade",
        "world war",
        "mark",
    ],
    ratios: &["ratio", "odds", "proportion", "aspect"],
    cricket: Some(&cricket::ENGLISH),
    spellings: &[
        &["rupees", "rupee", "Rs"],
        &["percent", "percentage", "per cent"],
        &["dollars", "dollar"],
        &["kilometres", "kilometers", "kilometre", "kilometer", "km"],
        &["kilograms", "kilogram", "kg"],
        &["hours", "hour", "hrs"],
    ],
    ..NONE
};
