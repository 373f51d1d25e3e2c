//! Maithili. Units, addresses and part of the clock as in Hindi.

use super::units::DEVANAGARI;
use super::{
    Above, AfterHundreds, Calendar, Clock, Descending, Ending, Half, Numbers, Signs, Words, fixed, hindi,
    money, noun, plain,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: Signs { range: "{a} सँ {b}", ..hindi::SIGNS },
    calendar: Calendar {
        months: words! {
            "जनवरी" "फरवरी" "मार्च" "अप्रैल" "मई" "जून" "जुलाई" "अगस्त" "सितंबर" "अक्तूबर" "नवंबर" "दिसंबर"
        },
        century: Some(" सए"),
        ..hindi::CALENDAR
    },
    clock: Clock {
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
        exact: &[],
        before_scale: &[],
    }),
};

static ENDINGS: [Ending; 1] = [Ending {
    marks: &["म"],
    irregular: &[(1, "पहिल"), (2, "दोसर"), (3, "तेसर"), (4, "चारिम")],
    joins: &[("", "म")],
}];
