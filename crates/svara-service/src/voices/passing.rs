//! Voices that are held in memory alone, for a while. Pure: time is a value.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::KeptVoice;

/// The most voices, of all keys.
const MOST: usize = 256;
/// How long each is held.
const HELD_FOR: Duration = Duration::from_hours(1);

/// Voices without a declared consent. When there are too many, the key that holds the most loses its oldest: no key can drive
/// out another's.
#[derive(Default)]
pub(super) struct Passing {
    /// With the moment at which each was made, the oldest first.
    held: VecDeque<(Duration, Arc<KeptVoice>)>,
}

impl Passing {
    /// Holds a voice from now on.
    pub(super) fn insert(&mut self, voice: Arc<KeptVoice>, now: Duration) {
        self.forget_old(now);
        self.held.push_back((now, voice));
        if self.held.len() > MOST {
            let mut counts: HashMap<Option<&str>, usize> = HashMap::new();
            for (_, voice) in &self.held {
                *counts.entry(voice.owner.as_deref()).or_default() += 1;
            }
            let most = counts.values().copied().max().unwrap_or_default();
            let goes =
                self.held.iter().position(|(_, voice)| counts.get(&voice.owner.as_deref()) == Some(&most));
            goes.map(|at| self.held.remove(at));
        }
    }

    /// The voice with this id, if it is held.
    pub(super) fn get(&self, id: &str, now: Duration) -> Option<Arc<KeptVoice>> {
        let young = self.held.iter().filter(|(made, _)| now.saturating_sub(*made) < HELD_FOR);
        young.map(|(_, voice)| voice).find(|voice| voice.reference.voice.voice_id == id).cloned()
    }

    /// Holds the voice with this id no longer.
    pub(super) fn remove(&mut self, id: &str) {
        self.held.retain(|(_, voice)| voice.reference.voice.voice_id != id);
    }

    fn forget_old(&mut self, now: Duration) {
        self.held.retain(|(made, _)| now.saturating_sub(*made) < HELD_FOR);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::voices::{NewVoice, record::Record};

    fn voice(id: usize, owner: usize) -> Arc<KeptVoice> {
        let owner = owner.to_string();
        let record = Record::new(id.to_string(), "model", Some(&owner), NewVoice::default(), &[]);
        Arc::new(record.into_voice())
    }

    #[test]
    fn a_voice_is_held_for_an_hour() {
        let mut passing = Passing::default();
        passing.insert(voice(1, 1), Duration::from_secs(10));
        let there = |passing: &Passing, seconds| passing.get("1", Duration::from_secs(seconds)).is_some();
        assert!(there(&passing, 3609) && !there(&passing, 3610));
        passing.insert(voice(2, 1), Duration::from_secs(3610));
        assert_eq!(passing.held.len(), 1);
        passing.remove("2");
        assert_eq!(passing.held.len(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// The newest is always there, there are never too many, and who holds less than a fair share loses none.
        #[test]
        fn each_key_has_a_share(owners in prop::collection::vec(0usize..4, 1..800)) {
            let (mut passing, now) = (Passing::default(), Duration::ZERO);
            let mut made = [0; 4];
            for (id, owner) in owners.into_iter().enumerate() {
                passing.insert(voice(id, owner), now);
                made[owner] += 1;
                prop_assert!(passing.held.len() <= MOST);
                prop_assert!(passing.get(&id.to_string(), now).is_some());
                for (owner, made) in made.iter().enumerate() {
                    let owner = owner.to_string();
                    let held = passing.held.iter().filter(|(_, voice)| voice.owner.as_deref() == Some(&owner)).count();
                    prop_assert!(held >= (*made).min(MOST / 4), "{held} of {made}");
                }
            }
        }
    }
}
