//! Nouns that a number counts or a date has, so that a zero before the number isn't said: "05 लोग", "01 তারিখ".

/// Whole words.
pub(crate) static COUNTED_NOUNS: &[&str] = words_of_counts();

/// Beginnings of words, which may be glued to the number.
pub(crate) static COUNTED_STEMS: &[&str] = &[
    "টি",
    "টা",
    "জন",
    "খানা",
    "দিন",
    "বছর",
    "বছৰ",
    "মাস",
    "মাহ",
    "தேதி",
    "తేదీ",
    "ತಾರೀಖ",
    "ತಾರೀಕ",
    "ದಿನಾಂಕ",
    "തീയതി",
    "തിയതി",
    "ാം",
    "-ാം",
    "ആം",
    "-ആം",
];

const fn words_of_counts() -> &'static [&'static str] {
    &words! {
        "people" "persons" "person" "days" "day" "weeks" "week" "months" "month" "years" "year" "hours" "hour"
        "minutes" "minute" "seconds" "times" "items" "pieces" "pcs" "students" "men" "women" "children"
        "candidates" "posts" "seats" "members" "teams" "wickets" "marks" "copies" "rooms" "passengers" "workers"
        "लोग" "लोगों" "व्यक्ति" "व्यक्तियों" "नग" "दिन" "दिनों" "माह" "महीने" "महीनों" "सप्ताह" "हफ्ते" "वर्ष" "वर्षों"
        "साल" "बार" "छात्र" "छात्रों" "छात्राएं" "विद्यार्थी" "पद" "पदों" "सीट" "सीटें" "सीटों" "बच्चे" "बच्चों" "महिला"
        "महिलाएं" "महिलाओं" "पुरुष" "जवान" "जवानों" "कमरे" "अंक" "प्रश्न" "आरोपी" "आरोपियों" "तारीख" "तारीख़"
        "मिनट" "सेकंड" "घंटे" "घंटा" "गते" "जना" "महिना" "हप्ता" "पटक"
        "जण" "जणांना" "जणांचा" "लोक" "दिवस" "दिवसांत" "महिने" "आठवडे" "वेळा" "वर्षे" "जागा" "तारीखेला" "तारखेला" "मिनिटे"
        "લોકો" "દિવસ" "મહિના" "વર્ષ" "વ્યક્તિ" "નંગ" "વખત" "તારીખે" "તારીખ" "જણ" "મિનિટ"
        "ਲੋਕ" "ਦਿਨ" "ਦਿਨਾਂ" "ਮਹੀਨੇ" "ਸਾਲ" "ਵਾਰ" "ਵਿਅਕਤੀ" "ਤਾਰੀਖ" "ਤਰੀਕ" "ਮਿੰਟ"
        "সপ্তাহ" "বার" "মাস" "বছর" "মিনিট" "ঘণ্টা" "তারিখ" "তারিখে" "তাৰিখ" "তাৰিখে"
    }
}
