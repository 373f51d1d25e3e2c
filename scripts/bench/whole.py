"""The server without its decoder, its memory, and its start."""

from __future__ import annotations

import statistics

from bench.figures import FRAME_TOKENS, TTFT_MS, Run, number
from bench.processes import fake_engine, load, resident_bytes, server


def null_decoder(run: Run) -> None:
    """Everything but decoding, with a thousand real-time streams."""
    streams, rate, frames = 1000, 86, 240
    engine_ms = TTFT_MS + 3 * FRAME_TOKENS * 1000 / rate
    pace = ("--rate", rate, "--ttft-ms", TTFT_MS, "--frames", frames)
    null = ("--decoder", "null")
    with fake_engine(*pace) as engine, server(engine, *null, max_streams=1200) as speaking:
        (step,) = load(
            "null",
            speaking,
            *("--streams", streams, "--requests", run.effort.null_requests, "--spread-seconds", 10),
            *("--expect-frames", frames),
        )
    over = step["first_audio_ms"]["p99"]
    over = None if over is None else over - engine_ms
    run.figures["null"] = step
    used = step["process"]["cpu_seconds"] / step["wall_seconds"]
    run.row(
        f"null decoder: concurrent real-time streams ({rate} tokens/s), no failures",
        "≥ 1000",
        f"{step['most_open']} open at once; {step['failed']} of {step['sent']} failed, "
        f"{step['streams_with_underruns']} with a gap; the server used {used:.2f} cores",
        step["most_open"] >= streams and step["failed"] == 0,
    )
    run.row(
        f"the same: first audio, p99, beyond the engine's own time ({engine_ms:.0f} ms for three frames)",
        "< 100 ms",
        f"{number(over)} ms (p50 {number(step['first_audio_ms']['p50'] - engine_ms)})",
        over is not None and over < 100,
    )


def memory(run: Run) -> None:
    streams = 64
    # Slow enough for this machine to serve all of them.
    slow = ("--rate", 8, "--ttft-ms", TTFT_MS, "--frames", 20)
    with fake_engine(*slow) as engine, server(engine) as speaking:
        rest = resident_bytes(speaking.pid)
        arguments = ("--streams", streams, "--requests", streams, "--warm-up", 4)
        (step,) = load("memory-streams", speaking, *arguments, "--expect-frames", 20)
    run.row("memory at rest, full-size decoder", "≤ 130 MB", f"{rest / 1e6:.0f} MB", rest <= 130e6)
    each = (step["process"]["memory_peak_bytes"] - step["process"]["memory_start_bytes"]) / streams
    run.row(
        f"memory for each open stream ({step['most_open']} open, {step['failed']} failed)",
        "≤ 0.7 MB",
        f"{each / 1e6:.2f} MB",
        each <= 0.7e6 and step["failed"] == 0,
    )
    with fake_engine("--rate", 5000, "--ttft-ms", 0, "--frames", 1) as engine, server(engine) as speaking:
        arguments = ("--streams", 4, "--requests", run.effort.flat_requests, "--warm-up", 200)
        (step,) = load("memory-flat", speaking, *arguments, "--expect-frames", 1)
    course = [size for _, size in step["process"]["memory_course"]]
    tenth = max(1, len(course) // 10)
    early, late = statistics.median(course[tenth : 2 * tenth]), statistics.median(course[-tenth:])
    run.figures["memory"] = {"rest": rest, "each_stream": each, "early": early, "late": late}
    run.row(
        f"memory over {step['sent']} requests, last tenth relative to the second ({step['failed']} failed)",
        "± 5 %",
        f"{100 * (late / early - 1):+.1f} % ({early / 1e6:.0f} to {late / 1e6:.0f} MB)",
        abs(late / early - 1) <= 0.05 and step["failed"] == 0,
    )


def ready(run: Run) -> None:
    seconds = []
    with fake_engine() as engine:
        for _ in range(run.effort.starts):
            with server(engine) as speaking:
                seconds.append(speaking.ready_seconds)
    run.figures["ready_seconds"] = seconds
    run.row(
        f"ready after start, warm-up included, slowest of {len(seconds)}",
        "≤ 1 s",
        f"{max(seconds):.2f} s (median {statistics.median(seconds):.2f})",
        max(seconds) <= 1,
    )
