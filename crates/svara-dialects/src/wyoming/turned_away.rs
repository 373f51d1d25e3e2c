//! Clients that there is no room for.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::json;
use svara_service::ErrorKind;
use tokio::{
    io::{AsyncWriteExt, copy, sink},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::timeout,
};

use super::{CONNECTIONS, OF_AN_ADDRESS, wire};

/// How often the log tells of them: a flood of them must not wash out the rest.
const TELL_AGAIN: Duration = Duration::from_secs(1);
/// How long one may take to read why.
const PARTING: Duration = Duration::from_secs(1);

/// Those that the log hasn't told of yet.
#[derive(Default)]
pub(super) struct TurnedAway {
    untold: u64,
    told: Option<Instant>,
}

impl TurnedAway {
    pub(super) fn note(&mut self, peer: SocketAddr) {
        self.untold += 1;
        if self.told.is_none_or(|told| told.elapsed() >= TELL_AGAIN) {
            let (count, limit, per_address) = (self.untold, CONNECTIONS, OF_AN_ADDRESS);
            tracing::warn!(
                %peer,
                count,
                limit,
                per_address,
                "Wyoming connections are turned away: too many are open"
            );
            *self = Self { untold: 0, told: Some(Instant::now()) };
        }
    }
}

/// Tells a client why, and closes its connection. The permit bounds how many are told at once.
pub(super) async fn tell(mut stream: TcpStream, permit: OwnedSemaphorePermit) {
    let words = format!(
        "too many connections are open: {CONNECTIONS} in all, {OF_AN_ADDRESS} of one address, are allowed; try again later"
    );
    let error = json!({"text": words, "code": ErrorKind::TooManyStreams.name()});
    let parting = async {
        stream.write_all(&wire::event("error", &error, &[])).await?;
        stream.shutdown().await?;
        // Unread bytes would make the close a reset, which may overtake the words.
        copy(&mut stream, &mut sink()).await
    };
    // The client may be gone, or take its time; either way, the connection closes.
    let _ = timeout(PARTING, parting).await;
    drop(permit);
}
