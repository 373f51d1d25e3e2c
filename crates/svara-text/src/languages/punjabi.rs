//! Punjabi in Gurmukhi.

use super::{
    Above, AfterHundreds, Calendar, Clock, Context, Descending, Ending, Half, Noun, Numbers, Signs, UNITS,
    Web, When, Words, clock_cases, context, fixed, idiom, letters, loans, maths, money, noun, plain, same,
    series, towns, units::with_plurals,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: Signs {
        mixed: "{a} ਅਤੇ {b}",
        half: "ਅੱਧਾ",
        per: "{a} ਪ੍ਰਤੀ {b}",
        per_ends: &[],
        range_before_noun: None,
        point: "ਦਸ਼ਮਲਵ",
        minus: "ਮਾਈਨਸ",
        plus: "ਪਲੱਸ",
        percent: "ਪ੍ਰਤੀਸ਼ਤ",
        range: "{a} ਤੋਂ {b}",
        range_from: &[],
        fraction: "{a} ਬਟਾ {b}",
        one: ("ਇੱਕ", "ਇੱਕ"),
        before_noun: &[],
    },
    calendar: Calendar {
        spellings: &[
            ("ਸਿਤੰਬਰ", 9),
            ("ਜਨਬਰੀ", 1),
            ("ਜੂਲਾਈ", 7),
            ("ਅਗੱਸਤ", 8),
            ("ਫਰਵਰੀ", 2),
            ("ਅਪਰੈਲ", 4),
            ("ਅਪ੍ਰੇਲ", 4),
            ("ਸਤੰਬਰ", 9),
            ("ਅਕਤੂਬਰ", 10),
            ("ਅਕਤੂੱਬਰ", 10),
            ("ਨਵੰਬਰ", 11),
            ("ਦਸੰਬਰ", 12),
        ],
        short: &[
            ("ਜਨ.", 1),
            ("ਫਰ.", 2),
            ("ਫ਼ਰ.", 2),
            ("ਅਗ.", 8),
            ("ਸਤੰ.", 9),
            ("ਅਕਤੂ.", 10),
            ("ਨਵੰ.", 11),
            ("ਦਸੰ.", 12),
        ],
        bikram_sambat: None,
        months: words! {
            "ਜਨਵਰੀ" "ਫ਼ਰਵਰੀ" "ਮਾਰਚ" "ਅਪ੍ਰੈਲ" "ਮਈ" "ਜੂਨ" "ਜੁਲਾਈ" "ਅਗਸਤ" "ਸਤੰਬਰ" "ਅਕਤੂਬਰ" "ਨਵੰਬਰ" "ਦਸੰਬਰ"
        },
        ordinal_day: false,
        century: Some(" ਸੌ"),
        halves_from_2010: false,
        year_before: &["ਸੰਮਤ", "ਬਿਕਰਮੀ", "ਸੰਨ", "ਸਾਲ", "ਸਨ", "ਈ.", "ਈਸਵੀ"],
        year_behind: &["ਈਸਵੀ", "ਈ.", "ਈ:"],
    },
    clock: Clock {
        many_typed: true,
        at: &[],
        short: &[],
        few_typed: &[("ਵਜੇ", "{h} ਵੱਜ ਕੇ {m} ਮਿੰਟ")],
        cases: &clock_cases::NONE,
        duration: "{h} ਘੰਟੇ {m} ਮਿੰਟ",
        hours: &["ਘੰਟੇ", "ਘੰਟਾ", "ਘੰਟਿਆਂ"],
        day_parts: &[
            "ਸਵੇਰ ਦੇ",
            "ਸ਼ਾਮ ਦੇ",
            "ਰਾਤ ਦੇ",
            "ਦੁਪਹਿਰ ਦੇ",
            "ਸਵੇਰੇ",
            "ਸਵੇਰ",
            "ਦੁਪਹਿਰ",
            "ਦੁਪਹਿਰੇ",
            "ਸ਼ਾਮ",
            "ਸ਼ਾਮੀਂ",
            "ਰਾਤ",
            "ਰਾਤੀਂ",
        ],
        hour: "{h} ਵਜੇ",
        minute: "{h} ਵੱਜ ਕੇ {m} ਮਿੰਟ",
        second: "{h} ਵੱਜ ਕੇ {m} ਮਿੰਟ {s} ਸਕਿੰਟ",
        few_minutes: None,
        half: Some(Half {
            before: "ਸਾਢੇ ", ends: &[("", "")], irregular: &[(1, "ਡੇਢ"), (2, "ਢਾਈ")]
        }),
        parts: ["ਰਾਤ {t}", "ਸਵੇਰੇ {t}", "ਦੁਪਹਿਰ {t}", "ਸ਼ਾਮ {t}"],
        typed: &["ਵਜੇ", "ਵੱਜ", "ਵੱਜੇ"],
    },
    money: [
        money(noun("ਰੁਪਇਆ", "ਰੁਪਏ"), noun("ਪੈਸਾ", "ਪੈਸੇ")),
        money(noun("ਡਾਲਰ", "ਡਾਲਰ"), noun("ਸੈਂਟ", "ਸੈਂਟ")),
        money(noun("ਯੂਰੋ", "ਯੂਰੋ"), noun("ਸੈਂਟ", "ਸੈਂਟ")),
        money(noun("ਪੌਂਡ", "ਪੌਂਡ"), noun("ਪੈਨੀ", "ਪੈਂਸ")),
    ],
    units: &UNIT_NAMES,
    web: &WEB,
    endings: &ENDINGS,
    loans: &loans::GURMUKHI,
    maths: &maths::PUNJABI,
    letters: &letters::GURMUKHI,
    sandhi: &[],
    spaced: &["ਵਾਂ", "ਵੀਂ", "ਵੇਂ", "ਲਾ", "ਲੀ", "ਥਾ", "ਥੀ", "ਥੇ"],
    idiom: Some(&idiom::PUNJABI),
    context: &CONTEXT,
    before_ending: " ",
};

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "ਸਿਫ਼ਰ" "ਇੱਕ" "ਦੋ" "ਤਿੰਨ" "ਚਾਰ" "ਪੰਜ" "ਛੇ" "ਸੱਤ" "ਅੱਠ" "ਨੌਂ"
        "ਦਸ" "ਗਿਆਰਾਂ" "ਬਾਰਾਂ" "ਤੇਰਾਂ" "ਚੌਦਾਂ" "ਪੰਦਰਾਂ" "ਸੋਲਾਂ" "ਸਤਾਰਾਂ" "ਅਠਾਰਾਂ" "ਉੱਨੀ"
        "ਵੀਹ" "ਇੱਕੀ" "ਬਾਈ" "ਤੇਈ" "ਚੌਵੀ" "ਪੱਚੀ" "ਛੱਬੀ" "ਸਤਾਈ" "ਅਠਾਈ" "ਉਨੱਤੀ"
        "ਤੀਹ" "ਇਕੱਤੀ" "ਬੱਤੀ" "ਤੇਤੀ" "ਚੌਂਤੀ" "ਪੈਂਤੀ" "ਛੱਤੀ" "ਸੈਂਤੀ" "ਅਠੱਤੀ" "ਉਨਤਾਲੀ"
        "ਚਾਲੀ" "ਇਕਤਾਲੀ" "ਬਿਆਲੀ" "ਤਰਤਾਲੀ" "ਚੁਤਾਲੀ" "ਪਨਤਾਲੀ" "ਛਿਆਲੀ" "ਸਨਤਾਲੀ" "ਅਠਤਾਲੀ" "ਉਨੰਜਾ"
        "ਪੰਜਾਹ" "ਇਕਵੰਜਾ" "ਬਵੰਜਾ" "ਤਰਵੰਜਾ" "ਚਰਵੰਜਾ" "ਪਚਵੰਜਾ" "ਛਪੰਜਾ" "ਸਤਵੰਜਾ" "ਅਠਵੰਜਾ" "ਉਨਾਹਠ"
        "ਸੱਠ" "ਇਕਾਹਠ" "ਬਾਹਠ" "ਤਰੇਂਹਠ" "ਚੌਂਹਠ" "ਪੈਂਹਠ" "ਛਿਆਹਠ" "ਸਤਾਹਠ" "ਅਠਾਹਠ" "ਉਨੱਤਰ"
        "ਸੱਤਰ" "ਇਕਹੱਤਰ" "ਬਹੱਤਰ" "ਤਿਹੱਤਰ" "ਚਹੱਤਰ" "ਪਚਹੱਤਰ" "ਛਿਅੱਤਰ" "ਸਤੱਤਰ" "ਅਠੱਤਰ" "ਉਨਾਸੀ"
        "ਅੱਸੀ" "ਇਕਆਸੀ" "ਬਿਆਸੀ" "ਤਿਰਾਸੀ" "ਚੌਰਾਸੀ" "ਪਚਾਸੀ" "ਛਿਆਸੀ" "ਸਤਾਸੀ" "ਅਠਾਸੀ" "ਉਨੱਨਵੇਂ"
        "ਨੱਬੇ" "ਇਕਾਨਵੇਂ" "ਬੱਨਵੇ" "ਤਰੱਨਵੇ" "ਚਰੱਨਵੇ" "ਪਚੱਨਵੇ" "ਛਿਅੱਨਵੇ" "ਸਤੱਨਵੇ" "ਅਠੱਨਵੇ" "ਨੜਿੱਨਵੇ"
    },
    above: Above::Descending(&Descending {
        hundreds: [
            fixed("ਇੱਕ ਸੌ"),
            fixed("ਦੋ ਸੌ"),
            fixed("ਤਿੰਨ ਸੌ"),
            fixed("ਚਾਰ ਸੌ"),
            fixed("ਪੰਜ ਸੌ"),
            fixed("ਛੇ ਸੌ"),
            fixed("ਸੱਤ ਸੌ"),
            fixed("ਅੱਠ ਸੌ"),
            fixed("ਨੌਂ ਸੌ"),
        ],
        after_hundreds: AfterHundreds::Space,
        thousand: plain("ਹਜ਼ਾਰ"),
        lakh: plain("ਲੱਖ"),
        crore: plain("ਕਰੋੜ"),
        and: None,
        beyond: &[],
        exact: &[(100, "ਸੌ")],
        before_scale: &[],
    }),
};

static UNIT_NAMES: [Noun; UNITS] = with_plurals(
    same(words! {
        "ਮਿਲੀਮੀਟਰ" "ਸੈਂਟੀਮੀਟਰ" "ਮੀਟਰ" "ਕਿਲੋਮੀਟਰ" "ਫੁੱਟ" "ਇੰਚ" "ਮੀਲ" "ਵਰਗ ਫੁੱਟ" "ਵਰਗ ਮੀਟਰ" "ਵਰਗ ਕਿਲੋਮੀਟਰ"
        "ਮਿਲੀਗ੍ਰਾਮ" "ਗ੍ਰਾਮ" "ਕਿਲੋਗ੍ਰਾਮ" "ਮਿਲੀਲੀਟਰ" "ਲੀਟਰ" "ਕਿਲੋਮੀਟਰ ਪ੍ਰਤੀ ਘੰਟਾ" "ਮੀਟਰ ਪ੍ਰਤੀ ਸਕਿੰਟ"
        "ਡਿਗਰੀ ਸੈਲਸੀਅਸ" "ਡਿਗਰੀ ਫਾਰੇਨਹਾਈਟ" "ਡਿਗਰੀ" "ਕਿਲੋਬਾਈਟ" "ਮੈਗਾਬਾਈਟ" "ਗੀਗਾਬਾਈਟ" "ਟੈਰਾਬਾਈਟ"
        "ਹਰਟਜ਼" "ਕਿਲੋਹਰਟਜ਼" "ਮੈਗਾਹਰਟਜ਼" "ਗੀਗਾਹਰਟਜ਼" "ਵਾਟ" "ਕਿਲੋਵਾਟ" "ਮੈਗਾਵਾਟ" "ਕਿਲੋਵਾਟ ਘੰਟਾ" "ਵੋਲਟ"
        "ਸਕਿੰਟ" "ਮਿੰਟ" "ਘੰਟੇ"
    }),
    noun("ਫੁੱਟ", "ਫੁੱਟ"),
    noun("ਘੰਟਾ", "ਘੰਟੇ"),
);

static WEB: Web = Web {
    at: "ਐਟ",
    dot: "ਡਾਟ",
    slash: "ਸਲੈਸ਼",
    hyphen: "ਹਾਈਫਨ",
    underscore: "ਅੰਡਰਸਕੋਰ",
    colon: "ਕੋਲਨ",
    question: "ਕੁਐਸਚਨ ਮਾਰਕ",
    equals: "ਇਕੁਅਲਜ਼",
    and: "ਐਂਡ",
    hash: "ਹੈਸ਼",
    percent: "ਪਰਸੈਂਟ",
    plus: "ਪਲੱਸ",
    tilde: "ਟਿਲਡ",
};

static ENDINGS: [Ending; 3] = [
    Ending {
        marks: &["ਵਾਂ", "ਵਾ"],
        own_marks: &[(1, "ਲਾ"), (2, "ਜਾ"), (3, "ਜਾ"), (4, "ਥਾ")],
        irregular: &[(1, "ਪਹਿਲਾ"), (2, "ਦੂਜਾ"), (3, "ਤੀਜਾ"), (4, "ਚੌਥਾ")],
        joins: &[("ਰਾਂ", "ਰ੍ਹਵਾਂ"), ("ਸੋਲਾਂ", "ਸੋਲ੍ਹਵਾਂ"), ("ਚੌਦਾਂ", "ਚੌਦ੍ਹਵਾਂ"), ("ਂ", "ਵਾਂ"), ("", "ਵਾਂ")],
    },
    Ending {
        marks: &["ਵੀਂ", "ਵੀ"],
        own_marks: &[(1, "ਲੀ"), (2, "ਜੀ"), (3, "ਜੀ"), (4, "ਥੀ")],
        irregular: &[(1, "ਪਹਿਲੀ"), (2, "ਦੂਜੀ"), (3, "ਤੀਜੀ"), (4, "ਚੌਥੀ")],
        joins: &[("ਰਾਂ", "ਰ੍ਹਵੀਂ"), ("ਸੋਲਾਂ", "ਸੋਲ੍ਹਵੀਂ"), ("ਚੌਦਾਂ", "ਚੌਦ੍ਹਵੀਂ"), ("ਂ", "ਵੀਂ"), ("", "ਵੀਂ")],
    },
    Ending {
        marks: &["ਵੇਂ", "ਵੇ"],
        own_marks: &[(1, "ਲੇ"), (2, "ਜੇ"), (3, "ਜੇ"), (4, "ਥੇ")],
        irregular: &[(1, "ਪਹਿਲੇ"), (2, "ਦੂਜੇ"), (3, "ਤੀਜੇ"), (4, "ਚੌਥੇ")],
        joins: &[("ਰਾਂ", "ਰ੍ਹਵੇਂ"), ("ਸੋਲਾਂ", "ਸੋਲ੍ਹਵੇਂ"), ("ਚੌਦਾਂ", "ਚੌਦ੍ਹਵੇਂ"), ("ਂ", "ਵੇਂ"), ("", "ਵੇਂ")],
    },
];

static CONTEXT: Context = Context {
    case_ends: super::cases::PUNJABI,
    coins: super::coins::PUNJABI,
    behind_ordinals: context::BehindOrdinals { endings: &[], nouns: &["ਵਾਰ"] },
    halved: super::halved::PUNJABI,
    half_forms: super::halved::PUNJABI_FORMS,
    oblique: super::scales::PUNJABI,
    year_words: &[
        "ਮਗਰੋਂ",
        "ਬਾਅਦ",
        "ਈ",
        "ਚ",
        "ਚੋਂ",
        "ਦੌਰਾਨ",
        "ਵਿੱਚ",
        "ਵਿਚ",
        "ਦਾ",
        "ਦੀ",
        "ਦੀਆਂ",
        "ਦੇ",
        "ਤੋਂ",
        "ਤੱਕ",
        "ਤਕ",
        "ਨੂੰ",
    ],
    year_endings: &["ਵਿੱਚ", "ਵਿਚ"],
    more_than: &["ਵੱਧ", "ਜ਼ਿਆਦਾ", "ਘੱਟ", "ਉੱਪਰ"],
    account: "ਅਕਾਊਂਟ",
    codes: &["ਪਾਸਵਰਡ", "ਖਾਤੇ", "ਪਿੰਨ", "ਪਿਨ", "ਪਿਨਕੋਡ", "ਓਟੀਪੀ", "ਆਧਾਰ", "ਖਾਤਾ", "ਕਾਰਡ", "ਕੋਡ"],
    links: &["ਨੰਬਰ", "ਨੰ", "ਹੈ", "ਦੇ", "ਆਖਰੀ", "ਅੰਕ", "ਚਾਰ", "ਕੋਡ"],
    phones: &["ਹੈਲਪਲਾਇਨ", "ਫੋਨ", "ਫ਼ੋਨ", "ਮੋਬਾਈਲ", "ਮੋਬਾਇਲ", "ਮੋ", "ਸੰਪਰਕ", "ਹੈਲਪਲਾਈਨ"],
    towns: towns::PUNJABI,
    romans: &["ਭਾਗ", "ਅਧਿਆਇ", "ਜਮਾਤ"],
    abbreviations: &[
        ("ਪ੍ਰੋ:", "ਪ੍ਰੋਫ਼ੈਸਰ", When::BeforeWord),
        ("ਸ੍ਰ:", "ਸਰਦਾਰ", When::BeforeWord),
        ("ਈ:", "ਈਸਵੀ", When::BehindNumber),
        ("ਨੰ", "ਨੰਬਰ", When::BeforeNumber),
        ("ਡਾ:", "ਡਾਕਟਰ", When::BeforeWord),
        ("ਈ.", "ਈਸਵੀ", When::BeforeNumber),
        ("ਕੈ.", "ਕੈਪਟਨ", When::Lone),
        ("ਲੈਫ.", "ਲੈਫ਼ਟੀਨੈਂਟ", When::BeforeWord),
        ("ਲੈਫ਼.", "ਲੈਫ਼ਟੀਨੈਂਟ", When::BeforeWord),
        ("ਇੰਜ.", "ਇੰਜੀਨੀਅਰ", When::BeforeWord),
        ("ਸ:", "ਸਰਦਾਰ", When::Lone),
        ("ਮੋ:", "ਮੋਬਾਈਲ", When::BeforeNumber),
        ("ਮੋਬਾ.", "ਮੋਬਾਈਲ", When::BeforeNumber),
        ("ਮੋ.", "ਮੋਬਾਈਲ", When::BeforeNumber),
        ("ਫੋ.", "ਫੋਨ", When::BeforeNumber),
        ("ਸ੍ਰ.", "ਸਰਦਾਰ", When::BeforeWord),
        ("ਜ਼ਿ.", "ਜ਼ਿਲ੍ਹਾ", When::Lone),
        ("ਈ. ਪੂ.", "ਈਸਾ ਪੂਰਵ", When::Always),
        ("ਈ.ਪੂ.", "ਈਸਾ ਪੂਰਵ", When::Always),
        ("ਸ੍ਰੀ.", "ਸ੍ਰੀ", When::BeforeWord),
        ("ਸ਼੍ਰੀ.", "ਸ਼੍ਰੀ", When::BeforeWord),
        ("ਪੰ.", "ਪੰਡਿਤ", When::Lone),
        ("ਪੰ.", "ਪੰਨਾ", When::BeforeNumber),
        ("ਈ.", "ਈਸਵੀ", When::BehindNumber),
        ("ਸਵ.", "ਸਵਰਗੀ", When::BeforeWord),
        ("ਐਡ.", "ਐਡਵੋਕੇਟ", When::Lone),
        ("ਮਿ.", "ਮਿਸਟਰ", When::Lone),
        ("ਡਾ", "ਡਾਕਟਰ", When::BeforeWord),
        ("ਡਾ.", "ਡਾਕਟਰ", When::BeforeWord),
        ("ਪ੍ਰੋ.", "ਪ੍ਰੋਫ਼ੈਸਰ", When::BeforeWord),
        ("ਸ.", "ਸਰਦਾਰ", When::Lone),
        ("ਨੰ.", "ਨੰਬਰ", When::BeforeNumber),
    ],
    spellings: &[
        &["ਰੁਪਏ", "ਰੁਪਏੇ", "ਰੁਪਇਆ", "ਰੁਪਿਆ", "ਰੁਪਈਏ", "ਰੁਪਈਆਂ"],
        &["ਪ੍ਰਤੀਸ਼ਤ", "ਫ਼ੀਸਦੀ", "ਫੀਸਦੀ"],
        &["ਮਿੰਟ", "ਮਿੰਟਾਂ"],
    ],
    ratios: &["ਅਨੁਪਾਤ"],
    ratio_beside: Some("{a}-{b}"),
    cricket: Some(&super::cricket::PUNJABI),
    series: series::PUNJABI,
    ..context::NONE
};
