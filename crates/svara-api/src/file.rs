//! Finished files as answers: whole, or the part that a player asks for (RFC 9110, section 14).

use std::{convert::Infallible, ops::Bound};

use axum::{body::Body, extract::FromRequestParts, response::Response};
use bytes::Bytes;
use headers::{AcceptRanges, ContentRange, ETag, HeaderMapExt, IfRange, Range};
use http::{HeaderValue, Method, StatusCode, header::CONTENT_TYPE, request::Parts};

use crate::error::ApiError;

/// A file that is there as a whole and doesn't change.
#[derive(Debug)]
pub struct File {
    /// Its media type.
    pub content_type: &'static str,
    /// Names the content among all that the address has or had: up to 100 letters, digits and hyphens.
    pub tag: String,
    /// Its content.
    pub bytes: Bytes,
}

/// What a request wants of a file, extracted from its headers.
#[derive(Debug)]
pub struct Wanted {
    range: Option<Range>,
    unless_changed: Option<IfRange>,
}

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Ranges have no meaning for other methods. A header that isn't one counts as absent.
        let range = (parts.method == Method::GET).then(|| parts.headers.typed_get()).flatten();
        Ok(Self { range, unless_changed: parts.headers.typed_get() })
    }
}

impl Wanted {
    /// The answer: the file, or its part. Of several parts, which players don't ask for, the file.
    ///
    /// # Errors
    /// The part isn't in the file.
    pub fn of(self, file: File) -> Result<Response, ApiError> {
        let File { content_type, tag, bytes } = file;
        let length = bytes.len() as u64;
        let tag = format!("\"{tag}\"").parse::<ETag>().ok();
        let changed = self.unless_changed.is_some_and(|unless| unless.is_modified(tag.as_ref(), None));
        let mut response = match self.range.filter(|_| !changed) {
            None => Response::new(Body::from(bytes)),
            Some(range) => {
                let mut parts = range.satisfiable_ranges(length).filter_map(|part| within(part, length));
                match (parts.next(), parts.next()) {
                    (Some((first, last)), None) => part(&bytes, first, last),
                    (Some(_), Some(_)) => Response::new(Body::from(bytes)),
                    (None, _) => return Err(ApiError::range_not_satisfiable(length)),
                }
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.typed_insert(AcceptRanges::bytes());
        if let Some(tag) = tag {
            headers.typed_insert(tag);
        }
        Ok(response)
    }
}

/// The first and the last byte of a part, as far as it is in a file of this many bytes.
fn within((first, last): (Bound<u64>, Bound<u64>), length: u64) -> Option<(u64, u64)> {
    let first = match first {
        Bound::Included(first) => first,
        Bound::Excluded(before) => before.checked_add(1)?,
        Bound::Unbounded => 0,
    };
    let end = length.checked_sub(1)?;
    let last = match last {
        Bound::Included(last) => last.min(end),
        Bound::Excluded(behind) => behind.checked_sub(1)?.min(end),
        Bound::Unbounded => end,
    };
    (first <= last).then_some((first, last))
}

/// The bytes from `first` to `last`, both in the file.
fn part(bytes: &Bytes, first: u64, last: u64) -> Response {
    let whole = bytes.len() as u64;
    // In the file, whose length fits.
    let content = bytes.slice(first as usize..=last as usize);
    let mut response = Response::new(Body::from(content));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    if let Ok(range) = ContentRange::bytes(first..=last, whole) {
        response.headers_mut().typed_insert(range);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use futures::FutureExt;
    use headers::HeaderMap;
    use http::{
        Request,
        header::{CONTENT_RANGE, ETAG, IF_RANGE, RANGE},
    };
    use proptest::prelude::*;

    use super::*;

    /// Status, `Content-Range` and body of the answer to a request for a file of ten bytes.
    fn ask(method: Method, range: &str, unless: Option<&str>) -> (u16, HeaderMap, Bytes) {
        let mut request = Request::builder().method(method).header(RANGE, range);
        if let Some(unless) = unless {
            request = request.header(IF_RANGE, unless);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let wanted = Wanted::from_request_parts(&mut parts, &()).now_or_never().unwrap().unwrap();
        let bytes = Bytes::from_static(b"0123456789");
        match wanted.of(File { content_type: "audio/mpeg", tag: "a-0".to_owned(), bytes }) {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                let body = to_bytes(body, 100).now_or_never().unwrap().unwrap();
                (parts.status.as_u16(), parts.headers, body)
            }
            Err(error) => (error.status().as_u16(), HeaderMap::new(), Bytes::new()),
        }
    }

    #[test]
    fn a_part_is_what_was_asked_for() {
        for (range, status, content_range, body) in [
            ("bytes=0-3", 206, "bytes 0-3/10", "0123"),
            ("bytes=4-", 206, "bytes 4-9/10", "456789"),
            ("bytes=-2", 206, "bytes 8-9/10", "89"),
            ("bytes=-200", 206, "bytes 0-9/10", "0123456789"),
            ("bytes=8-100", 206, "bytes 8-9/10", "89"),
            ("bytes=0-0", 206, "bytes 0-0/10", "0"),
            ("bytes=10-", 416, "", ""),
            ("bytes=-0", 416, "", ""),
            ("bytes=0-1,4-5", 200, "", "0123456789"),
            ("bytes=5-2", 200, "", "0123456789"),
            ("lines=1-2", 200, "", "0123456789"),
            ("bytes=", 200, "", "0123456789"),
            ("x", 200, "", "0123456789"),
        ] {
            let (got, headers, content) = ask(Method::GET, range, None);
            let got_range = headers.get(CONTENT_RANGE).map_or("", |value| value.to_str().unwrap());
            assert_eq!((got, got_range, &content[..]), (status, content_range, body.as_bytes()), "{range}");
        }
        assert_eq!(ask(Method::HEAD, "bytes=0-3", None).0, 200);
    }

    #[test]
    fn what_has_changed_comes_whole() {
        let (_, headers, _) = ask(Method::GET, "bytes=0-3", None);
        assert_eq!(headers[ETAG], "\"a-0\"");
        assert_eq!(ask(Method::GET, "bytes=0-3", Some("\"a-0\"")).0, 206);
        assert_eq!(ask(Method::GET, "bytes=0-3", Some("\"a-1\"")).0, 200);
        assert_eq!(ask(Method::GET, "bytes=0-3", Some("Wed, 21 Oct 2026 07:28:00 GMT")).0, 200);
    }

    proptest! {
        #[test]
        fn no_range_makes_it_panic_or_lie(range in "bytes=[0-9,-]{0,24}") {
            let (status, headers, content) = ask(Method::GET, &range, None);
            let is_part = headers.contains_key(CONTENT_RANGE);
            prop_assert_eq!(status == 206, is_part);
            prop_assert!(matches!(status, 200 | 206 | 416));
            prop_assert_eq!(status == 200, content.len() == 10 && !is_part);
        }
    }
}
