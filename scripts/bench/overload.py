"""More listeners at once than the decoder carries, with the default admission."""

from __future__ import annotations

from bench.figures import RATE, TTFT_MS, Run, number
from bench.processes import Server, fake_engine, load, server


def overload(run: Run, carried: int) -> None:
    """Twice and five times as many listeners as are `carried` without a gap, all at once, and then one alone."""
    frames = 120
    pace = ("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames)
    with fake_engine(*pace) as engine, server(engine, max_streams="auto") as speaking:
        before = alone("before", speaking, frames)
        for factor in (2, 5):
            burst(run, speaking, factor, factor * carried, frames)
        after = alone("after", speaking, frames)
    run.figures["overload_first_audio_ms"] = {"before": before, "after": after}
    run.row(
        "first audio at one stream right after the overload, p50",
        "≤ 1.25 × that before",
        f"{number(after)} ms ({number(before)} ms)",
        None not in (before, after) and after <= 1.25 * before,
    )


def alone(name: str, speaking: Server, frames: int) -> float | None:
    (step,) = load(f"overload-{name}", speaking, "--requests", 3, "--expect-frames", frames)
    return step["first_audio_ms"]["p50"]


def burst(run: Run, speaking: Server, factor: int, listeners: int, frames: int) -> None:
    one_each = ("--streams", listeners, "--requests", listeners, "--warm-up", 0)
    (step,) = load(f"overload-{factor}", speaking, *one_each, "--expect-frames", frames)
    refused = sum(count for reason, count in step["failures"].items() if "503" in reason)
    heard = step["sent"] - step["failed"]
    # The shares are those of all listeners; here they are those of the ones who were let in.
    shares = [(step[name] or 0) * step["sent"] / max(1, heard) for name in ("c50", "c100", "c200")]
    run.figures[f"overload_{factor}"] = step
    c50, c100, c200 = (f"{100 * share:.0f} %" for share in shares)
    run.row(
        f"{listeners} listeners at once, {factor} × what it carries: gaps of those let in",
        "C50 of all, others refused with 503",
        f"{heard} heard, {refused} refused, {step['failed'] - refused} failed; C50 {c50}, C100 {c100}, C200 {c200}; "
        f"longest gap {step['longest_silence_ms']:.0f} ms",
        heard > 0 and shares[0] > 0.999 and step["failed"] == refused,
    )
