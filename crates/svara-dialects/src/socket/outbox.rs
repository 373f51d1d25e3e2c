//! What is to be sent over a socket, and the close at its end.

use std::{collections::VecDeque, future::poll_fn, pin::Pin, task::Poll, task::ready};

use axum::extract::ws::{CloseFrame, Message};
use futures::{Sink, SinkExt};
use http::StatusCode;
use svara_api::error::{ApiError, Kind, close_of};
use svara_http::Linger;
use svara_service::ErrorKind;

/// Close codes of RFC 6455 and its registry: all is said.
pub(in super::super) const NORMAL: u16 = 1000;
/// The server stops.
pub(in super::super) const AWAY: u16 = 1001;
/// The client did what it may not.
const POLICY: u16 = 1008;
/// The server couldn't go on.
const INTERNAL: u16 = 1011;
/// The same may succeed a little later.
const LATER: u16 = 1013;

/// Longest reason of a close: what a control frame holds besides the code.
const MAX_REASON_BYTES: usize = 123;
/// Reading stops while this many messages wait to be sent: a client that sends mistakes has to read the answers.
const FULL: usize = 32;

/// The code that a socket is closed with for a failure, in every dialect.
pub(in super::super) fn code_of(error: &ApiError) -> u16 {
    let status = error.status();
    let later = status == StatusCode::SERVICE_UNAVAILABLE
        || matches!(error.kind, Kind::Service(ErrorKind::RateLimited | ErrorKind::TooManyStreams));
    match status {
        _ if later => LATER,
        status if status.is_client_error() => POLICY,
        _ => INTERNAL,
    }
}

/// A close.
pub(in super::super) fn close(code: u16, reason: &str) -> Message {
    let reason = reason.get(..reason.floor_char_boundary(MAX_REASON_BYTES)).unwrap_or_default();
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

/// What is to be sent.
#[derive(Default)]
pub(in super::super) struct Outbox {
    messages: VecDeque<Message>,
    /// The socket has taken messages that it may not have sent yet.
    unflushed: bool,
    /// A close is or was in it: nothing comes behind that.
    closes: bool,
}

impl Outbox {
    pub(in super::super) fn text(&mut self, message: String) {
        self.messages.push_back(Message::Text(message.into()));
    }

    /// Sound, if there is any.
    pub(in super::super) fn sound(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.messages.push_back(Message::Binary(bytes.into()));
        }
    }

    /// Ends the socket.
    pub(in super::super) fn close(&mut self, code: u16, reason: &str) {
        self.messages.push_back(close(code, reason));
        self.closes = true;
    }

    /// Ends a socket from which nothing more can be read: all that waits gives way to the close that says why. Returns
    /// whether there is anybody to tell.
    pub(super) fn end_unreadable(&mut self, error: axum::Error, linger: &Linger) -> bool {
        let Some(frame) = close_of(error) else { return false };
        tracing::info!(
            code = frame.code,
            reason = frame.reason.as_str(),
            "a socket sent what isn't a message"
        );
        self.messages.clear();
        self.messages.push_back(Message::Close(Some(frame)));
        self.closes = true;
        // The rest of a message that is too large is still under way.
        linger.at_close();
        true
    }

    /// Sends all of it. Cancel-safe: a message leaves the outbox when the socket has taken it, and the outbox isn't empty before
    /// the socket has sent all.
    ///
    /// # Errors
    /// The client is gone.
    pub(super) async fn send(
        &mut self,
        sink: &mut (impl Sink<Message, Error = axum::Error> + Unpin),
    ) -> Result<(), axum::Error> {
        while !self.messages.is_empty() {
            self.unflushed = true;
            poll_fn(|cx| {
                let mut sink = Pin::new(&mut *sink);
                ready!(sink.as_mut().poll_ready(cx))?;
                Poll::Ready(
                    self.messages.pop_front().map_or(Ok(()), |message| sink.as_mut().start_send(message)),
                )
            })
            .await?;
        }
        sink.flush().await?;
        self.unflushed = false;
        Ok(())
    }

    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && !self.unflushed
    }

    pub(super) fn is_full(&self) -> bool {
        self.messages.len() >= FULL
    }

    pub(super) fn closes(&self) -> bool {
        self.closes
    }
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use futures::FutureExt;
    use svara_service::ServiceError;

    use super::*;

    #[test]
    fn codes_tell_whose_fault_it_is() {
        for (error, code) in [
            (ApiError::invalid("text", "x"), POLICY),
            (ApiError::from(ServiceError::key_unknown()), POLICY),
            (ApiError::input_timeout(1), POLICY),
            (ApiError::internal("x"), INTERNAL),
            (ApiError::draining(), LATER),
        ] {
            assert_eq!(code_of(&error), code, "{error}");
        }
    }

    /// Takes all messages, and sends them once its window is open.
    #[derive(Default)]
    struct Window {
        open: bool,
        taken: usize,
        sent: usize,
    }

    impl Sink<Message> for Window {
        type Error = axum::Error;

        fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
            Poll::Ready(Ok(()))
        }

        fn start_send(mut self: Pin<&mut Self>, _: Message) -> Result<(), axum::Error> {
            self.taken += 1;
            Ok(())
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
            if !self.open {
                return Poll::Pending;
            }
            self.sent = self.taken;
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn what_the_socket_has_taken_is_not_sent_yet() {
        let (mut out, mut window) = (Outbox::default(), Window::default());
        out.text("last".to_owned());
        assert!(out.send(&mut window).now_or_never().is_none(), "the client's window is full");
        assert!(window.taken == 1 && !out.is_empty(), "somebody has to go on with it");
        window.open = true;
        assert!(matches!(out.send(&mut window).now_or_never(), Some(Ok(()))));
        assert!(window.sent == 1 && out.is_empty());
    }
}
