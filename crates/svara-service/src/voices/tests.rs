use std::time::Duration;

use super::*;
use crate::{
    callers::{Callers, KeyEntry, KeyRings},
    store::faulty::{Act, End, Faulty},
};

fn voices(store: Store) -> Arc<KeptVoices> {
    Arc::new(KeptVoices::new(Ok(store), "model", &VoicesConfig::default()))
}

fn named(name: &str) -> NewVoice {
    NewVoice { name: name.to_owned(), listed: true, consent: true, ..NewVoice::default() }
}

/// The holders of keys with these names.
fn holders<const N: usize>(names: [&str; N]) -> [Caller; N] {
    let entries = names.map(|name| KeyEntry::unbounded(name, name)).to_vec();
    let ring = Arc::new(KeyRings::default().ring(entries).unwrap());
    let (_sender, keys) = tokio::sync::watch::channel(ring);
    let callers = Callers::new(Some(keys));
    names.map(|name| callers.recognize(Some(name)).unwrap())
}

/// A client that leaves while its voice is stored must not leave one that nobody has heard of.
#[tokio::test(start_paused = true)]
async fn a_voice_is_saved_though_its_client_leaves() {
    let objects = Faulty::new();
    let voices = voices(objects.store(MAX_VOICE_BYTES));
    objects.set(|act, _| if act == Act::Put { End::After(Duration::from_secs(2)) } else { End::Well });
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = move |saved: &Result<_, _>| tell.send(saved.is_ok()).unwrap();
    let creating = voices.create(&Caller::Anybody, named("a"), &[], tell);
    assert!(tokio::time::timeout(Duration::from_secs(1), creating).await.is_err());
    // The next one waits for its turn behind it.
    voices.create(&Caller::Anybody, named("b"), &[], |_| {}).await.unwrap();
    let names = voices.list(&Caller::Anybody).await.unwrap();
    let mut names: Vec<&str> = names.iter().map(|kept| kept.reference.voice.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b"]);
    assert!(told.await.unwrap(), "the audit line is written");
}

/// A client that leaves while its voice is changed or deleted must not leave it as it was for others.
#[tokio::test(start_paused = true)]
async fn a_voice_is_changed_and_deleted_though_its_client_leaves() {
    let objects = Faulty::new();
    let voices = voices(objects.store(MAX_VOICE_BYTES));
    let saved = voices.create(&Caller::Anybody, named("a"), &[], |_| {}).await.unwrap();
    let id = &saved.reference.voice.voice_id;
    let (soon, late) = (Duration::from_secs(1), Duration::from_secs(2));
    objects
        .set(move |act, _| if matches!(act, Act::Put | Act::Delete) { End::After(late) } else { End::Well });
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = move |changed: &Result<Option<_>, _>| {
        tell.send(changed.as_ref().is_ok_and(Option::is_some)).unwrap();
    };
    let change = VoiceChange { name: Some("b".to_owned()), ..VoiceChange::default() };
    let changing = voices.change(&Caller::Anybody, id, change, tell);
    assert!(tokio::time::timeout(soon, changing).await.is_err());
    assert!(told.await.unwrap(), "the audit line is written");
    let found = voices.get(&Caller::Anybody, id).await.unwrap().unwrap();
    assert_eq!(found.reference.voice.name, "b");
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = move |deleted: &Result<bool, ServiceError>| tell.send(deleted.clone()).unwrap();
    let deleting = voices.delete(&Caller::Anybody, id, tell);
    assert!(tokio::time::timeout(soon, deleting).await.is_err());
    assert_eq!(told.await.unwrap(), Ok(true));
    assert!(voices.get(&Caller::Anybody, id).await.unwrap().is_none(), "it speaks no more");
}

/// A key that holds many voices takes no place of another's.
#[tokio::test]
async fn a_flood_of_held_voices_is_its_own_loss() {
    let voices = KeptVoices::new(Err(NotSetUp::by_setting("none")), "model", &VoicesConfig::default());
    let [alice, bob] = holders(["alice", "bob"]);
    let hold = async |caller: &Caller| {
        let held = voices.hold(caller, named("a"), &[]);
        held.reference.voice.voice_id.clone()
    };
    let mut of_bob = Vec::new();
    let mut flood = async || {
        for _ in 0..1000 {
            of_bob.push(hold(&bob).await);
        }
    };
    let first = hold(&alice).await;
    flood().await;
    let of_alice = [first, hold(&alice).await];
    flood().await;
    // Whatever is kept in order later is in order by now.
    for _ in 0..1000 {
        let _ = voices.get(&alice, &of_alice[0]).await;
    }
    for id in &of_alice {
        assert!(voices.get(&alice, id).await.unwrap().is_some(), "hers are still there");
    }
    assert!(voices.get(&bob, of_bob.last().unwrap()).await.unwrap().is_some());
    let mut there = 0;
    for id in &of_bob {
        // There is no store to ask for those that are gone.
        there += usize::from(voices.get(&bob, id).await.is_ok_and(|held| held.is_some()));
    }
    assert!(there <= 256, "{there}");
}
