//! Bodo. Units and addresses as in Hindi, where no better source was found.

use super::units::DEVANAGARI;
use super::{
    Above, AfterHundreds, Calendar, Clock, Context, Descending, Join, Numbers, Scale, Signs, When, Words,
    clock_cases, context, fixed, hindi, letters, loans, maths, money, noun, plain, series,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: Signs {
        mixed: "{a} आरो {b}",
        half: "खावसे",
        per: "{a} मोनफ्रोमबो {b}",
        per_ends: &[],
        range_before_noun: None,
        point: "दशमिक",
        percent: "जौखोन्दो",
        range: "{a} निफ्राय {b}",
        range_from: &[],
        fraction: "{a} बाइ {b}",
        one: ("से", "से"),
        ..hindi::SIGNS
    },
    calendar: Calendar {
        spellings: &[],
        short: &[],
        bikram_sambat: None,
        months: words! {
            "जानुवारी" "फेब्रूवारी" "मार्च" "एप्रिल" "मे" "जुन" "जुलाई" "आगष्ट" "सेप्थेम्बर" "अक्ट’बर" "नवेम्बर" "डिसेम्बर"
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
        duration: "{h} घन्टा {m} मिनिट",
        hours: &["घन्टा"],
        day_parts: &["फुं", "सानजोफु", "बेलासे", "हर"],
        hour: "{h} रिंगा",
        minute: "{h} रिंगा {m} मिनिट",
        second: "{h} रिंगा {m} मिनिट {s} सेकेन्ड",
        few_minutes: None,
        half: None,
        parts: ["हर {t}", "फुं {t}", "सानजोफु {t}", "बेलासे {t}"],
        typed: &["रिंगा", "रिंगायाव", "बाजियाव", "बाजि"],
    },
    money: [
        money(noun("रां", "रां"), noun("फैसा", "फैसा")),
        money(noun("डलार", "डलार"), noun("सेन्ट", "सेन्ट")),
        money(noun("इउर’", "इउर’"), noun("सेन्ट", "सेन्ट")),
        money(noun("पाउण्ड", "पाउण्ड"), noun("पेनी", "पेन्स")),
    ],
    units: &DEVANAGARI,
    web: &hindi::WEB,
    endings: &[],
    loans: &loans::DEVANAGARI,
    maths: &maths::HINDI,
    letters: &letters::DEVANAGARI,
    sandhi: &[],
    spaced: &[],
    idiom: None,
    context: &CONTEXT,
    before_ending: "",
};

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "लाथिख'" "से" "नै" "थाम" "ब्रै" "बा" "द'" "स्नि" "दाइन" "गु"
        "जि" "जिसे" "जिनै" "जिथाम" "जिब्रै" "जिबा" "जिद'" "जिस्नि" "जिदाइन" "जिगु"
        "नैजि" "नैजिसे" "नैजिनै" "नैजिथाम" "नैजिब्रै" "नैजिबा" "नैजिद'" "नैजिस्नि" "नैजिदाइन" "नैजिगु"
        "थामजि" "थामजिसे" "थामजिनै" "थामजिथाम" "थामजिब्रै" "थामजिबा" "थामजिद'" "थामजिस्नि" "थामजिदाइन" "थामजिगु"
        "ब्रैजि" "ब्रैजिसे" "ब्रैजिनै" "ब्रैजिथाम" "ब्रैजिब्रै" "ब्रैजिबा" "ब्रैजिद'" "ब्रैजिस्नि" "ब्रैजिदाइन" "ब्रैजिगु"
        "बाजि" "बाजिसे" "बाजिनै" "बाजिथाम" "बाजिब्रै" "बाजिबा" "बाजिद'" "बाजिस्नि" "बाजिदाइन" "बाजिगु"
        "द'जि" "द'जिसे" "द'जिनै" "द'जिथाम" "द'जिब्रै" "द'जिबा" "द'जिद'" "द'जिस्नि" "द'जिदाइन" "द'जिगु"
        "स्निजि" "स्निजिसे" "स्निजिनै" "स्निजिथाम" "स्निजिब्रै" "स्निजिबा" "स्निजिद'" "स्निजिस्नि" "स्निजिदाइन" "स्निजिगु"
        "दाइनजि" "दाइनजिसे" "दाइनजिनै" "दाइनजिथाम" "दाइनजिब्रै" "दाइनजिबा" "दाइनजिद'" "दाइनजिस्नि" "दाइनजिदाइन" "दाइनजिगु"
        "गुजि" "गुजिसे" "गुजिनै" "गुजिथाम" "गुजिब्रै" "गुजिबा" "गुजिद'" "गुजिस्नि" "गुजिदाइन" "गुजिगु"
    },
    above: Above::Descending(&Descending {
        hundreds: [
            fixed("सेजौ"),
            fixed("नैजौ"),
            fixed("थामजौ"),
            fixed("ब्रैजौ"),
            fixed("बाजौ"),
            fixed("द'जौ"),
            fixed("स्निजौ"),
            fixed("दाइनजौ"),
            fixed("गुजौ"),
        ],
        after_hundreds: AfterHundreds::Space,
        thousand: Scale { word: fixed("रोजा"), irregular: &[], join: Join::TogetherBelowTen },
        lakh: plain("लाख"),
        crore: plain("कौटि"),
        and: None,
        beyond: &[],
        exact: &[(100, "जौसे")],
        before_scale: &[],
    }),
};

static CONTEXT: Context = Context {
    coins: super::coins::BODO,
    account: "अकाउंट",
    codes: &["पिन", "ओटीपी", "कार्ड", "कोड", "पिनकोड", "आधार"],
    links: &["नंबर", "नम्बर"],
    phones: &["फन", "मबाइल", "फोन", "मोबाइल"],
    abbreviations: &[
        ("नं.", "नंबर", When::BeforeNumber),
        ("डॉ.", "डॉक्टर", When::BeforeWord),
        ("डा.", "डाक्टर", When::BeforeWord),
    ],
    spellings: &[&["रां"], &["जौखोन्दो"]],
    ratios: &["अनुपात"],
    ratio_beside: Some("{a}-{b}"),
    series: series::BODO,
    ..context::NONE
};
