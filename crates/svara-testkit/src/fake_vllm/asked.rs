//! The requests that came.

use std::collections::{BTreeMap, VecDeque};

use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use serde_json::{Value, json};

/// Requests that are kept at most.
const KEPT: usize = 1000;

/// The newest requests, in the order they came.
#[derive(Debug, Default)]
pub(super) struct Asked(VecDeque<(HeaderMap, Bytes)>);

impl Asked {
    pub(super) fn note(&mut self, headers: &HeaderMap, body: &[u8]) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        // A value is a slice of the buffer that it was read into, and would keep all of it alive.
        let copied = headers.iter().filter_map(|(name, value)| {
            Some((name.clone(), HeaderValue::from_bytes(value.as_bytes()).ok()?))
        });
        self.0.push_back((copied.collect(), Bytes::copy_from_slice(body)));
    }

    /// Their headers.
    pub(super) fn headers(&self) -> Vec<HeaderMap> {
        self.0.iter().map(|(headers, _)| headers.clone()).collect()
    }

    /// Their bodies; `null` for one that isn't JSON.
    pub(super) fn bodies(&self) -> Vec<Value> {
        self.0.iter().map(|(_, body)| serde_json::from_slice(body).unwrap_or_default()).collect()
    }

    /// Requests for each `x-session-id`, and every `x-request-id`: `{"sessions": {"hi_female": 3}, "request_ids": […]}`.
    pub(super) fn stats(&self) -> Value {
        let text = |headers: &HeaderMap, name: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let mut sessions: BTreeMap<String, usize> = BTreeMap::new();
        let mut request_ids = Vec::new();
        for (headers, _) in &self.0 {
            *sessions.entry(text(headers, "x-session-id")).or_default() += 1;
            request_ids.push(text(headers, "x-request-id"));
        }
        json!({"sessions": sessions, "request_ids": request_ids})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_requests_are_kept() {
        let mut asked = Asked::default();
        for number in 0..KEPT + 2 {
            let mut headers = HeaderMap::new();
            let session = if number % 2 == 0 { "even" } else { "odd" };
            headers.insert("x-session-id", HeaderValue::from_static(session));
            asked.note(&headers, number.to_string().as_bytes());
        }
        assert_eq!((asked.headers().len(), &asked.bodies()[0]), (KEPT, &json!(2)));
        assert_eq!(asked.stats()["sessions"], json!({"even": KEPT / 2, "odd": KEPT / 2}));
    }
}
