use futures::future::join_all;

use super::*;
use crate::store::faulty::{Act, End, Faulty};

/// A store that hangs keeps each request as long as one try takes, however many wait for it.
#[tokio::test(start_paused = true)]
async fn requests_do_not_queue_for_a_store_that_hangs() {
    let objects = Faulty::new();
    objects.set(|_, _| End::After(Duration::from_hours(1)));
    let jobs = Jobs::new(Ok(objects.store(1000)), &JobsConfig::default(), JobMetrics::default());
    let start = Instant::now();
    let lists = join_all((0..100).map(|_| jobs.list(&Caller::Anybody))).await;
    assert!(lists.iter().all(Result::is_err));
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    // Once it answers, it is asked again soon.
    objects.set(|_, _| End::Well);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(jobs.list(&Caller::Anybody).await.unwrap().is_empty());
}

/// A write that fails leaves what was there.
#[tokio::test]
async fn an_end_is_replaced_in_one_step() {
    let objects = Faulty::new();
    let shelf = Shelf::new(objects.store(10_000));
    let id = "0".repeat(32);
    shelf.put(Product::Audio, &id, 0, b"first").await.unwrap();
    objects.set(|act, _| if act == Act::Put { End::Badly } else { End::Well });
    shelf.put(Product::Audio, &id, 0, b"second").await.unwrap_err();
    assert_eq!(shelf.get(Product::Audio, &id, 0).await.unwrap().unwrap(), "first");
    objects.set(|act, _| if act == Act::Delete { End::Badly } else { End::Well });
    shelf.put(Product::Audio, &id, 0, b"third").await.unwrap();
    assert_eq!(shelf.get(Product::Audio, &id, 0).await.unwrap().unwrap(), "third");
}

/// A job whose client leaves while it is deleted must not stay listed.
#[tokio::test(start_paused = true)]
async fn a_job_is_deleted_though_its_client_leaves() {
    let objects = Faulty::new();
    let jobs = Jobs::new(Ok(objects.store(10_000)), &JobsConfig::default(), JobMetrics::default());
    let jobs = Arc::new(jobs);
    let charge = Caller::Anybody.charge(Cost::of_text(1)).unwrap();
    let (dictionaries, items) = (dictionaries::Dictionaries::default(), Vec::new());
    let record = JobRecord { created_unix_s: 0, owner: None, dictionaries, items };
    let (id, _) = Place::take(&jobs, None).unwrap().fill(&record, charge).await.unwrap();
    let late = Duration::from_secs(2);
    objects.set(move |act, _| if act == Act::Delete { End::After(late) } else { End::Well });
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = move |deleted: &Result<bool, ServiceError>| tell.send(deleted.clone()).unwrap();
    let deleting = jobs.delete(&Caller::Anybody, &id, tell);
    assert!(tokio::time::timeout(Duration::from_secs(1), deleting).await.is_err());
    assert_eq!(told.await.unwrap(), Ok(true));
    assert!(jobs.get(&Caller::Anybody, &id).await.unwrap().is_none());
}
