//! Finished files as answers: whole, or the part that a player asks for (RFC 9110, section 14).

use std::convert::Infallible;

use axum::{body::Body, extract::FromRequestParts, response::Response};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE},
    request::Parts,
};

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
    /// The range counts only for this content.
    only_of: Option<HeaderValue>,
}

impl<S: Sync> FromRequestParts<S> for Wanted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        // Ranges have no meaning for other methods, and none where the client may have the file.
        let counts = parts.method == Method::GET && !headers.contains_key(IF_NONE_MATCH);
        let range = counts.then(|| Range::parse(only(headers, &RANGE)?.to_str().ok()?)).flatten();
        Ok(Self { range, only_of: headers.get(IF_RANGE).cloned() })
    }
}

/// The value of a header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

impl Wanted {
    /// The answer: the file, or its part.
    ///
    /// # Errors
    /// The part isn't in the file.
    pub fn of(self, file: File) -> Result<Response, ApiError> {
        let File { content_type, tag, bytes } = file;
        let length = bytes.len() as u64;
        let tag = HeaderValue::try_from(format!("\"{tag}\"")).ok();
        let is_same = self.only_of.is_none() || self.only_of == tag;
        let mut response = match self.range.filter(|_| is_same) {
            None => Response::new(Body::from(bytes)),
            Some(range) => {
                let within = range.within(length).ok_or_else(|| ApiError::range_not_satisfiable(length))?;
                part(&bytes, within)
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.extend(tag.map(|tag| (ETAG, tag)));
        Ok(response)
    }
}

/// One range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// From the first of these to the second, or to the end.
    From(u64, Option<u64>),
    /// The last ones.
    Last(u64),
}

impl Range {
    /// The range in the value of a header. None for what isn't one: it counts as absent, as do several, which players don't ask
    /// for.
    fn parse(value: &str) -> Option<Self> {
        let (unit, range) = value.trim().split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (first, last) = range.trim().split_once('-')?;
        match (first.is_empty(), last.is_empty()) {
            (true, _) => Some(Self::Last(number(last)?)),
            (false, true) => Some(Self::From(number(first)?, None)),
            (false, false) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// The first and the last byte, as far as they are in a file of this many bytes.
    fn within(self, length: u64) -> Option<(u64, u64)> {
        let end = length.checked_sub(1)?;
        match self {
            Self::From(first, last) => (first <= end).then_some((first, last.unwrap_or(end).min(end))),
            Self::Last(0) => None,
            Self::Last(count) => Some((length.saturating_sub(count), end)),
        }
    }
}

/// A number of digits; one that is too large stands for more than any file has.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

/// The bytes from the first to the last, both in the file.
fn part(bytes: &Bytes, (first, last): (u64, u64)) -> Response {
    let whole = bytes.len();
    // In the file, whose length fits.
    let part = bytes.slice(first as usize..=last as usize);
    // A slice keeps all of the file in memory until it is sent, and only its own length is counted.
    let part = if part.len() < whole { Bytes::copy_from_slice(&part) } else { part };
    let mut response = Response::new(Body::from(part));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    let range = HeaderValue::try_from(format!("bytes {first}-{last}/{whole}"));
    response.headers_mut().extend(range.ok().map(|range| (CONTENT_RANGE, range)));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::to_bytes;
    use futures::FutureExt;
    use http::Request;
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
            ("bytes=4-99999999999999999999999", 206, "bytes 4-9/10", "456789"),
            ("bytes=99999999999999999999999-", 416, "", ""),
            ("Bytes=1-1", 206, "bytes 1-1/10", "1"),
            ("bytes=a-b", 200, "", "0123456789"),
            ("bytes=-", 200, "", "0123456789"),
            ("bytes=+1-2", 200, "", "0123456789"),
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

    /// A client that asks for a part and doesn't read it must not keep the file in memory.
    #[test]
    fn a_part_does_not_hold_the_file() {
        struct Owner {
            _held: Arc<()>,
        }
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                b"0123456789"
            }
        }
        for (range, holds) in [("bytes=0-3", false), ("bytes=1-", false), ("bytes=0-", true), ("none", true)]
        {
            let held = Arc::new(());
            let bytes = Bytes::from_owner(Owner { _held: Arc::clone(&held) });
            let (mut parts, ()) = Request::builder().header(RANGE, range).body(()).unwrap().into_parts();
            let wanted = Wanted::from_request_parts(&mut parts, &()).now_or_never().unwrap().unwrap();
            let answer =
                wanted.of(File { content_type: "audio/mpeg", tag: "a-0".to_owned(), bytes }).unwrap();
            assert_eq!(Arc::strong_count(&held) == 2, holds, "{range}");
            drop(answer);
        }
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
