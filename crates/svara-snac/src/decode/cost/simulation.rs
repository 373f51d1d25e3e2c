//! A decoder in simulated time: as many streams as the costs allow, calls in the order of [`Urgency::place`].

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use proptest::prelude::*;

use super::*;
use crate::decode::{
    due::{Due, Rank, Urgency},
    job::{LATE_ROWS, Sharing},
    queue::Batching,
};

const FRAME_S: f64 = 2048.0 / 24_000.0;
const FRAMES_PER_SECOND: f64 = 1.0 / FRAME_S;
/// Frames that flush the end, a call each.
const FLUSH_FRAMES: usize = 3;

#[derive(Clone, Debug)]
struct Machine {
    threads: usize,
    frame_s: f64,
    /// How much slower than measured it is, second by second, over and over.
    slower: Vec<f64>,
    /// Streams that nobody listens to: each always has a call to make.
    background: usize,
    /// What a further row of a call takes, as a part of the first; `None` where calls aren't shared, as in ONNX Runtime.
    further: Option<f64>,
}

impl Machine {
    /// That of native code, if calls are shared.
    fn batching(&self) -> Batching {
        let max = if self.further.is_some() { 4 } else { 1 };
        Batching { max, wait: Duration::ZERO, takers: self.threads, urgent_alone: true }
    }

    /// A call of as many rows as there can be, as measured at start.
    fn longest_call_s(&self) -> f64 {
        self.call_s(self.batching().max)
    }

    fn call_s(&self, rows: usize) -> f64 {
        self.frame_s * (1.0 + self.further.unwrap_or(1.0) * (rows - 1) as f64)
    }
}

/// A call in the queue, of a stream or, without its number, of one that nobody listens to.
struct Waiting {
    urgency: Urgency,
    queued_at: Instant,
    number: Option<usize>,
    frames: usize,
}

impl Waiting {
    /// As a stream shares its calls, at what a row takes as far as it is known: what it took at start.
    fn most_rows(&self, machine: &Machine, now: Instant) -> usize {
        let sharing = match self.urgency.due {
            Due::FirstAudio | Due::Whenever => Sharing::IfCheap,
            Due::At(runs_out) => Sharing::InTime(runs_out),
        };
        sharing.most_rows(
            machine.batching(),
            Duration::from_secs_f64(machine.frame_s * self.frames as f64),
            now,
        )
    }
}

/// Takes the calls that go together now from the queue, as `JobQueue::take` does.
fn take(queue: &mut Vec<Waiting>, machine: &Machine, now: Instant) -> Vec<Waiting> {
    let mut order: Vec<usize> = (0..queue.len()).collect();
    order.sort_by_key(|index| (queue[*index].urgency.place(queue[*index].queued_at, now), *index));
    let Some(first) = order.first().map(|first| &queue[*first]) else { return Vec::new() };
    let part = queue.len().div_ceil(machine.threads);
    let max = machine.batching().max.min(part).min(first.most_rows(machine, now));
    let fits = |index: &&usize| {
        let other = &queue[**index];
        other.frames == first.frames && other.most_rows(machine, now) >= max
    };
    let mut taken: Vec<usize> =
        order[..1].iter().chain(order[1..].iter().filter(fits)).copied().take(max).collect();
    taken.sort_unstable_by(|a, b| b.cmp(a));
    taken.into_iter().map(|index| queue.remove(index)).collect()
}

#[derive(Clone, Debug)]
struct Speech {
    /// After the one before.
    after_s: f64,
    frames: usize,
    /// The engine's time between two frames.
    period_s: f64,
}

/// An admitted stream.
struct Stream {
    frames: usize,
    period_s: f64,
    /// When its first frame arrives.
    begun_s: f64,
    pushed: usize,
    /// The latency of its last call for each frame.
    cost_s: f64,
    given_s: f64,
    runs_out_s: Option<f64>,
    gap_s: f64,
    queued: Option<Queued>,
    flushed: usize,
}

#[derive(Clone, Copy)]
struct Queued {
    at_s: f64,
    frames: usize,
}

/// Audio that is final after so many frames.
fn audio_after(frames: usize) -> f64 {
    (frames as f64 * FRAME_S - 4757.0 / 24_000.0).max(0.0)
}

impl Stream {
    /// The frames of its next call, as `svara-engine`'s pace chooses them on a CPU, and when they have arrived.
    fn next_call(&self) -> Option<(usize, f64)> {
        let left = self.frames - self.pushed;
        let wanted = match self.runs_out_s {
            _ if left == 0 => return (!self.is_over()).then_some((1, self.begun_s)),
            None if self.pushed + 1 < 3 => 1,
            None => {
                let next = self.period_s.max(self.cost_s) + self.cost_s;
                let first = (3..5).find(|frames| audio_after(*frames) >= next).unwrap_or(5);
                first.saturating_sub(self.pushed).max(1)
            }
            Some(_) => 1,
        };
        let frames = wanted.min(left);
        Some((frames, self.begun_s + self.period_s * (self.pushed + frames - 1) as f64))
    }

    fn is_over(&self) -> bool {
        self.flushed == FLUSH_FRAMES
    }

    fn decoded(&mut self, call: Queued, now_s: f64) {
        if self.pushed == self.frames {
            self.flushed += 1;
        } else {
            self.pushed += call.frames;
            self.cost_s = (now_s - call.at_s) / call.frames as f64;
        }
        let audio_s = audio_after(self.pushed + self.flushed).min(self.frames as f64 * FRAME_S);
        if audio_s > self.given_s {
            let runs_out_s = self.runs_out_s.unwrap_or(now_s);
            self.gap_s = self.gap_s.max(now_s - runs_out_s);
            self.runs_out_s = Some(runs_out_s.max(now_s) + audio_s - self.given_s);
            self.given_s = audio_s;
        }
    }
}

/// The longest gap of each admitted speech, in the order of their admission.
fn simulate(machine: &Machine, speeches: &[Speech], admits: usize) -> Vec<f64> {
    let epoch = Instant::now() + Duration::from_secs(100);
    let at = |s: f64| epoch + Duration::from_secs_f64(s.max(0.0));
    let (mut arrivals, mut arrives_s) = (Vec::new(), 0.0);
    for speech in speeches {
        arrives_s += speech.after_s;
        arrivals.push((arrives_s, speech));
    }
    let mut arrivals = arrivals.into_iter().peekable();
    let mut streams: BTreeMap<usize, Stream> = BTreeMap::new();
    let mut queue: Vec<Waiting> = Vec::new();
    let mut threads: Vec<(f64, Vec<Waiting>)> = Vec::new();
    let (mut gaps, mut now_s) = (Vec::new(), 0.0);
    let mut idle_background = machine.background;
    loop {
        while let Some((_, speech)) = arrivals.next_if(|(arrives_s, _)| *arrives_s <= now_s) {
            if streams.len() < admits {
                let Speech { frames, period_s, .. } = *speech;
                let stream = Stream {
                    frames,
                    period_s,
                    begun_s: now_s + period_s,
                    pushed: 0,
                    cost_s: 0.0,
                    given_s: 0.0,
                    runs_out_s: None,
                    gap_s: 0.0,
                    queued: None,
                    flushed: 0,
                };
                streams.insert(gaps.len(), stream);
                gaps.push(0.0);
            }
        }
        let count = streams.len();
        for (elders, (number, stream)) in streams.iter_mut().enumerate() {
            let Some((frames, there_s)) = stream.next_call() else { continue };
            if stream.queued.is_none() && there_s <= now_s {
                stream.queued = Some(Queued { at_s: now_s, frames });
                let due = stream.runs_out_s.map_or(Due::FirstAudio, |runs_out_s| Due::At(at(runs_out_s)));
                let urgency = Urgency { due, rank: Rank { elders, streams: count } };
                queue.push(Waiting { urgency, queued_at: at(now_s), number: Some(*number), frames });
            }
        }
        for _ in 0..std::mem::take(&mut idle_background) {
            let urgency = Urgency { due: Due::Whenever, rank: Rank { elders: 0, streams: 1 } };
            queue.push(Waiting { urgency, queued_at: at(now_s), number: None, frames: 1 });
        }
        while threads.len() < machine.threads {
            let calls = take(&mut queue, machine, at(now_s));
            let Some(frames) = calls.first().map(|call| call.frames) else { break };
            let slower = machine.slower[now_s as usize % machine.slower.len()];
            threads.push((now_s + machine.call_s(calls.len()) * frames as f64 * slower, calls));
        }
        let waits =
            streams.values().filter(|stream| stream.queued.is_none()).filter_map(|stream| stream.next_call());
        let next_s = threads.iter().map(|(ends_s, _)| *ends_s).chain(waits.map(|(_, there_s)| there_s));
        let next_s =
            next_s.chain(arrivals.peek().map(|(arrives_s, _)| *arrives_s)).fold(f64::INFINITY, f64::min);
        if streams.is_empty() && arrivals.peek().is_none() {
            return gaps;
        }
        now_s = next_s.max(now_s);
        let mut ended = Vec::new();
        threads.retain_mut(|(ends_s, calls)| {
            let is_over = *ends_s <= now_s;
            if is_over {
                ended.append(calls);
            }
            !is_over
        });
        for Waiting { number, .. } in ended {
            match number.and_then(|number| Some((number, streams.get_mut(&number)?))) {
                Some((number, stream)) => {
                    if let Some(call) = stream.queued.take() {
                        stream.decoded(call, now_s);
                    }
                    gaps[number] = stream.gap_s;
                }
                None => idle_background += 1,
            }
        }
        streams.retain(|_, stream| !stream.is_over());
    }
}

fn carried(machine: &Machine) -> f64 {
    let frame_s = machine.frame_s;
    let rows = machine.batching().max;
    let measured = Measured { alone_s: frame_s, together_s: frame_s, full_s: machine.call_s(rows), rows };
    Costs::new(measured, machine.threads, LATE_ROWS).streams(FRAMES_PER_SECOND, 1.0)
}

fn machine(slowest: f64) -> impl Strategy<Value = Machine> {
    let slower = prop::collection::vec(1.0..slowest, 1..5);
    // Of native code, further rows of 0.53 to 0.9 were measured.
    let further = prop::option::of(0.5f64..0.95);
    (1usize..9, 0.001f64..0.060, slower, 0usize..4, further).prop_map(
        |(threads, frame_s, slower, background, further)| Machine {
            threads,
            frame_s,
            slower,
            background,
            further,
        },
    )
}

fn speeches() -> impl Strategy<Value = Vec<Speech>> {
    // Engines of 86 to 300 tokens a second, and speeches of 2.5 s and more: shorter ones end, and are flushed, more often.
    let speech = (prop_oneof![Just(0.0), 0.0f64..2.0], 30usize..150, 0.0233f64..0.0814)
        .prop_map(|(after_s, frames, period_s)| Speech { after_s, frames, period_s });
    prop::collection::vec(speech, 1..80)
}

/// The longest gap, if as many are let in as keep real time with the margin.
fn longest_gap_s(machine: &Machine, speeches: &[Speech]) -> f64 {
    let admits = carried(machine) / (1.0 + MARGIN);
    // One is always let in, but where it is too much for the machine, no rule can help.
    let gaps = if admits < 1.0 { Vec::new() } else { simulate(machine, speeches, admits as usize) };
    gaps.into_iter().fold(0.0, f64::max)
}

proptest! {
    #[test]
    fn nobody_has_a_gap_while_the_machine_slows_by_no_more_than_the_margin(
        machine in machine(1.0 + MARGIN), speeches in speeches(),
    ) {
        let machine = Machine { background: 0, ..machine };
        // Without shared calls, somebody misses a call by a few milliseconds in one of some 20,000 such servers. With them, in one of
        // 170: a call of several rows can't be interrupted, as one of one row can't. The longest such gap was that of 1.8 frames.
        prop_assert!(longest_gap_s(&machine, &speeches) <= machine.longest_call_s());
    }

    /// A call that nobody waits for gives way, but can't be interrupted.
    #[test]
    fn what_nobody_hears_costs_a_listener_at_most_a_call(
        machine in machine(1.0 + MARGIN), speeches in speeches(),
    ) {
        let longest_s = longest_gap_s(&machine, &speeches);
        prop_assert!(longest_s <= machine.longest_call_s(), "{} ms", longest_s * 1e3);
    }
}

/// Twice as slow as was measured, which is 1.6 times what the margin allows: the eldest miss a call at most, the newest has
/// long gaps, and even that one gets to its end.
#[test]
fn beyond_the_margin_the_newest_suffer_first() {
    let machine = Machine { threads: 2, frame_s: 0.015, slower: vec![2.0], background: 1, further: None };
    let speech = Speech { after_s: 0.3, frames: 150, period_s: 0.05 };
    let gaps = simulate(&machine, &vec![speech; 8], 8);
    assert!(gaps.iter().take(3).all(|gap_s| *gap_s <= 0.04), "{gaps:?}");
    assert!(gaps.last().is_some_and(|gap_s| *gap_s > 0.3), "{gaps:?}");
}
