//! Answers to operators' requests.

use tokio::sync::mpsc;

use crate::control::{Failure, Response};

/// Sends an answer. A new reply channel has room, and a client that is gone needs no answer.
pub(super) fn send(reply: &mpsc::Sender<Response>, response: Response) {
    let _ = reply.try_send(response);
}

/// Answers with a failure.
pub(super) fn refuse(reply: &mpsc::Sender<Response>, failure: Failure, message: String) {
    send(reply, Response::Error { failure, message });
}
