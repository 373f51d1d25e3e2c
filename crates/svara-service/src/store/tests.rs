//! The store in a directory, and in its own words.

use super::*;

#[tokio::test]
async fn what_is_written_is_read_and_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("file://{}/new/store", directory.path().display());
    let store = Store::open(&url, 10).unwrap();
    assert_eq!(store.keys("a", 9, |_| true).await.unwrap(), Vec::<String>::new());
    store.create("a/b", b"value").await.unwrap();
    assert!(matches!(store.create("a/b", b"other").await, Err(StoreError::Exists { .. })));
    assert!(matches!(store.create("a/c", b"01234567890").await, Err(StoreError::TooLarge { .. })));
    let other = Store::open(&url, 10).unwrap();
    assert_eq!(other.get("a/b").await.unwrap().unwrap(), "value");
    assert_eq!(other.keys("a", 9, |_| true).await.unwrap(), ["b"]);
    other.replace("a/b", b"new").await.unwrap();
    assert_eq!(store.get("a/b").await.unwrap().unwrap(), "new");
    other.delete("a/b").await.unwrap();
    other.delete("a/b").await.unwrap();
    assert_eq!(store.get("a/b").await.unwrap(), None);
}

#[tokio::test]
async fn damaged_values_are_never_returned() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().display().to_string(), 100).unwrap();
    store.create("a/b", b"some value").await.unwrap();
    let file = directory.path().join("a/b");
    let whole = std::fs::read(&file).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&file, &whole[..cut]).unwrap();
        assert!(matches!(store.get("a/b").await, Err(StoreError::Damaged { .. })), "cut at {cut}");
    }
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        std::fs::write(&file, flipped).unwrap();
        assert!(matches!(store.get("a/b").await, Err(StoreError::Damaged { .. })), "bit at {at}");
    }
    std::fs::write(&file, vec![0; 1000]).unwrap();
    assert!(store.get("a/b").await.unwrap_err().to_string().contains("larger"));
    // A crash in the middle of a write leaves a file that isn't renamed yet.
    std::fs::write(directory.path().join("a/c#1"), &whole[..9]).unwrap();
    assert_eq!(store.keys("a", 9, |_| true).await.unwrap(), ["b"]);
}

/// A large value may take as long as a slow connection needs for it; a small one may not.
#[tokio::test(start_paused = true)]
async fn large_values_have_more_time() {
    let objects = faulty::Faulty::new();
    let store = objects.store(usize::MAX / 2);
    objects.set(|_, _| faulty::End::After(Duration::from_secs(18)));
    let large = vec![1; 12_000_000];
    store.create("a/large", &large).await.unwrap();
    store.replace("a/large", &large).await.unwrap();
    assert!(store.create("a/small", b"1").await.is_err());
    assert!(store.replace("a/small", b"1").await.is_err());
    assert!(store.get("a/large").await.is_err(), "what is said of it comes at once");
    objects.set(|_, _| faulty::End::Well);
    objects.set_body_time(Duration::from_secs(18));
    assert_eq!(store.get("a/large").await.unwrap().unwrap().len(), large.len());
    store.create("a/small", b"1").await.unwrap();
    assert!(store.get("a/small").await.is_err());
    objects.set_body_time(Duration::from_secs(30));
    assert!(store.get("a/large").await.is_err(), "no value has time without an end");
}

#[test]
fn a_full_disk_is_told_apart() {
    for (kind, full) in [
        (ErrorKind::StorageFull, true),
        (ErrorKind::QuotaExceeded, true),
        (ErrorKind::FileTooLarge, true),
        (ErrorKind::PermissionDenied, false),
    ] {
        let source = Box::new(io::Error::from(kind));
        let error = unavailable(&Error::Generic { store: "x", source });
        assert_eq!(matches!(error, StoreError::Full { .. }), full, "{kind:?}");
    }
}

#[tokio::test]
async fn impossible_urls_are_named() {
    for url in ["ftp://x/y", "/proc/nowhere/x"] {
        let error = Store::open(url, 1).err().unwrap().to_string();
        assert!(error.contains(url), "{error}");
    }
}
