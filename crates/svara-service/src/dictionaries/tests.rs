use super::*;
use crate::store::faulty::{Act, End, Faulty};

fn dictionaries(objects: &Faulty) -> Arc<KeptDictionaries> {
    let store = objects.store(MAX_DICTIONARY_BYTES);
    Arc::new(KeptDictionaries::new(Ok(store), &DictionariesConfig::default(), Duration::from_secs(1)))
}

fn named(name: &str) -> NewDictionary {
    NewDictionary { name: name.to_owned(), ..NewDictionary::default() }
}

/// A change of the rules.
fn rule(number: usize) -> RuleEdit {
    RuleEdit::Add(vec![Rule::new("a", &number.to_string())])
}

/// Nothing that is added or taken out pushes no older version out, which requests may name.
#[tokio::test]
async fn what_changes_no_rule_makes_no_version() {
    let objects = Faulty::new();
    let dictionaries = dictionaries(&objects);
    let id = dictionaries.create(&Caller::Anybody, named("a"), |_| {}).await.unwrap().id.clone();
    for edit in
        [RuleEdit::Add(Vec::new()), RuleEdit::Set(Vec::new()), RuleEdit::Remove(Vec::new()), rule(1), rule(1)]
    {
        dictionaries.edit(&Caller::Anybody, &id, edit, |_| {}).await.unwrap().unwrap();
    }
    assert_eq!(versions(&objects).await, 2);
}

async fn versions(objects: &Faulty) -> usize {
    objects.store(MAX_DICTIONARY_BYTES).keys(VERSIONS, 100, |_| true).await.unwrap().len()
}

/// The change is in force: who asks for it again would make one more version.
#[tokio::test]
async fn an_old_version_that_stays_is_no_failure() {
    let objects = Faulty::new();
    let dictionaries = dictionaries(&objects);
    let id = dictionaries.create(&Caller::Anybody, named("a"), |_| {}).await.unwrap().id.clone();
    for number in 1..MAX_VERSIONS {
        dictionaries.edit(&Caller::Anybody, &id, rule(number), |_| {}).await.unwrap();
    }
    objects.set(|act, _| if act == Act::Delete { End::Badly } else { End::Well });
    let edited = dictionaries.edit(&Caller::Anybody, &id, rule(MAX_VERSIONS), |_| {}).await;
    assert_eq!(edited.unwrap().unwrap().versions.len(), MAX_VERSIONS);
    assert_eq!(versions(&objects).await, MAX_VERSIONS + 1);
    objects.set(|_, _| End::Well);
    assert!(dictionaries.delete(&Caller::Anybody, &id, |_| {}).await.unwrap());
    assert_eq!(versions(&objects).await, 0, "it goes with its dictionary");
}

#[tokio::test]
async fn a_change_that_fails_leaves_no_version() {
    let objects = Faulty::new();
    let dictionaries = dictionaries(&objects);
    let id = dictionaries.create(&Caller::Anybody, named("a"), |_| {}).await.unwrap().id.clone();
    objects.set(|act, key| {
        if act == Act::Put && key.starts_with(&format!("{FOLDER}/")) { End::Badly } else { End::Well }
    });
    dictionaries.edit(&Caller::Anybody, &id, rule(1), |_| {}).await.unwrap_err();
    dictionaries.create(&Caller::Anybody, named("b"), |_| {}).await.unwrap_err();
    assert_eq!(versions(&objects).await, 1);
}

/// A client that leaves between the two objects must not leave a version that no dictionary tells of.
#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_leaves_nothing_half_made() {
    let objects = Faulty::new();
    let dictionaries = dictionaries(&objects);
    objects.set(|act, _| if act == Act::Put { End::After(Duration::from_secs(2)) } else { End::Well });
    let left = Duration::from_secs(3);
    let creating = dictionaries.create(&Caller::Anybody, named("a"), |_| {});
    assert!(tokio::time::timeout(left, creating).await.is_err());
    // The next one waits for its turn behind it.
    let second = dictionaries.create(&Caller::Anybody, named("b"), |_| {}).await.unwrap().id.clone();
    let editing = dictionaries.edit(&Caller::Anybody, &second, rule(1), |_| {});
    assert!(tokio::time::timeout(left, editing).await.is_err());
    dictionaries.change(&Caller::Anybody, &second, DictionaryChange::default(), |_| {}).await.unwrap();
    let known: usize =
        dictionaries.list(&Caller::Anybody).await.unwrap().iter().map(|kept| kept.versions.len()).sum();
    assert_eq!((known, versions(&objects).await), (3, 3));
}

/// A client that leaves between two objects must not leave a dictionary without its rules.
#[tokio::test(start_paused = true)]
async fn a_dictionary_is_changed_and_deleted_though_its_client_leaves() {
    let objects = Faulty::new();
    let dictionaries = dictionaries(&objects);
    let id = dictionaries.create(&Caller::Anybody, named("a"), |_| {}).await.unwrap().id.clone();
    dictionaries.edit(&Caller::Anybody, &id, rule(1), |_| {}).await.unwrap();
    let (soon, late) = (Duration::from_secs(1), Duration::from_secs(2));
    objects
        .set(move |act, _| if matches!(act, Act::Put | Act::Delete) { End::After(late) } else { End::Well });
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = move |changed: &Result<Option<_>, _>| {
        tell.send(changed.as_ref().is_ok_and(Option::is_some)).unwrap();
    };
    let change = DictionaryChange { name: Some("b".to_owned()), ..DictionaryChange::default() };
    let changing = dictionaries.change(&Caller::Anybody, &id, change, tell);
    assert!(tokio::time::timeout(soon, changing).await.is_err());
    assert!(told.await.unwrap(), "the audit line is written");
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = move |deleted: &Result<bool, ServiceError>| tell.send(deleted.clone()).unwrap();
    let deleting = dictionaries.delete(&Caller::Anybody, &id, tell);
    assert!(tokio::time::timeout(soon, deleting).await.is_err());
    assert_eq!(told.await.unwrap(), Ok(true));
    assert!(dictionaries.get(&Caller::Anybody, &id).await.unwrap().is_none());
    assert_eq!(versions(&objects).await, 0);
}
