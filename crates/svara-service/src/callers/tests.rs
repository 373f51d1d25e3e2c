//! Keys, their limits and what they have used.

use super::*;
use crate::ErrorKind;

fn callers(rings: &KeyRings, entries: Vec<KeyEntry>) -> (watch::Sender<Arc<KeyRing>>, Callers) {
    let (sender, receiver) = watch::channel(Arc::new(rings.ring(entries).unwrap()));
    (sender, Callers::new(Some(receiver)))
}

fn one_a_minute(name: &str, key: &str) -> KeyEntry {
    KeyEntry { requests_per_minute: Some(1), ..KeyEntry::unbounded(name, key) }
}

#[test]
fn usage_survives_a_reload() {
    let rings = KeyRings::default();
    let (keys, callers) = callers(&rings, vec![one_a_minute("a", "1"), one_a_minute("b", "2")]);
    let name = |key: &str| {
        callers.identify(Some(key)).unwrap().start_stream(1).unwrap().key_name().map(str::to_owned)
    };
    let refused = |key: Option<&str>| callers.identify(key).unwrap_err().kind;
    assert_eq!(name("1").as_deref(), Some("a"));
    assert_eq!(refused(Some("1")), ErrorKind::RateLimited);
    assert_eq!(refused(None), ErrorKind::MissingKey);
    assert_eq!(refused(Some("3")), ErrorKind::InvalidKey);
    let reloaded = rings.ring(vec![one_a_minute("a", "one"), one_a_minute("c", "3")]).unwrap();
    keys.send_replace(Arc::new(reloaded));
    assert_eq!(refused(Some("1")), ErrorKind::InvalidKey);
    assert_eq!(refused(Some("2")), ErrorKind::InvalidKey);
    assert_eq!(refused(Some("one")), ErrorKind::RateLimited);
    assert_eq!(name("3").as_deref(), Some("c"));
}

#[test]
fn nothing_is_spoken_before_a_key_is_known() {
    let open = Callers::new(None);
    assert!(open.nobody_yet().start_stream(1).is_ok() && open.identify(None).is_ok());
    let rings = KeyRings::default();
    let (_keys, asking) = callers(&rings, vec![KeyEntry::unbounded("a", "k")]);
    assert_eq!(asking.nobody_yet().start_stream(1).unwrap_err().kind, ErrorKind::MissingKey);
    assert_eq!(asking.nobody_yet().charge(Cost::of_text(1)).unwrap_err().kind, ErrorKind::MissingKey);
}

#[test]
fn an_unspent_charge_is_refunded() {
    let rings = KeyRings::default();
    let entry = KeyEntry {
        concurrent_streams: Some(1),
        characters_per_day: Some(10),
        ..KeyEntry::unbounded("a", "k")
    };
    let (_keys, callers) = callers(&rings, vec![entry]);
    let caller = callers.identify(Some("k")).unwrap();
    let mut stream = caller.start_stream(4).unwrap();
    assert_eq!(caller.charge(Cost::of_text(7)).unwrap_err().kind, ErrorKind::QuotaExceeded);
    drop(caller.charge(Cost::of_text(6)).unwrap());
    caller.charge(Cost::of_text(6)).unwrap().spend();
    assert_eq!(caller.charge(Cost::of_text(1)).unwrap_err().kind, ErrorKind::QuotaExceeded);
    stream.spoken();
    drop(stream);
    assert_eq!(caller.start_stream(1).unwrap_err().kind, ErrorKind::QuotaExceeded);
}

/// What is charged before midnight and refunded after it isn't taken from what the new day has used.
#[test]
fn a_refund_is_of_the_day_of_its_charge() {
    let rings = KeyRings::default();
    let entry = KeyEntry { characters_per_day: Some(10), ..KeyEntry::unbounded("a", "k") };
    let (_keys, callers) = callers(&rings, vec![entry]);
    let caller = callers.identify(Some("k")).unwrap();
    let mut of_yesterday = caller.charge(Cost::of_text(4)).unwrap();
    let charged = &mut of_yesterday.holder.as_mut().unwrap().1;
    charged.unix = charged.unix.saturating_sub(Duration::from_hours(24));
    caller.charge(Cost::of_text(6)).unwrap().spend();
    drop(of_yesterday);
    assert_eq!(caller.remaining().characters, Some(0));
}
