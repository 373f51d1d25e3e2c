//! Why a WebSocket ends that can't be read any further.

use axum::extract::ws::{CloseFrame, close_code};
use tokio_tungstenite::tungstenite::{
    Error,
    error::{CapacityError, ProtocolError},
};

/// The close that says what is wrong with what a client sent, by RFC 6455. `None` if the connection itself is gone.
pub fn close_of(error: axum::Error) -> Option<CloseFrame> {
    let error = error.into_inner().downcast::<Error>().ok()?;
    let (code, reason) = match *error {
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            (close_code::SIZE, format!("a message may have at most {max_size} bytes"))
        }
        Error::Capacity(_) => (close_code::SIZE, "the message is too large".to_owned()),
        Error::Utf8(_) => (close_code::INVALID, "a text message isn't UTF-8".to_owned()),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return None,
        Error::Protocol(error) => (close_code::PROTOCOL, format!("not as RFC 6455 has it: {error}")),
        _ => return None,
    };
    Some(CloseFrame { code, reason: reason.into() })
}
