//! Clients that there is no room for.

use std::time::Duration;

use serde_json::json;
use svara_service::ErrorKind;
use tokio::{
    io::{AsyncWriteExt, copy, sink},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::timeout,
};

use super::{CONNECTIONS, OF_AN_ADDRESS, wire};

/// How long one may take to read why.
const PARTING: Duration = Duration::from_secs(1);

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
