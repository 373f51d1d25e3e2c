"""What a second of audio costs, how many streams that makes, and the first audio of each."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import measure_decode
from bench.figures import CORES, FRAME_SECONDS, FRAME_TOKENS, RATE, TTFT_MS, Run, number
from bench.processes import fake_engine, load, server, table


@dataclass
class Costs:
    """CPU-seconds for a second of audio: of the whole server, and of decoding alone by the frames of a call."""

    server: float
    one_frame: float
    two_frames: float
    in_onnx: float


def costs(run: Run) -> Costs:
    """Decoding alone and through the server."""
    cases = {
        "one-shot": ("plain", measure_decode.ALL_AT_ONCE),
        "default session": ("plain", measure_decode.DEFAULT_SESSION),
        "4-frame windows": ("plain", measure_decode.WINDOWS),
        "1 frame a call": ("stream", 1),
        "2 frames a call": ("stream", 2),
        "2 streams a call": ("stream", 1, "1", "auto", 2),
        "4 streams a call": ("stream", 1, "1", "auto", 4),
        "in ONNX Runtime": ("stream", 1, "1", "onnx"),
    }
    if measure_decode.has("avx2"):
        cases["AVX2"] = ("stream", 1, "1", "native", 1, "avx2")
    seconds: dict[str, list[float]] = {name: [] for name in [*cases, "server"]}
    frames = 120
    with fake_engine("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames) as engine, server(engine) as speaking:
        for repetition in range(run.effort.decode_repetitions):
            for name, (graph, hop, *how) in cases.items():
                seconds[name].append(measure_decode.decoding_cost(graph, hop, *(how or ["1"])))
            arguments = ("--streams", 2, "--requests", run.effort.server_requests, "--expect-frames", frames)
            (step,) = load(f"cost-{repetition}", speaking, *arguments)
            seconds["server"].append(step["process"]["cpu_seconds_per_audio_second"])
    median = {name: statistics.median(values) for name, values in seconds.items()}
    run.figures["cpu_seconds_per_audio_second"] = seconds
    one_shot = median["one-shot"]
    # The size of the server's calls on a CPU.
    steady = median["1 frame a call"]
    run.row(
        "steady decoding, CPU-s per s of audio, relative to a single call of stock ONNX Runtime, both with noise",
        "≤ 0.45 ×",
        f"{steady / one_shot:.2f} × ({steady:.3f} / {one_shot:.3f})",
        steady <= 0.45 * one_shot,
    )
    shared = median["4 streams a call"]
    run.row(
        "the same with four streams a call",
        "≤ 0.40 ×",
        f"{shared / one_shot:.2f} × ({shared:.3f}; two streams: {median['2 streams a call']:.3f})",
        shared <= 0.40 * one_shot,
    )
    default = median["default session"]
    run.row(
        "steady decoding relative to one call in a default session of stock ONNX Runtime, with all cores",
        "≤ 0.45 ×",
        f"{steady / default:.2f} × ({default:.3f})",
        steady <= 0.45 * default,
    )
    if "AVX2" in median:
        avx2 = median["AVX2"]
        run.row(
            "steady decoding with AVX2 only, relative to a single call",
            "≤ 0.75 ×",
            f"{avx2 / one_shot:.2f} × ({avx2:.3f}; ONNX Runtime can't be held to AVX2)",
            avx2 <= 0.75 * one_shot,
        )
    windows, in_onnx = median["4-frame windows"], median["in ONNX Runtime"]
    run.row(
        "steady decoding relative to stock ONNX Runtime with windows of four frames, as public servers decode",
        "≤ 0.15 ×",
        f"{steady / windows:.2f} × ({windows:.3f}; our graph in ONNX Runtime: {in_onnx:.3f})",
        steady <= 0.15 * windows,
    )
    whole = median["server"]
    run.row(
        "whole server, CPU-s per s of audio, relative to the same",
        "≤ 0.52 ×",
        f"{whole / one_shot:.2f} × ({whole:.3f} / {one_shot:.3f})",
        whole <= 0.52 * one_shot,
    )
    return Costs(whole, steady, median["2 frames a call"], in_onnx)


# Of the streams that calls of one row would carry: where many wait, they share calls.
SHARES = (0.1, 0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.45, 1.6, 1.8)
# Near its end, where the comparison is decided.
SHARES_IN_ONNX = (0.5, 0.7, 0.8, 0.9, 1.0, 1.2)


def capacity(run: Run, cost: Costs) -> int:
    """The most streams without a gap, beside those of ONNX Runtime on the CPU. Raises the load for the page's image."""
    full = CORES / cost.server
    target = 0.8 * full
    steps = raised(run, "capacity", f"Streams at once on {CORES} cores", full, SHARES)
    best = most_without_gap(steps)
    run.figures["capacity_streams"] = {step["streams"]: step["streams_with_underruns"] for step in steps}
    run.row(
        "real-time streams without any underrun (no start buffer)",
        f"≥ 0.8 × {CORES} cores ÷ {cost.server:.3f} = {target:.1f}",
        f"{best} (for each number of streams: requests with a gap out of all, and the longest gap: {gaps(steps)})",
        best >= target,
    )
    title = f"Streams at once on {CORES} cores, in ONNX Runtime"
    steps = raised(run, "capacity-onnx", title, CORES / cost.in_onnx, SHARES_IN_ONNX, backend="onnx")
    in_onnx = most_without_gap(steps)
    run.row(
        "the same relative to this server with `decoder.backend = \"onnx\"`",
        "≥ 2.2 ×",
        f"{best / max(1, in_onnx):.1f} × ({best} / {in_onnx}: {gaps(steps)})",
        best >= 2.2 * in_onnx,
    )
    return max(1, best)


def raised(run: Run, name: str, title: str, full: float, shares: tuple[float, ...], **decoder: object) -> list[dict]:
    """Shares of this many streams at once. Closed arrivals: each next request follows at once, to keep the machine busy."""
    streams = sorted({max(1, round(full * share)) for share in shares})
    frames = 120
    pace = ("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames)
    with fake_engine(*pace) as engine, server(engine, **decoder) as speaking:
        return table(
            name,
            speaking,
            title,
            *("--streams", ",".join(map(str, streams)), "--seconds", run.effort.capacity_seconds),
            *("--spread-seconds", 5, "--expect-frames", frames),
        )


def most_without_gap(steps: list[dict]) -> int:
    return max((step["streams"] for step in steps if step["failed"] == 0 and step["streams_with_underruns"] == 0), default=0)


def gaps(steps: list[dict]) -> str:
    return ", ".join(
        f"{step['streams']}: {step['streams_with_underruns']}/{step['sent']} up to {step['longest_silence_ms']:.0f} ms"
        for step in steps
    )


def first_audio(run: Run, cost: Costs) -> None:
    """Each mode alone, and with half of the machine busy."""
    token_ms, frame_ms = 1000 / RATE, 1000 * FRAME_SECONDS
    # vLLM sends the first token alone and then seven at a time: a frame's last token comes with the first of the next.
    third_ms = TTFT_MS + 3 * FRAME_TOKENS * token_ms
    second_ms = TTFT_MS + 2 * FRAME_TOKENS * token_ms
    one_ms, two_ms = cost.one_frame * frame_ms, cost.two_frames * 2 * frame_ms
    targets = {
        "exact": (f"third frame {third_ms:.0f} ms + 1.1 × a call of {one_ms:.1f} ms", third_ms + 1.1 * one_ms),
        "early": (
            f"1.25 × (second frame {second_ms:.0f} ms + a call of two, {two_ms:.1f} ms)",
            1.25 * (second_ms + two_ms),
        ),
    }
    half = max(1, int(CORES / cost.server / 2))
    frames = 40
    # The rate of requests that keeps half of the machine busy.
    per_second = CORES / cost.server / 2 / (frames * FRAME_SECONDS)
    pace = ("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames)
    for mode, (target, bound_ms) in targets.items():
        with fake_engine(*pace) as engine, server(engine, first_audio=mode) as speaking:
            requests = run.effort.first_audio_requests
            (alone,) = load(f"first-audio-{mode}", speaking, "--requests", requests, "--expect-frames", frames)
            arguments = ("--arrival", f"poisson:{per_second:.3f}", "--requests", 5 * requests, "--streams", 1000)
            (busy,) = load(f"first-audio-half-{mode}", speaking, *arguments, "--expect-frames", frames)
        run.figures[f"first_audio_ms ({mode})"] = {"alone": alone["first_audio_ms"], "half": busy["first_audio_ms"]}
        measured = alone["first_audio_ms"]["p50"]
        run.row(
            f"first audio at {RATE} tokens/s, one stream ({mode}), p50",
            f"≤ {target} = {bound_ms:.0f} ms",
            f"{number(measured)} ms (p99 {number(alone['first_audio_ms']['p99'])})",
            measured is not None and measured <= bound_ms,
        )
        p99 = busy["first_audio_ms"]["p99"]
        run.row(
            f"the same with Poisson arrivals at half of the machine's capacity ({half} streams) ({mode}), p99",
            f"≤ {2 * bound_ms:.0f} ms",
            f"{number(p99)} ms (p50 {number(busy['first_audio_ms']['p50'])})",
            p99 is not None and p99 <= 2 * bound_ms,
        )
