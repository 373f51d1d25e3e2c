//! Words beside a date in digits that say that it is one.

/// Words before a date, whose day and month may then have one digit and whose year two.
pub(crate) static BEFORE_DATES: &[&str] = &[
    "date",
    "dated",
    "dt",
    "dt.",
    "dtd",
    "dtd.",
    "DOB",
    "D.O.B.",
    "दि.",
    "दि०",
    "दि0",
    "दिनांक",
    "दिनाङ्क",
    "तारीख",
    "तारीख़",
    "ता.",
    "मिति",
    "তারিখ",
    "তাং",
    "তারিখে",
    "তাৰিখ",
    "તા.",
    "તારીખ",
    "ਮਿਤੀ",
    "ਤਾਰੀਖ",
    "ਤਾਰੀਖ਼",
    "தேதி",
    "நாள்",
    "తేదీ",
    "తేది",
    "తే.",
    "ది.",
    "ದಿನಾಂಕ",
    "ದಿ.",
    "തീയതി",
    "തിയതി",
    "തീയ്യതി",
];

/// Beginnings of words and endings behind such a date.
pub(crate) static BEHIND_DATES: &[&str] =
    &["रोजी", "तारीख", "তারিখ", "তাৰিখ", "તારીખ", "ਤਾਰੀਖ", "அன்று", "தேதி", "తేదీ", "న ", "ರಂದು", "തീയതി", "ന് "];
