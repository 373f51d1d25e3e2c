//! When a failed item is tried again, and when nothing is tried for a while. Pure.

use std::time::Duration;

use crate::ErrorKind;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// Tries in all. They take about ten minutes, in which an engine can restart.
const TRIES: u32 = 14;
/// Tries of an item that is itself the reason, as others are spoken.
const OWN_TRIES: u32 = 3;

/// How long to wait after this many failures in a row; none if it is time to give up.
pub(super) fn pause_after(failures: u32) -> Option<Duration> {
    (failures < TRIES).then(|| pause(failures))
}

fn pause(failures: u32) -> Duration {
    FIRST.saturating_mul(1 << failures.saturating_sub(1).min(6)).min(LONGEST)
}

/// What the failures of an item say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tries {
    all: u32,
    /// Those that are the item's own.
    own: u32,
    /// What had been spoken before the first one.
    spoken: Option<u64>,
}

impl Tries {
    /// Notes a failure, when `spoken` speeches of anybody had been begun, of which `before` when the try began. Returns how
    /// long to wait before the next try; none if it is time to give up.
    pub(super) fn failed(&mut self, kind: ErrorKind, (before, spoken): (u64, u64)) -> Option<Duration> {
        self.all += 1;
        // Proof that the engine works: what was spoken since.
        let others_speak = spoken > *self.spoken.get_or_insert(before);
        let own = match kind {
            // The engine worked, and had nothing to say.
            ErrorKind::NoAudio | ErrorKind::Runaway => true,
            // Nobody's fault, or everybody's.
            ErrorKind::ServerFull
            | ErrorKind::EngineBusy
            | ErrorKind::EngineUnreachable
            | ErrorKind::StoreUnavailable => false,
            _ => others_speak,
        };
        self.own += u32::from(own);
        if self.own >= OWN_TRIES {
            return None;
        }
        pause_after(self.all)
    }
}

/// Failures of one item after the other, with nothing spoken in between: then it isn't the items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outage {
    last: Option<(String, usize)>,
    spoken: u64,
    row: u32,
}

impl Outage {
    /// Notes an item's failure, when `spoken` speeches had been begun. Returns how long all items are to wait.
    pub(super) fn failed(&mut self, id: &str, number: usize, spoken: u64) -> Option<Duration> {
        if spoken != self.spoken {
            *self = Self { spoken, ..Self::default() };
        }
        let same = self.last.as_ref().is_some_and(|(last, at)| last == id && *at == number);
        if self.last.is_some() && !same {
            self.row += 1;
        }
        self.last = Some((id.to_owned(), number));
        (self.row > 0 && !same).then(|| pause(self.row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_end() {
        let pauses: Vec<u64> = (1..).map_while(pause_after).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses.len(), 13);
    }

    fn tries(kind: ErrorKind, spoken: impl Fn(u64) -> u64) -> u64 {
        let mut tries = Tries::default();
        (1..).find(|count| tries.failed(kind, (spoken(0), spoken(*count))).is_none()).unwrap()
    }

    #[test]
    fn an_item_whose_fault_it_is_is_given_up_soon() {
        assert_eq!(tries(ErrorKind::NoAudio, |_| 0), 3);
        assert_eq!(tries(ErrorKind::EngineError, |count| count), 3, "others are spoken");
        assert_eq!(
            tries(ErrorKind::EngineError, |_| 0),
            14,
            "nothing is spoken: the engine may be restarting"
        );
        assert_eq!(tries(ErrorKind::EngineTimeout, |count| count), 3);
        assert_eq!(
            tries(ErrorKind::EngineError, |count| u64::from(count > 1)),
            4,
            "others were spoken after the first"
        );
        for kind in [ErrorKind::ServerFull, ErrorKind::EngineBusy, ErrorKind::StoreUnavailable] {
            assert_eq!(tries(kind, |count| count), 14, "{kind:?}");
        }
    }

    #[test]
    fn all_items_wait_while_none_can_be_spoken() {
        let mut outage = Outage::default();
        let pauses =
            [("a", 0), ("a", 0), ("a", 1), ("a", 0), ("a", 1)].map(|(id, at)| outage.failed(id, at, 5));
        let seconds = pauses.map(|pause| pause.map(|pause| pause.as_secs()));
        assert_eq!(seconds, [None, None, Some(1), Some(2), Some(4)]);
        assert_eq!(outage.failed("b", 0, 6), None, "something was spoken");
        assert_eq!(outage.failed("b", 0, 6), None, "one item alone is no outage");
    }
}
