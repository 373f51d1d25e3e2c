//! Dogri. Signs, units and addresses as in Hindi, where no better source was found.

use super::units::DEVANAGARI;
use super::{
    Above, AfterHundreds, Calendar, Clock, Context, Descending, Ending, Numbers, Signs, When, Words,
    clock_cases, context, fixed, hindi, idiom, letters, loans, maths, money, noun, plain, series,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: Signs {
        mixed: "{a} ते {b}",
        half: "अद्धा",
        per: "{a} प्रति {b}",
        per_ends: &[],
        range_before_noun: None,
        range: "{a} थमां {b}",
        one: ("इक", "इक"),
        ..hindi::SIGNS
    },
    calendar: Calendar {
        spellings: &[
            ("फरवरी", 2),
            ("सितंबर", 9),
            ("नवंबर", 11),
            ("दिसंबर", 12),
            ("अक्तूबर", 10),
            ("अगस्त", 8),
            ("जनवरी", 1),
            ("मई", 5),
            ("सितम्बर", 9),
            ("अक्टूबर", 10),
            ("नवम्बर", 11),
            ("दिसम्बर", 12),
        ],
        short: &[],
        bikram_sambat: None,
        months: words! {
            "जनवरी" "फरवरी" "मार्च" "अप्रैल" "मेई" "जून" "जुलाई" "अगस्त" "सितंबर" "अक्तूबर" "नवंबर" "दिसंबर"
        },
        ..hindi::CALENDAR
    },
    clock: Clock {
        at: &[],
        short: &[],
        few_typed: &[("बजे", "{h} बजियै {m} मिंट")],
        cases: &clock_cases::NONE,
        duration: "{h} घैंटे {m} मिंट",
        hours: &["घैंटे", "घंटे"],
        day_parts: &["बडलै", "दपैहरीं", "संञां", "रातीं"],
        minute: "{h} बजियै {m} मिंट",
        second: "{h} बजियै {m} मिंट {s} सकिंट",
        parts: ["रातीं {t}", "बडलै {t}", "दपैहरीं {t}", "संञां {t}"],
        typed: &["बजे", "बजियै"],
        ..hindi::CLOCK
    },
    money: [
        money(noun("रपेआ", "रपेऽ"), noun("पैसा", "पैसे")),
        money(noun("डालर", "डालर"), noun("सेंट", "सेंट")),
        money(noun("यूरो", "यूरो"), noun("सेंट", "सेंट")),
        money(noun("पाउंड", "पाउंड"), noun("पेनी", "पेंस")),
    ],
    units: &DEVANAGARI,
    web: &hindi::WEB,
    endings: &ENDINGS,
    loans: &loans::DEVANAGARI,
    maths: &maths::HINDI,
    letters: &letters::DEVANAGARI,
    sandhi: &[],
    spaced: &["मां", "मीं", "वाँ", "वां", "वीं"],
    idiom: Some(&idiom::HINDI),
    context: &CONTEXT,
    before_ending: " ",
};

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "सिफर" "इक" "दो" "त्रै" "चार" "पंज" "छे" "सत्त" "अट्ठ" "नौ"
        "दस" "ञारां" "बारां" "तेरां" "चौदां" "पंदरां" "सोलां" "सतारां" "ठारां" "उन्नी"
        "बीह्" "इक्की" "बाई" "त्रेई" "चौबी" "पं'जी" "छब्बी" "सताई" "ठाई" "नत्ती"
        "त्रीह्" "कत्ती" "बत्ती" "तेत्ती" "चौत्ती" "पैंत्ती" "छित्ती" "सैंत्ती" "ठत्ती" "उनताली"
        "चाली" "कताली" "बताली" "तरताली" "चरताली" "पंजताली" "छताली" "संताली" "अठताली" "नुंजा"
        "पंजाह्" "कुंजा" "बुंजा" "त्रुंजा" "चरुंजा" "पचुंजा" "छपुंजा" "सतुंजा" "ठुंजा" "नाह्ट"
        "सट्ठ" "काह्ट" "बाह्ट" "त्रेह्ट" "चौंह्ट" "पैंह्ट" "छेआह्ट" "सताह्ट" "ठाह्ट" "न्हत्तर"
        "स्हत्तर" "क्हत्तर" "ब्हत्तर" "तर्हत्तर" "चौर्हत्तर" "पच्हत्तर" "छेहत्तर" "सत्हत्तर" "ठ्हत्तर" "नासी"
        "अस्सी" "कासी" "बासी" "तरासी" "चौरासी" "पचासी" "छेआसी" "सतासी" "ठासी" "नानुए"
        "नब्बै" "कानुए" "बानुए" "त्रानुए" "चरानुए" "पचानुए" "छेआनुए" "सतानुए" "ठानुए" "नड़िनुए"
    },
    above: Above::Descending(&Descending {
        hundreds: [
            fixed("इक सौ"),
            fixed("दो सौ"),
            fixed("त्रै सौ"),
            fixed("चार सौ"),
            fixed("पंज सौ"),
            fixed("छे सौ"),
            fixed("सत्त सौ"),
            fixed("अट्ठ सौ"),
            fixed("नौ सौ"),
        ],
        after_hundreds: AfterHundreds::Space,
        thousand: plain("ज्हार"),
        lakh: plain("लक्ख"),
        crore: plain("करोड़"),
        and: None,
        beyond: &[],
        exact: &[],
        before_scale: &[],
    }),
};

static ENDINGS: [Ending; 2] = [
    Ending {
        marks: &["मां", "वां", "वाँ"],
        own_marks: &[],
        irregular: &[(1, "पैह्ला"), (2, "दूआ"), (3, "त्रीया"), (4, "चौथा")],
        joins: &[("", "मां")],
    },
    Ending {
        marks: &["मीं", "वीं"],
        own_marks: &[],
        irregular: &[(1, "पैह्ली"), (2, "दूई"), (3, "त्रीयी"), (4, "चौथी")],
        joins: &[("", "मीं")],
    },
];

static CONTEXT: Context = Context {
    case_ends: super::cases::DOGRI,
    coins: super::coins::DOGRI,
    halved: super::halved::DOGRI,
    year_words: &["च", "दा", "दी", "दे", "थमां", "तगर"],
    year_endings: &["च"],
    account: "अकाउंट",
    codes: &["पिन", "ओटीपी", "खाता", "कार्ड", "कोड", "पिनकोड", "आधार"],
    links: &["नंबर", "नं", "ऐ", "दे", "दा", "अंक", "कोड"],
    phones: &["फोन", "मोबाइल", "मो"],
    romans: &["भाग", "अध्याय"],
    abbreviations: &[
        ("ई. पू.", "ईसा पूर्व", When::Always),
        ("ई.पू.", "ईसा पूर्व", When::Always),
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
        ("डॉ.", "डॉक्टर", When::BeforeWord),
        ("प्रो.", "प्रोफेसर", When::BeforeWord),
        ("नं.", "नंबर", When::BeforeNumber),
    ],
    spellings: &[&["रपेऽ", "रपेआ", "रुपये"], &["प्रतिशत", "फीसदी"]],
    ratios: &["अनुपात"],
    ratio_beside: Some("{a}-{b}"),
    cricket: Some(&super::cricket::HINDI),
    series: series::DOGRI,
    ..context::NONE
};
