//! Assamese.

use super::{
    Above, AfterHundreds, Calendar, Clock, Context, Descending, Ending, Half, Noun, Numbers, Signs, UNITS,
    Web, When, Words, clock_cases, context, fixed, idiom, letters, loans, maths, money, noun, plain, same,
    series, towns,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: Signs {
        mixed: "{a} আৰু {b}",
        half: "আধা",
        per: "{a} প্ৰতি {b}",
        per_ends: &[],
        range_before_noun: None,
        point: "দশমিক",
        minus: "মাইনাছ",
        plus: "প্লাছ",
        percent: "শতাংশ",
        range: "{a}ৰ পৰা {b}",
        range_from: &[],
        fraction: "{a} বাই {b}",
        one: ("এক", "এক"),
        before_noun: &[],
    },
    calendar: Calendar {
        spellings: &[
            ("জানুৱাৰি", 1),
            ("ফেব্ৰুৱাৰি", 2),
            ("এপ্ৰিল", 4),
            ("মে", 5),
            ("আগস্ট", 8),
            ("চেপ্টেম্বৰ", 9),
            ("ছেপ্টেম্বৰ", 9),
            ("নবেম্বৰ", 11),
            ("ডিচেম্বৰ", 12),
        ],
        short: &[("জানু.", 1), ("ফেব্ৰু.", 2), ("ছেপ্তে.", 9), ("অক্টো.", 10), ("নৱে.", 11), ("ডিচে.", 12)],
        bikram_sambat: None,
        months: words! {
            "জানুৱাৰী" "ফেব্ৰুৱাৰী" "মাৰ্চ" "এপ্ৰিল" "মে’" "জুন" "জুলাই" "আগষ্ট" "ছেপ্তেম্বৰ" "অক্টোবৰ" "নৱেম্বৰ" "ডিচেম্বৰ"
        },
        ordinal_day: false,
        century: Some("শ"),
        halves_from_2010: false,
        year_before: &["সন", "খ্ৰীঃ", "খ্ৰীষ্টাব্দ", "চন"],
        year_behind: &["চন", "খ্ৰীষ্টাব্দ"],
    },
    clock: Clock {
        many_typed: true,
        at: &[],
        short: &[],
        few_typed: &[
            ("বজাত", "{h} বাজি {m} মিনিটত"),
            ("বজাৰ", "{h} বাজি {m} মিনিটৰ"),
            ("বজালৈ", "{h} বাজি {m} মিনিটলৈ"),
        ],
        cases: &clock_cases::ASSAMESE,
        duration: "{h} ঘণ্টা {m} মিনিট",
        hours: &["ঘণ্টা", "ঘন্টা", "ঘণ্টাৰ", "ঘন্টাৰ", "ঘণ্টাত"],
        day_parts: &["ৰাতিপুৱা", "পুৱা", "দুপৰীয়া", "আবেলি", "গধূলি", "সন্ধিয়া", "নিশা", "ৰাতি"],
        hour: "{h} বজাত",
        minute: "{h} বাজি {m} মিনিট",
        second: "{h} বাজি {m} মিনিট {s} ছেকেণ্ড",
        few_minutes: None,
        half: Some(Half {
            before: "চাৰে ", ends: &[("", "")], irregular: &[(1, "ডেৰ"), (2, "আঢ়ৈ")]
        }),
        parts: ["নিশা {t}", "পুৱা {t}", "দুপৰীয়া {t}", "গধূলি {t}"],
        typed: &["বজা", "বাজি", "বাজিছে", "বাজে", "ঘটিকা"],
    },
    money: [
        money(noun("টকা", "টকা"), noun("পইচা", "পইচা")),
        money(noun("ডলাৰ", "ডলাৰ"), noun("চেণ্ট", "চেণ্ট")),
        money(noun("ইউৰো", "ইউৰো"), noun("চেণ্ট", "চেণ্ট")),
        money(noun("পাউণ্ড", "পাউণ্ড"), noun("পেনী", "পেন্স")),
    ],
    units: &UNIT_NAMES,
    web: &WEB,
    endings: &ENDINGS,
    loans: &loans::ASSAMESE,
    maths: &maths::ASSAMESE,
    letters: &letters::ASSAMESE,
    sandhi: &SANDHI,
    spaced: &["লা", "তম", "ম", "য়", "ৰ্থ", "ষ্ঠ", "টা", "ৰ", "ৰো", "ত"],
    idiom: Some(&idiom::ASSAMESE),
    context: &CONTEXT,
    before_ending: "",
};

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "শূন্য" "এক" "দুই" "তিনি" "চাৰি" "পাঁচ" "ছয়" "সাত" "আঠ" "ন"
        "দহ" "এঘাৰ" "বাৰ" "তেৰ" "চৈধ্য" "পোন্ধৰ" "ষোল্ল" "সোতৰ" "ওঠৰ" "ঊনৈশ"
        "বিশ" "একৈশ" "বাইশ" "তেইশ" "চৌবিশ" "পঁচিশ" "ছাব্বিশ" "সাতাইশ" "আঠাইশ" "ঊনত্ৰিশ"
        "ত্ৰিশ" "একত্ৰিশ" "বত্ৰিশ" "তেত্ৰিশ" "চৌত্ৰিশ" "পঁয়ত্ৰিশ" "ছয়ত্ৰিশ" "সাতত্ৰিশ" "আঠত্ৰিশ" "ঊনচল্লিশ"
        "চল্লিশ" "একচল্লিশ" "বিয়াল্লিশ" "তিয়াল্লিশ" "চৌচল্লিশ" "পঞ্চল্লিশ" "ছয়চল্লিশ" "সাতচল্লিশ" "আঠচল্লিশ" "ঊনপঞ্চাশ"
        "পঞ্চাশ" "একাৱন" "বাৱন" "তেপন" "চৌৱন" "পঁচপন" "ছাপন" "সাতাৱন" "আঠাৱন" "ঊনষাঠি"
        "ষাঠি" "একষষ্ঠি" "বাষষ্ঠি" "তেষষ্ঠি" "চৌষষ্ঠি" "পঁয়ষষ্ঠি" "ছয়ষষ্ঠি" "সাতষষ্ঠি" "আঠষষ্ঠি" "ঊনসত্তৰ"
        "সত্তৰ" "এসত্তৰ" "বাসত্তৰ" "তেসত্তৰ" "চৌসত্তৰ" "পঁয়সত্তৰ" "ছয়সত্তৰ" "সাতসত্তৰ" "আঠসত্তৰ" "ঊনাশী"
        "আশী" "একাশী" "বিৰাশী" "তিৰাশী" "চৌৰাশী" "পঁচাশী" "ছিয়াশী" "সাতাশী" "আঠাশী" "ঊননব্বৈ"
        "নব্বৈ" "একানব্বৈ" "বিৰানব্বৈ" "তিৰানব্বৈ" "চৌৰানব্বৈ" "পঁচানব্বৈ" "ছিয়ানব্বৈ" "সাতানব্বৈ" "আঠানব্বৈ" "নিৰানব্বৈ"
    },
    above: Above::Descending(&Descending {
        hundreds: [
            fixed("এশ"),
            fixed("দুশ"),
            fixed("তিনিশ"),
            fixed("চাৰিশ"),
            fixed("পাঁচশ"),
            fixed("ছয়শ"),
            fixed("সাতশ"),
            fixed("আঠশ"),
            fixed("নশ"),
        ],
        after_hundreds: AfterHundreds::Space,
        thousand: plain("হাজাৰ"),
        lakh: plain("লাখ"),
        crore: plain("কোটি"),
        and: None,
        beyond: &[],
        exact: &[],
        before_scale: &[],
    }),
};

static UNIT_NAMES: [Noun; UNITS] = same(words! {
    "মিলিমিটাৰ" "ছেণ্টিমিটাৰ" "মিটাৰ" "কিলোমিটাৰ" "ফুট" "ইঞ্চি" "মাইল" "বৰ্গফুট" "বৰ্গ মিটাৰ" "বৰ্গ কিলোমিটাৰ"
    "মিলিগ্ৰাম" "গ্ৰাম" "কিলোগ্ৰাম" "মিলিলিটাৰ" "লিটাৰ" "কিলোমিটাৰ প্ৰতি ঘণ্টা" "মিটাৰ প্ৰতি ছেকেণ্ড"
    "ডিগ্ৰী চেলচিয়াছ" "ডিগ্ৰী ফাৰেনহাইট" "ডিগ্ৰী" "কিলোবাইট" "মেগাবাইট" "গিগাবাইট" "টেৰাবাইট"
    "হাৰ্টজ" "কিলোহাৰ্টজ" "মেগাহাৰ্টজ" "গিগাহাৰ্টজ" "ৱাট" "কিলোৱাট" "মেগাৱাট" "কিলোৱাট ঘণ্টা" "ভল্ট"
    "ছেকেণ্ড" "মিনিট" "ঘণ্টা"
});

static WEB: Web = Web {
    at: "এট",
    dot: "ডট",
    slash: "শ্লেছ",
    hyphen: "হাইফেন",
    underscore: "আণ্ডাৰস্ক’ৰ",
    colon: "ক’লন",
    question: "কুৱেশ্চন মাৰ্ক",
    equals: "ইকুৱেলছ",
    and: "এণ্ড",
    hash: "হেছ",
    percent: "পাৰচেণ্ট",
    plus: "প্লাছ",
    tilde: "টিল্ড",
};

static ENDINGS: [Ending; 4] = [
    // Of days of a month.
    Ending {
        marks: &[],
        own_marks: &[(1, "লা"), (2, "ৰা"), (3, "ৰা"), (4, "ঠা")],
        irregular: &[(1, "পহিলা"), (2, "দোসৰা"), (3, "তেসৰা"), (4, "চৌঠা")],
        joins: &[("", "")],
    },
    // Before words for classes and centuries.
    Ending {
        marks: &[],
        own_marks: &[
            (11, "শ"),
            (12, "শ"),
            (13, "শ"),
            (14, "শ"),
            (15, "শ"),
            (16, "শ"),
            (17, "শ"),
            (18, "শ"),
            (19, "শ"),
            (20, "শ"),
            (21, "শ"),
        ],
        irregular: &[
            (11, "একাদশ"),
            (12, "দ্বাদশ"),
            (13, "ত্ৰয়োদশ"),
            (14, "চতুৰ্দশ"),
            (15, "পঞ্চদশ"),
            (16, "ষোড়শ"),
            (17, "সপ্তদশ"),
            (18, "অষ্টাদশ"),
            (19, "ঊনবিংশ"),
            (20, "বিংশ"),
            (21, "একবিংশ"),
        ],
        joins: &[("", "শ")],
    },
    Ending { marks: &["তম"], own_marks: &[], irregular: &[], joins: &[("", "তম")] },
    Ending {
        marks: &[],
        own_marks: &[
            (1, "ম"),
            (2, "য়"),
            (3, "য়"),
            (4, "ৰ্থ"),
            (5, "ম"),
            (6, "ষ্ঠ"),
            (7, "ম"),
            (8, "ম"),
            (9, "ম"),
            (10, "ম"),
        ],
        irregular: &[
            (1, "প্ৰথম"),
            (2, "দ্বিতীয়"),
            (3, "তৃতীয়"),
            (4, "চতুৰ্থ"),
            (5, "পঞ্চম"),
            (6, "ষষ্ঠ"),
            (7, "সপ্তম"),
            (8, "অষ্টম"),
            (9, "নৱম"),
            (10, "দশম"),
        ],
        joins: &[("", "তম")],
    },
];

static CONTEXT: Context = Context {
    case_ends: super::cases::ASSAMESE,
    coins: super::coins::ASSAMESE,
    behind_ordinals: context::BehindOrdinals { endings: &["বাৰ"], nouns: &[] },
    halved: super::halved::ASSAMESE,
    year_words: &["লৈকে", "ৰ", "ত", "বংগাব্দ", "বঙ্গাব্দ", "খৃঃ", "চনত", "চনৰ", "চনৰপৰা", "পৰা", "লৈ"],
    year_endings: &["চনত", "চনৰ", "চনৰে", "লৈ", "লৈকে", "ত", "ৰ", "-ত", "-ৰ"],
    account: "একাউণ্ট",
    codes: &[
        "পাছৱৰ্ড",
        "পিন",
        "পিনকোড",
        "অটিপি",
        "ওটিপি",
        "আধাৰ",
        "একাউণ্ট",
        "কাৰ্ড",
        "ক’ড",
        "ক'ড",
        "অ’টিপি",
        "অ'টিপি",
        "কোড",
    ],
    links: &["নম্বৰ", "নং", "শেষ", "অংক"],
    phones: &["হেল্পলাইন", "ফোন", "ম’বাইল", "মোবাইল"],
    counted: &["দিন", "বছৰ", "মাহ", "মিনিট", "ঘণ্টা", "বজা", "কিলো", "শতাংশ", "তাৰিখ", "নং", "চনত", "চনৰ"],
    uncounted: &["ৰ", "পৰা", "বা", "আৰু"],
    towns: towns::ASSAMESE,
    abbreviations: &[
        ("নং", "নম্বৰ", When::BehindNumber),
        ("ড০", "ডক্টৰ", When::BeforeWord),
        ("ডা০", "ডাক্তৰ", When::BeforeWord),
        ("শ্ৰী.", "শ্ৰী", When::BeforeWord),
        ("খ্ৰীঃপূঃ", "খ্ৰীষ্টপূৰ্ব", When::Always),
        ("পৃঃ", "পৃষ্ঠা", When::BeforeNumber),
        ("পৃ.", "পৃষ্ঠা", When::BeforeNumber),
        ("মোঃ", "মোহম্মদ", When::BeforeWord),
        ("অধ্যা.", "অধ্যাপক", When::BeforeWord),
        ("নং.", "নম্বৰ", When::BeforeNumber),
        ("ড°", "ডক্টৰ", When::BeforeWord),
        ("ডাঃ", "ডাক্তৰ", When::BeforeWord),
        ("ডা.", "ডাক্তৰ", When::BeforeWord),
        ("ড.", "ডক্টৰ", When::BeforeWord),
        ("ডঃ", "ডক্টৰ", When::BeforeWord),
        ("খ্ৰীঃ", "খ্ৰীষ্টাব্দ", When::Always),
        ("নং", "নম্বৰ", When::BeforeNumber),
    ],
    emphatics: &["ও", "ই"],
    spellings: &[&["টকা", "টকাৰ", "টকাত"], &["শতাংশ"], &["মিনিট", "মিনিটত"]],
    ratios: &["অনুপাত"],
    ratio_beside: Some("{a}-{b}"),
    cricket: Some(&super::cricket::ASSAMESE),
    series: series::ASSAMESE,
    ..context::NONE
};

const SANDHI: [(&str, &str, &str); 12] = [
    ("", "কৈ|", "কৈ"),
    ("", "ৰ|", "ৰ"),
    ("", "ত|", "ত"),
    ("", "লৈ|", "লৈ"),
    ("", "টা|", "টা"),
    ("", "জন|", "জন"),
    ("", "খন|", "খন"),
    ("", "ে|", "ে"),
    ("", "ক|", "ক"),
    ("", "পৰা|", "ৰ পৰা"),
    ("", "টি|", "টি"),
    ("", "টাৰ|", "টাৰ"),
];
