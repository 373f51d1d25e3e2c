//! Who may be connected: bounds for all clients and for each address, and who gives way when they are reached.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::client::Network;

/// Seats beyond the bounds for connections that only ask whether the server lives.
const PROBES: usize = 16;

/// All seats of a server.
#[derive(Debug)]
pub struct Seats {
    most: usize,
    most_per_peer: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Numbers connections, and the moments at which they become idle.
    clock: u64,
    open: HashMap<u64, Taken>,
    /// Those that haven't given way, without probes.
    seated: usize,
    by_peer: HashMap<Network, usize>,
}

#[derive(Debug)]
struct Taken {
    peer: Network,
    probes: bool,
    /// When it became idle; `None` while a request is open.
    idle_since: Option<u64>,
    gives_way: bool,
    asked: Arc<Notify>,
}

/// A connection's seat; dropping it frees it.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    id: u64,
    /// The bound that is reached, so that only probes are answered on it.
    only_probes: Option<Bound>,
    asked: Arc<Notify>,
}

/// A bound on connections, with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Of all clients.
    All(usize),
    /// Of one client's address.
    Address(usize),
}

impl Bound {
    /// The limit's name in [`crate::Limits`].
    pub fn name(self) -> &'static str {
        match self {
            Self::All(_) => "connections",
            Self::Address(_) => "connections_per_address",
        }
    }

    /// The most connections.
    pub fn limit(self) -> usize {
        match self {
            Self::All(limit) | Self::Address(limit) => limit,
        }
    }
}

impl Seats {
    /// Seats for so many connections, and for so many of each address.
    pub fn new(most: usize, most_per_peer: usize) -> Arc<Self> {
        Arc::new(Self { most, most_per_peer, state: Mutex::default() })
    }

    /// A seat for a client. Where there is none, the connection that has been idle for the longest gives way; if none is
    /// idle, the new one may only probe.
    pub fn take(self: &Arc<Self>, peer: IpAddr) -> Seat {
        let peer = Network::of(peer);
        let mut state = self.state();
        let of_peer = state.by_peer.get(&peer).copied().unwrap_or_default();
        let only_probes = if of_peer >= self.most_per_peer
            && !state.give_way(|taken| taken.peer == peer && !taken.probes)
        {
            Some(Bound::Address(self.most_per_peer))
        } else if state.seated >= self.most && !state.give_way(|taken| !taken.probes) {
            Some(Bound::All(self.most))
        } else {
            None
        };
        let probes = only_probes.is_some();
        if !probes {
            state.seated += 1;
            *state.by_peer.entry(peer).or_default() += 1;
        } else if state.open.values().filter(|taken| taken.probes && !taken.gives_way).count() >= PROBES {
            // Whatever its state: a probe takes a moment.
            state.oldest_probe_gives_way();
        }
        state.clock += 1;
        let (id, asked) = (state.clock, Arc::new(Notify::new()));
        let taken = Taken { peer, probes, idle_since: Some(id), gives_way: false, asked: Arc::clone(&asked) };
        state.open.insert(id, taken);
        drop(state);
        Seat { seats: Arc::clone(self), id, only_probes, asked }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Asks the longest idle one of these to give way; whether there is one.
    fn give_way(&mut self, of: impl Fn(&Taken) -> bool) -> bool {
        let idle = self.open.iter().filter(|(_, taken)| !taken.gives_way && of(taken));
        let idle = idle.filter_map(|(id, taken)| Some((taken.idle_since?, *id)));
        let Some((_, id)) = idle.min() else { return false };
        self.ask(id);
        true
    }

    fn oldest_probe_gives_way(&mut self) {
        let probes = self.open.iter().filter(|(_, taken)| taken.probes && !taken.gives_way);
        if let Some(id) = probes.map(|(id, _)| *id).min() {
            self.ask(id);
        }
    }

    fn ask(&mut self, id: u64) {
        let Some(taken) = self.open.get_mut(&id) else { return };
        taken.gives_way = true;
        taken.asked.notify_one();
        let (peer, probes) = (taken.peer, taken.probes);
        if !probes {
            self.leave(peer);
        }
    }

    fn leave(&mut self, peer: Network) {
        self.seated = self.seated.saturating_sub(1);
        if let Some(of_peer) = self.by_peer.get_mut(&peer) {
            *of_peer = of_peer.saturating_sub(1);
            if *of_peer == 0 {
                self.by_peer.remove(&peer);
            }
        }
    }
}

impl Seat {
    /// The bound that is reached, if there is no room for what the connection wants: then it may only probe.
    pub fn only_probes(&self) -> Option<Bound> {
        self.only_probes
    }

    /// Says whether no request is open.
    pub fn set_idle(&self, idle: bool) {
        let mut state = self.seats.state();
        state.clock += 1;
        let now = state.clock;
        if let Some(taken) = state.open.get_mut(&self.id) {
            taken.idle_since = idle.then(|| taken.idle_since.unwrap_or(now));
        }
    }

    /// Waits until the connection has to give way.
    pub async fn given_up(&self) {
        self.asked.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.seats.state();
        if let Some(taken) = state.open.remove(&self.id)
            && !taken.gives_way
            && !taken.probes
        {
            state.leave(taken.peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn gives_way(seat: &Seat) -> bool {
        seat.given_up().now_or_never().is_some()
    }

    #[test]
    fn the_longest_idle_one_gives_way() {
        let seats = Seats::new(3, 3);
        let [first, second, third] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map(|text| seats.take(peer(text)));
        first.set_idle(false);
        second.set_idle(false);
        second.set_idle(true);
        let fourth = seats.take(peer("10.0.0.4"));
        assert!(
            gives_way(&third) && fourth.only_probes.is_none() && !gives_way(&first) && !gives_way(&second)
        );
        let fifth = seats.take(peer("10.0.0.5"));
        assert!(gives_way(&second) && fifth.only_probes.is_none());
        [&fourth, &fifth].into_iter().for_each(|seat| seat.set_idle(false));
        assert_eq!(seats.take(peer("10.0.0.6")).only_probes, Some(Bound::All(3)), "all are busy");
        drop((first, second, third));
        assert_eq!(seats.take(peer("10.0.0.6")).only_probes, None);
    }

    #[test]
    fn an_address_has_its_own_bound() {
        let seats = Seats::new(10, 2);
        let same = ["2001:db8::1", "2001:db8::2"].map(|text| seats.take(peer(text)));
        same.iter().for_each(|seat| seat.set_idle(false));
        let third = seats.take(peer("2001:db8::ffff:3"));
        assert_eq!(third.only_probes, Some(Bound::Address(2)), "a /64 is one client");
        assert_eq!(seats.take(peer("2001:db8:0:1::1")).only_probes, None);
        assert_eq!(seats.take(peer("::ffff:10.0.0.1")).only_probes, None);
    }

    #[test]
    fn probes_always_get_a_seat() {
        let seats = Seats::new(1, 1);
        let busy = seats.take(peer("10.0.0.1"));
        busy.set_idle(false);
        let probes: Vec<Seat> = (0..=PROBES).map(|_| seats.take(peer("10.0.0.2"))).collect();
        assert!(probes.iter().all(|seat| seat.only_probes.is_some()));
        assert!(gives_way(&probes[0]) && !gives_way(&probes[1]));
        drop(probes);
        drop(busy);
        let state = seats.state();
        assert!(state.open.is_empty() && state.seated == 0 && state.by_peer.is_empty());
    }
}
