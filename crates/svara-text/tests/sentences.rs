//! Sentence ends: texts of each script, with `¦` where a sentence ends and `⏎` for a line end.
#![expect(clippy::panic, reason = "helpers outside of #[test] functions are tests, too")]

use svara_text::sentences;

macro_rules! scripts {
    ($($name:ident)*) => {$(
        #[test] fn $name() {
            check(include_str!(concat!("sentences/", stringify!($name), ".txt")));
        }
    )*};
}

scripts! { devanagari bengali gurmukhi gujarati tamil telugu kannada malayalam latin }

fn check(table: &str) {
    let texts: Vec<String> = table.lines().map(|line| line.replace('⏎', "\n")).collect();
    assert!(texts.len() >= 12, "only {} texts", texts.len());
    let wrong: Vec<String> = texts
        .iter()
        .filter_map(|wanted| {
            let typed = wanted.replace('¦', "");
            let found = sentences(&typed).join("¦");
            (found != *wanted).then(|| format!("  is {found}\n  wants {wanted}"))
        })
        .collect();
    if !wrong.is_empty() {
        panic!("{} of {} texts:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
    }
}
