//! Maithili. Units, addresses and part of the clock as in Hindi.

use super::units::DEVANAGARI;
use super::{
    Above, AfterHundreds, Calendar, Clock, Context, Descending, Ending, Half, Numbers, Signs, When, Words,
    clock_cases, context, fixed, hindi, idiom, letters, loans, maths, money, noun, plain, series,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: Signs {
        mixed: "{a} आ {b}",
        half: "आधा",
        per: "{a} प्रति {b}",
        per_ends: &[],
        range_before_noun: None,
        range: "{a} सँ {b}",
        ..hindi::SIGNS
    },
    calendar: Calendar {
        spellings: &[
            ("फरवरी", 2),
            ("सितंबर", 9),
            ("नवंबर", 11),
            ("दिसंबर", 12),
            ("अक्तूबर", 10),
            ("सितम्बर", 9),
            ("अक्टूबर", 10),
            ("नवम्बर", 11),
            ("दिसम्बर", 12),
        ],
        bikram_sambat: None,
        months: words! {
            "जनवरी" "फरवरी" "मार्च" "अप्रैल" "मई" "जून" "जुलाई" "अगस्त" "सितंबर" "अक्तूबर" "नवंबर" "दिसंबर"
        },
        century: Some(" सए"),
        ..hindi::CALENDAR
    },
    clock: Clock {
        at: &[],
        short: &[],
        few_typed: &[("बजे", "{h} बजि {m} मिनट")],
        cases: &clock_cases::NONE,
        duration: "{h} घंटा {m} मिनट",
        hours: &["घंटा", "घंटे"],
        day_parts: &["भोर", "दुपहर", "साँझ", "राति", "भोरे", "सांझ"],
        minute: "{h} बजि {m} मिनट",
        second: "{h} बजि {m} मिनट {s} सेकंड",
        parts: ["राति {t}", "भोर {t}", "दुपहर {t}", "साँझ {t}"],
        typed: &["बजे", "बजि"],
        half: Some(Half {
            before: "साढ़े ", ends: &[("", "")], irregular: &[(1, "डेढ़"), (2, "अढ़ाइ")]
        }),
        ..hindi::CLOCK
    },
    money: [
        money(noun("टाका", "टाका"), noun("पाइ", "पाइ")),
        money(noun("डॉलर", "डॉलर"), noun("सेंट", "सेंट")),
        money(noun("यूरो", "यूरो"), noun("सेंट", "सेंट")),
        money(noun("पाउंड", "पाउंड"), noun("पेनी", "पेंस")),
    ],
    units: &DEVANAGARI,
    web: &hindi::WEB,
    endings: &ENDINGS,
    loans: &loans::DEVANAGARI,
    maths: &maths::HINDI,
    letters: &letters::DEVANAGARI,
    sandhi: &[("", "क|", "क")],
    spaced: &["म", "वाँ", "वां", "वीं"],
    idiom: Some(&idiom::MAITHILI),
    context: &CONTEXT,
    before_ending: " ",
};

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "शून्य" "एक" "दू" "तीन" "चारि" "पाँच" "छओ" "सात" "आठ" "नओ"
        "दश" "एगारह" "बारह" "तेरह" "चौदह" "पन्द्रह" "सोलह" "सत्रह" "अठारह" "उन्नैस"
        "बीस" "एकैस" "बाइस" "तेइस" "चौबीस" "पच्चीस" "छब्बीस" "सत्ताइस" "अठ्ठाइस" "उनतीस"
        "तीस" "एकतीस" "बत्तीस" "तैंतीस" "चौंतीस" "पैतीस" "छत्तीस" "सैंतीस" "अठतीस" "उनचालिस"
        "चालिस" "एकतालिस" "बियालिस" "तैंतालिस" "चौआलिस" "पैंतालिस" "छियालिस" "सैंतालिस" "अठतालिस" "उनचास"
        "पचास" "एकाबन" "बावन" "तिरपन" "चौबन" "पचपन" "छप्पन" "सताबन" "अठाबन" "उनसठि"
        "साठि" "एकसठि" "बासठि" "तिरसठि" "चौंसठि" "पैंसठि" "छिआसठि" "सतसठि" "अठसठि" "उनहत्तरि"
        "सत्तरि" "एकहत्तरि" "बहत्तरि" "तेहत्तरि" "चौहत्तरि" "पचहत्तरि" "छिहत्तरि" "सतहत्तरि" "अठहत्तरि" "उनासी"
        "अस्सी" "एकासी" "बेरासी" "तेरासी" "चौरासी" "पचासी" "छिआसी" "सतासी" "अठासी" "नबासी"
        "नबे" "एकानबे" "बेरानबे" "तेरानबे" "चौरानबे" "पंचानबे" "छिआनबे" "सन्तानबे" "अण्ठानबे" "निनानबे"
    },
    above: Above::Descending(&Descending {
        hundreds: [
            fixed("एक सए"),
            fixed("दू सए"),
            fixed("तीन सए"),
            fixed("चारि सए"),
            fixed("पाँच सए"),
            fixed("छओ सए"),
            fixed("सात सए"),
            fixed("आठ सए"),
            fixed("नओ सए"),
        ],
        after_hundreds: AfterHundreds::Space,
        thousand: plain("हजार"),
        lakh: plain("लाख"),
        crore: plain("करोड़"),
        and: None,
        beyond: &[],
        exact: &[],
        before_scale: &[],
    }),
};

/// An ordinal with a mark of Hindi.
macro_rules! hindi_ordinal {
    ($mark:literal, $other:literal, $said:literal) => {
        Ending {
            marks: &[$mark, $other],
            own_marks: &[(1, "ला"), (1, "ली")],
            irregular: &[(1, "पहिल"), (2, "दोसर"), (3, "तेसर"), (4, "चारिम")],
            joins: &[("दश", concat!("दस", $said)), ("ि", $said), ("", $said)],
        }
    };
}

static ENDINGS: [Ending; 4] = [
    Ending {
        marks: &["म"],
        own_marks: &[],
        irregular: &[(1, "पहिल"), (2, "दोसर"), (3, "तेसर"), (4, "चारिम")],
        joins: &[("", "म")],
    },
    // As in Hindi, whose marks are often typed.
    hindi_ordinal!("वाँ", "वां", "वाँ"),
    hindi_ordinal!("वीं", "वी", "वीं"),
    hindi_ordinal!("वें", "वे", "वें"),
];

static CONTEXT: Context = Context {
    case_ends: super::cases::MAITHILI,
    coins: super::coins::MAITHILI,
    halved: super::halved::MAITHILI,
    oblique: super::scales::MAITHILI,
    year_words: &["में", "मे", "क", "के", "सँ", "धरि", "ई"],
    year_endings: &["में", "मे", "क", "सँ", "धरि"],
    account: "अकाउंट",
    codes: &["पासवर्ड", "पिन", "ओटीपी", "खाता", "कार्ड", "कोड", "पिनकोड", "आधार"],
    links: &["नंबर", "नं", "अछि", "के", "संख्या", "अंक", "कोड"],
    phones: &["फोन", "मोबाइल", "मो", "संपर्क"],
    romans: &["भाग", "अध्याय", "कक्षा"],
    abbreviations: &[
        ("ई.", "ईस्वी", When::BeforeNumber),
        ("ई. पू.", "ईसा पूर्व", When::Always),
        ("नं", "नंबर", When::BeforeNumber),
        ("डाॅ.", "डॉक्टर", When::BeforeWord),
        ("ई.", "ईस्वी", When::BehindNumber),
        ("डा.", "डॉक्टर", When::BeforeWord),
        ("डा0", "डॉक्टर", When::BeforeWord),
        ("डा०", "डॉक्टर", When::BeforeWord),
        ("श्री.", "श्री", When::BeforeWord),
        ("प्रो0", "प्रोफेसर", When::BeforeWord),
        ("स्व.", "स्वर्गीय", When::BeforeWord),
        ("कु.", "कुमारी", When::Lone),
        ("इं.", "इंजीनियर", When::Lone),
        ("मो.", "मोबाइल", When::BeforeNumber),
        ("मो0", "मोबाइल", When::BeforeNumber),
        ("पृ.", "पृष्ठ", When::BeforeNumber),
        ("दि.", "दिनांक", When::BeforeNumber),
        ("सं.", "संख्या", When::BeforeNumber),
        ("नं0", "नंबर", When::BeforeNumber),
        ("डॉ", "डॉक्टर", When::BeforeWord),
        ("डॉ.", "डॉक्टर", When::BeforeWord),
        ("प्रो.", "प्रोफेसर", When::BeforeWord),
        ("पं.", "पंडित", When::Lone),
        ("ई.पू.", "ईसा पूर्व", When::Always),
        ("नं.", "नंबर", When::BeforeNumber),
    ],
    spellings: &[&["टाका", "टका"], &["प्रतिशत", "फीसदी"], &["मिनट", "मिनटमे"]],
    ratios: &["अनुपात"],
    ratio_beside: Some("{a}-{b}"),
    cricket: Some(&super::cricket::HINDI),
    series: series::MAITHILI,
    ..context::NONE
};
