//! Wyoming's events: a line of JSON, then further data as JSON, then bytes, with the lengths of both in the line.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use svara_api::{error::ApiError, reading::json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::socket::MAX_MESSAGE_BYTES;

/// Largest part of an event.
const MAX_PART_BYTES: u64 = MAX_MESSAGE_BYTES as u64;

/// An event of a client, without its bytes: those that matter here have none.
#[derive(Debug, PartialEq)]
pub(super) struct Event {
    pub(super) kind: String,
    data: Map<String, Value>,
}

/// Why no event could be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// The client left.
    Gone,
    /// What it sent is no event.
    Wrong(ApiError),
}

impl Event {
    /// The fields of the event.
    ///
    /// # Errors
    /// A field is missing or of the wrong type.
    pub(super) fn fields<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let data = serde_json::to_vec(&self.data).map_err(ApiError::internal)?;
        json::object(&data, "data", |_| None)
            .map_err(|error| ApiError { message: format!("{}: {}", self.kind, error.message), ..error })
    }
}

#[derive(Deserialize)]
struct Head {
    r#type: String,
    data: Option<Map<String, Value>>,
    data_length: Option<u64>,
    payload_length: Option<u64>,
}

/// Reads an event.
///
/// # Errors
/// The client left, or sent something else.
pub(super) async fn read(reader: &mut (impl AsyncBufRead + Unpin)) -> Result<Event, Unread> {
    let mut line = Vec::new();
    (&mut *reader).take(MAX_PART_BYTES).read_until(b'\n', &mut line).await.map_err(|_| Unread::Gone)?;
    if line.last() != Some(&b'\n') {
        return Err(if (line.len() as u64) < MAX_PART_BYTES { Unread::Gone } else { too_long("the line") });
    }
    let head: Head = json::object(&line, "line", |_| None).map_err(no_event)?;
    let mut data = head.data.unwrap_or_default();
    if let Some(more) = part(reader, "data_length", head.data_length).await? {
        let more: Map<String, Value> = json::object(&more, "data", |_| None).map_err(no_event)?;
        data.extend(more);
    }
    part(reader, "payload_length", head.payload_length).await?;
    Ok(Event { kind: head.r#type, data })
}

async fn part(
    reader: &mut (impl AsyncBufRead + Unpin),
    field: &str,
    length: Option<u64>,
) -> Result<Option<Vec<u8>>, Unread> {
    let Some(length) = length.filter(|length| *length > 0) else { return Ok(None) };
    if length > MAX_PART_BYTES {
        return Err(too_long(field));
    }
    let mut bytes = Vec::new();
    let read = reader.take(length).read_to_end(&mut bytes).await;
    if read.is_ok_and(|read| read as u64 == length) { Ok(Some(bytes)) } else { Err(Unread::Gone) }
}

fn no_event(error: ApiError) -> Unread {
    let message = format!("this isn't an event of the Wyoming protocol: {}", error.message);
    Unread::Wrong(ApiError { message, ..error })
}

fn too_long(what: &str) -> Unread {
    Unread::Wrong(ApiError::bad_request(format!("{what} is longer than {MAX_PART_BYTES} bytes")))
}

/// An event of the server.
pub(super) fn event(kind: &str, data: &Value, payload: &[u8]) -> Vec<u8> {
    let data = if data.is_null() { String::new() } else { data.to_string() };
    let head = serde_json::json!({"type": kind, "data_length": data.len(), "payload_length": payload.len()});
    let mut event = head.to_string().into_bytes();
    event.push(b'\n');
    event.extend_from_slice(data.as_bytes());
    event.extend_from_slice(payload);
    event
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn read_all(mut bytes: &[u8]) -> Result<Event, Unread> {
        read(&mut bytes).await
    }

    #[tokio::test]
    async fn what_is_sent_is_read() {
        let sent = event("synthesize", &json!({"text": "नमस्ते"}), b"bytes");
        let event = read_all(&sent).await.unwrap();
        assert_eq!((event.kind.as_str(), &event.data["text"]), ("synthesize", &json!("नमस्ते")));
        let inline = b"{\"type\": \"ping\", \"data\": {\"text\": \"a\"}}\n";
        assert_eq!(read_all(inline).await.unwrap().data["text"], "a");
    }

    #[tokio::test]
    async fn other_things_are_refused_and_bounded() {
        for wrong in [
            &b"POST /v1/text-to-speech HTTP/1.1\r\n"[..],
            b"{}\n",
            b"{\"type\": \"ping\", \"data_length\": 3}\nabc",
            b"{\"type\": \"ping\", \"data_length\": 99999999}\n",
            b"{\"type\": \"ping\", \"payload_length\": 99999999}\n",
            &[b'a'; 300_000],
        ] {
            assert!(matches!(read_all(wrong).await, Err(Unread::Wrong(_))));
        }
        for short in [&b""[..], b"{\"type\": \"ping\"", b"{\"type\": \"ping\", \"data_length\": 3}\n{"] {
            assert!(matches!(read_all(short).await, Err(Unread::Gone)));
        }
    }
}
