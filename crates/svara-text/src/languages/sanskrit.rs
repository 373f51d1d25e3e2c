//! Sanskrit. `number/sanskrit.rs` composes its numbers.

use super::{
    Above, Calendar, Clock, Context, Ending, Noun, Numbers, Signs, UNITS, When, Words, clock_cases, context,
    hindi, letters, loans, maths, money, noun, same, series,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: Signs {
        mixed: "{a} {b} च",
        half: "अर्धं",
        per: "प्रति {b} {a}",
        per_ends: &[],
        range_before_noun: None,
        point: "दशमलव",
        minus: "ऋण",
        plus: "धन",
        percent: "प्रतिशतम्",
        range: "{a} आरभ्य {b}",
        range_from: &[],
        fraction: "{a} भाजितं {b}",
        one: ("एकं", "एकं"),
        before_noun: &[],
    },
    calendar: Calendar {
        spellings: &[("फ़रवरी", 2), ("सितम्बर", 9), ("अक्टूबर", 10), ("नवम्बर", 11), ("दिसम्बर", 12)],
        short: &[],
        bikram_sambat: None,
        months: words! {
            "जनवरी" "फरवरी" "मार्च" "अप्रैल" "मई" "जून" "जुलाई" "अगस्त" "सितंबर" "अक्तूबर" "नवंबर" "दिसंबर"
        },
        century: None,
        ..hindi::CALENDAR
    },
    clock: Clock {
        many_typed: true,
        at: &[],
        short: &[],
        few_typed: &[],
        cases: &clock_cases::NONE,
        duration: "{h} होराः {m} निमेषाः",
        hours: &["होराः", "घण्टाः"],
        day_parts: &["प्रातः", "मध्याह्ने", "सायं", "सायङ्काले", "रात्रौ"],
        hour: "{h} वादनम्",
        minute: "{h} वादनं {m} निमेषाः",
        second: "{h} वादनं {m} निमेषाः {s} क्षणाः",
        few_minutes: None,
        half: None,
        parts: ["रात्रौ {t}", "प्रातः {t}", "मध्याह्ने {t}", "सायं {t}"],
        typed: &["वादनम्", "वादने", "वादनं"],
    },
    money: [
        money(noun("रूप्यकम्", "रूप्यकाणि"), noun("पैसा", "पैसाः")),
        money(noun("डॉलर", "डॉलर"), noun("सेंट", "सेंट")),
        money(noun("यूरो", "यूरो"), noun("सेंट", "सेंट")),
        money(noun("पाउंड", "पाउंड"), noun("पेनी", "पेंस")),
    ],
    units: &UNIT_NAMES,
    web: &hindi::WEB,
    endings: &ENDINGS,
    loans: &loans::DEVANAGARI,
    maths: &maths::SANSKRIT,
    letters: &letters::DEVANAGARI,
    sandhi: &[],
    spaced: &[
        "यः",
        "ये",
        "र्थः",
        "र्थे",
        "ष्ठः",
        "ष्ठे",
        "मः",
        "मं",
        "मे",
        "मी",
        "तमे",
        "तमः",
        "तमं",
        "तमम्",
        "तमस्य",
        "तमी",
        "तमायाम्",
    ],
    idiom: None,
    context: &CONTEXT,
    before_ending: " ",
};

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "शून्यं" "एकं" "द्वे" "त्रीणि" "चत्वारि" "पञ्च" "षट्" "सप्त" "अष्ट" "नव"
        "दश" "एकादश" "द्वादश" "त्रयोदश" "चतुर्दश" "पञ्चदश" "षोडश" "सप्तदश" "अष्टादश" "नवदश"
        "विंशतिः" "एकविंशतिः" "द्वाविंशतिः" "त्रयोविंशतिः" "चतुर्विंशतिः" "पञ्चविंशतिः" "षड्विंशतिः" "सप्तविंशतिः" "अष्टाविंशतिः" "नवविंशतिः"
        "त्रिंशत्" "एकत्रिंशत्" "द्वात्रिंशत्" "त्रयस्त्रिंशत्" "चतुस्त्रिंशत्" "पञ्चत्रिंशत्" "षट्त्रिंशत्" "सप्तत्रिंशत्" "अष्टात्रिंशत्" "नवत्रिंशत्"
        "चत्वारिंशत्" "एकचत्वारिंशत्" "द्विचत्वारिंशत्" "त्रिचत्वारिंशत्" "चतुश्चत्वारिंशत्" "पञ्चचत्वारिंशत्" "षट्चत्वारिंशत्" "सप्तचत्वारिंशत्" "अष्टचत्वारिंशत्" "नवचत्वारिंशत्"
        "पञ्चाशत्" "एकपञ्चाशत्" "द्विपञ्चाशत्" "त्रिपञ्चाशत्" "चतुःपञ्चाशत्" "पञ्चपञ्चाशत्" "षट्पञ्चाशत्" "सप्तपञ्चाशत्" "अष्टपञ्चाशत्" "नवपञ्चाशत्"
        "षष्टिः" "एकषष्टिः" "द्विषष्टिः" "त्रिषष्टिः" "चतुःषष्टिः" "पञ्चषष्टिः" "षट्षष्टिः" "सप्तषष्टिः" "अष्टषष्टिः" "नवषष्टिः"
        "सप्ततिः" "एकसप्ततिः" "द्विसप्ततिः" "त्रिसप्ततिः" "चतुःसप्ततिः" "पञ्चसप्ततिः" "षट्सप्ततिः" "सप्तसप्ततिः" "अष्टसप्ततिः" "नवसप्ततिः"
        "अशीतिः" "एकाशीतिः" "द्व्यशीतिः" "त्र्यशीतिः" "चतुरशीतिः" "पञ्चाशीतिः" "षडशीतिः" "सप्ताशीतिः" "अष्टाशीतिः" "नवाशीतिः"
        "नवतिः" "एकनवतिः" "द्विनवतिः" "त्रिनवतिः" "चतुर्नवतिः" "पञ्चनवतिः" "षण्णवतिः" "सप्तनवतिः" "अष्टनवतिः" "नवनवतिः"
    },
    above: Above::Sanskrit,
};

static UNIT_NAMES: [Noun; UNITS] = same(words! {
    "मिलीमीटर" "सेंटीमीटर" "मीटर" "किलोमीटर" "पादः" "अङ्गुलम्" "मील" "वर्गपादः" "वर्गमीटर" "वर्गकिलोमीटर"
    "मिलीग्राम" "ग्राम" "किलोग्राम" "मिलीलीटर" "लीटर" "किलोमीटर प्रतिहोरम्" "मीटर प्रतिक्षणम्"
    "डिग्री सेल्सियस" "डिग्री फारेनहाइट" "अंशाः" "किलोबाइट" "मेगाबाइट" "गीगाबाइट" "टेराबाइट"
    "हर्ट्ज" "किलोहर्ट्ज" "मेगाहर्ट्ज" "गीगाहर्ट्ज" "वॉट" "किलोवॉट" "मेगावॉट" "किलोवॉट होरा" "वोल्ट"
    "क्षणाः" "निमेषाः" "होराः"
});

static CONTEXT: Context = Context {
    coins: super::coins::SANSKRIT,
    account: "लेखा",
    codes: &["पिन्", "पिन", "पिनकोड्", "पिनकोड", "ओटीपी", "कोड"],
    links: &["सङ्ख्या", "अस्ति"],
    phones: &["दूरवाणी", "दूरभाषः"],
    abbreviations: &[("डॉ.", "डॉक्टर", When::BeforeWord), ("पं.", "पण्डितः", When::Lone)],
    spellings: &[&["रूप्यकाणि", "रूप्यकम्"], &["प्रतिशतम्", "प्रतिशतं"]],
    ratios: &["अनुपात"],
    series: series::SANSKRIT,
    ..context::NONE
};

/// An ordinal with its ending as typed: the compound loses its own.
macro_rules! ordinal {
    ($mark:literal) => {
        Ending {
            marks: &[$mark],
            own_marks: &[],
            irregular: &[],
            joins: &[("िः", concat!("ि", $mark)), ("म्", $mark), ("ः", $mark), ("", $mark)],
        }
    };
}

/// The ordinals of five and of seven to ten.
macro_rules! small_ordinal {
    ($mark:literal) => {
        Ending {
            marks: &[],
            own_marks: &[(5, $mark), (7, $mark), (8, $mark), (9, $mark), (10, $mark)],
            irregular: &[],
            joins: &[("", $mark)],
        }
    };
}

/// The ordinals of one to four and of six.
macro_rules! first_ordinals {
    ($end:literal) => {
        Ending {
            marks: &[],
            own_marks: &[
                (1, concat!("म", $end)),
                (2, concat!("य", $end)),
                (3, concat!("य", $end)),
                (4, concat!("र्थ", $end)),
                (6, concat!("ष्ठ", $end)),
            ],
            irregular: &[
                (1, concat!("प्रथम", $end)),
                (2, concat!("द्वितीय", $end)),
                (3, concat!("तृतीय", $end)),
                (4, concat!("चतुर्थ", $end)),
                (6, concat!("षष्ठ", $end)),
            ],
            joins: &[("", "")],
        }
    };
}

static ENDINGS: [Ending; 17] = [
    first_ordinals!(""),
    first_ordinals!("ः"),
    first_ordinals!("ं"),
    first_ordinals!("म्"),
    first_ordinals!("े"),
    ordinal!("तमे"),
    ordinal!("तमः"),
    ordinal!("तमं"),
    ordinal!("तमम्"),
    ordinal!("तमस्य"),
    ordinal!("तमी"),
    ordinal!("तमायाम्"),
    small_ordinal!("म"),
    small_ordinal!("मः"),
    small_ordinal!("मं"),
    small_ordinal!("मे"),
    small_ordinal!("मी"),
];
