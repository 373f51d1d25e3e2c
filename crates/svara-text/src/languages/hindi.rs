//! Hindi; also spoken by the Bhojpuri, Magahi and Chhattisgarhi voices.

use super::units::{DEVANAGARI, with_plurals};
use super::{
    Above, AfterHundreds, Calendar, Clock, Context, Descending, Ending, Half, Money, Noun, Numbers, Signs,
    UNITS, Web, When, Words, context, fixed, idiom, letters, loans, maths, money, noun, plain,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: SIGNS,
    calendar: CALENDAR,
    clock: CLOCK,
    money: MONEY,
    units: &UNIT_NAMES,
    web: &WEB,
    endings: &ENDINGS,
    loans: &loans::DEVANAGARI,
    maths: &maths::HINDI,
    letters: &letters::DEVANAGARI,
    sandhi: &[],
    spaced: &["वाँ", "वां", "वीं", "वी", "वें"],
    idiom: Some(&idiom::HINDI),
    context: &CONTEXT,
    before_ending: " ",
};

/// The foot and the hour have plurals.
static UNIT_NAMES: [Noun; UNITS] = with_plurals(DEVANAGARI, noun("फ़ुट", "फीट"), noun("घंटा", "घंटे"));

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "शून्य" "एक" "दो" "तीन" "चार" "पाँच" "छह" "सात" "आठ" "नौ"
        "दस" "ग्यारह" "बारह" "तेरह" "चौदह" "पंद्रह" "सोलह" "सत्रह" "अठारह" "उन्नीस"
        "बीस" "इक्कीस" "बाईस" "तेईस" "चौबीस" "पच्चीस" "छब्बीस" "सत्ताईस" "अट्ठाईस" "उनतीस"
        "तीस" "इकतीस" "बत्तीस" "तैंतीस" "चौंतीस" "पैंतीस" "छत्तीस" "सैंतीस" "अड़तीस" "उनतालीस"
        "चालीस" "इकतालीस" "बयालीस" "तैंतालीस" "चवालीस" "पैंतालीस" "छियालीस" "सैंतालीस" "अड़तालीस" "उनचास"
        "पचास" "इक्यावन" "बावन" "तिरेपन" "चौवन" "पचपन" "छप्पन" "सत्तावन" "अट्ठावन" "उनसठ"
        "साठ" "इकसठ" "बासठ" "तिरेसठ" "चौंसठ" "पैंसठ" "छियासठ" "सड़सठ" "अड़सठ" "उनहत्तर"
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
            fixed("छह सौ"),
            fixed("सात सौ"),
            fixed("आठ सौ"),
            fixed("नौ सौ"),
        ],
        after_hundreds: AfterHundreds::Space,
        thousand: plain("हज़ार"),
        lakh: plain("लाख"),
        crore: plain("करोड़"),
        and: None,
        beyond: &[(10_000_000_000_000, "नील"), (100_000_000_000, "खरब"), (1_000_000_000, "अरब")],
        exact: &[],
        before_scale: &[],
    }),
};

pub(super) const SIGNS: Signs = Signs {
    mixed: "{a} और {b}",
    half: "आधा",
    per: "{a} प्रति {b}",
    per_ends: &[],
    range_before_noun: None,
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
    spellings: &[
        ("फरवरी", 2),
        ("अप्रेल", 4),
        ("सितम्बर", 9),
        ("सितंम्बर", 9),
        ("अक्तूबर", 10),
        ("अक्टूबर", 10),
        ("अक्तुबर", 10),
        ("ऑक्टोबर", 10),
        ("नवम्बर", 11),
        ("दिसम्बर", 12),
        ("अगस्‍त", 8),
    ],
    short: &[
        ("जन.", 1),
        ("फर.", 2),
        ("फ़र.", 2),
        ("अप्रै.", 4),
        ("अग.", 8),
        ("सित.", 9),
        ("अक्टू.", 10),
        ("अक्तू.", 10),
        ("नव.", 11),
        ("दिस.", 12),
    ],
    bikram_sambat: None,
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
    few_typed: &[("बजे", "{h} बजकर {m} मिनट")],
    duration: "{h} घंटे {m} मिनट",
    hours: &["घंटे", "घंटा", "घण्टे", "घंटों"],
    day_parts: &[
        "सुबह",
        "सवेरे",
        "प्रातः",
        "प्रातः",
        "भोर",
        "दोपहर",
        "शाम",
        "सायं",
        "रात",
        "रात्रि",
        "तड़के",
        "सुबह के",
        "शाम के",
        "रात के",
        "दोपहर के",
        "सुबह करीब",
        "शाम करीब",
    ],
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

static ENDINGS: [Ending; 3] = [
    Ending {
        marks: &["वाँ", "वां", "वा"],
        own_marks: &[(1, "ला"), (2, "रा"), (3, "रा"), (4, "था"), (6, "ठा"), (6, "ठवाँ"), (6, "ठवां")],
        irregular: &[(1, "पहला"), (2, "दूसरा"), (3, "तीसरा"), (4, "चौथा"), (6, "छठा")],
        joins: &[("", "वाँ")],
    },
    Ending {
        marks: &["वीं", "वी"],
        own_marks: &[(1, "ली"), (2, "री"), (3, "री"), (4, "थी"), (6, "ठी"), (6, "ठवीं")],
        irregular: &[(1, "पहली"), (2, "दूसरी"), (3, "तीसरी"), (4, "चौथी"), (6, "छठी")],
        joins: &[("", "वीं")],
    },
    Ending {
        marks: &["वें", "वे"],
        own_marks: &[(1, "ले"), (2, "रे"), (3, "रे"), (4, "थे"), (6, "ठे"), (6, "ठवें")],
        irregular: &[(1, "पहले"), (2, "दूसरे"), (3, "तीसरे"), (4, "चौथे"), (6, "छठे")],
        joins: &[("", "वें")],
    },
];

static CONTEXT: Context = Context {
    year_words: &["में", "का", "की", "के", "से", "तक", "को", "वाले", "वाली", "ई", "ईस्वी", "ईसवी", "दशक"],
    year_endings: &["में", "का", "की", "के", "से", "तक"],
    more_than: &["अधिक", "ज़्यादा", "ज्यादा", "कम", "ऊपर", "भी", "बीच", "करीब", "लगभग", "नीचे"],
    codes: &[
        "पिन",
        "पिनकोड",
        "ओटीपी",
        "सीवीवी",
        "आधार",
        "खाता",
        "खाते",
        "अकाउंट",
        "एकाउंट",
        "कार्ड",
        "पीएनआर",
        "कोड",
        "पासकोड",
        "यूएएन",
        "आईएफएससी",
        "गाड़ी नंबर",
    ],
    links: &[
        "नंबर",
        "नम्बर",
        "नं",
        "संख्या",
        "क्रमांक",
        "है",
        "था",
        "का",
        "की",
        "के",
        "आखिरी",
        "आख़िरी",
        "अंतिम",
        "चार",
        "अंक",
        "कोड",
        "आपका",
        "मेरा",
    ],
    phones: &[
        "फोन",
        "फ़ोन",
        "मोबाइल",
        "मो",
        "टेलीफोन",
        "दूरभाष",
        "हेल्पलाइन",
        "व्हाट्सएप",
        "व्हाट्सऐप",
        "फैक्स",
        "संपर्क",
        "सम्पर्क",
    ],
    romans: &["भाग", "अध्याय", "खंड", "कक्षा", "चरण", "अनुसूची", "टाइप"],
    abbreviations: &[
        ("डॉ.", "डॉक्टर", When::BeforeWord),
        ("डा.", "डॉक्टर", When::BeforeWord),
        ("डा0", "डॉक्टर", When::BeforeWord),
        ("डा०", "डॉक्टर", When::BeforeWord),
        ("डॉ0", "डॉक्टर", When::BeforeWord),
        ("डॉ०", "डॉक्टर", When::BeforeWord),
        ("प्रो.", "प्रोफेसर", When::BeforeWord),
        ("प्रो0", "प्रोफेसर", When::BeforeWord),
        ("प्रो०", "प्रोफेसर", When::BeforeWord),
        ("इं.", "इंजीनियर", When::BeforeWord),
        ("इंजी.", "इंजीनियर", When::BeforeWord),
        ("ले.", "लेफ्टिनेंट", When::BeforeWord),
        ("लेफ्टि.", "लेफ्टिनेंट", When::BeforeWord),
        ("वै.", "वैज्ञानिक", When::BeforeWord),
        ("कु.", "कुमारी", When::BeforeWord),
        ("मा.", "मास्टर", When::BeforeWord),
        ("पं.", "पंडित", When::BeforeWord),
        ("स्व.", "स्वर्गीय", When::BeforeWord),
        ("एड.", "एडवोकेट", When::BeforeWord),
        ("कै.", "कैप्टन", When::BeforeWord),
        ("ब्रि.", "ब्रिगेडियर", When::BeforeWord),
        ("मे.", "मेजर", When::BeforeWord),
        ("मो.", "मोबाइल", When::BeforeNumber),
        ("मो0", "मोबाइल", When::BeforeNumber),
        ("मो०", "मोबाइल", When::BeforeNumber),
        ("फो.", "फोन", When::BeforeNumber),
        ("नं.", "नंबर", When::BeforeNumber),
        ("नं0", "नंबर", When::BeforeNumber),
        ("नं०", "नंबर", When::BeforeNumber),
        ("सं.", "संख्या", When::BeforeNumber),
        ("सं0", "संख्या", When::BeforeNumber),
        ("क्र.", "क्रमांक", When::BeforeNumber),
        ("पृ.", "पृष्ठ", When::BeforeNumber),
        ("दि.", "दिनांक", When::BeforeNumber),
        ("ता.", "तारीख", When::BeforeNumber),
        ("ई.", "ईस्वी", When::BehindNumber),
        ("श्री.", "श्री", When::BeforeWord),
        ("श्रीमती.", "श्रीमती", When::BeforeWord),
        ("ई. पू.", "ईसा पूर्व", When::Always),
        ("ई.पू.", "ईसा पूर्व", When::Always),
        ("ई.पू", "ईसा पूर्व", When::Always),
        ("ई०पू०", "ईसा पूर्व", When::Always),
        ("वि.सं.", "विक्रम संवत", When::Always),
        ("वि. सं.", "विक्रम संवत", When::Always),
        ("उ.प्र.", "उत्तर प्रदेश", When::Always),
        ("उ0प्र0", "उत्तर प्रदेश", When::Always),
        ("उ०प्र०", "उत्तर प्रदेश", When::Always),
        ("म.प्र.", "मध्य प्रदेश", When::Always),
    ],
    spellings: &[
        &["रुपये", "रुपए", "रुपया", "रूपये", "रूपए", "रुपयों", "रुपयें"],
        &["प्रतिशत", "फीसदी", "फ़ीसदी", "परसेंट"],
        &["मिनट", "मिनटों"],
        &["घंटे", "घंटा", "घंटों", "घण्टे"],
        &["किलोमीटर", "किमी"],
    ],
    ..context::NONE
};
