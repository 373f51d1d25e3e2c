//! Addresses to listen on: what is wrong with one before the system is asked.

use std::net::{IpAddr, Ipv6Addr};

/// The longest name of a host.
const MAX_NAME_BYTES: usize = 253;
/// The longest part of one.
const MAX_LABEL_BYTES: usize = 63;

const EXPECTED: &str =
    "must be an IP address or a host name, such as \"127.0.0.1\", or \"0.0.0.0\" for all addresses";

/// Checks an IP address or the name of a host, without a port.
///
/// # Errors
/// Says what is wrong with it, and what is meant where that can be told.
pub(super) fn check_host(host: &str) -> Result<(), String> {
    let address = host.split_once('%').map_or(host, |(address, _zone)| address);
    if address.parse::<IpAddr>().is_ok() || is_name(host) {
        return Ok(());
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.len() < host.len() && bare.parse::<Ipv6Addr>().is_ok() {
        return Err(format!("= {host:?} has brackets: write {bare:?}"));
    }
    if let Some((name, port)) = host.rsplit_once(':')
        && port.parse::<u16>().is_ok()
        && !name.contains("//")
        && check_host(name.trim_start_matches('[').trim_end_matches(']')).is_ok()
    {
        return Err(format!("= {host:?} has a port, which belongs into server.port"));
    }
    Err(format!("= {host:?} {EXPECTED}"))
}

/// Checks an address with its port, as in `0.0.0.0:10200` or `[::]:10200`.
///
/// # Errors
/// Says what is expected.
pub(super) fn check_with_port(address: &str) -> Result<(), String> {
    let parts = address.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let is_right = parts.is_some_and(|(host, _)| match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !host.contains(':') && check_host(host).is_ok(),
    });
    if is_right {
        return Ok(());
    }
    Err(format!("= {address:?} must be an address with a port, such as \"0.0.0.0:10200\" or \"[::]:10200\""))
}

fn is_name(host: &str) -> bool {
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(fits)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    // Four numbers that aren't an address are a slip of the finger.
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= MAX_NAME_BYTES && name.split('.').all(is_label) && !is_number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_accepted() {
        for host in [
            "127.0.0.1",
            "0.0.0.0",
            "::",
            "::1",
            "fe80::1%eth0",
            "localhost",
            "tts.example.org",
            "a_b",
            "gpu-1.",
        ] {
            assert_eq!(check_host(host), Ok(()));
        }
        for address in ["0.0.0.0:10200", "[::]:10200", "localhost:0", "tts-1:9"] {
            assert_eq!(check_with_port(address), Ok(()));
        }
    }

    #[test]
    fn what_can_not_be_bound_is_told_with_what_is_meant() {
        for (host, words) in [
            ("not a host", "must be an IP address or a host name"),
            ("", "must be an IP address or a host name"),
            ("*", "\"0.0.0.0\" for all addresses"),
            ("256.0.0.1", "must be an IP address"),
            ("http://localhost", "must be an IP address"),
            ("host_", ""),
            ("-a", "must be"),
            ("a..b", "must be"),
            ("[::1]", "write \"::1\""),
            ("127.0.0.1:8080", "belongs into server.port"),
            ("[::1]:8080", "belongs into server.port"),
            (&"a".repeat(64), "must be"),
        ] {
            match check_host(host) {
                Ok(()) => assert!(words.is_empty(), "{host}"),
                Err(reason) => assert!(reason.contains(words) && reason.contains(host), "{reason}"),
            }
        }
        for address in ["10200", "0.0.0.0", ":10200", "0.0.0.0:99999", "::1:10200", "a b:1", "[x]:1"] {
            assert!(check_with_port(address).unwrap_err().contains("with a port"), "{address}");
        }
    }
}
