#!/usr/bin/env python3
"""Measures the cost of decoding: CPU-seconds per second of audio, with the full-size SNAC decoder and random weights.

    scripts/make_test_models.sh --full && scripts/fetch_onnxruntime.sh
    cargo build --release --workspace --examples
    scripts/measure_decode.py [REPETITIONS]

Each figure is the difference between decoding many frames and decoding few, so that loading the model doesn't count.
The cases run alternately, and the medians are compared, since the speed of a busy machine varies.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLES = Path(os.environ.get("SVARA_BIN_DIR", PROJECT / "target/release")) / "examples"
MODELS = PROJECT / "target/test-models/snac-full"
FEW_FRAMES, MANY_FRAMES = 50, 250
FRAME_SECONDS = 2048 / 24000

ALL_AT_ONCE = 0  # frames a call: one call of stock ONNX Runtime, without our code
DEFAULT_SESSION = -1  # the same in a default session, with as many threads as cores
WINDOWS = -4  # a call of stock ONNX Runtime for each frame, with a window of the last four, as public servers do

# Name, graph, frames a call, seed of the noise, backend, streams that share a call, vectors. The first is the reference for the
# ratios.
CASES: list[tuple[str, str, int, str, str, int, str]] = [
    ("stock ONNX Runtime, one call", "plain", ALL_AT_ONCE, "off", "onnx", 1, "auto"),
    ("stock ONNX Runtime, windows of 4 frames", "plain", WINDOWS, "off", "onnx", 1, "auto"),
    ("stock ONNX Runtime, one call, default session", "plain", DEFAULT_SESSION, "off", "onnx", 1, "auto"),
    ("plain decoder in the server's session, windows", "plain", 1, "off", "onnx", 1, "auto"),
    ("ONNX Runtime, 1 frame a call", "stream", 1, "off", "onnx", 1, "auto"),
    ("ONNX Runtime, 1 frame a call, noise", "stream", 1, "1", "onnx", 1, "auto"),
    ("ONNX Runtime, 4 frames a call, noise", "stream", 4, "1", "onnx", 1, "auto"),
    ("native, 1 frame a call", "stream", 1, "off", "native", 1, "auto"),
    ("native, 1 frame a call, noise", "stream", 1, "1", "native", 1, "auto"),
    ("native, 2 frames a call, noise", "stream", 2, "1", "native", 1, "auto"),
    ("native, 4 frames a call, noise", "stream", 4, "1", "native", 1, "auto"),
    ("native, 1 frame a call, noise, 2 streams", "stream", 1, "1", "native", 2, "auto"),
    ("native, 1 frame a call, noise, 4 streams", "stream", 1, "1", "native", 4, "auto"),
    ("native, 1 frame a call, noise, 8 streams", "stream", 1, "1", "native", 8, "auto"),
    ("native, 1 frame a call, AVX2", "stream", 1, "off", "native", 1, "avx2"),
]


def codes(frames: int) -> bytes:
    draw = random.Random(1)
    return b"".join(draw.randrange(4096).to_bytes(2, "little") for _ in range(7 * frames))


def cpu_seconds(command: list[str | Path], frames: int) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command,
        input=codes(frames),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
        cwd=PROJECT,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def has(vectors: str) -> bool:
    """Whether this processor has these vectors."""
    return vectors != "avx2" or "avx2" in Path("/proc/cpuinfo").read_text()


def decoding_cost(
    graph: str, hop: int, seed: str = "off", backend: str = "auto", rows: int = 1, vectors: str = "auto"
) -> float:
    """CPU-seconds for a second of audio of one stream, with `hop` frames a call and `rows` streams that share it."""
    model = MODELS / f"decoder_{graph}.onnx"
    if hop == ALL_AT_ONCE:
        arguments = [EXAMPLES / "decode_once", model]
    elif hop == DEFAULT_SESSION:
        arguments = [EXAMPLES / "decode_once", model, "0", "0"]
    elif hop < 0:
        arguments = [EXAMPLES / "decode_once", model, str(-hop)]
    else:
        arguments = [EXAMPLES / "decode_codes", model, str(hop), seed, backend, str(rows), vectors]
    decoding = cpu_seconds(arguments, MANY_FRAMES) - cpu_seconds(arguments, FEW_FRAMES)
    return decoding / ((MANY_FRAMES - FEW_FRAMES) * FRAME_SECONDS * rows)


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    cases = [case for case in CASES if has(case[-1])]
    costs: dict[str, list[float]] = {name: [] for name, *_ in cases}
    for _ in range(repetitions):
        for name, *case in cases:
            costs[name].append(decoding_cost(*case))
    reference = statistics.median(costs[CASES[0][0]])
    print(f"| decoding | CPU-s per s of audio (min–max of {repetitions}) | ratio |\n|---|---|---|")
    for name, values in costs.items():
        median = statistics.median(values)
        print(f"| {name} | {median:.3f} ({min(values):.3f}–{max(values):.3f}) | {median / reference:.2f} |")


if __name__ == "__main__":
    main()
