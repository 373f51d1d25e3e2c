//! Finds the sounds of a text in what is heard. Pure.
//!
//! Each sound is given a stretch of moments, in order, such that together they fit best: a stretch should sound like its
//! kind, and last about as long as usual, at the pace of the piece. Dynamic programming finds the best of all ways near
//! the one in which every sound has its usual share of what isn't silent.

use std::ops::Range;

use super::{
    letters::{Kind, SPACE, Sounded},
    sound::{Moment, Sound},
};

/// Below the loudest, what isn't speech, in decibels.
const SPEECH_DB: f32 = 40.0;
/// A piece whose loudest moments are softer than this is silence.
const LOUDEST_DB: i8 = -60;
/// How far from its usual place a sound is looked for, in moments, and as a part of the piece.
const REACH: usize = 150;
const REACH_PART: usize = 20;
/// The longest sound but pauses, in moments.
const LONGEST: usize = 60;

/// What a moment costs that doesn't fit, against a length that doesn't.
const FIT: f32 = 0.4;
/// What a moment costs at most.
const MISFIT: f32 = 8.0;
/// How unequal lengths are: the deviation of their logarithm.
const SPREAD: f32 = 0.45;
/// What it costs to leave out a sound that often is, and one that isn't.
const LEFT_OUT: f32 = 3.0;
const MISSING: f32 = 8.0;
/// What a pause costs where none is written, and what a written one costs that isn't made, for each unit of its length.
const UNWRITTEN_PAUSE: f32 = 8.0;
const UNMADE_PAUSE: f32 = 0.01;
const NEVER: f32 = f32::INFINITY;

/// The moments of each sound, in order and without a gap, but for silence before the first and after the last. `None` if
/// nothing is heard, or nothing fits.
pub(super) fn align(sounds: &[Sounded], sound: &Sound) -> Option<Vec<Range<usize>>> {
    let moments = &*sound.moments;
    // Stretches are told as 16 bits.
    if sounds.is_empty() || moments.len() >= usize::from(u16::MAX) {
        return None;
    }
    let heard = Heard::new(moments)?;
    let said: u32 = sounds.iter().filter(|sound| sound.kind != Kind::Pause).map(|sound| sound.length).sum();
    let pace = heard.spoken() as f32 / said.max(1) as f32;
    let costs = Costs::new(&heard);
    // The silence before and after.
    let mut row = Row::first(&heard, &costs);
    let mut rows = Vec::with_capacity(sounds.len() + 2);
    let mut said_so_far = 0;
    for sound in sounds {
        if sound.kind != Kind::Pause {
            said_so_far += u64::from(sound.length);
        }
        let usual = heard.spoken() as u64 * said_so_far / u64::from(said.max(1));
        let usual = heard.place(usize::try_from(usual).unwrap_or(usize::MAX));
        let next = row.next(heard.reach(usual), &costs, sound, pace);
        rows.push(std::mem::replace(&mut row, next));
    }
    let last = row.pause(moments.len()..moments.len() + 1, &costs, 0.0, 0.0);
    rows.push(row);
    rows.push(last);
    // Back from the end.
    let mut end = moments.len();
    let mut stretches = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        let length = row.length(end)?;
        let start = end.checked_sub(length)?;
        stretches.push(start..end);
        end = start;
    }
    stretches.reverse();
    // Without the silence before the first and after the last.
    stretches.pop();
    (end == 0).then(|| stretches.drain(1..).collect())
}

/// How many of the sounds are said in all of this, the text having been broken off, at a pace in moments for each unit of
/// length. `None` if nothing is heard.
pub(super) fn align_start(sounds: &[Sounded], sound: &Sound, pace: f32) -> Option<usize> {
    let end = sound.moments.len();
    if end >= usize::from(u16::MAX) {
        return None;
    }
    let heard = Heard::new(&sound.moments)?;
    let costs = Costs::new(&heard);
    let mut row = Row::first(&heard, &costs);
    let (mut best, mut said_so_far) = ((NEVER, 0), 0);
    for (sound, count) in sounds.iter().zip(1..) {
        if sound.kind != Kind::Pause {
            said_so_far += sound.length;
        }
        let spoken = said_so_far as f32 * pace;
        if spoken > 2.0 * heard.spoken() as f32 + REACH as f32 {
            break;
        }
        // The cast saturates.
        row = row.next(heard.reach(heard.place(spoken as usize)), &costs, sound, pace);
        let whole = row.pause(end..end + 1, &costs, 0.0, 0.0);
        let cost = whole.costs.first().copied().unwrap_or(NEVER);
        if cost < best.0 {
            best = (cost, count);
        }
    }
    Some(best.1)
}

/// How many moments are speech.
pub(super) fn spoken(sound: &Sound) -> usize {
    Heard::new(&sound.moments).map_or(0, |heard| heard.spoken())
}

/// The pace of a piece that is said to its end, in moments for each unit of length. `None` if nothing is heard.
pub(super) fn pace(sounds: &[Sounded], sound: &Sound) -> Option<f32> {
    let said: u32 = sounds.iter().filter(|sound| sound.kind != Kind::Pause).map(|sound| sound.length).sum();
    (said > 0).then_some(Heard::new(&sound.moments)?.spoken() as f32 / said as f32)
}

/// The moments, with the loudest as 0 dB.
struct Heard<'a> {
    moments: &'a [Moment],
    loudest_db: f32,
    /// How many moments up to each are speech.
    spoken: Vec<usize>,
}

impl<'a> Heard<'a> {
    fn new(moments: &'a [Moment]) -> Option<Self> {
        let mut levels: Vec<i8> = moments.iter().map(|moment| moment.level_db).collect();
        let loud = levels.len().checked_sub(1)? * 95 / 100;
        let (_, loudest, _) = levels.select_nth_unstable(loud);
        let loudest = *loudest;
        if loudest < LOUDEST_DB {
            return None;
        }
        let loudest_db = f32::from(loudest);
        let mut so_far = 0;
        let spoken = moments.iter().map(|moment| {
            so_far += usize::from(f32::from(moment.level_db) > loudest_db - SPEECH_DB);
            so_far
        });
        Some(Self { moments, loudest_db, spoken: spoken.collect() })
    }

    fn spoken(&self) -> usize {
        self.spoken.last().copied().unwrap_or_default()
    }

    /// Where so much has been spoken.
    fn place(&self, spoken: usize) -> usize {
        self.spoken.partition_point(|so_far| *so_far < spoken)
    }

    /// The places around one, both ends included.
    fn reach(&self, place: usize) -> Range<usize> {
        let length = self.moments.len();
        let reach = REACH + length / REACH_PART;
        place.saturating_sub(reach)..place.saturating_add(reach).min(length) + 1
    }
}

/// What the moments before each place cost together, for each kind.
struct Costs([Vec<f32>; 6]);

impl Costs {
    fn new(heard: &Heard<'_>) -> Self {
        let kinds = [Kind::Vowel, Kind::Sonorant, Kind::Fricative, Kind::Stop, Kind::Breath, Kind::Pause];
        Self(kinds.map(|kind| {
            let mut sum = 0.0;
            let each = heard.moments.iter().map(|moment| {
                sum += cost(kind, f32::from(moment.level_db) - heard.loudest_db, f32::from(moment.hiss_db));
                sum
            });
            std::iter::once(0.0).chain(each).collect()
        }))
    }

    fn before(&self, kind: Kind) -> Option<&[f32]> {
        let [vowel, sonorant, fricative, stop, breath, pause] = &self.0;
        match kind {
            Kind::Vowel => Some(vowel),
            Kind::Sonorant => Some(sonorant),
            Kind::Fricative => Some(fricative),
            Kind::Stop => Some(stop),
            Kind::Breath => Some(breath),
            Kind::Pause => Some(pause),
            Kind::Unknown => None,
        }
    }
}

/// What it costs that a moment of this level, in decibels of the loudest, and of this hiss belongs to a kind. The means
/// and deviations are round numbers for speech in general.
fn cost(kind: Kind, level: f32, hiss: f32) -> f32 {
    let (level_mean, level_spread, hiss_mean, hiss_spread) = match kind {
        Kind::Vowel => (-6.0, 6.0, -14.0, 5.0),
        Kind::Sonorant => (-11.0, 7.0, -16.0, 5.0),
        Kind::Fricative => (-22.0, 9.0, 0.0, 5.0),
        Kind::Stop => (-33.0, 14.0, -8.0, 8.0),
        Kind::Breath => (-18.0, 9.0, -10.0, 7.0),
        Kind::Unknown => return 0.0,
        // As soft as it likes to be.
        Kind::Pause => (level.min(-50.0), 12.0, hiss, 1.0),
    };
    let off = ((level - level_mean) / level_spread).powi(2) + ((hiss - hiss_mean) / hiss_spread).powi(2);
    // A kind that may be anything fits nothing well.
    FIT * (0.5 * off + (level_spread / 8.0f32).ln()).min(MISFIT)
}

/// The best way to place the sounds so far such that the last ends at each place.
struct Row {
    /// The first place.
    from: usize,
    /// What the best way costs.
    costs: Vec<f32>,
    /// How long the last sound is in it.
    lengths: Vec<u16>,
}

impl Row {
    /// The silence before the first sound.
    fn first(heard: &Heard<'_>, costs: &Costs) -> Self {
        let nothing = Self { from: 0, costs: vec![0.0], lengths: vec![0] };
        nothing.pause(heard.reach(0), costs, 0.0, 0.0)
    }

    fn next(&self, places: Range<usize>, costs: &Costs, sound: &Sounded, pace: f32) -> Self {
        if sound.kind == Kind::Pause {
            let (unwritten, unmade) = if sound.length <= SPACE {
                (UNWRITTEN_PAUSE, 0.0)
            } else {
                (0.0, sound.length as f32 * UNMADE_PAUSE)
            };
            return self.pause(places, costs, unwritten, unmade);
        }
        let mut next = self.left_out(places, if sound.optional { LEFT_OUT } else { MISSING });
        let before = costs.before(sound.kind);
        let so_far = |place: usize| before.and_then(|before| before.get(place)).copied().unwrap_or_default();
        // Without what the moments before cost, so that only the length is left to choose.
        let bases: Vec<f32> =
            self.costs.iter().zip(self.from..).map(|(cost, place)| cost - so_far(place)).collect();
        let (mut best, mut lengths) = (vec![NEVER; next.costs.len()], vec![0_u16; next.costs.len()]);
        let usual = (sound.length as f32 * pace).max(1.0);
        let longest = ((usual * 4.0) as usize).saturating_add(10).min(LONGEST);
        for length in 1..=longest {
            let off = (length as f32 / usual).ln() / SPREAD;
            let unusual = 0.5 * off * off;
            // The place that the first base leads to.
            let to = self.from + length;
            let skipped = next.from.saturating_sub(to);
            let at = to.saturating_sub(next.from);
            let ways = bases.get(skipped..).unwrap_or_default();
            let best = best.get_mut(at..).unwrap_or_default();
            let lengths = lengths.get_mut(at..).unwrap_or_default();
            for ((base, best), chosen) in ways.iter().zip(best).zip(lengths) {
                let way = base + unusual;
                if way < *best {
                    *best = way;
                    // At most `LONGEST`.
                    *chosen = length as u16;
                }
            }
        }
        let ends = next.costs.iter_mut().zip(&mut next.lengths).zip(next.from..);
        for (((cost, length), place), (best, chosen)) in ends.zip(best.iter().zip(&lengths)) {
            let way = best + so_far(place);
            if way < *cost {
                (*cost, *length) = (way, *chosen);
            }
        }
        next
    }

    /// A pause of any length: it costs `made` to make it and `unmade` to leave it out.
    fn pause(&self, places: Range<usize>, costs: &Costs, made: f32, unmade: f32) -> Self {
        let mut next = self.left_out(places, unmade);
        let before = costs.before(Kind::Pause).unwrap_or_default();
        let so_far = |place: usize| before.get(place).copied().unwrap_or_default();
        let mut bases = self.costs.iter().zip(self.from..).peekable();
        let mut best = (NEVER, 0);
        for ((cost, length), place) in next.costs.iter_mut().zip(&mut next.lengths).zip(next.from..) {
            while let Some((cost, start)) = bases.next_if(|(_, start)| *start < place) {
                let base = cost - so_far(start);
                if base < best.0 {
                    best = (base, start);
                }
            }
            let way = best.0 + so_far(place) + made;
            if way < *cost {
                *cost = way;
                // `align` refuses longer pieces.
                *length = u16::try_from(place - best.1).unwrap_or(u16::MAX);
            }
        }
        next
    }

    /// The same ends, for a sound that isn't said.
    fn left_out(&self, places: Range<usize>, cost: f32) -> Self {
        let costs = places.clone().map(|place| {
            place
                .checked_sub(self.from)
                .and_then(|at| self.costs.get(at))
                .map_or(NEVER, |before| before + cost)
        });
        Self { from: places.start, costs: costs.collect(), lengths: vec![0; places.len()] }
    }

    /// How long the last sound is if it ends here. `None` if it can't.
    fn length(&self, end: usize) -> Option<usize> {
        let at = end.checked_sub(self.from)?;
        self.costs.get(at).filter(|cost| cost.is_finite())?;
        self.lengths.get(at).map(|length| usize::from(*length))
    }
}
