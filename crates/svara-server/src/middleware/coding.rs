//! Transfer codings of request bodies. hyper takes whatever ends in `chunked`, and hands out what the other codings made.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, HeaderValue,
    header::{CONNECTION, TRANSFER_ENCODING},
};
use svara_api::error::{ApiError, Spelling};

const CHUNKED: &str = "chunked";

/// Middleware: refuses bodies with other transfer codings than `chunked`, once. Nothing may follow on the connection, as a
/// proxy in front may have read the body in another way.
pub(crate) async fn check_coding(State(spelling): State<Spelling>, request: Request, next: Next) -> Response {
    match check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            let mut response = error.into_response(spelling.of(&request));
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

/// As RFC 9112, section 6.1 has it: what can't be read at all is a 400, a coding that isn't known here a 501.
fn check(headers: &HeaderMap) -> Result<(), ApiError> {
    let values = headers.get_all(TRANSFER_ENCODING).iter();
    let mut codings = Vec::new();
    for value in values {
        let value = String::from_utf8_lossy(value.as_bytes());
        codings.extend(value.split(',').map(|coding| coding.trim().to_ascii_lowercase()));
    }
    let Some((last, before)) = codings.split_last() else { return Ok(()) };
    if last != CHUNKED || before.iter().any(|coding| coding.is_empty() || coding == CHUNKED) {
        return Err(ApiError::bad_request("transfer-encoding: must be chunked, and nothing else"));
    }
    match before.first() {
        Some(coding) => Err(ApiError::unknown_coding(coding)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chunked_is_taken() {
        let status = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(TRANSFER_ENCODING, HeaderValue::from_static(value));
            }
            check(&headers).err().map(|error| error.status().as_u16())
        };
        for (values, expected) in [
            (&[][..], None),
            (&["chunked"], None),
            (&[" Chunked\t"], None),
            (&["gzip, chunked"], Some(501)),
            (&["gzip", "chunked"], Some(501)),
            (&["identity, chunked"], Some(501)),
            (&["chunked, chunked"], Some(400)),
            (&["chunked", "chunked"], Some(400)),
            (&[", chunked"], Some(400)),
            (&["chunked, gzip"], Some(400)),
            (&["chunked;q=1"], Some(400)),
            (&[""], Some(400)),
        ] {
            assert_eq!(status(values), expected, "{values:?}");
        }
    }
}
