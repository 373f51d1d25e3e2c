//! Hindi; also spoken by the Bhojpuri, Magahi and Chhattisgarhi voices.

use super::units::DEVANAGARI;
use super::{
    Above, AfterHundreds, Calendar, Clock, Descending, Ending, Half, Money, Numbers, Signs, Web, Words,
    fixed, money, noun, plain,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: SIGNS,
    calendar: CALENDAR,
    clock: CLOCK,
    money: MONEY,
    units: &DEVANAGARI,
    web: &WEB,
    endings: &ENDINGS,
    before_ending: " ",
};

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "शून्य" "एक" "दो" "तीन" "चार" "पाँच" "छः" "सात" "आठ" "नौ"
        "दस" "ग्यारह" "बारह" "तेरह" "चौदह" "पंद्रह" "सोलह" "सत्रह" "अट्ठारह" "उन्नीस"
        "बीस" "इक्कीस" "बाईस" "तेईस" "चौबीस" "पच्चीस" "छब्बीस" "सत्ताईस" "अट्ठाईस" "उनतीस"
        "तीस" "इकतीस" "बत्तीस" "तैंतीस" "चौंतीस" "पैंतीस" "छत्तीस" "सैंतीस" "अड़तीस" "उनतालीस"
        "चालीस" "इकतालीस" "बयालीस" "तैंतालीस" "चौंतालीस" "पैंतालीस" "छियालीस" "सैंतालीस" "अड़तालीस" "उनचास"
        "पचास" "इक्यावन" "बावन" "तिरेपन" "चौवन" "पचपन" "छप्पन" "सत्तावन" "अट्ठावन" "उनसठ"
        "साठ" "इकसठ" "बासठ" "तिरेसठ" "चौंसठ" "पैंसठ" "छयासठ" "सरसठ" "अड़सठ" "उनहत्तर"
        "सत्तर" "इकहत्तर" "बहत्तर" "तिहत्तर" "चौहत्तर" "पचहत्तर" "छिहत्तर" "सतहत्तर" "अठहत्तर" "उन्यासी"
        "अस्सी" "इक्यासी" "बयासी" "तिरासी" "चौरासी" "पचासी" "छियासी" "सत्तासी" "अठासी" "नवासी"
        "नब्बे" "इक्यानवे" "बानवे" "तिरानवे" "चौरानवे" "पचानवे" "छियानवे" "सत्तानवे" "अट्ठानवे" "निन्यानवे"
    },
    above: Above::Descending(&Descending {
        hundreds: [
            fixed("एक सौ"),
            fixed("दो सौ"),
            fixed("तीन सौ"),
            fixed("चार सौ"),
            fixed("पाँच सौ"),
            fixed("छः सौ"),
            fixed("सात सौ"),
            fixed("आठ सौ"),
            fixed("नौ सौ"),
        ],
        after_hundreds: AfterHundreds::Space,
        thousand: plain("हज़ार"),
        lakh: plain("लाख"),
        crore: plain("करोड़"),
        and: None,
        exact: &[],
        before_scale: &[],
    }),
};

pub(super) const SIGNS: Signs = Signs {
    point: "दशमलव",
    minus: "माइनस",
    plus: "प्लस",
    percent: "प्रतिशत",
    range: "{a} से {b}",
    range_from: &[],
    fraction: "{a} बटा {b}",
    one: ("एक", "एक"),
    before_noun: &[],
};

pub(super) const CALENDAR: Calendar = Calendar {
    months: words! {
        "जनवरी" "फ़रवरी" "मार्च" "अप्रैल" "मई" "जून" "जुलाई" "अगस्त" "सितंबर" "अक्टूबर" "नवंबर" "दिसंबर"
    },
    ordinal_day: false,
    century: Some(" सौ"),
    halves_from_2010: false,
    year_before: &["सन्", "सन", "वर्ष", "साल"],
    year_behind: &["ई.", "ईस्वी", "ईसवी"],
};

pub(super) const CLOCK: Clock = Clock {
    hour: "{h} बजे",
    minute: "{h} बजकर {m} मिनट",
    second: "{h} बजकर {m} मिनट {s} सेकंड",
    few_minutes: None,
    half: Some(Half {
        before: "साढ़े ", ends: &[("", "")], irregular: &[(1, "डेढ़"), (2, "ढाई")]
    }),
    parts: ["रात {t}", "सुबह {t}", "दोपहर {t}", "शाम {t}"],
    typed: &["बजे", "बजकर", "बजने"],
};

pub(super) const MONEY: [Money; 4] = [
    money(noun("रुपया", "रुपये"), noun("पैसा", "पैसे")),
    money(noun("डॉलर", "डॉलर"), noun("सेंट", "सेंट")),
    money(noun("यूरो", "यूरो"), noun("सेंट", "सेंट")),
    money(noun("पाउंड", "पाउंड"), noun("पेनी", "पेंस")),
];

pub(super) static WEB: Web = Web {
    at: "ऐट",
    dot: "डॉट",
    slash: "स्लैश",
    hyphen: "हाइफ़न",
    underscore: "अंडरस्कोर",
    colon: "कोलन",
    question: "क्वेश्चन मार्क",
    equals: "इक्वल्स",
    and: "ऐंड",
    hash: "हैश",
    percent: "परसेंट",
    plus: "प्लस",
    tilde: "टिल्ड",
};

pub(super) static ENDINGS: [Ending; 5] = [
    Ending {
        marks: &["वाँ", "वां", "वा"],
        irregular: &[(1, "पहला"), (2, "दूसरा"), (3, "तीसरा"), (4, "चौथा"), (6, "छठा")],
        joins: &[("", "वाँ")],
    },
    Ending {
        marks: &["वीं", "वी"],
        irregular: &[(1, "पहली"), (2, "दूसरी"), (3, "तीसरी"), (4, "चौथी"), (6, "छठी")],
        joins: &[("", "वीं")],
    },
    Ending {
        marks: &["वें", "वे"],
        irregular: &[(1, "पहले"), (2, "दूसरे"), (3, "तीसरे"), (4, "चौथे"), (6, "छठे")],
        joins: &[("", "वें")],
    },
    Ending {
        marks: &["ला", "रा", "था", "ठा"], irregular: &FIRST_MASCULINE, joins: &[("", "वाँ")]
    },
    Ending {
        marks: &["ली", "री", "थी", "ठी"], irregular: &FIRST_FEMININE, joins: &[("", "वीं")]
    },
];

const FIRST_MASCULINE: [(u64, &str); 5] = [(1, "पहला"), (2, "दूसरा"), (3, "तीसरा"), (4, "चौथा"), (6, "छठा")];
const FIRST_FEMININE: [(u64, &str); 5] = [(1, "पहली"), (2, "दूसरी"), (3, "तीसरी"), (4, "चौथी"), (6, "छठी")];
