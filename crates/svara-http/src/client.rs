//! Which client a request comes from. Pure.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use http::{HeaderMap, HeaderName, HeaderValue, header::FORWARDED};

use crate::forwarded;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The most proxies in a row that are looked at.
const MOST_PROXIES: usize = 16;
/// The part of an IPv6 address that one client gets: a /64.
const IPV6_NETWORK: u128 = u128::MAX << 64;

/// What counts as one client: an IPv4 address, or an IPv6 network of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The client that this address belongs to.
    pub fn of(client: IpAddr) -> Self {
        Self(match client.to_canonical() {
            IpAddr::V6(client) => Ipv6Addr::from(u128::from(client) & IPV6_NETWORK).into(),
            client => client,
        })
    }
}

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    base: u128,
    mask: u128,
}

/// IPv4 addresses as the IPv6 addresses that stand for them, so that one comparison does.
fn bits(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(address) => address.into(),
    }
}

impl FromStr for Range {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, length)| (a, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Ok(all), |length| length.parse::<u32>().map_err(|_| ()))?;
        let free = all.checked_sub(length).ok_or(())?;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        Ok(Self { base: bits(address) & mask, mask })
    }
}

/// The proxies whose word on their clients is taken.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[Range]>);

impl Proxies {
    /// Proxies with these addresses or ranges of addresses.
    ///
    /// # Errors
    /// The one that is neither.
    pub fn parse(texts: &[String]) -> Result<Self, &String> {
        let ranges: Result<Vec<Range>, &String> =
            texts.iter().map(|text| text.parse().map_err(|()| text)).collect();
        Ok(Self(ranges?.into()))
    }

    /// The client of a request that came from `peer`: of those that the proxies name, the nearest that isn't a proxy itself.
    /// What a client says of itself stands before that, and isn't looked at.
    pub fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.ip().to_canonical();
        // A value that can't be read names nobody, and whoever stands before it isn't looked at.
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let named: Vec<String> = if headers.contains_key(X_FORWARDED_FOR) {
            let lists = headers.get_all(X_FORWARDED_FOR).iter().map(text);
            lists.flat_map(|list| list.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
        } else {
            let lists = headers.get_all(FORWARDED).iter().map(text);
            lists.flat_map(|list| forwarded::nodes(&list).unwrap_or_else(|| vec![String::new()])).collect()
        };
        for named in named.into_iter().rev().take(MOST_PROXIES) {
            if !self.trusts(client) {
                break;
            }
            let Some(next) = address(&named) else { break };
            client = next;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| bits(address) & range.mask == range.base)
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies = ["10.0.0.0/8".to_owned(), "::1".to_owned(), "2001:db8::/32".to_owned()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        Proxies::parse(&proxies).unwrap().client(peer, &map).to_string()
    }

    #[test]
    fn only_proxies_are_believed() {
        let xff = "x-forwarded-for";
        for (peer, headers, expected) in [
            ("192.0.2.1", vec![(xff, "198.51.100.1")], "192.0.2.1"),
            ("10.1.2.3", vec![], "10.1.2.3"),
            ("10.1.2.3", vec![(xff, "198.51.100.1")], "198.51.100.1"),
            ("::ffff:10.1.2.3", vec![(xff, "198.51.100.1:443")], "198.51.100.1"),
            ("10.1.2.3", vec![(xff, "1.1.1.1, 198.51.100.1, 10.9.9.9")], "198.51.100.1"),
            ("10.1.2.3", vec![(xff, "1.1.1.1"), (xff, "198.51.100.1")], "198.51.100.1"),
            ("10.1.2.3", vec![(xff, "nonsense")], "10.1.2.3"),
            ("10.1.2.3", vec![("forwarded", "for=1.1.1.1, For=\"[2a00::7]:1\";proto=https")], "2a00::7"),
            ("::1", vec![("forwarded", "proto=http;for=198.51.100.1")], "198.51.100.1"),
            ("2001:db8::5", vec![("forwarded", "for=unknown")], "2001:db8::5"),
            ("10.1.2.3", vec![(xff, "198.51.100.1"), ("forwarded", "for=1.1.1.1")], "198.51.100.1"),
            ("10.1.2.3", vec![("forwarded", "for=\"a, for=1.1.1.1\", for=198.51.100.1")], "198.51.100.1"),
            ("10.1.2.3", vec![("forwarded", "for=198.51.100.1, for=\"10.9.9.9, 1.1.1.1\"")], "10.1.2.3"),
            ("10.1.2.3", vec![("forwarded", "for=1.1.1.1;host=\"a;for=2.2.2.2\"")], "1.1.1.1"),
            ("10.1.2.3", vec![("forwarded", "for=\"1.1.1.1, for=198.51.100.1")], "10.1.2.3"),
            (
                "10.1.2.3",
                vec![("forwarded", "for=\"1.1.1.1"), ("forwarded", "for=\"198.51.100.1\"")],
                "198.51.100.1",
            ),
        ] {
            assert_eq!(client(peer, &headers), expected, "{peer} {headers:?}");
        }
    }

    #[test]
    fn ranges_are_checked() {
        for wrong in ["10.0.0.0/33", "::/129", "x", "10.0.0.0/", "10.0.0.0/-1", ""] {
            let list = [wrong.to_owned()];
            assert_eq!(Proxies::parse(&list).unwrap_err(), wrong);
        }
        assert!(Proxies::parse(&["0.0.0.0/0".to_owned(), "::/0".to_owned()]).is_ok());
    }
}
