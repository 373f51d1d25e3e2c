//! Resolves host names on threads of their own: a resolver that doesn't answer holds up nothing but its own question.

use std::{
    cell::RefCell,
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    thread,
};

use tokio::{net::TcpStream, sync::watch};

/// Names that each purpose may have in question at once.
const MAX_QUESTIONS: usize = 16;

/// `getaddrinfo` needs little.
const STACK_BYTES: usize = 256 << 10;

/// What a connection is for. Alerts never keep probes waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// A probe, a canary or a reading of metrics.
    Probe,
    /// A webhook.
    Alert,
}

type Questions = HashMap<(Purpose, String), watch::Receiver<Option<Found>>>;
type Found = Result<Vec<IpAddr>, String>;

thread_local! {
    /// The names in question; everything that connects runs on one thread.
    static QUESTIONS: RefCell<Questions> = RefCell::default();
}

/// Connects to the first address of a host that answers.
///
/// # Errors
/// When the name can't be resolved or no address answers.
pub(super) async fn connect(host: &str, port: u16, purpose: Purpose) -> io::Result<TcpStream> {
    let mut last = io::Error::other(format!("`{host}` has no address"));
    for address in addresses(host, purpose).await? {
        match TcpStream::connect(SocketAddr::new(address, port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn addresses(host: &str, purpose: Purpose) -> io::Result<Vec<IpAddr>> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    // By RFC 6761, this machine; no resolver is asked.
    if host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let mut answer = question(host, purpose)?;
    let found = answer.wait_for(Option::is_some).await.map_err(io::Error::other)?;
    match &*found {
        Some(Ok(addresses)) => Ok(addresses.clone()),
        Some(Err(reason)) => Err(io::Error::other(format!("{host}: {reason}"))),
        None => Err(io::Error::other(format!("{host}: no answer"))),
    }
}

/// Asks, unless this very question is already being asked.
fn question(host: &str, purpose: Purpose) -> io::Result<watch::Receiver<Option<Found>>> {
    QUESTIONS.with_borrow_mut(|questions| {
        // A sender that is gone has answered or failed.
        questions.retain(|_, answer| answer.has_changed().is_ok());
        if let Some(answer) = questions.get(&(purpose, host.to_owned())) {
            return Ok(answer.clone());
        }
        if questions.keys().filter(|(of, _)| *of == purpose).count() >= MAX_QUESTIONS {
            let words = format!("{host}: {MAX_QUESTIONS} other names are being resolved");
            return Err(io::Error::other(words));
        }
        let (tell, answer) = watch::channel(None);
        let name = host.to_owned();
        let ask = move || {
            let found = (name.as_str(), 0).to_socket_addrs();
            let found = found.map(|found| found.map(|address| address.ip()).collect());
            // Nobody may be waiting any more.
            let _ = tell.send(Some(found.map_err(|error| error.to_string())));
        };
        thread::Builder::new().name("resolver".into()).stack_size(STACK_BYTES).spawn(ask)?;
        questions.insert((purpose, host.to_owned()), answer.clone());
        Ok(answer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn numbers_and_localhost_ask_nobody() {
        for host in ["127.0.0.1", "::1", "localhost", "LocalHost", "api.localhost"] {
            assert!(!addresses(host, Purpose::Probe).await.unwrap().is_empty(), "{host}");
            assert!(QUESTIONS.with_borrow(HashMap::is_empty), "{host}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_unknown_name_is_an_error_with_the_name() {
        let error = addresses("no such host.invalid", Purpose::Probe).await.unwrap_err();
        assert!(error.to_string().starts_with("no such host.invalid: "), "{error}");
    }
}
