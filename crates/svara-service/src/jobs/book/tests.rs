use proptest::prelude::*;

use super::*;
use crate::jobs::record::ItemSummary;

fn record(created_unix_s: u64, items: usize) -> Arc<Summary> {
    record_of(None, created_unix_s, items)
}

fn record_of(owner: Option<&str>, created_unix_s: u64, items: usize) -> Arc<Summary> {
    let item =
        ItemSummary { characters: 1, format: "wav".to_owned(), sample_rate_hz: 24_000, timestamps: None };
    Arc::new(Summary { created_unix_s, owner: owner.map(str::to_owned), items: vec![item; items] })
}

fn end(bytes: Option<u64>) -> EndRecord {
    let failure = bytes.is_none().then(|| crate::ServiceError::internal("no").into());
    EndRecord { audio_seconds: 1.0, audio_bytes: bytes, times_bytes: 0, failure }
}

#[test]
fn the_oldest_job_goes_first() {
    let mut book = Book::default();
    book.add("b".into(), record(2, 1), BTreeMap::new());
    book.add("a".into(), record(1, 3), BTreeMap::from([(1, end(Some(7)))]));
    let mut turns = Vec::new();
    while let Some(turn) = book.take_turn() {
        turns.push((turn.job_id, turn.number));
    }
    assert_eq!(turns, [("a".into(), 0), ("a".into(), 2), ("b".into(), 0)]);
    assert_eq!(book.get("a").unwrap().overview().status, "running");
    assert!(book.end("a", 0, end(Some(1))));
    assert!(book.end("a", 2, end(None)));
    assert_eq!(book.get("a").unwrap().overview().status, "failed");
    assert!(book.end("b", 0, end(Some(5))));
    assert_eq!(book.get("b").unwrap().overview().status, "done");
    assert_eq!(book.newest_first().map(|(id, _)| id).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!((book.older_than(1).len(), book.older_than(2), book.kept_bytes), (0, vec!["a".into()], 13));
    assert!(book.remove("a").is_some());
    assert!(!book.end("a", 0, end(Some(100))), "its job is deleted");
    assert_eq!((book.count(), book.kept_bytes), (1, 5));
}

#[test]
fn keys_take_turns() {
    let mut book = Book::default();
    for at in 0..100 {
        book.add(format!("a{at}"), record_of(Some("a"), at, 1), BTreeMap::new());
    }
    let first = book.take_turn().unwrap();
    book.add("b".into(), record_of(Some("b"), 200, 2), BTreeMap::new());
    assert!(book.should_give_way(&first.owner) && !book.should_give_way(&Some("b".into())));
    // One worker, whose item gives way.
    assert!(book.pause(&first.job_id, 0, Tries::default()) && book.resume(&first.job_id, 0));
    let mut order = Vec::new();
    for _ in 0..5 {
        let turn = book.take_turn().unwrap();
        assert!(book.end(&turn.job_id, turn.number, end(Some(1))));
        order.push((turn.job_id, turn.number));
    }
    let expected = [("b", 0), ("a0", 0), ("b", 1), ("a1", 0), ("a2", 0)];
    assert_eq!(order, expected.map(|(id, number)| (id.to_owned(), number)));
    // Several workers: who has fewer of them is next.
    book.add("c".into(), record_of(Some("c"), 300, 9), BTreeMap::new());
    let owners: Vec<_> = (0..4).map(|_| book.take_turn().unwrap().owner.unwrap()).collect();
    assert_eq!(owners.iter().filter(|owner| *owner == "a").count(), 2);
}

#[test]
fn an_item_that_waits_lets_others_go_on() {
    let mut book = Book::default();
    book.add("a".into(), record(1, 2), BTreeMap::new());
    let bad = book.take_turn().unwrap();
    assert!(book.pause("a", bad.number, Tries::default()));
    assert_eq!((book.take_turn().unwrap().number, book.queued_and_running()), (1, (1, 1)));
    assert!(book.take_turn().is_none(), "it isn't ready");
    assert!(book.resume("a", bad.number));
    assert_eq!(book.take_turn().unwrap().number, bad.number);
    assert!(!book.resume("a", bad.number), "it has its turn already");
}

#[test]
fn each_key_has_a_share() {
    let room = Room { jobs: 3, bytes: 100, jobs_of_key: 2, bytes_of_key: 50 };
    let (one, other) = (Some("a".to_owned()), Some("b".to_owned()));
    let mut book = Book::default();
    book.add("a".into(), record_of(Some("a"), 1, 1), BTreeMap::new());
    assert_eq!(book.reserve(&one, room), Ok(()));
    assert_eq!(book.reserve(&one, room), Err(Full::JobsOfKey(2)));
    assert_eq!(book.reserve(&other, room), Ok(()));
    assert_eq!(book.reserve(&other, room), Err(Full::Jobs(3)));
    book.release(&one);
    assert!(book.end("a", 0, end(Some(50))));
    assert_eq!(book.reserve(&one, room), Err(Full::BytesOfKey(50)));
    assert_eq!(book.reserve(&None, room), Ok(()), "without keys, there are no shares");
}

proptest! {
    /// After any sequence of events, the sums equal what is there.
    #[test]
    fn sums_are_those_of_what_is_there(acts in prop::collection::vec((0u8..6, 0usize..5, 0usize..3, 0u64..9), 0..60)) {
        let mut book = Book::default();
        for (act, job, number, bytes) in acts {
            let id = job.to_string();
            match act {
                0 if book.get(&id).is_none() => {
                    book.add(id, record(bytes, 3), BTreeMap::new());
                }
                1 => drop(book.take_turn()),
                2 => {
                    book.end(&id, number, end(bytes.checked_sub(1)));
                }
                3 => drop(book.remove(&id)),
                4 => {
                    book.pause(&id, number, Tries::default());
                }
                5 => {
                    book.resume(&id, number);
                }
                _ => {}
            }
            let items = || book.jobs.values().flat_map(|job| &job.items);
            prop_assert_eq!(book.kept_bytes, items().map(Item::kept_bytes).sum::<u64>());
            prop_assert_eq!(book.places.len(), book.count());
            let (queued, running) = book.queued_and_running();
            let over = items().filter(|item| matches!(item, Item::Over(_))).count();
            let (waiting, begun): (Vec<usize>, Vec<usize>) =
                book.jobs.values().map(Job::waiting_and_running).unzip();
            prop_assert_eq!((queued, running), (waiting.iter().sum(), begun.iter().sum()));
            prop_assert_eq!(running, book.running_of.values().sum::<usize>());
            prop_assert_eq!(queued + running + over, 3 * book.count());
        }
    }
}
