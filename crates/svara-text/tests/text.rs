//! Normalization: tables of checked cases, and properties of every text.
#![expect(clippy::panic, reason = "helpers outside of #[test] functions are tests, too")]

use proptest::prelude::*;
use svara_text::{Language, normalize, normalize_mapped};

/// Language, text, normalized text.
type Case = (Language, &'static str, &'static str);

macro_rules! tables {
    ($($name:ident)*) => {
        const TABLES: &[&str] = &[$(include_str!(concat!("text/", stringify!($name), ".tsv")),)*];

        $(#[test] fn $name() {
            check(&cases(include_str!(concat!("text/", stringify!($name), ".tsv"))));
        })*
    };
}

tables! { devanagari bengali_assamese gujarati gurmukhi tamil telugu kannada malayalam latin }

fn cases(table: &'static str) -> Vec<Case> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let case = |line: &'static str| {
        let mut columns = line.split('\t');
        let code = columns.next()?.parse().ok()?;
        let case = (code, columns.next()?, columns.next()?);
        columns.next().is_none().then_some(case)
    };
    lines.map(|line| case(line).unwrap_or_else(|| panic!("no case: {line}"))).collect()
}

/// Runs every case of a table.
fn check(cases: &[Case]) {
    let failures = cases.iter().filter_map(|(language, text, expected)| {
        let said = normalize(text, *language);
        (said != *expected).then(|| format!("{language} {text}\n     is {said}\n  wants {expected}"))
    });
    let failures: Vec<String> = failures.collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// A kind of thing that is normalized, and whether a text has one.
type Kind = (&'static str, fn(&str) -> bool);

const KINDS: [Kind; 11] = [
    ("digits of ASCII", |text| text.contains(|c: char| c.is_ascii_digit())),
    ("digits of an Indian script", |text| text.contains(|c: char| is_digit(c) && !c.is_ascii_digit())),
    ("fraction", |text| text.contains("3.1") || text.contains("৩.১")),
    ("lakh", |text| text.contains("1,50,000")),
    ("currency", |text| text.contains(['₹', '৳', '$'])),
    ("percentage", |text| text.contains('%')),
    ("date", |text| text.contains("15/08/1947") || text.contains("১৫/০৮/১৯৪৭")),
    ("time", |text| text.contains("7:15 pm")),
    ("unit", |text| text.contains("km") && text.contains(is_digit)),
    ("telephone number", |text| text.contains("+91")),
    ("e-mail address", |text| text.contains('@')),
];

#[test]
fn each_script_has_twenty_cases_and_one_of_each_kind() {
    let all: Vec<Case> = TABLES.iter().flat_map(|table| cases(table)).collect();
    for language in Language::ALL {
        let of_language = all.iter().filter(|case| case.0 == language).count();
        assert!(of_language >= 3, "{language} has only {of_language} cases");
        let system = language.writing_system();
        let of_system: Vec<&str> =
            all.iter().filter(|case| case.0.writing_system() == system).map(|case| case.1).collect();
        assert!(of_system.len() >= 20, "{system:?} has only {} cases", of_system.len());
        for (kind, is_one) in KINDS {
            assert!(of_system.iter().any(|text| is_one(text)), "{system:?} has no case of a {kind}");
        }
    }
}

/// Whether `c` is a decimal digit of ASCII or of an Indian system.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
        || "०১੧૧୦௧౧೧൧".chars().any(|one| {
            let zero = u32::from(one) & !0xF | 6;
            (zero..zero + 10).contains(&u32::from(c))
        })
}

fn without_tags(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some(open) = rest.find('<') {
        kept.push_str(&rest[..open]);
        rest = &rest[open + 1..];
        let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_-".contains(c));
        let is_tag = name.starts_with('>') && rest.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_tag && rest.len() - name.len() <= 32 {
            rest = &name[1..];
        }
    }
    kept + rest
}

fn language() -> impl Strategy<Value = Language> {
    proptest::sample::select(Language::ALL.to_vec())
}

/// Texts made of what the recognizers look for.
fn tricky() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[0-9]{1,4}",
        1 => "[0-9]{5,16}",
        1 => "[०-९]{1,3}|[৭-৯]{1,2}|[௦-௯]{1,2}",
        3 => "[-+,.:/%@_?=&#~ ₹$€£°'|()<>]",
        2 => proptest::sample::select(vec![
            "Rs.", "Rs ", "रु.", "रू", "USD ", "Cr", "L", "K", " lakh", " लाख", " crore ", "/-", "km", " kg", "m", "GB",
            "km/h", "°C", "e", "E-", "e+", "°", "′", "″", "×10^", "×10⁻⁸", "m/s", "am", " pm", "a.m.", "th", "st", "वां", "వ", "ನೇ", "-ാം", "শে", "टा", "টা", " बजे", "में",
            "August ", " August ", "अगस्त ", "http://", "https://", "www.", ".com", "@x.in", "<happy>", "<a1>", "²",
            "five", "one ", " एक", "।", "\n", "\u{200d}", "\u{301}", "–", " – ", "−",
        ]).prop_map(str::to_owned),
        2 => proptest::sample::select(vec![
            "Dr.", "Dr. ", "डॉ. ", "डा0 ", "पो0", "नं. ", "No. ", "etc.", "ई.पू. ", "క్రీ.శ. ", "ಶೇ. ", "M/s ", "OTP ", "PIN",
            "GPU", "NASA", "GPUs", "IT ", "PART ", "Chapter ", "XL", "II", "Sam ", "MH12AB", "SBIN0", "PNR ", "card ", "पिन ",
            "½", "¾", "×", "÷", "=", "x", "²", "√", "±", "<", " > ", "+", " में", " से अधिक", " घंटे", "बजे", " a.m.", "सुबह ",
            "Jan ", " Mar. ", "june ", "in ", "(", ")", "-ലെ", "ലധികം", "க்கு", "రలు", "ల", "ರಷ್ಟು", " ನೇ", " वां", "च्या", "થી",
            "million ", "18446744073709551615", ".75 लाख", ":", "/4", "/10", "IND ", " overs", " रन", "Boeing ", " lakh crore", " हजार", "/kg", "/किलो", "रुपये", " प्रतिशत", "/घंटा", "s", "'s", "phone:", "0", "०",
            "A/c ", "a/c", "**", "XX", "xxxx", "ending ", "OTP for ", " is ", "चेक नं. ", "फोन ", "House No. ", "6E-", " दिन", " অনুপাত", " के अनुपात", "/3", "SMS ", " to ", "Year ",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,3}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn holds(text: &str, language: Language) -> Result<(), TestCaseError> {
    let said = normalize(text, language);
    let again = normalize(&said, language);
    prop_assert_eq!(&again, &said, "not idempotent for {:?}", text);
    let left = without_tags(&said).chars().find(|c| is_digit(*c));
    prop_assert_eq!(left, None, "digit left in {:?} from {:?}", said, text);
    let (before, after) = (text.chars().count(), said.chars().count());
    prop_assert!(after <= 40 * before, "{} characters from {}", after, before);
    maps(text, language)
}

/// What isn't replaced is the same in both texts, and the replacements are in order.
fn maps(text: &str, language: Language) -> Result<(), TestCaseError> {
    let normalized = normalize_mapped(text, language);
    let (mut typed, mut said) = (0, 0);
    for replaced in &normalized.replacements {
        prop_assert!(!replaced.typed.is_empty() && replaced.typed.start >= typed);
        prop_assert_eq!(&text[typed..replaced.typed.start], &normalized.said[said..replaced.said.start]);
        (typed, said) = (replaced.typed.end, replaced.said.end);
    }
    prop_assert_eq!(&text[typed..], &normalized.said[said..]);
    Ok(())
}

/// Texts that once broke a promise.
#[test]
fn texts_that_broke_a_promise_keep_it() {
    for text in [
        // Spelled acronyms and parts of the day end in single letters, which are no names of numbers.
        "JB=a",
        // The name behind the sign is an abbreviation.
        "BA@No. 0",
        // The letter behind the digits is the first of an abbreviation.
        "OTP 0000M/s Dr.",
        "0L M/s 0",
        "a=JB",
        "a = JB = b",
        "JB=a\u{113ce}",
        "7 pm=a",
        "a=JB+5",
        "x=GPUs",
        // What two signs mean is the same however often it is asked.
        "y = x",
        "x y = z",
        // Nor whether letters are a Roman numeral, or an acronym among words in capitals.
        "÷X",
        "5 ÷ XL",
        "SBIN00000II<IT ",
        "²–~0",
        // Nor what is an address.
        "0£/http://Rs.<",
        "www.-½",
        // Nor whether a mark or a point ends an abbreviation.
        "पो0.£",
        "बी0पो0.£",
        "0€⁺",
        "GPU⁺ €⁻",
        // Nor what stands behind a sign, or where a unit ends.
        "M/s a=A",
        "e+√L0",
        "Rs.0/kg½",
    ] {
        for language in Language::ALL {
            assert!(holds(text, language).is_ok(), "{language} {text:?}: {:?}", holds(text, language));
        }
    }
}

/// `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn tricky_text_keeps_the_promises(text in tricky(), language in language()) {
        holds(&text, language)?;
    }

    #[test]
    fn any_text_keeps_the_promises(text in any::<String>(), language in language()) {
        holds(&text, language)?;
    }

    #[test]
    fn text_without_digits_signs_and_capitals_is_untouched(text in "[\\p{Ll}\\p{Lo}\\p{M} ,;!?।\n]{0,60}", language in language()) {
        prop_assert_eq!(normalize(&text, language), text.as_str());
    }
}

/// The processor time of this thread so far, in nanoseconds. Other work on the machine doesn't count.
#[cfg(target_os = "linux")]
fn thread_time_ns() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

/// The shortest of three runs, in nanoseconds.
#[cfg(target_os = "linux")]
fn fastest_ns(text: &str) -> Option<u64> {
    let run = || {
        let start = thread_time_ns()?;
        assert!(!normalize(text, Language::Hindi).is_empty());
        Some(thread_time_ns()? - start)
    };
    (0..3).map(|_| run()).min().flatten()
}

#[cfg(target_os = "linux")]
#[test]
fn long_texts_take_linear_time() {
    for piece in [
        "1,22,",
        "9",
        "1.",
        "a.a@",
        "12:",
        "₹1 ",
        "1-",
        "+91 ",
        "1/2/",
        "<",
        "a@",
        "www.",
        "15 August ",
        "Jan ",
        "1950 में ",
        "OTP 1 ",
        "IT ",
        "Dr.",
        "ई.",
        "½",
        "1=",
        "1x",
        "(1",
        "1क",
        "क",
        " ",
    ] {
        // Longer than any lookahead: 8 times the time is linear, 64 times would be quadratic.
        let short = piece.repeat(5_000 / piece.len());
        let (short, long) = (fastest_ns(&short), fastest_ns(&short.repeat(8)));
        let (Some(short), Some(long)) = (short, long) else { panic!("no thread times on this kernel") };
        // The kernel counts in ticks of some milliseconds: tolerate 100 ms.
        assert!(
            long < short * 32 + 100_000_000,
            "{piece:?}: 8 times the text takes {long} ns instead of {short} ns"
        );
    }
}
