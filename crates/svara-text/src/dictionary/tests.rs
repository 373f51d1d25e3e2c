//! What dictionaries replace, and what they leave alone.

use proptest::prelude::*;

use super::*;

fn said(rules: &[(&str, &str)], text: &str) -> String {
    let rules = rules.iter().map(|(text, alias)| Rule::new(text, alias)).collect();
    replace(&[Arc::new(Dictionary::new(rules).unwrap())], text, Some(Language::Hindi)).text.into_owned()
}

#[test]
fn whole_words_are_replaced_in_any_case() {
    let rules = [
        ("SQL", "sequel"),
        ("NASA", "नासा"),
        ("New York", "न्यू यॉर्क"),
        ("New", "नया"),
        ("कल", "कल्ल"),
        ("Über", "uber"),
        ("C++", "see plus plus"),
    ];
    for (text, wanted) in [
        ("Use sql, MySQL and SQL.", "Use sequel, MySQL and sequel."),
        ("NASA ने कहा", "नासा ने कहा"),
        ("New York, new car", "न्यू यॉर्क, नया car"),
        ("कल और कला, आजकल", "कल्ल और कला, आजकल"),
        ("ÜBER alles", "uber alles"),
        ("İ SQL", "İ sequel"),
        ("SQL\u{301} e\u{301}SQL SQL", "SQL\u{301} e\u{301}SQL sequel"),
        ("C++ and C++x", "see plus plus and C++x"),
        ("<sql> sql", "<sql> sequel"),
    ] {
        assert_eq!(said(&rules, text), wanted, "{text}");
    }
}

#[test]
fn rules_have_options() {
    let rule = |change: fn(&mut Rule)| {
        let mut rule = Rule::new("US", "America");
        change(&mut rule);
        [Arc::new(Dictionary::new(vec![rule]).unwrap())]
    };
    let said = |dictionary: &[Arc<Dictionary>], language| {
        replace(dictionary, "US us bus", language).text.into_owned()
    };
    let hindi = Some(Language::Hindi);
    assert_eq!(said(&rule(|rule| rule.case_sensitive = true), hindi), "America us bus");
    assert_eq!(said(&rule(|rule| rule.word_boundaries = false), hindi), "America America bAmerica");
    assert_eq!(said(&rule(|rule| rule.only = Some(vec![Language::Tamil])), hindi), "US us bus");
    assert_eq!(said(&rule(|rule| rule.except = vec![Language::Hindi]), hindi), "US us bus");
    assert_eq!(said(&rule(|rule| rule.except = vec![Language::Hindi]), None), "America America bus");
    for (text, alias, reason) in [
        (" ", "x", "rule 2: text must not be empty"),
        ("x", "\u{200b}", "rule 2: alias must not be empty"),
        (&*"x".repeat(101), "x", "rule 2: text has 101 characters, at most 100 are allowed"),
        ("x", &*"x".repeat(201), "rule 2: alias has 201 characters, at most 200 are allowed"),
    ] {
        let rules = vec![Rule::new("a", "b"), Rule::new(text, alias)];
        assert_eq!(Dictionary::new(rules).unwrap_err().to_string(), reason);
    }
}

#[test]
fn the_first_rule_that_holds_counts() {
    let of = |text: &str, alias: &str, case_sensitive| Rule { case_sensitive, ..Rule::new(text, alias) };
    let phoneme = Pronunciation::Phoneme { phoneme: "x".to_owned(), alphabet: "ipa".to_owned() };
    let tamil = Rule { only: Some(vec![Language::Tamil]), ..Rule::new("us", "நாம்") };
    let rules = vec![
        Rule { pronunciation: phoneme, ..Rule::new("us", "") },
        tamil,
        of("US", "America", true),
        of("us", "we", false),
        of("us", "never", false),
    ];
    let dictionary = [Arc::new(Dictionary::new(rules).unwrap())];
    let said = |language| replace(&dictionary, "US us Us", Some(language)).text.into_owned();
    assert_eq!(said(Language::Hindi), "America we we");
    assert_eq!(said(Language::Tamil), "நாம் நாம் நாம்");
    // What isn't said makes no difference.
    assert_eq!(dictionary[0].digest(), {
        let rules = [("US", "America", true), ("us", "we", false), ("us", "never", false)];
        let mut rules: Vec<Rule> = rules.map(|(text, alias, case)| of(text, alias, case)).into();
        rules.insert(0, Rule { only: Some(vec![Language::Tamil]), ..Rule::new("us", "நாம்") });
        Dictionary::new(rules).unwrap().digest()
    });
}

#[test]
fn of_several_dictionaries_the_first_counts_and_the_longest() {
    let of = |rules: &[(&str, &str)]| {
        let rules = rules.iter().map(|(text, alias)| Rule::new(text, alias)).collect();
        Arc::new(Dictionary::new(rules).unwrap())
    };
    let dictionaries = [of(&[("New", "1"), ("York", "2")]), of(&[("New", "3"), ("New York", "4")])];
    assert_eq!(replace(&dictionaries, "New York, New, York", None).text, "4, 1, 2");
}

proptest! {
    #[test]
    fn any_text_and_rules_do_no_harm(
        texts in prop::collection::vec("[a-cA-CİßK क्ा]{1,4}", 0..20),
        text in "([a-cA-CİßK ]|क|क्|ा|\\PC){0,40}",
    ) {
        let rules = texts.iter().filter(|text| !text.trim().is_empty()).map(|text| Rule::new(text, "x")).collect();
        let dictionary = Arc::new(Dictionary::new(rules).unwrap());
        let edited = replace(&[dictionary], &text, None);
        for edit in edited.edits.replacements() {
            prop_assert!(text.is_char_boundary(edit.typed.start) && text.is_char_boundary(edit.typed.end));
        }
    }
}
