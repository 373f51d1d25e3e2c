//! `svara-server words`: how a language's numbers, dates, money and times are said, for native speakers to judge.

use std::fmt::Write;

use svara_text::{Acronyms, Language, Reading, Strip, StyleTags, spell};

use super::out;

/// The arguments of `words`.
#[derive(Debug, clap::Args)]
pub(crate) struct WordsArgs {
    /// The language: a code such as hi, a BCP-47 tag or a name.
    #[arg(short, long)]
    language: String,
}

/// What is typed, in groups.
const TYPED: [(&str, &[&str]); 7] = [
    (
        "Large numbers",
        &["100", "101", "999", "1,000", "1,25,000", "10,00,000", "1,00,00,000", "2.5", "-7", "1/2", "50%"],
    ),
    ("Years", &["1947", "2024"]),
    ("Dates", &["15/08/1947", "26-01-2026", "01.12.2025"]),
    ("Money", &["₹1", "₹99.50", "₹1,25,000", "₹2.5 lakh", "$20"]),
    ("Clock", &["7:00", "7:15", "7:30", "7:45", "10:05 AM", "11:59 PM", "18:30"]),
    ("Codes", &["OTP 4821", "98765 43210", "PIN 560001"]),
    ("Units", &["5 kg", "12 km", "37 °C", "10-12 kg"]),
];

/// How many numbers have their own words in most languages of India.
const NUMBERS: u64 = 100;
const ORDINALS: u64 = 20;

/// Prints a line for each: what is typed, and what is said.
///
/// # Errors
/// There is no such language.
pub(crate) fn run(args: &WordsArgs) -> anyhow::Result<()> {
    let language = match Language::named(&args.language) {
        Some(language) => language,
        None => args.language.parse()?,
    };
    let mut page = format!("{} ({language}): what is typed, and what is said\n\nNumbers\n", language.name());
    for number in 0..NUMBERS {
        writeln!(page, "{number}\t{}", spell(number, language))?;
    }
    page.push_str("\nOrdinals\n");
    for number in 1..=ORDINALS {
        let typed = format!("<say-as interpret-as=\"ordinal\">{number}</say-as>");
        writeln!(page, "{number}.\t{}", said(&typed, language))?;
    }
    for (group, typed) in TYPED {
        writeln!(page, "\n{group}")?;
        for typed in typed {
            writeln!(page, "{typed}\t{}", said(typed, language))?;
        }
    }
    page.push_str("\nSomething is wrong? crates/svara-text/src/languages/ has a file for each language.\n");
    out::print(page)
}

fn said(typed: &str, language: Language) -> String {
    let reading = Reading {
        language: Some(language),
        normalizes: true,
        strip: Strip::default(),
        styles: StyleTags::new(&[]),
        dictionaries: &[],
        acronyms: &Acronyms::default(),
    };
    reading.read(typed).text
}
