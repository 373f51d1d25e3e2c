use proptest::prelude::*;
use svara_snac::onnx::Device;

use super::*;
use crate::speech::playout::Playout;

fn plan(kind: DecoderKind, fixed: Option<usize>, first_audio: FirstAudio) -> Pace {
    plan_on(Device::Cpu, kind, fixed, first_audio)
}

fn plan_on(device: Device, kind: DecoderKind, fixed: Option<usize>, first_audio: FirstAudio) -> Pace {
    let decoder = DecoderInfo {
        kind,
        device,
        sample_rate_hz: 24_000,
        samples_per_frame: 2048,
        late_samples: if kind == DecoderKind::Plain { 3 * 2048 } else { 4757 },
        codebook_size: 4096,
    };
    Pace::new(&decoder, fixed, first_audio)
}

/// The calls of a stream whose frames are all there from the start.
fn hops(device: Device, kind: DecoderKind, fixed: Option<usize>) -> Vec<usize> {
    let plan = plan_on(device, kind, fixed, FirstAudio::Exact);
    let mut at = DecodeProgress { gathered: 1000, ..DecodeProgress::default() };
    let mut hops = Vec::new();
    for _ in 0..8 {
        let hop = plan.frames(&at);
        hops.push(hop);
        (at.pushed, at.gathered) = (at.pushed + hop, at.gathered - hop);
        if plan.decoder.samples_after(at.pushed) > 0 {
            at.in_hand = Some(Duration::from_secs(10));
            at.sounding_calls += 1;
        }
    }
    hops
}

#[test]
fn hops_grow_from_the_first_audio() {
    let (gpu, cpu) = (Device::Cuda(0), Device::Cpu);
    assert_eq!(hops(gpu, DecoderKind::Stream, None), [1; 8], "so that all can share");
    assert_eq!(hops(cpu, DecoderKind::Stream, None), [1; 8], "where larger ones gain nothing");
    assert_eq!(hops(cpu, DecoderKind::Null, None), [1, 1, 1, 1, 2, 2, 4, 4]);
    assert_eq!(hops(cpu, DecoderKind::Plain, None), [4, 2, 4, 8, 8, 8, 8, 8]);
    assert_eq!(hops(gpu, DecoderKind::Stream, Some(7)), [7; 8]);
    assert_eq!(hops(gpu, DecoderKind::Stream, Some(0)), [1; 8]);
}

#[test]
fn a_later_piece_is_gathered_at_leisure_if_there_is_leisure() {
    let plan = plan(DecoderKind::Stream, None, FirstAudio::Exact);
    let frame_period = Duration::from_millis(40);
    let at = |ms| DecodeProgress {
        in_hand: Some(Duration::from_millis(ms)),
        frame_period,
        ..DecodeProgress::default()
    };
    assert_eq!(plan.frames(&at(1000)), 3);
    assert_eq!(plan.frames(&at(170)), 2);
    assert_eq!(plan.frames(&at(10)), 1);
}

#[test]
fn an_early_start_waits_for_its_frames_and_for_frames_that_come_fast_enough() {
    let plan = plan(DecoderKind::Stream, None, FirstAudio::Early { frames: 2 });
    let at = |pushed, gathered, ms| DecodeProgress {
        pushed,
        gathered,
        frame_period: Duration::from_millis(ms),
        ..DecodeProgress::default()
    };
    assert!(!plan.starts_early(&at(0, 1, 35)));
    assert!(plan.starts_early(&at(1, 1, 35)) && plan.starts_early(&at(0, 2, 42)));
    assert!(!plan.starts_early(&at(1, 1, 43)), "the exact samples would come too late");
    assert!(!plan.starts_early(&at(2, 1, 35)), "there is exact audio now");
    assert!(!plan.starts_early(&DecodeProgress { in_hand: Some(Duration::ZERO), ..at(1, 1, 35) }));
    assert!(!self::plan(DecoderKind::Stream, None, FirstAudio::Exact).starts_early(&at(1, 1, 35)));
    assert!(!plan.exact().starts_early(&at(1, 1, 35)), "it would depend on time");
}

/// What a listener hears, for an engine and a decoder of a given speed.
struct Heard {
    first_audio: Duration,
    gaps: u32,
    calls: usize,
}

fn listen(plan: &Pace, frames: usize, period: Duration, call: Duration, frame_cost: Duration) -> Heard {
    let audio = |samples: usize| plan.audio(samples);
    let arrives = |frame: usize| period * count(frame + 1);
    let (mut now, mut playout) = (Duration::ZERO, Playout::default());
    let mut heard = Heard { first_audio: Duration::ZERO, gaps: 0, calls: 0 };
    let (mut at, mut given) = (DecodeProgress { frame_period: period, ..DecodeProgress::default() }, 0);
    while at.pushed < frames {
        at.gathered = (at.pushed..frames).take_while(|frame| arrives(*frame) <= now).count();
        at.in_hand = playout.in_hand(now);
        let early = plan.starts_early(&at);
        let hop = if early { 0 } else { plan.frames(&at).min(frames - at.pushed) };
        if at.gathered < hop {
            now = arrives(at.pushed + at.gathered);
            continue;
        }
        // The early call also feeds frames that only flush.
        let took = call + frame_cost * count(if early { at.gathered + 2 } else { hop });
        now += took;
        heard.calls += 1;
        at.pushed += hop;
        let flushed = at.pushed == frames;
        let out = if flushed { frames * 2048 } else { plan.decoder.samples_after(at.pushed) };
        let out = if early { 2048 } else { out };
        if !early {
            at.frame_cost = took / count(hop);
        }
        if out > given {
            if playout.in_hand(now).is_none() {
                heard.first_audio = now;
            }
            heard.gaps += u32::from(playout.runs_out_at().is_some_and(|until| until < now));
            playout.given(now, audio(out - given));
            given = out;
            at.sounding_calls += usize::from(!early);
        }
    }
    assert_eq!(given, frames * 2048);
    heard
}

proptest! {
    #[test]
    fn there_is_never_a_gap_after_the_first_chunk(
        tokens_per_second in 82.0f64..200.0, call_ms in 0u64..10, frame_ms in 1u64..25, frames in 1usize..200,
        early: bool,
    ) {
        let first_audio = if early { FirstAudio::Early { frames: 2 } } else { FirstAudio::Exact };
        let plan = plan(DecoderKind::Stream, None, first_audio);
        let ms = Duration::from_millis;
        let heard = listen(&plan, frames, Duration::from_secs_f64(7.0 / tokens_per_second), ms(call_ms), ms(frame_ms));
        prop_assert_eq!(heard.gaps, 0);
        // One for each frame, and one for an early start.
        prop_assert!(heard.calls <= frames + 1, "{} calls for {frames} frames", heard.calls);
    }

    #[test]
    fn early_is_never_later(tokens_per_second in 82.0f64..1000.0, frame_ms in 0u64..10) {
        let period = Duration::from_secs_f64(7.0 / tokens_per_second);
        let first = |first_audio| {
            let plan = plan(DecoderKind::Stream, None, first_audio);
            listen(&plan, 40, period, Duration::ZERO, Duration::from_millis(frame_ms)).first_audio
        };
        // It may be later by what its two flushing frames take beyond the wait for the third frame.
        let slack = Duration::from_millis(2 * frame_ms);
        let (early, exact) = (first(FirstAudio::Early { frames: 2 }), first(FirstAudio::Exact));
        prop_assert!(early <= exact + slack, "{early:?}, exact {exact:?}");
    }
}

#[test]
fn first_audio_at_200_tokens_a_second() {
    let period = Duration::from_millis(35);
    let first = |first_audio| {
        let plan = plan(DecoderKind::Stream, None, first_audio);
        listen(&plan, 40, period, Duration::ZERO, Duration::from_millis(20)).first_audio
    };
    assert_eq!(first(FirstAudio::Exact), Duration::from_millis(3 * 35 + 20));
    assert_eq!(first(FirstAudio::Early { frames: 2 }), Duration::from_millis(2 * 35 + 3 * 20));
}
