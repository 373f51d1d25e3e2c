"""What a second of audio costs, how many streams that makes, and the first audio of each."""

from __future__ import annotations

import re
import statistics
import subprocess

import measure_decode
from bench.figures import CORES, FRAME_SECONDS, PROJECT, RATE, RELEASE, TTFT_MS, Run, number
from bench.processes import fake_engine, load, server, table


def costs(run: Run) -> tuple[float, float]:
    """Decoding alone and through the server. Returns the costs of the server and of a two-frame call, in seconds."""
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
    return whole, median["2 frames a call"] * 2 * FRAME_SECONDS


def capacity(run: Run, cost: float) -> int:
    """The most streams without a gap. Closed arrivals: each next request follows at once, to keep the machine busy."""
    target = 0.8 * CORES / cost
    full = CORES / cost
    shares = (0.1, 0.25, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.1, 1.3)
    streams = sorted({max(1, round(full * share)) for share in shares})
    frames = 120
    with fake_engine("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames) as engine, server(engine) as speaking:
        steps = table(
            "capacity",
            speaking,
            f"Streams at once on {CORES} cores",
            *("--streams", ",".join(map(str, streams)), "--seconds", run.effort.capacity_seconds),
            *("--spread-seconds", 5, "--expect-frames", frames),
        )
    good = [step["streams"] for step in steps if is_good(step)]
    best = max(good, default=0)
    run.figures["capacity_streams"] = {step["streams"]: step["streams_with_underruns"] for step in steps}
    gaps = ", ".join(
        f"{step['streams']}: {step['streams_with_underruns']}/{step['sent']} up to {step['longest_silence_ms']:.0f} ms"
        for step in steps
    )
    run.row(
        "real-time streams without any underrun (no start buffer)",
        f"≥ 0.8 × {CORES} cores ÷ {cost:.3f} = {target:.1f}",
        f"{best} (for each number of streams: requests with a gap out of all, and the longest gap: {gaps})",
        best >= target,
    )
    return max(1, best)


def first_audio(run: Run, cost: float, call_seconds: float) -> None:
    fourteenth_ms = TTFT_MS + 13 * 1000 / RATE
    bound = 1.25 * (fourteenth_ms + 1000 * call_seconds)
    half = max(1, int(CORES / cost / 2))
    frames = 40
    pace = ("--rate", RATE, "--ttft-ms", TTFT_MS, "--frames", frames)
    for mode in first_audio_modes():
        keys = {"first_audio": mode} if mode else {}
        name = f" ({mode})" if mode else ""
        with fake_engine(*pace) as engine, server(engine, **keys) as speaking:
            requests = run.effort.first_audio_requests
            (alone,) = load(f"first-audio-{mode}", speaking, "--requests", requests, "--expect-frames", frames)
            # The rate of requests that keeps half of the machine busy.
            per_second = CORES / cost / 2 / (frames * FRAME_SECONDS)
            arguments = ("--arrival", f"poisson:{per_second:.3f}", "--requests", 5 * requests, "--streams", 1000)
            (busy,) = load(f"first-audio-half-{mode}", speaking, *arguments, "--expect-frames", frames)
        run.figures[f"first_audio_ms{name}"] = {"alone": alone["first_audio_ms"], "half": busy["first_audio_ms"]}
        measured = alone["first_audio_ms"]["p50"]
        target = f"≤ 1.25 × (14th token {fourteenth_ms:.0f} ms + a call of 2 frames {1000 * call_seconds:.0f} ms)"
        run.row(
            f"first audio at {RATE} tokens/s, one stream{name}, p50",
            f"{target} = {bound:.0f} ms",
            f"{measured:.0f} ms (p99 {number(alone['first_audio_ms']['p99'])})",
            measured <= bound,
        )
        p99 = busy["first_audio_ms"]["p99"]
        run.row(
            f"the same with Poisson arrivals at half of the machine's capacity ({half} streams){name}, p99",
            f"≤ {2 * bound:.0f} ms",
            f"{number(p99)} ms (p50 {number(busy['first_audio_ms']['p50'])})",
            p99 is not None and p99 <= 2 * bound,
        )


def first_audio_modes() -> list[str]:
    """The values of `first_audio` that this server supports; one empty name if it has no such setting."""
    shown = subprocess.run(
        [RELEASE / "svara-server", "--check-config", "--decoder", "null"],
        check=True,
        capture_output=True,
        text=True,
        cwd=PROJECT,
    ).stdout
    return ["exact", "early"] if re.search(r"^first_audio\b", shown, re.MULTILINE) else [""]


def is_good(step: dict) -> bool:
    return step["failed"] == 0 and step["streams_with_underruns"] == 0
