//! English as spoken in India: lakhs and crores.

use super::{
    Above, AfterHundreds, Calendar, Clock, Context, Descending, Ending, Noun, Numbers, Signs, UNITS, Web,
    When, Words, context, fixed, letters, loans, maths, money, noun, plain,
};

pub(super) static WORDS: Words = Words {
    numbers: NUMBERS,
    signs: Signs {
        mixed: "{a} and {b}",
        half: "half",
        per: "{a} per {b}",
        per_ends: &[],
        range_before_noun: None,
        point: "point",
        minus: "minus",
        plus: "plus",
        percent: "percent",
        range: "{a} to {b}",
        range_from: &[],
        fraction: "{a} by {b}",
        one: ("one", "one"),
        before_noun: &[],
    },
    calendar: Calendar {
        spellings: &[],
        short: &[],
        bikram_sambat: None,
        months: words! {
            "January" "February" "March" "April" "May" "June" "July" "August" "September" "October" "November" "December"
        },
        ordinal_day: true,
        century: Some(""),
        halves_from_2010: true,
        year_before: &["year", "since", "circa"],
        year_behind: &[],
    },
    clock: Clock {
        few_typed: &[],
        duration: "{h} hours {m} minutes",
        hours: &[],
        day_parts: &["morning", "afternoon", "evening"],
        hour: "{h} o'clock",
        minute: "{h} {m}",
        second: "{h} {m} and {s} seconds",
        few_minutes: Some("oh {m}"),
        half: None,
        parts: ["{t} p m", "{t} a m", "{t} p m", "{t} p m"],
        typed: &["o'clock", "hours", "hrs"],
    },
    money: [
        money(noun("rupee", "rupees"), noun("paisa", "paise")),
        money(noun("dollar", "dollars"), noun("cent", "cents")),
        money(noun("euro", "euros"), noun("cent", "cents")),
        money(noun("pound", "pounds"), noun("penny", "pence")),
    ],
    units: &UNIT_NAMES,
    web: &WEB,
    endings: &ENDINGS,
    loans: &loans::ENGLISH,
    maths: &maths::ENGLISH,
    letters: &letters::ENGLISH,
    sandhi: &[],
    spaced: &[],
    idiom: None,
    context: &CONTEXT,
    before_ending: " ",
};

const NUMBERS: Numbers = Numbers {
    below_hundred: words! {
        "zero" "one" "two" "three" "four" "five" "six" "seven" "eight" "nine"
        "ten" "eleven" "twelve" "thirteen" "fourteen" "fifteen" "sixteen" "seventeen" "eighteen" "nineteen"
        "twenty" "twenty one" "twenty two" "twenty three" "twenty four" "twenty five" "twenty six" "twenty seven" "twenty eight" "twenty nine"
        "thirty" "thirty one" "thirty two" "thirty three" "thirty four" "thirty five" "thirty six" "thirty seven" "thirty eight" "thirty nine"
        "forty" "forty one" "forty two" "forty three" "forty four" "forty five" "forty six" "forty seven" "forty eight" "forty nine"
        "fifty" "fifty one" "fifty two" "fifty three" "fifty four" "fifty five" "fifty six" "fifty seven" "fifty eight" "fifty nine"
        "sixty" "sixty one" "sixty two" "sixty three" "sixty four" "sixty five" "sixty six" "sixty seven" "sixty eight" "sixty nine"
        "seventy" "seventy one" "seventy two" "seventy three" "seventy four" "seventy five" "seventy six" "seventy seven" "seventy eight" "seventy nine"
        "eighty" "eighty one" "eighty two" "eighty three" "eighty four" "eighty five" "eighty six" "eighty seven" "eighty eight" "eighty nine"
        "ninety" "ninety one" "ninety two" "ninety three" "ninety four" "ninety five" "ninety six" "ninety seven" "ninety eight" "ninety nine"
    },
    above: Above::Descending(&Descending {
        hundreds: [
            fixed("one hundred"),
            fixed("two hundred"),
            fixed("three hundred"),
            fixed("four hundred"),
            fixed("five hundred"),
            fixed("six hundred"),
            fixed("seven hundred"),
            fixed("eight hundred"),
            fixed("nine hundred"),
        ],
        after_hundreds: AfterHundreds::Space,
        thousand: plain("thousand"),
        lakh: plain("lakh"),
        crore: plain("crore"),
        and: Some("and"),
        beyond: &[],
        exact: &[],
        before_scale: &[],
    }),
};

static UNIT_NAMES: [Noun; UNITS] = [
    noun("millimetre", "millimetres"),
    noun("centimetre", "centimetres"),
    noun("metre", "metres"),
    noun("kilometre", "kilometres"),
    noun("foot", "feet"),
    noun("inch", "inches"),
    noun("mile", "miles"),
    noun("square foot", "square feet"),
    noun("square metre", "square metres"),
    noun("square kilometre", "square kilometres"),
    noun("milligram", "milligrams"),
    noun("gram", "grams"),
    noun("kilogram", "kilograms"),
    noun("millilitre", "millilitres"),
    noun("litre", "litres"),
    noun("kilometre per hour", "kilometres per hour"),
    noun("metre per second", "metres per second"),
    noun("degree Celsius", "degrees Celsius"),
    noun("degree Fahrenheit", "degrees Fahrenheit"),
    noun("degree", "degrees"),
    noun("kilobyte", "kilobytes"),
    noun("megabyte", "megabytes"),
    noun("gigabyte", "gigabytes"),
    noun("terabyte", "terabytes"),
    noun("hertz", "hertz"),
    noun("kilohertz", "kilohertz"),
    noun("megahertz", "megahertz"),
    noun("gigahertz", "gigahertz"),
    noun("watt", "watts"),
    noun("kilowatt", "kilowatts"),
    noun("megawatt", "megawatts"),
    noun("kilowatt hour", "kilowatt hours"),
    noun("volt", "volts"),
    noun("second", "seconds"),
    noun("minute", "minutes"),
    noun("hour", "hours"),
];

static WEB: Web = Web {
    at: "at",
    dot: "dot",
    slash: "slash",
    hyphen: "hyphen",
    underscore: "underscore",
    colon: "colon",
    question: "question mark",
    equals: "equals",
    and: "and",
    hash: "hash",
    percent: "percent",
    plus: "plus",
    tilde: "tilde",
};

pub(super) static ENDINGS: [Ending; 1] = [Ending {
    marks: &["st", "nd", "rd", "th"],
    own_marks: &[],
    irregular: &[],
    joins: &[
        ("one", "first"),
        ("two", "second"),
        ("three", "third"),
        ("five", "fifth"),
        ("eight", "eighth"),
        ("nine", "ninth"),
        ("twelve", "twelfth"),
        ("y", "ieth"),
        ("", "th"),
    ],
}];

static CONTEXT: Context = Context {
    abbreviations: &[
        ("Dr.", "doctor", When::BeforeWord),
        ("Mr.", "mister", When::BeforeWord),
        ("Mrs.", "missus", When::BeforeWord),
        ("Ms.", "miss", When::BeforeWord),
        ("Prof.", "professor", When::BeforeWord),
        ("Capt.", "captain", When::BeforeWord),
        ("Col.", "colonel", When::BeforeWord),
        ("Gen.", "general", When::BeforeWord),
        ("Lt.", "lieutenant", When::BeforeWord),
        ("Maj.", "major", When::BeforeWord),
        ("Sgt.", "sergeant", When::BeforeWord),
        ("Hon.", "honourable", When::BeforeWord),
        ("Rev.", "reverend", When::BeforeWord),
        ("Adv.", "advocate", When::BeforeWord),
        ("Smt.", "Shrimati", When::BeforeWord),
        ("Sh.", "Shri", When::BeforeWord),
        ("Er.", "engineer", When::BeforeWord),
        ("Govt.", "government", When::BeforeWord),
        ("Dept.", "department", When::BeforeWord),
        ("Pvt.", "private", When::BeforeWord),
        ("Ltd.", "limited", When::Always),
        ("M/s.", "messers", When::BeforeWord),
        ("M/s", "messers", When::BeforeWord),
        ("vs.", "versus", When::BeforeWord),
        ("approx.", "approximately", When::Always),
        ("etc.", "et cetera", When::Always),
        ("e.g.", "for example", When::Always),
        ("i.e.", "that is", When::Always),
        ("No.", "number", When::BeforeNumber),
        ("Nos.", "numbers", When::BeforeNumber),
        ("Vol.", "volume", When::BeforeNumber),
        ("Fig.", "figure", When::BeforeNumber),
        ("Ch.", "chapter", When::BeforeNumber),
        ("Sec.", "section", When::BeforeNumber),
        ("pp.", "pages", When::BeforeNumber),
        ("pg.", "page", When::BeforeNumber),
        ("Mob.", "mobile", When::BeforeNumber),
        ("Ph.", "phone", When::BeforeNumber),
        ("Tel.", "telephone", When::BeforeNumber),
    ],
    spellings: &[],
    ..context::NONE
};
