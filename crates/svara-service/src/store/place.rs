//! The address of a store, as a configuration has it.

/// Where a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// On a disk.
    Directory(&'a str),
    /// In S3-compatible storage.
    Bucket { bucket: &'a str, prefix: &'a str },
}

impl<'a> Place<'a> {
    /// Reads `file:///directory`, a path, or `s3://bucket/prefix`; an error says what is expected.
    pub(super) fn of(url: &'a str) -> Result<Self, &'static str> {
        match url.split_once("://") {
            None => Ok(Self::Directory(url)),
            Some(("file", directory)) if !directory.is_empty() => Ok(Self::Directory(directory)),
            Some(("s3", place)) => match place.split_once('/').unwrap_or((place, "")) {
                ("", _) => Err("the bucket is missing: expected s3://bucket/prefix"),
                (bucket, prefix) => Ok(Self::Bucket { bucket, prefix }),
            },
            Some(_) => Err("expected file:///directory or s3://bucket/prefix"),
        }
    }
}

/// Whether there can be a store at `url`; an error says what is expected. An empty one is none.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    match Place::of(url) {
        Err(expected) if !url.is_empty() => Err(format!("{:?}: {expected}", shown(url))),
        _ => Ok(()),
    }
}

/// The directory in which a store's objects are files; none of S3-compatible storage.
pub fn directory(url: &str) -> Option<&std::path::Path> {
    match Place::of(url) {
        Ok(Place::Directory(directory)) => Some(directory.as_ref()),
        Ok(Place::Bucket { .. }) | Err(_) => None,
    }
}

/// A URL without a user and a password, which belong into variables.
pub(super) fn shown(url: &str) -> String {
    let parts = url.split_once("://").filter(|(scheme, _)| *scheme != "file");
    match parts.and_then(|(scheme, place)| Some((scheme, place.rsplit_once('@')?.1))) {
        Some((scheme, place)) => format!("{scheme}://***@{place}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_and_buckets() {
        for url in ["data/voices", "file://data/voices"] {
            assert_eq!(Place::of(url), Ok(Place::Directory("data/voices")));
        }
        assert_eq!(Place::of("file:///data"), Ok(Place::Directory("/data")));
        assert_eq!(Place::of("s3://b"), Ok(Place::Bucket { bucket: "b", prefix: "" }));
        assert_eq!(Place::of("s3://b/c/d"), Ok(Place::Bucket { bucket: "b", prefix: "c/d" }));
    }

    #[test]
    fn other_addresses_are_refused_without_their_secrets() {
        assert!(check_url("").is_ok());
        for url in ["ftp://x/y", "s3://", "s3:///prefix", "file://", "https://key:secret@host/x"] {
            let error = check_url(url).unwrap_err();
            assert!(error.contains("s3://bucket/prefix"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
