//! Slows down addresses that send wrong keys. Pure: time is a value.

use std::{collections::HashMap, hash::Hash, net::IpAddr, time::Duration};

use svara_http::Network;

/// The first wrong key that costs a wait; those before it cost nothing: people mistype, and deployments keep an old key for a
/// while.
const FREE: u32 = 10;
/// The wait after that one; it doubles with each further one.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait: a right key from the same address waits no longer than that.
const LONGEST: Duration = Duration::from_secs(30);
/// Failures are forgotten after this long without one.
const FORGET: Duration = Duration::from_mins(10);
/// The most addresses, and keys that have come from one of them, that are remembered.
const MOST: usize = 10_000;

/// What is known of addresses, each with its network (IPv6: /64).
#[derive(Debug, Default)]
pub(super) struct Brake {
    failures: Table<Network, Failures>,
    /// Keys, by name, that were right.
    known: Table<(Network, String), ()>,
}

#[derive(Debug, Default)]
struct Failures {
    count: u32,
    until: Duration,
}

impl Brake {
    /// How long the address still has to wait.
    pub(super) fn wait(&self, client: IpAddr, now: Duration) -> Option<Duration> {
        let failures = self.failures.get(&Network::of(client))?;
        failures.until.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    /// Notes a wrong key.
    pub(super) fn failed(&mut self, client: IpAddr, now: Duration) {
        let network = Network::of(client);
        let last = self.failures.seen(&network);
        let failures = self.failures.touch(network, now);
        if last.is_some_and(|last| now.saturating_sub(last) > FORGET) {
            *failures = Failures::default();
        }
        failures.count = failures.count.saturating_add(1);
        if let Some(beyond) = failures.count.checked_sub(FREE) {
            failures.until = now + FIRST.saturating_mul(1 << beyond.min(10)).min(LONGEST);
        }
    }

    /// Notes a right key. It forgives nothing: who guesses may hold a key of their own.
    pub(super) fn succeeded(&mut self, client: IpAddr, name: &str, now: Duration) {
        self.known.touch((Network::of(client), name.to_owned()), now);
    }

    /// Whether the key with this name has come from the address before.
    pub(super) fn knows(&self, client: IpAddr, name: &str) -> bool {
        self.known.get(&(Network::of(client), name.to_owned())).is_some()
    }
}

/// A bounded map: when it is full, it forgets the quarter that wasn't touched for the longest.
#[derive(Debug)]
struct Table<K, V>(HashMap<K, (V, Duration)>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Default> Table<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).map(|(value, _)| value)
    }

    /// When it was last touched.
    fn seen(&self, key: &K) -> Option<Duration> {
        self.0.get(key).map(|(_, seen)| *seen)
    }

    fn touch(&mut self, key: K, now: Duration) -> &mut V {
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            let mut seen: Vec<Duration> = self.0.values().map(|(_, seen)| *seen).collect();
            seen.sort_unstable();
            let oldest = seen.get(seen.len() / 4).copied().unwrap_or_default();
            self.0.retain(|_, (_, seen)| *seen > oldest);
        }
        let (value, seen) = self.0.entry(key).or_default();
        *seen = now;
        value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_wrong_key_beyond_the_free_ones_doubles_the_wait() {
        let mut brake = Brake::default();
        let client = ip("10.0.0.1");
        for _ in 1..FREE {
            brake.failed(client, at(0));
        }
        assert_eq!(brake.wait(client, at(0)), None);
        let mut now = at(0);
        let waits: Vec<u64> = (0..7)
            .map(|_| {
                brake.failed(client, now);
                let wait = brake.wait(client, now).unwrap();
                now += wait;
                assert_eq!(brake.wait(client, now), None);
                wait.as_secs()
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        brake.succeeded(client, "a", now);
        brake.failed(client, now);
        assert!(brake.wait(client, now).is_some(), "a right key forgives nothing");
        assert!(brake.knows(client, "a") && !brake.knows(ip("10.0.0.2"), "a"));
        brake.failed(client, now + FORGET + at(1));
        assert_eq!(brake.wait(client, now + FORGET + at(1)), None, "it is forgotten");
    }

    #[test]
    fn a_network_is_one_client() {
        let mut brake = Brake::default();
        for host in 0..=FREE {
            brake.failed(ip(&format!("2001:db8::{host:x}")), at(0));
        }
        assert!(brake.wait(ip("2001:db8::ffff"), at(0)).is_some());
        assert!(brake.wait(ip("2001:db8:0:1::1"), at(0)).is_none());
        assert!(brake.wait(ip("::ffff:10.0.0.1"), at(0)).is_none());
    }

    proptest! {
        /// However many addresses fail, the table stays bounded, and the newest are in it.
        #[test]
        fn the_table_is_bounded(more in 1u32..3000) {
            let mut brake = Brake::default();
            for n in 0..MOST as u32 + more {
                let client = IpAddr::from(n.to_be_bytes());
                brake.failed(client, Duration::from_millis(n.into()));
                prop_assert!(brake.failures.get(&Network::of(client)).is_some());
            }
            prop_assert!(brake.failures.0.len() <= MOST);
        }
    }
}
