//! What becomes of a dictionary's rules. Pure.

use std::collections::{HashMap, HashSet};

use svara_engine::{Language, Rule};

use crate::ServiceError;

/// A change of a dictionary's rules.
#[derive(Clone, Debug)]
pub enum RuleEdit {
    /// Adds these. One for the same text and languages takes the place of the earlier one.
    Add(Vec<Rule>),
    /// Puts these in the place of all.
    Set(Vec<Rule>),
    /// Takes out all rules for these texts.
    Remove(Vec<String>),
}

impl RuleEdit {
    /// The rules after this change of `rules`. Where several are for one text and the same languages, the last holds.
    ///
    /// # Errors
    /// A rule can't be used, they are too many, or there is none for a text that is to be taken out.
    pub(super) fn apply(self, mut rules: Vec<Rule>, max_rules: usize) -> Result<Vec<Rule>, ServiceError> {
        let added = match self {
            Self::Remove(texts) => {
                let there: HashSet<&str> = rules.iter().map(|rule| rule.text.as_str()).collect();
                if let Some(unknown) = texts.iter().find(|text| !there.contains(text.as_str())) {
                    let unknown: String = unknown.chars().take(Rule::MAX_TEXT_CHARACTERS).collect();
                    return Err(ServiceError::invalid(
                        "rule_strings",
                        format!("has {unknown:?}, which has no rule"),
                    ));
                }
                let texts: HashSet<&str> = texts.iter().map(String::as_str).collect();
                rules.retain(|rule| !texts.contains(rule.text.as_str()));
                return Ok(rules);
            }
            Self::Add(added) => added,
            Self::Set(added) => {
                rules.clear();
                added
            }
        };
        if added.len() > max_rules {
            return Err(too_many(max_rules));
        }
        let mut places: HashMap<Place, usize> =
            rules.iter().enumerate().map(|(at, rule)| (place(rule), at)).collect();
        for (number, rule) in (1..).zip(added) {
            let wrong =
                |error| ServiceError::invalid("rules", format!("can't be used: rule {number}: {error}"));
            rule.clone().checked().map_err(wrong)?;
            match places.get(&place(&rule)).and_then(|at| rules.get_mut(*at)) {
                Some(same) => *same = rule,
                None => {
                    places.insert(place(&rule), rules.len());
                    rules.push(rule);
                }
            }
        }
        if rules.len() > max_rules { Err(too_many(max_rules)) } else { Ok(rules) }
    }
}

fn too_many(max_rules: usize) -> ServiceError {
    let reason = format!("are too many: a dictionary may have {max_rules} (dictionaries.max_rules)");
    ServiceError::invalid("rules", reason)
}

type Place = (String, Option<Vec<Language>>, Vec<Language>);

fn place(rule: &Rule) -> Place {
    (rule.text.clone(), rule.only.clone(), rule.except.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(rules: &[Rule]) -> Vec<(String, svara_engine::Pronunciation)> {
        rules.iter().map(|rule| (rule.text.clone(), rule.pronunciation.clone())).collect()
    }

    fn alias(text: &str, said: &str) -> (String, svara_engine::Pronunciation) {
        (text.to_owned(), svara_engine::Pronunciation::Alias(said.to_owned()))
    }

    #[test]
    fn rules_are_added_replaced_and_taken_out() {
        let rules = RuleEdit::Set(vec![Rule::new("a", "1"), Rule::new("b", "2"), Rule::new("a", "3")]);
        let rules = rules.apply(vec![Rule::new("x", "y")], 3).unwrap();
        assert_eq!(texts(&rules), [alias("a", "3"), alias("b", "2")]);
        let hindi = Rule { only: Some(vec![Language::Hindi]), ..Rule::new("a", "4") };
        let rules = RuleEdit::Add(vec![Rule::new("b", "5"), hindi]).apply(rules, 3).unwrap();
        assert_eq!(texts(&rules), [alias("a", "3"), alias("b", "5"), alias("a", "4")]);
        let full = RuleEdit::Add(vec![Rule::new("c", "6")]).apply(rules.clone(), 3).unwrap_err();
        assert!(full.message.contains("dictionaries.max_rules"), "{full}");
        let unknown =
            RuleEdit::Remove(vec!["a".to_owned(), "z".to_owned()]).apply(rules.clone(), 3).unwrap_err();
        assert_eq!((unknown.field, unknown.message.contains("\"z\"")), (Some("rule_strings"), true));
        let rules = RuleEdit::Remove(vec!["a".to_owned()]).apply(rules, 3).unwrap();
        assert_eq!(texts(&rules), [alias("b", "5")]);
        let wrong = RuleEdit::Add(vec![Rule::new("a", "b"), Rule::new("a", "")]).apply(rules, 3).unwrap_err();
        assert_eq!(wrong.message, "rules can't be used: rule 2: alias must not be empty");
    }
}
